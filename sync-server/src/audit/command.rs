//! `clinic-sync audit verify`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use protocol::id::TenantId;
use serde::Deserialize;
use serde_json::json;

use super::heads::read_public_key;
use super::verify::{self, KeptHead, Known, TenantReport};
use crate::Db;

/// `clinic-sync audit …`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Finds entries of the audit log that were changed, removed, put in or put elsewhere.
    ///
    /// Ends with an error if there is anything. Keep what it prints away from the database: with --head-file, the
    /// next run also finds what was removed or made anew since.
    Verify(AuditVerify),
}

/// Options of `audit verify`.
#[derive(Args, Clone, Debug, Default)]
pub struct AuditVerify {
    /// The tenant; without it, all that have a log.
    #[arg(long)]
    pub tenant_code: Option<String>,
    /// Answers in JSON.
    #[arg(long)]
    pub json: bool,
    /// The JSON answer of an earlier run, to compare with.
    #[arg(long)]
    pub head_file: Option<PathBuf>,
    /// PEM file of the audit key, either half; without it, `audit-key.pem` in the data folder.
    #[arg(long, env = "CLINIC_SYNC_AUDIT_KEY")]
    pub audit_key: Option<PathBuf>,
}

/// An earlier answer, as far as it is compared.
#[derive(Deserialize)]
struct Earlier {
    tenants: Vec<EarlierTenant>,
}

#[derive(Deserialize)]
struct EarlierTenant {
    tenant_id: TenantId,
    heads: Vec<KeptHead>,
}

/// Runs `audit verify` as `clinic_ops`.
///
/// # Errors
///
/// If anything is wrong with a log; all of it was written to `out` before.
pub async fn run_audit(
    db: &Db,
    data_dir: &Path,
    command: AuditCommand,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let AuditCommand::Verify(options) = command;
    let beside = Some(data_dir.join("audit-key.pem")).filter(|file| file.exists());
    let key = options.audit_key.or(beside).as_deref().map(read_public_key).transpose()?;
    let kept = options.head_file.as_deref().map(read_heads).transpose()?.unwrap_or_default();
    let known = Known { key, kept };
    let code = options.tenant_code.map(|code| code.trim().to_uppercase());
    let mut tenants: BTreeSet<TenantId> = db.audited_tenants(code.as_deref()).await?.into_iter().collect();
    match code {
        Some(code) if tenants.is_empty() => bail!("There is no tenant {code}."),
        Some(_) => {}
        // A tenant whose whole log is gone is still in the file.
        None => tenants.extend(known.kept.keys()),
    }
    let mut reports = Vec::new();
    for tenant in tenants {
        let mut tx = db.read(tenant).await?;
        // A long log takes longer than a request may, and for ever row by row, which old statistics suggest.
        sqlx::raw_sql("set local statement_timeout = '15min'; set local enable_nestloop = off")
            .execute(&mut *tx)
            .await?;
        reports.push(verify::verify(&mut tx, tenant, &known).await?);
    }
    if options.json {
        let answer = json!({ "tenants": reports, "key": known.key.is_some() });
        writeln!(out, "{answer:#}")?;
    } else {
        write_reports(out, &reports, known.key.is_some())?;
    }
    let findings: usize = reports.iter().map(|report| report.findings_count).sum();
    if findings > 0 {
        bail!(
            "The audit log is not whole: {findings} findings. Keep the database as it is and find out why."
        );
    }
    Ok(())
}

fn write_reports(out: &mut impl Write, reports: &[TenantReport], has_key: bool) -> std::io::Result<()> {
    if !has_key {
        writeln!(out, "Without the audit key the signatures were not checked; give --audit-key.")?;
    }
    for report in reports {
        let tenant = report.tenant_id;
        writeln!(out, "tenant {tenant}: {} entries, {} findings", report.entries, report.findings_count)?;
        for finding in &report.findings {
            writeln!(out, "  {} {}: {}", finding.lane, finding.seq, finding.problem)?;
        }
        for head in &report.heads {
            writeln!(out, "  head {} {} {}", head.lane, head.seq, head.hash)?;
        }
    }
    Ok(())
}

fn read_heads(path: &Path) -> anyhow::Result<BTreeMap<TenantId, Vec<KeptHead>>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("{} cannot be read.", path.display()))?;
    let earlier: Earlier = serde_json::from_str(&text)
        .with_context(|| format!("{} is not what audit verify --json printed.", path.display()))?;
    Ok(earlier.tenants.into_iter().map(|tenant| (tenant.tenant_id, tenant.heads)).collect())
}
