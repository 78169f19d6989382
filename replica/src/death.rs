//! That a patient has died: as it is noted under any of their registrations, and what follows from it.

use protocol::id::PatientId;
use protocol::mutation::Change;
use protocol::patient::Death;
use protocol::table::{TableName, Values};
use protocol::validate::{day_text, parse_day};
use rusqlite::{OptionalExtension, Transaction};
use time::Date;

use crate::error::{Error, Result};
use crate::one_patient::{id_list, registration_rows};
use crate::replica::{by_name, change_to};
use crate::view::Died;

/// Why nobody is booked who is marked as deceased, and gets no token.
const NOBODY_COMES: &str =
    "This patient is marked as deceased. If that is wrong, correct it in their chart first.";

/// The death of a patient who is this row, as a form tells of it.
///
/// # Errors
///
/// [`Error::Invalid`] for what is no day, and for what [`Death::said`] refuses.
pub(crate) fn said(died: Option<&Died>, patient: &Values, today: Date) -> Result<Option<Death>> {
    let Some(died) = died else { return Ok(None) };
    let invalid = |why: &str| Error::Invalid(format!("{why} Nothing was saved yet."));
    let typed = died.on.as_deref().unwrap_or_default().trim();
    let on = match parse_day(typed) {
        None if !typed.is_empty() => return Err(invalid("The day of death is not a day in the past.")),
        on => on,
    };
    Death::said(on, patient, today).map(Some).map_err(invalid)
}

/// What is noted under any registration. Of several that say it, one with a day counts, and that of the kept one first.
pub(crate) fn noted(tx: &Transaction<'_>, kept: PatientId) -> Result<Option<Death>> {
    let sql = "select deceased_on from patients where id in (select value from json_each(?1)) and is_deceased = 1 \
               order by deceased_on is null, id <> ?2 limit 1";
    let params = (id_list(tx, kept)?, kept.to_string());
    let found: Option<Option<String>> =
        tx.prepare_cached(sql)?.query_row(params, |row| row.get(0)).optional()?;
    Ok(found.map(|on| Death { on: on.as_deref().and_then(parse_day) }))
}

/// As the window shows it.
pub(crate) fn shown(death: Option<Death>) -> Option<Died> {
    death.map(|death| Died { on: death.on.map(day_text) })
}

/// The changes that make all other registrations that tell of a death say the same as the kept one.
pub(crate) fn elsewhere(tx: &Transaction<'_>, kept: PatientId, death: Option<Death>) -> Result<Vec<Change>> {
    let others = registration_rows(tx, kept)?.into_iter().skip(1);
    let telling = others.filter(|(_, row)| Death::of(row).is_some());
    let changed = telling
        .filter_map(|(id, row)| change_to(TableName::Patients, id.0, &row, by_name(Death::columns(death))));
    Ok(changed.collect())
}

/// Refuses a visit of somebody who is marked as deceased, and ends with `nothing`: what did not happen.
pub(crate) fn must_live(tx: &Transaction<'_>, kept: PatientId, nothing: &str) -> Result<()> {
    if noted(tx, kept)?.is_some() {
        return Err(Error::Invalid(format!("{NOBODY_COMES} {nothing}")));
    }
    Ok(())
}
