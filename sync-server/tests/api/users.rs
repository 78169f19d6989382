//! Staff, their passwords and their computers, as an admin manages them.

use ed25519_dalek::SigningKey;
use protocol::api::{DeviceScope, NewDoctor, NoticeCode, Secret, Session};
use protocol::error::ErrorCode;
use protocol::manage::{
    DeviceInfo, DoctorChange, NewUser, OneTimePassword, PasswordChange, UserAdded, UserChange, UserInfo,
};
use protocol::permission::Role;
use reqwest::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clinic::signed_request;
use crate::desk::{Clinic, Desk, EMAIL, PASSWORD, Refused, enrol_request, refused, register, registration};

const NEW_PASSWORD: &str = "nine purple kettles";

async fn send(
    desk: &Desk,
    token: &str,
    method: Method,
    path: &str,
    body: &impl serde::Serialize,
) -> Response {
    let request = desk.http.request(method, format!("{}{path}", desk.url)).bearer_auth(token);
    let request = request.header(protocol::api::PROTOCOL_HEADER, protocol::PROTOCOL_VERSION);
    signed_request(request.json(body), &desk.key).send().await.expect("an answer")
}

async fn ok<T: DeserializeOwned>(response: Response) -> T {
    let status = response.status();
    let text = response.text().await.expect("a body");
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).expect("the answer")
}

fn nurse(email: &str) -> NewUser {
    NewUser {
        full_name: "Lata  Pawar".into(),
        email: email.into(),
        mobile_number: Some("98204 41276".into()),
        roles: vec![Role::Nurse, Role::Nurse],
        doctor: None,
        clinics: vec![],
    }
}

fn dentist(email: &str) -> NewUser {
    let doctor = NewDoctor {
        role: Role::Dentist,
        specialization: None,
        qualifications: Some("BDS".into()),
        registration_number: email.into(),
        registration_council: "MSDC".into(),
    };
    NewUser { roles: vec![Role::Dentist], doctor: Some(doctor), ..nurse(email) }
}

fn registered(number: &str) -> DoctorChange {
    DoctorChange {
        role: Role::Dentist,
        specialization: Some("Endodontics".into()),
        qualifications: Some("MDS".into()),
        registration_number: Some(number.into()),
        registration_council: Some("MSDC".into()),
    }
}

struct Office {
    clinic: Clinic,
    desk: Desk,
}

impl Office {
    async fn open() -> Self {
        let clinic = Clinic::open().await;
        let desk = clinic.desk().await;
        Self { clinic, desk }
    }

    async fn add(&self, new: &NewUser) -> Response {
        send(&self.desk, self.desk.token(), Method::POST, "/v1/users", new).await
    }

    async fn added(&self, new: &NewUser) -> UserAdded {
        ok(self.add(new).await).await
    }

    async fn change(&self, user: Uuid, change: &impl serde::Serialize) -> Response {
        send(&self.desk, self.desk.token(), Method::PATCH, &format!("/v1/users/{user}"), change).await
    }

    async fn users(&self) -> Vec<UserInfo> {
        ok(send(&self.desk, self.desk.token(), Method::GET, "/v1/users", &json!({})).await).await
    }
}

async fn said(response: Response, status: u16) -> String {
    let Refused { status: got, detail, .. } = refused(response).await;
    assert_eq!(got, status, "{detail}");
    detail
}

#[tokio::test]
async fn who_is_added_signs_in_with_a_one_time_password_and_chooses_their_own() {
    let office = Office::open().await;
    let UserAdded { user, one_time_password } = office.added(&nurse("Lata@sunrise.example ")).await;
    assert_eq!((user.email.as_str(), user.full_name.as_str()), ("lata@sunrise.example", "Lata Pawar"));
    assert_eq!((user.roles, user.mobile_number.as_deref()), (vec![Role::Nurse], Some("+919820441276")));
    assert!(user.must_change_password && user.is_active);

    let desk = &office.desk;
    let response = desk.login("lata@sunrise.example", &one_time_password.0).await;
    let session: Session = ok(response).await;
    assert!(session.notices.iter().any(|notice| notice.code == NoticeCode::PasswordChangeRequired));
    let token = &session.tokens.access_token.0;
    // The work on this computer goes on; for anything else they choose a password first.
    assert_eq!(desk.ask(token).await.status(), StatusCode::OK);
    let path = format!("/v1/patients/{}", Uuid::now_v7());
    let told = refused(send(desk, token, Method::GET, &path, &json!({})).await).await;
    assert_eq!((told.status, told.code), (403, ErrorCode::PasswordChangeRequired));

    let change = |old: &str, new: &str| PasswordChange {
        old_password: Secret(old.to_owned()),
        new_password: Secret(new.to_owned()),
    };
    let password = async |token: &str, change: &PasswordChange| {
        send(desk, token, Method::POST, "/v1/auth/password", change).await
    };
    let one_time = one_time_password.0.as_str();
    let wrong = refused(password(token, &change("not this one", NEW_PASSWORD)).await).await;
    assert_eq!((wrong.status, wrong.code), (401, ErrorCode::WrongPassword));
    let logged = format!("tenant_audit_log where action = 'login_failed' and user_id = '{}'", user.id);
    assert_eq!(office.clinic.count(&logged).await, 1);
    for weak in ["short", "password1234", "lata pawar lata", "sunrise over the sea", one_time, "\u{1F600}"] {
        said(password(token, &change(one_time, weak)).await, 422).await;
    }
    assert_eq!(password(token, &change(one_time, NEW_PASSWORD)).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(desk.ask(token).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(desk.login("lata@sunrise.example", one_time).await.status(), StatusCode::UNAUTHORIZED);
    let session: Session = ok(desk.login("lata@sunrise.example", NEW_PASSWORD).await).await;
    assert_eq!(session.notices, []);
    let response = send(desk, &session.tokens.access_token.0, Method::GET, &path, &json!({})).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_wrong_with_a_new_member_of_staff_is_said() {
    let office = Office::open().await;
    office.added(&nurse("lata@sunrise.example")).await;
    let elsewhere = protocol::id::ClinicId::new();
    let cases = [
        (NewUser { email: "LATA@sunrise.example".into(), ..nurse("") }, "this e-mail already"),
        (NewUser { email: "\u{1F600}".into(), ..nurse("") }, "like name@clinic.example"),
        (NewUser { full_name: "  ".into(), ..nurse("a@b.example") }, "a name of at most"),
        (NewUser { full_name: "x".repeat(101), ..nurse("a@b.example") }, "a name of at most"),
        (NewUser { full_name: "Lata\u{202E}".into(), ..nurse("a@b.example") }, "a name of at most"),
        (NewUser { mobile_number: Some("12".into()), ..nurse("a@b.example") }, "not a mobile number"),
        (NewUser { roles: vec![], ..nurse("a@b.example") }, "at least one role"),
        (NewUser { doctor: None, ..dentist("a@b.example") }, "needs the registration number"),
        (NewUser { roles: vec![Role::Nurse], ..dentist("a@b.example") }, "Only a doctor or a dentist"),
        (NewUser { clinics: vec![elsewhere], ..nurse("a@b.example") }, "not one of yours"),
    ];
    for (new, expected) in cases {
        let detail = said(office.add(&new).await, 422).await;
        assert!(detail.contains(expected), "{detail}");
    }
    assert_eq!(office.users().await.len(), 2);
    let unknown = json!({"full_name": "Lata", "email": "a@b.example", "roles": ["super_admin"]});
    assert_eq!(
        send(&office.desk, office.desk.token(), Method::POST, "/v1/users", &unknown).await.status(),
        422
    );
}

#[tokio::test]
async fn the_clinics_of_a_member_of_staff_begin_with_the_one_where_they_mostly_are() {
    let office = Office::open().await;
    let first = office.clinic.registered.clinic_id;
    let body = json!({"clinic_name": "Sunrise Bandra", "clinic_code": "bandra"});
    let row: Value =
        ok(send(&office.desk, office.desk.token(), Method::POST, "/v1/clinics", &body).await).await;
    let second: protocol::id::ClinicId = serde_json::from_value(row["id"].clone()).expect("an id");
    let new = NewUser { clinics: vec![second, first, second], ..nurse("lata@sunrise.example") };
    let user = office.added(&new).await.user;
    assert_eq!(user.clinics, [second, first]);
    let change = UserChange { clinics: Some(vec![first]), ..UserChange::default() };
    let user: UserInfo = ok(office.change(user.id.0, &change).await).await;
    assert_eq!(user.clinics, [first]);
    let neighbour = register(&office.clinic.http, office.clinic.server.url(), &registration("MAIN")).await;
    for elsewhere in [neighbour.clinic_id, protocol::id::ClinicId::new()] {
        let new = NewUser { clinics: vec![elsewhere], ..nurse("b@sunrise.example") };
        let detail = said(office.add(&new).await, 422).await;
        assert!(detail.contains("not one of yours"), "{detail}");
        let change = UserChange { clinics: Some(vec![elsewhere]), ..UserChange::default() };
        assert_eq!(said(office.change(user.id.0, &change).await, 422).await, detail);
    }
}

#[tokio::test]
async fn other_roles_end_the_tokens_at_once_and_hold_from_the_next_one_on() {
    let office = Office::open().await;
    let id = office.clinic.add_staff("lata@sunrise.example", "receptionist").await;
    let session = office.desk.sign_in("lata@sunrise.example").await;
    let token = session.tokens.access_token.0;
    let rename = UserChange { full_name: Some("Lata Joshi".into()), ..UserChange::default() };
    let user: UserInfo = ok(office.change(id.0, &rename).await).await;
    assert_eq!(user.full_name, "Lata Joshi");
    assert_eq!(office.desk.ask(&token).await.status(), StatusCode::OK);

    let promote = UserChange { roles: Some(vec![Role::Nurse]), ..UserChange::default() };
    office.change(id.0, &promote).await;
    assert_eq!(office.desk.ask(&token).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(office.desk.sign_in("lata@sunrise.example").await.user.roles.0, [Role::Nurse]);

    let leave = UserChange { is_active: Some(false), ..UserChange::default() };
    office.change(id.0, &leave).await;
    assert_eq!(office.desk.login("lata@sunrise.example", PASSWORD).await.status(), StatusCode::UNAUTHORIZED);
    let back = UserChange { is_active: Some(true), ..UserChange::default() };
    office.change(id.0, &back).await;
    office.desk.sign_in("lata@sunrise.example").await;
}

#[tokio::test]
async fn another_email_signs_in_with_the_same_password_and_one_that_is_taken_does_not() {
    let office = Office::open().await;
    let id = office.clinic.add_staff("lata@sunrise.example", "nurse").await;
    let token = office.desk.sign_in("lata@sunrise.example").await.tokens.access_token.0;
    let with = |email: &str| UserChange { email: Some(email.into()), ..UserChange::default() };
    let clash = refused(office.change(id.0, &with(EMAIL)).await).await;
    assert_eq!((clash.status, clash.code), (422, ErrorCode::EmailTaken));
    said(office.change(id.0, &with(" ")).await, 422).await;
    assert_eq!(office.desk.ask(&token).await.status(), StatusCode::OK);
    let user: UserInfo = ok(office.change(id.0, &with(" Lata.Joshi@sunrise.example")).await).await;
    assert_eq!(user.email, "lata.joshi@sunrise.example");
    assert_eq!(office.desk.ask(&token).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(office.desk.login("lata@sunrise.example", PASSWORD).await.status(), StatusCode::UNAUTHORIZED);
    office.desk.sign_in("lata.joshi@sunrise.example").await;
    let of = format!("record_id = '{id}' and user_id = '{}'", office.clinic.registered.admin_user_id);
    let logged =
        format!("tenant_audit_log where action = 'update' and changes -> 'columns' ? 'email' and {of}");
    assert_eq!(office.clinic.count(&logged).await, 1);
}

#[tokio::test]
async fn the_last_admin_neither_leaves_nor_loses_the_role() {
    let office = Office::open().await;
    let admin = office.clinic.registered.admin_user_id.0;
    let demote = UserChange { roles: Some(vec![Role::Doctor]), ..UserChange::default() };
    let leave = UserChange { is_active: Some(false), ..UserChange::default() };
    for change in [&demote, &leave] {
        let detail = said(office.change(admin, change).await, 422).await;
        assert!(detail.contains("only admin"), "{detail}");
    }
    // One who cannot sign in does not count.
    let second = office.clinic.add_staff("owner@sunrise.example", "admin").await;
    office.change(second.0, &leave).await;
    said(office.change(admin, &demote).await, 422).await;
    office.change(second.0, &UserChange { is_active: Some(true), ..UserChange::default() }).await;
    // Nor one who came from an earlier program without a password.
    let owner = "where email = 'owner@sunrise.example'";
    office.clinic.sql(&format!("update users set password_hash = '!' {owner}")).await;
    said(office.change(admin, &demote).await, 422).await;
    let of_admin = format!("select password_hash from users where id = '{admin}'");
    office.clinic.sql(&format!("update users set password_hash = ({of_admin}) {owner}")).await;
    // Nor one who never came, and whose one-time password is over.
    let set = async |until: &str| {
        let sql = format!(
            "update users set must_change_password = true, one_time_until = now() {until} \
             where email = 'owner@sunrise.example'"
        );
        office.clinic.sql(&sql).await;
    };
    set("- interval '1 second'").await;
    said(office.change(admin, &demote).await, 422).await;
    set("+ interval '1 day'").await;
    let user: UserInfo = ok(office.change(admin, &demote).await).await;
    assert_eq!(user.roles, [Role::Doctor]);
}

#[tokio::test]
async fn doctors_come_up_to_the_limit_of_the_plan_and_make_room_when_they_leave() {
    let office = Office::open().await;
    office.clinic.sql("update tenants set max_doctors = 2").await;
    let first = office.added(&dentist("a@sunrise.example")).await.user;
    let detail = said(office.add(&dentist("b@sunrise.example")).await, 422).await;
    assert!(detail.contains("no room for another doctor"), "{detail}");
    assert_eq!(office.users().await.len(), 2, "nothing of a refused person stays");
    // Who is no prescriber is not counted.
    let nurse = office.added(&nurse("c@sunrise.example")).await.user;
    let promote = UserChange {
        roles: Some(vec![Role::Doctor]),
        doctor: Some(registered("d@sunrise.example")),
        ..UserChange::default()
    };
    said(office.change(nurse.id.0, &promote).await, 422).await;
    let leave = UserChange { is_active: Some(false), ..UserChange::default() };
    office.change(first.id.0, &leave).await;
    let promoted: UserInfo = ok(office.change(nurse.id.0, &promote).await).await;
    assert!(promoted.doctor_id.is_some());
    let back = UserChange { is_active: Some(true), ..UserChange::default() };
    said(office.change(first.id.0, &back).await, 422).await;
    let demote = UserChange { roles: Some(vec![Role::Nurse]), ..UserChange::default() };
    office.change(nurse.id.0, &demote).await;
    let back: UserInfo = ok(office.change(first.id.0, &back).await).await;
    assert_eq!(back.doctor_id, first.doctor_id);
    assert_eq!(office.clinic.count("doctors where is_active").await, 2);
}

#[tokio::test]
async fn two_doctors_of_one_registration_are_refused() {
    let office = Office::open().await;
    office.added(&dentist("a@sunrise.example")).await;
    let again = NewUser { email: "b@sunrise.example".into(), ..dentist("a@sunrise.example") };
    let detail = said(office.add(&again).await, 422).await;
    assert!(detail.contains("registration number"), "{detail}");
}

#[tokio::test]
async fn the_registration_of_a_doctor_who_is_here_is_completed() {
    let office = Office::open().await;
    let add = async |email: &str, number: &str| {
        let new = NewUser { email: email.into(), ..dentist(number) };
        office.added(&new).await.user
    };
    let before = add("a@sunrise.example", "to be completed").await;
    let with = |number: &str| UserChange { doctor: Some(registered(number)), ..UserChange::default() };
    let after: UserInfo = ok(office.change(before.id.0, &with("A-30417")).await).await;
    assert_eq!(after.doctor_id, before.doctor_id);
    let complete = "doctors where registration_number = 'A-30417' and registration_council = 'MSDC'
                    and qualifications = 'MDS' and specialization = 'Endodontics' and kind = 'dentist'";
    assert_eq!(office.clinic.count(complete).await, 1);
    add("b@sunrise.example", "A-1").await;
    let detail = said(office.change(before.id.0, &with("A-1")).await, 422).await;
    assert!(detail.contains("registration number"), "{detail}");
    said(office.change(before.id.0, &with(" ")).await, 422).await;
    assert_eq!(office.clinic.count(complete).await, 1);
    let part =
        json!({ "doctor": { "role": "dentist", "qualifications": "", "registration_council": "DCI" } });
    let _: UserInfo = ok(office.change(before.id.0, &part).await).await;
    let without = "doctors where registration_number = 'A-30417' and registration_council = 'DCI'
                   and qualifications is null and specialization = 'Endodontics'";
    assert_eq!(office.clinic.count(without).await, 1, "what is emptied goes, what is not given stays");
}

#[tokio::test]
async fn another_name_of_a_doctor_stands_under_their_prescriptions_too() {
    let office = Office::open().await;
    let new = NewUser { email: "a@sunrise.example".into(), ..dentist("A-30417") };
    let user = office.added(&new).await.user;
    let rename = UserChange { full_name: Some("Dr. Lata Joshi Pawar".into()), ..UserChange::default() };
    let after: UserInfo = ok(office.change(user.id.0, &rename).await).await;
    assert_eq!(after.full_name, "Dr. Lata Joshi Pawar");
    let renamed = "doctors where first_name = 'Lata' and last_name = 'Joshi Pawar' and is_active
                   and registration_number = 'A-30417'";
    assert_eq!(office.clinic.count(renamed).await, 1);
}

#[tokio::test]
async fn who_comes_back_to_a_registration_that_another_one_bears_is_told() {
    let office = Office::open().await;
    let new = NewUser { email: "a@sunrise.example".into(), ..dentist("A-30417") };
    let first = office.added(&new).await.user;
    let leave = UserChange { is_active: Some(false), ..UserChange::default() };
    office.change(first.id.0, &leave).await;
    office.added(&NewUser { email: "b@sunrise.example".into(), ..dentist("A-30417") }).await;
    let back = UserChange { is_active: Some(true), ..UserChange::default() };
    let detail = said(office.change(first.id.0, &back).await, 422).await;
    assert!(detail.contains("registration number"), "{detail}");
    // With one of their own they are welcome.
    let back = UserChange { doctor: Some(registered("A-30418")), ..back };
    let user: UserInfo = ok(office.change(first.id.0, &back).await).await;
    assert!(user.is_active && user.doctor_id == first.doctor_id);
}

#[tokio::test]
async fn a_lost_password_is_replaced_by_one_that_serves_once() {
    let office = Office::open().await;
    let id = office.clinic.add_staff("lata@sunrise.example", "nurse").await;
    let token = office.desk.sign_in("lata@sunrise.example").await.tokens.access_token.0;
    let reset = async |user: Uuid| {
        let path = format!("/v1/users/{user}/password");
        send(&office.desk, office.desk.token(), Method::POST, &path, &json!({})).await
    };
    let fresh: OneTimePassword = ok(reset(id.0).await).await;
    assert_eq!(office.desk.ask(&token).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(office.desk.login("lata@sunrise.example", PASSWORD).await.status(), StatusCode::UNAUTHORIZED);
    let response = office.desk.login("lata@sunrise.example", &fresh.one_time_password.0).await;
    assert_eq!(response.status(), StatusCode::OK);
    let again: OneTimePassword = ok(reset(id.0).await).await;
    assert_ne!(again.one_time_password, fresh.one_time_password);
    said(reset(office.clinic.registered.admin_user_id.0).await, 422).await;
    said(reset(Uuid::now_v7()).await, 404).await;
}

#[tokio::test]
async fn a_one_time_password_signs_in_for_a_while_only() {
    let office = Office::open().await;
    let UserAdded { user, one_time_password } = office.added(&nurse("lata@sunrise.example")).await;
    let within = async |time: &str| {
        let until =
            format!("between now() + interval '{time}' - interval '1 minute' and now() + interval '{time}'");
        office.clinic.count(&format!("users where email like 'lata@%' and one_time_until {until}")).await
    };
    assert_eq!(within("7 days").await, 1, "who is new has a week");
    let path = format!("/v1/users/{}/password", user.id);
    let reset = async || -> OneTimePassword {
        ok(send(&office.desk, office.desk.token(), Method::POST, &path, &json!({})).await).await
    };
    let fresh = reset().await.one_time_password;
    assert_eq!(within("10 minutes").await, 1, "who lost theirs has ten minutes");
    assert_ne!(fresh, one_time_password);
    let over =
        "update clinic.users set one_time_until = now() - interval '1 second' where email like 'lata@%'";
    office.clinic.sql(over).await;
    let told = refused(office.desk.login("lata@sunrise.example", &fresh.0).await).await;
    assert_eq!((told.status, told.code), (401, ErrorCode::WrongCode));
    // Nor is another computer enrolled with it.
    let key = SigningKey::from_bytes(&rand::random());
    let request = enrol_request(&key, &office.clinic.code().await, "lata@sunrise.example", &fresh.0);
    let told = refused(office.clinic.post("/v1/devices/enrol", &request).await).await;
    assert_eq!((told.status, told.code), (401, ErrorCode::WrongCode));
    let again = reset().await.one_time_password;
    let session: Session = ok(office.desk.login("lata@sunrise.example", &again.0).await).await;
    // Who has chosen a password of their own has no such time.
    let token = session.tokens.access_token.0;
    let change = json!({ "old_password": again.0, "new_password": NEW_PASSWORD });
    let chosen = send(&office.desk, &token, Method::POST, "/v1/auth/password", &change).await;
    assert_eq!(chosen.status(), StatusCode::NO_CONTENT);
    assert_eq!(office.desk.login("lata@sunrise.example", NEW_PASSWORD).await.status(), StatusCode::OK);
    assert_eq!(office.clinic.count("users where one_time_until is not null").await, 0);
}

#[tokio::test]
async fn a_revoked_computer_is_out_at_once_and_stays_in_the_list() {
    let office = Office::open().await;
    let other = office.clinic.desk().await;
    let devices = async || -> Vec<DeviceInfo> {
        ok(send(&office.desk, office.desk.token(), Method::GET, "/v1/devices", &json!({})).await).await
    };
    let listed = devices().await;
    assert_eq!((listed.len(), listed[0].scope), (2, DeviceScope::Clinical));
    let revoke = async |device: Uuid| {
        let path = format!("/v1/devices/{device}/revoke");
        send(&office.desk, office.desk.token(), Method::POST, &path, &json!({})).await
    };
    // Not the one on which they work, nor one that there is not.
    said(revoke(office.desk.device.0).await, 422).await;
    said(revoke(Uuid::now_v7()).await, 404).await;
    let out: DeviceInfo = ok(revoke(other.device.0).await).await;
    let told = refused(other.ask(other.token()).await).await;
    assert_eq!((told.status, told.code), (403, ErrorCode::DeviceRevoked));
    assert_eq!(refused(other.refresh(&other.session.tokens).await).await.code, ErrorCode::DeviceRevoked);
    let again: DeviceInfo = ok(revoke(other.device.0).await).await;
    assert_eq!(again.revoked_at, out.revoked_at);
    let listed = devices().await;
    assert_eq!(listed.iter().filter(|device| device.revoked_at.is_some()).count(), 1);
    assert_eq!(
        office
            .clinic
            .count(&format!("devices where revoked_by = '{}'", office.clinic.registered.admin_user_id))
            .await,
        1
    );
}

#[tokio::test]
async fn what_an_admin_does_stands_in_the_log_under_their_name() {
    let office = Office::open().await;
    let user = office.added(&nurse("lata@sunrise.example")).await.user;
    let promote = UserChange { roles: Some(vec![Role::Receptionist]), ..UserChange::default() };
    office.change(user.id.0, &promote).await;
    let admin = office.clinic.registered.admin_user_id;
    for action in ["create", "role_change"] {
        let entries = format!(
            "tenant_audit_log where action = '{action}' and record_id = '{}' and user_id = '{admin}'",
            user.id
        );
        assert_eq!(office.clinic.count(&entries).await, 1, "{action}");
    }
}

#[tokio::test]
async fn the_last_of_two_admins_who_leave_at_once_stays() {
    let office = Office::open().await;
    let second = office.clinic.add_staff("owner@sunrise.example", "admin").await;
    let leave = UserChange { is_active: Some(false), ..UserChange::default() };
    let token = office.desk.sign_in("owner@sunrise.example").await.tokens.access_token.0;
    let path = format!("/v1/users/{}", office.clinic.registered.admin_user_id);
    let (one, other) = tokio::join!(
        office.change(second.0, &leave),
        send(&office.desk, &token, Method::PATCH, &path, &leave),
    );
    let left = [one.status(), other.status()].iter().filter(|status| status.is_success()).count();
    assert_eq!(left, 1);
    assert_eq!(office.clinic.count("users where is_active and 'admin' = any (roles)").await, 1);
    assert_eq!(office.clinic.count(&format!("users where email = '{EMAIL}'")).await, 1);
}
