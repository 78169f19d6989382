//! What a push leaves to a person: who gets it, what it tells, and what becomes of decisions.

mod twice;

use protocol::api::Fate;
use protocol::error::RefusalCode;
use protocol::mutation::{Change, Op, SetValue};
use protocol::permission::Role;
use protocol::table::{Row, TableName, Values};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, edit, new_patient, values};
use crate::prescription::signed;
use crate::staff::person;

fn items(rows: &[Row]) -> Vec<Row> {
    rows.iter().filter(|row| row.table == TableName::SyncConflicts).cloned().collect()
}

/// The items that wait for a decision, as this desktop gets them.
pub async fn open(desk: &Desk) -> Vec<Row> {
    let mut open = items(&desk.rows().await);
    open.retain(|row| row.values["state"] == "open");
    open
}

fn group(patient: Uuid, value: &str) -> Change {
    edit(TableName::Patients, patient, &[("blood_group", json!("unknown"), json!(value))])
}

fn text(values: &Values, name: &str) -> String {
    values[name].as_str().unwrap_or_default().to_owned()
}

/// A patient whose number nobody else has.
pub fn alone(patient: Uuid) -> Change {
    let mut change = new_patient(patient, "Sunita");
    let number = format!("+919{:09}", patient.as_u128() % 1_000_000_000);
    change.set.insert("mobile_number".to_owned(), SetValue { base: json!(null), value: json!(number) });
    change
}

/// Two desktops that wrote different blood groups, and the item about it.
async fn two_groups(clinic: &Clinic) -> (Desk, Desk, Uuid, Row) {
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    a.write(vec![alone(patient)]).await;
    a.write(vec![group(patient, "B+")]).await;
    let response = b.write(vec![group(patient, "O+")]).await;
    assert_eq!(response.receipts[0].fate, Fate::Conflict);
    let item = items(&response.rows).pop().expect("the item comes with the answer");
    (a, b, patient, item)
}

/// A decision about an item, and what carries it out.
pub fn decide(item: &Row, choice: &str, chosen: Option<Value>, deeds: Vec<Change>) -> Vec<Change> {
    let set = [("state", json!("open"), json!("resolved")), ("choice", json!(null), json!(choice))];
    let mut decision = edit(TableName::SyncConflicts, item.id, &set);
    if let Some(value) = chosen {
        decision.set.insert("chosen".to_owned(), SetValue { base: json!(null), value });
    }
    let deeds = deeds.into_iter().map(|deed| Change { decides: Some(item.id), ..deed });
    std::iter::once(decision).chain(deeds).collect()
}

fn groups(patient: Uuid, base: &str, value: &str) -> Change {
    edit(TableName::Patients, patient, &[("blood_group", json!(base), json!(value))])
}

async fn blood_group(desk: &Desk, patient: Uuid) -> Value {
    let row = desk.rows().await.into_iter().find(|row| row.id == patient).expect("the patient");
    row.values["blood_group"].clone()
}

#[tokio::test]
async fn an_item_tells_both_values_with_who_wrote_them_where_and_when() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    let first_at = OffsetDateTime::now_utc() - Duration::hours(2);
    a.write(vec![new_patient(patient, "Sunita")]).await;
    let early = a.sign_at(vec![group(patient, "B+")], first_at);
    a.push(vec![early]).await.expect("taken");
    // Somebody else changes another column: that is not whose blood group it is.
    b.write(vec![edit(TableName::Patients, patient, &[("city", json!(null), json!("Pune"))])]).await;
    let response = b.write(vec![group(patient, "O+")]).await;
    let [item] = items(&response.rows).try_into().expect("one item");
    let item = &item.values;
    assert_eq!(
        (&item["kind"], &item["scope"], &item["state"]),
        (&json!("column"), &json!("everyone"), &json!("open"))
    );
    assert_eq!((&item["table_name"], &item["column_name"]), (&json!("patients"), &json!("blood_group")));
    assert_eq!((&item["row_id"], &item["patient_id"]), (&json!(patient), &json!(patient)));
    let sides = ["base", "theirs", "ours"].map(|side| item[side].clone());
    assert_eq!(sides, [json!("unknown"), json!("B+"), json!("O+")]);
    let (theirs, ours) = (&item["theirs_from"], &item["ours_from"]);
    assert_eq!((&theirs["by"], &theirs["device_id"]), (&json!(a.user), &json!(a.device)));
    assert_eq!((&theirs["name"], &theirs["device"]), (&json!("Anjali Kulkarni"), &json!("Room 1")));
    assert_eq!(theirs["at"], json!(protocol::validate::moment_text(first_at)));
    assert_eq!((&ours["by"], &ours["device_id"]), (&json!(b.user), &json!(b.device)));
}

#[tokio::test]
async fn every_desktop_gets_an_item_once_however_often_the_push_is_repeated() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    a.write(vec![new_patient(patient, "Sunita")]).await;
    a.write(vec![group(patient, "B+")]).await;
    let signed = b.sign(vec![group(patient, "O+")]);
    let first = b.push(vec![signed.clone()]).await.expect("taken");
    b.push(vec![signed]).await.expect("taken");
    let [item] = items(&first.rows).try_into().expect("one item");
    assert_eq!(item.version, first.head, "a desktop that had seen the head before has seen all");
    assert_eq!(open(&a).await, std::slice::from_ref(&item));
    assert_eq!(open(&b).await, [item]);
}

#[tokio::test]
async fn a_front_desk_gets_what_is_about_its_own_columns_and_never_what_is_clinical() {
    let clinic = Clinic::open().await;
    let (mut a, mut b, front) = (clinic.desk().await, clinic.desk().await, clinic.front_desk().await);
    let patient = Uuid::now_v7();
    a.write(vec![new_patient(patient, "Sunita")]).await;
    let both = |group: &str, alert: &str| {
        let set = [
            ("blood_group", json!("unknown"), json!(group)),
            ("alerts", json!(null), json!(alert)),
            (
                "allergy_status",
                json!("unknown"),
                json!(if alert == "kestrel" { "has_allergies" } else { "none_known" }),
            ),
        ];
        edit(TableName::Patients, patient, &set)
    };
    a.write(vec![both("B+", "kestrel")]).await;
    b.write(vec![both("O+", "plover")]).await;
    assert_eq!(open(&a).await.len(), 3);
    let seen = open(&front).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].values["column_name"], "blood_group");
    for way in ["pull", "bootstrap"] {
        let page = front.get(&format!("/v1/sync/{way}?epoch={}", front.epoch)).await;
        let page = page.text().await.expect("a page");
        assert!(page.contains("blood_group"), "{way}");
        assert!(!page.contains("kestrel") && !page.contains("plover"), "{way}");
    }
}

#[tokio::test]
async fn a_front_desk_that_causes_a_clinical_item_is_not_told_of_it() {
    let clinic = Clinic::open().await;
    let (mut a, mut front) = (clinic.desk().await, clinic.front_desk().await);
    let patient = Uuid::now_v7();
    a.write(vec![new_patient(patient, "Sunita")]).await;
    a.write(vec![edit(
        TableName::Patients,
        patient,
        &[("allergy_status", json!("unknown"), json!("none_known"))],
    )])
    .await;
    // The column is shown at the front desk, and what differs in it is a clinician's.
    let response = front
        .write(vec![edit(
            TableName::Patients,
            patient,
            &[("allergy_status", json!("unknown"), json!("has_allergies"))],
        )])
        .await;
    assert_eq!(response.receipts[0].fate, Fate::Conflict);
    assert_eq!(items(&response.rows), []);
    let [item] = open(&a).await.try_into().expect("one item");
    let refused = front.write(decide(&item, "theirs", None, vec![])).await;
    assert_eq!(refused.receipts[0].code, Some(RefusalCode::MissingRow), "as one that does not exist");
    let nowhere = Row { id: Uuid::now_v7(), ..item };
    let nobodys = front.write(decide(&nowhere, "theirs", None, vec![])).await;
    assert_eq!(nobodys.receipts[0].detail, refused.receipts[0].detail);
}

#[tokio::test]
async fn an_edit_holds_against_a_deletion_in_either_order_until_a_person_decides() {
    let clinic = Clinic::open().await;
    for deletes_first in [true, false] {
        let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
        let patient = Uuid::now_v7();
        a.write(vec![new_patient(patient, "Sunita")]).await;
        let set = [("city", json!(null), json!(null))];
        let delete = Change { op: Op::Delete, ..edit(TableName::Patients, patient, &set) };
        let change = edit(TableName::Patients, patient, &[("city", json!(null), json!("Pune"))]);
        let (first, second) = if deletes_first { (delete, change) } else { (change, delete) };
        a.write(vec![first]).await;
        let response = b.write(vec![second]).await;
        assert_eq!(response.receipts[0].fate, Fate::Conflict);
        let row = response.rows.iter().find(|row| row.id == patient).expect("the patient");
        assert!(!row.deleted);
        assert_eq!(row.values["city"], "Pune");
        let [item] = items(&response.rows).try_into().expect("one item");
        assert_eq!(item.values["kind"], "delete_edit");
        assert_eq!(
            (&item.values["theirs"], &item.values["ours"]),
            (&json!(deletes_first), &json!(!deletes_first))
        );
        // Whoever decides for the deletion deletes it.
        let set = [("city", json!("Pune"), json!("Pune"))];
        let delete = Change { op: Op::Delete, ..edit(TableName::Patients, patient, &set) };
        let choice = if deletes_first { "theirs" } else { "ours" };
        let decided = a.write(decide(&item, choice, None, vec![delete])).await;
        assert_eq!(decided.receipts[0].fate, Fate::Applied, "{:?}", decided.receipts[0]);
        assert!(decided.rows.iter().any(|row| row.id == patient && row.deleted));
    }
}

#[tokio::test]
async fn a_decision_sets_the_value_and_says_who_made_it() {
    let clinic = Clinic::open().await;
    for (choice, chosen, wanted) in
        [("ours", None, "O+"), ("theirs", None, "B+"), ("other", Some("AB+"), "AB+")]
    {
        let (mut a, b, patient, item) = two_groups(&clinic).await;
        let deeds = if wanted == "B+" { vec![] } else { vec![groups(patient, "B+", wanted)] };
        let decided = a.write(decide(&item, choice, chosen.map(|value| json!(value)), deeds)).await;
        assert_eq!(decided.receipts[0].fate, Fate::Applied, "{:?}", decided.receipts[0]);
        let [now] = items(&decided.rows).try_into().expect("the item");
        assert_eq!((&now.values["state"], &now.values["choice"]), (&json!("resolved"), &json!(choice)));
        assert_eq!(now.values["resolved_by"], json!(a.user));
        assert_eq!(now.values["resolved_name"], "Anjali Kulkarni");
        assert!(now.values["resolved_at"].is_string());
        assert_eq!(blood_group(&b, patient).await, wanted);
        assert_eq!(open(&b).await, []);
    }
}

#[tokio::test]
async fn two_decisions_made_apart_are_one_if_they_say_the_same() {
    let clinic = Clinic::open().await;
    let (mut a, mut b, patient, item) = two_groups(&clinic).await;
    let deed = || vec![groups(patient, "B+", "O+")];
    a.write(decide(&item, "ours", None, deed())).await;
    // Meanwhile somebody who has seen the decision corrects it.
    a.write(vec![groups(patient, "O+", "A+")]).await;
    for (choice, chosen) in [("ours", None), ("other", Some(json!("O+")))] {
        let second = b.write(decide(&item, choice, chosen, deed())).await;
        assert_eq!(second.receipts[0].fate, Fate::Merged, "{:?}", second.receipts[0]);
    }
    assert_eq!(open(&a).await, []);
    assert_eq!(blood_group(&a, patient).await, "A+");
}

#[tokio::test]
async fn of_two_decisions_that_differ_the_first_holds_and_a_new_item_asks_once_more() {
    let clinic = Clinic::open().await;
    for (first, second) in [("ours", "theirs"), ("theirs", "ours")] {
        let (mut a, mut b, patient, item) = two_groups(&clinic).await;
        let deeds = |choice: &str| if choice == "ours" { vec![groups(patient, "B+", "O+")] } else { vec![] };
        a.write(decide(&item, first, None, deeds(first))).await;
        let later = b.write(decide(&item, second, None, deeds(second))).await;
        assert_eq!(later.receipts[0].fate, Fate::Conflict);
        let held = if first == "ours" { "O+" } else { "B+" };
        assert_eq!(blood_group(&a, patient).await, held);
        let mine = |row: &Row| row.values["row_id"] == json!(patient);
        let [again] =
            open(&a).await.into_iter().filter(mine).collect::<Vec<_>>().try_into().expect("one item");
        assert_ne!(again.id, item.id);
        assert_eq!(again.values["kind"], "column");
        assert_eq!(again.values["theirs"], held);
        assert_eq!(again.values["theirs_from"]["by"], json!(a.user));
        assert_eq!(again.values["ours_from"]["device_id"], json!(b.device));
        // The new one can be decided like any other.
        let other = text(&again.values, "ours");
        let decided = b.write(decide(&again, "ours", None, vec![groups(patient, held, &other)])).await;
        assert_eq!(decided.receipts[0].fate, Fate::Applied, "{:?}", decided.receipts[0]);
        assert_eq!(blood_group(&b, patient).await, other);
    }
}

#[tokio::test]
async fn who_may_decide_depends_on_the_item() {
    let clinic = Clinic::open().await;
    let (mut a, mut b, _, demographic) = two_groups(&clinic).await;
    let patient = Uuid::now_v7();
    a.write(vec![new_patient(patient, "Meena")]).await;
    let alert =
        |text: &str| edit(TableName::Patients, patient, &[("chronic_conditions", json!([]), json!([text]))]);
    a.write(vec![alert("diabetes")]).await;
    let clinical = items(&b.write(vec![alert("asthma")]).await.rows).pop().expect("an item");
    for (item, may) in [
        (&demographic, vec![Role::Admin, Role::Doctor, Role::Dentist, Role::Receptionist]),
        (&clinical, vec![Role::Doctor, Role::Dentist]),
    ] {
        for role in crate::staff::ROLES {
            // The same decision over and over is as good as one.
            let mut desk = clinic.desk().await;
            desk.user = person(&clinic, &desk, role).await;
            let answer = desk.write(decide(item, "theirs", None, vec![])).await;
            let refused = answer.receipts[0].code == Some(RefusalCode::NotAllowed);
            assert_ne!(refused, may.contains(&role), "{role:?}: {:?}", answer.receipts[0]);
        }
    }
}

#[tokio::test]
async fn what_says_that_it_carries_out_a_decision_does_that_and_nothing_else() {
    let clinic = Clinic::open().await;
    let (mut a, _, patient, item) = two_groups(&clinic).await;
    let another = Uuid::now_v7();
    a.write(vec![new_patient(another, "Meena")]).await;
    for deed in [
        groups(patient, "B+", "AB+"),
        groups(another, "unknown", "O+"),
        edit(TableName::Patients, patient, &[("city", json!(null), json!("O+"))]),
    ] {
        let mut desk = clinic.desk().await;
        let answer = desk.write(decide(&item, "ours", None, vec![deed])).await;
        assert_eq!(answer.receipts[0].code, Some(RefusalCode::BadValue), "{:?}", answer.receipts[0]);
    }
    let mut desk = clinic.desk().await;
    let undecided = Change { decides: Some(item.id), ..groups(patient, "B+", "O+") };
    let answer = desk.write(vec![undecided]).await;
    assert_eq!(answer.receipts[0].code, Some(RefusalCode::BadValue));
    assert_eq!(blood_group(&a, patient).await, "B+");
}

#[tokio::test]
async fn nobody_writes_an_item_but_to_decide_it() {
    let clinic = Clinic::open().await;
    let (_, _, _, item) = two_groups(&clinic).await;
    let refusals = [
        edit(TableName::SyncConflicts, item.id, &[("theirs", json!("B+"), json!("AB+"))]),
        edit(TableName::SyncConflicts, item.id, &[("resolved_by", json!(null), json!(Uuid::now_v7()))]),
        edit(TableName::SyncConflicts, item.id, &[("choice", json!(null), json!("ours"))]),
        Change { op: Op::Delete, ..edit(TableName::SyncConflicts, item.id, &[]) },
        Change::insert(TableName::SyncConflicts, Uuid::now_v7(), item.values.clone()),
    ];
    for change in refusals {
        let mut desk = clinic.desk().await;
        let answer = desk.write(vec![change]).await;
        assert_eq!(answer.receipts[0].fate, Fate::Quarantined, "{:?}", answer.receipts[0]);
    }
    assert_eq!(open(&clinic.desk().await).await, [item]);
}

#[tokio::test]
async fn a_cancellation_against_an_arrival_can_be_decided_either_way() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.front_desk().await);
    let (patient, visit) = (Uuid::now_v7(), Uuid::now_v7());
    let booked = values(&[
        ("appointment_date", json!("2026-11-23")),
        ("start_time", json!("09:30")),
        ("clinic_id", json!(a.clinic)),
        ("doctor_id", json!(a.doctor)),
        ("patient_id", json!(patient)),
    ]);
    a.write(vec![new_patient(patient, "Sunita"), Change::insert(TableName::Appointments, visit, booked)])
        .await;
    let status =
        |value: &str| edit(TableName::Appointments, visit, &[("status", json!("booked"), json!(value))]);
    a.write(vec![status("arrived")]).await;
    let answer = b.write(vec![status("cancelled")]).await;
    let [item] = items(&answer.rows).try_into().expect("the front desk gets it");
    assert_eq!((&item.values["theirs"], &item.values["ours"]), (&json!("arrived"), &json!("cancelled")));
    // From arrived to cancelled is no step that a person takes, but it is what somebody recorded.
    let deed = edit(TableName::Appointments, visit, &[("status", json!("arrived"), json!("cancelled"))]);
    let decided = b.write(decide(&item, "ours", None, vec![deed])).await;
    assert_eq!(decided.receipts[0].fate, Fate::Applied, "{:?}", decided.receipts[0]);
    let row = decided.rows.iter().find(|row| row.id == visit).expect("the visit");
    assert_eq!(row.values["status"], "cancelled");
}

#[tokio::test]
async fn two_amendments_of_one_prescription_are_both_kept_with_one_item() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let (first, _) = signed(&mut a).await;
    let amend = |desk: &Desk| {
        let amendment = first.amended(desk);
        let set = [
            ("status", json!("finalised"), json!("superseded")),
            ("superseded_by_id", json!(null), json!(amendment.id)),
        ];
        let supersede = edit(TableName::Prescriptions, first.id, &set);
        (amendment.id, amendment.changes().into_iter().chain([supersede]).collect::<Vec<_>>())
    };
    let ((one, changes), (other, later)) = (amend(&a), amend(&b));
    assert_eq!(a.write(changes).await.receipts[0].fate, Fate::Applied);
    let answer = b.write(later).await;
    assert_eq!(answer.receipts[0].fate, Fate::Conflict, "{:?}", answer.receipts[0]);
    let status =
        |id: Uuid, rows: &[Row]| rows.iter().find(|row| row.id == id).map(|row| row.values["status"].clone());
    let rows = a.rows().await;
    for id in [one, other] {
        assert_eq!(status(id, &rows), Some(json!("finalised")), "both are kept");
    }
    let [item] = open(&a).await.try_into().expect("one item");
    assert_eq!((&item.values["kind"], &item.values["scope"]), (&json!("two_amendments"), &json!("clinical")));
    assert_eq!(item.values["theirs"]["superseded_by_id"], json!(one));
    assert_eq!(item.values["ours"]["superseded_by_id"], json!(other));
    let settled = a.write(decide(&item, "settled", None, vec![])).await;
    assert_eq!(settled.receipts[0].fate, Fate::Applied, "{:?}", settled.receipts[0]);
}

#[tokio::test]
async fn an_amendment_of_what_was_made_void_meanwhile_is_kept_too() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let (first, _) = signed(&mut a).await;
    let set = [
        ("status", json!("finalised"), json!("voided")),
        ("void_reason", json!(null), json!("wrong patient")),
    ];
    a.write(vec![edit(TableName::Prescriptions, first.id, &set)]).await;
    let amendment = first.amended(&b);
    let set = [
        ("status", json!("finalised"), json!("superseded")),
        ("superseded_by_id", json!(null), json!(amendment.id)),
    ];
    let supersede = edit(TableName::Prescriptions, first.id, &set);
    let answer = b.write(amendment.changes().into_iter().chain([supersede]).collect()).await;
    assert_eq!(answer.receipts[0].fate, Fate::Conflict, "{:?}", answer.receipts[0]);
    let rows = a.rows().await;
    let status = |id: Uuid| rows.iter().find(|row| row.id == id).map(|row| row.values["status"].clone());
    assert_eq!((status(first.id), status(amendment.id)), (Some(json!("voided")), Some(json!("finalised"))));
    assert_eq!(open(&a).await[0].values["kind"], "two_amendments");
}

#[tokio::test]
async fn the_log_says_who_decided() {
    let clinic = Clinic::open().await;
    let (mut a, _, _, item) = two_groups(&clinic).await;
    a.write(decide(&item, "theirs", None, vec![])).await;
    let db = clinic.server.database().ops_db().await;
    let mut tx = db.read(a.tenant).await.expect("a transaction");
    let logged: Vec<(String, Option<Uuid>)> = sqlx::query_as(
        "select action::text, user_id from clinic.tenant_audit_log
         where record_id = $1 and table_name = 'sync_conflicts' order by seq",
    )
    .bind(item.id)
    .fetch_all(&mut *tx)
    .await
    .expect("the log");
    let wanted = [("create".to_owned(), None), ("conflict_resolve".to_owned(), Some(a.user.0))];
    assert_eq!(logged, wanted);
}
