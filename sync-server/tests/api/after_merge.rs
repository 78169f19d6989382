//! What the server finds when it looks once more at rows that each went in cleanly.

use protocol::api::Fate;
use protocol::mutation::Change;
use protocol::table::{Row, TableName};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::chart::{dental_clinic, procedure};
use crate::clinic::{Clinic, Desk, edit, new_patient, values};
use crate::conflicts::{alone, decide, open};
use crate::prescription::Written;

fn today() -> Value {
    json!(OffsetDateTime::now_utc().date().to_string())
}

/// A medicine of the tenant's own, with one ingredient and the class that allergies to it are noted by.
async fn medicine(desk: &mut Desk, ingredient: &str, class: Option<&str>) -> Uuid {
    sold_as(desk, None, ingredient, class).await
}

/// The same, sold under this name.
async fn sold_as(desk: &mut Desk, brand: Option<&str>, ingredient: &str, class: Option<&str>) -> Uuid {
    let id = Uuid::now_v7();
    let mut row = values(&[
        ("generic_name", json!(ingredient)),
        ("dosage_form", json!("capsule")),
        ("route", json!("oral")),
        ("ingredients", json!([{ "name": ingredient }])),
        ("allergen_classes", json!(class.into_iter().collect::<Vec<_>>())),
        ("search_text", json!(ingredient.to_lowercase())),
    ]);
    row.extend(brand.map(|brand| ("brand_name".to_owned(), json!(brand))));
    let answer = desk.write(vec![Change::insert(TableName::TenantMedicines, id, row)]).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied, "{:?}", answer.receipts[0]);
    id
}

fn of_today(desk: &Desk, patient: Uuid, medicine: Option<Uuid>, name: &str, weight: f64) -> Written {
    let prescription = [("visit_date", today()), ("vitals", json!({ "weight_kg": weight }))];
    let line =
        [("medicine_id", json!(medicine)), ("generic_text", json!(name)), ("medicine_text", json!(name))];
    Written::with(desk, patient, &prescription, &line)
}

async fn sign(desk: &mut Desk, patient: Uuid, medicine: Option<Uuid>, name: &str, weight: f64) {
    let written = of_today(desk, patient, medicine, name, weight);
    let answer = desk.write(written.changes()).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied, "{:?}", answer.receipts[0]);
}

fn allergy(patient: Uuid, substance: &str) -> (Uuid, Change) {
    let id = Uuid::now_v7();
    let row = values(&[("patient_id", json!(patient)), ("substance_text", json!(substance))]);
    (id, Change::insert(TableName::PatientAllergies, id, row))
}

/// The rules by which something waits, in order.
async fn rules(desk: &Desk) -> Vec<String> {
    let mut rules: Vec<_> =
        open(desk).await.iter().filter_map(|item| item.values["rule"].as_str().map(str::to_owned)).collect();
    rules.sort();
    rules
}

async fn only(desk: &Desk) -> Row {
    open(desk).await.try_into().map(|[item]: [Row; 1]| item).expect("one item")
}

#[tokio::test]
async fn an_allergy_and_a_medicine_of_its_class_wait_for_a_person_whichever_came_first() {
    for allergy_first in [true, false] {
        let clinic = Clinic::open().await;
        let (mut a, mut b, front) = (clinic.desk().await, clinic.desk().await, clinic.front_desk().await);
        let patient = Uuid::now_v7();
        a.write(vec![alone(patient)]).await;
        let amoxicillin = medicine(&mut a, "Amoxicillin", Some("penicillin")).await;
        let (noted, change) = allergy(patient, "Penicillin");
        if allergy_first {
            a.write(vec![change]).await;
            sign(&mut b, patient, Some(amoxicillin), "Amoxicillin", 60.0).await;
        } else {
            sign(&mut b, patient, Some(amoxicillin), "Amoxicillin", 60.0).await;
            a.write(vec![change]).await;
        }
        let item = only(&a).await;
        assert_eq!(
            (&item.values["kind"], &item.values["rule"]),
            (&json!("semantic"), &json!("allergy_medicine"))
        );
        assert_eq!(
            (&item.values["rule_version"], &item.values["patient_id"]),
            (&json!(protocol::safety::RULES_VERSION), &json!(patient))
        );
        assert_eq!(item.values["theirs"]["id"], json!(noted));
        assert_eq!(item.values["theirs_from"]["device_id"], json!(a.device));
        assert_eq!(item.values["ours_from"]["device_id"], json!(b.device));
        assert_eq!(open(&front).await, [], "what is found about care stays with clinicians");
    }
}

#[tokio::test]
async fn what_was_found_and_seen_to_is_not_asked_again() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    a.write(vec![alone(patient)]).await;
    let amoxicillin = medicine(&mut a, "Amoxicillin", Some("penicillin")).await;
    sign(&mut b, patient, Some(amoxicillin), "Amoxicillin", 60.0).await;
    let (noted, change) = allergy(patient, "Penicillin");
    a.write(vec![change]).await;
    let item = only(&a).await;
    let again = |reaction: &str, base: Value| {
        vec![edit(TableName::PatientAllergies, noted, &[("reaction", base, json!(reaction))])]
    };
    a.write(again("rash", json!(null))).await;
    assert_eq!(only(&a).await, item, "the same item, untouched");
    a.write(decide(&item, "settled", None, vec![])).await;
    a.write(again("hives", json!("rash"))).await;
    assert_eq!(open(&a).await, []);
    // The same allergy and another prescription are something else.
    sign(&mut b, patient, Some(amoxicillin), "Amoxicillin", 60.0).await;
    assert_eq!(rules(&a).await, ["allergy_medicine"]);
}

/// One that is taken until further notice.
async fn sign_ongoing(desk: &mut Desk, patient: Uuid, medicine: Uuid, name: &str) {
    let line = [
        ("medicine_id", json!(medicine)),
        ("generic_text", json!(name)),
        ("medicine_text", json!(name)),
        ("duration_unit", json!("ongoing")),
    ];
    let written = Written::with(desk, patient, &[("visit_date", today())], &line);
    let answer = desk.write(written.changes()).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied, "{:?}", answer.receipts[0]);
}

async fn sign_twenty_others(desk: &mut Desk, patient: Uuid) {
    for _ in 0..20 {
        sign(desk, patient, None, "Zinc", 60.0).await;
    }
}

#[tokio::test]
async fn what_still_runs_is_looked_at_however_many_prescriptions_were_signed_since() {
    let clinic = Clinic::open().await;
    let mut a = clinic.desk().await;
    let patient = Uuid::now_v7();
    a.write(vec![alone(patient)]).await;
    let amoxicillin = medicine(&mut a, "Amoxicillin", Some("penicillin")).await;
    for _ in 0..2 {
        sign_ongoing(&mut a, patient, amoxicillin, "Amoxicillin").await;
    }
    sign_twenty_others(&mut a, patient).await;
    a.write(vec![allergy(patient, "Penicillin").1]).await;
    assert_eq!(rules(&a).await, ["allergy_medicine"], "what was written again since is asked about once");
}

#[tokio::test]
async fn one_ingredient_from_two_computers_is_found_however_many_prescriptions_lie_between() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    a.write(vec![alone(patient)]).await;
    let paracetamol = medicine(&mut a, "Paracetamol", None).await;
    sign_ongoing(&mut a, patient, paracetamol, "Paracetamol").await;
    sign_twenty_others(&mut a, patient).await;
    assert_eq!(open(&a).await, []);
    sign_ongoing(&mut b, patient, paracetamol, "Paracetamol").await;
    assert_eq!(rules(&a).await, ["same_ingredient"]);
}

#[tokio::test]
async fn a_medicine_that_nobody_knows_is_found_by_its_very_name_alone() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    a.write(vec![alone(patient)]).await;
    a.write(vec![allergy(patient, "Penicillin").1, allergy(patient, "Nimesulide").1]).await;
    sign(&mut b, patient, None, "Zycil 250 mg", 60.0).await;
    assert_eq!(open(&a).await, []);
    sign(&mut b, patient, None, "Nimesulide 100 mg", 60.0).await;
    assert_eq!(rules(&a).await, ["allergy_medicine"]);
}

#[tokio::test]
async fn an_allergy_that_is_noted_by_a_brand_is_met_by_what_is_sold_under_it() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    a.write(vec![alone(patient), allergy(patient, "Zycil").1]).await;
    for (brand, found) in [("Novazycil 500", vec![]), ("Zycil 500", vec!["allergy_medicine"])] {
        let amoxicillin = sold_as(&mut a, Some(brand), "Amoxicillin", Some("penicillin")).await;
        sign(&mut b, patient, Some(amoxicillin), "Amoxicillin", 60.0).await;
        assert_eq!(rules(&a).await, found, "{brand}");
    }
}

#[tokio::test]
async fn one_ingredient_from_two_computers_is_found_and_from_one_it_is_not() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    a.write(vec![alone(patient)]).await;
    let paracetamol = medicine(&mut a, "Paracetamol", None).await;
    for _ in 0..2 {
        sign(&mut a, patient, Some(paracetamol), "Paracetamol", 60.0).await;
    }
    assert_eq!(open(&a).await, [], "who wrote both has seen both");
    sign(&mut b, patient, Some(paracetamol), "Paracetamol", 60.0).await;
    assert_eq!(rules(&a).await, ["same_ingredient"; 2]);
}

#[tokio::test]
async fn what_was_stopped_on_one_computer_does_not_count_against_another() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    a.write(vec![alone(patient)]).await;
    let paracetamol = medicine(&mut a, "Paracetamol", None).await;
    let written = of_today(&a, patient, Some(paracetamol), "Paracetamol", 60.0);
    a.write(written.changes()).await;
    let stop = [
        ("stopped_at", json!(null), json!("2026-11-25T04:11:08.123Z")),
        ("stop_reason", json!(null), json!("rash")),
    ];
    let answer = a.write(vec![edit(TableName::PrescriptionItems, written.line_id, &stop)]).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied, "{:?}", answer.receipts[0]);
    sign(&mut b, patient, Some(paracetamol), "Paracetamol", 60.0).await;
    assert_eq!(open(&a).await, []);
}

#[tokio::test]
async fn a_dose_by_weight_is_looked_at_when_the_weight_is_another() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    a.write(vec![alone(patient)]).await;
    let prescription = [("visit_date", today()), ("vitals", json!({ "weight_kg": 10.0 }))];
    let line = [("generic_text", json!("Paracetamol")), ("dose_text", json!("15 mg/kg"))];
    let by_weight = Written::with(&a, patient, &prescription, &line);
    a.write(by_weight.changes()).await;
    sign(&mut b, patient, None, "Zinc", 11.9).await;
    assert_eq!(open(&a).await, []);
    sign(&mut b, patient, None, "Zinc", 12.1).await;
    assert_eq!(rules(&a).await, ["weight_change"]);
}

#[tokio::test]
async fn what_is_written_for_someone_who_is_known_as_dead_waits_for_a_person() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    a.write(vec![alone(patient)]).await;
    sign(&mut b, patient, None, "Zinc", 60.0).await;
    a.write(vec![edit(TableName::Patients, patient, &[("is_deceased", json!(false), json!(true))])]).await;
    assert_eq!(open(&a).await, [], "what was written before is no mistake");
    sign(&mut b, patient, None, "Zinc", 60.0).await;
    assert_eq!(rules(&a).await, ["patient_gone"]);
}

#[tokio::test]
async fn a_treatment_of_a_tooth_that_is_missing_waits_for_a_person() {
    let (clinic, mut a, patient) = dental_clinic().await;
    let mut b = clinic.desk().await;
    b.user = a.user;
    let missing = |tooth: i64| {
        let row = values(&[
            ("patient_id", json!(patient)),
            ("doctor_id", json!(a.doctor)),
            ("clinic_id", json!(a.clinic)),
            ("observed_on", today()),
            ("site_kind", json!("tooth")),
            ("tooth_fdi", json!(tooth)),
            ("condition_code", json!("missing_extracted")),
        ]);
        Change::insert(TableName::DentalObservations, Uuid::now_v7(), row)
    };
    let (gone, other) = (missing(36), missing(37));
    a.write(vec![procedure(&a, Uuid::now_v7(), patient, 36, "planned")]).await;
    let answer = b.write(vec![other]).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied, "{:?}", answer.receipts[0]);
    assert_eq!(rules(&a).await, Vec::<String>::new());
    b.write(vec![gone]).await;
    assert_eq!(rules(&a).await, ["missing_tooth"]);
}

#[tokio::test]
async fn one_number_one_age_and_nearly_one_name_may_be_one_person() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.front_desk().await);
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    a.write(vec![new_patient(one, "Sunita")]).await;
    b.write(vec![new_patient(other, "Suneeta"), new_patient(Uuid::now_v7(), "Prakash")]).await;
    let item = only(&b).await;
    assert_eq!((&item.values["kind"], &item.values["rule"]), (&json!("duplicate"), &json!("similar_name")));
    let apart = a.write(decide(&item, "apart", None, vec![])).await;
    assert_eq!(apart.receipts[0].fate, Fate::Applied, "{:?}", apart.receipts[0]);
    b.write(vec![edit(TableName::Patients, other, &[("age_years", json!(54), json!(54))])]).await;
    assert_eq!(open(&b).await, [], "they were told apart");
}

#[tokio::test]
async fn two_patients_of_one_doctor_at_one_time_are_found_if_booked_on_two_computers() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.front_desk().await);
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    a.write(vec![alone(one), alone(other)]).await;
    let (doctor, place) = (a.doctor, a.clinic);
    let book = |patient: Uuid, time: &str| {
        let row = values(&[
            ("appointment_date", today()),
            ("start_time", json!(time)),
            ("duration_minutes", json!(20)),
            ("clinic_id", json!(place)),
            ("doctor_id", json!(doctor)),
            ("patient_id", json!(patient)),
        ]);
        Change::insert(TableName::Appointments, Uuid::now_v7(), row)
    };
    a.write(vec![book(one, "09:30"), book(other, "09:40")]).await;
    assert_eq!(open(&a).await, [], "whoever books both at once means it");
    b.write(vec![book(other, "10:00")]).await;
    a.write(vec![book(one, "10:20")]).await;
    assert_eq!(open(&a).await, [], "one after the other");
    a.write(vec![book(one, "10:10")]).await;
    let item = only(&b).await;
    assert_eq!((&item.values["kind"], &item.values["scope"]), (&json!("double_booking"), &json!("everyone")));
    let settled = b.write(decide(&item, "settled", None, vec![])).await;
    assert_eq!(settled.receipts[0].fate, Fate::Applied, "{:?}", settled.receipts[0]);
}

#[tokio::test]
async fn patients_who_become_one_are_looked_at_as_one() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    a.write(vec![alone(one), alone(other)]).await;
    let amoxicillin = medicine(&mut a, "Amoxicillin", Some("penicillin")).await;
    a.write(vec![allergy(one, "Penicillin").1]).await;
    sign(&mut b, other, Some(amoxicillin), "Amoxicillin", 60.0).await;
    assert_eq!(open(&a).await, []);
    a.write(vec![edit(TableName::Patients, other, &[("merged_into_id", json!(null), json!(one))])]).await;
    assert_eq!(rules(&a).await, ["allergy_medicine"]);
}
