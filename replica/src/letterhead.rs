//! What stands at the head and the foot of every paper of this clinic.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use protocol::mutation::{Change, SetValue};
use protocol::printed::{MAX_LOGO_BYTES, Printed, PrintedItem};
use protocol::table::{TableName, Values, Writer};
use serde_json::{Map, Value, json};

use crate::clock::day_words;
use crate::error::{Error, Result};
use crate::replica::{Replica, by_name, change_to, must_get, or_null, text};
use crate::sign::doctor_snapshot;
use crate::view::Letterhead;

/// The room that a printed pad's own head takes, in millimetres from the top of the paper.
const ROOM: std::ops::RangeInclusive<u32> = 10..=80;
/// The name of the clinic's own picture in the column `letterhead`, where it stands in base64.
const LOGO: &str = "logo";
/// The longest line of a clinic's own, and the longest foot, in letters.
const LONGEST: usize = 300;

impl Replica {
    /// The letterhead of this clinic, as it would be edited now.
    pub fn letterhead(&self) -> Result<Letterhead> {
        self.store.read(|tx| Ok(form(&must_get(tx, TableName::Clinics, self.facts.clinic_id.0)?)))
    }

    /// Changes the letterhead: only what differs between `seen` and `wanted` is written. Papers that were signed before
    /// print with it too: it is the clinic's, and no part of what was signed.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who is no admin; [`Error::Invalid`] for what does not fit on paper.
    pub fn save_letterhead(&self, seen: &Letterhead, wanted: &Letterhead) -> Result<()> {
        self.must_write_letterhead()?;
        self.record("save_letterhead", None, |tx| {
            let id = self.facts.clinic_id.0;
            let current = must_get(tx, TableName::Clinics, id)?;
            let (seen, wanted) = beside(&form(&current), seen, wanted);
            let before = values(&seen, &current).unwrap_or_else(|_| current.clone());
            let change = change_to(TableName::Clinics, id, &before, values(&wanted, &current)?);
            Ok((change.into_iter().collect(), ()))
        })
    }

    /// Puts the clinic's own picture into the letterhead, a small PNG or JPEG; none takes it away.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who is no admin; [`Error::Invalid`] for what is too large to travel with the clinic.
    pub fn save_logo(&self, logo: Option<&[u8]>) -> Result<()> {
        self.must_write_letterhead()?;
        if logo.is_some_and(|bytes| bytes.is_empty() || bytes.len() > MAX_LOGO_BYTES) {
            return Err(Error::Invalid("This picture does not fit. Nothing was saved yet.".into()));
        }
        self.record("save_letterhead", None, |tx| {
            let id = self.facts.clinic_id.0;
            let base = must_get(tx, TableName::Clinics, id)?.remove("letterhead").unwrap_or(json!({}));
            let mut letterhead = base.as_object().cloned().unwrap_or_default();
            match logo {
                Some(bytes) => letterhead.insert(LOGO.to_owned(), json!(STANDARD.encode(bytes))),
                None => letterhead.remove(LOGO),
            };
            let value = Value::Object(letterhead);
            if value == base {
                return Ok((vec![], ()));
            }
            check_column("letterhead", &value)?;
            let set = BTreeMap::from([("letterhead".to_owned(), SetValue { base, value })]);
            Ok((vec![Change::update(TableName::Clinics, id, set)], ()))
        })
    }

    fn must_write_letterhead(&self) -> Result<()> {
        if self.person.roles.may_write(Writer::Admin) {
            Ok(())
        } else {
            Err(Error::Forbidden("Only an admin changes the letterhead."))
        }
    }

    /// A paper of nobody's, with this letterhead.
    pub fn printed_sample(&self, letterhead: &Letterhead) -> Result<Printed> {
        self.store.read(|tx| {
            let current = must_get(tx, TableName::Clinics, self.facts.clinic_id.0)?;
            let mut clinic = current.clone();
            clinic.extend(values(letterhead, &current)?);
            let doctor = match self.person.doctor_id {
                Some(doctor) => doctor_snapshot(tx, doctor).unwrap_or_default(),
                None => json!({ "name": self.person.full_name }),
            };
            let of = |name: &str| doctor[name].as_str().unwrap_or_default().to_owned();
            let mut printed = Printed {
                doctor_name: of("name"),
                qualifications: of("qualifications"),
                registration: of("registration"),
                patient_name: "Patient".into(),
                patient_age_sex: "54 y, F".into(),
                date: day_words(self.day(tx)?),
                allergies: "none known".into(),
                items: vec![PrintedItem {
                    title: "TAB. PARACETAMOL 650 MG".into(),
                    directions: "1 tablet in the morning and at night, for 3 days".into(),
                    quantity: "6 tablets".into(),
                    ..PrintedItem::default()
                }],
                ..Printed::default()
            };
            put_head(&mut printed, &clinic);
            Ok(printed)
        })
    }
}

/// Writes head and foot of a clinic on a paper.
pub(crate) fn put_head(printed: &mut Printed, clinic: &Values) {
    let head = form(clinic);
    let town = format!("{} {}", head.city, head.pincode);
    let joined = |parts: &[&str], by: &str| {
        parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(by)
    };
    printed.clinic_address = joined(&[&head.address, town.trim()], ", ");
    printed.clinic_phone = joined(&[&head.phone, &head.email], " · ");
    printed.clinic_lines = head.line.lines().map(str::to_owned).collect();
    printed.clinic_registration = head.registration_number;
    printed.logo = logo(clinic).unwrap_or_default();
    printed.clinic_name = head.clinic_name;
    printed.foot = head.foot;
    printed.head_room_mm = head.preprinted_mm.unwrap_or(0);
}

/// The clinic's own picture, unless it is larger than any that a desktop writes.
fn logo(clinic: &Values) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(clinic.get("letterhead")?.get(LOGO)?.as_str()?).ok()?;
    Some(bytes).filter(|bytes| bytes.len() <= MAX_LOGO_BYTES)
}

fn check_column(name: &str, value: &Value) -> Result<()> {
    if let Some(column) = TableName::Clinics.table().column(name) {
        protocol::validate::check_value(column, value)?;
    }
    Ok(())
}

fn form(clinic: &Values) -> Letterhead {
    let owned = |name: &str| text(clinic, name).to_owned();
    let letterhead = clinic.get("letterhead").unwrap_or(&Value::Null);
    let of = |name: &str| letterhead[name].as_str().unwrap_or_default().to_owned();
    let room = letterhead["preprinted_mm"].as_u64().and_then(|mm| u32::try_from(mm).ok());
    Letterhead {
        clinic_name: owned("clinic_name"),
        line: of("line"),
        address: owned("address"),
        city: owned("city"),
        pincode: owned("pincode"),
        phone: owned("phone"),
        email: owned("email"),
        registration_number: owned("registration_number"),
        foot: of("foot"),
        preprinted_mm: room.filter(|mm| ROOM.contains(mm)),
        has_logo: logo(clinic).is_some(),
    }
}

/// What was seen and what is wanted, with what stands there `now` of the lines that share a column: of these, too, only
/// what this person changed is written.
fn beside(now: &Letterhead, seen: &Letterhead, wanted: &Letterhead) -> (Letterhead, Letterhead) {
    let kept_or = |seen: &str, wanted: &str, now: &str| if seen == wanted { now } else { wanted }.to_owned();
    let is_same_paper = seen.preprinted_mm == wanted.preprinted_mm;
    let wanted = Letterhead {
        line: kept_or(&seen.line, &wanted.line, &now.line),
        foot: kept_or(&seen.foot, &wanted.foot, &now.foot),
        preprinted_mm: if is_same_paper { now.preprinted_mm } else { wanted.preprinted_mm },
        ..wanted.clone()
    };
    let (line, foot) = (now.line.clone(), now.foot.clone());
    (Letterhead { line, foot, preprinted_mm: now.preprinted_mm, ..seen.clone() }, wanted)
}

/// The columns that a letterhead means. What else stands in the column `letterhead` stays.
fn values(form: &Letterhead, current: &Values) -> Result<Values> {
    let invalid = |why: &str| Error::Invalid(format!("{why} Nothing was saved yet."));
    if form.clinic_name.trim().is_empty() {
        return Err(invalid("The name of the clinic is missing."));
    }
    if form.preprinted_mm.is_some_and(|mm| !ROOM.contains(&mm)) {
        return Err(invalid("A printed head takes 10 to 80 mm."));
    }
    if [&form.line, &form.foot].iter().any(|text| text.chars().count() > LONGEST) {
        return Err(invalid("This is too long for the paper: at most 300 letters."));
    }
    let pincode = form.pincode.trim();
    let is_pincode = pincode.len() == 6 && pincode.bytes().all(|byte| byte.is_ascii_digit());
    if !(pincode.is_empty() || is_pincode) {
        return Err(invalid("A PIN code has six digits."));
    }
    let mut letterhead: Map<String, Value> =
        current.get("letterhead").and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, value) in [
        ("line", or_null(&form.line)),
        ("foot", or_null(&form.foot)),
        ("preprinted_mm", json!(form.preprinted_mm)),
    ] {
        if value.is_null() {
            letterhead.remove(name);
        } else {
            letterhead.insert(name.to_owned(), value);
        }
    }
    let columns = [
        ("clinic_name", json!(form.clinic_name.trim())),
        ("address", or_null(&form.address)),
        ("city", or_null(&form.city)),
        ("pincode", or_null(pincode)),
        ("phone", or_null(&form.phone)),
        ("email", or_null(&form.email)),
        ("registration_number", or_null(&form.registration_number)),
        ("letterhead", Value::Object(letterhead)),
    ];
    for (name, value) in &columns {
        check_column(name, value)?;
    }
    Ok(by_name(columns))
}
