import type { Backend, BackendEvent, MenuSection } from "./backend";
import type { AppState } from "./bindings/AppState";
import type { AttachmentView } from "./bindings/AttachmentView";
import type { CommandError } from "./bindings/CommandError";
import type { ComputerView } from "./bindings/ComputerView";
import type { Conflict } from "./bindings/Conflict";
import type { LedgerEntry } from "./bindings/LedgerEntry";
import type { PatientSummary } from "./bindings/PatientSummary";
import type { Person } from "./bindings/Person";
import type { RefusedChange } from "./bindings/RefusedChange";
import type { SyncStatus } from "./bindings/SyncStatus";
import type { WindowLanguage } from "./bindings/WindowLanguage";
import { fakeAudit } from "./fake-audit";
import { type Around, fakeClinic } from "./fake-clinic";
import { countStates, fakeConflict, fakeRefused, medicines, people, quietStatus, today } from "./fake-data";
import { fakeDay } from "./fake-day";
import { fakeDental } from "./fake-dental";
import { type ChosenFile, fakeFiles } from "./fake-files";
import { fakeKnown } from "./fake-known";
import { fakeLetterhead } from "./fake-letterhead";
import { fakeMedicines } from "./fake-medicines";
import { fakePad } from "./fake-pad";
import { fakePatients } from "./fake-patients";
import { fakePrepared } from "./fake-prepared";
import { fakeRecovery } from "./fake-recovery";
import { fakeReview } from "./fake-review";
import { fakeRunning } from "./fake-running";
import { fakeShortKeys } from "./fake-short-keys";
import { fakeClinics, fakeStaff } from "./fake-staff";

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
  /** The numbers and tokens of what went to the printer. */
  printed: string[];
  /**
   * What the system shows around the window: its menus, what of them can be chosen, what was told, and what the window
   * said when it was to be closed.
   */
  outside: {
    menu: MenuSection[];
    enabled: string[];
    told: string[];
    closing: ("asks" | "closes" | "stays")[];
  };
  /** Nobody said that the recovery code is written down, or none was ever made. */
  forgetRecovery(isMade: boolean): void;
  /** Makes every call of one command fail. */
  fail(command: keyof Backend, error: CommandError): void;
}

/** A small clinic in memory, for component tests and the development server. Never part of the program. */
export function createFakeBackend(options: Options = {}): FakeBackend {
  const { start = "anjali@example.in", delayMs = 0 } = options;
  const listeners = new Set<(event: BackendEvent) => void>();
  const failures = new Map<string, CommandError>();
  const clinic = fakeClinic();
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
  let signedIn: Person | undefined = people.find((person) => person.email === start);
  let isEnrolled = start !== "notEnrolled";
  const synced = `${today()}T10:41:00`;
  let status: SyncStatus = {
    ...quietStatus,
    lastLevelAt: synced,
    lastSyncedAt: synced,
    lastContactAt: synced,
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
        wasTooLong: false,
      };
    const isReception = signedIn.roles.includes("receptionist");
    const isNurse = signedIn.roles.includes("nurse");
    return {
      state: "unlocked",
      recovery: recovery.view(),
      session: {
        person: signedIn,
        doctorId: isReception || isNurse ? null : "d1",
        mayPrescribe: !isReception && !isNurse,
        mayReadClinical: !isReception,
        mayMerge: !isReception && !isNurse,
        tenantName: "Shanti Clinic",
        clinicId: "c1",
        clinicName: "Andheri East",
        deviceName: "Room 1 computer",
        lane: "A",
        scope: isReception ? "front_desk" : "clinical",
        rolesLapsed: false,
        checksBroken: false,
        idleLockMinutes: isReception ? 10 : 5,
      },
    };
  };
  const outside: FakeBackend["outside"] = { menu: [], enabled: [], told: [], closing: [] };
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

  async function answer<T>(command: keyof Backend, work: () => T): Promise<T> {
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const failure = failures.get(command);
    if (failure) throw failure;
    return work();
  }

  const around: Around = { signedIn: () => signedIn, record };
  const review = fakeReview(answer, around);
  const recovery = fakeRecovery(answer, state, (email, password) => openState(email, password));
  const own = fakeMedicines(answer, medicines);
  const pad = fakePad(answer, clinic, around, own.found);
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
      review.conflicts.push({ ...fakeConflict(clinic.patients[0]?.summary ?? null), ...item });
      status = { ...status, decisions: review.conflicts.length, attention: review.conflicts.length };
    },
    refuse: (change) => {
      review.refused.push({ ...fakeRefused, ...change });
      status = { ...status, attention: status.attention + 1 };
    },
    enter: (entry) => ledger.unshift(entry),
    printed: pad.printed,
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
    changePassword: (old) =>
      answer("changePassword", () => {
        if (old === "wrong") {
          throw {
            code: "wrong_password",
            detail: "The old password is wrong, and your password is as it was.",
          } satisfies CommandError;
        }
        const notices = status.notices.filter(({ code }) => code !== "password_change_required");
        emit({ name: "sync-status", payload: { ...status, notices } });
        return state();
      }),
    passwordFault: (old, fresh) =>
      answer("passwordFault", () => {
        if (fresh.length < 12) return "The password is too short. Use at least 12 characters.";
        return old === fresh ? "The new password is the old one. Choose another one." : null;
      }),
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
    holdClose: () => answer("holdClose", () => void outside.closing.push("asks")),
    endClose: (closes) => answer("endClose", () => void outside.closing.push(closes ? "closes" : "stays")),
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
    listComputers: () =>
      answer("listComputers", () => ({
        computers: computers.map((computer) => ({ ...computer })),
        clinics: fakeClinics,
      })),
    newComputerCode: (_clinicId, scope) =>
      answer("newComputerCode", () => ({
        code: scope === "clinical" ? "SHANTI_7Q4K-9XWM-2C8D-HT3N" : "SHANTI_7Q4K-0V5B-E6RZ-1A2C",
        expiresAt: `${today()}T10:51:00`,
        server: "desk.example.in",
      })),
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
    ...fakeStaff(answer, () => signedIn),
    ...fakeAudit(answer),
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
    ...review.commands,
    ...fakePatients(answer, clinic, around, review.conflicts),
    ...fakeDay(answer, clinic, around, pad.printed),
    ...fakeKnown(answer, (id) => {
      const patient = clinic.patientOf(id);
      return { ...patient, record: (title) => record(title, patient.summary) };
    }),
    ...fakeDental(answer, clinic.patientOf, around),
    ...pad.commands,
    ...fakeRunning(answer, clinic, around),
    ...fakePrepared(answer, clinic, around),
    ...fakeShortKeys(answer, (id) =>
      clinic.patientOf(id).known.allergies.map((allergy) => allergy.form.substance),
    ),
    ...own.commands,
    ...files.commands,
    ...fakeLetterhead(answer),
  };
}
