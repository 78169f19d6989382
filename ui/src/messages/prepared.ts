/** The words of what was prepared for the doctors. */
export const prepared = {
  title: "Prepared for the doctor",
  by: (name: string, time: string) => `Prepared by ${name}, ${time}:`,
  isIn: "It is in this draft.",
  take: "Fill in empty fields",
  takeBack: "Take back",
  takeBackLong: (which: string) => `Take back ${which}`,
  takenBack: "Taken back: it is no longer offered to anyone",
  give: "Give to the doctor",
  giveHint: "It goes to every doctor’s computer, or later if there is no network now.",
  giveOn: "Give it to another room",
  given: "Saved for the doctor",
  typedAfter:
    "What you typed while it was being saved for the doctor is not in it. To add it, open the pad again.",
  givenPart:
    "Saved for the doctor, except what only a doctor writes and a nurse cannot hand over: it waits in the draft on this computer",
  givenWithoutReasons:
    "Saved for the doctor, except the reasons for keeping a line despite a check: the person who signs gives their own",
  lineUnfinished: "This line is not finished. Accept it with Enter or clear it, then give the draft.",
};
