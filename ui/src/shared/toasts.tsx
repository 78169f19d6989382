import { IconX } from "@tabler/icons-react";
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from "react";
import { keyLabel, useKeys } from "../app/keymap";
import type { CommandError } from "../ipc/bindings/CommandError";
import { langOf, problemOf } from "../ipc/problem";
import { messages } from "../messages";
import { Kbd } from "./parts";
import classes from "./toasts.module.css";

/** What can be done with what is told, beside undoing it. */
interface Also {
  label: string;
  /** The label, and what it is done with. */
  name: string;
  onTake: () => void;
}

interface Toast {
  id: number;
  said: string | CommandError;
  onUndo: (() => unknown) | undefined;
  also: Also | undefined;
}

/** A promise that undoing returns is waited for; that it is done, or why it failed, is told. False: nothing was undone. */
type Show = (said: string | CommandError, onUndo?: () => unknown, also?: Also) => void;
const ToastContext = createContext<Show>(() => undefined);

/** Tells what happened in the background, or what can be undone. */
export const useToast = () => use(ToastContext);

let lastId = 0;

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const show = useCallback<Show>((said, onUndo, also) => {
    lastId += 1;
    const toast = { id: lastId, said, onUndo, also };
    setToasts((shown) => [...shown.slice(-2), toast]);
  }, []);
  const close = useCallback(
    (id: number) => setToasts((shown) => shown.filter((toast) => toast.id !== id)),
    [],
  );
  const undo = useCallback(
    ({ id, said, onUndo }: Toast) => {
      const tell = (done: unknown) => {
        if (done !== false && typeof said === "string") show(messages.common.undone(said));
      };
      Promise.resolve(onUndo?.()).then(tell, (error: unknown) => show(problemOf(error)));
      close(id);
    },
    [close, show],
  );
  const last = toasts.findLast((toast) => toast.onUndo);
  useKeys({ takeBack: last ? () => undo(last) : undefined });
  return (
    <ToastContext value={show}>
      {children}
      <section className={classes.toasts} aria-live="polite" aria-label={messages.common.notices}>
        {toasts.map((toast) => (
          <OneToast key={toast.id} toast={toast} isLast={toast === last} onUndo={undo} onClose={close} />
        ))}
      </section>
    </ToastContext>
  );
}

interface Props {
  toast: Toast;
  /** Whether the key undoes this one. */
  isLast: boolean;
  onUndo: (toast: Toast) => void;
  onClose: (id: number) => void;
}

function OneToast({ toast, isLast, onUndo, onClose }: Props) {
  const close = useMemo(() => () => onClose(toast.id), [onClose, toast.id]);
  useEffect(() => {
    const timer = setTimeout(close, toast.onUndo || toast.also ? 20_000 : 7_000);
    return () => clearTimeout(timer);
  }, [close, toast.onUndo, toast.also]);
  return (
    <div className={classes.toast} data-testid="toast">
      <div className={classes.body}>
        {typeof toast.said === "string" ? (
          <span>{toast.said}</span>
        ) : (
          <span lang={langOf(toast.said.detail)}>{toast.said.detail}</span>
        )}
        {(toast.also || toast.onUndo) && (
          <div className={classes.actions}>
            {toast.also && (
              <button
                type="button"
                className={classes.undo}
                aria-label={toast.also.name}
                onClick={toast.also.onTake}
              >
                {toast.also.label}
              </button>
            )}
            {toast.onUndo && (
              <button
                type="button"
                className={classes.undo}
                aria-keyshortcuts={isLast ? "Control+U" : undefined}
                onClick={() => onUndo(toast)}
              >
                {messages.common.undo} {isLast && <Kbd>{keyLabel("takeBack")}</Kbd>}
              </button>
            )}
          </div>
        )}
      </div>
      <button type="button" className={classes.close} aria-label={messages.common.close} onClick={close}>
        <IconX size={16} aria-hidden="true" />
      </button>
    </div>
  );
}
