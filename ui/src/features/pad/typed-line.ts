import type { MedicineFound } from "../../ipc/bindings/MedicineFound";

export interface TypedLine {
  medicine: string;
  /** From the first word that looks like a dose. */
  dose: string;
}

const number = String.raw`(?:\d+(?:\.\d+)?|\d\/\d|½|¼)`;
const slots = new RegExp(`^${number}-${number}-${number}(?:-${number})?$`);
const often = /^(?:od|bd|bid|tds|tid|qid|qds|hs|om|on|alt|weekly|sos|prn|stat|q\d+[hd])$/i;
const amount = new RegExp(`^${number}$`);
const part = /[/½¼]/;
const strength = /^(?:\d|[a-z]{3,}\d)/i;

/** Splits what was typed in one go into the medicine and its dose. */
export function splitLine(text: string): TypedLine {
  const words = text.trim().split(/\s+/).filter(Boolean);
  const start = words.findIndex((word, place) => {
    if (place === 0) return false;
    if (slots.test(word) || often.test(word)) return true;
    if (!amount.test(word) || !often.test(words[place + 1] ?? "")) return false;
    // `amlodipine 5 od` means 5 mg, not five tablets: a whole figure is an amount only after a strength.
    return part.test(word) || words.slice(0, place).some((one) => strength.test(one));
  });
  if (start === -1) return { medicine: words.join(" "), dose: "" };
  return { medicine: words.slice(0, start).join(" "), dose: words.slice(start).join(" ") };
}

/** `Paracetamol 650 mg` */
export function medicineName(medicine: MedicineFound): string {
  return [medicine.genericName, medicine.strengthText].filter(Boolean).join(" ");
}

/** Figures apart from letters, so that `650mg` and `650 mg` are the same words. */
function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/(\d)([a-zµ%])/g, "$1 $2")
    .split(/[\s,;()+/]+/)
    .filter(Boolean);
}

/** Whether every word typed belongs to the medicine: names may be begun, figures must be whole. */
export function fits(medicine: MedicineFound, typed: string): boolean {
  const known = wordsOf(
    [medicine.genericName, medicine.brandName, medicine.strengthText, medicine.dosageForm]
      .filter(Boolean)
      .join(" "),
  );
  const words = wordsOf(typed);
  return (
    words.some((word) => !/^\d/.test(word)) &&
    words.every((word) => known.some((one) => (/^\d/.test(word) ? one === word : one.startsWith(word))))
  );
}

export const hasFigure = (text: string): boolean => wordsOf(text).some((word) => /^\d/.test(word));

export type Choice =
  | { kind: "chosen"; medicine: MedicineFound }
  | { kind: "free" }
  | { kind: "several"; count: number };

/** Which medicine a line typed in one go means. A strength that was not typed is never guessed. */
export function chooseMedicine(found: MedicineFound[], typed: string): Choice {
  const fitting = found.filter((medicine) => fits(medicine, typed));
  const [first] = fitting;
  if (!first) return { kind: "free" };
  if (fitting.length > 1 && !hasFigure(typed)) return { kind: "several", count: fitting.length };
  return { kind: "chosen", medicine: first };
}
