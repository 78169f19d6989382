import { IconX } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { isPlain, keyLabel } from "../../app/keymap";
import { queryKeys } from "../../app/queries";
import type { Diagnosis } from "../../ipc/bindings/Diagnosis";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { withMarked } from "../../shared/marked";
import { HowMany, Kbd } from "../../shared/parts";
import classes from "./Pad.module.css";
import type { DraftState } from "./useDraft";

const keyOf = ({ text, icd10 }: Diagnosis) => `${icd10 ?? ""} ${text}`;

const meant = (text: string, marked: Diagnosis | null) => marked ?? { text: text.trim(), icd10: null };

/** Diagnoses, by the list or in the doctor's own words. Enter adds what is typed, or what the arrows chose. */
export function Diagnoses({ state }: { state: DraftState }) {
  const backend = useBackend();
  const [text, setText] = useState("");
  /** What the arrows chose stays what is meant, whatever another answer has in its place. */
  const [marked, setMarked] = useState<Diagnosis | null>(null);
  const { pad } = messages;
  const { diagnoses } = state.draft;
  const query = useQuery({
    queryKey: queryKeys.diagnoses(text),
    queryFn: () => backend.findDiagnoses(text),
    enabled: text.trim().length > 1,
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
  const answered = text.trim().length > 1 ? (query.data ?? []) : [];
  const [found, place] = withMarked(answered, marked, keyOf);
  const add = (diagnosis: Diagnosis) => {
    setText("");
    setMarked(null);
    state.addDiagnosis(diagnosis);
  };
  const accept = () => add(meant(text, marked));
  const type = (text: string, marked: Diagnosis | null) => {
    setText(text);
    setMarked(marked);
    state.typeDiagnosis(meant(text, marked));
  };
  const mark = (place: number) => type(text, found[place] ?? null);
  const remove = (diagnosis: Diagnosis) =>
    state.change({ diagnoses: diagnoses.filter((one) => one !== diagnosis) });
  const onKeyDown = (event: React.KeyboardEvent) => {
    const last = diagnoses.at(-1);
    if (!isPlain(event)) return;
    if (event.key === "Enter") accept();
    else if (event.key === "ArrowDown" && found.length > 0) mark(Math.min(place + 1, found.length - 1));
    else if (event.key === "ArrowUp" && found.length > 0) mark(Math.max(place - 1, -1));
    // A key held down to empty the field stops there.
    else if (event.key === "Backspace" && !event.repeat && text === "" && last) remove(last);
    else return;
    event.preventDefault();
  };
  return (
    <section className={`${classes.card} ${classes.row}`} aria-label={pad.diagnosis}>
      <label htmlFor="pad-diagnosis">
        <Kbd>{keyLabel("diagnosis")}</Kbd> {pad.diagnosis}
      </label>
      <ul className={classes.chips}>
        {diagnoses.map((diagnosis) => (
          <li key={diagnosis.text}>
            {diagnosis.text}
            {diagnosis.icd10 && <code>{diagnosis.icd10}</code>}
            <button
              type="button"
              aria-label={pad.removeDiagnosis(diagnosis.text)}
              onClick={() => remove(diagnosis)}
            >
              <IconX size={13} aria-hidden="true" />
            </button>
          </li>
        ))}
      </ul>
      <span className={classes.offering}>
        <input
          id="pad-diagnosis"
          aria-label={pad.diagnosis}
          role="combobox"
          aria-expanded={found.length > 0}
          aria-controls="pad-diagnoses"
          aria-autocomplete="list"
          aria-activedescendant={place >= 0 ? `pad-diagnosis-${place}` : undefined}
          autoComplete="off"
          placeholder={pad.diagnosisHint}
          value={text}
          onChange={(event) => type(event.target.value, null)}
          onBlur={accept}
          onKeyDown={onKeyDown}
        />
        <span id="pad-diagnoses" role="listbox" aria-label={pad.diagnoses} className={classes.offered}>
          {found.map((diagnosis, index) => (
            // The focus stays in the field: keys are answered there.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
            <span
              key={diagnosis.icd10}
              id={`pad-diagnosis-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === place}
              data-testid="pad-diagnosis-option"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => add(diagnosis)}
            >
              {diagnosis.text} <code>{diagnosis.icd10}</code>
            </span>
          ))}
        </span>
        <HowMany count={found.length} />
      </span>
    </section>
  );
}
