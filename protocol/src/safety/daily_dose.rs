//! The most of a day: of an adult, and of a child by its weight.

use std::collections::BTreeMap;

use time::{Date, Duration};
use uuid::Uuid;

use super::super::Prescription;
use super::super::care::UNSAID_DAYS;
use super::{
    Check, Fact, Known, Line, LineFinding, Medicine, Part, Person, Proposed, Severity, day, finding,
};
use crate::dosage::{Dosage, Dose, IntervalUnit};
use crate::medicine::amount_text;

/// Whoever has more of a product than for so many days does not come for the next of it: what is written beside it may be
/// meant for something else, and both may be taken.
const RENEWED_DAYS: i64 = 14;

/// A line that was signed before and still runs.
pub(super) struct Signed {
    pub line: Uuid,
    medicine: Option<Uuid>,
    on: Date,
    /// Of what is taken until further notice, until when there are tablets as a rule.
    until: Date,
    today: Date,
    /// In which manner it is taken, and units of a day from today on, where that is certain.
    taken: Option<(Manner, f64)>,
}

impl Signed {
    pub(super) fn new(prescription: &Prescription, line: &Line, today: Date) -> Self {
        let days_gone = u32::try_from((today - prescription.day).whole_days()).unwrap_or(0);
        let counted = line.dosage.as_ref().filter(|dosage| dosage.unit.is_some());
        let taken =
            counted.and_then(|dosage| Some((Manner::of(&dosage.dose), dosage.units_a_day_after(days_gone)?)));
        let on = prescription.day;
        let until = line.end(on).unwrap_or(on.saturating_add(Duration::days(UNSAID_DAYS.into())));
        Self { line: line.id, medicine: line.medicine, on, until, today, taken }
    }
}

/// How a dose is taken. What is taken when needed, or at once, comes on top of what is taken every day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Manner {
    Regular,
    WhenNeeded,
    AtOnce,
}

impl Manner {
    fn of(dose: &Dose) -> Self {
        match dose {
            Dose::Prn { .. } => Self::WhenNeeded,
            Dose::Stat { .. } => Self::AtOnce,
            Dose::Slots { .. } | Dose::Interval { .. } | Dose::Taper { .. } | Dose::AsDirected => {
                Self::Regular
            }
        }
    }
}

/// What of an ingredient is taken in a day from a line that was signed before.
struct Running<'k> {
    mg: f64,
    signed: &'k Signed,
    known: &'k Known<'k>,
}

/// What is taken of one product in one manner, from the day on which it was signed last.
struct Course<'k> {
    mg: f64,
    on: Date,
    until: Date,
    lines: Vec<Running<'k>>,
}

impl<'k> Course<'k> {
    /// What was signed on one day is taken together: a line for the morning, and one for the night.
    fn of_day(on: Date, lines: Vec<Running<'k>>) -> Self {
        let mg = lines.iter().map(|one| one.mg).sum();
        let until = lines.iter().map(|one| one.signed.until).max().unwrap_or(on);
        Self { mg, on, until, lines }
    }

    /// Whether what is written on this day is the next of it. On one day nobody writes twice what is taken once.
    fn is_renewed(&self, on: Date) -> bool {
        self.on < on && (self.until - on).whole_days() <= RENEWED_DAYS
    }

    /// This and what it was renewed with: the larger dose counts, and the later one ends later.
    fn renewed(self, with: Self) -> Self {
        let (on, until) = (with.on, with.until);
        let larger = if self.mg > with.mg { self } else { with };
        Self { on, until, ..larger }
    }
}

/// What of an ingredient still runs, and how many milligrams a day that is more than what is `written` of the same products
/// now. A product that is renewed is taken once, in the old dose or in the new one: the larger counts.
fn running_with<'k>(
    part: &Part<'_>,
    before: &'k [Known<'k>],
    written: impl Fn(Uuid, Manner) -> f64,
) -> (Vec<Running<'k>>, f64) {
    let running = |known: &'k Known<'k>| {
        let signed = known.signed.as_ref()?;
        let mg = known.parts.iter().find(|other| part.is_same(other))?.mg_per_unit?;
        let (manner, units) = signed.taken?;
        Some(((signed.medicine?, manner), Running { mg: mg * units, signed, known }))
    };
    let mut products: BTreeMap<_, BTreeMap<Date, Vec<Running<'k>>>> = BTreeMap::new();
    for (product, one) in before.iter().filter(|known| known.is_systemic).filter_map(running) {
        products.entry(product).or_default().entry(one.signed.on).or_default().push(one);
    }
    let (mut counted, mut beside) = (Vec::new(), 0.0);
    for ((medicine, manner), days) in products {
        let mut courses: Vec<Course<'k>> = Vec::new();
        for (on, lines) in days {
            let mut course = Course::of_day(on, lines);
            if let Some(place) = courses.iter().position(|one| one.is_renewed(on)) {
                course = courses.remove(place).renewed(course);
            }
            courses.push(course);
        }
        let mut anew = written(medicine, manner);
        courses.sort_by(|one, other| other.mg.total_cmp(&one.mg));
        for course in courses {
            // What is written now is the next of one of them.
            let is_renewed = course.lines.first().is_some_and(|one| course.is_renewed(one.signed.today));
            let more = course.mg - if is_renewed { std::mem::take(&mut anew) } else { 0.0 };
            if more > course.mg * 0.001 {
                beside += more;
                counted.extend(course.lines);
            }
        }
    }
    counted.sort_by_key(|one| std::cmp::Reverse(one.signed.on));
    (counted, beside)
}

/// How many milligrams of an ingredient a line of the draft is in a day; none if that is not known.
fn mg_a_day(part: &Part<'_>, line: &Proposed, one: &Known<'_>) -> f64 {
    let same = one.parts.iter().find(|other| one.is_systemic && part.is_same(other));
    let mg = same.and_then(|other| other.mg_per_unit);
    mg.zip(line.dosage.as_ref().and_then(least_a_day)).map_or(0.0, |(mg, units)| mg * units)
}

/// Units of a day at least: what is taken when needed is taken once, if nobody said how often.
pub(super) fn least_a_day(dosage: &Dosage) -> Option<f64> {
    let once = || Some(dosage.dose.most_at_once()).filter(|_| dosage.is_prn());
    dosage.units_a_day().or_else(once)
}

/// Whether both are made of the same: then the one is likely written in the place of the other.
fn is_of_same(one: &Known<'_>, other: &Known<'_>) -> bool {
    one.parts.len() == other.parts.len()
        && one.parts.iter().all(|part| other.parts.iter().any(|with| part.is_same(with)))
}

/// The most that a child takes of an ingredient in a day, in mg per kg, with its source: the highest that is given for
/// anything, so that only more than that is held. TO BE CONFIRMED BY THE CLINICIAN, as all that the checks know.
const OF_CHILDREN: &[(&str, f64, &str)] = &[
    ("Amoxicillin", 100.0, "BNFC"),
    ("Azithromycin", 20.0, "BNFC, WMF"),
    ("Cefalexin", 100.0, "BNFC"),
    ("Cefixime", 20.0, "WMF"),
    ("Ciprofloxacin", 40.0, "BNFC"),
    ("Diclofenac", 3.0, "BNFC"),
    ("Domperidone", 0.75, "EMA-2014"),
    ("Ibuprofen", 40.0, "SmPC"),
    ("Mefenamic acid", 25.0, "SmPC"),
    ("Metronidazole", 50.0, "BNFC, WMF"),
    ("Ofloxacin", 20.0, "WMF"),
    ("Ondansetron", 0.8, "BNFC"),
    ("Paracetamol", 75.0, "BNFC"),
];

/// The most of a day of an ingredient for a child whose weight is known: in mg, of how many kg, and where that stands.
fn most_of_child(person: &Person, ingredient: &str) -> Option<(f64, f64, &'static str)> {
    let kg = f64::from(person.weight_g.filter(|_| person.is_child())?) / 1_000.0;
    let (_, mg_per_kg, source) = OF_CHILDREN.iter().find(|(name, ..)| *name == ingredient)?;
    Some((mg_per_kg * kg, kg, *source))
}

/// The most of a day of an ingredient that is injected, in mg: for an adult below 65 years and over 50 kg, and for others.
/// SmPC. TO BE CONFIRMED BY THE CLINICIAN.
const INJECTED: &[(&str, f64, f64)] = &[("Ketorolac", 90.0, 60.0)];

/// The most of a day of an ingredient that is only injected, and for whom. Whose age or weight nobody knows gets the least.
fn most_injected(person: &Person, ingredient: &str) -> Option<(f64, &'static str)> {
    let (_, most, least) = INJECTED.iter().find(|(name, ..)| *name == ingredient)?;
    let is_young = person.ages_months.iter().max().is_some_and(|months| *months < 65 * 12);
    Some(if is_young && person.weight_g.is_some_and(|weight| weight > 50_000) {
        (*most, "an adult by injection")
    } else {
        (*least, "an adult by injection from 65 years on, or without a weight over 50 kg")
    })
}

/// Whether all that is taken of an ingredient is injected.
fn is_only_injected(part: &Part<'_>, known: &[Known<'_>], before: &[Known<'_>]) -> bool {
    let holds_it = |one: &&Known<'_>| one.is_systemic && one.parts.iter().any(|other| part.is_same(other));
    known.iter().chain(before).filter(holds_it).all(|one| one.is_injected)
}

/// Whether it is for a child, goes by its weight, and nobody knows that.
pub(super) fn lacks_weight(person: &Person, ingredient: &str) -> bool {
    person.is_child() && person.weight_g.is_none() && OF_CHILDREN.iter().any(|(name, ..)| *name == ingredient)
}

/// Whether it is for a child, and only the most of a day of an adult is known.
pub(super) fn lacks_limit(person: &Person, fact: &Fact) -> bool {
    person.is_child()
        && fact.most_a_day_mg.is_some()
        && !OF_CHILDREN.iter().any(|(name, ..)| *name == fact.name)
}

/// The most of a day, over this line, those before it that hold the same ingredient, and those that were signed before and
/// still run. `draft` are also the lines behind it: what is renewed there is written anew too.
pub(super) fn daily_dose(
    person: &Person,
    lines: &[Proposed],
    known: &[Known<'_>],
    draft: &[Known<'_>],
    before: &[Known<'_>],
    medicine: Option<&Medicine>,
    findings: &mut Vec<LineFinding>,
) {
    let (Some(this), Some(line)) = (known.last(), lines.last()) else { return };
    let Some(dosage) = &line.dosage else { return };
    for part in this.parts.iter().filter(|_| this.is_systemic) {
        let Some(fact) = part.fact else { continue };
        if fact.classes.contains(&"weekly") && comes_more_often_than_weekly(&dosage.dose) {
            let why = format!(
                "{} is taken once a week, never every day: taken daily it kills. Write \"weekly\".",
                part.name
            );
            let found = finding(Check::DailyDose, Severity::Hold, &part.name, "weekly", why);
            findings.push(LineFinding { source: Some(fact.source), ..found });
            continue;
        }
        let Some(by_mouth) = fact.most_a_day_mg else { continue };
        let injected = most_injected(person, fact.name).filter(|_| is_only_injected(part, known, before));
        let (most, of_adult) = injected.unwrap_or((by_mouth, "an adult"));
        let taken: f64 = lines.iter().zip(known).map(|(line, one)| mg_a_day(part, line, one)).sum();
        let written = |medicine: Uuid, manner: Manner| -> f64 {
            let is_it = |line: &Proposed| {
                line.line.medicine == Some(medicine)
                    && line.dosage.as_ref().is_some_and(|dosage| Manner::of(&dosage.dose) == manner)
            };
            let of_it = lines.iter().zip(known).filter(|(line, _)| is_it(line));
            of_it.map(|(line, one)| mg_a_day(part, line, one)).sum()
        };
        let of_child = most_of_child(person, fact.name).filter(|(most_of_child, ..)| *most_of_child < most);
        let least = of_child.map_or(most, |(most_of_child, ..)| most_of_child);
        let is_over = |mg: f64| mg > least * 1.001;
        let (running, beside) =
            if is_over(taken) { (Vec::new(), 0.0) } else { running_with(part, before, written) };
        let all = taken + beside;
        if part.mg_per_unit.is_none() || least_a_day(dosage).is_none() || !is_over(all) {
            continue;
        }
        let (whose, source, mut cause) = match of_child {
            // A reason for one weight is none for another.
            Some((least, kg, source)) => (
                format!("a child of {} kg", amount_text(kg)),
                source,
                amount_text(all) + " of " + &amount_text(least),
            ),
            None => (of_adult.to_owned(), fact.source, amount_text(all)),
        };
        let with = if running.is_empty() { "" } else { " with what still runs" };
        let mut why = format!(
            "{}: {} mg a day{with} is more than {} mg, the most for {whose}.",
            part.name,
            amount_text(all),
            amount_text(least)
        );
        for one in &running {
            let (mg, on) = (amount_text(one.mg), day(one.signed.on));
            why += &format!(" Of it, {mg} mg were prescribed on {on}.");
            cause += &format!(" with {mg} of {on}");
        }
        // What is written anew is likely taken in the place of the old one, and no renewal waits for a reason.
        let is_anew = |one: &Running<'_>| draft.iter().any(|line| is_of_same(line, one.known));
        let may_be_renewed = !running.is_empty() && running.iter().all(is_anew);
        let severity = if may_be_renewed { Severity::Caution } else { Severity::Hold };
        let signed = running.iter().map(|one| one.signed.line).collect();
        let found = finding(Check::DailyDose, severity, &part.name, &cause, why);
        findings.push(LineFinding { source: Some(source), signed, ..found });
    }
    let own = medicine.and_then(|medicine| medicine.most_a_day_mg).zip(this.parts.first());
    if let Some((most, taken)) = own.and_then(|(most, part)| {
        Some((most, part.mg_per_unit? * least_a_day(dosage)?)).filter(|(most, taken)| *taken > most * 1.001)
    }) {
        let why = format!(
            "{}: {} mg a day is more than {} mg, the most that the list of medicines allows.",
            this.text,
            amount_text(taken),
            amount_text(most)
        );
        findings.push(finding(Check::DailyDose, Severity::Hold, this.text, &amount_text(taken), why));
    }
}

fn comes_more_often_than_weekly(dose: &Dose) -> bool {
    match dose {
        Dose::Slots { .. } | Dose::Prn { .. } => true,
        Dose::Interval { every, unit, .. } => *unit == IntervalUnit::Hour || *every < 7,
        Dose::Taper { steps } => steps.iter().any(|step| comes_more_often_than_weekly(&step.dose)),
        // What is not said is taken every day: that is how people died of it.
        Dose::AsDirected => true,
        Dose::Stat { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Rules;
    use super::OF_CHILDREN;

    #[test]
    fn what_children_take_by_weight_is_known_to_the_rules_and_has_a_limit_for_adults() {
        let rules = Rules::load().expect("BUG: the rules");
        for (name, mg_per_kg, _) in OF_CHILDREN {
            let fact = rules.fact(name).expect("BUG: an ingredient of the rules");
            assert_eq!(fact.name, *name);
            let most = fact.most_a_day_mg.expect("BUG: a limit for adults");
            assert!(mg_per_kg * 10.0 < most * 2.0, "{name}: a child of 10 kg takes less than an adult");
        }
    }
}
