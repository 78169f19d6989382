//! What a line of a sheet says of a patient. The name, the number and the age must be right, or the line is refused: it
//! is corrected in the sheet and comes with the next run. Anything else that does not fit is left out, and said.

use csv::StringRecord;
use protocol::patient::{Age, Death, normalise_name};
use protocol::table::{TableName, Values};
use protocol::validate::{check_row, check_value, day_text, moment_text, parse_day};
use serde_json::{Value, json};
use time::{Date, Time};
use uuid::Uuid;

use super::heading::Mapping;
use crate::import::age::{self, Day};
use crate::import::calendar::Calendar;
use crate::import::keys::Origin;
use crate::import::name::{self, Name};
use crate::import::patient::{NO_AGE, allergies, allergy_row, no_mobile};
use crate::import::phone::{self, Phones};
use crate::import::value::{Fit, empty, is_nothing, text, truth};
use crate::import::words;
use crate::import::write::NewRow;

const PATIENTS: TableName = TableName::Patients;
const NAME_CHARS: usize = 100;

/// Fields that are read by nothing but the kind of their column.
const PLAIN: &[&str] = &[
    "last_name",
    "blood_group",
    "email",
    "city",
    "state_code",
    "pincode",
    "patient_code",
    "preferred_language",
    "allergy_status",
    "chronic_conditions",
    "alerts",
    "abha_number",
    "abha_address",
    "is_deceased",
    "deceased_on",
    "pregnancy_status",
    "lmp_date",
];

/// How lines are read.
#[derive(Debug)]
pub(super) struct Manner<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) calendar: Calendar,
    /// Where the patients are registered.
    pub(super) clinic: Option<Uuid>,
    /// When the ages were right, where the line does not say.
    pub(super) ages_as_of: Option<Date>,
}

/// What a line is.
#[derive(Debug)]
pub(super) enum Line {
    /// Nothing stands in it.
    Blank,
    /// A patient, with the rows for the patient and the allergies.
    Patient {
        rows: Vec<NewRow>,
        /// What was concluded or left out.
        said: Vec<String>,
    },
    /// It cannot be read; why.
    Refused(Vec<String>),
    /// Not a patient to bring; why.
    LeftOut(&'static str),
}

/// Reads a line that becomes the patient with this id.
pub(super) fn read(record: &StringRecord, id: Uuid, origin: Origin<'_>, manner: &Manner<'_>) -> Line {
    let mapping = manner.mapping;
    if record.iter().all(|cell| cell.trim().is_empty()) {
        return Line::Blank;
    }
    // A database writes NULL, or zeros for a date, where nothing is.
    let is_no =
        |cell: &str| truth(&json!(cell)) == Some(false) || is_nothing(cell) || cell.starts_with("0000-00-00");
    let is_set = |field| mapping.cell(record, field).is_some_and(|cell| !is_no(cell));
    if is_set("deleted_at") {
        return Line::LeftOut("it is marked as deleted");
    }
    if is_set("merged_into_id") {
        return Line::LeftOut("it was merged into another patient");
    }
    let mut reading = Reading { record, manner, values: Values::new(), said: Vec::new(), wrong: Vec::new() };
    reading.shape();
    reading.all(id);
    let created_at = reading.registered();
    let mut rows = vec![NewRow {
        table: PATIENTS.table().sql_name,
        id,
        values: Values::new(),
        created_at,
        updated_at: None,
        deleted_at: None,
    }];
    rows.extend(reading.allergies(id, origin));
    reading.plain();
    reading.death();
    reading.whole();
    let Reading { values, said, wrong, .. } = reading;
    if !wrong.is_empty() {
        return Line::Refused(wrong);
    }
    rows[0].values = values;
    Line::Patient { rows, said }
}

/// One line on its way.
struct Reading<'a> {
    record: &'a StringRecord,
    manner: &'a Manner<'a>,
    values: Values,
    said: Vec<String>,
    wrong: Vec<String>,
}

impl<'a> Reading<'a> {
    fn cell(&self, field: &str) -> Option<&'a str> {
        self.manner.mapping.cell(self.record, field)
    }

    fn set(&mut self, column: &str, value: impl Into<Value>) {
        self.values.insert(column.to_owned(), value.into());
    }

    fn say(&mut self, field: &str, what: &str) {
        self.said.push(format!("{}: {what}.", self.manner.mapping.heading(field)));
    }

    fn refuse(&mut self, field: &str, why: &str) {
        self.wrong.push(format!("{}: {why}.", self.manner.mapping.heading(field)));
    }

    fn review(&mut self) {
        self.set("needs_review", true);
    }

    /// A text without what cannot be printed, and not longer than its column.
    fn text(&mut self, field: &str, max: usize) -> Option<String> {
        match text(&json!(self.cell(field)?), max) {
            Fit::Adapted(Value::String(fit), why) => {
                self.say(field, why);
                Some(fit)
            }
            Fit::Same(Value::String(fit)) => Some(fit),
            _ => None,
        }
    }

    /// More cells than headings: whatever stands behind the place where that began is under the wrong one.
    fn shape(&mut self) {
        let headings = self.manner.mapping.columns.len();
        let last = self.record.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty()).last();
        if let Some((last, _)) = last.filter(|(last, _)| *last >= headings) {
            self.wrong.push(format!(
                "The line has {} cells and there are {headings} headings; a comma or line break in a cell without \
                 quotation marks may have moved the others.",
                last + 1
            ));
        }
        if self.record.iter().take(headings).any(|cell| cell.contains('\u{FFFD}')) {
            self.said.push("A letter could not be read; � stands for it.".to_owned());
        }
    }

    fn all(&mut self, id: Uuid) {
        self.mobile(id);
        let name = self.name();
        let age_sex = self.age();
        let sex = self.sex(age_sex, name.sex);
        self.guardian(name.guardian, sex);
        let parts: Vec<String> =
            ["address_line", "address_2"].iter().filter_map(|field| self.text(field, 300)).collect();
        let address = parts.join(", ");
        let kept: String = address.chars().take(300).collect();
        if kept != address {
            self.say("address_line", "longer than the column; the beginning was taken");
        }
        self.set("address_line", (!kept.is_empty()).then_some(kept));
        let clinic = self.manner.clinic;
        self.set("registered_clinic_id", json!(clinic));
    }

    fn phones(&mut self, field: &str) -> Result<Phones, &'static str> {
        let phones = phone::read(self.cell(field).unwrap_or_default())?;
        if let Some(what) = phones.remark {
            self.say(field, what);
        }
        Ok(phones)
    }

    fn mobile(&mut self, id: Uuid) {
        let first = match self.phones("mobile_number") {
            Ok(phones) => phones,
            Err(why) => {
                let way_on = "correct it, or leave the cell empty if no number is known";
                return self.refuse("mobile_number", &format!("{why}; {way_on}"));
            }
        };
        let mut second = self.phones("alternate_mobile").unwrap_or_else(|why| {
            self.say("alternate_mobile", &format!("{why}; it was left out"));
            Phones::default()
        });
        // Whoever has one number only may have written it into the other column; a landline may have a stranger's digits.
        let mobile = first.mobile.or_else(|| {
            let other = second.mobile.take()?;
            self.say("mobile_number", "it has no mobile number; that of another column was taken");
            Some(other)
        });
        let mut others: Vec<String> =
            [first.alternate, second.mobile, second.alternate].into_iter().flatten().collect();
        others.retain(|other| mobile.as_ref() != Some(other));
        others.dedup();
        if others.len() > 1 {
            self.say("alternate_mobile", "more numbers than there is room for; the first two were taken");
        }
        if self.cell("mobile_number").is_some_and(|written| mobile.as_deref() != Some(written)) {
            let raw = text(&json!(self.cell("mobile_number")), 40);
            self.set(
                "mobile_raw",
                match raw {
                    Fit::Same(raw) | Fit::Adapted(raw, _) => raw,
                    Fit::Blank | Fit::Unfit(_) => Value::Null,
                },
            );
        }
        self.set("alternate_mobile", others.into_iter().next());
        let mobile = mobile.unwrap_or_else(|| {
            self.say(
                "mobile_number",
                "no mobile number; a placeholder that no network has was put in, for review",
            );
            self.review();
            no_mobile(id)
        });
        self.set("mobile_number", mobile);
    }

    fn name(&mut self) -> Name {
        let name = if let Some(first) = self.text("first_name", 200) {
            let (sex, first) = name::without_title(&first);
            Some(Name { first, sex, ..Name::default() })
                .filter(|name| name.first.chars().any(char::is_alphabetic))
        } else {
            let read = self.text("full_name", 400).and_then(|full| name::read(&full));
            if let Some(what) = read.as_ref().and_then(|name| name.remark) {
                self.say("full_name", what);
            }
            read
        };
        let has_first = self.manner.mapping.has("first_name") && self.cell("full_name").is_none();
        let field = if has_first { "first_name" } else { "full_name" };
        let Some(mut name) = name else {
            self.refuse(field, "there is no name in it");
            return Name::default();
        };
        if name.first.chars().count() > NAME_CHARS {
            self.say(field, "longer than the column; the beginning was taken");
            name.first = name.first.chars().take(NAME_CHARS).collect::<String>().trim_end().to_owned();
        }
        self.set("first_name", name.first.clone());
        self.set("first_name_norm", normalise_name(&name.first));
        if self.cell("last_name").is_none() {
            let last = name.last.as_ref().map(|last| last.chars().take(NAME_CHARS).collect::<String>());
            if last != name.last {
                self.say(field, "longer than the column; the beginning was taken");
            }
            self.set("last_name", last);
        }
        name
    }

    /// The age and the date of birth; the sex, where it stands beside the age.
    fn age(&mut self) -> Option<&'static str> {
        let birth = match age::birth(self.cell("date_of_birth").unwrap_or_default(), &self.manner.calendar) {
            Ok(birth) => birth,
            Err(why) => {
                self.refuse("date_of_birth", why);
                None
            }
        };
        if let Some(Day { remark: Some(what), .. }) = birth {
            self.say("date_of_birth", what);
        }
        let birth = birth.map(|birth| birth.date);
        let together = self.cell("age_and_sex").is_some();
        let field = if together { "age_and_sex" } else { "age" };
        let written = age::read(self.cell(field).unwrap_or_default(), together).unwrap_or_else(|why| {
            self.refuse(field, why);
            None
        });
        let beside = self
            .cell("age_months")
            .map(|months| months.parse::<i32>().ok().filter(|months| (0..1200).contains(months)));
        if beside == Some(None) {
            self.refuse("age_months", "it is no number of months");
        }
        let age = match (written, beside.flatten()) {
            (written, Some(months)) => age::with_months(written.map(|age| age.years), months)
                .inspect_err(|why| self.refuse("age_months", why))
                .ok(),
            (written, None) => written.map(|age| (age.years, age.months)),
        };
        let recorded = age.map(|_| self.recorded_on());
        self.set("date_of_birth", birth.map(day_text));
        self.set("age_years", age.map(|age| age.0));
        self.set("age_months", age.and_then(|age| age.1));
        self.set("age_recorded_on", recorded.map(day_text));
        match (age, birth) {
            (None, None) => {
                self.say(field, "neither age nor date of birth; 130 stands there, for review");
                self.review();
                self.set("age_years", NO_AGE);
                self.set("age_recorded_on", day_text(self.manner.calendar.today));
            }
            (Some((0, None)), None) => {
                self.say(field, "0 years: a newborn, or not known; for review");
                self.review();
            }
            (Some((years, _)), Some(birth)) => {
                let then = Age::since(birth, recorded.unwrap_or(self.manner.calendar.today)).years;
                if then.abs_diff(years) > 1 {
                    self.say(field, "the age does not fit the date of birth; for review");
                    self.review();
                }
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
        written.and_then(|age| age.sex)
    }

    /// A day that is past; another one is said and not taken.
    fn day(&mut self, field: &str) -> Option<Date> {
        match age::day(self.cell(field)?, &self.manner.calendar) {
            Ok(Some(Day { date, .. })) if date > self.manner.calendar.today => {
                self.say(field, "the date lies in the future; it was left out");
                None
            }
            Ok(day) => day.map(|day| day.date),
            Err(why) => {
                self.say(field, &format!("{why}; it was left out"));
                None
            }
        }
    }

    /// The day on which the age was right.
    fn recorded_on(&mut self) -> Date {
        let registered = || age::day(self.cell("registered_on")?, &self.manner.calendar).ok().flatten();
        let registered = registered().map(|day| day.date).filter(|date| *date <= self.manner.calendar.today);
        self.day("age_recorded_on")
            .or(registered)
            .or(self.manner.ages_as_of)
            .unwrap_or(self.manner.calendar.today)
    }

    /// When the patient was registered.
    fn registered(&mut self) -> Option<Value> {
        let day = self.day("registered_on")?;
        self.manner.calendar.at(day, Time::MIDNIGHT).map(|moment| json!(moment_text(moment)))
    }

    fn sex(&mut self, of_age: Option<&'static str>, of_name: Option<&'static str>) -> &'static str {
        const SEXES: &[&str] = &["male", "female", "other", "unknown"];
        let written = self.cell("sex").filter(|cell| !is_nothing(cell));
        let sex = match written.map(|cell| words::choice("sex", SEXES, cell)) {
            Some(Some(sex)) => sex,
            Some(None) => {
                self.say("sex", "it is none of male, female, other; it was left out");
                "unknown"
            }
            None => of_age.unwrap_or_else(|| {
                if of_name.is_some() {
                    self.say("sex", "concluded from the title, or from whose child or spouse it is");
                }
                of_name.unwrap_or("unknown")
            }),
        };
        self.set("sex", sex);
        sex
    }

    fn guardian(&mut self, of_name: Option<(&'static str, String)>, sex: &str) {
        const RELATIONS: &[&str] = &["S/o", "D/o", "W/o", "B/o", "C/o"];
        let child = match sex {
            "male" => "S/o",
            "female" => "D/o",
            _ => "C/o",
        };
        let mut guardians = Vec::new();
        for (field, relation) in [
            ("guardian_name", None),
            ("husband_name", Some("W/o")),
            ("father_name", Some(child)),
            ("mother_name", Some(child)),
        ] {
            let Some(written) = self.text(field, 150) else { continue };
            let (own, name) = name::guardian(&written);
            if !is_nothing(&name) {
                guardians.push((field, own.or(relation), name));
            }
        }
        guardians.extend(of_name.map(|(relation, name)| ("full_name", Some(relation), name)));
        let told =
            self.cell("guardian_relation").map(|cell| words::choice("guardian_relation", RELATIONS, cell));
        if told == Some(None) {
            self.say("guardian_relation", "it is no relation that is known; it was left out");
        }
        let first = guardians.first().cloned();
        if let Some((field, ..)) =
            guardians.iter().find(|other| first.as_ref().is_some_and(|first| first.2 != other.2))
        {
            self.say(field, "there is room for one guardian; this one was left out");
        }
        self.set("guardian_relation", told.flatten().or(first.as_ref().and_then(|first| first.1)));
        self.set("guardian_name", first.map(|first| first.2.chars().take(150).collect::<String>()));
    }

    /// A row for each allergy, and the status.
    fn allergies(&mut self, id: Uuid, origin: Origin<'_>) -> Vec<NewRow> {
        let Some((status, substances)) = self.cell("allergies").and_then(|cell| allergies(&json!(cell)))
        else {
            return Vec::new();
        };
        self.set("allergy_status", status);
        let mut rows = Vec::new();
        for (place, substance) in substances.iter().enumerate() {
            let own = origin.made_id("patients.allergies", &format!("{id}\n{place}"));
            if let Some((row, why)) = allergy_row(own, id, substance) {
                if let Some(why) = why {
                    self.say("allergies", why);
                }
                rows.push(row);
            }
        }
        rows
    }

    fn plain(&mut self) {
        for field in PLAIN {
            if self.values.contains_key(*field) {
                continue;
            }
            let column = PATIENTS.table().column(field).expect("BUG: a column of patients");
            let fit =
                self.cell(field).map_or(Fit::Blank, |cell| self.manner.calendar.fit(column, &json!(cell)));
            match fit {
                Fit::Same(value) => self.set(field, value),
                Fit::Adapted(value, why) => {
                    self.say(field, why);
                    self.set(field, value);
                }
                Fit::Blank => {}
                Fit::Unfit(why) => {
                    if !self.cell(field).is_some_and(is_nothing) {
                        self.say(field, &format!("{why}; it was left out"));
                    }
                }
            }
        }
    }

    fn death(&mut self) {
        let on = self.values.get("deceased_on").and_then(Value::as_str).and_then(parse_day);
        let is_marked = self.values.get("is_deceased").and_then(Value::as_bool);
        let (death, left_out) = Death::told(is_marked, on, &self.values, self.manner.calendar.today);
        if let Some(why) = left_out {
            self.say("deceased_on", &format!("{}; it was left out", why.trim_end_matches('.')));
        }
        for (name, value) in Death::columns(death) {
            self.set(name, value);
        }
    }

    /// Every column of the table, and every rule of it.
    fn whole(&mut self) {
        if !self.wrong.is_empty() {
            return;
        }
        for column in PATIENTS.table().columns {
            let value = self
                .values
                .entry(column.name.to_owned())
                .or_insert_with(|| empty(column).unwrap_or_default());
            if check_value(column, value).is_err() {
                self.wrong.push(format!("{}: the value does not fit the column.", column.name));
            }
        }
        if let Err(refusal) = check_row(PATIENTS, &self.values) {
            self.wrong.push(refusal.detail);
        }
    }
}
