//! What a nurse prepares, and what becomes of it in the doctor's room. One file stands for both computers, as if what
//! each of them wrote had reached the other.

use protocol::api::DeviceScope;
use protocol::id::{MedicineId, PatientId, PrescriptionId};
use protocol::permission::{Role, Roles};
use protocol::table::{Row, TableName};
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use super::{Fixture, NOW, doctor_id, fixture, item};
use crate::clock::Clock;
use crate::error::Error;
use crate::view::{Draft, DraftItem, Kept, Prepared, Vitals};

mod taken_back;

impl Fixture {
    /// From now on somebody else sits there.
    fn is_now(&mut self, role: Role, name: &str) {
        self.replica.person.roles = Roles(vec![role]);
        self.replica.person.full_name = name.into();
        self.replica.person.doctor_id = (role == Role::Doctor).then(doctor_id);
    }

    fn given(&self, patient: PatientId, draft: &Draft) -> PrescriptionId {
        self.replica.give_to_doctor(patient, draft).expect("BUG: given").id
    }

    fn begun(&self, patient: PatientId) -> Draft {
        self.replica.open_pad(patient).expect("BUG: a pad").draft
    }

    fn offered(&self, patient: PatientId) -> Vec<Prepared> {
        self.replica.chart(patient).expect("BUG: a chart").prepared
    }

    fn has_draft(&self, patient: PatientId) -> bool {
        self.replica.chart(patient).expect("BUG: a chart").has_draft
    }

    fn arrives(&self, rows: &[Row]) {
        self.store.stage(rows).expect("BUG: staged");
        self.store.apply_staged(vec![], (9, 1), (None, NOW)).expect("BUG: applied");
    }
}

fn row(table: TableName, id: u128, values: Value) -> Row {
    let values = serde_json::from_value(values).expect("BUG: values");
    Row { table, id: Uuid::from_u128(id), version: 9, deleted: false, values }
}

fn ids(prepared: &[Prepared]) -> Vec<PrescriptionId> {
    prepared.iter().map(|one| one.id).collect()
}

fn measured() -> Draft {
    Draft {
        complaints: "Fever since 3 days".into(),
        vitals: Vitals { bp_sys: Some(130.0), bp_dia: Some(80.0), temp_c: Some(38.2), ..Vitals::default() },
        ..Draft::default()
    }
}

/// A nurse has given this to the doctors, and then a doctor sits there.
fn prepared(draft: &Draft) -> (Fixture, PatientId, PrescriptionId) {
    let mut fixture = fixture(Role::Nurse);
    fixture.is_now(Role::Nurse, "Sister Asha");
    let sunita = fixture.register("Sunita", "98204 41276");
    let given = fixture.given(sunita, draft);
    fixture.is_now(Role::Doctor, "Anjali Kulkarni");
    (fixture, sunita, given)
}

#[test]
fn what_a_nurse_gives_begins_the_doctors_pad_until_a_doctor_signs() {
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1 sos")], ..measured() };
    let (fixture, sunita, given) = prepared(&draft);
    let offered = fixture.offered(sunita);
    assert_eq!(ids(&offered), [given]);
    assert_eq!((offered[0].by.as_str(), offered[0].at.as_str()), ("Sister Asha", "2026-11-23T05:11:08.000Z"));
    assert_eq!((&offered[0].vitals, &offered[0].words), (&draft.vitals, &vec![draft.complaints.clone()]));
    assert_eq!(offered[0].items[0].title, "PARACETAMOL 650 MG");
    let today = fixture.replica.today().expect("BUG: today");
    assert_eq!((today.prepared.len(), today.drafts.len(), today.seen.len()), (1, 0, 0));
    assert_eq!((today.prepared[0].patient.id, today.prepared[0].prepared.id), (sunita, given));

    let begun = fixture.begun(sunita);
    assert_eq!(begun, Draft { taken_up: vec![given], ..draft });
    let printed = fixture.replica.printed_draft(sunita).expect("BUG: a draft on paper");
    assert_eq!(printed.vitals, ["BP 130/80", "Temp 38.2 °C"], "it is previewed as it was begun");
    assert!(!fixture.replica.chart(sunita).expect("BUG: a chart").has_draft, "nothing was written yet");

    let signed = fixture.replica.sign_prescription(sunita, &begun, &[]).expect("BUG: signed");
    assert_eq!(fixture.offered(sunita), []);
    assert_eq!(fixture.begun(sunita), Draft::default());
    assert_eq!(fixture.replica.today().expect("BUG: today").prepared, []);
    assert_eq!(fixture.replica.verify().expect("BUG: verified").problems, Vec::<String>::new());
    fixture.replica.void_prescription(signed.id, "Another patient").expect("BUG: void");
    assert_eq!(ids(&fixture.offered(sunita)), [given], "what is void took nothing up");
}

#[test]
fn what_was_prepared_is_no_prescription() {
    let mut fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let old = Draft {
        items: vec![item("Metformin 500 mg", "1-0-1 x30d")],
        follow_up: "2026-11-23".into(),
        ..measured()
    };
    fixture.replica.clock = Clock::stopped(NOW - Duration::days(3));
    let signed = fixture.replica.sign_prescription(sunita, &old, &[]).expect("BUG: signed").id;
    fixture.replica.clock = Clock::stopped(NOW);
    let given =
        fixture.given(sunita, &Draft { items: vec![item("Cetirizine 10 mg", "0-0-1 x5d")], ..measured() });

    let chart = fixture.replica.chart(sunita).expect("BUG: a chart");
    assert_eq!(chart.prescriptions.iter().map(|one| one.id).collect::<Vec<_>>(), [signed]);
    assert_eq!((chart.measured.len(), chart.patient.last_visit.as_deref()), (1, Some("2026-11-20")));
    assert!(matches!(fixture.replica.prescription(given), Err(Error::NotFound)));
    assert!(matches!(fixture.replica.printed(given), Err(Error::NotFound)));
    assert!(matches!(fixture.replica.print(given), Err(Error::NotFound)));
    let repeated = fixture.replica.repeat_prescription(sunita, Some(given), Some(Draft::default()));
    assert!(matches!(repeated, Err(Error::NotFound)));
    assert!(fixture.replica.amend_prescription(given).is_err());
    assert!(fixture.replica.void_prescription(given, "not wanted").is_err());
    let follow_ups = fixture.replica.today().expect("BUG: today").follow_ups;
    assert_eq!(follow_ups.len(), 1, "she was not seen yet");
    let number =
        fixture.replica.sign_prescription(sunita, &measured_and_advised(), &[]).expect("BUG: signed").number;
    assert_eq!(number.as_deref(), Some("ASHA-A-261123-1"), "it had no number");
}

fn measured_and_advised() -> Draft {
    Draft { advice: "Rest".into(), ..measured() }
}

#[test]
fn what_was_prepared_is_offered_for_three_days_and_a_pad_begins_with_it_on_its_own_day() {
    let (mut fixture, sunita, given) = prepared(&measured());
    fixture.replica.clock = Clock::stopped(NOW + Duration::days(2));
    assert_eq!(ids(&fixture.offered(sunita)), [given]);
    assert_eq!(fixture.replica.today().expect("BUG: today").prepared.len(), 1);
    assert_eq!(fixture.begun(sunita), Draft::default(), "it was measured on another day");
    let filled = fixture.replica.take_up_prepared(sunita, Draft::default()).expect("BUG: taken up");
    assert_eq!(filled, Draft { taken_up: vec![given], ..measured() });

    fixture.replica.clock = Clock::stopped(NOW + Duration::days(3));
    assert_eq!(fixture.offered(sunita), []);
    assert_eq!(fixture.replica.today().expect("BUG: today").prepared, []);
}

#[test]
fn who_signs_on_another_day_has_taken_up_what_was_prepared() {
    let (mut fixture, sunita, _) = prepared(&measured());
    fixture.replica.clock = Clock::stopped(NOW + Duration::days(1));
    let filled = fixture.replica.take_up_prepared(sunita, Draft::default()).expect("BUG: taken up");
    let draft = Draft { advice: "Rest".into(), ..filled };
    fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    assert_eq!(fixture.offered(sunita), []);
}

#[test]
fn what_a_doctor_has_written_stays_and_what_was_prepared_fills_what_is_empty() {
    let (fixture, sunita, given) = prepared(&Draft {
        history: "Diabetes".into(),
        items: vec![item("Paracetamol 650 mg", "1 sos"), item("Cetirizine 10 mg", "0-0-1 x5d")],
        ..measured()
    });
    let own = Draft {
        complaints: "Cough".into(),
        vitals: Vitals { bp_sys: Some(118.0), pulse: Some(72.0), ..Vitals::default() },
        items: vec![item("paracetamol 650 MG", "1-0-1 x3d")],
        line: "azith".into(),
        ..Draft::default()
    };
    fixture.replica.save_draft(sunita, &own).expect("BUG: saved");
    assert_eq!(fixture.begun(sunita), own, "nothing of theirs is touched");
    let filled = fixture.replica.take_up_prepared(sunita, own.clone()).expect("BUG: taken up");
    let expected = Draft {
        history: "Diabetes".into(),
        vitals: Vitals { temp_c: Some(38.2), ..own.vitals.clone() },
        items: vec![own.items[0].clone(), item("Cetirizine 10 mg", "0-0-1 x5d")],
        taken_up: vec![given],
        ..own.clone()
    };
    assert_eq!(filled, expected, "an upper pressure does not get the lower one of another measurement");
    assert_eq!(fixture.begun(sunita), own, "it is not written yet");
    let again = fixture.replica.take_up_prepared(sunita, filled);
    assert!(matches!(again, Err(Error::Invalid(_))), "there is nothing more");
}

#[test]
fn what_only_a_doctor_writes_stays_in_the_nurses_draft() {
    let mut fixture = fixture(Role::Nurse);
    let sunita = fixture.register("Sunita", "98204 41276");
    let only_doctors = Draft {
        diagnoses: vec!["Fever".into()],
        investigations: "CBC".into(),
        advice: "Rest".into(),
        follow_up: "5d".into(),
        referral: "Dr. Shah".into(),
        line: "para".into(),
        ..Draft::default()
    };
    let whole = Draft { complaints: "Fever".into(), ..only_doctors.clone() };
    fixture.replica.save_draft(sunita, &whole).expect("BUG: saved");
    let answer = fixture.replica.give_to_doctor(sunita, &whole).expect("BUG: given");
    assert!(!answer.is_all);
    assert_eq!(fixture.begun(sunita), only_doctors);
    assert_eq!(fixture.offered(sunita)[0].words, ["Fever"]);

    fixture.is_now(Role::Doctor, "Anjali Kulkarni");
    let whole = Draft { line: String::new(), ..only_doctors };
    let answer = fixture.replica.give_to_doctor(sunita, &whole).expect("BUG: given");
    assert!(answer.is_all, "a doctor hands all of it on");
    assert_eq!(fixture.offered(sunita)[1].words, ["Fever", "CBC", "Rest", "Dr. Shah"]);
    let expected = Draft { follow_up: "2026-11-28".into(), complaints: "Fever".into(), ..whole };
    let begun = fixture.begun(sunita);
    assert_eq!(begun.taken_up.len(), 2);
    assert_eq!(Draft { taken_up: vec![], ..begun }, expected);
}

#[test]
fn reasons_to_keep_a_line_are_not_handed_on_and_that_is_said() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let line = item("Paracetamol 650 mg", "1 sos");
    let kept = vec![Kept { key: "allergy".into(), reason: "Taken before".into() }];
    let draft = Draft { items: vec![DraftItem { kept, ..line.clone() }], ..Draft::default() };
    let answer = fixture.replica.give_to_doctor(sunita, &draft).expect("BUG: given");
    assert!(!answer.is_all);
    assert_eq!(
        fixture.begun(sunita),
        Draft { items: vec![line], taken_up: vec![answer.id], ..Draft::default() }
    );
}

#[test]
fn what_is_given_once_more_takes_the_place_of_what_it_was_written_from() {
    let (mut fixture, sunita, first) = prepared(&measured());
    let doctors = Draft { complaints: "Cough".into(), ..fixture.begun(sunita) };
    fixture.is_now(Role::Nurse, "Sister Asha");
    let again = fixture.begun(sunita);
    let more = Draft { vitals: Vitals { pulse: Some(92.0), ..again.vitals.clone() }, ..again };
    let second = fixture.given(sunita, &more);
    assert_ne!(first, second);
    assert_eq!(ids(&fixture.offered(sunita)), [second]);
    // A doctor who had begun with the first one.
    fixture.is_now(Role::Doctor, "Anjali Kulkarni");
    let filled = fixture.replica.take_up_prepared(sunita, doctors).expect("BUG: taken up");
    assert_eq!((filled.complaints.as_str(), filled.vitals.pulse), ("Cough", Some(92.0)));
    assert_eq!(filled.taken_up, [first, second]);
}

#[test]
fn what_a_nurse_gives_on_leaves_the_doctors_part_offered_and_what_she_measured_last_counts() {
    let (mut fixture, sunita, _) = prepared(&measured());
    let doctors = Draft {
        diagnoses: vec!["Fever".into()],
        investigations: "CBC".into(),
        advice: "Rest".into(),
        follow_up: "2026-11-28".into(),
        ..fixture.begun(sunita)
    };
    let first = fixture.given(sunita, &doctors);
    fixture.is_now(Role::Nurse, "Sister Asha");
    let begun = fixture.begun(sunita);
    let vitals = Vitals { bp_sys: Some(118.0), pulse: Some(92.0), ..begun.vitals.clone() };
    let whole = Draft { vitals: vitals.clone(), ..begun };
    fixture.replica.save_draft(sunita, &whole).expect("BUG: saved");
    let answer = fixture.replica.give_to_doctor(sunita, &whole).expect("BUG: given");
    assert!(answer.is_all, "nothing of it is hers alone");
    let second = answer.id;
    assert_eq!(ids(&fixture.offered(sunita)), [first, second]);
    assert!(!fixture.has_draft(sunita), "the doctor's part stays the doctor's");

    fixture.is_now(Role::Doctor, "Anjali Kulkarni");
    let begun = fixture.begun(sunita);
    assert_eq!(begun, Draft { vitals, taken_up: vec![second, first], ..doctors });
    fixture.replica.sign_prescription(sunita, &begun, &[]).expect("BUG: signed");
    assert_eq!(fixture.offered(sunita), []);
}

#[test]
fn what_a_nurse_wrote_into_the_doctors_part_herself_stays_in_her_draft() {
    let (mut fixture, sunita, _) = prepared(&measured());
    let doctors = Draft { diagnoses: vec!["Fever".into()], advice: "Rest".into(), ..fixture.begun(sunita) };
    fixture.given(sunita, &doctors);
    fixture.is_now(Role::Nurse, "Sister Asha");
    let begun = fixture.begun(sunita);
    let own = Draft {
        diagnoses: vec!["Fever".into(), "Cough".into()],
        advice: "Rest. Drink more".into(),
        referral: "Dr. Shah".into(),
        ..begun
    };
    let answer = fixture.replica.give_to_doctor(sunita, &own).expect("BUG: given");
    assert!(!answer.is_all);
    let left = Draft {
        diagnoses: vec!["Cough".into()],
        advice: "Rest. Drink more".into(),
        referral: "Dr. Shah".into(),
        ..Draft::default()
    };
    assert_eq!(fixture.begun(sunita), left);
}

#[test]
fn an_amended_prescription_that_is_made_void_took_nothing_up() {
    let (fixture, sunita, given) = prepared(&measured());
    let begun = Draft { advice: "Rest".into(), ..fixture.begun(sunita) };
    let signed = fixture.replica.sign_prescription(sunita, &begun, &[]).expect("BUG: signed");
    let amended = fixture.replica.amend_prescription(signed.id).expect("BUG: a draft");
    let amended = Draft { advice: "Walk".into(), ..amended };
    let signed = fixture.replica.sign_prescription(sunita, &amended, &[]).expect("BUG: signed");
    assert_eq!(fixture.offered(sunita), [], "the later version was written from it as well");
    fixture.replica.void_prescription(signed.id, "Another patient").expect("BUG: void");
    assert_eq!(ids(&fixture.offered(sunita)), [given]);
}

#[test]
fn two_doctors_who_signed_from_one_draft_are_both_kept() {
    let (fixture, sunita, given) = prepared(&measured());
    let begun = Draft { advice: "Rest".into(), ..fixture.begun(sunita) };
    let other = json!({ "visit_date": "2026-11-23", "doctor_id": Uuid::from_u128(0xbad), "patient_id": sunita,
        "clinic_id": Uuid::from_u128(3), "status": "finalised", "version": 1, "mode": "in_person",
        "prescription_number": "ASHA-B-261123-1", "chief_complaints": [], "vitals": { "bp_sys": 130, "bp_dia": 80 },
        "diagnoses": [], "investigations": [], "advice": "Walk", "language": "en", "taken_up": [given],
        "content_sha256": "0".repeat(64), "finalised_at": "2026-11-23T05:00:00.000Z" });
    fixture.arrives(&[row(TableName::Prescriptions, 0x51, other)]);
    assert_eq!(fixture.offered(sunita), [], "somebody has taken it up");
    let own = fixture.replica.sign_prescription(sunita, &begun, &[]).expect("BUG: signed");
    let chart = fixture.replica.chart(sunita).expect("BUG: a chart");
    let shown: Vec<_> = chart.prescriptions.iter().filter_map(|one| one.advice.as_deref()).collect();
    assert!(shown.contains(&"Walk") && shown.contains(&"Rest"), "{shown:?}");
    assert_eq!(own.number.as_deref(), Some("ASHA-A-261123-1"));
}

#[test]
fn what_turned_out_to_be_another_patients_is_said_once_before_it_is_signed_or_given() {
    let (fixture, sunita, _) = prepared(&measured());
    let other = fixture.register("Sunita", "98204 41276");
    fixture.replica.merge_patients(other, sunita, "the same").expect("BUG: merged");
    let begun = Draft { advice: "Rest".into(), ..fixture.begun(other) };
    fixture.replica.unmerge_patient(sunita).expect("BUG: parted");
    let refused = fixture.replica.give_to_doctor(other, &begun);
    let said = "What Sister Asha prepared at 10:41 is of another patient. Look through the draft, then give it again. \
                Nothing was given.";
    assert!(matches!(&refused, Err(Error::Invalid(why)) if why == said), "{refused:?}");
    assert!(crate::hindi::hindi(said).is_some());
    fixture.replica.sign_prescription(other, &begun, &[]).expect("BUG: signed");
    assert_eq!(fixture.offered(sunita).len(), 1, "it is hers still");
}

#[test]
fn who_is_no_clinician_gives_nothing_and_is_told_nothing() {
    let (mut fixture, sunita, given) = prepared(&measured());
    let refuses = |fixture: &Fixture| {
        let replica = &fixture.replica;
        assert!(matches!(replica.give_to_doctor(sunita, &measured()), Err(Error::Forbidden(_))));
        assert!(matches!(replica.take_up_prepared(sunita, Draft::default()), Err(Error::Forbidden(_))));
        assert!(matches!(replica.take_back_prepared(given), Err(Error::Forbidden(_))));
        assert_eq!(fixture.offered(sunita), []);
        assert_eq!(replica.today().expect("BUG: today").prepared, []);
    };
    fixture.is_now(Role::Receptionist, "Priya Nair");
    refuses(&fixture);
    fixture.is_now(Role::Admin, "Rohan Shah");
    refuses(&fixture);
    fixture.is_now(Role::Nurse, "Sister Asha");
    fixture.replica.facts.scope = DeviceScope::FrontDesk;
    refuses(&fixture);
}

#[test]
fn a_draft_that_says_nothing_cannot_be_read_or_amends_is_not_given() {
    let (fixture, sunita, _) = prepared(&measured());
    let signed =
        fixture.replica.sign_prescription(sunita, &measured_and_advised(), &[]).expect("BUG: signed");
    for bad in [
        Draft::default(),
        Draft { complaints: " \n".into(), line: "para 650".into(), ..Draft::default() },
        Draft { items: vec![item("Paracetamol", "1-1-")], ..measured() },
        Draft { amends: Some(signed.id), ..measured() },
    ] {
        fixture.replica.save_draft(sunita, &bad).expect("BUG: saved");
        let before = fixture.store.sync_state().expect("BUG: readable").waiting;
        assert!(matches!(fixture.replica.give_to_doctor(sunita, &bad), Err(Error::Invalid(_))), "{bad:?}");
        assert_eq!(fixture.store.sync_state().expect("BUG: readable").waiting, before);
        if bad != Draft::default() {
            assert_eq!(fixture.begun(sunita), bad, "the draft is kept");
        }
    }
}

#[test]
fn a_patient_who_was_registered_twice_has_what_was_prepared_under_either_registration() {
    let (fixture, sunita, given) = prepared(&measured());
    let other = fixture.register("Sunita", "98204 41276");
    fixture.replica.merge_patients(other, sunita, "the same").expect("BUG: merged");
    assert_eq!(ids(&fixture.offered(other)), [given]);
    let begun = Draft { advice: "Rest".into(), ..fixture.begun(other) };
    fixture.replica.sign_prescription(other, &begun, &[]).expect("BUG: signed");
    assert_eq!(fixture.offered(other), []);
    assert_eq!(fixture.replica.today().expect("BUG: today").prepared, []);
}

#[test]
fn the_doctor_of_what_is_given_is_whom_the_patient_has_come_to_see() {
    let mut fixture = fixture(Role::Nurse);
    fixture.is_now(Role::Nurse, "Sister Asha");
    let sunita = fixture.register("Sunita", "98204 41276");
    let doctor = json!({ "title": "Dr.", "first_name": "Rahul", "last_name": "Mehta", "kind": "physician",
        "registration_number": "2011/07/2231", "registration_council": "MMC", "is_active": true });
    let appointment = json!({ "appointment_date": "2026-11-23", "clinic_id": Uuid::from_u128(3),
        "doctor_id": Uuid::from_u128(0xd0d), "patient_id": sunita, "visit_type": "follow_up", "source": "phone",
        "status": "arrived", "priority": 0, "fee_status": "unpaid" });
    let of = |given: PrescriptionId| {
        let row = fixture.store.read(|tx| crate::replica::must_get(tx, TableName::Prescriptions, given.0));
        row.expect("BUG: there")["doctor_id"].clone()
    };
    assert_eq!(of(fixture.given(sunita, &measured())), json!(doctor_id()));
    fixture
        .arrives(&[row(TableName::Doctors, 0xd0d, doctor), row(TableName::Appointments, 0xa1, appointment)]);
    assert_eq!(of(fixture.given(sunita, &measured())), json!(Uuid::from_u128(0xd0d)));
}

#[test]
fn what_was_thrown_away_before_it_was_signed_teaches_nothing() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    for (id, status) in [(0x51, "draft"), (0x61, "discarded")] {
        let prescription = json!({ "visit_date": "2026-11-23", "doctor_id": doctor_id(), "patient_id": sunita,
            "clinic_id": Uuid::from_u128(3), "status": status, "version": 1, "mode": "in_person",
            "chief_complaints": [], "vitals": {}, "diagnoses": [], "investigations": [], "language": "en" });
        let line = json!({ "prescription_id": Uuid::from_u128(id), "position": 1,
            "medicine_id": Uuid::from_u128(0x3ed), "medicine_text": "Paracetamol 650 mg",
            "generic_text": "Paracetamol", "dosage_form": "tablet", "dose_text": "1-1-1 x9d", "dose_pattern": {},
            "dose_unit": "tablet", "meal_relation": "none", "patient_directions": "", "is_prn": false,
            "substitution_allowed": true, "source": "typed" });
        fixture.arrives(&[
            row(TableName::Prescriptions, id, prescription),
            row(TableName::PrescriptionItems, id + 1, line),
        ]);
    }
    let found = fixture.replica.find_medicines("para 650").expect("BUG: found");
    let listed = found.iter().find(|one| one.id == MedicineId(Uuid::from_u128(0x3ed))).expect("BUG: listed");
    assert_eq!(listed.uses, 0);
    let listed = DraftItem { medicine_id: Some(listed.id), ..item("", "1-1-1 x5d") };
    let draft = Draft { items: vec![listed], ..Draft::default() };
    fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    assert_eq!(fixture.replica.find_medicines("para 650").expect("BUG: found")[0].uses, 1);
}
