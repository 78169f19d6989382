import type { Backend, BackendEvent, MenuSection } from "./backend";
import type { AppState } from "./bindings/AppState";
import type { AttachmentView } from "./bindings/AttachmentView";
import type { CommandError } from "./bindings/CommandError";
import type { ComputerView } from "./bindings/ComputerView";
import type { Conflict } from "./bindings/Conflict";
import type { Draft } from "./bindings/Draft";
import type { ItemView } from "./bindings/ItemView";
import type { LedgerEntry } from "./bindings/LedgerEntry";
import type { PatientForm } from "./bindings/PatientForm";
import type { PatientSummary } from "./bindings/PatientSummary";
import type { Person } from "./bindings/Person";
import type { PrescriptionSummary } from "./bindings/PrescriptionSummary";
import type { RefusedChange } from "./bindings/RefusedChange";
import type { SyncStatus } from "./bindings/SyncStatus";
import type { WindowLanguage } from "./bindings/WindowLanguage";
import {
  countStates,
  fakeBmi,
  fakeConflict,
  fakeDiagnoses,
  fakeRefused,
  forms,
  medicines,
  people,
} from "./fake-data";
import { readFakeDosage, readFakeLine } from "./fake-dosage";
import { type ChosenFile, fakeFiles } from "./fake-files";
import { fakePage } from "./fake-pages";
import { fakeRecovery } from "./fake-recovery";
import { fakeDifference, repeatFake } from "./fake-repeat";
import { fakeLetterhead } from "./fake-letterhead";
import { allergyWords, type FakeKnown, fakeKnown, knownOfFirst, nothingKnown } from "./fake-known";
import { fakeMedicines } from "./fake-medicines";
import { fakeShortKeys } from "./fake-short-keys";
import { checkFakeDraft, withoutHeld } from "./fake-safety";

interface Options {
  /** `notEnrolled`, `locked`, or the e-mail of whoever is signed in already. */
  start?: string;
  delayMs?: number;
  /** The language that this computer remembers. */
  language?: WindowLanguage;
}

interface FakeBackend extends Backend {
  emit(event: BackendEvent): void;
  /** Lets something wait for a decision: by default, two blood groups of the first patient. */
  differ(item: Partial<Conflict>): void;
  /** The server has refused a change. */
  refuse(change: Partial<RefusedChange>): void;
  /** Puts an entry into the ledger. */
  enter(entry: LedgerEntry): void;
  /** The file that the next dialog of the system gives; null if the person changes their mind. */
  choose(file: ChosenFile | null): void;
  /** Files are dropped onto the window. */
  drop(files: ChosenFile[]): void;
  /** Puts a file into a patient's record. */
  holdFile(patientId: string, file: Partial<AttachmentView>): void;
  /** The numbers of what went to the printer. */
  printed: string[];
  /** What the system shows around the window: its menus, what of them can be chosen, and what was told. */
  outside: { menu: MenuSection[]; enabled: string[]; told: string[] };
  /** Nobody said that the recovery code is written down, or none was ever made. */
  forgetRecovery(isMade: boolean): void;
  /** Makes every call of one command fail. */
  fail(command: keyof Backend, error: CommandError): void;
}

const today = () => new Date().toISOString().slice(0, 10);
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
const emptyDraft: Draft = {
  complaints: "",
  history: "",
  examination: "",
  vitals: noVitals,
  diagnoses: [],
  items: [],
  line: "",
  investigations: "",
  advice: "",
  followUp: "",
  referral: "",
  amends: null,
  repeated: null,
};

interface FakePatient {
  /** The patient whose registration stands for this one. */
  mergedInto: string | null;
  summary: PatientSummary;
  form: PatientForm;
  prescriptions: PrescriptionSummary[];
  draft: Draft | null;
  known: FakeKnown;
}

const viewsOf = (draft: Draft): ItemView[] =>
  draft.items.map((item) => {
    const unit = medicines.find((one) => one.id === item.medicineId)?.doseUnit ?? "";
    const read = readFakeDosage(item.doseText, unit);
    return {
      title: `${item.medicineId ? "TAB. " : ""}${item.medicineText.toUpperCase()}`,
      medicineText: item.medicineText,
      doseText: item.doseText,
      directions: read.words,
      quantity: read.quantity,
    };
  });
const followUpDate = (followUp: string) => {
  const days = /^(\d+)d$/.exec(followUp.trim());
  return days ? new Date(Date.now() + Number(days[1]) * 86_400_000).toISOString().slice(0, 10) : null;
};

const summaryOf = (id: string, form: PatientForm, code: string): PatientSummary => ({
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
});

/** A small clinic in memory, for component tests and the development server. Never part of the program. */
export function createFakeBackend(options: Options = {}): FakeBackend {
  const { start = "anjali@example.in", delayMs = 0 } = options;
  const listeners = new Set<(event: BackendEvent) => void>();
  const failures = new Map<string, CommandError>();
  const clinic: FakePatient[] = [];
  const ledger: LedgerEntry[] = [];
  const computers: ComputerView[] = ["Room 1 computer", "Front desk"].map((name, place) => ({
    id: `c${place}`,
    name,
    lane: "AB"[place] ?? "",
    scope: place === 0 ? "clinical" : "front_desk",
    isThis: place === 0,
    lastSeenAt: `${today()}T10:41:00`,
    leaseUntil: null,
    isCopied: false,
    isACopy: false,
    isRecovered: false,
    wentOn: false,
    recoveryFingerprint: place === 0 ? "K3W9XA" : null,
    recoveryMadeAt: place === 0 ? "2026-11-23T09:12:00Z" : null,
    revocation: null,
  }));
  const conflicts: Conflict[] = [];
  const refused: RefusedChange[] = [];
  let signedIn: Person | undefined = people.find((person) => person.email === start);
  let isEnrolled = start !== "notEnrolled";
  let status: SyncStatus = {
    connection: { state: "online" },
    filling: null,
    compared: null,
    onlyHere: 0,
    waiting: 0,
    attention: 0,
    decisions: 0,
    filesWaiting: 0,
    filesRefused: 0,
    lastSyncedAt: `${today()}T10:41:00`,
    lastContactAt: `${today()}T10:41:00`,
    problem: null,
    notices: [],
    lease: null,
  };

  const state = (): AppState => {
    if (!isEnrolled) return { state: "notEnrolled" };
    if (!signedIn)
      return {
        state: "locked",
        tenantName: "Shanti Clinic",
        clinicName: "Andheri East",
        people,
        lease: null,
        waiting: 0,
        filesWaiting: 0,
      };
    const isReception = signedIn.roles.includes("receptionist");
    return {
      state: "unlocked",
      recovery: recovery.view(),
      session: {
        person: signedIn,
        doctorId: isReception ? null : "d1",
        mayPrescribe: !isReception,
        mayReadClinical: !isReception,
        mayMerge: !isReception,
        tenantName: "Shanti Clinic",
        clinicId: "c1",
        clinicName: "Andheri East",
        deviceName: "Room 1 computer",
        lane: "A",
        scope: isReception ? "front_desk" : "clinical",
        rolesLapsed: false,
        idleLockMinutes: isReception ? 10 : 5,
      },
    };
  };
  const printed: string[] = [];
  const outside: FakeBackend["outside"] = { menu: [], enabled: [], told: [] };
  const record = (title: string, patient: PatientSummary) => {
    status = { ...status, waiting: status.waiting + 1 };
    ledger.unshift({
      sequence: ledger.length + 1,
      title,
      patientName: patient.fullName,
      actorName: signedIn?.fullName ?? null,
      recordedAt: new Date().toISOString(),
      fate: null,
      acknowledgedAt: null,
      detail: null,
    });
    emit({ name: "sync-status", payload: status });
    emit({ name: "rows-changed" });
  };
  const emit = (event: BackendEvent) => {
    if (event.name === "sync-status") status = event.payload;
    for (const listener of listeners) listener(event);
  };
  const add = (form: PatientForm) => {
    const id = `p${clinic.length + 1}`;
    const patient = {
      form,
      summary: summaryOf(id, form, `A-0${4213 + clinic.length}`),
      prescriptions: [],
      draft: null,
      mergedInto: null,
      known: nothingKnown(form),
    };
    clinic.push(patient);
    return patient;
  };
  for (const form of forms) add(form);

  const patientOf = (id: string): FakePatient => {
    const found = clinic.find((patient) => patient.summary.id === id);
    if (!found)
      throw { code: "not_found", detail: "This patient is not on this computer." } satisfies CommandError;
    return found;
  };
  const all = () =>
    clinic.flatMap((patient) => patient.prescriptions.map((prescription) => ({ patient, prescription })));
  const prescriptionOf = (id: string) => {
    const found = all().find(({ prescription }) => prescription.id === id);
    if (!found)
      throw {
        code: "not_found",
        detail: "This prescription is not on this computer.",
      } satisfies CommandError;
    return found;
  };
  const pageOf = (patient: FakePatient, items: ItemView[], foot: string) => [
    fakePage(
      signedIn?.fullName ?? "",
      `${patient.summary.fullName}, ${patient.summary.age} ${patient.summary.sex}`,
      items,
      foot,
    ),
  ];
  const openState = (email: string, password: string) => {
    if (password === "wrong") {
      throw {
        code: "wrong_password",
        detail: "The password does not fit this e-mail.",
      } satisfies CommandError;
    }
    signedIn = people.find((person) => person.email === email) ?? people[0];
    return state();
  };

  // The first patient has been here before.
  const first = clinic[0];
  if (first) {
    first.summary.lastVisit = "2026-11-02";
    first.known = knownOfFirst();
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

  async function answer<T>(command: keyof Backend, work: () => T): Promise<T> {
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const failure = failures.get(command);
    if (failure) throw failure;
    return work();
  }

  const recovery = fakeRecovery(answer, state, (email, password) => openState(email, password));
  const own = fakeMedicines(answer, medicines);
  const often = () => {
    const written = new Set(
      all().flatMap(({ prescription }) => prescription.items.map((item) => item.medicineText)),
    );
    return medicines.filter((one) => written.has(`${one.genericName} ${one.strengthText}`));
  };
  const files = fakeFiles(answer, {
    isPrescriber: () => !signedIn?.roles.includes("receptionist") && !signedIn?.roles.includes("nurse"),
    changed: (waiting) => {
      emit({ name: "sync-status", payload: { ...status, filesWaiting: waiting } });
      emit({ name: "rows-changed" });
    },
  });

  return {
    emit,
    choose: files.choose,
    drop: (dropped) => emit({ name: "files-dropped", payload: files.drop(dropped) }),
    holdFile: files.hold,
    differ: (item) => {
      conflicts.push({ ...fakeConflict(first?.summary ?? null), ...item });
      status = { ...status, decisions: conflicts.length, attention: conflicts.length };
    },
    refuse: (change) => {
      refused.push({ ...fakeRefused, ...change });
      status = { ...status, attention: status.attention + 1 };
    },
    enter: (entry) => ledger.unshift(entry),
    printed,
    outside,
    fail: (command, error) => failures.set(command, error),
    listen: (onEvent) => {
      listeners.add(onEvent);
      return () => listeners.delete(onEvent);
    },
    appState: () => answer("appState", state),
    language: () => answer("language", () => options.language ?? "en"),
    setLanguage: (language) =>
      answer("setLanguage", () => {
        options.language = language;
      }),
    enrol: (enrolment) =>
      answer("enrol", () => {
        if (enrolment.code === "wrong") {
          throw {
            code: "wrong_code",
            detail: "This code is not valid any more. Ask for a new one.",
          } satisfies CommandError;
        }
        isEnrolled = true;
        recovery.make();
        return openState(enrolment.email, enrolment.password);
      }),
    ...recovery.commands,
    forgetRecovery: recovery.forget,
    unlock: (email, password) => answer("unlock", () => openState(email, password)),
    enrolAgain: () =>
      answer("enrolAgain", () => {
        emit({ name: "sync-status", payload: { ...status, problem: null } });
        return state();
      }),
    lock: () =>
      answer("lock", () => {
        signedIn = undefined;
        return state();
      }),
    showMenu: (sections) => answer("showMenu", () => void (outside.menu = sections)),
    enableMenu: (ids) => answer("enableMenu", () => void (outside.enabled = ids)),
    tellOutside: (words) => answer("tellOutside", () => void outside.told.push(words)),
    syncStatus: () => answer("syncStatus", () => status),
    syncNow: () =>
      answer("syncNow", () => {
        for (const entry of ledger) entry.fate ??= "applied";
        emit({
          name: "sync-status",
          payload: { ...status, waiting: 0, lastSyncedAt: new Date().toISOString() },
        });
        emit({ name: "rows-changed" });
      }),
    listComputers: () => answer("listComputers", () => computers.map((computer) => ({ ...computer }))),
    revokeComputer: (id) =>
      answer("revokeComputer", () => {
        const found = computers.find((computer) => computer.id === id);
        if (!found) throw { code: "not_found", detail: "There is no such computer." } satisfies CommandError;
        found.revocation = {
          state: "asked",
          askedAt: new Date().toISOString(),
          hasConsent: true,
          lost: null,
          doneAt: null,
        };
        return { ...found };
      }),
    objectToAdmin: () =>
      answer("objectToAdmin", () => {
        const notices = status.notices.filter(({ code }) => code !== "admin_comes");
        emit({ name: "sync-status", payload: { ...status, notices } });
      }),
    listLedger: (filter, before) =>
      answer("listLedger", () => {
        const words = filter.query.toLowerCase();
        const fit = ledger.filter(
          (entry) =>
            (words === "" || (entry.patientName ?? "").toLowerCase().includes(words)) &&
            (filter.state === null || filter.state === (entry.fate ?? "waiting")),
        );
        const rest = fit.filter((entry) => before === null || entry.sequence < before);
        return { total: fit.length, entries: rest.slice(0, 200).map((entry) => ({ ...entry })) };
      }),
    ledgerChoices: () =>
      answer("ledgerChoices", () => ({
        kinds: [],
        people: people.map((person) => ({ userId: person.userId, fullName: person.fullName })),
        counts: countStates(ledger),
      })),
    saveLedger: (_filter, format) => answer("saveLedger", () => `/home/anjali/ledger.${format}`),
    listRefused: () => answer("listRefused", () => refused.map((change) => ({ ...change }))),
    settleRefused: (sequence, way, reason) =>
      answer("settleRefused", () => {
        const found = refused.find((change) => change.sequence === sequence);
        if (!found) throw { code: "invalid", detail: "This was decided already." } satisfies CommandError;
        if ((way === "discard" || way === "hand_over") && !reason.trim())
          throw {
            code: "invalid",
            detail: "It must be said why. Nothing was changed yet.",
          } satisfies CommandError;
        found.asked = {
          way,
          who: signedIn?.fullName ?? "",
          at: new Date().toISOString(),
          reason: reason || null,
          isSent: false,
        };
      }),
    lookAtRefused: () => answer("lookAtRefused", () => ({ ...fakeRefused })),
    correctRefused: (id) =>
      answer("correctRefused", () => {
        const item = conflicts.find((one) => one.id === id);
        if (item?.refused)
          Object.assign(item, { mayDecide: false, refused: { ...item.refused, asked: "replace" } });
      }),
    listConflicts: (isOpen) =>
      answer("listConflicts", () => conflicts.filter((item) => (item.decided === null) === isOpen)),
    decideConflict: (id, choice, typed, reason) =>
      answer("decideConflict", () => {
        const item = conflicts.find((one) => one.id === id);
        if (!item)
          throw { code: "not_found", detail: "This is not on this computer." } satisfies CommandError;
        if (choice === "other" && !typed)
          throw {
            code: "invalid",
            detail: "The other value is missing. Nothing was decided yet.",
          } satisfies CommandError;
        const value = {
          ours: item.ours.text,
          theirs: item.theirs.text,
          other: typed,
          merged: null,
          apart: null,
          settled: null,
        };
        item.decided = {
          choice,
          value: value[choice],
          reason: reason || null,
          who: null,
          at: null,
          isSent: false,
        };
        item.mayDecide = false;
        if (item.patient) record("Decided", item.patient);
        return item;
      }),
    mergePatients: (keep, away) =>
      answer("mergePatients", () => {
        patientOf(away).mergedInto = keep;
        record("Two registrations made one", patientOf(keep).summary);
      }),
    unmergePatient: (away) =>
      answer("unmergePatient", () => {
        patientOf(away).mergedInto = null;
        record("Two registrations parted", patientOf(away).summary);
      }),
    proposeMerger: (one) => answer("proposeMerger", () => record("Proposed", patientOf(one).summary)),
    getToday: () =>
      answer("getToday", () => ({
        date: today(),
        seen: all()
          .filter(({ prescription }) => prescription.visitDate === today())
          .map(({ patient, prescription }) => ({
            prescriptionId: prescription.id,
            patient: patient.summary,
            doctorName: prescription.doctorName,
            signedAt: new Date().toISOString(),
          })),
        drafts: clinic.filter((patient) => patient.draft).map((patient) => patient.summary),
        followUps: clinic.slice(0, 1).map((patient) => patient.summary),
        registered: clinic.slice(3).map((patient) => patient.summary),
      })),
    findPatients: (query) =>
      answer("findPatients", () => {
        const words = query.toLowerCase().split(/\s+/);
        const digits = query.replace(/\D/g, "");
        return clinic
          .map((patient) => patient.summary)
          .filter((one) =>
            digits.length > 3 && digits === query.replace(/[\s+]/g, "")
              ? one.mobileNumber.includes(digits)
              : words.every((word) => `${one.fullName} ${one.patientCode}`.toLowerCase().includes(word)),
          );
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
    getChart: (id) =>
      answer("getChart", () => {
        const { summary, form, prescriptions, draft, known } = patientOf(patientOf(id).mergedInto ?? id);
        const isClinical = !signedIn?.roles.includes("receptionist");
        return {
          patient: summary,
          form,
          allergyStatus: isClinical ? known.status(form) : "unknown",
          allergies: isClinical ? known.allergies : [],
          conditions: isClinical ? known.conditions : [],
          measured: isClinical ? known.measured : [],
          alerts: isClinical ? form.alerts || null : null,
          prescriptions: isClinical ? prescriptions : [],
          hasDraft: draft !== null,
          conflicts: conflicts.filter(
            (item) => item.decided === null && (item.patient?.id === id || item.otherPatient?.id === id),
          ),
          merged: clinic
            .filter((patient) => patient.mergedInto === summary.id)
            .map((patient) => patient.summary),
        };
      }),
    ...fakeKnown(answer, (id) => {
      const patient = patientOf(id);
      return { ...patient, record: (title) => record(title, patient.summary) };
    }),
    openPad: (id) =>
      answer("openPad", () => {
        const draft = patientOf(id).draft ?? emptyDraft;
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
        const read = readFakeLine(text, own.found());
        return text.trim() === "" ? { ...read, found: often() } : read;
      }),
    readDosage: (text, unit) => answer("readDosage", () => readFakeDosage(text, unit)),
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
        return repeatFake(own ?? patient.draft ?? emptyDraft, last, medicines);
      }),
    ...fakeShortKeys(answer),
    ...own.commands,
    ...files.commands,
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
        const signed: PrescriptionSummary = {
          id: `rx${all().length}`,
          number: `A-${1041 + all().length}`,
          visitDate: today(),
          status: "finalised",
          version: draft.amends ? 2 : 1,
          voidReason: null,
          doctorName: signedIn?.fullName ?? "",
          ownSignature: null,
          diagnoses: draft.diagnoses.map((one) => [one.text, one.icd10].filter(Boolean).join(" ")),
          items: viewsOf(draft),
          alerts,
          advice: draft.advice || null,
          followUpDate: followUpDate(draft.followUp),
          isSynced: false,
        };
        for (const old of patient.prescriptions) if (old.id === draft.amends) old.status = "superseded";
        patient.prescriptions = [signed, ...patient.prescriptions];
        patient.draft = null;
        patient.summary = { ...patient.summary, lastVisit: today() };
        record("Prescription signed", patient.summary);
        return signed;
      }),
    getPrescription: (id) => answer("getPrescription", () => ({ ...prescriptionOf(id).prescription })),
    ...fakeLetterhead(answer),
    previewDraft: (id) =>
      answer("previewDraft", () => {
        const patient = patientOf(id);
        return pageOf(patient, viewsOf(patient.draft ?? emptyDraft), "not signed yet");
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
}
