import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { refreshRows } from "../../app/queries";
import type { Booking } from "../../ipc/bindings/Booking";
import type { Step } from "../../ipc/bindings/Step";
import type { StepKind } from "../../ipc/bindings/StepKind";
import { useBackend } from "../../ipc/context";
import { problemOf } from "../../ipc/problem";
import { messages } from "../../messages";
import { useToast } from "../../shared/toasts";

/** What is done by the press of a button, and asks for nothing more. */
export type PlainStep = Exclude<StepKind, "cancel" | "move">;

export interface Steps {
  take: (booking: Booking, step: Step) => void;
  /** Why the last step of this visit was not taken; null if it was. */
  errorOf: (booking: Booking) => Error | null;
}

/** What leads back from a step, where something does. */
const wayBack: Partial<Record<StepKind, PlainStep>> = { finish: "reopen", reopen: "finish" };

/** By whichever way somebody is called, they are. */
const kindOf = ({ kind }: Step): StepKind => (kind === "call_first" ? "call" : kind);

/** Which step a button stands for, in words. */
export const stepWord = (kind: StepKind, { calledAt }: Booking) =>
  kind === "call" && calledAt ? messages.day.callAgain : messages.day.steps[kind];

/** Who is meant, as it is called out or said: `A-17 Ramesh Pawar`. */
export const whoOf = ({ token, patient }: Booking) => [token, patient.fullName].filter(Boolean).join(" ");

/** What a button does, and with whom: what it shows alone stands on many. */
export const stepName = (word: string, booking: Booking) => `${word}: ${whoOf(booking)}`;

/** Takes visits a step further, and tells so with the way back. */
export function useSteps(): Steps {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  /** Of which visits a step is being taken, until the list shows what it led to. */
  const moving = useRef(new Set<string>());
  const last = useRef<string | null>(null);
  const taken = useMutation({
    mutationFn: ({ booking, step }: { booking: Booking; step: Step }) =>
      backend.stepVisit(booking.id, booking.status, step),
    onSuccess: async (after, { booking, step }) => {
      const { day } = messages;
      const kind = kindOf(step);
      const said = day.said[kind](after.patient.fullName);
      const hasToken = after.token !== null && (kind === "arrive" || kind === "call");
      const back = wayBack[kind];
      toast(
        hasToken ? day.withToken(said, after.token ?? "") : said,
        back && after.next.includes(back)
          ? async () => {
              const { status, patient } = await backend.stepVisit(after.id, after.status, { kind: back });
              await refreshRows(client);
              // Whoever was done while they waited is with the doctor now, and waits no longer.
              if (status !== booking.status && status === "in_consultation")
                toast(messages.day.said.start(patient.fullName));
            }
          : undefined,
      );
      await refreshRows(client);
    },
    onError: (error, { booking }) => {
      // Of the last one it stands in its row.
      if (last.current !== booking.id) toast(problemOf(error));
      // What was seen when the key was pressed is perhaps no longer so.
      void refreshRows(client);
    },
    onSettled: (_after, _error, { booking }) => void moving.current.delete(booking.id),
  });
  return {
    take: (booking, step) => {
      // The second press of one key or button is not meant for what the first has led to.
      if (moving.current.has(booking.id)) return;
      moving.current.add(booking.id);
      last.current = booking.id;
      taken.mutate({ booking, step });
    },
    errorOf: (booking) => (taken.variables?.booking.id === booking.id ? taken.error : null),
  };
}
