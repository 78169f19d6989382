import { type ReactNode, useLayoutEffect, useRef } from "react";
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
  // With its drawing: a key that comes right behind it goes nowhere else; and what comes in its place knows who had the focus.
  useLayoutEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    shown?.showModal();
    // By itself the first thing in it takes the focus; what is not shown yet cannot.
    shown?.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => {
      const held = document.activeElement;
      const isTaken = held !== document.body && !shown?.contains(held);
      shown?.close();
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
