import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useKeys } from "../../app/keymap";
import { dayOf, refreshRows } from "../../app/queries";
import { useSession } from "../../app/session";
import { useBackend } from "../../ipc/context";
import { problemOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { useToast } from "../../shared/toasts";
import { useInstead, useQuestion } from "../../shared/unsaved";

interface Next {
  /** Whether somebody waits for the doctor who is signed in. */
  hasNext: boolean;
  goNext: () => void;
}

/** For a doctor: whoever is with them is done, the next comes in, and their chart is opened. By key as well, unless the screen
 * is held by what would be lost with it. */
export function useNextPatient(isHeld = false): Next {
  const backend = useBackend();
  const client = useQueryClient();
  const navigate = useNavigate();
  const router = useRouter();
  const toast = useToast();
  const instead = useInstead();
  const { isUnsaved } = useQuestion();
  const { session } = useSession();
  const isDoctor = session.doctorId !== null;
  // Whichever day is looked at, who comes in is somebody of today.
  const today = useQuery({ ...dayOf(backend, null), enabled: isDoctor });
  const ownWaiting = today.data?.doctors.find(({ isOwn }) => isOwn)?.waiting.length ?? 0;
  const next = useMutation({
    mutationKey: ["next-patient"],
    mutationFn: () => backend.nextPatient(),
    onSuccess: ({ finished, started }) => {
      void refreshRows(client);
      const { fullName } = started.patient;
      const names = finished.map(({ patient }) => patient.fullName);
      const { day } = messages;
      toast(
        names.length > 0
          ? day.nextSaidBoth(fullName, names.join(", "), names.length)
          : day.nextSaid(fullName),
      );
    },
    onError: (error) => {
      // What was seen when the key was pressed is no longer so.
      void refreshRows(client);
      toast(problemOf(error));
    },
  });
  const goNext = () =>
    instead(() => {
      if (client.isMutating({ mutationKey: ["next-patient"] }) > 0) return;
      const { href } = router.latestLocation;
      // What was typed was given up before the key did anything.
      const wasTyped = isUnsaved();
      // Said with the call, it leads nobody away who went somewhere else, opened or typed something meanwhile.
      next.mutate(undefined, {
        onSuccess: ({ started: { patient } }) => {
          const isElsewhere = router.latestLocation.href !== href || (isUnsaved() && !wasTyped);
          if (isElsewhere || document.querySelector("dialog[open]")) return;
          void navigate({
            to: "/patients/$patientId",
            params: { patientId: patient.id },
            ignoreBlocker: true,
          });
        },
      });
    });
  useKeys(isDoctor && !isHeld ? { nextPatient: goNext } : {});
  return { hasNext: isDoctor && !isHeld && ownWaiting > 0, goNext };
}
