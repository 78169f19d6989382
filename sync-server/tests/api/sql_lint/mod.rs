//! Every statement of the server is looked at: those that sqlx checked, those made from the declaration of the tables,
//! those that stand in the source.

mod rules;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clinic_sync::testing::{TestDatabase, generated_statements};
use serde_json::Value;
use sqlx::{Connection, PgConnection};

use crate::furnished::tenant_tables;
use rules::{Fault, Schema, Volatility, faults};
use source::{Found, Use, scan, scan_text};

/// A statement that may break a rule, known by a part of it, and why.
struct Exception {
    part: &'static str,
    fault: Fault,
    #[expect(dead_code, reason = "for who reads")]
    why: &'static str,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        part: "with recursive logged",
        fault: Fault::NoTenant,
        why: "the operator's check of every log, those of tenants that left too; not for a cluster",
    },
    Exception {
        part: "select f.name, f.percent, (select count(*)",
        fault: Fault::NoTenant,
        why: "the operator's counts of tenants for a roll-out",
    },
    Exception {
        part: "select id from tenants where tenant_code = $1",
        fault: Fault::NoTenant,
        why: "the operator's look for a tenant that left or wants to come back",
    },
    Exception {
        part: "select t.id, e.lane as \"lane!\"",
        fault: Fault::NoTenant,
        why: "the ends of every tenant's log, kept beside a backup of all of them",
    },
    Exception {
        part: "(tenant_id, id, created_at",
        fault: Fault::RowsFromFunction,
        why: "demo-data, as clinic_ops: without row security a cluster copies such rows to its workers",
    },
    Exception {
        part: "from jsonb_populate_recordset(null::",
        fault: Fault::RowsFromFunction,
        why: "an import, an archive that comes back or a clinic that moves, as clinic_ops, as above",
    },
    Exception {
        part: "from jsonb_populate_recordset(null::",
        fault: Fault::NoTenant,
        why: "the tenant is in each row that it is given",
    },
];

/// The files that may put SQL together, run several statements at once or take a text from a variable.
const PLACES: &[(Use, &[&str])] = &[
    // The texts hold names of the declaration, of the catalogue (quoted), of constants, or a typed UUID.
    (
        Use::AssertSqlSafe,
        &[
            "adopt/statement.rs",
            "archive/catalogue.rs",
            "backup/verify.rs",
            "clinic_move/statements.rs",
            "import/legacy/statements.rs",
            "import/statements.rs",
            "sync/statements.rs",
            "tenant_tx.rs",
            "testing.rs",
        ],
    ),
    // What the owner runs, as constants; settings of a transaction.
    (
        Use::RawSql,
        &[
            "adopt/backfill.rs",
            "adopt/mod.rs",
            "adopt/statement.rs",
            "archive/delete.rs",
            "archive/restore.rs",
            "archive/snapshot.rs",
            "audit/command.rs",
            "backup/create.rs",
            "backup/verify.rs",
            "clinic_move/mod.rs",
            "database.rs",
            "distribute/mod.rs",
            "import/legacy/source.rs",
            "import/mod.rs",
            "import/write.rs",
            "testing.rs",
        ],
    ),
    // Made in sync/statements.rs and archive/catalogue.rs; questions to the catalogue in doctor and of backups on trial.
    (
        Use::Variable,
        &[
            "adopt/backfill.rs",
            "adopt/isolation.rs",
            "adopt/statement.rs",
            "archive/catalogue.rs",
            "archive/delete.rs",
            "archive/restore.rs",
            "archive/snapshot.rs",
            "audit/verify.rs",
            "backup/verify.rs",
            "clinic_move/catch_up.rs",
            "clinic_move/choose.rs",
            "clinic_move/copy.rs",
            "doctor/mod.rs",
            "import/legacy/source.rs",
            "import/legacy/target.rs",
            "import/write.rs",
            "sync/bootstrap.rs",
            "sync/digest.rs",
            "sync/live_page.rs",
            "sync/pull.rs",
            "sync/rows.rs",
        ],
    ),
    // Made in sync/copies.rs, with nothing but typed ids and numbers in the places of parameters.
    (Use::Copy, &["sync/bootstrap/wire.rs"]),
];

async fn schema() -> Schema {
    let database = TestDatabase::new().await;
    let mut admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
    let mut tables: BTreeSet<String> = tenant_tables(&mut admin).await.into_iter().collect();
    tables.insert("tenants".to_owned());
    let functions: Vec<(String, String)> =
        sqlx::query_as("select proname::text, provolatile::text from pg_proc where prokind <> 'p'")
            .fetch_all(&mut admin)
            .await
            .expect("the functions");
    let mut volatility: BTreeMap<String, Volatility> = BTreeMap::new();
    for (name, kind) in functions {
        let kind = match kind.as_str() {
            "i" => Volatility::Immutable,
            "s" => Volatility::Stable,
            _ => Volatility::Volatile,
        };
        let worst = volatility.entry(name).or_insert(kind);
        *worst = kind.max(*worst);
    }
    Schema { tenant_tables: tables, volatility }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The texts that the macros of sqlx checked.
fn checked() -> Vec<String> {
    let folder = root().join("../.sqlx");
    let texts = std::fs::read_dir(folder).expect("the checked queries").map(|entry| {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a file");
        let query: Value = serde_json::from_str(&text).expect("JSON");
        query["query"].as_str().expect("a text").to_owned()
    });
    texts.collect()
}

fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn every_statement_asks_for_one_tenant_in_words_that_a_cluster_takes() {
    let schema = schema().await;
    let scanned = scan(&root().join("src")).statements.into_iter().map(|(_, sql)| sql);
    let database = TestDatabase::new().await;
    let mut admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
    let generated = generated_statements(&mut admin).await;
    assert!(generated.len() > 50);
    let all: BTreeSet<String> =
        checked().into_iter().chain(generated).chain(scanned).map(|sql| one_line(&sql)).collect();
    assert!(all.len() > 150, "{}", all.len());
    let mut needed = BTreeSet::new();
    let mut wrong = Vec::new();
    for sql in &all {
        for fault in faults(sql, &schema) {
            let is_it = |exception: &Exception| exception.fault == fault && sql.contains(exception.part);
            match EXCEPTIONS.iter().position(is_it) {
                Some(place) => _ = needed.insert(place),
                None => wrong.push(format!("{fault:?}: {sql}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} statements:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(needed.len(), EXCEPTIONS.len(), "an exception is needed no more");
}

#[test]
fn sql_is_put_together_in_the_places_that_are_named_for_it() {
    let mut found = scan(&root().join("src")).users;
    for (what, places) in PLACES {
        let found = found.remove(what).unwrap_or_default();
        let places: BTreeSet<String> = places.iter().map(|place| (*place).to_owned()).collect();
        assert_eq!(found, places, "{what:?}");
    }
    assert_eq!(found, BTreeMap::new());
}

#[tokio::test]
async fn no_policy_asks_another_table() {
    let database = TestDatabase::new().await;
    let mut admin = PgConnection::connect(&database.admin.0).await.expect("a connection");
    let find = "select polrelid::regclass::text from pg_policy
                where concat(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) ~* '\\mselect\\M'";
    let found: Vec<String> = sqlx::query_scalar(find).fetch_all(&mut admin).await.expect("the policies");
    assert_eq!(found, Vec::<String>::new());
    sqlx::raw_sql(
        "create table clinic.extra (tenant_id uuid);
         create policy extra on clinic.extra using (tenant_id = (select id from clinic.tenants))",
    )
    .execute(&mut admin)
    .await
    .expect("a bad policy");
    let found: Vec<String> = sqlx::query_scalar(find).fetch_all(&mut admin).await.expect("the policies");
    assert_eq!(found, ["clinic.extra"]);
}

#[tokio::test]
async fn each_kind_of_bad_statement_is_found() {
    use Fault::*;
    let schema = schema().await;
    let cases = [
        ("select id from patients", NoTenant),
        ("select id from clinic.patients p where p.id = $1", NoTenant),
        ("select id from patients where tenant_id = $1 or id = $2", NoTenant),
        ("select id from patients where tenant_id <> $1", NoTenant),
        ("select id from patients where tenant_id = tenant_id", NoTenant),
        ("select id from tenants where tenant_code = $1", NoTenant),
        ("select 1 from patients p join doctors d on d.id = p.id where p.tenant_id = $1", NoTenant),
        ("select 1 from patients p, doctors d where p.tenant_id = d.tenant_id", NoTenant),
        (
            "select 1 from patients where tenant_id = $1 and id in (select patient_id from prescriptions)",
            NoTenant,
        ),
        ("select 1 where exists (select from patients where id = $1)", NoTenant),
        ("with p as (select id from patients) select id from p", NoTenant),
        ("select id from doctors where tenant_id = $1 union all select id from patients", NoTenant),
        ("update patients set alerts = $1 where id = $2", NoTenant),
        ("update patients p set alerts = d.kind from doctors d where p.tenant_id = $1", NoTenant),
        ("delete from refresh_tokens where device_id = $1", NoTenant),
        ("insert into patients (id) values ($1)", NoTenant),
        ("insert into patients (tenant_id, id) values (gen_random_uuid(), $1)", NoTenant),
        ("insert into patients (tenant_id, id) select $1, unnest($2::uuid[])", RowsFromFunction),
        (
            "insert into patients (tenant_id, id) select $1, u.id from unnest($2::uuid[]) u (id)",
            RowsFromFunction,
        ),
        (
            "insert into patients (tenant_id, id) select $1, r.id from jsonb_to_recordset($2) as r (id uuid)",
            RowsFromFunction,
        ),
        ("insert into patients (tenant_id, id) values ($1, (select id from features))", QueryInValues),
        ("update patients set id = gen_random_uuid() where tenant_id = $1", Volatile),
        ("delete from refresh_tokens where tenant_id = $1 and expires_at < clock_timestamp()", Volatile),
        ("update patients set deleted_at = coalesce(deleted_at, now()) where tenant_id = $1", UnstableChoice),
        ("update patients set deleted_at = case when $2 then now() end where tenant_id = $1", UnstableChoice),
        ("update tenants set settings = jsonb_build_object('a', settings) where id = $1", UnstableOfColumn),
        (
            "insert into device_users (tenant_id, user_id) values ($1, $2)
          on conflict (tenant_id) do update set last_signed_in_at = now()",
            UnstableOnConflict,
        ),
        ("select set_config('app.current_tenant_id', $1, true)", SetConfig),
        ("this is no SQL", Unreadable),
    ];
    for (sql, fault) in cases {
        assert!(faults(sql, &schema).contains(&fault), "{fault:?} is not found: {sql}");
    }
}

#[tokio::test]
async fn good_statements_are_let_pass() {
    let schema = schema().await;
    let cases = [
        "select id from medicines where is_active",
        "select id from patients where tenant_id = $1::uuid and (alerts = $2 or id = $3)",
        "select 1 from patients p join doctors d on d.tenant_id = p.tenant_id where $1 = p.tenant_id",
        "select t.id from tenants t join tenant_sync s on s.tenant_id = t.id where t.id = $1",
        "select p.id from patients p where p.tenant_id = $1 and exists (
             select from prescriptions r where r.tenant_id = p.tenant_id and r.patient_id = p.id)",
        "select f.name from features f cross join tenants t where t.id = $1",
        "update prescriptions p set status = $3 from doctors d
         where p.tenant_id = $1 and d.tenant_id = p.tenant_id and d.user_id = $2",
        "update users set last_login_at = now() where tenant_id = $1",
        "insert into patients (tenant_id, id) values ($1, $2), ($1, $3)",
        "insert into device_challenges (tenant_id, device_id) select d.tenant_id, d.id from devices d
         where d.tenant_id = $1",
        "insert into device_users (tenant_id, user_id) values ($1, $2)
         on conflict (tenant_id) do update set last_signed_in_at = excluded.last_signed_in_at",
    ];
    for sql in cases {
        assert_eq!(faults(sql, &schema), BTreeSet::new(), "{sql}");
    }
}

#[test]
fn statements_and_ways_around_them_are_found_in_source() {
    let text = r#"
        use sqlx::{AssertSqlSafe, QueryBuilder};
        async fn one(tx: &mut PgConnection, sql: &str) {
            sqlx::query("select 1").execute(tx).await;
            sqlx::query_as::<_, (i32,)>("select 2").fetch_one(tx).await;
            tx.execute("select 3").await;
            sqlx::query_scalar(sql).fetch_one(tx).await;
            sqlx::raw_sql(AssertSqlSafe(format!("select {sql}")));
            QueryBuilder::new("select");
            tx.copy_out_raw(sql).await;
        }
    "#;
    let mut found = Found::default();
    scan_text(text, "bad.rs".to_owned(), &mut found);
    let texts: Vec<&str> = found.statements.iter().map(|(_, sql)| sql.as_str()).collect();
    assert_eq!(texts, ["select 1", "select 2", "select 3"]);
    let uses: Vec<Use> = found.users.into_keys().collect();
    assert_eq!(uses, [Use::AssertSqlSafe, Use::QueryBuilder, Use::RawSql, Use::Variable, Use::Copy]);
    let mut imported = Found::default();
    scan_text("use sqlx::AssertSqlSafe;", "good.rs".to_owned(), &mut imported);
    assert!(imported.users.is_empty());
}
