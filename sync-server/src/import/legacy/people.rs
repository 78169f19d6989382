//! Clinics, members of staff and prescribers.

use protocol::patient::parse_mobile;
use protocol::permission::Role;
use protocol::table::{TableName, Values};
use serde_json::{Value, json};
use uuid::Uuid;

use super::home::{Doctor, Home};
use super::row::{SetAside, Taking};
use super::tables::{Made, OldTable};
use crate::auth::password::is_bearable;
use crate::auth::tenant::split_name;
use crate::import::value::entries;
use crate::import::words;
use crate::import::write::NewRow;

/// The columns by which a doctor names a member of staff.
pub(super) const USER: &[&str] = &["user_id", "account_id"];

const NAME: &[&str] = &["full_name", "name", "doctor_name", "display_name"];
const PASSWORD: &[&str] =
    &["password_hash", "hashed_password", "password", "password_digest", "encrypted_password"];

/// No password fits it.
const NO_PASSWORD: &str = "!";

/// A clinic.
pub(super) fn clinic(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let clinics = TableName::Clinics;
    let id = home.id(OldTable::Clinics, taking.key());
    let mut values = Values::new();
    if let Some(code) = taking.plain(&words::names(clinics, "clinic_code")) {
        let kept: String = code.to_uppercase().chars().filter(char::is_ascii_alphanumeric).take(20).collect();
        if kept != code {
            taking.remark("clinic_code", "a code has capital letters and digits only");
        }
        values.insert("clinic_code".to_owned(), json!(kept));
    }
    let code = values.get("clinic_code").and_then(Value::as_str).unwrap_or_default().to_owned();
    if code.len() < 2 || home.clinic_codes.contains(&code) {
        let made = free_code(home);
        if !code.is_empty() {
            taking.remark("clinic_code", "another clinic has this code, or it is too short; one was made");
        }
        values.insert("clinic_code".to_owned(), json!(made));
    }
    if taking.raw(&words::names(clinics, "clinic_name")).is_none() {
        taking.remark("clinic_name", "there was none; the tenant's was taken");
        values.insert("clinic_name".to_owned(), json!(home.tenant_name));
    }
    // Rows come with the primary clinic first.
    taking.raw(&words::names(clinics, "is_primary"));
    values.insert("is_primary".to_owned(), json!(home.primary_clinic.is_none()));
    values
        .insert("time_zone".to_owned(), json!(taking.calendar().zone.iana_name().unwrap_or("Asia/Kolkata")));
    let values = taking.declared(clinics, values)?;
    let row = taking.finish(clinics.table(), id, values)?;
    home.primary_clinic.get_or_insert(id);
    home.clinic_codes.insert(row.values["clinic_code"].as_str().unwrap_or_default().to_owned());
    Ok(Made::one(row))
}

/// The clinic of a database that knows none.
pub(super) fn only_clinic(home: &mut Home) -> NewRow {
    let id = home.made_id(OldTable::Clinics.name(), "");
    let mut values = Values::new();
    for column in TableName::Clinics.table().columns {
        let default = column.default.map(|text| serde_json::from_str(text).expect("BUG: a default is JSON"));
        values.insert(column.name.to_owned(), default.unwrap_or(Value::Null));
    }
    values.insert("clinic_name".to_owned(), json!(home.tenant_name));
    values.insert("clinic_code".to_owned(), json!(free_code(home)));
    values.insert("is_primary".to_owned(), json!(true));
    home.primary_clinic = Some(id);
    NewRow { table: "clinics", id, values, created_at: None, updated_at: None, deleted_at: None }
}

fn free_code(home: &mut Home) -> String {
    let mut number = home.clinic_codes.len() + 1;
    while home.clinic_codes.contains(&format!("OLD{number}")) {
        number += 1;
    }
    let code = format!("OLD{number}");
    home.clinic_codes.insert(code.clone());
    code
}

/// A member of staff; where doctors have no table of their own, a prescriber as well.
pub(super) fn user(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let id = home.id(OldTable::Users, taking.key());
    let full_name = name(taking).or_else(|| taking.text(&["username", "email"], 150));
    let full_name = full_name.unwrap_or_else(|| {
        taking.remark("full_name", "there was none; a placeholder was put in");
        format!("Member of staff {:.100}", taking.key())
    });
    let mut roles = roles(taking);
    if home.had_computers && roles.contains(&Role::Admin) {
        taking.remark("role", "an admin, whom no operator alone makes one; without that role");
        roles.retain(|role| *role != Role::Admin);
        if roles.is_empty() {
            roles.push(Role::Receptionist);
        }
    }
    let mut is_active = is_active(taking);
    let email =
        taking.plain(&["email", "email_address", "username", "login"]).unwrap_or_default().to_lowercase();
    let is_email =
        email.contains('@') && email.chars().count() <= 254 && !email.contains(char::is_whitespace);
    let email = if is_email && !home.emails.contains(&email) {
        email
    } else {
        taking.remark(
            "email",
            "none, no address, or there twice; a placeholder was put in, and the person is inactive",
        );
        is_active = false;
        format!("{}@legacy.invalid", id.simple())
    };
    let hash = taking.plain(PASSWORD).filter(|hash| is_bearable(hash));
    if hash.is_none() {
        taking.remark("password_hash", "not a hash that is safe enough; the person needs a new password");
    }
    let mobile = taking.plain(&["mobile_number", "mobile", "phone", "phone_number"]);
    let mobile = mobile.and_then(|written| {
        let mobile = parse_mobile(&written);
        if mobile.is_none() {
            taking.remark("mobile_number", "not a mobile number; left empty");
        }
        mobile
    });
    let values: Values = [
        ("email", json!(email)),
        ("full_name", json!(full_name)),
        ("roles", json!(roles)),
        ("must_change_password", json!(hash.is_none())),
        ("password_hash", json!(hash.as_deref().unwrap_or(NO_PASSWORD))),
        ("is_active", json!(is_active)),
        ("mobile_number", json!(mobile)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    home.emails.insert(email);
    home.people.insert(id, full_name);
    let mut rows = vec![taking.tail("users", id, values)];
    if !home.has_doctors && roles.iter().any(|role| matches!(role, Role::Doctor | Role::Dentist)) {
        let doctor = home.made_id("doctors", taking.key());
        let kind = if roles.contains(&Role::Dentist) { "dentist" } else { "physician" };
        let preset = [("user_id".to_owned(), json!(id)), ("kind".to_owned(), json!(kind))];
        rows.push(profile(taking, home, doctor, Some(id), preset.into())?);
    }
    Ok(Made { id, rows, lines: Vec::new() })
}

/// Whether a person may sign in: not one who is deleted, nor one whose state nobody here understands.
fn is_active(taking: &mut Taking<'_>) -> bool {
    const STATES: &[&str] = &["is_active", "active", "enabled", "status", "account_status"];
    let state = taking.truth(STATES);
    if state.is_none() && taking.raw(STATES).is_some() {
        taking.remark("is_active", "a state that is not known; the person is inactive");
        return false;
    }
    if taking.is_deleted() {
        taking.remark("is_active", "deleted in the earlier program; the person is inactive");
        return false;
    }
    state.unwrap_or(true)
}

/// A prescriber.
pub(super) fn doctor(taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
    let id = home.id(OldTable::Doctors, taking.key());
    let user = match taking.refer(USER, OldTable::Users) {
        Ok(user) => user.filter(|user| {
            let is_free = !home.doctor_of_user.contains_key(user);
            if !is_free {
                taking.remark("user_id", "another doctor has this login; left empty");
            }
            is_free
        }),
        Err(aside) => {
            taking.remark("user_id", aside.why);
            None
        }
    };
    let preset = [("user_id".to_owned(), json!(user))];
    Ok(Made::one(profile(taking, home, id, user, preset.into())?))
}

fn profile(
    taking: &mut Taking<'_>,
    home: &mut Home,
    id: Uuid,
    user: Option<Uuid>,
    mut values: Values,
) -> Result<NewRow, SetAside> {
    let doctors = TableName::Doctors;
    if taking.raw(&["first_name"]).is_none() {
        let known = user.and_then(|user| home.people.get(&user).cloned());
        let full = name(taking).or(known).unwrap_or_else(|| {
            taking.remark("first_name", "there was no name; a placeholder was put in");
            format!("(name not known, {:.20})", taking.key())
        });
        let (first, last) = split_name(&full);
        let short = |part: &str| part.chars().take(100).collect::<String>();
        values.insert("first_name".to_owned(), json!(short(first)));
        values.insert("last_name".to_owned(), json!(last.map(short)));
    }
    if !values.contains_key("kind") {
        let said = taking.plain(&words::names(doctors, "kind")).unwrap_or_default();
        let speciality = taking.plain(&words::names(doctors, "specialization")).unwrap_or_default();
        let is_dentist = format!("{said} {speciality}").to_lowercase().contains("dent");
        let kind = if is_dentist { "dentist" } else { "physician" };
        values.insert("kind".to_owned(), json!(kind));
    }
    let number = taking.text(&words::names(doctors, "registration_number"), 50);
    let council = taking.text(&words::names(doctors, "registration_council"), 100);
    if number.is_none() || council.is_none() {
        taking.remark("registration_number", "the registration is not complete; a placeholder says so");
    }
    let mut number = number.unwrap_or_else(|| format!("to be completed ({:.20})", taking.key()));
    let council = council.unwrap_or_else(|| "council not known".to_owned());
    if home.registrations.contains(&(council.clone(), number.clone())) {
        taking.remark("registration_number", "another doctor has it; the old key was put behind it");
        number = format!("{number:.20} ({:.20})", taking.key());
    }
    values.insert("registration_number".to_owned(), json!(number));
    values.insert("registration_council".to_owned(), json!(council));
    let values = taking.declared(doctors, values)?;
    let row = taking.finish(doctors.table(), id, values)?;
    home.registrations.insert((council, number));
    home.doctors.insert(id, Doctor { is_deleted: row.deleted_at.is_some(), ..Doctor::of(&row.values) });
    if let Some(user) = user {
        home.doctor_of_user.insert(user, id);
    }
    Ok(row)
}

fn name(taking: &mut Taking<'_>) -> Option<String> {
    taking.text(NAME, 150).or_else(|| {
        let parts = [taking.text(&["first_name"], 75)?, taking.text(&["last_name"], 74).unwrap_or_default()];
        Some(parts.join(" ").trim().to_owned())
    })
}

/// What a person is; what is not known becomes the role that sees least.
fn roles(taking: &mut Taking<'_>) -> Vec<Role> {
    let mut roles = Vec::new();
    for names in [&["role"] as &[&str], &["roles", "extra_roles"], &["user_type", "user_role"]] {
        for written in taking.raw(names).map(entries).unwrap_or_default() {
            let Some(written) = written.as_str() else { continue };
            match role(written) {
                Some(role) if !roles.contains(&role) => roles.push(role),
                Some(_) => {}
                None => taking.remark("role", "a role that is not known; nothing is allowed by it"),
            }
        }
    }
    if taking.truth(&["is_admin", "is_superuser"]) == Some(true) && !roles.contains(&Role::Admin) {
        roles.push(Role::Admin);
    }
    if roles.is_empty() {
        taking.remark("role", "no role that is known; the person is a receptionist");
        roles.push(Role::Receptionist);
    }
    roles
}

fn role(written: &str) -> Option<Role> {
    let word = written.trim().to_lowercase().replace([' ', '-'], "_");
    Role::find(&word).or(match word.as_str() {
        "administrator" | "owner" | "clinic_admin" | "super_admin" | "superadmin" => Some(Role::Admin),
        "physician" | "consultant" | "dr" | "doctor_admin" => Some(Role::Doctor),
        "dental_surgeon" | "orthodontist" => Some(Role::Dentist),
        "reception" | "front_desk" | "frontdesk" | "front_office" | "staff" => Some(Role::Receptionist),
        "assistant" | "dental_assistant" | "compounder" => Some(Role::Nurse),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_of_old_programs_are_known() {
        assert_eq!(role("Front Desk"), Some(Role::Receptionist));
        assert_eq!(role("super_admin"), Some(Role::Admin));
        assert_eq!(role("DENTIST"), Some(Role::Dentist));
        assert_eq!(role("janitor"), None);
    }
}
