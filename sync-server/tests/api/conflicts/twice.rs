//! Whether two patients are one.

use protocol::api::{Fate, PushResponse};
use protocol::conflict::duplicate_id;
use protocol::error::RefusalCode;
use protocol::mutation::Change;
use protocol::permission::Role;
use protocol::table::{Row, TableName};
use serde_json::json;
use uuid::Uuid;

use super::{decide, items, open};
use crate::clinic::{Clinic, Desk, edit, new_patient, values};
use crate::staff::person;

/// Two registrations of one name and number, and the item that asks about them.
async fn twice(clinic: &Clinic) -> (Desk, Desk, Uuid, Uuid, Row) {
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    a.write(vec![new_patient(one, "Sunita")]).await;
    let answer: PushResponse = b.write(vec![new_patient(other, "Sunita")]).await;
    assert_eq!(answer.receipts[0].fate, Fate::Merged);
    let item = items(&answer.rows).pop().expect("an item asks");
    (a, b, one, other, item)
}

#[tokio::test]
async fn a_patient_registered_twice_is_asked_about_and_merged_by_a_pointer() {
    let clinic = Clinic::open().await;
    let (mut a, _, one, other, item) = twice(&clinic).await;
    assert_eq!(item.id, duplicate_id(one, other));
    assert_eq!(
        (&item.values["kind"], &item.values["rule"]),
        (&json!("duplicate"), &json!("same_number_and_name"))
    );
    assert_eq!((&item.values["theirs"], &item.values["ours"]), (&json!(one), &json!(other)));
    let deed = edit(TableName::Patients, other, &[("merged_into_id", json!(null), json!(one))]);
    let decided = a.write(decide(&item, "merged", None, vec![deed])).await;
    assert_eq!(decided.receipts[0].fate, Fate::Applied, "{:?}", decided.receipts[0]);
    let away = decided.rows.iter().find(|row| row.id == other).expect("the row stays");
    assert_eq!((&away.values["merged_into_id"], &away.values["needs_review"]), (&json!(one), &json!(false)));
    // Un-merging is as easy, and the name is taken again.
    let back =
        a.write(vec![edit(TableName::Patients, other, &[("merged_into_id", json!(one), json!(null))])]).await;
    let row = back.rows.iter().find(|row| row.id == other).expect("the row");
    assert_eq!((&row.values["merged_into_id"], &row.values["duplicate_ordinal"]), (&json!(null), &json!(1)));
}

#[tokio::test]
async fn two_who_are_two_people_lose_their_mark() {
    let clinic = Clinic::open().await;
    let (mut a, _, _, other, item) = twice(&clinic).await;
    let decided = a.write(decide(&item, "apart", None, vec![])).await;
    let row = decided.rows.iter().find(|row| row.id == other).expect("it comes with the answer");
    assert_eq!(row.values["needs_review"], false);
    assert_eq!(open(&a).await, []);
}

#[tokio::test]
async fn whether_two_are_one_can_be_asked_by_anyone_and_is_asked_once() {
    let clinic = Clinic::open().await;
    let mut a = clinic.desk().await;
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    a.write(vec![new_patient(one, "Sunita"), new_patient(other, "Prakash")]).await;
    let ask = |row: Uuid, other: Uuid| {
        let asked = values(&[
            ("kind", json!("duplicate")),
            ("scope", json!("everyone")),
            ("table_name", json!("patients")),
            ("row_id", json!(row)),
            ("theirs", json!(other)),
            ("ours", json!(row)),
            ("opened_at", json!("2026-11-23T04:11:08.000Z")),
        ]);
        Change::insert(TableName::SyncConflicts, duplicate_id(row, other), asked)
    };
    let mut front = clinic.front_desk().await;
    front.user = person(&clinic, &front, Role::Receptionist).await;
    let asked = front.write(vec![ask(other, one)]).await;
    assert_eq!(asked.receipts[0].fate, Fate::Applied, "{:?}", asked.receipts[0]);
    let [item] = items(&asked.rows).try_into().expect("one item");
    assert_eq!(
        (&item.values["rule"], &item.values["ours_from"]["by"]),
        (&json!("proposed"), &json!(front.user))
    );
    assert_eq!(a.write(vec![ask(one, other)]).await.receipts[0].fate, Fate::Merged);
    assert_eq!(open(&a).await.len(), 1);
    let deed = edit(TableName::Patients, other, &[("merged_into_id", json!(null), json!(one))]);
    let refused = front.write(decide(&item, "merged", None, vec![deed])).await;
    assert_eq!(refused.receipts[0].code, Some(RefusalCode::NotAllowed), "who asks does not decide");
    let nobody = clinic.desk().await.write(vec![ask(one, Uuid::now_v7())]).await;
    assert_eq!(nobody.receipts[0].code, Some(RefusalCode::MissingParent));
}

#[tokio::test]
async fn two_patients_are_never_merged_into_each_other() {
    let clinic = Clinic::open().await;
    let (mut a, mut b, one, other, _) = twice(&clinic).await;
    let into =
        |id: Uuid, kept: Uuid| edit(TableName::Patients, id, &[("merged_into_id", json!(null), json!(kept))]);
    a.write(vec![into(other, one)]).await;
    let answer = b.write(vec![into(one, other)]).await;
    assert_eq!(answer.receipts[0].fate, Fate::Conflict, "{:?}", answer.receipts[0]);
    let row = answer.rows.iter().find(|row| row.id == one).expect("the row");
    assert_eq!(row.values["merged_into_id"], json!(null), "one of them stays");
    let itself = clinic.desk().await.write(vec![into(one, one)]).await;
    assert_eq!(itself.receipts[0].code, Some(RefusalCode::BadValue));
}
