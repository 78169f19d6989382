//! The commands of the window: each forwards to the replica and adds no rule of its own. A command takes no
//! user, tenant, role, path or query text from the window: who is signed in is known here.

use std::sync::Arc;

use prescription_pdf::{Drawn, Paper, RecoveryPaper};
use protocol::conflict::Choice;
use protocol::error::ErrorCode;
use protocol::id::{AllergyId, ConflictId, DeviceId, MedicineId, PatientId, PrescriptionId, ShortKeyId};
use protocol::printed::Printed;
use protocol::settlement::Way;
use replica::view::{
    Allergen, AllergyForm, AppState, Chart, CommandError, ComputerView, Conflict, CorrectedField, Diagnosis,
    DosageRead, Draft, DraftItem, DraftSaved, Enrolment, GivenDraft, LedgerChoices, LedgerFilter,
    LedgerFormat, LedgerPage, Letterhead, LineRead, OwnMedicine, OwnMedicineForm, Pad, PatientForm,
    PatientSummary, PrescriptionSummary, RecoveryForm, RecoveryPage, RefusedChange, Safety, ShortKey,
    ShortKeyForm, ShortKeyFound, ShortKeyTest, SyncStatus, Today,
};
use replica::{Desk, Language, Replica};
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;

use crate::files::must_still_be;

/// At most this many entries of the ledger come at once.
const LEDGER_ENTRIES: u32 = 200;

pub type Answer<T> = Result<T, CommandError>;
pub type Here<'a> = State<'a, Arc<Desk>>;

/// Runs a short piece of work on the unlocked replica, off the window's thread.
pub async fn ask<T: Send + 'static>(
    desk: Here<'_>,
    work: impl FnOnce(&Replica) -> replica::Result<T> + Send + 'static,
) -> Answer<T> {
    let replica = desk.replica()?;
    aside(move || Ok(work(&replica)?)).await
}

pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> Answer<T> + Send + 'static) -> Answer<T> {
    tauri::async_runtime::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a command did not end");
        failed("Something went wrong in this program. What was saved is safe; try again.")
    })?
}

pub fn failed(detail: &str) -> CommandError {
    CommandError::new(ErrorCode::Internal, detail)
}

fn draw(prescription: &Printed, is_a4: bool) -> Answer<Drawn> {
    Drawn::new(prescription, if is_a4 { Paper::A4 } else { Paper::A5 }).map_err(|error| {
        tracing::error!(%error, "a prescription was not drawn");
        failed("The page could not be drawn. The prescription itself is safe.")
    })
}

#[tauri::command]
pub async fn app_state(desk: Here<'_>) -> Answer<AppState> {
    let desk = Arc::clone(&desk);
    aside(move || Ok(desk.state())).await
}

#[tauri::command]
pub async fn language(desk: Here<'_>) -> Answer<Language> {
    let desk = Arc::clone(&desk);
    aside(move || Ok(desk.language())).await
}

#[tauri::command]
pub async fn set_language(desk: Here<'_>, language: Language) -> Answer<()> {
    let desk = Arc::clone(&desk);
    aside(move || Ok(desk.set_language(language)?)).await
}

#[tauri::command]
pub async fn enrol(desk: Here<'_>, enrolment: Enrolment) -> Answer<AppState> {
    Ok(desk.enrol(enrolment).await?)
}

/// Opens this computer, whose keys are lost or which a restored server does not know, with its recovery code.
#[tauri::command]
pub async fn recover(desk: Here<'_>, form: RecoveryForm) -> Answer<AppState> {
    Ok(desk.recover(form).await?)
}

#[tauri::command]
pub async fn new_recovery_code(desk: Here<'_>, password: String) -> Answer<AppState> {
    Ok(desk.new_recovery_code(&password).await?)
}

/// The recovery code that waits to be written down.
#[tauri::command]
pub async fn recovery_page(desk: Here<'_>) -> Answer<Option<RecoveryPage>> {
    Ok(desk.recovery_page()?)
}

/// Whoever is signed in says that it is written down.
#[tauri::command]
pub async fn keep_recovery_code(desk: Here<'_>) -> Answer<AppState> {
    let desk = Arc::clone(&desk);
    aside(move || Ok(desk.recovery_is_kept()?)).await
}

/// Asks where to, and writes the page of the recovery code; `None` if the person changed their mind.
#[tauri::command]
pub async fn save_recovery_pdf(app: AppHandle, desk: Here<'_>) -> Answer<Option<String>> {
    let page = desk.recovery_page()?;
    let (desk, replica) = (Arc::clone(&desk), desk.replica()?);
    aside(move || {
        let not_written = "The PDF could not be written. The code is still on the screen: write it down.";
        let page = page.ok_or_else(|| failed("No recovery code is shown any more. Make another one."))?;
        let clinic = format!("{}, {}", page.tenant_name, page.clinic_name);
        let paper = RecoveryPaper {
            code: &page.code,
            fingerprint: &page.fingerprint,
            device_name: &page.device_name,
            clinic_name: &clinic,
            made_on: page.made_at.get(..10).unwrap_or_default(),
        };
        let drawn = Drawn::recovery(paper).and_then(|drawn| drawn.pdf());
        let pdf = drawn.map_err(|error| {
            tracing::error!(%error, "the page of a recovery code was not drawn");
            failed(not_written)
        })?;
        let name = format!("recovery-code-{}.pdf", page.fingerprint);
        let chosen = app.dialog().file().add_filter("PDF", &["pdf"]).set_file_name(name).blocking_save_file();
        let Some(path) = chosen.and_then(|file| file.into_path().ok()) else { return Ok(None) };
        // The dialog of the system outlives a lock.
        must_still_be(&desk, &replica)?;
        std::fs::write(&path, pdf).map_err(|error| {
            tracing::warn!(kind = ?error.kind(), "the page of a recovery code was not written");
            failed(not_written)
        })?;
        Ok(Some(path.to_string_lossy().into_owned()))
    })
    .await
}

#[tauri::command]
pub async fn unlock(desk: Here<'_>, email: String, password: String) -> Answer<AppState> {
    Ok(desk.unlock(&email, &password).await?)
}

#[tauri::command]
pub async fn enrol_again(desk: Here<'_>, code: String, password: String) -> Answer<AppState> {
    Ok(desk.enrol_again(&code, &password).await?)
}

#[tauri::command]
pub async fn lock(desk: Here<'_>) -> Answer<AppState> {
    let desk = Arc::clone(&desk);
    aside(move || {
        desk.lock();
        Ok(desk.state())
    })
    .await
}

#[tauri::command]
pub async fn sync_status(desk: Here<'_>) -> Answer<SyncStatus> {
    let desk = Arc::clone(&desk);
    aside(move || Ok(desk.sync_status())).await
}

#[tauri::command]
pub async fn sync_now(desk: Here<'_>) -> Answer<()> {
    desk.sync_now();
    Ok(())
}

#[tauri::command]
pub async fn list_ledger(desk: Here<'_>, filter: LedgerFilter, before: Option<u32>) -> Answer<LedgerPage> {
    ask(desk, move |replica| replica.ledger_page(&filter, before, LEDGER_ENTRIES)).await
}

#[tauri::command]
pub async fn ledger_choices(desk: Here<'_>) -> Answer<LedgerChoices> {
    ask(desk, Replica::ledger_choices).await
}

/// Asks where to write the ledger; `None` if the person changed their mind.
#[tauri::command]
pub async fn save_ledger(
    app: AppHandle,
    desk: Here<'_>,
    filter: LedgerFilter,
    format: LedgerFormat,
) -> Answer<Option<String>> {
    let (desk, replica) = (Arc::clone(&desk), desk.replica()?);
    aside(move || {
        let (words, ending) = match format {
            LedgerFormat::Csv => ("CSV", "csv"),
            LedgerFormat::Ndjson => ("JSON lines", "ndjson"),
        };
        let name = format!("ledger.{ending}");
        let chosen =
            app.dialog().file().add_filter(words, &[ending]).set_file_name(name).blocking_save_file();
        let Some(path) = chosen.and_then(|file| file.into_path().ok()) else { return Ok(None) };
        must_still_be(&desk, &replica)?;
        let file = std::fs::File::create(&path).map_err(|error| {
            tracing::warn!(kind = ?error.kind(), "the ledger was not written");
            failed("The file could not be written there. The ledger itself is safe; choose another folder.")
        })?;
        replica.export_ledger(&filter, format, &mut std::io::BufWriter::new(file))?;
        Ok(Some(path.to_string_lossy().into_owned()))
    })
    .await
}

#[tauri::command]
pub async fn list_refused(desk: Here<'_>) -> Answer<Vec<RefusedChange>> {
    ask(desk, Replica::refused).await
}

#[tauri::command]
pub async fn settle_refused(
    desk: Here<'_>,
    sequence: u32,
    way: Way,
    reason: String,
    corrected: Vec<CorrectedField>,
) -> Answer<()> {
    ask(desk, move |replica| replica.settle(sequence, way, &reason, &corrected)).await
}

/// What a refused change says that is before the admins; the server is asked.
#[tauri::command]
pub async fn look_at_refused(desk: Here<'_>, conflict_id: ConflictId) -> Answer<RefusedChange> {
    Ok(desk.look_at_refused(conflict_id).await?)
}

#[tauri::command]
pub async fn correct_refused(
    desk: Here<'_>,
    conflict_id: ConflictId,
    corrected: Vec<CorrectedField>,
) -> Answer<()> {
    Ok(desk.correct_refused(conflict_id, corrected).await?)
}

#[tauri::command]
pub async fn list_computers(desk: Here<'_>) -> Answer<Vec<ComputerView>> {
    let this = desk.replica()?.device();
    Ok(desk.devices().await?.into_iter().map(|info| ComputerView::of(info, this)).collect())
}

#[tauri::command]
pub async fn revoke_computer(desk: Here<'_>, id: DeviceId, reason: Option<String>) -> Answer<ComputerView> {
    let this = desk.replica()?.device();
    Ok(ComputerView::of(desk.revoke_device(id, reason).await?, this))
}

#[tauri::command]
pub async fn object_to_admin(desk: Here<'_>) -> Answer<()> {
    Ok(desk.object_to_admin().await?)
}

#[tauri::command]
pub async fn list_conflicts(desk: Here<'_>, is_open: bool) -> Answer<Vec<Conflict>> {
    ask(desk, move |replica| replica.conflicts(is_open)).await
}

#[tauri::command]
pub async fn decide_conflict(
    desk: Here<'_>,
    conflict_id: ConflictId,
    choice: Choice,
    typed: Option<String>,
    reason: String,
) -> Answer<Conflict> {
    ask(desk, move |replica| replica.decide_conflict(conflict_id, choice, typed.as_deref(), &reason)).await
}

#[tauri::command]
pub async fn merge_patients(desk: Here<'_>, keep: PatientId, away: PatientId, reason: String) -> Answer<()> {
    ask(desk, move |replica| replica.merge_patients(keep, away, &reason)).await
}

#[tauri::command]
pub async fn unmerge_patient(desk: Here<'_>, away: PatientId) -> Answer<()> {
    ask(desk, move |replica| replica.unmerge_patient(away)).await
}

#[tauri::command]
pub async fn propose_merger(desk: Here<'_>, one: PatientId, other: PatientId) -> Answer<()> {
    ask(desk, move |replica| replica.propose_merger(one, other)).await
}

#[tauri::command]
pub async fn get_today(desk: Here<'_>) -> Answer<Today> {
    ask(desk, Replica::today).await
}

#[tauri::command]
pub async fn find_patients(desk: Here<'_>, query: String) -> Answer<Vec<PatientSummary>> {
    ask(desk, move |replica| replica.find_patients(&query)).await
}

#[tauri::command]
pub async fn register_patient(desk: Here<'_>, form: PatientForm) -> Answer<PatientSummary> {
    ask(desk, move |replica| replica.register_patient(&form)).await
}

#[tauri::command]
pub async fn update_patient(
    desk: Here<'_>,
    patient_id: PatientId,
    seen: PatientForm,
    form: PatientForm,
) -> Answer<PatientSummary> {
    ask(desk, move |replica| replica.update_patient(patient_id, &seen, &form)).await
}

#[tauri::command]
pub async fn get_chart(desk: Here<'_>, patient_id: PatientId) -> Answer<Chart> {
    ask(desk, move |replica| replica.chart(patient_id)).await
}

#[tauri::command]
pub async fn find_allergens(desk: Here<'_>, typed: String) -> Answer<Vec<Allergen>> {
    ask(desk, move |replica| replica.find_allergens(&typed)).await
}

#[tauri::command]
pub async fn add_allergy(desk: Here<'_>, patient_id: PatientId, form: AllergyForm) -> Answer<()> {
    ask(desk, move |replica| replica.save_allergy(patient_id, None, &form)).await
}

#[tauri::command]
pub async fn change_allergy(
    desk: Here<'_>,
    patient_id: PatientId,
    id: AllergyId,
    seen: AllergyForm,
    form: AllergyForm,
) -> Answer<()> {
    ask(desk, move |replica| replica.save_allergy(patient_id, Some((id, &seen)), &form)).await
}

#[tauri::command]
pub async fn note_no_allergies(desk: Here<'_>, patient_id: PatientId) -> Answer<()> {
    ask(desk, move |replica| replica.note_no_allergies(patient_id)).await
}

#[tauri::command]
pub async fn save_conditions(
    desk: Here<'_>,
    patient_id: PatientId,
    seen: Vec<Diagnosis>,
    wanted: Vec<Diagnosis>,
) -> Answer<()> {
    ask(desk, move |replica| replica.save_conditions(patient_id, &seen, &wanted)).await
}

#[tauri::command]
pub async fn open_pad(desk: Here<'_>, patient_id: PatientId) -> Answer<Pad> {
    ask(desk, move |replica| replica.open_pad(patient_id)).await
}

#[tauri::command]
pub async fn save_draft(desk: Here<'_>, patient_id: PatientId, draft: Draft) -> Answer<DraftSaved> {
    ask(desk, move |replica| replica.save_draft(patient_id, &draft)).await
}

#[tauri::command]
pub async fn discard_draft(desk: Here<'_>, patient_id: PatientId) -> Answer<()> {
    ask(desk, move |replica| replica.discard_draft(patient_id)).await
}

#[tauri::command]
pub async fn read_line(desk: Here<'_>, text: String, was: Option<DraftItem>) -> Answer<LineRead> {
    ask(desk, move |replica| replica.read_line(&text, was.as_ref())).await
}

#[tauri::command]
pub async fn read_dosage(
    desk: Here<'_>,
    text: String,
    dosage_form: String,
    strength: String,
) -> Answer<DosageRead> {
    Ok(Replica::read_dosage(&text, &dosage_form, &strength, desk.speaks())?)
}

#[tauri::command]
pub async fn repeat_prescription(
    desk: Here<'_>,
    patient_id: PatientId,
    prescription_id: Option<PrescriptionId>,
    draft: Option<Draft>,
) -> Answer<Draft> {
    ask(desk, move |replica| replica.repeat_prescription(patient_id, prescription_id, draft)).await
}

#[tauri::command]
pub async fn find_short_keys(
    desk: Here<'_>,
    patient_id: PatientId,
    typed: String,
) -> Answer<Vec<ShortKeyFound>> {
    ask(desk, move |replica| replica.find_short_keys(patient_id, &typed)).await
}

#[tauri::command]
pub async fn expand_short_key(
    desk: Here<'_>,
    patient_id: PatientId,
    typed: String,
    draft: Draft,
) -> Answer<Draft> {
    ask(desk, move |replica| replica.expand_short_key(patient_id, &typed, draft)).await
}

#[tauri::command]
pub async fn list_phrases(desk: Here<'_>) -> Answer<Vec<(String, String)>> {
    ask(desk, Replica::phrases).await
}

#[tauri::command]
pub async fn list_short_keys(desk: Here<'_>) -> Answer<Vec<ShortKey>> {
    ask(desk, Replica::short_keys).await
}

#[tauri::command]
pub async fn save_short_key(
    desk: Here<'_>,
    opened: Option<(ShortKeyId, ShortKeyForm)>,
    form: ShortKeyForm,
) -> Answer<ShortKeyId> {
    ask(desk, move |replica| {
        let opened = opened.as_ref().map(|(id, seen)| (*id, seen));
        replica.save_short_key(opened, &form)
    })
    .await
}

#[tauri::command]
pub async fn remove_short_key(desk: Here<'_>, id: ShortKeyId) -> Answer<()> {
    ask(desk, move |replica| replica.remove_short_key(id)).await
}

#[tauri::command]
pub async fn test_short_key(desk: Here<'_>, form: ShortKeyForm) -> Answer<ShortKeyTest> {
    ask(desk, move |replica| replica.test_short_key(&form)).await
}

#[tauri::command]
pub async fn list_own_medicines(desk: Here<'_>) -> Answer<Vec<OwnMedicine>> {
    ask(desk, Replica::own_medicines).await
}

#[tauri::command]
pub async fn add_own_medicine(desk: Here<'_>, form: OwnMedicineForm) -> Answer<MedicineId> {
    ask(desk, move |replica| replica.add_own_medicine(&form)).await
}

#[tauri::command]
pub async fn correct_own_medicine(
    desk: Here<'_>,
    id: MedicineId,
    seen: OwnMedicineForm,
    form: OwnMedicineForm,
) -> Answer<()> {
    ask(desk, move |replica| replica.correct_own_medicine(id, &seen, &form)).await
}

#[tauri::command]
pub async fn keep_own_medicine(desk: Here<'_>, id: MedicineId, is_in_use: bool) -> Answer<()> {
    ask(desk, move |replica| replica.keep_own_medicine(id, is_in_use)).await
}

#[tauri::command]
pub async fn find_diagnoses(desk: Here<'_>, typed: String) -> Answer<Vec<Diagnosis>> {
    ask(desk, move |replica| replica.find_diagnoses(&typed)).await
}

#[tauri::command]
pub async fn amend_prescription(desk: Here<'_>, prescription_id: PrescriptionId) -> Answer<Draft> {
    ask(desk, move |replica| replica.amend_prescription(prescription_id)).await
}

#[tauri::command]
pub async fn void_prescription(
    desk: Here<'_>,
    prescription_id: PrescriptionId,
    reason: String,
) -> Answer<PrescriptionSummary> {
    ask(desk, move |replica| replica.void_prescription(prescription_id, &reason)).await
}

#[tauri::command]
pub async fn check_draft(
    desk: Here<'_>,
    patient_id: PatientId,
    draft: Draft,
    typed: Option<DraftItem>,
) -> Answer<Safety> {
    ask(desk, move |replica| replica.check_draft(patient_id, &draft, typed.as_ref())).await
}

#[tauri::command]
pub async fn sign_prescription(
    desk: Here<'_>,
    patient_id: PatientId,
    draft: Draft,
    leave_out: Vec<usize>,
) -> Answer<PrescriptionSummary> {
    ask(desk, move |replica| replica.sign_prescription(patient_id, &draft, &leave_out)).await
}

#[tauri::command]
pub async fn give_to_doctor(desk: Here<'_>, patient_id: PatientId, draft: Draft) -> Answer<GivenDraft> {
    ask(desk, move |replica| replica.give_to_doctor(patient_id, &draft)).await
}

#[tauri::command]
pub async fn take_up_prepared(desk: Here<'_>, patient_id: PatientId, draft: Draft) -> Answer<Draft> {
    ask(desk, move |replica| replica.take_up_prepared(patient_id, draft)).await
}

#[tauri::command]
pub async fn take_back_prepared(desk: Here<'_>, prepared_id: PrescriptionId) -> Answer<()> {
    ask(desk, move |replica| replica.take_back_prepared(prepared_id)).await
}

#[tauri::command]
pub async fn older_prescriptions(
    desk: Here<'_>,
    patient_id: PatientId,
    newer: u32,
) -> Answer<Vec<PrescriptionSummary>> {
    ask(desk, move |replica| replica.older_prescriptions(patient_id, newer)).await
}

#[tauri::command]
pub async fn get_prescription(
    desk: Here<'_>,
    prescription_id: PrescriptionId,
) -> Answer<PrescriptionSummary> {
    ask(desk, move |replica| replica.prescription(prescription_id)).await
}

#[tauri::command]
pub async fn get_letterhead(desk: Here<'_>) -> Answer<Letterhead> {
    ask(desk, Replica::letterhead).await
}

#[tauri::command]
pub async fn save_letterhead(desk: Here<'_>, seen: Letterhead, wanted: Letterhead) -> Answer<()> {
    ask(desk, move |replica| replica.save_letterhead(&seen, &wanted)).await
}

#[tauri::command]
pub async fn preview_letterhead(desk: Here<'_>, letterhead: Letterhead) -> Answer<Vec<String>> {
    let printed = ask(desk, move |replica| replica.printed_sample(&letterhead)).await?;
    aside(move || Ok(draw(&printed, false)?.svg_pages())).await
}

#[tauri::command]
pub async fn preview_draft(desk: Here<'_>, patient_id: PatientId) -> Answer<Vec<String>> {
    let printed = ask(desk, move |replica| replica.printed_draft(patient_id)).await?;
    aside(move || Ok(draw(&printed, false)?.svg_pages())).await
}

#[tauri::command]
pub async fn prescription_pages(
    desk: Here<'_>,
    prescription_id: PrescriptionId,
    is_a4: bool,
) -> Answer<Vec<String>> {
    let printed = ask(desk, move |replica| replica.printed(prescription_id)).await?;
    aside(move || Ok(draw(&printed, is_a4)?.svg_pages())).await
}

/// Asks where to save the PDF; `None` if the person changed their mind.
#[tauri::command]
pub async fn save_prescription_pdf(
    app: AppHandle,
    desk: Here<'_>,
    prescription_id: PrescriptionId,
    is_a4: bool,
) -> Answer<Option<String>> {
    let (here, replica) = (Arc::clone(&desk), desk.replica()?);
    let printed = ask(desk, move |replica| replica.print(prescription_id)).await?;
    aside(move || {
        let not_drawn = "The PDF could not be written. The prescription itself is safe.";
        let pdf = draw(&printed, is_a4)?.pdf().map_err(|_| failed(not_drawn))?;
        let name = format!("{}.pdf", printed.number);
        let chosen = app.dialog().file().add_filter("PDF", &["pdf"]).set_file_name(name).blocking_save_file();
        let Some(path) = chosen.and_then(|file| file.into_path().ok()) else { return Ok(None) };
        must_still_be(&here, &replica)?;
        std::fs::write(&path, pdf).map_err(|error| {
            tracing::warn!(kind = ?error.kind(), "a PDF was not written");
            failed(
                "The PDF could not be written there. The prescription itself is safe; choose another folder.",
            )
        })?;
        Ok(Some(path.to_string_lossy().into_owned()))
    })
    .await
}
