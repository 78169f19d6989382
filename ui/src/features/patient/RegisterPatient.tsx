import { useNavigate, useRouter } from "@tanstack/react-router";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages/en";
import { useToast } from "../../shared/toasts";
import { formFromTyped } from "./form";
import { PatientEditor } from "./PatientEditor";

export function RegisterPatient({ typed }: { typed: string }) {
  const backend = useBackend();
  const navigate = useNavigate();
  const router = useRouter();
  const toast = useToast();
  const { patient: words } = messages;
  return (
    <PatientEditor
      key={typed}
      title={words.registerTitle}
      submit={words.submit}
      initial={formFromTyped(typed)}
      showFamily
      send={(form) => backend.registerPatient(form)}
      onDone={(patient) => {
        toast(words.registered(patient.fullName));
        void navigate({ to: "/patients/$patientId", params: { patientId: patient.id } });
      }}
      onCancel={() => (router.history.canGoBack() ? router.history.back() : void navigate({ to: "/" }))}
    />
  );
}
