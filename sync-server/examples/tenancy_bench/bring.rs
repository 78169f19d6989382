//! Bringing an old database: rows a second, and the memory that it takes.

use std::io::Write;
use std::time::Instant;

use anyhow::Context;
use clinic_sync::config::DatabaseUrl;
use clinic_sync::database::{self, LoginPasswords};
use clinic_sync::import::legacy::{LegacyOptions, run};
use protocol::api::Secret;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// What an import may take, however large the old database is.
const MOST_MIB: f64 = 256.0;

/// Makes an old database of so many rows (patients, prescriptions and lines, 2 : 3 : 5), brings it, and puts beside it
/// how long the database takes to copy the same rows as they are.
pub async fn measure(
    admin: &DatabaseUrl,
    passwords: &LoginPasswords,
    rows: u64,
) -> anyhow::Result<Vec<Value>> {
    if rows == 0 {
        return Ok(vec![]);
    }
    let mut server = PgConnection::connect(&admin.0.0).await?;
    for name in ["bring_old", "bring_new"] {
        server.execute(AssertSqlSafe(format!("drop database if exists {name} (force)"))).await?;
        server.execute(AssertSqlSafe(format!("create database {name}"))).await?;
    }
    let on = |url: &str, name: &str| {
        let (start, _) = url.rsplit_once('/').unwrap_or((url, ""));
        format!("{start}/{name}")
    };
    writeln!(std::io::stderr(), "making an old database of {rows} rows")?;
    let old = on(&admin.0.0, "bring_old");
    let mut connection = PgConnection::connect(&old).await?;
    connection.execute(sqlx::raw_sql(AssertSqlSafe(old_database(rows)))).await?;
    let asked = Instant::now();
    connection
        .execute(sqlx::raw_sql(
            "create table c1 as table patients; create table c2 as table prescriptions;
             create table c3 as table prescription_items; drop table c1, c2, c3",
        ))
        .await?;
    let floor = rows as f64 / asked.elapsed().as_secs_f64();
    connection.close().await?;
    let new = on(&admin.0.0, "bring_new");
    database::migrate(&Secret(format!("{new}?options=-csearch_path%3Dclinic")), passwords).await?;
    let ops = passwords.ops.as_ref().context("BUG: an embedded database has a login for operators")?;
    let host = new.split_once('@').map_or("", |(_, host)| host);
    let db = database::connect_ops(&Secret(format!("postgres://clinic_ops:{}@{host}", ops.0))).await?;
    let options = LegacyOptions {
        from: old,
        schema: "public".into(),
        only_tenant: None,
        tenant_code: "LEGACY_001".into(),
        tenant_name: "Legacy Clinic".into(),
        source: "legacy".into(),
        time_zone: "Asia/Kolkata".into(),
        month_first: false,
        report: None,
        write: true,
        json: false,
    };
    let before = peak_mib()?;
    writeln!(std::io::stderr(), "bringing them")?;
    let asked = Instant::now();
    let summary = run(&db, &options, &mut std::io::sink()).await?;
    let speed = rows as f64 / asked.elapsed().as_secs_f64();
    let brought: u64 = summary.tables.values().map(|counts| counts.new).sum();
    anyhow::ensure!(brought >= rows, "only {brought} of {rows} rows were brought");
    let peak = peak_mib()?;
    db.close().await;
    for name in ["bring_old", "bring_new"] {
        server.execute(AssertSqlSafe(format!("drop database {name} (force)"))).await?;
    }
    Ok(vec![
        json!({ "name": format!("import of {rows} legacy rows, against copying them as they are"),
            "unit": "rows/s", "value": speed, "floor": floor, "ratio": floor / speed, "goal": null, "met": null }),
        json!({ "name": format!("peak memory of the import of {rows} legacy rows, against before it"),
            "unit": "MiB", "value": peak, "floor": before, "ratio": peak / before, "goal": MOST_MIB,
            "met": peak <= MOST_MIB }),
    ])
}

/// The most memory that this process ever had.
fn peak_mib() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").context("memory is known on Linux only")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}

fn old_database(rows: u64) -> String {
    let (patients, prescriptions, items) = (rows / 5, rows * 3 / 10, rows / 2);
    format!(
        "create table users (id serial primary key, email text, full_name text, role text);
         create table doctors (id serial primary key, user_id int, name text, registration_no text, council text);
         create table patients (
             id serial primary key, mobile varchar(20), first_name varchar(100), last_name varchar(100), gender text,
             dob date, age int, address text, allergies text, created_at timestamp default '2024-01-05 10:00');
         create table prescriptions (
             id serial primary key, patient_id int, doctor_id int, prescription_date date, diagnosis text,
             vitals json);
         create table prescription_items (
             id serial primary key, prescription_id int, medicine_name text, dosage text, duration text, sequence int);
         insert into users (email, full_name, role) values ('anjali@clinic.example', 'Anjali Kulkarni', 'doctor');
         insert into doctors (user_id, name, registration_no, council) values (1, 'Dr. Anjali Kulkarni', 'M-7', 'MMC');
         insert into patients (mobile, first_name, last_name, gender, dob, age, address, allergies)
         select '9' || lpad(n::text, 9, '0'), 'Patient' || n, 'Kulkarni', 'F', date '1970-01-01' + (n % 15000)::int,
                null, n || ' Station Road', case when n % 10 = 0 then 'Penicillin' end
         from generate_series(1, {patients}) n;
         insert into prescriptions (patient_id, doctor_id, prescription_date, diagnosis, vitals)
         select 1 + n % {patients}, 1, date '2022-01-01' + (n % 1400)::int, 'Fever, cough', '{{\"bp\": \"130/80\"}}'
         from generate_series(1, {prescriptions}) n;
         insert into prescription_items (prescription_id, medicine_name, dosage, duration, sequence)
         select 1 + n % {prescriptions}, 'Paracetamol 500 mg', '1-0-1', '5 days', n from generate_series(1, {items}) n;
         analyze"
    )
}
