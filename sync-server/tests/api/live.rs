use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::time::timeout;
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, new_patient};

const SOON: Duration = Duration::from_secs(10);

/// The next data line of a stream; none when the stream ends.
async fn next(stream: &mut (impl StreamExt<Item = reqwest::Result<bytes::Bytes>> + Unpin)) -> Option<String> {
    loop {
        let chunk = timeout(SOON, stream.next()).await.expect("something soon")?.ok()?;
        let text = String::from_utf8(chunk.to_vec()).expect("text");
        if let Some(data) = text.strip_prefix("data: ") {
            return Some(data.trim().to_owned());
        }
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
