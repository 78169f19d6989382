import { people } from "./words";

/** The words of the list of those who were asked to come again. */
export const followUps = {
  title: "Follow-ups",
  lead: {
    around: "Patients who were due back in the last 14 days, or are due in the next 7.",
    overdue: "Patients who were due back in the last 60 days.",
    week: "Patients due back today or in the next 7 days.",
    month: "Patients due back today or in the next 30 days.",
  },
  without: "Those who have come since, or are booked with that doctor, are left out.",
  filter: "Which days",
  days: { around: "About now", overdue: "Overdue", week: "Next 7 days", month: "Next 30 days" },
  list: "Who is due",
  none: "Nobody is due.",
  count: (count: number) => `${people(count)} due`,
  first: (count: number) => `The ${count} due nearest to today; there are more.`,
  frontDesk:
    "This computer does not hold prescriptions, so it cannot show who is due back. Look on a computer for clinical work.",
  due: (days: number) => {
    if (days === 0) return "today";
    if (days === 1) return "tomorrow";
    if (days === -1) return "yesterday";
    return days < 0 ? `${-days} days ago` : `in ${days} days`;
  },
  book: "Book",
  bookLong: (name: string, doctor: string) => `Book: ${name}, ${doctor}`,
  all: "All follow-ups",
};
