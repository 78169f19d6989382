//! The columns of a change by the facts that they make, and what becomes of one that others changed too.

use serde_json::Value;

use super::value::{Side, entries, fits, further, safer_union, same, union, value_of};
use super::{Current, ReviewColumn};
use crate::mutation::{Change, SetValue};
use crate::prescription;
use crate::table::{Column, Merge, TableName, Values};

/// A column of a change, and what a person made of it.
pub(super) struct Member<'a> {
    pub(super) column: &'static Column,
    pub(super) set: &'a SetValue,
}

/// The changed columns by the facts that they make.
pub(super) fn facts<'a>(
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
    pub(super) fn is_news(&self, current: &Values) -> bool {
        !same(&self.set.base, &self.set.value) && !same(&value_of(current, self.column.name), &self.set.value)
    }

    /// Whether others made something of this column meanwhile, other than this.
    pub(super) fn clashes(&self, current: &Values) -> bool {
        let theirs = value_of(current, self.column.name);
        !same(&theirs, &self.set.value) && !same(&theirs, &self.set.base)
    }

    /// Merges what two people made of one column, by its class; the answer is what is left to a person.
    pub(super) fn merge(
        &self,
        change: &Change,
        row: &mut Current,
        recorded_at_ms: i64,
    ) -> Option<ReviewColumn> {
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
