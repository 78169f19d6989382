//! What a desktop receives.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Notice;
use crate::id::Epoch;
use crate::table::{Row, TABLES, TableName, UnknownRow};

/// At most this many rows on one page of a pull.
pub const MAX_PULL_ROWS: i64 = 5_000;

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

/// The data of an event of `GET /v1/sync/live`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LiveEvent {
    /// The tenant's version.
    pub head: i64,
    /// Something was said of this very computer: it asks how it stands.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ask_standing: bool,
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
}
