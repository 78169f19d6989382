//! What only a person can decide, and who may.
//!
//! An item is a row of [`TableName::SyncConflicts`]. The server opens it, every device that its scope allows gets it,
//! and whoever decides writes the decision into it and carries it out in the same mutation.

mod decision;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::{Refusal, RefusalCode};
use crate::id::{DeviceId, UserId};
use crate::mutation::Change;
use crate::table::{Column, Scope, TableName, Values, Writer};
use crate::validate::moment_text;

pub use decision::{DECISION, Judgement, again, check, check_deed, judge, may_decide};

/// The namespace of the ids of items: what is found twice is the same item.
const NAMESPACE: Uuid = Uuid::from_u128(0x5cb8_f6f2_6f0e_4b1c_9a52_37c1_d0a4_e681);

/// The name under which an item is about the deletion of a row.
pub const DELETED: &str = "deleted";

/// What an item is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "ConflictKind"))]
pub enum Kind {
    /// Two people made different things of one fact.
    Column,
    /// One deleted what another changed.
    DeleteEdit,
    /// Two registrations may be one person.
    Duplicate,
    /// Rows that are each right are dangerous together.
    Semantic,
    /// One signed prescription was withdrawn twice, in different ways.
    TwoAmendments,
    /// One doctor has two patients at one time.
    DoubleBooking,
    /// A change that the server refused is before the tenant's admins. Decided by a settlement, never by a change of
    /// the item.
    Refused,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "ConflictChoice"))]
pub enum Choice {
    /// The value that came later to the server.
    Ours,
    /// The value that the server had.
    Theirs,
    /// Another value, in `chosen`.
    Other,
    /// Two registrations are one person.
    Merged,
    /// Two registrations are two people.
    Apart,
    /// Someone has seen to it.
    Settled,
}

impl Kind {
    /// The kind's word in the item.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Column => "column",
            Self::DeleteEdit => "delete_edit",
            Self::Duplicate => "duplicate",
            Self::Semantic => "semantic",
            Self::TwoAmendments => "two_amendments",
            Self::DoubleBooking => "double_booking",
            Self::Refused => "refused",
        }
    }

    /// The kind of an item.
    pub fn of(item: &Values) -> Option<Self> {
        item.get("kind").and_then(|kind| Self::deserialize(kind).ok())
    }

    /// What can be decided about it.
    pub fn choices(self) -> &'static [Choice] {
        match self {
            Self::Column => &[Choice::Ours, Choice::Theirs, Choice::Other],
            Self::DeleteEdit => &[Choice::Ours, Choice::Theirs],
            Self::Duplicate => &[Choice::Merged, Choice::Apart],
            Self::Semantic | Self::TwoAmendments | Self::DoubleBooking => &[Choice::Settled],
            Self::Refused => &[],
        }
    }
}

/// Who wrote one side of an item, where and when. The names are those of that day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Who; absent if another program wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// Their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// On which computer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// What staff call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// An item that is to be opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its id, which follows from what it is about: see [`id_of`].
    pub id: Uuid,
    /// What it is about.
    pub kind: Kind,
    /// Whose row.
    pub table: TableName,
    /// Which row.
    pub row: Uuid,
    /// Which fact, by its leading column; [`DELETED`] for the row itself.
    pub column: Option<String>,
    /// Whose record it is.
    pub patient: Option<Uuid>,
    /// The rule that found it, and the version of the rules.
    pub rule: Option<(&'static str, u32)>,
    /// What both sides had seen.
    pub base: Value,
    /// What the server had.
    pub theirs: Value,
    /// What came later.
    pub ours: Value,
    /// Who wrote `theirs`.
    pub theirs_from: Source,
    /// Who wrote `ours`.
    pub ours_from: Source,
}

/// The id of the item that these words are about: whoever finds it again finds the same one.
pub fn id_of(words: &[&str]) -> Uuid {
    Uuid::new_v5(&NAMESPACE, words.join("\n").as_bytes())
}

/// The id of the item that asks whether two patients are one, in whatever order they are named.
pub fn duplicate_id(one: Uuid, other: Uuid) -> Uuid {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    id_of(&["duplicate", &first.to_string(), &second.to_string()])
}

/// Whether an item about this table, and this fact of it, stays on devices for clinical work: so does what is
/// clinical, and what only clinicians write.
pub fn is_clinical(table: TableName, column: Option<&str>) -> bool {
    let is_clinical = |column: &Column| {
        column.scope == Scope::Clinical
            || matches!(column.writer, Writer::Clinician | Writer::Prescriber | Writer::Charter)
    };
    match column.and_then(|name| table.table().column(name)) {
        Some(column) => is_clinical(column),
        None => table.table().columns.iter().all(is_clinical),
    }
}

impl Item {
    /// The row to store.
    pub fn values(&self, opened_at: OffsetDateTime) -> Values {
        // What was refused is told without its values, to admins wherever they sit.
        let is_open_to_all = self.kind == Kind::Refused;
        let is_clinical = is_clinical(self.table, self.column.as_deref()) || self.is_about_care();
        let scope = if is_clinical && !is_open_to_all { "clinical" } else { "everyone" };
        let values = [
            ("kind", json!(self.kind)),
            ("scope", json!(scope)),
            ("table_name", json!(self.table)),
            ("row_id", json!(self.row)),
            ("column_name", json!(self.column)),
            ("patient_id", json!(self.patient)),
            ("rule", json!(self.rule.map(|(rule, _)| rule))),
            ("rule_version", json!(self.rule.map(|(_, version)| version))),
            ("base", self.base.clone()),
            ("theirs", self.theirs.clone()),
            ("ours", self.ours.clone()),
            ("theirs_from", json!(self.theirs_from)),
            ("ours_from", json!(self.ours_from)),
            ("opened_at", json!(moment_text(opened_at))),
            ("state", json!("open")),
        ];
        values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// What the rules find is about care, whatever row it hangs on.
    fn is_about_care(&self) -> bool {
        matches!(self.kind, Kind::Semantic | Kind::TwoAmendments)
    }
}

fn text<'a>(values: &'a Values, name: &str) -> Option<&'a str> {
    values.get(name).and_then(Value::as_str)
}

/// The table that an item is about.
pub fn table_of(item: &Values) -> Option<TableName> {
    text(item, "table_name").and_then(TableName::find)
}

/// The columns of the fact that an item is about; none for a deletion, or for what is no single fact.
pub fn fact_of(item: &Values) -> Vec<&'static Column> {
    let table = table_of(item).map(TableName::table);
    let lead = text(item, "column_name");
    table.into_iter().zip(lead).flat_map(|(table, lead)| table.fact(lead).collect::<Vec<_>>()).collect()
}

/// The value of one column in the value of its fact: a fact of several columns is an object of them.
pub fn value_in<'a>(fact: &[&Column], value: &'a Value, name: &str) -> Option<&'a Value> {
    if fact.len() > 1 { value.get(name) } else { Some(value) }
}

/// Checks a person's proposal that two registrations are one: the one kind of item that a desktop opens.
///
/// # Errors
///
/// [`RefusalCode::BadValue`].
pub fn check_proposal(change: &Change) -> Result<(), Refusal> {
    let value = |name: &str| change.set.get(name).map(|set| &set.value);
    let id = |name: &str| value(name).and_then(Value::as_str).and_then(|text| text.parse::<Uuid>().ok());
    let (row, other) = (id("row_id"), id("theirs"));
    let is_proposal = value("kind") == Some(&json!(Kind::Duplicate))
        && value("table_name") == Some(&json!(TableName::Patients))
        && row.zip(other).is_some_and(|(row, other)| row != other && duplicate_id(row, other) == change.id)
        && change.set.keys().all(|name| PROPOSAL.contains(&name.as_str()));
    if is_proposal {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalCode::BadValue,
        "A computer opens no item but that two registrations may be one person.",
    ))
}

/// The columns of a proposal. The server fills the others.
pub const PROPOSAL: &[&str] =
    &["kind", "scope", "table_name", "row_id", "theirs", "ours", "rule", "opened_at"];
