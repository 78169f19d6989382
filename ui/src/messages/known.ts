import { number } from "./words";

/** The words of what is known of a patient beyond single visits: allergies, long illnesses, what was measured. */
export const known = {
  allergies: "Allergies",
  allergy: "Allergy",
  addAllergy: "Note an allergy",
  anotherAllergy: "Another allergy",
  noneKnown: "None known",
  noneKnownLong: "Asked, none known",
  noneNoted: "No known allergies noted",
  notAsked: "Not asked yet.",
  asked: "Asked: none known.",
  changeAllergy: (substance: string) => `Change ${substance}`,
  inWords: "Also noted",
  passed: (count: number) => (count === 1 ? "1 not active" : `${count} not active`),
  noted: (day: string) => `noted ${day}`,
  saved: (substance: string) => `${substance} noted`,
  changed: (substance: string) => `${substance} changed`,
  substance: "Allergic to",
  substanceHint: "A class, a medicine, or anything else in words.",
  substances: "Matching classes and medicines",
  isClass: "class",
  byBrand: (brand: string) => `in ${brand}`,
  checkedBy: (name: string) => `Every line is checked for ${name}.`,
  checkedByWords:
    "Not in the list: a line is held only if its name has these words, or if they name what is in it or its class.",
  reaction: "What happened",
  reactionHint: "rash, swelling, breathlessness",
  severity: "How severe",
  severities: {
    unknown: "Not known",
    mild: "Mild",
    moderate: "Moderate",
    severe: "Severe",
    life_threatening: "Life-threatening",
  },
  certainty: "How sure",
  certainties: { suspected: "Suspected", confirmed: "Confirmed" },
  status: "Still active",
  statuses: {
    active: "Yes, active",
    inactive: "No, in the past",
    entered_in_error: "No, an error",
  },
  statusTags: { active: "active", inactive: "past", entered_in_error: "error" },
  statusHint: "Nothing is deleted: what is not active stays visible here and in the history.",
  save: "Save",
  differs: "differs",
  differsLong: (substance: string) => `Two computers differ about ${substance}: review`,
  conditions: "Long illnesses",
  conditionsNone: "None noted.",
  addCondition: "Add an illness",
  conditionsFound: "Matching illnesses",
  removeCondition: (text: string) => `Remove ${text}`,
  removedCondition: (text: string) => `${text} removed`,
};

/** The words of what a patient takes now, and of what was stopped. */
export const running = {
  title: "Current medicines",
  none: "None that is still running.",
  until: (day: string) => `until ${day}`,
  ongoing: "until further notice",
  endNotSaid: (day: string) => `no end given; counts until ${day}`,
  prescribed: (day: string) => `prescribed ${day}`,
  prescribedLong: (title: string, day: string) => `${title}: prescribed ${day}`,
  stop: "Stop",
  stopLong: (title: string) => `Stop ${title}`,
  stopTitle: (title: string) => `Stop ${title}?`,
  stopText:
    "It leaves this list, and the safety checks no longer count it. The signed prescription stays as it is, with this note beside it.",
  reason: "Why (kept with the prescription)",
  reasonHint: "rash, no longer needed, replaced",
  stopped: (title: string) => `${title} stopped`,
  stoppedCount: (count: number) => `${count} stopped`,
  resume: "Take up again",
  resumeLong: (title: string) => `Take up again: ${title}`,
  resumed: (title: string) => `${title} taken up again`,
  stoppedOn: (day: string, reason: string) => `Stopped on ${day}: ${reason}`,
};

/** The words of what was measured over the visits. */
export const trend = {
  title: "Measured",
  none: "Nothing measured yet.",
  bp: "Blood pressure",
  bpSys: "upper",
  bpDia: "lower",
  temp: "Temperature",
  asTable: "As a table",
  caption: "What was measured, latest first",
  day: "Day",
  older: (count: number) =>
    count === 1 ? "One older visit is not shown." : `${number(count)} older visits are not shown.`,
  showOlder: "Show older visits",
  spoken: (label: string, count: number, from: string, to: string) =>
    `${label}, ${count} visits: from ${from}, to ${to}. The table below has them all.`,
};
