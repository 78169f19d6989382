//! What speaks against a line while it is written, when it is signed, and on paper.

use protocol::id::{MedicineId, PatientId};
use protocol::mutation::Mutation;
use protocol::permission::Role;
use protocol::safety::{Check, Severity};
use protocol::table::{Row, TableName};
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use super::{Fixture, NOW, as_server, fixture, form, item};
use crate::care::checks_broken;
use crate::clock::Clock;
use crate::error::Error;
use crate::language::Language;
use crate::view::{Draft, DraftItem, Kept, PatientForm, PrescriptionSummary, Safety, Vitals};

const AMOXICILLIN: u128 = 0xa30;
const WARFARIN: u128 = 0xa31;
const IBUPROFEN: u128 = 0xa32;
/// A brand that the tenant added itself.
const BRAND: u128 = 0xa33;

fn row(table: TableName, id: u128, version: i64, values: Value) -> Row {
    Row {
        table,
        id: Uuid::from_u128(id),
        version,
        deleted: false,
        values: serde_json::from_value(values).expect("BUG: values"),
    }
}

fn medicine(table: TableName, id: u128, brand: Option<&str>, name: &str, classes: Value) -> Row {
    let values = json!({ "generic_name": name, "brand_name": brand, "strength_text": "500 mg", "dosage_form": "tablet",
        "route": "oral", "ingredients": [{ "name": name, "strength": "500 mg" }], "allergen_classes": classes,
        "schedule": "H", "is_combination": false, "search_text": name.to_lowercase(), "is_active": true });
    row(table, id, 2, values)
}

/// A doctor's desk with some medicines, and a patient of 30.
fn desk() -> (Fixture, PatientId) {
    let fixture = fixture(Role::Doctor);
    arrive(
        &fixture,
        2,
        &[
            medicine(TableName::Medicines, AMOXICILLIN, None, "Amoxicillin", json!(["penicillin"])),
            medicine(TableName::Medicines, WARFARIN, None, "Warfarin", json!([])),
            medicine(TableName::Medicines, IBUPROFEN, None, "Ibuprofen", json!(["nsaid"])),
            medicine(TableName::TenantMedicines, BRAND, Some("Brufen"), "Ibuprofen", json!([])),
        ],
    );
    let form = PatientForm { age_years: Some(30), ..form("Sunita", "98204 41276") };
    let sunita = fixture.replica.register_patient(&form).expect("BUG: registered").id;
    (fixture, sunita)
}

fn arrive(fixture: &Fixture, version: i64, rows: &[Row]) {
    fixture.store.stage(rows).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (version, version), (None, NOW)).expect("BUG: applied");
}

fn allergy(patient: PatientId, version: i64, status: &str) -> Row {
    let values = json!({ "patient_id": patient, "substance_text": "Penicillin: anaphylaxis", "class_code": "penicillin",
        "certainty": "confirmed", "status": status });
    row(TableName::PatientAllergies, 0xa11, version, values)
}

fn listed(id: u128, dose: &str) -> DraftItem {
    DraftItem {
        medicine_id: Some(MedicineId(Uuid::from_u128(id))),
        medicine_text: format!("medicine {id:x}"),
        dose_text: dose.into(),
        ..DraftItem::default()
    }
}

fn draft(items: Vec<DraftItem>) -> Draft {
    Draft { items, ..Draft::default() }
}

fn check(fixture: &Fixture, patient: PatientId, items: &[DraftItem]) -> Safety {
    fixture.replica.check_draft(patient, &draft(items.to_vec()), None).expect("BUG: checked")
}

fn kept(safety: &Safety, item: &DraftItem, reason: &str) -> DraftItem {
    let kept =
        safety.lines[0].findings.iter().map(|one| Kept { key: one.key.clone(), reason: reason.into() });
    DraftItem { kept: kept.collect(), ..item.clone() }
}

#[test]
fn an_allergy_that_arrives_while_the_pad_is_open_holds_the_line() {
    let (fixture, sunita) = desk();
    let amoxicillin = listed(AMOXICILLIN, "1-1-1 x5d");
    let before = check(&fixture, sunita, std::slice::from_ref(&amoxicillin));
    assert!(before.lines[0].findings.is_empty() && before.lines[0].is_checked);
    arrive(&fixture, 3, &[allergy(sunita, 3, "active")]);
    let after = check(&fixture, sunita, std::slice::from_ref(&amoxicillin));
    assert!(after.lines[0].is_held);
    assert_eq!(
        after.lines[0].findings[0].why,
        "Amoxicillin is a penicillin. Noted allergy: Penicillin: anaphylaxis."
    );
    let typed =
        fixture.replica.check_draft(sunita, &Draft::default(), Some(&amoxicillin)).expect("BUG: checked");
    assert!(typed.line.expect("BUG: the typed line").is_held, "before it is accepted");
    let chart = fixture.replica.chart(sunita).expect("BUG: the chart");
    assert_eq!(
        (chart.allergy_status.as_str(), chart.allergies[0].form.substance.as_str()),
        ("has_allergies", "Penicillin: anaphylaxis")
    );
}

#[test]
fn who_is_said_to_have_allergies_that_nobody_noted_has_no_line_that_is_called_checked_whole() {
    let (fixture, sunita) = desk();
    let said = [("allergy_status", json!("has_allergies"))];
    let usha = PatientId(Uuid::from_u128(0x5a1));
    arrive(&fixture, 3, &[Row { id: usha.0, ..as_server(&fixture, sunita, 3, &said) }]);
    let two_lines = [listed(AMOXICILLIN, "1-1-1 x5d"), listed(WARFARIN, "½ hs x5d")];
    let safety = check(&fixture, usha, &two_lines);
    assert_eq!(safety.gaps, ["An allergy is recorded, but not to what."], "once for both");
    assert!(safety.lines.iter().all(|line| line.is_partly_checked && line.gaps.is_empty()));
    fixture.replica.spoken.set(Language::Hi);
    assert_eq!(check(&fixture, usha, &[]).gaps, ["एलर्जी लिखी है, पर किससे है यह नहीं लिखा।"], "before any line");
}

#[test]
fn a_finding_is_hindi_in_the_window_and_english_in_the_record() {
    let (fixture, sunita) = desk();
    arrive(&fixture, 3, &[allergy(sunita, 3, "active")]);
    fixture.replica.spoken.set(Language::Hi);
    let amoxicillin = listed(AMOXICILLIN, "1-1-1 x5d");
    let safety = check(&fixture, sunita, std::slice::from_ref(&amoxicillin));
    let said = "Amoxicillin पेनिसिलिन है। लिखी हुई एलर्जी: Penicillin: anaphylaxis।";
    assert_eq!(safety.lines[0].findings[0].why, said);
    let signed = draft(vec![kept(&safety, &amoxicillin, "tolerated before")]);
    let signed = fixture.replica.sign_prescription(sunita, &signed, &[]).expect("BUG: signed");
    assert_eq!(signed.alerts[0].why, said);
    fixture.replica.spoken.set(Language::En);
    let shown = fixture.replica.prescription(signed.id).expect("BUG: there");
    assert_eq!(shown.alerts[0].why, "Amoxicillin is a penicillin. Noted allergy: Penicillin: anaphylaxis.");
}

#[test]
fn a_held_line_is_signed_only_with_a_reason_which_stays_with_the_prescription_and_is_printed() {
    let (fixture, sunita) = desk();
    arrive(&fixture, 3, &[allergy(sunita, 3, "active")]);
    let amoxicillin = listed(AMOXICILLIN, "1-1-1 x5d");
    let paracetamol = item("Paracetamol 650 mg", "1-0-1 x3d");
    let both = draft(vec![amoxicillin.clone(), paracetamol.clone()]);
    let refused = fixture.replica.sign_prescription(sunita, &both, &[]);
    assert!(matches!(refused, Err(Error::Held(_))), "{refused:?}");
    fixture.replica.save_draft(sunita, &both).expect("BUG: saved");
    assert_eq!(
        fixture.replica.printed_draft(sunita).expect("BUG: drawn").items.len(),
        1,
        "it does not print"
    );

    let without = fixture.replica.sign_prescription(sunita, &both, &[0]).expect("BUG: signed");
    assert_eq!(without.items.len(), 1);
    assert!(without.alerts[0].is_left_out);

    let safety = check(&fixture, sunita, std::slice::from_ref(&amoxicillin));
    let blank = draft(vec![kept(&safety, &amoxicillin, "  ")]);
    assert!(fixture.replica.sign_prescription(sunita, &blank, &[]).is_err(), "a reason of blanks is none");
    let with_reason = draft(vec![kept(&safety, &amoxicillin, "Desensitised in 2024")]);
    let signed = fixture.replica.sign_prescription(sunita, &with_reason, &[]).expect("BUG: signed");
    assert_eq!(signed.alerts[0].reason.as_deref(), Some("Desensitised in 2024"));
    assert_eq!(signed.alerts[0].rule_version, Some(protocol::safety::RULES_VERSION));
    let found = fixture.replica.prescription(signed.id).expect("BUG: there");
    assert_eq!(PrescriptionSummary { own_signature: None, ..found }, signed);
    let printed = fixture.replica.printed(signed.id).expect("BUG: printed");
    assert_eq!(printed.items[0].remark, "Prescribed knowing of the allergy: Desensitised in 2024");
    assert_eq!(printed.allergies, "Penicillin: anaphylaxis");
    assert_eq!(fixture.replica.verify().expect("BUG: verified").problems, Vec::<String>::new());
}

#[test]
fn a_reason_does_not_cover_an_allergy_that_arrives_after_it() {
    let (fixture, sunita) = desk();
    let warnings = [("alerts", json!("Amoxicillin rash")), ("allergy_status", json!("has_allergies"))];
    arrive(&fixture, 3, &[as_server(&fixture, sunita, 3, &warnings)]);
    let amoxicillin = listed(AMOXICILLIN, "1-1-1 x5d");
    let safety = check(&fixture, sunita, std::slice::from_ref(&amoxicillin));
    let item = kept(&safety, &amoxicillin, "It was a virus");
    assert!(!check(&fixture, sunita, std::slice::from_ref(&item)).lines[0].is_held);
    arrive(&fixture, 4, &[allergy(sunita, 4, "active")]);
    assert!(check(&fixture, sunita, &[item]).lines[0].is_held);
}

#[test]
fn what_two_computers_differ_about_counts_on_the_safe_side() {
    let (fixture, sunita) = desk();
    let open = |id: u128, table: &str, of: Uuid, column: &str, theirs: Value, ours: Value| {
        let values = json!({ "kind": "column", "scope": "clinical", "table_name": table, "row_id": of,
            "column_name": column, "patient_id": sunita, "theirs": theirs, "ours": ours,
            "opened_at": "2026-11-23T05:00:00.000Z", "state": "open" });
        row(TableName::SyncConflicts, id, 3, values)
    };
    let pregnant = json!("pregnant");
    let child = json!({ "date_of_birth": "2022-01-01", "age_years": null, "age_months": null, "age_recorded_on": null });
    let adult = json!({ "date_of_birth": "1990-01-01", "age_years": null, "age_months": null, "age_recorded_on": null });
    arrive(
        &fixture,
        3,
        &[
            allergy(sunita, 3, "inactive"),
            open(
                1,
                "patient_allergies",
                Uuid::from_u128(0xa11),
                "status",
                json!("inactive"),
                json!("active"),
            ),
            open(2, "patients", sunita.0, "pregnancy_status", json!("not_pregnant"), pregnant),
            open(3, "patients", sunita.0, "date_of_birth", adult, child),
        ],
    );
    let found = |id: u128| -> Vec<(Check, Severity)> {
        let lines = check(&fixture, sunita, &[listed(id, "1-0-1 x5d")]).lines;
        lines[0].findings.iter().map(|one| (one.check, one.severity)).collect()
    };
    assert_eq!(found(AMOXICILLIN), [(Check::Allergy, Severity::Hold)]);
    assert_eq!(found(IBUPROFEN), [(Check::Pregnancy, Severity::Hold)]);
    let doxycycline = check(&fixture, sunita, &[item("Doxycycline 100 mg", "1-0-1 x5d")]);
    assert!(doxycycline.lines[0].findings.iter().any(|one| one.check == Check::Age), "{doxycycline:?}");
    assert!(!doxycycline.lines[0].is_checked, "words of the doctor's own");
}

#[test]
fn that_she_is_not_pregnant_counts_for_a_cycle_and_is_then_asked_again() {
    let (mut fixture, sunita) = desk();
    let asks = |fixture: &Fixture| {
        let safety = check(fixture, sunita, &[listed(WARFARIN, "1 hs x5d")]);
        safety.lines[0].findings.iter().any(|one| one.why.starts_with("Is she pregnant?"))
    };
    let change = |fixture: &Fixture, with: fn(&mut PatientForm)| {
        let seen = fixture.replica.chart(sunita).expect("BUG: the chart").form;
        let mut form = seen.clone();
        with(&mut form);
        fixture.replica.update_patient(sunita, &seen, &form).expect("BUG: saved");
    };
    let says_no = |form: &mut PatientForm| form.pregnancy_status = Some("not_pregnant".into());
    let shown =
        |fixture: &Fixture| fixture.replica.chart(sunita).expect("BUG: the chart").form.pregnancy_status;
    assert!(asks(&fixture));
    change(&fixture, says_no);
    fixture.replica.clock = Clock::stopped(NOW + Duration::days(28));
    assert!(!asks(&fixture));
    assert_eq!(shown(&fixture).as_deref(), Some("not_pregnant"));
    fixture.replica.clock = Clock::stopped(NOW + Duration::days(29));
    assert!(asks(&fixture));
    assert_eq!(shown(&fixture), None, "she is to be asked again");
    change(&fixture, |form| form.city = "Pune".into());
    assert!(asks(&fixture), "nobody asked her");
    change(&fixture, says_no);
    assert!(!asks(&fixture));
    assert_eq!(shown(&fixture).as_deref(), Some("not_pregnant"));
    // Another answer is from what is stored, not from what was shown: the server sees no second opinion in it.
    fixture.replica.clock = Clock::stopped(NOW + Duration::days(90));
    change(&fixture, |form| form.pregnancy_status = Some("pregnant".into()));
    let waiting = fixture.store.next_batch(500, 1_000_000).expect("BUG: readable");
    let last = &waiting.last().expect("BUG: a change").body;
    let last: Mutation = serde_json::from_str(last).expect("BUG: a mutation");
    assert_eq!(last.changes[0].set["pregnancy_status"].base, json!("not_pregnant"));
}

#[test]
fn a_brand_of_the_clinics_own_and_what_still_runs_are_looked_at_together() {
    let (fixture, sunita) = desk();
    let warfarin = draft(vec![listed(WARFARIN, "½ hs cont")]);
    fixture.replica.sign_prescription(sunita, &warfarin, &[]).expect("BUG: signed");
    let safety = check(&fixture, sunita, &[listed(BRAND, "1-0-1 x5d"), listed(IBUPROFEN, "1-0-1 x5d")]);
    assert_eq!(safety.lines[0].findings[0].check, Check::Interaction);
    assert!(safety.lines[0].findings[0].why.contains("Warfarin 500 mg, which still runs"));
    assert!(safety.lines[1].findings.iter().any(|one| one.check == Check::SameIngredient));
}

#[test]
fn what_still_runs_is_looked_at_however_many_prescriptions_were_signed_since() {
    let (mut fixture, sunita) = desk();
    let warfarin = draft(vec![listed(WARFARIN, "½ hs cont")]);
    fixture.replica.sign_prescription(sunita, &warfarin, &[]).expect("BUG: signed");
    fixture.replica.clock = Clock::stopped(NOW + Duration::days(1));
    for _ in 0..20 {
        let other = draft(vec![item("Paracetamol 650 mg", "1-0-1 x3d")]);
        fixture.replica.sign_prescription(sunita, &other, &[]).expect("BUG: signed");
    }
    let found = |fixture: &Fixture| {
        let findings = check(fixture, sunita, &[listed(IBUPROFEN, "1-0-1 x5d")]).lines.remove(0).findings;
        findings.into_iter().filter(|one| one.check == Check::Interaction).collect::<Vec<_>>()
    };
    assert_eq!(found(&fixture).len(), 1);
    assert!(found(&fixture)[0].why.contains("Warfarin 500 mg, which still runs"));
}

#[test]
fn what_was_written_until_further_notice_or_for_years_is_looked_at_however_long_ago_that_was() {
    let found = |dose: &str| {
        let (mut fixture, sunita) = desk();
        fixture
            .replica
            .sign_prescription(sunita, &draft(vec![listed(WARFARIN, dose)]), &[])
            .expect("BUG: signed");
        fixture.replica.clock = Clock::stopped(NOW + Duration::days(500));
        let findings = check(&fixture, sunita, &[listed(IBUPROFEN, "1-0-1 x5d")]).lines.remove(0).findings;
        findings.iter().filter(|one| one.check == Check::Interaction).count()
    };
    assert_eq!([found("½ hs cont"), found("½ hs x18m")], [1, 1]);
    assert_eq!([found("½ hs x12m"), found("½ hs x5d")], [0, 0], "they ended");
}

#[test]
fn the_most_of_a_day_counts_what_was_signed_before_and_still_runs() {
    let (fixture, sunita) = desk();
    let signed = draft(vec![listed(IBUPROFEN, "1-1-1 x5d")]);
    fixture.replica.sign_prescription(sunita, &signed, &[]).expect("BUG: signed");
    let daily = |dose: &str| {
        let findings = check(&fixture, sunita, &[listed(BRAND, dose)]).lines.remove(0).findings;
        findings.into_iter().find(|one| one.check == Check::DailyDose)
    };
    assert!(daily("1-0-0 x5d").is_none());
    let found = daily("1-0-1 x5d").expect("BUG: 2500 mg");
    assert!(found.why.contains("Of it, 1500 mg were prescribed on 23 Nov 2026"), "{}", found.why);
    assert_eq!((found.severity, found.signed.len()), (Severity::Caution, 1), "it may be written anew");
}

#[test]
fn what_was_stopped_does_not_speak_against_a_line_until_it_is_taken_up_again() {
    let (fixture, sunita) = desk();
    let replica = &fixture.replica;
    let signed = draft(vec![listed(IBUPROFEN, "1-1-1 x5d")]);
    replica.sign_prescription(sunita, &signed, &[]).expect("BUG: signed");
    let is_doubled = || {
        let findings = check(&fixture, sunita, &[listed(BRAND, "1-0-1 x5d")]).lines.remove(0).findings;
        findings.iter().any(|one| one.check == Check::SameIngredient)
    };
    assert!(is_doubled());
    let line = replica.chart(sunita).expect("BUG: the chart").running[0].id;
    replica.stop_medicine(line, "rash").expect("BUG: stopped");
    assert!(!is_doubled());
    replica.resume_medicine(line).expect("BUG: taken up again");
    assert!(is_doubled());
}

#[test]
fn whoever_is_signed_in_is_told_whether_the_checks_passed_their_own_test() {
    let (fixture, _) = desk();
    assert_eq!(checks_broken(), None);
    assert!(!fixture.replica.session().checks_broken);
}

#[test]
fn without_a_list_of_medicines_it_says_that_nothing_is_checked_and_keeps_that_with_what_is_signed() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    fixture.store.write(|tx| Ok(tx.execute("delete from medicines", [])?)).expect("BUG: emptied");
    let draft = draft(vec![item("Paracetamol 650 mg", "1-0-1 x3d")]);
    let safety = fixture.replica.check_draft(sunita, &draft, None).expect("BUG: checked");
    assert!(safety.broken.is_some_and(|why| why.contains("nothing is checked")));
    assert!(!safety.lines[0].is_checked);
    let signed = fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    assert!(signed.alerts[0].why.contains("nothing is checked"));
}

#[test]
fn the_dose_of_a_child_goes_by_the_weight_in_the_draft_or_of_a_visit_not_long_ago() {
    const PARACETAMOL: u128 = 0xa34;
    let (mut fixture, _) = desk();
    let tablets = medicine(TableName::Medicines, PARACETAMOL, None, "Paracetamol", json!([]));
    arrive(&fixture, 3, &[Row { version: 3, ..tablets }]);
    let child = PatientForm { age_years: Some(4), ..form("Asha", "98204 41277") };
    let child = fixture.replica.register_patient(&child).expect("BUG: registered").id;
    let weighing = |weight_kg| Draft {
        vitals: Vitals { weight_kg, ..Vitals::default() },
        ..draft(vec![listed(PARACETAMOL, "1-1-1 x3d")])
    };
    let line = |fixture: &Fixture, weight_kg| {
        fixture.replica.check_draft(child, &weighing(weight_kg), None).expect("BUG: checked").lines.remove(0)
    };
    let none_noted = ["Paracetamol: a child's dose goes by weight, and none is noted."];
    assert_eq!(line(&fixture, None).gaps, none_noted);
    assert!(line(&fixture, None).is_partly_checked && !line(&fixture, Some(24.0)).is_partly_checked);
    assert!(!line(&fixture, None).is_held && line(&fixture, Some(15.0)).is_held);
    assert!(!line(&fixture, Some(24.0)).is_held);
    fixture.replica.sign_prescription(child, &weighing(Some(24.0)), &[]).expect("BUG: signed");
    assert_eq!(line(&fixture, None).gaps, Vec::<String>::new());
    fixture.replica.clock = Clock::stopped(NOW + Duration::days(91));
    assert_eq!(line(&fixture, None).gaps, none_noted, "a child grows");
}

#[test]
fn of_whom_an_import_knew_no_age_the_checks_say_so_and_ask_whether_she_is_pregnant() {
    let (fixture, _) = desk();
    let nobody_knows = PatientForm { age_years: Some(130), ..form("Meena", "98204 41278") };
    let meena = fixture.replica.register_patient(&nobody_knows).expect("BUG: registered").id;
    let safety = check(&fixture, meena, &[listed(IBUPROFEN, "1-0-1 x3d"), listed(WARFARIN, "1-0-0 x3d")]);
    assert_eq!(
        safety.lines[0].gaps,
        [
            "Ibuprofen: a child's dose goes by weight, and none is noted.",
            "Ibuprofen: whether the age allows it is not checked: none is noted."
        ]
    );
    assert!(safety.lines[1].findings.iter().any(|one| one.why.starts_with("Is she pregnant?")));
}
