//! Column by column: what becomes of a change when others changed the same row meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Refusal, RefusalCode};
use crate::mutation::{Change, Op, SetValue};
use crate::permission::Roles;
use crate::table::{Column, Kind, Merge, Table, TableName, Values};
use crate::validate;
use crate::{appointment, conflict, dental, patient, prescription};

/// When each column was last changed, as milliseconds since 1970 by the server's clock.
pub type Clocks = BTreeMap<String, i64>;

/// A row as the server has it before a change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Current {
    /// Whether it is deleted.
    pub deleted: bool,
    /// All columns.
    pub values: Values,
    /// When each was last changed.
    pub clocks: Clocks,
}

/// A column whose value a person must decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReviewColumn {
    /// Whose row.
    pub table: TableName,
    /// Which row.
    pub id: uuid::Uuid,
    /// Which fact, by its leading column; `deleted` stands for the row's deletion. The values of a fact of several
    /// columns are objects of them.
    pub column: String,
    /// What the person saw.
    pub base: Value,
    /// What the server has, and keeps until someone decides.
    pub theirs: Value,
    /// What the person made of it.
    pub ours: Value,
}

/// A row after a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The row to store.
    pub row: Current,
    /// Whether it differs from what was there.
    pub changed: bool,
    /// Whether anything of the change lost or met a change by others.
    pub met_others: bool,
    /// What a person must decide.
    pub review: Vec<ReviewColumn>,
}

/// Merges one change into a row.
///
/// `current` is the row as the server has it, if it has it. `recorded_at_ms` is the moment of the change
/// by the server's clock, never later than the server's now.
///
/// # Errors
///
/// The server's verdict on the content: the mutation goes to quarantine.
pub fn merge(
    change: &Change,
    current: Option<Current>,
    roles: &Roles,
    recorded_at_ms: i64,
) -> Result<Merged, Refusal> {
    let table = change.table.table();
    let is_proposal = change.table == TableName::SyncConflicts && change.op == Op::Insert;
    if is_proposal {
        conflict::check_proposal(change)?;
    }
    let permitted = permitted_columns(table, change, current.as_ref(), (!is_proposal).then_some(roles))?;
    if change.table == TableName::DentalProcedures {
        dental::check_completer(change, roles)?;
    }
    match (change.op, current) {
        // Two people asked the same.
        (Op::Insert, Some(row)) if is_proposal => {
            Ok(Merged { row, changed: false, met_others: true, review: vec![] })
        }
        (Op::Insert, Some(_)) => Err(Refusal::new(
            RefusalCode::IdTaken,
            format!("A new row in {} bears the id of one that exists.", table.sql_name),
        )),
        (Op::Insert, None) => insert(table, change, recorded_at_ms),
        (Op::Update | Op::Delete, None) => Err(Refusal::new(
            RefusalCode::MissingRow,
            format!("The row in {} does not exist.", table.sql_name),
        )),
        (Op::Update, Some(current)) => update(change, current, &permitted, roles, recorded_at_ms),
        (Op::Delete, Some(current)) => delete(table, change, current, roles),
    }
}

fn permitted_columns(
    table: &Table,
    change: &Change,
    current: Option<&Current>,
    roles: Option<&Roles>,
) -> Result<Vec<&'static Column>, Refusal> {
    change
        .set
        .iter()
        .map(|(name, set)| {
            let column = change.table.table().column(name).ok_or_else(|| {
                Refusal::new(
                    RefusalCode::Unknown,
                    format!("This server does not know {}.{name}; it needs an update.", table.sql_name),
                )
            })?;
            if roles.is_some_and(|roles| !roles.may_write(column.writer)) {
                return Err(Refusal::new(
                    RefusalCode::NotAllowed,
                    format!("This person's role may not write {}.{name}.", table.sql_name),
                ));
            }
            // What is there already is not written: a word that only a later program knows goes along unharmed.
            let is_there =
                current.and_then(|row| row.values.get(name)).is_some_and(|is| same(is, &set.value));
            if !is_there {
                validate::check_value(column, &set.value)?;
            }
            Ok(column)
        })
        .collect()
}

fn insert(table: &Table, change: &Change, recorded_at_ms: i64) -> Result<Merged, Refusal> {
    let mut values = Values::new();
    for column in table.columns {
        let given = change.set.get(column.name).map(|set| set.value.clone()).filter(|value| !value.is_null());
        let value = match (given, column.default) {
            (Some(value), _) => value,
            (None, Some(default)) => serde_json::from_str(default).unwrap_or(Value::Null),
            (None, None) => Value::Null,
        };
        if value.is_null() && !column.nullable {
            return Err(Refusal::new(
                RefusalCode::BadValue,
                format!("A new row in {} needs {}.", table.sql_name, column.name),
            ));
        }
        values.insert(column.name.to_owned(), value);
    }
    validate::check_row(change.table, &values)?;
    patient::check_merger(change, &values)?;
    let clocks = change.set.keys().map(|column| (column.clone(), recorded_at_ms)).collect();
    Ok(Merged {
        row: Current { deleted: false, values, clocks },
        changed: true,
        met_others: false,
        review: vec![],
    })
}

fn update(
    change: &Change,
    mut row: Current,
    columns: &[&'static Column],
    roles: &Roles,
    recorded_at_ms: i64,
) -> Result<Merged, Refusal> {
    match change.table {
        TableName::Prescriptions => prescription::check_update(&row.values, change)?,
        TableName::Appointments => appointment::check_update(change)?,
        TableName::DentalProcedures => dental::check_procedure(&row.values, change)?,
        TableName::DentalAttachments => dental::check_attachment(&row.values, change)?,
        TableName::SyncConflicts => {
            conflict::check(&row.values, change, roles)?;
        }
        _ => {}
    }
    let before = row.values.clone();
    let mut met_others = false;
    let mut review = Vec::new();
    for (lead, members) in facts(change, columns, &row.values) {
        let clashes = members.iter().any(|member| member.clashes(&row.values));
        met_others |= clashes;
        if let ([member], true) = (members.as_slice(), clashes) {
            review.extend(member.merge(change, &mut row, recorded_at_ms));
        } else if clashes {
            let object = |value: &dyn Fn(&Member<'_>) -> Value| -> Value {
                members.iter().map(|member| (member.column.name.to_owned(), value(member))).collect()
            };
            review.push(ReviewColumn {
                table: change.table,
                id: change.id,
                column: lead.to_owned(),
                base: object(&|member| member.set.base.clone()),
                theirs: object(&|member| value_of(&row.values, member.column.name)),
                ours: object(&|member| member.set.value.clone()),
            });
        } else {
            for member in &members {
                if member.is_news(&row.values) {
                    row.put(member.column.name, member.set.value.clone(), recorded_at_ms);
                }
            }
        }
    }
    if row.deleted && before != row.values {
        // An edit against a deletion: the edit stays until a person decides.
        row.deleted = false;
        review.push(deletion(change, Value::Bool(true), Value::Bool(false)));
    }
    validate::check_row(change.table, &row.values)?;
    patient::check_merger(change, &row.values)?;
    Ok(Merged { changed: before != row.values, row, met_others, review })
}

/// A column of a change, and what a person made of it.
struct Member<'a> {
    column: &'static Column,
    set: &'a SetValue,
}

/// The changed columns by the facts that they make.
fn facts<'a>(
    change: &'a Change,
    columns: &[&'static Column],
    current: &Values,
) -> Vec<(&'static str, Vec<Member<'a>>)> {
    let mut facts: Vec<(&'static str, Vec<Member<'a>>)> = Vec::new();
    for (column, set) in columns.iter().zip(change.set.values()) {
        let lead = match change.table {
            TableName::Prescriptions => prescription::fact(current, column),
            _ => column.fact(),
        };
        let member = Member { column, set };
        match facts.iter_mut().find(|(known, _)| *known == lead) {
            Some((_, members)) => members.push(member),
            None => facts.push((lead, vec![member])),
        }
    }
    // What was not changed was sent to show what the person saw; alone it says nothing.
    facts.retain(|(_, members)| members.iter().any(|member| !same(&member.set.base, &member.set.value)));
    facts
}

impl Member<'_> {
    /// Whether the row does not say it yet.
    fn is_news(&self, current: &Values) -> bool {
        !same(&self.set.base, &self.set.value) && !same(&value_of(current, self.column.name), &self.set.value)
    }

    /// Whether others made something of this column meanwhile, other than this.
    fn clashes(&self, current: &Values) -> bool {
        let theirs = value_of(current, self.column.name);
        !same(&theirs, &self.set.value) && !same(&theirs, &self.set.base)
    }

    /// Merges what two people made of one column, by its class; the answer is what is left to a person.
    fn merge(&self, change: &Change, row: &mut Current, recorded_at_ms: i64) -> Option<ReviewColumn> {
        let (column, set) = (self.column, self.set);
        let theirs = value_of(&row.values, column.name);
        let theirs_since = row.clocks.get(column.name).copied().unwrap_or(0);
        let review = |base: &Value, theirs: Value, ours: &Value| {
            Some(ReviewColumn {
                table: change.table,
                id: change.id,
                column: column.name.to_owned(),
                base: base.clone(),
                theirs,
                ours: ours.clone(),
            })
        };
        match column.merge {
            // Ties go to whoever arrives later.
            Merge::Latest => {
                if recorded_at_ms >= theirs_since {
                    row.put(column.name, set.value.clone(), recorded_at_ms);
                }
                None
            }
            Merge::Furthest(ladder) => match further(ladder, &theirs, &set.value) {
                Some(Side::Ours) => {
                    row.put(column.name, set.value.clone(), recorded_at_ms);
                    None
                }
                Some(Side::Theirs) => None,
                None => review(&set.base, theirs, &set.value),
            },
            Merge::Union => {
                let both = union(&theirs, &set.value);
                if !fits(column, &both) {
                    return review(&set.base, theirs, &set.value);
                }
                row.put(column.name, both, recorded_at_ms);
                None
            }
            Merge::Review => review(&set.base, theirs, &set.value),
            Merge::ReviewEntries => {
                let (merged, clashing) = entries(&set.base, &theirs, &set.value);
                if !same(&merged, &theirs) {
                    row.put(column.name, merged, recorded_at_ms);
                }
                let of = |value: &Value| match value.as_object() {
                    Some(object) if !clashing.is_empty() => Value::Object(
                        clashing
                            .iter()
                            .map(|name| (name.clone(), object.get(name).cloned().unwrap_or_default()))
                            .collect(),
                    ),
                    _ => value.clone(),
                };
                let is_settled = clashing.is_empty() && theirs.is_object() && set.value.is_object();
                if is_settled { None } else { review(&of(&set.base), of(&theirs), &of(&set.value)) }
            }
            Merge::SaferUnion => {
                row.put(column.name, safer_union(column, &theirs, &set.value), recorded_at_ms);
                review(&set.base, theirs, &set.value)
            }
            // permitted_columns refuses these before.
            Merge::ServerOnly => None,
        }
    }
}

impl Current {
    /// Sets a column; its clock never goes back.
    fn put(&mut self, name: &str, value: Value, at_ms: i64) {
        let since = self.clocks.get(name).copied().unwrap_or(0);
        self.values.insert(name.to_owned(), value);
        self.clocks.insert(name.to_owned(), at_ms.max(since));
    }
}

fn value_of(values: &Values, name: &str) -> Value {
    values.get(name).cloned().unwrap_or(Value::Null)
}

/// Their object with the entries that we alone changed, and the names of those that both changed: of them theirs stay.
fn entries(base: &Value, theirs: &Value, ours: &Value) -> (Value, Vec<String>) {
    let none = serde_json::Map::new();
    let base = base.as_object().unwrap_or(&none);
    let (Some(their_entries), Some(our_entries)) = (theirs.as_object(), ours.as_object()) else {
        return (theirs.clone(), vec![]);
    };
    let entry = |object: &serde_json::Map<String, Value>, name: &str| {
        object.get(name).cloned().unwrap_or(Value::Null)
    };
    let mut merged = their_entries.clone();
    let mut clashing = Vec::new();
    for name in base.keys().chain(our_entries.keys()).collect::<BTreeSet<_>>() {
        let (base, theirs, ours) = (entry(base, name), entry(their_entries, name), entry(our_entries, name));
        if same(&ours, &base) || same(&ours, &theirs) {
            continue;
        }
        if same(&theirs, &base) {
            if ours.is_null() {
                merged.remove(name)
            } else {
                merged.insert(name.clone(), ours)
            };
        } else {
            clashing.push(name.clone());
        }
    }
    (Value::Object(merged), clashing)
}

fn delete(table: &Table, change: &Change, mut row: Current, roles: &Roles) -> Result<Merged, Refusal> {
    // A row can be deleted by whoever may write all that a new one needs.
    let may = table.columns.iter().filter(|column| !column.nullable && column.default.is_none());
    if !may.into_iter().all(|column| roles.may_write(column.writer)) {
        return Err(Refusal::new(
            RefusalCode::NotAllowed,
            format!("This person's role may not delete from {}.", table.sql_name),
        ));
    }
    match change.table {
        TableName::Prescriptions => prescription::check_delete(&row.values)?,
        TableName::DentalProcedures => dental::check_delete(&row.values)?,
        TableName::DentalAttachments if !roles.is_prescriber() => {
            return Err(Refusal::new(
                RefusalCode::NotAllowed,
                "Only a doctor or dentist deletes an attachment.",
            ));
        }
        _ => {}
    }
    let changed_since =
        change.set.iter().any(|(name, set)| !same(row.values.get(name).unwrap_or(&Value::Null), &set.base));
    if changed_since && !row.deleted {
        // A delete against an edit: the edit stays until a person decides.
        let review = vec![deletion(change, Value::Bool(false), Value::Bool(true))];
        return Ok(Merged { row, changed: false, met_others: true, review });
    }
    let changed = !row.deleted;
    row.deleted = true;
    Ok(Merged { row, changed, met_others: false, review: vec![] })
}

/// Which of two values holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Ours,
    Theirs,
}

/// Which of two states is further up; none if one of them is not on the ladder.
fn further(ladder: &[&str], theirs: &Value, ours: &Value) -> Option<Side> {
    let step = |value: &Value| ladder.iter().position(|state| Some(*state) == value.as_str());
    Some(if step(ours)? > step(theirs)? { Side::Ours } else { Side::Theirs })
}

/// Their entries or lines, then those of ours that they lack.
fn union(theirs: &Value, ours: &Value) -> Value {
    match (theirs, ours) {
        (Value::Null, _) => return ours.clone(),
        (_, Value::Null) => return theirs.clone(),
        (Value::String(theirs), Value::String(ours)) => {
            let mut lines: Vec<&str> = theirs.lines().collect();
            lines.extend(ours.lines().filter(|line| !theirs.lines().any(|known| known == *line)));
            return Value::String(lines.join("\n"));
        }
        _ => {}
    }
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut entries = list(theirs);
    for entry in list(ours) {
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    Value::Array(entries)
}

/// What holds until a person has decided. Two texts that do not fit into the column together stay as they are
/// on the server.
fn safer_union(column: &Column, theirs: &Value, ours: &Value) -> Value {
    let (Some(their_text), Some(our_text)) = (theirs.as_str(), ours.as_str()) else {
        return if theirs.is_null() { ours.clone() } else { theirs.clone() };
    };
    match column.kind {
        Kind::Choice(choices) => {
            let care = |text: &str| choices.iter().position(|choice| *choice == text);
            if care(our_text) > care(their_text) { ours.clone() } else { theirs.clone() }
        }
        Kind::Text(_) => {
            Some(union(theirs, ours)).filter(|both| fits(column, both)).unwrap_or(theirs.clone())
        }
        _ => theirs.clone(),
    }
}

/// Whether a text is not longer than its column.
fn fits(column: &Column, value: &Value) -> bool {
    match (column.kind, value) {
        (Kind::Text(limit), Value::String(text)) => text.chars().count() <= limit,
        _ => true,
    }
}

fn deletion(change: &Change, theirs: Value, ours: Value) -> ReviewColumn {
    ReviewColumn {
        table: change.table,
        id: change.id,
        column: "deleted".to_owned(),
        base: Value::Bool(false),
        theirs,
        ours,
    }
}

/// Whether two JSON values mean the same: `1` and `1.0` do, whatever wrote them.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::permission::Role;

    fn doctor() -> Roles {
        Roles(vec![Role::Doctor])
    }

    fn patient() -> Current {
        let values = [
            ("mobile_number", json!("+919820441276")),
            ("first_name", json!("Sunita")),
            ("first_name_norm", json!("sunita")),
            ("age_years", json!(54)),
            ("age_recorded_on", json!("2026-01-05")),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value)).into();
        let change = Change::insert(TableName::Patients, Uuid::nil(), values);
        merge(&change, None, &doctor(), 1_000).expect("BUG: a good patient").row
    }

    fn edit(column: &str, base: Value, value: Value) -> Change {
        let set = [(column.to_owned(), SetValue { base, value })].into();
        Change::update(TableName::Patients, Uuid::nil(), set)
    }

    #[test]
    fn a_new_row_gets_the_defaults_of_the_columns_it_does_not_give() {
        assert_eq!(patient().values["allergy_status"], json!("unknown"));
        assert_eq!(patient().values["city"], Value::Null);
    }

    #[test]
    fn edits_of_different_columns_are_both_kept() {
        let first = merge(&edit("city", json!(null), json!("Pune")), Some(patient()), &doctor(), 2_000);
        let first = first.expect("BUG: allowed").row;
        let second =
            merge(&edit("email", json!(null), json!("s@example.org")), Some(first), &doctor(), 1_500);
        let second = second.expect("BUG: allowed");
        assert_eq!(second.row.values["city"], json!("Pune"));
        assert_eq!(second.row.values["email"], json!("s@example.org"));
        assert!(!second.met_others);
    }

    #[test]
    fn a_word_that_only_a_later_program_knows_goes_along_unharmed_and_is_never_brought_anew() {
        let mut row = patient();
        row.values.insert("blood_group".into(), json!("Bombay"));
        let mut change = edit("city", json!(null), json!("Pune"));
        let as_it_is = SetValue { base: json!("Bombay"), value: json!("Bombay") };
        change.set.insert("blood_group".to_owned(), as_it_is);
        let merged = merge(&change, Some(row.clone()), &doctor(), 2_000).expect("BUG: nothing of it is new");
        assert_eq!(
            (&merged.row.values["blood_group"], &merged.row.values["city"]),
            (&json!("Bombay"), &json!("Pune"))
        );
        let gone = Change { op: Op::Delete, ..change.clone() };
        assert!(merge(&gone, Some(row), &doctor(), 2_000).expect("BUG: allowed").row.deleted);
        let anew = merge(&change, Some(patient()), &doctor(), 2_000).map(|_| ());
        assert_eq!(anew.map_err(|refusal| refusal.code), Err(RefusalCode::BadValue));
    }

    #[test]
    fn of_two_addresses_the_later_wins_in_whatever_order_they_arrive() {
        let early = edit("city", json!(null), json!("Pune"));
        let late = edit("city", json!(null), json!("Nashik"));
        for (first, at_first, second, at_second) in
            [(&early, 2_000, &late, 3_000), (&late, 3_000, &early, 2_000)]
        {
            let row = merge(first, Some(patient()), &doctor(), at_first).expect("BUG: allowed").row;
            let merged = merge(second, Some(row), &doctor(), at_second).expect("BUG: allowed");
            assert_eq!(merged.row.values["city"], json!("Nashik"));
            assert!(merged.met_others);
        }
    }

    #[test]
    fn of_two_blood_groups_the_servers_stays_and_a_person_decides() {
        let row =
            merge(&edit("blood_group", json!("unknown"), json!("B+")), Some(patient()), &doctor(), 2_000);
        let row = row.expect("BUG: allowed").row;
        let merged = merge(&edit("blood_group", json!("unknown"), json!("O+")), Some(row), &doctor(), 3_000);
        let merged = merged.expect("BUG: allowed");
        assert_eq!(merged.row.values["blood_group"], json!("B+"));
        assert_eq!(merged.review.len(), 1);
        assert_eq!(merged.review[0].ours, json!("O+"));
    }

    #[test]
    fn of_two_allergies_written_at_once_both_stay_and_a_person_decides() {
        let edits = [
            [("alerts", json!("Penicillin")), ("allergy_status", json!("has_allergies"))],
            [("alerts", json!("Sulfa")), ("allergy_status", json!("none_known"))],
        ];
        let apply = |order: [usize; 2]| {
            let mut row = patient();
            row.values.insert("allergy_status".into(), json!("unknown"));
            let mut n_review = 0;
            for (column, value) in order.into_iter().flat_map(|place| edits[place].clone()) {
                let base = if column == "alerts" { json!(null) } else { json!("unknown") };
                let merged = merge(&edit(column, base, value), Some(row), &doctor(), 2_000);
                let merged = merged.expect("BUG: allowed");
                n_review += merged.review.len();
                row = merged.row;
            }
            (row.values["alerts"].clone(), row.values["allergy_status"].clone(), n_review)
        };
        assert_eq!(apply([0, 1]), (json!("Penicillin\nSulfa"), json!("has_allergies"), 2));
        assert_eq!(apply([1, 0]), (json!("Sulfa\nPenicillin"), json!("has_allergies"), 2));
    }

    fn appointment(status: &str) -> Current {
        let values = [("status", json!(status))];
        Current { values: values.map(|(name, value)| (name.to_owned(), value)).into(), ..Current::default() }
    }

    fn change_status(base: &str, value: &str) -> Change {
        let mut change = edit("status", json!(base), json!(value));
        change.table = TableName::Appointments;
        change
    }

    #[test]
    fn of_two_states_of_an_appointment_the_further_one_holds_in_either_order() {
        for (first, second) in [("confirmed", "arrived"), ("arrived", "confirmed")] {
            let one = merge(&change_status("booked", first), Some(appointment("booked")), &doctor(), 2_000)
                .expect("BUG: allowed");
            let both = merge(&change_status("booked", second), Some(one.row), &doctor(), 1_000)
                .expect("BUG: allowed");
            assert_eq!(both.row.values["status"], "arrived");
            assert!(both.review.is_empty());
        }
    }

    #[test]
    fn a_cancellation_against_an_arrival_is_for_a_person() {
        let merged =
            merge(&change_status("booked", "cancelled"), Some(appointment("arrived")), &doctor(), 2_000)
                .expect("BUG: allowed");
        assert_eq!(merged.row.values["status"], "arrived");
        assert_eq!(merged.review.len(), 1);
    }

    #[test]
    fn what_two_sides_add_to_a_list_is_all_there() {
        let theirs = json!([{"date": "2026-11-01"}, {"date": "2026-11-08"}]);
        let ours = json!([{"date": "2026-11-01"}, {"date": "2026-11-09"}]);
        let both = union(&theirs, &ours);
        assert_eq!(both, json!([{"date": "2026-11-01"}, {"date": "2026-11-08"}, {"date": "2026-11-09"}]));
        assert_eq!(union(&both, &ours), both);
        let note = union(&json!("Healed.\nNo pain."), &json!("Healed.\nCold test done."));
        assert_eq!(note, json!("Healed.\nNo pain.\nCold test done."));
        assert_eq!(union(&note, &json!(null)), note);
    }

    #[test]
    fn two_notes_that_are_too_long_together_are_for_a_person() {
        let (theirs, ours) = ("a".repeat(1_500), "b".repeat(1_500));
        let row = Current {
            values: [("status".to_owned(), json!("planned")), ("note".to_owned(), json!(theirs))].into(),
            ..Current::default()
        };
        let mut change = edit("note", json!(null), json!(ours));
        change.table = TableName::DentalProcedures;
        let merged = merge(&change, Some(row), &Roles(vec![Role::Dentist]), 2_000).expect("BUG: allowed");
        assert_eq!((&merged.row.values["note"], merged.review.len()), (&json!(theirs), 1));
    }

    #[test]
    fn reception_cannot_write_a_clinical_column() {
        let refused = merge(
            &edit("alerts", json!(null), json!("…")),
            Some(patient()),
            &Roles(vec![Role::Receptionist]),
            2_000,
        );
        assert_eq!(refused.map_err(|refusal| refusal.code), Err(RefusalCode::NotAllowed));
    }

    #[test]
    fn a_delete_against_an_edit_leaves_the_edit() {
        let edited = merge(&edit("city", json!(null), json!("Pune")), Some(patient()), &doctor(), 2_000)
            .expect("BUG: allowed")
            .row;
        let mut delete = edit("city", json!(null), json!(null));
        delete.op = Op::Delete;
        let merged = merge(&delete, Some(edited), &doctor(), 3_000).expect("BUG: allowed");
        assert!(!merged.row.deleted);
        assert_eq!(merged.review[0].column, "deleted");
    }

    fn edits(table: TableName, set: &[(&str, Value, Value)]) -> Change {
        let set = set.iter().map(|(name, base, value)| {
            ((*name).to_owned(), SetValue { base: base.clone(), value: value.clone() })
        });
        Change::update(table, Uuid::nil(), set.collect())
    }

    #[test]
    fn of_two_dosages_one_holds_as_a_whole() {
        let values =
            [("dose_text", json!("1-0-1 x5d")), ("duration_value", json!(5)), ("quantity", json!(10))];
        let row = Current {
            values: values.map(|(name, value)| (name.to_owned(), value)).into(),
            ..Current::default()
        };
        let longer = edits(
            TableName::PrescriptionItems,
            &[
                ("dose_text", json!("1-0-1 x5d"), json!("1-0-1 x7d")),
                ("duration_value", json!(5), json!(7)),
                ("quantity", json!(10), json!(14)),
            ],
        );
        let more = edits(
            TableName::PrescriptionItems,
            &[
                ("dose_text", json!("1-0-1 x5d"), json!("1-1-1 x5d")),
                ("duration_value", json!(5), json!(5)),
                ("quantity", json!(10), json!(15)),
            ],
        );
        let first = merge(&longer, Some(row), &doctor(), 2_000).expect("BUG: allowed").row;
        let second = merge(&more, Some(first.clone()), &doctor(), 3_000).expect("BUG: allowed");
        assert_eq!(second.row.values, first.values, "no mixture of both");
        assert_eq!(second.review.len(), 1, "{:?}", second.review);
        assert_eq!(second.review[0].column, "dose_text");
        assert_eq!(
            second.review[0].ours,
            json!({"dose_text": "1-1-1 x5d", "duration_value": 5, "quantity": 15})
        );
    }

    #[test]
    fn of_two_sets_of_vitals_only_what_both_measured_is_for_a_person() {
        let values = [("vitals", json!({"weight_kg": 66})), ("status", json!("draft"))];
        let row = Current {
            values: values.map(|(name, value)| (name.to_owned(), value)).into(),
            ..Current::default()
        };
        let measured =
            |value: Value| edits(TableName::Prescriptions, &[("vitals", json!({"weight_kg": 66}), value)]);
        let nurse = measured(json!({"weight_kg": 66, "pulse": 80}));
        let doctor_saw = measured(json!({"weight_kg": 68.4, "temp_c": 38}));
        let first = merge(&nurse, Some(row), &doctor(), 2_000).expect("BUG: allowed").row;
        let both = merge(&doctor_saw, Some(first), &doctor(), 3_000).expect("BUG: allowed");
        assert_eq!(both.row.values["vitals"], json!({"weight_kg": 68.4, "pulse": 80, "temp_c": 38}));
        assert!(both.review.is_empty() && both.met_others);
        let other = measured(json!({"weight_kg": 64.8, "spo2": 97}));
        let third = merge(&other, Some(both.row), &doctor(), 3_000).expect("BUG: allowed");
        assert_eq!(third.row.values["vitals"]["weight_kg"], json!(68.4));
        assert_eq!(third.row.values["vitals"]["spo2"], json!(97));
        let [review] = third.review.as_slice() else { panic!("{:?}", third.review) };
        assert_eq!(
            (&review.theirs, &review.ours),
            (&json!({"weight_kg": 68.4}), &json!({"weight_kg": 64.8}))
        );
    }

    #[test]
    fn an_edit_against_a_deletion_brings_the_row_back() {
        let row = Current { deleted: true, ..patient() };
        let merged = merge(&edit("city", json!(null), json!("Pune")), Some(row), &doctor(), 2_000);
        let merged = merged.expect("BUG: allowed");
        assert!(!merged.row.deleted);
        assert_eq!((merged.review[0].column.as_str(), &merged.review[0].theirs), ("deleted", &json!(true)));
    }

    #[test]
    fn a_prescription_that_was_withdrawn_twice_stays_as_it_was_first_and_a_person_looks_at_it() {
        let values = [("status", json!("voided")), ("void_reason", json!("wrong patient"))];
        let row = Current {
            values: values.map(|(name, value)| (name.to_owned(), value)).into(),
            ..Current::default()
        };
        let amended = edits(
            TableName::Prescriptions,
            &[
                ("status", json!("finalised"), json!("superseded")),
                ("superseded_by_id", json!(null), json!(Uuid::nil())),
            ],
        );
        let merged = merge(&amended, Some(row.clone()), &doctor(), 2_000).expect("BUG: kept");
        assert_eq!(merged.row.values, row.values);
        assert_eq!((merged.review.len(), merged.review[0].column.as_str()), (1, "status"));
    }

    proptest! {
        #[test]
        fn merging_the_same_change_twice_changes_nothing_more(
            base in "[a-c]{0,2}", value in "[a-c]{1,2}", at in 0_i64..5_000,
        ) {
            let change = edit("city", json!(base), json!(value));
            let once = merge(&change, Some(patient()), &doctor(), at).expect("BUG: allowed");
            let twice = merge(&change, Some(once.row.clone()), &doctor(), at).expect("BUG: allowed");
            prop_assert_eq!(once.row, twice.row);
        }

        #[test]
        fn latest_columns_converge_in_every_order(
            mut edits in prop::collection::vec(("[a-e]", 0_i64..1_000_000), 1..5), seed in any::<u64>(),
        ) {
            edits.sort_by_key(|(_, at)| *at);
            edits.dedup_by_key(|(_, at)| *at);
            let apply = |edits: &[(String, i64)]| {
                edits.iter().fold(patient(), |row, (value, at)| {
                    let change = edit("city", json!("what all of them saw"), json!(value));
                    merge(&change, Some(row), &doctor(), 1_000 + at).expect("BUG: allowed").row
                }).values["city"].clone()
            };
            let in_order = apply(&edits);
            let turn = usize::try_from(seed % edits.len() as u64).expect("BUG: small");
            edits.rotate_left(turn);
            // Equal neighbours are no change and keep the earlier clock, so compare only where values differ.
            let values: BTreeSet<_> = edits.iter().map(|(value, _)| value).collect();
            prop_assume!(values.len() == edits.len());
            prop_assert_eq!(in_order, apply(&edits));
        }
    }
}
