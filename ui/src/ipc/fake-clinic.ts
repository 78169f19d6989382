import type { CommandError } from "./bindings/CommandError";
import type { Draft } from "./bindings/Draft";
import type { PatientForm } from "./bindings/PatientForm";
import type { PatientSummary } from "./bindings/PatientSummary";
import type { Person } from "./bindings/Person";
import type { Prepared } from "./bindings/Prepared";
import type { PrescriptionSummary } from "./bindings/PrescriptionSummary";
import type { Visit } from "./bindings/Visit";
import { emptyDraft, forms, today } from "./fake-data";
import { viewsOf } from "./fake-dosage";
import { type FakeKnown, knownOfFirst, nothingKnown } from "./fake-known";

/** Who works at the fake computer, and how what they do gets into its ledger. */
export interface Around {
  signedIn: () => Person | undefined;
  record: (title: string, patient: PatientSummary) => void;
}

export interface FakePatient {
  /** The patient whose registration stands for this one. */
  mergedInto: string | null;
  summary: PatientSummary;
  form: PatientForm;
  prescriptions: PrescriptionSummary[];
  visits: Visit[];
  draft: Draft | null;
  /** What was given to the doctors and nobody has taken up. */
  prepared: { shown: Prepared; draft: Draft }[];
  known: FakeKnown;
}

export const summaryOf = (id: string, form: PatientForm, code: string): PatientSummary => ({
  id,
  fullName: [form.firstName, form.lastName].filter(Boolean).join(" "),
  age: form.ageYears === null ? "" : `${form.ageYears} y`,
  sex: { female: "F", male: "M", other: "O" }[form.sex] ?? "",
  mobileNumber: form.mobileNumber.startsWith("+")
    ? form.mobileNumber
    : `+91${form.mobileNumber.replace(/\D/g, "")}`,
  patientCode: code,
  guardian: form.guardianRelation ? `${form.guardianRelation} ${form.guardianName}` : null,
  lastVisit: null,
  needsReview: false,
  beyondPlan: false,
  speltOtherwise: false,
  died: form.died,
});

export type FakeClinic = ReturnType<typeof fakeClinic>;

/** The patients of the fake clinic, and what was prescribed to them. */
export function fakeClinic() {
  const patients: FakePatient[] = [];
  const add = (form: PatientForm) => {
    const id = `p${patients.length + 1}`;
    const patient = {
      form,
      summary: summaryOf(id, form, `A-0${4213 + patients.length}`),
      prescriptions: [],
      visits: [],
      draft: null,
      prepared: [],
      mergedInto: null,
      known: nothingKnown(form),
    };
    patients.push(patient);
    return patient;
  };
  for (const form of forms) add(form);

  const patientOf = (id: string): FakePatient => {
    const found = patients.find((patient) => patient.summary.id === id);
    if (!found)
      throw { code: "not_found", detail: "This patient is not on this computer." } satisfies CommandError;
    return found;
  };
  const all = () =>
    patients.flatMap((patient) => patient.prescriptions.map((prescription) => ({ patient, prescription })));
  const prescriptionOf = (id: string) => {
    const found = all().find(({ prescription }) => prescription.id === id);
    if (!found)
      throw {
        code: "not_found",
        detail: "This prescription is not on this computer.",
      } satisfies CommandError;
    return found;
  };

  // The first patient has been here before.
  const first = patients[0];
  if (first) {
    first.summary.lastVisit = "2026-11-02";
    first.known = knownOfFirst();
    const visit = { visitType: "follow_up", doctorName: "Dr. Anjali Kulkarni", reason: null };
    first.visits = [
      { ...visit, id: "v1", day: "2026-11-16", time: "10:30", status: "no_show" },
      { ...visit, id: "v2", day: "2026-10-12", time: null, status: "completed", reason: "Sugar only" },
    ];
    first.prescriptions = [
      {
        id: "rx0",
        number: "A-1041",
        visitDate: "2026-11-02",
        status: "finalised",
        version: 1,
        voidReason: null,
        doctorName: "Dr. Anjali Kulkarni",
        ownSignature: "good",
        diagnoses: ["Type 2 diabetes"],
        items: viewsOf({
          ...emptyDraft,
          items: [
            {
              medicineId: "m6",
              medicineText: "Metformin 500 mg",
              doseText: "1-0-1 x30d pc",
              kept: [],
              source: "typed",
              noSubstitution: false,
            },
          ],
        }),
        alerts: [],
        advice: "Walk half an hour a day",
        followUpDate: today(),
        isSynced: true,
      },
    ];
  }

  return { patients, add, patientOf, all, prescriptionOf };
}
