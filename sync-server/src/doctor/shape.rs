use std::collections::BTreeMap;

use protocol::table::{Column, Kind, TABLES, Table};
use sqlx::PgConnection;

use super::Check;
use super::Find::{Columns, Sql};
use super::walls::tenant_tables;
use crate::schema_doc;

/// The columns that every synced table has besides the declared ones: name, type, never null.
const COMMON: &[(&str, &str, bool)] = &[
    ("tenant_id", "uuid", true),
    ("id", "uuid", true),
    ("created_at", "timestamp with time zone", true),
    ("created_by", "uuid", false),
    ("updated_at", "timestamp with time zone", true),
    ("updated_by", "uuid", false),
    ("deleted_at", "timestamp with time zone", false),
    ("sync_version", "bigint", true),
    ("origin_device_id", "uuid", false),
    ("client_recorded_at", "timestamp with time zone", false),
    ("clocks", "jsonb", true),
];
/// Those of the catalogue that all tenants share.
const SHARED: &[(&str, &str, bool)] = &[("id", "uuid", true), ("catalogue_version", "bigint", true)];

/// `from` and `where` of the synced tables, as `c`.
macro_rules! synced_tables {
    () => {
        " pg_class c join pg_attribute s on s.attrelid = c.oid
          where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p')
            and s.attname = 'clocks' and not s.attisdropped "
    };
}

/// Tables in which a program keeps house and whose writing is not in the audit log, or in a form of its own. A new one
/// is named here on purpose.
macro_rules! not_audited {
    () => {
        "('tenant_sync', 'refresh_tokens', 'device_challenges', 'sync_mutations', 'tenant_audit_log', 'audit_heads',
          'legacy_keys', 'device_leases', 'device_nonces', 'clinic_moves')"
    };
}

/// Which of these tables lack the trigger that keeps them: the table, its trigger's function and the events each.
macro_rules! unkept {
    ($keepers:literal $(,)?) => {
        concat!(
            "select concat_ws('.', kept, keeper) from (values ",
            $keepers,
            ") v (kept, keeper, events)
             where not exists (
                 select from pg_trigger t where t.tgrelid = to_regclass('clinic.' || kept)
                    and t.tgfoid = to_regproc('clinic.' || keeper) and t.tgtype = events
                    and t.tgenabled in ('O', 'A') and t.tgqual is null) order by 1"
        )
    };
}

/// The declared tables, triggers, indexes and constraints.
pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "declared_columns",
        rule: "The tables are those that this program knows, and those that are synced have the columns that it \
               declares; with others it would lose what desktops send.",
        remedy: "Run `clinic-sync migrate` of this version. A table or column that someone added by hand: take it \
                 away.",
        find: Columns,
    },
    Check {
        name: "rows_are_stamped",
        rule: "Every synced table stamps its rows with the tenant's next version; without it desktops never hear \
               of a change.",
        remedy: "As clinic_owner: create trigger stamp_row before insert or update on … for each row execute \
                 function clinic.stamp_row().",
        find: Sql(concat!(
            "select c.relname::text from",
            synced_tables!(),
            "and not exists (
                 select from pg_trigger t where t.tgrelid = c.oid and t.tgenabled in ('O', 'A')
                    and t.tgfoid = to_regproc('clinic.stamp_row') and t.tgtype = 23
                    and t.tgqual is null and cardinality(t.tgattr::int2[]) = 0) order by 1"
        )),
    },
    Check {
        name: "deletions_leave_a_mark",
        rule: "Every synced table turns a deletion into a mark, of which desktops hear; no saved row is lost.",
        remedy: "As clinic_owner: create trigger tombstone_row before delete on … for each row execute function \
                 clinic.tombstone_row().",
        find: Sql(concat!(
            "select c.relname::text from",
            synced_tables!(),
            "and not exists (
                 select from pg_trigger t where t.tgrelid = c.oid and t.tgenabled in ('O', 'A')
                    and t.tgfoid = to_regproc('clinic.tombstone_row') and t.tgtype = 11 and t.tgqual is null)
             order by 1"
        )),
    },
    Check {
        name: "signed_rows_stay",
        rule: "What was signed or completed never changes, whoever writes.",
        remedy: "Run `clinic-sync migrate` on a new database and make the named trigger as it is there.",
        find: Sql(unkept!(
            "('prescriptions', 'keep_signed_prescription', 27),
             ('prescription_items', 'keep_signed_items', 31),
             ('dental_procedures', 'keep_completed_procedure', 27),
             ('dental_attachments', 'keep_attachment', 19)",
        )),
    },
    Check {
        name: "rows_are_audited",
        rule: "Every table of a tenant writes the audit log by trigger, whoever changes a row, but for those in which \
               the server keeps its own house.",
        remedy: "As clinic_owner: drop the table's trigger audit_row, if it has one, and call clinic.audit_writes for \
                 it.",
        find: Sql(concat!(
            "select c.relname::text from",
            tenant_tables!(),
            "and c.relname not in ",
            not_audited!(),
            "and not exists (
                 select from pg_trigger t
                 where t.tgrelid = c.oid and t.tgfoid = to_regproc('clinic.audit_row') and t.tgtype = 29
                   and t.tgenabled in ('O', 'A') and t.tgqual is null
                   and cardinality(t.tgattr::int2[]) = 0
                   and t.tgargs = convert_to(c.relname::text, 'UTF8') || '\\x00' || case when exists (
                       select from pg_attribute s where s.attrelid = c.oid and s.attname = 'clocks'
                   ) then '\\x7400' else '\\x6600' end::bytea)
             order by 1"
        )),
    },
    Check {
        name: "log_is_kept",
        rule: "Entries of the audit log are numbered and chained as they come, and neither they nor the signed ends \
               are ever changed, removed or emptied out.",
        remedy: "Run `clinic-sync audit verify`; then make the named trigger as it is in a new database.",
        find: Sql(unkept!(
            "('tenant_audit_log', 'chain_audit_entry', 7),
             ('tenant_audit_log', 'keep_audit', 27),
             ('tenant_audit_log', 'keep_audit', 34),
             ('audit_heads', 'keep_audit', 27),
             ('audit_heads', 'keep_audit', 34)",
        )),
    },
    Check {
        name: "triggers_enabled",
        rule: "No trigger is off; those of the foreign keys are triggers too.",
        remedy: "As an administrator: alter table … enable trigger all. Then check the rows written meanwhile.",
        find: Sql(
            "select c.relname || '.' || coalesce(k.conname, t.tgname)
             from pg_trigger t join pg_class c on c.oid = t.tgrelid left join pg_constraint k on k.oid = t.tgconstraint
             where c.relnamespace = 'clinic'::regnamespace and t.tgenabled not in ('O', 'A')
             group by 1 order by 1",
        ),
    },
    Check {
        name: "indexes_valid",
        rule: "Every index is valid; a broken one is not used, and as a key does not hold.",
        remedy: "Outside of a transaction: reindex index concurrently clinic.….",
        find: Sql(
            "select x.relname::text from pg_index i join pg_class x on x.oid = i.indexrelid
             where x.relnamespace = 'clinic'::regnamespace and not (i.indisvalid and i.indisready and i.indislive)
             order by 1",
        ),
    },
    Check {
        name: "constraints_validated",
        rule: "Every constraint holds for the rows that were there before it, too.",
        remedy: "As clinic_owner: alter table … validate constraint …. If that fails, mend the rows it names.",
        find: Sql(
            "select c.relname || '.' || k.conname from pg_constraint k join pg_class c on c.oid = k.conrelid
             where k.connamespace = 'clinic'::regnamespace and not k.convalidated order by 1",
        ),
    },
];

/// Tables and columns in which the database and what this program knows differ.
pub(super) async fn columns(connection: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    let found: Vec<(String, String, String, bool)> = sqlx::query_as(
        "select c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull
         from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p')
           and a.attnum > 0 and not a.attisdropped",
    )
    .fetch_all(connection)
    .await?;
    let mut tables: BTreeMap<String, BTreeMap<String, (String, bool)>> = BTreeMap::new();
    for (table, column, kind, not_null) in found {
        tables.entry(table).or_default().insert(column, (kind, not_null));
    }
    let mut wrong = Vec::new();
    for table in TABLES {
        match tables.remove(table.sql_name) {
            Some(columns) => compare(table, columns, &mut wrong),
            None => wrong.push(format!("{} is missing", table.sql_name)),
        }
    }
    for (table, columns) in tables {
        if columns.contains_key("clocks") {
            wrong.push(format!("{table} is synced, but not declared"));
        } else if !schema_doc::is_known(&table) && table != "_sqlx_migrations" {
            wrong.push(format!("{table} is unknown to this program"));
        }
    }
    Ok(wrong)
}

fn compare(table: &Table, mut found: BTreeMap<String, (String, bool)>, wrong: &mut Vec<String>) {
    let declared = table.columns.iter().map(|column| (column.name, sql_type(column), !column.nullable));
    let common = if table.is_shared() { SHARED } else { COMMON };
    let common = common.iter().map(|(name, kind, not_null)| (*name, (*kind).to_owned(), *not_null));
    for (name, kind, not_null) in declared.chain(common) {
        let place = format!("{}.{name}", table.sql_name);
        match found.remove(name) {
            None => wrong.push(format!("{place} is missing")),
            Some((found, _)) if found != kind => wrong.push(format!("{place} is {found}, not {kind}")),
            Some((_, found)) if found != not_null => {
                wrong.push(format!("{place} {}", if found { "is not null" } else { "may be null" }));
            }
            Some(_) => {}
        }
    }
    wrong.extend(found.keys().map(|name| format!("{}.{name} is not declared", table.sql_name)));
}

fn sql_type(column: &Column) -> String {
    match column.kind {
        Kind::Text(max) => format!("character varying({max})"),
        Kind::Choice(_) => "text".to_owned(),
        Kind::Uuid => "uuid".to_owned(),
        Kind::Int(..) => "integer".to_owned(),
        Kind::Decimal => "numeric(10,2)".to_owned(),
        Kind::Bool => "boolean".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::Timestamp => "timestamp with time zone".to_owned(),
        Kind::Json => "jsonb".to_owned(),
    }
}
