//! Why what was typed is no dosage, or none of this medicine.

use super::amounts::may_be_counted;
use crate::medicine::{MOST_OF_FEW, MOST_UNSAID, Units};

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
            f.write_str(
                "It does not say clearly how much, how often, and of each step how long. Example: 1-0-1 x5d pc; 1½ od; \
                 2-0-0 x3d then 1-0-0 x4d",
            )
        } else if self.begins_with_mass() {
            write!(
                f,
                "Not understood from \"{}\" on: a dose is so many tablets or ml, not so many mg. Example: 2 tab od x5d",
                self.from
            )
        } else if self.begins_with_times() {
            write!(f, "Not understood from \"{}\" on: for how long is x3d, x2w or x1m", self.from)
        } else if self.begins_with_counted() {
            write!(
                f,
                "Not understood from \"{}\" on: so many at one time are 3 tab monthly, one in three months is 1 every 90 days",
                self.from
            )
        } else {
            write!(
                f,
                "Not understood from \"{}\" on. Example: 1-0-1 x5d pc. Other words go behind //",
                self.from
            )
        }
    }
}

impl NotUnderstood {
    fn words(&self) -> [&str; 2] {
        let mut words = self.from.split_whitespace();
        [words.next().unwrap_or_default(), words.next().unwrap_or_default()]
    }

    /// `20 mg od`, `20mg od`
    fn begins_with_mass(&self) -> bool {
        let [first, second] = self.words().map(str::to_lowercase);
        let unit = first.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        // Also "mg/kg".
        let is_mass =
            |unit: &str| unit.split('/').next().is_some_and(|mass| matches!(mass, "mg" | "mcg" | "g" | "gm"));
        unit.len() < first.len() && (is_mass(unit) || unit.is_empty() && is_mass(&second))
    }

    /// `3 monthly`
    fn begins_with_counted(&self) -> bool {
        let [first, second] = self.words().map(str::to_lowercase);
        may_be_counted(&first, &second, true)
    }

    /// `x5`, `x 5`
    fn begins_with_times(&self) -> bool {
        let [first, second] = self.words().map(str::to_lowercase);
        let is_figure = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        first.strip_prefix('x').is_some_and(|rest| is_figure(rest) || rest.is_empty() && is_figure(&second))
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
    /// `iv` of a tablet.
    #[error("A medicine in this form is not given {typed}. If it is meant, write it behind //")]
    OtherRoute {
        /// What was typed, in words.
        typed: &'static str,
    },
    /// An amount of something that is given in more than one unit.
    #[error("It does not say of what. Example: 2 ml stat, 10 units hs, 1 vial od")]
    UnitMissing,
    /// How often a liquid is taken, or a figure of it that may be spoons.
    #[error(
        "It does not say how many ml: how often alone does not, and 1 or 2 may be spoons. Example: 5 ml tds, 1 tsp bd, \
         10 drops tds"
    )]
    LiquidUnclear,
    /// At once, and for so many days.
    #[error(
        "At once is one dose, and not one for days. Write it in a line of its own, or as steps: \
         2-0-0 x1d then 1-0-0 x4d"
    )]
    OnceAndOn,
    /// `5 ml sos max 4`: nobody is told to take five of at most four.
    #[error(
        "The most of a day is less than one dose. If it is how many times, write how much that is: 5 ml sos max 20 ml"
    )]
    MostBelowOne,
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
        let is_liquid = self.needs_figure() && matches!(self.usual(), "ml" | "drop");
        let may_be_spoons =
            self.usual() == "ml" && amounts.iter().any(|one| *one > 0.0 && *one <= MOST_UNSAID);
        if is_liquid && (lacks_figure || may_be_spoons) {
            return Err(DosageError::LiquidUnclear);
        }
        // Half a drop is the half ml of the dropper.
        let is_part_of_drop =
            self.usual() == "drop" && self.has("ml") && amounts.iter().any(|amount| amount.fract() > 0.0);
        // Nobody takes three millilitres or three vials of insulin: such a figure counts units.
        let are_units = self.usual() == "unit"
            && has_figure
            && amounts.iter().all(|amount| *amount <= 0.0 || *amount > MOST_UNSAID);
        if self.must_be_said() && !are_units || is_part_of_drop {
            return Err(DosageError::UnitMissing);
        }
        if lacks_figure && !self.is_unknown() {
            // "tab crocin 2 sos": the two may be how strong it is, or how many are taken.
            let is_injected = matches!(self.usual(), "unit" | "vial");
            return Err(if is_injected { DosageError::UnitMissing } else { DosageError::AmountUnclear });
        }
        let is_unclear = lacks_figure || !amounts.iter().all(|amount| self.may_be_pieces(*amount));
        if self.is_unknown() && is_unclear { Err(DosageError::AmountUnclear) } else { Ok(()) }
    }
}
