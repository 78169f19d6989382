//! Patients, household by household: a family shares a mobile number, an address and a name.

use std::collections::BTreeSet;

use protocol::patient::{Age, normalise_name};
use protocol::table::{TableName, Values};
use protocol::validate::day_text;
use serde_json::{Value, json};
use time::{Date, Duration};
use uuid::Uuid;

use super::addresses::{ADDRESSES, BUILDINGS};
use super::complaint::COMPLAINTS;
use super::dice::Dice;
use super::names::{REGIONS, Region, SHARES};
use super::{at_clock, with_defaults};

/// A patient's sex, as far as names and complaints need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// A sample patient.
#[derive(Debug)]
pub struct Patient {
    /// Their id.
    pub id: Uuid,
    /// The place of their clinic among the tenant's.
    pub clinic: usize,
    /// Their row.
    pub values: Values,
    /// First and last name.
    pub full_name: String,
    /// Their sex.
    pub sex: Sex,
    /// When they were registered.
    pub registered_on: Date,
    /// The class of medicines that they must not get.
    pub allergy: Option<&'static str>,
    /// The place among [`COMPLAINTS`] of what they come for every other month.
    pub chronic: Option<usize>,
    birth: Date,
    knows_birthday: bool,
}

impl Patient {
    /// Their age on a day, as the program computes it from their row.
    pub fn age_on(&self, day: Date) -> Age {
        if self.knows_birthday {
            Age::since(self.birth, day)
        } else {
            self.recorded_age().grown(self.registered_on, day)
        }
    }

    fn recorded_age(&self) -> Age {
        Age::said(Age::since(self.birth, self.registered_on).years, 0)
    }
}

/// What the members of a household share.
struct Household {
    region: &'static Region,
    family: &'static str,
    mobile: String,
    building: String,
    street: (&'static str, &'static str),
    clinic: usize,
    first_names: BTreeSet<&'static str>,
    /// The grown-up man whose name the others give as their guardian's.
    head: Option<&'static str>,
}

/// So many patients of these clinics, registered before `today`.
pub fn patients(dice: &mut Dice, count: usize, clinics: &[Uuid], today: Date) -> Vec<Patient> {
    let mut patients = Vec::with_capacity(count);
    let mut mobiles = BTreeSet::new();
    while patients.len() < count {
        let mut household = household(dice, &mut mobiles, clinics.len());
        for (sex, age, guardian) in members(dice) {
            if patients.len() < count {
                let number = patients.len() + 1;
                patients.push(patient(dice, &mut household, (sex, age, guardian), number, clinics, today));
            }
        }
    }
    patients
}

/// How one member of a family belongs to another.
type Guardian = Option<&'static str>;

/// Sex, age and relation of everybody in a household who comes to the clinic.
fn members(dice: &mut Dice) -> Vec<(Sex, i64, Guardian)> {
    let any = |dice: &mut Dice| if dice.chance(54) { Sex::Female } else { Sex::Male };
    if dice.chance(45) {
        let sex = any(dice);
        return vec![(sex, dice.between(18, 84), None)];
    }
    let parents = dice.between(24, 48);
    let mut members =
        vec![(Sex::Male, parents + dice.between(1, 5), None), (Sex::Female, parents, Some("W/o"))];
    for _ in 0..dice.between(0, 3) {
        let sex = any(dice);
        let relation = if sex == Sex::Female { "D/o" } else { "S/o" };
        members.push((sex, dice.between(2, (parents - 20).clamp(3, 20)), Some(relation)));
    }
    if dice.chance(35) {
        let sex = any(dice);
        members.push((sex, (parents + dice.between(22, 30)).min(90), None));
    }
    members
}

fn household(dice: &mut Dice, mobiles: &mut BTreeSet<String>, clinics: usize) -> Household {
    let mut roll = dice.between(1, 100);
    let mut region = &REGIONS[0];
    for (share, place) in SHARES {
        region = &REGIONS[*place];
        roll -= share;
        if roll <= 0 {
            break;
        }
    }
    let mobile = loop {
        let start = dice.pick(&["98", "98", "99", "97", "96", "93", "91", "90", "88", "86", "77", "70"]);
        let mobile = format!("+91{start}{:08}", dice.between(0, 99_999_999));
        if mobiles.insert(mobile.clone()) {
            break mobile;
        }
    };
    let clinic = if dice.chance(60) { 0 } else { clinics - 1 };
    Household {
        region,
        family: dice.pick(region.families),
        mobile,
        building: format!("{}, {}", dice.between(1, 1204), dice.pick(BUILDINGS)),
        street: dice.pick(ADDRESSES[clinic.min(ADDRESSES.len() - 1)]),
        clinic,
        first_names: BTreeSet::new(),
        head: None,
    }
}

fn patient(
    dice: &mut Dice,
    household: &mut Household,
    (sex, age, guardian): (Sex, i64, Guardian),
    number: usize,
    clinics: &[Uuid],
    today: Date,
) -> Patient {
    let names = match sex {
        Sex::Female => household.region.women,
        Sex::Male => household.region.men,
    };
    // One mobile number and one first name are one person: a household never uses a name twice.
    let first_name = loop {
        let name = dice.pick(names);
        if household.first_names.insert(name) {
            break name;
        }
    };
    if sex == Sex::Male && guardian.is_none() && household.head.is_none() {
        household.head = Some(first_name);
    }
    let registered_on = today - Duration::days(dice.between(2, 700));
    let birth = registered_on - Duration::days(age * 365 + age / 4 + dice.between(0, 364));
    let allergy = dice
        .chance(7)
        .then(|| dice.pick(&["penicillin", "penicillin", "sulfonamide", "nsaid", "fluoroquinolone"]));
    let asked = allergy.is_some() || dice.chance(45);
    let chronic: Vec<usize> = (0..COMPLAINTS.len())
        .filter(|place| {
            let complaint = &COMPLAINTS[*place];
            complaint.chronic
                && (i64::from(complaint.ages.0)..=i64::from(complaint.ages.1 - 2)).contains(&age)
                && complaint.sex.is_none_or(|only| only == sex)
        })
        .collect();
    let chronic =
        (!chronic.is_empty() && dice.chance(if age >= 45 { 40 } else { 12 })).then(|| dice.pick(&chronic));
    let minute = dice.between(10 * 60, 18 * 60);
    let patient = Patient {
        id: dice.id(at_clock(registered_on, minute)),
        clinic: household.clinic,
        values: Values::new(),
        full_name: format!("{first_name} {}", household.family),
        sex,
        registered_on,
        allergy,
        chronic,
        birth,
        knows_birthday: age < 15 || dice.chance(45),
    };
    let columns: [(&str, Value); 22] = [
        ("mobile_number", json!(household.mobile)),
        ("first_name", json!(first_name)),
        ("first_name_norm", json!(normalise_name(first_name))),
        ("last_name", json!(household.family)),
        ("guardian_relation", json!(guardian)),
        (
            "guardian_name",
            guardian
                .and(household.head)
                .map_or(Value::Null, |head| json!(format!("{head} {}", household.family))),
        ),
        ("sex", json!(if sex == Sex::Female { "female" } else { "male" })),
        ("date_of_birth", if patient.knows_birthday { json!(day_text(birth)) } else { Value::Null }),
        ("age_years", if patient.knows_birthday { Value::Null } else { json!(patient.recorded_age().years) }),
        (
            "age_recorded_on",
            if patient.knows_birthday { Value::Null } else { json!(day_text(registered_on)) },
        ),
        (
            "blood_group",
            json!(if dice.chance(25) {
                dice.pick(&["O+", "O+", "B+", "B+", "B+", "A+", "A+", "AB+", "O-", "B-", "A-"])
            } else {
                "unknown"
            }),
        ),
        ("address_line", json!(format!("{}, {}", household.building, household.street.0))),
        ("city", json!("Mumbai")),
        ("state_code", json!("MH")),
        ("pincode", json!(household.street.1)),
        ("patient_code", json!(format!("A-{number:05}"))),
        ("preferred_language", json!(household.region.language)),
        (
            "allergy_status",
            json!(match (allergy, asked) {
                (Some(_), _) => "has_allergies",
                (None, true) => "none_known",
                (None, false) => "unknown",
            }),
        ),
        (
            "alerts",
            allergy.map_or(Value::Null, |class| {
                json!(format!(
                    "Allergic to {class}{}: {}.",
                    if class == "nsaid" { " pain-killers" } else { "s" },
                    dice.pick(&["rash", "hives", "swelling of the face", "vomiting"])
                ))
            }),
        ),
        (
            "chronic_conditions",
            patient.chronic.map_or(json!([]), |place| json!([COMPLAINTS[place].diagnosis.0])),
        ),
        ("registered_clinic_id", json!(clinics[household.clinic])),
        ("needs_review", json!(false)),
    ];
    Patient { values: with_defaults(TableName::Patients, columns), ..patient }
}
