import type { Allergen } from "./bindings/Allergen";
import type { AllergyForm } from "./bindings/AllergyForm";
import type { AllergyId } from "./bindings/AllergyId";
import type { AppointmentId } from "./bindings/AppointmentId";
import type { AppointmentStatus } from "./bindings/AppointmentStatus";
import type { AppState } from "./bindings/AppState";
import type { AttachmentForm } from "./bindings/AttachmentForm";
import type { AttachmentId } from "./bindings/AttachmentId";
import type { AttachmentView } from "./bindings/AttachmentView";
import type { AuditChoices } from "./bindings/AuditChoices";
import type { AuditFilter } from "./bindings/AuditFilter";
import type { AuditList } from "./bindings/AuditList";
import type { Booking } from "./bindings/Booking";
import type { BookingForm } from "./bindings/BookingForm";
import type { BookingRead } from "./bindings/BookingRead";
import type { Chart } from "./bindings/Chart";
import type { ClinicId } from "./bindings/ClinicId";
import type { ComputerCode } from "./bindings/ComputerCode";
import type { ComputerList } from "./bindings/ComputerList";
import type { ComputerView } from "./bindings/ComputerView";
import type { Conflict } from "./bindings/Conflict";
import type { ConflictChoice } from "./bindings/ConflictChoice";
import type { ConflictId } from "./bindings/ConflictId";
import type { Day } from "./bindings/Day";
import type { Days } from "./bindings/Days";
import type { DeviceScope } from "./bindings/DeviceScope";
import type { DentalChart } from "./bindings/DentalChart";
import type { DentalLineRead } from "./bindings/DentalLineRead";
import type { DoctorId } from "./bindings/DoctorId";
import type { Diagnosis } from "./bindings/Diagnosis";
import type { CorrectedField } from "./bindings/CorrectedField";
import type { DosageRead } from "./bindings/DosageRead";
import type { Draft } from "./bindings/Draft";
import type { DraftItem } from "./bindings/DraftItem";
import type { DraftSafety } from "./bindings/DraftSafety";
import type { DraftSaved } from "./bindings/DraftSaved";
import type { Enrolment } from "./bindings/Enrolment";
import type { DentalFinding } from "./bindings/DentalFinding";
import type { FollowUpDays } from "./bindings/FollowUpDays";
import type { FollowUps } from "./bindings/FollowUps";
import type { GivenDraft } from "./bindings/GivenDraft";
import type { LedgerChoices } from "./bindings/LedgerChoices";
import type { LedgerFilter } from "./bindings/LedgerFilter";
import type { LedgerFormat } from "./bindings/LedgerFormat";
import type { LedgerPage } from "./bindings/LedgerPage";
import type { Letterhead } from "./bindings/Letterhead";
import type { LineRead } from "./bindings/LineRead";
import type { Measured } from "./bindings/Measured";
import type { MedicineId } from "./bindings/MedicineId";
import type { NextPatient } from "./bindings/NextPatient";
import type { ObservationId } from "./bindings/ObservationId";
import type { OwnMedicine } from "./bindings/OwnMedicine";
import type { OwnMedicineForm } from "./bindings/OwnMedicineForm";
import type { Pad } from "./bindings/Pad";
import type { PatientForm } from "./bindings/PatientForm";
import type { PatientId } from "./bindings/PatientId";
import type { PatientSummary } from "./bindings/PatientSummary";
import type { PatientsFound } from "./bindings/PatientsFound";
import type { PrescriptionId } from "./bindings/PrescriptionId";
import type { PrescriptionItemId } from "./bindings/PrescriptionItemId";
import type { PrescriptionSummary } from "./bindings/PrescriptionSummary";
import type { ProcedureId } from "./bindings/ProcedureId";
import type { DentalProcedure } from "./bindings/DentalProcedure";
import type { ShortKey } from "./bindings/ShortKey";
import type { ShortKeyForm } from "./bindings/ShortKeyForm";
import type { ShortKeyFound } from "./bindings/ShortKeyFound";
import type { ShortKeyId } from "./bindings/ShortKeyId";
import type { ShortKeyTest } from "./bindings/ShortKeyTest";
import type { StaffForm } from "./bindings/StaffForm";
import type { StaffList } from "./bindings/StaffList";
import type { RecoveryForm } from "./bindings/RecoveryForm";
import type { RecoveryPage } from "./bindings/RecoveryPage";
import type { RefusedChange } from "./bindings/RefusedChange";
import type { SettlementWay } from "./bindings/SettlementWay";
import type { Step } from "./bindings/Step";
import type { SyncStatus } from "./bindings/SyncStatus";
import type { Today } from "./bindings/Today";
import type { Visit } from "./bindings/Visit";
import type { UserId } from "./bindings/UserId";
import type { WindowLanguage } from "./bindings/WindowLanguage";

/** What the program around the window tells without being asked. */
export type BackendEvent =
  | { name: "sync-status"; payload: SyncStatus }
  | { name: "app-state"; payload: AppState }
  | { name: "rows-changed" }
  /** Something was chosen in a menu of the system. */
  | { name: "menu"; payload: string }
  /** Somebody wants the window closed. It answers soon, or is closed. */
  | { name: "close-asked" }
  /** Files are dragged over the window, or no longer. */
  | { name: "files-over"; payload: boolean }
  | { name: "files-dropped"; payload: DroppedFiles };

/** Files that were dropped onto the window. Where they lie, it does not learn. */
export interface DroppedFiles {
  /** Names this drop until the next one. */
  token: number;
  /** What the files are called; each is asked for by its place. */
  names: string[];
}

/** A menu of the system. */
export interface MenuSection {
  title: string;
  /** The id of a key, and the key itself as in the key map: `Mod+K`. */
  items: { id: string; label: string; keys: string }[];
}

/** Everything the window can ask of the program around it. Failures reject with a `CommandError`. */
export interface Backend {
  appState(): Promise<AppState>;
  /** The language that this computer remembers. */
  language(): Promise<WindowLanguage>;
  setLanguage(language: WindowLanguage): Promise<void>;
  enrol(enrolment: Enrolment): Promise<AppState>;
  /**
   * Opens this computer with its recovery code: one whose keys are lost is enrolled under another id, one that a restored
   * server does not know stays what it is.
   */
  recover(form: RecoveryForm): Promise<AppState>;
  /** The recovery code that waits to be written down; null if none does. */
  recoveryPage(): Promise<RecoveryPage | null>;
  /** Asks where to, and answers the file's path; null if the person thought better of it. */
  saveRecoveryPdf(): Promise<string | null>;
  /** It is written down, and never shown again. */
  keepRecoveryCode(): Promise<AppState>;
  /** Makes another recovery code for this computer. */
  newRecoveryCode(password: string): Promise<AppState>;
  unlock(email: string, password: string): Promise<AppState>;
  /** Changes the password of whoever is signed in. Asks the server. */
  changePassword(old: string, fresh: string): Promise<AppState>;
  /** What speaks against a new password; null if nothing does. */
  passwordFault(old: string, fresh: string): Promise<string | null>;
  /** A restored server does not know this computer: it is enrolled once more, with all that is on it. */
  enrolAgain(code: string, password: string): Promise<AppState>;
  lock(): Promise<AppState>;
  /** Shows these menus in place of the ones before; nothing in them can be chosen yet. `usual` words what every program has. */
  showMenu(sections: MenuSection[], usual: Record<string, string>): Promise<void>;
  /** Of the menus, only these can be chosen. */
  enableMenu(ids: string[]): Promise<void>;
  /** The person is asked before the window closes: they take their time. Another request closes it meanwhile. */
  holdClose(): Promise<void>;
  /** Closes the window, or leaves it open. */
  endClose(closes: boolean): Promise<void>;
  /** Shows a sentence where the system shows what other programs tell. */
  tellOutside(words: string): Promise<void>;
  syncStatus(): Promise<SyncStatus>;
  syncNow(): Promise<void>;
  /** A page of the ledger, newest first: the entries before that number. */
  listLedger(filter: LedgerFilter, before: number | null): Promise<LedgerPage>;
  ledgerChoices(): Promise<LedgerChoices>;
  /** Asks where to, and answers the file's path; null if the person thought better of it. */
  saveLedger(filter: LedgerFilter, format: LedgerFormat): Promise<string | null>;
  /** The changes that the server refused and that wait for a person. */
  listRefused(): Promise<RefusedChange[]>;
  /** Says what becomes of a refused change. */
  settleRefused(
    sequence: number,
    way: SettlementWay,
    reason: string,
    corrected: CorrectedField[],
  ): Promise<void>;
  /** What a refused change says that is before the admins. Asks the server. */
  lookAtRefused(conflictId: ConflictId): Promise<RefusedChange>;
  /** Writes corrected values in the place of a refused change of a computer that is out of service. */
  correctRefused(conflictId: ConflictId, corrected: CorrectedField[]): Promise<void>;
  /** The clinic's computers, for its admins. Asks the server. */
  listComputers(): Promise<ComputerList>;
  /** Makes a one-time code with which a computer comes in, which is told once. Asks the server. */
  newComputerCode(clinicId: ClinicId, scope: DeviceScope): Promise<ComputerCode>;
  /** Takes another computer out of service, for good, and agrees that it destroys its data. */
  revokeComputer(id: string, reason: string | null): Promise<ComputerView>;
  /** The clinic's staff, for its admins. Asks the server. */
  listStaff(): Promise<StaffList>;
  /** Adds somebody, and answers their one-time password, which is told once. Asks the server. */
  addStaff(form: StaffForm): Promise<string>;
  /** Changes what differs from `seen`. Asks the server. */
  changeStaff(id: UserId, seen: StaffForm, form: StaffForm): Promise<void>;
  /** Gives somebody else a one-time password, which is told once. Asks the server. */
  givePassword(id: UserId): Promise<string>;
  /** A page of the clinic's audit log, for its admins: `older` is that of the page before. Asks the server. */
  listAudit(filter: AuditFilter, older: string | null): Promise<AuditList>;
  /** What the audit log can be filtered by. Asks the server. */
  auditChoices(): Promise<AuditChoices>;
  /** Objects to an admin whom the operator of the server is going to make. Asks the server. */
  objectToAdmin(): Promise<void>;
  /** What waits for a decision, the oldest first; or what was decided, the latest first. */
  listConflicts(isOpen: boolean): Promise<Conflict[]>;
  /** Decides an item and carries it out. `typed` is the other value, where one was typed. */
  decideConflict(
    conflictId: ConflictId,
    choice: ConflictChoice,
    typed: string | null,
    reason: string,
  ): Promise<Conflict>;
  /** Makes one of two registrations stand for both. */
  mergePatients(keep: PatientId, away: PatientId, reason: string): Promise<void>;
  /** Makes a registration stand for itself again. */
  unmergePatient(away: PatientId): Promise<void>;
  /** Asks those who may decide it whether two registrations are one person. */
  proposeMerger(one: PatientId, other: PatientId): Promise<void>;
  getToday(): Promise<Today>;
  /** A day of this clinic, doctor by doctor; null is today. */
  getDay(date: string | null): Promise<Day>;
  /** Who was asked to come again on these days, and neither came since nor is booked. */
  listFollowUps(days: FollowUpDays): Promise<FollowUps>;
  /** So many days of this clinic from one on, 31 at most, with one doctor; null is today, and all doctors. */
  getDays(from: string | null, days: number, doctorId: DoctorId | null): Promise<Days>;
  /** Says back what is typed of a booking. `moves` is the visit whose place it takes. */
  readBooking(patientId: PatientId, form: BookingForm, moves: AppointmentId | null): Promise<BookingRead>;
  /** Books a visit, or gives a token to whoever is here. */
  bookVisit(patientId: PatientId, form: BookingForm): Promise<Booking>;
  /** Does the next thing with a visit that was in the state `seen`. Moved, it is another one. */
  stepVisit(id: AppointmentId, seen: AppointmentStatus, step: Step): Promise<Booking>;
  /** The slip of whoever waits with a token: its pages, each an SVG text of 80 mm, how long they are in millimetres, and what
   * of them is empty boxes. */
  tokenSlip(id: AppointmentId): Promise<[pages: string[], millimetres: number, boxes: string | null]>;
  /** Opens the system's print dialog for the slip that stands ready for paper in the window, and notes that it was printed. */
  printSlip(id: AppointmentId): Promise<void>;
  /** For a doctor: whoever is with them is done, and the next who waits comes in. */
  nextPatient(): Promise<NextPatient>;
  findPatients(query: string): Promise<PatientsFound>;
  registerPatient(form: PatientForm): Promise<PatientSummary>;
  /** Writes what differs between the form as it was first seen and as it is left. */
  updatePatient(patientId: PatientId, seen: PatientForm, form: PatientForm): Promise<PatientSummary>;
  getChart(patientId: PatientId): Promise<Chart>;
  /** Appointments behind so many newer ones: a chart begins with the newest. */
  olderVisits(patientId: PatientId, newer: number): Promise<Visit[]>;
  /** What was measured before so many later times, the oldest first. */
  olderMeasured(patientId: PatientId, newer: number): Promise<Measured[]>;
  /** Classes and ingredients that an allergy can be noted to, so that lines are checked for them. */
  findAllergens(typed: string): Promise<Allergen[]>;
  addAllergy(patientId: PatientId, form: AllergyForm): Promise<void>;
  /** Writes what differs from what the person saw. */
  changeAllergy(patientId: PatientId, id: AllergyId, seen: AllergyForm, form: AllergyForm): Promise<void>;
  /** Someone asked, and there are none. */
  noteNoAllergies(patientId: PatientId): Promise<void>;
  /** Adds and takes out what differs from what the person saw. */
  saveConditions(patientId: PatientId, seen: Diagnosis[], wanted: Diagnosis[]): Promise<void>;
  /** A patient's teeth. */
  getDental(patientId: PatientId): Promise<DentalChart>;
  /** Says what a line of the dental chart means so far; rejects what no further letter makes right. */
  readDentalLine(text: string): Promise<DentalLineRead>;
  addDentalLine(patientId: PatientId, text: string): Promise<void>;
  /** `seen` is the state that the person saw. */
  stepFinding(
    id: ObservationId,
    seen: DentalFinding["status"],
    next: "active" | "resolved" | "entered_in_error",
  ): Promise<void>;
  /** `seen` is the state that the person saw. */
  stepProcedure(
    id: ProcedureId,
    seen: DentalProcedure["status"],
    next: DentalProcedure["next"][number],
  ): Promise<void>;
  openPad(patientId: PatientId): Promise<Pad>;
  saveDraft(patientId: PatientId, draft: Draft): Promise<DraftSaved>;
  discardDraft(patientId: PatientId): Promise<void>;
  /**
   * Splits a line typed in one go into its medicine, which it looks up, and its dose. `was` is the line that stands there
   * again to be changed: it keeps its medicine until another one is typed.
   */
  readLine(text: string, was: DraftItem | null): Promise<LineRead>;
  /** Says back what a dose means of a medicine of this name, form and strength. */
  readDosage(text: string, name: string, dosageForm: string, strength: string): Promise<DosageRead>;
  /** Diagnoses of the list that fit. */
  findDiagnoses(typed: string): Promise<Diagnosis[]>;
  /** A draft that says what a signed prescription says, and replaces it when it is signed. */
  amendPrescription(prescriptionId: PrescriptionId): Promise<Draft>;
  voidPrescription(prescriptionId: PrescriptionId, reason: string): Promise<PrescriptionSummary>;
  /** Says that a patient was told to stop a medicine: this line, and those that it was written again from. */
  stopMedicine(itemId: PrescriptionItemId, reason: string): Promise<void>;
  /** Takes up again what was stopped, with all that was stopped with it. */
  resumeMedicine(itemId: PrescriptionItemId): Promise<void>;
  /** The draft with the lines of a signed prescription, or of the last one. Nothing is written yet. */
  repeatPrescription(
    patientId: PatientId,
    prescriptionId: PrescriptionId | null,
    draft: Draft | null,
  ): Promise<Draft>;
  /** Keys that a typed beginning may mean and that fit the patient. */
  findShortKeys(patientId: PatientId, typed: string): Promise<ShortKeyFound[]>;
  /** The draft with what a key stands for. Nothing is written yet. */
  expandShortKey(patientId: PatientId, typed: string, draft: Draft): Promise<Draft>;
  /** Phrases by their keys. */
  listPhrases(): Promise<[string, string][]>;
  listShortKeys(): Promise<ShortKey[]>;
  /** Saves a key: a new one, or the one that stood in this form when it was opened. */
  saveShortKey(opened: [ShortKeyId, ShortKeyForm] | null, form: ShortKeyForm): Promise<ShortKeyId>;
  removeShortKey(id: ShortKeyId): Promise<void>;
  /** How the lines of a key read, and whom they would harm. */
  testShortKey(form: ShortKeyForm): Promise<ShortKeyTest>;
  /** The clinic's own medicines that are in use. */
  listOwnMedicines(): Promise<OwnMedicine[]>;
  addOwnMedicine(form: OwnMedicineForm): Promise<MedicineId>;
  /** Corrects one that stood in the form `seen` when it was opened. */
  correctOwnMedicine(id: MedicineId, seen: OwnMedicineForm, form: OwnMedicineForm): Promise<void>;
  /** Takes a medicine out of use, or back into it. */
  keepOwnMedicine(id: MedicineId, isInUse: boolean): Promise<void>;
  /** What speaks against the lines of a draft, and against the one that is being typed. */
  checkDraft(patientId: PatientId, draft: Draft, typed: DraftItem | null): Promise<DraftSafety>;
  /** `leaveOut` are the places of held lines that are left out of what is signed. */
  signPrescription(patientId: PatientId, draft: Draft, leaveOut: number[]): Promise<PrescriptionSummary>;
  /** Gives the draft to the doctors, on whichever computer; what only a doctor writes stays in it. */
  giveToDoctor(patientId: PatientId, draft: Draft): Promise<GivenDraft>;
  /** The draft with what was prepared, wherever it says nothing itself. */
  takeUpPrepared(patientId: PatientId, draft: Draft): Promise<Draft>;
  takeBackPrepared(preparedId: PrescriptionId): Promise<void>;
  /** Signed prescriptions behind so many newer ones: a chart begins with the newest. */
  olderPrescriptions(patientId: PatientId, newer: number): Promise<PrescriptionSummary[]>;
  getPrescription(prescriptionId: PrescriptionId): Promise<PrescriptionSummary>;
  getLetterhead(): Promise<Letterhead>;
  /** Writes what differs from what the person saw. */
  saveLetterhead(seen: Letterhead, wanted: Letterhead): Promise<void>;
  /** Asks for the clinic's own picture and keeps it in the letterhead; false if the person thought better of it. */
  chooseLogo(): Promise<boolean>;
  removeLogo(): Promise<void>;
  /** The pages of a sample with this letterhead, each an SVG text, and what of it would be empty boxes on paper. */
  previewLetterhead(letterhead: Letterhead): Promise<[pages: string[], boxes: string | null]>;
  /** The pages of the saved draft, each an SVG text. */
  previewDraft(patientId: PatientId): Promise<string[]>;
  /** The pages of a signed prescription, each an SVG text. */
  prescriptionPages(prescriptionId: PrescriptionId, isA4: boolean): Promise<string[]>;
  /** Opens the system's print dialog for the pages that stand ready for paper in the window, and notes that it was printed. */
  printPrescription(prescriptionId: PrescriptionId): Promise<void>;
  /** Asks where to, and answers the file's path; null if the person thought better of it. */
  savePrescriptionPdf(prescriptionId: PrescriptionId, isA4: boolean): Promise<string | null>;
  /** The files in a patient's record, the latest first. */
  listAttachments(patientId: PatientId): Promise<AttachmentView[]>;
  /** The files of this computer that the server does not have or will not take, the oldest first. */
  listUnsentAttachments(): Promise<AttachmentView[]>;
  /** Asks which file, and adds it; null if the person thought better of it. */
  addAttachment(patientId: PatientId, form: AttachmentForm): Promise<AttachmentView | null>;
  /** Adds one of the files that were dropped. */
  addDropped(
    patientId: PatientId,
    token: number,
    place: number,
    form: AttachmentForm,
  ): Promise<AttachmentView>;
  /** A small picture of a file that is on this computer, as PNG. */
  smallPicture(attachmentId: AttachmentId): Promise<ArrayBuffer>;
  /** How many pages a PDF has, which is fetched from the server if it is not here. */
  countPages(attachmentId: AttachmentId): Promise<number>;
  /** A page of a PDF as a picture, as PNG; the first one is 0. */
  drawPage(attachmentId: AttachmentId, page: number): Promise<ArrayBuffer>;
  /** The bytes of a file, fetched from the server if they are not here. */
  openAttachment(attachmentId: AttachmentId): Promise<ArrayBuffer>;
  /** Asks where a copy goes, and answers its path; null if the person thought better of it. */
  saveAttachment(attachmentId: AttachmentId): Promise<string | null>;
  removeAttachment(attachmentId: AttachmentId): Promise<void>;
  /** Has a file that the server refused sent again. */
  sendAttachmentAgain(attachmentId: AttachmentId): Promise<void>;
  /** Calls back at every event until the returned function is called. */
  listen(onEvent: (event: BackendEvent) => void): () => void;
}
