import type { Difference } from "./bindings/Difference";
import type { Draft } from "./bindings/Draft";
import type { MedicineFound } from "./bindings/MedicineFound";
import type { PrescriptionSummary } from "./bindings/PrescriptionSummary";

const isSame = (one: { medicineText: string }, other: { medicineText: string }) =>
  one.medicineText.toLowerCase() === other.medicineText.toLowerCase();

/** The draft with the lines of an earlier prescription. */
export function repeatFake(own: Draft, last: PrescriptionSummary, medicines: MedicineFound[]): Draft {
  const more = last.items
    .filter((item) => item.stoppedAt === null && !own.items.some((one) => isSame(one, item)))
    .map((item) => ({
      medicineId:
        medicines.find((one) => `${one.genericName} ${one.strengthText}` === item.medicineText)?.id ?? null,
      medicineText: item.medicineText,
      doseText: item.doseText,
      kept: [],
      source: "repeat" as const,
      noSubstitution: item.noSubstitution,
    }));
  return {
    ...own,
    items: [...own.items, ...more],
    advice: own.advice || (last.advice ?? ""),
    repeated: last.id,
  };
}

export function fakeDifference(draft: Draft, signed: PrescriptionSummary[]): Difference | null {
  const before = signed.find((one) => one.id === draft.repeated);
  if (!before) return null;
  return {
    visitDate: before.visitDate,
    lines: draft.items.map((item) => {
      const old = before.items.find((one) => isSame(one, item));
      if (!old) return { kind: "new" };
      return old.doseText === item.doseText ? { kind: "same" } : { kind: "changed", before: old.doseText };
    }),
    removed: before.items.filter((old) => !draft.items.some((item) => isSame(old, item))),
  };
}
