import { type Mutation, useMutation, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useCallback, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { refreshRows } from "../../app/queries";
import type { AppointmentId } from "../../ipc/bindings/AppointmentId";
import { useBackend } from "../../ipc/context";
import { problemOf } from "../../ipc/problem";
import { onPaper, PrintSheet, type Sheet } from "../../shared/PrintSheet";
import { useToast } from "../../shared/toasts";

const SlipContext = createContext<(id: AppointmentId) => void>(() => undefined);

/** Prints the slip of whoever waits with a token; of others it is said why there is none. */
export const usePrintSlip = () => use(SlipContext);

interface Drawn {
  /** Which one: each has a sheet of its own. */
  number: number;
  pages: string[];
  millimetres: number;
}

/** Keeps the slip that was asked for last on a sheet, wherever in the window that was. */
export function SlipProvider({ children }: { children: ReactNode }) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const sheet = useRef<Sheet>(null);
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  const { mutate } = useMutation({
    mutationKey: ["slip"],
    scope: onPaper,
    mutationFn: async (id: AppointmentId) => {
      const [pages, millimetres, boxes] = await backend.tokenSlip(id);
      flushSync(() => setDrawn((last) => ({ number: (last?.number ?? 0) + 1, pages, millimetres })));
      if (boxes) toast(boxes);
      // Behind the lock nothing is printed.
      if (await sheet.current?.ready()) await backend.printSlip(id);
    },
    onError: (error) => {
      // What was seen when the key was pressed is perhaps no longer so.
      void refreshRows(client);
      toast(problemOf(error));
    },
  });
  const print = useCallback(
    (id: AppointmentId) => {
      // Somebody else's comes after the one that is on its way to the printer; the same one comes once.
      const isSame = { mutationKey: ["slip"], predicate: ({ state }: Mutation) => state.variables === id };
      if (client.isMutating(isSame) === 0) mutate(id);
    },
    [client, mutate],
  );
  return (
    <SlipContext value={print}>
      {children}
      {drawn && <PrintSheet key={drawn.number} ref={sheet} svgs={drawn.pages} paper={drawn.millimetres} />}
    </SlipContext>
  );
}
