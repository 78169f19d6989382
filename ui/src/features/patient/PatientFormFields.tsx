import { NativeSelect, TextInput, Textarea } from "@mantine/core";
import { messages } from "../../messages";
import classes from "./Patient.module.css";
import { NotedAllergies } from "./NotedAllergies";
import type { FormProblems, TypedForm } from "./form";

interface Props {
  typed: TypedForm;
  problems: FormProblems;
  mayReadClinical: boolean;
  /** What was noted of a death as the form was opened; null where it is not asked. */
  wasDead: boolean | null;
  onChange: (change: Partial<TypedForm>) => void;
}

const relations = ["S/o", "D/o", "W/o", "B/o", "C/o"];
const bloodGroups = ["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"];

/** So many letters a record has room for: a longer text would be refused with all the rest. */
const longest: Partial<Record<keyof TypedForm, number>> = {
  firstName: 100,
  lastName: 100,
  guardianName: 150,
  city: 100,
  addressLine: 300,
  alerts: 2000,
};

/** All fields of the form but the mobile number. */
export function PatientFormFields({ typed, problems, mayReadClinical, wasDead, onChange }: Props) {
  const { patient } = messages;
  const text = (name: Exclude<keyof TypedForm, "allergies" | "hasDied">, label: string) => ({
    label,
    value: typed[name],
    error: problems[name],
    maxLength: longest[name],
    size: "md",
    autoComplete: "off",
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>) =>
      onChange({ [name]: event.currentTarget.value }),
  });
  return (
    <>
      <div className={classes.two}>
        <TextInput {...text("firstName", patient.firstName)} />
        <TextInput {...text("lastName", patient.lastName)} />
      </div>
      <div className={classes.four}>
        <NativeSelect
          {...text("sex", patient.sex)}
          data={[
            { value: "unknown", label: patient.sexes.unknown },
            { value: "female", label: patient.sexes.female },
            { value: "male", label: patient.sexes.male },
            { value: "other", label: patient.sexes.other },
          ]}
        />
        <TextInput {...text("ageYears", patient.ageYears)} inputMode="numeric" />
        <TextInput {...text("ageMonths", patient.ageMonths)} inputMode="numeric" />
        <TextInput
          {...text("dateOfBirth", patient.dateOfBirth)}
          inputMode="numeric"
          placeholder={patient.dayPlaceholder}
        />
      </div>
      <div className={classes.relation}>
        <NativeSelect
          {...text("guardianRelation", patient.guardianRelation)}
          data={[
            { value: "", label: patient.guardianRelations.none },
            ...relations.map((relation) => ({ value: relation, label: relation })),
          ]}
        />
        <TextInput {...text("guardianName", patient.guardianName)} />
      </div>
      <div className={classes.two}>
        <TextInput {...text("city", patient.city)} />
        <TextInput {...text("addressLine", patient.address)} />
      </div>
      <NativeSelect
        {...text("preferredLanguage", patient.language)}
        data={[
          { value: "", label: patient.languages.en },
          { value: "hi", label: patient.languages.hi },
          { value: "mr", label: patient.languages.mr },
        ]}
      />
      {mayReadClinical && (
        <fieldset className={classes.clinical}>
          <legend>{patient.clinical}</legend>
          <div className={classes.two}>
            <NativeSelect
              {...text("allergyStatus", patient.allergyStatus)}
              data={[
                { value: "unknown", label: patient.allergyStatuses.unknown },
                { value: "none_known", label: patient.allergyStatuses.none_known },
                { value: "has_allergies", label: patient.allergyStatuses.has_allergies },
              ]}
            />
            <NativeSelect
              {...text("bloodGroup", patient.bloodGroup)}
              data={[
                { value: "unknown", label: patient.bloodUnknown },
                ...bloodGroups.map((group) => ({ value: group, label: group })),
              ]}
            />
          </div>
          {typed.allergyStatus === "has_allergies" && (
            <NotedAllergies allergies={typed.allergies} onChange={(allergies) => onChange({ allergies })} />
          )}
          {typed.sex !== "male" && (
            <div className={classes.two}>
              <NativeSelect
                {...text("pregnancyStatus", patient.pregnancy)}
                data={[
                  { value: "", label: patient.pregnancies.unasked },
                  { value: "not_pregnant", label: patient.pregnancies.not_pregnant },
                  { value: "pregnant", label: patient.pregnancies.pregnant },
                  { value: "breastfeeding", label: patient.pregnancies.breastfeeding },
                  { value: "unknown", label: patient.pregnancies.unknown },
                ]}
              />
              <TextInput {...text("lmpDate", patient.lastPeriod)} placeholder={patient.dayPlaceholder} />
            </div>
          )}
          <Textarea {...text("alerts", patient.alerts)} rows={2} />
        </fieldset>
      )}
      {wasDead !== null && (
        <fieldset className={classes.clinical}>
          <legend>{patient.death}</legend>
          <label className={classes.mark}>
            <input
              type="checkbox"
              checked={typed.hasDied}
              onChange={(event) => onChange({ hasDied: event.currentTarget.checked })}
            />
            {patient.hasDied}
          </label>
          {typed.hasDied && (
            <TextInput
              {...text("diedOn", patient.dayOfDeath)}
              inputMode="numeric"
              placeholder={patient.dayPlaceholder}
            />
          )}
          <p role="status" className={classes.undone}>
            {wasDead && !typed.hasDied && patient.deathUndone}
          </p>
        </fieldset>
      )}
    </>
  );
}
