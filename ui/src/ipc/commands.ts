import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Backend, BackendEvent } from "./backend";
import type { AppState } from "./bindings/AppState";
import type { SyncStatus } from "./bindings/SyncStatus";

/** The real program around the window. */
export const tauriBackend: Backend = {
  appState: () => invoke("app_state"),
  language: () => invoke("language"),
  setLanguage: (language) => invoke("set_language", { language }),
  enrol: (enrolment) => invoke("enrol", { enrolment }),
  unlock: (email, password) => invoke("unlock", { email, password }),
  lock: () => invoke("lock"),
  syncStatus: () => invoke("sync_status"),
  syncNow: () => invoke("sync_now"),
  listLedger: (filter, before) => invoke("list_ledger", { filter, before }),
  ledgerChoices: () => invoke("ledger_choices"),
  saveLedger: (filter, format) => invoke("save_ledger", { filter, format }),
  listRefused: () => invoke("list_refused"),
  settleRefused: (sequence, way, reason, corrected) =>
    invoke("settle_refused", { sequence, way, reason, corrected }),
  listComputers: () => invoke("list_computers"),
  revokeComputer: (id, reason) => invoke("revoke_computer", { id, reason }),
  listConflicts: (isOpen) => invoke("list_conflicts", { isOpen }),
  decideConflict: (conflictId, choice, typed, reason) =>
    invoke("decide_conflict", { conflictId, choice, typed, reason }),
  mergePatients: (keep, away, reason) => invoke("merge_patients", { keep, away, reason }),
  unmergePatient: (away) => invoke("unmerge_patient", { away }),
  proposeMerger: (one, other) => invoke("propose_merger", { one, other }),
  getToday: () => invoke("get_today"),
  findPatients: (query) => invoke("find_patients", { query }),
  registerPatient: (form) => invoke("register_patient", { form }),
  updatePatient: (patientId, seen, form) => invoke("update_patient", { patientId, seen, form }),
  getChart: (patientId) => invoke("get_chart", { patientId }),
  findAllergens: (typed) => invoke("find_allergens", { typed }),
  addAllergy: (patientId, form) => invoke("add_allergy", { patientId, form }),
  changeAllergy: (patientId, id, seen, form) => invoke("change_allergy", { patientId, id, seen, form }),
  noteNoAllergies: (patientId) => invoke("note_no_allergies", { patientId }),
  saveConditions: (patientId, seen, wanted) => invoke("save_conditions", { patientId, seen, wanted }),
  openPad: (patientId) => invoke("open_pad", { patientId }),
  saveDraft: (patientId, draft) => invoke("save_draft", { patientId, draft }),
  discardDraft: (patientId) => invoke("discard_draft", { patientId }),
  readLine: (text) => invoke("read_line", { text }),
  readDosage: (text, doseUnit) => invoke("read_dosage", { text, doseUnit }),
  findDiagnoses: (typed) => invoke("find_diagnoses", { typed }),
  amendPrescription: (prescriptionId) => invoke("amend_prescription", { prescriptionId }),
  voidPrescription: (prescriptionId, reason) => invoke("void_prescription", { prescriptionId, reason }),
  repeatPrescription: (patientId, prescriptionId, draft) =>
    invoke("repeat_prescription", { patientId, prescriptionId, draft }),
  findShortKeys: (patientId, typed) => invoke("find_short_keys", { patientId, typed }),
  expandShortKey: (patientId, typed, draft) => invoke("expand_short_key", { patientId, typed, draft }),
  listPhrases: () => invoke("list_phrases"),
  listShortKeys: () => invoke("list_short_keys"),
  saveShortKey: (id, form) => invoke("save_short_key", { id, form }),
  removeShortKey: (id) => invoke("remove_short_key", { id }),
  testShortKey: (form) => invoke("test_short_key", { form }),
  checkDraft: (patientId, draft, typed) => invoke("check_draft", { patientId, draft, typed }),
  signPrescription: (patientId, draft, leaveOut) =>
    invoke("sign_prescription", { patientId, draft, leaveOut }),
  getPrescription: (prescriptionId) => invoke("get_prescription", { prescriptionId }),
  getLetterhead: () => invoke("get_letterhead"),
  saveLetterhead: (seen, wanted) => invoke("save_letterhead", { seen, wanted }),
  previewLetterhead: (letterhead) => invoke("preview_letterhead", { letterhead }),
  previewDraft: (patientId) => invoke("preview_draft", { patientId }),
  prescriptionPages: (prescriptionId, isA4) => invoke("prescription_pages", { prescriptionId, isA4 }),
  savePrescriptionPdf: (prescriptionId, isA4) => invoke("save_prescription_pdf", { prescriptionId, isA4 }),
  listAttachments: (patientId) => invoke("list_attachments", { patientId }),
  listUnsentAttachments: () => invoke("list_unsent_attachments"),
  addAttachment: (patientId, form) => invoke("add_attachment", { patientId, form }),
  openAttachment: (attachmentId) => invoke("open_attachment", { attachmentId }),
  saveAttachment: (attachmentId) => invoke("save_attachment", { attachmentId }),
  removeAttachment: (attachmentId) => invoke("remove_attachment", { attachmentId }),
  sendAttachmentAgain: (attachmentId) => invoke("send_attachment_again", { attachmentId }),
  listen: (onEvent) => {
    const stops = [
      listen<SyncStatus>("sync-status", (event) => onEvent({ name: "sync-status", payload: event.payload })),
      listen<AppState>("app-state", (event) => onEvent({ name: "app-state", payload: event.payload })),
      listen("rows-changed", () => onEvent({ name: "rows-changed" } satisfies BackendEvent)),
    ];
    return () => {
      for (const stop of stops) void stop.then((stopNow) => stopNow());
    };
  },
};
