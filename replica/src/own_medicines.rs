//! The clinic's own medicines: a brand of one of the list, which the checks then know, or one that is in no list.

use protocol::dosage::Dosage;
use protocol::id::MedicineId;
use protocol::medicine::usual_route;
use protocol::mutation::Change;
use protocol::table::{DOSAGE_FORMS, TableName, Values};
use rusqlite::Transaction;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::kept_dose::kept_dose;
use crate::medicines::name_in_full;
use crate::pad::{medicine_row, units_of};
use crate::patients::squeezed;
use crate::replica::{Replica, by_name, change_to, must_get, some_text, text};
use crate::store::query_ids;
use crate::view::{DraftItem, OwnMedicine, OwnMedicineForm};

/// What a brand has in common with the medicine that it is.
const COMMON: &[&str] = &[
    "generic_name",
    "strength_text",
    "dosage_form",
    "route",
    "atc_code",
    "ingredients",
    "allergen_classes",
    "schedule",
    "is_combination",
    "max_daily",
    "pregnancy_flag",
    "paediatric_flag",
];

/// What tells one medicine from another.
const TELLING: [&str; 4] = ["generic_name", "brand_name", "strength_text", "dosage_form"];
/// What tells what it is, under whatever name it is sold.
const WHAT_IT_IS: [&str; 3] = ["generic_name", "strength_text", "dosage_form"];

impl Replica {
    /// The clinic's own medicines that are in use, by name.
    pub fn own_medicines(&self) -> Result<Vec<OwnMedicine>> {
        self.must_read_clinical()?;
        self.store.read(|tx| Ok(in_use(tx)?.iter().map(|(id, values)| shown(*id, values)).collect()))
    }

    /// Adds one.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who does not prescribe; [`Error::Invalid`] for one without a name, with a dose that
    /// cannot be read, or that is in the list already.
    pub fn add_own_medicine(&self, form: &OwnMedicineForm) -> Result<MedicineId> {
        self.medicine_writer()?;
        let new = MedicineId(self.ids.next());
        self.record("add_medicine", None, |tx| {
            let mut values = checked(tx, form)?;
            if is_known(tx, &values, None)? {
                return Err(in_list_already());
            }
            values.retain(|_, value| !value.is_null());
            Ok((vec![Change::insert(TableName::TenantMedicines, new.0, values)], new))
        })
    }

    /// Corrects one that stood in the form `seen` when it was opened. What was prescribed with it keeps its words; drafts,
    /// short keys and what is repeated have the new ones from now on. While it stays what it is, the checks know it as
    /// before.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who does not prescribe; [`Error::Invalid`] as for a new one, if it was changed since it
    /// was opened, and if the checks would then take what was prescribed with it for something else, or for nothing.
    pub fn correct_own_medicine(
        &self,
        id: MedicineId,
        seen: &OwnMedicineForm,
        form: &OwnMedicineForm,
    ) -> Result<()> {
        self.medicine_writer()?;
        self.record("change_medicine", None, |tx| {
            let current = must_get(tx, TableName::TenantMedicines, id.0)?;
            if form_of(&current) != *seen {
                return Err(Error::Invalid(
                    "This medicine was changed meanwhile: open it anew. Nothing was saved yet.".into(),
                ));
            }
            let mut values = checked(tx, form)?;
            let keeps = |names: &[&str]| {
                names.iter().all(|name| text(&values, name) == squeezed(text(&current, name)))
            };
            let (is_same, is_still_that) = (keeps(&TELLING), keeps(&WHAT_IT_IS));
            if !is_same && is_known(tx, &values, Some(id))? {
                return Err(in_list_already());
            }
            let stays = form.same_as.is_none() && is_still_that;
            // What still runs is checked by what its medicine is made of: that stays what was prescribed, however many
            // corrections lie between.
            let is_another = match (has_ingredients(&current), has_ingredients(&values)) {
                _ if stays => false,
                (_, true) => was_prescribed_otherwise(tx, id, &values)?,
                (true, false) => was_prescribed(tx, id)?,
                (false, false) => false,
            };
            if is_another {
                return Err(Error::Invalid(
                    "This medicine was prescribed already as what it is: take it out of use and add the other one. \
                     Nothing was saved yet."
                        .into(),
                ));
            }
            values.remove("is_active");
            if stays {
                values.retain(|name, _| !COMMON.contains(&name.as_str()));
            } else {
                for (name, value) in unknown() {
                    values.entry(name.to_owned()).or_insert(value);
                }
            }
            let change = change_to(TableName::TenantMedicines, id.0, &current, values);
            Ok((change.into_iter().collect(), ()))
        })
    }

    /// Takes one out of use, or back into it. What was prescribed, and short keys that name it, stay as they are.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who does not prescribe.
    pub fn keep_own_medicine(&self, id: MedicineId, is_in_use: bool) -> Result<()> {
        self.medicine_writer()?;
        self.record("change_medicine", None, |tx| {
            let current = must_get(tx, TableName::TenantMedicines, id.0)?;
            let wanted = by_name([("is_active", json!(is_in_use))]);
            let change = change_to(TableName::TenantMedicines, id.0, &current, wanted);
            Ok((change.into_iter().collect(), ()))
        })
    }

    fn medicine_writer(&self) -> Result<()> {
        if self.prescriber().is_some() {
            return Ok(());
        }
        Err(Error::Forbidden("Medicines are added by doctors and dentists."))
    }
}

fn in_list_already() -> Error {
    Error::Invalid("This medicine is in the list already. Nothing was saved yet.".into())
}

/// What the checks know of a medicine that is in no list.
fn unknown() -> [(&'static str, Value); 8] {
    [
        ("atc_code", Value::Null),
        ("ingredients", json!([])),
        ("allergen_classes", json!([])),
        ("schedule", json!("none")),
        ("is_combination", json!(false)),
        ("max_daily", Value::Null),
        ("pregnancy_flag", Value::Null),
        ("paediatric_flag", Value::Null),
    ]
}

fn in_use(tx: &Transaction<'_>) -> Result<Vec<(MedicineId, Values)>> {
    let sql = "select id from tenant_medicines where is_deleted = 0 and is_active \
               order by lower(coalesce(brand_name, generic_name)), generic_name, strength_text, id";
    let ids: Vec<MedicineId> = query_ids(tx, sql, [])?;
    ids.into_iter().map(|id| Ok((id, must_get(tx, TableName::TenantMedicines, id.0)?))).collect()
}

fn shown(id: MedicineId, values: &Values) -> OwnMedicine {
    let column = |name: &str| text(values, name);
    OwnMedicine {
        id,
        name: name_in_full(column("generic_name"), column("strength_text"), column("brand_name")),
        dosage_form: column("dosage_form").to_owned(),
        default_dose: some_text(values, "default_dose"),
        is_checked: has_ingredients(values),
        form: form_of(values),
    }
}

fn has_ingredients(values: &Values) -> bool {
    let ingredients = values.get("ingredients").and_then(Value::as_array);
    ingredients.is_some_and(|ingredients| !ingredients.is_empty())
}

/// Lines that were signed, or whose prescription is not here to say so: what only waits in a draft has the new words.
const IS_SIGNED: &str = "i.is_deleted = 0 and not exists (select 1 from prescriptions p \
                         where p.id = i.prescription_id and p.status in ('draft', 'discarded'))";

fn was_prescribed(tx: &Transaction<'_>, id: MedicineId) -> Result<bool> {
    let sql = format!("select 1 from prescription_items i where i.medicine_id = ?1 and {IS_SIGNED}");
    Ok(tx.prepare_cached(&sql)?.exists([id.0.to_string()])?)
}

/// Whether it was prescribed as another medicine than these values say.
fn was_prescribed_otherwise(tx: &Transaction<'_>, id: MedicineId, values: &Values) -> Result<bool> {
    let sql = format!(
        "select 1 from prescription_items i where i.medicine_id = ?1 and {IS_SIGNED} \
         and (lower(i.generic_text) <> lower(?2) or lower(coalesce(i.strength_text, '')) <> lower(?3) \
         or i.dosage_form <> ?4)"
    );
    let [generic, strength, form] = WHAT_IT_IS.map(|name| text(values, name));
    Ok(tx.prepare_cached(&sql)?.exists((id.0.to_string(), generic, strength, form))?)
}

fn form_of(values: &Values) -> OwnMedicineForm {
    let column = |name: &str| text(values, name).to_owned();
    OwnMedicineForm {
        same_as: None,
        brand_name: column("brand_name"),
        generic_name: column("generic_name"),
        strength_text: column("strength_text"),
        dosage_form: column("dosage_form"),
        default_dose: column("default_dose"),
    }
}

/// The columns that a form means.
fn checked(tx: &Transaction<'_>, form: &OwnMedicineForm) -> Result<Values> {
    let invalid = |what: &str| Error::Invalid(format!("{what} Nothing was saved yet."));
    let brand = squeezed(&form.brand_name);
    let mut values: Values = if let Some(id) = form.same_as {
        if brand.is_empty() {
            return Err(invalid("The name under which it is sold is missing."));
        }
        let item = DraftItem { medicine_id: Some(id), ..DraftItem::default() };
        let row = medicine_row(tx, &item)?.ok_or(Error::NotFound)?;
        row.into_iter().filter(|(name, _)| COMMON.contains(&name.as_str())).collect()
    } else {
        let generic = squeezed(&form.generic_name);
        if generic.is_empty() {
            return Err(invalid("The name of the medicine is missing."));
        }
        if !DOSAGE_FORMS.contains(&form.dosage_form.as_str()) {
            return Err(invalid("The form in which it comes is missing."));
        }
        by_name([
            ("generic_name", json!(generic)),
            ("strength_text", json!(some(squeezed(&form.strength_text)))),
            ("dosage_form", json!(form.dosage_form)),
            ("route", json!(usual_route(&form.dosage_form))),
        ])
    };
    let mut dose = squeezed(&form.default_dose);
    if !dose.is_empty() {
        let units = units_of(Some(&values), "");
        Dosage::read(&dose, units).map_err(|error| invalid(&format!("{error}.")))?;
        dose = kept_dose(&dose, text(&values, "dosage_form"), units.usual());
    }
    let search = name_in_full(text(&values, "generic_name"), text(&values, "strength_text"), &brand);
    values.insert("search_text".into(), json!(search.to_lowercase()));
    values.insert("brand_name".into(), json!(some(brand)));
    values.insert("default_dose".into(), json!(some(dose)));
    values.insert("is_active".into(), json!(true));
    Ok(values)
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Whether such a medicine is in use already. A twin of one of the list would be one that the checks do not know.
fn is_known(tx: &Transaction<'_>, values: &Values, except: Option<MedicineId>) -> Result<bool> {
    let is_same = |other: &Values| {
        TELLING.iter().all(|name| text(values, name).eq_ignore_ascii_case(text(other, name)))
    };
    if in_use(tx)?.iter().any(|(id, other)| Some(*id) != except && is_same(other)) {
        return Ok(true);
    }
    let sql = "select 1 from medicines where is_active and lower(generic_name) = lower(?1) \
               and lower(coalesce(brand_name, '')) = lower(?2) and lower(coalesce(strength_text, '')) = lower(?3) \
               and dosage_form = ?4";
    Ok(tx.prepare_cached(sql)?.exists(TELLING.map(|name| text(values, name)))?)
}
