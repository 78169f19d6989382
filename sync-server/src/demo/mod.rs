//! A sample tenant: `clinic-sync demo-data`. The same seed gives the same patients and prescriptions.

use std::io::Write;

use anyhow::Context;
use clap::Args;
use protocol::table::{TableName, Values};
use serde_json::{Value, json};
use time::{Date, OffsetDateTime, Time, UtcOffset};

use crate::Db;
use crate::auth::code::is_tenant_code;
use crate::auth::password::{PasswordCost, Passwords};

/// Where patients live.
mod addresses;
/// What patients come with.
mod complaint;
/// Randomness that a seed repeats.
mod dice;
/// Names, streets and words.
mod names;
/// Patients.
mod people;
/// The day on which it is made.
mod queue;
/// The tenant, its clinics and its staff.
mod staff;
mod teeth;
/// Visits and prescriptions.
mod visits;
/// Rows into the database.
mod write;

/// Options of `demo-data`.
#[derive(Args, Clone, Debug)]
pub struct DemoOptions {
    /// The code of the sample tenant. If there is one with this code already, nothing changes.
    #[arg(long, default_value = "ASHA_DENTAL")]
    pub tenant_code: String,
    /// How many patients.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub patients: u32,
    /// The same seed gives the same patients and prescriptions.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// The day after the last prescription, like 2026-11-23, on which people wait; without it, today in India.
    #[arg(long, value_parser = parse_day)]
    pub today: Option<Date>,
    /// Answers with one JSON object.
    #[arg(long)]
    pub json: bool,
}

fn parse_day(text: &str) -> Result<Date, &'static str> {
    protocol::validate::parse_day(text).ok_or("a day is written like 2026-11-23")
}

/// Runs `demo-data`. The passwords it prints are nowhere else.
pub async fn run(db: &Db, options: &DemoOptions, out: &mut impl Write) -> anyhow::Result<()> {
    let answer = create(db, options, PasswordCost::STANDARD).await?;
    if options.json {
        writeln!(out, "{answer:#}")?;
        return Ok(());
    }
    let code = &options.tenant_code;
    if answer["created"] == json!(false) {
        writeln!(out, "There is a tenant {code} already. Nothing was changed.")?;
        return Ok(());
    }
    writeln!(
        out,
        "Made {} ({code}): {} patients, {} prescriptions, and {} visits of the day.\n\nThe passwords are shown this once:",
        staff::TENANT_NAME,
        answer["patients"],
        answer["prescriptions"],
        answer["appointments"],
    )?;
    for member in answer["staff"].as_array().into_iter().flatten() {
        let text = |name: &str| member[name].as_str().unwrap_or_default();
        let roles: Vec<&str> =
            member["roles"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        writeln!(
            out,
            "  {:18} {:18} {:30} {}",
            text("full_name"),
            roles.join(", "),
            text("email"),
            text("password")
        )?;
    }
    writeln!(
        out,
        "\nA code for the first computer: clinic-sync device code --tenant-code {code} --clinic-code ANDHERI --scope clinical"
    )?;
    Ok(())
}

/// Makes the sample tenant, and tells what was made.
///
/// # Errors
///
/// Those of the database.
pub async fn create(db: &Db, options: &DemoOptions, cost: PasswordCost) -> anyhow::Result<Value> {
    let code = options.tenant_code.as_str();
    anyhow::ensure!(
        is_tenant_code(code),
        "A tenant's code has 3 to 50 capital letters, digits or underscores."
    );
    if db.find_tenant(code).await?.is_some() {
        return Ok(json!({"tenant_code": code, "created": false}));
    }
    let now = options.today.map_or_else(OffsetDateTime::now_utc, |today| at_clock(today, LATE_MORNING));
    let sample = sample(options.seed, options.patients as usize, now);
    let passwords = Passwords::new(cost);
    let (mut staff, mut hashes) = (Vec::new(), Vec::new());
    for member in &sample.members {
        let password = staff::new_password(&[staff::TENANT_NAME, member.full_name, member.email]);
        hashes.push(passwords.hash(&password).await.context("the passwords could not be hashed")?);
        staff.push(json!({
            "id": member.id,
            "full_name": member.full_name,
            "email": member.email,
            "roles": member.roles(),
            "password": password.0,
        }));
    }
    let tenant = write::write(db, code, &sample, &hashes).await?;
    let clinics: Vec<Value> = sample
        .clinics
        .iter()
        .map(|clinic| json!({"id": clinic.id, "code": clinic.code, "name": clinic.name}))
        .collect();
    Ok(json!({
        "created": true,
        "tenant_id": tenant,
        "tenant_code": code,
        "tenant_name": staff::TENANT_NAME,
        "clinics": clinics,
        "staff": staff,
        "patients": sample.patients.len(),
        "prescriptions": sample.prescriptions.len(),
        "appointments": sample.appointments.len(),
        "prescription_items": sample.prescriptions.iter().map(|one| one.items.len()).sum::<usize>(),
    }))
}

/// All sample rows of a tenant.
#[derive(Debug)]
pub struct Sample {
    /// The clinics.
    pub clinics: Vec<staff::Clinic>,
    /// The staff.
    pub members: Vec<staff::Member>,
    /// Their profiles.
    pub doctors: Vec<staff::Doctor>,
    /// The patients.
    pub patients: Vec<people::Patient>,
    /// A year of prescriptions.
    pub prescriptions: Vec<visits::Prescription>,
    /// The visits of the day.
    pub appointments: Vec<queue::Appointment>,
    /// What dentists charted.
    pub teeth: Vec<teeth::Charted>,
}

/// The moment of a day that is given, in minutes since midnight.
const LATE_MORNING: i64 = 11 * 60 + 20;

/// Makes the sample rows. Nothing but the arguments decides what they are.
pub fn sample(seed: u64, patients: usize, now: OffsetDateTime) -> Sample {
    let now = now.to_offset(india());
    let today = now.date();
    let mut dice = dice::Dice::new(seed);
    let founded = at_clock(today.saturating_sub(time::Duration::days(800)), 9 * 60);
    let clinics = staff::clinics(&mut dice, founded);
    let members = staff::members(&mut dice, founded);
    let doctors = staff::doctors(&mut dice, founded, &members, &clinics);
    let clinic_ids: Vec<_> = clinics.iter().map(|clinic| clinic.id).collect();
    let patients = people::patients(&mut dice, patients, &clinic_ids, today);
    let prescriptions = visits::prescriptions(&mut dice, &patients, &clinics, &doctors, today);
    let appointments = queue::appointments(&mut dice, &patients, &clinics, &doctors, now);
    let teeth = teeth::charted(&mut dice, &prescriptions);
    Sample { clinics, members, doctors, patients, prescriptions, appointments, teeth }
}

/// The moment at which the clock in an Indian clinic shows so many minutes since midnight.
fn at_clock(day: Date, minutes: i64) -> OffsetDateTime {
    OffsetDateTime::new_in_offset(day, Time::MIDNIGHT, india()) + time::Duration::minutes(minutes)
}

fn india() -> UtcOffset {
    UtcOffset::from_hms(5, 30, 0).expect("BUG: five and a half hours are an offset")
}

/// A whole row: these columns, and the defaults of all others.
fn with_defaults<'a>(table: TableName, columns: impl IntoIterator<Item = (&'a str, Value)>) -> Values {
    let mut values: Values = table
        .table()
        .columns
        .iter()
        .map(|column| {
            let value =
                column.default.and_then(|default| serde_json::from_str(default).ok()).unwrap_or(Value::Null);
            (column.name.to_owned(), value)
        })
        .collect();
    values.extend(columns.into_iter().map(|(name, value)| (name.to_owned(), value)));
    values
}

#[cfg(test)]
mod tests {
    use protocol::mutation::Hash;
    use protocol::prescription::content_hash;
    use protocol::validate::{check_row, check_value};
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 11:20 +5:30);

    fn check_columns(table: TableName, id: Uuid, values: &Values) {
        assert_eq!(values.len(), table.table().columns.len());
        for (name, value) in values {
            let column = table.table().column(name).expect("BUG: a column");
            assert!(check_value(column, value).is_ok(), "{name} = {value} of {id}");
        }
        assert!(check_row(table, values).is_ok(), "{id}");
    }

    #[test]
    fn every_row_fits_the_columns_of_its_table() {
        let sample = sample(7, 300, NOW);
        assert_eq!(sample.patients.len(), 300);
        for patient in &sample.patients {
            check_columns(TableName::Patients, patient.id, &patient.values);
        }
        for prescription in &sample.prescriptions {
            check_columns(TableName::Prescriptions, prescription.id, &prescription.values);
            assert!((1..=5).contains(&prescription.items.len()));
            for (id, item) in &prescription.items {
                check_columns(TableName::PrescriptionItems, *id, item);
            }
        }
        for appointment in &sample.appointments {
            check_columns(TableName::Appointments, appointment.id, &appointment.values);
        }
        for entry in &sample.teeth {
            let table =
                if entry.is_procedure { TableName::DentalProcedures } else { TableName::DentalObservations };
            check_columns(table, entry.id, &entry.values);
        }
        assert!(sample.teeth.iter().any(|entry| entry.is_procedure), "somebody was at a dentist's");
    }

    #[test]
    fn whenever_it_is_made_every_doctor_has_a_day_that_goes_on() {
        for now in [datetime!(2026-11-23 00:03 +5:30), NOW, datetime!(2026-11-23 23:57 +5:30)] {
            let sample = sample(7, 300, now);
            let text = |one: &queue::Appointment, name: &str| one.values[name].as_str().map(str::to_owned);
            let (mut patients, mut tokens) =
                (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
            for one in &sample.appointments {
                assert_eq!(text(one, "appointment_date").as_deref(), Some("2026-11-23"));
                assert!(patients.insert(text(one, "patient_id")), "one visit each");
                let is_here = matches!(text(one, "status").as_deref(), Some("arrived" | "in_consultation"));
                assert_eq!(text(one, "token_label").is_some(), is_here);
                assert!(!is_here || tokens.insert((text(one, "clinic_id"), text(one, "token_label"))));
                assert!(one.made_at <= now);
                assert!(!is_here || one.made_at.to_offset(india()).date() == now.date());
            }
            for doctor in &sample.doctors {
                let of = |status: &str| {
                    let here = |one: &&queue::Appointment| {
                        one.values["doctor_id"] == doctor.id.to_string() && one.values["status"] == status
                    };
                    sample.appointments.iter().filter(here).count()
                };
                assert_eq!((of("in_consultation"), of("no_show")), (1, 1));
                assert!(of("arrived") >= 2 && of("booked") >= 1 && of("confirmed") == 1);
            }
        }
    }

    #[test]
    fn every_prescription_bears_the_hash_of_its_content_and_a_number_of_its_own() {
        let sample = sample(7, 300, NOW);
        let mut numbers = std::collections::BTreeSet::new();
        for prescription in &sample.prescriptions {
            let text = |name: &str| prescription.values[name].as_str().expect("BUG: a text").to_owned();
            let hash = content_hash(prescription.id, &prescription.values, &prescription.items);
            assert_eq!(Hash::parse(&text("content_sha256")), Some(hash));
            assert!(numbers.insert(text("prescription_number")));
            assert!(text("visit_date").as_str() < "2026-11-23");
            assert!(text("visit_date").as_str() >= "2025-11-22");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_rows_and_another_seed_others() {
        let text = |seed| {
            let sample = sample(seed, 50, NOW);
            format!("{:?}{:?}{:?}", sample.patients, sample.prescriptions, sample.appointments)
        };
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }

    #[test]
    fn families_share_a_number_and_never_a_first_name_on_it() {
        let sample = sample(7, 500, NOW);
        let key = |patient: &people::Patient| {
            let text = |name: &str| patient.values[name].as_str().map(str::to_owned);
            (text("mobile_number"), text("first_name_norm"))
        };
        let keys: std::collections::BTreeSet<_> = sample.patients.iter().map(key).collect();
        let mobiles: std::collections::BTreeSet<_> = keys.iter().map(|(mobile, _)| mobile).collect();
        assert_eq!(keys.len(), 500);
        assert!(mobiles.len() < 350, "{}", mobiles.len());
    }

    #[test]
    fn no_one_gets_what_they_are_allergic_to() {
        let sample = sample(7, 1_000, NOW);
        let mut allergic = 0;
        for prescription in &sample.prescriptions {
            let patient = sample
                .patients
                .iter()
                .find(|patient| prescription.values["patient_id"] == patient.id.to_string());
            let Some(allergy) = patient.and_then(|patient| patient.allergy) else {
                continue;
            };
            allergic += 1;
            for (_, item) in &prescription.items {
                let medicine = crate::catalogue::medicines()
                    .iter()
                    .find(|medicine| item["medicine_id"] == medicine.id.to_string())
                    .expect("BUG: not in the catalogue");
                assert!(!medicine.allergen_classes.contains(&allergy));
            }
        }
        assert!(allergic > 50, "{allergic}");
    }
}
