//! When a key of somebody's own ends and counts again, who hears of it, and how many a person has.

use protocol::api::Fate;
use protocol::error::{ErrorCode, RefusalCode};
use protocol::own_key::OwnKeyInfo;
use protocol::permission::Role;
use protocol::signing::public_key_text;
use reqwest::StatusCode;
use serde_json::Value;

use super::{Room, by_password, new_key, register, request, said, tell};
use crate::clinic::body;
use crate::settlements::receipt;
use crate::staff::person;

#[tokio::test]
async fn a_key_ends_with_a_reset_password_and_what_it_signed_before_stays() {
    let mut room = Room::new().await;
    let (_, before) = room.prescribe().await;
    let own_choice = "update users set password_hash = password_hash || 'x', must_change_password = false";
    room.clinic.sql(own_choice).await;
    room.prescribe().await;
    room.clinic
        .sql("update users set password_hash = password_hash || 'x', must_change_password = true")
        .await;
    room.clinic.sql("update users set must_change_password = false").await;
    let signed = room.forged().signed_by(&room.own);
    let answer = room.push(signed).await;
    let (code, detail) = said(&answer);
    assert_eq!(code, Some(RefusalCode::NotSigned));
    assert!(detail.contains("counts no more"), "{detail}");
    assert_eq!(receipt(&room.desk, before).await.fate, Fate::Applied);
    let answer = room.desk.get("/v1/own-keys").await;
    let keys: Vec<OwnKeyInfo> = body(answer).await.expect("the keys");
    assert!(keys.len() == 1 && keys[0].revoked_at.is_some());
    // Nobody falls back to no key at all.
    let signed = room.forged();
    assert_eq!(said(&room.push(signed).await).0, Some(RefusalCode::NotSigned));
    // The doctor's next one counts.
    room.own =
        register(&room.desk, &by_password(&room.clinic, &room.desk, room.desk.user), room.desk.sequence())
            .await;
    room.clinic
        .sql(&format!(
            "update own_keys set after_sequence = {} where revoked_at is null",
            room.desk.sequence()
        ))
        .await;
    room.prescribe().await;
}

#[tokio::test]
async fn a_key_ends_with_whoever_leaves_and_counts_again_with_their_password() {
    let mut room = Room::new().await;
    let colleague = person(&room.clinic, &room.desk, Role::Doctor).await;
    let theirs = new_key();
    let token = by_password(&room.clinic, &room.desk, colleague);
    let told = request(&room.desk, colleague, &theirs, 0);
    assert_eq!(tell(&room.desk, &token, &told).await, StatusCode::NO_CONTENT);
    let ended = "select count(*) from clinic.own_keys where revoked_at is not null";
    room.clinic.sql(&format!("update users set is_active = false where id = '{colleague}'")).await;
    assert_eq!(room.clinic.number(ended).await, 1);
    assert_eq!(tell(&room.desk, &token, &told).await, StatusCode::UNAUTHORIZED, "they do not work here");
    room.clinic.sql(&format!("update users set is_active = true where id = '{colleague}'")).await;
    assert_eq!(room.clinic.number(ended).await, 1);
    assert_eq!(tell(&room.desk, &token, &told).await, StatusCode::NO_CONTENT);
    assert_eq!(room.clinic.number(ended).await, 0);
    room.prescribe().await;
}

#[tokio::test]
async fn keys_are_told_to_their_own_tenant_alone() {
    let room = Room::new().await;
    let neighbour = room.clinic.neighbour().await;
    let theirs: Vec<OwnKeyInfo> = body(neighbour.get("/v1/own-keys").await).await.expect("the keys");
    assert!(theirs.is_empty());
    let own: Vec<OwnKeyInfo> = body(room.desk.get("/v1/own-keys").await).await.expect("the keys");
    assert_eq!(
        own.iter().map(|key| (key.user_id, key.device_id)).collect::<Vec<_>>(),
        [(room.desk.user, room.desk.device)]
    );
    // Nor is one registered there with a foreign token's place in the signature.
    let own_key = new_key();
    let foreign = request(&room.desk, room.desk.user, &own_key, 0);
    assert_eq!(tell(&neighbour, &neighbour.token, &foreign).await, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_person_has_fifty_keys_on_a_computer_and_no_more_and_those_stay_theirs() {
    let room = Room::new().await;
    let (desk, user) = (&room.desk, room.desk.user);
    let count = async |which: &str| {
        room.clinic.number(&format!("select count(*) from clinic.own_keys where {which}")).await
    };
    for _ in 1..50 {
        register(desk, &desk.token, 0).await;
    }
    assert_eq!(count("true").await, 50);
    let one_more = request(desk, user, &new_key(), 0);
    let builder = desk.client.post(format!("{}/v1/own-keys", desk.url)).json(&one_more);
    let refused = body::<Value>(desk.request(builder).send().await.expect("an answer")).await;
    let refused = refused.expect_err("it is not kept, and that is said");
    assert_eq!((refused.status, refused.code), (422, ErrorCode::Invalid));
    assert!(refused.detail.starts_with("You have had 50 keys of your own on this computer"), "{refused:?}");
    assert_eq!(count("true").await, 50);
    // One that is there counts again, as with fewer.
    room.clinic.sql("update own_keys set revoked_at = now()").await;
    assert_eq!(tell(desk, &desk.token, &request(desk, user, &room.own, 0)).await, StatusCode::NO_CONTENT);
    let counts =
        format!("revoked_at is null and public_key = '{}'", public_key_text(&room.own.verifying_key()));
    assert_eq!((count(&counts).await, count("revoked_at is null").await), (1, 1));
    // Nor does it matter how often that is said.
    assert_eq!(tell(desk, &desk.token, &request(desk, user, &room.own, 0)).await, StatusCode::NO_CONTENT);
    // Neither a colleague there nor the same person elsewhere has fewer for it.
    let colleague = person(&room.clinic, desk, Role::Doctor).await;
    let told = request(desk, colleague, &new_key(), 0);
    let token = by_password(&room.clinic, desk, colleague);
    assert_eq!(tell(desk, &token, &told).await, StatusCode::NO_CONTENT);
    let elsewhere = room.clinic.desk().await;
    register(&elsewhere, &elsewhere.token, 0).await;
    let others = format!("user_id = '{colleague}' or device_id = '{}'", elsewhere.device);
    assert_eq!(count(&others).await, 2);
}
