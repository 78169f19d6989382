import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { messages } from "../../messages/en";
import classes from "./Pad.module.css";
import type { DraftState } from "./useDraft";

/** Diagnoses in words; Enter adds one. */
export function Diagnoses({ state }: { state: DraftState }) {
  const [text, setText] = useState("");
  const { pad } = messages;
  const { diagnoses } = state.draft;
  const add = () => {
    const diagnosis = text.trim();
    if (diagnosis === "") return;
    setText("");
    if (!diagnoses.includes(diagnosis)) state.change({ diagnoses: [...diagnoses, diagnosis] });
  };
  const remove = (diagnosis: string) =>
    state.change({ diagnoses: diagnoses.filter((one) => one !== diagnosis) });
  return (
    <section className={`${classes.card} ${classes.row}`} aria-label={pad.diagnosis}>
      <label htmlFor="pad-diagnosis">{pad.diagnosis}</label>
      <ul className={classes.chips}>
        {diagnoses.map((diagnosis) => (
          <li key={diagnosis}>
            {diagnosis}
            <button
              type="button"
              aria-label={pad.removeDiagnosis(diagnosis)}
              onClick={() => remove(diagnosis)}
            >
              <IconX size={13} aria-hidden="true" />
            </button>
          </li>
        ))}
      </ul>
      <input
        id="pad-diagnosis"
        autoComplete="off"
        placeholder={pad.diagnosisHint}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={add}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            add();
          }
          const last = diagnoses.at(-1);
          if (event.key === "Backspace" && text === "" && last) remove(last);
        }}
      />
    </section>
  );
}
