//! What the same work costs at least: no HTTP, no encryption, no merge, no log.

use std::time::Instant;

use anyhow::{Context, ensure};
use futures_util::TryStreamExt;
use protocol::table::{Kind, TABLES, Table};
use rusqlite::types::Value as Sql;
use sqlx::postgres::{PgListener, PgPoolCopyExt};
use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

/// How many seconds it takes to copy the largest tenant's rows, in binary, into prepared inserts in one transaction of
/// a plain SQLite file with the same indexes.
pub async fn copy(admin: &str) -> anyhow::Result<f64> {
    let pool = PgPool::connect(admin).await?;
    let largest = "select tenant_id from clinic.patients group by tenant_id order by count(*) desc limit 1";
    let tenant: Uuid = sqlx::query_scalar(largest).fetch_one(&pool).await?;
    let folder = tempfile::tempdir()?;
    let mut sqlite = rusqlite::Connection::open(folder.path().join("plain.db"))?;
    sqlite.pragma_update(None, "journal_mode", "wal")?;
    sqlite.pragma_update(None, "synchronous", "full")?;
    for step in replica::testing::MIGRATIONS {
        sqlite.execute_batch(step)?;
    }
    let start = Instant::now();
    let tx = sqlite.transaction()?;
    for table in TABLES {
        let mut bytes = Vec::new();
        let copy = format!("copy ({}) to stdout (format binary)", select(table, tenant));
        let mut rows = pool.copy_out_raw(&copy).await?;
        let marks = vec!["?"; table.columns.len() + 3].join(", ");
        let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let insert = format!(
            "insert into {} (id, sync_version, is_deleted, {}) values ({marks})",
            table.sql_name,
            names.join(", ")
        );
        let mut insert = tx.prepare(&insert)?;
        let mut is_first = true;
        while let Some(part) = rows.try_next().await? {
            bytes.extend_from_slice(&part);
            let mut rest = bytes.as_slice();
            if is_first {
                // A signature, flags, and the length of what else the header has.
                let Some(after) = rest.get(19..) else { continue };
                rest = after;
                is_first = false;
            }
            while let Some((values, after)) = row(rest) {
                insert.execute(rusqlite::params_from_iter(values))?;
                rest = after;
            }
            bytes = rest.to_vec();
        }
        ensure!(bytes == [0xff, 0xff], "a copy ends with -1");
    }
    tx.commit()?;
    Ok(start.elapsed().as_secs_f64())
}

fn select(table: &Table, tenant: Uuid) -> String {
    let columns = table.columns.iter().map(|column| match column.kind {
        Kind::Text(_) | Kind::Choice(_) | Kind::Bool => column.name.to_owned(),
        Kind::Int(..) => format!("{}::int8", column.name),
        Kind::Decimal => format!("{}::float8", column.name),
        Kind::Uuid | Kind::Date | Kind::Timestamp | Kind::Json => format!("{}::text", column.name),
    });
    let columns: Vec<String> = columns.collect();
    let (version, of) = if table.is_shared() {
        ("catalogue_version", String::new())
    } else {
        ("sync_version", format!("where tenant_id = '{tenant}' and deleted_at is null"))
    };
    format!(
        "select id::text, {version}::int8, false, {} from clinic.{} {of}",
        columns.join(", "),
        table.sql_name
    )
}

/// The first row of what has come, if it is whole.
fn row(bytes: &[u8]) -> Option<(Vec<Sql>, &[u8])> {
    let (count, mut rest) = bytes.split_first_chunk::<2>()?;
    let count = u16::from_be_bytes(*count);
    if count == u16::MAX {
        return None;
    }
    let mut values = Vec::with_capacity(count.into());
    for _ in 0..count {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            values.push(Sql::Null);
            rest = after;
            continue;
        };
        let (field, after) = after.split_at_checked(length)?;
        values.push(match std::str::from_utf8(field) {
            // Texts of one or eight bytes are as good as numbers to a floor.
            Ok(text) if length != 1 && length != 8 => Sql::Text(text.to_owned()),
            _ => Sql::Integer(field.iter().fold(0, |number, byte| number << 8 | i64::from(*byte))),
        });
        rest = after;
    }
    Some((values, rest))
}

/// How long each of so many changes takes to whoever listens and then asks, in ms.
pub async fn notified(admin: &str, count: usize) -> anyhow::Result<Vec<f64>> {
    let (mut writer, mut reader) = (PgConnection::connect(admin).await?, PgConnection::connect(admin).await?);
    let mut listener = PgListener::connect(admin).await?;
    listener.listen("bench").await?;
    let sql = "create table if not exists public.bench (id int primary key, value text)";
    sqlx::raw_sql(sql).execute(&mut writer).await?;
    let mut times = Vec::new();
    for place in 0..count {
        let value = format!("City {place}");
        let start = Instant::now();
        let mut tx = writer.begin().await?;
        let put =
            "insert into public.bench values (1, $1) on conflict (id) do update set value = excluded.value";
        sqlx::query(put).bind(&value).execute(&mut *tx).await?;
        sqlx::query("notify bench").execute(&mut *tx).await?;
        tx.commit().await?;
        listener.recv().await?;
        let found: String =
            sqlx::query_scalar("select value from public.bench where id = 1").fetch_one(&mut reader).await?;
        ensure!(found == value, "what was committed is seen");
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}

/// How many seconds it takes to insert so many prescriptions with three lines each in one transaction, triggers and all.
pub async fn inserted(admin: &str, count: usize) -> anyhow::Result<f64> {
    let mut connection = PgConnection::connect(admin).await?;
    let largest = "select tenant_id from clinic.patients group by tenant_id order by count(*) desc limit 1";
    let tenant: Uuid = sqlx::query_scalar(largest).fetch_one(&mut connection).await?;
    let found: (Uuid, Uuid, Uuid) = sqlx::query_as(
        "select (select id from clinic.patients where tenant_id = $1 limit 1),
                (select id from clinic.clinics where tenant_id = $1 limit 1),
                (select id from clinic.doctors where tenant_id = $1 limit 1)",
    )
    .bind(tenant)
    .fetch_one(&mut connection)
    .await
    .context("a patient")?;
    let start = Instant::now();
    let mut tx = connection.begin().await?;
    sqlx::query("set local search_path = clinic").execute(&mut *tx).await?;
    sqlx::query("select clinic.begin_write($1)").bind(tenant).execute(&mut *tx).await?;
    for _ in 0..count {
        let id = Uuid::now_v7();
        let put = "insert into clinic.prescriptions (tenant_id, id, visit_date, doctor_id, patient_id, clinic_id, status)
                   values ($1, $2, current_date, $3, $4, $5, 'draft')";
        let put = sqlx::query(put).bind(tenant).bind(id);
        put.bind(found.2).bind(found.0).bind(found.1).execute(&mut *tx).await?;
        for position in 1..=3_i32 {
            let put = "insert into clinic.prescription_items (tenant_id, id, prescription_id, position, medicine_text,
                           generic_text, dosage_form, dose_text, dose_pattern, dose_unit, patient_directions)
                       values ($1, $2, $3, $4, 'Paracetamol 650 mg', 'PARACETAMOL', 'tablet', '1-0-1 x5d',
                           '{\"kind\":\"slots\"}', 'tablet', '1 tablet morning and night, for 5 days')";
            let put = sqlx::query(put).bind(tenant).bind(Uuid::now_v7());
            put.bind(id).bind(position).execute(&mut *tx).await?;
        }
    }
    tx.commit().await?;
    Ok(start.elapsed().as_secs_f64())
}
