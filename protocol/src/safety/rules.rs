//! What the checks of the pad know: read from `data/`, and tested by itself before it is believed.

use std::sync::LazyLock;

use super::prescribing::Severity;
use super::{names, self_test, words};

/// All that is known of ingredients and of pairs of them.
#[derive(Debug)]
pub struct Rules {
    facts: Vec<Fact>,
    interactions: Vec<Interaction>,
}

/// What is known of an ingredient.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub name: &'static str,
    pub classes: Vec<&'static str>,
    /// By an adult, by mouth, in milligrams.
    pub most_a_day_mg: Option<f64>,
    pub pregnancy: Option<PregnancyLimit>,
    pub age: Option<AgeLimit>,
    pub source: &'static str,
}

/// From which week on an ingredient does harm in pregnancy.
#[derive(Clone, Copy, Debug)]
pub(super) struct PregnancyLimit {
    pub severity: Severity,
    pub from_week: u32,
    pub why: &'static str,
}

/// Below which age an ingredient does harm.
#[derive(Clone, Copy, Debug)]
pub(super) struct AgeLimit {
    pub severity: Severity,
    pub below_months: u32,
    /// Also of what stays where it is put: drops for the nose.
    pub is_local: bool,
    pub why: &'static str,
}

/// A pair that is dangerous together.
#[derive(Clone, Debug)]
pub(super) struct Interaction {
    pub one: Side,
    pub other: Side,
    pub severity: Severity,
    pub why: &'static str,
    pub source: &'static str,
}

/// One of a pair.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Class(&'static str),
    Ingredient(&'static str),
}

/// In the place of classes: somebody looked, and there is nothing to be checked but an allergy to the ingredient itself.
const NOTHING: &str = "nothing";

static RULES: LazyLock<Result<Rules, String>> = LazyLock::new(|| {
    let rules = Rules::parse(include_str!("data/ingredients.tsv"), include_str!("data/interactions.tsv"))?;
    self_test::run(&rules)?;
    Ok(rules)
});

impl Rules {
    /// The rules of this program.
    ///
    /// # Errors
    ///
    /// Why they cannot be relied on: their data cannot be read, or one of the cases that they must find is not found.
    /// Then nothing is checked, which must be said wherever their findings would stand.
    pub fn load() -> Result<&'static Self, &'static str> {
        RULES.as_ref().map_err(String::as_str)
    }

    pub(super) fn parse(ingredients: &'static str, interactions: &'static str) -> Result<Self, String> {
        let facts = lines(ingredients).map(fact).collect::<Result<Vec<_>, _>>()?;
        let interactions = lines(interactions).map(interaction).collect::<Result<Vec<_>, _>>()?;
        let rules = Self { facts, interactions };
        let unknown = rules.interactions.iter().flat_map(|pair| [pair.one, pair.other]).find(|side| {
            matches!(side, Side::Class(class) if !rules.facts.iter().any(|fact| fact.classes.contains(class)))
        });
        match unknown {
            Some(side) => Err(format!("interactions.tsv names {side:?}, which no ingredient is of")),
            None => Ok(rules),
        }
    }

    /// What is known of an ingredient: `Diclofenac sodium` is diclofenac.
    pub(super) fn fact(&self, ingredient: &str) -> Option<&Fact> {
        let fitting = self.facts.iter().filter(|fact| names(ingredient, fact.name));
        fitting.max_by_key(|fact| fact.name.len())
    }

    /// The ingredients that words name, for a medicine that is in no list.
    pub(super) fn named_in(&self, text: &str) -> Vec<String> {
        let named = self.facts.iter().filter(|fact| names(text, fact.name));
        named.map(|fact| fact.name.to_owned()).collect()
    }

    pub(super) fn ingredients(&self) -> impl Iterator<Item = &'static str> {
        self.facts.iter().map(|fact| fact.name)
    }

    pub(super) fn classes(&self) -> impl Iterator<Item = &'static str> {
        self.facts.iter().flat_map(|fact| fact.classes.iter().copied())
    }

    pub(super) fn ingredients_of(&self, class: &str) -> impl Iterator<Item = &'static str> {
        self.facts.iter().filter(move |fact| fact.classes.contains(&class)).map(|fact| fact.name)
    }

    #[cfg(test)]
    pub(super) fn has_class(&self, class: &str) -> bool {
        self.facts.iter().any(|fact| fact.classes.contains(&class))
    }

    /// Whether a pair names this ingredient.
    pub(super) fn has_pair_with(&self, ingredient: &str) -> bool {
        let is_named = |side: Side| matches!(side, Side::Ingredient(_)) && side.is(ingredient, &[]);
        self.interactions.iter().any(|pair| is_named(pair.one) || is_named(pair.other))
    }

    pub(super) fn interactions(&self) -> &[Interaction] {
        &self.interactions
    }
}

impl Interaction {
    /// Whether its two meet in the airways, for which a puff or an eye drop is enough.
    pub(super) fn is_of_airways(&self) -> bool {
        matches!((self.one, self.other), (Side::Class("beta_blocker"), Side::Class("beta_agonist")))
    }
}

impl Side {
    /// Whether an ingredient of this name and these classes is meant.
    pub(super) fn is(self, ingredient: &str, classes: &[String]) -> bool {
        match self {
            Self::Class(class) => classes.iter().any(|one| one == class),
            Self::Ingredient(name) => {
                let (typed, wanted) = (words(ingredient), words(name));
                typed.len() >= wanted.len() && typed.iter().zip(&wanted).all(|(one, other)| one == other)
            }
        }
    }
}

fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn fact(line: &'static str) -> Result<Fact, String> {
    let wrong = |what: &str| format!("ingredients.tsv: {what}: {line}");
    let columns: Vec<&str> = line.split('\t').collect();
    let [name, classes, most, pregnancy, age, why, source] = columns[..] else {
        return Err(wrong("seven columns"));
    };
    if name.is_empty() {
        return Err(wrong("a name"));
    }
    let most_a_day_mg = match most {
        "" => None,
        most => Some(most.parse().map_err(|_| wrong("a number of milligrams"))?),
    };
    let mut whys = why.split(';').map(str::trim).filter(|why| !why.is_empty());
    let mut next_why = || whys.next().ok_or_else(|| wrong("a reason"));
    let pregnancy = match pregnancy {
        "" => None,
        text => {
            let (word, week) = text.split_once('@').unwrap_or((text, "0"));
            let severity = match word {
                "avoid" => Severity::Hold,
                "caution" => Severity::Caution,
                _ => return Err(wrong("avoid or caution")),
            };
            let from_week = week.parse().map_err(|_| wrong("a week"))?;
            Some(PregnancyLimit { severity, from_week, why: next_why()? })
        }
    };
    let age = match age {
        "" => None,
        text => {
            let (word, months) = text.split_once(' ').ok_or_else(|| wrong("an age"))?;
            let (months, is_local) =
                months.strip_suffix(" local").map_or((months, false), |months| (months, true));
            let severity = severity(word).ok_or_else(|| wrong("hold or caution"))?;
            let below_months = months.parse().map_err(|_| wrong("months"))?;
            Some(AgeLimit { severity, below_months, is_local, why: next_why()? })
        }
    };
    let has_limit = most_a_day_mg.is_some() || pregnancy.is_some() || age.is_some();
    let is_nothing = classes == NOTHING;
    if (has_limit || is_nothing) && source.is_empty() {
        return Err(wrong("a source"));
    }
    if has_limit && is_nothing {
        return Err(wrong("nothing to be checked, and something"));
    }
    let classes = classes.split(',').filter(|class| !class.is_empty() && !is_nothing).collect();
    Ok(Fact { name, classes, most_a_day_mg, pregnancy, age, source })
}

fn interaction(line: &'static str) -> Result<Interaction, String> {
    let wrong = |what: &str| format!("interactions.tsv: {what}: {line}");
    let columns: Vec<&str> = line.split('\t').collect();
    let [one, other, word, why, source] = columns[..] else { return Err(wrong("five columns")) };
    if [one, other, why, source].iter().any(|column| column.is_empty()) {
        return Err(wrong("an empty column"));
    }
    let side = |text: &'static str| match text.strip_prefix("class:") {
        Some(class) => Side::Class(class),
        None => Side::Ingredient(text),
    };
    let severity = severity(word).ok_or_else(|| wrong("hold or caution"))?;
    Ok(Interaction { one: side(one), other: side(other), severity, why, source })
}

fn severity(word: &str) -> Option<Severity> {
    match word {
        "hold" => Some(Severity::Hold),
        "caution" => Some(Severity::Caution),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::allergens::AllergenKind;
    use super::super::classes::ONE_IS_ENOUGH;
    use super::*;

    #[test]
    fn the_rules_of_this_program_pass_their_own_test() {
        let rules = Rules::load().expect("BUG: the rules");
        assert!(rules.facts.len() > 150 && rules.interactions.len() > 60);
    }

    #[test]
    fn rules_that_lost_something_say_so_instead_of_finding_nothing() {
        let interactions = include_str!("data/interactions.tsv");
        let ingredients = include_str!("data/ingredients.tsv");
        for (ingredients, interactions, said) in [
            ("", interactions, "no ingredient is of"),
            (ingredients, "", "anticoagulant"),
            ("Paracetamol\tparacetamol\tmuch\t\t\t\tBNF", "", "milligrams"),
            ("Paracetamol\tparacetamol\t4000\t\t\t\t", "", "a source"),
            ("Urea\tnothing\t\t\t\t\t", "", "a source"),
            ("Urea\tnothing\t4000\t\t\t\tBNF", "", "and something"),
        ] {
            let rules = Rules::parse(ingredients, interactions);
            let error = rules.and_then(|rules| self_test::run(&rules)).expect_err("BUG: must be said");
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn every_ingredient_that_the_rules_know_has_something_that_is_looked_for_or_says_that_it_has_nothing() {
        let rules = Rules::load().expect("BUG: the rules");
        let is_in_a_pair = |class: &str| {
            let mut sides = rules.interactions.iter().flat_map(|pair| [pair.one, pair.other]);
            sides.any(|side| matches!(side, Side::Class(one) if one == class))
        };
        let is_looked_for = |class: &str| {
            ONE_IS_ENOUGH.contains(&class)
                || rules.allergen(AllergenKind::Class, class).is_some()
                || is_in_a_pair(class)
        };
        let has_limit =
            |fact: &Fact| fact.most_a_day_mg.is_some() || fact.pregnancy.is_some() || fact.age.is_some();
        let is_idle = |fact: &Fact| {
            !has_limit(fact)
                && !rules.has_pair_with(fact.name)
                && !fact.classes.iter().any(|class| is_looked_for(class))
        };
        let is_said = |name: &str| {
            let begins = format!("{name}\t{NOTHING}\t");
            include_str!("data/ingredients.tsv").lines().any(|line| line.starts_with(&begins))
        };
        let wrong = rules.facts.iter().filter(|fact| is_idle(fact) != is_said(fact.name));
        assert_eq!(wrong.map(|fact| fact.name).collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn the_longest_name_that_fits_is_the_ingredient() {
        let rules = Rules::load().expect("BUG: the rules");
        let name = |ingredient: &str| rules.fact(ingredient).map(|fact| fact.name);
        assert_eq!(name("Diclofenac sodium"), Some("Diclofenac"));
        assert_eq!(name("Esomeprazole"), Some("Esomeprazole"));
        assert_eq!(name("Levofloxacin"), Some("Levofloxacin"));
        assert_eq!(name("Benzathine benzylpenicillin"), Some("Benzathine benzylpenicillin"));
        assert_eq!(name("Citicoline"), None);
    }
}
