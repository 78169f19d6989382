import { type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
import classes from "./Dialog.module.css";

interface Props {
  label: string;
  onClose: () => void;
  children: ReactNode;
  size?: "small" | "large" | "page";
}

/**
 * Floats above everything, keeps the focus inside, and gives it back when closed, unless something else took it. The focus
 * begins on what is marked `data-autofocus`, or on the first thing that takes it.
 */
export function Dialog({ label, onClose, children, size = "small" }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const before = useRef<Element>(null);
  // With its drawing: a key that comes right behind it goes nowhere else.
  useLayoutEffect(() => {
    before.current = document.activeElement;
    dialog.current?.showModal();
    // By itself the first thing in it takes the focus; what is not shown yet cannot.
    dialog.current?.querySelector<HTMLElement>("[data-autofocus]")?.focus();
  }, []);
  useEffect(() => {
    const shown = dialog.current;
    return () => {
      shown?.close();
      const isTaken = document.activeElement !== document.body;
      const back = before.current;
      if (back instanceof HTMLElement && back.isConnected && !isTaken) back.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-label={label}
      className={`${classes.dialog} ${classes[size]}`}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className={classes.inside}>{children}</div>
    </dialog>
  );
}
