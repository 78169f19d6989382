import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { chartOf, queryKeys } from "../../app/queries";
import { useSession, writeOf } from "../../app/session";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Notice, Problem, Waiting } from "../../shared/parts";
import classes from "./Pad.module.css";
import { PadEditor } from "./PadEditor";

/** Opens the pad of a patient: what is known, and the draft as it was left. A nurse prepares, a prescriber signs. */
export function PadScreen({ patientId }: { patientId: string }) {
  const backend = useBackend();
  const { session, setOpenPatient, unwritten } = useSession();
  const chart = useQuery(chartOf(backend, patientId));
  // Read once: from then on, what is on the screen is the draft.
  const pad = useQuery({
    queryKey: queryKeys.pad(patientId),
    queryFn: async () => {
      // Whoever comes back at once finds what they typed, however slow the disk is.
      await writeOf(unwritten, patientId);
      return backend.openPad(patientId);
    },
    enabled: session.mayReadClinical,
    staleTime: Infinity,
    gcTime: 0,
  });
  const isThere = chart.data !== undefined;
  useEffect(() => {
    if (isThere) setOpenPatient(patientId);
  }, [isThere, patientId, setOpenPatient]);
  const isOpen = chart.data !== undefined && pad.data !== undefined;
  // What is typed stays, also when the chart cannot be read anew.
  const error = isOpen ? null : (chart.error ?? pad.error);
  if (!session.mayReadClinical || error) {
    return (
      <div className={classes.aside}>
        {error ? (
          <Problem
            error={error}
            onRetry={() => {
              void chart.refetch();
              void pad.refetch();
            }}
          />
        ) : (
          <Notice>{messages.pad.mayNot}</Notice>
        )}
      </div>
    );
  }
  if (!chart.data || !pad.data) return <Waiting rows={6} />;
  return (
    <PadEditor
      chart={chart.data}
      pad={pad.data}
      problem={chart.error && <Problem error={chart.error} onRetry={() => void chart.refetch()} />}
    />
  );
}
