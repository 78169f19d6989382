//! Who did something is judged by what they were when they did it, and by what they are now.

use protocol::api::{Fate, PushResponse};
use protocol::error::RefusalCode;
use protocol::id::UserId;
use protocol::mutation::{Change, SignedMutation};
use protocol::permission::Role;
use protocol::settlement::Way;
use protocol::table::TableName;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, edit};
use crate::conflicts::alone;
use crate::settlements::{fates, item, receipt, settled};
use crate::staff::person;

/// A desktop at which someone of this role has worked for a week, and two patients.
struct Shift {
    clinic: Clinic,
    desk: Desk,
    owner: UserId,
    author: UserId,
    patients: [Uuid; 2],
}

impl Shift {
    async fn of(role: Role) -> Self {
        let clinic = Clinic::open().await;
        let mut desk = clinic.desk().await;
        let patients = [Uuid::now_v7(), Uuid::now_v7()];
        let author = person(&clinic, &desk, role).await;
        clinic.sql("update device_users set first_signed_in_at = now() - interval '7 days'").await;
        // What comes first bears its own time, so that what follows may be of the past week.
        let registered =
            desk.sign_at(patients.map(alone).to_vec(), OffsetDateTime::now_utc() - Duration::days(6));
        desk.push(vec![registered]).await.expect("the push is taken");
        let owner = desk.user;
        Self { clinic, desk, owner, author, patients }
    }

    /// The author writes something clinical about a patient, so many hours ago by their clock.
    fn alert(&mut self, patient: usize, hours_ago: i64) -> SignedMutation {
        self.desk.user = self.author;
        let at = OffsetDateTime::now_utc() - Duration::hours(hours_ago);
        let signed = self.desk.sign_at(vec![alert(self.patients[patient])], at);
        self.desk.user = self.owner;
        signed
    }

    async fn set(&self, what: &str) {
        self.clinic.sql(&format!("update users set {what} where id = '{}'", self.author)).await;
    }

    async fn push(&self, mutations: Vec<SignedMutation>) -> PushResponse {
        self.desk.push(mutations).await.expect("the push is taken")
    }

    /// Somebody says what becomes of a change of this desktop.
    async fn settle(&mut self, by: UserId, sequence: i64, way: Way, changes: Vec<Change>) {
        let of = (self.desk.device, sequence);
        self.desk.user = by;
        settled(&mut self.desk, of, way, "", changes).await;
        self.desk.user = self.owner;
    }

    /// Whether it is before the admins.
    async fn is_before_admins(&self, sequence: i64) -> bool {
        item(&self.desk, (self.desk.device, sequence)).await.is_some()
    }

    async fn has_alert(&self, patient: usize) -> bool {
        let rows = self.desk.rows().await;
        rows.iter().any(|row| row.id == self.patients[patient] && row.values["alerts"] == "Faints.")
    }
}

fn alert(patient: Uuid) -> Change {
    edit(TableName::Patients, patient, &[("alerts", json!(null), json!("Faints."))])
}

/// The code and the sentence of an answer.
fn said(answer: &PushResponse, place: usize) -> (Option<RefusalCode>, &str) {
    let receipt = &answer.receipts[place];
    (receipt.code, receipt.detail.as_deref().unwrap_or_default())
}

#[tokio::test]
async fn what_was_done_before_the_role_was_lost_waits_for_an_admin_and_what_came_after_is_refused() {
    let mut shift = Shift::of(Role::Nurse).await;
    let before = shift.alert(0, 5);
    shift.set("roles = '{receptionist}'").await;
    let after = shift.alert(1, 0);
    let answer = shift.push(vec![before, after]).await;
    let (code, detail) = said(&answer, 0);
    assert_eq!(code, Some(RefusalCode::NotAllowed));
    assert!(detail.contains("may not any more") && detail.contains("an admin lets it in"), "{detail}");
    let (code, detail) = said(&answer, 1);
    assert_eq!(code, Some(RefusalCode::NotAllowed));
    assert!(detail.contains("role may not write patients.alerts"), "{detail}");
    assert!(shift.is_before_admins(2).await, "nobody had to hand it over");
    assert!(!shift.is_before_admins(3).await);

    // Its author does not let themselves in, nor does another who is no admin.
    let doctor = person(&shift.clinic, &shift.desk, Role::Doctor).await;
    for by in [shift.author, doctor] {
        shift.settle(by, 2, Way::Retry, vec![]).await;
        assert_eq!(fates(&shift.desk, &[2]).await, [Fate::Quarantined]);
    }
    // An admin does, and only what might be done then.
    for sequence in [2, 3] {
        shift.settle(shift.owner, sequence, Way::Retry, vec![]).await;
    }
    assert_eq!(fates(&shift.desk, &[2, 3]).await, [Fate::Applied, Fate::Quarantined]);
    assert!(shift.has_alert(0).await && !shift.has_alert(1).await);
    let rows = shift.desk.rows().await;
    let author = format!(
        "select count(*) from clinic.patients where id = '{}' and updated_by = '{}'",
        shift.patients[0], shift.author
    );
    assert_eq!((shift.clinic.number(&author).await, rows.is_empty()), (1, false), "it is still whose it was");
}

#[tokio::test]
async fn the_same_holds_for_who_does_not_work_here_any_more() {
    let mut shift = Shift::of(Role::Nurse).await;
    let before = shift.alert(0, 5);
    shift.set("is_active = false").await;
    let after = shift.alert(1, 0);
    let answer = shift.push(vec![before, after]).await;
    let (_, detail) = said(&answer, 0);
    assert!(detail.contains("does not work here any more"), "{detail}");
    let (code, detail) = said(&answer, 1);
    assert_eq!(code, Some(RefusalCode::NotAllowed));
    assert!(detail.contains("did not work here when this was done"), "{detail}");
    shift.settle(shift.owner, 2, Way::Retry, vec![]).await;
    assert_eq!(fates(&shift.desk, &[2, 3]).await, [Fate::Applied, Fate::Quarantined]);
}

#[tokio::test]
async fn what_was_done_before_the_role_was_given_is_refused_until_it_is_done_anew() {
    let mut shift = Shift::of(Role::Receptionist).await;
    let before = shift.alert(0, 5);
    shift.set("roles = '{nurse}'").await;
    let after = shift.alert(1, 0);
    let answer = shift.push(vec![before, after]).await;
    let (code, detail) = said(&answer, 0);
    assert_eq!(code, Some(RefusalCode::NotAllowed));
    assert!(detail.contains("only after it was done"), "{detail}");
    assert_eq!(answer.receipts[1].fate, Fate::Applied);
    let correction = vec![alert(shift.patients[0])];
    shift.settle(shift.author, 2, Way::Replace, correction).await;
    assert_eq!(fates(&shift.desk, &[2]).await, [Fate::Replaced]);
    assert!(shift.has_alert(0).await);
}

#[tokio::test]
async fn a_role_that_was_taken_and_given_back_does_not_cover_what_was_done_between() {
    let mut shift = Shift::of(Role::Nurse).await;
    shift.set("roles = '{receptionist}'").await;
    let between = shift.alert(0, 0);
    shift.set("roles = '{nurse}'").await;
    let answer = shift.push(vec![between]).await;
    assert!(said(&answer, 0).1.contains("only after it was done"), "{:?}", answer.receipts);
}

#[tokio::test]
async fn a_moment_before_what_the_desktop_brought_before_is_not_believed() {
    let mut shift = Shift::of(Role::Nurse).await;
    shift.set("roles = '{receptionist}'").await;
    // The desktop has been heard since, with something that was done just now.
    let city = edit(TableName::Patients, shift.patients[1], &[("city", json!(null), json!("Pune"))]);
    shift.desk.write(vec![city]).await;
    let set_back = shift.alert(0, 5);
    let answer = shift.push(vec![set_back]).await;
    assert!(said(&answer, 0).1.contains("role may not write"), "{:?}", answer.receipts);
    assert!(!shift.is_before_admins(3).await);
    let sql = format!(
        "select count(*) from clinic.sync_mutations where device_id = '{}' and done_at > now() - interval '1 hour'",
        shift.desk.device
    );
    assert_eq!(shift.clinic.number(&sql).await, 2, "the later one counts as done when the earlier one was");
    assert_eq!(receipt(&shift.desk, 3).await.fate, Fate::Quarantined);
}
