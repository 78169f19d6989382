import { Button } from "@mantine/core";
import type { AllergyForm } from "../../ipc/bindings/AllergyForm";
import { messages } from "../../messages";
import { emptyAllergy, Reaction, Substance } from "../chart/AllergyFields";
import classes from "../chart/Known.module.css";

interface Props {
  allergies: AllergyForm[];
  onChange: (allergies: AllergyForm[]) => void;
}

/** Allergies that are noted with the form. A line in which nothing is written is not sent. */
export function NotedAllergies({ allergies, onChange }: Props) {
  const { known } = messages;
  const lines = allergies.length === 0 ? [emptyAllergy] : allergies;
  const set = (place: number, form: AllergyForm) =>
    onChange(lines.map((one, other) => (other === place ? form : one)));
  return (
    <div className={classes.noted}>
      {lines.map((form, place) => (
        // Lines are only ever added at the end.
        // oxlint-disable-next-line react/no-array-index-key
        <fieldset key={place} className={classes.line}>
          <legend>
            {known.allergy} {place + 1}
          </legend>
          <Substance
            form={form}
            checkedBy={(form.classCode ?? form.ingredientCode) === null ? null : form.substance}
            onChange={(changed) => set(place, changed)}
          />
          <Reaction form={form} onChange={(changed) => set(place, changed)} />
        </fieldset>
      ))}
      <div>
        <Button size="xs" variant="default" onClick={() => onChange([...lines, emptyAllergy])}>
          {known.anotherAllergy}
        </Button>
      </div>
    </div>
  );
}
