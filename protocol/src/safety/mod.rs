//! Rules about what is dangerous: [`check_lines`] for a line while it is being written, [`check`] for rows that are each
//! right and dangerous together, since two computers wrote them that did not see each other.
//!
//! Pure: rows go in, findings come out. A medicine that the catalogue does not know is told as not checked, never as
//! safe.

mod allergens;
mod brands;
mod care;
mod classes;
mod devanagari;
mod medicine;
mod prescribing;
mod registration;
mod rules;
mod self_test;
mod short_names;
mod unknown;

use std::collections::BTreeMap;

use time::Date;
use uuid::Uuid;

use crate::dosage::Dosage;
use crate::table::TableName;

pub use allergens::{AllergenKind, KnownAllergen};
pub use prescribing::{
    Check, LineFinding, LineReport, Person, Proposed, Severity, check_lines, unchecked_allergies,
};
pub use registration::{are_at_once, are_similar, time_taken};
pub use rules::Rules;
pub use short_names::SHORT_NAMES;

/// The version of these rules. It goes up whenever one finds more or less than before.
pub const RULES_VERSION: u32 = 11;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What is looked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {$(
            $(#[$doc])*
            $name,
        )*}

        impl Rule {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its word in an item.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

rules! {
    /// A medicine that runs, and an allergy to one of its ingredients or to its class.
    AllergyMedicine = "allergy_medicine",
    /// One ingredient in two prescriptions that run, signed on computers that did not see each other.
    SameIngredient = "same_ingredient",
    /// A dose by weight, and a weight that differs by more than a fifth.
    WeightChange = "weight_change",
    /// Something written for a patient after they were marked as deceased, merged into another, or deleted.
    PatientGone = "patient_gone",
    /// A treatment of a tooth that is not there.
    MissingTooth = "missing_tooth",
    /// Two registrations under one number, with nearly one name and one age.
    SimilarName = "similar_name",
    /// Two patients with one doctor at one time.
    DoubleBooking = "double_booking",
}

/// Who wrote a row, and when, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// On which computer; absent for another program.
    pub device: Option<Uuid>,
    /// By that computer's clock.
    pub at_ms: Option<i64>,
}

/// A registration of the person, and when it ended, in milliseconds since 1970 by the server's clock.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Registration {
    /// Which.
    pub id: Uuid,
    /// Warnings in words, if they name allergies.
    pub allergies: Option<String>,
    /// Whether it says that there are allergies.
    pub has_allergies: bool,
    /// Since when it is known that the patient is dead.
    pub deceased_ms: Option<i64>,
    /// The day of their death.
    pub deceased_on: Option<Date>,
    /// Since when another registration stands for this one.
    pub merged_ms: Option<i64>,
    /// Since when it is deleted.
    pub deleted_ms: Option<i64>,
}

impl Registration {
    /// What is written about allergies, if it counts: unless someone asked and there are none, it does.
    pub fn allergies_in(status: &str, alerts: Option<String>) -> Option<String> {
        alerts.filter(|alerts| status != "none_known" && !alerts.trim().is_empty())
    }
}

/// An allergy that counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Allergy {
    /// The row that says so.
    pub id: Uuid,
    /// In words.
    pub substance: String,
    /// The ingredients meant: more than one while it is not decided which.
    pub ingredients: Vec<String>,
    /// The classes meant.
    pub classes: Vec<String>,
}

/// A signed prescription that was not withdrawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Prescription {
    /// Which.
    pub id: Uuid,
    /// For which registration.
    pub patient: Uuid,
    /// The day of the visit.
    pub day: Date,
    /// Who wrote it.
    pub written: Written,
    /// The weight that was measured, in kilograms.
    pub weight_kg: Option<f64>,
    /// The prescription that it corrects.
    pub amends: Option<Uuid>,
    /// The allergies in spite of which the doctor signed it, with a reason.
    pub overridden: Overridden,
    /// The signed lines with an ingredient of this one's, which the doctor was shown before signing.
    pub seen_same: SeenSame,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// In spite of which allergies a prescription was signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Overridden {
    /// None.
    #[default]
    Nothing,
    /// These, as they were written.
    Of(Vec<String>),
    /// Whatever was known then: it was written by a program that does not say more.
    Everything,
}

impl Overridden {
    /// From what is stored in `alerts`.
    pub fn of(alerts: &serde_json::Value) -> Self {
        let mut causes = Vec::new();
        for alert in alerts.as_array().into_iter().flatten() {
            if alert["kind"] != "allergy" || alert["action"] != "overridden" {
                continue;
            }
            match alert["cause"].as_str() {
                Some(cause) => causes.push(cause.to_lowercase()),
                None => return Self::Everything,
            }
        }
        if causes.is_empty() { Self::Nothing } else { Self::Of(causes) }
    }

    fn has(&self, allergy: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Of(causes) => causes.contains(&allergy.to_lowercase()),
            Self::Everything => true,
        }
    }
}

/// The signed lines with the same ingredient that a doctor was shown before signing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenSame(Vec<Uuid>);

impl SeenSame {
    /// From what is stored in `alerts`.
    pub fn of(alerts: &serde_json::Value) -> Self {
        let alerts = alerts.as_array().into_iter().flatten();
        let same = alerts.filter(|alert| alert["kind"] == "same_ingredient");
        let lines = same.flat_map(|alert| alert["signed"].as_array().into_iter().flatten());
        Self(lines.filter_map(|line| line.as_str()?.parse().ok()).collect())
    }

    fn has(&self, line: Uuid) -> bool {
        self.0.contains(&line)
    }
}

/// A line of a prescription.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Which.
    pub id: Uuid,
    /// The medicine in the catalogue.
    pub medicine: Option<Uuid>,
    /// What is printed.
    pub text: String,
    /// The dose and all that is said of it.
    pub dose: String,
    /// For how many days; none for until further notice.
    pub days: Option<u32>,
    /// Of a signed line: the dose as it was signed, with its unit, where both are certain.
    pub dosage: Option<Dosage>,
}

/// What the catalogue knows of a medicine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Medicine {
    /// The names of its ingredients.
    pub ingredients: Vec<String>,
    /// The classes that allergies are noted by.
    pub classes: Vec<String>,
    /// Under which name it is sold, if its row says one.
    pub brand: Option<String>,
    /// Whether it is dosed by weight.
    pub is_by_weight: bool,
    /// How many milligrams of each ingredient a unit holds, where that is known: a tablet, or a millilitre.
    pub mg_per_unit: Vec<Option<f64>>,
    /// Whether that is a millilitre.
    pub is_per_ml: bool,
    /// Whether it reaches the whole body: a cream does not, nor a mouthwash.
    pub is_systemic: bool,
    /// By which route it is given, if its row says one.
    pub route: Option<String>,
    /// What its row says of pregnancy, one of [`crate::table::CAUTIONS`].
    pub pregnancy_flag: Option<String>,
    /// What its row says of children, one of [`crate::table::CAUTIONS`].
    pub paediatric_flag: Option<String>,
    /// The most of a day that its row allows, in milligrams.
    pub most_a_day_mg: Option<f64>,
}

/// A tooth that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingTooth {
    /// The observation.
    pub id: Uuid,
    /// The tooth's FDI number.
    pub tooth: i64,
}

/// A treatment that is still to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Procedure {
    /// Which.
    pub id: Uuid,
    /// For which registration.
    pub patient: Uuid,
    /// What.
    pub name: String,
    /// Of these teeth.
    pub teeth: Vec<i64>,
    /// Whether it puts something in a tooth's place.
    pub is_replacement: bool,
    /// Who wrote it.
    pub written: Written,
}

/// All that is known of one person, under all of their registrations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// Their registrations.
    pub registrations: Vec<Registration>,
    /// Their allergies.
    pub allergies: Vec<Allergy>,
    /// Their prescriptions.
    pub prescriptions: Vec<Prescription>,
    /// Teeth that are not there.
    pub missing_teeth: Vec<MissingTooth>,
    /// Treatments to be done.
    pub procedures: Vec<Procedure>,
    /// What the catalogue knows of their medicines.
    pub medicines: BTreeMap<Uuid, Medicine>,
}

/// A row that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its table.
    pub table: TableName,
    /// Which row.
    pub id: Uuid,
    /// What of it, in words.
    pub text: String,
}

/// Two rows that are dangerous together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// By which rule.
    pub rule: Rule,
    /// For which registration.
    pub patient: Uuid,
    /// What is true of the person.
    pub known: Place,
    /// What does not go with it.
    pub against: Place,
}

impl Finding {
    /// What makes this finding another than every other one.
    pub fn words(&self) -> [String; 4] {
        let known = format!("{} {}", self.known.table.as_str(), self.known.id);
        let against = format!("{} {}", self.against.table.as_str(), self.against.id);
        let (one, other) = if known < against { (known, against) } else { (against, known) };
        // Two allergies may stand in one text.
        let of_text = if self.known.table == TableName::Patients {
            self.known.text.to_lowercase()
        } else {
            String::new()
        };
        [self.rule.as_str().to_owned(), one, other, of_text]
    }
}

/// What was found, and what could not be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What is dangerous.
    pub findings: Vec<Finding>,
    /// Lines whose medicine the catalogue does not know: they are not checked, which is not the same as safe.
    pub not_checked: Vec<Uuid>,
}

/// Looks at everything that is known of one person.
pub fn check(chart: &Chart, today: Date) -> Report {
    let mut report = Report::default();
    care::allergies(chart, today, &mut report);
    care::ingredients(chart, today, &mut report);
    care::weights(chart, today, &mut report);
    care::gone(chart, &mut report);
    care::teeth(chart, &mut report);
    report
}

/// `02 Dec 2026`
fn day(day: Date) -> String {
    let month = day.month().to_string();
    format!("{:02} {} {}", day.day(), month.get(..3).unwrap_or(&month), day.year())
}

/// The words of a text in small letters, without marks.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether a text names this: all of its words one behind the other. A word of four letters and more may go on, so
/// that "penicillins" names "penicillin".
pub(crate) fn names(text: &str, name: &str) -> bool {
    let (text, name) = (words(text), words(name));
    let is = |typed: &String, wanted: &String| {
        typed == wanted || wanted.len() >= 4 && typed.starts_with(wanted.as_str())
    };
    !name.is_empty()
        && text
            .windows(name.len())
            .any(|window| window.iter().zip(&name).all(|(typed, wanted)| is(typed, wanted)))
}

#[cfg(test)]
mod tests;
