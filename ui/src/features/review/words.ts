import type { Conflict } from "../../ipc/bindings/Conflict";
import type { ConflictSide } from "../../ipc/bindings/ConflictSide";
import { messages } from "../../messages";
import { diedText, shortDay, timeOrDay } from "../../shared/format";

const labelOf = (name: string): string =>
  Object.entries(messages.review.facts).find(([known]) => known === name)?.[1] ?? name.replaceAll("_", " ");

/** What an item is about, in a line. */
export function titleOf(conflict: Conflict): string {
  const { kind } = conflict;
  if (kind !== "column") return messages.review.kinds[kind];
  const [fact, ...more] = conflict.facts;
  const name = more.length === 0 && fact ? fact.name : (conflict.column ?? "");
  return labelOf(name);
}

export const factLabel = labelOf;

/** A stored value as people read it. */
export function valueText(value: string | null): string {
  if (value === null || value === "") return messages.review.empty;
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return shortDay(value);
  if (/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(value)) return timeOrDay(value);
  return Object.entries(messages.review.values).find(([known]) => known === value)?.[1] ?? value;
}

type SideName = "base" | "theirs" | "ours";

/** What one side says of a death, whole. Where only the day differs, both sides say that the patient has died. */
function deathText({ facts }: Conflict, side: SideName): string {
  const mark = facts.find(({ name }) => name === "is_deceased");
  const on = facts.find(({ name }) => name === "deceased_on")?.[side] ?? null;
  const hasDied = mark ? mark[side] === "true" : side !== "base" || on !== null;
  return (hasDied && diedText({ on })) || messages.review.notDeceased;
}

/** The value of one side: of several that differ, all of them. */
export function sideText(conflict: Conflict, side: SideName): string {
  if (conflict.kind === "column" && conflict.column === "is_deceased") return deathText(conflict, side);
  if (conflict.facts.length === 0)
    return side === "base" ? messages.review.empty : valueText(conflict[side].text);
  return conflict.facts.map((fact) => valueText(fact[side])).join(", ");
}

/** What was decided, if it was for a value. */
export function decidedText(conflict: Conflict): string | null {
  const { decided, column } = conflict;
  if (!decided || decided.value === null) return null;
  const isSide = decided.choice === "ours" || decided.choice === "theirs";
  // Of what is read whole, the parts alone say little.
  return column === "is_deceased" && isSide
    ? sideText(conflict, decided.choice === "ours" ? "ours" : "theirs")
    : valueText(decided.value);
}

/** Which of two sides stands first: what was written here. */
export function sidesOf(conflict: Conflict): ["theirs" | "ours", "theirs" | "ours"] {
  return conflict.ours.isHere && !conflict.theirs.isHere ? ["ours", "theirs"] : ["theirs", "ours"];
}

/** On which computer a side was written. */
export function placeOf(side: ConflictSide): string {
  if (side.isHere) return messages.review.here;
  if (side.device) return side.device;
  return side.who ? messages.review.there : messages.review.otherProgram;
}

/** The sentence of a rule about two rows. */
export function ruleText(conflict: Conflict): string {
  const [known, against] = [conflict.theirs.text ?? "", conflict.ours.text ?? ""];
  const { rules } = messages.review;
  const found = Object.entries(rules).find(([name]) => name === conflict.rule);
  return (found?.[1] ?? rules.other)(known, against);
}

/** What is known until somebody decides, for a banner. */
export function bannerText(conflict: Conflict): string {
  if (conflict.kind === "semantic") return ruleText(conflict);
  if (conflict.kind !== "column") return `${titleOf(conflict)}.`;
  const [fact] = conflict.facts;
  if (!fact || conflict.facts.length > 1)
    return messages.review.or(titleOf(conflict), sideText(conflict, "theirs"), sideText(conflict, "ours"));
  return messages.review.or(labelOf(fact.name), valueText(fact.theirs), valueText(fact.ours));
}

/** Who may decide it, for whoever may not. */
export function deciders(conflict: Conflict): string {
  if (conflict.kind === "duplicate") return messages.review.nobodyMerge;
  if (conflict.kind === "refused")
    return conflict.refused?.asked ? messages.review.refused.asked : messages.review.nobodyRefused;
  return {
    clinical: messages.review.nobody,
    dental: messages.review.nobodyDental,
    front_desk: messages.review.nobodyDesk,
  }[conflict.group];
}
