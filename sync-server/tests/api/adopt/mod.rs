//! `clinic-sync adopt`: a single-tenant database gets tenants and walls where it stands, while its application works.

mod legacy;

use clinic_sync::adopt::STEPS;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use legacy::{Key, Legacy, OldApplication};

const LAST: u8 = STEPS.len() as u8;

#[tokio::test]
async fn an_old_application_with_integer_ids_works_while_all_steps_go_up_and_down_again() {
    up_and_down(Key::Integer).await;
}

#[tokio::test]
async fn an_old_application_with_uuids_works_while_all_steps_go_up_and_down_again() {
    up_and_down(Key::Uuid).await;
}

async fn up_and_down(key: Key) {
    let legacy = Legacy::new(key).await;
    let (schema, data) = (legacy.schema().await, legacy.data().await);
    let mut application = OldApplication::start(&legacy, 0).await;
    application.goes_on().await;

    legacy.steps(1..=6).await;
    application.goes_on().await;
    let refusal = legacy.refusal("--step row-security").await;
    assert!(refusal.contains("Restart the old application"), "{refusal}");
    application.renews_its_connections().await;
    // A session that is closed is gone a moment later.
    while let Err(error) = legacy.adopt("--step row-security").await {
        assert!(error.to_string().contains("Restart the old application"), "{error:#}");
    }
    application.goes_on().await;
    let tried = legacy.adopt("--step isolation").await.expect("the walls hold");
    assert!(tried.contains("no tenant sees or changes another's rows"), "{tried}");
    application.goes_on().await;

    let untenanted = "select count(*) from (select tenant_id from patients union all
        select tenant_id from prescriptions union all select tenant_id from prescription_items union all
        select tenant_id from short_keys) t
        where tenant_id is distinct from (select id from tenants where tenant_code = 'LEGACY_001')";
    assert_eq!(legacy.number(untenanted).await, 0);
    let first = application.stop().await;

    let refusal = legacy.refusal("--next").await;
    assert!(refusal.contains("--old-application-is-stopped"), "{refusal}");
    legacy.adopt("--next --old-application-is-stopped").await.expect("the switch");
    assert_eq!(legacy.refusal("--next").await, "All steps are done.");
    let keys = "select count(*) from pg_constraint k join pg_class c on c.oid = k.conrelid
        where c.relnamespace = 'public'::regnamespace and k.contype in ('p', 'u', 'f')
          and c.relname not in ('tenants', 'alembic_version')
          and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum = any (k.conkey)
                          and a.attname = 'tenant_id')";
    assert_eq!(legacy.number(keys).await, 0, "every key has the tenant in it");

    legacy.adopt("--rollback").await.expect("the switch is undone");
    let mut application = OldApplication::start(&legacy, 1).await;
    application.goes_on().await;
    for step in (1..LAST).rev() {
        legacy
            .adopt(&format!("--rollback --step {step}"))
            .await
            .unwrap_or_else(|error| panic!("{step}: {error:#}"));
        application.goes_on().await;
    }
    assert_eq!(legacy.refusal("--rollback").await, "There is nothing to roll back.");
    let second = application.stop().await;

    assert_eq!(legacy.schema().await, schema);
    let mut after = legacy.data().await;
    let short_keys = after.get_mut("short_keys").expect("a table");
    short_keys.retain(|row| !row.contains("fever"));
    for (table, rows) in &data {
        let lost: Vec<_> = rows.difference(&after[table]).collect();
        assert!(lost.is_empty(), "{table} lost or changed {lost:?}");
        let written = match table.as_str() {
            "patients" => first.patients.len() + second.patients.len(),
            "prescriptions" => first.prescriptions + second.prescriptions,
            "prescription_items" => first.items + second.items,
            _ => 0,
        };
        assert_eq!(after[table].len(), rows.len() + written, "{table}");
    }
    for (id, notes) in first.patients.iter().chain(&second.patients) {
        let found = legacy.texts(&format!("select notes from patients where id::text = '{id}'")).await;
        assert_eq!(&found, std::slice::from_ref(notes));
    }
}

#[tokio::test]
async fn a_backfill_that_is_killed_goes_on_where_it_was() {
    let legacy = Legacy::new(Key::Integer).await;
    let data = legacy.data().await;
    legacy.steps(1..=2).await;
    let paused = legacy.adopt("--step backfill --batch-pages 1 --batches 3").await.expect("paused");
    assert!(paused.contains("run it again to go on"), "{paused}");
    assert_eq!(legacy.refusal("--step validate").await, "Step 3 (backfill) comes first.");

    let reached = "select coalesce(max(next_block), 0) from clinic_adoption.backfill
        where relation = 'patients'";
    let killed = async {
        while legacy.number(reached).await < 5 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        ended = legacy.adopt("--step backfill --batch-pages 1 --pause-ms 50") => panic!("not killed: {ended:?}"),
        () = killed => {}
    }
    let filled = legacy.number("select count(*) from patients where tenant_id is not null").await;
    assert!((1..5000).contains(&filled), "{filled}");
    let status = legacy.adopt("--status").await.expect("a status");
    assert!(status.contains("Backfill of patients: page "), "{status}");

    // The server may still be ending the batch of the one that was killed.
    while let Err(error) = legacy.adopt("--step backfill --batch-pages 1").await {
        assert!(error.to_string().contains("Another `clinic-sync adopt`"), "{error:#}");
    }
    assert_eq!(legacy.number("select count(*) from patients where tenant_id is null").await, 0);
    let rows =
        legacy.number("select rows_filled from clinic_adoption.backfill where relation = 'patients'").await;
    assert_eq!(rows, 5000, "each row is filled once");
    assert_eq!(legacy.data().await, data, "not even a trigger of the application has touched a row");
}

#[tokio::test]
async fn rows_that_someone_holds_are_filled_when_they_are_free() {
    let legacy = Legacy::new(Key::Uuid).await;
    legacy.steps(1..=2).await;
    let mut holder = legacy.connect().await;
    let mut tx = holder.begin().await.expect("a transaction");
    sqlx::query("select 1 from users for update").execute(&mut *tx).await.expect("held");
    let released = async {
        while legacy.number("select count(*) from clinic_adoption.backfill where relation = 'users'").await
            == 0
        {
            tokio::task::yield_now().await;
        }
        assert_eq!(legacy.number("select count(*) from users where tenant_id is null").await, 10);
        tx.rollback().await.expect("released");
    };
    let (filled, ()) = tokio::join!(legacy.adopt("--step backfill"), released);
    filled.expect("it waited for no row and found them later");
    assert_eq!(legacy.number("select count(*) from users where tenant_id is null").await, 0);
}

#[tokio::test]
async fn an_orphan_stops_the_steps_that_would_validate_it_and_they_change_nothing() {
    let legacy = Legacy::new(Key::Integer).await;
    let orphans = |count: u8| {
        format!(
            "begin; set local session_replication_role = replica;
             insert into prescriptions (patient_id, doctor_id, visit_date)
                 select min(id), 987654, '2026-01-08' from patients, generate_series(1, {count}) group by generate_series;
             commit"
        )
    };
    legacy.steps(1..=3).await;
    legacy.run(&orphans(2)).await;
    let schema = legacy.schema().await;
    let sentence = "2 of the rows of public.prescriptions refer by (doctor_id) to rows of public.doctors that are \
                    not there.";
    let refusal = legacy.refusal("--next").await;
    assert!(refusal.starts_with("Nothing was changed.") && refusal.contains(sentence), "{refusal}");
    assert!(!refusal.contains("987654"), "no value of a row");
    assert_eq!(legacy.schema().await, schema);

    legacy.run("delete from prescriptions where doctor_id = 987654").await;
    let noted = legacy.adopt("--next").await.expect("validated");
    assert!(
        noted.contains("Note: public.dental_attachments.patient_id has no foreign key to public.patients"),
        "{noted}"
    );
    legacy.steps(5..=5).await;
    legacy.run(&orphans(1)).await;
    let schema = legacy.schema().await;
    assert!(legacy.refusal("--step keys").await.contains("1 of the rows of public.prescriptions"));
    assert_eq!(legacy.schema().await, schema);
}

#[tokio::test]
async fn a_lock_that_someone_holds_is_given_up_with_a_sentence_and_had_later() {
    let legacy = Legacy::new(Key::Integer).await;
    legacy.steps(1..=1).await;
    let mut holder = legacy.connect().await;
    let mut tx = holder.begin().await.expect("a transaction");
    sqlx::query("select count(*) from patients").execute(&mut *tx).await.expect("held");
    let refusal = legacy.refusal("--step 2 --lock-timeout-ms 20 --tries 2").await;
    assert!(refusal.contains("Other sessions keep public.patients locked: session "), "{refusal}");
    let with_column = "select count(*) from pg_attribute a join pg_class c on c.oid = a.attrelid
        where a.attname = 'tenant_id' and c.relnamespace = 'public'::regnamespace and c.relname in ('appointments', 'patients')";
    assert_eq!(legacy.number(with_column).await, 1, "what was done before stays");
    let status = legacy.adopt("--status").await.expect("a status");
    assert!(
        status.lines().any(|line| line.starts_with("2 tenant-column") && line.contains("begun")),
        "{status}"
    );
    tx.rollback().await.expect("released");
    legacy.steps(2..=2).await;
    assert_eq!(legacy.number(with_column).await, 2);
}

#[tokio::test]
async fn after_the_switch_a_second_tenant_is_on_its_own_and_no_step_can_be_undone() {
    let legacy = Legacy::new(Key::Integer).await;
    legacy.steps(1..=8).await;
    legacy.adopt("--step switch --old-application-is-stopped").await.expect("the switch");
    legacy.run("insert into tenants (tenant_name, tenant_code) values ('Second', 'SECOND')").await;

    let mut connection = legacy.connect().await;
    let role = legacy.texts("select app_role::text from clinic_adoption.setup").await.remove(0);
    let second = legacy.texts("select id::text from tenants where tenant_code = 'SECOND'").await.remove(0);
    run(&mut connection, format!("set role {role}")).await.expect("a role");
    assert_eq!(number(&mut connection, "select count(*) from patients").await, 0, "without a tenant");
    run(&mut connection, format!("set app.current_tenant_id = '{second}'")).await.expect("set");
    assert_eq!(number(&mut connection, "select count(*) from patients").await, 0);
    assert_eq!(number(&mut connection, "select count(*) from tenants").await, 1, "its own");
    let user = "insert into users (email, full_name) values ('doctor1@example.org', 'Another doctor')";
    run(&mut connection, user.to_owned()).await.expect("an e-mail that the first tenant has too");
    assert!(run(&mut connection, user.to_owned()).await.is_err(), "but once in a tenant");
    let patient = legacy.number("select min(id)::bigint from patients").await;
    let reference =
        format!("insert into appointments (patient_id, appointment_date) values ({patient}, '2026-01-09')");
    let refused = run(&mut connection, reference).await.expect_err("a row of the first tenant");
    assert_eq!(
        refused.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(),
        Some("23503")
    );
    let first = legacy.texts("select tenant_id::text from clinic_adoption.setup").await.remove(0);
    let foreign = format!("insert into medicines (name, tenant_id) values ('Theirs', '{first}')");
    assert!(run(&mut connection, foreign).await.is_err());
    assert_eq!(number(&mut connection, "select count(*) from users").await, 1);

    let refusal = legacy.refusal("--rollback").await;
    assert!(refusal.contains("There are 1 other tenants by now."), "{refusal}");
}

#[tokio::test]
async fn holes_in_the_walls_are_found_before_a_second_tenant_comes() {
    let legacy = Legacy::new(Key::Uuid).await;
    legacy.steps(1..=7).await;
    legacy
        .run(
            "create view everybody as select * from patients;
             create materialized view old_counts as select count(*) from patients",
        )
        .await;
    let refusal = legacy.refusal("--step isolation").await;
    assert!(refusal.contains("The view public.everybody belongs to"), "{refusal}");
    assert!(refusal.contains("The materialized view public.old_counts keeps rows"), "{refusal}");
    legacy.run("drop view everybody; drop materialized view old_counts").await;
    legacy.run("alter policy tenant_isolation on doctors using (true)").await;
    legacy.run("alter policy tenant_isolation on medicines with check (true)").await;
    let refusal = legacy.refusal("--step isolation").await;
    assert!(
        refusal.contains("public.doctors: as ") && refusal.contains("a second tenant sees 10 rows"),
        "{refusal}"
    );
    assert!(
        refusal.contains("public.medicines: as ") && refusal.contains("can put a row into a second one"),
        "{refusal}"
    );
    assert!(!refusal.contains("public.patients"), "{refusal}");
    assert_eq!(legacy.number("select count(*) from tenants").await, 1, "nothing of the second tenant stays");
}

#[tokio::test]
async fn a_table_that_the_application_gains_on_the_way_is_adopted_too() {
    let legacy = Legacy::new(Key::Integer).await;
    legacy.steps(1..=5).await;
    legacy
        .run("create table rooms (id serial primary key, name text); insert into rooms (name) values ('1')")
        .await;
    let status = legacy.adopt("--status").await.expect("a status");
    assert!(status.contains("more to do since"), "{status}");
    let refusal = legacy.refusal("--next").await;
    assert!(refusal.contains("Run `adopt --step 1` again."), "{refusal}");
    legacy.steps(1..=8).await;
    let walls = "select count(*) from pg_class where relname = 'rooms' and relforcerowsecurity";
    assert_eq!(legacy.number(walls).await, 1);
    assert_eq!(legacy.number("select count(*) from rooms where tenant_id is null").await, 0);
}

#[tokio::test]
async fn what_cannot_be_adopted_is_refused_before_anything_is_changed() {
    let legacy = Legacy::new(Key::Integer).await;
    let schema = legacy.schema().await;
    assert!(legacy.refusal("--next").await.contains("--app-login"));
    assert!(legacy.refusal("--step 2").await.contains("Step 1 (tenants) comes first."));
    assert!(
        legacy.refusal("--next --app-login nobody_here").await.contains("There is no login nobody_here.")
    );
    let refusal = legacy.refusal("--step 1 --app-login clinic_ops").await;
    assert!(refusal.contains("clinic_ops is a superuser or has BYPASSRLS"), "{refusal}");
    legacy.run("create table tenants (id int); alter table doctors add tenant_id int").await;
    let refusal = legacy.refusal("--step 1").await;
    assert!(refusal.contains("There is a table public.tenants already"), "{refusal}");
    assert!(refusal.contains("The table public.doctors has a column tenant_id already."), "{refusal}");
    legacy.run("drop table tenants; alter table doctors drop tenant_id").await;
    assert_eq!(legacy.schema().await, schema);
}

#[tokio::test]
async fn what_would_join_tenants_is_refused_by_name_before_it_does() {
    let legacy = Legacy::new(Key::Integer).await;
    legacy
        .run(
            "create schema ledger; create table ledger.invoices (id int, patient_id int references patients)",
        )
        .await;
    let refusal = legacy.refusal("--step 1").await;
    assert!(
        refusal.contains("The table ledger.invoices, which is to have no tenant, refers to public.patients"),
        "{refusal}"
    );
    legacy.run("drop schema ledger cascade").await;
    legacy.run("create table rooms (id int primary key, name text, exclude using btree (name with =))").await;
    legacy.steps(1..=5).await;
    let refusal = legacy.refusal("--step 6").await;
    assert!(
        refusal.contains("The exclusion constraint rooms_name_excl of public.rooms holds over all"),
        "{refusal}"
    );
    legacy
        .run(
            "alter table rooms drop constraint rooms_name_excl,
                 add constraint rooms_name_excl exclude using btree (tenant_id with =, name with =)",
        )
        .await;
    legacy.adopt("--step 6").await.expect("the keys");
    for step in (3..=6).rev() {
        legacy.adopt(&format!("--rollback --step {step}")).await.expect("undone");
    }
    let refusal = legacy.refusal("--rollback").await;
    assert!(refusal.contains("has tenant_id in it and would go with the column"), "{refusal}");
}

#[tokio::test]
async fn long_names_that_begin_alike_have_a_twin_each() {
    let legacy = Legacy::new(Key::Integer).await;
    let long = "a_name_that_a_program_made_of_many_columns_which_goes_on_an";
    legacy
        .run(&format!(
            "create index {long}_1 on patients (id); create index {long}_2 on patients (id, notes)"
        ))
        .await;
    legacy.steps(1..=6).await;
    let twins = "select count(*) from pg_index i join pg_class c on c.oid = i.indexrelid
        where c.relname ~ '^a_name_that_a_program.*_tenant$' and i.indisvalid";
    assert_eq!(legacy.number(twins).await, 2);
}

#[tokio::test]
async fn walls_are_tried_for_roles_that_read_nothing_and_behind_triggers_that_refuse() {
    let legacy = Legacy::new(Key::Integer).await;
    legacy.steps(1..=7).await;
    let login = legacy.texts("select logins[1]::text from clinic_adoption.setup").await.remove(0);
    legacy
        .run(&format!(
            "revoke select on medicines from {login};
             create function no() returns trigger language plpgsql as $$ begin raise exception 'not now'; end $$;
             create trigger no before insert or update on doctors for each row execute function no()"
        ))
        .await;
    legacy.adopt("--step isolation").await.expect("the walls hold");
    legacy
        .run(
            "alter policy tenant_isolation on medicines with check (true);
             alter policy tenant_isolation on doctors with check (true)",
        )
        .await;
    let refusal = legacy.refusal("--step isolation").await;
    for table in ["medicines", "doctors"] {
        let hole = format!("public.{table}: as {login}, the first tenant can put a row into a second one");
        assert!(refusal.contains(&hole), "{refusal}");
    }
}

#[tokio::test]
async fn a_dry_run_prints_the_statements_and_runs_none() {
    let legacy = Legacy::new(Key::Integer).await;
    let schema = legacy.schema().await;
    let printed = legacy.adopt("--step 1 --dry-run").await.expect("printed");
    assert!(printed.contains("create table public.tenants"), "{printed}");
    assert_eq!(legacy.schema().await, schema);
    legacy.steps(1..=1).await;
    let schema = legacy.schema().await;
    let printed = legacy.adopt("--next --dry-run").await.expect("printed");
    assert!(printed.contains("alter table public.patients add column tenant_id uuid"), "{printed}");
    assert!(!printed.contains("alembic_version"), "{printed}");
    let printed = legacy.adopt("--rollback --dry-run").await.expect("printed");
    assert!(printed.contains("drop role"), "{printed}");
    assert_eq!(legacy.schema().await, schema);
}

async fn run(connection: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}

async fn number(connection: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.expect("a number")
}
