//! What is said about a line while it is being written: every finding says why, and a doctor may go on with a reason.

#[path = "allergy.rs"]
mod allergy;
#[path = "daily_dose.rs"]
mod daily_dose;
#[path = "death.rs"]
mod death;

use allergy::{allergy_findings, allergy_gaps};
use daily_dose::{Signed, daily_dose, lacks_limit, lacks_weight, least_a_day};
use serde::{Deserialize, Serialize};
use time::Date;
use uuid::Uuid;

use super::brands::named_by_brand;
use super::care::{allergens, running};
use super::classes::{ONE_IS_ENOUGH, class_words};
use super::medicine::is_put_on;
use super::rules::{Fact, Rules};
use super::{Chart, Line, Medicine, day, words};
use crate::dosage::Dosage;
use crate::patient::Death;

/// What is looked for in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "SafetyCheck"))]
pub enum Check {
    /// An allergy to an ingredient or its class.
    Allergy,
    /// An allergy to a class of which some also react to this one.
    CrossAllergy,
    /// An ingredient that another line has, or that still runs.
    SameIngredient,
    /// Two of a class of which one is enough.
    SameClass,
    /// Two that are dangerous together.
    Interaction,
    /// Too young.
    Age,
    /// Pregnant.
    Pregnancy,
    /// More than the most of a day.
    DailyDose,
    /// Somebody who is marked as deceased.
    Death,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "SafetySeverity"))]
pub enum Severity {
    /// It is shown, and may be gone past.
    Caution,
    /// The line does not print until someone gives a reason.
    Hold,
}

/// Something that speaks against a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFinding {
    /// By which check.
    pub check: Check,
    /// How much it weighs.
    pub severity: Severity,
    /// What makes it another than every other one of the line: a reason given for it holds as long as this does.
    pub key: String,
    /// What it is about: the allergy as written, the other medicine.
    pub cause: String,
    /// Why, in words for the doctor.
    pub why: String,
    /// Where the rule comes from.
    pub source: Option<&'static str>,
    /// The signed lines it is about.
    pub signed: Vec<Uuid>,
}

/// What was found about a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineReport {
    /// What speaks against it, the heaviest first.
    pub findings: Vec<LineFinding>,
    /// Whether the rules know any of what it is made of. If not, nothing that is missing here is safe.
    pub is_checked: bool,
    /// Whether that is not all: there is a gap, or an allergy that no line is looked at for.
    pub is_partly_checked: bool,
    /// What of it was not looked at, in words for the doctor.
    pub gaps: Vec<String>,
}

/// A line that is to be checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposed {
    /// The line.
    pub line: Line,
    /// Its dose, once it can be read.
    pub dosage: Option<Dosage>,
    /// The unit that is meant where the dose names none.
    pub unit: &'static str,
}

impl Proposed {
    fn unit(&self) -> &str {
        self.dosage.as_ref().map_or(self.unit, |dosage| dosage.unit_or(self.unit))
    }
}

/// For whom it is. Where two computers differ, everything that may be true is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// In whole months; none if nobody knows.
    pub ages_months: Vec<i64>,
    /// Whether she is, or may be by what one computer says.
    pub is_pregnant: bool,
    /// Whether nobody has asked a woman who may be.
    pub may_be_pregnant: bool,
    /// Of the pregnancy, counted from the last period.
    pub week: Option<u32>,
    /// What they weigh, in grams, if it was measured lately.
    pub weight_g: Option<u32>,
    /// Whether they have died.
    pub death: Option<Death>,
}

impl Person {
    /// Whether a dose goes by weight: whoever's age nobody knows may be a child.
    fn is_child(&self) -> bool {
        self.ages_months.iter().min().is_none_or(|months| *months < 12 * 12)
    }
}

/// Since when a medicine is taken.
enum Taken {
    /// It is on the prescription that is being written.
    Now,
    /// It was signed before, and ends on this day.
    Until(Date),
    /// It was signed before, until further notice.
    Ongoing,
}

/// A medicine with all that is known of it.
struct Known<'a> {
    text: &'a str,
    brand: Option<String>,
    parts: Vec<Part<'a>>,
    is_systemic: bool,
    is_injected: bool,
    reaches_airways: bool,
    taken: Taken,
    signed: Option<Signed>,
}

struct Part<'a> {
    name: String,
    fact: Option<&'a Fact>,
    classes: Vec<String>,
    mg_per_unit: Option<f64>,
}

impl Part<'_> {
    /// The same for `Diclofenac sodium` and `Diclofenac potassium`.
    fn is_same(&self, other: &Part<'_>) -> bool {
        match (self.fact, other.fact) {
            (Some(one), Some(other)) => one.name == other.name,
            _ => words(&self.name) == words(&other.name),
        }
    }
}

impl<'a> Known<'a> {
    /// `unit` is that of its dose.
    fn new(rules: &'a Rules, medicine: Option<&Medicine>, text: &'a str, unit: &str) -> Self {
        let part = |name: String, own: &[String], mg_per_unit| {
            let fact = rules.fact(&name);
            let of_fact =
                fact.into_iter().flat_map(|fact| fact.classes.iter().map(|class| (*class).to_owned()));
            let classes = own.iter().cloned().chain(of_fact).collect();
            Part { name, fact, classes, mg_per_unit }
        };
        let brand = medicine.and_then(|medicine| medicine.brand.clone());
        let is_systemic = medicine.map_or_else(|| !is_put_on(text), |one| one.is_systemic);
        let is_injected = medicine.is_some_and(Medicine::is_injected);
        let reaches_airways = medicine.is_none_or(Medicine::reaches_airways);
        let Some(medicine) = medicine.filter(|medicine| !medicine.ingredients.is_empty()) else {
            let own = medicine.map_or(&[][..], |medicine| &medicine.classes);
            let mut named = rules.named_in(text);
            named.extend(named_by_brand(text).map(str::to_owned));
            named.sort_unstable();
            named.dedup();
            let parts = named.into_iter().map(|name| part(name, own, None)).collect();
            return Self {
                text,
                brand,
                parts,
                is_systemic,
                is_injected,
                reaches_airways,
                taken: Taken::Now,
                signed: None,
            };
        };
        // A class of a combination is that of its ingredient which has it, where that is known.
        let facts: Vec<Option<&Fact>> = medicine.ingredients.iter().map(|name| rules.fact(name)).collect();
        let homeless: Vec<String> = medicine
            .classes
            .iter()
            .filter(|class| !facts.iter().flatten().any(|fact| fact.classes.contains(&class.as_str())))
            .cloned()
            .collect();
        let strengths = medicine.mg_per_unit.iter().copied().chain(std::iter::repeat(None));
        let parts = medicine.ingredients.iter().zip(strengths);
        let is_measured = medicine.is_measured_in(unit);
        let parts =
            parts.map(|(name, mg)| part(name.clone(), &homeless, mg.filter(|_| is_measured))).collect();
        let taken = Taken::Now;
        Self { text, brand, parts, is_systemic, is_injected, reaches_airways, taken, signed: None }
    }

    /// Whether the rules know any of its ingredients, and what of the line they could not look at.
    fn looked_at(&self, rules: &Rules, person: &Person, line: &Proposed) -> (bool, Vec<String>) {
        // Which ingredient of several a class belongs to is not said.
        let has_own_class = self.parts.len() == 1;
        let is_known = |part: &Part<'_>| {
            part.fact.is_some()
                || rules.has_pair_with(&part.name)
                || has_own_class && !part.classes.is_empty()
        };
        let is_counted = line.dosage.as_ref().and_then(least_a_day).is_some();
        let mut gaps = Vec::new();
        for part in &self.parts {
            if !is_known(part) {
                gaps.push(format!("The checks know nothing of {}.", part.name));
            } else if self.is_systemic
                && is_counted
                && part.mg_per_unit.is_none()
                && part.fact.is_some_and(|fact| fact.most_a_day_mg.is_some())
            {
                gaps.push(format!("{}: how many mg a day that is, is not checked.", part.name));
            } else if self.is_systemic
                && is_counted
                && part.fact.is_some_and(|fact| lacks_weight(person, fact.name))
            {
                gaps.push(format!("{}: a child's dose goes by weight, and none is noted.", part.name));
            } else if self.is_systemic
                && is_counted
                && part.fact.is_some_and(|fact| lacks_limit(person, fact))
            {
                gaps.push(format!(
                    "{}: the most of a day for a child is not known; only that of an adult is checked.",
                    part.name
                ));
            }
            let has_limit = |fact: &Fact| fact.age.is_some_and(|limit| self.is_systemic || limit.is_local);
            if person.ages_months.is_empty() && part.fact.is_some_and(has_limit) {
                gaps.push(format!("{}: whether the age allows it is not checked: none is noted.", part.name));
            }
        }
        (self.parts.iter().any(is_known), gaps)
    }

    fn first_with(&self, class: &str) -> Option<&Part<'a>> {
        self.parts.iter().find(|part| part.classes.iter().any(|one| one == class))
    }
}

/// Looks at each line by itself, against the lines before it, and against what is known of the patient.
///
/// `chart` holds the signed prescriptions that count; the one that is being corrected is not among them.
pub fn check_lines(
    rules: &Rules,
    chart: &Chart,
    person: &Person,
    lines: &[Proposed],
    today: Date,
) -> Vec<LineReport> {
    let medicine = |line: &Line| line.medicine.and_then(|id| chart.medicines.get(&id));
    let known: Vec<Known<'_>> =
        lines.iter().map(|one| Known::new(rules, medicine(&one.line), &one.line.text, one.unit())).collect();
    let before: Vec<Known<'_>> = running(chart, today)
        .map(|(prescription, line)| {
            let taken = line.end(prescription.day).map_or(Taken::Ongoing, Taken::Until);
            let unit = line.dosage.as_ref().and_then(|dosage| dosage.unit).unwrap_or_default();
            let signed = Some(Signed::new(prescription, line, today));
            Known { taken, signed, ..Known::new(rules, medicine(line), &line.text, unit) }
        })
        // What ends today is followed by the new one.
        .filter(|known| !matches!(known.taken, Taken::Until(until) if until <= today))
        .collect();
    let noted = allergens(chart, Some(rules));
    let unknown = allergy_gaps(rules, chart, &noted);
    (0..lines.len())
        .map(|place| {
            let (this, medicine) = (&known[place], medicine(&lines[place].line));
            let mut findings = allergy_findings(&noted, this);
            findings.extend(death::finding_of(person, this));
            age(person, medicine, this, &mut findings);
            pregnancy(person, medicine, this, &mut findings);
            daily_dose(person, &lines[..=place], &known[..=place], &known, &before, medicine, &mut findings);
            for other in known[..place].iter().chain(&before) {
                pair(rules, this, other, &mut findings);
            }
            findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
            let findings = each_once(findings);
            let has_ingredients = medicine.is_some_and(|medicine| !medicine.ingredients.is_empty());
            let (is_checked, gaps) = if has_ingredients {
                this.looked_at(rules, person, &lines[place])
            } else {
                (false, Vec::new())
            };
            let is_partly_checked = has_ingredients && !(gaps.is_empty() && unknown.is_empty());
            LineReport { findings, is_checked, is_partly_checked, gaps }
        })
        .collect()
}

/// What no line is looked at for, in words for the doctor: allergies that the rules do not know. It is one for all lines.
pub fn unchecked_allergies(rules: &Rules, chart: &Chart) -> Vec<String> {
    allergy_gaps(rules, chart, &allergens(chart, Some(rules)))
}

/// One finding of each key, about all the signed lines that it was found with.
fn each_once(findings: Vec<LineFinding>) -> Vec<LineFinding> {
    let mut once: Vec<LineFinding> = Vec::new();
    for finding in findings {
        match once.iter_mut().find(|said| said.key == finding.key) {
            Some(said) => said.signed.extend(finding.signed),
            None => once.push(finding),
        }
    }
    once
}

fn finding(check: Check, severity: Severity, about: &str, cause: &str, why: String) -> LineFinding {
    let word = serde_json::to_value(check).ok();
    let word = word.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
    let key = format!("{word}:{}:{}", words(about).join(" "), words(cause).join(" "));
    LineFinding { check, severity, key, cause: cause.to_owned(), why, source: None, signed: Vec::new() }
}

fn age_words(months: u32) -> String {
    match months {
        0..24 => format!("{months} months"),
        months => format!("{} years", months / 12),
    }
}

fn age(person: &Person, medicine: Option<&Medicine>, this: &Known<'_>, findings: &mut Vec<LineFinding>) {
    let Some(youngest) = person.ages_months.iter().min() else { return };
    for part in &this.parts {
        let Some((fact, limit)) = part.fact.and_then(|fact| Some((fact, fact.age?))) else { continue };
        if (this.is_systemic || limit.is_local) && *youngest < i64::from(limit.below_months) {
            let why = format!("{} below {}: {}.", part.name, age_words(limit.below_months), limit.why);
            let found = finding(Check::Age, limit.severity, &part.name, "age", why);
            findings.push(LineFinding { source: Some(fact.source), ..found });
        }
    }
    let is_child = *youngest < 12 * 18;
    if let Some(severity) =
        medicine.and_then(|one| flagged(one.paediatric_flag.as_deref())).filter(|_| is_child)
    {
        let why = format!("{}: the list of medicines warns of it for children.", this.text);
        findings.push(finding(Check::Age, severity, this.text, "age", why));
    }
}

fn flagged(flag: Option<&str>) -> Option<Severity> {
    match flag {
        Some("avoid") => Some(Severity::Hold),
        Some("caution") => Some(Severity::Caution),
        _ => None,
    }
}

fn pregnancy(
    person: &Person,
    medicine: Option<&Medicine>,
    this: &Known<'_>,
    findings: &mut Vec<LineFinding>,
) {
    if !person.is_pregnant && !person.may_be_pregnant {
        return;
    }
    let severity_of = |severity: Severity, from_week: u32| match person.week {
        // Nobody has asked: only what does harm from the first week on is worth a word.
        _ if !person.is_pregnant => {
            Some(Severity::Caution).filter(|_| severity == Severity::Hold && from_week == 0)
        }
        Some(week) if week < from_week => Some(Severity::Caution).filter(|_| severity == Severity::Hold),
        _ => Some(severity),
    };
    let opening = if person.is_pregnant { "She is pregnant." } else { "Is she pregnant?" };
    for part in this.parts.iter().filter(|_| this.is_systemic) {
        let Some((fact, limit)) = part.fact.and_then(|fact| Some((fact, fact.pregnancy?))) else { continue };
        let Some(severity) = severity_of(limit.severity, limit.from_week) else { continue };
        let from =
            if limit.from_week > 0 { format!(" from week {} on", limit.from_week) } else { String::new() };
        let why = format!("{opening} {}{from}: {}.", part.name, limit.why);
        let found = finding(Check::Pregnancy, severity, &part.name, "pregnancy", why);
        findings.push(LineFinding { source: Some(fact.source), ..found });
    }
    let flag = medicine.and_then(|one| flagged(one.pregnancy_flag.as_deref()));
    if let Some(severity) = flag.and_then(|flag| severity_of(flag, 0)) {
        let why = format!("{opening} {}: the list of medicines warns of it.", this.text);
        findings.push(finding(Check::Pregnancy, severity, this.text, "pregnancy", why));
    }
}

/// Two medicines that are taken at the same time.
fn pair(rules: &Rules, this: &Known<'_>, other: &Known<'_>, findings: &mut Vec<LineFinding>) {
    let are_systemic = this.is_systemic && other.is_systemic;
    let reach_airways = this.reaches_airways && other.reaches_airways;
    let when = match other.taken {
        Taken::Now => "is on this prescription too".to_owned(),
        Taken::Until(until) => format!("still runs until {}", day(until)),
        Taken::Ongoing => "still runs".to_owned(),
    };
    if are_systemic {
        twice(this, other, &when, findings);
    }
    for one in rules.interactions().iter().filter(|one| are_systemic || reach_airways && one.is_of_airways())
    {
        for (part, with) in
            this.parts.iter().flat_map(|part| other.parts.iter().map(move |with| (part, with)))
        {
            let fits = one.one.is(&part.name, &part.classes) && one.other.is(&with.name, &with.classes)
                || one.other.is(&part.name, &part.classes) && one.one.is(&with.name, &with.classes);
            if fits && !part.is_same(with) {
                let why = format!("With {}, which {when}: {}", other.text, one.why);
                // Two parts of a combination, such as both of an antacid, say it once.
                if findings.iter().any(|said| said.check == Check::Interaction && said.why == why) {
                    continue;
                }
                let about = format!("{} {}", part.name, one.why);
                let found = finding(Check::Interaction, one.severity, &about, other.text, why);
                findings.push(LineFinding { source: Some(one.source), ..found });
            }
        }
    }
}

/// One ingredient in both, or a class of which one is enough.
fn twice(this: &Known<'_>, other: &Known<'_>, when: &str, findings: &mut Vec<LineFinding>) {
    let same = this.parts.iter().find(|part| other.parts.iter().any(|one| part.is_same(one)));
    if let Some(part) = same {
        let why = format!("{} {when}: {}.", part.name, other.text);
        let found = finding(Check::SameIngredient, Severity::Caution, &part.name, other.text, why);
        let signed = other.signed.iter().map(|signed| signed.line).collect();
        findings.push(LineFinding { signed, ..found });
    } else if let Some((class, part)) = ONE_IS_ENOUGH.iter().find_map(|class| {
        this.first_with(class).filter(|_| other.first_with(class).is_some()).map(|part| (class, part))
    }) {
        let why = format!("{} is {}, and so is {}, which {when}.", part.name, class_words(class), other.text);
        findings.push(finding(Check::SameClass, Severity::Caution, &part.name, other.text, why));
    }
}

#[cfg(test)]
#[path = "prescribing_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "noted_tests.rs"]
mod noted_tests;

#[cfg(test)]
#[path = "partner_tests.rs"]
mod partner_tests;

#[cfg(test)]
#[path = "running_tests.rs"]
mod running_tests;
