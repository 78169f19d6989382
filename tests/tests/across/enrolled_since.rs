//! A server that was restored from a backup which is older than a desktop, and than what an admin said since.
#![cfg(unix)]

use clinic_tests::clinic::{Clinic, EMAIL, PASSWORD, SetClock, TestDesk, patient};
use clinic_tests::network::{Fault, Network};
use clinic_tests::server::ServerProcess;
use protocol::api::{Fate, RegisterResponse};
use protocol::error::ErrorCode;
use protocol::id::PatientId;
use replica::Error;
use replica::view::{AppState, RecoveryForm, RecoveryPage, SyncStatus};
use tempfile::TempDir;
use time::Duration;

use crate::copies::stops;
use crate::crash::{code, own_server};
use crate::recovery::{code_is_known, let_in, without_keyring, written_down};
use crate::sync::draft;

const PROBLEM: &str = "application/problem+json";
const SLOWED: &str =
    r#"{"type":"about:blank","status":429,"code":"too_many_requests","detail":"Wait a little."}"#;

/// A clinic of three desktops. Since the backup the third was enrolled, and the second taken out of service while it was
/// switched off.
struct Restored {
    _folder: TempDir,
    server: ServerProcess,
    network: Network,
    registered: RegisterResponse,
    one: TestDesk,
    stolen: TestDesk,
    third: TestDesk,
    clock: SetClock,
    farida: PatientId,
}

/// Nobody opens this computer any more but with the server's help, or with its recovery code.
fn forget_people(desk: &TestDesk) -> anyhow::Result<()> {
    let path = desk.folder().join("clinic/slots.json");
    let mut slots: serde_json::Value = serde_json::from_slice(&std::fs::read(&path)?)?;
    slots["slots"].as_array_mut().expect("BUG: slots").retain(|slot| slot["kind"] != "user");
    Ok(std::fs::write(&path, serde_json::to_vec(&slots)?)?)
}

/// With what whoever works at it opens a computer by its recovery code.
fn recovery_form(
    server: &ServerProcess,
    tenant_code: &str,
    page: &RecoveryPage,
) -> anyhow::Result<RecoveryForm> {
    Ok(RecoveryForm {
        recovery_code: page.code.clone(),
        code: code(server, tenant_code)?.0,
        email: EMAIL.into(),
        password: PASSWORD.into(),
    })
}

/// The backup is restored with a new epoch while nobody has a line; then one of them is enrolled again, which the backup
/// does not know, and both are in step.
async fn restored_and_enrolled_again(
    server: &mut ServerProcess,
    network: &Network,
    tenant_code: &str,
    (unknown, office): (&TestDesk, &TestDesk),
) -> anyhow::Result<()> {
    server.restore()?;
    network.set_down(true);
    unknown.offline().await?;
    office.offline().await?;
    server.start()?;
    server.operator(&["tenant", "new-epoch", "--all", "--yes"])?;
    network.set_down(false);
    let one_time = code(server, tenant_code)?;
    unknown.desk.enrol_again(&one_time.0, PASSWORD).await?;
    unknown.synced().await?;
    office.synced().await
}

impl Restored {
    async fn open() -> anyhow::Result<Self> {
        let (folder, mut server, registered, network) = own_server().await?;
        let clock = SetClock::default();
        let (one, stolen, third) = (TestDesk::new()?, TestDesk::new()?, TestDesk::with_clock(&clock)?);
        one.enrol(network.address(), registered.enrolment.code.clone(), "Room 1").await?;
        stolen.enrol(network.address(), code(&server, &registered.tenant_code)?, "Room 2").await?;
        stolen.desk.lock();
        server.back_up()?;
        third.enrol(network.address(), code(&server, &registered.tenant_code)?, "Room 3").await?;
        let farida = third.replica()?.register_patient(&patient("Farida", "98204 41277"))?.id;
        third.replica()?.sign_prescription(farida, &draft(), &[])?;
        third.synced().await?;
        let devices = one.desk.devices().await?;
        let second = devices.iter().find(|device| device.name == "Room 2").expect("there").id;
        one.desk.revoke_device(second, Some("stolen".into())).await?;
        one.desk.ask_standing().await?;
        one.synced().await?;
        server.restore()?;
        network.set_down(true);
        one.offline().await?;
        third.offline().await?;
        server.start()?;
        server.operator(&["tenant", "new-epoch", "--all", "--yes"])?;
        Ok(Self { _folder: folder, server, network, registered, one, stolen, third, clock, farida })
    }

    /// Waits until the third desktop says that the server does not know it.
    async fn third_is_unknown(&self) -> anyhow::Result<()> {
        self.third.desk.sync_now();
        let is_unknown = |status: &SyncStatus| {
            status.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::DeviceUnknown)
        };
        self.third.until("it says that it is not known", is_unknown).await
    }

    fn report(&self) -> anyhow::Result<String> {
        self.server.operator(&["tenant", "epoch-report", "--tenant-code", &self.registered.tenant_code])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_that_is_newer_than_the_backup_keeps_everything_and_comes_back_by_a_code()
-> anyhow::Result<()> {
    let mut clinic = Restored::open().await?;
    // Work goes on while nobody answers, and while it is not known.
    clinic.third.replica()?.register_patient(&patient("Gita", "98204 41278"))?;
    clinic.network.set_down(false);
    clinic.third_is_unknown().await?;
    clinic.third.replica()?.register_patient(&patient("Hema", "98204 41279"))?;
    // What only it did stays with whoever has seen it, and the operator hears so.
    clinic.one.synced().await?;
    assert!(clinic.one.desk.sync_status().only_here > 0);
    clinic
        .one
        .until("it was told", |_| clinic.report().is_ok_and(|told| told.contains("rows are only there")))
        .await?;
    // A program that is started again asks for nothing but the password, as before.
    let third = std::mem::replace(&mut clinic.third, TestDesk::new()?).restarted();
    assert!(matches!(third.desk.state(), AppState::Locked { .. }));
    third.unlock(EMAIL).await?;
    assert_eq!(third.replica()?.find_patients("Farida")?.people[0].id, clinic.farida);
    let one_time = code(&clinic.server, &clinic.registered.tenant_code)?;
    assert!(third.desk.enrol_again(&one_time.0, "not my password").await.is_err());
    assert!(third.desk.enrol_again("ASHA-0000-0000-0000", PASSWORD).await.is_err());
    assert!(third.replica().is_ok(), "whoever works there works on");
    let before = third.replica()?.store().facts()?;
    third.desk.enrol_again(&one_time.0, PASSWORD).await?;
    third.synced().await?;
    let after = third.replica()?.store().facts()?;
    assert_eq!((after.device_id, after.lane), (before.device_id, before.lane));
    for desk in [&clinic.one, &third] {
        desk.synced().await?;
        for name in ["Farida", "Gita", "Hema"] {
            assert_eq!(desk.replica()?.find_patients(name)?.people.len(), 1, "{name}");
        }
        let status = desk.desk.sync_status();
        assert_eq!((status.waiting, status.attention, status.only_here), (0, 0, 0));
        assert!(desk.replica()?.ledger(20)?.iter().all(|entry| entry.fate == Some(Fate::Applied)));
        assert!(desk.replica()?.verify()?.is_good());
    }
    assert_eq!(clinic.one.rows()?, third.rows()?);
    let all = "Room 3: 2 changes sent again; the server has every row of it.";
    third.until("the operator hears it", |_| clinic.report().is_ok_and(|told| told.contains(all))).await?;
    // It opens without the server, and with its help, as before.
    let third = third.restarted();
    clinic.network.set_down(true);
    third.unlock(EMAIL).await?;
    clinic.network.set_down(false);
    third.synced().await?;
    clinic.server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_costs_no_second_code() -> anyhow::Result<()> {
    let mut clinic = Restored::open().await?;
    clinic.network.set_down(false);
    clinic.third_is_unknown().await?;
    let one_time = code(&clinic.server, &clinic.registered.tenant_code)?;
    clinic.network.say("/v1/auth/login", 429, PROBLEM, SLOWED);
    clinic.network.plan("/v1/devices/enrol", [Fault::LostAnswer]);
    assert!(clinic.third.desk.enrol_again(&one_time.0, PASSWORD).await.is_err());
    clinic.network.say_nothing();
    // The server knows it now: the password is enough.
    clinic.third.desk.enrol_again(&one_time.0, PASSWORD).await?;
    clinic.third.synced().await?;
    assert_eq!(clinic.third.desk.sync_status().waiting, 0);
    clinic.one.synced().await?;
    assert_eq!(clinic.one.replica()?.find_patients("Farida")?.people[0].id, clinic.farida);
    clinic.server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_the_server_knows_after_all_opens_with_its_help_as_before() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let one_time = clinic.code().await?;
    let n_enrolled = clinic.network.n_asked("/v1/devices/enrol");
    clinic.network.say("/v1/auth/login", 429, PROBLEM, SLOWED);
    let refused = desk.desk.enrol_again(&one_time.0, PASSWORD).await.expect_err("BUG: enrolled");
    assert_eq!(refused.code(), ErrorCode::TooManyRequests);
    assert_eq!(
        clinic.network.n_asked("/v1/devices/enrol"),
        n_enrolled,
        "that does not say that it is unknown"
    );
    clinic.network.say_nothing();
    let unknown = r#"{"type":"about:blank","status":403,"code":"device_unknown","detail":"Not known here."}"#;
    clinic.network.say("/v1/auth/login", 403, PROBLEM, unknown);
    let refused = desk.desk.enrol_again(&one_time.0, PASSWORD).await.expect_err("BUG: enrolled");
    assert_eq!(refused.code(), ErrorCode::Invalid, "{refused}");
    clinic.network.say_nothing();
    // Somebody who never signed in there needs the half that the server has.
    desk.desk.lock();
    forget_people(&desk)?;
    desk.unlock(EMAIL).await?;
    desk.synced().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_was_given_to_another_computer_is_given_up_also_if_the_answer_was_lost()
-> anyhow::Result<()> {
    let mut clinic = Restored::open().await?;
    clinic.network.set_down(false);
    let before = clinic.third.replica()?.store().facts()?.lane;
    let newcomer = TestDesk::new()?;
    newcomer
        .enrol(clinic.network.address(), code(&clinic.server, &clinic.registered.tenant_code)?, "Room 4")
        .await?;
    assert_eq!(newcomer.replica()?.store().facts()?.lane, before);
    let one_time = code(&clinic.server, &clinic.registered.tenant_code)?;
    clinic.network.plan("/v1/devices/enrol", [Fault::LostAnswer]);
    assert!(clinic.third.desk.enrol_again(&one_time.0, PASSWORD).await.is_err());
    // The next password is given as on any other day.
    clinic.third.desk.lock();
    clinic.third.unlock(EMAIL).await?;
    clinic.third.synced().await?;
    let now = clinic.third.replica()?.store().facts()?.lane;
    assert_ne!(now, before);
    let lata = clinic.third.replica()?.register_patient(&patient("Lata", "98204 41280"))?.id;
    let signed = clinic.third.replica()?.sign_prescription(lata, &draft(), &[])?;
    let number = signed.number.unwrap_or_default();
    assert!(number.contains(&format!("-{now}-")), "{number}");
    // The server's half of its slot is the one that it has: it opens to somebody who never signed in there.
    clinic.third.desk.lock();
    forget_people(&clinic.third)?;
    clinic.third.unlock(EMAIL).await?;
    clinic.third.synced().await?;
    clinic.server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_that_no_password_opens_any_more_comes_back_with_its_recovery_code() -> anyhow::Result<()> {
    let mut clinic = Restored::open().await?;
    let (third, one) = (&clinic.third, &clinic.one);
    let (page, other) = (third.desk.recovery_page()?, one.desk.recovery_page()?);
    let (page, other) = (page.expect("BUG: shown"), other.expect("BUG: shown"));
    third.replica()?.register_patient(&patient("Gita", "98204 41278"))?;
    let before = third.replica()?.store().facts()?;
    // The days are over before anybody types a code, and the server that must help does not know it.
    clinic.clock.pass(Duration::days(15));
    third.desk.tick()?;
    clinic.clock.pass(-Duration::days(15));
    clinic.network.set_down(false);
    let told = third.desk.unlock(EMAIL, PASSWORD).await.expect_err("BUG: opened");
    assert_eq!(told.code(), ErrorCode::DeviceUnknown);
    let form = recovery_form(&clinic.server, &clinic.registered.tenant_code, &page)?;
    let wrong = RecoveryForm { recovery_code: other.code, ..form.clone() };
    assert!(matches!(third.desk.recover(wrong).await, Err(Error::WrongRecoveryCode)));
    clinic.network.plan("/v1/devices/enrol", [Fault::LostAnswer]);
    assert!(third.desk.recover(form.clone()).await.is_err());
    assert!(matches!(third.desk.state(), AppState::Locked { .. }));
    third.desk.recover(form).await?;
    let after = third.replica()?.store().facts()?;
    assert_eq!((after.device_id, after.lane), (before.device_id, before.lane));
    for desk in [third, one] {
        desk.synced().await?;
        for name in ["Farida", "Gita"] {
            assert_eq!(desk.replica()?.find_patients(name)?.people.len(), 1, "{name}");
        }
    }
    // The page is not torn up, and the server knows of it again.
    code_is_known(third).await?;
    let devices = one.desk.devices().await?;
    let known = devices.iter().find(|device| device.id == before.device_id).expect("BUG: there");
    assert_eq!(known.recovery_fingerprint.as_ref(), Some(&page.fingerprint));
    // Its password opens it without the server again.
    third.desk.lock();
    clinic.network.set_down(true);
    third.unlock(EMAIL).await?;
    clinic.server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_works_where_no_password_opens_it_offline_is_told_of_the_recovery_code() -> anyhow::Result<()> {
    let mut clinic = Restored::open().await?;
    clinic.network.set_down(false);
    forget_people(&clinic.third)?;
    let one_time = code(&clinic.server, &clinic.registered.tenant_code)?;
    let refused = clinic.third.desk.enrol_again(&one_time.0, PASSWORD).await.expect_err("BUG: enrolled");
    assert_eq!(refused.code(), ErrorCode::Invalid);
    assert!(refused.to_string().contains("recovery code"), "{refused}");
    assert!(clinic.third.replica().is_ok(), "whoever works there works on");
    clinic.server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_that_was_out_of_service_is_so_again_once_another_one_has_told() -> anyhow::Result<()> {
    let mut clinic = Restored::open().await?;
    clinic.network.set_down(false);
    clinic.one.synced().await?;
    let devices = clinic.one.desk.devices().await?;
    let second = devices.iter().find(|device| device.name == "Room 2").expect("there");
    assert!(second.revoked_at.is_some(), "{second:?}");
    let told = clinic.report()?;
    assert!(told.contains("1 computer was out of service, and is again"), "{told}");
    assert!(clinic.stolen.desk.unlock(EMAIL, PASSWORD).await.is_ok(), "it opens, and hears of it");
    clinic
        .stolen
        .until("it is out of service", |_| matches!(clinic.stolen.desk.state(), AppState::Revoked { .. }))
        .await?;
    clinic.server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_was_recovered_since_the_backup_comes_back_behind_what_it_was() -> anyhow::Result<()>
{
    let (_folder, mut server, registered, network) = own_server().await?;
    let (office, desk) = (TestDesk::new()?, TestDesk::new()?);
    office.enrol(network.address(), registered.enrolment.code.clone(), "Office").await?;
    desk.enrol(network.address(), code(&server, &registered.tenant_code)?, "Room 1").await?;
    let page = written_down(&desk)?;
    desk.replica()?.register_patient(&patient("Farida", "98204 41277"))?;
    desk.synced().await?;
    code_is_known(&desk).await?;
    server.back_up()?;
    // Since the backup its keys were lost, and it goes on under another id.
    let desk = without_keyring(desk, "clinic.db")?;
    desk.desk.recover(recovery_form(&server, &registered.tenant_code, &page)?).await?;
    desk.replica()?.register_patient(&patient("Gita", "98204 41278"))?;
    desk.synced().await?;
    server.restore()?;
    network.set_down(true);
    desk.offline().await?;
    desk.replica()?.register_patient(&patient("Hema", "98204 41279"))?;
    server.start()?;
    server.operator(&["tenant", "new-epoch", "--all", "--yes"])?;
    network.set_down(false);
    let one_time = code(&server, &registered.tenant_code)?;
    desk.desk.enrol_again(&one_time.0, PASSWORD).await?;
    for desk in [&desk, &office] {
        desk.synced().await?;
        for name in ["Farida", "Gita", "Hema"] {
            assert_eq!(desk.replica()?.find_patients(name)?.people.len(), 1, "{name}");
        }
        let status = desk.desk.sync_status();
        assert_eq!((status.waiting, status.attention, status.only_here), (0, 0, 0), "{:?}", status.problem);
    }
    assert_eq!(office.rows()?, desk.rows()?);
    server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_was_recovered_brings_what_it_did_before_also_if_all_of_it_is_newer_than_the_backup()
-> anyhow::Result<()> {
    let (_folder, mut server, registered, network) = own_server().await?;
    let (office, desk) = (TestDesk::new()?, TestDesk::new()?);
    office.enrol(network.address(), registered.enrolment.code.clone(), "Office").await?;
    server.back_up()?;
    desk.enrol(network.address(), code(&server, &registered.tenant_code)?, "Room 1").await?;
    let page = written_down(&desk)?;
    let before = desk.replica()?.store().facts()?;
    desk.replica()?.register_patient(&patient("Farida", "98204 41277"))?;
    desk.synced().await?;
    code_is_known(&desk).await?;
    let desk = without_keyring(desk, "clinic.db")?;
    desk.desk.recover(recovery_form(&server, &registered.tenant_code, &page)?).await?;
    desk.replica()?.register_patient(&patient("Gita", "98204 41278"))?;
    desk.synced().await?;
    restored_and_enrolled_again(&mut server, &network, &registered.tenant_code, (&desk, &office)).await?;
    let devices = office.desk.devices().await?;
    let lost = devices.iter().find(|device| device.id == before.device_id).expect("BUG: it is known again");
    assert!(lost.revoked_at.is_some(), "{lost:?}");
    assert_eq!(lost.recovered_as, Some(desk.replica()?.store().facts()?.device_id));
    assert_eq!(lost.lane, before.lane);
    let_in(&office, 1).await?;
    for one in [&desk, &office] {
        one.synced().await?;
        one.until("it has what was let in", |status| {
            (status.waiting, status.attention, status.only_here) == (0, 0, 0)
        })
        .await?;
        for name in ["Farida", "Gita"] {
            assert_eq!(one.replica()?.find_patients(name)?.people.len(), 1, "{name}");
        }
        assert!(one.replica()?.verify()?.is_good());
    }
    assert_eq!(office.rows()?, desk.rows()?);
    server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_before_a_disk_was_copied_is_let_in_once_the_other_computer_is_gone()
-> anyhow::Result<()> {
    const HANDOVER: &str = "/v1/devices/handover";
    let (_folder, mut server, registered, network) = own_server().await?;
    let (office, desk) = (TestDesk::new()?, TestDesk::new()?);
    office.enrol(network.address(), registered.enrolment.code.clone(), "Office").await?;
    desk.enrol(network.address(), code(&server, &registered.tenant_code)?, "Room 1").await?;
    let original = desk.replica()?.store().facts()?.device_id;
    server.back_up()?;
    desk.replica()?.register_patient(&patient("Farida", "98204 41277"))?;
    desk.synced().await?;
    // The copy goes on under its own id, and the computer that it was made from is gone.
    desk.desk.lock();
    let copy = desk.copied()?;
    desk.unlock(EMAIL).await?;
    desk.replica()?.register_patient(&patient("Gita", "98204 41278"))?;
    desk.synced().await?;
    drop(desk);
    copy.unlock(EMAIL).await?;
    copy.replica()?.register_patient(&patient("Hema", "98204 41279"))?;
    stops(&copy).await?;
    copy.unlock(EMAIL).await?;
    copy.synced().await?;
    restored_and_enrolled_again(&mut server, &network, &registered.tenant_code, (&copy, &office)).await?;

    // As long as the other one may come, it brings what it did itself.
    copy.desk.ask_standing().await?;
    copy.synced().await?;
    assert_eq!(network.n_asked(HANDOVER), 0);
    network.plan(HANDOVER, [Fault::LostAnswer]);
    office.desk.revoke_device(original, Some("its disk is gone".into())).await?;
    copy.desk.ask_standing().await?;
    copy.synced().await?;
    assert_eq!((network.n_planned(), network.n_asked(HANDOVER)), (0, 2), "brought twice, it waits once");
    let_in(&office, 1).await?;
    let third = TestDesk::new()?;
    third.enrol(network.address(), code(&server, &registered.tenant_code)?, "Room 2").await?;
    for one in [&copy, &third] {
        one.synced().await?;
        one.until("it has what was let in", |status| (status.waiting, status.attention) == (0, 0)).await?;
        for name in ["Farida", "Hema"] {
            assert_eq!(one.replica()?.find_patients(name)?.people.len(), 1, "{name}");
        }
        assert!(one.replica()?.verify()?.is_good());
    }
    assert_eq!(
        copy.desk.sync_status().only_here,
        1,
        "Gita, whom nobody but the one that is gone could bring"
    );
    server.stop()
}
