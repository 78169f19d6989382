//! A desktop whose keys were lost comes back under an id of its own, and brings what was on its disk.

use ed25519_dalek::SigningKey;
use protocol::api::{
    ChallengeResponse, DeviceScope, EnrolRequest, EnrolResponse, Fate, LoginRequest, ReceiptsAnswer,
    ReceiptsRequest, RenewRequest, Secret, Session,
};
use protocol::audit::{Action, DeskEvent};
use protocol::error::{ErrorCode, Problem, RefusalCode};
use protocol::farewell::{HandoverRequest, HandoverResponse};
use protocol::id::DeviceId;
use protocol::manage::{DeviceInfo, RevokeRequest};
use protocol::mutation::SignedMutation;
use protocol::permission::Role;
use protocol::recovery::Recovers;
use protocol::settlement::{Settlement, Way, item_id};
use protocol::signing::{handover_message, login_message, public_key_text, renew_message, sign};
use protocol::table::Row;
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::audit_desk::{chain, event, tell};
use crate::clinic::{Clinic, Desk, EMAIL, PASSWORD, body, new_patient};
use crate::desk::enrol_request;
use crate::revoked::{handover, post, revoke};
use crate::staff::{person, token};

const FINGERPRINT: &str = "7Q4K9X";

/// A clinic with an admin's desktop and one whose keys are lost, of which the server knows the recovery code. It had sent
/// one mutation; two more are on its disk.
pub struct Lost {
    pub clinic: Clinic,
    admin: Desk,
    desk: Desk,
    sent: Uuid,
    unsent: Vec<SignedMutation>,
    key: SigningKey,
}

impl Lost {
    pub async fn new() -> Self {
        let clinic = Clinic::open().await;
        let (admin, mut desk) = (clinic.desk().await, clinic.desk().await);
        assert_eq!(made(&desk, FINGERPRINT).await, 204);
        let sent = Uuid::now_v7();
        let first = desk.sign(vec![new_patient(sent, "Asha")]);
        desk.push(vec![first]).await.expect("taken");
        let unsent =
            ["Sunita", "Usha"].map(|name| desk.sign(vec![new_patient(Uuid::now_v7(), name)])).to_vec();
        let key = SigningKey::from_bytes(&rand::random());
        Self { clinic, admin, desk, sent, unsent, key }
    }

    pub fn recovers(&self) -> Recovers {
        let last = self.unsent.last().expect("two");
        let (device_id, until, until_hash) = (self.desk.device, 3, last.hash);
        Recovers { device_id, fingerprint: FINGERPRINT.into(), until, until_hash }
    }

    async fn code(&self, scope: DeviceScope) -> Secret {
        let code = &self.clinic.registered.tenant_code;
        self.clinic.server.enrolment_code_for(code, scope).await.expect("a code")
    }

    async fn ask_with(&self, code: &Secret, recovers: Recovers) -> Result<EnrolResponse, Problem> {
        let request = enrol_request(&self.key, code, EMAIL, PASSWORD);
        let request = EnrolRequest { recovers: Some(recovers), ..request };
        body(post(&self.desk, "/v1/devices/enrol", &request).await).await
    }

    pub async fn ask(&self, recovers: Recovers) -> Result<EnrolResponse, Problem> {
        let code = self.code(DeviceScope::Clinical).await;
        self.ask_with(&code, recovers).await
    }

    async fn challenge(&self, device: DeviceId) -> String {
        let asked = json!({ "tenant_id": self.desk.tenant, "device_id": device });
        let answer = post(&self.desk, "/v1/auth/challenge", &asked).await;
        answer.json::<ChallengeResponse>().await.expect("a challenge").challenge
    }

    /// Brings what was on the disk, as the desktop that it became.
    pub async fn bring(&self, device: DeviceId, of: DeviceId) -> Result<HandoverResponse, Problem> {
        let challenge = self.challenge(device).await;
        let message = handover_message("test", self.desk.tenant, device, &challenge);
        let request = HandoverRequest {
            tenant_id: self.desk.tenant,
            device_id: device,
            challenge,
            signature: sign(&self.key, &message),
            of: Some(of),
            mutations: self.unsent.clone(),
        };
        body(post(&self.desk, "/v1/devices/handover", &request).await).await
    }

    async fn computer(&self, id: DeviceId) -> DeviceInfo {
        let devices: Vec<DeviceInfo> = body(self.admin.get("/v1/devices").await).await.expect("devices");
        devices.into_iter().find(|device| device.id == id).expect("there")
    }

    /// Somebody else gives their password at the desktop.
    async fn sign_in(&self, email: String) -> Session {
        let (tenant_id, device_id) = (self.desk.tenant, self.desk.device);
        let challenge = self.challenge(device_id).await;
        let signature = sign(&self.desk.key, &login_message("test", tenant_id, device_id, &challenge));
        let (password, nonce) = (Secret(PASSWORD.into()), String::new());
        let request = LoginRequest { tenant_id, device_id, email, password, challenge, signature, nonce };
        body(post(&self.desk, "/v1/auth/login", &request).await).await.expect("signed in")
    }

    fn as_new(&mut self, answer: &EnrolResponse) {
        self.desk.device = answer.device_id;
        self.desk.key = self.key.clone();
        self.desk.token = answer.session.tokens.access_token.0.clone();
        self.desk.restore(3, self.unsent[1].hash);
    }
}

/// Says which code opens the desktop.
async fn made(desk: &Desk, fingerprint: &str) -> u16 {
    let request = json!({ "fingerprint": fingerprint, "made_at": "2026-11-29T06:00:00Z" });
    let builder = desk.client.post(format!("{}/v1/devices/recovery", desk.url)).json(&request);
    desk.request(builder).send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn an_admin_sees_which_code_opens_a_computer_and_nothing_else_of_it() {
    let lost = Lost::new().await;
    let computer = lost.computer(lost.desk.device).await;
    assert_eq!(computer.recovery_fingerprint.as_deref(), Some(FINGERPRINT));
    assert!(computer.recovery_made_at.is_some());
    assert_eq!(lost.computer(lost.admin.device).await.recovery_fingerprint, None);
    for bad in ["", "7Q4K9", "7q4k9x", "7Q4K9O"] {
        assert_eq!(made(&lost.desk, bad).await, 422, "{bad}");
    }
    assert_eq!(made(&lost.desk, "ZZZZZZ").await, 204);
    let computer = lost.computer(lost.desk.device).await;
    assert_eq!(computer.recovery_fingerprint.as_deref(), Some("ZZZZZZ"), "the last one counts");
}

#[tokio::test]
async fn a_computer_whose_keys_were_lost_comes_back_and_what_it_had_not_sent_waits_for_an_admin() {
    let mut lost = Lost::new().await;
    let was = lost.desk.device;
    let answer = lost.ask(lost.recovers()).await.expect("back");
    assert_ne!(answer.device_id, was);
    assert_eq!(answer.recovered_key, Some(public_key_text(&lost.desk.key.verifying_key())));
    let (old, new) = (lost.computer(was).await, lost.computer(answer.device_id).await);
    assert!(
        old.revocation.is_some_and(|revocation| revocation.reason.is_some_and(|why| why.contains("lost")))
    );
    assert_eq!((old.recovered_as, new.recovered_from), (Some(answer.device_id), Some(was)));
    assert_eq!(new.copied_from, None);
    // What was found on its disk, as it was signed there; brought twice, it is there once.
    for _ in 0..2 {
        let receipts = lost.bring(answer.device_id, was).await.expect("taken").receipts;
        let told: Vec<_> = receipts.iter().map(|one| (one.sequence, one.fate, one.code)).collect();
        let aside = |number| (number, Fate::Quarantined, Some(RefusalCode::Adopted));
        assert_eq!(told, [aside(2), aside(3)]);
    }
    // It goes on under the next number; for the earlier ones it hears what became of them.
    lost.as_new(&answer);
    let own = lost.desk.write(vec![new_patient(Uuid::now_v7(), "Lata")]).await;
    assert_eq!((own.receipts[0].sequence, own.receipts[0].fate), (4, Fate::Applied));
    let asked = ReceiptsRequest { epoch: lost.desk.epoch, sequences: vec![1, 2, 3, 4] };
    let builder = lost.desk.client.post(format!("{}/v1/sync/receipts", lost.desk.url)).json(&asked);
    let receipts: ReceiptsAnswer =
        body(lost.desk.request(builder).send().await.expect("an answer")).await.expect("receipts");
    let fates: Vec<_> = receipts.receipts.iter().map(|receipt| receipt.fate).collect();
    assert_eq!(fates, [Fate::Applied, Fate::Quarantined, Fate::Quarantined, Fate::Applied]);
    // An admin lets one in, at whichever computer.
    let rows = lost.admin.rows().await;
    assert!(rows.iter().any(|row| row.id == item_id(was, 2)) && rows.iter().any(|row| row.id == lost.sent));
    let settlement = Settlement { device_id: was, sequence: 2, way: Way::Retry, reason: None };
    let signed = lost.admin.sign_settling(vec![], OffsetDateTime::now_utc(), Some(settlement));
    let settled = lost.admin.push(vec![signed]).await.expect("taken");
    assert_eq!(settled.receipts[0].fate, Fate::Applied, "{:?}", settled.receipts);
    let is_sunita = |row: &Row| row.values.get("first_name").is_some_and(|name| name == "Sunita");
    assert!(lost.admin.rows().await.iter().any(is_sunita));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_with_another_code_and_makes_no_second_computer() {
    let lost = Lost::new().await;
    let first = lost.ask(lost.recovers()).await.expect("back");
    let again = lost.ask(lost.recovers()).await.expect("the same one");
    assert_eq!((first.device_id, &first.lane), (again.device_id, &again.lane));
    let new = lost.computer(first.device_id).await;
    assert_eq!(new.recovered_from, Some(lost.desk.device));
    // One that an admin took out of service meanwhile does not come back with the same key.
    let mut orphan = lost.clinic.desk().await;
    orphan.device = first.device_id;
    revoke(&lost.admin, &orphan, &RevokeRequest::default()).await.expect("revoked");
    assert_eq!(lost.ask(lost.recovers()).await.expect_err("out of service").code, ErrorCode::Invalid);
}

#[tokio::test]
async fn nobody_takes_another_computer_out_of_service_with_a_one_time_code() {
    let lost = Lost::new().await;
    let code = lost.code(DeviceScope::Clinical).await;
    let neighbour = lost.clinic.neighbour().await;
    let wrong = [
        Recovers { fingerprint: "ZZZZZZ".into(), ..lost.recovers() },
        Recovers { device_id: lost.admin.device, ..lost.recovers() },
        Recovers { device_id: neighbour.device, ..lost.recovers() },
        Recovers { device_id: DeviceId::new(), ..lost.recovers() },
    ];
    let mut said = Vec::new();
    for recovers in wrong {
        let problem = lost.ask_with(&code, recovers).await.expect_err("refused");
        assert_eq!(problem.code, ErrorCode::Invalid);
        said.push(problem.detail);
    }
    assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "{said:?}");
    assert!(lost.computer(lost.desk.device).await.revoked_at.is_none());
    assert!(lost.computer(lost.admin.device).await.revoked_at.is_none());
    // The code was not used up by that.
    lost.ask_with(&code, lost.recovers()).await.expect("back");
}

#[tokio::test]
async fn it_comes_back_to_where_it_was_and_to_what_it_received() {
    let lost = Lost::new().await;
    let code = lost.code(DeviceScope::FrontDesk).await;
    let problem = lost.ask_with(&code, lost.recovers()).await.expect_err("another scope");
    assert!(problem.detail.contains("receives something else"), "{}", problem.detail);
    assert!(lost.computer(lost.desk.device).await.revoked_at.is_none());
}

#[tokio::test]
async fn a_computer_that_is_out_of_service_comes_back_also_by_a_code_that_the_server_does_not_know() {
    let lost = Lost::new().await;
    revoke(&lost.admin, &lost.desk, &RevokeRequest::default()).await.expect("revoked");
    let recovers = Recovers { fingerprint: "ZZZZZZ".into(), ..lost.recovers() };
    let answer = lost.ask(recovers).await.expect("back");
    lost.bring(answer.device_id, lost.desk.device).await.expect("taken");
}

#[tokio::test]
async fn only_the_computer_that_it_became_brings_what_was_on_it_in_service_or_not() {
    let mut lost = Lost::new().await;
    let was = lost.desk.device;
    let answer = lost.ask(lost.recovers()).await.expect("back");
    // Another computer does not, nor this one for another one, nor what the lost key did not sign.
    let key = std::mem::replace(&mut lost.key, lost.admin.key.clone());
    assert_eq!(lost.bring(lost.admin.device, was).await.expect_err("another").code, ErrorCode::Invalid);
    lost.key = key;
    for of in [answer.device_id, lost.admin.device, DeviceId::new()] {
        assert_eq!(lost.bring(answer.device_id, of).await.expect_err("another").code, ErrorCode::Invalid);
    }
    let mut forger = lost.clinic.desk().await;
    forger.device = was;
    forger.restore(1, lost.unsent[0].previous_hash);
    let instead = vec![forger.sign(vec![new_patient(Uuid::now_v7(), "Nisha")])];
    let unsent = std::mem::replace(&mut lost.unsent, instead);
    assert_eq!(lost.bring(answer.device_id, was).await.expect_err("forged").code, ErrorCode::Invalid);
    lost.unsent = unsent;
    // Out of service itself, it hands over both: what was on its disk, and its own.
    lost.as_new(&answer);
    revoke(&lost.admin, &lost.desk, &RevokeRequest::default()).await.expect("revoked");
    let receipts = lost.bring(answer.device_id, was).await.expect("taken").receipts;
    assert!(receipts.iter().all(|receipt| receipt.code == Some(RefusalCode::Adopted)), "{receipts:?}");
    let own = lost.desk.sign(vec![new_patient(Uuid::now_v7(), "Lata")]);
    let receipts = handover(&lost.desk, vec![own]).await.expect("taken").receipts;
    assert_eq!(receipts[0].code, Some(RefusalCode::DeviceRevoked));
}

#[tokio::test]
async fn who_recovers_a_computer_acts_for_nobody_else_who_worked_at_it() {
    let mut lost = Lost::new().await;
    let lata = person(&lost.clinic, &lost.desk, Role::Receptionist).await;
    let boss = person(&lost.clinic, &lost.desk, Role::Admin).await;
    let answer = lost.ask(lost.recovers()).await.expect("back");
    lost.as_new(&answer);
    // Whoever holds its keys signs with them in another's name, and asks with a token in another's name.
    lost.desk.user = lata;
    let forged = lost.desk.write(vec![new_patient(Uuid::now_v7(), "Nisha")]).await;
    assert_eq!(
        (forged.receipts[0].fate, forged.receipts[0].code),
        (Fate::Quarantined, Some(RefusalCode::NotAllowed))
    );
    let own = std::mem::take(&mut lost.desk.token);
    lost.desk.token = token(&lost.clinic, &lost.desk, boss, Role::Admin);
    assert_eq!(lost.desk.get("/v1/devices").await.status(), 401);
    lost.desk.token = own;
    // What people had looked at before is told all the same.
    let looked = DeskEvent { user: lata, ..event(&lost.desk, 1, Action::View) };
    assert_eq!(tell(&lost.desk, &chain(&[looked])).await.expect("kept").last, 1);
    // She gives her password there, and works on.
    lost.sign_in(format!("{lata}@example.org")).await;
    let own = lost.desk.write(vec![new_patient(Uuid::now_v7(), "Lata")]).await;
    assert_eq!(own.receipts[0].fate, Fate::Applied, "{:?}", own.receipts);
}

#[tokio::test]
async fn what_was_on_it_is_brought_also_when_the_keys_are_lost_once_more_before_that() {
    let mut lost = Lost::new().await;
    let was = lost.desk.device;
    let first = lost.ask(lost.recovers()).await.expect("back");
    lost.as_new(&first);
    assert_eq!(made(&lost.desk, "ZZZZZZ").await, 204);
    lost.key = SigningKey::from_bytes(&rand::random());
    let (device_id, fingerprint) = (first.device_id, "ZZZZZZ".to_owned());
    let second = lost.ask(Recovers { device_id, fingerprint, ..lost.recovers() }).await.expect("back again");
    assert_ne!(second.device_id, first.device_id);
    let receipts = lost.bring(second.device_id, was).await.expect("taken").receipts;
    assert!(receipts.iter().all(|receipt| receipt.code == Some(RefusalCode::Adopted)), "{receipts:?}");
    assert_eq!(lost.bring(second.device_id, lost.admin.device).await.expect_err("another").status, 422);
}

#[tokio::test]
async fn what_was_on_it_is_brought_also_by_a_copy_of_what_it_became() {
    let mut lost = Lost::new().await;
    let was = lost.desk.device;
    let answer = lost.ask(lost.recovers()).await.expect("back");
    lost.as_new(&answer);
    lost.desk.write(vec![new_patient(Uuid::now_v7(), "Lata")]).await;
    let after_hash = lost.unsent[1].hash;
    lost.desk.restore(3, after_hash);
    let instead = lost.desk.sign(vec![new_patient(Uuid::now_v7(), "Nisha")]);
    lost.key = SigningKey::from_bytes(&rand::random());
    let public_key = public_key_text(&lost.key.verifying_key());
    let message = renew_message("test", lost.desk.tenant, lost.desk.device, &public_key);
    let request = |after_hash| RenewRequest {
        signature: sign(&lost.key, &message),
        public_key: public_key.clone(),
        after: 3,
        after_hash,
        next_hash: Some(instead.hash),
        nonce: String::new(),
    };
    let ask = async |request: RenewRequest| {
        let builder = lost.desk.client.post(format!("{}/v1/devices/renew", lost.desk.url)).json(&request);
        body::<EnrolResponse>(lost.desk.request(builder).send().await.expect("an answer")).await
    };
    assert!(ask(request(instead.hash)).await.expect_err("another past").detail.contains("past"));
    let copy = ask(request(after_hash)).await.expect("a desktop of its own");
    let receipts = lost.bring(copy.device_id, was).await.expect("taken").receipts;
    assert!(receipts.iter().all(|receipt| receipt.code == Some(RefusalCode::Adopted)), "{receipts:?}");
}
