import type { Backend } from "./backend";
import type { Conflict } from "./bindings/Conflict";
import type { PatientSummary } from "./bindings/PatientSummary";
import { type Around, type FakeClinic, summaryOf } from "./fake-clinic";
import { type Answer, today } from "./fake-data";
import { runningOf, stoppedOf } from "./fake-running";

type Commands = Pick<
  Backend,
  | "mergePatients"
  | "unmergePatient"
  | "proposeMerger"
  | "getToday"
  | "findPatients"
  | "registerPatient"
  | "updatePatient"
  | "getChart"
  | "olderPrescriptions"
  | "olderVisits"
  | "olderMeasured"
>;

/** With so many of each kind a chart begins. */
const shownAtFirst = 100;

/** What is measured stands the oldest first. */
const latest = <T>(all: T[], newer: number) =>
  all
    .toReversed()
    .slice(newer, newer + shownAtFirst)
    .toReversed();

/** The patients: found, registered, corrected and made one. `conflicts` is what waits for a decision. */
export function fakePatients(
  answer: Answer,
  { patients, add, patientOf, all }: FakeClinic,
  { signedIn, record }: Around,
  conflicts: Conflict[],
): Commands {
  return {
    mergePatients: (keep, away) =>
      answer("mergePatients", () => {
        patientOf(away).mergedInto = keep;
        record("Patients merged", patientOf(keep).summary);
      }),
    unmergePatient: (away) =>
      answer("unmergePatient", () => {
        patientOf(away).mergedInto = null;
        record("Patients separated again", patientOf(away).summary);
      }),
    proposeMerger: (one) => answer("proposeMerger", () => record("Proposed", patientOf(one).summary)),
    getToday: () =>
      answer("getToday", () => ({
        date: today(),
        seen: all()
          .filter(() => !signedIn()?.roles.includes("receptionist"))
          .filter(({ prescription }) => prescription.visitDate === today())
          .map(({ patient, prescription }) => ({
            prescriptionId: prescription.id,
            patient: patient.summary,
            doctorName: prescription.doctorName,
            signedAt: new Date().toISOString(),
          })),
        drafts: patients.filter((patient) => patient.draft).map((patient) => patient.summary),
        prepared: signedIn()?.roles.includes("receptionist")
          ? []
          : patients.flatMap(({ summary, prepared }) =>
              prepared.map(({ shown }) => ({ patient: summary, prepared: shown })),
            ),
        followUps: signedIn()?.roles.includes("receptionist")
          ? []
          : patients.slice(0, 1).map((patient) => patient.summary),
        registered: patients.slice(3).map((patient) => patient.summary),
        hasMore: false,
      })),
    findPatients: (query) =>
      answer("findPatients", () => {
        const digits = query.replace(/\D/g, "");
        const isNumber = digits.length > 3 && digits === query.replace(/[\s+]/g, "");
        const fits = (one: PatientSummary, spelt: (text: string) => string) => {
          const known = spelt(`${one.fullName} ${one.patientCode}`.toLowerCase());
          return isNumber
            ? one.mobileNumber.includes(digits)
            : query
                .toLowerCase()
                .split(/\s+/)
                .every((word) => known.includes(spelt(word)));
        };
        const people = patients.map((patient) => patient.summary);
        const typed = people.filter((one) => fits(one, (text) => text));
        const otherwise = people.filter(
          (one) => !typed.includes(one) && fits(one, (text) => text.replaceAll("ee", "i")),
        );
        const found = [...typed, ...otherwise.map((one) => ({ ...one, speltOtherwise: true }))];
        return { people: found, hasMore: false };
      }),
    registerPatient: (form) =>
      answer("registerPatient", () => {
        const { summary } = add(form);
        record("Patient registered", summary);
        return summary;
      }),
    updatePatient: (id, seen, left) =>
      answer("updatePatient", () => {
        const patient = patientOf(id);
        const changed = Object.entries(left).filter(([name, value]) =>
          Object.entries(seen).some(([other, before]) => other === name && before !== value),
        );
        const form = { ...patient.form, ...Object.fromEntries(changed) };
        patient.form = { ...form, allergies: [] };
        for (const allergy of left.allergies) patient.known.note(allergy);
        patient.summary = {
          ...summaryOf(id, form, patient.summary.patientCode ?? ""),
          lastVisit: patient.summary.lastVisit,
        };
        record("Patient corrected", patient.summary);
        return patient.summary;
      }),
    olderPrescriptions: (id, newer) =>
      answer("olderPrescriptions", () => {
        const kept = patientOf(id).mergedInto ?? id;
        return patientOf(kept).prescriptions.slice(newer, newer + shownAtFirst);
      }),
    olderVisits: (id, newer) =>
      answer("olderVisits", () => {
        const kept = patientOf(id).mergedInto ?? id;
        return patientOf(kept).visits.slice(newer, newer + shownAtFirst);
      }),
    olderMeasured: (id, newer) =>
      answer("olderMeasured", () => {
        const kept = patientOf(id).mergedInto ?? id;
        return latest(patientOf(kept).known.measured, newer);
      }),
    getChart: (id) =>
      answer("getChart", () => {
        const kept = patientOf(id).mergedInto ?? id;
        const patient = patientOf(kept);
        const { summary, form, prescriptions, visits, draft, prepared, known } = patient;
        const isClinical = !signedIn()?.roles.includes("receptionist");
        return {
          patient: summary,
          form,
          allergyStatus: known.status(form),
          allergies: isClinical ? known.allergies : [],
          running: isClinical ? runningOf(patient) : [],
          stopped: isClinical ? stoppedOf(patient) : [],
          conditions: isClinical ? known.conditions : [],
          measured: isClinical ? latest(known.measured, 0) : [],
          olderMeasured: isClinical ? Math.max(known.measured.length - shownAtFirst, 0) : 0,
          alerts: isClinical ? form.alerts || null : null,
          prescriptions: isClinical ? prescriptions.slice(0, shownAtFirst) : [],
          olderPrescriptions: isClinical ? Math.max(prescriptions.length - shownAtFirst, 0) : 0,
          visits: visits.slice(0, shownAtFirst),
          olderVisits: Math.max(visits.length - shownAtFirst, 0),
          hasDraft: draft !== null,
          prepared: isClinical ? prepared.map(({ shown }) => shown) : [],
          conflicts: conflicts.filter(
            (item) => item.decided === null && (item.patient?.id === id || item.otherPatient?.id === id),
          ),
          merged: patients
            .filter((patient) => patient.mergedInto === summary.id)
            .map((patient) => patient.summary),
        };
      }),
  };
}
