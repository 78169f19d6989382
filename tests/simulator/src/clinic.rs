//! The clinic of a run: its people, medicines and first patients, and another tenant on the same server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use protocol::api::{DeviceScope, StaffMember};
use protocol::conflict::Source;
use protocol::id::{ClinicId, DeviceId, DoctorId, Epoch, TenantId, UserId};
use protocol::merge::Current;
use protocol::patient::normalise_name;
use protocol::permission::{Role, Roles};
use protocol::table::{Row, TableName, Values};
use replica::testing::Facts;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::{Device, Files, Held, Person, Server, Tenant};

/// Stands in everything clinical that people write in a run, and nowhere else.
pub const CLINICAL_MARK: &str = "☤";
/// What everybody types.
pub const PASSWORD: &str = "correct horse battery";
/// The server's half of what opens a computer.
pub const UNLOCK_KEY: &str = "none";
/// The name under which the server signs and is signed to.
pub const SERVER_NAME: &str = "simulated";

/// An id that says what it is.
pub fn fixed(kind: u16, tenant: usize, number: usize) -> Uuid {
    let number = ((tenant as u128) << 32) | number as u128;
    // Of version 7, from before every run.
    Uuid::from_u128(
        (0x0193_5600_0000_u128 << 80)
            | (0x7 << 76)
            | (u128::from(kind & 0xfff) << 64)
            | (0b10 << 62)
            | number,
    )
}

const TENANT: u16 = 1;
const DEVICE: u16 = 2;
const CLINIC: u16 = 3;
const EPOCH: u16 = 4;
const USER: u16 = 5;
const DOCTOR: u16 = 6;
const PATIENT: u16 = 7;
const MEDICINE: u16 = 8;

/// The two medicines of the catalogue.
pub fn medicine(number: usize) -> Uuid {
    fixed(MEDICINE, 0, number)
}

/// A tenant of a run.
pub fn tenant(number: usize) -> TenantId {
    TenantId(fixed(TENANT, number, 0))
}

/// A desktop of a run, before it is switched on.
pub struct Place {
    /// Where it belongs.
    pub facts: Facts,
    /// Its key.
    pub key: SigningKey,
    /// Who sits there.
    pub person: StaffMember,
}

/// Who sits at the desktops of a tenant, in their order.
const PEOPLE: [(&str, &[Role], DeviceScope); 4] = [
    ("Anjali Kulkarni", &[Role::Doctor, Role::Admin], DeviceScope::Clinical),
    ("Vikram Shah", &[Role::Doctor], DeviceScope::Clinical),
    ("Rekha Pawar", &[Role::Receptionist], DeviceScope::FrontDesk),
    ("Meena Iyer", &[Role::Nurse], DeviceScope::Clinical),
];

/// Where the desktop of this number of a tenant belongs.
pub fn place(tenant_number: usize, number: usize) -> Place {
    let (name, roles, scope) = PEOPLE[number % PEOPLE.len()];
    let is_doctor = roles.contains(&Role::Doctor);
    let lane = char::from(b'A' + number as u8);
    let mut key = [7; 32];
    key[0] = number as u8;
    key[1] = tenant_number as u8;
    Place {
        facts: Facts {
            tenant_id: tenant(tenant_number),
            tenant_name: "Asha".into(),
            device_id: DeviceId(fixed(DEVICE, tenant_number, number)),
            device_name: format!("Room {number}"),
            lane: lane.to_string(),
            clinic_id: ClinicId(fixed(CLINIC, tenant_number, 0)),
            clinic_name: "Asha Clinic".into(),
            scope,
            server: "https://sync.example.org".into(),
            server_name: SERVER_NAME.into(),
            epoch: Epoch(fixed(EPOCH, tenant_number, 0)),
        },
        key: SigningKey::from_bytes(&key),
        person: StaffMember {
            id: UserId(fixed(USER, tenant_number, number)),
            full_name: name.into(),
            email: format!("{lane}@example.org").to_lowercase(),
            roles: Roles(roles.to_vec()),
            doctor_id: is_doctor.then(|| DoctorId(fixed(DOCTOR, tenant_number, number))),
        },
    }
}

/// Where the desktop belongs that is enrolled as this one of a tenant in the middle of a run, beside another one: the same
/// person sits there.
pub fn later_place(beside: &Facts, person: &StaffMember, number: usize) -> Place {
    let tenant_number = (0..2).find(|tenant| self::tenant(*tenant) == beside.tenant_id).unwrap_or(0);
    let place = place(tenant_number, number);
    let facts = Facts { scope: beside.scope, epoch: beside.epoch, ..place.facts };
    Place { facts, key: place.key, person: person.clone() }
}

/// Who was hired to sit at this desktop.
pub fn person(facts: &Facts) -> Option<StaffMember> {
    let places = (0..2).flat_map(|tenant| (0..PEOPLE.len()).map(move |number| place(tenant, number)));
    places.filter(|place| place.facts.device_id == facts.device_id).map(|place| place.person).next()
}

/// A row with every column: what is not given has its default, or no value.
pub fn full(table: TableName, given: Value) -> Values {
    let given: Values = serde_json::from_value(given).unwrap_or_default();
    let columns = table.table().columns.iter().map(|column| {
        let default = column.default.and_then(|default| serde_json::from_str(default).ok());
        let value = given.get(column.name).cloned().or(default).unwrap_or(Value::Null);
        (column.name.to_owned(), value)
    });
    columns.collect()
}

/// A blood group that no desktop knows.
pub const FUTURE_GROUP: &str = "Bombay";

/// The server with its tenants, each with so many desktops. One of a later version has a word in a row that desktops do
/// not know.
pub fn server(n_desks: &[usize], is_newer: bool) -> Server {
    let mut server = Server::new(catalogue());
    for (number, n_desks) in n_desks.iter().enumerate() {
        server.add(new_tenant(number, *n_desks, is_newer));
    }
    server.is_newer = is_newer;
    server.back_up();
    server
}

fn catalogue() -> Vec<Row> {
    let medicine_row = |number, name: &str, class: &str| Row {
        table: TableName::Medicines,
        id: medicine(number),
        version: 1,
        deleted: false,
        values: full(
            TableName::Medicines,
            json!({ "generic_name": name, "strength_text": "500 mg", "dosage_form": "tablet", "route": "oral",
                "ingredients": [{ "name": name.to_lowercase() }], "allergen_classes": [class],
                "search_text": format!("{name} 500 mg").to_lowercase() }),
        ),
    };
    vec![medicine_row(0, "Amoxicillin", "penicillin"), medicine_row(1, "Ibuprofen", "nsaid")]
}

fn new_tenant(number: usize, n_desks: usize, is_newer: bool) -> Tenant {
    let mut rows = BTreeMap::new();
    let mut put = |table: TableName, id: Uuid, values: Value| {
        let row = Current { values: full(table, values), ..Current::default() };
        rows.insert((table, id), Arc::new(Held { version: 1, row, from: Source::default() }));
    };
    put(
        TableName::Clinics,
        fixed(CLINIC, number, 0),
        json!({ "clinic_name": "Asha Clinic", "clinic_code": "ASHA", "is_primary": true }),
    );
    let (mut devices, mut people) = (BTreeMap::new(), BTreeMap::new());
    for place in (0..n_desks).map(|desk| place(number, desk)) {
        if let Some(doctor) = place.person.doctor_id {
            put(
                TableName::Doctors,
                doctor.0,
                json!({ "user_id": place.person.id, "first_name": place.person.full_name, "kind": "physician",
                    "registration_number": place.facts.lane, "registration_council": "MMC" }),
            );
        }
        let known = BTreeSet::from([place.person.id]);
        let device = Device::new(&place.facts, place.key.verifying_key(), known);
        devices.insert(place.facts.device_id, device);
        people.insert(place.person.id, Person { staff: place.person, is_active: true, has_changed: false });
    }
    for (place, (name, mobile)) in
        [("Sunita", "+919820441276"), ("Prakash", "+919820441277"), ("Fatima", "+919820441278")]
            .into_iter()
            .enumerate()
    {
        let group = if is_newer && place == 0 { FUTURE_GROUP } else { "unknown" };
        put(
            TableName::Patients,
            fixed(PATIENT, number, place),
            json!({ "mobile_number": mobile, "first_name": name, "first_name_norm": normalise_name(name),
                "age_years": 54, "age_recorded_on": "2026-11-23", "sex": "female", "blood_group": group }),
        );
    }
    Tenant {
        id: tenant(number),
        epoch: Epoch(fixed(EPOCH, number, 0)),
        is_held: false,
        version: 1,
        rows,
        devices,
        people,
        journal: Vec::new(),
        files: Files::default(),
        surprises: Vec::new(),
    }
}
