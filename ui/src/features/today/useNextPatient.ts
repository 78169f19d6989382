import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useKeys } from "../../app/keymap";
import { refreshRows } from "../../app/queries";
import { useSession } from "../../app/session";
import { useBackend } from "../../ipc/context";
import { problemOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { useToast } from "../../shared/toasts";
import { useInstead } from "../../shared/unsaved";

/** For a doctor: whoever is with them is done, the next comes in, and their chart is opened. By key as well. */
export function useNextPatient(): () => void {
  const backend = useBackend();
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const instead = useInstead();
  const { session } = useSession();
  const next = useMutation({
    mutationKey: ["next-patient"],
    mutationFn: () => backend.nextPatient(),
    onSuccess: ({ finished, started }) => {
      void refreshRows(client);
      const { fullName, id } = started.patient;
      const { day } = messages;
      toast(finished ? day.nextSaidBoth(fullName, finished.patient.fullName) : day.nextSaid(fullName));
      void navigate({ to: "/patients/$patientId", params: { patientId: id } });
    },
    onError: (error) => toast(problemOf(error)),
  });
  const ask = () =>
    instead(() => {
      if (client.isMutating({ mutationKey: ["next-patient"] }) === 0) next.mutate();
    });
  useKeys(session.doctorId === null ? {} : { nextPatient: ask });
  return ask;
}
