use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use protocol::api::{LiveEvent, MAX_LIVE_ROWS, Position};
use protocol::table::TableName;
use serde_json::Value;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::time::timeout;
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, edit, new_patient, rows};

const SOON: Duration = Duration::from_secs(10);

/// The data of a stream's next event; none when the stream ends.
async fn next(stream: &mut (impl StreamExt<Item = reqwest::Result<bytes::Bytes>> + Unpin)) -> Option<String> {
    let mut text = String::new();
    loop {
        let chunk = timeout(SOON, stream.next()).await.expect("something soon")?.ok()?;
        text.push_str(std::str::from_utf8(&chunk).expect("text"));
        if !text.ends_with("\n\n") {
            continue;
        }
        if let Some(data) = text.strip_prefix("data: ") {
            return Some(data.trim().to_owned());
        }
        text.clear();
    }
}

async fn listen(desk: &Desk) -> BoxStream<'static, reqwest::Result<bytes::Bytes>> {
    desk.get("/v1/sync/live").await.bytes_stream().boxed()
}

#[tokio::test]
async fn a_listener_hears_the_head_at_once_and_of_every_push_of_its_tenant_only() {
    let clinic = Clinic::open().await;
    let (mut desk, mut neighbour) = (clinic.desk().await, clinic.neighbour().await);
    let head = desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await.head;
    let mut stream = listen(&desk).await;
    assert_eq!(next(&mut stream).await, Some(format!("{{\"head\":{head}}}")));
    for name in ["Asha", "Usha", "Nisha"] {
        neighbour.write(vec![new_patient(Uuid::now_v7(), name)]).await;
    }
    desk.write(vec![new_patient(Uuid::now_v7(), "Ravi")]).await;
    assert_eq!(next(&mut stream).await, Some(format!("{{\"head\":{}}}", head + 1)));
}

#[tokio::test]
async fn a_stopping_server_ends_its_streams_and_returns() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let mut stream = listen(&desk).await;
    assert!(next(&mut stream).await.is_some());
    timeout(SOON, clinic.server.stop()).await.expect("in time").expect("well");
    assert_eq!(next(&mut stream).await, None);
}

#[tokio::test]
async fn a_listener_that_loses_the_database_hears_again() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let mut stream = listen(&desk).await;
    assert!(next(&mut stream).await.is_some());
    let mut admin = PgConnection::connect(&clinic.server.database().admin.0).await.expect("a connection");
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and usename = 'clinic_app'",
    )
    .execute(&mut admin)
    .await
    .expect("ended");
    let signed = desk.sign(vec![new_patient(Uuid::now_v7(), "Sunita")]);
    // Nobody who asks notices: the first question goes to the next connection that lives.
    let head = desk.push(vec![signed]).await.expect("the first request after it").head;
    assert_eq!(next(&mut stream).await, Some(format!("{{\"head\":{head}}}")));
}

#[tokio::test]
async fn a_tenant_that_left_while_it_listened_keeps_no_other_from_hearing() {
    let clinic = Clinic::open().await;
    let (mut desk, neighbour) = (clinic.desk().await, clinic.neighbour().await);
    desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    let (mut stream, mut gone) = (listen(&desk).await, listen(&neighbour).await);
    assert!(next(&mut stream).await.is_some() && next(&mut gone).await.is_some());
    clinic
        .sql(&format!(
            "set session_replication_role = replica;
             delete from tenant_sync where tenant_id = '{}';
             select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and usename = 'clinic_app'",
            neighbour.tenant
        ))
        .await;
    clinic.sql("update patients set city = 'Pune'").await;
    assert!(next(&mut stream).await.is_some(), "another program wrote");
}

/// Listens, and says that everything up to this version is there.
async fn listen_at(desk: &Desk, version: i64) -> BoxStream<'static, reqwest::Result<bytes::Bytes>> {
    let path = format!("/v1/sync/live?epoch={}&after={version}", desk.epoch);
    let mut stream = desk.get(&path).await.bytes_stream().boxed();
    assert_eq!(next(&mut stream).await, Some(format!("{{\"head\":{version}}}")));
    stream
}

async fn event(stream: &mut BoxStream<'static, reqwest::Result<bytes::Bytes>>) -> LiveEvent {
    let data = next(stream).await.expect("an event");
    serde_json::from_str(&data).expect("an event")
}

#[tokio::test]
async fn whoever_says_where_it_is_gets_what_is_new_with_the_event_as_a_pull_would_bring_it() {
    let clinic = Clinic::open().await;
    let (mut desk, one, other) = (clinic.desk().await, clinic.desk().await, clinic.desk().await);
    let before = desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await.head;
    let (mut first, mut second) = (listen_at(&one, before).await, listen_at(&other, before).await);
    let head = desk.write(vec![new_patient(Uuid::now_v7(), "Ravi")]).await.head;
    let told = event(&mut first).await;
    let page = told.page.expect("rows");
    assert_eq!((told.head, page.after, page.epoch), (head, before, one.epoch));
    let after = Position::after_version(before);
    let pulled = one.pull(&format!("&after={after}&catalogue=1000000")).await;
    assert_eq!(page.rows, rows(&pulled));
    assert!(page.rows.iter().any(|row| row.values.get("first_name") == Some(&"Ravi".into())));
    assert_eq!(event(&mut second).await.page.map(|page| page.rows), Some(page.rows));
}

#[tokio::test]
async fn whoever_wrote_hears_of_it_with_the_answer_and_of_others_with_the_event() {
    let clinic = Clinic::open().await;
    let (mut desk, mut other) = (clinic.desk().await, clinic.desk().await);
    let before = other.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await.head;
    let mut stream = listen_at(&desk, before).await;
    let own = desk.write(vec![new_patient(Uuid::now_v7(), "Asha")]).await.head;
    let head = other.write(vec![new_patient(Uuid::now_v7(), "Usha")]).await.head;
    let mut told = event(&mut stream).await;
    // Postgres may tell of the own version first.
    if told.head == own {
        told = event(&mut stream).await;
    }
    let names =
        told.page.expect("rows").rows.into_iter().filter_map(|row| row.values.get("first_name").cloned());
    assert_eq!(told.head, head);
    assert!(names.collect::<Vec<Value>>().contains(&"Usha".into()));
}

#[tokio::test]
async fn a_front_desk_is_told_of_a_clinical_change_and_gets_nothing_of_it() {
    let clinic = Clinic::open().await;
    let (mut desk, front_desk) = (clinic.desk().await, clinic.front_desk().await);
    let patient = Uuid::now_v7();
    let before = desk.write(vec![new_patient(patient, "Sunita")]).await.head;
    let mut stream = listen_at(&front_desk, before).await;
    let head = desk
        .write(vec![edit(TableName::Patients, patient, &[("alerts", Value::Null, "haemophilia".into())])])
        .await
        .head;
    let data = next(&mut stream).await.expect("an event");
    let told: LiveEvent = serde_json::from_str(&data).expect("an event");
    assert_eq!(told.head, head);
    assert!(told.page.is_some_and(|page| page.rows.iter().any(|row| row.id == patient)));
    assert!(!data.contains("haemophilia"));
}

#[tokio::test]
async fn whoever_is_no_longer_to_have_rows_is_told_of_the_version_alone() {
    let refusals = [
        "update clinic.users set is_active = false",
        "update clinic.users set token_version = token_version + 1",
        "update clinic.users set must_change_password = true",
        "update clinic.devices set scope = 'front_desk'",
        "update clinic.devices set copied_at = now()",
        "delete from clinic.device_users",
        "update clinic.tenants set suspended_at = now()",
        "update clinic.tenant_sync set epoch = gen_random_uuid()",
    ];
    for refusal in refusals {
        let clinic = Clinic::open().await;
        let (mut desk, other) = (clinic.desk().await, clinic.desk().await);
        let before = desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await.head;
        let mut stream = listen_at(&other, before).await;
        clinic.sql(refusal).await;
        // Another program writes: the desktops may not any more.
        clinic.sql("update patients set city = 'Pune'").await;
        let told = event(&mut stream).await;
        assert_eq!((told.head > before, told.page), (true, None), "{refusal}");
    }
}

#[tokio::test]
async fn what_a_push_wrote_goes_to_nobody_who_is_no_longer_to_have_it() {
    let refusals = [
        "update clinic.devices set scope = 'front_desk' where id",
        "update clinic.devices set copied_at = now() where id",
        "delete from clinic.device_users where device_id",
    ];
    for refusal in refusals {
        let clinic = Clinic::open().await;
        let (mut desk, other) = (clinic.desk().await, clinic.desk().await);
        let before = desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await.head;
        let mut stream = listen_at(&other, before).await;
        clinic.sql(&format!("{refusal} = '{}'", other.device)).await;
        let head = desk.write(vec![new_patient(Uuid::now_v7(), "Ravi")]).await.head;
        let told = event(&mut stream).await;
        assert_eq!((told.head, told.page), (head, None), "{refusal}");
    }
}

#[tokio::test]
async fn an_event_of_a_push_brings_what_it_wrote_and_not_what_it_only_names() {
    let clinic = Clinic::open().await;
    let (mut desk, other) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Sunita")]).await;
    let pune = || edit(TableName::Patients, patient, &[("city", Value::Null, "Pune".into())]);
    let before = desk.write(vec![pune()]).await.head;
    let mut stream = listen_at(&other, before).await;
    let ravi = Uuid::now_v7();
    let head = desk.write(vec![pune(), new_patient(ravi, "Ravi")]).await.head;
    let page = event(&mut stream).await.page.expect("rows");
    let after = Position::after_version(before);
    let pulled = other.pull(&format!("&after={after}&catalogue=1000000")).await;
    assert_eq!(page.rows, rows(&pulled));
    let ids: Vec<Uuid> = page.rows.iter().map(|row| row.id).collect();
    assert!(ids.contains(&ravi) && !ids.contains(&patient), "{ids:?}");
    assert!(page.rows.iter().all(|row| row.version == head));
}

#[tokio::test]
async fn what_is_much_is_told_of_and_asked_for() {
    let clinic = Clinic::open().await;
    let (mut desk, other) = (clinic.desk().await, clinic.desk().await);
    let before = desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await.head;
    let mut stream = listen_at(&other, before).await;
    let many = (0..=MAX_LIVE_ROWS).map(|_| new_patient(Uuid::now_v7(), "Ravi")).collect();
    let head = desk.write(many).await.head;
    let told = event(&mut stream).await;
    assert_eq!((told.head, told.page), (head, None));
}
