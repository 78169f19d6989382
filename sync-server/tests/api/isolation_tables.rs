//! Every table of tenants, every verb and every reference, driven by the catalogue. What touches another tenant must
//! go exactly as what touches nobody.

use futures_util::TryStreamExt;
use protocol::api::Secret;
use protocol::id::TenantId;
use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use crate::furnished::{Furnished, Reference, WORD_A, WORD_B, a_row, insert_or, references};

/// The policies alone: with these rights the server's login could do anything that row security lets it.
const EVERY_RIGHT: &str = "grant select, insert, update, delete on all tables in schema clinic to clinic_app";

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Rows(u64),
    Refused { code: String, message: String },
}

impl Outcome {
    fn of(result: sqlx::Result<u64>) -> Self {
        match result {
            Ok(rows) => Self::Rows(rows),
            Err(sqlx::Error::Database(error)) => Self::Refused {
                code: error.code().unwrap_or_default().into_owned(),
                message: error.message().to_owned(),
            },
            Err(error) => panic!("{error}"),
        }
    }
}

/// A way to say for whom a transaction works.
fn settings(b: TenantId) -> Vec<String> {
    let bare = |text: &str| format!("set local app.current_tenant_id = '{text}'");
    vec![
        format!("select clinic.set_tenant('{b}')"),
        bare(&b.to_string()),
        "select 'nobody'".to_owned(),
        bare(""),
        bare(&Uuid::nil().to_string()),
        bare(&Uuid::now_v7().to_string()),
        bare("nonsense"),
        bare("'' or true --"),
    ]
}

/// The column that says whose a row is.
fn key(table: &str) -> &'static str {
    if table == "tenants" { "id" } else { "tenant_id" }
}

struct Prober {
    connection: PgConnection,
}

impl Prober {
    async fn new(url: &Secret) -> Self {
        Self { connection: PgConnection::connect(&url.0).await.expect("a connection") }
    }

    /// Runs a statement about one tenant's rows in a transaction of its own, which leaves nothing.
    async fn run(&mut self, setting: &str, sql: &str, whose: TenantId) -> Outcome {
        let mut tx = self.connection.begin().await.expect("a transaction");
        sqlx::raw_sql(AssertSqlSafe(setting.to_owned())).execute(&mut *tx).await.expect(setting);
        let query = sqlx::query(AssertSqlSafe(sql.to_owned())).bind(whose.0).persistent(false);
        let outcome = Outcome::of(query.execute(&mut *tx).await.map(|done| done.rows_affected()));
        tx.rollback().await.expect("a live connection");
        outcome
    }

    /// How many rows a deletion has turned into marks.
    async fn tombstones(&mut self, setting: &str, delete: &str, table: &str, whose: TenantId) -> Outcome {
        let mut tx = self.connection.begin().await.expect("a transaction");
        sqlx::raw_sql(AssertSqlSafe(setting.to_owned())).execute(&mut *tx).await.expect(setting);
        sqlx::query(AssertSqlSafe(delete.to_owned())).bind(whose.0).execute(&mut *tx).await.expect(delete);
        let marked = format!("select from clinic.{table} where deleted_at is not null");
        Outcome::of(
            sqlx::query(AssertSqlSafe(marked)).execute(&mut *tx).await.map(|found| found.rows_affected()),
        )
    }

    async fn insert(&mut self, setting: &str, table: &str, row: &Map<String, Value>, or: &str) -> Outcome {
        let mut tx = self.connection.begin().await.expect("a transaction");
        sqlx::raw_sql(AssertSqlSafe(setting.to_owned())).execute(&mut *tx).await.expect(setting);
        let outcome = Outcome::of(insert_or(&mut tx, table, row, or).await);
        tx.rollback().await.expect("a live connection");
        outcome
    }

    /// Points this tenant's rows at a parent.
    async fn point(&mut self, tenant: TenantId, reference: &Reference, at: &Map<String, Value>) -> Outcome {
        let Reference { table_name, columns, .. } = reference;
        let columns = columns.join(", ");
        let mut tx = self.connection.begin().await.expect("a transaction");
        sqlx::query("select clinic.set_tenant($1)").bind(tenant.0).execute(&mut *tx).await.expect("set");
        let sql = format!(
            "update clinic.{table_name} t set ({columns}) = (
                 select {columns} from jsonb_populate_record(null::clinic.{table_name}, $2))
             where tenant_id = $1"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.0).bind(Value::Object(at.clone()));
        let outcome = Outcome::of(query.execute(&mut *tx).await.map(|done| done.rows_affected()));
        tx.rollback().await.expect("a live connection");
        outcome
    }
}

/// A connection in the middle of a transaction that works for someone. A copy that is refused leaves it of no use.
async fn begun(url: &Secret, setting: &str) -> PgConnection {
    let mut connection = PgConnection::connect(&url.0).await.expect("a connection");
    let begin = AssertSqlSafe(format!("begin; {setting}"));
    sqlx::raw_sql(begin).execute(&mut connection).await.expect(setting);
    connection
}

/// What a table copied out holds; nothing where that is refused.
async fn copied_out(url: &Secret, setting: &str, copy: &str) -> String {
    let mut connection = begun(url, setting).await;
    let mut text = Vec::new();
    if let Ok(mut parts) = connection.copy_out_raw(copy).await {
        while let Ok(Some(part)) = parts.try_next().await {
            text.extend_from_slice(&part);
        }
    }
    String::from_utf8(text).expect("text")
}

/// The verbs, each about the rows of `$1`.
fn verbs(table: &str) -> [(&'static str, String); 6] {
    let key = key(table);
    let merge =
        format!("merge into clinic.{table} t using (select $1::uuid as whose) w on t.{key} = w.whose");
    [
        ("select", format!("select from clinic.{table} where {key} = $1")),
        ("lock", format!("select from clinic.{table} where {key} = $1 for update")),
        ("update", format!("update clinic.{table} set {key} = {key} where {key} = $1")),
        ("delete", format!("delete from clinic.{table} where {key} = $1")),
        ("merge", format!("{merge} when matched then update set {key} = t.{key}")),
        ("merge and delete", format!("{merge} when matched then delete")),
    ]
}

/// What to do with a new row that is there already.
async fn conflicts(admin: &mut PgConnection, table: &str) -> [String; 3] {
    let columns: String = sqlx::query_scalar(
        "select string_agg(quote_ident(a.attname), ', ' order by place)
         from pg_index i cross join unnest(i.indkey::int2[]) with ordinality u (number, place)
         join pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.number
         where i.indrelid = ('clinic.' || $1)::regclass and i.indisprimary",
    )
    .bind(table)
    .fetch_one(admin)
    .await
    .expect("a primary key");
    let key = key(table);
    [
        String::new(),
        "on conflict do nothing".to_owned(),
        format!("on conflict ({columns}) do update set {key} = excluded.{key}"),
    ]
}

/// Where this login reaches rows of A, or learns of them, while it works for someone else. Each line names a hole.
async fn holes(
    furnished: &mut Furnished,
    url: &Secret,
    tables: &[String],
    settings: &[String],
) -> Vec<String> {
    let (a, b) = (furnished.a, furnished.b);
    let mut prober = Prober::new(url).await;
    let mut holes = Vec::new();
    for table in tables {
        let key = key(table);
        let sql = format!("select to_jsonb(t) from clinic.{table} t where {key} = $1 limit 1");
        let row: Value = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(a.0)
            .fetch_one(&mut furnished.admin)
            .await
            .unwrap_or_else(|error| panic!("{table}: {error}"));
        let row = row.as_object().expect("an object");
        let ors = conflicts(&mut furnished.admin, table).await;
        for setting in settings {
            for (verb, sql) in verbs(table) {
                let theirs = prober.run(setting, &sql, a).await;
                if theirs != prober.run(setting, &sql, TenantId::new()).await
                    || matches!(theirs, Outcome::Rows(1..))
                {
                    holes.push(format!("{verb} {table} after {setting}: {theirs:?}"));
                }
            }
            // A new row, and one that is there already.
            let new = with_new_ids(row, &[key]);
            for (row, or) in [&new, row].into_iter().flat_map(|row| ors.iter().map(move |or| (row, or))) {
                let theirs = prober.insert(setting, table, row, or).await;
                let mut nobodys = with_new_ids(row, &[]);
                nobodys.insert(key.to_owned(), json!(TenantId::new()));
                if theirs != prober.insert(setting, table, &nobodys, or).await
                    || matches!(theirs, Outcome::Rows(_))
                {
                    holes.push(format!("insert {table} {or} after {setting}: {theirs:?}"));
                }
            }
            let give = format!("update clinic.{table} set {key} = $1");
            let given = prober.run(setting, &give, a).await;
            if given != prober.run(setting, &give, TenantId::new()).await
                || matches!(given, Outcome::Rows(1..))
            {
                holes.push(format!("give rows of {table} away after {setting}: {given:?}"));
            }
        }
    }
    for reference in references(&mut furnished.admin).await {
        if !tables.contains(&reference.table_name) {
            continue;
        }
        let parent = a_row(&mut furnished.admin, &reference.parent, a).await.expect("a row");
        let pairs = reference.columns.iter().zip(&reference.parent_columns);
        let theirs: Map<String, Value> =
            pairs.map(|(column, parent_column)| (column.clone(), parent[parent_column].clone())).collect();
        let outcome = prober.point(b, &reference, &theirs).await;
        if outcome != prober.point(b, &reference, &with_new_ids(&theirs, &[])).await
            || matches!(outcome, Outcome::Rows(1..))
        {
            holes.push(format!(
                "{} points at a row of another tenant: {outcome:?}",
                reference.constraint_name
            ));
        }
    }
    holes
}

/// The row with every id of its own made anew, but for these columns.
fn with_new_ids(row: &Map<String, Value>, but: &[&str]) -> Map<String, Value> {
    let renew = |(name, value): (&String, &Value)| {
        let is_id = value.as_str().is_some_and(|text| text.parse::<Uuid>().is_ok());
        let value =
            if is_id && !but.contains(&name.as_str()) { json!(Uuid::now_v7()) } else { value.clone() };
        (name.clone(), value)
    };
    row.iter().map(renew).collect()
}

async fn run_as_admin(furnished: &mut Furnished, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&mut furnished.admin).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn all_tables() -> (Furnished, Vec<String>) {
    let furnished = Furnished::new().await;
    let mut tables = furnished.tables.clone();
    tables.push("tenants".to_owned());
    (furnished, tables)
}

#[tokio::test]
async fn no_verb_in_any_table_reaches_a_row_of_another_tenant_whatever_is_set() {
    let (mut furnished, tables) = all_tables().await;
    assert!(tables.len() >= 26, "{tables:?}");
    let app = furnished.database.app.clone();
    let settings = settings(furnished.b);
    for rights in ["select", EVERY_RIGHT] {
        run_as_admin(&mut furnished, rights).await;
        let holes = holes(&mut furnished, &app, &tables, &settings).await;
        assert!(holes.is_empty(), "{rights}: {holes:#?}");
    }
}

/// The positive twin: what is refused above goes for one's own rows.
#[tokio::test]
async fn every_verb_in_every_table_reaches_the_rows_of_the_tenant_that_is_set() {
    let (mut furnished, tables) = all_tables().await;
    run_as_admin(&mut furnished, EVERY_RIGHT).await;
    let mut prober = Prober::new(&furnished.database.app).await;
    let a = furnished.a;
    let setting = format!("select clinic.set_tenant('{a}')");
    for table in &tables {
        for (verb, sql) in verbs(table) {
            let outcome = match prober.run(&setting, &sql, a).await {
                Outcome::Rows(0) if verb.ends_with("delete") => {
                    prober.tombstones(&setting, &sql, table, a).await
                }
                outcome => outcome,
            };
            // A trigger that keeps what was signed or logged has seen the row as well.
            assert_ne!(outcome, Outcome::Rows(0), "{verb} {table}");
        }
    }
}

/// B writes what A has, and what nobody has: it must not notice a difference.
#[tokio::test]
async fn the_values_and_ids_of_another_tenant_are_as_free_as_any() {
    let mut furnished = Furnished::new().await;
    run_as_admin(&mut furnished, EVERY_RIGHT).await;
    let leaks = leaks(&mut furnished).await;
    assert!(leaks.is_empty(), "{leaks:#?}");
}

async fn leaks(furnished: &mut Furnished) -> Vec<String> {
    let (a, b) = (furnished.a, furnished.b);
    let mut prober = Prober::new(&furnished.database.app).await;
    let setting = format!("select clinic.set_tenant('{b}')");
    let references = references(&mut furnished.admin).await;
    let mut leaks = Vec::new();
    for table in &furnished.tables {
        let theirs = a_row(&mut furnished.admin, table, a).await.expect("a row");
        let own = a_row(&mut furnished.admin, table, b).await.expect("a row");
        let pointing: Vec<&str> = references
            .iter()
            .filter(|reference| reference.table_name == *table)
            .flat_map(|reference| &reference.columns)
            .map(String::as_str)
            .chain(["tenant_id"])
            .collect();
        let mut same = theirs;
        for column in &pointing {
            same.insert((*column).to_owned(), own[*column].clone());
        }
        let text = Value::Object(with_new_ids(&same, &pointing)).to_string().replace(WORD_A, "nobody");
        let other: Map<String, Value> = serde_json::from_str(&text).expect("JSON");
        for or in conflicts(&mut furnished.admin, table).await {
            let (same, other) = (
                prober.insert(&setting, table, &same, &or).await,
                prober.insert(&setting, table, &other, &or).await,
            );
            if same != other {
                leaks.push(format!("{table} {or}: {same:?}, but {other:?}"));
            }
        }
    }
    leaks
}

/// These tests are worth something only if they find holes.
#[tokio::test]
async fn a_hole_in_a_wall_is_found() {
    for (table, hole) in [
        ("patients", "alter table clinic.patients disable row level security"),
        ("appointments", "create policy open on clinic.appointments using (true)"),
        ("enrolment_codes", "alter policy tenant_isolation on clinic.enrolment_codes with check (true)"),
        (
            "sync_mutations",
            "alter table clinic.sync_mutations owner to clinic_app, no force row level security",
        ),
        (
            "tenants",
            "drop policy tenant_isolation on clinic.tenants;
             create policy tenant_isolation on clinic.tenants using (is_active)",
        ),
        (
            "short_keys",
            "create unique index doctors_id_key on clinic.doctors (id);
             alter table clinic.short_keys drop constraint short_keys_doctor_fkey,
                 add constraint short_keys_doctor_fkey foreign key (doctor_id) references clinic.doctors (id)",
        ),
    ] {
        let mut furnished = Furnished::new().await;
        run_as_admin(&mut furnished, EVERY_RIGHT).await;
        run_as_admin(&mut furnished, hole).await;
        let app = furnished.database.app.clone();
        let settings = &settings(furnished.b)[..1];
        let found = holes(&mut furnished, &app, &[table.to_owned()], settings).await;
        assert!(!found.is_empty(), "{hole}");
    }
}

#[tokio::test]
async fn a_login_that_bypasses_row_security_and_a_key_over_all_tenants_are_found() {
    let (mut furnished, tables) = all_tables().await;
    let ops = furnished.database.ops.clone();
    let settings = &settings(furnished.b)[..1];
    let found = holes(&mut furnished, &ops, &tables, settings).await;
    for table in &tables {
        assert!(found.iter().any(|hole| hole.starts_with(&format!("select {table} "))), "{table}");
    }
    run_as_admin(&mut furnished, EVERY_RIGHT).await;
    run_as_admin(&mut furnished, "create unique index on clinic.users (email)").await;
    let leaks = leaks(&mut furnished).await;
    assert!(!leaks.is_empty() && leaks.iter().all(|leak| leak.starts_with("users ")), "{leaks:?}");
}

#[tokio::test]
async fn a_table_copied_out_holds_the_rows_of_its_own_tenant_and_nothing_is_copied_in() {
    let (mut furnished, tables) = all_tables().await;
    run_as_admin(&mut furnished, EVERY_RIGHT).await;
    let (a, b) = (furnished.a, furnished.b);
    let (app, ops) = (&furnished.database.app, &furnished.database.ops);
    for table in &tables {
        for setting in settings(b) {
            for copy in
                [format!("copy clinic.{table} to stdout"), format!("copy (table clinic.{table}) to stdout")]
            {
                let text = copied_out(app, &setting, &copy).await;
                assert!(!text.contains(&a.to_string()), "{copy} after {setting}");
                assert!(!text.to_lowercase().contains(WORD_A), "{copy} after {setting}");
                // The positive twin.
                assert!(!setting.contains(&b.to_string()) || text.contains(&b.to_string()), "{copy}");
            }
        }
        let mut connection = begun(app, &format!("select clinic.set_tenant('{b}')")).await;
        let copied = connection.copy_in_raw(&format!("copy clinic.{table} from stdin")).await.map(|_| ());
        let refused = copied.expect_err(table);
        let code = refused.as_database_error().and_then(|error| error.code().map(String::from));
        assert_eq!(code.as_deref(), Some("0A000"), "{table}");
    }
    assert!(copied_out(app, "select 1", "copy (select 'x') to '/tmp/x'").await.is_empty());
    let found = copied_out(ops, "select 1", "copy clinic.patients to stdout").await;
    assert!(found.contains(WORD_A) && found.contains(WORD_B), "who bypasses row security copies all");
}

#[tokio::test]
async fn no_login_empties_a_table() {
    let (mut furnished, tables) = all_tables().await;
    run_as_admin(&mut furnished, EVERY_RIGHT).await;
    for url in [&furnished.database.app, &furnished.database.ops] {
        let mut connection = PgConnection::connect(&url.0).await.expect("a connection");
        for table in &tables {
            let sql = AssertSqlSafe(format!("truncate clinic.{table} cascade"));
            let refused = sqlx::query(sql).execute(&mut connection).await.expect_err(table);
            let code = refused.as_database_error().and_then(|error| error.code().map(String::from));
            assert_eq!(code.as_deref(), Some("42501"), "{table}");
        }
    }
}

/// Not in a transaction that is rolled back: what B did for a whole day leaves A's rows as they were, byte by byte.
#[tokio::test]
async fn a_committed_sweep_over_everything_changes_the_rows_of_its_own_tenant_only() {
    let (mut furnished, tables) = all_tables().await;
    let before = contents(&mut furnished, &tables).await;
    let db = furnished.database.app_db().await;
    let mut swept = 0;
    for table in &tables {
        let column = match table.as_str() {
            "tenants" => "settings",
            "tenant_sync" => "version",
            _ => "tenant_id",
        };
        let mut tx = db.write(furnished.b).await.expect("a transaction");
        let sweep = AssertSqlSafe(format!("update {table} set {column} = {column}"));
        if let Ok(done) = sqlx::query(sweep).execute(&mut *tx).await {
            assert!(done.rows_affected() > 0, "{table}");
            tx.commit().await.expect("committed");
            swept += 1;
        }
    }
    assert!(swept > tables.len() / 2, "{swept} of {}", tables.len());
    assert_eq!(contents(&mut furnished, &tables).await, before);
}

/// Every row of A, as text.
async fn contents(furnished: &mut Furnished, tables: &[String]) -> Vec<String> {
    let mut contents = Vec::new();
    for table in tables {
        let sql = format!("select t::text from clinic.{table} t where {} = $1 order by 1", key(table));
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(furnished.a.0)
            .fetch_all(&mut furnished.admin)
            .await
            .expect("rows");
        assert!(!rows.is_empty(), "{table}");
        contents.extend(rows);
    }
    contents
}
