//! Signed ends of lanes. A chain shows what was changed inside it, but not that its last entries are gone; whoever
//! takes them away would also have to forge these.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey};
use ed25519_dalek::{SigningKey, VerifyingKey};
use protocol::id::TenantId;
use protocol::signing;
use sqlx::PgConnection;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use super::{Audit, lock};
use crate::Db;
use crate::auth::token::write_new_key;
use crate::error::Result;
use crate::sync::forget::forget;

/// A tenant's ends are signed after about so many entries …
pub const SIGN_AFTER: usize = 1_000;
/// … or after this time.
const SIGN_EVERY: Duration = Duration::from_mins(15);

/// Signs the ends of lanes.
#[derive(Clone)]
pub struct AuditKey(SigningKey);

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditKey")
    }
}

/// An end of a lane.
#[derive(Clone, Debug)]
pub struct Head {
    /// The lane.
    pub lane: String,
    /// The number of its last entry.
    pub seq: i64,
    /// That entry's hash.
    pub entry_hash: Vec<u8>,
    /// When it was signed.
    pub signed_at: OffsetDateTime,
}

impl AuditKey {
    /// This key.
    pub fn new(key: SigningKey) -> Self {
        Self(key)
    }

    /// The key in this PEM file, which is made if it is not there.
    pub fn load_or_create(path: &Path) -> anyhow::Result<Self> {
        if !path.exists() {
            write_new_key(path)?;
        }
        let pem = std::fs::read_to_string(path)
            .with_context(|| format!("The audit key {} cannot be read.", path.display()))?;
        let key = SigningKey::from_pkcs8_pem(&pem)
            .map_err(|_| anyhow::anyhow!("{} is not an Ed25519 key in PEM.", path.display()))?;
        Ok(Self(key))
    }

    /// The half that everybody may know.
    pub fn public(&self) -> VerifyingKey {
        self.0.verifying_key()
    }
}

/// The public half of an audit key, from a PEM file of either half.
pub fn read_public_key(path: &Path) -> anyhow::Result<VerifyingKey> {
    let pem = std::fs::read_to_string(path)
        .with_context(|| format!("The audit key {} cannot be read.", path.display()))?;
    VerifyingKey::from_public_key_pem(&pem)
        .ok()
        .or_else(|| SigningKey::from_pkcs8_pem(&pem).ok().map(|key| key.verifying_key()))
        .with_context(|| format!("{} is not an Ed25519 key in PEM.", path.display()))
}

/// What the audit key signs: [`protocol::log_end::LogEnd::message`], of whatever stands in the database for a hash.
pub(super) fn message(tenant: TenantId, head: &Head) -> String {
    let hash = hex(&head.entry_hash);
    let micros = head.signed_at.unix_timestamp_nanos() / 1_000;
    format!("cd-audit-head-1\n{tenant}\n{}\n{}\n{hash}\n{micros}", head.lane, head.seq)
}

/// Bytes as small hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("BUG: a string takes all text");
        text
    })
}

impl Audit {
    /// Signs now and then, and once more at the end.
    pub(crate) async fn run(self, db: Db, stop: CancellationToken) {
        if self.0.key.is_none() {
            return;
        }
        loop {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(SIGN_EVERY) => {}
                () = self.0.many_unsigned.notified() => {}
            }
            self.keep_house(&db).await;
            if stop.is_cancelled() {
                return;
            }
        }
    }

    /// Signs what is to be signed, and forgets what is to be forgotten of the tenants of which somebody was here.
    pub async fn keep_house(&self, db: &Db) {
        for tenant in self.sign_heads(db).await {
            match forget(db, tenant).await {
                Ok(0) => {}
                Ok(forgotten) => self.added(tenant, forgotten),
                Err(error) => {
                    let error = error.for_log();
                    tracing::error!(%tenant, error, "what refused changes say could not be forgotten");
                }
            }
        }
    }

    /// Signs the ends of all lanes of the tenants that got entries from this process, and says which they are.
    pub async fn sign_heads(&self, db: &Db) -> Vec<TenantId> {
        let Some(key) = &self.0.key else { return vec![] };
        let tenants = std::mem::take(&mut *lock(&self.0.unsigned));
        for (&tenant, &entries) in &tenants {
            if let Err(error) = sign_tenant(db, key, tenant).await {
                tracing::error!(%tenant, error = error.for_log(), "the ends of the audit log could not be signed");
                // Not counted as new entries: the next try is in a while.
                lock(&self.0.unsigned).entry(tenant).or_insert(entries.min(SIGN_AFTER - 1));
            }
        }
        tenants.into_keys().collect()
    }
}

async fn sign_tenant(db: &Db, key: &AuditKey, tenant: TenantId) -> Result<()> {
    let mut tx = db.write_unsynced(tenant).await?;
    let micros = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000 * 1_000;
    let now = OffsetDateTime::from_unix_timestamp_nanos(micros).expect("BUG: now is a moment");
    let ends = sqlx::query!(
        r#"select e.lane as "lane!", e.seq as "seq!", e.entry_hash as "entry_hash!",
                  h.seq is null or exists (
                      select from tenant_audit_log l
                      where l.tenant_id = $1 and l.lane = e.lane and l.seq = h.seq
                        and l.entry_hash = h.entry_hash
                  ) as "is_whole!"
           from clinic.audit_lane_ends($1) e
           left join lateral (
               select a.seq, a.entry_hash from audit_heads a
               where a.tenant_id = $1 and a.lane = e.lane order by a.seq desc limit 1
           ) h on true
           where (h.seq, h.entry_hash) is distinct from (e.seq, e.entry_hash)"#,
        tenant.0
    )
    .fetch_all(&mut *tx)
    .await?;
    for end in ends {
        if !end.is_whole {
            tracing::error!(%tenant, lane = end.lane, "the audit log was changed; run clinic-sync audit verify");
            db.broken_logs.inc();
            continue;
        }
        let head = Head { lane: end.lane, seq: end.seq, entry_hash: end.entry_hash, signed_at: now };
        store(&mut tx, key, tenant, &head).await?;
    }
    tx.commit().await
}

async fn store(tx: &mut PgConnection, key: &AuditKey, tenant: TenantId, head: &Head) -> Result<()> {
    // Another process may have signed the same end.
    sqlx::query!(
        "insert into audit_heads (tenant_id, lane, seq, entry_hash, signed_at, public_key, signature)
         values ($1, $2::text, $3, $4, $5, $6, $7)
         on conflict (tenant_id, lane, seq) do nothing",
        tenant.0,
        head.lane,
        head.seq,
        head.entry_hash,
        head.signed_at,
        signing::public_key_text(&key.public()),
        signing::sign(&key.0, &message(tenant, head))
    )
    .execute(tx)
    .await?;
    Ok(())
}
