//! Registering, correcting and showing patients.

use protocol::id::PatientId;
use protocol::mutation::Change;
use protocol::patient::{Age, Death, normalise_name, parse_mobile};
use protocol::table::{TableName, Values};
use protocol::validate::{day_text, parse_day};
use rusqlite::Transaction;
use serde_json::{Value, json};
use time::Date;

use crate::allergies::none_known_with_allergies;
use crate::care::{counting_allergies, pregnancy_said};
use crate::death;
use crate::error::{Error, Result};
use crate::one_patient::{id_list, kept};
use crate::replica::{Replica, by_name, change_to, must_get, or_null, some_text, text};
use crate::store::{lane, meta, set_meta};
use crate::view::{AllergyForm, PatientForm, PatientSummary};

/// What refuses allergies from who is, after long without contact, not known to be a clinician still.
const ALLERGIES_LATER: &str = "Allergies are written once this computer has reached the server: it was without contact for more than a week. Write them down, and leave these fields as they were.";

impl Replica {
    /// Registers a patient. Somebody with the same number and name is never a reason to refuse: families share
    /// numbers, and who is in a hurry must not lose what they typed.
    pub fn register_patient(&self, form: &PatientForm) -> Result<PatientSummary> {
        let id = PatientId(self.ids.next());
        self.record("register_patient", Some(id), |tx| {
            let today = self.day(tx)?;
            let mut values = self.form_values(form, today, None, 0)?;
            values.insert("registered_clinic_id".into(), json!(self.facts.clinic_id));
            let number: i64 = meta(tx, "patient_number")?.unwrap_or(0) + 1;
            set_meta(tx, "patient_number", &number)?;
            values.insert("patient_code".into(), json!(format!("{}-{number:05}", lane(tx)?)));
            // What was left empty is not written: a device of the front desk must not name a clinical column.
            values.retain(|_, value| !value.is_null());
            let death = death::said(form.died.as_ref(), &values, today)?;
            if death.is_some() {
                values.extend(by_name(Death::columns(death)));
            }
            let summary = summary_with(tx, id, &values, death, today)?;
            let mut changes = vec![Change::insert(TableName::Patients, id.0, values)];
            changes.extend(self.new_allergies(tx, id, self.allergies_of(form)?)?);
            Ok((changes, summary))
        })
    }

    /// Corrects a patient: only what differs between the form as the person first saw it and as they leave it is
    /// written. What came from elsewhere while the form stood open stays. That they have died, or that it was a mistake,
    /// is written under all registrations that tell of it.
    pub fn update_patient(
        &self,
        id: PatientId,
        seen: &PatientForm,
        form: &PatientForm,
    ) -> Result<PatientSummary> {
        self.record("update_patient", Some(id), |tx| {
            let today = self.day(tx)?;
            // Under whichever registration the form was opened, it is that of the kept one.
            let id = kept(tx, id)?;
            let mut current = must_get(tx, TableName::Patients, id.0)?;
            let noted = counting_allergies(tx, id)?.len();
            let mut wanted = self.form_values(form, today, Some(&current), noted)?;
            // What was seen may be older than today's rules; then what is stored was seen.
            let mut before = current.clone();
            before.extend(self.form_values(seen, today, Some(&current), noted).unwrap_or_default());
            let (noted_death, has_changed) = (death::noted(tx, id)?, form.died != seen.died);
            // What was noted elsewhere while the form stood open does not stand in it.
            let died = if has_changed { form.died.clone() } else { death::shown(noted_death) };
            let death = if has_changed || form.date_of_birth != seen.date_of_birth {
                let mut corrected = current.clone();
                corrected.extend(wanted.clone());
                death::said(died.as_ref(), &corrected, today)?
            } else {
                noted_death
            };
            let mut elsewhere = vec![];
            if has_changed {
                if death::shown(noted_death) != seen.died
                    && let Ok(seen) = death::said(seen.died.as_ref(), &current, today)
                {
                    before.extend(by_name(Death::columns(seen)));
                }
                wanted.extend(by_name(Death::columns(death)));
                elsewhere = death::elsewhere(tx, id, death)?;
            }
            let change = change_to(TableName::Patients, id.0, &before, wanted);
            current.extend(change.iter().flat_map(Change::values));
            let summary = summary_with(tx, id, &current, death, today)?;
            let mut changes: Vec<Change> = change.into_iter().chain(elsewhere).collect();
            let new = self.new_allergies(tx, id, self.allergies_of(form)?)?;
            // That there are some is in the change of the patient already.
            changes.extend(new.into_iter().filter(|change| change.table == TableName::PatientAllergies));
            Ok((changes, summary))
        })
    }

    /// The allergies that are noted with a form. What is typed is saved or refused, and never dropped.
    fn allergies_of<'a>(&self, form: &'a PatientForm) -> Result<&'a [AllergyForm]> {
        if !self.is_clinical() || form.allergies.is_empty() {
            return Ok(&[]);
        }
        if self.writes_clinical() { Ok(&form.allergies) } else { Err(Error::Forbidden(ALLERGIES_LATER)) }
    }

    /// The columns that a form means. What the person may not write is left out. `noted` allergies are rows already.
    fn form_values(
        &self,
        form: &PatientForm,
        today: Date,
        current: Option<&Values>,
        noted: usize,
    ) -> Result<Values> {
        let mobile = parse_mobile(&form.mobile_number).ok_or_else(|| {
            invalid(
                "The mobile number is not complete. An Indian number has ten digits and begins with 6 to 9.",
            )
        })?;
        let first_name = squeezed(&form.first_name);
        if first_name.is_empty() {
            return Err(invalid("The first name is missing. Nothing was saved yet."));
        }
        let mut values = by_name([
            ("mobile_number", json!(mobile)),
            ("first_name_norm", json!(normalise_name(&first_name))),
            ("first_name", json!(first_name)),
            ("last_name", or_null(&form.last_name)),
            ("sex", json!(if form.sex.is_empty() { "unknown" } else { &form.sex })),
            ("guardian_name", or_null(&form.guardian_name)),
            ("guardian_relation", or_null(form.guardian_relation.as_deref().unwrap_or_default())),
            ("address_line", or_null(&form.address_line)),
            ("city", or_null(&form.city)),
            ("preferred_language", or_null(form.preferred_language.as_deref().unwrap_or_default())),
            ("blood_group", json!(if form.blood_group.is_empty() { "unknown" } else { &form.blood_group })),
        ]);
        values.extend(age_values(form, today, current)?);
        if self.is_clinical() {
            values.extend(self.clinical_values(form, today, current, noted)?);
        }
        Ok(values)
    }

    /// The clinical columns that a form means, if this person writes such now.
    fn clinical_values(
        &self,
        form: &PatientForm,
        today: Date,
        current: Option<&Values>,
        noted: usize,
    ) -> Result<Values> {
        let status = match form.allergy_status.as_str() {
            _ if !form.allergies.is_empty() => "has_allergies",
            "" => "unknown",
            status => status,
        };
        let was = current.map_or("", |current| text(current, "allergy_status"));
        let had_words = current.is_some_and(|current| !text(current, "alerts").is_empty());
        let says_which = !form.alerts.trim().is_empty() || noted > 0 || !form.allergies.is_empty();
        // Where nobody ever wrote which, something else is corrected all the same.
        if status == "has_allergies" && !says_which && (was != status || had_words) {
            return Err(invalid("To which substances is the patient allergic? Add each of them."));
        }
        if status == "none_known" && was != status && noted > 0 {
            return Err(none_known_with_allergies());
        }
        let period = form.lmp_date.as_deref().unwrap_or_default().trim();
        if !period.is_empty() && parse_day(period).is_none_or(|day| day > today) {
            return Err(invalid("The first day of the last period is not a day in the past."));
        }
        let said = form.pregnancy_status.as_deref().unwrap_or_default();
        let shown = current.and_then(|current| pregnancy_said(current, today)).unwrap_or_default();
        // An answer that is too old to count is not shown, and stays until another one takes its place.
        let before = current.filter(|_| said.is_empty() && shown.is_empty());
        let said_before = before.map_or(said, |current| text(current, "pregnancy_status"));
        let clinical = [
            ("allergy_status", json!(status)),
            ("alerts", or_null(&form.alerts)),
            ("pregnancy_status", or_null(said_before)),
            ("lmp_date", or_null(period)),
        ];
        if self.writes_clinical() {
            let mut values = by_name(clinical);
            if !said.is_empty() && said != shown {
                values.insert("pregnancy_asked_on".into(), json!(day_text(today)));
            }
            return Ok(values);
        }
        // What is typed is saved or refused, and never dropped.
        let is_known = |(name, value): &(&str, Value)| {
            let unasked = if *name == "allergy_status" { json!("unknown") } else { Value::Null };
            current.and_then(|current| current.get(*name)).unwrap_or(&unasked) == value
        };
        if clinical.iter().all(is_known) { Ok(Values::new()) } else { Err(Error::Forbidden(ALLERGIES_LATER)) }
    }
}

/// The columns about a patient's age. One that still says the same keeps the day on which it was asked.
fn age_values(form: &PatientForm, today: Date, current: Option<&Values>) -> Result<Values> {
    let born = form.date_of_birth.as_deref().filter(|day| !day.is_empty());
    let (born, age) = match (born, form.age_years) {
        (Some(day), _) => {
            let day = parse_day(day).filter(|day| *day <= today);
            (Some(day.ok_or_else(|| invalid("The date of birth is not a day in the past."))?), None)
        }
        (None, Some(years)) => (None, Some((years, form.age_months))),
        (None, None) if form.age_months.is_some() => (None, Some((0, form.age_months))),
        (None, None) => {
            return Err(invalid("The age or the date of birth is missing. Nothing was saved yet."));
        }
    };
    let born = born.map_or(Value::Null, |day| json!(day_text(day)));
    let mut values = Values::from([("date_of_birth".to_owned(), born)]);
    let unchanged = current.is_some_and(|current| {
        age_of(current, today).is_some_and(|old| {
            age.is_some_and(|(years, months)| {
                i64::from(old.years) == i64::from(years)
                    && months.map_or(!has_months(old), |months| i64::from(old.months) == i64::from(months))
            })
        }) && text(current, "date_of_birth").is_empty()
    });
    if !unchanged {
        values.insert("age_years".into(), age.map_or(Value::Null, |(years, _)| json!(years)));
        values.insert(
            "age_months".into(),
            age.and_then(|(_, months)| months).map_or(Value::Null, |m| json!(m)),
        );
        values.insert("age_recorded_on".into(), age.map_or(Value::Null, |_| json!(day_text(today))));
    }
    Ok(values)
}

fn invalid(what: &str) -> Error {
    Error::Invalid(what.to_owned())
}

pub(crate) fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The form as it would be filled now.
pub(crate) fn form(values: &Values, today: Date) -> PatientForm {
    let owned = |name: &str| text(values, name).to_owned();
    let born = some_text(values, "date_of_birth");
    let age = age_of(values, today).filter(|_| born.is_none());
    PatientForm {
        mobile_number: owned("mobile_number"),
        first_name: owned("first_name"),
        last_name: owned("last_name"),
        sex: owned("sex"),
        date_of_birth: born,
        age_years: age.and_then(|age| u32::try_from(age.years).ok()),
        age_months: age.filter(|age| has_months(*age)).and_then(|age| u32::try_from(age.months).ok()),
        guardian_relation: some_text(values, "guardian_relation"),
        guardian_name: owned("guardian_name"),
        address_line: owned("address_line"),
        city: owned("city"),
        allergy_status: owned("allergy_status"),
        alerts: owned("alerts"),
        blood_group: owned("blood_group"),
        preferred_language: some_text(values, "preferred_language"),
        pregnancy_status: pregnancy_said(values, today),
        lmp_date: some_text(values, "lmp_date"),
        allergies: vec![],
        died: death::shown(Death::of(values)),
    }
}

/// Whether the months of an age are shown in the form: of small children.
fn has_months(age: Age) -> bool {
    age.months > 0 && age.years < 2
}

/// How old the patient is today, or was when they died.
pub(crate) fn age_of(values: &Values, today: Date) -> Option<Age> {
    let on = Death::last_day(Death::of(values), today);
    if let Some(born) = parse_day(text(values, "date_of_birth")) {
        return Some(Age::since(born, on));
    }
    let number = |name: &str| values.get(name).and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok());
    let age = Age::said(number("age_years")?, number("age_months").unwrap_or(0));
    Some(parse_day(text(values, "age_recorded_on")).map_or(age, |recorded| age.grown(recorded, on)))
}

/// First and last name as typed.
pub(crate) fn full_name(values: &Values) -> String {
    format!("{} {}", text(values, "first_name"), text(values, "last_name")).trim().to_owned()
}

/// `F`, `M`, `O` or nothing.
pub(crate) fn sex_letter(values: &Values) -> &'static str {
    match text(values, "sex") {
        "female" => "F",
        "male" => "M",
        "other" => "O",
        _ => "",
    }
}

/// The patient as lists show them.
pub(crate) fn summary(
    tx: &Transaction<'_>,
    id: PatientId,
    values: &Values,
    today: Date,
) -> Result<PatientSummary> {
    summary_with(tx, id, values, death::noted(tx, id)?, today)
}

/// The same, of a patient of whose death this will be noted.
fn summary_with(
    tx: &Transaction<'_>,
    id: PatientId,
    values: &Values,
    death: Option<Death>,
    today: Date,
) -> Result<PatientSummary> {
    // The front desk holds no prescriptions, and nobody is new there for that.
    let sql = "select coalesce( \
               (select max(visit_date) from prescriptions where patient_id in (select value from json_each(?1)) \
               and is_deleted = 0 and status = 'finalised'), \
               (select max(appointment_date) from appointments where patient_id in (select value from json_each(?1)) \
               and is_deleted = 0 and status = 'completed'))";
    let last_visit: Option<String> =
        tx.prepare_cached(sql)?.query_row([id_list(tx, id)?], |row| row.get(0))?;
    let guardian = some_text(values, "guardian_name")
        .map(|name| format!("{} {name}", text(values, "guardian_relation")).trim().to_owned());
    Ok(PatientSummary {
        id,
        full_name: full_name(values),
        age: age_of(values, Death::last_day(death, today)).map_or_else(String::new, Age::text),
        sex: sex_letter(values).to_owned(),
        mobile_number: text(values, "mobile_number").to_owned(),
        patient_code: some_text(values, "patient_code"),
        guardian,
        last_visit,
        needs_review: values.get("needs_review").and_then(Value::as_bool).unwrap_or(false),
        beyond_plan: values.get("beyond_plan").and_then(Value::as_bool).unwrap_or(false),
        spelt_otherwise: false,
        died: death::shown(death),
    })
}

/// The patient of this id as lists show them.
pub(crate) fn summary_of(tx: &Transaction<'_>, id: PatientId, today: Date) -> Result<PatientSummary> {
    summary(tx, id, &must_get(tx, TableName::Patients, id.0)?, today)
}
