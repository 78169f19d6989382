//! What a desktop receives.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Notice;
use crate::id::Epoch;
use crate::table::{Row, TABLES, TableName, UnknownRow};

/// At most this many rows on one page of a pull.
pub const MAX_PULL_ROWS: i64 = 5_000;

/// At most this many rows come with a live event …
pub const MAX_LIVE_ROWS: i64 = 100;
/// … and so many bytes of them as JSON.
pub const MAX_LIVE_BYTES: usize = 32 * 1024;

/// The place after a row in the order of a pull: `version.table.id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The row's version.
    pub version: i64,
    /// Its table.
    pub table: TableName,
    /// Its id.
    pub id: uuid::Uuid,
}

impl Position {
    /// Before every row whose version is greater than `version`.
    pub fn after_version(version: i64) -> Self {
        let table = TABLES.last().map_or(TableName::Medicines, |table| table.name);
        Self { version, table, id: uuid::Uuid::max() }
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.version, self.table.as_str(), self.id)
    }
}

impl std::str::FromStr for Position {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '.');
        let mut part = || parts.next().ok_or("a position is version.table.id");
        let version = part()?.parse().map_err(|_| "the version is not a number")?;
        let table = TableName::find(part()?).ok_or("no such table")?;
        let id = part()?.parse().map_err(|_| "the id is not a UUID")?;
        Ok(Self { version, table, id })
    }
}

/// `GET /v1/sync/pull?epoch&after&catalogue&limit`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PullQuery {
    /// The epoch that the device knows.
    pub epoch: Epoch,
    /// The [`Position`] after which to go on; absent for everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The catalogue version that the device has.
    #[serde(default)]
    pub catalogue: i64,
    /// At most this many of the tenant's rows, at most [`MAX_PULL_ROWS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// A line of a pull's answer, `application/x-ndjson`. The first is always `Head`, the last `End`; an answer
/// without `End` was broken off, and what came of it is still good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PullLine {
    /// The tenant's version and the catalogue's when the page was read.
    Head {
        /// The tenant's version.
        version: i64,
        /// The catalogue's version.
        catalogue: i64,
        /// The server's clock.
        #[serde(with = "time::serde::rfc3339")]
        #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
        server_time: OffsetDateTime,
        /// What whoever pulls should know.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notices: Vec<Notice>,
    },
    /// A row.
    Row(Row),
    /// A row of a table that this program does not know. It stands in the stream like any other.
    #[serde(skip)]
    Unknown(UnknownRow),
    /// The page is whole.
    End {
        /// Whether rows up to the head remain. If not, all that was received since the cursor, and this
        /// page, is the tenant's data at the head: apply it in one transaction.
        more: bool,
    },
}

/// `GET /v1/sync/live?epoch&after`. With both, events bring the rows that a desktop lacks that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LiveQuery {
    /// The epoch that the device knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// The version up to which it has everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
}

/// The data of an event of `GET /v1/sync/live`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LiveEvent {
    /// The tenant's version.
    pub head: i64,
    /// Something was said of this very computer: it asks how it stands.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ask_standing: bool,
    /// What is new up to that version, if it is little.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    pub page: Option<LivePage>,
}

/// The rows of an event: all that changed after one version and up to the event's. Whoever has everything up to a version
/// between the two, and nothing staged, has everything with these; everybody else pulls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LivePage {
    /// Of which data.
    pub epoch: Epoch,
    /// The rows changed after this version.
    pub after: i64,
    /// The catalogue's version; its rows come with a pull.
    pub catalogue: i64,
    /// The server's clock.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub server_time: OffsetDateTime,
    /// What whoever listens should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// In the order of a pull.
    pub rows: Vec<Row>,
}

/// A page of a later server, with rows that this program does not know, is none: they come with a pull.
fn known<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<LivePage>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_as_it_was_written() {
        let position = Position { version: 42, table: TableName::Patients, id: uuid::Uuid::now_v7() };
        assert_eq!(position.to_string().parse(), Ok(position));
        assert!("42.nowhere.x".parse::<Position>().is_err());
    }

    #[test]
    fn rows_of_a_later_server_are_passed_by_and_its_event_is_heard() {
        let event = |row: &str| {
            let page = format!(
                r#"{{"epoch":"{}","after":41,"catalogue":7,"server_time":"2026-11-30T04:11:09Z","rows":[{row}]}}"#,
                uuid::Uuid::now_v7()
            );
            serde_json::from_str::<LiveEvent>(&format!(r#"{{"head":42,"page":{page}}}"#))
                .expect("BUG: an event")
        };
        let id = uuid::Uuid::now_v7();
        let known = event(&format!(r#"{{"table":"patients","id":"{id}","version":42,"values":{{}}}}"#));
        assert_eq!(known.page.map(|page| (page.after, page.rows.len())), Some((41, 1)));
        let later = event(&format!(r#"{{"table":"vaccinations","id":"{id}","version":42,"values":{{}}}}"#));
        assert_eq!((later.head, later.page), (42, None));
    }
}
