//! `clinic-sync tenant new-epoch | release`: what an operator does after a restore, before desktops are served.

use std::io::Write;

use anyhow::bail;
use protocol::id::{Epoch, TenantId};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::options::{EpochTenants, TenantNewEpoch, TenantRelease};
use super::{audited, find_tenant};
use crate::Db;

/// The versions of a new epoch begin at least so far behind the last one that is known.
const AHEAD: i64 = 1_000_000;

/// How far the versions leap: to the milliseconds since 1970, which every epoch but the first begins with. No version that
/// the database lost, and that some desktop still has, is ever given again, also if one backup is restored twice, or
/// after a newer one an older one; that a thousand changes in a second would do.
fn leap(known: i64, now: OffsetDateTime) -> i64 {
    let now_ms = i64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    AHEAD.max(now_ms.saturating_sub(known))
}

/// Begins a new epoch: every desktop then asks where it stands, and brings back what it did and the database lost.
pub(super) async fn new_epoch(db: &Db, options: TenantNewEpoch, out: &mut impl Write) -> anyhow::Result<()> {
    let mut said = Vec::new();
    for (tenant, code) in tenants(db, &options.tenants).await? {
        if !options.yes {
            said.push((code, json!({ "state": "unchanged" })));
            continue;
        }
        let mut tx = db.write_unsynced(tenant).await?;
        // The same text as where desktops are served: `sync::head`.
        let known = sqlx::query!(
            r#"select version, epoch, held_at is not null as "is_held!" from tenant_sync where tenant_id = $1"#,
            tenant.0
        )
        .fetch_one(&mut *tx)
        .await?;
        let begun = sqlx::query!(
            "update tenant_sync set epoch = $2, version = version + $3, held_at = $4
             where tenant_id = $1
             returning epoch, version",
            tenant.0,
            Uuid::new_v4(),
            leap(known.version, OffsetDateTime::now_utc()),
            options.hold.then(OffsetDateTime::now_utc)
        )
        .fetch_one(&mut *tx)
        .await?;
        audited(&mut tx, tenant, "tenant new-epoch", None).await?;
        tell(&mut tx, tenant, begun.version).await?;
        tx.commit().await?;
        let state = if options.hold { "held" } else { "begun" };
        said.push((code, json!({ "state": state, "epoch": Epoch(begun.epoch), "version": begun.version })));
    }
    let sentence = match (options.yes, options.hold) {
        (false, _) => {
            "would begin a new epoch: its desktops would bring back what they did and the database lost. Say --yes to \
             do it."
        }
        (true, true) => {
            "begins a new epoch, and no desktop is served before `clinic-sync tenant release`. They keep everything \
             and say so."
        }
        (true, false) => "begins a new epoch. Its desktops bring back what they did and the database lost.",
    };
    say(out, options.json, said, sentence)
}

/// Serves desktops again.
pub(super) async fn release(db: &Db, options: TenantRelease, out: &mut impl Write) -> anyhow::Result<()> {
    let mut said = Vec::new();
    for (tenant, code) in tenants(db, &options.tenants).await? {
        let mut tx = db.write_unsynced(tenant).await?;
        let released = sqlx::query!(
            "update tenant_sync set held_at = null where tenant_id = $1 and held_at is not null returning version",
            tenant.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(released) = released else {
            said.push((code, json!({ "state": "unchanged" })));
            continue;
        };
        audited(&mut tx, tenant, "tenant release", None).await?;
        tell(&mut tx, tenant, released.version).await?;
        tx.commit().await?;
        said.push((code, json!({ "state": "released", "version": released.version })));
    }
    say(out, options.json, said, "is served. Its desktops go on by themselves.")
}

/// Wakes the desktops that listen.
async fn tell(tx: &mut sqlx::PgConnection, tenant: TenantId, version: i64) -> anyhow::Result<()> {
    sqlx::query!("select pg_notify('clinic_head', $1 || ':' || $2)", tenant.to_string(), version.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

async fn tenants(db: &Db, chosen: &EpochTenants) -> anyhow::Result<Vec<(TenantId, String)>> {
    if let Some(code) = &chosen.tenant_code {
        return Ok(vec![find_tenant(db, code).await?]);
    }
    let mut found = Vec::new();
    for tenant in db.usage(None).await? {
        found.push(find_tenant(db, &tenant.tenant_code).await?);
    }
    if found.is_empty() {
        bail!("There is no tenant in this database.");
    }
    Ok(found)
}

fn say(
    out: &mut impl Write,
    as_json: bool,
    said: Vec<(String, Value)>,
    sentence: &str,
) -> anyhow::Result<()> {
    if as_json {
        let rows = said.into_iter().map(|(code, mut state)| {
            state["tenant_code"] = code.into();
            state
        });
        writeln!(out, "{:#}", rows.collect::<Value>())?;
    } else {
        for (code, _) in said {
            writeln!(out, "{code} {sentence}")?;
        }
    }
    Ok(())
}
