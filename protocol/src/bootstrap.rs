//! The messages of `GET /v1/sync/bootstrap`: everything that a new desktop may have, first what today needs.
//!
//! The answer is text, a line each. A line that begins with `{` is a [`BootstrapLine`]; every other one is a row of the
//! table named last: its values in the order of the table's columns, separated by tabs. A value is written as on the
//! rest of the wire, but without quotation marks; a truth value is `t` or `f`, no value is `\N`, and in a value a
//! backslash, a tab, a line feed and a carriage return are `\\`, `\t`, `\n` and `\r`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::api::Notice;
use crate::id::Epoch;
use crate::table::Kind;

/// No row is longer than this, in bytes.
pub const MAX_ROW_BYTES: usize = 4 * 1024 * 1024;

/// `GET /v1/sync/bootstrap?epoch&after&catalogue`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BootstrapQuery {
    /// The epoch that the device knows.
    pub epoch: Epoch,
    /// The last [`BootstrapLine::Reached`] that it has; absent at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The version of the shared medicines that it has.
    #[serde(default)]
    pub catalogue: i64,
}

/// A line that is no row. The first is always `Head`; a stream without `End` broke off, and the desktop goes on after
/// the last `Reached` that it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BootstrapLine {
    /// The versions when the stream began. What changes after them may come or not: a pull after `version` brings it.
    Head {
        /// The tenant's version.
        version: i64,
        /// The catalogue's version.
        catalogue: i64,
        /// The server's clock.
        #[serde(with = "time::serde::rfc3339")]
        #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
        server_time: OffsetDateTime,
        /// What whoever signed in should know.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notices: Vec<Notice>,
    },
    /// Rows of this table follow.
    Table {
        /// Its name. A desktop that does not know it keeps its rows as they are.
        name: String,
        /// The columns, `id` and `sync_version` first.
        columns: Vec<WireColumn>,
    },
    /// All that today's screens need has come; about so many rows follow, some of them again.
    Today {
        /// How many.
        rows: i64,
    },
    /// All before this line is whole: it is applied in one transaction, and the stream can be resumed here.
    Reached {
        /// What to ask with; it has a meaning for the server only.
        after: String,
    },
    /// Everything has come.
    End {},
}

/// A column and what it holds, as `["city","text"]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WireColumn(pub String, pub WireKind);

/// What a column holds, for a desktop that does not know the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WireKind {
    /// A string.
    Text,
    /// A UUID.
    Uuid,
    /// A whole number.
    Int,
    /// A number.
    Decimal,
    /// A truth value.
    Bool,
    /// A day.
    Date,
    /// A moment.
    Timestamp,
    /// JSON.
    Json,
}

impl From<Kind> for WireKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Text(_) | Kind::Choice(_) => Self::Text,
            Kind::Uuid => Self::Uuid,
            Kind::Int(..) => Self::Int,
            Kind::Decimal => Self::Decimal,
            Kind::Bool => Self::Bool,
            Kind::Date => Self::Date,
            Kind::Timestamp => Self::Timestamp,
            Kind::Json => Self::Json,
        }
    }
}

impl WireKind {
    /// The value of a field, as it is on the rest of the wire; none if it is not of this kind.
    pub fn value(self, field: Option<&str>) -> Option<Value> {
        let Some(text) = field else { return Some(Value::Null) };
        match self {
            Self::Text | Self::Uuid | Self::Date | Self::Timestamp => Some(Value::from(text)),
            Self::Int => text.parse::<i64>().ok().map(Value::from),
            Self::Decimal => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
            Self::Bool => match text {
                "t" => Some(Value::Bool(true)),
                "f" => Some(Value::Bool(false)),
                _ => None,
            },
            Self::Json => serde_json::from_str(text).ok(),
        }
    }
}

/// The values of a row's line, each without its escapes; none where there is no value.
pub fn fields(line: &str) -> impl Iterator<Item = Option<Cow<'_, str>>> {
    line.split('\t').map(|field| match field {
        r"\N" => None,
        field if field.contains('\\') => Some(Cow::Owned(unescape(field))),
        field => Some(Cow::Borrowed(field)),
    })
}

fn unescape(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut signs = field.chars();
    while let Some(sign) = signs.next() {
        if sign != '\\' {
            text.push(sign);
            continue;
        }
        match signs.next() {
            Some('t') => text.push('\t'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            // What Postgres writes in a COPY beside those.
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('v') => text.push('\u{b}'),
            Some(other) => text.push(other),
            None => text.push('\\'),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn escaped(text: &str) -> String {
        text.replace('\\', r"\\").replace('\t', r"\t").replace('\n', r"\n").replace('\r', r"\r")
    }

    #[test]
    fn a_control_line_is_told_from_a_row_by_its_first_sign() {
        let line = BootstrapLine::Reached { after: "patients.0193".into() };
        assert_eq!(
            serde_json::to_string(&line).ok().as_deref(),
            Some(r#"{"reached":{"after":"patients.0193"}}"#)
        );
        assert_eq!(serde_json::to_string(&BootstrapLine::End {}).ok().as_deref(), Some(r#"{"end":{}}"#));
        let columns = vec![WireColumn("city".into(), WireKind::Text)];
        let table = serde_json::to_value(BootstrapLine::Table { name: "patients".into(), columns });
        assert_eq!(table.ok(), Some(json!({"table": {"name": "patients", "columns": [["city", "text"]]}})));
    }

    #[test]
    fn a_field_is_read_as_its_column_says() {
        assert_eq!(WireKind::Int.value(Some("-42")), Some(json!(-42)));
        assert_eq!(WireKind::Decimal.value(Some("7.50")), Some(json!(7.5)));
        assert_eq!(WireKind::Bool.value(Some("f")), Some(json!(false)));
        assert_eq!(WireKind::Json.value(Some(r#"{"a": [1, 2]}"#)), Some(json!({"a": [1, 2]})));
        assert_eq!(WireKind::Json.value(None), Some(json!(null)));
        for (kind, text) in [
            (WireKind::Int, "4.2"),
            (WireKind::Decimal, "NaN"),
            (WireKind::Bool, "true"),
            (WireKind::Json, "{"),
        ] {
            assert_eq!(kind.value(Some(text)), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_line_gives_back_what_was_written(values in prop::collection::vec(prop::option::of(any::<String>()), 1..6)) {
            let written: Vec<String> = values
                .iter()
                .map(|value| value.as_deref().map_or_else(|| r"\N".to_owned(), escaped))
                .collect();
            let line = written.join("\t");
            prop_assert!(!line.contains('\n'));
            let read: Vec<Option<String>> = fields(&line).map(|field| field.map(Cow::into_owned)).collect();
            prop_assert_eq!(read, values);
        }
    }
}
