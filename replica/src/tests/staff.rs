//! An admin adds, changes and lets in staff, and lets in computers: what is sent, what comes back, and what is said without
//! the server.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use futures_util::future::{BoxFuture, FutureExt, ready};
use futures_util::stream::{self, StreamExt};
use protocol::api::{CodeRequest, DeviceScope, Secret};
use protocol::error::ErrorCode;
use protocol::id::{ClinicId, DeviceId, TenantId, UserId};
use protocol::manage::{UserChange, UserInfo};
use protocol::permission::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::passwords::Computer;
use super::{NOW, doctor_id, fixture};
use crate::desk::staff::{change, list, new_user};
use crate::error::{Error, Result};
use crate::sync::client::Client;
use crate::sync::signer::Signer;
use crate::sync::wire::{Answer, Method, Request, Wire};
use crate::view::{CommandError, StaffForm, StaffRegistration};

const LATA: UserId = UserId(Uuid::from_u128(0x1a7a));

fn nurse() -> StaffForm {
    StaffForm {
        full_name: "Lata Pawar".into(),
        email: "lata@example.org".into(),
        mobile_number: String::new(),
        roles: vec![Role::Nurse],
        is_active: true,
        clinics: vec![],
        registration: StaffRegistration::default(),
    }
}

fn registration() -> StaffRegistration {
    StaffRegistration {
        number: " A-30417 ".into(),
        council: "MSDC".into(),
        qualifications: "BDS".into(),
        specialization: " ".into(),
    }
}

fn info(id: UserId) -> UserInfo {
    UserInfo {
        id,
        full_name: "Lata Pawar".into(),
        email: "lata@example.org".into(),
        mobile_number: None,
        roles: vec![Role::Nurse],
        is_active: true,
        must_change_password: true,
        doctor_id: None,
        clinics: vec![],
        last_login_at: None,
    }
}

/// A server that says this to whatever it is asked.
struct Server {
    says: (u16, Value),
    asked: Mutex<Vec<Request>>,
}

impl Server {
    fn that_says(status: u16, body: Value) -> (Arc<Self>, Client) {
        let server = Arc::new(Self { says: (status, body), asked: Mutex::default() });
        let wire: Arc<dyn Wire> = Arc::<Self>::clone(&server);
        (server, Client::over(wire))
    }

    /// The only request, and what stands in it.
    fn asked(&self) -> (Method, String, Value) {
        let asked = self.asked.lock().expect("BUG: nobody panics");
        let [request] = asked.as_slice() else { panic!("BUG: asked once") };
        assert!(request.signed.is_some() && request.token.is_some());
        let body = if request.body.is_empty() { Value::Null } else { json_of(&request.body) };
        (request.method, request.path.clone(), body)
    }
}

fn json_of(text: &[u8]) -> Value {
    serde_json::from_slice(text).expect("BUG: JSON")
}

impl Wire for Server {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer>> {
        self.asked.lock().expect("BUG: nobody panics").push(request);
        let (status, body) = &self.says;
        let kind = if *status < 400 { "application/json" } else { "application/problem+json" };
        let body = Bytes::from(serde_json::to_vec(body).expect("BUG: JSON"));
        let body = stream::iter([Ok(body)]).boxed();
        ready(Ok(Answer { status: *status, kind: kind.into(), body })).boxed()
    }
}

fn token() -> Secret {
    Secret("token".into())
}

fn signer() -> Signer {
    Signer {
        server_name: "sync.example.org".into(),
        tenant: TenantId(Uuid::from_u128(1)),
        device: DeviceId(Uuid::from_u128(2)),
        user: UserId(Uuid::from_u128(5)),
        key: SigningKey::from_bytes(&[9; 32]),
        now: NOW,
    }
}

#[tokio::test]
async fn whom_an_admin_adds_is_told_to_the_server_and_their_one_time_password_comes_back() {
    let says = json!({ "user": info(LATA), "one_time_password": "river stone lamp" });
    let (server, client) = Server::that_says(201, says);
    let form = StaffForm { roles: vec![Role::Admin, Role::Dentist], registration: registration(), ..nurse() };
    let added = client.add_user(&token(), &signer(), &new_user(&form)).await.expect("BUG: added");
    assert_eq!((added.user.id, added.one_time_password.0.as_str()), (LATA, "river stone lamp"));
    let (method, path, body) = server.asked();
    assert_eq!((method, path.as_str()), (Method::Post, "v1/users"));
    assert_eq!(body["roles"], json!(["admin", "dentist"]));
    assert_eq!(
        body["doctor"],
        json!({ "role": "dentist", "registration_number": "A-30417", "registration_council": "MSDC",
                "qualifications": "BDS", "specialization": null })
    );
}

#[tokio::test]
async fn another_one_time_password_is_asked_for_by_a_signed_request() {
    let (server, client) = Server::that_says(200, json!({ "one_time_password": "river stone lamp" }));
    let given = client.give_password(&token(), &signer(), LATA).await.expect("BUG: given");
    assert_eq!(given.one_time_password.0, "river stone lamp");
    assert_eq!(server.asked(), (Method::Post, format!("v1/users/{LATA}/password"), Value::Null));
}

#[tokio::test]
async fn a_code_for_a_computer_is_asked_for_by_a_signed_request_and_comes_back() {
    let says = json!({ "code": "ASHA-7Q4K-9XWM-2C8D", "expires_at": "2026-11-23T05:21:08Z" });
    let (server, client) = Server::that_says(201, says);
    let clinic_id = ClinicId(Uuid::from_u128(3));
    let asks = CodeRequest { clinic_id, scope: DeviceScope::FrontDesk };
    let made = client.enrolment_code(&token(), &signer(), &asks).await.expect("BUG: made");
    assert_eq!(made.code.0, "ASHA-7Q4K-9XWM-2C8D");
    let sent = json!({ "clinic_id": clinic_id, "scope": "front_desk" });
    assert_eq!(server.asked(), (Method::Post, "v1/devices/codes".to_owned(), sent));
}

#[tokio::test]
async fn only_what_an_admin_changed_is_sent() {
    let (server, client) = Server::that_says(200, json!(info(LATA)));
    let seen = StaffForm { roles: vec![Role::Nurse, Role::Receptionist], ..nurse() };
    let wanted = StaffForm {
        full_name: "Lata Joshi".into(),
        email: "joshi@example.org".into(),
        roles: vec![Role::Receptionist, Role::Nurse],
        is_active: false,
        ..seen.clone()
    };
    client.change_user(&token(), &signer(), LATA, &change(&seen, &wanted)).await.expect("BUG: changed");
    let sent = json!({ "full_name": "Lata Joshi", "email": "joshi@example.org", "is_active": false });
    assert_eq!(server.asked(), (Method::Patch, format!("v1/users/{LATA}"), sent));
}

#[test]
fn a_registration_is_sent_when_it_is_another_one_and_for_a_prescriber_only() {
    let doctor = StaffForm { roles: vec![Role::Doctor], registration: registration(), ..nurse() };
    let sent = |seen: &StaffForm, wanted: &StaffForm| change(seen, wanted).doctor;
    assert_eq!(sent(&nurse(), &doctor).map(|doctor| doctor.role), Some(Role::Doctor));
    assert_eq!(sent(&doctor, &StaffForm { full_name: "Lata Joshi".into(), ..doctor.clone() }), None);
    // It has not come to this computer, and is left as it is.
    let unknown = StaffForm { registration: StaffRegistration::default(), ..doctor.clone() };
    assert_eq!(sent(&unknown, &StaffForm { is_active: false, ..unknown.clone() }), None);
    let as_nurse = StaffForm { roles: vec![Role::Nurse], ..doctor.clone() };
    let UserChange { roles, doctor, .. } = change(&doctor, &as_nurse);
    assert_eq!((roles, doctor), (Some(vec![Role::Nurse]), None));
}

#[test]
fn what_an_admin_empties_of_a_registration_is_taken_away_and_no_more_than_was_seen() {
    let with =
        |registration: StaffRegistration| StaffForm { roles: vec![Role::Dentist], registration, ..nurse() };
    let seen = with(StaffRegistration { specialization: "Endodontics".into(), ..registration() });
    let emptied = with(StaffRegistration { qualifications: String::new(), ..seen.registration.clone() });
    let sent = change(&seen, &emptied).doctor.expect("BUG: it is another one");
    assert_eq!(sent.qualifications.as_deref(), Some(""));
    assert_eq!(sent.specialization, None, "what was not touched is not sent");
    // The server says that a prescriber needs one; that nothing was to be changed would be no answer.
    let none = change(&seen, &with(StaffRegistration::default())).doctor.expect("BUG: it is sent");
    assert_eq!(none.registration_number.as_deref(), Some(""));
    // What this computer does not know is not taken away.
    let unknown = with(StaffRegistration::default());
    let numbered = StaffRegistration { number: "A-1".into(), council: "MSDC".into(), ..Default::default() };
    let sent = change(&unknown, &with(numbered)).doctor.expect("BUG: it is sent");
    assert_eq!((sent.qualifications, sent.specialization), (None, None));
}

#[test]
fn what_another_admin_changed_of_a_registration_is_not_sent_back_to_what_it_was() {
    let with =
        |registration: StaffRegistration| StaffForm { roles: vec![Role::Dentist], registration, ..nurse() };
    let seen = with(registration());
    let renumbered = with(StaffRegistration { number: "A-99".into(), ..registration() });
    let sent = serde_json::to_value(change(&seen, &renumbered)).expect("BUG: JSON");
    assert_eq!(sent, json!({ "doctor": { "role": "dentist", "registration_number": "A-99" } }));
    let moved = with(StaffRegistration { council: " DCI".into(), ..registration() });
    let sent = change(&seen, &moved).doctor.expect("BUG: it is sent");
    assert_eq!((sent.registration_number, sent.registration_council.as_deref()), (None, Some("DCI")));
}

#[tokio::test]
async fn what_the_server_refuses_reaches_the_window_in_its_words_and_in_hindi() {
    let only = "They are the only admin who can sign in. Make another one first; nothing was changed.";
    let says = json!({ "type": "about:blank", "status": 422, "code": "invalid", "detail": only });
    let (_, client) = Server::that_says(422, says);
    let leave = UserChange { is_active: Some(false), ..UserChange::default() };
    let refused = client.change_user(&token(), &signer(), LATA, &leave).await.expect_err("BUG: refused");
    let told = CommandError::from(refused);
    assert_eq!((told.code, told.detail.as_str()), (ErrorCode::Invalid, only));
    assert!(told.hindi.is_some_and(|hindi| hindi.contains("एडमिन")));
}

#[test]
fn the_list_tells_who_is_before_it_and_the_registrations_that_are_known_here() {
    let fixture = fixture(Role::Admin);
    let you = fixture.replica.person.id;
    let doctor = UserInfo { doctor_id: Some(doctor_id()), ..info(you) };
    let list = list(&fixture.replica, vec![doctor, info(LATA)]).expect("BUG: read");
    let names: Vec<(ClinicId, &str)> =
        list.clinics.iter().map(|clinic| (clinic.id, clinic.name.as_str())).collect();
    assert_eq!(names, [(ClinicId(Uuid::from_u128(3)), "Asha Clinic")]);
    let [one, other] = list.people.as_slice() else { panic!("BUG: two people") };
    assert!(one.is_you && one.is_registered && !other.is_you && !other.is_registered);
    assert_eq!(one.form.registration.number, "2009/04/1187");
    assert_eq!(other.form.registration, StaffRegistration::default());
    assert!(other.has_one_time_password);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_server_nothing_is_changed_and_this_is_said() {
    let computer = Computer::of("http://127.0.0.1:9/").await;
    let desk = &computer.desk;
    let form = StaffForm { full_name: "Lata Joshi".into(), ..nurse() };
    let said = [
        desk.staff().await.err(),
        desk.add_staff(&nurse()).await.err(),
        desk.change_staff(LATA, &nurse(), &form).await.err(),
        desk.give_password(LATA).await.err(),
    ];
    for error in said {
        assert!(matches!(error, Some(Error::StaffNeedsServer)), "{error:?}");
    }
    desk.lock();
    assert!(matches!(desk.staff().await, Err(Error::Locked)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_admin_makes_no_code_for_a_computer() {
    let computer = Computer::of("http://127.0.0.1:9/").await;
    let asks = || computer.desk.new_computer_code(ClinicId(Uuid::from_u128(3)), DeviceScope::Clinical);
    assert!(matches!(asks().await, Err(Error::Forbidden(_))));
    computer.desk.lock();
    assert!(matches!(asks().await, Err(Error::Locked)));
}
