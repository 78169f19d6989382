//! How a sheet is read, shown before anything is done: nothing is written, and no database is asked.

use std::io::Write;

use jiff::tz::TimeZone;
use protocol::id::TenantId;
use protocol::table::{TableName, Values};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::CsvOptions;
use super::heading::Use;
use super::line::{self, Line, Manner};
use super::sheet::Sheet;
use crate::import::calendar::Calendar;
use crate::import::keys::Origin;
use crate::import::value::{Fit, empty, plain, text};

/// So many lines are shown.
const SHOWN: usize = 10;
const MOST_CHARS: usize = 60;

/// Shows letters, delimiter, columns and the first lines of a sheet.
///
/// # Errors
///
/// Sentences for whoever imports it.
pub fn preview(options: &CsvOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let (mut sheet, mapping) = Sheet::open(&options.file, options.told(), &options.map)?;
    writeln!(out, "{}.\n", sheet.form())?;
    for (heading, used) in &mapping.columns {
        let used = match used {
            Use::Field(field) => (*field).to_owned(),
            Use::Serial => "(the line's number; not needed)".to_owned(),
            Use::Ignored(why) => format!("(not read: {why})"),
        };
        writeln!(out, "{:40} → {used}", shown(heading))?;
    }
    let zone = TimeZone::get("Asia/Kolkata").unwrap_or(TimeZone::UTC);
    let calendar = Calendar::new(zone, options.month_first, OffsetDateTime::now_utc());
    let manner = Manner { mapping: &mapping, calendar, clinic: None, ages_as_of: options.ages_as_of };
    let origin = Origin { tenant: TenantId(Uuid::nil()), source: &options.source };
    let heading_line = sheet.heading_line;
    let mut lines = sheet.read()?;
    let mut count = 0;
    while count < SHOWN
        && let Some((number, record)) = lines.next()?
    {
        if number <= heading_line {
            continue;
        }
        count += 1;
        let said = match line::read(record, Uuid::nil(), origin, &manner) {
            Line::Blank => vec!["blank".to_owned()],
            Line::LeftOut(why) => vec![format!("left out: {why}.")],
            Line::Refused(why) => vec![format!("refused: {}", why.join(" "))],
            Line::Patient { rows, said } => {
                let mut shown = columns(&rows[0].values);
                shown.extend(
                    rows[1..].iter().map(|row| format!("allergy: {}", plain(&row.values["substance_text"]))),
                );
                shown.into_iter().chain(said.into_iter().map(|said| format!("({said})"))).collect()
            }
        };
        writeln!(out, "\nline {number}")?;
        for said in said {
            writeln!(out, "    {}", shown_whole(&said))?;
        }
    }
    Ok(writeln!(out, "\nThis was a preview: nothing was done, and no database was asked.")?)
}

/// What the line says, as it would be stored.
fn columns(values: &Values) -> Vec<String> {
    let table = TableName::Patients.table();
    let ours = ["first_name_norm", "mobile_raw"];
    let columns = table.columns.iter().filter(|column| !ours.contains(&column.name));
    let said = columns.filter_map(|column| {
        let value = values.get(column.name)?;
        let is_default = empty(column).is_some_and(|empty| empty == *value);
        (!is_default).then(|| format!("{}: {}", column.name, plain(value)))
    });
    said.collect()
}

/// A text that neither moves the terminal's cursor nor turns its lines round.
fn shown_whole(written: &str) -> String {
    match text(&json!(written.replace(['\n', '\t'], " ")), 2000) {
        Fit::Same(Value::String(text)) | Fit::Adapted(Value::String(text), _) => text,
        _ => String::new(),
    }
}

fn shown(heading: &str) -> String {
    let whole = shown_whole(heading);
    if whole.is_empty() {
        return "(no heading)".to_owned();
    }
    whole.chars().take(MOST_CHARS).collect()
}
