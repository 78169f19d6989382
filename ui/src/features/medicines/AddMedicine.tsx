import { Button, NativeSelect, TextInput } from "@mantine/core";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { queryKeys, refreshRows } from "../../app/queries";
import type { MedicineFound } from "../../ipc/bindings/MedicineFound";
import type { OwnMedicineForm } from "../../ipc/bindings/OwnMedicineForm";
import { useBackend } from "../../ipc/context";
import { messages } from "../../messages";
import { Problem } from "../../shared/parts";
import { Suggest } from "../../shared/Suggest";
import { useToast } from "../../shared/toasts";
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

/** A medicine while it is added: a brand of one of the list, or one that is in no list. */
export function AddMedicine() {
  const backend = useBackend();
  const client = useQueryClient();
  const toast = useToast();
  const [form, setForm] = useState(emptyForm);
  const { medicines: words } = messages;
  const change = (part: Partial<OwnMedicineForm>) => setForm((before) => ({ ...before, ...part }));
  const typed = form.genericName.trim();
  const isSearched = form.sameAs === null && typed.length > 1;
  const { data } = useQuery({
    queryKey: queryKeys.line(typed),
    queryFn: () => backend.readLine(typed),
    enabled: isSearched,
    placeholderData: keepPreviousData,
  });
  const add = useMutation({
    mutationFn: () => backend.addOwnMedicine(form),
    onSuccess: () => {
      toast(words.added(form.brandName.trim() || typed));
      setForm(emptyForm);
      void client.invalidateQueries({ queryKey: queryKeys.lines });
      void refreshRows(client);
    },
  });
  const choose = (one: MedicineFound) => change({ sameAs: one.id, genericName: medicineName(one) });
  const isNew = form.sameAs === null;
  return (
    <form
      className={classes.form}
      aria-label={words.add}
      onSubmit={(event) => {
        event.preventDefault();
        if (!add.isPending) add.mutate();
      }}
    >
      <h2>{words.add}</h2>
      <Suggest
        label={words.what}
        listLabel={words.found}
        description={words.whatHint}
        text={form.genericName}
        maxLength={250}
        found={isSearched ? (data?.found ?? []) : []}
        keyOf={(one) => one.id}
        renderOption={(one) => (
          <span data-testid="listed-medicine">
            {medicineName(one)} <small>{formName(one.dosageForm)}</small>
          </span>
        )}
        onText={(genericName) => change({ genericName, sameAs: null })}
        onChoose={choose}
      />
      {typed !== "" && (
        <p className={isNew ? classes.unchecked : classes.checked} role="status">
          {isNew ? words.notInList : words.inList}
        </p>
      )}
      <TextInput
        label={words.brand}
        maxLength={200}
        autoComplete="off"
        value={form.brandName}
        onChange={(event) => change({ brandName: event.currentTarget.value })}
      />
      {isNew && (
        <div className={classes.two}>
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
      {add.error && <Problem error={add.error} />}
      <div>
        <Button type="submit" loading={add.isPending}>
          {words.save}
        </Button>
      </div>
    </form>
  );
}
