import { useNavigate, useRouter } from "@tanstack/react-router";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { formFromTyped } from "./form";
import { PatientEditor } from "./PatientEditor";

export function RegisterPatient({ typed }: { typed: string }) {
  const backend = useBackend();
  const navigate = useNavigate();
  const router = useRouter();
  const { patient: words } = messages;
  return (
    <PatientEditor
      key={typed}
      title={words.registerTitle}
      submit={words.submit}
      initial={formFromTyped(typed)}
      isNew
      send={(form) => backend.registerPatient(form)}
      onDone={(patient) => {
        void navigate({ to: "/patients/$patientId", params: { patientId: patient.id }, ignoreBlocker: true });
      }}
      onCancel={() =>
        router.history.canGoBack()
          ? router.history.back({ ignoreBlocker: true })
          : void navigate({ to: "/", ignoreBlocker: true })
      }
    />
  );
}
