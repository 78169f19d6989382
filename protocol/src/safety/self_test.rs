//! Cases that the rules must find, and one that they must leave alone. They run before the rules are believed: checks
//! that silently find nothing are worse than none.

use uuid::Uuid;

use super::prescribing::{Check, Person, Proposed, Severity, check_lines};
use super::rules::Rules;
use super::{Allergy, Chart, Line, Medicine};
use crate::dosage::Dosage;
use crate::patient::Death;

struct Case {
    name: &'static str,
    ingredients: &'static [&'static str],
    allergy: &'static str,
    dose: &'static str,
    age_months: i64,
    is_pregnant: bool,
    has_died: bool,
    expected: Option<(Check, Severity)>,
}

const ADULT: i64 = 480;

const PLAIN: Case = Case {
    name: "paracetamol for an adult",
    ingredients: &["Paracetamol"],
    allergy: "",
    dose: "1-1-1 x5d",
    age_months: ADULT,
    is_pregnant: false,
    has_died: false,
    expected: None,
};

const CASES: &[Case] = &[
    PLAIN,
    Case {
        name: "amoxicillin after an allergy to penicillin",
        ingredients: &["Amoxicillin"],
        allergy: "Penicillin",
        expected: Some((Check::Allergy, Severity::Hold)),
        ..PLAIN
    },
    Case {
        name: "ibuprofen after an allergy to ibuprofen",
        ingredients: &["Ibuprofen"],
        allergy: "Ibuprofen",
        expected: Some((Check::Allergy, Severity::Hold)),
        ..PLAIN
    },
    Case {
        name: "an anticoagulant with an NSAID",
        ingredients: &["Warfarin", "Diclofenac sodium"],
        expected: Some((Check::Interaction, Severity::Hold)),
        ..PLAIN
    },
    Case {
        name: "two NSAIDs",
        ingredients: &["Ibuprofen", "Aceclofenac"],
        expected: Some((Check::SameClass, Severity::Caution)),
        ..PLAIN
    },
    Case {
        name: "one ingredient twice",
        ingredients: &["Cetirizine", "Cetirizine"],
        expected: Some((Check::SameIngredient, Severity::Caution)),
        ..PLAIN
    },
    Case {
        name: "doxycycline for a child of five",
        ingredients: &["Doxycycline"],
        age_months: 60,
        expected: Some((Check::Age, Severity::Hold)),
        ..PLAIN
    },
    Case {
        name: "an ACE inhibitor in pregnancy",
        ingredients: &["Enalapril"],
        is_pregnant: true,
        expected: Some((Check::Pregnancy, Severity::Hold)),
        ..PLAIN
    },
    Case {
        name: "more paracetamol than 4 g a day",
        dose: "3-3-3 x5d",
        expected: Some((Check::DailyDose, Severity::Hold)),
        ..PLAIN
    },
    Case {
        name: "methotrexate every day",
        ingredients: &["Methotrexate"],
        dose: "1-0-0 x30d",
        expected: Some((Check::DailyDose, Severity::Hold)),
        ..PLAIN
    },
    Case {
        name: "anything for somebody who is marked as deceased",
        has_died: true,
        expected: Some((Check::Death, Severity::Hold)),
        ..PLAIN
    },
];

/// Runs every case.
///
/// # Errors
///
/// The name of the first case that comes out wrong.
pub(super) fn run(rules: &Rules) -> Result<(), String> {
    CASES.iter().try_for_each(|case| {
        if case.holds(rules) { Ok(()) } else { Err(format!("not found: {}", case.name)) }
    })
}

impl Case {
    fn holds(&self, rules: &Rules) -> bool {
        let Ok(dosage) = Dosage::read(self.dose, "tablet") else { return false };
        let medicines = self.ingredients.iter().zip(1..).map(|(name, id)| {
            let medicine = Medicine {
                ingredients: vec![(*name).to_owned()],
                mg_per_unit: vec![Some(500.0).filter(|_| *name == "Paracetamol")],
                is_systemic: true,
                ..Medicine::default()
            };
            (Uuid::from_u128(id), medicine)
        });
        let mut chart = Chart { medicines: medicines.collect(), ..Chart::default() };
        if !self.allergy.is_empty() {
            chart.allergies.push(Allergy { substance: self.allergy.into(), ..Allergy::default() });
        }
        let lines: Vec<Proposed> = self
            .ingredients
            .iter()
            .zip(1..)
            .map(|(name, id)| Proposed {
                line: Line { medicine: Some(Uuid::from_u128(id)), text: (*name).into(), ..Line::default() },
                dosage: Some(dosage.clone()),
                unit: "tablet",
            })
            .collect();
        let person = Person {
            ages_months: vec![self.age_months],
            is_pregnant: self.is_pregnant,
            death: self.has_died.then_some(Death { on: None }),
            ..Person::default()
        };
        let found = check_lines(rules, &chart, &person, &lines, time::Date::MIN);
        let mut findings = found.iter().flat_map(|line| &line.findings);
        match self.expected {
            Some((check, severity)) => findings.any(|one| one.check == check && one.severity == severity),
            None => findings.next().is_none(),
        }
    }
}
