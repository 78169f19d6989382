import type { Backend } from "./backend";
import type { CommandError } from "./bindings/CommandError";
import type { ItemView } from "./bindings/ItemView";
import type { MedicineFound } from "./bindings/MedicineFound";
import type { PrescriptionSummary } from "./bindings/PrescriptionSummary";
import type { Around, FakeClinic, FakePatient } from "./fake-clinic";
import { type Answer, emptyDraft, fakeBmi, fakeDiagnoses, medicines, today } from "./fake-data";
import { readFakeDosage, readFakeLine, viewsOf } from "./fake-dosage";
import { allergyWords } from "./fake-known";
import { fakePage } from "./fake-pages";
import { begun } from "./fake-prepared";
import { fakeDifference, repeatFake } from "./fake-repeat";
import { checkFakeDraft, withoutHeld } from "./fake-safety";

type Commands = Pick<
  Backend,
  | "openPad"
  | "saveDraft"
  | "discardDraft"
  | "readLine"
  | "readDosage"
  | "findDiagnoses"
  | "amendPrescription"
  | "voidPrescription"
  | "repeatPrescription"
  | "checkDraft"
  | "signPrescription"
  | "getPrescription"
  | "previewDraft"
  | "prescriptionPages"
  | "printPrescription"
  | "savePrescriptionPdf"
>;

const followUpDate = (followUp: string) => {
  const days = /^(\d+)d$/.exec(followUp.trim());
  return days ? new Date(Date.now() + Number(days[1]) * 86_400_000).toISOString().slice(0, 10) : null;
};

/** The pad, and what was signed in it. */
export function fakePad(
  answer: Answer,
  { patientOf, all, prescriptionOf }: FakeClinic,
  { signedIn, record }: Around,
  foundMedicines: () => MedicineFound[],
) {
  const often = () => {
    const written = new Set(
      all().flatMap(({ prescription }) => prescription.items.map((item) => item.medicineText)),
    );
    return medicines.filter((one) => written.has(`${one.genericName} ${one.strengthText}`));
  };
  const printed: string[] = [];
  const pageOf = (patient: FakePatient, items: ItemView[], foot: string) => [
    fakePage(
      signedIn()?.fullName ?? "",
      `${patient.summary.fullName}, ${patient.summary.age} ${patient.summary.sex}`,
      items,
      foot,
    ),
  ];
  const commands: Commands = {
    openPad: (id) =>
      answer("openPad", () => {
        const draft = begun(patientOf(id));
        return {
          draft,
          items: viewsOf(draft),
          difference: fakeDifference(
            draft,
            all().map((one) => one.prescription),
          ),
          conflicts: [],
        };
      }),
    saveDraft: (id, draft) =>
      answer("saveDraft", () => {
        patientOf(id).draft = draft;
        const isHot = (draft.vitals.tempC ?? 0) > 45;
        return {
          savedAt: new Date().toISOString(),
          items: viewsOf(draft),
          difference: fakeDifference(
            draft,
            all().map((one) => one.prescription),
          ),
          followUpDate: followUpDate(draft.followUp),
          followUpProblem:
            draft.followUp.trim() === "" || followUpDate(draft.followUp) !== null
              ? null
              : "When to come back is not understood. Write it like 5d, 2w or 28/11/2026.",
          warnings: isHot ? ["Temperature above 45 °C is not plausible."] : [],
          bmi: fakeBmi(draft.vitals),
        };
      }),
    discardDraft: (id) =>
      answer("discardDraft", () => {
        patientOf(id).draft = null;
      }),
    readLine: (text) =>
      answer("readLine", () => {
        const read = readFakeLine(text, foundMedicines());
        return text.trim() === "" ? { ...read, found: often() } : read;
      }),
    readDosage: (text, name, form) =>
      answer("readDosage", () => {
        const read = readFakeDosage(text, form);
        return name.toLowerCase().includes(form) ? { ...read, form: "" } : read;
      }),
    findDiagnoses: (typed) =>
      answer("findDiagnoses", () =>
        fakeDiagnoses.filter((one) =>
          `${one.text} ${one.icd10}`.toLowerCase().includes(typed.trim().toLowerCase()),
        ),
      ),
    amendPrescription: (id) =>
      answer("amendPrescription", () => {
        const { patient, prescription } = prescriptionOf(id);
        if (patient.draft)
          throw {
            code: "invalid",
            detail: "A draft of this patient waits. Sign it or discard it first; nothing was changed.",
          } satisfies CommandError;
        return { ...repeatFake(emptyDraft, prescription, medicines), amends: id };
      }),
    voidPrescription: (id, reason) =>
      answer("voidPrescription", () => {
        const { patient, prescription } = prescriptionOf(id);
        prescription.status = "voided";
        prescription.voidReason = reason;
        record("Prescription void", patient.summary);
        return prescription;
      }),
    repeatPrescription: (id, prescriptionId, own) =>
      answer("repeatPrescription", () => {
        const patient = patientOf(id);
        const last = patient.prescriptions.find(
          (one) => prescriptionId === null || one.id === prescriptionId,
        );
        if (!last)
          throw {
            code: "invalid",
            detail: "Nothing was prescribed before. Nothing was changed.",
          } satisfies CommandError;
        return repeatFake(own ?? begun(patient), last, medicines);
      }),
    checkDraft: (id, draft, typed) =>
      answer("checkDraft", () => checkFakeDraft(allergyWords(patientOf(id)), draft, typed)),
    signPrescription: (id, whole, leaveOut) =>
      answer("signPrescription", () => {
        const patient = patientOf(id);
        const { draft, alerts } = withoutHeld(allergyWords(patient), whole, leaveOut);
        if (draft.items.length === 0 && !draft.advice && !draft.investigations) {
          const detail = "There is nothing to sign yet: add a medicine, a test or advice.";
          throw { code: "invalid", detail } satisfies CommandError;
        }
        const replaced = patient.prescriptions.find((one) => one.id === draft.amends);
        const doctorName = signedIn()?.fullName ?? "";
        if (replaced && replaced.doctorName !== doctorName && draft.amendReason.trim() === "") {
          const detail =
            "Another doctor signed the prescription that this one replaces. Write why it is amended. Nothing was signed yet.";
          throw { code: "invalid", detail } satisfies CommandError;
        }
        const signed: PrescriptionSummary = {
          id: `rx${all().length}`,
          number: `A-${1041 + all().length}`,
          visitDate: today(),
          status: "finalised",
          version: draft.amends ? 2 : 1,
          voidReason: null,
          doctorName,
          ownSignature: null,
          diagnoses: draft.diagnoses.map((one) => [one.text, one.icd10].filter(Boolean).join(" ")),
          items: viewsOf(draft),
          alerts,
          advice: draft.advice || null,
          followUpDate: followUpDate(draft.followUp),
          isSynced: false,
        };
        if (replaced) {
          replaced.status = "superseded";
          replaced.voidReason = draft.amendReason.trim() || null;
        }
        patient.prescriptions = [signed, ...patient.prescriptions];
        patient.draft = null;
        patient.prepared = patient.prepared.filter(({ shown }) => !draft.takenUp.includes(shown.id));
        patient.summary = { ...patient.summary, lastVisit: today() };
        record("Prescription signed", patient.summary);
        return signed;
      }),
    getPrescription: (id) => answer("getPrescription", () => ({ ...prescriptionOf(id).prescription })),
    previewDraft: (id) =>
      answer("previewDraft", () => {
        const patient = patientOf(id);
        return pageOf(patient, viewsOf(begun(patient)), "not signed yet");
      }),
    prescriptionPages: (id) =>
      answer("prescriptionPages", () => {
        const { patient, prescription } = prescriptionOf(id);
        return pageOf(patient, prescription.items, prescription.number ?? "");
      }),
    printPrescription: (id) =>
      answer("printPrescription", () => void printed.push(prescriptionOf(id).prescription.number ?? "")),
    savePrescriptionPdf: (id) =>
      answer("savePrescriptionPdf", () => `${prescriptionOf(id).prescription.number}.pdf`),
  };
  return { printed, commands };
}
