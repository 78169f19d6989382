//! One person may be registered twice, and later be known as one: the registration that is kept stands for all that
//! were merged into it. No row moves for that, and everything that is shown is looked for under all of them.

use protocol::id::PatientId;
use protocol::mutation::Change;
use protocol::table::{TableName, Values, Writer};
use rusqlite::Transaction;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::replica::{Replica, by_name, from_to, must_get, or_null, text};
use crate::store::{get_row, query_ids};

/// A chain of mergers is followed so far.
const LONGEST_CHAIN: i64 = 20;

/// The registration that is kept of this patient.
pub(crate) fn kept(tx: &Transaction<'_>, id: PatientId) -> Result<PatientId> {
    let sql = "with recursive chain (id, step) as (select ?1, 0 union all \
               select p.merged_into_id, step + 1 from chain join patients p on p.id = chain.id \
               where p.merged_into_id is not null and step < ?2) \
               select id from chain order by step desc limit 1";
    let kept: String =
        tx.prepare_cached(sql)?.query_row((id.to_string(), LONGEST_CHAIN), |row| row.get(0))?;
    Ok(kept.parse().unwrap_or(id))
}

/// All registrations of a patient: the kept one first.
pub(crate) fn registrations(tx: &Transaction<'_>, kept: PatientId) -> Result<Vec<PatientId>> {
    let sql = "with recursive all_of (id, step) as (select ?1, 0 union \
               select p.id, step + 1 from all_of join patients p on p.merged_into_id = all_of.id \
               where p.is_deleted = 0 and step < ?2) select id from all_of order by step";
    let mut found: Vec<PatientId> = Vec::new();
    for id in query_ids::<PatientId>(tx, sql, (kept.to_string(), LONGEST_CHAIN))? {
        if !found.contains(&id) {
            found.push(id);
        }
    }
    Ok(found)
}

/// The rows of all registrations of a patient: that of the kept one first.
pub(crate) fn registration_rows(tx: &Transaction<'_>, kept: PatientId) -> Result<Vec<(PatientId, Values)>> {
    let ids = registrations(tx, kept)?;
    ids.into_iter().map(|id| Ok((id, must_get(tx, TableName::Patients, id.0)?))).collect()
}

/// Whether two registrations are one patient already.
pub(crate) fn are_one(tx: &Transaction<'_>, one: PatientId, other: PatientId) -> Result<bool> {
    let one = kept(tx, one)?;
    Ok(registrations(tx, other)?.contains(&one) || kept(tx, other)? == one)
}

/// The registrations as the list that `json_each` takes.
pub(crate) fn id_list(tx: &Transaction<'_>, kept: PatientId) -> Result<String> {
    Ok(serde_json::to_string(&registrations(tx, kept)?)?)
}

/// Each patient once, under the registration that is kept, in the order in which they first come; at most so many.
pub(crate) fn each_once(
    tx: &Transaction<'_>,
    ids: impl IntoIterator<Item = PatientId>,
    most: usize,
) -> Result<Vec<PatientId>> {
    let mut found: Vec<PatientId> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for id in ids {
        let id = kept(tx, id)?;
        if seen.insert(id) {
            found.push(id);
        }
        if found.len() == most {
            break;
        }
    }
    Ok(found)
}

impl Replica {
    /// Makes one of two registrations stand for both. An item that asked about the two is decided by it.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who may only propose it; [`Error::Invalid`] if they are one already.
    pub fn merge_patients(&self, keep: PatientId, away: PatientId, reason: &str) -> Result<()> {
        self.record("merge_patients", Some(keep), |tx| {
            let change = self.merger(tx, keep, away, reason)?;
            let item = protocol::conflict::duplicate_id(keep.0, away.0);
            let mut changes = crate::conflicts::decision_if_open(tx, item, json!("merged"))?;
            let decides = (!changes.is_empty() && change.id == away.0).then_some(item);
            changes.push(Change { decides, ..change });
            Ok((changes, ()))
        })
    }

    /// The change that makes one registration stand for both, and for all that stand for either.
    pub(crate) fn merger(
        &self,
        tx: &Transaction<'_>,
        keep: PatientId,
        away: PatientId,
        reason: &str,
    ) -> Result<Change> {
        if !self.person.roles.may_write(Writer::Merger) {
            return Err(Error::Forbidden(
                "Two registrations are made one by an admin, a doctor or a dentist. You can propose it to them.",
            ));
        }
        must_get(tx, TableName::Patients, away.0)?;
        // Whom it stands for by now comes along: nobody is parted by a merger.
        let (keep, away) = (kept(tx, keep)?, kept(tx, away)?);
        must_get(tx, TableName::Patients, keep.0)?;
        if are_one(tx, keep, away)? {
            return Err(Error::Invalid("These two are one patient already. Nothing was changed.".into()));
        }
        let current = must_get(tx, TableName::Patients, away.0)?;
        let set = from_to(&current, [("merged_into_id", json!(keep)), ("merge_reason", or_null(reason))]);
        Ok(Change::update(TableName::Patients, away.0, set))
    }

    /// Makes a registration that was merged into another stand for itself again. All that was written under either
    /// is where it was.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`]; [`Error::Invalid`] if it stands for itself.
    pub fn unmerge_patient(&self, away: PatientId) -> Result<()> {
        self.record("unmerge_patient", Some(away), |tx| {
            if !self.person.roles.may_write(Writer::Merger) {
                return Err(Error::Forbidden(
                    "Two registrations are separated by an admin, a doctor or a dentist.",
                ));
            }
            let current = must_get(tx, TableName::Patients, away.0)?;
            if current.get("merged_into_id").is_none_or(Value::is_null) {
                return Err(Error::Invalid("This registration stands for itself already.".into()));
            }
            let set = from_to(&current, [("merged_into_id", Value::Null)]);
            Ok((vec![Change::update(TableName::Patients, away.0, set)], ()))
        })
    }

    /// Asks those who may decide it whether two registrations are one person.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if they are one already, and if it was decided before.
    pub fn propose_merger(&self, one: PatientId, other: PatientId) -> Result<()> {
        self.record("propose_merger", Some(one), |tx| {
            for id in [one, other] {
                must_get(tx, TableName::Patients, id.0)?;
            }
            if kept(tx, one)? == kept(tx, other)? {
                return Err(Error::Invalid("These two are one patient already. Nothing was changed.".into()));
            }
            let id = protocol::conflict::duplicate_id(one.0, other.0);
            if let Some(asked) = get_row(tx, TableName::SyncConflicts, id)? {
                // What was decided is not asked again by itself.
                if text(&asked.values, "state") == "resolved" {
                    return Err(Error::Invalid(
                        "It was decided already whether these two are one patient. An admin, a doctor or a dentist \
                         can still make them one in the chart. Nothing was changed."
                            .into(),
                    ));
                }
                return Ok((vec![], ()));
            }
            let values = by_name([
                ("kind", json!("duplicate")),
                ("scope", json!("everyone")),
                ("table_name", json!("patients")),
                ("row_id", json!(other)),
                ("theirs", json!(one)),
                ("ours", json!(other)),
                ("rule", json!("proposed")),
                ("opened_at", json!(protocol::validate::moment_text(self.clock.now()))),
            ]);
            Ok((vec![Change::insert(TableName::SyncConflicts, id, values)], ()))
        })
    }
}
