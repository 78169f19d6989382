import classes from "./Staff.module.css";

interface Props<Id extends string> {
  legend: string;
  hint?: string;
  choices: { id: Id; label: string; hint?: string }[];
  /** In the order in which they were chosen. */
  chosen: Id[];
  onChoose: (chosen: Id[]) => void;
}

/** Things of which any number is chosen. */
export function Choices<Id extends string>({ legend, hint, choices, chosen, onChoose }: Props<Id>) {
  return (
    <fieldset className={classes.group}>
      <legend>{legend}</legend>
      {hint && <p>{hint}</p>}
      {choices.map((choice) => (
        <label key={choice.id} className={classes.choice}>
          <input
            type="checkbox"
            checked={chosen.includes(choice.id)}
            onChange={(event) => {
              const others = chosen.filter((id) => id !== choice.id);
              onChoose(event.currentTarget.checked ? [...others, choice.id] : others);
            }}
          />
          <span>
            {choice.label}
            {choice.hint && <small>{choice.hint}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
