//! Databases full of tenants that are all alike.

use std::io::Write;

use crate::work::Kind;
use clinic_sync::config::DatabaseUrl;
use clinic_sync::database::{self, LoginPasswords};
use protocol::api::Secret;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// The login that row security does not bind, otherwise with the rights of the server's.
const UNBOUND: &str = "bench_unbound";

/// How much is in a database.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Tenants.
    pub tenants: i32,
    /// Rows of each.
    pub records: i32,
}

impl Scale {
    /// Patients of one tenant.
    pub fn patients(self) -> i32 {
        self.records / 5
    }

    /// Prescriptions of one tenant.
    pub fn prescriptions(self) -> i32 {
        self.records * 3 / 10
    }

    /// How it is named in the results.
    pub fn words(self) -> String {
        format!("{} tenants × {} rows", self.tenants, self.records)
    }

    fn database(self) -> String {
        format!("tenancy_{}_{}", self.tenants, self.records)
    }
}

/// The same login, on the database of this scale.
pub fn on(url: &Secret, scale: Scale) -> String {
    let (start, _) = url.0.rsplit_once('/').unwrap_or((&url.0, ""));
    format!("{start}/{}?options=-csearch_path%3Dclinic%20-cstatement_timeout%3D0", scale.database())
}

/// The unbound login on the database of this scale.
pub fn unbound(admin: &Secret, scale: Scale) -> String {
    let url = on(admin, scale);
    url.find('@').map_or(url.clone(), |at| format!("postgres://{UNBOUND}:{UNBOUND}{}", &url[at..]))
}

/// Makes the database of this scale, unless an earlier run did.
pub async fn load(admin: &DatabaseUrl, passwords: &LoginPasswords, scale: Scale) -> anyhow::Result<()> {
    let mut server = PgConnection::connect(&admin.0.0).await?;
    let name = scale.database();
    let is_loaded: bool = sqlx::query_scalar(
        "select exists (select from pg_database d join pg_shdescription c on c.objoid = d.oid
                        where d.datname = $1 and c.description = 'loaded')",
    )
    .bind(&name)
    .fetch_one(&mut server)
    .await?;
    if is_loaded {
        return Ok(());
    }
    writeln!(std::io::stderr(), "loading {}", scale.words())?;
    server.execute(AssertSqlSafe(format!("drop database if exists {name}"))).await?;
    server.execute(AssertSqlSafe(format!("create database {name}"))).await?;
    let url = Secret(on(&admin.0, scale));
    database::migrate(&url, passwords).await?;
    let mut connection = PgConnection::connect(&url.0).await?;
    connection.execute(AssertSqlSafe(login(&name))).await?;
    // Neither triggers nor foreign keys: the rows are made to fit. Indexes are built when all rows are there.
    connection.execute("set session_replication_role = replica; set maintenance_work_mem = '1GB'").await?;
    let tables = ["patients", "prescriptions", "prescription_items"];
    let mut indexes: Vec<String> = Vec::new();
    for table in tables {
        let found: Vec<(String, String)> = sqlx::query_as(
            "select indexname::text, indexdef from pg_indexes i
             where schemaname = 'clinic' and tablename = $1
               and not exists (select from pg_constraint where conname = indexname)",
        )
        .bind(table)
        .fetch_all(&mut connection)
        .await?;
        for (index, definition) in found {
            connection.execute(AssertSqlSafe(format!("drop index clinic.{index}"))).await?;
            indexes.push(definition);
        }
    }
    connection.execute(PARENTS).await?;
    for first in (1..=scale.tenants).step_by(50) {
        let last = (first + 49).min(scale.tenants);
        connection.execute(AssertSqlSafe(rows(scale, first, last))).await?;
        writeln!(std::io::stderr(), "{last} tenants")?;
    }
    for definition in indexes {
        connection.execute(AssertSqlSafe(definition)).await?;
    }
    for table in tables.into_iter().chain(["tenants", "tenant_sync", "clinics", "doctors"]) {
        connection.execute(AssertSqlSafe(format!("vacuum (analyze, freeze) clinic.{table}"))).await?;
    }
    connection.execute(AssertSqlSafe(format!("comment on database {name} is 'loaded'"))).await?;
    connection.execute("checkpoint").await?;
    Ok(())
}

fn login(database: &str) -> String {
    format!(
        "do $$ begin
             if to_regrole('{UNBOUND}') is null then
                 create role {UNBOUND} login bypassrls password '{UNBOUND}';
                 grant clinic_app to {UNBOUND};
             end if;
         end $$;
         grant connect on database {database} to {UNBOUND};"
    )
}

/// Functions that name the rows.
const PARENTS: &str = "
create or replace function clinic.bench_id(kind int, tenant int, n int) returns uuid language sql immutable as $$
    select (lpad(to_hex(kind), 8, '0') || lpad(to_hex(tenant), 8, '0') || lpad(to_hex(n), 16, '0'))::uuid
$$;
";

fn rows(scale: Scale, first: i32, last: i32) -> String {
    let (patients, prescriptions) = (scale.patients(), scale.prescriptions());
    let items = scale.records - patients - prescriptions;
    let [tenant, clinic, doctor, patient, prescription, item] =
        [Kind::Tenant, Kind::Clinic, Kind::Doctor, Kind::Patient, Kind::Prescription, Kind::Item]
            .map(|kind| kind as i32);
    format!(
        "insert into clinic.tenants (id, tenant_code, tenant_name)
         select clinic.bench_id({tenant}, t, 0), 'T' || lpad(t::text, 6, '0'), 'Clinic ' || t
         from generate_series({first}, {last}) t;
         insert into clinic.tenant_sync (tenant_id, version)
         select clinic.bench_id({tenant}, t, 0), 1 from generate_series({first}, {last}) t;
         insert into clinic.clinics (tenant_id, id, clinic_name, clinic_code, is_primary, sync_version)
         select clinic.bench_id({tenant}, t, 0), clinic.bench_id({clinic}, t, 0), 'Clinic', 'C', true, 1
         from generate_series({first}, {last}) t;
         insert into clinic.doctors (tenant_id, id, first_name, kind, registration_number,
                                     registration_council, sync_version)
         select clinic.bench_id({tenant}, t, 0), clinic.bench_id({doctor}, t, d), 'Doctor', 'physician', d, 'MMC', 1
         from generate_series({first}, {last}) t, generate_series(0, 3) d;
         insert into clinic.patients (tenant_id, id, mobile_number, first_name, first_name_norm, last_name, sex,
                                      age_years, age_recorded_on, city, duplicate_ordinal, sync_version)
         select clinic.bench_id({tenant}, t, 0), clinic.bench_id({patient}, t, n),
                '+9198' || lpad((n * 7919 % 100000000)::text, 8, '0'), 'Sunita', 'sunita', 'Deshmukh', 'female',
                20 + n % 60, '2026-01-05', 'Mumbai', 0, 1 + n
         from generate_series({first}, {last}) t, generate_series(1, {patients}) n;
         insert into clinic.prescriptions (tenant_id, id, visit_date, doctor_id, patient_id, clinic_id,
                                           prescription_number, status, advice, sync_version)
         select clinic.bench_id({tenant}, t, 0), clinic.bench_id({prescription}, t, n),
                date '2026-01-01' + n % 100, clinic.bench_id({doctor}, t, n % 4),
                clinic.bench_id({patient}, t, 1 + n % {patients}), clinic.bench_id({clinic}, t, 0),
                'C-A-' || n, 'draft', 'Rest, and come back if the fever stays.', 1 + n
         from generate_series({first}, {last}) t, generate_series(1, {prescriptions}) n;
         insert into clinic.prescription_items (tenant_id, id, prescription_id, position, medicine_text,
                                                generic_text, dosage_form, dose_text, dose_pattern, dose_unit,
                                                patient_directions, sync_version)
         select clinic.bench_id({tenant}, t, 0), clinic.bench_id({item}, t, n),
                clinic.bench_id({prescription}, t, 1 + n % {prescriptions}), 1 + n / {prescriptions},
                'Paracetamol', 'PARACETAMOL', 'tablet', '1-0-1 x5d', '{{\"kind\":\"slots\"}}', 'tablet',
                '1 tablet morning and night, for 5 days', 1 + n
         from generate_series({first}, {last}) t, generate_series(1, {items}) n"
    )
}
