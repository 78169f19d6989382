//! What becomes of a key when its password, its person, its computer or its disk is another one.

use protocol::api::Fate;
use protocol::error::RefusalCode;
use protocol::manage::RevokeRequest;
use protocol::own_key::OwnKeyInfo;
use protocol::permission::Role;
use protocol::settlement::Way;
use protocol::signing::public_key_text;
use reqwest::StatusCode;

use super::{Room, by_password, new_key, register, request, said, tell};
use crate::clinic::body;
use crate::renew::Copied;
use crate::revoked::{handover, revoke};
use crate::settlements::{receipt, settled};
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
async fn what_a_computer_out_of_service_hands_over_goes_in_only_with_its_authors_signature() {
    let mut room = Room::new().await;
    let mut admin = room.clinic.desk().await;
    let (good, forged) = (room.forged().signed_by(&room.own), room.forged());
    revoke(&admin, &room.desk, &RevokeRequest::default()).await.expect("revoked");
    let ended = "select count(*) from clinic.own_keys where revoked_at is not null";
    assert_eq!(room.clinic.number(ended).await, 1);
    handover(&room.desk, vec![good, forged]).await.expect("taken");
    let (first, device) = (room.desk.sequence() - 1, room.desk.device);
    for sequence in [first, first + 1] {
        settled(&mut admin, (device, sequence), Way::Retry, "", vec![]).await;
    }
    let resolved = format!(
        "select sequence from clinic.sync_quarantine where device_id = '{device}' and resolved_at is not null"
    );
    assert_eq!(room.clinic.number(&resolved).await, first, "and the forged one waits");
    assert_eq!(room.signed_prescriptions().await, 1);
}

#[tokio::test]
async fn a_copied_disk_goes_on_with_what_was_signed_on_it() {
    let copied = Copied::new().await;
    let own = register(copied.desk(), &copied.desk().token, 0).await;
    let answer = copied.ask(&copied.request()).await.expect("another device");
    let listed: Vec<OwnKeyInfo> = body(copied.desk().get("/v1/own-keys").await).await.expect("the keys");
    let key = public_key_text(&own.verifying_key());
    let devices: Vec<_> =
        listed.iter().filter(|listed| listed.public_key == key).map(|listed| listed.device_id).collect();
    assert_eq!(devices.len(), 2, "it is theirs on both");
    assert!(devices.contains(&answer.device_id) && devices.contains(&copied.desk().device));
}
