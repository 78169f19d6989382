//! `POST /v1/devices/enrol` and `POST /v1/devices/codes`.

use clinic_sync::auth::throttle::Who;
use ed25519_dalek::SigningKey;
use protocol::api::{CodeRequest, DeviceScope, EnrolRequest, EnrolResponse, EnrolmentCode, Secret};
use protocol::error::ErrorCode;
use protocol::id::ClinicId;

use crate::auth_session::goes_on_failing;
use crate::desk::{Clinic, EMAIL, PASSWORD, bytes_of, enrol_request, refused, register, registration};

fn key() -> SigningKey {
    SigningKey::from_bytes(&rand::random())
}

/// The code with another secret.
fn wrong(code: &Secret) -> Secret {
    let last = if code.0.ends_with('0') { '1' } else { '0' };
    Secret(format!("{}{last}", &code.0[..code.0.len() - 1]))
}

#[tokio::test]
async fn each_desktop_gets_a_lane_of_its_own_a_key_and_a_session() {
    let clinic = Clinic::open().await;
    let first = clinic.desk().await;
    let second = clinic.desk().await;
    assert_eq!((first.lane.as_str(), second.lane.as_str()), ("A", "B"));
    assert_ne!(first.device, second.device);
    assert_eq!(bytes_of(&first.session.unlock_key.0), 32);
    assert_ne!(first.session.unlock_key, second.session.unlock_key);
    assert_eq!(first.session.tokens.generation, 1);
    assert_eq!(first.ask(first.token()).await.status(), 200);
    // A lane is on paper: it is not given again.
    clinic.sql("update devices set revoked_at = now() where lane = 'B'").await;
    assert_eq!(clinic.desk().await.lane, "C");
}

#[tokio::test]
async fn a_wrong_used_old_or_foreign_code_gets_one_and_the_same_answer() {
    let clinic = Clinic::open().await;
    let used = clinic.code().await;
    let request = enrol_request(&key(), &used, EMAIL, PASSWORD);
    assert_eq!(clinic.post("/v1/devices/enrol", &request).await.status(), 200);
    let old = clinic.code().await;
    clinic
        .sql("update enrolment_codes set expires_at = now() - interval '1 second' where used_at is null")
        .await;
    let good = clinic.code().await;
    let elsewhere = good.0.replacen(&clinic.registered.tenant_code, "NO_SUCH_TENANT", 1);
    let mut answers = Vec::new();
    for code in [used, old, wrong(&good), Secret(elsewhere), Secret("nonsense".into()), Secret(String::new())]
    {
        let request = enrol_request(&key(), &code, EMAIL, PASSWORD);
        answers.push(refused(clinic.post("/v1/devices/enrol", &request).await).await);
    }
    assert_eq!((answers[0].status, answers[0].code), (401, ErrorCode::WrongCode));
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // One wrong try does not spend a code.
    let request = enrol_request(&key(), &good, EMAIL, PASSWORD);
    assert_eq!(clinic.post("/v1/devices/enrol", &request).await.status(), 200);
}

#[tokio::test]
async fn after_five_tries_a_code_is_spent() {
    let clinic = Clinic::open().await;
    let code = clinic.code().await;
    for _ in 0..5 {
        let request = enrol_request(&key(), &wrong(&code), EMAIL, PASSWORD);
        assert_eq!(clinic.post("/v1/devices/enrol", &request).await.status(), 401);
    }
    let request = enrol_request(&key(), &code, EMAIL, PASSWORD);
    let refused = refused(clinic.post("/v1/devices/enrol", &request).await).await;
    assert_eq!(refused.code, ErrorCode::WrongCode);
    assert_eq!(clinic.count("devices").await, 0);
}

#[tokio::test]
async fn a_wrong_password_an_unknown_and_an_inactive_person_get_the_same_answer() {
    let clinic = Clinic::open().await;
    clinic.add_staff("gone@sunrise.example", "nurse").await;
    clinic.sql("update users set is_active = false where email = 'gone@sunrise.example'").await;
    let code = clinic.code().await;
    let mut answers = Vec::new();
    for (email, password) in
        [(EMAIL, "not my password"), ("nobody@sunrise.example", PASSWORD), ("gone@sunrise.example", PASSWORD)]
    {
        let request = enrol_request(&key(), &code, email, password);
        answers.push(refused(clinic.post("/v1/devices/enrol", &request).await).await);
    }
    assert_eq!((answers[0].status, answers[0].code), (401, ErrorCode::WrongPassword));
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // The code is still good for whoever knows the password, however they write their e-mail.
    let request = enrol_request(&key(), &code, " Anjali@Sunrise.Example ", PASSWORD);
    assert_eq!(clinic.post("/v1/devices/enrol", &request).await.status(), 200);
}

#[tokio::test]
async fn a_person_of_another_tenant_cannot_use_the_code() {
    let clinic = Clinic::open().await;
    let mut request = registration("OTHER");
    request.admin_email = "owner@other.example".into();
    register(&clinic.http, clinic.server.url(), &request).await;
    let request = enrol_request(&key(), &clinic.code().await, "owner@other.example", PASSWORD);
    let refused = refused(clinic.post("/v1/devices/enrol", &request).await).await;
    assert_eq!(refused.code, ErrorCode::WrongPassword);
}

#[tokio::test]
async fn a_signature_that_does_not_fit_is_refused_and_costs_no_try() {
    let clinic = Clinic::open().await;
    let code = clinic.code().await;
    let good = || enrol_request(&key(), &code, EMAIL, PASSWORD);
    let other = good();
    for request in [
        EnrolRequest { signature: other.signature.clone(), ..good() },
        EnrolRequest { signature: String::new(), ..good() },
        EnrolRequest { public_key: other.public_key.clone(), ..good() },
        EnrolRequest { public_key: "short".into(), ..good() },
        EnrolRequest { platform: "amiga".into(), ..good() },
        EnrolRequest { device_name: " ".into(), ..good() },
        EnrolRequest { app_version: "1".repeat(41), ..good() },
        EnrolRequest { app_version: "1\u{1b}[2J".into(), ..good() },
    ] {
        let refused = refused(clinic.post("/v1/devices/enrol", &request).await).await;
        assert_eq!((refused.status, refused.code), (422, ErrorCode::Invalid), "{request:?}");
    }
    assert_eq!(clinic.count("enrolment_codes where tries > 0").await, 0);
    assert_eq!(clinic.post("/v1/devices/enrol", &good()).await.status(), 200);
}

#[tokio::test]
async fn two_desktops_with_one_code_at_once_are_one_desktop() {
    let clinic = Clinic::open().await;
    let code = clinic.code().await;
    let (a, b) =
        (enrol_request(&key(), &code, EMAIL, PASSWORD), enrol_request(&key(), &code, EMAIL, PASSWORD));
    let (a, b) = tokio::join!(clinic.post("/v1/devices/enrol", &a), clinic.post("/v1/devices/enrol", &b));
    let mut statuses = [a.status().as_u16(), b.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    assert_eq!(clinic.count("devices").await, 1);
}

#[tokio::test]
async fn desktops_that_come_at_once_get_different_lanes() {
    let clinic = Clinic::open().await;
    let (a, b, c) = tokio::join!(clinic.desk(), clinic.desk(), clinic.desk());
    let mut lanes = [a.lane, b.lane, c.lane];
    lanes.sort();
    assert_eq!(lanes, ["A", "B", "C"]);
}

#[tokio::test]
async fn an_admin_issues_codes_for_clinics_of_the_tenant_and_nobody_else_does() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let request = CodeRequest { clinic_id: clinic.registered.clinic_id, scope: DeviceScope::FrontDesk };
    let response = desk.post_as(desk.token(), "/v1/devices/codes", &request).await;
    assert_eq!(response.status(), 201);
    let code: EnrolmentCode = response.json().await.expect("a code");
    let life = code.expires_at - time::OffsetDateTime::now_utc();
    assert!((9 * 60..=600).contains(&life.whole_seconds()), "{life}");
    let response =
        clinic.post("/v1/devices/enrol", &enrol_request(&key(), &code.code, EMAIL, PASSWORD)).await;
    let enrolled: EnrolResponse = response.json().await.expect("an enrolment");
    assert_eq!(enrolled.scope, DeviceScope::FrontDesk);

    let nowhere = CodeRequest { clinic_id: ClinicId::new(), ..request };
    let foreign = register(&clinic.http, clinic.server.url(), &registration("MAIN")).await;
    let foreign = CodeRequest { clinic_id: foreign.clinic_id, ..request };
    let nowhere = refused(desk.post_as(desk.token(), "/v1/devices/codes", &nowhere).await).await;
    let foreign = refused(desk.post_as(desk.token(), "/v1/devices/codes", &foreign).await).await;
    assert_eq!(nowhere.code, ErrorCode::NotFound);
    assert_eq!(nowhere, foreign);

    clinic.add_staff("reception@sunrise.example", "receptionist").await;
    let session = desk.sign_in("reception@sunrise.example").await;
    let token = &session.tokens.access_token.0;
    let refused_role = refused(desk.post_as(token, "/v1/devices/codes", &request).await).await;
    assert_eq!((refused_role.status, refused_role.code), (403, ErrorCode::Forbidden));
    let nobody = refused(desk.post("/v1/devices/codes", &request).await).await;
    assert_eq!(nobody.code, ErrorCode::Unauthorized);
}

async fn guess(clinic: &Clinic, tenant_code: &str, times: usize) -> Vec<ErrorCode> {
    let mut codes = Vec::new();
    for _ in 0..times {
        let code = Secret(format!("{tenant_code}-0000-0000-0000"));
        let request = enrol_request(&key(), &code, EMAIL, PASSWORD);
        codes.push(refused(clinic.post("/v1/devices/enrol", &request).await).await.code);
    }
    codes
}

#[tokio::test]
async fn whoever_has_a_right_code_waits_for_nobody_who_guesses() {
    let clinic = Clinic::open().await;
    let tenant = &clinic.registered.tenant_code;
    assert_eq!(guess(&clinic, tenant, 11).await, [ErrorCode::WrongCode; 11]);
    goes_on_failing(&clinic, &Who::enrolling(tenant));
    assert_eq!(guess(&clinic, tenant, 2).await, [ErrorCode::TooManyRequests; 2]);
    let on_record = "tenant_audit_log where reason = 'wrong enrolment code'";
    assert_eq!(clinic.count(on_record).await, 11, "what had to wait does not fill the log");
    let right = enrol_request(&key(), &clinic.code().await, EMAIL, PASSWORD);
    assert_eq!(clinic.post("/v1/devices/enrol", &right).await.status(), 200);
}

#[tokio::test]
async fn who_has_to_wait_does_not_tell_which_tenants_there_are() {
    let clinic = Clinic::open().await;
    guess(&clinic, "NO_SUCH_TENANT", 11).await;
    goes_on_failing(&clinic, &Who::enrolling("NO_SUCH_TENANT"));
    assert_eq!(guess(&clinic, "NO_SUCH_TENANT", 1).await, [ErrorCode::TooManyRequests]);
    // As it is with a tenant that there is, of which nobody guessed yet.
    assert_eq!(guess(&clinic, "NOR_THIS_ONE", 1).await, [ErrorCode::WrongCode]);
}
