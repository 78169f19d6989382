//! What `clinic-sync doctor` does not look at: the texts of constraints.

use clinic_sync::testing::TestDatabase;
use protocol::table::{Kind, TABLES};
use sqlx::Connection;
use sqlx::postgres::PgConnection;

async fn connect() -> PgConnection {
    let database = TestDatabase::new().await;
    PgConnection::connect(&database.admin.0).await.expect("a connection")
}

#[tokio::test]
async fn the_database_takes_the_choices_and_numbers_that_the_protocol_declares() {
    let mut connection = connect().await;
    for table in TABLES {
        for column in table.columns {
            let words: Vec<String> = match column.kind {
                Kind::Choice(choices) => choices.iter().map(|choice| format!("'{choice}'")).collect(),
                Kind::Int(min, max) => vec![format!("{min}"), format!("{max}")],
                _ => continue,
            };
            let check: Option<String> = sqlx::query_scalar(
                "select pg_get_constraintdef(oid) from pg_constraint
                 where conrelid = ('clinic.' || $1)::regclass and conname = $1 || '_' || $2 || '_check'",
            )
            .bind(table.sql_name)
            .bind(column.name)
            .fetch_optional(&mut connection)
            .await
            .expect("the catalogue");
            let check = check.unwrap_or_default();
            assert!(words.iter().all(|word| check.contains(word)), "{}.{}", table.sql_name, column.name);
            if let Kind::Choice(choices) = column.kind {
                assert_eq!(
                    check.matches("::text").count(),
                    choices.len(),
                    "{}.{}",
                    table.sql_name,
                    column.name
                );
            }
        }
    }
}

#[tokio::test]
async fn every_reference_that_the_protocol_declares_is_a_foreign_key() {
    let mut connection = connect().await;
    for table in TABLES {
        for column in table.columns {
            let Some(parent) = column.refers_to else { continue };
            let key: Option<String> = sqlx::query_scalar(
                "select pg_get_constraintdef(oid) from pg_constraint
                 where conrelid = ('clinic.' || $1)::regclass and contype = 'f'
                   and pg_get_constraintdef(oid) like '%(tenant_id, ' || $2 || ')%'",
            )
            .bind(table.sql_name)
            .bind(column.name)
            .fetch_optional(&mut connection)
            .await
            .expect("the catalogue");
            let key = key.unwrap_or_default();
            let target = format!("{}(tenant_id, id)", parent.as_str());
            assert!(key.contains(&target), "{}.{}: {key}", table.sql_name, column.name);
        }
    }
}
