//! Who gets a feature first: one tenant, then ten percent, fifty, all.

use std::io::Write;

use anyhow::ensure;
use clap::{ArgGroup, Args, Subcommand};
use serde_json::json;

use super::{FeatureName, place};
use crate::Db;
use crate::operator::{OutputOptions, audited, find_tenant};

/// `clinic-sync rollout …`.
#[derive(Debug, Subcommand)]
pub enum RolloutCommand {
    /// Turns a feature on for a part of the tenants or for one of them, or off.
    Set(RolloutSet),
    /// Lists the features and how far they are rolled out.
    Show(OutputOptions),
}

/// Options of `rollout set`.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("whose").required(true).multiple(true).args(["percent", "tenant_code", "off"]))]
pub struct RolloutSet {
    /// The feature, as the program knows it.
    pub feature: FeatureName,
    /// On for so many of a hundred tenants; whoever has it keeps it when this grows.
    #[arg(long, value_parser = clap::value_parser!(i16).range(0..=100), conflicts_with_all = ["tenant_code", "off"])]
    pub percent: Option<i16>,
    /// For this tenant, whatever the percentage.
    #[arg(long)]
    pub tenant_code: Option<String>,
    /// Off for the tenant; without one, off for everybody, those named before included.
    #[arg(long)]
    pub off: bool,
}

/// Runs `rollout set` or `rollout show`.
///
/// # Errors
///
/// There is no such tenant; or those of the database.
pub async fn run_rollout(db: &Db, command: RolloutCommand, out: &mut impl Write) -> anyhow::Result<()> {
    match command {
        RolloutCommand::Set(RolloutSet { feature, percent: Some(percent), .. }) => {
            db.set_feature(feature.as_str(), percent).await?;
            writeln!(out, "{feature} is on for {percent} of 100 tenants, and for those named.")?;
        }
        RolloutCommand::Set(RolloutSet { feature, tenant_code: Some(code), off, .. }) => {
            set_for_tenant(db, &feature, &code, !off).await?;
            writeln!(
                out,
                "{feature} is {} for {code}, whatever the percentage.",
                if off { "off" } else { "on" }
            )?;
        }
        RolloutCommand::Set(RolloutSet { feature, .. }) => {
            let was_on = db.remove_feature(feature.as_str()).await?;
            ensure!(
                was_on,
                "There is no feature {feature}: it is off for everybody. `rollout show` lists them."
            );
            writeln!(out, "{feature} is off for everybody.")?;
        }
        RolloutCommand::Show(options) => show(db, options, out).await?,
    }
    Ok(())
}

async fn set_for_tenant(db: &Db, feature: &FeatureName, code: &str, is_on: bool) -> anyhow::Result<()> {
    let (tenant, _) = find_tenant(db, code).await?;
    let mut tx = db.write_unsynced(tenant).await?;
    sqlx::query!(
        "update tenants
         set settings = jsonb_set(
             jsonb_set(settings, '{features}', coalesce(settings -> 'features', '{}')),
             array['features', $2::text],
             $3
         )
         where id = $1",
        tenant.0,
        feature.as_str(),
        json!(is_on)
    )
    .execute(&mut *tx)
    .await?;
    let command = format!("rollout set {feature} {}", if is_on { "on" } else { "off" });
    audited(&mut tx, tenant, &command, None).await?;
    tx.commit().await?;
    if is_on {
        db.add_feature(feature.as_str()).await?;
    }
    tracing::info!(%tenant, place = place(tenant), is_on, "a feature was set for a tenant");
    Ok(())
}

async fn show(db: &Db, options: OutputOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let rollouts = db.list_features().await?;
    if options.json {
        let rollouts: Vec<_> = rollouts
            .iter()
            .map(|rollout| {
                json!({
                    "feature": rollout.name,
                    "percent": rollout.percent,
                    "tenants_on": rollout.tenants_on,
                    "tenants_off": rollout.tenants_off,
                })
            })
            .collect();
        return Ok(writeln!(out, "{:#}", json!(rollouts))?);
    }
    if rollouts.is_empty() {
        writeln!(out, "Nothing is being rolled out.")?;
    }
    for rollout in rollouts {
        writeln!(
            out,
            "{}: {} of 100 tenants; named on {}, named off {}",
            rollout.name, rollout.percent, rollout.tenants_on, rollout.tenants_off
        )?;
    }
    Ok(())
}
