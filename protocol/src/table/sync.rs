//! What people must decide: facts that two computers wrote differently, and changes that the server set aside.

use super::Kind::{Choice, Int, Json, Text, Timestamp, Uuid};
use super::Merge::{Latest, ServerOnly};
use super::Writer::{Decider, Nobody};
use super::{Column, Kind, Table, TableName, open};

/// Which devices a row of its own scope may reach; see [`Table::row_scope`].
pub const ROW_SCOPES: &[&str] = &["everyone", "clinical"];

/// What an item is about; see [`crate::conflict::Kind`].
pub const CONFLICT_KINDS: &[&str] =
    &["column", "delete_edit", "duplicate", "semantic", "two_amendments", "double_booking", "refused"];

/// What can be decided; see [`crate::conflict::Choice`].
pub const CONFLICT_CHOICES: &[&str] = &["ours", "theirs", "other", "merged", "apart", "settled"];

/// A column that the server fills and no desktop writes.
const fn told(name: &'static str, kind: Kind) -> Column {
    open(name, kind, ServerOnly, Nobody)
}

/// Items that wait for a decision, and those that were decided.
pub(super) const SYNC_CONFLICTS: Table = Table {
    name: TableName::SyncConflicts,
    sql_name: "sync_conflicts",
    row_scope: Some("scope"),
    columns: &[
        told("kind", Choice(CONFLICT_KINDS)).required(),
        told("scope", Choice(ROW_SCOPES)).required(),
        told("table_name", Text(63)).required(),
        told("row_id", Uuid).required(),
        told("column_name", Text(63)),
        told("patient_id", Uuid).to(TableName::Patients),
        told("rule", Text(40)),
        told("rule_version", Int(1, 10_000)),
        told("base", Json),
        told("theirs", Json),
        told("ours", Json),
        told("theirs_from", Json),
        told("ours_from", Json),
        told("opened_at", Timestamp).required(),
        open("state", Choice(&["open", "resolved"]), Latest, Decider).or("\"open\""),
        open("choice", Choice(CONFLICT_CHOICES), Latest, Decider),
        open("chosen", Json, Latest, Decider),
        open("reason", Text(500), Latest, Decider),
        told("resolved_by", Uuid),
        told("resolved_name", Text(150)),
        told("resolved_at", Timestamp),
    ],
};
