//! `POST /v1/clinics/register`.

use protocol::api::{RegisterRequest, Secret};
use protocol::error::ErrorCode;
use protocol::permission::Role;

use crate::desk::{Clinic, EMAIL, PASSWORD, refused, register, registration};

#[tokio::test]
async fn a_doctor_who_registers_gets_a_tenant_a_clinic_and_a_code_for_the_first_computer() {
    let clinic = Clinic::open().await;
    let (tenant, registered) = (clinic.tenant(), &clinic.registered);
    assert!(registered.tenant_code.starts_with("SUNRISE_"), "{}", registered.tenant_code);
    assert!(registered.enrolment.code.0.starts_with(&format!("{}-", registered.tenant_code)));
    let life = registered.enrolment.expires_at - time::OffsetDateTime::now_utc();
    assert_eq!(life.whole_hours(), 23);
    let one = async |of: String| assert_eq!(clinic.count(&of).await, 1, "{of}");
    one(format!("tenants where id = '{tenant}' and subscription_plan = 'trial'")).await;
    one(format!("tenant_sync where tenant_id = '{tenant}' and version = 1")).await;
    one(format!(
        "clinics where tenant_id = '{tenant}' and id = '{}' and is_primary and sync_version = 1",
        registered.clinic_id
    ))
    .await;
    one(format!(
        "users where tenant_id = '{tenant}' and id = '{}' and roles = '{{admin,doctor}}'
           and password_hash like '$argon2id$%'",
        registered.admin_user_id
    ))
    .await;
    let doctor = registered.doctor_id.expect("a doctor");
    one(format!(
        "doctors where tenant_id = '{tenant}' and id = '{doctor}' and user_id = '{}' and kind = 'physician'
           and first_name = 'Anjali' and last_name = 'Kulkarni' and sync_version = 1",
        registered.admin_user_id
    ))
    .await;
    let desk = clinic.desk().await;
    assert_eq!(desk.session.user.roles.0, [Role::Admin, Role::Doctor]);
    assert_eq!(desk.session.user.doctor_id, Some(doctor));
}

#[tokio::test]
async fn a_second_tenant_may_use_the_same_names_and_the_first_does_not_notice() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let other = register(&clinic.http, clinic.server.url(), &registration("MAIN")).await;
    assert_ne!(other.tenant_id, clinic.tenant());
    assert_ne!(other.tenant_code, clinic.registered.tenant_code);
    assert_eq!(
        clinic.count(&format!("tenant_sync where tenant_id = '{}' and version = 1", desk.tenant)).await,
        1
    );
    assert_eq!(clinic.count("clinics where clinic_code = 'MAIN'").await, 2);
    assert_eq!(desk.ask(desk.token()).await.status(), 200);
}

#[tokio::test]
async fn where_registration_is_switched_off_only_the_operator_makes_tenants() {
    let clinic = Clinic::open().await;
    clinic.server.state().auth.registrations.close();
    let url = format!("{}/v1/clinics/register", clinic.server.url());
    let request = clinic.http.post(url).header(protocol::api::PROTOCOL_HEADER, 1).json(&registration("MAIN"));
    let refused = refused(request.send().await.expect("an answer")).await;
    assert_eq!((refused.status, refused.code), (422, ErrorCode::Invalid));
    assert!(refused.detail.contains("takes no registrations"), "{}", refused.detail);
    assert_eq!(clinic.count("tenants").await, 1);
}

#[tokio::test]
async fn an_admin_who_does_not_prescribe_has_no_profile() {
    let clinic = Clinic::open().await;
    let request = RegisterRequest { doctor: None, ..registration("SECOND") };
    let registered = register(&clinic.http, clinic.server.url(), &request).await;
    assert_eq!(registered.doctor_id, None);
    let tenant = registered.tenant_id;
    assert_eq!(clinic.count(&format!("doctors where tenant_id = '{tenant}'")).await, 0);
    assert_eq!(clinic.count(&format!("users where tenant_id = '{tenant}' and roles = '{{admin}}'")).await, 1);
}

#[tokio::test]
async fn what_cannot_be_stored_or_is_too_easy_to_guess_is_refused_in_words() {
    let clinic = Clinic::open().await;
    let good = || registration("SECOND");
    let doctor = good().doctor.expect("a doctor");
    let with_password =
        |password: &str| RegisterRequest { admin_password: Secret(password.into()), ..good() };
    for request in [
        RegisterRequest { clinic_name: "  ".into(), ..good() },
        RegisterRequest { clinic_name: "x".repeat(201), ..good() },
        RegisterRequest { clinic_name: "Sun\u{202e}rise".into(), ..good() },
        RegisterRequest { clinic_code: "A".into(), ..good() },
        RegisterRequest { clinic_code: "MAIN CLINIC".into(), ..good() },
        RegisterRequest { admin_name: String::new(), ..good() },
        RegisterRequest { admin_email: "anjali".into(), ..good() },
        RegisterRequest { admin_email: "an jali@sunrise.example".into(), ..good() },
        with_password("too short"),
        with_password(&"long ".repeat(30)),
        with_password("password1234"),
        with_password("the sunrise clinic"),
        with_password("my name is kulkarni"),
        RegisterRequest {
            doctor: Some(protocol::api::NewDoctor { role: Role::Nurse, ..doctor.clone() }),
            ..good()
        },
        RegisterRequest {
            doctor: Some(protocol::api::NewDoctor { registration_number: " ".into(), ..doctor.clone() }),
            ..good()
        },
    ] {
        let refused = refused(clinic.post("/v1/clinics/register", &request).await).await;
        assert_eq!((refused.status, refused.code), (422, ErrorCode::Invalid), "{request:?}");
        assert!(!refused.detail.contains(PASSWORD) && !refused.detail.contains(EMAIL));
    }
    assert_eq!(clinic.count("tenants").await, 1);
}
