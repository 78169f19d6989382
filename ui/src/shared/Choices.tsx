import { useId } from "react";
import classes from "./choices.module.css";

interface Props<Value extends string> {
  label: string;
  value: Value;
  choices: { value: Value; label: string }[];
  onChange: (value: Value) => void;
}

/** One of a few, side by side. */
export function Choices<Value extends string>({ label, value, choices, onChange }: Props<Value>) {
  const name = useId();
  return (
    <div role="radiogroup" aria-label={label} className={classes.choices}>
      {choices.map((one) => (
        <label key={one.value} className={classes.choice}>
          <input
            type="radio"
            name={name}
            checked={one.value === value}
            onChange={() => onChange(one.value)}
          />
          {one.label}
        </label>
      ))}
    </div>
  );
}
