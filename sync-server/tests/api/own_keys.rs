//! What only a doctor may say, and who tries to say it in their name.

mod life;

use clinic_sync::auth::token::Subject;
use clinic_sync::testing::SERVER_NAME;
use ed25519_dalek::SigningKey;
use protocol::api::{DeviceScope, Fate, PushResponse};
use protocol::error::RefusalCode;
use protocol::id::{ClinicId, UserId};
use protocol::manage::RevokeRequest;
use protocol::mutation::{Change, SignedMutation};
use protocol::own_key::{OwnKeyInfo, OwnKeyRequest};
use protocol::permission::Role;
use protocol::settlement::Way;
use protocol::signing::{own_key_message, prescription_message, public_key_text, sign};
use protocol::table::TableName;
use reqwest::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, body, edit, signed_request};
use crate::conflicts::alone;
use crate::desk;
use crate::prescription::Written;
use crate::renew::Copied;
use crate::revoked::{handover, revoke};
use crate::settlements::{fates, item, receipt, settled};
use crate::staff::person;

fn new_key() -> SigningKey {
    SigningKey::from_bytes(&rand::random())
}

/// What says that a key is somebody's on a desktop.
fn request(desk: &Desk, user: UserId, own: &SigningKey, after: i64) -> OwnKeyRequest {
    let public_key = public_key_text(&own.verifying_key());
    let message = own_key_message(SERVER_NAME, (desk.tenant, desk.device), user, &public_key, after);
    OwnKeyRequest { signature: sign(own, &message), public_key, after }
}

async fn tell(desk: &Desk, token: &str, request: &OwnKeyRequest) -> StatusCode {
    let builder = desk.client.post(format!("{}/v1/own-keys", desk.url)).json(request);
    let builder = builder.bearer_auth(token).header("clinic-protocol", protocol::PROTOCOL_VERSION);
    signed_request(builder, &desk.key).send().await.expect("an answer").status()
}

/// A new key of whoever enrolled this desktop.
pub async fn register(desk: &Desk, token: &str, after: i64) -> SigningKey {
    let own = new_key();
    assert_eq!(tell(desk, token, &request(desk, desk.user, &own, after)).await, StatusCode::NO_CONTENT);
    own
}

/// The token of somebody who has just given their password.
fn by_password(clinic: &Clinic, desk: &Desk, user: UserId) -> String {
    let subject = Subject {
        tenant: desk.tenant,
        user,
        device: desk.device,
        clinic: ClinicId(desk.clinic),
        roles: vec![],
        scope: DeviceScope::Clinical,
        token_version: 1,
        is_by_password: true,
    };
    clinic.server.state().auth.keys.sign(&subject, OffsetDateTime::now_utc()).0
}

/// A desktop whose doctor has a key of their own, with a patient.
struct Room {
    clinic: Clinic,
    desk: Desk,
    own: SigningKey,
    patient: Uuid,
}

impl Room {
    async fn new() -> Self {
        let clinic = Clinic::open().await;
        let mut desk = clinic.desk().await;
        let own = register(&desk, &desk.token, 0).await;
        let patient = Uuid::now_v7();
        desk.write(vec![alone(patient)]).await;
        Self { clinic, desk, own, patient }
    }

    /// The next mutation of the desktop: a prescription in the doctor's name, signed by the desktop alone.
    fn forged(&mut self) -> SignedMutation {
        let changes = Written::with(&self.desk, self.patient, &[], &[]).changes();
        self.desk.sign(changes)
    }

    async fn push(&self, signed: SignedMutation) -> PushResponse {
        self.desk.push(vec![signed]).await.expect("the push is taken")
    }

    async fn signed_prescriptions(&self) -> i64 {
        self.clinic.number("select count(*) from clinic.prescriptions where status <> 'draft'").await
    }

    /// Signs and pushes a prescription as the doctor does; answers its number.
    async fn prescribe(&mut self) -> (Written, i64) {
        let written = Written::with(&self.desk, self.patient, &[], &[]);
        let signed = self.desk.sign(written.changes()).signed_by(&self.own);
        let answer = self.push(signed).await;
        assert_eq!(answer.receipts[0].fate, Fate::Applied, "{:?}", answer.receipts[0]);
        (written, self.desk.sequence())
    }
}

/// The code and the sentence of the only answer.
fn said(answer: &PushResponse) -> (Option<RefusalCode>, &str) {
    let [receipt] = &answer.receipts[..] else { panic!("{answer:?}") };
    (receipt.code, receipt.detail.as_deref().unwrap_or_default())
}

fn voided(id: Uuid, by: UserId) -> Change {
    edit(
        TableName::Prescriptions,
        id,
        &[
            ("status", json!("finalised"), json!("voided")),
            ("void_reason", json!(null), json!("Wrong patient")),
            ("voided_at", json!(null), json!("2026-11-23T05:00:00.000Z")),
            ("voided_by", json!(null), json!(by)),
        ],
    )
}

fn merged(id: Uuid, from: Value, into: Value) -> Change {
    edit(TableName::Patients, id, &[("merged_into_id", from, into)])
}

#[tokio::test]
async fn whoever_gives_their_password_says_which_key_is_theirs_and_nobody_else_does() {
    let clinic = desk::Clinic::open().await;
    let room = clinic.desk().await;
    let (user, own) = (room.session.user.id, new_key());
    let request = |user: UserId, after: i64| {
        let public_key = public_key_text(&own.verifying_key());
        let place = (room.tenant, room.device);
        let signature = sign(&own, &own_key_message(SERVER_NAME, place, user, &public_key, after));
        OwnKeyRequest { public_key, after, signature }
    };
    let tell = async |token: &str, request: &OwnKeyRequest| {
        room.post_as(token, "/v1/own-keys", request).await.status().as_u16()
    };
    // Whoever has the keys of the computer gets tokens in anybody's name, and registers nothing with them.
    let session = room.sign_in(desk::EMAIL).await;
    let without = room.next(&session.tokens).await.access_token.0;
    assert_eq!(tell(&without, &request(user, 0)).await, 401);
    let token = session.tokens.access_token.0;
    let good = request(user, 0);
    for (what, bad) in [
        ("another's name", request(UserId::new(), 0)),
        ("moved", OwnKeyRequest { after: 7, ..good.clone() }),
        ("before the first", request(user, -1)),
        (
            "another key",
            OwnKeyRequest { public_key: public_key_text(&new_key().verifying_key()), ..good.clone() },
        ),
        ("no key", OwnKeyRequest { public_key: "x".repeat(44), ..good.clone() }),
    ] {
        assert_eq!(tell(&token, &bad).await, 422, "{what}");
    }
    assert_eq!(clinic.count("own_keys").await, 0);
    for token in [&token, room.token()] {
        assert_eq!(tell(token, &good).await, 204, "by enrolling and by signing in");
    }
    assert_eq!(clinic.count("own_keys").await, 1, "said twice, it is one");
    assert_eq!(clinic.count("tenant_audit_log where table_name = 'own_keys'").await, 1);
}

#[tokio::test]
async fn nothing_that_is_forged_in_a_doctors_name_goes_in() {
    let mut room = Room::new().await;
    let (good, good_at) = room.prescribe().await;
    let real = receipt(&room.desk, good_at).await;
    assert_eq!(real.fate, Fate::Applied);
    // Others have keys of their own: somebody else at this desktop, the doctor at another one, another tenant's doctor.
    let colleague = person(&room.clinic, &room.desk, Role::Doctor).await;
    let theirs = new_key();
    let told = request(&room.desk, colleague, &theirs, 0);
    assert_eq!(
        tell(&room.desk, &by_password(&room.clinic, &room.desk, colleague), &told).await,
        StatusCode::NO_CONTENT
    );
    let elsewhere = room.clinic.desk().await;
    let elsewhere = register(&elsewhere, &elsewhere.token, 0).await;
    let neighbour = room.clinic.neighbour().await;
    let neighbour = register(&neighbour, &neighbour.token, 0).await;
    let twin = Uuid::now_v7();
    room.desk.write(vec![alone(twin)]).await;
    let before = room.signed_prescriptions().await;

    let device_key = room.desk.key.clone();
    let keys: [(&str, Option<SigningKey>); 6] = [
        ("the computer alone", None),
        ("the computer's key", Some(device_key)),
        ("a colleague's key", Some(theirs)),
        ("the doctor's key of another computer", Some(elsewhere)),
        ("another tenant's key", Some(neighbour)),
        ("a key that nobody told of", Some(new_key())),
    ];
    let mut forged = Vec::new();
    for (what, key) in keys {
        for changes in [
            Written::with(&room.desk, room.patient, &[], &[]).changes(),
            good.amended(&room.desk).changes(),
            vec![voided(good.id, room.desk.user)],
            vec![merged(twin, json!(null), json!(room.patient))],
            vec![merged(twin, json!(room.patient), json!(null))],
        ] {
            let signed = room.desk.sign(changes);
            let signed = key.as_ref().map_or(signed.clone(), |key| signed.signed_by(key));
            forged.push((what, signed));
        }
    }
    // A signature of the doctor's over something else.
    let signature = room.desk.sign(vec![voided(Uuid::now_v7(), room.desk.user)]).signed_by(&room.own);
    forged.push(("not there", signature.clone()));
    for changes in
        [vec![voided(good.id, room.desk.user)], Written::with(&room.desk, room.patient, &[], &[]).changes()]
    {
        let other = room.desk.sign(changes);
        forged.push(("replayed", SignedMutation { own_signature: signature.own_signature.clone(), ..other }));
    }
    // The very text that they signed, under another number.
    let (was, number) = (room.desk.sequence() - 2, room.desk.sequence() + 1);
    let number = |body: &str| body.replace(&format!("\"sequence\":{was}"), &format!("\"sequence\":{number}"));
    let other = room.desk.sign_text(vec![], |_| number(&signature.body));
    forged.push(("its number", SignedMutation { own_signature: signature.own_signature.clone(), ..other }));
    // A text that begins otherwise.
    let changes = vec![merged(twin, json!(null), json!(room.patient))];
    let other = room.desk.sign_text(changes, |body| body.replace("{\"device_id\"", "{ \"device_id\""));
    forged.push(("begins otherwise", other.signed_by(&room.own)));

    for (what, signed) in forged {
        let answer = room.push(signed).await;
        let (code, detail) = said(&answer);
        if what == "not there" {
            assert_eq!(code, Some(RefusalCode::MissingRow), "{what}: the doctor signed it: {detail}");
        } else {
            assert_eq!(code, Some(RefusalCode::NotSigned), "{what}: {detail}");
            assert!(detail.contains("is kept"), "{detail}");
        }
    }
    assert_eq!(room.signed_prescriptions().await, before);
    let merged = "select count(*) from clinic.patients where merged_into_id is not null";
    assert_eq!(room.clinic.number(merged).await, 0);
    let admins = item(&room.desk, (room.desk.device, room.desk.sequence())).await;
    assert!(admins.is_some(), "the admins see it at once");
    // What is no signature at all was not sent by a desktop.
    let signed = room.forged();
    let broken = SignedMutation { own_signature: Some("x".repeat(88)), ..signed.clone() };
    assert_eq!(room.desk.push(vec![broken]).await.expect_err("refused").status, 422);
    assert_eq!(said(&room.push(signed.signed_by(&room.own)).await).0, None, "the doctor themselves goes on");
}

#[tokio::test]
async fn everything_that_only_its_author_says_goes_in_with_their_own_signature() {
    let mut room = Room::new().await;
    room.desk.own = Some(room.own.clone());
    let (written, _) = room.prescribe().await;
    let twin = Uuid::now_v7();
    room.desk.write(vec![alone(twin)]).await;
    for changes in [
        vec![voided(written.id, room.desk.user)],
        vec![merged(twin, json!(null), json!(room.patient))],
        vec![merged(twin, json!(room.patient), json!(null))],
    ] {
        let answer = room.desk.write(changes).await;
        assert!(answer.receipts[0].fate.is_in(), "{:?}", answer.receipts[0]);
    }
    // Everything else needs none.
    let other = Uuid::now_v7();
    room.desk.own = None;
    assert_eq!(room.desk.write(vec![alone(other)]).await.receipts[0].fate, Fate::Applied);
    let kept = "select count(*) from clinic.sync_mutations where own_signature is not null";
    assert_eq!(room.clinic.number(kept).await, 4);
}

#[tokio::test]
async fn what_was_done_before_there_was_a_key_goes_in_whenever_it_comes() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let patient = Uuid::now_v7();
    desk.write(vec![alone(patient)]).await;
    let waits = desk.sign(Written::with(&desk, patient, &[], &[]).changes());
    // They had worked here before: an installation that was updated.
    clinic.sql("update device_users set first_signed_in_at = now() - interval '1 year'").await;
    let own = register(&desk, &desk.token, desk.sequence()).await;
    let after = desk.sign(Written::with(&desk, patient, &[], &[]).changes());
    let good = desk.sign(Written::with(&desk, patient, &[], &[]).changes()).signed_by(&own);
    let answer = desk.push(vec![waits, after, good]).await.expect("taken");
    let codes: Vec<_> = answer.receipts.iter().map(|receipt| receipt.code).collect();
    assert_eq!(codes, [None, Some(RefusalCode::NotSigned), None]);
}

#[tokio::test]
async fn whoever_signs_in_for_the_first_time_has_done_nothing_there_before() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let patient = Uuid::now_v7();
    desk.write(vec![alone(patient)]).await;
    let stuffed = desk.sign(Written::with(&desk, patient, &[], &[]).changes());
    register(&desk, &desk.token, desk.sequence()).await;
    let answer = desk.push(vec![stuffed]).await.expect("taken");
    assert_eq!(said(&answer).0, Some(RefusalCode::NotSigned));
}

#[tokio::test]
async fn a_later_key_takes_over_where_it_was_born() {
    let mut room = Room::new().await;
    let first = room.own.clone();
    let waits = room.forged().signed_by(&first);
    let second = register(&room.desk, &room.desk.token, room.desk.sequence()).await;
    // Whoever has signed in only once begins at the first mutation; this one signed in again.
    room.clinic
        .sql(&format!(
            "update own_keys set after_sequence = {} where public_key = '{}'",
            room.desk.sequence(),
            public_key_text(&second.verifying_key())
        ))
        .await;
    let (old, new) = (room.forged().signed_by(&first), room.forged().signed_by(&second));
    let answer = room.desk.push(vec![waits, old, new]).await.expect("taken");
    let codes: Vec<_> = answer.receipts.iter().map(|receipt| receipt.code).collect();
    assert_eq!(codes, [None, Some(RefusalCode::NotSigned), None]);
}

#[tokio::test]
async fn who_made_it_makes_it_theirs_with_their_own_key_and_nobody_else_can() {
    let mut room = Room::new().await;
    let signed = room.forged();
    room.push(signed).await;
    let of = (room.desk.device, room.desk.sequence());
    // The admins, who may let in what came too late, do not say in whose name it is; nor does a colleague.
    let doctor = room.desk.user;
    for role in [Role::Admin, Role::Doctor, Role::Receptionist] {
        room.desk.user = person(&room.clinic, &room.desk, role).await;
        settled(&mut room.desk, of, Way::Retry, "", vec![]).await;
        assert_eq!(fates(&room.desk, &[of.1]).await, [Fate::Quarantined], "{role:?}");
    }
    // Nor whoever only says that they are the doctor.
    room.desk.user = doctor;
    let answer = settled(&mut room.desk, of, Way::Retry, "", vec![]).await;
    assert_eq!(said(&answer).0, Some(RefusalCode::NotSigned));
    room.desk.own = Some(room.own.clone());
    settled(&mut room.desk, of, Way::Retry, "", vec![]).await;
    assert_eq!(fates(&room.desk, &[of.1]).await, [Fate::Applied]);
    assert_eq!(room.signed_prescriptions().await, 1);
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

#[tokio::test]
async fn the_signature_in_a_prescription_is_that_of_whoever_signed_it() {
    let mut room = Room::new().await;
    let patient = room.patient;
    let with = |room: &Room, own: &SigningKey| {
        let written = Written::with(&room.desk, patient, &[], &[]);
        let mut changes = written.changes();
        let hash = changes[0].set["content_sha256"].value.clone();
        let message = prescription_message(written.id, hash.as_str().expect("a hash"));
        let signature = json!(sign(own, &message));
        let set = protocol::mutation::SetValue { base: Value::Null, value: signature };
        changes[0].set.insert("own_signature".to_owned(), set);
        changes
    };
    let wrong = with(&room, &new_key());
    let wrong = room.desk.sign(wrong).signed_by(&room.own);
    let answer = room.push(wrong).await;
    assert_eq!(said(&answer), (Some(RefusalCode::BadValue), "own_signature is not that of whoever signed."));
    let right = with(&room, &room.own);
    let right = room.desk.sign(right).signed_by(&room.own);
    let answer = room.push(right).await;
    assert_eq!(said(&answer).0, None);
    let row = answer.rows.iter().find(|row| row.table == TableName::Prescriptions).expect("the prescription");
    assert!(row.values["own_signature"].is_string(), "every desktop gets it");
}
