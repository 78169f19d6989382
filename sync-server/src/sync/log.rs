//! The log of mutations: each as it was signed, with the server's answer. And the quarantine.

use protocol::api::{Fate, MAX_QUARANTINE_BYTES, Receipt};
use protocol::error::{Refusal, RefusalCode};
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::merge::ReviewColumn;
use protocol::mutation::{Hash, SignedMutation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::mutation::Opened;
use crate::error::{Error, Result};

/// How far the server has come with a device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    pub(crate) sequence: i64,
    pub(crate) hash: Hash,
    /// When the last one was done, as far as that is believed; none where that is not known.
    pub(super) done_at: Option<OffsetDateTime>,
}

impl Progress {
    /// One mutation further, if it is the next one.
    pub(super) fn followed_by(self, opened: &Opened<'_>) -> Result<Self> {
        if self.sequence.checked_add(1) != Some(opened.sequence) {
            return Err(Error::SequenceGap { expected: self.sequence.saturating_add(1) });
        }
        if opened.signed.previous_hash != self.hash {
            return Err(Error::DeviceCopied);
        }
        Ok(Self { sequence: opened.sequence, hash: opened.signed.hash, done_at: self.done_at })
    }
}

/// Refuses mutations that are not in the device's order.
pub(super) fn must_follow(opened: &[Opened<'_>]) -> Result<()> {
    if opened.windows(2).any(|pair| pair[0].sequence.checked_add(1) != Some(pair[1].sequence)) {
        return Err(Error::Invalid("The mutations are not in the device's order."));
    }
    Ok(())
}

/// How far the server has come with this device.
pub(crate) async fn progress(tx: &mut PgConnection, tenant: TenantId, device: DeviceId) -> Result<Progress> {
    let row = sqlx::query!(
        "select last_sequence, last_hash from devices where tenant_id = $1 and id = $2",
        tenant.0,
        device.0
    )
    .fetch_one(tx)
    .await?;
    let hash = Hash::parse(&row.last_hash).unwrap_or(Hash::ZERO);
    Ok(Progress { sequence: row.last_sequence, hash, done_at: None })
}

/// Refuses to set more of a device aside than a person can look through.
pub(super) async fn must_have_room(tx: &mut PgConnection, tenant: TenantId, device: DeviceId) -> Result<()> {
    let bytes = sqlx::query_scalar!(
        r#"select coalesce(sum(octet_length(body)), 0)::bigint as "bytes!" from sync_quarantine
           where tenant_id = $1 and device_id = $2 and resolved_at is null"#,
        tenant.0,
        device.0
    )
    .fetch_one(tx)
    .await?;
    if bytes > MAX_QUARANTINE_BYTES { Err(Error::QuarantineFull) } else { Ok(()) }
}

/// The answers to these mutations as they stand now, in their order.
pub(super) async fn receipts(
    tx: &mut PgConnection,
    tenant: TenantId,
    device: DeviceId,
    sequences: &[i64],
) -> Result<Vec<Receipt>> {
    let rows = sqlx::query!(
        r#"select m.sequence, m.hash,
                  coalesce(q.fate, case when q.sequence is null then m.fate
                                        when q.blocked_by is null then 'quarantined' else 'blocked' end) as "fate!",
                  case when q.sequence is null then m.code when q.fate is null then q.code end as code,
                  case when q.sequence is null then m.detail
                       when q.fate is null then coalesce(q.detail, m.detail) else q.detail end as detail,
                  case when q.fate is null then q.blocked_by end as blocked_by,
                  case when q.fate is null then m.review else q.review end as "review!: Json<Vec<ReviewColumn>>"
           from sync_mutations m
           left join sync_quarantine q
             on q.tenant_id = m.tenant_id and q.device_id = m.device_id and q.sequence = m.sequence
           where m.tenant_id = $1 and m.device_id = $2 and m.sequence = any ($3)
           order by m.sequence"#,
        tenant.0,
        device.0,
        sequences
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Receipt {
                sequence: row.sequence,
                hash: Hash::parse(&row.hash).unwrap_or(Hash::ZERO),
                fate: from_text(row.fate)?,
                code: row.code.map(from_text).transpose()?,
                detail: row.detail,
                blocked_by: row.blocked_by,
                review: row.review.0,
            })
        })
        .collect()
}

/// The desktop that this one was until its disk was copied, and up to which of its mutations.
pub(crate) async fn original(
    tx: &mut PgConnection,
    tenant: TenantId,
    device: DeviceId,
) -> Result<Option<(DeviceId, i64)>> {
    let row = sqlx::query!(
        "select copied_from, copied_sequence from devices where tenant_id = $1 and id = $2",
        tenant.0,
        device.0
    )
    .fetch_one(tx)
    .await?;
    Ok(row.copied_from.map(DeviceId).zip(row.copied_sequence))
}

/// The texts of these mutations, also of those that had been set aside first.
pub(super) async fn bodies(
    tx: &mut PgConnection,
    tenant: TenantId,
    device: DeviceId,
    sequences: &[i64],
) -> Result<Vec<String>> {
    let bodies = sqlx::query_scalar!(
        r#"select coalesce(q.body, m.body) as "body!" from sync_mutations m
           left join sync_quarantine q
             on q.tenant_id = m.tenant_id and q.device_id = m.device_id and q.sequence = m.sequence
           where m.tenant_id = $1 and m.device_id = $2 and m.sequence = any ($3)"#,
        tenant.0,
        device.0,
        sequences
    )
    .fetch_all(tx)
    .await?;
    Ok(bodies)
}

/// A mutation and what became of it.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) actor: UserId,
    pub(super) signed: &'a SignedMutation,
    pub(super) receipt: &'a Receipt,
    pub(super) row_ids: &'a [Uuid],
    /// Where it stands among the device's, if not by its own number.
    pub(super) place: Option<i64>,
    /// When it was done, as far as that is believed.
    pub(super) done_at: Option<OffsetDateTime>,
}

/// The same as `clinic.keep_mutations` takes it.
#[derive(Serialize)]
struct Kept<'a> {
    sequence: i64,
    hash: String,
    previous_hash: String,
    signature: &'a str,
    body: &'a str,
    actor: UserId,
    fate: Fate,
    code: Option<RefusalCode>,
    detail: Option<&'a str>,
    blocked_by: Option<i64>,
    review: &'a [ReviewColumn],
    version: i64,
    #[serde(with = "time::serde::rfc3339::option")]
    done_at: Option<OffsetDateTime>,
    own_signature: Option<&'a str>,
}

/// At most so many mutations are on their way into the log.
const KEPT_AT_ONCE: usize = 100;

/// Mutations of a device on their way into the log, which they reach many at once.
#[derive(Debug)]
pub(super) struct Keeper {
    tenant: TenantId,
    device: DeviceId,
    /// That their rows bear.
    version: i64,
    waiting: Vec<Value>,
}

impl Keeper {
    pub(super) fn new(tenant: TenantId, device: DeviceId, version: i64) -> Self {
        Self { tenant, device, version, waiting: Vec::new() }
    }

    /// Keeps a mutation with its receipt, at [`Keeper::flush`] at the latest; one that must wait for a person goes to the
    /// quarantine at once, with what it says.
    pub(super) async fn keep(&mut self, tx: &mut PgConnection, entry: &Entry<'_>) -> Result<()> {
        let Entry { signed, receipt, .. } = entry;
        let is_aside = receipt.fate.is_aside();
        let kept = Kept {
            sequence: receipt.sequence,
            hash: signed.hash.to_string(),
            previous_hash: signed.previous_hash.to_string(),
            signature: &signed.signature,
            body: if is_aside { "" } else { signed.body.as_str() },
            actor: entry.actor,
            fate: receipt.fate,
            code: receipt.code,
            detail: receipt.detail.as_deref(),
            blocked_by: receipt.blocked_by,
            review: &receipt.review,
            version: self.version,
            done_at: entry.done_at,
            own_signature: signed.own_signature.as_deref(),
        };
        self.waiting.push(serde_json::to_value(kept).map_err(anyhow::Error::from)?);
        if is_aside || self.waiting.len() >= KEPT_AT_ONCE {
            self.flush(tx).await?;
        }
        if is_aside {
            sqlx::query!(
                "insert into sync_quarantine (tenant_id, device_id, sequence, code, row_ids, blocked_by, place, body)
                 values ($1, $2, $3, $4, $5, $6, $7, $8)",
                self.tenant.0,
                self.device.0,
                receipt.sequence,
                receipt.code.map(to_text),
                entry.row_ids,
                receipt.blocked_by,
                entry.place,
                signed.body
            )
            .execute(tx)
            .await?;
        }
        Ok(())
    }

    /// Writes what is on its way, and how far the server has come with the device by that.
    pub(super) async fn flush(&mut self, tx: &mut PgConnection) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "select clinic.keep_mutations($1, $2, $3)",
            self.tenant.0,
            self.device.0,
            Json(&self.waiting) as _
        )
        .execute(tx)
        .await?;
        self.waiting.clear();
        Ok(())
    }
}

/// The answer to a mutation that was refused.
pub(super) fn refused(sequence: i64, hash: Hash, refusal: Refusal) -> Receipt {
    let Refusal { code, detail } = refusal;
    Receipt {
        sequence,
        hash,
        fate: Fate::Quarantined,
        code: Some(code),
        detail: Some(detail),
        blocked_by: None,
        review: vec![],
    }
}

/// The answer to a mutation that waits with another one.
pub(super) fn blocked(sequence: i64, hash: Hash, blocked_by: i64) -> Receipt {
    Receipt {
        sequence,
        hash,
        fate: Fate::Blocked,
        code: None,
        detail: None,
        blocked_by: Some(blocked_by),
        review: vec![],
    }
}

pub(super) fn to_text(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(text)) => text,
        _ => unreachable!("BUG: a unit variant is a string"),
    }
}

pub(super) fn from_text<T: DeserializeOwned>(text: String) -> Result<T> {
    serde_json::from_value(Value::String(text))
        .map_err(|error| anyhow::Error::new(error).context("the mutation log holds another word").into())
}
