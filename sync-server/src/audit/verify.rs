//! Goes through a tenant's log and makes every hash anew. What the database says of itself is not believed: the
//! hashes are made here, and the keys and kept ends come from outside.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::VerifyingKey;
use protocol::id::TenantId;
use protocol::signing;
use protocol::table::Table;
use serde::{Deserialize, Serialize, Serializer};
use sqlx::PgConnection;
use uuid::Uuid;

use super::chain::{self, NOTHING};
use super::heads::{self, Head, hex};
use crate::error::Result;
use crate::sync::statements;

/// So many entries are read at once.
const PAGE: i64 = 5_000;
/// So many findings are told of one tenant; the rest is counted.
const MOST_FINDINGS: usize = 100;

/// What to compare with.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The public half of the audit key; without it signatures are not checked.
    pub key: Option<VerifyingKey>,
    /// Ends of lanes that someone kept outside the database.
    pub kept: BTreeMap<TenantId, Vec<KeptHead>>,
}

/// An end of a lane, as `audit verify` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptHead {
    /// The lane.
    pub lane: String,
    /// The number of its last entry.
    pub seq: i64,
    /// That entry's hash in hexadecimal digits.
    pub hash: String,
}

/// What was found in a tenant's log.
#[derive(Clone, Debug, Serialize)]
pub struct TenantReport {
    /// The tenant.
    pub tenant_id: TenantId,
    /// How many entries it has.
    pub entries: u64,
    /// The ends of its lanes.
    pub heads: Vec<KeptHead>,
    /// How much is wrong.
    pub findings_count: usize,
    /// The first of it.
    pub findings: Vec<Finding>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// In which lane.
    pub lane: String,
    /// At which entry.
    pub seq: i64,
    /// What.
    pub problem: Problem,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A gap in the numbers.
    #[error("the entries up to {0} are missing")]
    Missing(i64),
    /// Its own hash does not fit.
    #[error("the entry was changed")]
    Changed,
    /// Its hash of the entry before does not fit.
    #[error("the entry does not follow the one before it")]
    Unlinked,
    /// A signed or kept end has another hash.
    #[error("the entry is not the one that was noted as the end of its lane")]
    Rewritten,
    /// There was a signed or kept end beyond the last entry.
    #[error("this entry, and all after the last one that is left, were removed")]
    CutOff,
    /// A signature does not fit.
    #[error("the signature of this end of the lane is not the audit key's")]
    Forged,
    /// A row has no entry for its version.
    #[error("the row {id} of {table} was written without an entry, or its entry was removed")]
    Unrecorded {
        /// The table.
        table: &'static str,
        /// The row.
        id: Uuid,
    },
    /// A row has entries, and is not there.
    #[error("the row {id} of {table} was removed without an entry")]
    Vanished {
        /// The table.
        table: &'static str,
        /// The row.
        id: Uuid,
    },
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl TenantReport {
    fn add(&mut self, lane: &str, seq: i64, problem: Problem) {
        self.findings_count += 1;
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding { lane: lane.to_owned(), seq, problem });
        }
    }
}

/// Goes through the log of one tenant, as it is in this transaction.
pub async fn verify(tx: &mut PgConnection, tenant: TenantId, known: &Known) -> Result<TenantReport> {
    let mut report =
        TenantReport { tenant_id: tenant, entries: 0, heads: vec![], findings_count: 0, findings: vec![] };
    let mut noted = signed_heads(tx, tenant, known, &mut report).await?;
    for kept in known.kept.get(&tenant).into_iter().flatten() {
        noted.entry(kept.lane.clone()).or_default().insert((kept.seq, kept.hash.clone()));
    }
    let mut lanes: BTreeSet<String> = noted.keys().cloned().collect();
    let found = sqlx::query_scalar!(
        r#"select distinct lane as "lane!: String" from tenant_audit_log where tenant_id = $1"#,
        tenant.0
    )
    .fetch_all(&mut *tx)
    .await?;
    lanes.extend(found);
    for lane in lanes {
        let noted = noted.remove(&lane).unwrap_or_default();
        verify_lane(tx, tenant, &lane, &noted, &mut report).await?;
    }
    verify_rows(tx, tenant, &mut report).await?;
    Ok(report)
}

/// Numbers and hashes that were noted as ends of a lane.
type Noted = BTreeSet<(i64, String)>;

async fn signed_heads(
    tx: &mut PgConnection,
    tenant: TenantId,
    known: &Known,
    report: &mut TenantReport,
) -> Result<BTreeMap<String, Noted>> {
    let rows = sqlx::query!(
        r#"select lane as "lane!: String", seq, entry_hash, signed_at, public_key, signature
           from audit_heads where tenant_id = $1 order by lane, seq"#,
        tenant.0
    )
    .fetch_all(tx)
    .await?;
    let mut noted: BTreeMap<String, Noted> = BTreeMap::new();
    for row in rows {
        let head =
            Head { lane: row.lane, seq: row.seq, entry_hash: row.entry_hash, signed_at: row.signed_at };
        let message = heads::message(tenant, &head);
        if known.key.is_some_and(|key| !signing::verify(&key, &message, &row.signature)) {
            report.add(&head.lane, head.seq, Problem::Forged);
        }
        noted.entry(head.lane).or_default().insert((head.seq, hex(&head.entry_hash)));
    }
    Ok(noted)
}

async fn verify_lane(
    tx: &mut PgConnection,
    tenant: TenantId,
    lane: &str,
    noted: &Noted,
    report: &mut TenantReport,
) -> Result<()> {
    let mut last = 0;
    let mut last_hash = NOTHING.to_vec();
    loop {
        let entries = chain::read(tx, tenant, lane, last, PAGE).await?;
        let is_last_page = entries.len() < PAGE as usize;
        for entry in entries {
            report.entries += 1;
            if entry.seq != last + 1 {
                report.add(lane, last + 1, Problem::Missing(entry.seq - 1));
            } else if entry.prev_hash != last_hash {
                report.add(lane, entry.seq, Problem::Unlinked);
            }
            if entry.hash(tenant, lane) != entry.entry_hash.as_slice() {
                report.add(lane, entry.seq, Problem::Changed);
            }
            let hash = hex(&entry.entry_hash);
            if of_entry(noted, entry.seq).any(|noted| *noted != hash) {
                report.add(lane, entry.seq, Problem::Rewritten);
            }
            (last, last_hash) = (entry.seq, entry.entry_hash);
        }
        if is_last_page {
            break;
        }
    }
    if let Some((seq, _)) = noted.last().filter(|(seq, _)| *seq > last) {
        report.add(lane, *seq, Problem::CutOff);
    }
    if last > 0 {
        report.heads.push(KeptHead { lane: lane.to_owned(), seq: last, hash: hex(&last_hash) });
    }
    Ok(())
}

fn of_entry(noted: &Noted, seq: i64) -> impl Iterator<Item = &String> {
    noted.range((seq, String::new())..(seq + 1, String::new())).map(|(_, hash)| hash)
}

/// Each synced row has an entry for its version, and each row that was written is there: so the end of the writers'
/// lane cannot be taken away even before it was signed.
async fn verify_rows(tx: &mut PgConnection, tenant: TenantId, report: &mut TenantReport) -> Result<()> {
    // A tenant that left has its log and no rows.
    let is_here = sqlx::query_scalar!("select id from tenants where id = $1", tenant.0)
        .fetch_optional(&mut *tx)
        .await?
        .is_some();
    if !is_here {
        return Ok(());
    }
    // Rows of a tenant that is older than its log are covered from there on.
    let begins = sqlx::query_scalar!(
        "select sync_version from tenant_audit_log
         where tenant_id = $1 and lane = 'writes' and seq = 1 and table_name = 'tenant_audit_log'",
        tenant.0
    )
    .fetch_optional(&mut *tx)
    .await?
    .flatten()
    .unwrap_or(0);
    for table in Table::of_tenant() {
        let statements = statements::of_table(table.name);
        let unrecorded: Vec<Uuid> = sqlx::query_scalar(statements.unrecorded.clone())
            .bind(tenant.0)
            .bind(begins)
            .fetch_all(&mut *tx)
            .await?;
        let table = table.sql_name;
        for id in unrecorded {
            report.add("writes", 0, Problem::Unrecorded { table, id });
        }
        let vanished: Vec<Uuid> =
            sqlx::query_scalar(statements.vanished.clone()).bind(tenant.0).fetch_all(&mut *tx).await?;
        for id in vanished {
            report.add("writes", 0, Problem::Vanished { table, id });
        }
    }
    Ok(())
}
