//! What a refused change says is not kept for ever; what became of it is, and that something was deleted is on record.

use clinic_sync::sync::forget::{DECIDED_DAYS, WAITING_DAYS, forget};
use protocol::api::Fate;
use protocol::error::ErrorCode;
use protocol::id::DeviceId;
use protocol::manage::RevokeRequest;
use protocol::mutation::{Change, SignedMutation};
use protocol::settlement::Way;
use protocol::table::TableName;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, edit};
use crate::conflicts::alone;
use crate::lost_computers::look;
use crate::revoked::revoke;
use crate::settlements::{fates, receipt, settled};

/// A desktop, of which one change of a patient was refused, with another one that waits behind it.
struct Refused {
    clinic: Clinic,
    admin: Desk,
    desk: Desk,
    patient: Uuid,
    signed: [SignedMutation; 2],
}

fn city(patient: Uuid, base: Value, value: &str) -> Change {
    edit(TableName::Patients, patient, &[("city", base, json!(value))])
}

impl Refused {
    const FIRST: i64 = 2;
    const BEHIND: i64 = 3;

    async fn new() -> Self {
        let clinic = Clinic::open().await;
        let (admin, mut desk) = (clinic.desk().await, clinic.desk().await);
        let patient = Uuid::now_v7();
        desk.write(vec![alone(patient)]).await;
        let group = ("blood_group", json!("unknown"), json!("purple"));
        let bad = edit(TableName::Patients, patient, &[("city", json!(null), json!("Pune")), group]);
        let signed = [desk.sign(vec![bad]), desk.sign(vec![city(patient, json!("Pune"), "Nashik")])];
        desk.push(signed.to_vec()).await.expect("taken");
        let refused = Self { clinic, admin, desk, patient, signed };
        assert_eq!(refused.fates().await, [Fate::Quarantined, Fate::Blocked]);
        refused
    }

    fn first(&self) -> (DeviceId, i64) {
        (self.desk.device, Self::FIRST)
    }

    async fn fates(&self) -> Vec<Fate> {
        fates(&self.desk, &[Self::FIRST, Self::BEHIND]).await
    }

    /// As if all had come so many days ago.
    async fn received(&self, days: i32) {
        let sql = format!("update sync_mutations set received_at = now() - interval '{days} days'");
        self.clinic.sql(&sql).await;
    }

    /// As if it had been decided so many days ago.
    async fn decided(&self, days: i32) {
        let sql = format!(
            "update sync_quarantine set resolved_at = now() - interval '{days} days' where resolved_at is not null"
        );
        self.clinic.sql(&sql).await;
    }

    /// How many were forgotten.
    async fn forget(&self) -> usize {
        forget(&self.clinic.server.state().db, self.desk.tenant).await.expect("looked after")
    }

    /// How many texts are kept that have this in them, wherever.
    async fn kept(&self, word: &str) -> i64 {
        let sql = format!(
            "select (select count(*) from clinic.sync_quarantine where body like '%{word}%')
                  + (select count(*) from clinic.sync_mutations where body like '%{word}%')"
        );
        self.clinic.number(&sql).await
    }

    async fn deletions_on_record(&self) -> i64 {
        let sql = format!(
            "select count(*) from clinic.tenant_audit_log
             where action = 'delete' and table_name = 'sync_quarantine' and device_id = '{}'",
            self.desk.device
        );
        self.clinic.number(&sql).await
    }
}

#[tokio::test]
async fn what_waits_is_deleted_after_400_days_once_and_on_record() {
    let refused = Refused::new().await;
    let neighbour = refused.clinic.neighbour().await;
    refused.received(WAITING_DAYS - 1).await;
    assert_eq!((refused.forget().await, refused.kept("purple").await), (0, 1));
    refused.received(WAITING_DAYS + 1).await;
    let db = &refused.clinic.server.state().db;
    assert_eq!(forget(db, neighbour.tenant).await.expect("looked after"), 0, "of another tenant");
    // Two processes at once.
    let (one, other) = tokio::join!(refused.forget(), refused.forget());
    assert_eq!((one + other, refused.forget().await), (2, 0));
    assert_eq!((refused.kept("purple").await, refused.kept("Nashik").await), (0, 0));
    assert_eq!(refused.deletions_on_record().await, 2);
    assert_eq!(refused.fates().await, [Fate::Quarantined, Fate::Blocked], "each has its fate");
    let again = refused.desk.push(refused.signed.to_vec()).await.expect("a repeat is taken");
    let again: Vec<Fate> = again.receipts.iter().map(|receipt| receipt.fate).collect();
    assert_eq!(again, [Fate::Quarantined, Fate::Blocked]);
}

#[tokio::test]
async fn what_was_forgotten_is_corrected_from_the_desktops_own_copy_or_discarded() {
    let mut refused = Refused::new().await;
    let (of, patient) = (refused.first(), refused.patient);
    settled(&mut refused.desk, of, Way::HandOver, "What group is meant?", vec![]).await;
    refused.received(WAITING_DAYS + 1).await;
    // What the server does by itself now and then.
    let state = refused.clinic.server.state();
    state.audit.keep_house(&state.db).await;
    assert_eq!(refused.kept("purple").await, 0);
    let shown = look(&refused.admin, of).await.expect_err("nothing to show");
    assert!(shown.code == ErrorCode::Invalid && shown.detail.contains("400 days"), "{shown:?}");
    let tried = settled(&mut refused.desk, of, Way::Retry, "", vec![]).await;
    let said = tried.receipts[0].detail.as_deref().expect("it says so");
    assert!(said.contains("still has it"), "{said}");
    assert_eq!(refused.fates().await, [Fate::Quarantined, Fate::Blocked]);
    let right = vec![city(patient, json!(null), "Poona")];
    let right = settled(&mut refused.desk, of, Way::Replace, "", right).await;
    assert_eq!(right.receipts[0].fate, Fate::Applied, "{right:?}");
    // What waited behind it was forgotten as well: now it waits by itself.
    assert_eq!(refused.fates().await, [Fate::Replaced, Fate::Quarantined]);
    let behind = (refused.desk.device, Refused::BEHIND);
    settled(&mut refused.desk, behind, Way::Discard, "Written again.", vec![]).await;
    assert_eq!(refused.fates().await, [Fate::Replaced, Fate::Discarded]);
}

#[tokio::test]
async fn what_only_the_server_may_have_is_kept_until_somebody_decides() {
    for why in ["out of service", "not here lately"] {
        let refused = Refused::new().await;
        refused.received(10 * WAITING_DAYS).await;
        if why == "out of service" {
            revoke(&refused.admin, &refused.desk, &RevokeRequest::default()).await.expect("revoked");
        } else {
            refused.clinic.sql("update devices set last_seen_at = now() - interval '31 days'").await;
        }
        assert_eq!((refused.forget().await, refused.kept("purple").await), (0, 1), "{why}");
        assert_eq!(refused.deletions_on_record().await, 0, "{why}");
        let is_shown = look(&refused.admin, refused.first()).await.is_ok();
        assert_eq!(is_shown, why == "out of service", "it is before the admins");
    }
}

#[tokio::test]
async fn what_never_went_in_is_deleted_a_while_after_it_was_decided_and_what_went_in_stays() {
    let mut refused = Refused::new().await;
    let of = refused.first();
    settled(&mut refused.desk, of, Way::Discard, "Typed on the wrong card.", vec![]).await;
    assert_eq!(refused.fates().await, [Fate::Discarded, Fate::Applied]);
    refused.decided(DECIDED_DAYS - 1).await;
    assert_eq!((refused.forget().await, refused.kept("purple").await), (0, 1));
    refused.decided(DECIDED_DAYS + 1).await;
    assert_eq!((refused.forget().await, refused.forget().await), (1, 0));
    assert_eq!((refused.kept("purple").await, refused.kept("Nashik").await), (0, 1));
    assert_eq!(refused.deletions_on_record().await, 1);
    // Who decided, when, why and about which rows stays, and so does the answer.
    assert_eq!(refused.fates().await, [Fate::Discarded, Fate::Applied]);
    let first = receipt(&refused.desk, Refused::FIRST).await;
    assert_eq!(first.detail.as_deref(), Some("Typed on the wrong card."));
    let sql = format!(
        "select count(*) from clinic.sync_quarantine
         where forgotten_at is not null and resolved_by = '{}' and resolved_at is not null
           and reason = 'Typed on the wrong card.' and row_ids = array['{}'::uuid]",
        refused.desk.user, refused.patient
    );
    assert_eq!(refused.clinic.number(&sql).await, 1);
}
