import { IconX } from "@tabler/icons-react";
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from "react";
import type { CommandError } from "../ipc/bindings/CommandError";
import { langOf, problemOf } from "../ipc/problem";
import { messages } from "../messages";
import classes from "./toasts.module.css";

interface Toast {
  id: number;
  said: string | CommandError;
  onUndo: (() => unknown) | undefined;
}

/** A promise that undoing returns is waited for; why it failed is told. */
type Show = (said: string | CommandError, onUndo?: () => unknown) => void;
const ToastContext = createContext<Show>(() => undefined);

/** Tells what happened in the background, or what can be undone. */
export const useToast = () => use(ToastContext);

let lastId = 0;

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const show = useCallback<Show>((said, onUndo) => {
    lastId += 1;
    const toast = { id: lastId, said, onUndo };
    setToasts((shown) => [...shown.slice(-2), toast]);
  }, []);
  const close = useCallback(
    (id: number) => setToasts((shown) => shown.filter((toast) => toast.id !== id)),
    [],
  );
  return (
    <ToastContext value={show}>
      {children}
      <section className={classes.toasts} aria-live="polite" aria-label={messages.common.notices}>
        {toasts.map((toast) => (
          <OneToast key={toast.id} toast={toast} onClose={close} />
        ))}
      </section>
    </ToastContext>
  );
}

function OneToast({ toast, onClose }: { toast: Toast; onClose: (id: number) => void }) {
  const show = useToast();
  const close = useMemo(() => () => onClose(toast.id), [onClose, toast.id]);
  useEffect(() => {
    const timer = setTimeout(close, toast.onUndo ? 20_000 : 7_000);
    return () => clearTimeout(timer);
  }, [close, toast.onUndo]);
  return (
    <div className={classes.toast} data-testid="toast">
      {typeof toast.said === "string" ? (
        <span>{toast.said}</span>
      ) : (
        <span lang={langOf(toast.said.detail)}>{toast.said.detail}</span>
      )}
      {toast.onUndo && (
        <button
          type="button"
          className={classes.undo}
          onClick={() => {
            Promise.resolve(toast.onUndo?.()).catch((error: unknown) => show(problemOf(error)));
            close();
          }}
        >
          {messages.common.undo}
        </button>
      )}
      <button type="button" className={classes.close} aria-label={messages.common.close} onClick={close}>
        <IconX size={16} aria-hidden="true" />
      </button>
    </div>
  );
}
