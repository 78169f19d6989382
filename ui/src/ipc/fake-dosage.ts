import type { CommandError } from "./bindings/CommandError";
import type { DosageRead } from "./bindings/DosageRead";
import type { Draft } from "./bindings/Draft";
import type { ItemView } from "./bindings/ItemView";
import type { LineChoice } from "./bindings/LineChoice";
import type { LineRead } from "./bindings/LineRead";
import type { MedicineFound } from "./bindings/MedicineFound";
import { medicines } from "./fake-data";

const meals: Record<string, string> = { ac: "before food", pc: "after food" };

const printedForms: Record<string, string> = { tablet: "TAB.", syrup: "SYR." };

const units: Record<string, string> = { "": "", tablet: "tablet", syrup: "ml" };

/** A small part of the real reading: slots, days and food. */
export function readFakeDosage(text: string, form: string): DosageRead {
  const unit = units[form] ?? "dose";
  const words = text.trim().split(/\s+/);
  const slots = /^(\d)-(\d)-(\d)$/.exec(words[0] ?? "");
  const notUnderstood = (from: number): CommandError => ({
    code: "invalid",
    detail: `Not understood from "${words.slice(from).join(" ")}" on. Example: 1-0-1 x5d pc.`,
  });
  if (!slots) throw notUnderstood(0);
  const amounts = [Number(slots[1]), Number(slots[2]), Number(slots[3])];
  const times = ["in the morning", "at noon", "at night"].filter((_, place) => amounts[place] !== 0);
  let days = 0;
  let meal = "";
  words.slice(1).forEach((word, place) => {
    const duration = /^x(\d+)d$/.exec(word);
    const food = meals[word];
    if (duration) days = Number(duration[1]);
    else if (food) meal = `, ${food}`;
    else throw notUnderstood(place + 1);
  });
  const each = Math.max(...amounts);
  const name = unit || "dose";
  const total = amounts.reduce((sum, amount) => sum + amount, 0) * days;
  return {
    form: printedForms[form] ?? "",
    words: `${each} ${name} ${times.join(", ")}${meal}${days ? `, for ${days} days` : ""}`,
    quantity: days && unit ? `${total} ${name}s` : null,
  };
}

/** A small part of the real reading: the dose begins with its slots. */
export function readFakeLine(text: string, medicines: MedicineFound[]): LineRead {
  const words = text.trim().split(/\s+/).filter(Boolean);
  const colon = words.findIndex((word) => word.endsWith(":"));
  if (colon >= 0) words[colon] = words[colon]?.slice(0, -1) ?? "";
  const slots = words.findIndex((word, place) => /^\d-/.test(word) || (colon >= 0 && place > colon));
  const [before, dose] = slots < 1 ? [words, []] : [words.slice(0, slots), words.slice(slots)];
  const medicine = before.join(" ");
  const found =
    medicine.length < 2
      ? []
      : medicines.filter((one) => {
          const name = `${one.genericName} ${one.brandName} ${one.strengthText}`.toLowerCase();
          return before.every((word) => name.includes(word.toLowerCase()));
        });
  return {
    medicine,
    dose: dose.join(" "),
    isBegun: found.length > 0 && /^\d-(\d?|\d-)$/.test(dose.join(" ")),
    found: found.slice(0, 5),
    choice: chooseFake(found, medicine),
    freeForm: /\b(syr|syrup)\b/i.test(medicine) ? "syrup" : "other",
  };
}

function chooseFake(found: MedicineFound[], medicine: string): LineChoice {
  const [first] = found;
  if (medicine === "") return { kind: "nothing" };
  if (!first) return { kind: "free" };
  if (found.length > 1 && !/\d/.test(medicine)) return { kind: "several", count: found.length };
  return { kind: "chosen", medicine: first };
}

/** The lines of a draft as they are shown. */
export const viewsOf = (draft: Draft): ItemView[] =>
  draft.items.map((item) => {
    const form = medicines.find((one) => one.id === item.medicineId)?.dosageForm ?? "";
    const read = readFakeDosage(item.doseText, form);
    return {
      title: `${item.medicineId ? "TAB. " : ""}${item.medicineText.toUpperCase()}`,
      medicineText: item.medicineText,
      doseText: item.doseText,
      directions: read.words,
      quantity: read.quantity,
      noSubstitution: item.noSubstitution,
      stoppedAt: null,
      stopReason: null,
    };
  });
