//! The way out of quarantine: tried again, corrected, handed to an admin, discarded, and what waited behind goes on.

use protocol::api::{Fate, MAX_PUSH_MUTATIONS, PushResponse, Receipt, ReceiptsAnswer, ReceiptsRequest};
use protocol::error::{ErrorCode, Problem, RefusalCode};
use protocol::id::DeviceId;
use protocol::manage::RevokeRequest;
use protocol::mutation::{Change, SignedMutation};
use protocol::permission::Role;
use protocol::settlement::{Settlement, Way, item_id};
use protocol::table::{Row, TableName};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, body, edit, new_patient};
use crate::conflicts::alone;
use crate::revoked::{handover, revoke};
use crate::staff::person;

fn city(patient: Uuid, base: Value, value: &str) -> Change {
    edit(TableName::Patients, patient, &[("city", base, json!(value))])
}

/// Refused: no patient has such a blood group.
fn bad(patient: Uuid, base: Value, value: &str) -> Change {
    edit(
        TableName::Patients,
        patient,
        &[("city", base, json!(value)), ("blood_group", json!("unknown"), json!("purple"))],
    )
}

fn settle(
    desk: &mut Desk,
    of: (DeviceId, i64),
    way: Way,
    reason: &str,
    changes: Vec<Change>,
) -> SignedMutation {
    let reason = (!reason.is_empty()).then(|| reason.to_owned());
    let settles = Settlement { device_id: of.0, sequence: of.1, way, reason };
    desk.sign_settling(changes, OffsetDateTime::now_utc(), Some(settles))
}

pub async fn settled(
    desk: &mut Desk,
    of: (DeviceId, i64),
    way: Way,
    reason: &str,
    changes: Vec<Change>,
) -> PushResponse {
    let signed = settle(desk, of, way, reason, changes);
    desk.push(vec![signed]).await.expect("the push is taken")
}

async fn ask(desk: &Desk, sequences: &[i64]) -> Result<ReceiptsAnswer, Problem> {
    let request = ReceiptsRequest { epoch: desk.epoch, sequences: sequences.to_vec() };
    let builder = desk.client.post(format!("{}/v1/sync/receipts", desk.url)).json(&request);
    body(desk.request(builder).send().await.expect("the server answers")).await
}

pub async fn fates(desk: &Desk, sequences: &[i64]) -> Vec<Fate> {
    let answer = ask(desk, sequences).await.expect("receipts");
    answer.receipts.iter().map(|receipt| receipt.fate).collect()
}

pub async fn receipt(desk: &Desk, sequence: i64) -> Receipt {
    ask(desk, &[sequence]).await.expect("receipts").receipts.remove(0)
}

async fn city_of(desk: &Desk, patient: Uuid) -> Value {
    let row = desk.rows().await.into_iter().find(|row| row.id == patient).expect("the patient");
    row.values["city"].clone()
}

pub async fn item(desk: &Desk, of: (DeviceId, i64)) -> Option<Row> {
    desk.rows().await.into_iter().find(|row| row.id == item_id(of.0, of.1))
}

/// A patient; one refused change of the city, and one that waits behind it.
pub struct Refused {
    pub clinic: Clinic,
    pub desk: Desk,
    pub patient: Uuid,
    /// The two, as they were sent.
    pub signed: [SignedMutation; 2],
}

impl Refused {
    /// The numbers of what was refused and of what waits behind it.
    pub const FIRST: i64 = 2;
    pub const BEHIND: i64 = 3;

    pub async fn new() -> Self {
        let clinic = Clinic::open().await;
        let mut desk = clinic.desk().await;
        let patient = Uuid::now_v7();
        desk.write(vec![alone(patient)]).await;
        let refused = desk.sign(vec![bad(patient, json!(null), "Pune")]);
        let signed = [refused, desk.sign(vec![city(patient, json!("Pune"), "Nashik")])];
        desk.push(signed.to_vec()).await.expect("the push is taken");
        assert_eq!(fates(&desk, &[Self::FIRST, Self::BEHIND]).await, [Fate::Quarantined, Fate::Blocked]);
        Self { clinic, desk, patient, signed }
    }

    pub fn first(&self) -> (DeviceId, i64) {
        (self.desk.device, Self::FIRST)
    }

    pub async fn fates(&self) -> Vec<Fate> {
        fates(&self.desk, &[Self::FIRST, Self::BEHIND]).await
    }
}

#[tokio::test]
async fn what_is_discarded_never_goes_in_and_what_waited_behind_it_does() {
    let mut refused = Refused::new().await;
    let of = refused.first();
    let answer = settled(&mut refused.desk, of, Way::Discard, "Typed on the wrong card.", vec![]).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied);
    assert!(answer.rows.iter().any(|row| row.id == refused.patient && row.values["city"] == "Nashik"));
    // What followed saw a value that never came to be, and is laid onto what is there: nobody else changed it.
    assert_eq!(refused.fates().await, [Fate::Discarded, Fate::Applied]);
    let first = receipt(&refused.desk, Refused::FIRST).await;
    assert_eq!((first.code, first.detail.as_deref()), (None, Some("Typed on the wrong card.")));
    assert_eq!(city_of(&refused.desk, refused.patient).await, "Nashik");
    let row =
        refused.desk.rows().await.into_iter().find(|row| row.id == refused.patient).expect("the patient");
    assert_eq!(row.values["blood_group"], "unknown");
    // The payload stays for a while, also of what was discarded.
    let sql = "select count(*) from clinic.sync_quarantine where body like '%purple%'";
    assert_eq!(refused.clinic.number(sql).await, 1);
}

#[tokio::test]
async fn a_correction_takes_the_place_of_what_was_refused_and_later_changes_follow_it() {
    let mut refused = Refused::new().await;
    let (of, patient) = (refused.first(), refused.patient);
    let correct = vec![city(patient, json!(null), "Poona")];
    let answer = settled(&mut refused.desk, of, Way::Replace, "", correct).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied, "{:?}", answer.receipts[0]);
    assert_eq!(refused.fates().await, [Fate::Replaced, Fate::Applied]);
    assert_eq!(city_of(&refused.desk, patient).await, "Nashik");
    assert!(
        receipt(&refused.desk, Refused::FIRST).await.detail.is_some_and(|detail| detail.contains("change 4"))
    );
}

#[tokio::test]
async fn a_correction_that_is_refused_too_stands_where_the_first_stood() {
    let mut refused = Refused::new().await;
    let (of, patient) = (refused.first(), refused.patient);
    let answer =
        settled(&mut refused.desk, of, Way::Replace, "", vec![bad(patient, json!(null), "Poona")]).await;
    assert_eq!(answer.receipts[0].fate, Fate::Quarantined);
    assert_eq!(refused.fates().await, [Fate::Replaced, Fate::Blocked]);
    assert_eq!(receipt(&refused.desk, Refused::BEHIND).await.blocked_by, Some(4));
    // A later change waits behind it as well.
    let later = refused.desk.write(vec![city(patient, json!("Nashik"), "Thane")]).await;
    assert_eq!(later.receipts[0].blocked_by, Some(4));
    let again = (of.0, 4);
    settled(&mut refused.desk, again, Way::Replace, "", vec![city(patient, json!(null), "Poona")]).await;
    assert_eq!(
        fates(&refused.desk, &[2, 3, 4, 5, 6]).await,
        [Fate::Replaced, Fate::Applied, Fate::Replaced, Fate::Applied, Fate::Applied]
    );
    assert_eq!(city_of(&refused.desk, patient).await, "Thane");
}

#[tokio::test]
async fn what_is_tried_again_goes_in_as_it_was_signed_once_the_cause_is_mended() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let nurse = person(&clinic, &desk, Role::Receptionist).await;
    let patient = Uuid::now_v7();
    desk.write(vec![alone(patient)]).await;
    let admin = std::mem::replace(&mut desk.user, nurse);
    let alert = edit(TableName::Patients, patient, &[("alerts", json!(null), json!("Faints at needles."))]);
    assert_eq!(desk.write(vec![alert]).await.receipts[0].code, Some(RefusalCode::NotAllowed));
    desk.write(vec![city(patient, json!(null), "Pune")]).await;
    let of = (desk.device, 2);
    // Not mended yet: that is said, it stays where it is, and what waits goes on waiting.
    let again = settled(&mut desk, of, Way::Retry, "", vec![]).await;
    assert_eq!(again.receipts[0].fate, Fate::Applied);
    assert!(again.receipts[0].detail.as_ref().is_some_and(|detail| detail.contains("refused again")));
    assert_eq!(fates(&desk, &[2, 3]).await, [Fate::Quarantined, Fate::Blocked]);
    clinic.sql(&format!("update users set roles = '{{nurse}}' where id = '{nurse}'")).await;
    // Whoever was given the role only now does not let themselves in.
    settled(&mut desk, of, Way::Retry, "", vec![]).await;
    assert_eq!(fates(&desk, &[2, 3]).await, [Fate::Quarantined, Fate::Blocked]);
    assert!(receipt(&desk, 2).await.detail.is_some(), "why it waits");
    desk.user = admin;
    settled(&mut desk, of, Way::Retry, "", vec![]).await;
    assert_eq!(fates(&desk, &[2, 3]).await, [Fate::Applied, Fate::Applied]);
    assert_eq!(receipt(&desk, 2).await.detail, None, "what is in is not said to be refused");
    let row = desk.rows().await.into_iter().find(|row| row.id == patient).expect("the patient");
    assert_eq!((&row.values["alerts"], &row.values["city"]), (&json!("Faints at needles."), &json!("Pune")));
    // It is still whose it was.
    assert_ne!(admin, nurse);
    let sql =
        format!("select count(*) from clinic.patients where id = '{patient}' and updated_by = '{nurse}'");
    assert_eq!(clinic.number(&sql).await, 1);
}

#[tokio::test]
async fn a_push_whose_answer_was_lost_settles_once() {
    let mut refused = Refused::new().await;
    let of = refused.first();
    let signed = settle(&mut refused.desk, of, Way::Discard, "Typed twice.", vec![]);
    let first = refused.desk.push(vec![signed.clone()]).await.expect("taken");
    let second = refused.desk.push(vec![signed]).await.expect("taken");
    assert_eq!(first.receipts, second.receipts);
    assert_eq!(second.head, first.head, "nothing was done again");
    // Two people at once: who comes second finds it done.
    let late = settled(&mut refused.desk, of, Way::Discard, "Typed twice.", vec![]).await;
    assert_eq!(late.receipts[0].fate, Fate::Merged);
    assert_eq!(refused.fates().await, [Fate::Discarded, Fate::Applied]);
}

#[tokio::test]
async fn a_correction_of_what_somebody_settled_meanwhile_is_merged_like_any_change() {
    let mut refused = Refused::new().await;
    let (of, patient) = (refused.first(), refused.patient);
    settled(&mut refused.desk, of, Way::Discard, "Typed twice.", vec![]).await;
    let late =
        settled(&mut refused.desk, of, Way::Replace, "", vec![city(patient, json!(null), "Poona")]).await;
    assert_eq!(late.receipts[0].fate, Fate::Merged, "the city is Nashik by now; the later one holds");
    assert_eq!(refused.fates().await[0], Fate::Discarded);
}

#[tokio::test]
async fn an_admin_elsewhere_sees_what_was_handed_over_and_settles_it() {
    let mut refused = Refused::new().await;
    let (of, mut admin) = (refused.first(), refused.clinic.desk().await);
    settled(&mut refused.desk, of, Way::HandOver, "What group is meant?", vec![]).await;
    assert_eq!(refused.fates().await, [Fate::Quarantined, Fate::Blocked], "it waits");
    let shown = item(&admin, of).await.expect("it is before the admins");
    let values = &shown.values;
    assert_eq!(
        (&values["kind"], &values["scope"], &values["state"]),
        (&json!("refused"), &json!("everyone"), &json!("open"))
    );
    assert_eq!(
        (&values["patient_id"], &values["theirs"]["why"]),
        (&json!(refused.patient), &json!("What group is meant?"))
    );
    assert_eq!((&values["ours"]["sequence"], &values["ours"]["code"]), (&json!(2), &json!("bad_value")));
    assert_eq!(
        (&values["ours_from"]["name"], &values["theirs_from"]["device"]),
        (&json!("Anjali Kulkarni"), &json!("Room 1"))
    );
    assert!(!shown.values.values().any(|value| value.to_string().contains("purple")), "{shown:?}");
    // Tried again in vain, it stays; discarded, it is done, and the item says who did it and why.
    settled(&mut admin, of, Way::Retry, "", vec![]).await;
    assert!(item(&admin, of).await.expect("an item").values["ours"]["tried_at"].is_string());
    settled(&mut admin, of, Way::Discard, "Asked the patient: unknown.", vec![]).await;
    assert_eq!(refused.fates().await, [Fate::Discarded, Fate::Applied]);
    let shown = item(&refused.desk, of).await.expect("an item").values;
    assert_eq!((&shown["state"], &shown["choice"]), (&json!("resolved"), &json!("theirs")));
    assert_eq!(
        (&shown["resolved_name"], &shown["reason"]),
        (&json!("Anjali Kulkarni"), &json!("Asked the patient: unknown."))
    );
}

#[tokio::test]
async fn who_may_not_settle_is_refused_and_nothing_changes() {
    let mut refused = Refused::new().await;
    let of = refused.first();
    let receptionist = person(&refused.clinic, &refused.desk, Role::Receptionist).await;
    let doctor = std::mem::replace(&mut refused.desk.user, receptionist);
    let not_theirs = settled(&mut refused.desk, of, Way::Discard, "Not mine.", vec![]).await;
    assert_eq!(not_theirs.receipts[0].code, Some(RefusalCode::NotAllowed));
    refused.desk.user = doctor;
    let unsaid = settled(&mut refused.desk, of, Way::Discard, "", vec![]).await;
    assert_eq!(unsaid.receipts[0].code, Some(RefusalCode::BadValue));
    let other = vec![new_patient(Uuid::now_v7(), "Nisha")];
    let elsewhere = settled(&mut refused.desk, of, Way::Replace, "", other).await;
    assert_eq!(elsewhere.receipts[0].code, Some(RefusalCode::BadValue));
    assert_eq!(refused.fates().await, [Fate::Quarantined, Fate::Blocked]);
    // From another computer, only an admin; and another tenant's is none.
    let mut next = refused.clinic.desk().await;
    let nurse = person(&refused.clinic, &next, Role::Nurse).await;
    next.user = nurse;
    let told = settled(&mut next, of, Way::Discard, "Not mine.", vec![]).await;
    assert_eq!(told.receipts[0].code, Some(RefusalCode::NotAllowed));
    let mut neighbour = refused.clinic.neighbour().await;
    let theirs = settled(&mut neighbour, of, Way::Discard, "Not mine.", vec![]).await.receipts.remove(0);
    let none = (DeviceId(Uuid::now_v7()), 2);
    let none = settled(&mut neighbour, none, Way::Discard, "Not mine.", vec![]).await.receipts.remove(0);
    assert_eq!((theirs.code, theirs.detail), (none.code, none.detail));
    assert_eq!(refused.fates().await, [Fate::Quarantined, Fate::Blocked]);
}

#[tokio::test]
async fn what_a_lost_computer_brought_is_before_the_admins_and_goes_in_when_one_says_so() {
    let clinic = Clinic::open().await;
    let (mut admin, mut desk) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    let signed = desk.sign(vec![alone(patient)]);
    let later = desk.sign(vec![city(patient, json!(null), "Pune")]);
    revoke(&admin, &desk, &RevokeRequest::default()).await.expect("revoked");
    handover(&desk, vec![signed, later]).await.expect("taken");
    // The second builds on the first.
    settled(&mut admin, (desk.device, 2), Way::Retry, "", vec![]).await;
    assert!(admin.rows().await.iter().all(|row| row.id != patient));
    settled(&mut admin, (desk.device, 1), Way::Retry, "", vec![]).await;
    assert_eq!(city_of(&admin, patient).await, "Pune");
    for sequence in [1, 2] {
        let item = item(&admin, (desk.device, sequence)).await.expect("an item");
        assert_eq!((&item.values["state"], &item.values["choice"]), (&json!("resolved"), &json!("ours")));
    }
}

#[tokio::test]
async fn a_desktop_asks_only_for_its_own_receipts_and_for_so_many() {
    let refused = Refused::new().await;
    let other = refused.clinic.desk().await;
    assert!(ask(&other, &[1, 2, 3]).await.expect("an answer").receipts.is_empty());
    let many: Vec<i64> = (0..=MAX_PUSH_MUTATIONS as i64).collect();
    assert_eq!(ask(&other, &many).await.expect_err("too many").status, 413);
    let mut stranger = refused.clinic.desk().await;
    stranger.epoch = protocol::id::Epoch(Uuid::now_v7());
    assert_eq!(ask(&stranger, &[1]).await.expect_err("another epoch").code, ErrorCode::EpochChanged);
    let answer = ask(&refused.desk, &[1, 2, 99]).await.expect("an answer");
    assert_eq!(answer.receipts.len(), 2);
    assert!(answer.rows.iter().all(|row| row.id == refused.patient), "rows only of what went in");
}
