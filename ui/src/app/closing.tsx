import { createContext, type ReactNode, use, useCallback, useEffect, useRef } from "react";
import { useBackend } from "../ipc/context";
import { problemOf } from "../ipc/problem";
import { useToast } from "../shared/toasts";
import { useQuestion } from "../shared/unsaved";
import { useSession, writeAll } from "./session";

/** So long, in milliseconds, writing may last before the window says that it takes its time. */
const SLOW = 1_000;

/** What must come before the window closes; whether it may. */
type Before = () => Promise<boolean>;

/** Has this come before the window closes, until what it answers is called. */
type Precede = (see: Before) => () => void;

const ClosingContext = createContext<Precede | null>(null);

/** Closes the window when somebody wants it closed, once what is open in it was seen to. */
export function ClosingProvider({ children }: { children: ReactNode }) {
  const backend = useBackend();
  const before = useRef<Before>(null);
  useEffect(
    () =>
      backend.listen((event) => {
        if (event.name !== "close-asked") return;
        const may = before.current?.() ?? Promise.resolve(true);
        // Whoever goes unanswered is closed without the window's doing.
        may.then(backend.endClose).catch(() => undefined);
      }),
    [backend],
  );
  const precede = useCallback((see: Before) => {
    before.current = see;
    return () => {
      if (before.current === see) before.current = null;
    };
  }, []);
  return <ClosingContext value={precede}>{children}</ClosingContext>;
}

/** Before the window closes, writes what is unwritten, and asks about what is typed and not saved or cannot be written. */
export function useWrittenBeforeClose(): void {
  const precede = use(ClosingContext);
  const backend = useBackend();
  const { unwritten } = useSession();
  const { isLosing, ask } = useQuestion();
  const toast = useToast();
  useEffect(() => {
    if (!precede) throw new Error("closing the window needs a ClosingProvider above it");
    return precede(async () => {
      // Unanswered, the window would be closed over what a slow disk is still writing.
      const slow = setTimeout(() => void backend.holdClose().catch(() => undefined), SLOW);
      const isWritten = await writeAll(unwritten).then(
        () => true,
        (error: unknown) => {
          toast(problemOf(error));
          return false;
        },
      );
      clearTimeout(slow);
      if (isWritten && !isLosing()) return true;
      await backend.holdClose();
      return ask(!isWritten);
    });
  }, [precede, backend, unwritten, isLosing, ask, toast]);
}
