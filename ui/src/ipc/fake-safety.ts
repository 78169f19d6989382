import type { AlertView } from "./bindings/AlertView";
import type { CommandError } from "./bindings/CommandError";
import type { Draft } from "./bindings/Draft";
import type { DraftItem } from "./bindings/DraftItem";
import type { DraftSafety } from "./bindings/DraftSafety";
import type { LineSafety } from "./bindings/LineSafety";

const key = "allergy:amoxicillin:penicillins";

/** Allergies of which the fake knows nothing. */
const gapsOf = (alerts: string) =>
  alerts
    .split("; ")
    .filter((one) => /syrup/i.test(one))
    .map((one) => `An allergy is recorded that the checks do not know: ${one}.`);

/** A small part of the real checks: amoxicillin after an allergy to penicillins, and metformin twice. */
function checkLine(alerts: string, item: DraftItem, before: DraftItem[]): LineSafety {
  const name = item.medicineText.toLowerCase();
  const isMeant = name.includes("amoxicillin") && alerts.toLowerCase().includes("penicillin");
  const reason = item.kept.find((kept) => kept.key === key)?.reason ?? null;
  const isTwice =
    name.includes("metformin") && before.some((one) => one.medicineText.toLowerCase().includes("metformin"));
  const gaps = name.includes("clavulanic") ? ["The checks know nothing of Clavulanic acid."] : [];
  return {
    findings: [
      ...(isMeant
        ? [
            {
              check: "allergy" as const,
              severity: "hold" as const,
              key,
              why: "Amoxicillin is a penicillin. Noted allergy: Penicillins.",
              cause: "Penicillins",
              source: null,
              reason,
            },
          ]
        : []),
      ...(isTwice
        ? [
            {
              check: "same_ingredient" as const,
              severity: "caution" as const,
              key: "same_ingredient:metformin",
              why: "Metformin is on this prescription too.",
              cause: "Metformin",
              source: null,
              reason: null,
            },
          ]
        : []),
    ],
    isChecked: item.medicineId !== null,
    isPartlyChecked: gaps.length > 0 || gapsOf(alerts).length > 0,
    gaps,
    isHeld: isMeant && reason === null,
  };
}

export function checkFakeDraft(alerts: string, draft: Draft, typed: DraftItem | null): DraftSafety {
  return {
    lines: draft.items.map((item, place) => checkLine(alerts, item, draft.items.slice(0, place))),
    line: typed && checkLine(alerts, typed, draft.items),
    gaps: gapsOf(alerts),
    broken: null,
  };
}

/** The draft without its held lines, if the doctor goes without them. */
export function withoutHeld(alerts: string, draft: Draft, leaveOut: number[]) {
  const { lines } = checkFakeDraft(alerts, draft, null);
  const isHeld = (place: number) => lines[place]?.isHeld === true;
  const held = draft.items.findIndex((_, place) => isHeld(place) && !leaveOut.includes(place));
  if (held >= 0) {
    throw {
      code: "held",
      detail: `Nothing was signed yet: ${draft.items[held]?.medicineText} is held by a safety check.`,
    } satisfies CommandError;
  }
  const kept: AlertView[] = draft.items.flatMap((item, place) =>
    (lines[place]?.findings ?? []).map((finding) => ({
      medicine: item.medicineText,
      why: finding.why,
      isLeftOut: isHeld(place),
      reason: finding.reason,
      ruleVersion: 4,
    })),
  );
  return {
    draft: { ...draft, items: draft.items.filter((_, place) => !isHeld(place)) },
    alerts: kept,
  };
}
