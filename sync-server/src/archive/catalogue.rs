//! All SQL here that is put together from names. The names are those that this very database's catalogue gives for
//! its own tables and columns, quoted; none ever comes from an archive or from an operator.

use std::collections::BTreeMap;

use protocol::id::TenantId;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::error::Result;

/// Tables whose rows are worth nothing elsewhere, and why.
pub(super) const LEFT_OUT: &[(&str, &str)] = &[
    ("tenant_sync", "The manifest has its epoch and its version; a restored tenant gets a new epoch."),
    ("refresh_tokens", "Secrets of computers, which are enrolled anew."),
    ("device_leases", "What computers were told, which are enrolled anew."),
    ("device_challenges", "Secrets of computers, which are enrolled anew."),
    ("device_nonces", "What computers signed once, which are enrolled anew."),
    ("enrolment_codes", "Secrets of computers, which are enrolled anew."),
    ("restored_desktops", "What computers told of an earlier life of the data."),
    ("admin_restorations", "What the operators of this server were about to do."),
    ("clinic_moves", "Versions of this life of the data; a restored tenant counts anew."),
];

/// Tables that witness what happened. They are exported, never put back, and stay when a tenant is deleted: a log
/// that can be written from a file proves nothing.
pub(super) const WITNESSES: &[&str] = &["tenant_audit_log", "audit_heads"];

/// Children that must be there before their parent: nothing is added to what is signed.
const BEFORE_THE_PARENT: &[(&str, &str)] = &[("prescription_items", "prescriptions")];

/// A table of tenants.
#[derive(Clone, Debug)]
pub(super) struct TenantTable {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    /// Whether desktops receive its rows.
    pub(super) is_synced: bool,
    /// The columns that name files by their SHA-256.
    pub(super) file_columns: Vec<String>,
    key: Vec<String>,
    parents: Vec<String>,
}

/// Every table of tenants: `tenants` first, parents before children, but for [`BEFORE_THE_PARENT`].
pub(super) async fn tenant_tables(connection: &mut PgConnection) -> Result<Vec<TenantTable>> {
    let tables = sqlx::query_as!(
        TenantTable,
        r#"select c.relname::text as "name!",
                  array_agg(a.attname::text order by a.attnum) as "columns!",
                  bool_or(a.attname = 'clocks') as "is_synced!",
                  array_remove(array_agg(
                      case when a.attname ~ '(^|_)sha256$' and a.attname <> 'content_sha256'
                          then a.attname::text end
                  ), null) as "file_columns!",
                  array(
                      select k.attname::text from pg_index i
                      cross join unnest(i.indkey::int2[]) with ordinality u (number, place)
                      join pg_attribute k on k.attrelid = i.indrelid and k.attnum = u.number
                      where i.indrelid = c.oid and i.indisprimary order by u.place
                  ) as "key!",
                  array(
                      select distinct p.relname::text from pg_constraint f join pg_class p on p.oid = f.confrelid
                      where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid
                  ) as "parents!"
           from pg_class c
           join pg_attribute a on a.attrelid = c.oid
               and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
           where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
           group by c.oid, c.relname
           having c.relname = 'tenants' or bool_or(a.attname = 'tenant_id')
           order by 1"#
    )
    .fetch_all(connection)
    .await?;
    Ok(in_order(tables))
}

/// How many rows every table has, the shared ones and the migrations included.
pub(crate) async fn count_all(connection: &mut PgConnection) -> sqlx::Result<BTreeMap<String, i64>> {
    let tables = sqlx::query_scalar!(
        r#"select relname::text as "name!" from pg_class
           where relnamespace = 'clinic'::regnamespace and relkind in ('r', 'p') and not relispartition"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut counts = BTreeMap::new();
    for table in tables {
        let sql = AssertSqlSafe(format!("select count(*) from clinic.{}", quote(&table)));
        counts.insert(table, sqlx::query_scalar(sql).fetch_one(&mut *connection).await?);
    }
    Ok(counts)
}

fn in_order(tables: Vec<TenantTable>) -> Vec<TenantTable> {
    let mut waiting: BTreeMap<String, TenantTable> =
        tables.into_iter().map(|table| (table.name.clone(), table)).collect();
    for table in waiting.values_mut().filter(|table| table.name != "tenants") {
        table.parents.push("tenants".to_owned());
    }
    for (child, parent) in BEFORE_THE_PARENT {
        if let Some(child) = waiting.get_mut(*child) {
            child.parents.retain(|name| name != parent);
        }
        if let Some(parent) = waiting.get_mut(*parent) {
            parent.parents.push((*child).to_owned());
        }
    }
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let is_ready =
            |table: &&TenantTable| !table.parents.iter().any(|parent| waiting.contains_key(parent));
        // In a circle any is the first: references are looked at when all is in.
        let next = waiting.values().find(is_ready).or_else(|| waiting.values().next());
        let name = next.expect("BUG: one waits").name.clone();
        ordered.extend(waiting.remove(&name));
    }
    ordered
}

impl TenantTable {
    pub(super) fn is_left_out(&self) -> bool {
        LEFT_OUT.iter().any(|(name, _)| *name == self.name)
    }

    pub(super) fn is_witness(&self) -> bool {
        WITNESSES.contains(&self.name.as_str())
    }

    /// The column that says whose row it is.
    pub(super) fn tenant_column(&self) -> &'static str {
        if self.name == "tenants" { "id" } else { "tenant_id" }
    }

    /// The tenant's rows (`$1`), as `to_jsonb` gives them, in the order of the key.
    pub(super) fn select_rows(&self) -> AssertSqlSafe<String> {
        AssertSqlSafe(format!(
            "select to_jsonb(t)::text from clinic.{} t where {} = $1 order by {}",
            quote(&self.name),
            self.tenant_column(),
            list(&self.key)
        ))
    }

    /// How many rows the tenant (`$1`) has.
    pub(super) async fn count(&self, connection: &mut PgConnection, tenant: TenantId) -> Result<i64> {
        Ok(sqlx::query_scalar(self.count_rows()).bind(tenant.0).fetch_one(connection).await?)
    }

    fn count_rows(&self) -> AssertSqlSafe<String> {
        let (table, tenant) = (quote(&self.name), self.tenant_column());
        AssertSqlSafe(format!("select count(*) from clinic.{table} where {tenant} = $1"))
    }

    /// Puts in an array of rows (`$1`, JSON) that have these columns of the table; the others get what they get by
    /// themselves.
    pub(super) fn insert(&self, columns: &[String]) -> AssertSqlSafe<String> {
        let known: Vec<String> =
            self.columns.iter().filter(|column| columns.contains(column)).cloned().collect();
        let (table, columns) = (quote(&self.name), list(&known));
        AssertSqlSafe(format!(
            "insert into clinic.{table} ({columns})
             select {columns} from jsonb_populate_recordset(null::clinic.{table}, $1::jsonb)"
        ))
    }

    /// Deletes the tenant's rows (`$1`).
    pub(super) fn delete(&self) -> AssertSqlSafe<String> {
        AssertSqlSafe(format!("delete from clinic.{} where {} = $1", quote(&self.name), self.tenant_column()))
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ")
}

/// The text of every statement here, for the tests that look at them.
#[cfg(feature = "testing")]
pub(crate) async fn statements(connection: &mut PgConnection) -> Result<Vec<String>> {
    let tables = tenant_tables(connection).await?;
    let of_table = |table: &TenantTable| {
        [table.select_rows(), table.count_rows(), table.insert(&table.columns), table.delete()]
            .map(|sql| sql.0)
    };
    Ok(tables.iter().flat_map(of_table).collect())
}
