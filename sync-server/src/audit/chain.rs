//! An entry and its hash, made here a second time: `chain_audit_entry` in the migration made it first.

use protocol::id::TenantId;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::error::Result;

/// Object identifiers of Postgres's own types, which never change.
const BYTEA: u32 = 17;
const INT8: u32 = 20;
const TIMESTAMPTZ: u32 = 1184;
const UUID: u32 = 2950;

/// Before the first entry of a lane.
pub const NOTHING: [u8; 32] = [0; 32];

/// An entry as it lies in the database.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number in the lane, from 1.
    pub seq: i64,
    /// Of the entry before.
    pub prev_hash: Vec<u8>,
    /// Of this one.
    pub entry_hash: Vec<u8>,
    id: Uuid,
    action: String,
    table_name: Option<String>,
    record_id: Option<Uuid>,
    patient_id: Option<Uuid>,
    clinic_id: Option<Uuid>,
    user_id: Option<Uuid>,
    device_id: Option<Uuid>,
    app_version: Option<String>,
    login: String,
    occurred_at: Option<OffsetDateTime>,
    timestamp: OffsetDateTime,
    sync_version: Option<i64>,
    changes: Option<String>,
    reason: Option<String>,
}

/// The next entries of a lane, in order.
pub async fn read(
    tx: &mut PgConnection,
    tenant: TenantId,
    lane: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Entry>> {
    let entries = sqlx::query_as!(
        Entry,
        r#"select seq, prev_hash, entry_hash, id, action as "action!: String", table_name, record_id, patient_id,
                  clinic_id, user_id, device_id, app_version, login, occurred_at, "timestamp", sync_version,
                  changes::text as changes, reason
           from tenant_audit_log where tenant_id = $1 and lane = $2::text and seq > $3
           order by lane, seq limit $4"#,
        tenant.0,
        lane,
        after,
        limit
    )
    .fetch_all(tx)
    .await?;
    Ok(entries)
}

impl Entry {
    /// The hash that this entry must have: SHA-256 over Postgres's binary form of the row (previous hash, tenant,
    /// lane, number and then everything that is told), its texts as UTF-8 bytes.
    pub fn hash(&self, tenant: TenantId, lane: &str) -> [u8; 32] {
        let mut row = BinaryRow::default();
        row.bytes(Some(&self.prev_hash));
        row.uuid(Some(tenant.0));
        row.text(Some(lane));
        row.int(Some(self.seq));
        row.uuid(Some(self.id));
        row.text(Some(&self.action));
        row.text(self.table_name.as_deref());
        row.uuid(self.record_id);
        row.uuid(self.patient_id);
        row.uuid(self.clinic_id);
        row.uuid(self.user_id);
        row.uuid(self.device_id);
        row.text(self.app_version.as_deref());
        row.text(Some(&self.login));
        row.time(self.occurred_at);
        row.time(Some(self.timestamp));
        row.int(self.sync_version);
        row.text(self.changes.as_deref());
        row.text(self.reason.as_deref());
        row.hash()
    }
}

/// The binary form of a row: the number of fields, then of each its type, its length (-1 for null) and its bytes.
#[derive(Default)]
struct BinaryRow {
    fields: i32,
    bytes: Vec<u8>,
}

impl BinaryRow {
    fn field(&mut self, kind: u32, value: Option<&[u8]>) {
        self.fields += 1;
        self.bytes.extend(kind.to_be_bytes());
        match value {
            None => self.bytes.extend((-1_i32).to_be_bytes()),
            Some(value) => {
                let length = i32::try_from(value.len()).expect("BUG: Postgres keeps no longer value");
                self.bytes.extend(length.to_be_bytes());
                self.bytes.extend(value);
            }
        }
    }

    fn bytes(&mut self, value: Option<&[u8]>) {
        self.field(BYTEA, value);
    }

    fn text(&mut self, value: Option<&str>) {
        self.field(BYTEA, value.map(str::as_bytes));
    }

    fn uuid(&mut self, value: Option<Uuid>) {
        self.field(UUID, value.as_ref().map(|id| id.as_bytes().as_slice()));
    }

    fn int(&mut self, value: Option<i64>) {
        self.field(INT8, value.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
    }

    /// Microseconds since the year 2000.
    fn time(&mut self, value: Option<OffsetDateTime>) {
        let micros = value.map(|at| {
            let micros = (at - datetime!(2000-01-01 0:00 UTC)).whole_microseconds();
            i64::try_from(micros).expect("BUG: Postgres keeps no other moment").to_be_bytes()
        });
        self.field(TIMESTAMPTZ, micros.as_ref().map(<[u8; 8]>::as_slice));
    }

    fn hash(self) -> [u8; 32] {
        Sha256::new().chain_update(self.fields.to_be_bytes()).chain_update(self.bytes).finalize().into()
    }
}
