import type { Backend } from "./backend";
import type { CommandError } from "./bindings/CommandError";
import type { MedicineFound } from "./bindings/MedicineFound";
import type { OwnMedicine } from "./bindings/OwnMedicine";
import type { OwnMedicineForm } from "./bindings/OwnMedicineForm";

const invalid = (detail: string): CommandError => ({ code: "invalid", detail });

const formOf = (medicine: MedicineFound): OwnMedicineForm => ({
  sameAs: null,
  brandName: medicine.brandName ?? "",
  genericName: medicine.genericName,
  strengthText: medicine.strengthText ?? "",
  dosageForm: medicine.dosageForm,
  defaultDose: medicine.defaultDose ?? "",
});
const whatItIs = (form: OwnMedicineForm) =>
  [form.genericName.trim(), form.strengthText.trim(), form.dosageForm].join("|");

/** The clinic's own medicines: none to begin with. What is added is found in the pad. */
export function fakeMedicines(
  answer: <T>(command: keyof Backend, work: () => T) => Promise<T>,
  shared: MedicineFound[],
) {
  let own: { medicine: MedicineFound; isInUse: boolean; isChecked: boolean }[] = [];
  const inUse = () => own.filter((one) => one.isInUse);
  const all = () => [...shared, ...own.map((one) => one.medicine)];
  const isKnown = ({ sameAs }: OwnMedicineForm) =>
    sameAs !== null && !own.some((one) => one.medicine.id === sameAs && !one.isChecked);
  const made = (form: OwnMedicineForm): MedicineFound => {
    const same = all().find((one) => one.id === form.sameAs);
    if (same && form.brandName.trim() === "")
      throw invalid("The name under which it is sold is missing. Nothing was saved yet.");
    if (!same && form.genericName.trim() === "")
      throw invalid("The name of the medicine is missing. Nothing was saved yet.");
    return {
      id: `own${own.length + 1}`,
      genericName: same?.genericName ?? form.genericName.trim(),
      brandName: form.brandName.trim() || null,
      strengthText: same ? same.strengthText : form.strengthText.trim() || null,
      dosageForm: same?.dosageForm ?? form.dosageForm,
      defaultDose: form.defaultDose.trim() || null,
      uses: 0,
    };
  };
  const commands: Pick<
    Backend,
    "listOwnMedicines" | "addOwnMedicine" | "correctOwnMedicine" | "keepOwnMedicine"
  > = {
    listOwnMedicines: () =>
      answer("listOwnMedicines", () =>
        inUse().map(
          ({ medicine, isChecked }): OwnMedicine => ({
            id: medicine.id,
            name: [
              medicine.genericName,
              medicine.strengthText,
              medicine.brandName && `(${medicine.brandName})`,
            ]
              .filter(Boolean)
              .join(" "),
            dosageForm: medicine.dosageForm,
            defaultDose: medicine.defaultDose,
            isChecked,
            form: formOf(medicine),
          }),
        ),
      ),
    addOwnMedicine: (form) =>
      answer("addOwnMedicine", () => {
        const medicine = made(form);
        own = [...own, { medicine, isInUse: true, isChecked: isKnown(form) }];
        return medicine.id;
      }),
    correctOwnMedicine: (id, seen, form) =>
      answer("correctOwnMedicine", () => {
        own = own.map((one) => {
          if (one.medicine.id !== id) return one;
          if (JSON.stringify(formOf(one.medicine)) !== JSON.stringify(seen))
            throw invalid("This medicine was changed meanwhile: open it anew. Nothing was saved yet.");
          const isStillThat = one.isChecked && whatItIs(form) === whatItIs(seen);
          return { ...one, medicine: { ...made(form), id }, isChecked: isKnown(form) || isStillThat };
        });
      }),
    keepOwnMedicine: (id, isInUse) =>
      answer("keepOwnMedicine", () => {
        own = own.map((one) => (one.medicine.id === id ? { ...one, isInUse } : one));
      }),
  };
  return { commands, found: () => [...inUse().map((one) => one.medicine), ...shared] };
}
