import type { Conflict } from "../../ipc/bindings/Conflict";
import type { ConflictSide } from "../../ipc/bindings/ConflictSide";
import { messages } from "../../messages/en";
import { shortDay } from "../../shared/format";

const { review } = messages;

const labelOf = (name: string): string =>
  Object.entries(review.facts).find(([known]) => known === name)?.[1] ?? name.replaceAll("_", " ");

/** What an item is about, in a line. */
export function titleOf(conflict: Conflict): string {
  const { kind } = conflict;
  if (kind !== "column") return review.kinds[kind];
  const [fact, ...more] = conflict.facts;
  const name = more.length === 0 && fact ? fact.name : (conflict.column ?? "");
  return labelOf(name);
}

export const factLabel = labelOf;

/** A stored value as people read it. */
export function valueText(value: string | null): string {
  if (value === null || value === "") return review.empty;
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return shortDay(value);
  return Object.entries(review.values).find(([known]) => known === value)?.[1] ?? value;
}

/** The value of one side: of several that differ, all of them. */
export function sideText(conflict: Conflict, side: "base" | "theirs" | "ours"): string {
  if (conflict.facts.length === 0) return side === "base" ? review.empty : valueText(conflict[side].text);
  return conflict.facts.map((fact) => valueText(fact[side])).join(", ");
}

/** Which of two sides stands first: what was written here. */
export function sidesOf(conflict: Conflict): ["theirs" | "ours", "theirs" | "ours"] {
  return conflict.ours.isHere && !conflict.theirs.isHere ? ["ours", "theirs"] : ["theirs", "ours"];
}

/** On which computer a side was written. */
export function placeOf(side: ConflictSide): string {
  if (side.isHere) return review.here;
  if (side.device) return side.device;
  return side.who ? review.there : review.otherProgram;
}

/** The sentence of a rule about two rows. */
export function ruleText(conflict: Conflict): string {
  const [known, against] = [conflict.theirs.text ?? "", conflict.ours.text ?? ""];
  const { rules } = review;
  const found = Object.entries(rules).find(([name]) => name === conflict.rule);
  return (found?.[1] ?? rules.other)(known, against);
}

/** What is known until somebody decides, for a banner. */
export function bannerText(conflict: Conflict): string {
  if (conflict.kind === "semantic") return ruleText(conflict);
  if (conflict.kind !== "column") return `${titleOf(conflict)}.`;
  const [fact] = conflict.facts;
  if (!fact || conflict.facts.length > 1)
    return review.or(titleOf(conflict), sideText(conflict, "theirs"), sideText(conflict, "ours"));
  return review.or(labelOf(fact.name), valueText(fact.theirs), valueText(fact.ours));
}

/** Who may decide it, for whoever may not. */
export function deciders(conflict: Conflict): string {
  if (conflict.kind === "duplicate") return review.nobodyMerge;
  if (conflict.kind === "refused")
    return conflict.refused?.asked ? review.refused.asked : review.nobodyRefused;
  return {
    clinical: review.nobody,
    dental: review.nobodyDental,
    front_desk: review.nobodyDesk,
  }[conflict.group];
}
