//! The server's process: a Postgres, a tenant full of rows among others, and the server.

use std::io::{BufRead, Write};

use anyhow::{Context, bail};
use clinic_sync::testing::Server;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::peer::peak_mb;
use crate::clinic::register;

/// Does what its standard input says, and answers each line with one: `tenant <patients> <others> <patients of each>`, `code`, `peak`,
/// `stop`.
///
/// # Errors
///
/// If the server or its database fails.
pub async fn serve() -> anyhow::Result<()> {
    let server = Server::start().await?;
    let mut tenant_code = String::new();
    loop {
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).map(|_| line)
        })
        .await??;
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match words.as_slice() {
            ["tenant", patients, others, of_each] => {
                tenant_code = register(server.url(), "BENCH").await?.tenant_code;
                load(&server, patients.parse()?, others.parse()?, of_each.parse()?).await?;
                json!({ "url": server.url(), "admin": server.database().admin.0 })
            }
            ["code"] => {
                json!({ "url": server.url(), "code": server.enrolment_code(&tenant_code).await?.0 })
            }
            ["peak"] => json!({ "peak_mb": peak_mb()? }),
            ["stop"] | [] => break,
            _ => bail!("what is {line:?}?"),
        };
        say(&answer)?;
    }
    server.stop().await?;
    Ok(())
}

fn say(answer: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{answer}")?;
    Ok(out.flush()?)
}

/// Rows for the registered tenant, and for each of so many others.
async fn load(server: &Server, patients: u32, others: u32, of_each: u32) -> anyhow::Result<()> {
    let mut admin = PgConnection::connect(&server.database().admin.0).await?;
    admin.execute("set search_path = clinic; set session_replication_role = replica").await?;
    let of_tenant = "select t.id::text, (select c.id::text from clinics c where c.tenant_id = t.id limit 1), \
                     (select d.id::text from doctors d where d.tenant_id = t.id limit 1) from tenants t limit 1";
    let (tenant, clinic, doctor): (String, String, String) =
        sqlx::query_as(of_tenant).fetch_one(&mut admin).await.context("a tenant")?;
    let other = "insert into tenants (id, tenant_code, tenant_name) \
                 select ('01900000-0000-7000-8000-' || lpad(t::text, 12, '0'))::uuid, 'OTHER' || t, 'Other' \
                 from generate_series(1, $1) t";
    sqlx::query(other).bind(i32::try_from(others)?).execute(&mut admin).await?;
    admin.execute(AssertSqlSafe(rows(&format!("'{tenant}'::uuid"), &clinic, &doctor, patients, 0))).await?;
    for number in 1..=others {
        let id = format!("('01900000-0000-7000-8000-' || lpad('{number}', 12, '0'))::uuid");
        admin.execute(AssertSqlSafe(rows(&id, &clinic, &doctor, of_each, number))).await?;
    }
    admin.execute("update tenant_sync set version = version + 1000000; analyze").await?;
    Ok(())
}

/// Patients of the last years, five prescriptions of each, three lines of each of these.
fn rows(tenant: &str, clinic: &str, doctor: &str, patients: u32, number: u32) -> String {
    // An id of version 7 begins with the time: the older the row, the smaller.
    let id = |kind: u32, n: &str| {
        format!(
            "('019{kind}' || lpad(to_hex(({n})::int), 4, '0') || '-' || substr(md5({number}::text || '/' || {kind} || '/' || ({n})), 1, 4) || '-7' || substr(md5('a' || {number} || '/' || {kind} || '/' || ({n})), 1, 3) || '-8' || substr(md5('b' || {number} || '/' || {kind} || '/' || ({n})), 1, 3) || '-' || substr(md5('c' || {number} || '/' || {kind} || '/' || ({n})), 1, 12))::uuid"
        )
    };
    let (patient, patient_of) = (id(0, "n"), id(0, "1 + n % P").replace('P', &patients.max(1).to_string()));
    let (prescription, prescription_of) = (id(1, "n"), id(1, "1 + (n - 1) / 3"));
    let item = id(2, "n");
    let (prescriptions, items) = (patients * 5, patients * 15);
    format!(
        "insert into patients (tenant_id, id, mobile_number, first_name, first_name_norm, last_name, sex, age_years,
                               age_recorded_on, city, address_line, duplicate_ordinal, sync_version)
         select {tenant}, {patient}, '+9198' || lpad((n * 7919 % 100000000)::text, 8, '0'),
                initcap(substr(md5('f' || n), 1, 7)), substr(md5('f' || n), 1, 7), initcap(substr(md5('l' || n % 900), 1, 8)),
                'female', 20 + n % 60, '2026-01-05', 'Mumbai', n || ', Marol Maroshi Road, Andheri East', 0, 1 + n
         from generate_series(1, {patients}) n;
         insert into prescriptions (tenant_id, id, visit_date, doctor_id, patient_id, clinic_id, prescription_number, status,
                                    advice, sync_version)
         select {tenant}, {prescription}, date '2026-01-01' - n % 700, '{doctor}'::uuid, {patient_of}, '{clinic}'::uuid,
                'B-A-' || n, 'draft', 'Rest, warm fluids, and come back if the fever stays longer than three days.', 1 + n
         from generate_series(1, {prescriptions}) n;
         insert into prescription_items (tenant_id, id, prescription_id, position, medicine_text, generic_text, dosage_form,
                                         dose_text, dose_pattern, dose_unit, patient_directions, sync_version)
         select {tenant}, {item}, {prescription_of}, 1 + n % 3, 'Paracetamol 650 mg', 'PARACETAMOL', 'tablet', '1-0-1 x5d',
                '{{\"kind\":\"slots\"}}', 'tablet', '1 tablet morning and night, for 5 days', 1 + n
         from generate_series(1, {items}) n"
    )
}
