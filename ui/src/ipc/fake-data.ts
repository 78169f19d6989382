import type { Backend } from "./backend";
import type { Conflict } from "./bindings/Conflict";
import type { Draft } from "./bindings/Draft";
import type { LeaseView } from "./bindings/LeaseView";
import type { LedgerEntry } from "./bindings/LedgerEntry";
import type { LedgerState } from "./bindings/LedgerState";
import type { MedicineFound } from "./bindings/MedicineFound";
import type { PatientForm } from "./bindings/PatientForm";
import type { PatientSummary } from "./bindings/PatientSummary";
import type { Person } from "./bindings/Person";
import type { RefusedChange } from "./bindings/RefusedChange";
import type { SyncStatus } from "./bindings/SyncStatus";

/** How the fake answers a command: after a while, or with the failure that a test asked for. */
export type Answer = <T>(command: keyof Backend, work: () => T) => Promise<T>;

/** Sync of a computer on which nothing has happened yet. */
export const quietStatus: SyncStatus = {
  connection: { state: "online" },
  filling: null,
  compared: null,
  onlyHere: 0,
  waiting: 0,
  attention: 0,
  decisions: 0,
  filesWaiting: 0,
  filesRefused: 0,
  lastLevelAt: null,
  lastSyncedAt: null,
  lastContactAt: null,
  problem: null,
  notices: [],
  lease: null,
};

/** Of a computer that locks soon for want of contact. */
export const endingLease: LeaseView = {
  daysAllowed: 14,
  daysWithout: 12,
  hoursLeft: 48,
  endsSoon: true,
  hasEnded: false,
  rolesLapsed: true,
};

/** Invented people and medicines, for component tests and the development server. */
export const people: Person[] = [
  { userId: "u1", fullName: "Dr. Anjali Kulkarni", email: "anjali@example.in", roles: ["doctor", "admin"] },
  { userId: "u2", fullName: "Dr. Vikram Shah", email: "vikram@example.in", roles: ["dentist"] },
  { userId: "u3", fullName: "Priya Nair", email: "priya@example.in", roles: ["receptionist"] },
  { userId: "u4", fullName: "Sister Asha", email: "asha@example.in", roles: ["nurse"] },
];

const form: PatientForm = {
  mobileNumber: "+919820441276",
  firstName: "",
  lastName: "Deshmukh",
  sex: "female",
  dateOfBirth: null,
  ageYears: 54,
  ageMonths: null,
  guardianRelation: "W/o",
  guardianName: "Prakash",
  addressLine: "Marol Naka",
  city: "Mumbai",
  allergyStatus: "unknown",
  alerts: "",
  bloodGroup: "unknown",
  preferredLanguage: null,
  pregnancyStatus: null,
  lmpDate: null,
  allergies: [],
  died: null,
};

export const forms: PatientForm[] = [
  {
    ...form,
    firstName: "Sunita",
    allergyStatus: "has_allergies",
    bloodGroup: "B+",
  },
  {
    ...form,
    firstName: "Prakash",
    sex: "male",
    ageYears: 58,
    guardianRelation: "S/o",
    guardianName: "Ganpat",
  },
  { ...form, firstName: "Aditi", ageYears: 21, guardianRelation: "D/o", allergyStatus: "none_known" },
  {
    ...form,
    mobileNumber: "+919876500011",
    firstName: "Ramesh",
    lastName: "Pawar",
    sex: "male",
    ageYears: 61,
    guardianRelation: null,
    guardianName: "",
  },
  {
    ...form,
    mobileNumber: "+919876500022",
    firstName: "Kamala Venkataraman",
    lastName: "Subramaniam",
    ageYears: 72,
    guardianRelation: null,
    guardianName: "",
    allergyStatus: "none_known",
  },
];

function medicine(
  id: string,
  name: string,
  strength: string,
  defaultDose: string,
  brand: string | null,
): MedicineFound {
  return {
    id,
    genericName: name,
    brandName: brand,
    strengthText: strength,
    dosageForm: "tablet",
    defaultDose,
    uses: 0,
  };
}

export const medicines: MedicineFound[] = [
  medicine("m1", "Paracetamol", "500 mg", "1-1-1 x3d pc", null),
  medicine("m2", "Paracetamol", "650 mg", "1-1-1 x3d pc", null),
  medicine("m3", "Azithromycin", "500 mg", "1-0-0 x3d pc", null),
  medicine("m4", "Azithromycin", "250 mg", "1-0-0 x5d pc", null),
  medicine("m5", "Cetirizine", "10 mg", "0-0-1 x5d", null),
  medicine("m6", "Metformin", "500 mg", "1-0-1 x30d pc", null),
  medicine("m8", "Amoxicillin", "500 mg", "1-1-1 x5d pc", null),
  medicine("m9", "Cefixime + Clavulanic acid", "200 mg", "1-0-1 x5d pc", null),
  medicine("m7", "Pantoprazole", "40 mg", "1-0-0 x5d ac", "Pan 40"),
];

/** Two blood groups, written on two computers that did not see each other. */
export function fakeConflict(patient: PatientSummary | null): Conflict {
  return {
    id: "k1",
    kind: "column",
    group: "front_desk",
    table: "patients",
    column: "blood_group",
    rule: null,
    patient,
    otherPatient: null,
    facts: [{ name: "blood_group", base: "unknown", theirs: "B+", ours: "O+" }],
    theirs: {
      text: "B+",
      who: "Dr. Vikram Shah",
      device: "Chair 2 computer",
      at: "2026-11-23T08:31:00",
      isHere: false,
      holds: true,
    },
    ours: {
      text: "O+",
      who: "Meena Jadhav",
      device: "Room 1 computer",
      at: "2026-11-23T08:47:00",
      isHere: true,
      holds: false,
    },
    isUnion: false,
    safer: "theirs",
    entry: { kind: "choice", choices: ["A+", "AB+", "B+", "O+"] },
    mayDecide: true,
    openedAt: "2026-11-23T08:50:00",
    decided: null,
    refused: null,
  };
}

export const fakeDiagnoses = [
  { text: "Acute upper respiratory infection", icd10: "J06.9" },
  { text: "Type 2 diabetes", icd10: "E11.9" },
];

export const fakeBmi = ({ weightKg, heightCm }: { weightKg: number | null; heightCm: number | null }) =>
  weightKg && heightCm ? Math.round((weightKg / (heightCm / 100) ** 2) * 10) / 10 : null;

/** A registration that the server did not take. */
export const fakeRefused: RefusedChange = {
  sequence: 12,
  title: "Patient corrected",
  patientId: null,
  patientName: "Sunita Deshmukh",
  actorName: "Meena Jadhav",
  recordedAt: "2026-11-23T09:05:00",
  code: "bad_value",
  detail: "A value is missing or not allowed.",
  behind: 2,
  asked: null,
  fields: [
    { record: 0, table: "patients", column: "city", value: "Pune", entry: { kind: "text" } },
    { record: 0, table: "patients", column: "registered_clinic_id", value: "Andheri East", entry: null },
  ],
  mayCorrect: true,
  mayReopen: false,
  mayDiscard: true,
};

/** How many entries of each state there are. */
export function countStates(ledger: LedgerEntry[]): [LedgerState, number][] {
  const counts = new Map<LedgerState, number>();
  for (const entry of ledger) {
    const state = entry.fate ?? "waiting";
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [...counts];
}

export const today = () => new Date().toISOString().slice(0, 10);

const noVitals = {
  bpSys: null,
  bpDia: null,
  pulse: null,
  tempC: null,
  spo2: null,
  rr: null,
  weightKg: null,
  heightCm: null,
  sugar: null,
  headCm: null,
};

export const emptyDraft: Draft = {
  complaints: "",
  history: "",
  examination: "",
  vitals: noVitals,
  diagnoses: [],
  items: [],
  line: "",
  lineWas: null,
  investigations: "",
  advice: "",
  followUp: "",
  referral: "",
  amends: null,
  amendReason: "",
  repeated: null,
  takenUp: [],
  reasons: [],
};
