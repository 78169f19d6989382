import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Backend, BackendEvent, DroppedFiles } from "./backend";
import type { AppState } from "./bindings/AppState";
import type { SyncStatus } from "./bindings/SyncStatus";

/** The real program around the window. */
export const tauriBackend: Backend = {
  appState: () => invoke("app_state"),
  language: () => invoke("language"),
  setLanguage: (language) => invoke("set_language", { language }),
  enrol: (enrolment) => invoke("enrol", { enrolment }),
  recover: (form) => invoke("recover", { form }),
  recoveryPage: () => invoke("recovery_page"),
  saveRecoveryPdf: () => invoke("save_recovery_pdf"),
  keepRecoveryCode: () => invoke("keep_recovery_code"),
  newRecoveryCode: (password) => invoke("new_recovery_code", { password }),
  unlock: (email, password) => invoke("unlock", { email, password }),
  changePassword: (old, fresh) => invoke("change_password", { old, new: fresh }),
  passwordFault: (old, fresh) => invoke("password_fault", { old, new: fresh }),
  enrolAgain: (code, password) => invoke("enrol_again", { code, password }),
  lock: () => invoke("lock"),
  showMenu: (sections, usual) => invoke("show_menu", { sections, usual }),
  enableMenu: (ids) => invoke("enable_menu", { ids }),
  holdClose: () => invoke("hold_close"),
  endClose: (closes) => invoke("end_close", { closes }),
  tellOutside: (words) => invoke("tell_outside", { words }),
  syncStatus: () => invoke("sync_status"),
  syncNow: () => invoke("sync_now"),
  listLedger: (filter, before) => invoke("list_ledger", { filter, before }),
  ledgerChoices: () => invoke("ledger_choices"),
  saveLedger: (filter, format) => invoke("save_ledger", { filter, format }),
  listRefused: () => invoke("list_refused"),
  settleRefused: (sequence, way, reason, corrected) =>
    invoke("settle_refused", { sequence, way, reason, corrected }),
  lookAtRefused: (conflictId) => invoke("look_at_refused", { conflictId }),
  correctRefused: (conflictId, corrected) => invoke("correct_refused", { conflictId, corrected }),
  listComputers: () => invoke("list_computers"),
  newComputerCode: (clinicId, scope) => invoke("new_computer_code", { clinicId, scope }),
  revokeComputer: (id, reason) => invoke("revoke_computer", { id, reason }),
  listStaff: () => invoke("list_staff"),
  addStaff: (form) => invoke("add_staff", { form }),
  changeStaff: (id, seen, form) => invoke("change_staff", { id, seen, form }),
  givePassword: (id) => invoke("give_password", { id }),
  listAudit: (filter, older) => invoke("list_audit", { filter, older }),
  auditChoices: () => invoke("audit_choices"),
  objectToAdmin: () => invoke("object_to_admin"),
  listConflicts: (isOpen) => invoke("list_conflicts", { isOpen }),
  decideConflict: (conflictId, choice, typed, reason) =>
    invoke("decide_conflict", { conflictId, choice, typed, reason }),
  mergePatients: (keep, away, reason) => invoke("merge_patients", { keep, away, reason }),
  unmergePatient: (away) => invoke("unmerge_patient", { away }),
  proposeMerger: (one, other) => invoke("propose_merger", { one, other }),
  getToday: () => invoke("get_today"),
  listFollowUps: (days) => invoke("list_follow_ups", { days }),
  getDay: (date) => invoke("get_day", { date }),
  getDays: (from, days, doctorId) => invoke("get_days", { from, days, doctorId }),
  readBooking: (patientId, form, moves) => invoke("read_booking", { patientId, form, moves }),
  bookVisit: (patientId, form) => invoke("book_visit", { patientId, form }),
  stepVisit: (id, seen, step) => invoke("step_visit", { id, seen, step }),
  tokenSlip: (id) => invoke("token_slip", { id }),
  printSlip: (id) => invoke("print_slip", { id }),
  nextPatient: () => invoke("next_patient"),
  findPatients: (query) => invoke("find_patients", { query }),
  registerPatient: (form) => invoke("register_patient", { form }),
  updatePatient: (patientId, seen, form) => invoke("update_patient", { patientId, seen, form }),
  getChart: (patientId) => invoke("get_chart", { patientId }),
  olderVisits: (patientId, newer) => invoke("older_visits", { patientId, newer }),
  olderMeasured: (patientId, newer) => invoke("older_measured", { patientId, newer }),
  findAllergens: (typed) => invoke("find_allergens", { typed }),
  addAllergy: (patientId, form) => invoke("add_allergy", { patientId, form }),
  changeAllergy: (patientId, id, seen, form) => invoke("change_allergy", { patientId, id, seen, form }),
  noteNoAllergies: (patientId) => invoke("note_no_allergies", { patientId }),
  saveConditions: (patientId, seen, wanted) => invoke("save_conditions", { patientId, seen, wanted }),
  getDental: (patientId) => invoke("get_dental", { patientId }),
  readDentalLine: (text) => invoke("read_dental_line", { text }),
  addDentalLine: (patientId, text) => invoke("add_dental_line", { patientId, text }),
  stepFinding: (id, seen, next) => invoke("step_finding", { id, seen, next }),
  stepProcedure: (id, seen, next) => invoke("step_procedure", { id, seen, next }),
  openPad: (patientId) => invoke("open_pad", { patientId }),
  saveDraft: (patientId, draft) => invoke("save_draft", { patientId, draft }),
  discardDraft: (patientId) => invoke("discard_draft", { patientId }),
  readLine: (text, was) => invoke("read_line", { text, was }),
  readDosage: (text, name, dosageForm, strength) =>
    invoke("read_dosage", { text, name, dosageForm, strength }),
  findDiagnoses: (typed) => invoke("find_diagnoses", { typed }),
  amendPrescription: (prescriptionId) => invoke("amend_prescription", { prescriptionId }),
  voidPrescription: (prescriptionId, reason) => invoke("void_prescription", { prescriptionId, reason }),
  stopMedicine: (itemId, reason) => invoke("stop_medicine", { itemId, reason }),
  resumeMedicine: (itemId) => invoke("resume_medicine", { itemId }),
  repeatPrescription: (patientId, prescriptionId, draft) =>
    invoke("repeat_prescription", { patientId, prescriptionId, draft }),
  findShortKeys: (patientId, typed) => invoke("find_short_keys", { patientId, typed }),
  expandShortKey: (patientId, typed, draft) => invoke("expand_short_key", { patientId, typed, draft }),
  listPhrases: () => invoke("list_phrases"),
  listShortKeys: () => invoke("list_short_keys"),
  saveShortKey: (opened, form) => invoke("save_short_key", { opened, form }),
  removeShortKey: (id) => invoke("remove_short_key", { id }),
  testShortKey: (form) => invoke("test_short_key", { form }),
  listOwnMedicines: () => invoke("list_own_medicines"),
  addOwnMedicine: (form) => invoke("add_own_medicine", { form }),
  correctOwnMedicine: (id, seen, form) => invoke("correct_own_medicine", { id, seen, form }),
  keepOwnMedicine: (id, isInUse) => invoke("keep_own_medicine", { id, isInUse }),
  checkDraft: (patientId, draft, typed) => invoke("check_draft", { patientId, draft, typed }),
  signPrescription: (patientId, draft, leaveOut) =>
    invoke("sign_prescription", { patientId, draft, leaveOut }),
  giveToDoctor: (patientId, draft) => invoke("give_to_doctor", { patientId, draft }),
  takeUpPrepared: (patientId, draft) => invoke("take_up_prepared", { patientId, draft }),
  takeBackPrepared: (preparedId) => invoke("take_back_prepared", { preparedId }),
  olderPrescriptions: (patientId, newer) => invoke("older_prescriptions", { patientId, newer }),
  getPrescription: (prescriptionId) => invoke("get_prescription", { prescriptionId }),
  getLetterhead: () => invoke("get_letterhead"),
  saveLetterhead: (seen, wanted) => invoke("save_letterhead", { seen, wanted }),
  chooseLogo: () => invoke("choose_logo"),
  removeLogo: () => invoke("remove_logo"),
  previewLetterhead: (letterhead) => invoke("preview_letterhead", { letterhead }),
  previewDraft: (patientId) => invoke("preview_draft", { patientId }),
  prescriptionPages: (prescriptionId, isA4) => invoke("prescription_pages", { prescriptionId, isA4 }),
  printPrescription: (prescriptionId) => invoke("print_prescription", { prescriptionId }),
  savePrescriptionPdf: (prescriptionId, isA4) => invoke("save_prescription_pdf", { prescriptionId, isA4 }),
  listAttachments: (patientId) => invoke("list_attachments", { patientId }),
  listUnsentAttachments: () => invoke("list_unsent_attachments"),
  addAttachment: (patientId, form) => invoke("add_attachment", { patientId, form }),
  addDropped: (patientId, token, place, form) => invoke("add_dropped", { patientId, token, place, form }),
  smallPicture: (attachmentId) => invoke("small_picture", { attachmentId }),
  countPages: (attachmentId) => invoke("count_pages", { attachmentId }),
  drawPage: (attachmentId, page) => invoke("draw_page", { attachmentId, page }),
  openAttachment: (attachmentId) => invoke("open_attachment", { attachmentId }),
  saveAttachment: (attachmentId) => invoke("save_attachment", { attachmentId }),
  removeAttachment: (attachmentId) => invoke("remove_attachment", { attachmentId }),
  sendAttachmentAgain: (attachmentId) => invoke("send_attachment_again", { attachmentId }),
  listen: (onEvent) => {
    void hear();
    hearers.add(onEvent);
    return () => void hearers.delete(onEvent);
  },
};

/** Who wants to know what the program tells. It is asked for each event once, however many come and go. */
const hearers = new Set<(event: BackendEvent) => void>();
let heard: Promise<unknown> | null = null;

function pass(event: BackendEvent): void {
  for (const onEvent of hearers) onEvent(event);
}

/** Hears from now on: what is asked after this was awaited is never older than what was told before. */
export function hear(): Promise<unknown> {
  heard ??= Promise.allSettled([
    listen<SyncStatus>("sync-status", ({ payload }) => pass({ name: "sync-status", payload })),
    listen<AppState>("app-state", ({ payload }) => pass({ name: "app-state", payload })),
    listen<string>("menu", ({ payload }) => pass({ name: "menu", payload })),
    listen("close-asked", () => pass({ name: "close-asked" })),
    listen<boolean>("files-over", ({ payload }) => pass({ name: "files-over", payload })),
    listen<DroppedFiles>("files-dropped", ({ payload }) => pass({ name: "files-dropped", payload })),
    listen("rows-changed", () => pass({ name: "rows-changed" })),
  ]);
  return heard;
}
