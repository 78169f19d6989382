//! Why what was typed is no dosage, or none of this medicine.

use crate::medicine::{MOST_OF_FEW, Units};

/// What `dose_text`, `instructions` and `patient_directions` hold, in letters.
pub(super) const MOST_TYPED: usize = 120;
pub(super) const MOST_NOTED: usize = 500;
pub(super) const MOST_DIRECTIONS: usize = 1_000;

/// Where a line stopped making sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct NotUnderstood {
    /// The rest of the line that was not understood; empty if it ended too early.
    pub from: String,
}

impl std::fmt::Display for NotUnderstood {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.from.is_empty() {
            f.write_str("It does not say how much and how often. Example: 1-0-1 x5d pc")
        } else {
            write!(f, "Not understood from \"{}\" on. Example: 1-0-1 x5d pc", self.from)
        }
    }
}

/// Why a dosage is not one of this medicine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DosageError {
    /// The words make no sense.
    #[error(transparent)]
    NotUnderstood(#[from] NotUnderstood),
    /// The unit typed is another one than the medicine's.
    #[error("This medicine is given in {expected}, not in {typed}")]
    OtherUnit {
        /// What was typed.
        typed: &'static str,
        /// What the medicine is given in.
        expected: &'static str,
    },
    /// An amount of something that is given in more than one unit.
    #[error("It does not say of what. Example: 2 ml stat, 10 units hs, 1 vial od")]
    UnitMissing,
    /// An amount of something of which nobody knows in what it is counted.
    #[error(
        "It does not say how much of what: a figure alone may be tablets, ml or units. \
         Example: 1 tab od, 5 ml tds, 10 units hs; and telma 40 mg od, if it is the strength"
    )]
    AmountUnclear,
    /// More than anybody takes at once of what is counted by the piece.
    #[error(
        "At most {} {units} are taken at one time. If a figure is a strength, write it with the medicine: \
         telma 40 mg 1-0-0",
        MOST_OF_FEW
    )]
    TooMany {
        /// What they are.
        units: &'static str,
    },
    /// More than the record holds.
    #[error("The dose is too long: {} letters at most, without the note behind //", MOST_TYPED)]
    TooLong,
    /// More than the record holds.
    #[error("The note is too long: {} letters at most", MOST_NOTED)]
    NoteTooLong,
}

impl Units {
    /// Checks amounts to which no unit was typed.
    pub(super) fn check_bare(self, amounts: &[f64], has_figure: bool) -> Result<(), DosageError> {
        let lacks_figure = self.needs_figure() && !has_figure;
        // Half a drop is the half ml of the dropper.
        let is_part_of_drop =
            self.usual() == "drop" && self.has("ml") && amounts.iter().any(|amount| amount.fract() > 0.0);
        if self.must_be_said() || is_part_of_drop || lacks_figure && !self.is_unknown() {
            return Err(DosageError::UnitMissing);
        }
        let is_unclear = lacks_figure || !amounts.iter().all(|amount| self.may_be_pieces(*amount));
        if self.is_unknown() && is_unclear { Err(DosageError::AmountUnclear) } else { Ok(()) }
    }
}
