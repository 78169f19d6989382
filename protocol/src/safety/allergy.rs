//! What the noted allergies say against a line, and which of them say nothing, because the rules do not know them.

use super::super::allergens::is_no_antibiotic;
use super::super::care::Allergen;
use super::super::classes::{CROSS, class_words};
use super::super::unknown::unknown_allergies;
use super::super::{Chart, names};
use super::{Check, Known, LineFinding, Part, Rules, Severity, finding};

/// What no line is looked at for, in words for the doctor.
pub(super) fn allergy_gaps(rules: &Rules, chart: &Chart, noted: &[Allergen<'_>]) -> Vec<String> {
    if noted.is_empty() && chart.registrations.iter().any(|one| one.has_allergies) {
        return vec!["An allergy is recorded, but not to what.".to_owned()];
    }
    let said = |noted: String| format!("An allergy is recorded that the checks do not know: {noted}.");
    unknown_allergies(chart, noted, rules).into_iter().map(said).collect()
}

/// Of what is known of sulfonamides that are no antibiotics: the study that found no cross-reaction, and the texts that warn.
const SULFONAMIDES: &str = "NEJM 2003;349:1628, SmPC";

pub(super) fn allergy_findings(allergens: &[Allergen<'_>], this: &Known<'_>) -> Vec<LineFinding> {
    let mut findings = Vec::new();
    for allergen in allergens {
        let noted = allergen.text;
        // Hyoscine is meant by hyoscine butylbromide too.
        let is_named = |part: &&Part<'_>| {
            allergen.means(&part.name) || part.fact.is_some_and(|fact| allergen.means(fact.name))
        };
        let by_name = this.parts.iter().find(is_named);
        let classes = this.parts.iter().flat_map(|part| part.classes.iter().map(move |class| (part, class)));
        let (near, direct): (Vec<_>, Vec<_>) = classes
            .filter(|(_, class)| allergen.means_class(class))
            .partition(|(part, class)| is_no_antibiotic(class, &part.name));
        let held = |about: &str, why: String| finding(Check::Allergy, Severity::Hold, about, noted, why);
        if let Some(part) = by_name {
            findings.push(held(&part.name, format!("{}: an allergy to it is noted: {noted}.", part.name)));
        } else if let Some((part, class)) = direct.first() {
            let why = format!("{} is {}. Noted allergy: {noted}.", part.name, class_words(class));
            findings.push(held(&part.name, why));
        } else if names(this.text, noted) || names(noted, this.text) {
            findings.push(held(this.text, format!("{}: an allergy to it is noted: {noted}.", this.text)));
        } else if let Some(brand) = this.brand.as_deref().filter(|brand| allergen.means_brand(brand)) {
            findings.push(held(brand, format!("{brand}: an allergy to it is noted: {noted}.")));
        } else if let Some((part, _)) = near.first() {
            let why = format!(
                "{} is a sulfonamide, but no antibiotic. Noted allergy: {noted}. Hardly anyone reacts to both.",
                part.name
            );
            let found = finding(Check::CrossAllergy, Severity::Caution, &part.name, noted, why);
            findings.push(LineFinding { source: Some(SULFONAMIDES), ..found });
        } else if let Some((class, part)) = CROSS
            .iter()
            .find_map(|(of, to)| Some((of, this.first_with(to)?)).filter(|_| allergen.means_class(of)))
        {
            let why = format!(
                "{} is near to what is noted: {noted}. Some who are allergic to {class}s react to it too.",
                part.name
            );
            findings.push(finding(Check::CrossAllergy, Severity::Caution, &part.name, noted, why));
        }
    }
    findings
}
