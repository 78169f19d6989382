use clinic_sync::embedded::{Embedded, Error, Options, Urls};
use sqlx::Connection;
use sqlx::postgres::PgConnection;

async fn count(urls: &Urls) -> i64 {
    let mut connection = PgConnection::connect(&urls.admin.0.0).await.expect("a connection");
    sqlx::query_scalar("select count(*) from kept").fetch_one(&mut connection).await.expect("a table")
}

#[tokio::test]
async fn an_embedded_database_keeps_its_rows_over_stops_and_crashes() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { data_dir: folder.path().join("data"), postgres_bin: None, durable: true };
    let embedded = Embedded::start(&options).expect("started");
    let mut connection = PgConnection::connect(&embedded.urls().admin.0.0).await.expect("a connection");
    sqlx::raw_sql("create table kept (n int); insert into kept values (1)")
        .execute(&mut connection)
        .await
        .expect("written");
    connection.close().await.expect("closed");
    assert!(matches!(Embedded::start(&options), Err(Error::InUse(_))));
    assert_eq!(count(&Urls::of_running(&options.data_dir).expect("running")).await, 1);
    embedded.stop().expect("stopped");
    assert!(matches!(Urls::of_running(&options.data_dir), Err(Error::NotRunning(_))));
    let pid_file = options.data_dir.join("postgres/postmaster.pid");
    std::fs::write(&pid_file, "999999\n").expect("what a crash leaves behind");
    let embedded = Embedded::start(&options).expect("started again");
    assert_eq!(count(embedded.urls()).await, 1);
}

#[test]
fn a_start_on_the_same_port_does_not_write_the_passwords_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { data_dir: folder.path().join("data"), postgres_bin: None, durable: false };
    let access = || {
        let file = options.data_dir.join("access.json");
        let written = std::fs::metadata(&file).expect("a file").modified().expect("a time");
        (std::fs::read_to_string(&file).expect("a file"), written)
    };
    Embedded::start(&options).expect("started").stop().expect("stopped");
    let (first, first_written) = access();
    Embedded::start(&options).expect("started again").stop().expect("stopped");
    let (second, second_written) = access();
    // Another program may have got the port in between.
    assert_eq!(first == second, first_written == second_written);
}

#[cfg(unix)]
#[tokio::test]
async fn the_passwords_of_an_embedded_database_are_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { data_dir: folder.path().join("data"), postgres_bin: None, durable: false };
    let embedded = Embedded::start(&options).expect("started");
    let mode = std::fs::metadata(options.data_dir.join("access.json")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let wrong = embedded.urls().admin.0.0.replacen("@127", "x@127", 1);
    assert!(PgConnection::connect(&wrong).await.is_err());
    assert!(!format!("{embedded:?}").contains("postgres://"));
}

#[tokio::test]
async fn the_log_of_an_embedded_database_quotes_no_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { data_dir: folder.path().join("data"), postgres_bin: None, durable: false };
    let embedded = Embedded::start(&options).expect("started");
    let mut connection = PgConnection::connect(&embedded.urls().admin.0.0).await.expect("a connection");
    sqlx::raw_sql("create table kept (name text unique)").execute(&mut connection).await.expect("made");
    for is_new in [true, false] {
        let kept = sqlx::query("insert into kept values ($1)").bind("Sunita").execute(&mut connection).await;
        assert_eq!(kept.is_ok(), is_new);
    }
    let log = std::fs::read_to_string(options.data_dir.join("postgres/server.log")).expect("a log");
    assert!(log.contains("kept_name_key") && !log.contains("Sunita"), "{log}");
}
