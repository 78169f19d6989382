//! What every import knows of patients: what stands where nothing is known, and allergies, which are never dropped.

use protocol::table::Values;
use serde_json::{Value, json};
use uuid::Uuid;

use super::value::{Fit, entries, is_blank, is_nothing, plain, text};
use super::words;
use super::write::NewRow;

/// The oldest that a patient can be: what stands where no age is known, so that nobody takes it for one.
pub(super) const NO_AGE: i64 = 130;
/// What stands where no name is known.
pub(super) const NO_NAME: &str = "(not known)";
const ALLERGY_CHARS: usize = 200;

/// A number that no network has, where none is known: +999 belongs to no country. The digits are the patient's own, so
/// that no two seem to be one.
pub(super) fn no_mobile(id: Uuid) -> String {
    format!("+999{:011}", id.as_u128() % 100_000_000_000)
}

/// What a column of allergies says: the status, and the substances. None where nothing stands there, or a sign for that.
pub(super) fn allergies(written: &Value) -> Option<(&'static str, Vec<String>)> {
    if is_blank(written) {
        return None;
    }
    let mut said: Vec<String> = entries(written)
        .iter()
        .map(|entry| match entry {
            Value::Object(parts) => ["substance", "substance_text", "allergen", "name"]
                .iter()
                .find_map(|name| parts.get(*name))
                .map_or_else(|| plain(entry), plain),
            other => plain(other),
        })
        .filter(|said| words::is_no_allergy(said) || !is_nothing(said))
        .collect();
    if said.is_empty() {
        return None;
    }
    said.retain(|said| !words::is_no_allergy(said));
    Some((if said.is_empty() { "none_known" } else { "has_allergies" }, said))
}

/// A row for one of them, and what was done to its name. None where it has no letters.
pub(super) fn allergy_row(
    id: Uuid,
    patient: Uuid,
    substance: &str,
) -> Option<(NewRow, Option<&'static str>)> {
    let (substance, why) = match text(&json!(substance), ALLERGY_CHARS) {
        Fit::Same(substance) => (substance, None),
        Fit::Adapted(substance, why) => (substance, Some(why)),
        Fit::Blank | Fit::Unfit(_) => return None,
    };
    let values: Values = [
        ("patient_id", json!(patient)),
        ("substance_text", substance),
        ("certainty", json!("suspected")),
        ("status", json!("active")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let row = NewRow {
        table: "patient_allergies",
        id,
        values,
        created_at: None,
        updated_at: None,
        deleted_at: None,
    };
    Some((row, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_for_nothing_is_neither_an_allergy_nor_none_known() {
        for nothing in ["", "-", "NA", "n/a", "?", "unknown", "-, -"] {
            assert_eq!(allergies(&json!(nothing)), None, "{nothing}");
        }
        for none in ["nil", "NKDA", "No known allergies", "none"] {
            assert_eq!(allergies(&json!(none)), Some(("none_known", vec![])), "{none}");
        }
        let some = Some(("has_allergies", vec!["Penicillin".to_owned(), "dust".to_owned()]));
        assert_eq!(allergies(&json!("Penicillin, -, dust")), some);
        assert_eq!(allergies(&json!([{ "substance": "Penicillin" }, "dust"])), some);
    }
}
