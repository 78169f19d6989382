//! `clinic-sync import legacy`: the database of an earlier program becomes a tenant. All of it in one transaction, so
//! that half an import never exists; run again, it brings what is new since. `docs/import.md` tells how.

mod chart;
mod home;
mod line;
mod medicine;
mod patient;
mod people;
mod references;
mod report;
mod row;
mod source;
mod statements;
mod tables;
mod target;
mod visit;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use jiff::tz::TimeZone;
use protocol::api::Secret;
use protocol::audit::Action;
use protocol::id::TenantId;
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

pub use report::{Counts, Summary};

#[cfg(feature = "testing")]
pub(super) use statements::taken_ids;

use super::calendar::Calendar;
use super::keys::Kept;
use super::write::{NewRow, Written, mark_duplicates, write, write_groups};
use super::{begin_import, end_import, must_be_source, must_have_room, must_have_room_for_doctors};
use crate::audit::{self, Event, Lane};
use crate::auth::code::is_tenant_code;
use crate::operator::called;
use crate::sync::conflicts;
use crate::{Db, TenantWriteTx, limits};
use home::Home;
use report::Report;
use row::{OldRow, SetAside, Taking};
use source::Source;
use tables::{Made, ORDER, OldTable};

/// How many problems are shown in the terminal.
const SHOWN: usize = 40;

/// Options of `import legacy`.
#[derive(Args, Clone, Debug)]
pub struct LegacyOptions {
    /// The old database. A URL with a password belongs into the environment, which others cannot read.
    #[arg(long, env = "LEGACY_DATABASE_URL", hide_env_values = true)]
    pub from: String,
    /// The schema of its tables.
    #[arg(long, default_value = "public")]
    pub schema: String,
    /// Whose rows are brought, if its tables have a `tenant_id` already.
    #[arg(long)]
    pub only_tenant: Option<String>,
    /// The tenant that it becomes; a new one, unless there is one of this code and this name.
    #[arg(long, default_value = "LEGACY_001")]
    pub tenant_code: String,
    /// The tenant's name.
    #[arg(long)]
    pub tenant_name: String,
    /// Tells one old database of the tenant from another.
    #[arg(long, default_value = "legacy")]
    pub source: String,
    /// What the clinic's clocks show.
    #[arg(long, default_value = "Asia/Kolkata")]
    pub time_zone: String,
    /// Reads 05/01/1972 as the first of May.
    #[arg(long)]
    pub month_first: bool,
    /// A new file for every row that was adapted or set aside, as JSON lines. It names patients.
    #[arg(long)]
    pub report: Option<PathBuf>,
    /// Writes; without it, everything is tried and taken back.
    #[arg(long)]
    pub write: bool,
    /// Answers with one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Brings an old database, or says what that would do.
///
/// # Errors
///
/// Sentences for the operator; then nothing was written.
pub async fn run(db: &Db, options: &LegacyOptions, out: &mut impl Write) -> anyhow::Result<Summary> {
    let zone = TimeZone::get(&options.time_zone)
        .map_err(|_| anyhow::anyhow!("There is no time zone {}.", options.time_zone))?;
    let code = options.tenant_code.trim().to_uppercase();
    must_be_source(&options.source)?;
    let mut source =
        Source::open(&Secret(options.from.clone()), &options.schema, options.only_tenant.as_deref()).await?;
    let now = OffsetDateTime::now_utc();
    let mut report = Report::open(options.report.as_deref())?;
    let (mut tx, is_new) = begin(db, &code, &options.tenant_name).await?;
    let tenant = tx.tenant();
    let calendar = Calendar::new(zone, options.month_first, now);
    let mut home = Home::new(tenant, &options.tenant_name, &options.source);
    home.has_doctors = source.has(OldTable::Doctors);
    target::load(&mut tx, &mut home).await?;
    let mut import = Import { tx: &mut tx, home, calendar, now, report: &mut report };
    import.all(&mut source).await?;
    report.summary.files = source.byte_columns();
    report.summary.unknown_tables =
        source.unknown_tables.iter().filter(|(_, rows)| *rows > 0).cloned().collect();
    let n_new_doctors = report.counts(OldTable::Doctors).new + report.counts(OldTable::Users).new;
    settle_plan(&mut tx, tenant, is_new, n_new_doctors > 0).await?;
    conflicts::ask_about_marked(&mut tx, tenant).await?;
    report.summary.advice = advice(&mut tx, tenant, &code).await?;
    let people_changed = report.counts(OldTable::Users).changed;
    if people_changed > 0 {
        report.summary.advice.push(format!(
            "{people_changed} people were changed in the earlier program since they were brought, and are here as they were: \
             whoever has left is stopped with `user deactivate`."
        ));
    }
    let changes =
        json!({ "command": "import legacy", "source": options.source, "tables": report.summary.tables });
    let event = Event { changes: Some(changes), ..Event::new(Action::OperatorAccess) };
    audit::record(&mut tx, tenant, Lane::Operator, &event).await?;
    end_import(&mut tx).await?;
    // The report is whole before anything is kept that it tells of.
    let summary = report.close()?;
    if options.write {
        tx.commit().await?;
    }
    write_summary(out, &summary, &code, options)?;
    Ok(summary)
}

async fn begin(db: &Db, code: &str, name: &str) -> anyhow::Result<(TenantWriteTx, bool)> {
    ensure!(is_tenant_code(code), "There can be no tenant {code}: a code has 3 to 50 of A-Z, 0-9, _.");
    let known = db.find_any_tenant(code).await?;
    let mut tx = if let Some(tenant) = known {
        let mut tx = db.write(tenant).await?;
        // Two clinics' patients in one tenant are never taken apart again.
        let called = called(&mut tx, tenant).await?;
        ensure!(
            called == format!("{} ({code})", name.trim()),
            "This code is {called}'s, which is there already. Nothing was written; say --tenant-name as it is called to bring \
             more to it, or another --tenant-code for another clinic."
        );
        limits::must_be_active(&mut tx, tenant).await.map_err(|_| {
            anyhow::anyhow!(
                "The tenant {code} is suspended, or its plan has ended. Nothing was written; `tenant resume` or \
                 `tenant set-plan` comes first."
            )
        })?;
        tx
    } else {
        let made = db.create_tenant(TenantId::new(), code, name.trim()).await;
        made.with_context(|| format!("The tenant {code} could not be made. Nothing was written."))?
    };
    begin_import(&mut tx).await?;
    Ok((tx, known.is_none()))
}

/// One import on its way.
struct Import<'a> {
    tx: &'a mut PgConnection,
    home: Home,
    calendar: Calendar,
    now: OffsetDateTime,
    report: &'a mut Report,
}

/// What a row became, before it is written.
struct Converted<'r> {
    old: &'r OldRow,
    made: Made,
    remarks: Vec<row::Remark>,
    has_unused: bool,
}

impl Import<'_> {
    async fn all(&mut self, source: &mut Source) -> anyhow::Result<()> {
        for table in ORDER.iter().copied() {
            let total = source.count(table).await?;
            if total > 0 {
                self.report.counts(table).read = total.unsigned_abs();
                let parents = source.parents(table);
                source.begin(table).await?;
                let mut read = 0;
                loop {
                    let rows = source.next().await?;
                    if rows.is_empty() {
                        break;
                    }
                    read += rows.len();
                    self.batch(table, &parents, &rows).await?;
                    tracing::info!(table = table.name(), read, total, "import");
                }
            }
            if table == OldTable::Clinics && self.home.primary_clinic.is_none() {
                let clinic = people::only_clinic(&mut self.home);
                write(self.tx, self.home.tenant, &[&clinic], self.now).await?;
            }
        }
        Ok(())
    }

    async fn batch(
        &mut self,
        table: OldTable,
        parents: &BTreeMap<String, OldTable>,
        rows: &[OldRow],
    ) -> anyhow::Result<()> {
        let keys: Vec<String> = rows.iter().map(|row| row.key.clone()).collect();
        let known = self.home.origin().known(self.tx, table.name(), &keys).await?;
        let items = OldTable::PrescriptionItems;
        let line_keys: Vec<String> =
            rows.iter().flat_map(|row| &row.lines).map(|line| line.key.clone()).collect();
        let known_lines = self.home.origin().known(self.tx, items.name(), &line_keys).await?;
        let mut fresh: Vec<&OldRow> = Vec::new();
        let with_lines = rows
            .iter()
            .map(|row| (table, row))
            .chain(rows.iter().flat_map(|row| &row.lines).map(|line| (OldTable::PrescriptionItems, line)));
        let shared = with_lines.filter(|(_, row)| row.is_shared);
        self.home.shared_keys.extend(shared.map(|(table, row)| (table, row.plain_key.clone())));
        for row in rows {
            match known.get(&row.key) {
                Some(known) if known.id.is_some() && known.fingerprint == row.fingerprint() => {
                    self.report.counts(table).here += 1;
                    for line in &row.lines {
                        let is_here = known_lines.get(&line.key).is_none_or(|known| known.id.is_some());
                        let counts = self.report.counts(items);
                        *(if is_here { &mut counts.here } else { &mut counts.set_aside }) += 1;
                    }
                }
                Some(known) if known.id.is_some() => self.report.changed(table, &row.key)?,
                // What was set aside is tried again: what it refers to may have come since.
                _ => fresh.push(row),
            }
        }
        if fresh.is_empty() {
            return Ok(());
        }
        let places = target::places(self.tx, &self.home, table, parents, &fresh).await?;
        target::look_around(self.tx, &mut self.home, table, &fresh, &places).await?;
        let mut kept = Vec::new();
        let mut converted = Vec::new();
        for old in fresh {
            let mut taking = Taking::new(old, &self.calendar, &places, parents);
            let made = if old.is_again {
                Err(SetAside::again())
            } else {
                table.convert(&mut taking, &mut self.home)
            };
            let unused = taking.unused();
            self.report.unknown_columns(table, &unused);
            match made {
                Ok(made) => {
                    let remarks = std::mem::take(&mut taking.remarks);
                    converted.push(Converted { old, made, remarks, has_unused: !unused.is_empty() });
                }
                Err(aside) => kept.push(self.set_aside(table, old, &aside)?),
            }
        }
        if table == OldTable::Patients {
            let mut patients: Vec<&mut NewRow> = converted
                .iter_mut()
                .flat_map(|converted| &mut converted.made.rows)
                .filter(|row| row.table == "patients")
                .collect();
            self.report.summary.to_review +=
                mark_duplicates(self.tx, self.home.tenant, &mut patients).await?;
        }
        self.write(table, converted, &mut kept).await?;
        Ok(self.home.origin().keep(self.tx, &kept).await?)
    }

    async fn write(
        &mut self,
        table: OldTable,
        converted: Vec<Converted<'_>>,
        kept: &mut Vec<Kept>,
    ) -> anyhow::Result<()> {
        let groups: Vec<&[NewRow]> = converted.iter().map(|converted| &*converted.made.rows).collect();
        let written = write_groups(self.tx, self.home.tenant, &groups, self.now).await?;
        for (converted, written) in converted.into_iter().zip(written) {
            match written {
                Written::Whole => self.brought(table, converted, kept)?,
                Written::Refused(column) => {
                    let aside = SetAside { column, why: "a rule of the database refuses it" };
                    kept.push(self.set_aside(table, converted.old, &aside)?);
                }
            }
        }
        Ok(())
    }

    fn brought(
        &mut self,
        table: OldTable,
        converted: Converted<'_>,
        kept: &mut Vec<Kept>,
    ) -> anyhow::Result<()> {
        let Converted { old, made, remarks, has_unused } = converted;
        self.report.counts(table).new += 1;
        if !remarks.is_empty() {
            self.report.adapted(table, &old.key, &remarks)?;
        }
        kept.push(Kept {
            table: table.name(),
            key: old.key.clone(),
            id: Some(made.id),
            fingerprint: old.fingerprint(),
            original: (has_unused || !remarks.is_empty()).then(|| old.text.clone()),
        });
        let items = OldTable::PrescriptionItems;
        for line in made.lines {
            let old = &old.lines[line.place];
            let unused: Vec<&str> = line.unused.iter().map(String::as_str).collect();
            self.report.unknown_columns(items, &unused);
            match line.outcome {
                Ok(id) => {
                    self.report.counts(items).new += 1;
                    if !line.remarks.is_empty() {
                        self.report.adapted(items, &old.key, &line.remarks)?;
                    }
                    kept.push(Kept {
                        table: items.name(),
                        key: old.key.clone(),
                        id: Some(id),
                        fingerprint: old.fingerprint(),
                        original: (!unused.is_empty() || !line.remarks.is_empty()).then(|| old.text.clone()),
                    });
                }
                Err(aside) => kept.push(self.set_aside(items, old, &aside)?),
            }
        }
        Ok(())
    }

    /// Kept whole, in the report and in the database, with its lines.
    fn set_aside(&mut self, table: OldTable, old: &OldRow, aside: &SetAside) -> anyhow::Result<Kept> {
        self.report.set_aside(table, old, aside)?;
        self.report.counts(OldTable::PrescriptionItems).set_aside += old.lines.len() as u64;
        let lines: Vec<&str> = old.lines.iter().map(|line| line.text.as_str()).collect();
        let original = if lines.is_empty() {
            old.text.clone()
        } else {
            format!(r#"{{"row": {}, "lines": [{}]}}"#, old.text, lines.join(", "))
        };
        Ok(Kept {
            table: table.name(),
            key: old.key.clone(),
            id: None,
            fingerprint: old.fingerprint(),
            original: Some(original),
        })
    }
}

/// A new tenant's plan has room for what was brought; another one's must have it.
async fn settle_plan(
    tx: &mut PgConnection,
    tenant: TenantId,
    is_new: bool,
    has_new_staff: bool,
) -> anyhow::Result<()> {
    if is_new {
        sqlx::query!(
            "update tenants set
                 max_patients = greatest(max_patients, (
                     select count(*)::int from patients
                     where tenant_id = $1 and deleted_at is null and merged_into_id is null)),
                 max_doctors = greatest(max_doctors, (
                     select count(*)::int from doctors
                     where tenant_id = $1 and is_active and deleted_at is null))
             where id = $1",
            tenant.0
        )
        .execute(tx)
        .await?;
        return Ok(());
    }
    must_have_room(tx, tenant).await?;
    if has_new_staff {
        must_have_room_for_doctors(tx, tenant).await?;
    }
    Ok(())
}

async fn advice(tx: &mut PgConnection, tenant: TenantId, code: &str) -> anyhow::Result<Vec<String>> {
    let staff = sqlx::query!(
        r#"select count(*) filter (where is_active and 'admin' = any (roles)) as "admins!",
                  count(*) filter (where is_active and must_change_password) as "without_password!"
           from users where tenant_id = $1"#,
        tenant.0
    )
    .fetch_one(tx)
    .await?;
    let mut advice = Vec::new();
    if staff.admins == 0 {
        advice.push(format!(
            "Nobody who came along is an admin: add one with `user add --tenant-code {code} --role admin`."
        ));
    }
    if staff.without_password > 0 {
        advice.push(format!(
            "{} people cannot sign in with their old password: give them one with `user reset-password`, and let an \
             admin enrol the first computer. Afterwards no operator alone gives an admin a password.",
            staff.without_password
        ));
    }
    Ok(advice)
}

fn write_summary(
    out: &mut impl Write,
    summary: &Summary,
    code: &str,
    options: &LegacyOptions,
) -> anyhow::Result<()> {
    if options.json {
        let mut answer = serde_json::to_value(summary)?;
        answer["tenant_code"] = json!(code);
        answer["written"] = json!(options.write);
        return Ok(writeln!(out, "{answer:#}")?);
    }
    writeln!(
        out,
        "{:30} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "table", "read", "new", "adapted", "set aside", "here", "changed"
    )?;
    for (table, counts) in &summary.tables {
        let Counts { read, new, here, changed, adapted, set_aside } = counts;
        writeln!(out, "{table:30} {read:9} {new:9} {adapted:9} {set_aside:9} {here:9} {changed:9}")?;
    }
    for (table, rows) in &summary.unknown_tables {
        writeln!(out, "The table {table} ({rows} rows) is not known here, and stays where it is.")?;
    }
    for (column, rows) in &summary.unknown_columns {
        writeln!(out, "The column {column} has no place here; of {rows} rows it is kept beside the row.")?;
    }
    for column in &summary.files {
        writeln!(out, "The files in {column} stay in the old database.")?;
    }
    if summary.to_review > 0 {
        writeln!(
            out,
            "{} patients have the number and the first name of another; they wait for review.",
            summary.to_review
        )?;
    }
    for (problem, rows) in summary.problems.iter().take(SHOWN) {
        writeln!(out, "{rows:9} × {problem}")?;
    }
    if summary.problems.len() > SHOWN {
        writeln!(out, "… and {} kinds more; --report has all.", summary.problems.len() - SHOWN)?;
    }
    for advice in &summary.advice {
        writeln!(out, "{advice}")?;
    }
    if options.write {
        writeln!(out, "All of this is in {code} now.")?;
    } else {
        writeln!(out, "Nothing was written; say --write to do it.")?;
    }
    Ok(())
}
