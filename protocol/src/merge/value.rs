//! What two values of one column come to.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::table::{Column, Kind, Values};

pub(super) fn value_of(values: &Values, name: &str) -> Value {
    values.get(name).cloned().unwrap_or(Value::Null)
}

/// Their object with the entries that we alone changed, and the names of those that both changed: of them theirs stay.
pub(super) fn entries(base: &Value, theirs: &Value, ours: &Value) -> (Value, Vec<String>) {
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

/// Which of two values holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Ours,
    Theirs,
}

/// Which of two states is further up; none if one of them is not on the ladder.
pub(super) fn further(ladder: &[&str], theirs: &Value, ours: &Value) -> Option<Side> {
    let step = |value: &Value| ladder.iter().position(|state| Some(*state) == value.as_str());
    Some(if step(ours)? > step(theirs)? { Side::Ours } else { Side::Theirs })
}

/// Their entries or lines, then those of ours that they lack.
pub(super) fn union(theirs: &Value, ours: &Value) -> Value {
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
pub(super) fn safer_union(column: &Column, theirs: &Value, ours: &Value) -> Value {
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
pub(super) fn fits(column: &Column, value: &Value) -> bool {
    match (column.kind, value) {
        (Kind::Text(limit), Value::String(text)) => text.chars().count() <= limit,
        _ => true,
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
