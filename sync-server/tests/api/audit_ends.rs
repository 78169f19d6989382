//! What desktops keep of the audit log, and what they are told of it.

use protocol::id::TenantId;
use protocol::log_end::{KnownEnds, LogEnds, LogPlace};
use protocol::mutation::Hash;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, body, new_patient};

pub async fn ask(desk: &Desk, known: Vec<LogPlace>) -> LogEnds {
    let builder = desk.client.post(format!("{}/v1/audit/ends", desk.url)).json(&KnownEnds { known });
    body(desk.request(builder).send().await.expect("the server answers")).await.expect("ends")
}

pub async fn sign(clinic: &Clinic) {
    let state = clinic.server.state();
    state.audit.sign_heads(&state.db).await;
}

fn places(ends: &LogEnds) -> Vec<LogPlace> {
    ends.ends.iter().map(|end| LogPlace { lane: end.lane.clone(), seq: end.seq }).collect()
}

#[tokio::test]
async fn signed_ends_are_told_and_hold_as_the_log_grows() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    assert_eq!(ask(&desk, vec![]).await.ends, [], "nothing is signed yet");
    desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    sign(&clinic).await;
    let first = ask(&desk, vec![]).await;
    let lanes: Vec<&str> = first.ends.iter().map(|end| end.lane.split(':').next().expect("a lane")).collect();
    assert!(["writes", "accounts", "server"].iter().all(|lane| lanes.contains(lane)), "{lanes:?}");
    assert!(first.ends.iter().all(|end| end.is_signed(desk.tenant) && !end.is_signed(TenantId::new())));
    let hashes: Vec<Option<Hash>> = first.ends.iter().map(|end| Some(end.hash)).collect();
    desk.write(vec![new_patient(Uuid::now_v7(), "Asha")]).await;
    sign(&clinic).await;
    let later = ask(&desk, places(&first)).await;
    assert_eq!(later.known, hashes);
    let writes = |ends: &LogEnds| ends.ends.iter().find(|end| end.lane == "writes").expect("the lane").seq;
    assert!(writes(&later) > writes(&first));
}

#[tokio::test]
async fn what_is_not_in_the_log_and_what_is_another_tenants_have_no_hash() {
    let clinic = Clinic::open().await;
    let (desk, neighbour) = (clinic.desk().await, clinic.neighbour().await);
    sign(&clinic).await;
    let theirs = places(&ask(&neighbour, vec![]).await);
    let server = theirs.iter().find(|place| place.lane.starts_with("server")).expect("a lane").clone();
    let known = vec![
        LogPlace { lane: "writes".into(), seq: 1 },
        LogPlace { lane: "writes".into(), seq: 1_000_000 },
        LogPlace { lane: "no lane".into(), seq: 1 },
        LogPlace { lane: "\u{1F600}".into(), seq: i64::MIN },
    ];
    let told = ask(&desk, known).await.known;
    assert!(told[0].is_some());
    assert_eq!(told[1..], [None, None, None]);
    // The process's lane has the same name for all tenants, and other entries.
    let own = ask(&desk, vec![server.clone()]).await.known;
    let neighbours = ask(&neighbour, vec![server]).await.known;
    assert_ne!(own, neighbours);
    let many = vec![LogPlace { lane: "writes".into(), seq: 1 }; 101];
    let builder = desk.client.post(format!("{}/v1/audit/ends", desk.url)).json(&KnownEnds { known: many });
    assert_eq!(desk.request(builder).send().await.expect("an answer").status(), 422);
}

#[tokio::test]
async fn a_log_that_was_cut_off_together_with_its_signed_ends_is_seen() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    sign(&clinic).await;
    let before = ask(&desk, vec![]).await;
    let mut admin = PgConnection::connect(&clinic.server.database().admin.0).await.expect("a connection");
    sqlx::raw_sql(
        "set session_replication_role = replica;
         delete from clinic.audit_heads where lane = 'accounts';
         delete from clinic.tenant_audit_log l where lane = 'accounts'
             and seq = (select max(seq) from clinic.tenant_audit_log m where m.tenant_id = l.tenant_id
                        and m.lane = l.lane)",
    )
    .execute(&mut admin)
    .await
    .expect("cut off");
    let place = |ends: &LogEnds| places(ends).into_iter().find(|place| place.lane == "accounts");
    let told = ask(&desk, vec![place(&before).expect("it was there")]).await;
    assert_eq!((told.known.as_slice(), place(&told)), ([None].as_slice(), None));
}
