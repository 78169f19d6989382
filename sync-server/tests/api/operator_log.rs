//! Whatever the operator does to a tenant stands in the tenant's own log.

use std::collections::BTreeSet;

use clap::{CommandFactory, Parser, Subcommand};
use clinic_sync::Db;
use clinic_sync::auth::password::{PasswordCost, Passwords};
use clinic_sync::features::command::{RolloutCommand, run_rollout};
use clinic_sync::operator::{
    ClinicCommand, DeviceCommand, TenantCommand, UserCommand, run_clinic, run_device, run_tenant, run_user,
};
use protocol::api::TenantInfo;
use protocol::audit::AuditPage;
use tempfile::TempDir;

use crate::clinic::{Clinic, Desk, body};

/// The operator's commands on what is served, as `clinic-sync` has them.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(subcommand)]
    Tenant(TenantCommand),
    #[command(subcommand)]
    Clinic(ClinicCommand),
    #[command(subcommand)]
    Device(DeviceCommand),
    #[command(subcommand)]
    User(UserCommand),
    #[command(subcommand)]
    Rollout(RolloutCommand),
}

/// These make a tenant, whose log begins with it, or show counts and computers, and nobody's rows.
const UNLOGGED: [&str; 7] = [
    "tenant create",
    "tenant list",
    "tenant usage",
    "tenant show",
    "tenant epoch-report",
    "device list",
    "rollout show",
];

/// Runs a line, and answers what it prints.
async fn run(clinic: &Clinic, db: &Db, line: &str) -> String {
    let words = ["clinic-sync"].into_iter().chain(line.split_whitespace());
    let Cli { command } = Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    let (passwords, mut out) = (Passwords::new(PasswordCost::LEAST), Vec::new());
    let done = match command {
        Command::Tenant(command) => run_tenant(db, &passwords, command, &mut out).await,
        Command::Clinic(command) => {
            run_clinic(db, || clinic.server.database().files(), command, &mut out).await
        }
        Command::Device(command) => run_device(db, command, &mut out).await,
        Command::User(command) => run_user(db, &passwords, command, &mut out).await,
        Command::Rollout(command) => run_rollout(db, command, &mut out).await,
    };
    done.unwrap_or_else(|error| panic!("{line}: {error:#}"));
    String::from_utf8(out).expect("text")
}

/// Which command a line begins with.
fn name(line: &str) -> String {
    line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

/// The operator's commands in the log of a desktop's tenant, the oldest first, and why.
async fn logged(desk: &Desk) -> Vec<(String, Option<String>)> {
    let page = body(desk.get("/v1/audit?action=operator_access").await).await;
    let AuditPage { entries, next } = page.expect("a page");
    assert_eq!(next, None);
    let told = entries.into_iter().rev().map(|entry| {
        let changes = entry.changes.expect("what was done");
        (changes["command"].as_str().expect("a command").to_owned(), entry.reason)
    });
    told.collect()
}

#[tokio::test]
async fn each_command_of_the_operator_stands_in_the_tenants_own_log() {
    let clinic = Clinic::open().await;
    let (desk, front_desk) = (clinic.desk().await, clinic.front_desk().await);
    let neighbour = clinic.neighbour().await;
    let next: TenantInfo = body(neighbour.get("/v1/tenant").await).await.expect("the tenant");
    let db = clinic.server.database().ops_db().await;
    let folder = TempDir::new().expect("a folder");
    let (password, code) = (folder.path().join("password"), folder.path().join("code"));
    std::fs::write(&password, "nine purple kettles").expect("written");
    let of = format!("--tenant-code {}", clinic.registered.tenant_code);
    let typed = format!("--password-file {}", password.display());
    let lata = "--email lata@sunrise.example";
    let lines = [
        format!("tenant set-plan {of} --plan clinic --yes"),
        format!("tenant set-offline {of} --days 3 --yes"),
        format!("tenant suspend {of} --reason Unpaid --yes"),
        format!("tenant resume {of}"),
        format!("tenant new-epoch {of} --hold --yes"),
        format!("tenant release {of}"),
        format!("rollout set letters {of}"),
        format!("device code {of} --clinic-code ASHA --scope clinical"),
        format!("device revoke {of} --device-id {} --yes", front_desk.device),
        format!("clinic add {of} --name Bandra --clinic-code BANDRA"),
        format!("clinic move {of} --clinic-code BANDRA --to-tenant-code {} --yes", next.tenant_code),
        format!("user add {of} {lata} --name Lata --role nurse {typed}"),
        format!("user reset-password {of} {lata} {typed} --yes"),
        format!("user restore-admin {of} {lata} --operator Ravi --reason Asked-by-telephone"),
        format!("user confirm-admin {of} --operator Meera --code-file {}", code.display()),
        format!("user finish-admin {of} {typed}"),
        format!("user restore-admin {of} {lata} --operator Ravi --reason Again"),
        format!("user cancel-admin {of}"),
        format!("user deactivate {of} {lata} --yes"),
    ];
    for line in &lines {
        let told = run(&clinic, &db, line).await;
        match &name(line)[..] {
            "user restore-admin" => std::fs::write(&code, told).expect("written"),
            "user confirm-admin" => {
                clinic.sql("update admin_restorations set confirmed_at = now() - interval '25 hours'").await;
            }
            _ => {}
        }
    }

    let log = logged(&desk).await;
    let commands: Vec<&str> = log.iter().map(|(command, _)| &command[..]).collect();
    let names: Vec<String> = lines.iter().map(|line| name(line)).collect();
    let expected: Vec<&str> = names
        .iter()
        .map(|name| if name == "rollout set" { "rollout set letters on" } else { &name[..] })
        .collect();
    assert_eq!(commands, expected);
    let reasons: Vec<&str> = log.iter().filter_map(|(_, reason)| reason.as_deref()).collect();
    assert_eq!(reasons, ["Unpaid", "Asked-by-telephone", "Again"]);
    assert_eq!(logged(&neighbour).await, [("clinic move".to_owned(), None)], "what came in there");

    let cli = Cli::command();
    let every = cli.get_subcommands().flat_map(|group| {
        group.get_subcommands().map(move |one| format!("{} {}", group.get_name(), one.get_name()))
    });
    let known = names.into_iter().chain(UNLOGGED.map(str::to_owned));
    assert_eq!(every.collect::<BTreeSet<_>>(), known.collect::<BTreeSet<_>>());
}
