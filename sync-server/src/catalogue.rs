//! The catalogue of medicines that all tenants share, read from `data/medicines.tsv`.

use std::collections::HashMap;
use std::sync::LazyLock;

use protocol::dosage::Dosage;
use protocol::table::Values;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

/// A medicine of the shared catalogue: one strength in one form.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedMedicine {
    /// The same for ever: made of name, strength and form.
    pub id: Uuid,
    /// `Amoxicillin + Clavulanic acid`.
    pub generic_name: &'static str,
    /// `500 mg + 125 mg`.
    pub strength_text: &'static str,
    /// One of [`protocol::table::DOSAGE_FORMS`].
    pub dosage_form: &'static str,
    /// One of [`protocol::table::ROUTES`].
    pub route: &'static str,
    /// `penicillin`, `nsaid` …
    pub allergen_classes: Vec<&'static str>,
    /// Of the Drugs Rules.
    pub schedule: &'static str,
    /// Where it is sure.
    pub atc_code: Option<&'static str>,
    /// A whole line of the dosage grammar, duration and all.
    pub default_dose: Option<String>,
    /// The duration in that line, in days.
    pub default_duration_days: Option<i16>,
}

const FILE: &str = include_str!("../data/medicines.tsv");

static MEDICINES: LazyLock<Vec<SharedMedicine>> = LazyLock::new(|| {
    FILE.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| parse_line(line).unwrap_or_else(|why| panic!("BUG: medicines.tsv: {why}: {line}")))
        .collect()
});

/// Every medicine of the shared catalogue, in the order of the file.
pub fn medicines() -> &'static [SharedMedicine] {
    &MEDICINES
}

/// The medicine of this name, strength and form.
pub fn find(generic_name: &str, strength_text: &str, dosage_form: &str) -> Option<&'static SharedMedicine> {
    static PLACES: LazyLock<HashMap<Uuid, usize>> = LazyLock::new(|| {
        let ids = medicines().iter().map(|medicine| medicine.id);
        ids.zip(0..).collect()
    });
    let place = PLACES.get(&stable_id(generic_name, strength_text, dosage_form))?;
    medicines().get(*place)
}

impl SharedMedicine {
    /// The row's values, by column.
    pub fn values(&self) -> Values {
        let names: Vec<&str> = self.generic_name.split(" + ").collect();
        let strengths: Vec<&str> = self.strength_text.split(" + ").collect();
        let ingredients: Vec<Value> = if names.len() == strengths.len() {
            names
                .iter()
                .zip(&strengths)
                .map(|(name, strength)| json!({"name": name, "strength": strength}))
                .collect()
        } else {
            names.iter().map(|name| json!({"name": name})).collect()
        };
        [
            ("generic_name", json!(self.generic_name)),
            ("brand_name", Value::Null),
            ("strength_text", json!(self.strength_text)),
            ("dosage_form", json!(self.dosage_form)),
            ("route", json!(self.route)),
            ("atc_code", json!(self.atc_code)),
            ("ingredients", json!(ingredients)),
            ("allergen_classes", json!(self.allergen_classes)),
            ("schedule", json!(self.schedule)),
            ("is_combination", json!(names.len() > 1)),
            ("default_dose", json!(self.default_dose)),
            ("default_duration_days", json!(self.default_duration_days)),
            ("search_text", json!(format!("{} {}", self.generic_name, self.strength_text).to_lowercase())),
            ("is_active", json!(true)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

/// Brings the table up to date with the file. The catalogue's version goes up by one if a row changed, and so do
/// the versions of the changed rows; with nothing to change, nothing happens.
///
/// # Errors
///
/// Those of the database.
pub async fn store(connection: &mut PgConnection) -> sqlx::Result<()> {
    let rows: Vec<Value> = medicines()
        .iter()
        .map(|medicine| {
            let mut row: serde_json::Map<String, Value> = medicine.values().into_iter().collect();
            row.insert("id".to_owned(), json!(medicine.id));
            Value::Object(row)
        })
        .collect();
    let ids: Vec<Uuid> = medicines().iter().map(|medicine| medicine.id).collect();
    let mut tx = connection.begin().await?;
    let version = sqlx::query_scalar!("select version from catalogue for update").fetch_one(&mut *tx).await?;
    let changed = sqlx::query!(
        "insert into medicines as m
            (id, generic_name, brand_name, strength_text, dosage_form, route, atc_code, ingredients,
             allergen_classes, schedule, is_combination, default_dose, default_duration_days, search_text,
             is_active, catalogue_version)
         select id, generic_name, brand_name, strength_text, dosage_form, route, atc_code, ingredients,
                allergen_classes, schedule, is_combination, default_dose, default_duration_days, search_text,
                is_active, $2
         from jsonb_to_recordset($1) as file
            (id uuid, generic_name text, brand_name text, strength_text text, dosage_form text, route text,
             atc_code text, ingredients jsonb, allergen_classes jsonb, schedule text, is_combination boolean,
             default_dose text, default_duration_days int, search_text text, is_active boolean)
         on conflict (id) do update set
             generic_name = excluded.generic_name, brand_name = excluded.brand_name,
             strength_text = excluded.strength_text, dosage_form = excluded.dosage_form,
             route = excluded.route, atc_code = excluded.atc_code, ingredients = excluded.ingredients,
             allergen_classes = excluded.allergen_classes, schedule = excluded.schedule,
             is_combination = excluded.is_combination, default_dose = excluded.default_dose,
             default_duration_days = excluded.default_duration_days, search_text = excluded.search_text,
             is_active = excluded.is_active, catalogue_version = excluded.catalogue_version
         where (m.generic_name, m.brand_name, m.strength_text, m.dosage_form, m.route, m.atc_code,
                m.ingredients, m.allergen_classes, m.schedule, m.is_combination, m.default_dose,
                m.default_duration_days, m.search_text, m.is_active)
             is distinct from
               (excluded.generic_name, excluded.brand_name, excluded.strength_text,
                excluded.dosage_form, excluded.route, excluded.atc_code, excluded.ingredients,
                excluded.allergen_classes, excluded.schedule, excluded.is_combination,
                excluded.default_dose, excluded.default_duration_days, excluded.search_text,
                excluded.is_active)",
        Value::Array(rows),
        version + 1,
    )
    .execute(&mut *tx)
    .await?;
    // A line that left the file is not offered any more; prescriptions still point at its row. Only ids of
    // version 8 came from the file.
    let gone = sqlx::query!(
        "update medicines set is_active = false, catalogue_version = $2
         where is_active and id <> all($1) and substr(id::text, 15, 1) = '8'",
        &ids,
        version + 1,
    )
    .execute(&mut *tx)
    .await?;
    if changed.rows_affected() + gone.rows_affected() > 0 {
        sqlx::query!("update catalogue set version = $1", version + 1).execute(&mut *tx).await?;
    }
    tx.commit().await
}

fn parse_line(line: &'static str) -> Result<SharedMedicine, &'static str> {
    let [generic_name, strength_text, dosage_form, route, classes, schedule, atc, dose, days] =
        line.split('\t').collect::<Vec<_>>().try_into().map_err(|_| "not nine columns")?;
    let some = |text: &'static str| Some(text).filter(|text| !text.is_empty());
    let default_duration_days =
        some(days).map(|days| days.parse::<i16>().map_err(|_| "the days are not a number")).transpose()?;
    let default_dose = some(dose)
        .map(|dose| {
            let line = match default_duration_days {
                Some(days) => format!("{dose} x{days}d"),
                None => dose.to_owned(),
            };
            Dosage::parse(&line).map(|dosage| dosage.typed()).map_err(|_| "the dose is not understood")
        })
        .transpose()?;
    Ok(SharedMedicine {
        id: stable_id(generic_name, strength_text, dosage_form),
        generic_name,
        strength_text,
        dosage_form,
        route,
        allergen_classes: some(classes).map_or_else(Vec::new, |classes| classes.split(',').collect()),
        schedule,
        atc_code: some(atc),
        default_dose,
        default_duration_days,
    })
}

/// A UUID (version 8) made of the key, so that every server gives a medicine the same id.
fn stable_id(generic_name: &str, strength_text: &str, dosage_form: &str) -> Uuid {
    let key = format!("cd-medicine-1\n{generic_name}\n{strength_text}\n{dosage_form}");
    let digest = Sha256::digest(key.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use protocol::medicine::Units;
    use protocol::safety::{Chart, Line, Medicine, Person, Proposed, Rules, SHORT_NAMES, check_lines};
    use protocol::table::TableName;
    use protocol::validate;

    use super::*;

    #[test]
    fn every_line_of_the_file_fits_the_columns_of_the_table() {
        let table = TableName::Medicines.table();
        for medicine in medicines() {
            let values = medicine.values();
            let needed = table.columns.iter().filter(|column| !column.nullable);
            assert!(needed.into_iter().all(|column| values.contains_key(column.name)));
            for (name, value) in &values {
                let column = table.column(name).expect("BUG: a column");
                assert!(
                    validate::check_value(column, value).is_ok(),
                    "{name} = {value} of {}",
                    medicine.generic_name
                );
            }
            if let Some(dose) = &medicine.default_dose {
                let units = Units::of(medicine.dosage_form, medicine.strength_text);
                assert_eq!(Dosage::read(dose, units).err(), None, "{dose} of {}", medicine.generic_name);
            }
        }
    }

    #[test]
    fn the_catalogue_has_hundreds_of_generics_and_no_line_twice() {
        let generics: BTreeSet<_> = medicines().iter().map(|medicine| medicine.generic_name).collect();
        let ids: BTreeSet<_> = medicines().iter().map(|medicine| medicine.id).collect();
        assert!(generics.len() >= 300, "{}", generics.len());
        assert!(medicines().len() >= 500, "{}", medicines().len());
        assert_eq!(ids.len(), medicines().len());
    }

    #[test]
    fn nearly_every_medicine_is_known_whole_to_the_checks() {
        let rules = Rules::load().expect("BUG: the rules");
        let grown_up = Person { ages_months: vec![480], ..Person::default() };
        let report = |medicine: &SharedMedicine| {
            let known = [(medicine.id, Medicine::of(&medicine.values()))].into();
            let chart = Chart { medicines: known, ..Chart::default() };
            let text = medicine.generic_name.to_owned();
            let line = Line { medicine: Some(medicine.id), text, ..Line::default() };
            let proposed = [Proposed { line, ..Proposed::default() }];
            check_lines(rules, &chart, &grown_up, &proposed, time::Date::MIN).remove(0)
        };
        let unknown: Vec<&str> = medicines()
            .iter()
            .filter(|medicine| !report(medicine).is_checked || !report(medicine).gaps.is_empty())
            .map(|medicine| medicine.generic_name)
            .collect();
        assert!(unknown.len() <= 30, "{} of {}: {unknown:?}", unknown.len(), medicines().len());
    }

    #[test]
    fn every_short_name_is_one_of_a_medicine_here() {
        for (short, names) in SHORT_NAMES {
            let is_said = |medicine: &SharedMedicine| {
                names.iter().all(|name| medicine.generic_name.split(" + ").any(|own| own.starts_with(*name)))
            };
            assert!(medicines().iter().any(is_said), "{short}");
        }
    }

    #[test]
    fn a_medicine_keeps_its_id_for_ever() {
        let paracetamol = find("Paracetamol", "500 mg", "tablet").expect("in the catalogue");
        assert_eq!(paracetamol.id.to_string(), "dea67e7a-4ee9-8ba6-809d-f809dcfa7fde");
        assert_eq!(paracetamol.id.get_version_num(), 8);
    }

    #[test]
    fn a_default_dose_is_a_whole_line() {
        let amoxicillin = find("Amoxicillin", "500 mg", "capsule").expect("in the catalogue");
        assert_eq!(amoxicillin.default_dose.as_deref(), Some("1-1-1 x5d pc"));
        assert_eq!(amoxicillin.default_duration_days, Some(5));
        let children = find("Paracetamol", "250 mg/5 ml", "suspension").expect("in the catalogue");
        assert_eq!(children.default_dose, None);
    }
}
