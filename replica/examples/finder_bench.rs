//! Measures finding a patient in the encrypted store, and prints a JSON array for `cargo xtask bench`: for each
//! kind of query the 95th percentile in milliseconds, beside the time that plain SQLite takes to read the same
//! rows by their primary key.
//!
//! `finder_bench [PATIENTS]`, 50,000 unless said otherwise.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use ed25519_dalek::SigningKey;
use protocol::api::{DeviceScope, StaffMember};
use protocol::id::{ClinicId, DeviceId, DoctorId, Epoch, TenantId, UserId};
use protocol::patient::normalise_name;
use protocol::permission::{Role, Roles};
use protocol::table::{Row, TableName};
use replica::Replica;
use replica::testing::{DatabaseKey, Facts, Store};
use serde_json::{Value, json};
use uuid::Uuid;

const PATIENTS: usize = 50_000;
const QUERIES: usize = 1_000;
/// Rows staged in one transaction, as a page of a pull brings them.
const PAGE: usize = 5_000;
/// Longer than this, and a person at the desk waits.
const GOAL_MS: f64 = 20.0;

const FIRST_NAMES: [&str; 24] = [
    "Sunita",
    "Sunil",
    "Prakash",
    "Rahul",
    "Anjali",
    "Anil",
    "Meena",
    "Mohammed",
    "Fatima",
    "Ravi",
    "Lakshmi",
    "Kavita",
    "Sanjay",
    "Deepa",
    "Arjun",
    "Priya",
    "Suresh",
    "Asha",
    "Vijay",
    "Rekha",
    "सुनीता",
    "विद्या",
    "राहुल",
    "प्रकाश",
];
const LAST_NAMES: [&str; 20] = [
    "Deshmukh",
    "Sharma",
    "Patil",
    "Kulkarni",
    "Shaikh",
    "D’Souza",
    "Iyer",
    "Reddy",
    "Gupta",
    "Singh",
    "Joshi",
    "Pawar",
    "Khan",
    "Nair",
    "Das",
    "Verma",
    "शर्मा",
    "पाटील",
    "Mehta",
    "Rao",
];

/// How some of them are typed by whoever writes them otherwise.
const OTHERWISE: [(&str, &str); 6] = [
    ("Sunita", "suneeta"),
    ("Meena", "mina"),
    ("Fatima", "fathima"),
    ("Ravi", "rawi"),
    ("Lakshmi", "laxmi"),
    ("Deepa", "dipa"),
];

/// Equal runs measure equal patients.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("BUG: less than sides")
    }
}

struct Person {
    id: Uuid,
    first_name: &'static str,
    last_name: &'static str,
    mobile: String,
}

fn main() -> anyhow::Result<()> {
    let patients = match std::env::args().nth(1) {
        Some(text) => text.parse().context("the number of patients")?,
        None => PATIENTS,
    };
    anyhow::ensure!(patients > 0, "at least one patient is needed");
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let people: Vec<Person> = (0..patients).map(|_| person(&mut dice)).collect();
    let folder = tempfile::tempdir()?;
    let replica = open(&folder.path().join("replica.db"), &people)?;
    let floor = plain_copy(&folder.path().join("plain.db"), &people)?;

    let mut of_someone = |query: &dyn Fn(&Person, usize) -> String| -> Vec<String> {
        (0..QUERIES)
            .map(|_| {
                let person = &people[dice.roll(people.len())];
                query(person, dice.roll(7))
            })
            .collect()
    };
    let digits = of_someone(&|person, start| person.mobile[3 + start..7 + start].to_owned());
    let names = of_someone(&|person, letters| {
        let begin = |name: &str| name.chars().take(2 + letters % 3).collect::<String>();
        format!("{} {}", begin(person.last_name), begin(person.first_name))
    });
    let spelt: Vec<(&Person, &str)> = people
        .iter()
        .filter_map(|person| {
            OTHERWISE.iter().find(|(name, _)| *name == person.first_name).map(|(_, spelt)| (person, *spelt))
        })
        .collect();
    anyhow::ensure!(!spelt.is_empty(), "too few patients: nobody's name is spelt otherwise");
    let otherwise: Vec<String> = (0..QUERIES)
        .map(|_| {
            let (person, spelt) = spelt[dice.roll(spelt.len())];
            format!("{spelt} {}", person.last_name.chars().take(4).collect::<String>())
        })
        .collect();
    let title = |how: &str| format!("one of {patients} patients by {how}, p95");
    let results = [
        measure(&title("four digits"), &digits, patients, &replica, &floor)?,
        measure(&title("two pieces of names"), &names, patients, &replica, &floor)?,
        measure(&title("a name in another spelling"), &otherwise, patients, &replica, &floor)?,
    ];
    #[expect(clippy::print_stdout, reason = "this is the benchmark's output")]
    {
        println!("{}", serde_json::to_string_pretty(&results)?);
    }
    Ok(())
}

fn person(dice: &mut Dice) -> Person {
    let number = 6_000_000_000 + dice.roll(4_000_000_000);
    Person {
        id: Uuid::now_v7(),
        first_name: FIRST_NAMES[dice.roll(FIRST_NAMES.len())],
        last_name: LAST_NAMES[dice.roll(LAST_NAMES.len())],
        mobile: format!("+91{number}"),
    }
}

/// An encrypted store with these patients and a prescription of each, as after a first sync.
fn open(path: &Path, people: &[Person]) -> anyhow::Result<Replica> {
    let doctor_id = DoctorId::new();
    let facts = Facts {
        tenant_id: TenantId::new(),
        tenant_name: "Benchmark".into(),
        device_id: DeviceId::new(),
        device_name: "Benchmark".into(),
        lane: "A".into(),
        clinic_id: ClinicId::new(),
        clinic_name: "Benchmark".into(),
        scope: DeviceScope::Clinical,
        server: "https://localhost".into(),
        server_name: "localhost".into(),
        epoch: Epoch::new(),
    };
    let store = Store::create(path, &DatabaseKey::random()?, &facts)?;
    for page in people.chunks(PAGE) {
        let rows: Vec<Row> = page
            .iter()
            .map(|person| row(TableName::Patients, person.id, patient_values(person)))
            .chain(page.iter().map(|person| {
                let values = json!({ "patient_id": person.id, "doctor_id": doctor_id, "clinic_id": facts.clinic_id,
                    "visit_date": "2026-11-20", "status": "finalised" });
                row(TableName::Prescriptions, Uuid::now_v7(), values)
            }))
            .collect::<anyhow::Result<_>>()?;
        store.stage(&rows)?;
    }
    store.apply_staged(vec![], (1, 0), (None, time::OffsetDateTime::now_utc()))?;
    let doctor = StaffMember {
        id: UserId::new(),
        full_name: "Benchmark".into(),
        email: "benchmark@localhost".into(),
        roles: Roles(vec![Role::Doctor]),
        doctor_id: Some(doctor_id),
    };
    let device_key = SigningKey::from_bytes(&[7; 32]);
    Ok(Replica::new(Arc::new(store), doctor, facts, device_key, Arc::default()))
}

/// A row with every default of its table, as the server sends it.
fn row(table: TableName, id: Uuid, given: Value) -> anyhow::Result<Row> {
    let mut values = protocol::table::Values::new();
    for column in table.table().columns {
        let default = column.default.map(serde_json::from_str).transpose()?;
        let value = given.get(column.name).cloned().or(default).unwrap_or_default();
        values.insert(column.name.to_owned(), value);
    }
    Ok(Row { table, id, version: 1, deleted: false, values })
}

fn patient_values(person: &Person) -> Value {
    json!({ "mobile_number": person.mobile, "first_name": person.first_name, "last_name": person.last_name,
        "first_name_norm": normalise_name(person.first_name), "sex": "female", "age_years": 54,
        "age_recorded_on": "2026-01-05", "city": "Mumbai" })
}

/// The same patients in plain SQLite.
fn plain_copy(path: &Path, people: &[Person]) -> anyhow::Result<rusqlite::Connection> {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.execute_batch("create table patients (id text primary key, body text not null) strict")?;
    let tx = connection.transaction()?;
    for person in people {
        tx.prepare_cached("insert into patients (id, body) values (?1, ?2)")?
            .execute([person.id.to_string(), patient_values(person).to_string()])?;
    }
    tx.commit()?;
    Ok(connection)
}

fn measure(
    name: &str,
    queries: &[String],
    patients: usize,
    replica: &Replica,
    floor: &rusqlite::Connection,
) -> anyhow::Result<Value> {
    let (mut finding, mut reading, mut nothing) = (Vec::new(), Vec::new(), 0);
    // The pages that a morning's first queries decrypt are then in memory.
    for query in queries.iter().take(50) {
        replica.find_patients(query)?;
    }
    for query in queries {
        let start = Instant::now();
        let found = replica.find_patients(query)?.people;
        finding.push(start.elapsed());
        nothing += usize::from(found.is_empty());
        let start = Instant::now();
        for patient in &found {
            floor
                .prepare_cached("select body from patients where id = ?1")?
                .query_row([patient.id.to_string()], |row| row.get::<_, String>(0))?;
        }
        reading.push(start.elapsed());
    }
    // Every query was made from someone who is there.
    anyhow::ensure!(nothing == 0, "{nothing} of {} queries found nobody", queries.len());
    let (value, floor) = (percentile(&mut finding, 95), percentile(&mut reading, 95));
    Ok(json!({ "name": name, "unit": "ms", "value": value, "floor": floor, "ratio": value / floor,
        "goal": GOAL_MS, "met": value < GOAL_MS, "p50": percentile(&mut finding, 50), "rows": patients }))
}

fn percentile(samples: &mut [Duration], percent: usize) -> f64 {
    samples.sort_unstable();
    samples[(samples.len() * percent / 100).min(samples.len() - 1)].as_secs_f64() * 1_000.0
}
