//! A prescription's states and what its signature covers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::error::{Refusal, RefusalCode};
use crate::mutation::{Change, Hash};
use crate::table::{Column, Values};

/// The state of a prescription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum Status {
    /// Being written.
    Draft,
    /// Thrown away before it was signed.
    Discarded,
    /// Signed: content and lines never change again.
    Finalised,
    /// Replaced by an amendment.
    Superseded,
    /// Taken back, with a reason.
    Voided,
}

impl Status {
    fn of(values: &Values) -> Option<Self> {
        values.get("status").and_then(|status| Self::deserialize(status).ok())
    }

    /// Whether a prescription may go from this state to `next`.
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Draft, Self::Discarded | Self::Finalised)
                | (Self::Finalised, Self::Superseded | Self::Voided)
        ) || self == next
    }
}

/// Columns of a signed prescription that an amendment or a voiding writes; all others are fixed.
const AFTER_SIGNING: &[&str] = &["status", "superseded_by_id", "void_reason", "voided_at", "voided_by"];

/// The fact that a column is of: what became of a signed prescription is one.
pub(crate) fn fact(current: &Values, column: &'static Column) -> &'static str {
    let is_signed = !matches!(Status::of(current), None | Some(Status::Draft | Status::Discarded));
    if is_signed && AFTER_SIGNING.contains(&column.name) { "status" } else { column.fact() }
}

/// Checks that a change respects the states: whatever is signed stays as it was signed, and what was said when it was
/// withdrawn stays too.
///
/// # Errors
///
/// [`RefusalCode::Fixed`].
pub fn check_update(current: &Values, change: &Change) -> Result<(), Refusal> {
    let status = Status::of(current);
    let step = change.set.get("status");
    let next = step.map_or(status, |set| Status::deserialize(&set.value).ok());
    let withdraws = step.is_some_and(|set| set.base == "finalised")
        && matches!(next, Some(Status::Superseded | Status::Voided))
        && change.set.iter().all(|(name, set)| {
            // Nothing is withdrawn twice: who saw what was said then saw that it was.
            let is_first = set.base.is_null() || status == Some(Status::Finalised);
            AFTER_SIGNING.contains(&name.as_str()) && (name == "status" || is_first)
        });
    // By people who did not see each other: both are kept, and a person looks at it.
    let is_second = withdraws && matches!(status, Some(Status::Superseded | Status::Voided));
    let may = is_second || status.zip(next).is_some_and(|(status, next)| status.may_become(next));
    // Two people who did not see each other threw the same draft away: nothing is changed by the second.
    let discards_again = change.set.len() == 1 && status == Some(Status::Discarded) && step.is_some();
    if may && (status == Some(Status::Draft) || withdraws || discards_again) {
        return Ok(());
    }
    Err(Refusal::new(RefusalCode::Fixed, "A signed prescription does not change; amend it instead."))
}

/// How a signed prescription was withdrawn: another one replaced it, or it was made void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that the rule asks")]
pub struct Withdrawal {
    /// Whether it was made void rather than replaced.
    pub is_void: bool,
    /// Whether whoever withdraws it is the doctor who signed it.
    pub is_own: bool,
    /// Whether it says why.
    pub has_reason: bool,
    /// Whether what replaces it is there: signed, for the same patient, and naming it.
    pub is_amended: bool,
}

impl Withdrawal {
    /// Checks that it says why, where it must, and by what.
    ///
    /// # Errors
    ///
    /// [`RefusalCode::NotAllowed`] for another doctor's prescription that is replaced without a reason, else
    /// [`RefusalCode::BadValue`].
    pub fn check(self) -> Result<(), Refusal> {
        let (code, detail) = if self.is_void && !self.has_reason {
            (RefusalCode::BadValue, "A prescription is made void with a reason; void_reason is empty.")
        } else if !self.is_own && !self.has_reason {
            let detail = "Another doctor's prescription is amended with a reason; void_reason is empty.";
            (RefusalCode::NotAllowed, detail)
        } else if !self.is_void && !self.is_amended {
            let detail =
                "superseded_by_id must be a signed prescription for the same patient that amends this one.";
            (RefusalCode::BadValue, detail)
        } else {
            return Ok(());
        };
        Err(Refusal::new(code, detail))
    }
}

/// Checks that a prescription may be deleted: only one that was never signed.
///
/// # Errors
///
/// [`RefusalCode::Fixed`].
pub fn check_delete(current: &Values) -> Result<(), Refusal> {
    match Status::of(current) {
        Some(Status::Draft | Status::Discarded) => Ok(()),
        _ => {
            Err(Refusal::new(RefusalCode::Fixed, "A signed prescription cannot be deleted; void it instead."))
        }
    }
}

/// Checks the lines of a prescription that is being signed: each has a place of its own. Those of a draft may share
/// one, since two desktops that do not see each other add to it.
///
/// # Errors
///
/// [`RefusalCode::BadValue`].
pub fn check_lines(items: &[(Uuid, Values)]) -> Result<(), Refusal> {
    let places: BTreeSet<_> =
        items.iter().map(|(_, item)| item.get("position").and_then(Value::as_i64)).collect();
    if places.len() < items.len() {
        return Err(Refusal::new(
            RefusalCode::BadValue,
            "Two lines of the prescription have the same place.",
        ));
    }
    Ok(())
}

/// Columns that the content hash does not cover: they change after signing, or hold the hash itself or a signature over it.
const NOT_SIGNED: &[&str] = &[
    "content_sha256",
    "own_signature",
    "status",
    "superseded_by_id",
    "void_reason",
    "voided_at",
    "voided_by",
];

/// Columns of a line that it does not cover either: a medicine may be stopped later.
const NOT_SIGNED_OF_LINES: &[&str] = &["stopped_at", "stop_reason"];

/// The hash of a prescription as signed, stored in `content_sha256`.
///
/// Covers the id, every column that has a value but those that change after signing, and the lines, likewise, in the
/// order of their positions. Equal content gives equal hashes whatever wrote the JSON.
pub fn content_hash(id: Uuid, prescription: &Values, items: &[(Uuid, Values)]) -> Hash {
    let mut items: Vec<_> = items.iter().collect();
    items.sort_by_key(|(id, item)| (item.get("position").and_then(Value::as_i64), *id));
    let mut text = String::from("cd-prescription-1\n");
    write_row(&mut text, id, prescription, NOT_SIGNED);
    for (id, item) in items {
        write_row(&mut text, *id, item, NOT_SIGNED_OF_LINES);
    }
    Hash::of(text.as_bytes())
}

fn write_row(text: &mut String, id: Uuid, values: &Values, without: &[&str]) {
    text.push_str(&id.hyphenated().to_string());
    for (name, value) in values {
        if !value.is_null() && !without.contains(&name.as_str()) {
            text.push('\n');
            text.push_str(name);
            text.push('=');
            write_canonical(text, value);
        }
    }
    text.push_str("\n\n");
}

/// JSON with sorted keys, without white space, and whole numbers without decimals.
fn write_canonical(text: &mut String, value: &Value) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (place, (key, value)) in entries.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                text.push_str(&Value::String(key.clone()).to_string());
                text.push(':');
                write_canonical(text, value);
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for (place, value) in values.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_canonical(text, value);
            }
            text.push(']');
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => {
                text.push_str(&format!("{float:.0}"));
            }
            _ => text.push_str(&number.to_string()),
        },
        other => text.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mutation::SetValue;
    use crate::table::TableName;

    fn values(pairs: &[(&str, Value)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn a_signed_prescription_can_be_voided_and_nothing_else_of_it_changes() {
        let signed = values(&[("status", json!("finalised")), ("advice", json!("rest"))]);
        let change = |set: &[(&str, &str, &str)]| {
            let set = set.iter().map(|(name, base, value)| {
                let base = if base.is_empty() { Value::Null } else { json!(base) };
                ((*name).to_owned(), SetValue { base, value: json!(value) })
            });
            Change::update(TableName::Prescriptions, Uuid::nil(), set.collect())
        };
        let void = [("status", "finalised", "voided"), ("void_reason", "", "wrong patient")];
        assert!(check_update(&signed, &change(&void)).is_ok());
        assert!(check_update(&signed, &change(&[("advice", "rest", "walk")])).is_err());
        assert!(check_update(&signed, &change(&[("status", "finalised", "draft")])).is_err());
        assert!(check_update(&signed, &change(&[("void_reason", "", "wrong patient")])).is_err());
        assert!(check_delete(&signed).is_err());
        let voided = values(&[("status", json!("voided")), ("void_reason", json!("wrong dose"))]);
        assert!(check_update(&voided, &change(&void)).is_ok(), "for a person to decide");
        for late in [
            [("status", "voided", "voided"), ("void_reason", "wrong dose", "none")],
            [("status", "finalised", "voided"), ("void_reason", "wrong dose", "none")],
        ] {
            assert!(check_update(&voided, &change(&late)).is_err());
        }
        let discarded = values(&[("status", json!("discarded"))]);
        assert!(check_update(&discarded, &change(&[("status", "discarded", "finalised")])).is_err());
        assert!(check_update(&discarded, &change(&[("advice", "", "walk")])).is_err());
        assert!(check_update(&discarded, &change(&[("status", "draft", "discarded")])).is_ok(), "twice");
        let more = [("status", "draft", "discarded"), ("advice", "", "walk")];
        assert!(check_update(&discarded, &change(&more)).is_err());
    }

    #[test]
    fn a_withdrawal_says_why_where_it_is_void_or_anothers_and_by_what_where_it_is_replaced() {
        let code = |is_void, is_own, has_reason, is_amended| {
            let withdrawal = Withdrawal { is_void, is_own, has_reason, is_amended };
            withdrawal.check().err().map(|refusal| refusal.code)
        };
        assert_eq!(code(true, true, false, false), Some(RefusalCode::BadValue));
        assert_eq!(code(true, false, true, false), None);
        assert_eq!(code(false, true, false, true), None, "one's own is replaced without a word");
        assert_eq!(code(false, false, false, true), Some(RefusalCode::NotAllowed));
        assert_eq!(code(false, false, true, true), None);
        assert_eq!(code(false, false, true, false), Some(RefusalCode::BadValue));
    }

    #[test]
    fn the_hash_does_not_depend_on_how_the_json_was_written() {
        let a = values(&[("vitals", serde_json::from_str(r#"{"b":1.0,"a":[0.5,2]}"#).expect("BUG"))]);
        let b = values(&[
            ("vitals", serde_json::from_str(r#"{"a":[0.5,2.0],"b":1}"#).expect("BUG")),
            ("advice", json!(null)),
            ("status", json!("finalised")),
        ]);
        assert_eq!(content_hash(Uuid::nil(), &a, &[]), content_hash(Uuid::nil(), &b, &[]));
    }

    #[test]
    fn every_change_of_a_line_changes_the_hash() {
        let item = |dose: &str, position: i64| {
            (Uuid::nil(), values(&[("dose_text", json!(dose)), ("position", json!(position))]))
        };
        let hash = |items: &[(Uuid, Values)]| content_hash(Uuid::nil(), &Values::new(), items);
        assert_ne!(hash(&[item("1-0-1", 1)]), hash(&[item("1-1-1", 1)]));
        assert_ne!(hash(&[item("1-0-1", 1)]), hash(&[item("1-0-1", 1), item("1-0-1", 2)]));
        assert_eq!(hash(&[item("a", 1), item("b", 2)]), hash(&[item("b", 2), item("a", 1)]));
        let mut stopped = item("a", 1);
        stopped.1.insert("stopped_at".to_owned(), json!("2026-11-23T04:11:08.123Z"));
        assert_eq!(hash(&[item("a", 1)]), hash(&[stopped]));
    }
}
