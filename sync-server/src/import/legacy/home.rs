//! What of the tenant is kept in memory while rows are imported: its few clinics and doctors, the names that must
//! not be there twice, and what the current batch refers to.

use std::collections::{HashMap, HashSet};

use protocol::id::TenantId;
use protocol::table::Values;
use serde_json::{Value, json};
use uuid::Uuid;

use super::row::{SetAside, Taking};
use super::tables::OldTable;
use crate::catalogue;
use crate::import::keys::Origin;

/// The tenant that rows are imported for.
#[derive(Debug)]
pub(super) struct Home {
    /// Whose rows they become.
    pub(super) tenant: TenantId,
    /// Its name.
    pub(super) tenant_name: String,
    /// Which of its old databases is read.
    pub(super) source: String,
    /// Whether doctors have a table of their own there.
    pub(super) has_doctors: bool,
    /// Whether people worked there already, in sight of whom alone somebody becomes an admin.
    pub(super) had_computers: bool,
    /// The clinic of whatever names none.
    pub(super) primary_clinic: Option<Uuid>,
    pub(super) clinic_codes: HashSet<String>,
    pub(super) emails: HashSet<String>,
    /// Names of members of staff.
    pub(super) people: HashMap<Uuid, String>,
    pub(super) doctors: HashMap<Uuid, Doctor>,
    pub(super) doctor_of_user: HashMap<Uuid, Uuid>,
    pub(super) registrations: HashSet<(String, String)>,
    pub(super) short_keys: HashSet<(String, String, Option<Uuid>)>,
    pub(super) template_keys: HashSet<(String, Option<Uuid>)>,
    /// Medicines of the shared catalogue.
    pub(super) shared: HashMap<(String, String, String), Uuid>,
    /// Keys that several rows of the old database have, and by which none of them can be told.
    pub(super) shared_keys: HashSet<(OldTable, String)>,
    /// Of the current batch: ids that rows here have already.
    pub(super) taken_ids: HashSet<Uuid>,
    /// Of the current batch: numbers of prescriptions that are here already.
    pub(super) taken_numbers: HashSet<String>,
    /// Of the current batch: the patients that it refers to.
    pub(super) patients: HashMap<Uuid, Values>,
    /// Of the current batch: the medicines that it refers to.
    pub(super) medicines: HashMap<Uuid, Values>,
}

/// A prescriber, as on paper.
#[derive(Clone, Debug)]
pub(super) struct Doctor {
    pub(super) name: String,
    pub(super) qualifications: String,
    pub(super) registration: String,
    /// Whether they are gone: nobody's rows are taken for theirs.
    pub(super) is_deleted: bool,
}

impl Home {
    pub(super) fn new(tenant: TenantId, tenant_name: &str, source: &str) -> Self {
        let shared = catalogue::medicines().iter().map(|medicine| {
            let key = medicine_key(medicine.generic_name, medicine.strength_text, medicine.dosage_form);
            (key, medicine.id)
        });
        Self {
            tenant,
            tenant_name: tenant_name.to_owned(),
            source: source.to_owned(),
            has_doctors: true,
            had_computers: false,
            primary_clinic: None,
            clinic_codes: HashSet::new(),
            emails: HashSet::new(),
            people: HashMap::new(),
            doctors: HashMap::new(),
            doctor_of_user: HashMap::new(),
            registrations: HashSet::new(),
            short_keys: HashSet::new(),
            template_keys: HashSet::new(),
            shared: shared.collect(),
            shared_keys: HashSet::new(),
            taken_ids: HashSet::new(),
            taken_numbers: HashSet::new(),
            patients: HashMap::new(),
            medicines: HashMap::new(),
        }
    }

    /// The id of an old row: its own, if that is a UUID which is free here; else one that is made of its key and is
    /// the same in every import.
    pub(super) fn id(&self, table: OldTable, key: &str) -> Uuid {
        match Uuid::try_parse(key) {
            Ok(id) if !id.is_nil() && !self.taken_ids.contains(&id) => id,
            _ => self.made_id(table.name(), key),
        }
    }

    /// The id of a row that has no key of its own in the old database.
    pub(super) fn made_id(&self, what: &str, key: &str) -> Uuid {
        self.origin().made_id(what, key)
    }

    /// Where the rows come from.
    pub(super) fn origin(&self) -> Origin<'_> {
        Origin { tenant: self.tenant, source: &self.source }
    }

    /// The doctor of a row: the one that it names, else the only one there is.
    pub(super) fn doctor(&self, taking: &mut Taking<'_>, names: &[&str]) -> Result<Uuid, SetAside> {
        match taking.refer(names, if self.has_doctors { OldTable::Doctors } else { OldTable::Users })? {
            Some(id) if self.doctors.contains_key(&id) => Ok(id),
            Some(user) => self
                .doctor_of_user
                .get(&user)
                .copied()
                .ok_or(SetAside::because("doctor_id", "it names a member of staff who is no doctor")),
            None => {
                let mut here = self.doctors.iter().filter(|(_, doctor)| !doctor.is_deleted);
                if let (Some((only, _)), None) = (here.next(), here.next()) {
                    taking.remark("doctor_id", "it names no doctor; the only one was taken");
                    return Ok(*only);
                }
                Err(SetAside::because("doctor_id", "it names no doctor, and there is not exactly one"))
            }
        }
    }

    /// The clinic of a row: the one that it names, else the first.
    pub(super) fn clinic(&self, taking: &mut Taking<'_>, names: &[&str]) -> Result<Uuid, SetAside> {
        let clinic = taking.refer(names, OldTable::Clinics).unwrap_or_else(|aside| {
            taking.remark("clinic_id", aside.why);
            None
        });
        clinic.or(self.primary_clinic).ok_or(SetAside::because("clinic_id", "there is no clinic"))
    }

    /// The doctor as printed on paper.
    pub(super) fn doctor_snapshot(&self, id: Uuid) -> Value {
        match self.doctors.get(&id) {
            Some(doctor) => json!({
                "name": doctor.name,
                "qualifications": doctor.qualifications,
                "registration": doctor.registration,
            }),
            None => Value::Null,
        }
    }
}

impl Doctor {
    /// From the columns of `doctors`.
    pub(super) fn of(values: &Values) -> Self {
        let text = |name: &str| values.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = [text("title"), text("first_name"), text("last_name")];
        let name: Vec<&str> = name.into_iter().filter(|part| !part.is_empty()).collect();
        Self {
            name: name.join(" "),
            is_deleted: !values.get("deleted_at").unwrap_or(&Value::Null).is_null(),
            qualifications: text("qualifications").to_owned(),
            registration: format!(
                "Reg. no. {} {}",
                text("registration_council"),
                text("registration_number")
            ),
        }
    }
}

/// By which two medicines are the same: `500 mg` is `500mg`.
pub(super) fn medicine_key(generic_name: &str, strength: &str, form: &str) -> (String, String, String) {
    let squeeze = |text: &str| text.to_lowercase().split_whitespace().collect::<String>();
    (squeeze(generic_name), squeeze(strength), form.to_owned())
}
