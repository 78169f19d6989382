//! `POST /v1/devices/renew`: a desktop whose disk was copied goes on under an id of its own.

use clinic_sync::testing::SERVER_NAME;
use ed25519_dalek::SigningKey;
use protocol::api::{EnrolResponse, Fate, ReceiptsAnswer, ReceiptsRequest, RenewRequest};
use protocol::error::{ErrorCode, Problem};
use protocol::manage::DeviceInfo;
use protocol::mutation::{Hash, SignedMutation};
use protocol::settlement::item_id;
use protocol::signing::{public_key_text, renew_message, sign};
use protocol::table::TableName;
use serde_json::json;
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, body, edit};
use crate::conflicts::alone;

/// A desktop with three mutations on the server, the second refused, and what a copy that was made before the third did
/// instead of it.
pub struct Copied {
    pub clinic: Clinic,
    desk: Desk,
    after: Hash,
    last: Hash,
    instead: SignedMutation,
    key: SigningKey,
}

impl Copied {
    pub async fn new() -> Self {
        let clinic = Clinic::open().await;
        let mut desk = clinic.desk().await;
        let patient = Uuid::now_v7();
        let bad = [("blood_group", json!("unknown"), json!("purple"))];
        let signed = [
            desk.sign(vec![alone(patient)]),
            desk.sign(vec![edit(TableName::Patients, patient, &bad)]),
            desk.sign(vec![alone(Uuid::now_v7())]),
        ];
        let (after, last) = (signed[1].hash, signed[2].hash);
        desk.push(signed.to_vec()).await.expect("taken");
        desk.restore(2, after);
        let instead = desk.sign(vec![alone(Uuid::now_v7())]);
        let key = SigningKey::from_bytes(&rand::random());
        Self { clinic, desk, after, last, instead, key }
    }

    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    pub fn request(&self) -> RenewRequest {
        let public_key = public_key_text(&self.key.verifying_key());
        let message = renew_message(SERVER_NAME, self.desk.tenant, self.desk.device, &public_key);
        RenewRequest {
            signature: sign(&self.key, &message),
            public_key,
            after: 2,
            after_hash: self.after,
            next_hash: Some(self.instead.hash),
            nonce: "mine".to_owned(),
        }
    }

    pub async fn ask(&self, request: &RenewRequest) -> Result<EnrolResponse, Problem> {
        let builder = self.desk.client.post(format!("{}/v1/devices/renew", self.desk.url)).json(request);
        body(self.desk.request(builder).send().await.expect("the server answers")).await
    }

    async fn refused(&self, request: &RenewRequest) -> String {
        let problem = self.ask(request).await.expect_err("refused");
        assert_eq!((problem.status, problem.code), (422, ErrorCode::Invalid));
        problem.detail
    }
}

async fn computers(desk: &Desk) -> Vec<DeviceInfo> {
    body(desk.get("/v1/devices").await).await.expect("the computers")
}

#[tokio::test]
async fn a_copy_becomes_a_desktop_of_its_own_behind_the_past_that_both_have() {
    let mut copied = Copied::new().await;
    let problem = copied.desk.push(vec![copied.instead.clone()]).await.expect_err("copied");
    assert_eq!(problem.code, ErrorCode::DeviceCopied);
    let answer = copied.ask(&copied.request()).await.expect("another device");
    let again = copied.ask(&copied.request()).await.expect("the same one");
    let original = copied.desk.device;
    assert_ne!(answer.device_id, original);
    assert_eq!((answer.device_id, &answer.lane), (again.device_id, &again.lane), "asked twice, it is one");
    let all = computers(&copied.desk).await;
    let from: Vec<_> =
        all.iter().filter_map(|device| device.copied_from.map(|from| (device.id, from))).collect();
    assert_eq!((all.len(), from), (2, vec![(answer.device_id, original)]), "the admins see it");
    let log = format!(
        "select count(*) from clinic.tenant_audit_log where action = 'device_enrol' and record_id = '{}' and user_id = '{}'",
        answer.device_id, copied.desk.user
    );
    assert_eq!(copied.clinic.number(&log).await, 1);

    // It goes on under the next number, with its own key; the other one does so too.
    let (old_key, old_token) = (copied.desk.key.clone(), copied.desk.token.clone());
    copied.desk.device = answer.device_id;
    copied.desk.key = copied.key.clone();
    copied.desk.token = again.session.tokens.access_token.0.clone();
    copied.desk.restore(2, copied.after);
    let patient = Uuid::now_v7();
    let own = copied.desk.write(vec![alone(patient)]).await;
    assert_eq!((own.receipts[0].sequence, own.receipts[0].fate), (3, Fate::Applied));
    // What was refused before is before the admins, and both hear what becomes of it.
    assert!(copied.desk.rows().await.iter().any(|row| row.id == item_id(original, 2)));
    let asked = ReceiptsRequest { epoch: copied.desk.epoch, sequences: vec![1, 2, 3] };
    let builder = copied.desk.client.post(format!("{}/v1/sync/receipts", copied.desk.url)).json(&asked);
    let answer: ReceiptsAnswer =
        body(copied.desk.request(builder).send().await.expect("an answer")).await.expect("receipts");
    let fates: Vec<_> = answer.receipts.iter().map(|receipt| (receipt.sequence, receipt.fate)).collect();
    assert_eq!(fates, [(1, Fate::Applied), (2, Fate::Quarantined), (3, Fate::Applied)]);
    assert!(answer.rows.iter().any(|row| row.id == patient));
    copied.desk.device = original;
    (copied.desk.key, copied.desk.token) = (old_key, old_token);
    copied.desk.restore(3, copied.last);
    assert_eq!(copied.desk.write(vec![alone(Uuid::now_v7())]).await.receipts[0].fate, Fate::Applied);
}

#[tokio::test]
async fn who_is_no_copy_or_has_not_just_signed_in_stays_what_they_are() {
    let copied = Copied::new().await;
    let good = || copied.request();
    let other = RenewRequest { after_hash: Hash::of(b"another past"), ..good() };
    assert!(copied.refused(&other).await.contains("past"));
    let other = RenewRequest { after: -1, ..good() };
    assert!(copied.refused(&other).await.contains("past"));
    for next_hash in [None, Some(copied.last)] {
        assert!(copied.refused(&RenewRequest { next_hash, ..good() }).await.contains("No copy"));
    }
    let forged = RenewRequest { signature: sign(&copied.key, "something else"), ..good() };
    assert!(copied.refused(&forged).await.contains("signature"));
    let long_ago = "update device_users set last_signed_in_at = now() - interval '11 minutes'";
    copied.clinic.sql(long_ago).await;
    assert!(copied.refused(&good()).await.contains("password"));
    copied.clinic.sql("update device_users set last_signed_in_at = now()").await;
    copied.clinic.sql("update devices set revoked_at = now()").await;
    assert_eq!(copied.ask(&good()).await.expect_err("out of service").code, ErrorCode::DeviceRevoked);
    assert_eq!(copied.clinic.number("select count(*) from clinic.devices").await, 1);
}

#[tokio::test]
async fn a_desktop_is_copied_only_so_often_before_an_admin_must_come() {
    let mut copied = Copied::new().await;
    for _ in 0..8 {
        copied.key = SigningKey::from_bytes(&rand::random());
        copied.ask(&copied.request()).await.expect("another device");
    }
    copied.key = SigningKey::from_bytes(&rand::random());
    assert!(copied.refused(&copied.request()).await.contains("An admin enrols it"));
}

#[tokio::test]
async fn a_copy_that_showed_itself_by_an_old_token_goes_on_too() {
    let copied = Copied::new().await;
    copied.clinic.sql("update devices set copy_seen_at = now()").await;
    let request = RenewRequest { next_hash: None, ..copied.request() };
    copied.ask(&request).await.expect("another device");
    let sql = "select count(*) from clinic.devices where copy_seen_at is not null";
    assert_eq!(copied.clinic.number(sql).await, 0, "and is not taken for a copy any more");
}

#[tokio::test]
async fn a_copy_of_a_tenant_that_is_suspended_goes_on_too_and_brings_what_waits() {
    let mut copied = Copied::new().await;
    copied.clinic.sql("update tenants set suspended_at = now()").await;
    let problem = copied.desk.push(vec![copied.instead.clone()]).await.expect_err("copied");
    assert_eq!(problem.code, ErrorCode::DeviceCopied);
    let answer = copied.ask(&copied.request()).await.expect("another device");
    copied.desk.device = answer.device_id;
    copied.desk.key = copied.key.clone();
    copied.desk.token = answer.session.tokens.access_token.0.clone();
    copied.desk.restore(2, copied.after);
    let own = copied.desk.write(vec![alone(Uuid::now_v7())]).await;
    assert_eq!((own.receipts[0].sequence, own.receipts[0].fate), (3, Fate::Applied));
}

#[tokio::test]
async fn who_did_not_hear_of_it_and_went_on_as_before_begins_behind_that() {
    let mut copied = Copied::new().await;
    let unheard = copied.ask(&copied.request()).await.expect("another device");
    // It is the one whose third mutation the server has.
    let later = RenewRequest { after: 3, after_hash: copied.last, next_hash: None, ..copied.request() };
    let other = RenewRequest { after: 3, after_hash: Hash::of(b"another past"), ..copied.request() };
    assert!(copied.refused(&other).await.contains("past"));
    let answer = copied.ask(&later).await.expect("the same device");
    assert_eq!((answer.device_id, &answer.lane), (unheard.device_id, &unheard.lane));

    let earlier = copied.request();
    let (original, old_key) = (copied.desk.device, copied.desk.key.clone());
    let old_token = copied.desk.token.clone();
    copied.desk.device = answer.device_id;
    copied.desk.key = copied.key.clone();
    copied.desk.token = answer.session.tokens.access_token.0.clone();
    copied.desk.restore(3, copied.last);
    let own = copied.desk.write(vec![alone(Uuid::now_v7())]).await;
    assert_eq!((own.receipts[0].sequence, own.receipts[0].fate), (4, Fate::Applied));

    // A device that has gone on begins nowhere else.
    (copied.desk.device, copied.desk.key, copied.desk.token) = (original, old_key, old_token);
    assert!(copied.refused(&earlier).await.contains("both ids"));
    assert_eq!(copied.ask(&later).await.expect("the same device").device_id, answer.device_id);
}

#[tokio::test]
async fn a_copy_of_a_copy_that_has_done_nothing_yet_goes_on_too() {
    let mut copied = Copied::new().await;
    let answer = copied.ask(&copied.request()).await.expect("another device");
    copied.desk.device = answer.device_id;
    copied.desk.token = answer.session.tokens.access_token.0.clone();
    copied.desk.key = std::mem::replace(&mut copied.key, SigningKey::from_bytes(&rand::random()));
    copied.clinic.sql("update devices set copy_seen_at = now()").await;
    let request = RenewRequest { next_hash: None, ..copied.request() };
    let answer = copied.ask(&request).await.expect("a third device");
    copied.desk.device = answer.device_id;
    copied.desk.key = copied.key.clone();
    copied.desk.token = answer.session.tokens.access_token.0.clone();
    copied.desk.restore(2, copied.after);
    let own = copied.desk.write(vec![alone(Uuid::now_v7())]).await;
    assert_eq!((own.receipts[0].sequence, own.receipts[0].fate), (3, Fate::Applied));
}

#[tokio::test]
async fn a_token_without_the_computers_key_makes_no_computer_of_its_own() {
    let copied = Copied::new().await;
    // Whoever has nothing but the token can name the beginning, and a hash that nobody has.
    let from_nothing = RenewRequest {
        after: 0,
        after_hash: Hash::ZERO,
        next_hash: Some(Hash::of(b"whatever")),
        ..copied.request()
    };
    let desk = &copied.desk;
    let builder = desk.client.post(format!("{}/v1/devices/renew", desk.url)).json(&from_nothing);
    let answer = desk.unsigned(builder).send().await.expect("the server answers");
    let problem = body::<EnrolResponse>(answer).await.expect_err("refused");
    assert_eq!((problem.status, problem.code), (403, ErrorCode::NotSigned));
    assert_eq!(copied.clinic.number("select count(*) from clinic.devices").await, 1);
    copied.ask(&from_nothing).await.expect("with the computer's key it goes on");
}
