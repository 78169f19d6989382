import { useState } from "react";
import type { Vitals as VitalValues } from "../../ipc/bindings/Vitals";
import { messages } from "../../messages/en";
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

const { pad } = messages;
const labels: Record<keyof VitalValues, [string, string]> = {
  bpSys: [pad.bpSys, pad.units.bp],
  bpDia: [pad.bpDia, pad.units.bp],
  pulse: [pad.pulse, pad.units.pulse],
  tempC: [pad.temp, pad.units.temp],
  spo2: [pad.spo2, pad.units.spo2],
  rr: [pad.rr, pad.units.rr],
  weightKg: [pad.weight, pad.units.weight],
  heightCm: [pad.height, pad.units.height],
  sugar: [pad.sugar, pad.units.sugar],
  headCm: [pad.head, pad.units.head],
};

/** Vital signs; what was not measured stays empty. */
export function Vitals({ state, isChild }: { state: DraftState; isChild: boolean }) {
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
        <p key={warning} className={classes.warning} role="status">
          {warning}
        </p>
      ))}
    </section>
  );
}

function Vital({ field, state }: { field: keyof VitalValues; state: DraftState }) {
  const value = state.draft.vitals[field];
  const [text, setText] = useState(value === null ? "" : String(value));
  const [label, unit] = labels[field];
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
