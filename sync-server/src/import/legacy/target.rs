//! The tenant's side: what is here already, where old keys lead, and putting rows in.

use std::collections::{BTreeMap, HashMap, HashSet};

use protocol::id::TenantId;
use protocol::table::{TableName, Values};
use protocol::validate::moment_text;
use serde_json::{Map, Value, json};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use super::home::{Doctor, Home};
use super::row::{NewRow, OldRow, Place, Places, key_text};
use super::statements;
use super::tables::OldTable;
use super::value::is_blank;
use super::visit::imported_number;
use super::words;
use crate::audit::heads::hex;

/// What is known of an old key.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Where it leads; none while it is set aside.
    pub(super) id: Option<Uuid>,
    pub(super) fingerprint: Vec<u8>,
}

/// What is kept of an old row.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) table: OldTable,
    pub(super) key: String,
    pub(super) id: Option<Uuid>,
    pub(super) fingerprint: Vec<u8>,
    /// The whole row, where not all of it found a place.
    pub(super) original: Option<String>,
}

/// What the tenant has before an import that later rows must not collide with.
pub(super) async fn load(tx: &mut PgConnection, home: &mut Home) -> sqlx::Result<()> {
    let tenant = home.tenant.0;
    for clinic in sqlx::query!("select id, clinic_code, is_primary from clinics where tenant_id = $1", tenant)
        .fetch_all(&mut *tx)
        .await?
    {
        home.clinic_codes.insert(clinic.clinic_code);
        if clinic.is_primary {
            home.primary_clinic = Some(clinic.id);
        }
    }
    for user in sqlx::query!("select id, email, full_name from users where tenant_id = $1", tenant)
        .fetch_all(&mut *tx)
        .await?
    {
        home.emails.insert(user.email);
        home.people.insert(user.id, user.full_name);
    }
    let doctors = sqlx::query!(
        r#"select id, user_id, registration_council, registration_number, to_jsonb(d) as "row!" from doctors d
           where tenant_id = $1"#,
        tenant
    );
    for doctor in doctors.fetch_all(&mut *tx).await? {
        home.registrations.insert((doctor.registration_council, doctor.registration_number));
        home.doctors.insert(doctor.id, Doctor::of(&values(doctor.row)));
        if let Some(user) = doctor.user_id {
            home.doctor_of_user.insert(user, doctor.id);
        }
    }
    for key in sqlx::query!("select key, kind, doctor_id from short_keys where tenant_id = $1", tenant)
        .fetch_all(&mut *tx)
        .await?
    {
        home.short_keys.insert((key.key, key.kind, key.doctor_id));
    }
    for key in
        sqlx::query!("select key, doctor_id from dental_observation_templates where tenant_id = $1", tenant)
            .fetch_all(tx)
            .await?
    {
        home.template_keys.insert((key.key, key.doctor_id));
    }
    Ok(())
}

/// What is known of these keys.
pub(super) async fn known(
    tx: &mut PgConnection,
    home: &Home,
    table: OldTable,
    keys: &[String],
) -> sqlx::Result<HashMap<String, Known>> {
    let rows = sqlx::query!(
        "select legacy_key, id, fingerprint from legacy_keys
         where tenant_id = $1 and source = $2 and table_name = $3 and legacy_key = any ($4)",
        home.tenant.0,
        home.source,
        table.name(),
        keys
    )
    .fetch_all(tx)
    .await?;
    let known =
        rows.into_iter().map(|row| (row.legacy_key, Known { id: row.id, fingerprint: row.fingerprint }));
    Ok(known.collect())
}

/// Remembers where old rows went.
pub(super) async fn keep(tx: &mut PgConnection, home: &Home, kept: &[Kept]) -> sqlx::Result<()> {
    let rows: Vec<Value> = kept
        .iter()
        .map(|kept| {
            json!({
                "tenant_id": home.tenant,
                "source": home.source,
                "table_name": kept.table.name(),
                "legacy_key": kept.key,
                "id": kept.id,
                "fingerprint": format!("\\x{}", hex(&kept.fingerprint)),
                "original": kept.original,
            })
        })
        .collect();
    sqlx::query!(
        "insert into legacy_keys (tenant_id, source, table_name, legacy_key, id, fingerprint, original)
         select tenant_id, source, table_name, legacy_key, id, fingerprint, original
         from jsonb_populate_recordset(null::legacy_keys, $1)
         on conflict (tenant_id, source, table_name, legacy_key)
         do update set id = excluded.id, fingerprint = excluded.fingerprint, original = excluded.original",
        Json(rows) as _
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Where the keys lead that these rows refer to.
pub(super) async fn places(
    tx: &mut PgConnection,
    home: &Home,
    table: OldTable,
    parents: &BTreeMap<String, OldTable>,
    rows: &[&OldRow],
) -> sqlx::Result<Places> {
    let mut asked: BTreeMap<OldTable, HashSet<String>> = BTreeMap::new();
    let mut ask = |table: OldTable, row: &OldRow| {
        for (names, parent) in table.references() {
            for name in names {
                let parent = parents.get(name).copied().unwrap_or(parent);
                if let Some(value) = row.values.get(name).filter(|value| !is_blank(value)) {
                    asked.entry(parent).or_default().insert(key_text(value));
                    // Where doctors are members of staff, the same column names those.
                    if parent == OldTable::Doctors && !home.has_doctors {
                        asked.entry(OldTable::Users).or_default().insert(key_text(value));
                    }
                }
            }
        }
    };
    for row in rows {
        ask(table, row);
        for line in &row.lines {
            ask(OldTable::PrescriptionItems, line);
        }
    }
    let mut places = Places::new();
    for (parent, keys) in asked {
        let keys: Vec<String> = keys.into_iter().collect();
        for (key, known) in known(tx, home, parent, &keys).await? {
            places.insert((parent, key), known.id.map_or(Place::SetAside, Place::Here));
        }
        let shared =
            keys.into_iter().map(|key| (parent, key)).filter(|place| home.shared_keys.contains(place));
        places.extend(shared.map(|place| (place, Place::Shared)));
    }
    Ok(places)
}

/// Looks up what rows of this batch must know of rows that are here.
pub(super) async fn look_around(
    tx: &mut PgConnection,
    home: &mut Home,
    table: OldTable,
    rows: &[&OldRow],
    places: &Places,
) -> sqlx::Result<()> {
    let own = |rows: &mut dyn Iterator<Item = &OldRow>| -> Vec<Uuid> {
        rows.filter_map(|row| Uuid::try_parse(&row.key).ok()).collect()
    };
    home.taken_ids.clear();
    let ours = table.ours().map_or("users", |table| table.table().sql_name);
    let lines = own(&mut rows.iter().flat_map(|row| &row.lines));
    for (ours, ids) in [(ours, own(&mut rows.iter().copied())), ("prescription_items", lines)] {
        if !ids.is_empty() {
            let taken: Vec<Uuid> = sqlx::query_scalar(statements::taken_ids(ours))
                .bind(home.tenant.0)
                .bind(&ids)
                .fetch_all(&mut *tx)
                .await?;
            home.taken_ids.extend(taken);
        }
    }
    if table != OldTable::Prescriptions {
        return Ok(());
    }
    let names = words::names(TableName::Prescriptions, "prescription_number");
    let numbers: Vec<String> = rows
        .iter()
        .map(|row| {
            let written =
                names.iter().find_map(|name| row.values.get(*name).filter(|value| !is_blank(value)));
            imported_number(&written.map_or_else(|| row.key.clone(), key_text))
        })
        .collect();
    let taken = sqlx::query_scalar!(
        r#"select prescription_number as "number!" from prescriptions
           where tenant_id = $1 and prescription_number = any ($2)"#,
        home.tenant.0,
        &numbers
    )
    .fetch_all(&mut *tx)
    .await?;
    home.taken_numbers = taken.into_iter().collect();
    let here = |of: OldTable| -> Vec<Uuid> {
        let of = places.iter().filter(|((table, _), _)| *table == of);
        of.filter_map(|(_, place)| if let Place::Here(id) = place { Some(*id) } else { None }).collect()
    };
    home.patients = sqlx::query!(
        r#"select id, to_jsonb(p) as "row!" from patients p where tenant_id = $1 and id = any ($2)"#,
        home.tenant.0,
        &here(OldTable::Patients)
    )
    .fetch_all(&mut *tx)
    .await?
    .into_iter()
    .map(|row| (row.id, values(row.row)))
    .collect();
    let medicines = here(OldTable::Medicines);
    home.medicines = sqlx::query!(
        r#"select id as "id!", row as "row!" from (
               select id, to_jsonb(m) as row from medicines m where id = any ($2)
               union all
               select id, to_jsonb(m) from tenant_medicines m where tenant_id = $1 and id = any ($2)
           ) m"#,
        home.tenant.0,
        &medicines
    )
    .fetch_all(tx)
    .await?
    .into_iter()
    .map(|row| (row.id, values(row.row)))
    .collect();
    Ok(())
}

fn values(row: Value) -> Values {
    match row {
        Value::Object(values) => values.into_iter().collect(),
        _ => Values::new(),
    }
}

/// The same number and first name as another patient's: both are kept, and a person decides. How many there are.
pub(super) async fn mark_duplicates(
    tx: &mut PgConnection,
    tenant: TenantId,
    rows: &mut [&mut NewRow],
) -> sqlx::Result<usize> {
    let text = |row: &NewRow, name: &str| {
        row.values.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let numbers: Vec<String> = rows.iter().map(|row| text(row, "mobile_number")).collect();
    let there = sqlx::query!(
        r#"select mobile_number, first_name_norm, max(duplicate_ordinal) as "last!"
           from patients
           where tenant_id = $1 and mobile_number = any ($2) and deleted_at is null and merged_into_id is null
           group by mobile_number, first_name_norm"#,
        tenant.0,
        &numbers
    )
    .fetch_all(tx)
    .await?;
    let mut last: HashMap<(String, String), i32> =
        there.into_iter().map(|row| ((row.mobile_number, row.first_name_norm), row.last)).collect();
    let mut marked = 0;
    for row in rows.iter_mut().filter(|row| row.deleted_at.is_none()) {
        let key = (text(row, "mobile_number"), text(row, "first_name_norm"));
        let ordinal = last.get(&key).map_or(0, |last| last + 1);
        last.insert(key, ordinal);
        if ordinal > 0 {
            row.values.insert("duplicate_ordinal".to_owned(), json!(ordinal));
            row.values.insert("needs_review".to_owned(), json!(true));
            marked += 1;
        }
    }
    Ok(marked)
}

/// Puts rows in, all or none; lines first, since nothing is added to what is signed.
pub(super) async fn write(
    tx: &mut PgConnection,
    tenant: TenantId,
    rows: &[&NewRow],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut savepoint = tx.begin().await?;
    // Plans of the triggers were made while the tables were smaller, and any index seemed good enough.
    sqlx::raw_sql("discard plans").execute(&mut *savepoint).await?;
    let mut tables: Vec<&'static str> = Vec::new();
    for row in rows {
        if !tables.contains(&row.table) {
            tables.push(row.table);
        }
    }
    tables.sort_by_key(|table| *table != "prescription_items");
    for table in tables {
        let of_table: Vec<&NewRow> = rows.iter().copied().filter(|row| row.table == table).collect();
        let mut columns: Vec<&str> = vec!["tenant_id", "id", "created_at", "updated_at"];
        columns.extend(of_table[0].values.keys().map(String::as_str));
        if table != "users" {
            columns.push("deleted_at");
        }
        let rows: Vec<Map<String, Value>> = of_table.iter().map(|row| as_json(row, tenant, now)).collect();
        sqlx::query(statements::insert(table, &columns)).bind(Json(rows)).execute(&mut *savepoint).await?;
    }
    // What refers to nothing is found here and not in the end.
    sqlx::raw_sql("set constraints all immediate; set constraints all deferred")
        .execute(&mut *savepoint)
        .await?;
    savepoint.commit().await
}

fn as_json(row: &NewRow, tenant: TenantId, now: OffsetDateTime) -> Map<String, Value> {
    let mut json: Map<String, Value> = row.values.clone().into_iter().collect();
    let now = json!(moment_text(now));
    let created = row.created_at.clone().unwrap_or_else(|| now.clone());
    json.insert("tenant_id".to_owned(), json!(tenant));
    json.insert("id".to_owned(), json!(row.id));
    json.insert("updated_at".to_owned(), row.updated_at.clone().unwrap_or_else(|| created.clone()));
    json.insert("created_at".to_owned(), created);
    json.insert("deleted_at".to_owned(), row.deleted_at.clone().unwrap_or(Value::Null));
    json
}
