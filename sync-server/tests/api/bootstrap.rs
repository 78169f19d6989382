//! What a new desktop is sent.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use protocol::bootstrap::{BootstrapLine, WireColumn, fields};
use protocol::table::{Row, TableName, Values};
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, edit, new_patient, values};
use crate::prescription::signed;
use protocol::mutation::{Change, Op};

/// A stream as it was read.
#[derive(Debug, PartialEq)]
enum Item {
    Row(Row),
    Line(BootstrapLine),
}

fn read(text: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut now: Option<(TableName, Vec<WireColumn>)> = None;
    for line in text.lines() {
        if line.starts_with('{') {
            let line: BootstrapLine =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            match line {
                BootstrapLine::Table { name, columns } => {
                    now = Some((TableName::find(&name).expect("a table"), columns));
                }
                line => items.push(Item::Line(line)),
            }
            continue;
        }
        let (table, columns) = now.as_ref().expect("a table before its rows");
        let mut values: Values = Values::new();
        for (WireColumn(name, kind), field) in columns.iter().zip(fields(line)) {
            values.insert(
                name.clone(),
                kind.value(field.as_deref()).unwrap_or_else(|| panic!("{name}: {line}")),
            );
        }
        assert_eq!(values.len(), columns.len());
        let id = serde_json::from_value(values.remove("id").expect("an id")).expect("a UUID");
        let version = values.remove("sync_version").and_then(|version| version.as_i64()).expect("a version");
        items.push(Item::Row(Row { table: *table, id, version, deleted: false, values }));
    }
    items
}

impl Desk {
    async fn bootstrap(&self, query: &str) -> Vec<Item> {
        let response = self.get(&format!("/v1/sync/bootstrap?epoch={}{query}", self.epoch)).await;
        assert_eq!(response.status(), StatusCode::OK);
        read(&response.text().await.expect("a body"))
    }
}

fn rows(items: &[Item]) -> Vec<&Row> {
    items.iter().filter_map(|item| if let Item::Row(row) = item { Some(row) } else { None }).collect()
}

/// Each row once, by table and id.
fn by_id<'a>(rows: impl IntoIterator<Item = &'a Row>) -> BTreeMap<(TableName, Uuid), &'a Row> {
    rows.into_iter().map(|row| ((row.table, row.id), row)).collect()
}

fn is_today(item: &Item) -> bool {
    matches!(item, Item::Line(BootstrapLine::Today { .. }))
}

/// A patient with everything, one who was deleted, and texts that hold what separates values.
async fn write_rows(desk: &mut Desk) {
    let (prescription, _) = signed(desk).await;
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Ravi")]).await;
    let strange = "a\tb\nc\\d \\N {\"e\"}";
    desk.write(vec![edit(TableName::Patients, patient, &[("address_line", json!(null), json!(strange))])])
        .await;
    let allergy = values(&[("patient_id", json!(patient)), ("substance_text", json!("Penicillin"))]);
    desk.write(vec![Change::insert(TableName::PatientAllergies, Uuid::now_v7(), allergy)]).await;
    let gone = Uuid::now_v7();
    desk.write(vec![new_patient(gone, "Asha")]).await;
    let mut delete = edit(TableName::Patients, gone, &[]);
    delete.op = Op::Delete;
    delete.base_version = desk.write(vec![new_patient(Uuid::now_v7(), "Usha")]).await.head - 1;
    desk.write(vec![delete]).await;
    desk.write(prescription.amended(desk).changes()).await;
}

#[tokio::test]
async fn every_row_that_a_pull_brings_comes_with_the_same_values_but_deleted_ones() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    write_rows(&mut desk).await;
    let pulled = desk.rows().await;
    let live: Vec<&Row> = pulled.iter().filter(|row| !row.deleted).collect();
    assert!(live.len() < pulled.len(), "something was deleted");
    let stream = desk.bootstrap("").await;
    assert!(matches!(stream.first(), Some(Item::Line(BootstrapLine::Head { version, catalogue: 1, .. }))
        if *version == pulled.iter().filter(|row| !row.table.table().is_shared()).map(|row| row.version).max().unwrap_or(0)));
    assert_eq!(stream.last(), Some(&Item::Line(BootstrapLine::End {})));
    let (streamed, live) = (by_id(rows(&stream)), by_id(live));
    assert_eq!(streamed.keys().collect::<Vec<_>>(), live.keys().collect::<Vec<_>>());
    assert_eq!(streamed, live);
    let catalogue = desk.bootstrap("&catalogue=1").await;
    assert!(rows(&catalogue).iter().all(|row| !row.table.table().is_shared()));
}

#[tokio::test]
async fn a_stream_that_breaks_off_anywhere_goes_on_after_the_last_place_that_was_reached() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    write_rows(&mut desk).await;
    let whole = desk.bootstrap("").await;
    let mut places = 0;
    for (place, item) in whole.iter().enumerate() {
        let Item::Line(BootstrapLine::Reached { after }) = item else { continue };
        let rest = desk.bootstrap(&format!("&after={after}")).await;
        assert!(matches!(rest[0], Item::Line(BootstrapLine::Head { .. })));
        let expected: Vec<&Item> = whole[place + 1..].iter().collect();
        // A table that ended there is looked at once more, and brings nothing.
        let again = |item: &&Item| **item != Item::Line(BootstrapLine::Reached { after: after.clone() });
        assert_eq!(rest[1..].iter().filter(again).collect::<Vec<_>>(), expected, "{after}");
        places += 1;
    }
    assert!(places >= 5, "{places}");
    // From any row as well, not only where a portion ended.
    let patients: Vec<&Row> = rows(&whole[whole.iter().position(is_today).expect("today")..])
        .into_iter()
        .filter(|row| row.table == TableName::Patients)
        .collect();
    for (place, row) in patients.iter().enumerate() {
        let rest = desk.bootstrap(&format!("&after=patients.{}", row.id)).await;
        let found: Vec<&Row> =
            rows(&rest).into_iter().filter(|row| row.table == TableName::Patients).collect();
        assert_eq!(found, patients[place + 1..]);
    }
}

#[tokio::test]
async fn a_place_that_is_none_is_refused() {
    let clinic = Clinic::open().await;
    let (desk, front_desk) = (clinic.desk().await, clinic.front_desk().await);
    let id = Uuid::nil();
    for after in
        ["x", "patients", "patients.x", &format!("passwords.{id}"), &format!("prescription_items.{id}")]
    {
        let response = desk.get(&format!("/v1/sync/bootstrap?epoch={}&after={after}", desk.epoch)).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{after}");
    }
    let after = format!("prescriptions.{id}");
    let response = front_desk.get(&format!("/v1/sync/bootstrap?epoch={}&after={after}", desk.epoch)).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let response = desk.get(&format!("/v1/sync/bootstrap?epoch={}", Uuid::now_v7())).await;
    assert_eq!(response.status(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn todays_patients_come_first_with_what_belongs_to_them() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    // Long ago: their ids say so.
    let old = |number: u128| Uuid::from_u128(0x0180_0000_0000_7000_8000_0000_0000_0000 | number);
    let (with_appointment, asked_back, nobody_today) = (old(1), old(2), old(3));
    let names = [(with_appointment, "Sunita"), (asked_back, "Ravi"), (nobody_today, "Asha")];
    desk.write(names.map(|(id, name)| new_patient(id, name)).into()).await;
    let today = {
        let offset = time::UtcOffset::from_hms(5, 30, 0).expect("India");
        protocol::validate::day_text(time::OffsetDateTime::now_utc().to_offset(offset).date())
    };
    let mut changes = Vec::new();
    let appointment = values(&[
        ("appointment_date", json!(today)),
        ("clinic_id", json!(desk.clinic)),
        ("doctor_id", json!(desk.doctor)),
        ("patient_id", json!(with_appointment)),
    ]);
    changes.push(Change::insert(TableName::Appointments, old(10), appointment));
    let draft = |patient: Uuid, day: &str, follow_up: Value| {
        values(&[
            ("visit_date", json!(day)),
            ("doctor_id", json!(desk.doctor)),
            ("patient_id", json!(patient)),
            ("clinic_id", json!(desk.clinic)),
            ("follow_up_date", follow_up),
        ])
    };
    for number in 0..7 {
        let visit = draft(with_appointment, &format!("2026-01-0{}", 1 + number), json!(null));
        changes.push(Change::insert(TableName::Prescriptions, old(20 + number), visit));
    }
    changes.push(Change::insert(
        TableName::Prescriptions,
        old(30),
        draft(asked_back, "2026-01-01", json!(today)),
    ));
    let visit = draft(nobody_today, "2026-01-01", json!("2026-01-09"));
    changes.push(Change::insert(TableName::Prescriptions, old(31), visit));
    let allergy = values(&[("patient_id", json!(with_appointment)), ("substance_text", json!("Penicillin"))]);
    changes.push(Change::insert(TableName::PatientAllergies, old(40), allergy));
    desk.write(changes).await;
    let new = Uuid::now_v7();
    desk.write(vec![new_patient(new, "Usha")]).await;
    desk.write(vec![edit(
        TableName::Patients,
        new,
        &[("registered_clinic_id", json!(null), json!(desk.clinic))],
    )])
    .await;
    let stream = desk.bootstrap("").await;
    let end = stream.iter().position(is_today).expect("an end of today");
    let first = rows(&stream[..end]);
    let ids = |table: TableName| -> BTreeSet<Uuid> {
        first.iter().filter(|row| row.table == table).map(|row| row.id).collect()
    };
    assert_eq!(ids(TableName::Patients), BTreeSet::from([with_appointment, asked_back, new]));
    assert_eq!(ids(TableName::Appointments), BTreeSet::from([old(10)]));
    assert_eq!(ids(TableName::PatientAllergies), BTreeSet::from([old(40)]));
    // The last five of each.
    let recent = (22..27).map(old).chain([old(30)]).collect();
    assert_eq!(ids(TableName::Prescriptions), recent);
    for table in [TableName::Clinics, TableName::Doctors, TableName::Medicines] {
        assert!(!ids(table).is_empty(), "{}", table.as_str());
    }
    let Item::Line(BootstrapLine::Today { rows: to_come }) = stream[end] else {
        panic!("not the end of today")
    };
    let there = desk.rows().await.iter().filter(|row| !row.table.table().is_shared()).count();
    assert_eq!(usize::try_from(to_come), Ok(there));
}

#[tokio::test]
async fn a_front_desk_gets_no_clinical_column_and_no_clinical_table() {
    let clinic = Clinic::open().await;
    let (mut desk, front_desk) = (clinic.desk().await, clinic.front_desk().await);
    write_rows(&mut desk).await;
    let path = format!("/v1/sync/bootstrap?epoch={}", desk.epoch);
    let clinical = desk.get(&path).await.text().await.expect("a body");
    let open = front_desk.get(&path).await.text().await.expect("a body");
    for word in ["Penicillin", "chronic_conditions", "prescription_items", "Paracetamol 500 mg tablet"] {
        assert!(clinical.contains(word) && !open.contains(word), "{word}");
    }
    assert_eq!(
        by_id(rows(&read(&open))),
        by_id(&front_desk.rows().await.into_iter().filter(|row| !row.deleted).collect::<Vec<_>>())
    );
}

/// Nothing more comes to a stream on whose way this happens.
async fn is_cut_off_by(sql: impl FnOnce(&Desk) -> String) {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    // More than the sockets hold, so that the server waits for this reader.
    clinic
        .sql(&format!(
            "set session_replication_role = replica;
             insert into patients (tenant_id, id, mobile_number, first_name, first_name_norm, age_years, address_line,
                                   alerts, sync_version)
             select '{}', gen_random_uuid(), '+9198' || 10000000 + n, 'Sunita', 'sunita', 54, repeat('x', 300),
                    repeat('y', 2000), 1
             from generate_series(1, 30000) n",
            desk.tenant
        ))
        .await;
    let request = desk.client.get(format!("{}/v1/sync/bootstrap?epoch={}", desk.url, desk.epoch));
    let request = desk.request(request).header("accept-encoding", "identity");
    let mut stream = request.send().await.expect("an answer").bytes_stream();
    let mut received = stream.next().await.expect("a piece").expect("bytes").len();
    clinic.sql(&sql(&desk)).await;
    let broken = loop {
        match stream.next().await {
            Some(Ok(bytes)) => received += bytes.len(),
            Some(Err(_)) => break true,
            None => break false,
        }
    };
    assert!(broken, "an end that looks like one");
    assert!(received < 40_000_000, "{received}");
}

#[tokio::test]
async fn a_device_that_is_revoked_in_the_middle_gets_no_further_portion() {
    is_cut_off_by(|desk| format!("update devices set revoked_at = now() where id = '{}'", desk.device)).await;
}

#[tokio::test]
async fn whoever_loses_a_role_or_a_password_in_the_middle_gets_no_further_portion() {
    is_cut_off_by(|desk| {
        format!("update users set token_version = token_version + 1 where id = '{}'", desk.user)
    })
    .await;
}
