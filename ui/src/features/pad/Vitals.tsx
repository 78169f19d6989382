import { useState } from "react";
import type { Vitals as VitalValues } from "../../ipc/bindings/Vitals";
import { langOf } from "../../ipc/problem";
import { messages } from "../../messages";
import classes from "./Pad.module.css";
import type { DraftState } from "./useDraft";

const fields: (keyof VitalValues)[] = [
  "bpSys",
  "bpDia",
  "pulse",
  "tempC",
  "spo2",
  "rr",
  "weightKg",
  "heightCm",
  "sugar",
  "headCm",
];
const decimals = new Set<keyof VitalValues>(["tempC", "weightKg", "heightCm", "headCm"]);

type Name = "bpSys" | "bpDia" | "pulse" | "temp" | "spo2" | "rr" | "weight" | "height" | "sugar" | "head";

/** The words of each among those of the pad: its name and its unit. */
const words: Record<keyof VitalValues, [Name, keyof typeof messages.pad.units]> = {
  bpSys: ["bpSys", "bp"],
  bpDia: ["bpDia", "bp"],
  pulse: ["pulse", "pulse"],
  tempC: ["temp", "tempTyped"],
  spo2: ["spo2", "spo2"],
  rr: ["rr", "rr"],
  weightKg: ["weight", "weight"],
  heightCm: ["height", "height"],
  sugar: ["sugar", "sugar"],
  headCm: ["head", "head"],
};

/** Vital signs; what was not measured stays empty. */
export function Vitals({ state, isChild }: { state: DraftState; isChild: boolean }) {
  const { pad } = messages;
  return (
    <section className={`${classes.card} ${classes.vitals}`} aria-label={pad.vitals}>
      <div className={classes.vitalRow}>
        {fields.map(
          (field) =>
            (field !== "headCm" || isChild || state.draft.vitals.headCm !== null) && (
              <Vital key={field} field={field} state={state} />
            ),
        )}
        {state.saved?.bmi != null && (
          <output className={classes.vital} data-testid="pad-bmi">
            <span>{pad.bmi}</span>
            <b>{state.saved.bmi}</b>
          </output>
        )}
      </div>
      {state.saved?.warnings.map((warning) => (
        <p key={warning} className={classes.warning} role="status" lang={langOf(warning)}>
          {warning}
        </p>
      ))}
    </section>
  );
}

function Vital({ field, state }: { field: keyof VitalValues; state: DraftState }) {
  const value = state.draft.vitals[field];
  const written = value === null ? "" : String(value);
  const [text, setText] = useState(written);
  const [revision, setRevision] = useState(state.revision);
  if (revision !== state.revision) {
    setRevision(state.revision);
    setText(written);
  }
  const { pad } = messages;
  const [name, unitName] = words[field];
  const [label, unit] = [pad[name], pad.units[unitName]];
  const accept = (typed: string) => {
    const clean = typed.replace(",", ".");
    const shape = decimals.has(field) ? /^\d{0,3}(\.\d{0,2})?$/ : /^\d{0,3}$/;
    if (!shape.test(clean)) return;
    setText(clean);
    const read = clean === "" || clean === "." ? null : Number(clean);
    state.change((draft) => ({ vitals: { ...draft.vitals, [field]: read } }));
  };
  return (
    <label className={classes.vital}>
      <span>{label}</span>
      <span>
        <input
          id={`pad-${field}`}
          inputMode="decimal"
          autoComplete="off"
          value={text}
          onChange={(event) => accept(event.target.value)}
        />
        <small>{unit}</small>
      </span>
    </label>
  );
}
