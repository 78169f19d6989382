//! A word of its own in every clinical column of every table: none of them ever reaches a computer at the front desk. The
//! columns come from the declaration, so that a new one is covered without anybody remembering.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use clinic_tests::clinic::{Clinic, TestDesk};
use clinic_tests::network::Network;
use protocol::api::DeviceScope;
use protocol::mutation::{Change, SetValue};
use protocol::table::{Column, Kind, Scope, Table, TableName, Values, Writer};
use replica::Depth;
use serde_json::{Value, json};
use uuid::Uuid;

/// What a column takes that takes no word of ours. Null: it stays empty.
const GIVEN: &[(&str, &str)] = &[
    ("patients.first_name", r#""Sunita""#),
    ("patients.first_name_norm", r#""sunita""#),
    ("patients.age_years", "54"),
    ("patients.age_recorded_on", r#""2026-01-05""#),
    // Only what is a doctor's own says whose it is.
    ("short_keys.doctor_id", "null"),
    ("dental_observation_templates.doctor_id", "null"),
    // Who gave a draft to the doctors is said by the server.
    ("prescriptions.prepared_by", "null"),
    // Teeth and surfaces are numbers and letters of their own.
    ("dental_observations.site_kind", r#""tooth""#),
    ("dental_observations.tooth_fdi", "36"),
    ("dental_observations.surfaces", r#""MO""#),
    ("dental_procedures.site_kind", r#""tooth""#),
    ("dental_procedures.tooth_fdi", "36"),
    ("dental_procedures.tooth_range", "[36]"),
    ("dental_procedures.surfaces", r#""MO""#),
];

/// The words, and where each stands.
#[derive(Default)]
struct Canaries {
    words: Vec<(String, String)>,
    rounds: usize,
}

impl Canaries {
    fn keep(&mut self, place: &str, word: String) -> String {
        self.words.push((place.to_owned(), word.clone()));
        word
    }

    /// A word that stands nowhere else; the shortest column has eight characters.
    fn word(&mut self, place: &str) -> String {
        let word = format!("zqk{:03}vw", self.words.len());
        self.keep(place, word)
    }

    fn value(&mut self, table: &Table, column: &Column, rows: &BTreeMap<TableName, Uuid>) -> Option<Value> {
        let place = format!("{}.{}", table.sql_name, column.name);
        if let Some((_, given)) = GIVEN.iter().find(|(name, _)| *name == place) {
            return Some(serde_json::from_str(given).expect("JSON")).filter(|given: &Value| !given.is_null());
        }
        if column.writer == Writer::Nobody {
            return None;
        }
        let (is_clinical, n) = (column.scope == Scope::Clinical, self.words.len());
        let is_list = column.default.is_some_and(|default| default.starts_with('['));
        match column.kind {
            Kind::Text(64) if column.name == "sha256" => {
                Some(json!(self.keep(&place, format!("{:064x}", 0xc0ff_ee00_u64 + n as u64))))
            }
            Kind::Text(_) if is_clinical => Some(json!(self.word(&place))),
            Kind::Json if is_clinical && is_list => Some(json!([self.word(&place)])),
            Kind::Json if is_clinical => Some(json!({ "note": self.word(&place) })),
            Kind::Date if is_clinical => {
                let day = time::macros::date!(1901 - 01 - 01) + time::Duration::days(n as i64);
                Some(json!(self.keep(&place, protocol::validate::day_text(day))))
            }
            Kind::Decimal if is_clinical => {
                let number = self.keep(&place, format!("{}.37", 73_000 + n));
                Some(json!(number.parse::<f64>().expect("a number")))
            }
            Kind::Uuid if column.refers_to.is_some() => {
                column.refers_to.and_then(|parent| rows.get(&parent)).map(|id| json!(id))
            }
            _ if column.nullable || column.default.is_some() => None,
            Kind::Uuid => Some(json!(Uuid::now_v7())),
            Kind::Choice(choices) => Some(json!(choices[0])),
            Kind::Int(least, _) => Some(json!(least)),
            Kind::Bool => Some(json!(false)),
            Kind::Date => Some(json!("2026-11-23")),
            Kind::Timestamp => Some(json!("2026-11-23T04:11:08.000Z")),
            Kind::Decimal => Some(json!(1.5)),
            Kind::Text(_) => Some(json!("Something")),
            Kind::Json => Some(json!({})),
        }
    }

    /// A new row in every table that has a clinical column. A clinical table's ids are words as well.
    fn fill(&mut self, desk: &TestDesk) -> anyhow::Result<Uuid> {
        self.rounds += 1;
        let replica = desk.replica()?;
        let mut rows = BTreeMap::new();
        for parent in [TableName::Clinics, TableName::Doctors] {
            rows.extend(replica.store().rows_of(parent)?.first().map(|row| (parent, row.id)));
        }
        let has_clinical = |table: &&Table| {
            table.name != TableName::SyncConflicts
                && table.columns.iter().any(|column| column.scope == Scope::Clinical)
        };
        for table in Table::of_tenant().filter(has_clinical) {
            let id = Uuid::now_v7();
            if table.is_clinical() {
                self.keep(table.sql_name, id.to_string());
            }
            let mut values = Values::new();
            for column in table.columns {
                let value = self.value(table, column, &rows);
                values.extend(value.map(|value| (column.name.to_owned(), value)));
            }
            if table.name == TableName::Patients {
                let number = format!("+9198204412{:02}", self.rounds);
                values.insert("mobile_number".to_owned(), json!(number));
            }
            replica.record_changes("fill", None, vec![Change::insert(table.name, id, values)])?;
            rows.insert(table.name, id);
        }
        Ok(rows[&TableName::Patients])
    }

    /// Where the words come from that stand in this text.
    fn found(&self, text: &str) -> Vec<&str> {
        let found = self.words.iter().filter(|(_, word)| text.contains(word.as_str()));
        found.map(|(place, _)| place.as_str()).collect()
    }

    fn missing(&self, text: &str) -> Vec<&str> {
        let missing = self.words.iter().filter(|(_, word)| !text.contains(word.as_str()));
        missing.map(|(place, _)| place.as_str()).collect()
    }
}

/// What every part of the program writes into its log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("BUG: whole").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn change(table: TableName, id: Uuid, name: &str, base: Value, value: &str) -> Vec<Change> {
    let set = [(name.to_owned(), SetValue { base, value: json!(value) })];
    vec![Change::update(table, id, set.into())]
}

/// A desktop of this scope behind a network of its own that keeps what passes.
async fn recorded(clinic: &Clinic, scope: DeviceScope, name: &str) -> anyhow::Result<(Network, TestDesk)> {
    let network = Network::before(clinic.server().url().parse()?).await?;
    network.record();
    let desk = TestDesk::new()?;
    let code = clinic.server().enrolment_code_for(clinic.tenant_code(), scope).await?;
    desk.enrol(network.address(), code, name).await?;
    Ok((network, desk))
}

fn traffic(network: &Network) -> String {
    network.recorded().into_iter().fold(String::new(), |all, (path, text)| all + &path + "\n" + &text + "\n")
}

/// All files below a folder, as they lie there.
fn files(folder: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            text += &files(&path)?;
        } else {
            text += &String::from_utf8_lossy(&std::fs::read(&path)?);
        }
    }
    Ok(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_clinical_reaches_a_front_desk_on_any_way() -> anyhow::Result<()> {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_env_filter("replica=trace,clinic_sync=trace")
        .with_writer(move || writer.clone())
        .try_init()
        .map_err(|error| anyhow::anyhow!(error))?;
    let clinic = Clinic::open().await?;
    clinic.sql("update clinic.users set roles = '{admin,doctor,dentist,nurse}'").await?;
    let one = clinic.desk("Room 1").await?;
    let mut canaries = Canaries::default();
    let sunita = canaries.fill(&one)?;
    one.synced().await?;

    // What is there before the others come, and what comes while they are there.
    let (wire, other) = recorded(&clinic, DeviceScope::Clinical, "Room 2").await?;
    let (front_wire, front) = recorded(&clinic, DeviceScope::FrontDesk, "Front desk").await?;
    canaries.fill(&one)?;
    one.synced().await?;
    for kept in one.replica()?.store().kept()? {
        assert_eq!(kept.fate.as_deref(), Some("applied"), "{}", kept.signed.body);
    }
    other.synced().await?;
    front.synced().await?;

    // What two doctors differ over; and what the front desk does about the same patient.
    let before = one.replica()?.store().row(TableName::Patients, sunita)?.expect("the patient").values;
    clinic.network.set_down(true);
    wire.set_down(true);
    for (desk, name) in [(&one, "patients.alerts of Room 1"), (&other, "patients.alerts of Room 2")] {
        let word = canaries.word(name);
        let changes = change(TableName::Patients, sunita, "alerts", before["alerts"].clone(), &word);
        desk.replica()?.record_changes("change_alerts", None, changes)?;
    }
    let sex = |value: &str| change(TableName::Patients, sunita, "sex", before["sex"].clone(), value);
    one.replica()?.record_changes("change_sex", None, sex("female"))?;
    front.replica()?.record_changes("change_sex", None, sex("other"))?;
    front.synced().await?;
    clinic.network.set_down(false);
    wire.set_down(false);
    for desk in [&one, &other, &front, &one, &other, &front] {
        desk.synced().await?;
    }
    let open = |desk: &TestDesk| anyhow::Ok(desk.replica()?.store().rows_of(TableName::SyncConflicts)?.len());
    assert_eq!((open(&other)?, open(&front)?), (2, 1), "one of the items is the clinicians' alone");
    for desk in [&front, &other] {
        assert_eq!(desk.desk.mend(Depth::Versions).await?, 0);
        assert_eq!(desk.desk.mend(Depth::Values).await?, 0);
    }

    // All of it is on its way to a clinical computer, and in its file; so none is missed for want of looking.
    assert_eq!(canaries.missing(&traffic(&wire)), [""; 0], "of {}", canaries.words.len());
    assert_eq!(canaries.missing(&other.replica()?.store().dump()?), [""; 0]);
    let (passed, dump) = (traffic(&front_wire), front.replica()?.store().dump()?);
    for path in ["bootstrap", "pull", "push", "digest", "rows", "live"] {
        assert!(passed.contains(&format!("/v1/sync/{path}\n")), "{path} was never asked");
    }
    assert!(passed.contains("Sunita") && dump.contains("Sunita"));
    assert_eq!(canaries.found(&passed), [""; 0], "on its way to the front desk");
    assert_eq!(canaries.found(&dump), [""; 0], "in the file of the front desk");
    front.desk.lock();
    assert_eq!(canaries.found(&files(&front.folder())?), [""; 0], "beside the file of the front desk");
    let log = String::from_utf8_lossy(&log.0.lock().expect("BUG: whole")).into_owned();
    assert!(log.contains("pushed"), "the log is looked at");
    assert_eq!(canaries.found(&log), [""; 0], "in the log of a desktop or the server");
    Ok(())
}
