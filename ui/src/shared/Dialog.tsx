import { type ReactNode, useEffect, useRef } from "react";
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
  useEffect(() => {
    const before = document.activeElement;
    const shown = dialog.current;
    shown?.showModal();
    // By itself the first thing in it takes the focus; what is not shown yet cannot.
    shown?.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => {
      shown?.close();
      const isTaken = document.activeElement !== document.body;
      if (before instanceof HTMLElement && before.isConnected && !isTaken) before.focus();
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
