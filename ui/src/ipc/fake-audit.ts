import type { Backend } from "./backend";
import type { AuditLine } from "./bindings/AuditLine";
import { type Answer, people, today } from "./fake-data";

type Commands = "listAudit" | "auditChoices";

const PAGE = 3;

const actions = [
  { value: "view", title: "Opened" },
  { value: "update", title: "Changed" },
  { value: "finalise", title: "Prescription signed" },
];

/** The audit log of the fake clinic: what three people did today, and one the day before by a clock that is behind. */
export function fakeAudit(answer: Answer): Pick<Backend, Commands> {
  const [anjali, vikram, priya] = people;
  const entry = (place: number, action: number, by: typeof anjali, patient: string | null): AuditLine => ({
    id: `writes.${place}`,
    at: { day: today(), time: `10:4${place}` },
    done: null,
    who: by?.fullName ?? "",
    computer: "Room 1 computer",
    what: actions[action]?.title ?? "",
    record: action === 2 ? "Prescription" : "Patient",
    name: patient === "p1" ? "Sunita Deshmukh" : null,
    patient,
  });
  const log = [
    { line: entry(5, 0, vikram, "p1"), person: "u2", action: "view" },
    { line: entry(4, 2, anjali, "p1"), person: "u1", action: "finalise" },
    { line: entry(3, 1, priya, "p9"), person: "u3", action: "update" },
    {
      line: {
        ...entry(1, 0, anjali, "p1"),
        at: { day: "2026-11-22", time: "18:05" },
        done: { day: "2026-11-21", time: "09:30" },
      },
      person: "u1",
      action: "view",
    },
  ];
  return {
    listAudit: (filter, older) =>
      answer("listAudit", () => {
        const fit = log.filter(
          ({ line, person, action }) =>
            (filter.from === null || line.at.day >= filter.from) &&
            (filter.to === null || line.at.day <= filter.to) &&
            (filter.person === null || person === filter.person) &&
            (filter.action === null || action === filter.action) &&
            (filter.patient === null || line.patient === filter.patient),
        );
        const from = Number(older ?? 0);
        const entries = fit.slice(from, from + PAGE).map(({ line }) => line);
        return { entries, older: from + PAGE < fit.length ? String(from + PAGE) : null };
      }),
    auditChoices: () =>
      answer("auditChoices", () => ({
        actions,
        people: people.map(({ userId, fullName }) => ({ value: userId, title: fullName })),
      })),
  };
}
