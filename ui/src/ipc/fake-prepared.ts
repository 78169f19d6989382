import type { Backend } from "./backend";
import type { CommandError } from "./bindings/CommandError";
import type { Draft } from "./bindings/Draft";
import type { Around, FakeClinic, FakePatient } from "./fake-clinic";
import { type Answer, emptyDraft } from "./fake-data";
import { viewsOf } from "./fake-dosage";

type Commands = Pick<Backend, "giveToDoctor" | "takeUpPrepared" | "takeBackPrepared">;

/** What a nurse may not say in a prescription. */
const ofDoctors = ["diagnoses", "investigations", "advice", "followUp", "referral"] as const;

/** Puts what was prepared where the draft is empty. */
function fill(own: Draft, { shown, draft: theirs }: FakePatient["prepared"][number]): Draft {
  if (own.takenUp.includes(shown.id)) return own;
  const has = (name: "complaints" | "history" | "examination") => own[name] || theirs[name];
  const pressure = own.vitals.bpSys === null && own.vitals.bpDia === null ? theirs.vitals : own.vitals;
  const measured = Object.entries(own.vitals).filter(([, value]) => value !== null);
  const isNew = (item: Draft["items"][number]) =>
    !own.items.some((one) => one.medicineText === item.medicineText);
  return {
    ...own,
    complaints: has("complaints"),
    history: has("history"),
    examination: has("examination"),
    vitals: {
      ...theirs.vitals,
      ...Object.fromEntries(measured),
      bpSys: pressure.bpSys,
      bpDia: pressure.bpDia,
    },
    items: [...own.items, ...theirs.items.filter(isNew)],
    takenUp: [...own.takenUp, shown.id],
  };
}

/** The draft as it stands, or else what was prepared. */
export const begun = ({ draft, prepared }: FakePatient): Draft => draft ?? prepared.reduce(fill, emptyDraft);

/** What is given to the doctors. */
export function fakePrepared(
  answer: Answer,
  { patients, patientOf }: FakeClinic,
  { signedIn, record }: Around,
): Commands {
  let count = 0;
  return {
    giveToDoctor: (id, draft) =>
      answer("giveToDoctor", () => {
        const patient = patientOf(id);
        const isDoctor = signedIn()?.roles.some((role) => role === "doctor" || role === "dentist") ?? false;
        const left = isDoctor
          ? emptyDraft
          : { ...emptyDraft, ...Object.fromEntries(ofDoctors.map((name) => [name, draft[name]])) };
        const hasLeft = JSON.stringify(left) !== JSON.stringify(emptyDraft);
        const isAll = !hasLeft && draft.items.every((item) => item.kept.length === 0);
        count += 1;
        const shown = {
          id: `prepared${count}`,
          by: signedIn()?.fullName ?? "",
          at: new Date().toISOString(),
          vitals: draft.vitals,
          words: [draft.complaints, draft.history, draft.examination].filter(Boolean),
          items: viewsOf(draft),
        };
        patient.prepared = patient.prepared.filter((one) => !draft.takenUp.includes(one.shown.id));
        patient.prepared.push({ shown, draft });
        patient.draft = hasLeft ? left : null;
        record("Draft given to the doctor", patient.summary);
        return { id: shown.id, isAll };
      }),
    takeUpPrepared: (id, draft) =>
      answer("takeUpPrepared", () => {
        const filled = patientOf(id).prepared.reduce(fill, draft);
        if (filled === draft)
          throw {
            code: "invalid",
            detail: "Nothing more is prepared for this patient. Nothing was changed.",
          } satisfies CommandError;
        return filled;
      }),
    takeBackPrepared: (prepared) =>
      answer("takeBackPrepared", () => {
        const patient = patients.find((one) => one.prepared.some(({ shown }) => shown.id === prepared));
        if (!patient)
          throw {
            code: "invalid",
            detail: "This was taken back already. Nothing was changed.",
          } satisfies CommandError;
        patient.prepared = patient.prepared.filter(({ shown }) => shown.id !== prepared);
        record("Draft taken back", patient.summary);
      }),
  };
}
