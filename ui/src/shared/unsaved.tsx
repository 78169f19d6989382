import { Button } from "@mantine/core";
import { useState } from "react";
import { messages } from "../messages";
import { Dialog } from "./Dialog";
import classes from "./library.module.css";

/** Asks before what is typed in one form makes way for another one. */
export function useUnsaved() {
  const [isTyped, setTyped] = useState(false);
  const [next, setNext] = useState<(() => void) | null>(null);
  const { common } = messages;
  const close = () => setNext(null);
  return {
    /** The form tells here whether something typed in it is not saved. */
    setTyped,
    /** Does this at once, or when it was agreed to give up what is typed. */
    instead: (then: () => void) => (isTyped ? setNext(() => then) : then()),
    question: next && (
      <Dialog label={common.unsavedTitle} onClose={close}>
        <div className={classes.ask}>
          <h2>{common.unsavedTitle}</h2>
          <p>{common.unsavedText}</p>
          <div>
            <Button variant="default" autoFocus onClick={close}>
              {common.keepTyping}
            </Button>
            <Button
              onClick={() => {
                close();
                next();
              }}
            >
              {common.discard}
            </Button>
          </div>
        </div>
      </Dialog>
    ),
  };
}
