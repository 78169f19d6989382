//! An admin reads the audit log: what is asked of the server, what comes to the window, and what is said without the server.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, ready};
use futures_util::stream::{self, StreamExt};
use protocol::api::{DeviceScope, Secret};
use protocol::audit::{Action, AuditEntry, AuditPage, AuditQuery};
use protocol::error::ErrorCode;
use protocol::id::{ClinicId, DeviceId, PatientId, UserId};
use protocol::manage::{DeviceInfo, UserInfo};
use protocol::permission::Role;
use protocol::table::Table;
use serde_json::{Value, json};
use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

use super::passwords::Computer;
use super::{NOW, fixture};
use crate::desk::audit::{choices, list, query, record, what};
use crate::error::{Error, Result};
use crate::hindi::hindi;
use crate::language::Language;
use crate::sync::client::Client;
use crate::sync::wire::{Answer, Request, Wire};
use crate::view::{AuditFilter, AuditMoment, CommandError};

const LATA: UserId = UserId(Uuid::from_u128(0x1a7a));
const CHAIR: DeviceId = DeviceId(Uuid::from_u128(0xc4a1));

fn lata() -> UserInfo {
    UserInfo {
        id: LATA,
        full_name: "Lata Pawar".into(),
        email: "lata@example.org".into(),
        mobile_number: None,
        roles: vec![Role::Doctor],
        is_active: false,
        must_change_password: false,
        doctor_id: None,
        clinics: vec![],
        last_login_at: None,
    }
}

fn chair() -> DeviceInfo {
    DeviceInfo {
        id: CHAIR,
        name: "Chair 2".into(),
        clinic_id: ClinicId(Uuid::from_u128(3)),
        platform: "linux".into(),
        app_version: "1.0.0".into(),
        scope: DeviceScope::Clinical,
        lane: "B".into(),
        enrolled_at: NOW,
        enrolled_by: LATA,
        last_seen_at: None,
        revoked_at: None,
        is_copied: false,
        copied_from: None,
        recovered_from: None,
        recovered_as: None,
        recovery_fingerprint: None,
        recovery_made_at: None,
        lease_until: None,
        revocation: None,
    }
}

fn entry(seq: i64, action: Action) -> AuditEntry {
    AuditEntry {
        lane: "writes".into(),
        seq,
        at: NOW,
        occurred_at: Some(NOW - Duration::seconds(4)),
        action,
        table: None,
        record: None,
        patient: None,
        clinic: None,
        user: Some(LATA),
        device: Some(CHAIR),
        app_version: None,
        login: "clinic_app".into(),
        changes: None,
        reason: None,
    }
}

fn viewed(seq: i64, patient: PatientId) -> AuditEntry {
    AuditEntry {
        table: Some("patients".into()),
        record: Some(patient.0),
        patient: Some(patient),
        ..entry(seq, Action::View)
    }
}

fn page(entries: Vec<AuditEntry>) -> AuditPage {
    AuditPage { entries, next: Some("1.2.writes".into()) }
}

/// A server that says this to whatever it is asked.
struct Server {
    says: (u16, Value),
    asked: Mutex<Vec<String>>,
}

impl Server {
    fn that_says(status: u16, body: Value) -> (Arc<Self>, Client) {
        let server = Arc::new(Self { says: (status, body), asked: Mutex::default() });
        let wire: Arc<dyn Wire> = Arc::<Self>::clone(&server);
        (server, Client::over(wire))
    }
}

impl Wire for Server {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer>> {
        assert!(request.token.is_some());
        self.asked.lock().expect("BUG: nobody panics").push(request.path);
        let (status, body) = &self.says;
        let kind = if *status < 400 { "application/json" } else { "application/problem+json" };
        let body = Bytes::from(serde_json::to_vec(body).expect("BUG: JSON"));
        let body = stream::iter([Ok(body)]).boxed();
        ready(Ok(Answer { status: *status, kind: kind.into(), body })).boxed()
    }
}

#[tokio::test]
async fn the_server_is_asked_for_the_days_of_the_clinic() {
    let fixture = fixture(Role::Admin);
    let filter = AuditFilter {
        from: Some("2026-11-22".into()),
        to: Some("23/11/2026".into()),
        action: Some("view".into()),
        person: Some(LATA),
        patient: None,
    };
    let asked = query(&fixture.replica, filter, Some("7.1.writes".into())).expect("BUG: days");
    let (server, client) = Server::that_says(200, json!(page(vec![])));
    client.audit(&Secret("token".into()), &asked).await.expect("BUG: a page");
    let asked = server.asked.lock().expect("BUG: nobody panics").concat();
    for part in [
        "v1/audit?",
        "from=2026-11-21T18%3A30%3A00.000Z",
        "to=2026-11-23T18%3A30%3A00.000Z",
        "action=view",
        format!("user={LATA}").as_str(),
        "after=7.1.writes",
    ] {
        assert!(asked.contains(part), "{part} is not in {asked}");
    }
    assert!(!asked.contains("patient=") && !asked.contains("limit="), "{asked}");
}

#[test]
fn days_that_cannot_be_are_said_before_the_server_is_asked() {
    let fixture = fixture(Role::Admin);
    let asked = |from: &str, to: &str| {
        let filter = AuditFilter { from: Some(from.into()), to: Some(to.into()), ..AuditFilter::default() };
        query(&fixture.replica, filter, None)
    };
    assert_eq!(asked(" ", "").expect("BUG: all days").from, None);
    for (from, to) in [("2026-11-24", "2026-11-23"), ("yesterday", "")] {
        let told = CommandError::from(asked(from, to).expect_err("BUG: no days"));
        assert_eq!((told.code, told.hindi.is_some()), (ErrorCode::Invalid, true), "{}", told.detail);
    }
}

#[test]
fn an_entry_says_who_did_what_with_whose_record_where_and_when_by_the_clinics_clock() {
    let fixture = fixture(Role::Admin);
    let sunita = fixture.register("Sunita", "98204 41276");
    let stranger = PatientId(Uuid::from_u128(0x57a));
    let late = AuditEntry { occurred_at: Some(datetime!(2026-11-22 20:00 UTC)), ..viewed(2, stranger) };
    let page = page(vec![viewed(1, sunita), late]);
    let shown = list(&fixture.replica, page, vec![lata()], vec![chair()]).expect("BUG: read");
    assert_eq!(shown.older.as_deref(), Some("1.2.writes"));
    let [one, other] = shown.entries.as_slice() else { panic!("BUG: two entries") };
    assert_eq!((one.id.as_str(), one.who.as_str(), one.what.as_str()), ("writes.1", "Lata Pawar", "Opened"));
    assert_eq!((one.computer.as_deref(), one.record.as_deref()), (Some("Chair 2"), Some("Patient")));
    assert_eq!((one.name.as_deref(), one.patient), (Some("Sunita Deshmukh"), Some(sunita)));
    assert_eq!(one.at, AuditMoment { day: "2026-11-23".into(), time: "10:41".into() });
    assert_eq!(one.done, None, "a few seconds are no other time");
    assert_eq!((other.name.as_deref(), other.patient), (None, Some(stranger)), "not on this computer");
    assert_eq!(other.done, Some(AuditMoment { day: "2026-11-23".into(), time: "01:30".into() }));
}

#[test]
fn what_no_person_of_the_clinic_did_is_told_as_such() {
    let fixture = fixture(Role::Admin);
    let nobody = |lane: &str, action| AuditEntry {
        lane: lane.into(),
        user: None,
        device: None,
        login: "psql".into(),
        ..entry(1, action)
    };
    let page = page(vec![
        nobody("writes", Action::Update),
        nobody("operator", Action::OperatorAccess),
        nobody("accounts", Action::LoginFailed),
        AuditEntry { user: Some(UserId(Uuid::from_u128(9))), ..entry(4, Action::View) },
        AuditEntry { record: Some(CHAIR.0), table: Some("devices".into()), ..entry(5, Action::Other) },
    ]);
    let shown = list(&fixture.replica, page, vec![lata()], vec![chair()]).expect("BUG: read").entries;
    let who: Vec<&str> = shown.iter().map(|one| one.who.as_str()).collect();
    assert_eq!(
        who,
        [
            "No person, but a program: psql",
            "Whoever runs the server",
            "Nobody whom the server knows",
            "Somebody who is not on the list of staff",
            "Lata Pawar"
        ]
    );
    assert_eq!(shown[0].computer, None);
    assert_eq!(shown[4].name.as_deref(), Some("Chair 2"));
}

#[test]
fn everything_that_the_log_is_told_in_is_said_in_hindi() {
    let fixture = fixture(Role::Admin);
    let of_server = ["users", "user_clinics", "devices", "device_users", "device_revocations", "own_keys"];
    let others = ["restored_desktops", "admin_restorations", "tenants", "enrolment_codes", "sync_quarantine"];
    let synced = Table::of_tenant().map(|table| table.sql_name);
    for table in synced.chain(of_server).chain(others).chain(["tenant_audit_log"]) {
        let kind = record(table);
        assert!(hindi(&kind).is_some(), "{table}: {kind}");
    }
    for action in Action::ALL.iter().chain([&Action::Other]) {
        assert!(hindi(what(*action)).is_some(), "{action:?}");
    }
    fixture.replica.spoken.set(Language::Hi);
    let page = page(vec![AuditEntry { user: None, ..viewed(1, PatientId(Uuid::from_u128(0x57a))) }]);
    let shown = list(&fixture.replica, page, vec![], vec![]).expect("BUG: read").entries;
    assert_eq!((shown[0].what.as_str(), shown[0].record.as_deref()), ("खोला", Some("मरीज़")));
    assert_eq!(shown[0].who, "कोई व्यक्ति नहीं, एक प्रोग्राम: clinic_app");
}

#[test]
fn one_chooses_among_the_staff_and_what_the_log_can_hold() {
    let fixture = fixture(Role::Admin);
    let choices = choices(&fixture.replica, vec![lata()]);
    assert_eq!(choices.people.len(), 1);
    assert_eq!(
        (choices.people[0].value.as_str(), choices.people[0].title.as_str()),
        (&*LATA.to_string(), "Lata Pawar")
    );
    let actions: Vec<&str> = choices.actions.iter().map(|action| action.value.as_str()).collect();
    assert!(actions.contains(&"alert_override") && !actions.contains(&"break_glass"), "{actions:?}");
    let titles: std::collections::BTreeSet<&str> =
        choices.actions.iter().map(|action| action.title.as_str()).collect();
    assert_eq!(titles.len(), actions.len(), "two are told by the same words");
}

#[tokio::test]
async fn whoever_is_no_admin_reads_the_servers_refusal() {
    let no = "Your role does not allow this.";
    let says = json!({ "type": "about:blank", "status": 403, "code": "forbidden", "detail": no });
    let (_, client) = Server::that_says(403, says);
    let refused = client.audit(&Secret("token".into()), &AuditQuery::default()).await;
    let told = CommandError::from(refused.expect_err("BUG: refused"));
    assert_eq!((told.code, told.detail.as_str()), (ErrorCode::Forbidden, no));
    assert!(told.hindi.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_server_it_is_said_that_the_log_is_read_only_with_it() {
    let computer = Computer::of("http://127.0.0.1:9/").await;
    let desk = &computer.desk;
    let page = desk.audit_log(AuditFilter::default(), None).await;
    assert!(matches!(page, Err(Error::AuditNeedsServer)), "{page:?}");
    let choices = desk.audit_choices().await;
    assert!(matches!(choices, Err(Error::AuditNeedsServer)), "{choices:?}");
    desk.lock();
    assert!(matches!(desk.audit_log(AuditFilter::default(), None).await, Err(Error::Locked)));
}
