//! Conflicts are exactly where the rules demand one. What the rules demand is worked out here a second time, from the
//! log alone and in other words than the merge: for each change that was merged, from the row before it.

use std::collections::BTreeSet;

use protocol::conflict::{DELETED, id_of};
use protocol::merge::same;
use protocol::mutation::{Change, Op, SetValue};
use protocol::safety::check as look;
use protocol::table::{Column, Merge, Row, TableName, Values};
use serde_json::Value;
use uuid::Uuid;

use crate::server::{Merging, Tenant, charts};

/// Compares the items that were opened with those that had to be.
pub(super) fn check(tenant: &Tenant, catalogue: &[Row]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut demanded = BTreeSet::new();
    for merging in &tenant.journal {
        for (column, is_item) in facts(merging, &mut wrong) {
            let id = item_id(merging, &column);
            if is_item {
                demanded.insert(id);
            }
            let is_there = tenant.rows.contains_key(&(TableName::SyncConflicts, id));
            if is_there != is_item {
                let (table, row) = (merging.change.table.as_str(), merging.change.id);
                let verb = if is_item { "demand" } else { "do not demand" };
                wrong.push(format!("the rules {verb} an item about {column} of {table} {row}"));
            }
        }
    }
    let items = tenant.rows.iter().filter(|((table, _), _)| *table == TableName::SyncConflicts);
    for ((_, id), held) in items {
        let kind = held.row.values.get("kind").and_then(Value::as_str).unwrap_or_default();
        let is_of_merge = matches!(kind, "column" | "delete_edit" | "two_amendments");
        let is_again = held.row.values.get("theirs_from").is_some_and(|from| from.get("device_id").is_none());
        if is_of_merge && !is_again && !demanded.contains(id) {
            wrong.push(format!(
                "an item of kind {kind} was opened that no rule demands: {:?}",
                held.row.values
            ));
        }
    }
    wrong.extend(dangers(tenant, catalogue));
    wrong
}

/// Every danger that is there at the end was put before a person.
fn dangers(tenant: &Tenant, catalogue: &[Row]) -> Vec<String> {
    let today = crate::timeline::START.date();
    let mut wrong = Vec::new();
    for chart in charts(&tenant.rows, catalogue) {
        for finding in look(&chart, today).findings {
            let id = id_of(&finding.words().each_ref().map(String::as_str));
            if !tenant.rows.contains_key(&(TableName::SyncConflicts, id)) {
                wrong.push(format!("nobody is asked about {finding:?}"));
            }
        }
    }
    wrong
}

fn item_id(merging: &Merging, column: &str) -> Uuid {
    let (change, device) = (&merging.change, merging.device.to_string());
    let (sequence, row) = (merging.sequence.to_string(), change.id.to_string());
    id_of(&["merge", &device, &sequence, change.table.as_str(), &row, column])
}

fn value(values: &Values, name: &str) -> Value {
    values.get(name).cloned().unwrap_or(Value::Null)
}

/// The facts of a change, each with whether it had to become an item.
fn facts(merging: &Merging, wrong: &mut Vec<String>) -> Vec<(String, bool)> {
    let change = &merging.change;
    let Some(before) = &merging.before else { return vec![] };
    let Some(after) = &merging.after else { return vec![] };
    if change.table == TableName::SyncConflicts {
        return vec![];
    }
    let (old, new) = (&before.row.values, &after.row.values);
    if change.op == Op::Delete {
        let is_edited = change.set.iter().any(|(name, set)| !same(&value(old, name), &set.base));
        let is_item = is_edited && !before.row.deleted;
        if after.row.deleted == is_item {
            wrong.push(format!("a deletion of {} {} is wrong", change.table.as_str(), change.id));
        }
        return vec![(DELETED.to_owned(), is_item)];
    }
    let mut found = Vec::new();
    for lead in leads(change, old) {
        let members: Vec<(&Column, &SetValue)> = change
            .set
            .iter()
            .filter_map(|(name, set)| Some((change.table.table().column(name)?, set)))
            .filter(|(column, _)| lead_of(change, column, old) == lead)
            .collect();
        if members.iter().all(|(_, set)| same(&set.base, &set.value)) {
            continue;
        }
        let clashes = members.iter().any(|(column, set)| {
            let held = value(old, column.name);
            !same(&held, &set.base) && !same(&held, &set.value)
        });
        // Two mergers in a circle are an item although nobody else touched the column.
        let is_circle = lead == "merged_into_id" && !same(&value(new, lead), &change.set[lead].value);
        let is_item = match members.as_slice() {
            _ if is_circle => true,
            _ if !clashes => false,
            [(column, set)] => single(column, set, &value(old, column.name), &value(new, column.name), wrong),
            _ => true,
        };
        let is_kept = |name: &str| same(&value(old, name), &value(new, name));
        if !clashes && !is_circle {
            for (column, set) in &members {
                let is_signing = column.name == "status" && set.value == "finalised";
                if !same(&set.base, &set.value) && !same(&value(new, column.name), &set.value) && !is_signing
                {
                    wrong.push(format!("{} of {} was lost", column.name, change.id));
                }
            }
        } else if members.len() > 1 && !members.iter().all(|(column, _)| is_kept(column.name)) {
            wrong.push(format!("the fact {lead} of {} is a mixture", change.id));
        }
        found.push((lead.to_owned(), is_item));
    }
    let is_edit = old != new;
    found.push((DELETED.to_owned(), before.row.deleted && is_edit));
    if before.row.deleted && is_edit && after.row.deleted {
        wrong.push(format!("{} stays deleted although it was changed", change.id));
    }
    found
}

/// Whether one column, of which two people made different things, is for a person. What both wrote is not lost where
/// the column's class says so.
fn single(column: &Column, set: &SetValue, old: &Value, new: &Value, wrong: &mut Vec<String>) -> bool {
    let has = |text: &Value| {
        let whole = new.as_str().unwrap_or_default();
        text.as_str().unwrap_or_default().lines().all(|line| whole.lines().any(|known| known == line))
    };
    match column.merge {
        Merge::Latest => {
            if !same(new, old) && !same(new, &set.value) {
                wrong.push(format!("{} is neither of two values", column.name));
            }
            false
        }
        Merge::Review => true,
        Merge::SaferUnion => {
            if matches!(column.kind, protocol::table::Kind::Text(_)) && !(has(old) && has(&set.value)) {
                wrong.push(format!("{} lost one of two warnings", column.name));
            }
            true
        }
        Merge::Union => false,
        Merge::Furthest(ladder) => {
            let step = |value: &Value| ladder.iter().position(|state| value == state);
            match (step(old), step(&set.value)) {
                (Some(theirs), Some(ours)) => {
                    if step(new) != Some(theirs.max(ours)) {
                        wrong.push(format!("{} went back", column.name));
                    }
                    false
                }
                _ => true,
            }
        }
        Merge::ReviewEntries => {
            let entry = |object: &Value, name: &str| object.get(name).cloned().unwrap_or(Value::Null);
            let names = set.base.as_object().into_iter().chain(set.value.as_object()).flatten();
            names.map(|(name, _)| name).any(|name| {
                let (base, theirs, ours) =
                    (entry(&set.base, name), entry(old, name), entry(&set.value, name));
                !same(&ours, &base) && !same(&ours, &theirs) && !same(&theirs, &base)
            })
        }
        Merge::ServerOnly => false,
    }
}

/// What becomes of a signed prescription is one fact.
fn lead_of(change: &Change, column: &Column, old: &Values) -> &'static str {
    const WITHDRAWN: &[&str] = &["superseded_by_id", "void_reason", "voided_at", "voided_by"];
    let is_signed = !matches!(old.get("status").and_then(Value::as_str), None | Some("draft" | "discarded"));
    if change.table == TableName::Prescriptions && is_signed && WITHDRAWN.contains(&column.name) {
        return "status";
    }
    column.fact()
}

fn leads(change: &Change, old: &Values) -> BTreeSet<&'static str> {
    let columns = change.set.keys().filter_map(|name| change.table.table().column(name));
    columns.map(|column| lead_of(change, column, old)).collect()
}
