//! `POST /v1/devices/standing`, and what every token brings: for how long a computer may work without contact.

use clinic_sync::auth::password::{PasswordCost, Passwords};
use clinic_sync::operator::{OutputOptions, TenantCommand, TenantOffline, run_tenant};
use clinic_sync::order::OrderKey;
use protocol::api::{StandingRequest, Tokens};
use protocol::error::ErrorCode;
use protocol::permission::Role;
use protocol::signing::{public_key_text, sign, standing_message};
use protocol::standing::{Lease, MAX_OFFLINE_DAYS, Order, SignedOrder};
use sqlx::Connection;
use time::{Duration, OffsetDateTime};

use crate::desk::{Clinic, Desk, EMAIL, PASSWORD, post, refused};

async fn request(desk: &Desk, nonce: &str) -> StandingRequest {
    let challenge = desk.challenge().await;
    let message = standing_message("test", desk.tenant, desk.device, &challenge);
    StandingRequest {
        tenant_id: desk.tenant,
        device_id: desk.device,
        signature: sign(&desk.key, &message),
        challenge,
        nonce: nonce.into(),
        is_locked: false,
    }
}

async fn ask(desk: &Desk) -> SignedOrder {
    let response = desk.post("/v1/devices/standing", &request(desk, "mine").await).await;
    assert_eq!(response.status(), 200);
    response.json().await.expect("an order")
}

/// What the key that this computer learnt when it was enrolled has signed.
fn lease(desk: &Desk, order: &SignedOrder) -> Lease {
    let known = &learnt(&desk.session.tokens).key;
    match order.open(Some(known), (desk.tenant, desk.device)) {
        Ok(Order::Lease(lease)) => lease,
        other => panic!("{other:?}"),
    }
}

fn learnt(tokens: &Tokens) -> &SignedOrder {
    tokens.standing.as_ref().expect("a lease")
}

async fn set_days(clinic: &Clinic, days: u8) {
    say_days(clinic, days, true).await;
}

#[tokio::test]
async fn where_computers_were_enrolled_no_server_makes_itself_another_order_key() {
    let clinic = Clinic::open().await;
    let db = clinic.server.database().app_db().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    OrderKey::load_or_first(&file("first.pem"), &db).await.expect("nobody knows one yet");
    clinic.desk().await;
    let refused = OrderKey::load_or_first(&file("second.pem"), &db).await.expect_err("it is not that one");
    assert!(refused.to_string().contains("enrol every computer anew"), "{refused}");
    assert!(!file("second.pem").exists());
    OrderKey::load_or_first(&file("first.pem"), &db).await.expect("it is there");
}

async fn say_days(clinic: &Clinic, days: u8, yes: bool) -> String {
    let options = TenantOffline {
        tenant_code: clinic.registered.tenant_code.clone(),
        days,
        yes,
        output: OutputOptions { json: false },
    };
    let passwords = Passwords::new(PasswordCost::LEAST);
    let db = clinic.server.database().ops_db().await;
    let mut out = Vec::new();
    run_tenant(&db, &passwords, TenantCommand::SetOffline(options), &mut out).await.expect("set");
    String::from_utf8(out).expect("text")
}

#[tokio::test]
async fn an_operator_who_does_not_say_yes_is_told_whose_computers_would_need_the_server() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let told = say_days(&clinic, 0, false).await;
    let whose = format!("{} (Sunrise Clinic) would work 0 days", clinic.registered.tenant_code);
    assert!(told.starts_with(&whose) && told.contains("on 1 computers"), "{told}");
    assert_eq!(lease(&desk, &ask(&desk).await).offline_days, 14);
}

#[tokio::test]
async fn enrolling_signing_in_refreshing_and_asking_each_bring_a_lease_of_one_key() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let before = OffsetDateTime::now_utc();
    let session = desk.sign_in(EMAIL).await;
    let next = desk.next(&session.tokens).await;
    let asked = ask(&desk).await;
    assert_eq!(lease(&desk, &asked).nonce, "mine");
    for order in [learnt(&session.tokens), learnt(&next), &asked] {
        let lease = lease(&desk, order);
        assert!((before..OffsetDateTime::now_utc()).contains(&lease.issued_at));
        assert_eq!(lease.offline_days, MAX_OFFLINE_DAYS);
        assert_eq!(lease.not_after() - lease.issued_at, Duration::days(14));
        assert_eq!(lease.people[0].user_id, desk.session.user.id);
        assert_eq!(lease.people[0].roles.0, [Role::Admin, Role::Doctor]);
    }
}

#[tokio::test]
async fn a_tenant_chooses_how_long_it_works_without_contact() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    for days in [3, 0] {
        set_days(&clinic, days).await;
        assert_eq!(lease(&desk, &ask(&desk).await).offline_days, days);
    }
    clinic.sql(r#"update tenants set settings = '{"offline": {"max_days_without_sync": 90}}'"#).await;
    assert_eq!(lease(&desk, &ask(&desk).await).offline_days, MAX_OFFLINE_DAYS);
}

#[tokio::test]
async fn a_lease_names_the_people_of_its_computer_as_they_are_now() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let nurse = clinic.add_staff("nurse@sunrise.example", "nurse").await;
    // Whoever has not signed in there is none of its people.
    assert_eq!(lease(&desk, &ask(&desk).await).people.len(), 1);
    desk.sign_in("nurse@sunrise.example").await;
    let first = lease(&desk, &ask(&desk).await);
    let known = first.colleague(nurse).expect("there");
    assert_eq!(
        (known.roles.0.as_slice(), known.email.as_deref()),
        ([Role::Nurse].as_slice(), Some("nurse@sunrise.example"))
    );

    clinic
        .sql(
            "update users set roles = '{receptionist}', password_hash = 'x' where full_name = 'Someone Else'",
        )
        .await;
    let second = lease(&desk, &ask(&desk).await);
    let (was, is) = (first.colleague(nurse).expect("there"), second.colleague(nurse).expect("there"));
    assert_eq!(is.roles.0, [Role::Receptionist]);
    assert_eq!(is.password_version, was.password_version + 1);

    clinic.sql("update users set is_active = false where full_name = 'Someone Else'").await;
    assert_eq!(lease(&desk, &ask(&desk).await).colleague(nurse), None);
}

#[tokio::test]
async fn a_lease_names_the_other_computers_of_admins() {
    let clinic = Clinic::open().await;
    let (desk, other) = (clinic.desk().await, clinic.desk().await);
    let admins = lease(&desk, &ask(&desk).await).admin_devices;
    assert_eq!(admins.len(), 1, "{admins:?}");
    assert_eq!(admins[0].device_id, other.device);
    assert_eq!(admins[0].public_key, public_key_text(&other.key.verifying_key()));
    clinic.sql(&format!("update devices set revoked_at = now() where id = '{}'", other.device)).await;
    assert_eq!(lease(&desk, &ask(&desk).await).admin_devices, []);
}

#[tokio::test]
async fn only_the_computer_itself_is_told_how_it_stands() {
    let clinic = Clinic::open().await;
    let (desk, other) = (clinic.desk().await, clinic.desk().await);
    let used = request(&desk, "").await;
    assert_eq!(desk.post("/v1/devices/standing", &used).await.status(), 200);
    for bad in [
        used,
        StandingRequest { signature: String::new(), ..request(&desk, "").await },
        StandingRequest { device_id: other.device, ..request(&desk, "").await },
    ] {
        let told = refused(desk.post("/v1/devices/standing", &bad).await).await;
        assert_eq!(told.code, ErrorCode::Unauthorized);
    }
    assert_eq!(desk.login(EMAIL, PASSWORD).await.status(), 200);
}

#[tokio::test]
async fn a_computer_that_is_taken_out_of_service_while_it_asks_gets_no_lease() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let asked = request(&desk, "mine").await;
    let (mut admin, mut watcher) = (clinic.connection().await, clinic.connection().await);
    let mut taking = admin.begin().await.expect("begun");
    sqlx::query("update devices set revoked_at = now() where id = $1")
        .bind(desk.device.0)
        .execute(&mut *taking)
        .await
        .expect("taken out of service");
    let asking = tokio::spawn(post(&desk.http, &desk.url, "/v1/devices/standing", &asked).send());
    // It has proved which one it is before that counts, and waits for it, or was answered.
    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'";
    while !asking.is_finished()
        && sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut watcher).await.expect("a number") == 0
    {}
    taking.commit().await.expect("kept");
    let response = asking.await.expect("no panic").expect("an answer");
    let order: SignedOrder = response.json().await.expect("an order");
    let known = &learnt(&desk.session.tokens).key;
    let order = order.open(Some(known), (desk.tenant, desk.device));
    assert!(matches!(order, Ok(Order::Revoked(_))), "{order:?}");
}
