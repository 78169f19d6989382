//! Teeth, surfaces and what may become of a procedure.
//!
//! Teeth are numbered as in ISO 3950 (FDI): the first digit is the quadrant (1–4 permanent, 5–8 primary), the
//! second the tooth counted from the middle.

mod line;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use line::{
    CommonProcedure, DentalEntry, DentalLine, DentalLineError, PROCEDURES, Site, after, read as read_line,
};

use crate::error::{Refusal, RefusalCode};
use crate::merge::same;
use crate::mutation::{Change, SetValue};
use crate::permission::Roles;
use crate::table::Values;

/// A tooth by its FDI number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tooth(u8);

impl Tooth {
    /// The tooth of this number: 11–18, 21–28, 31–38, 41–48, 51–55, 61–65, 71–75, 81–85.
    pub fn new(fdi: i64) -> Option<Self> {
        let number = u8::try_from(fdi).ok()?;
        let last = match number / 10 {
            1..=4 => 8,
            5..=8 => 5,
            _ => return None,
        };
        (1..=last).contains(&(number % 10)).then_some(Self(number))
    }

    /// Its FDI number.
    pub fn fdi(self) -> u8 {
        self.0
    }

    /// Incisors and canines: they have an edge where the others have a chewing surface.
    pub fn is_anterior(self) -> bool {
        self.0 % 10 <= 3
    }
}

/// Surfaces in the order in which they are written.
const SURFACES: &str = "MOIDBL";

/// Whether this is a set of surfaces as it is stored: letters of mesial, occlusal, incisal, distal, buccal and
/// lingual, each once and in that order; occlusal on back teeth only, incisal on front teeth only.
pub fn are_surfaces(text: &str, tooth: Option<Tooth>) -> bool {
    let places: Option<Vec<usize>> = text.chars().map(|letter| SURFACES.find(letter)).collect();
    let in_order = places.is_some_and(|places| places.windows(2).all(|pair| pair[0] < pair[1]));
    let wrong = match tooth.map(Tooth::is_anterior) {
        Some(true) => text.contains('O'),
        Some(false) => text.contains('I'),
        None => text.contains('O') && text.contains('I'),
    };
    !text.is_empty() && in_order && !wrong
}

/// The state of a procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum ProcedureStatus {
    /// Proposed.
    Planned,
    /// The patient agreed.
    Accepted,
    /// Begun.
    InProgress,
    /// Done here. Fixed from now on.
    Completed,
    /// Done here before this chart was kept.
    ExistingHere,
    /// Done elsewhere.
    ExistingElsewhere,
    /// Sent to somebody else.
    Referred,
    /// It will not be done.
    Cancelled,
    /// It was done and did not hold.
    Failed,
    /// It should never have been written.
    EnteredInError,
}

impl ProcedureStatus {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Planned,
        Self::Accepted,
        Self::InProgress,
        Self::Completed,
        Self::ExistingHere,
        Self::ExistingElsewhere,
        Self::Referred,
        Self::Cancelled,
        Self::Failed,
        Self::EnteredInError,
    ];

    fn of(values: &Values) -> Option<Self> {
        values.get("status").and_then(|status| Self::deserialize(status).ok())
    }

    /// It was done: for a dentist to say, and to take back.
    pub fn was_done(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// What was written down stays as it is: it was done, or should never have been written.
    fn is_fixed(self) -> bool {
        self.was_done() || self == Self::EnteredInError
    }

    /// Whether a procedure may go from this state to `next`: forwards, aside, and out of a mistake.
    pub fn may_become(self, next: Self) -> bool {
        use ProcedureStatus::{
            Accepted, Cancelled, Completed, EnteredInError, ExistingElsewhere, ExistingHere, Failed,
            InProgress, Planned, Referred,
        };
        self == next
            || match self {
                Planned => {
                    matches!(next, Accepted | InProgress | Completed | Referred | Cancelled | EnteredInError)
                }
                Accepted => {
                    matches!(next, Planned | InProgress | Completed | Referred | Cancelled | EnteredInError)
                }
                InProgress => matches!(next, Completed | Referred | Cancelled | Failed | EnteredInError),
                Referred | Cancelled => matches!(next, Planned | EnteredInError),
                Completed | ExistingHere | ExistingElsewhere => matches!(next, Failed | EnteredInError),
                Failed => next == EnteredInError,
                EnteredInError => false,
            }
    }
}

/// Columns of a procedure that was done which still change. The note only grows.
const AFTER_COMPLETION: &[&str] = &["status", "note"];

/// Checks that only a dentist says that a procedure was done, or takes it back.
pub(crate) fn check_completer(change: &Change, roles: &Roles) -> Result<(), Refusal> {
    let Some(set) = change.set.get("status") else { return Ok(()) };
    let [base, value] = [&set.base, &set.value].map(|status| ProcedureStatus::deserialize(status).ok());
    let was_done = [base, value].into_iter().flatten().any(ProcedureStatus::was_done);
    if was_done && base != value && !roles.is_dentist() {
        return Err(Refusal::new(
            RefusalCode::NotAllowed,
            "Only a dentist completes a procedure, or says that it failed or was an error.",
        ));
    }
    Ok(())
}

/// Checks that a change respects the states: what was done stays as it was written down.
pub(crate) fn check_procedure(current: &Values, change: &Change) -> Result<(), Refusal> {
    // Whoever decides between two states that were recorded may take either, but for what was done.
    let is_done = ProcedureStatus::of(current) == Some(ProcedureStatus::Completed);
    if let Some(set) = change.set.get("status").filter(|_| change.decides.is_none() || is_done) {
        let moves = (ProcedureStatus::deserialize(&set.base), ProcedureStatus::deserialize(&set.value));
        if !matches!(moves, (Ok(base), Ok(value)) if base.may_become(value)) {
            return Err(Refusal::new(
                RefusalCode::BadValue,
                "A procedure does not go from that state to this one.",
            ));
        }
    }
    let grows = change.set.get("note").is_none_or(|set| {
        let [base, value] = [&set.base, &set.value].map(|note| note.as_str().unwrap_or_default());
        value.starts_with(base)
    });
    // Two who say the same of what was done differ in nothing.
    let says_another = |(name, set): (&String, &SetValue)| {
        !AFTER_COMPLETION.contains(&name.as_str())
            && !same(current.get(name).unwrap_or(&Value::Null), &set.value)
    };
    if ProcedureStatus::of(current).is_some_and(ProcedureStatus::is_fixed)
        && (!grows || change.set.iter().any(says_another))
    {
        return Err(Refusal::new(
            RefusalCode::Fixed,
            "A completed procedure does not change; add to its note, or mark it as entered in error.",
        ));
    }
    Ok(())
}

/// Checks that a procedure may be deleted: only one that was never done, nor marked as an error.
pub(crate) fn check_delete(current: &Values) -> Result<(), Refusal> {
    if ProcedureStatus::of(current).is_some_and(ProcedureStatus::is_fixed) {
        return Err(Refusal::new(
            RefusalCode::Fixed,
            "A completed procedure cannot be deleted; mark it as entered in error.",
        ));
    }
    Ok(())
}

/// What says which bytes an attachment is.
const BYTES: &[&str] = &["sha256", "byte_size", "mime"];

/// Checks that an attachment stays the same file.
pub(crate) fn check_attachment(current: &Values, change: &Change) -> Result<(), Refusal> {
    let another =
        |name: &&str| change.set.get(*name).is_some_and(|set| Some(&set.value) != current.get(*name));
    if BYTES.iter().any(another) {
        return Err(Refusal::new(
            RefusalCode::Fixed,
            "An attachment's file does not change; add another one.",
        ));
    }
    Ok(())
}

/// What is wrong with where an entry of the chart belongs, if anything is.
pub(crate) fn check_site(values: &Values) -> Option<&'static str> {
    let text = |name: &str| values.get(name).and_then(Value::as_str);
    let number = values.get("tooth_fdi").and_then(Value::as_i64);
    let tooth = number.and_then(Tooth::new);
    if number.is_some() && tooth.is_none() {
        return Some("There is no tooth with this number.");
    }
    if let Some(teeth) = values.get("tooth_range").and_then(Value::as_array)
        && !teeth.iter().all(|tooth| tooth.as_i64().and_then(Tooth::new).is_some())
    {
        return Some("There is no tooth with one of these numbers.");
    }
    let has_place = match text("site_kind") {
        Some("tooth") => tooth.is_some() && text("region").is_none(),
        Some("quadrant") => text("region").is_some_and(|region| region.starts_with('q')),
        Some("sextant") => text("region").is_some_and(|region| region.starts_with('s')),
        Some("arch") => matches!(text("region"), Some("upper" | "lower")),
        _ => true,
    };
    if !has_place {
        return Some("What an entry of the chart is about and where that is do not fit.");
    }
    let wrong = text("surfaces").is_some_and(|surfaces| !are_surfaces(surfaces, tooth));
    wrong.then_some("Surfaces are letters of MOIDBL in that order: O on back teeth, I on front teeth.")
}

/// What is wrong with the columns of an attachment, if anything is.
pub(crate) fn check_file(values: &Values) -> Option<&'static str> {
    let hash = values.get("sha256").and_then(Value::as_str).unwrap_or_default();
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (!is_hash).then_some("A file's hash is 64 small hexadecimal digits.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::permission::Role;
    use crate::table::{PROCEDURE_STATUSES, TableName};

    #[test]
    fn there_are_32_permanent_and_20_primary_teeth() {
        let teeth: Vec<u8> = (0..=100).filter_map(Tooth::new).map(Tooth::fdi).collect();
        assert_eq!(teeth.iter().filter(|fdi| **fdi < 50).count(), 32);
        assert_eq!(teeth.iter().filter(|fdi| **fdi > 50).count(), 20);
        assert_eq!(Tooth::new(-11).or(Tooth::new(19)).or(Tooth::new(56)).or(Tooth::new(267)), None);
    }

    #[test]
    fn surfaces_stand_in_order_and_fit_the_tooth() {
        let (molar, incisor) = (Tooth::new(36), Tooth::new(11));
        assert!(are_surfaces("MOD", molar) && are_surfaces("MIL", incisor) && are_surfaces("B", None));
        for (surfaces, tooth) in
            [("OM", molar), ("MM", molar), ("MID", molar), ("MOD", incisor), ("", molar), ("X", molar)]
        {
            assert!(!are_surfaces(surfaces, tooth), "{surfaces}");
        }
    }

    #[test]
    fn an_entry_of_the_chart_is_where_it_says() {
        let check = |pairs: &[(&str, Value)]| {
            check_site(&pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
        };
        assert!(
            check(&[("site_kind", json!("tooth")), ("tooth_fdi", json!(36)), ("surfaces", json!("MO"))])
                .is_none()
        );
        assert!(check(&[("site_kind", json!("tooth"))]).is_some());
        assert!(check(&[("site_kind", json!("tooth")), ("tooth_fdi", json!(39))]).is_some());
        assert!(check(&[("site_kind", json!("arch")), ("region", json!("q1"))]).is_some());
        assert!(check(&[("site_kind", json!("mouth")), ("tooth_range", json!([11, 99]))]).is_some());
    }

    fn change(pairs: &[(&str, &str, &str)]) -> Change {
        let set = pairs.iter().map(|(name, base, value)| {
            ((*name).to_owned(), SetValue { base: json!(base), value: json!(value) })
        });
        Change::update(TableName::DentalProcedures, uuid::Uuid::nil(), set.collect())
    }

    #[test]
    fn a_completed_procedure_takes_a_note_and_nothing_else() {
        let done: Values = [("status".to_owned(), json!("completed"))].into();
        assert!(check_procedure(&done, &change(&[("note", "", "healed")])).is_ok());
        assert!(check_procedure(&done, &change(&[("status", "completed", "entered_in_error")])).is_ok());
        assert!(check_procedure(&done, &change(&[("status", "completed", "planned")])).is_err());
        assert!(check_procedure(&done, &change(&[("procedure_name", "Filling", "Crown")])).is_err());
        assert!(check_delete(&done).is_err());
        assert!(check_procedure(&done, &change(&[("note", "healed", "healed, no pain")])).is_ok());
        assert!(check_procedure(&done, &change(&[("note", "healed", "no pain")])).is_err());
        let here =
            [("status".to_owned(), json!("completed")), ("completed_on".to_owned(), json!("2026-11-23"))];
        let both = |day| change(&[("status", "in_progress", "completed"), ("completed_on", "", day)]);
        assert!(
            check_procedure(&here.clone().into(), &both("2026-11-23")).is_ok(),
            "two computers say the same"
        );
        assert!(check_procedure(&here.into(), &both("2026-11-24")).is_err());
    }

    #[test]
    fn a_procedure_that_failed_or_was_an_error_stays_as_it_was_written_down() {
        for status in ["failed", "entered_in_error"] {
            let aside: Values = [("status".to_owned(), json!(status))].into();
            assert!(check_procedure(&aside, &change(&[("procedure_name", "Filling", "Crown")])).is_err());
            assert!(check_procedure(&aside, &change(&[("status", status, "completed")])).is_err());
            assert!(check_delete(&aside).is_err());
        }
    }

    #[test]
    fn a_nurse_charts_but_does_not_complete() {
        let completion = change(&[("status", "planned", "completed")]);
        assert!(check_completer(&completion, &Roles(vec![Role::Nurse])).is_err());
        assert!(check_completer(&completion, &Roles(vec![Role::Dentist])).is_ok());
        for (base, value) in [("completed", "entered_in_error"), ("in_progress", "failed")] {
            let change = change(&[("status", base, value)]);
            assert!(check_completer(&change, &Roles(vec![Role::Nurse, Role::Doctor])).is_err(), "{value}");
            assert!(check_completer(&change, &Roles(vec![Role::Dentist])).is_ok(), "{value}");
        }
    }

    #[test]
    fn every_declared_state_is_one_of_these() {
        for status in PROCEDURE_STATUSES {
            assert!(ProcedureStatus::deserialize(&json!(status)).is_ok(), "{status}");
        }
    }
}
