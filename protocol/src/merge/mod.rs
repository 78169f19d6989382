//! Column by column: what becomes of a change when others changed the same row meanwhile.

mod fact;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Refusal, RefusalCode};
use crate::mutation::{Change, Op};
use crate::permission::Roles;
use crate::table::{Column, Table, TableName, Values};
use crate::validate;
use crate::{appointment, conflict, dental, patient, prescription};

pub use value::same;

use fact::{Member, facts};
use value::value_of;

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

impl Current {
    /// Sets a column; its clock never goes back.
    fn put(&mut self, name: &str, value: Value, at_ms: i64) {
        let since = self.clocks.get(name).copied().unwrap_or(0);
        self.values.insert(name.to_owned(), value);
        self.clocks.insert(name.to_owned(), at_ms.max(since));
    }
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
