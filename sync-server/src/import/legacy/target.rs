//! The tenant's side: what is here already, and where old keys lead.

use std::collections::{BTreeMap, HashSet};

use protocol::table::{TableName, Values};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::home::{Doctor, Home};
use super::row::{OldRow, Place, Places, key_text};
use super::statements;
use super::tables::OldTable;
use super::visit::imported_number;
use crate::import::value::is_blank;
use crate::import::words;

/// What the tenant has before an import that later rows must not collide with.
pub(super) async fn load(tx: &mut PgConnection, home: &mut Home) -> sqlx::Result<()> {
    let tenant = home.tenant.0;
    let lanes = sqlx::query_scalar!("select lane from devices where tenant_id = $1", tenant);
    home.had_computers = !lanes.fetch_all(&mut *tx).await?.is_empty();
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
        for (key, known) in home.origin().known(tx, parent.name(), &keys).await? {
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
