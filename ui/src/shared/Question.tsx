import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { Dialog } from "./Dialog";
import { Problem } from "./parts";
import classes from "./Question.module.css";

interface Props {
  title: string;
  text: string;
  /** The way back, on which the focus begins. */
  back: string;
  onBack: () => void;
  /** What went wrong with the other way. */
  error?: unknown;
  /** The other way, where there is one. */
  children?: ReactNode;
}

/** Asks once more before something is done. Escape is the way back. */
export function Question({ title, text, back, onBack, error, children }: Props) {
  return (
    <Dialog label={title} onClose={onBack}>
      <div className={classes.question}>
        <h2>{title}</h2>
        <p aria-live="polite">{text}</p>
        {error !== undefined && error !== null && <Problem error={error} />}
        <div className={classes.ways}>
          <Button variant="default" autoFocus onClick={onBack}>
            {back}
          </Button>
          {children}
        </div>
      </div>
    </Dialog>
  );
}
