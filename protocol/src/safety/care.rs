//! What is dangerous for one person.

use std::collections::BTreeSet;

use time::{Date, Duration};
use uuid::Uuid;

use super::allergens::{AllergenKind, is_no_antibiotic, is_of_no_antibiotic};
use super::brands::named_by_brand;
use super::devanagari::with_latin;
use super::{
    Chart, Finding, Line, Place, Prescription, Registration, Report, Rule, Rules, Written, names, words,
};
use crate::table::TableName;

/// A line that does not say for how long runs for so many days.
pub(super) const UNSAID_DAYS: u32 = 30;
/// A weight that differs by more than this part of it changes a dose.
const WEIGHT_CHANGE: f64 = 0.2;

/// What a class is also called.
const ALSO_CALLED: &[(&str, &[&str])] = &[
    (
        "sulfonamide",
        &[
            "sulfa",
            "sulpha",
            "sulphonamide",
            "sulfadrug",
            "sulphadrug",
            "sulfamethoxazole",
            "sulphamethoxazole",
            "sulfadiazine",
            "sulphadiazine",
            "sulfasalazine",
            "sulphasalazine",
            "sulfadoxine",
            "sulphadoxine",
            "sulfacetamide",
            "sulphacetamide",
        ],
    ),
    ("penicillin", &["penicilin", "beta lactam", "betalactam"]),
    ("cephalosporin", &["beta lactam", "betalactam"]),
    ("nsaid", &["pain killer"]),
];

/// Whether these words say this name, word for word, be it of one or of several: an allergy to ferrous sulphate is none to
/// sulpha drugs.
pub(super) fn says(text: &[String], name: &str) -> bool {
    let name = words(name);
    !name.is_empty()
        && text
            .windows(name.len())
            .any(|window| window.iter().zip(&name).all(|(typed, wanted)| singular(typed) == singular(wanted)))
}

/// "ors" are no more of one "or".
pub(super) fn singular(word: &str) -> &str {
    word.strip_suffix('s').filter(|one| one.len() > 2).unwrap_or(word)
}

impl Line {
    /// Whether the patient still takes it on this day.
    pub fn runs(&self, signed: Date, on: Date) -> bool {
        self.end(signed).is_none_or(|end| end >= on)
    }

    /// Whether its medicine runs on this day by another prescription.
    pub fn runs_by(&self, other: &Prescription, on: Date) -> bool {
        let is_same = |line: &Self| {
            line.medicine == self.medicine && (self.medicine.is_some() || line.text == self.text)
        };
        other.lines.iter().any(|line| is_same(line) && line.runs(other.day, on))
    }

    /// The day on which the next one may follow; none for until further notice.
    pub fn end(&self, signed: Date) -> Option<Date> {
        self.days.map(|days| signed.saturating_add(Duration::days(days.into())))
    }

    /// The days of a duration as it is stored: none for until further notice.
    pub fn days_of(value: Option<i64>, unit: Option<&str>) -> Option<u32> {
        let value = value.and_then(|value| u32::try_from(value).ok());
        match (value, unit) {
            (_, Some("ongoing")) => None,
            (Some(value), Some("week")) => Some(value.saturating_mul(7)),
            (Some(value), Some("month")) => Some(value.saturating_mul(30)),
            (Some(value), _) => Some(value),
            (None, _) => Some(UNSAID_DAYS),
        }
    }
}

fn line_place(line: &Line) -> Place {
    Place { table: TableName::PrescriptionItems, id: line.id, text: line.text.clone() }
}

pub(super) fn running(chart: &Chart, today: Date) -> impl Iterator<Item = (&Prescription, &Line)> {
    chart
        .prescriptions
        .iter()
        .flat_map(|prescription| prescription.lines.iter().map(move |line| (prescription, line)))
        .filter(move |(prescription, line)| line.runs(prescription.day, today))
}

/// What someone must not have: a row of its own, or a part of a text.
pub(super) struct Allergen<'a> {
    pub place: Place,
    pub text: &'a str,
    /// The text, with what it names in Devanagari.
    said: String,
    /// Those that are noted, by a code, by a brand, or by a word that is nearly one of them.
    ingredients: Vec<&'a str>,
    /// Those that are noted, and those of the ingredients that are noted, be it by a code or in words.
    classes: Vec<&'a str>,
}

impl<'a> Allergen<'a> {
    /// Without the rules nobody knows of which class an ingredient is, nor what a brand holds.
    fn new(
        place: Place,
        text: &'a str,
        ingredients: &'a [String],
        classes: &'a [String],
        rules: Option<&Rules>,
    ) -> Self {
        let mut ingredients: Vec<&str> = ingredients.iter().map(String::as_str).collect();
        let mut classes: Vec<&str> = classes.iter().map(String::as_str).collect();
        let said = with_latin(text);
        if let Some(rules) = rules {
            for known in rules.also_meant(&said) {
                let codes = if known.kind == AllergenKind::Class { &mut classes } else { &mut ingredients };
                codes.push(known.code);
            }
            classes.extend(rules.classes_meant(&said, &ingredients));
        }
        Self { place, text, said, ingredients, classes }
    }
}

/// All that is noted.
pub(super) fn allergens<'a>(chart: &'a Chart, rules: Option<&Rules>) -> Vec<Allergen<'a>> {
    let place = |table, id, text: &str| Place { table, id, text: text.to_owned() };
    let noted = chart.allergies.iter().map(|allergy| {
        let place = place(TableName::PatientAllergies, allergy.id, &allergy.substance);
        Allergen::new(place, &allergy.substance, &allergy.ingredients, &allergy.classes, rules)
    });
    let written = chart.registrations.iter().flat_map(|registration| {
        let text = registration.allergies.as_deref().unwrap_or_default();
        let parts = text.split(['\n', ';', ',']).map(str::trim).filter(|part| !part.is_empty());
        parts.map(move |part| {
            Allergen::new(place(TableName::Patients, registration.id, part), part, &[], &[], rules)
        })
    });
    noted.chain(written).collect()
}

impl Allergen<'_> {
    pub(super) fn means(&self, ingredient: &str) -> bool {
        // An allergy to diclofenac is one to diclofenac sodium.
        names(&self.said, ingredient) || self.ingredients.iter().any(|known| names(ingredient, known))
    }

    pub(super) fn means_class(&self, class: &str) -> bool {
        let others =
            ALSO_CALLED.iter().find(|(name, _)| *name == class).map_or(&[][..], |(_, others)| others);
        let text = words(&self.said);
        self.classes.contains(&class) || says(&text, class) || others.iter().any(|other| says(&text, other))
    }

    /// Whether the rules know any of what is meant. Else nothing is found for it but its very words.
    pub(super) fn is_known(&self, rules: &Rules) -> bool {
        let is_part_of = |name: &str| says(&words(name), self.text);
        rules.ingredients().any(|name| self.means(name) || is_part_of(name))
            || self.ingredients.iter().any(|code| rules.fact(code).is_some())
            || rules.classes().any(|class| self.means_class(class))
    }

    /// Whether the rules know any of what a part of it means by itself.
    pub(super) fn knows(&self, part: &str, rules: &Rules) -> bool {
        Allergen::new(self.place.clone(), part, &[], &[], Some(rules)).is_known(rules)
    }

    /// Whether the words of a medicine that is in no list name what is meant: an ingredient, or a brand with it.
    fn is_named_in(&self, text: &str, rules: &Rules) -> bool {
        let is_meant = |name: &str| {
            let classes = rules.fact(name).map_or(&[][..], |fact| &fact.classes);
            self.means(name)
                || classes.iter().any(|class| self.means_class(class) && !is_no_antibiotic(class, name))
        };
        rules.named_in(text).iter().any(|name| is_meant(name)) || named_by_brand(text).any(is_meant)
    }

    /// Whether it is noted by the name under which a medicine is sold: `Dolo: rash` is meant by Dolo 650.
    pub(super) fn means_brand(&self, brand: &str) -> bool {
        let mut name = words(brand);
        name.retain(|word| !word.bytes().all(|byte| byte.is_ascii_digit()));
        says(&words(&self.said), &name.join(" ")) || says(&name, self.text)
    }
}

/// Allergies against what runs.
pub(super) fn allergies(chart: &Chart, today: Date, report: &mut Report) {
    let rules = Rules::load().ok();
    let allergens = allergens(chart, rules);
    for (prescription, line) in running(chart, today) {
        let known = line.medicine.and_then(|id| chart.medicines.get(&id));
        if known.is_none() {
            report.not_checked.push(line.id);
        }
        for allergen in allergens.iter().filter(|allergen| !prescription.overridden.has(allergen.text)) {
            let is_meant = match known {
                Some(medicine) => {
                    let is_named = |ingredient: &String| {
                        let known = rules.and_then(|rules| rules.fact(ingredient));
                        allergen.means(ingredient) || known.is_some_and(|fact| allergen.means(fact.name))
                    };
                    let is_of = |class: &String| {
                        allergen.means_class(class) && !is_of_no_antibiotic(class, &medicine.ingredients)
                    };
                    medicine.ingredients.iter().any(is_named)
                        || medicine.classes.iter().any(is_of)
                        || medicine.brand.as_deref().is_some_and(|brand| allergen.means_brand(brand))
                }
                // Nothing is known of it but its name, which may still be the very word, or say what is in it.
                None => {
                    names(&line.text, allergen.text)
                        || names(allergen.text, &line.text)
                        || rules.is_some_and(|rules| allergen.is_named_in(&line.text, rules))
                }
            };
            if is_meant {
                report.findings.push(Finding {
                    rule: Rule::AllergyMedicine,
                    patient: prescription.patient,
                    known: allergen.place.clone(),
                    against: line_place(line),
                });
            }
        }
    }
}

/// One ingredient in two prescriptions from different computers, unless the doctor of the one was shown the other, or
/// one ends when the other begins.
pub(super) fn ingredients(chart: &Chart, today: Date, report: &mut Report) {
    let running: Vec<_> = running(chart, today).collect();
    let of = |line: &Line| -> BTreeSet<String> {
        let medicine = line.medicine.and_then(|id| chart.medicines.get(&id));
        medicine
            .into_iter()
            .flat_map(|medicine| &medicine.ingredients)
            .map(|name| words(name).join(" "))
            .collect()
    };
    for (place, (one, line)) in running.iter().enumerate() {
        for (other, other_line) in &running[place + 1..] {
            let is_apart = one.id != other.id
                && one.written.device.is_some()
                && other.written.device.is_some()
                && one.written.device != other.written.device;
            // Two corrections of one prescription are asked about as such.
            let is_correction = one.amends == Some(other.id)
                || other.amends == Some(one.id)
                || one.amends.is_some() && one.amends == other.amends;
            let is_seen = one.seen_same.has(other_line.id) || other.seen_same.has(line.id);
            let ends = |line: &Line, from: Date, by: Date| line.end(from).is_some_and(|end| end <= by);
            let is_followed = ends(line, one.day, other.day) || ends(other_line, other.day, one.day);
            if is_apart
                && !is_correction
                && !is_seen
                && !is_followed
                && !of(line).is_disjoint(&of(other_line))
            {
                report.findings.push(Finding {
                    rule: Rule::SameIngredient,
                    patient: other.patient,
                    known: line_place(line),
                    against: line_place(other_line),
                });
            }
        }
    }
}

/// A dose by weight, and another weight.
pub(super) fn weights(chart: &Chart, today: Date, report: &mut Report) {
    for (prescription, line) in running(chart, today) {
        let medicine = line.medicine.and_then(|id| chart.medicines.get(&id));
        let is_by_weight = medicine.is_some_and(|medicine| medicine.is_by_weight)
            || words(&line.dose)
                .windows(2)
                .any(|pair| pair[1] == "kg" && !pair[0].chars().all(|c| c.is_ascii_digit()));
        let Some(weight) = prescription.weight_kg.filter(|weight| is_by_weight && *weight > 0.0) else {
            continue;
        };
        for other in &chart.prescriptions {
            let differs =
                other.weight_kg.is_some_and(|other| (other - weight).abs() > weight * WEIGHT_CHANGE);
            if other.id != prescription.id && other.day >= prescription.day && differs {
                report.findings.push(Finding {
                    rule: Rule::WeightChange,
                    patient: other.patient,
                    known: Place {
                        table: TableName::Prescriptions,
                        id: other.id,
                        text: other.weight_kg.map_or_else(String::new, |weight| format!("{weight} kg")),
                    },
                    against: line_place(line),
                });
            }
        }
    }
}

/// What was written for someone who was gone.
pub(super) fn gone(chart: &Chart, report: &mut Report) {
    let of = |patient: Uuid| chart.registrations.iter().find(|registration| registration.id == patient);
    let mut look = |patient: Uuid, place: Place, day: Option<Date>, written: Written| {
        let Some(why) = of(patient).and_then(|registration| why_gone(registration, day, written)) else {
            return;
        };
        report.findings.push(Finding {
            rule: Rule::PatientGone,
            patient,
            known: Place { table: TableName::Patients, id: patient, text: why.to_owned() },
            against: place,
        });
    };
    for prescription in &chart.prescriptions {
        let text = prescription.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(", ");
        let place = Place { table: TableName::Prescriptions, id: prescription.id, text };
        look(prescription.patient, place, Some(prescription.day), prescription.written);
    }
    for procedure in &chart.procedures {
        let place =
            Place { table: TableName::DentalProcedures, id: procedure.id, text: procedure.name.clone() };
        look(procedure.patient, place, None, procedure.written);
    }
}

/// Why nothing should have been written then: a word for programs.
fn why_gone(registration: &Registration, day: Option<Date>, written: Written) -> Option<&'static str> {
    let since = |moment: Option<i64>| moment.zip(written.at_ms).is_some_and(|(since, at)| at > since);
    let is_after_death = registration.deceased_on.zip(day).is_some_and(|(death, day)| day > death);
    if registration.deceased_ms.is_some() && (is_after_death || since(registration.deceased_ms)) {
        Some("deceased")
    } else if since(registration.merged_ms) {
        Some("merged")
    } else if since(registration.deleted_ms) {
        Some("deleted")
    } else {
        None
    }
}

/// Treatments of teeth that are not there.
pub(super) fn teeth(chart: &Chart, report: &mut Report) {
    for procedure in chart.procedures.iter().filter(|procedure| !procedure.is_replacement) {
        for missing in chart.missing_teeth.iter().filter(|missing| procedure.teeth.contains(&missing.tooth)) {
            report.findings.push(Finding {
                rule: Rule::MissingTooth,
                patient: procedure.patient,
                known: Place {
                    table: TableName::DentalObservations,
                    id: missing.id,
                    text: missing.tooth.to_string(),
                },
                against: Place {
                    table: TableName::DentalProcedures,
                    id: procedure.id,
                    text: procedure.name.clone(),
                },
            });
        }
    }
}
