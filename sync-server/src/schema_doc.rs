//! `docs/schema.md`: the tables and how they refer to each other, as the catalogue of a migrated database has them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anyhow::{Context, ensure};
use protocol::table::TableName;
use sqlx::{Connection, PgConnection};

use crate::config::DatabaseUrl;

/// The tables by subject, in the order in which one would tell of them.
const SUBJECTS: &[(&str, &[&str])] = &[
    ("Tenants and clinics", &["tenants", "tenant_sync", "features", "clinics"]),
    ("People", &["users", "user_clinics", "doctors", "admin_restorations"]),
    ("Patients", &["patients", "patient_allergies", "appointments"]),
    ("Prescriptions", &["prescriptions", "prescription_items", "short_keys"]),
    ("Medicines", &["medicines", "catalogue", "tenant_medicines"]),
    (
        "Dental chart",
        &["dental_observations", "dental_procedures", "dental_observation_templates", "dental_attachments"],
    ),
    ("Knowledge", &["case_studies"]),
    (
        "Computers and sign-in",
        &[
            "devices",
            "device_users",
            "own_keys",
            "device_leases",
            "device_revocations",
            "restored_desktops",
            "device_challenges",
            "device_nonces",
            "enrolment_codes",
            "refresh_tokens",
        ],
    ),
    ("Sync", &["sync_mutations", "sync_quarantine", "sync_conflicts"]),
    ("Audit", &["tenant_audit_log", "audit_heads"]),
    ("Brought along", &["legacy_keys", "clinic_moves"]),
];

/// Whether this program knows a table of this name.
pub(crate) fn is_known(table: &str) -> bool {
    SUBJECTS.iter().any(|(_, tables)| tables.contains(&table))
}

struct Column {
    name: String,
    kind: String,
    is_required: bool,
}

struct Reference {
    from: String,
    to: String,
    column: String,
    is_required: bool,
}

/// The whole document.
///
/// # Errors
///
/// The database cannot be read, or has a table that belongs to no subject yet.
pub async fn write(url: &DatabaseUrl) -> anyhow::Result<String> {
    let mut connection = PgConnection::connect(&url.0.0).await?;
    let tables = tables(&mut connection).await?;
    let references = references(&mut connection).await?;
    let told: BTreeSet<&str> = SUBJECTS.iter().flat_map(|(_, tables)| tables.iter().copied()).collect();
    let untold: Vec<&String> = tables.keys().filter(|table| !told.contains(table.as_str())).collect();
    ensure!(untold.is_empty(), "{untold:?} belong to no subject; name them in schema_doc.rs");
    let mut text = String::from(HEAD);
    text.push_str("\n```mermaid\nerDiagram\n");
    for Reference { from, to, column, is_required } in &references {
        let one = if *is_required { "||" } else { "|o" };
        writeln!(text, "    {to} {one}--o{{ {from} : {column}")?;
    }
    text.push_str("```\n");
    for (subject, names) in SUBJECTS {
        write!(text, "\n## {subject}\n")?;
        for name in *names {
            let columns = tables.get(*name).with_context(|| format!("there is no table {name}"))?;
            write_table(&mut text, name, columns, &references)?;
        }
    }
    Ok(text)
}

const HEAD: &str = "\
# The database

Made from the catalogue by `cargo xtask generate`; a test keeps it true. In the schema `clinic`.

Every table that has a `tenant_id` belongs to tenants: the primary key and every index begin with it, every foreign key
between such tables carries it, row security is on and forced, and one policy shows a transaction the rows of its
tenant and no others. `medicines`, `catalogue` and `features` are shared and read-only to the server. A *synced* table also has
`created_at`, `created_by`, `updated_at`, `updated_by`, `deleted_at` (a deletion is a mark), `sync_version` (by trigger),
`origin_device_id`, `client_recorded_at` and `clocks` (when each column was last changed); they are not listed again.

References to `tenants` are left out of the picture: every table has one.
";

/// The columns with which every synced table ends.
const TAIL: &[&str] = &[
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "deleted_at",
    "sync_version",
    "origin_device_id",
    "client_recorded_at",
    "clocks",
];

fn write_table(
    text: &mut String,
    name: &str,
    columns: &[Column],
    references: &[Reference],
) -> std::fmt::Result {
    let is_synced = TableName::find(name).is_some_and(|name| !name.table().is_shared());
    let synced = if is_synced { ", synced" } else { "" };
    write!(text, "\n### {name}{synced}\n\n| column | type | |\n|---|---|---|\n")?;
    for Column { name: column, kind, is_required } in columns {
        if is_synced && TAIL.contains(&column.as_str()) {
            continue;
        }
        let to = references.iter().find(|reference| reference.from == name && reference.column == *column);
        let to = to.map(|reference| format!("→ {}", reference.to)).unwrap_or_default();
        let required = if *is_required { "" } else { "or none" };
        let notes: Vec<&str> = [required, &to].into_iter().filter(|note| !note.is_empty()).collect();
        writeln!(text, "| {column} | {kind} | {} |", notes.join(", "))?;
    }
    Ok(())
}

async fn tables(connection: &mut PgConnection) -> anyhow::Result<BTreeMap<String, Vec<Column>>> {
    let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
        "select c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull
         from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations'
           and a.attnum > 0 and not a.attisdropped
         order by c.relname, a.attnum",
    )
    .fetch_all(connection)
    .await?;
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for (table, name, kind, is_required) in rows {
        tables.entry(table).or_default().push(Column { name, kind, is_required });
    }
    Ok(tables)
}

/// The foreign keys by the column that comes after `tenant_id`, but for those to `tenants`.
async fn references(connection: &mut PgConnection) -> anyhow::Result<Vec<Reference>> {
    let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
        "select k.conrelid::regclass::text, k.confrelid::regclass::text, a.attname::text, a.attnotnull
         from pg_constraint k
         join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[cardinality(k.conkey)]
         where k.connamespace = 'clinic'::regnamespace and k.contype = 'f' and k.conparentid = 0
           and k.confrelid <> 'clinic.tenants'::regclass
         order by 2, 1, 3",
    )
    .fetch_all(connection)
    .await?;
    let plain = |name: String| name.trim_start_matches("clinic.").to_owned();
    Ok(rows
        .into_iter()
        .map(|(from, to, column, is_required)| Reference {
            from: plain(from),
            to: plain(to),
            column,
            is_required,
        })
        .collect())
}
