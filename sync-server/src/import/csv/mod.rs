//! `clinic-sync import csv`: the patients of a spreadsheet come to a tenant that is there. All of them in one
//! transaction; run again, the same sheet brings what it did not bring before. `docs/import.md` tells how.

mod encoding;
mod fields;
mod heading;
mod line;
mod outcome;
mod preview;
mod sheet;

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use csv::StringRecord;
use jiff::tz::TimeZone;
use protocol::audit::Action;
use protocol::id::TenantId;
use protocol::sheet::unguard;
use protocol::validate::parse_day;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

pub use encoding::Letters;
pub use outcome::Summary;
pub use preview::preview;

use super::calendar::Calendar;
use super::keys::{Kept, Origin};
use super::words::squeeze;
use super::write::{NewRow, Written, mark_duplicates, write_groups};
use super::{begin_import, end_import, must_be_source, must_have_room};
use crate::Db;
use crate::audit::heads::hex;
use crate::audit::{self, Event, Lane};
use crate::operator::called;
use crate::sync::conflicts;
use heading::{Mapping, Use};
use line::{Line, Manner};
use outcome::{Fate, Outcome};
use sheet::{Lines, Sheet, Told};

/// So many lines are read, and written, at once.
const BATCH: usize = 500;
/// What `legacy_keys` calls the sheet.
const TABLE: &str = "patients";

/// Options of `import csv`.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command")]
pub struct CsvOptions {
    /// The sheet, saved as CSV.
    pub file: PathBuf,
    /// The tenant, which is there already.
    #[arg(long, required_unless_present = "preview")]
    pub tenant_code: Option<String>,
    /// The clinic where the patients are registered; the tenant's first one, unless said.
    #[arg(long)]
    pub clinic_code: Option<String>,
    /// Shows how the sheet is read, and its first lines, and does nothing. It shows patients.
    #[arg(long, conflicts_with_all = ["write", "result", "json"])]
    pub preview: bool,
    /// "Heading=field": reads a column as a field, or as `ignore`. Can be given more than once.
    #[arg(long, value_name = "HEADING=FIELD")]
    pub map: Vec<String>,
    /// How the file writes its letters, where that is not seen.
    #[arg(long)]
    pub encoding: Option<Letters>,
    /// What separates its columns, where that is not seen: comma, semicolon, tab, bar.
    #[arg(long, value_parser = parse_delimiter)]
    pub delimiter: Option<u8>,
    /// Reads 05/01/1972 as the first of May.
    #[arg(long)]
    pub month_first: bool,
    /// The day on which the ages were right (2024-01-05), for lines that do not say; today, unless said.
    #[arg(long, value_parser = parse_date)]
    pub ages_as_of: Option<Date>,
    /// Tells one sheet from another that has the same lines for other people.
    #[arg(long, default_value = "csv")]
    pub source: String,
    /// A new sheet that says of every line what became of it, and has the line. It names patients.
    #[arg(long)]
    pub result: Option<PathBuf>,
    /// Writes; without it, everything is tried and taken back.
    #[arg(long)]
    pub write: bool,
    /// Answers with one JSON object.
    #[arg(long)]
    pub json: bool,
}

fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text {
        "," | "comma" => Ok(b','),
        ";" | "semicolon" => Ok(b';'),
        "\t" | "\\t" | "tab" => Ok(b'\t'),
        "|" | "bar" => Ok(b'|'),
        _ => Err("say comma, semicolon, tab or bar".to_owned()),
    }
}

fn parse_date(text: &str) -> Result<Date, String> {
    parse_day(text).ok_or_else(|| "say a day like 2024-01-05".to_owned())
}

impl CsvOptions {
    fn told(&self) -> Told {
        Told { letters: self.encoding, delimiter: self.delimiter }
    }
}

/// Brings the patients of a sheet, or says what that would do.
///
/// # Errors
///
/// Sentences for the operator; then nothing was written.
pub async fn run(db: &Db, options: &CsvOptions, out: &mut impl Write) -> anyhow::Result<Summary> {
    must_be_source(&options.source)?;
    let (mut sheet, mapping) = Sheet::open(&options.file, options.told(), &options.map)?;
    let code = options.tenant_code.as_deref().context("Say --tenant-code.")?.trim().to_uppercase();
    let tenant = db.find_tenant(&code).await?;
    let tenant = tenant.with_context(|| format!("There is no tenant {code} that is served."))?;
    let outcome = Outcome::open(options.result.as_deref(), &mapping, options.write)?;
    let mut tx = db.write(tenant).await?;
    begin_import(&mut tx).await?;
    let called = called(&mut tx, tenant).await?;
    let (clinic, zone) = clinic(&mut tx, tenant, options.clinic_code.as_deref()).await?;
    let now = OffsetDateTime::now_utc();
    let calendar = Calendar::new(zone, options.month_first, now);
    let manner = Manner { mapping: &mapping, calendar, clinic: Some(clinic), ages_as_of: options.ages_as_of };
    let origin = Origin { tenant, source: &options.source };
    let names = mapping.columns.iter().map(|(heading, _)| squeeze(heading)).collect();
    let heading_line = sheet.heading_line;
    let (form, digest) = (sheet.form(), sheet.digest.clone());
    let mut import =
        Import { tx: &mut tx, origin, manner, heading_line, names, now, seen: HashMap::new(), outcome };
    let mut lines = sheet.read()?;
    loop {
        let batch = next_batch(&mut lines)?;
        if batch.is_empty() {
            break;
        }
        import.batch(batch).await?;
    }
    let outcome = import.outcome;
    ensure!(
        lines.digest() == digest,
        "The file changed while it was read. Nothing was written; run it again."
    );
    must_have_room(&mut tx, tenant).await?;
    conflicts::ask_about_marked(&mut tx, tenant).await?;
    end_import(&mut tx).await?;
    let Summary { lines, imported, for_review, here, refused, .. } = outcome.summary;
    let changes = json!({
        "command": "import csv", "source": options.source, "sha256": hex(&digest), "lines": lines,
        "imported": imported, "for_review": for_review, "here": here, "refused": refused,
    });
    let event = Event { changes: Some(changes), clinic: Some(clinic), ..Event::new(Action::Import) };
    audit::record(&mut tx, tenant, Lane::Operator, &event).await?;
    // The result is whole before anything is kept that it tells of.
    let summary = outcome.close()?;
    if options.write {
        tx.commit().await?;
    }
    if options.json {
        let mut answer = serde_json::to_value(&summary)?;
        answer["tenant_code"] = json!(code);
        answer["form"] = json!(form);
        answer["written"] = json!(options.write);
        writeln!(out, "{answer:#}")?;
        return Ok(summary);
    }
    writeln!(out, "{form}.")?;
    summary.write(out)?;
    if options.write {
        writeln!(out, "What was imported is in {called} now.")?;
    } else {
        writeln!(out, "It would come to {called}.")?;
        writeln!(out, "Nothing was written; say --write to do it.")?;
    }
    Ok(summary)
}

/// Where the patients are registered, and what its clocks show.
async fn clinic(
    tx: &mut PgConnection,
    tenant: TenantId,
    code: Option<&str>,
) -> anyhow::Result<(Uuid, TimeZone)> {
    let code = code.map(|code| code.trim().to_uppercase());
    let clinic = sqlx::query!(
        "select id, time_zone from clinics
         where tenant_id = $1 and is_active and deleted_at is null
           and (clinic_code = $2 or $2::text is null and is_primary)",
        tenant.0,
        code
    )
    .fetch_optional(tx)
    .await?;
    let clinic = clinic.with_context(|| match &code {
        Some(code) => format!("The tenant has no clinic {code} that is open."),
        None => "The tenant's first clinic is not open; say --clinic-code.".to_owned(),
    })?;
    let zone = TimeZone::get(&clinic.time_zone).ok();
    let zone = zone.with_context(|| format!("There is no time zone {}.", clinic.time_zone))?;
    Ok((clinic.id, zone))
}

fn next_batch(lines: &mut Lines<'_>) -> anyhow::Result<Vec<(u64, StringRecord)>> {
    let mut batch = Vec::new();
    while batch.len() < BATCH
        && let Some((line, record)) = lines.next()?
    {
        batch.push((line, record.clone()));
    }
    Ok(batch)
}

/// One import on its way.
struct Import<'a> {
    tx: &'a mut PgConnection,
    origin: Origin<'a>,
    manner: Manner<'a>,
    heading_line: u64,
    /// Of the columns, as they are compared.
    names: Vec<String>,
    now: OffsetDateTime,
    /// The lines of this sheet that were taken, by what they say.
    seen: HashMap<[u8; 32], u64>,
    outcome: Outcome,
}

/// A line that becomes a patient, if the database takes it.
struct Coming {
    place: usize,
    content: [u8; 32],
    rows: Vec<NewRow>,
    said: Vec<String>,
}

impl Import<'_> {
    async fn batch(&mut self, batch: Vec<(u64, StringRecord)>) -> anyhow::Result<()> {
        let contents: Vec<[u8; 32]> = batch.iter().map(|(_, record)| self.content(record)).collect();
        let keys: Vec<String> = contents.iter().map(|content| hex(content)).collect();
        let known = self.origin.known(self.tx, TABLE, &keys).await?;
        let mut fates = Vec::with_capacity(batch.len());
        let mut coming = Vec::new();
        for (place, (line, record)) in batch.iter().enumerate() {
            let content = contents[place];
            fates.push(if *line <= self.heading_line {
                Fate::Above
            } else if let Some(other) = self.seen.get(&content) {
                Fate::Twice(*other)
            } else if known.contains_key(&keys[place]) {
                self.seen.insert(content, *line);
                Fate::Here
            } else {
                let id = self.origin.made_id(TABLE, &keys[place]);
                match line::read(record, id, self.origin, &self.manner) {
                    Line::Blank => Fate::Blank,
                    Line::LeftOut(why) => Fate::LeftOut(why),
                    Line::Refused(why) => Fate::Refused(why),
                    Line::Patient { rows, said } => {
                        self.seen.insert(content, *line);
                        coming.push(Coming { place, content, rows, said });
                        // Until the database has spoken.
                        Fate::Blank
                    }
                }
            });
        }
        self.write(&batch, coming, &mut fates).await?;
        for ((line, record), fate) in batch.iter().zip(&fates) {
            self.outcome.line(*line, record, self.manner.mapping, fate)?;
        }
        Ok(())
    }

    async fn write(
        &mut self,
        batch: &[(u64, StringRecord)],
        mut coming: Vec<Coming>,
        fates: &mut [Fate],
    ) -> anyhow::Result<()> {
        let mut patients: Vec<&mut NewRow> = coming.iter_mut().map(|coming| &mut coming.rows[0]).collect();
        mark_duplicates(self.tx, self.origin.tenant, &mut patients).await?;
        let groups: Vec<&[NewRow]> = coming.iter().map(|coming| &*coming.rows).collect();
        let written = write_groups(self.tx, self.origin.tenant, &groups, self.now).await?;
        let mut kept = Vec::new();
        for (coming, written) in coming.into_iter().zip(written) {
            let Coming { place, content, rows, mut said } = coming;
            let (line, record) = &batch[place];
            if let Written::Refused(constraint) = written {
                let rule = constraint.map_or_else(String::new, |rule| format!(" ({rule})"));
                fates[place] = Fate::Refused(vec![format!("A rule of the database refuses it{rule}.")]);
                self.seen.remove(&content);
                tracing::debug!(line, "a line was refused by the database");
                continue;
            }
            let values = &rows[0].values;
            if values.get("duplicate_ordinal").and_then(Value::as_i64) > Some(0) {
                said.push(
                    "The number and the first name are those of another patient; for review.".to_owned(),
                );
            }
            let mapping = self.manner.mapping;
            let is_ignored = |(place, (_, used)): (usize, &(String, Use))| {
                matches!(used, Use::Ignored(_))
                    && record.get(place).is_some_and(|cell| !cell.trim().is_empty())
            };
            let is_whole = said.is_empty() && !mapping.columns.iter().enumerate().any(is_ignored);
            kept.push(Kept {
                table: TABLE,
                key: hex(&content),
                id: Some(rows[0].id),
                fingerprint: content.to_vec(),
                original: (!is_whole).then(|| original(mapping, record)),
            });
            let for_review = values.get("needs_review") == Some(&json!(true));
            fates[place] = Fate::Imported { for_review, said };
        }
        Ok(self.origin.keep(self.tx, &kept).await?)
    }

    /// What a line says, whatever its number and the order of the columns.
    fn content(&self, record: &StringRecord) -> [u8; 32] {
        let columns = self.manner.mapping.columns.iter().zip(&self.names).zip(record);
        let mut cells: Vec<(&str, &str)> = columns
            .filter(|(((_, used), _), _)| *used != Use::Serial)
            .map(|((_, name), cell)| (name.as_str(), unguard(cell).trim()))
            .filter(|(_, cell)| !cell.is_empty())
            .collect();
        cells.sort_unstable();
        let mut hash = Sha256::new();
        for (name, cell) in cells {
            hash.update(format!("{name}\u{1F}{cell}\u{1E}"));
        }
        hash.finalize().into()
    }
}

/// The line as JSON, to be found beside the patient.
fn original(mapping: &Mapping, record: &StringRecord) -> String {
    let cells = mapping.columns.iter().zip(record).filter(|(_, cell)| !cell.trim().is_empty());
    let cells: Map<String, Value> =
        cells.map(|((heading, _), cell)| (heading.clone(), json!(cell.replace('\0', "")))).collect();
    Value::Object(cells).to_string()
}
