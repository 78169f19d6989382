import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { queryKeys } from "../../app/queries";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages/en";
import { Problem, Waiting } from "../../shared/parts";
import { typedFromForm } from "./form";
import { PatientEditor } from "./PatientEditor";

export function CorrectPatient({ patientId }: { patientId: string }) {
  const backend = useBackend();
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery({
    queryKey: queryKeys.chart(patientId),
    queryFn: () => backend.getChart(patientId),
  });
  if (error) return <Problem error={error} onRetry={() => void refetch()} />;
  if (!data) return <Waiting />;
  const { patient: words } = messages;
  const back = () => void navigate({ to: "/patients/$patientId", params: { patientId } });
  return (
    <PatientEditor
      title={words.correctTitle(data.patient.fullName)}
      submit={words.save}
      initial={typedFromForm(data.form)}
      showFamily={false}
      send={(form) => backend.updatePatient(patientId, form)}
      onDone={back}
      onCancel={back}
    />
  );
}
