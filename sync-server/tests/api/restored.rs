//! A server whose database was restored: desktops that it does not know come back with what they have, and what it said
//! itself since the backup holds again.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clinic_sync::auth::password::{PasswordCost, Passwords};
use clinic_sync::operator::{
    EpochTenants, OutputOptions, TenantChoice, TenantCommand, TenantNewEpoch, run_tenant,
};
use protocol::api::{
    DeviceScope, EnrolAgain, EnrolRequest, EnrolResponse, EpochState, Fate, NewDoctor, OnlyHere,
    RecalledPerson, Recollection, Secret, StandingRequest,
};
use protocol::error::{ErrorCode, Problem, RefusalCode};
use protocol::id::{ClinicId, UserId};
use protocol::manage::RevokeRequest;
use protocol::mutation::SignedMutation;
use protocol::permission::Role;
use protocol::settlement::Way;
use protocol::signing::{self, public_key_text, sign, standing_message};
use protocol::standing::{Order, SignedOrder};
use protocol::table::TableName;
use reqwest::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, EMAIL, PASSWORD, body, edit, new_patient};
use crate::conflicts::alone;
use crate::prescription::Written;
use crate::revoked::{post, revoke};
use crate::settlements::{item, settled};
use crate::staff::{person, profile};

/// What the server says now of how this desktop stands.
pub async fn lease(desk: &Desk) -> SignedOrder {
    let asked = json!({ "tenant_id": desk.tenant, "device_id": desk.device });
    let answer = post(desk, "/v1/auth/challenge", &asked).await;
    let challenge = answer.json::<protocol::api::ChallengeResponse>().await.expect("a challenge").challenge;
    let signature = sign(&desk.key, &standing_message("test", desk.tenant, desk.device, &challenge));
    let (tenant_id, device_id) = (desk.tenant, desk.device);
    let request =
        StandingRequest { tenant_id, device_id, challenge, signature, nonce: "n".into(), is_locked: false };
    body(post(desk, "/v1/devices/standing", &request).await).await.expect("an order")
}

async fn operator(clinic: &Clinic, command: TenantCommand) -> String {
    let db = clinic.server.database().ops_db().await;
    let mut out = Vec::new();
    run_tenant(&db, &Passwords::new(PasswordCost::LEAST), command, &mut out).await.expect("done");
    String::from_utf8(out).expect("text")
}

/// The operator begins a new epoch.
pub async fn new_epoch(clinic: &Clinic, desks: &mut [&mut Desk]) {
    let tenants = EpochTenants { tenant_code: None, all: true };
    operator(clinic, TenantCommand::NewEpoch(TenantNewEpoch { tenants, hold: false, yes: true, json: true }))
        .await;
    for desk in desks {
        let state: EpochState = desk.get("/v1/sync/epoch").await.json().await.expect("where it stands");
        desk.epoch = state.epoch;
    }
}

async fn recall(desk: &Desk, known: &Recollection) -> Response {
    let builder = desk.client.post(format!("{}/v1/sync/restored", desk.url)).json(known);
    desk.request(builder).send().await.expect("an answer")
}

fn known(desk: &Desk, lease: &SignedOrder, people: Vec<RecalledPerson>) -> Recollection {
    Recollection { epoch: desk.epoch, lease: Some(lease.clone()), people, sent_again: None, only_here: None }
}

async fn report(clinic: &Clinic, json: bool) -> String {
    let tenant_code = clinic.registered.tenant_code.clone();
    let choice = TenantChoice { tenant_code, output: OutputOptions { json } };
    operator(clinic, TenantCommand::EpochReport(choice)).await
}

/// The database is older than this desktop.
pub async fn forget(clinic: &Clinic, desk: &Desk) {
    let id = desk.device;
    clinic
        .sql(&format!(
            "set session_replication_role = replica;
             delete from sync_quarantine where device_id = '{id}'; delete from sync_mutations where device_id = '{id}';
             delete from refresh_tokens where device_id = '{id}'; delete from device_challenges where device_id = '{id}';
             delete from device_leases where device_id = '{id}'; delete from device_users where device_id = '{id}';
             delete from devices where id = '{id}'"
        ))
        .await;
}

pub async fn again(
    clinic: &Clinic,
    desk: &Desk,
    change: impl FnOnce(&mut EnrolAgain),
) -> Result<EnrolResponse, Problem> {
    let code = clinic
        .server
        .enrolment_code_for(&clinic.registered.tenant_code, DeviceScope::Clinical)
        .await
        .expect("a code");
    with_code(desk, &code, change).await
}

async fn with_code(
    desk: &Desk,
    code: &Secret,
    change: impl FnOnce(&mut EnrolAgain),
) -> Result<EnrolResponse, Problem> {
    let public_key = public_key_text(&desk.key.verifying_key());
    let mut again = EnrolAgain {
        tenant_id: desk.tenant,
        device_id: desk.device,
        clinic_id: ClinicId(desk.clinic),
        scope: DeviceScope::Clinical,
        lane: "C".into(),
        unlock_key: Secret(BASE64_STANDARD.encode([7; 32])),
        was: None,
        before: vec![],
        lease: None,
    };
    change(&mut again);
    let request = EnrolRequest {
        code: code.clone(),
        email: EMAIL.into(),
        password: Secret(PASSWORD.into()),
        device_name: "Room 1".into(),
        platform: "linux".into(),
        app_version: "0.1.0".into(),
        signature: sign(&desk.key, &signing::enrol_message(&code.0, &public_key)),
        public_key,
        again: Some(again),
        recovers: None,
    };
    body(post(desk, "/v1/devices/enrol", &request).await).await
}

#[tokio::test]
async fn a_desktop_that_the_server_lost_comes_back_by_a_code_as_what_it_was_and_brings_everything() {
    let clinic = Clinic::open().await;
    let (mut first, _second, mut lost) = (clinic.desk().await, clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    let all: Vec<SignedMutation> = vec![
        lost.sign(vec![alone(patient)]),
        lost.sign(vec![edit(TableName::Patients, patient, &[("city", json!(null), json!("Pune"))])]),
    ];
    forget(&clinic, &lost).await;
    new_epoch(&clinic, &mut [&mut first]).await;
    // It is told so, and nothing else.
    assert_eq!(lost.push(all.clone()).await.expect_err("unknown").code, ErrorCode::Unauthorized);
    let asked = json!({ "tenant_id": lost.tenant, "device_id": lost.device });
    let challenge = post(&lost, "/v1/auth/challenge", &asked).await;
    let challenge =
        challenge.json::<protocol::api::ChallengeResponse>().await.expect("a challenge").challenge;
    let signature = sign(&lost.key, &standing_message("test", lost.tenant, lost.device, &challenge));
    let request = StandingRequest {
        tenant_id: lost.tenant,
        device_id: lost.device,
        challenge,
        signature,
        nonce: String::new(),
        is_locked: false,
    };
    let told: Problem = post(&lost, "/v1/devices/standing", &request).await.json().await.expect("a problem");
    assert_eq!((told.status, told.code), (403, ErrorCode::DeviceUnknown));
    assert!(told.detail.contains("is kept") && told.detail.contains("code"), "{}", told.detail);

    let enrolled = again(&clinic, &lost, |_| {}).await.expect("it comes back");
    assert_eq!((enrolled.device_id, enrolled.lane.as_str()), (lost.device, "C"));
    assert_eq!(enrolled.session.unlock_key.0, BASE64_STANDARD.encode([7; 32]));
    (lost.epoch, lost.token) = (enrolled.epoch, enrolled.session.tokens.access_token.0);
    let state: EpochState = lost.get("/v1/sync/epoch").await.json().await.expect("where it stands");
    assert_eq!((state.last_sequence, state.lane.as_deref()), (0, Some("C")));
    let receipts = lost.push(all).await.expect("taken").receipts;
    assert!(receipts.iter().all(|receipt| receipt.fate == Fate::Applied), "{receipts:?}");
    assert!(first.rows().await.iter().any(|row| row.id == patient && row.values["city"] == "Pune"));
    // A new one has a letter that nobody has.
    let sql = "select count(*) from clinic.devices";
    clinic.desk().await;
    let lanes = clinic.number("select count(distinct lane) from clinic.devices").await;
    assert_eq!(lanes, clinic.number(sql).await);
}

#[tokio::test]
async fn nobody_else_comes_back_and_a_code_that_does_not_fit_is_not_used_up() {
    let clinic = Clinic::open().await;
    let (admin, known, lost) = (clinic.desk().await, clinic.desk().await, clinic.desk().await);
    let mut other = clinic.desk().await;
    let code = |scope| clinic.server.enrolment_code_for(&clinic.registered.tenant_code, scope);
    let of = |desk: &Desk, again: &mut EnrolAgain| again.device_id = desk.device;
    let refused = again(&clinic, &known, |_| {}).await.expect_err("it is known");
    assert_eq!(refused.code, ErrorCode::Invalid);
    assert!(refused.detail.contains("knows this computer"), "{}", refused.detail);
    revoke(&admin, &known, &RevokeRequest::default()).await.expect("revoked");
    let refused = again(&clinic, &known, |_| {}).await.expect_err("it is out of service");
    assert_eq!(refused.code, ErrorCode::DeviceRevoked);
    forget(&clinic, &lost).await;
    let one_code = code(DeviceScope::Clinical).await.expect("a code");
    for change in [
        |again: &mut EnrolAgain| again.scope = DeviceScope::FrontDesk,
        |again: &mut EnrolAgain| again.clinic_id = ClinicId::new(),
        |again: &mut EnrolAgain| again.tenant_id = protocol::id::TenantId::new(),
        |again: &mut EnrolAgain| again.unlock_key = Secret("AAAA".into()),
    ] {
        let refused = with_code(&lost, &one_code, change).await.expect_err("it does not fit");
        assert_eq!(refused.code, ErrorCode::Invalid, "{}", refused.detail);
    }
    // Its letter was given to somebody else since: it gets one that is free.
    let enrolled =
        with_code(&lost, &one_code, |again| again.lane = "A".into()).await.expect("the code is good");
    assert!(enrolled.lane != "A", "{}", enrolled.lane);
    // Its id is taken now.
    other.device = lost.device;
    let refused = again(&clinic, &other, |again| of(&lost, again)).await.expect_err("it is there");
    assert_eq!(refused.code, ErrorCode::Invalid);
}

#[tokio::test]
async fn what_the_server_said_since_the_backup_holds_again() {
    let clinic = Clinic::open().await;
    let (mut desk, mut stolen) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    stolen.write(vec![alone(patient)]).await;
    stolen
        .write(vec![edit(
            TableName::Patients,
            patient,
            &[("blood_group", json!("unknown"), json!("purple"))],
        )])
        .await;
    let (left, stays) =
        (person(&clinic, &desk, Role::Nurse).await, person(&clinic, &desk, Role::Nurse).await);
    // Since the backup: one computer out of service, one account closed, one password changed, one role taken.
    revoke(&desk, &stolen, &RevokeRequest::default()).await.expect("revoked");
    clinic.sql(&format!("update users set is_active = false where id = '{left}'")).await;
    clinic
        .sql(&format!(
            "update users set password_hash = 'another', roles = '{{receptionist}}' where id = '{stays}'"
        ))
        .await;
    let word = lease(&desk).await;
    let Ok(Order::Lease(said)) = word.open(None, (desk.tenant, desk.device)) else { panic!("no lease") };
    assert_eq!((said.revoked, said.closed, said.epoch), (vec![stolen.device], vec![left], Some(desk.epoch)));
    // The backup knows nothing of it.
    clinic
        .sql(&format!(
            "set session_replication_role = replica;
             update devices set revoked_at = null; delete from device_revocations; delete from sync_conflicts;
             update sync_quarantine set before_admins_at = null;
             update users set is_active = true, updated_at = now() - interval '1 day' where id = '{left}';
             update users set password_hash = '!', password_version = 1, roles = '{{nurse}}' where id = '{stays}';
             delete from device_users where device_id = '{}' and user_id = '{stays}'",
            desk.device
        ))
        .await;
    new_epoch(&clinic, &mut [&mut desk]).await;
    assert_eq!(recall(&desk, &known(&desk, &word, vec![])).await.status(), 204);
    for sql in [
        format!(
            "select count(*) from clinic.devices where id = '{}' and revoked_at is not null",
            stolen.device
        ),
        format!("select count(*) from clinic.users where id = '{left}' and not is_active"),
        format!(
            "select count(*) from clinic.device_users where device_id = '{}' and user_id = '{stays}'",
            desk.device
        ),
    ] {
        assert_eq!(clinic.number(&sql).await, 1, "{sql}");
    }
    let shown = item(&desk, (stolen.device, 2)).await.expect("what waits of it is before the admins");
    assert_eq!(shown.values["state"], "open");
    let told: Value = serde_json::from_str(&report(&clinic, true).await).expect("JSON");
    let learnt = &told["desktops"][0]["learnt"];
    assert_eq!((&learnt["revoked"], &learnt["closed"]), (&json!([stolen.device]), &json!([left])));
    assert_eq!((&learnt["passwords"], &learnt["roles"]), (&json!([stays]), &json!([stays])));
    // Told again, nothing is done again; and who opens the account since knows what they do.
    clinic.sql(&format!("update users set is_active = true, updated_at = now() where id = '{left}'")).await;
    assert_eq!(recall(&desk, &known(&desk, &word, vec![])).await.status(), 204);
    assert_eq!(
        clinic.number(&format!("select count(*) from clinic.users where id = '{left}' and is_active")).await,
        1
    );
    let kept: Value = serde_json::from_str(&report(&clinic, true).await).expect("JSON");
    assert_eq!(
        kept["desktops"][0]["learnt"]["revoked"],
        json!([stolen.device]),
        "what was learnt stays told"
    );
}

#[tokio::test]
async fn the_last_admin_is_not_closed_by_what_was_said_before() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let other = person(&clinic, &desk, Role::Admin).await;
    clinic.sql(&format!("update users set is_active = false where id = '{other}'")).await;
    let word = lease(&desk).await;
    clinic
        .sql(&format!(
            "set session_replication_role = replica;
             update users set is_active = id = '{other}', updated_at = now() - interval '1 day'"
        ))
        .await;
    clinic
        .sql(&format!("update users set is_active = true, roles = '{{doctor}}' where id = '{}'", desk.user))
        .await;
    new_epoch(&clinic, &mut [&mut desk]).await;
    recall(&desk, &known(&desk, &word, vec![])).await;
    assert_eq!(
        clinic.number(&format!("select count(*) from clinic.users where id = '{other}' and is_active")).await,
        1
    );
}

#[tokio::test]
async fn who_was_hired_since_the_backup_has_an_account_again_and_an_admin_lets_their_work_in() {
    let clinic = Clinic::open().await;
    let (mut desk, mut admin) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    desk.write(vec![alone(patient)]).await;
    let nurse = person(&clinic, &desk, Role::Nurse).await;
    let word = lease(&desk).await;
    clinic
        .sql(&format!(
            "set session_replication_role = replica;
             delete from device_users where user_id = '{nurse}'; delete from users where id = '{nurse}'"
        ))
        .await;
    new_epoch(&clinic, &mut [&mut desk, &mut admin]).await;
    let people = vec![
        RecalledPerson {
            user_id: nurse,
            full_name: "  Lata   Pawar ".into(),
            email: EMAIL.into(),
            doctor: None,
        },
        // Of nobody whom the server named is anything made.
        RecalledPerson {
            user_id: UserId::new(),
            full_name: "Thief".into(),
            email: "thief@example.org".into(),
            doctor: None,
        },
    ];
    assert_eq!(recall(&desk, &known(&desk, &word, people)).await.status(), 204);
    let sql = format!(
        "select count(*) from clinic.users where id = '{nurse}' and not is_active and full_name = 'Lata Pawar'
         and roles = '{{nurse}}' and email like '%.invalid'"
    );
    assert_eq!(clinic.number(&sql).await, 1, "the e-mail is somebody else's");
    assert_eq!(clinic.number("select count(*) from clinic.users where full_name = 'Thief'").await, 0);
    // What she did is kept, and before the admins, who let it in.
    let doctor = std::mem::replace(&mut desk.user, nurse);
    let alert = edit(TableName::Patients, patient, &[("alerts", json!(null), json!("Faints at needles."))]);
    let before = time::OffsetDateTime::now_utc() - time::Duration::minutes(1);
    let signed = desk.sign_at(vec![alert], before);
    let receipt = desk.push(vec![signed]).await.expect("taken").receipts.remove(0);
    assert_eq!(receipt.code, Some(RefusalCode::NotAllowed));
    desk.user = doctor;
    let of = (desk.device, 2);
    assert_eq!(item(&admin, of).await.expect("an item").values["state"], "open");
    settled(&mut admin, of, Way::Retry, "", vec![]).await;
    let rows = admin.rows().await;
    let row = rows.iter().find(|row| row.id == patient).expect("the patient");
    assert_eq!(row.values["alerts"], "Faints at needles.");
    let told = report(&clinic, false).await;
    assert!(told.contains("Made again, closed, for what they did"), "{told}");
}

#[tokio::test]
async fn a_doctor_who_was_hired_since_the_backup_has_a_profile_again_and_what_they_signed_goes_in() {
    let clinic = Clinic::open().await;
    let (mut desk, mut admin) = (clinic.desk().await, clinic.desk().await);
    let patient = Uuid::now_v7();
    desk.write(vec![new_patient(patient, "Sunita")]).await;
    let (hired, nurse) =
        (person(&clinic, &desk, Role::Doctor).await, person(&clinic, &desk, Role::Nurse).await);
    let doctor_id = profile(&clinic, &desk, hired).await;
    let word = lease(&desk).await;
    clinic
        .sql(&format!(
            "set session_replication_role = replica;
             delete from doctors where user_id = '{hired}';
             delete from device_users where user_id in ('{hired}', '{nurse}');
             delete from users where id in ('{hired}', '{nurse}')"
        ))
        .await;
    new_epoch(&clinic, &mut [&mut desk, &mut admin]).await;
    let told = |user_id, registration_number: &str| RecalledPerson {
        user_id,
        full_name: "Lata Pawar".into(),
        email: format!("{user_id}@example.org"),
        doctor: Some(NewDoctor {
            role: Role::Doctor,
            specialization: Some("Cardiology".into()),
            qualifications: None,
            registration_number: registration_number.to_owned(),
            registration_council: "MMC".into(),
        }),
    };
    // Whose profile the server did not name gets none, and one that is there is not changed.
    for (number, of_doctor) in [("2021/07/3344", "2021/07/3344"), ("1", "2021/07/3344")] {
        let people = vec![told(hired, number), told(nurse, number), told(desk.user, number)];
        assert_eq!(recall(&desk, &known(&desk, &word, people)).await.status(), 204);
        let sql = format!(
            "select count(*) from clinic.doctors where id = '{doctor_id}' and user_id = '{hired}' and not is_active
             and first_name = 'Lata' and last_name = 'Pawar' and kind = 'physician' and specialization = 'Cardiology'
             and registration_council = 'MMC' and registration_number = '{of_doctor}'"
        );
        assert_eq!(clinic.number(&sql).await, 1, "{number}");
        assert_eq!(clinic.number("select count(*) from clinic.doctors").await, 2, "{number}");
    }
    let said = report(&clinic, false).await;
    assert!(said.contains("compare the registration with their papers first"), "{said}");
    assert!(said.contains("(MMC 2021/07/3344)") && !said.contains("(MMC 1)"), "{said}");
    // What they signed is before the admins, who let it in.
    let here = (desk.user, desk.doctor);
    (desk.user, desk.doctor) = (hired, doctor_id);
    let written = Written::with(&desk, patient, &[], &[]);
    let before = time::OffsetDateTime::now_utc() - time::Duration::minutes(1);
    let signed = desk.sign_at(written.changes(), before);
    let receipt = desk.push(vec![signed]).await.expect("taken").receipts.remove(0);
    assert_eq!(receipt.code, Some(RefusalCode::NotAllowed), "{receipt:?}");
    (desk.user, desk.doctor) = here;
    let answer = settled(&mut admin, (desk.device, 2), Way::Retry, "", vec![]).await;
    assert_eq!(answer.receipts[0].fate, Fate::Applied, "{answer:?}");
    let sql = format!(
        "select count(*) from clinic.prescriptions where id = '{}' and status = 'finalised' and doctor_id = '{doctor_id}'",
        written.id
    );
    assert_eq!(clinic.number(&sql).await, 1);
}

#[tokio::test]
async fn only_what_this_server_gave_this_computer_is_believed() {
    let clinic = Clinic::open().await;
    let (mut desk, mut other) = (clinic.desk().await, clinic.desk().await);
    let (word, others) = (lease(&desk).await, lease(&other).await);
    let elsewhere = Clinic::open().await;
    let (foreign, signer) = (elsewhere.desk().await, ed25519_dalek::SigningKey::from_bytes(&[9; 32]));
    let Ok(order) = word.open(None, (desk.tenant, desk.device)) else { panic!("no lease") };
    let forged = SignedOrder::sign(&order, &signer, &[]).expect("JSON");
    let changed = SignedOrder { body: word.body.replace("clinical", "front_desk"), ..word.clone() };
    new_epoch(&clinic, &mut [&mut desk, &mut other]).await;
    for bad in [others, lease(&foreign).await, forged, changed] {
        let told: Problem = recall(&desk, &known(&desk, &bad, vec![])).await.json().await.expect("a problem");
        assert_eq!(told.code, ErrorCode::Invalid, "{bad:?}");
    }
    assert_eq!(recall(&desk, &known(&desk, &word, vec![])).await.status(), 204);
    let old = Recollection { epoch: protocol::id::Epoch::new(), ..known(&desk, &word, vec![]) };
    let told: Problem = recall(&desk, &old).await.json().await.expect("a problem");
    assert_eq!(told.code, ErrorCode::EpochChanged);
}

#[tokio::test]
async fn the_operator_hears_who_has_not_come_and_which_rows_only_a_computer_has() {
    let clinic = Clinic::open().await;
    let (mut desk, _other) = (clinic.desk().await, clinic.desk().await);
    clinic.sql(&format!("update devices set name = 'Office' where id = '{}'", desk.device)).await;
    let word = lease(&desk).await;
    new_epoch(&clinic, &mut [&mut desk]).await;
    recall(&desk, &known(&desk, &word, vec![])).await;
    let told = report(&clinic, false).await;
    assert!(
        told.contains("1 of 2 computers in service have come.") && told.contains("Not yet: Room 1"),
        "{told}"
    );
    assert!(told.contains("Office: 0 changes sent again; it is not compared yet."), "{told}");
    let rows = OnlyHere { table: TableName::Patients, rows: 3, ids: vec![Uuid::now_v7()] };
    let compared = Recollection {
        epoch: desk.epoch,
        lease: None,
        people: vec![],
        sent_again: Some(7),
        only_here: Some(vec![rows.clone()]),
    };
    assert_eq!(recall(&desk, &compared).await.status(), 204);
    let told = report(&clinic, false).await;
    assert!(told.contains("Office: 7 changes sent again; 3 rows are only there"), "{told}");
    assert!(told.contains("patients 3"), "{told}");
    let none = Recollection { only_here: Some(vec![]), ..compared.clone() };
    recall(&desk, &none).await;
    assert!(report(&clinic, false).await.contains("the server has every row of it"));
    let many = OnlyHere { ids: vec![Uuid::nil(); 101], ..rows };
    let too_many = Recollection { only_here: Some(vec![many]), ..compared };
    assert_eq!(recall(&desk, &too_many).await.status(), 422);
    // After the next restore everybody is asked anew.
    desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    new_epoch(&clinic, &mut [&mut desk]).await;
    assert!(report(&clinic, false).await.contains("0 of 2 computers"));
}
