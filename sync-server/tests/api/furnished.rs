//! Two tenants with a row in every table there is, made from the catalogue: a new table gets its rows by itself, or
//! the tests that need them fail and say which one.

use std::collections::BTreeMap;

use clinic_sync::testing::TestDatabase;
use protocol::id::TenantId;
use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, new_patient};

/// Two tenants on one server, each with a row in every table.
pub struct Street {
    pub clinic: Clinic,
    pub admin: PgConnection,
    /// The first tenant's.
    pub a: Desk,
    /// The one who asks, and tries.
    pub b: Desk,
}

impl Street {
    pub async fn new() -> Self {
        let clinic = Clinic::open().await;
        let (mut a, mut b) = (clinic.desk().await, clinic.neighbour().await);
        for desk in [&mut a, &mut b] {
            desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
        }
        let mut admin = PgConnection::connect(&clinic.server.database().admin.0).await.expect("a connection");
        furnish(&mut admin, a.tenant, WORD_A).await;
        furnish(&mut admin, b.tenant, WORD_B).await;
        Self { clinic, admin, a, b }
    }
}

/// What a column takes that neither its type nor its constraint tells.
const VALUES: &[(&str, &str)] = &[
    ("users.roles", r#"["admin"]"#),
    ("devices.lane", r#""A""#),
    ("patients.mobile_number", r#""+919820441276""#),
    ("patients.age_years", "54"),
    ("dental_attachments.sha256", r#""e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855""#),
    ("sync_mutations.fate", r#""applied""#),
    ("short_keys.scope", r#""doctor""#),
    ("short_keys.doctor_id", r#""00000000-0000-0000-0000-000000000000""#),
    ("dental_observation_templates.scope", r#""doctor""#),
    ("dental_observation_templates.doctor_id", r#""00000000-0000-0000-0000-000000000000""#),
    ("dental_observations.tooth_fdi", "36"),
    ("dental_procedures.tooth_fdi", "36"),
];

/// A column of a tenant's table.
#[derive(sqlx::FromRow)]
struct Column {
    table_name: String,
    name: String,
    /// As in `pg_type`; of a domain, what it is made of.
    kind: String,
    is_required: bool,
    /// The first word that its constraint allows, where it lists words.
    choice: Option<String>,
    /// Whether no constraint says anything of it, so that it takes any short word.
    is_free: bool,
}

/// A foreign key to another tenant's table, without the pair of tenants.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Reference {
    pub table_name: String,
    pub constraint_name: String,
    pub columns: Vec<String>,
    pub parent: String,
    pub parent_columns: Vec<String>,
}

/// The tables of tenants but `tenants`, in the order of their names.
pub async fn tenant_tables(admin: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p')
           and a.attname = 'tenant_id' and not a.attisdropped order by 1",
    )
    .fetch_all(admin)
    .await
    .expect("the catalogue")
}

/// The foreign keys between tables of tenants.
pub async fn references(admin: &mut PgConnection) -> Vec<Reference> {
    sqlx::query_as(
        "select t.relname::text as table_name, k.conname::text as constraint_name, p.relname::text as parent,
                array_agg(a.attname::text order by n) as columns,
                array_agg(b.attname::text order by n) as parent_columns
         from pg_constraint k
         join pg_class t on t.oid = k.conrelid
         join pg_class p on p.oid = k.confrelid
         cross join unnest(k.conkey, k.confkey) with ordinality u (x, y, n)
         join pg_attribute a on a.attrelid = t.oid and a.attnum = x
         join pg_attribute b on b.attrelid = p.oid and b.attnum = y
         where k.connamespace = 'clinic'::regnamespace and k.contype = 'f'
           and p.relname <> 'tenants' and a.attname <> 'tenant_id'
         group by 1, 2, 3 order by 1, 2",
    )
    .fetch_all(admin)
    .await
    .expect("the catalogue")
}

async fn columns(admin: &mut PgConnection) -> BTreeMap<String, Vec<Column>> {
    let columns: Vec<Column> = sqlx::query_as(
        "select c.relname::text as table_name, a.attname::text as name,
                coalesce(base.typname, t.typname)::text as kind,
                a.attnotnull and not a.atthasdef and a.attidentity = '' as is_required,
                (select substring(pg_get_constraintdef(k.oid) from 'ARRAY\\[\\(?''([^'']*)''') from pg_constraint k
                 where k.contypid = t.oid
                    or k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum]
                 order by 1 limit 1) as choice,
                base.oid is null and a.atttypmod not between 0 and 11 and not exists (
                    select from pg_constraint k
                    where k.conrelid = c.oid and k.contype = 'c' and a.attnum = any (k.conkey)) as is_free
         from pg_class c
         join pg_attribute a on a.attrelid = c.oid
         join pg_type t on t.oid = a.atttypid
         left join pg_type base on base.oid = t.typbasetype
         where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p')
           and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
           and exists (select from pg_attribute x where x.attrelid = c.oid and x.attname = 'tenant_id')
         order by 1, a.attnum",
    )
    .fetch_all(admin)
    .await
    .expect("the catalogue");
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for column in columns {
        tables.entry(column.table_name.clone()).or_default().push(column);
    }
    tables
}

/// The value of a column that refers to nothing; none, where the column is better left alone.
fn value(column: &Column, word: &str) -> Option<Value> {
    let place = format!("{}.{}", column.table_name, column.name);
    if let Some((_, value)) = VALUES.iter().find(|(name, _)| *name == place) {
        return Some(serde_json::from_str(value).expect("JSON"));
    }
    let is_word = matches!(column.kind.as_str(), "text" | "varchar");
    if !column.is_required {
        return (is_word && column.is_free).then(|| json!(word));
    }
    Some(match (column.kind.as_str(), &column.choice) {
        ("text" | "varchar", Some(choice)) => json!(choice),
        ("text" | "varchar", None) => json!(word),
        ("uuid", _) => json!(Uuid::now_v7()),
        ("int2" | "int4" | "int8" | "numeric", _) => json!(1),
        ("bool", _) => json!(false),
        ("jsonb", _) => json!({}),
        ("bytea", _) => json!("\\x00"),
        ("date", _) => json!("2026-11-23"),
        ("timestamptz", _) => json!("2026-11-23T04:11:08Z"),
        (kind, _) if kind.starts_with('_') => json!([]),
        (kind, _) => panic!("{place} is of the type {kind}, of which no value is known here"),
    })
}

/// A row of this tenant, if there is one.
pub async fn a_row(admin: &mut PgConnection, table: &str, tenant: TenantId) -> Option<Map<String, Value>> {
    let sql =
        format!("select to_jsonb(t) from clinic.{table} t where tenant_id = $1 order by t::text limit 1");
    let row: Option<Value> =
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant.0).fetch_optional(admin).await.expect("a row");
    row.map(|row| row.as_object().expect("an object").clone())
}

/// Inserts these columns.
pub async fn insert(
    connection: &mut PgConnection,
    table: &str,
    row: &Map<String, Value>,
) -> sqlx::Result<u64> {
    insert_or(connection, table, row, "").await
}

/// Inserts these columns; behind the statement stands what to do where the row is there already.
pub async fn insert_or(
    connection: &mut PgConnection,
    table: &str,
    row: &Map<String, Value>,
    on_conflict: &str,
) -> sqlx::Result<u64> {
    let columns: Vec<String> = row.keys().map(|name| format!("\"{name}\"")).collect();
    let columns = columns.join(", ");
    let sql = format!(
        "insert into clinic.{table} ({columns})
         select {columns} from jsonb_populate_record(null::clinic.{table}, $1) {on_conflict}"
    );
    let row = Value::Object(row.clone());
    Ok(sqlx::query(AssertSqlSafe(sql)).bind(row).execute(connection).await?.rows_affected())
}

/// Gives the tenant a row in every table in which it has none. Every column that takes a word gets this one.
pub async fn furnish(admin: &mut PgConnection, tenant: TenantId, word: &str) {
    let references = references(admin).await;
    let mut waiting = columns(admin).await;
    let mut why = String::new();
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut left = BTreeMap::new();
        for (table, columns) in waiting {
            if a_row(admin, &table, tenant).await.is_some() {
                continue;
            }
            match new_row(admin, tenant, word, &columns, &references).await {
                Ok(row) => match insert(admin, &table, &row).await {
                    Ok(rows) => assert_eq!(rows, 1, "{table}"),
                    Err(error) => {
                        why = format!("{table}: {error}; say in VALUES what it takes");
                        left.insert(table, columns);
                    }
                },
                Err(parent) => {
                    why = format!("{table} waits for {parent}");
                    left.insert(table, columns);
                }
            }
        }
        assert!(left.len() < before, "some tables have no row yet: {why}");
        waiting = left;
    }
}

/// The row to insert; else the parent that has no row yet.
async fn new_row(
    admin: &mut PgConnection,
    tenant: TenantId,
    word: &str,
    columns: &[Column],
    references: &[Reference],
) -> Result<Map<String, Value>, String> {
    let mut row = Map::new();
    for column in columns {
        if let Some(value) = value(column, word) {
            row.insert(column.name.clone(), value);
        }
    }
    let table = &columns[0].table_name;
    for reference in references.iter().filter(|reference| reference.table_name == *table) {
        if !reference.columns.iter().any(|name| row.contains_key(name)) {
            continue;
        }
        let parent = a_row(admin, &reference.parent, tenant).await.ok_or_else(|| reference.parent.clone())?;
        for (column, parent_column) in reference.columns.iter().zip(&reference.parent_columns) {
            row.insert(column.clone(), parent[parent_column].clone());
        }
    }
    row.insert("tenant_id".to_owned(), json!(tenant));
    Ok(row)
}

/// Two tenants on one database, each with a row in every table.
pub struct Furnished {
    pub database: TestDatabase,
    pub admin: PgConnection,
    pub tables: Vec<String>,
    pub a: TenantId,
    pub b: TenantId,
}

/// Stands in every column of the first tenant that takes a word.
pub const WORD_A: &str = "kestrel";
/// Stands in every column of the second tenant that takes a word.
pub const WORD_B: &str = "plover";

impl Furnished {
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let db = database.app_db().await;
        let (a, b) = (TenantId::new(), TenantId::new());
        let mut admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
        for (tenant, word) in [(a, WORD_A), (b, WORD_B)] {
            db.create_tenant(tenant, &word.to_uppercase(), word)
                .await
                .expect("a tenant")
                .commit()
                .await
                .expect("committed");
            furnish(&mut admin, tenant, word).await;
        }
        db.close().await;
        let tables = tenant_tables(&mut admin).await;
        Self { database, admin, tables, a, b }
    }
}
