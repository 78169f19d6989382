//! A computer whose keyring is lost: its recovery code opens what is on it, and what it had not sent reaches the people who
//! decide about it; with real desktops and a real server, and whatever stops it in between.

use std::path::Path;
use std::time::Duration;

use clinic_tests::clinic::{Clinic, EMAIL, PASSWORD, TestDesk, patient};
use clinic_tests::network::Fault;
use clinic_tests::process::wait_for;
use protocol::conflict::Choice;
use protocol::error::ErrorCode;
use protocol::id::PatientId;
use protocol::manage::DeviceInfo;
use replica::view::{AppState, CommandError, RecoveryForm, RecoveryPage};
use replica::{Error, RecoverStep};

use crate::files::{attach, picture};

/// The code that a desktop shows after it was enrolled; it is written down.
pub fn written_down(desk: &TestDesk) -> anyhow::Result<RecoveryPage> {
    let page = desk.desk.recovery_page()?.expect("BUG: shown");
    desk.desk.recovery_is_kept()?;
    Ok(page)
}

/// Waits until the server was told of the code that this desktop made last.
pub async fn code_is_known(desk: &TestDesk) -> anyhow::Result<()> {
    desk.until("the server knows the code", |_| {
        desk.replica().is_ok_and(|replica| replica.store().untold_recovery().is_ok_and(|made| made.is_none()))
    })
    .await
}

async fn form(clinic: &Clinic, page: &RecoveryPage) -> anyhow::Result<RecoveryForm> {
    Ok(RecoveryForm {
        recovery_code: page.code.to_lowercase().replace('-', " "),
        code: clinic.server().enrolment_code(clinic.tenant_code()).await?.0,
        email: EMAIL.into(),
        password: PASSWORD.into(),
    })
}

/// Registers a patient with a number of their own, so that nobody is taken for somebody else.
pub fn register(desk: &TestDesk, name: &str) -> anyhow::Result<PatientId> {
    let number = format!("98204 412{}", name.as_bytes()[0]);
    Ok(desk.replica()?.register_patient(&patient(name, &number))?.id)
}

/// Everybody who is on a desktop.
pub fn names(desk: &TestDesk) -> anyhow::Result<Vec<String>> {
    let patients = desk.replica()?.store().rows_of(protocol::table::TableName::Patients)?;
    let mut names: Vec<String> =
        patients.iter().filter_map(|row| row.values["first_name"].as_str().map(str::to_owned)).collect();
    names.sort();
    Ok(names)
}

/// The program ends, and starts again without its keyring.
pub fn without_keyring(desk: TestDesk, database: &str) -> anyhow::Result<TestDesk> {
    desk.desk.lock();
    let desk = desk.restarted();
    // The last of its connections takes this file with it.
    let log = desk.folder().join(format!("clinic/{database}-wal"));
    wait_for("the file to be closed", Duration::from_secs(20), || Ok((!log.exists()).then_some(())))?;
    desk.keyring().forget_all();
    Ok(desk)
}

/// A clinic with an office, and a desktop whose keyring is lost: it had sent Asha; Bina, Charu and a picture it had not.
async fn lost() -> anyhow::Result<(Clinic, TestDesk, TestDesk, RecoveryPage)> {
    let clinic = Clinic::open().await?;
    let (office, desk) = (clinic.desk("Office").await?, clinic.desk("Room 1").await?);
    let page = written_down(&desk)?;
    let asha = register(&desk, "Asha")?;
    desk.synced().await?;
    code_is_known(&desk).await?;
    clinic.network.set_down(true);
    register(&desk, "Bina")?;
    register(&desk, "Charu")?;
    attach(&desk, asha, &picture(100_000))?;
    let desk = without_keyring(desk, "clinic.db")?;
    clinic.network.set_down(false);
    Ok((clinic, office, desk, page))
}

async fn computer(office: &TestDesk, fits: impl Fn(&DeviceInfo) -> bool) -> anyhow::Result<DeviceInfo> {
    Ok(office.desk.devices().await?.into_iter().find(fits).expect("BUG: there"))
}

/// What an office decides about all that waits there: it goes in.
pub async fn let_in(office: &TestDesk, expected: usize) -> anyhow::Result<()> {
    office
        .until("all of it is before the admins", |_| {
            office
                .replica()
                .is_ok_and(|replica| replica.conflicts(true).is_ok_and(|all| all.len() == expected))
        })
        .await?;
    for item in office.replica()?.conflicts(true)? {
        assert!(item.refused.is_some(), "{item:?}");
        office.replica()?.decide_conflict(item.id, Choice::Ours, None, "Found on its disk.")?;
    }
    office.synced().await
}

fn is_lost(desk: &TestDesk, page: &RecoveryPage) -> bool {
    matches!(desk.desk.state(), AppState::Broken { code: ErrorCode::KeyringEntryMissing, recovery: Some(one), .. }
        if one == page.fingerprint)
}

/// The old one's files are gone, and nothing is left of the attempt.
fn is_swept(home: &Path) -> bool {
    ["clinic.db", "clinic.files", "clinic-3.db", "recovering.json"]
        .iter()
        .all(|name| !home.join(name).exists())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_with_a_keyring_and_the_office_lets_in_what_had_not_been_sent() -> anyhow::Result<()>
{
    let (clinic, office, desk, page) = lost().await?;
    assert!(is_lost(&desk, &page));
    let known = computer(&office, |one| one.name == "Room 1").await?;
    assert_eq!(known.recovery_fingerprint.as_ref(), Some(&page.fingerprint));

    let state = desk.desk.recover(form(&clinic, &page).await?).await?;
    assert!(matches!(state, AppState::Unlocked { .. }));
    let next = desk.desk.recovery_page()?.expect("BUG: another code is shown");
    assert_ne!((&next.code, &next.fingerprint), (&page.code, &page.fingerprint));
    assert_eq!(names(&desk)?, ["Asha", "Bina", "Charu"], "on the screen at once");
    desk.until("what waited has been brought", |status| status.waiting == 0).await?;
    assert!(is_swept(&desk.folder().join("clinic")));
    register(&desk, "Dilip")?;
    desk.until("it works on", |status| status.waiting == 0).await?;

    // The office sees what became of it, and that nothing went in by itself.
    office.synced().await?;
    assert_eq!(names(&office)?, ["Asha", "Dilip"]);
    let old = computer(&office, |one| one.id == known.id).await?;
    let new = computer(&office, |one| one.recovered_from == Some(known.id)).await?;
    assert_eq!((old.recovered_as, new.name.as_str()), (Some(new.id), "Room 1"));
    assert!(old.revoked_at.is_some() && new.revoked_at.is_none());
    let waiting = usize::try_from(clinic.count("clinic.sync_quarantine", "code = 'adopted'").await?)?;
    let_in(&office, waiting).await?;
    let all = ["Asha", "Bina", "Charu", "Dilip"];
    let same = || -> anyhow::Result<bool> {
        let (here, there) = (office.rows()?, desk.rows()?);
        let is_stored =
            |row: &protocol::table::Row| row.values.get("upload_state").is_none_or(|state| state == "stored");
        Ok(names(&office)? == all && here == there && here.iter().all(is_stored))
    };
    desk.until("both have all of it, the picture too", |status| {
        status.attention == 0 && same().is_ok_and(|same| same)
    })
    .await?;
    let verified = desk.replica()?.verify()?;
    assert!(verified.is_good() && verified.files == 1, "{verified:?}");

    // It opens as any other computer, also without the server; the old page opens nothing.
    clinic.network.set_down(true);
    let desk = desk.restarted();
    assert!(matches!(desk.unlock(EMAIL).await?, AppState::Unlocked { .. }));
    clinic.network.set_down(false);
    desk.synced().await?;
    let desk = without_keyring(desk, "clinic-2.db")?;
    let refused = desk.desk.recover(form(&clinic, &page).await?).await;
    assert!(matches!(refused, Err(Error::WrongRecoveryCode)));
    // The new one does, as often as it must.
    desk.desk.recover(form(&clinic, &next).await?).await?;
    desk.synced().await?;
    assert_eq!(names(&desk)?, ["Asha", "Bina", "Charu", "Dilip"]);
    assert!(desk.replica()?.verify()?.is_good());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_password_or_one_time_code_changes_nothing_here_or_there() -> anyhow::Result<()> {
    let (clinic, office, desk, page) = lost().await?;
    let home = desk.folder().join("clinic");
    let (database, slots) = (std::fs::read(home.join("clinic.db"))?, std::fs::read(home.join("slots.json"))?);
    let good = form(&clinic, &page).await?;
    let other = office.desk.recovery_page()?.expect("BUG: shown");
    let mut typo = page.code.clone();
    let last = if typo.pop() == Some('0') { '1' } else { '0' };
    typo.push(last);
    let wrong = [
        (RecoveryForm { recovery_code: typo, ..good.clone() }, ErrorCode::Invalid),
        (RecoveryForm { recovery_code: other.code, ..good.clone() }, ErrorCode::WrongCode),
        (RecoveryForm { code: "ASHA-AAAA-BBBB-CCCC".into(), ..good.clone() }, ErrorCode::WrongCode),
        (RecoveryForm { password: "not my password".into(), ..good.clone() }, ErrorCode::WrongPassword),
    ];
    for (form, code) in wrong {
        let error = CommandError::from(desk.desk.recover(form).await.expect_err("BUG: recovered"));
        assert_eq!(error.code, code, "{}", error.detail);
        assert!(is_lost(&desk, &page));
        assert!(std::fs::read(home.join("clinic.db"))? == database, "the file was only read");
        assert!(std::fs::read(home.join("slots.json"))? == slots);
        assert!(!home.join("clinic-2.db").exists());
        assert_eq!(clinic.count("clinic.devices", "revoked_at is not null").await?, 0);
    }
    assert_eq!(desk.keyring().entries(), 0, "no key of an attempt is left");
    // None of it used the codes up.
    desk.desk.recover(good).await?;
    assert_eq!(names(&desk)?, ["Asha", "Bina", "Charu"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_stops_a_recovery_it_is_begun_again_and_nothing_is_lost() -> anyhow::Result<()> {
    for stop in [
        RecoverStep::Copied,
        RecoverStep::KeysKept,
        RecoverStep::Enrolled,
        RecoverStep::Renamed,
        RecoverStep::Replaced,
    ] {
        let (clinic, _office, desk, page) = lost().await?;
        let reached = move |step| if step == stop { Err(Error::Locked) } else { Ok(()) };
        let stopped = desk.desk.recover_until(form(&clinic, &page).await?, reached).await;
        assert!(matches!(stopped, Err(Error::Locked)), "{stop:?}");
        // The power comes back.
        let desk = desk.restarted();
        if stop == RecoverStep::Replaced {
            // It is what it became; only the server opens it yet.
            desk.unlock(EMAIL).await?;
        } else {
            assert!(is_lost(&desk, &page), "{stop:?}: {:?}", desk.desk.state());
            desk.desk.recover(form(&clinic, &page).await?).await?;
        }
        desk.synced().await?;
        assert_eq!(names(&desk)?, ["Asha", "Bina", "Charu"], "{stop:?}");
        assert!(is_swept(&desk.folder().join("clinic")), "{stop:?}");
        let verified = desk.replica()?.verify()?;
        assert!(verified.is_good() && verified.files == 1, "{stop:?}: {verified:?}");
        assert_eq!(clinic.count("clinic.sync_quarantine", "code = 'adopted'").await?, 3, "{stop:?}");
        assert_eq!(clinic.count("clinic.devices", "is_recovered").await?, 1, "{stop:?}: one, however often");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_on_the_way_makes_no_second_computer() -> anyhow::Result<()> {
    let (clinic, _office, desk, page) = lost().await?;
    clinic.network.plan("/v1/devices/enrol", [Fault::LostAnswer]);
    let refused = desk.desk.recover(form(&clinic, &page).await?).await;
    assert!(matches!(refused, Err(Error::ServerUnreachable)));
    assert!(is_lost(&desk, &page));
    // What is brought is lost on the way as well, and its answer.
    clinic.network.plan("/v1/devices/handover", [Fault::LostRequest, Fault::LostAnswer]);
    desk.desk.recover(form(&clinic, &page).await?).await?;
    desk.synced().await?;
    assert_eq!(clinic.count("clinic.devices", "is_recovered").await?, 1);
    assert_eq!(clinic.count("clinic.sync_quarantine", "code = 'adopted'").await?, 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn taken_out_of_service_before_it_brought_what_was_found_it_hands_over_that_as_well()
-> anyhow::Result<()> {
    let (clinic, office, desk, page) = lost().await?;
    clinic.network.plan("/v1/devices/handover", std::iter::repeat_n(Fault::LostRequest, 1_000));
    desk.desk.recover(form(&clinic, &page).await?).await?;
    register(&desk, "Dilip")?;
    let new = computer(&office, |one| one.recovered_from.is_some()).await?;
    office.desk.revoke_device(new.id, Some("stolen".into())).await?;
    desk.locked().await?;
    clinic.network.forget_plans();
    desk.desk.go_on_leaving();
    desk.until("all of it is handed over", |_| {
        matches!(
            desk.desk.state(),
            AppState::Revoked { waiting: 0, needs_password: false, .. } | AppState::Wiping
        )
    })
    .await?;
    assert_eq!(clinic.count("clinic.sync_quarantine", "code = 'adopted'").await?, 3);
    assert_eq!(clinic.count("clinic.sync_quarantine", "code = 'device_revoked'").await?, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_code_made_later_is_the_one_that_counts_also_if_it_was_made_without_the_server()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (office, desk) = (clinic.desk("Office").await?, clinic.desk("Room 1").await?);
    let first = written_down(&desk)?;
    clinic.network.set_down(true);
    let wrong = desk.desk.new_recovery_code("not my password").await;
    assert!(matches!(wrong, Err(Error::WrongPassword)));
    let state = desk.desk.new_recovery_code(PASSWORD).await?;
    assert!(matches!(&state, AppState::Unlocked { recovery, .. } if recovery.is_shown && !recovery.is_kept));
    let second = written_down(&desk)?;
    assert!(
        matches!(desk.desk.state(), AppState::Unlocked { recovery, .. } if recovery.is_kept && !recovery.is_shown)
    );
    assert_eq!(desk.desk.recovery_page()?.map(|page| page.code), None, "it is shown once");
    clinic.network.set_down(false);
    desk.synced().await?;
    code_is_known(&desk).await?;
    let known = computer(&office, |one| one.name == "Room 1").await?;
    assert_eq!(known.recovery_fingerprint, Some(second.fingerprint.clone()));
    let desk = without_keyring(desk, "clinic.db")?;
    let refused = desk.desk.recover(form(&clinic, &first).await?).await;
    assert!(matches!(refused, Err(Error::WrongRecoveryCode)));
    desk.desk.recover(form(&clinic, &second).await?).await?;
    desk.synced().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_which_the_server_never_heard_opens_it_once_an_admin_took_it_out_of_service()
-> anyhow::Result<()> {
    let (clinic, office, desk, page) = lost().await?;
    clinic.sql("update clinic.devices set recovery_fingerprint = null, recovery_made_at = null").await?;
    let error =
        CommandError::from(desk.desk.recover(form(&clinic, &page).await?).await.expect_err("BUG: recovered"));
    assert!(error.detail.contains("out of service"), "{}", error.detail);
    assert!(is_lost(&desk, &page));
    let known = computer(&office, |one| one.name == "Room 1").await?;
    office.desk.revoke_device(known.id, None).await?;
    desk.desk.recover(form(&clinic, &page).await?).await?;
    desk.synced().await?;
    assert_eq!(clinic.count("clinic.sync_quarantine", "code = 'adopted'").await?, 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_does_not_take_of_what_was_found_holds_up_nothing_that_is_done_since()
-> anyhow::Result<()> {
    let (clinic, office, desk, page) = lost().await?;
    let full = r#"{"type":"about:blank","status":507,"code":"quarantine_full","detail":"No more for now."}"#;
    clinic.network.say("/v1/devices/handover", 507, "application/problem+json", full);
    desk.desk.recover(form(&clinic, &page).await?).await?;
    register(&desk, "Dilip")?;
    desk.until("only what was found waits, and people are told why", |status| {
        status.waiting == 3
            && status.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::QuarantineFull)
    })
    .await?;
    office.synced().await?;
    assert_eq!(names(&office)?, ["Asha", "Dilip"]);
    clinic.network.say_nothing();
    desk.synced().await?;
    assert_eq!(clinic.count("clinic.sync_quarantine", "code = 'adopted'").await?, 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_of_one_lost_computer_holds_up_nothing_of_the_next_one() -> anyhow::Result<()> {
    let (clinic, _office, desk, page) = lost().await?;
    // What was found the first time is still there when the keys are lost once more.
    let full = r#"{"type":"about:blank","status":507,"code":"quarantine_full","detail":"No more for now."}"#;
    clinic.network.say("/v1/devices/handover", 507, "application/problem+json", full);
    desk.desk.recover(form(&clinic, &page).await?).await?;
    let page = written_down(&desk)?;
    code_is_known(&desk).await?;
    clinic.network.set_down(true);
    register(&desk, "Dilip")?;
    let desk = without_keyring(desk, "clinic-2.db")?;
    clinic.network.set_down(false);
    clinic.network.say_nothing();
    // As if the server did not know that the second one had been the first one.
    clinic
        .sql(
            "create table public.known as select id, copied_from from clinic.devices where is_recovered;
             update clinic.devices set is_recovered = false,
                 copied_from = (select id from clinic.devices where name = 'Office') where is_recovered",
        )
        .await?;
    desk.desk.recover(form(&clinic, &page).await?).await?;
    register(&desk, "Esha")?;
    desk.until("only what was found first waits, and people are told why", |status| {
        status.waiting == 3
            && status.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::Invalid)
    })
    .await?;
    assert_eq!(clinic.count("clinic.sync_quarantine", "code = 'adopted'").await?, 1, "Dilip");
    clinic
        .sql(
            "update clinic.devices d set is_recovered = true, copied_from = k.copied_from
             from public.known k where k.id = d.id",
        )
        .await?;
    desk.synced().await?;
    assert_eq!(clinic.count("clinic.sync_quarantine", "code = 'adopted'").await?, 4);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_misses_something_before_all_that_was_found_is_not_asked_without_a_pause()
-> anyhow::Result<()> {
    let (clinic, office, desk, page) = lost().await?;
    let gap = r#"{"type":"about:blank","status":409,"code":"sequence_gap","detail":"Something is missing."}"#;
    clinic.network.say("/v1/devices/handover", 409, "application/problem+json", gap);
    desk.desk.recover(form(&clinic, &page).await?).await?;
    register(&desk, "Dilip")?;
    desk.until("all that was found waits, and people are told why", |status| {
        status.waiting == 4
            && status.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::EpochChanged)
    })
    .await?;
    office.synced().await?;
    assert_eq!(names(&office)?, ["Asha", "Dilip"]);
    clinic.network.say_nothing();
    desk.synced().await?;
    assert_eq!(clinic.count("clinic.sync_quarantine", "code = 'adopted'").await?, 3);
    Ok(())
}
