//! What a refused change says is not kept for ever; what became of it is, and that something was deleted is on record.

use std::collections::BTreeMap;

use clinic_sync::sync::forget::{DECIDED_DAYS, forget};
use protocol::api::Fate;
use protocol::manage::RevokeRequest;
use protocol::settlement::Way;
use serde_json::json;
use serde_json::value::RawValue;

use crate::archive_box::{Entry, Mover, with_manifest, with_rows};
use crate::lost_computers::look;
use crate::revoked::revoke;
use crate::settlements::{Refused, receipt, settled};

impl Refused {
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
async fn what_waits_is_kept_until_somebody_decides_however_long_that_takes() {
    let refused = Refused::new().await;
    refused.clinic.sql("update sync_mutations set received_at = now() - interval '10 years'").await;
    assert_eq!((refused.forget().await, refused.kept("purple").await), (0, 1));
    let admin = refused.clinic.desk().await;
    revoke(&admin, &refused.desk, &RevokeRequest::default()).await.expect("revoked");
    assert_eq!((refused.forget().await, refused.kept("purple").await), (0, 1));
    look(&admin, refused.first()).await.expect("it is before the admins, and shown");
    assert_eq!(refused.deletions_on_record().await, 0);
}

#[tokio::test]
async fn what_is_forgotten_is_deleted_once_by_several_processes_and_a_repeat_gets_its_answer() {
    let mut refused = Refused::new().await;
    let neighbour = refused.clinic.neighbour().await;
    let of = refused.first();
    settled(&mut refused.desk, of, Way::Discard, "On the wrong card.", vec![]).await;
    refused.decided(DECIDED_DAYS + 1).await;
    let state = refused.clinic.server.state();
    assert_eq!(forget(&state.db, neighbour.tenant).await.expect("looked after"), 0, "of another tenant");
    let (one, other) = tokio::join!(refused.forget(), refused.forget());
    assert_eq!((one + other, refused.forget().await), (1, 0));
    assert_eq!(refused.kept("purple").await, 0);
    let again = refused.desk.push(refused.signed.to_vec()).await.expect("a repeat is taken");
    let again: Vec<Fate> = again.receipts.iter().map(|receipt| receipt.fate).collect();
    assert_eq!(again, [Fate::Discarded, Fate::Applied]);
}

#[tokio::test]
async fn it_is_done_with_what_the_server_does_by_itself_now_and_then() {
    let mut refused = Refused::new().await;
    let of = refused.first();
    settled(&mut refused.desk, of, Way::Discard, "On the wrong card.", vec![]).await;
    refused.decided(DECIDED_DAYS + 1).await;
    let state = refused.clinic.server.state();
    state.audit.keep_house(&state.db).await;
    assert_eq!(refused.kept("purple").await, 0);
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

/// An archive as it was before migration 161: what was set aside stood in the log of mutations.
fn as_before(entries: &[Entry]) -> Vec<Entry> {
    type Line = BTreeMap<String, Box<RawValue>>;
    let key = |row: &Line| format!("{} {}", row["device_id"], row["sequence"]);
    let mut said: BTreeMap<String, Box<RawValue>> = BTreeMap::new();
    let apart = with_rows(entries, "sync_quarantine", |lines| {
        for line in lines {
            let mut row: Line = serde_json::from_str(line).expect("a row");
            row.remove("forgotten_at").expect("a column");
            said.insert(key(&row), row.remove("body").expect("a column"));
            *line = serde_json::to_string(&row).expect("JSON");
        }
    });
    let together = with_rows(&apart, "sync_mutations", |lines| {
        for line in lines {
            let mut row: Line = serde_json::from_str(line).expect("a row");
            if let Some(body) = said.remove(&key(&row)) {
                row.insert("body".to_owned(), body);
                *line = serde_json::to_string(&row).expect("JSON");
            }
        }
    });
    with_manifest(&together, |manifest| {
        manifest["migration_version"] = json!(160);
        let tables = manifest["tables"].as_array_mut().expect("tables");
        let table = tables.iter_mut().find(|table| table["name"] == "sync_quarantine").expect("the table");
        let columns = table["columns"].as_array_mut().expect("columns");
        columns.retain(|column| column != "body" && column != "forgotten_at");
    })
}

#[tokio::test]
async fn what_an_archive_from_before_says_of_a_refused_change_is_forgotten_once_it_is_restored() {
    let mut refused = Refused::new().await;
    let of = refused.first();
    settled(&mut refused.desk, of, Way::Discard, "On the wrong card.", vec![]).await;
    refused.decided(DECIDED_DAYS + 1).await;
    let mover = Mover::of(refused.clinic.server.database()).await;
    mover.export(refused.desk.tenant, "now").await.expect("an archive");
    mover.close("before", &as_before(&mover.open("now")));
    assert_eq!(refused.forget().await, 1, "in the tenant that is there");
    let restored = mover.restore("before", Some("BEFORE")).await.expect("a tenant");
    let state = refused.clinic.server.state();
    assert_eq!(refused.kept("purple").await, 1);
    assert_eq!(forget(&state.db, restored.tenant).await.expect("looked after"), 1);
    assert_eq!(refused.kept("purple").await, 0);
}
