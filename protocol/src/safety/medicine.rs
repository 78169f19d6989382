//! What a row of the catalogue says about a medicine, in the form that the rules read.

use serde_json::Value;

use super::{Medicine, names, words};
use crate::table::Values;

/// Ways in which a medicine hardly reaches the rest of the body.
const LOCAL_ROUTES: &[&str] = &["topical", "ophthalmic", "otic", "nasal", "vaginal", "inhalation"];

/// What is put into the mouth and swallowed with what it does: the gel has bled people who take a blood thinner.
const SWALLOWED: &str = "Miconazole";

/// Forms that reach the body by whichever way they are said to be given: a clinic may call its painkiller a dental one.
const TAKEN: &[&str] =
    &["tablet", "capsule", "syrup", "suspension", "drops", "injection", "sachet", "suppository", "patch"];

/// Whether it stays on the teeth and in the mouth: a paste, a gel, a mouthwash, and no injection.
fn stays_in_the_mouth(route: Option<&str>, form: Option<&str>, ingredients: &[String]) -> bool {
    route == Some("dental")
        && form.is_some_and(|form| !TAKEN.contains(&form))
        && !ingredients.iter().any(|name| names(name, SWALLOWED))
}

impl Medicine {
    /// From the two columns of which the checks after a merge live, beside the name under which it is sold.
    pub fn of_ingredients(ingredients: &Value, classes: &Value) -> Self {
        let entries: Vec<&Value> = ingredients.as_array().into_iter().flatten().collect();
        let named = |entry: &&Value| entry["name"].as_str().or_else(|| entry.as_str()).map(str::to_owned);
        let classes = classes.as_array().into_iter().flatten();
        let (mg_per_unit, is_per_ml) = strengths(&entries);
        Self {
            ingredients: entries.iter().filter_map(named).collect(),
            classes: classes.filter_map(Value::as_str).map(str::to_owned).collect(),
            is_by_weight: entries.iter().any(|entry| entry["per_unit"] == "kg"),
            mg_per_unit,
            is_per_ml,
            is_systemic: true,
            ..Self::default()
        }
    }

    /// From a row of `medicines` or `tenant_medicines`.
    pub fn of(values: &Values) -> Self {
        let column = |name: &str| values.get(name).unwrap_or(&Value::Null);
        let text = |name: &str| column(name).as_str().map(str::to_owned);
        let most = column("max_daily");
        let listed = Self::of_ingredients(column("ingredients"), column("allergen_classes"));
        let route = column("route").as_str();
        let is_local = route.is_some_and(|route| LOCAL_ROUTES.contains(&route))
            || stays_in_the_mouth(route, column("dosage_form").as_str(), &listed.ingredients);
        Self {
            brand: column("brand_name").as_str().filter(|brand| !brand.is_empty()).map(str::to_owned),
            is_systemic: !is_local,
            route: text("route"),
            pregnancy_flag: text("pregnancy_flag"),
            paediatric_flag: text("paediatric_flag"),
            most_a_day_mg: milligrams(most["amount"].as_f64(), most["unit"].as_str()),
            ..listed
        }
    }

    /// Whether it is given with a needle.
    pub(super) fn is_injected(&self) -> bool {
        matches!(self.route.as_deref(), Some("im" | "iv" | "sc"))
    }

    /// Whether it reaches the airways, as a puff does and an eye drop that runs down into the nose.
    pub(super) fn reaches_airways(&self) -> bool {
        self.is_systemic || matches!(self.route.as_deref(), Some("inhalation" | "ophthalmic"))
    }

    /// Whether its milligrams are those of this unit of a dose: how many drops, or international units, are a
    /// millilitre is not known.
    pub(super) fn is_measured_in(&self, unit: &str) -> bool {
        if self.is_per_ml { unit == "ml" } else { !matches!(unit, "ml" | "unit") }
    }
}

/// Whether the words of something in no list say that it stays where it is put: `ciplox eye drops`. A gel or a spray may be
/// swallowed.
pub(super) fn is_put_on(text: &str) -> bool {
    const PLACES: &[&str] = &["eye", "ear", "cream", "oint", "ointment", "lotion"];
    words(text).iter().any(|word| PLACES.contains(&word.as_str()))
}

fn milligrams(amount: Option<f64>, unit: Option<&str>) -> Option<f64> {
    let factor = match unit? {
        "g" => 1_000.0,
        "mg" => 1.0,
        "mcg" | "µg" => 0.001,
        _ => return None,
    };
    Some(amount? * factor)
}

/// How many milligrams of each ingredient a tablet or a millilitre holds, and whether it is a millilitre. Of
/// `250 mg + 125 mg/5 ml` the volume belongs to both.
fn strengths(entries: &[&Value]) -> (Vec<Option<f64>>, bool) {
    let read: Vec<Option<(f64, Option<f64>)>> = entries.iter().map(|entry| strength(entry)).collect();
    let volume = read.last().copied().flatten().and_then(|(_, volume)| volume);
    let is_per_ml = read.iter().flatten().any(|(_, volume)| volume.is_some());
    (read.into_iter().map(|one| one.map(|(mg, own)| mg / own.or(volume).unwrap_or(1.0))).collect(), is_per_ml)
}

/// Milligrams, and in how many millilitres.
fn strength(entry: &Value) -> Option<(f64, Option<f64>)> {
    if let Some(amount) = entry["amount"].as_f64() {
        let volume = entry["per_amount"].as_f64().filter(|_| entry["per_unit"] == "ml");
        return Some((milligrams(Some(amount), entry["unit"].as_str())?, volume));
    }
    let text = entry["strength"].as_str()?;
    let (mass, volume) = text.split_once('/').map_or((text, None), |(mass, volume)| (mass, Some(volume)));
    let mut parts = mass.split_whitespace();
    let mg = milligrams(parts.next()?.parse().ok(), parts.next())?;
    let volume = match volume.map(str::trim) {
        None => None,
        Some("ml") => Some(1.0),
        // `/dose`, `/g`: not a volume.
        Some(volume) => Some(volume.strip_suffix("ml")?.trim().parse::<f64>().ok().filter(|ml| *ml > 0.0)?),
    };
    Some((mg, volume))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stays_in_the_mouth_does_not_reach_the_body_but_an_injection_and_a_gel_that_is_swallowed_do() {
        let is_systemic = |name: &str, form: &str| {
            let values = [
                ("ingredients", json!([{ "name": name }])),
                ("route", json!("dental")),
                ("dosage_form", json!(form)),
            ];
            let values: Values = values.map(|(name, value)| (name.to_owned(), value)).into();
            Medicine::of(&values).is_systemic
        };
        for (name, form) in
            [("Benzydamine", "mouthwash"), ("Metronidazole", "gel"), ("Triamcinolone", "other")]
        {
            assert!(!is_systemic(name, form), "{name}");
        }
        assert!(is_systemic("Lidocaine", "injection") && is_systemic("Miconazole", "gel"));
        assert!(is_systemic("Ketorolac", "tablet") && is_systemic("Amoxicillin", "syrup"));
    }

    #[test]
    fn a_strength_is_read_as_milligrams_of_a_tablet_or_a_millilitre() {
        let of = |ingredients: Value| Medicine::of_ingredients(&ingredients, &json!([])).mg_per_unit;
        assert_eq!(of(json!([{"name": "A", "strength": "650 mg"}])), [Some(650.0)]);
        assert_eq!(of(json!([{"name": "A", "strength": "1 g"}])), [Some(1_000.0)]);
        assert_eq!(of(json!([{"name": "A", "strength": "125 mg/5 ml"}])), [Some(25.0)]);
        assert_eq!(
            of(json!([{"name": "A", "strength": "250 mg"}, {"name": "B", "strength": "125 mg/5 ml"}])),
            [Some(50.0), Some(25.0)]
        );
        assert_eq!(of(json!([{"name": "A", "strength": "200 mg SR"}])), [Some(200.0)]);
        assert_eq!(
            of(json!([{"name": "A", "amount": 100, "unit": "mcg", "per_amount": 1, "per_unit": "ml"}])),
            [Some(0.1)]
        );
        let is_per_ml = |ingredients: Value| Medicine::of_ingredients(&ingredients, &json!([])).is_per_ml;
        assert!(is_per_ml(
            json!([{"name": "A", "strength": "250 mg"}, {"name": "B", "strength": "125 mg/5 ml"}])
        ));
        assert!(!is_per_ml(json!([{"name": "A", "strength": "1 g"}])));
        for unknown in ["60000 IU", "1.5 %", "100 mcg/dose", ""] {
            assert_eq!(of(json!([{"name": "A", "strength": unknown}])), [None], "{unknown}");
        }
    }
}
