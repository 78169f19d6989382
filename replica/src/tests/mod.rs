//! Real encrypted files in temporary folders.

mod allergies;
mod amend;
mod audit;
mod comparing;
mod conflicts;
mod day;
mod days;
mod deaths;
mod dental;
mod disputed;
mod export;
mod file;
mod files;
mod filling;
mod follow_ups;
mod guard;
mod hindi;
mod ledger;
mod letterhead;
mod night;
mod outbox;
mod own_keys;
mod own_medicines;
mod passwords;
mod patients;
mod prepared;
mod prescriptions;
mod recovery;
mod renewal;
mod repeat;
mod restored;
mod revoked;
mod running;
mod safety;
mod settlements;
mod short_keys;
mod slips;
mod staff;
mod steps;
mod taken_away;
mod upgrade;
mod visits;

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use protocol::api::{DeviceScope, Fate, PushResponse, Receipt, StaffMember};
use protocol::id::{ClinicId, DeviceId, DoctorId, Epoch, PatientId, TenantId, UserId};
use protocol::permission::{Role, Roles};
use protocol::table::{Row, TableName, Values};
use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::Notify;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::replica::Replica;
use crate::store::{DatabaseKey, Facts, Store};
use crate::view::{DraftItem, PatientForm};

pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-23 05:11:08 UTC);

pub(crate) struct Fixture {
    pub replica: Replica,
    pub store: Arc<Store>,
    pub folder: TempDir,
}

impl Fixture {
    fn register(&self, first_name: &str, mobile_number: &str) -> PatientId {
        self.replica.register_patient(&form(first_name, mobile_number)).expect("BUG: registered").id
    }
}

fn key(byte: u8) -> DatabaseKey {
    DatabaseKey(Zeroizing::new([byte; 32]))
}

fn doctor_id() -> DoctorId {
    DoctorId(Uuid::from_u128(0xd0c))
}

fn facts() -> Facts {
    Facts {
        tenant_id: TenantId(Uuid::from_u128(1)),
        tenant_name: "Asha".into(),
        device_id: DeviceId(Uuid::from_u128(2)),
        device_name: "Room 1".into(),
        lane: "A".into(),
        clinic_id: ClinicId(Uuid::from_u128(3)),
        clinic_name: "Asha Clinic".into(),
        scope: DeviceScope::Clinical,
        server: "https://example.org".into(),
        server_name: "example".into(),
        epoch: Epoch(Uuid::from_u128(4)),
    }
}

/// A signed-in replica with its clinic and its doctor, as after a first sync.
pub(crate) fn fixture(role: Role) -> Fixture {
    fixture_of(&[role])
}

/// The same for somebody with several roles.
pub(crate) fn fixture_of(roles: &[Role]) -> Fixture {
    let folder = TempDir::new().expect("BUG: a folder");
    let store = Store::create(&folder.path().join("clinic.db"), &key(7), &facts()).expect("BUG: a new file");
    let store = Arc::new(store);
    let row = |table, id: u128, version, values: Value| Row {
        table,
        id: Uuid::from_u128(id),
        version,
        deleted: false,
        values: serde_json::from_value(values).expect("BUG: values"),
    };
    let clinic = json!({ "clinic_name": "Asha Clinic", "clinic_code": "ASHA", "time_zone": "Asia/Kolkata",
        "letterhead": {}, "working_hours": {}, "is_primary": true, "is_active": true });
    let doctor = json!({ "title": "Dr.", "first_name": "Anjali", "last_name": "Kulkarni", "kind": "physician",
        "registration_number": "2009/04/1187", "registration_council": "MMC", "is_active": true,
        "qualifications": "MBBS, MD" });
    let medicine = json!({ "generic_name": "Paracetamol", "strength_text": "650 mg", "dosage_form": "tablet",
        "route": "oral", "ingredients": [], "allergen_classes": [], "schedule": "none", "is_combination": false,
        "search_text": "paracetamol 650 mg", "is_active": true, "default_dose": "1 sos" });
    store
        .stage(&[
            row(TableName::Clinics, 3, 1, clinic),
            row(TableName::Doctors, 0xd0c, 1, doctor),
            row(TableName::Medicines, 0x3ed, 1, medicine),
        ])
        .expect("BUG: staged");
    store.apply_staged(vec![], (1, 1), (None, NOW)).expect("BUG: applied");
    let person = StaffMember {
        id: UserId(Uuid::from_u128(5)),
        full_name: "Anjali Kulkarni".into(),
        email: "anjali@example.org".into(),
        roles: Roles(roles.to_vec()),
        doctor_id: roles.contains(&Role::Doctor).then(doctor_id),
    };
    let key = SigningKey::from_bytes(&[9; 32]);
    let mut replica = Replica::new(Arc::clone(&store), person, facts(), key, Arc::new(Notify::new()));
    replica.clock = Clock::stopped(NOW);
    Fixture { replica, store, folder }
}

pub(crate) fn form(first_name: &str, mobile_number: &str) -> PatientForm {
    PatientForm {
        mobile_number: mobile_number.into(),
        first_name: first_name.into(),
        last_name: "Deshmukh".into(),
        sex: "female".into(),
        age_years: Some(54),
        ..PatientForm::default()
    }
}

/// The server's answer that applied everything that waits, with these rows.
fn answer(store: &Store, head: i64, rows: Vec<Row>) -> PushResponse {
    let waiting = store.next_batch(500, 1_000_000).expect("BUG: readable");
    let receipts = waiting
        .iter()
        .map(|signed| {
            let mutation: protocol::mutation::Mutation =
                serde_json::from_str(&signed.body).expect("BUG: a mutation");
            Receipt {
                sequence: mutation.sequence,
                hash: signed.hash,
                fate: Fate::Applied,
                code: None,
                detail: None,
                blocked_by: None,
                review: vec![],
            }
        })
        .collect();
    PushResponse { head_before: head - 1, head, receipts, rows, server_time: NOW, notices: Vec::new() }
}

/// A patient's row as the server would have it now.
fn as_server(fixture: &Fixture, id: PatientId, version: i64, change: &[(&str, Value)]) -> Row {
    let mut values: Values = fixture
        .store
        .read(|tx| crate::replica::must_get(tx, TableName::Patients, id.0))
        .expect("BUG: the patient");
    values.extend(change.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Row { table: TableName::Patients, id: id.0, version, deleted: false, values }
}

fn item(medicine_text: &str, dose_text: &str) -> DraftItem {
    DraftItem { medicine_text: medicine_text.into(), dose_text: dose_text.into(), ..DraftItem::default() }
}
