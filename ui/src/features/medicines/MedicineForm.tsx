import { Button, NativeSelect, TextInput } from "@mantine/core";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { queryKeys, refreshRows } from "../../app/queries";
import type { MedicineFound } from "../../ipc/bindings/MedicineFound";
import type { OwnMedicine } from "../../ipc/bindings/OwnMedicine";
import type { OwnMedicineForm } from "../../ipc/bindings/OwnMedicineForm";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import library from "../../shared/library.module.css";
import { Problem } from "../../shared/parts";
import { Suggest } from "../../shared/Suggest";
import { useToast } from "../../shared/toasts";
import { useUnsaved } from "../../shared/unsaved";
import { medicineName } from "../pad/useLine";
import { formName, forms } from "./forms";
import classes from "./Medicines.module.css";

const emptyForm: OwnMedicineForm = {
  sameAs: null,
  brandName: "",
  genericName: "",
  strengthText: "",
  dosageForm: "tablet",
  defaultDose: "",
};

interface Props {
  /** The one that is corrected, as it was when it was opened; none for a new one. */
  medicine: OwnMedicine | null;
  autoFocus: boolean;
  onDone: () => void;
}

/** A medicine while it is added or corrected: a brand of one of the list, or one that is in no list. */
export function MedicineForm({ medicine, autoFocus, onDone }: Props) {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const initial = medicine?.form ?? emptyForm;
  const [form, setForm] = useState(initial);
  const isTyped = JSON.stringify(form) !== JSON.stringify(initial);
  const { medicines: words, common } = messages;
  const change = (part: Partial<OwnMedicineForm>) => {
    // While it is saved nothing more is taken: it would go with the form, and nobody had it.
    if (!save.isPending) setForm((before) => ({ ...before, ...part }));
  };
  const typed = form.genericName.trim();
  const isSearched = form.sameAs === null && typed.length > 1;
  const line = { queryKey: queryKeys.line(typed), queryFn: () => backend.readLine(typed, null) };
  const { data, error } = useQuery({ ...line, enabled: isSearched, placeholderData: keepPreviousData });
  const own = useQuery({ queryKey: queryKeys.ownMedicines, queryFn: () => backend.listOwnMedicines() });
  const save = useMutation({
    mutationFn: async () => {
      if (medicine) await backend.correctOwnMedicine(medicine.id, medicine.form, form);
      else await backend.addOwnMedicine(form);
    },
    onSuccess: () => {
      const name = form.brandName.trim() || typed;
      toast(medicine ? words.corrected(name) : words.added(name));
      void client.invalidateQueries({ queryKey: queryKeys.lines });
      void refreshRows(client);
    },
  });
  useUnsaved(isTyped, save.isPending);
  const choose = (one: MedicineFound) => change({ sameAs: one.id, genericName: medicineName(one) });
  const isInWords = form.sameAs === null;
  const isStillThat =
    medicine?.isChecked === true &&
    typed === medicine.form.genericName &&
    form.strengthText.trim() === medicine.form.strengthText &&
    form.dosageForm === medicine.form.dosageForm;
  // One of the clinic's own is no more checked than it is itself.
  const isOfUnchecked = own.data?.some((one) => one.id === form.sameAs && !one.isChecked) === true;
  const isUnchecked = isInWords ? !isStillThat : isOfUnchecked;
  const title = medicine ? words.correct(medicine.name) : words.add;
  return (
    <form
      className={`${library.form} ${classes.fields}`}
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault();
        // Said here, it is not said any more once another form stands in this place.
        if (!save.isPending) save.mutate(undefined, { onSuccess: onDone });
      }}
    >
      <h2>{title}</h2>
      {medicine && <p>{words.correctHint}</p>}
      <Suggest
        label={words.what}
        listLabel={words.found}
        description={words.whatHint}
        text={form.genericName}
        maxLength={250}
        autoFocus={autoFocus}
        found={isSearched ? (data?.found ?? []) : []}
        keyOf={(one) => one.id}
        renderOption={(one) => (
          <span data-testid="listed-medicine">
            {medicineName(one)} <small>{formName(one.dosageForm)}</small>
          </span>
        )}
        onText={(genericName) => change({ genericName, sameAs: null })}
        onChoose={choose}
        takesFirst={async () => (isSearched ? (await client.fetchQuery(line)).found : [])}
      />
      {error && <Problem error={error} />}
      {typed !== "" && (
        <p className={isUnchecked ? classes.unchecked : classes.checked} role="status">
          {isUnchecked ? words.notInList : isInWords ? words.asBefore : words.inList}
        </p>
      )}
      <TextInput
        label={words.brand}
        maxLength={200}
        autoComplete="off"
        value={form.brandName}
        onChange={(event) => change({ brandName: event.currentTarget.value })}
      />
      {isInWords && (
        <div className={library.two}>
          <TextInput
            label={words.strength}
            placeholder={words.strengthHint}
            maxLength={80}
            autoComplete="off"
            value={form.strengthText}
            onChange={(event) => change({ strengthText: event.currentTarget.value })}
          />
          <NativeSelect
            label={words.form}
            value={form.dosageForm}
            data={forms.map((value) => ({ value, label: formName(value) }))}
            onChange={(event) => change({ dosageForm: event.currentTarget.value })}
          />
        </div>
      )}
      <TextInput
        label={words.dose}
        placeholder={words.doseHint}
        maxLength={60}
        autoComplete="off"
        spellCheck={false}
        value={form.defaultDose}
        onChange={(event) => change({ defaultDose: event.currentTarget.value })}
      />
      {save.error && <Problem error={save.error} />}
      <div className={library.actions}>
        <Button type="submit" loading={save.isPending}>
          {medicine ? words.saveCorrection : words.save}
        </Button>
        {medicine && (
          <Button variant="default" disabled={save.isPending} onClick={onDone}>
            {common.cancel}
          </Button>
        )}
      </div>
    </form>
  );
}
