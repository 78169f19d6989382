import { NativeSelect, TextInput } from "@mantine/core";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { queryKeys } from "../../app/queries";
import type { Allergen } from "../../ipc/bindings/Allergen";
import type { AllergyForm } from "../../ipc/bindings/AllergyForm";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { Suggest } from "../../shared/Suggest";
import classes from "./Known.module.css";

export const emptyAllergy: AllergyForm = {
  substance: "",
  ingredientCode: null,
  classCode: null,
  reaction: "",
  severity: null,
  certainty: "suspected",
  status: "active",
};

interface SubstanceProps {
  form: AllergyForm;
  /** What the code stands for, where one was chosen. */
  checkedBy: string | null;
  autoFocus?: boolean;
  onChange: (form: AllergyForm, checkedBy: string | null) => void;
  onEnter?: () => void;
}

/** To what: a class or an ingredient of the list, or anything else in words. */
export function Substance({ form, checkedBy, autoFocus = false, onChange, onEnter }: SubstanceProps) {
  const backend = useBackend();
  const { known } = messages;
  const typed = form.substance.trim();
  const isOpen = checkedBy === null && typed.length > 1;
  const client = useQueryClient();
  const fitting = {
    queryKey: queryKeys.allergens(typed),
    queryFn: () => backend.findAllergens(typed),
    staleTime: Infinity,
  };
  const { data, error } = useQuery({ ...fitting, enabled: isOpen, placeholderData: keepPreviousData });
  const choose = (one: Allergen) =>
    onChange(
      {
        ...form,
        substance: one.name,
        classCode: one.isClass ? one.code : null,
        ingredientCode: one.isClass ? null : one.code,
      },
      one.name,
    );
  return (
    <div>
      <Suggest
        label={known.substance}
        listLabel={known.substances}
        description={known.substanceHint}
        text={form.substance}
        maxLength={200}
        autoFocus={autoFocus}
        found={isOpen ? (data ?? []) : []}
        keyOf={(one) => one.code}
        renderOption={(one) => (
          <span data-testid="allergen">
            {one.name}
            {one.isClass && <small>{known.isClass}</small>}
            {one.brand && <small>{known.byBrand(one.brand)}</small>}
          </span>
        )}
        onText={(substance) => onChange({ ...form, substance, classCode: null, ingredientCode: null }, null)}
        onChoose={choose}
        takesFirst={() => (isOpen ? client.fetchQuery(fitting) : Promise.resolve([]))}
        {...(onEnter ? { onEnter } : {})}
      />
      {error && <Problem error={error} />}
      {typed !== "" && (
        <p className={classes.checked} role="status">
          {checkedBy === null ? known.checkedByWords : known.checkedBy(checkedBy)}
        </p>
      )}
    </div>
  );
}

/** What happened, how severe, how sure. */
export function Reaction({ form, onChange }: { form: AllergyForm; onChange: (form: AllergyForm) => void }) {
  const { known } = messages;
  return (
    <>
      <TextInput
        label={known.reaction}
        placeholder={known.reactionHint}
        maxLength={300}
        autoComplete="off"
        value={form.reaction}
        onChange={(event) => onChange({ ...form, reaction: event.currentTarget.value })}
      />
      <div className={classes.two}>
        <NativeSelect
          label={known.severity}
          value={form.severity ?? ""}
          data={[
            { value: "", label: known.severities.unknown },
            { value: "mild", label: known.severities.mild },
            { value: "moderate", label: known.severities.moderate },
            { value: "severe", label: known.severities.severe },
            { value: "life_threatening", label: known.severities.life_threatening },
          ]}
          onChange={(event) => onChange({ ...form, severity: event.currentTarget.value || null })}
        />
        <NativeSelect
          label={known.certainty}
          value={form.certainty}
          data={[
            { value: "suspected", label: known.certainties.suspected },
            { value: "confirmed", label: known.certainties.confirmed },
          ]}
          onChange={(event) => onChange({ ...form, certainty: event.currentTarget.value })}
        />
      </div>
    </>
  );
}
