/** The words of what was prepared for the doctors. */
export const prepared = {
  title: "Prepared for the doctor",
  by: (name: string, time: string) => `Prepared by ${name}, ${time}:`,
  isIn: "It stands in this draft.",
  take: "Fill in what is empty",
  takeBack: "Take back",
  takeBackLong: (which: string) => `Take back ${which}`,
  takenBack: "Taken back: nobody is offered it any more",
  give: "Give to the doctor",
  giveHint: "It goes to every doctor’s computer, also later when there is no network now.",
  giveOn: "Give it to another room",
  given: "Saved for the doctor",
  typedAfter:
    "What you typed while it was being saved for the doctor is not in it. To add it, open the pad again.",
  givenPart:
    "Saved for the doctor, but for what only a doctor writes and a nurse cannot hand over: it waits in the draft on this computer",
  givenWithoutReasons:
    "Saved for the doctor, but for the reasons to keep a line in spite of a check: whoever signs gives their own",
  lineUnfinished: "This line is not finished. Accept it with Enter or empty it, then give the draft.",
};
