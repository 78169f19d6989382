//! What waits for a person: the items that came from the server, as they are shown, and the decisions about them.

use protocol::conflict::{self, Choice, Kind, Source, fact_of, may_decide, value_in};
use protocol::id::{ConflictId, PatientId};
use protocol::merge::same;
use protocol::mutation::{Change, SetValue};
use protocol::patient::{normalise_name, parse_mobile};
use protocol::table::{Column, Kind as ColumnKind, Merge, TableName, Values};
use rusqlite::{Params, Transaction};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::chart::doctor_name;
use crate::entry::{entry_for, typed_entry};
use crate::error::{Error, Result};
use crate::one_patient::{are_one, id_list, kept};
use crate::patients::summary_of;
use crate::replica::{Replica, from_to, must_get, some_text, text};
use crate::settle::refused_item;
use crate::store::{get_row, query_ids};
use crate::view::{Conflict, ConflictFact, ConflictGroup, ConflictSide, Decided, Entry};

/// At most this many items are listed.
const SHOWN: i64 = 500;

impl Replica {
    /// The items that this person may see: those that wait, the oldest first, or those that were decided, the latest
    /// first.
    pub fn conflicts(&self, is_open: bool) -> Result<Vec<Conflict>> {
        self.store.read(|tx| {
            let sql = if is_open {
                "select id from sync_conflicts where state = 'open' and is_deleted = 0 order by opened_at, id limit ?1"
            } else {
                "select id from sync_conflicts where state = 'resolved' and is_deleted = 0 \
                 order by coalesce(resolved_at, opened_at) desc, id limit ?1"
            };
            self.shown(tx, sql, [SHOWN])
        })
    }

    /// One item.
    pub fn conflict(&self, id: ConflictId) -> Result<Conflict> {
        self.store.read(|tx| {
            let item = self.item(tx, id.0)?;
            self.view_of(tx, id, &item)
        })
    }

    /// The items that wait about one patient, under whichever registration.
    pub(crate) fn conflicts_of(&self, tx: &Transaction<'_>, kept: PatientId) -> Result<Vec<Conflict>> {
        let sql = "select c.id from sync_conflicts c where c.state = 'open' and c.is_deleted = 0 and ( \
                   c.patient_id in (select value from json_each(?1)) \
                   or c.kind = 'duplicate' and c.theirs in (select json_quote(value) from json_each(?1))) \
                   order by c.opened_at, c.id";
        self.shown(tx, sql, [id_list(tx, kept)?])
    }

    fn shown(&self, tx: &Transaction<'_>, sql: &str, params: impl Params) -> Result<Vec<Conflict>> {
        let mut found = Vec::new();
        for id in query_ids::<ConflictId>(tx, sql, params)? {
            match self.item(tx, id.0) {
                // Of a kind that only a later program shows: it waits, and does not hide the others.
                Ok(item) if Kind::of(&item).is_none() => {}
                Ok(item) => found.push(self.view_of(tx, id, &item)?),
                Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// An item, if this person may see it: what is clinical, only who may read that.
    fn item(&self, tx: &Transaction<'_>, id: Uuid) -> Result<Values> {
        let item = must_get(tx, TableName::SyncConflicts, id)?;
        if text(&item, "scope") == "clinical" && !self.is_clinical() {
            return Err(Error::NotFound);
        }
        Ok(item)
    }

    /// Decides an item, and carries it out: both in one transaction, with or without the network. `typed` is the
    /// other value, where one was typed.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what cannot be decided about it, and for a value that does not fit;
    /// [`Error::Refused`] for who may not decide it.
    pub fn decide_conflict(
        &self,
        id: ConflictId,
        choice: Choice,
        typed: Option<&str>,
        reason: &str,
    ) -> Result<Conflict> {
        let item = self.store.read(|tx| self.item(tx, id.0))?;
        if Kind::of(&item) == Some(Kind::Refused) {
            self.settle_item(id, &item, choice, reason)?;
            return self.conflict(id);
        }
        let patient = id_in(&item, "patient_id");
        self.record("decide_conflict", patient.map(PatientId), |tx| {
            let item = self.item(tx, id.0)?;
            if text(&item, "state") == "resolved" {
                return Err(Error::Invalid(
                    "This was decided already. What was decided holds; change the record itself if it is wrong."
                        .into(),
                ));
            }
            let value = match choice {
                Choice::Ours => item.get("ours").cloned(),
                Choice::Theirs => item.get("theirs").cloned(),
                Choice::Other => Some(self.typed_value(tx, &item, typed.unwrap_or_default())?),
                Choice::Merged | Choice::Apart | Choice::Settled => None,
            };
            let mut set: Vec<(&str, Value)> = vec![("choice", json!(choice))];
            if choice == Choice::Other {
                set.push(("chosen", value.clone().unwrap_or(Value::Null)));
            }
            if !reason.trim().is_empty() {
                set.push(("reason", json!(reason.trim())));
            }
            let mut changes = vec![decision(&item, id.0, set)];
            let deed = match Kind::of(&item) {
                Some(Kind::Column) => deed(tx, &item, &value.unwrap_or(Value::Null))?,
                Some(Kind::DeleteEdit) if value == Some(json!(true)) => self.deletion(tx, &item)?,
                Some(Kind::Duplicate) if choice == Choice::Merged => self.joined(tx, &item, reason)?,
                _ => None,
            };
            // Whom others merged since is moved beside the decision, which names the pair alone.
            let pair = ["row_id", "theirs"].map(|name| id_in(&item, name));
            changes.extend(deed.map(|deed| {
                let decides = pair.contains(&Some(deed.id)).then_some(id.0);
                Change { decides, ..deed }
            }));
            Ok((changes, ()))
        })?;
        self.conflict(id)
    }

    /// The change that makes one patient of the two registrations of an item; none if they were made so since it was asked.
    fn joined(&self, tx: &Transaction<'_>, item: &Values, reason: &str) -> Result<Option<Change>> {
        let [keep, away] = ["theirs", "row_id"].map(|name| id_in(item, name).map(PatientId));
        let (keep, away) = keep.zip(away).ok_or(Error::NotFound)?;
        if may_decide(&self.person.roles, item) && are_one(tx, keep, away)? {
            return Ok(None);
        }
        // One that was merged since stays with whom it was merged into: the other one joins them.
        let (keep, away) = if kept(tx, away)? == away { (keep, away) } else { (away, keep) };
        self.merger(tx, keep, away, reason).map(Some)
    }

    /// The deletion of the row that an item is about, which everything that is here now was seen before.
    fn deletion(&self, tx: &Transaction<'_>, item: &Values) -> Result<Option<Change>> {
        let Some((table, id)) = conflict::table_of(item).zip(id_in(item, "row_id")) else { return Ok(None) };
        let Some(row) = get_row(tx, table, id)?.filter(|row| !row.is_deleted) else { return Ok(None) };
        let seen = table.table().columns.iter().filter(|column| self.person.roles.may_write(column.writer));
        let seen = seen.map(|column| {
            let value = row.values.get(column.name).cloned().unwrap_or(Value::Null);
            (column.name.to_owned(), value)
        });
        Ok(Some(Change::delete(table, id, seen.collect())))
    }

    /// What a person typed in the place of both values.
    fn typed_value(&self, tx: &Transaction<'_>, item: &Values, typed: &str) -> Result<Value> {
        let typed = typed.trim();
        let invalid = |why: &str| Error::Invalid(format!("{why} Nothing was decided yet."));
        if typed.is_empty() {
            return Err(invalid("The other value is missing."));
        }
        let today = self.day(tx)?;
        let entry = entry_of(item).ok_or_else(|| invalid("Of this one of the two is chosen."))?;
        let fact = fact_of(item);
        let lead = text(item, "column_name");
        let value = if lead == "mobile_number" {
            json!(parse_mobile(typed).ok_or_else(|| invalid("The mobile number is not complete."))?)
        } else {
            typed_entry(lead, &entry, typed, today)?
        };
        let [column] = fact.as_slice() else {
            let mut whole: Map<String, Value> =
                fact.iter().map(|column| (column.name.to_owned(), Value::Null)).collect();
            if lead == "first_name" {
                whole.insert("first_name_norm".into(), json!(normalise_name(typed)));
            }
            whole.insert(lead.to_owned(), value);
            return Ok(Value::Object(whole));
        };
        if column.merge == Merge::ReviewEntries {
            let mut entries = item.get("theirs").and_then(Value::as_object).cloned().unwrap_or_default();
            if let Some(name) = entries.keys().next().cloned() {
                entries.insert(name, value);
            }
            return Ok(Value::Object(entries));
        }
        protocol::validate::check_value(column, &value)?;
        Ok(value)
    }

    fn view_of(&self, tx: &Transaction<'_>, id: ConflictId, item: &Values) -> Result<Conflict> {
        let today = self.day(tx)?;
        let kind = Kind::of(item).ok_or(Error::NotFound)?;
        let patient = |id: Option<Uuid>| -> Result<Option<crate::view::PatientSummary>> {
            let Some(id) = id.map(PatientId) else { return Ok(None) };
            let id = if kind == Kind::Duplicate { id } else { kept(tx, id)? };
            match summary_of(tx, id, today) {
                Ok(summary) => Ok(Some(summary)),
                Err(Error::NotFound) => Ok(None),
                Err(error) => Err(error),
            }
        };
        let holds = what_holds(tx, item)?;
        let refused = (kind == Kind::Refused).then(|| refused_item(tx, id.0, item, self.language()));
        let refused = refused.transpose()?;
        let is_open = text(item, "state") != "resolved";
        let side = |name: &str, from: &str| -> Result<ConflictSide> {
            let value = item.get(name).cloned().unwrap_or(Value::Null);
            let source = item.get(from).and_then(|from| Source::deserialize(from).ok()).unwrap_or_default();
            Ok(ConflictSide {
                is_here: source.device_id == Some(self.facts.device_id),
                who: source.name,
                device: source.device,
                at: source.at,
                holds: is_open && holds.as_ref().is_some_and(|held| says(held, &value)),
                text: shown_text(tx, &value)?,
            })
        };
        let (theirs, ours) = (side("theirs", "theirs_from")?, side("ours", "ours_from")?);
        let is_union = is_open && kind == Kind::Column && holds.is_some() && !theirs.holds && !ours.holds;
        Ok(Conflict {
            id,
            kind,
            group: group_of(item),
            table: text(item, "table_name").to_owned(),
            column: some_text(item, "column_name"),
            rule: some_text(item, "rule"),
            patient: patient(id_in(item, "patient_id"))?,
            other_patient: if kind == Kind::Duplicate { patient(id_in(item, "theirs"))? } else { None },
            facts: facts(tx, item)?,
            may_decide: is_open
                && may_decide(&self.person.roles, item)
                && refused.as_ref().is_none_or(|refused| refused.asked.is_none()),
            refused,
            safer: safer(kind, &theirs, &ours),
            is_union,
            entry: if is_open && kind == Kind::Column { entry_of(item) } else { None },
            theirs,
            ours,
            opened_at: text(item, "opened_at").to_owned(),
            decided: if is_open { None } else { decided(tx, id, item)? },
        })
    }
}

/// The decision of an item that waits, with this choice; nothing if none waits.
pub(crate) fn decision_if_open(tx: &Transaction<'_>, id: Uuid, choice: Value) -> Result<Vec<Change>> {
    let Some(row) = get_row(tx, TableName::SyncConflicts, id)? else { return Ok(vec![]) };
    if row.is_deleted || text(&row.values, "state") == "resolved" {
        return Ok(vec![]);
    }
    Ok(vec![decision(&row.values, id, vec![("choice", choice)])])
}

fn decision(item: &Values, id: Uuid, set: Vec<(&str, Value)>) -> Change {
    let set = set.into_iter().chain([("state", json!("resolved"))]);
    Change::update(TableName::SyncConflicts, id, from_to(item, set))
}

/// The change that makes the row say what was decided; none if it does.
fn deed(tx: &Transaction<'_>, item: &Values, value: &Value) -> Result<Option<Change>> {
    let Some((table, id)) = conflict::table_of(item).zip(id_in(item, "row_id")) else { return Ok(None) };
    // Also of a row that was removed meanwhile: else nobody could ever decide.
    let current = get_row(tx, table, id)?.ok_or(Error::NotFound)?.values;
    let fact = fact_of(item);
    let mut set = std::collections::BTreeMap::new();
    for column in &fact {
        let base = current.get(column.name).cloned().unwrap_or(Value::Null);
        let Some(wanted) = value_in(&fact, value, column.name) else { continue };
        let wanted = match column.merge {
            Merge::ReviewEntries => with_entries(&base, wanted),
            _ => wanted.clone(),
        };
        if !same(&base, &wanted) {
            set.insert(column.name.to_owned(), SetValue { base, value: wanted });
        }
    }
    Ok((!set.is_empty()).then(|| Change::update(table, id, set)))
}

/// An object with some entries put in.
fn with_entries(base: &Value, entries: &Value) -> Value {
    let mut object = base.as_object().cloned().unwrap_or_default();
    for (name, value) in entries.as_object().into_iter().flatten() {
        object.insert(name.clone(), value.clone());
    }
    Value::Object(object)
}

fn id_in(item: &Values, name: &str) -> Option<Uuid> {
    text(item, name).parse().ok()
}

/// What the record says now of the fact that an item is about.
fn what_holds(tx: &Transaction<'_>, item: &Values) -> Result<Option<Value>> {
    let Some((table, id)) = conflict::table_of(item).zip(id_in(item, "row_id")) else { return Ok(None) };
    let Some(row) = get_row(tx, table, id)? else { return Ok(None) };
    if text(item, "column_name") == conflict::DELETED {
        return Ok(Some(json!(row.is_deleted)));
    }
    let fact = fact_of(item);
    let value = |column: &Column| row.values.get(column.name).cloned().unwrap_or(Value::Null);
    Ok(match fact.as_slice() {
        [] => None,
        [column] => Some(value(column)),
        columns => Some(columns.iter().map(|column| (column.name.to_owned(), value(column))).collect()),
    })
}

/// Whether what the record says is what one side said: of an object, in every entry of that side.
fn says(held: &Value, side: &Value) -> bool {
    match (held, side) {
        (Value::Object(held), Value::Object(side)) => {
            side.iter().all(|(name, value)| same(held.get(name).unwrap_or(&Value::Null), value))
        }
        (held, side) => same(held, side),
    }
}

/// The choice that is offered first: the one that holds until someone decides, and that is the safer one.
fn safer(kind: Kind, theirs: &ConflictSide, ours: &ConflictSide) -> Option<Choice> {
    match kind {
        Kind::Column | Kind::DeleteEdit if theirs.holds => Some(Choice::Theirs),
        Kind::Column | Kind::DeleteEdit if ours.holds => Some(Choice::Ours),
        Kind::Semantic | Kind::TwoAmendments | Kind::DoubleBooking => Some(Choice::Settled),
        // To try again loses nothing.
        Kind::Refused => Some(Choice::Ours),
        Kind::Column | Kind::DeleteEdit | Kind::Duplicate => None,
    }
}

fn group_of(item: &Values) -> ConflictGroup {
    let is_dental = conflict::table_of(item)
        .is_some_and(|table| matches!(table, TableName::DentalProcedures | TableName::DentalObservations));
    match text(item, "scope") {
        "everyone" => ConflictGroup::FrontDesk,
        _ if is_dental => ConflictGroup::Dental,
        _ => ConflictGroup::Clinical,
    }
}

/// What differs, entry by entry.
fn facts(tx: &Transaction<'_>, item: &Values) -> Result<Vec<ConflictFact>> {
    let [base, theirs, ours] =
        ["base", "theirs", "ours"].map(|name| item.get(name).cloned().unwrap_or(Value::Null));
    let lead = text(item, "column_name");
    let fact = |name: &str, base: &Value, theirs: &Value, ours: &Value| -> Result<ConflictFact> {
        Ok(ConflictFact {
            name: name.to_owned(),
            base: shown_text(tx, base)?,
            theirs: shown_text(tx, theirs)?,
            ours: shown_text(tx, ours)?,
        })
    };
    match Kind::of(item) {
        Some(Kind::Column) => match (&theirs, &ours) {
            (Value::Object(their_entries), Value::Object(our_entries)) => {
                let entry = |value: &Value, name: &str| value.get(name).cloned().unwrap_or(Value::Null);
                let names: std::collections::BTreeSet<&String> =
                    their_entries.keys().chain(our_entries.keys()).collect();
                let differing = names.into_iter().filter(|name| {
                    // What is made for the search is no fact of its own.
                    !same(&entry(&theirs, name), &entry(&ours, name)) && *name != "first_name_norm"
                });
                let mut facts = differing
                    .map(|name| fact(name, &entry(&base, name), &entry(&theirs, name), &entry(&ours, name)))
                    .collect::<Result<Vec<_>>>()?;
                // Of a medicine that was stopped, the day and the reason alone do not say which.
                let line = id_in(item, "row_id").filter(|_| lead == "stopped_at");
                if let Some(line) =
                    line.map(|id| get_row(tx, TableName::PrescriptionItems, id)).transpose()?.flatten()
                {
                    let medicine = json!(text(&line.values, "medicine_text"));
                    facts.insert(0, fact("medicine_text", &medicine, &medicine, &medicine)?);
                }
                Ok(facts)
            }
            _ => Ok(vec![fact(lead, &base, &theirs, &ours)?]),
        },
        Some(Kind::DeleteEdit) => Ok(vec![fact(lead, &base, &theirs, &ours)?]),
        _ => Ok(vec![]),
    }
}

/// A value in words: names for ids, entries side by side.
pub(crate) fn shown_text(tx: &Transaction<'_>, value: &Value) -> Result<Option<String>> {
    Ok(match value {
        Value::Null => None,
        Value::String(text) => Some(match text.parse::<Uuid>() {
            Ok(id) => name_of(tx, id)?.unwrap_or_else(|| text.clone()),
            Err(_) => text.clone(),
        }),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(entries) => {
            let mut texts = Vec::new();
            for entry in entries {
                let named = entry.get("text").or_else(|| entry.get("name")).unwrap_or(entry);
                texts.extend(shown_text(tx, named)?);
            }
            Some(texts.join(", ")).filter(|text| !text.is_empty())
        }
        Value::Object(entries) => {
            if let Some(text) = entries.get("text").and_then(Value::as_str) {
                return Ok(Some(text.to_owned()));
            }
            let mut texts = Vec::new();
            for (name, entry) in entries {
                if let Some(text) = shown_text(tx, entry)?.filter(|_| name != "first_name_norm") {
                    texts.push(text);
                }
            }
            Some(texts.join(", ")).filter(|text| !text.is_empty())
        }
    })
}

/// Who or what an id is, if it is someone's whom people know by name.
fn name_of(tx: &Transaction<'_>, id: Uuid) -> Result<Option<String>> {
    if let Some(patient) = get_row(tx, TableName::Patients, id)? {
        return Ok(Some(crate::patients::full_name(&patient.values)));
    }
    if let Some(clinic) = get_row(tx, TableName::Clinics, id)? {
        return Ok(some_text(&clinic.values, "clinic_name"));
    }
    if let Some(prescription) = get_row(tx, TableName::Prescriptions, id)? {
        return Ok(some_text(&prescription.values, "prescription_number"));
    }
    Ok(Some(doctor_name(tx, protocol::id::DoctorId(id))?).filter(|name| !name.is_empty()))
}

/// How another value can be typed, if it can.
fn entry_of(item: &Values) -> Option<Entry> {
    let fact = fact_of(item);
    match (fact.as_slice(), text(item, "column_name")) {
        (_, "first_name") => Some(Entry::Text),
        (_, "date_of_birth") => Some(Entry::Date),
        ([column], _) if column.kind == ColumnKind::Json && column.merge == Merge::ReviewEntries => {
            let one =
                |name: &str| item.get(name).and_then(Value::as_object).filter(|entries| entries.len() == 1);
            let is_number = |entries: &Map<String, Value>| entries.values().all(Value::is_number);
            let fits = one("theirs").is_some_and(is_number) && one("ours").is_some_and(is_number);
            fits.then_some(Entry::Number)
        }
        ([column], _) => entry_for(column),
        _ => None,
    }
}

fn decided(tx: &Transaction<'_>, id: ConflictId, item: &Values) -> Result<Option<Decided>> {
    let Some(choice) = item.get("choice").and_then(|choice| Choice::deserialize(choice).ok()) else {
        return Ok(None);
    };
    let value = match choice {
        Choice::Ours => item.get("ours"),
        Choice::Theirs => item.get("theirs"),
        Choice::Other => item.get("chosen"),
        Choice::Merged | Choice::Apart | Choice::Settled => None,
    };
    let pending: i64 = tx
        .prepare_cached("select count(*) from pending_rows where table_name = 'sync_conflicts' and id = ?1")?
        .query_row([id.to_string()], |row| row.get(0))?;
    Ok(Some(Decided {
        choice,
        value: value.map(|value| shown_text(tx, value)).transpose()?.flatten(),
        reason: some_text(item, "reason"),
        who: some_text(item, "resolved_name"),
        at: some_text(item, "resolved_at"),
        is_sent: pending == 0,
    }))
}
