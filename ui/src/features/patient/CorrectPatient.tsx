import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { chartOf } from "../../app/queries";
import type { PatientForm } from "../../ipc/bindings/PatientForm";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Problem, Waiting } from "../../shared/parts";
import { typedFromForm } from "./form";
import { PatientEditor } from "./PatientEditor";

export function CorrectPatient({ patientId }: { patientId: string }) {
  const backend = useBackend();
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery(chartOf(backend, patientId));
  // What came from elsewhere while the form stands open is not what this person saw.
  const [seen, setSeen] = useState<PatientForm>();
  if (data && !seen) setSeen(data.form);
  const problem = error && <Problem error={error} onRetry={() => void refetch()} />;
  if (!data) return problem ?? <Waiting />;
  const { patient: words } = messages;
  const back = () =>
    void navigate({ to: "/patients/$patientId", params: { patientId }, ignoreBlocker: true });
  return (
    <>
      {problem}
      <PatientEditor
        title={words.correctTitle(data.patient.fullName)}
        submit={words.save}
        initial={typedFromForm(seen ?? data.form)}
        isNew={false}
        send={(form) => backend.updatePatient(patientId, seen ?? data.form, form)}
        onDone={back}
        onCancel={back}
      />
    </>
  );
}
