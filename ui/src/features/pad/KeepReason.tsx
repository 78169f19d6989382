import { useEffect, useRef } from "react";
import { isPlain } from "../../app/keymap";
import { messages } from "../../messages";
import classes from "./Findings.module.css";

interface Props {
  title: string;
  text: string;
  onText: (text: string) => void;
  onKeep: () => void;
  onClose: () => void;
}

/** Asks, in the line itself, why a held line stays. What was typed is there again when it is closed and opened. */
export function KeepReason({ title, text, onText, onKeep, onClose }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const { pad } = messages;
  useEffect(() => input.current?.focus(), []);
  return (
    <span className={classes.reason}>
      <input
        ref={input}
        aria-label={pad.keepReason(title)}
        placeholder={pad.keepReasonHint}
        autoComplete="off"
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (!isPlain(event)) return;
          if (event.key === "Enter" && text.trim() !== "") onKeep();
          else if (event.key === "Escape") onClose();
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <button type="button" disabled={text.trim() === ""} onClick={onKeep}>
        {pad.keep}
      </button>
    </span>
  );
}
