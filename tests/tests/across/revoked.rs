//! A computer that is taken out of service: locked at once, its work in a person's hands, its keys and files gone, and
//! each of it confirmed; with real desktops, a real server, and whatever stops the one or the other in between.

use std::time::Duration as Span;

use clinic_tests::clinic::{Clinic, EMAIL, PASSWORD, SetClock, TestDesk, patient};
use clinic_tests::network::Fault;
use protocol::error::ErrorCode;
use protocol::manage::{RevocationInfo, RevocationState};
use replica::Depth;
use replica::view::AppState;
use time::Duration;

/// What an admin sees of the only computer of this name.
async fn seen(admin: &TestDesk, name: &str) -> anyhow::Result<RevocationInfo> {
    let devices = admin.desk.devices().await?;
    let device = devices.into_iter().find(|device| device.name == name);
    Ok(device.and_then(|device| device.revocation).expect("BUG: revoked"))
}

async fn id_of(admin: &TestDesk, name: &str) -> anyhow::Result<protocol::id::DeviceId> {
    let devices = admin.desk.devices().await?;
    Ok(devices.into_iter().find(|device| device.name == name).expect("BUG: there").id)
}

async fn revoke(admin: &TestDesk, name: &str) -> anyhow::Result<()> {
    let id = id_of(admin, name).await?;
    admin.desk.revoke_device(id, Some("stolen".into())).await?;
    Ok(())
}

async fn state(desk: &TestDesk, what: &str, fits: impl Fn(&AppState) -> bool) -> anyhow::Result<()> {
    desk.until(what, |_| fits(&desk.desk.state())).await
}

async fn gone(desk: &TestDesk) -> anyhow::Result<()> {
    let left = desk.folder().join("leaving.json");
    // The file goes when the server knows.
    state(desk, "it is gone", |state| *state == AppState::NotEnrolled && !left.exists()).await?;
    assert!(!desk.folder().join("clinic").exists());
    assert_eq!(desk.keyring().entries(), 0, "no key is left");
    Ok(())
}

/// An admin's computer, and another one that knows it from its first lease on.
async fn acquainted(clinic: &Clinic, clock: &SetClock) -> anyhow::Result<(TestDesk, TestDesk)> {
    Ok((clinic.desk("Office").await?, clinic.desk_with("Room 1", clock).await?))
}

/// Waits until nothing is left to hand over; then a day goes by.
async fn handed_over(desk: &TestDesk, clock: &SetClock) -> anyhow::Result<()> {
    state(desk, "it has handed over what waited", |state| {
        matches!(state, AppState::Revoked { waiting: 0, needs_password: false, .. })
    })
    .await?;
    clock.run(Duration::hours(25));
    desk.desk.go_on_leaving();
    Ok(())
}

/// What waits for a person, by the code for it.
async fn set_aside(clinic: &Clinic, code: &str) -> anyhow::Result<i64> {
    clinic.count("clinic.sync_quarantine", &format!("code = '{code}' and resolved_at is null")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_in_use_locks_hands_over_what_waits_for_a_person_and_destroys_the_rest()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let clock = SetClock::default();
    let (admin, desk) = acquainted(&clinic, &clock).await?;
    // It cannot send what it has just saved.
    clinic.network.plan("/v1/sync/push", std::iter::repeat_n(Fault::LostRequest, 1_000));
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    let replica = desk.replica()?;
    revoke(&admin, "Room 1").await?;
    state(&desk, "it is locked", |state| !matches!(state, AppState::Unlocked { .. })).await?;
    assert!(desk.desk.replica().is_err(), "nobody is signed in any more");
    // A command that was still at work: what it calls saved is handed over.
    let n_late = i64::from(replica.register_patient(&patient("Farida", "98204 41277")).is_ok());
    handed_over(&desk, &clock).await?;
    assert!(replica.register_patient(&patient("Gita", "98204 41278")).is_err(), "too late");
    drop(replica);
    gone(&desk).await?;
    let info = seen(&admin, "Room 1").await?;
    assert_eq!((info.state, info.lost, info.has_consent), (RevocationState::Done, Some(0), true));
    assert_eq!(set_aside(&clinic, "device_revoked").await?, 1 + n_late);
    // What it handed over did not go in by itself.
    admin.synced().await?;
    assert!(admin.replica()?.find_patients("sunita")?.people.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_were_not_sent_are_destroyed_with_the_computer_and_counted() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let clock = SetClock::default();
    let (admin, desk) = acquainted(&clinic, &clock).await?;
    let sunita = desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    clinic.network.plan("/v1/dental_attachments/", std::iter::repeat_n(Fault::LostRequest, 1_000));
    crate::files::attach(&desk, sunita, &crate::files::picture(1_000))?;
    desk.until("the rows have gone", |status| status.waiting == 0 && status.files_waiting == 1).await?;
    revoke(&admin, "Room 1").await?;
    handed_over(&desk, &clock).await?;
    gone(&desk).await?;
    let info = seen(&admin, "Room 1").await?;
    assert_eq!((info.state, info.lost), (RevocationState::Done, Some(1)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_the_server_lost_are_counted_when_the_computer_that_has_them_is_cleared()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let clock = SetClock::default();
    let (admin, desk) = acquainted(&clinic, &clock).await?;
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    desk.synced().await?;
    let lose = "set session_replication_role = replica;
                update clinic.tenant_sync set version = version + 1;
                delete from clinic.patients where first_name = 'Sunita'";
    clinic.sql(lose).await?;
    desk.desk.mend(Depth::Versions).await?;
    revoke(&admin, "Room 1").await?;
    handed_over(&desk, &clock).await?;
    gone(&desk).await?;
    assert_eq!(seen(&admin, "Room 1").await?.lost, Some(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_handed_over_and_lost_in_a_restore_is_handed_over_once_more_before_anything_is_destroyed()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let clock = SetClock::default();
    let (admin, desk) = acquainted(&clinic, &clock).await?;
    clinic.network.plan("/v1/sync/push", std::iter::repeat_n(Fault::LostRequest, 1_000));
    for name in ["Sunita", "Farida"] {
        desk.replica()?.register_patient(&patient(name, "98204 41276"))?;
    }
    clinic.network.plan("/v1/devices/farewell", std::iter::repeat_n(Fault::LostRequest, 1_000));
    revoke(&admin, "Room 1").await?;
    handed_over(&desk, &clock).await?;
    desk.until("it wants to say farewell", |_| clinic.network.n_planned_for("/v1/devices/farewell") < 1_000)
        .await?;
    assert_eq!(set_aside(&clinic, "device_revoked").await?, 2);
    // The backup was made when the computer was out of service already, and had not handed over.
    let restore = "set session_replication_role = replica;
                   delete from clinic.sync_conflicts;
                   delete from clinic.sync_quarantine;
                   delete from clinic.sync_mutations;
                   update clinic.devices set last_sequence = 0, last_hash = repeat('0', 64) where name = 'Room 1'";
    clinic.sql(restore).await?;
    clinic.network.forget_plans();
    desk.desk.go_on_leaving();
    state(&desk, "it asks for a password once more", |state| {
        matches!(state, AppState::Revoked { needs_password: true, .. })
    })
    .await?;
    assert!(desk.folder().join("clinic/clinic.db").exists());
    desk.desk.unlock(EMAIL, PASSWORD).await?;
    gone(&desk).await?;
    assert_eq!(set_aside(&clinic, "device_revoked").await?, 2);
    assert_eq!(seen(&admin, "Room 1").await?.lost, Some(0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_admins_consent_the_computer_waits_a_day_in_sight() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let clock = SetClock::default();
    let desk = clinic.desk_with("Room 1", &clock).await?;
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    desk.synced().await?;
    clinic.sql("update clinic.devices set revoked_at = now()").await?;
    state(&desk, "it waits", |state| matches!(state, AppState::Revoked { wipes_at: Some(_), .. })).await?;
    clock.run(Duration::hours(23));
    desk.desk.tick()?;
    desk.desk.go_on_leaving();
    assert!(desk.folder().join("clinic/clinic.db").exists());
    // A restart does not shorten it, nor does a clock that is set forward.
    let desk = desk.restarted();
    clock.pass(Duration::hours(25));
    desk.desk.go_on_leaving();
    assert!(matches!(desk.desk.state(), AppState::Revoked { .. }));
    if matches!(desk.desk.state(), AppState::Revoked { needs_password: true, .. }) {
        // It was stopped before it knew that nothing waited.
        desk.desk.unlock(EMAIL, PASSWORD).await?;
    }
    clock.run(Duration::hours(2));
    desk.desk.go_on_leaving();
    gone(&desk).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_server_that_names_its_own_admin_gains_no_hour() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let clock = SetClock::default();
    let desk = clinic.desk_with("Room 1", &clock).await?;
    // The thief enrols a computer as an admin and agrees in its name.
    let thief = clinic.desk_with("Thief", &clock).await?;
    desk.desk.ask_standing().await?;
    revoke(&thief, "Room 1").await?;
    let before = time::OffsetDateTime::now_utc();
    state(&desk, "it waits", |state| match state {
        AppState::Revoked { wipes_at: Some(at), .. } => {
            let at = protocol::validate::parse_moment(at).expect("BUG: a moment");
            at > before + Span::from_secs(23 * 3600)
        }
        _ => false,
    })
    .await?;
    desk.desk.go_on_leaving();
    assert!(desk.folder().join("clinic/clinic.db").exists());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_word_on_the_way_revokes_nothing() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let refusal = r#"{"type":"about:blank","status":403,"code":"device_revoked","detail":"Out."}"#;
    clinic.network.say("/v1/sync", 403, "application/problem+json", refusal);
    clinic.network.say(
        "/v1/devices/standing",
        200,
        "application/json",
        r#"{"body":"{}","key":"","signature":""}"#,
    );
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    desk.until("it was said so", |status| {
        status.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::DeviceRevoked)
    })
    .await?;
    assert!(matches!(desk.desk.state(), AppState::Unlocked { .. }));
    clinic.network.say_nothing();
    desk.synced().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_computer_waits_for_a_password_so_that_nothing_of_its_work_is_lost() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let clock = SetClock::default();
    let (admin, desk) = acquainted(&clinic, &clock).await?;
    clinic.network.set_down(true);
    desk.offline().await?;
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    desk.desk.tick()?;
    desk.desk.lock();
    clinic.network.set_down(false);
    admin.synced().await?;
    revoke(&admin, "Room 1").await?;
    let desk = desk.restarted();
    desk.desk.ask_standing().await?;
    desk.desk.go_on_leaving();
    // It says that it is locked.
    desk.desk.ask_standing().await?;
    state(&desk, "it asks for a password", |state| {
        matches!(state, AppState::Revoked { needs_password: true, waiting: 1, .. })
    })
    .await?;
    assert_eq!(seen(&admin, "Room 1").await?.state, RevocationState::Acknowledged);
    let wrong = desk.desk.unlock(EMAIL, "not my password").await;
    assert!(wrong.is_err());
    desk.desk.unlock(EMAIL, PASSWORD).await?;
    assert!(desk.desk.replica().is_err(), "it opens to hand over, and not to work");
    handed_over(&desk, &clock).await?;
    gone(&desk).await?;
    assert_eq!(set_aside(&clinic, "device_revoked").await?, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_stops_it_in_between_it_goes_on_from_there() -> anyhow::Result<()> {
    const STEPS: [&str; 5] = [
        "/v1/devices/standing",
        "/v1/devices/handover",
        "/v1/devices/farewell",
        "/v1/devices/wiped",
        "/v1/auth/challenge",
    ];
    for step in STEPS {
        for fault in [Fault::LostRequest, Fault::LostAnswer] {
            let clinic = Clinic::open().await?;
            let clock = SetClock::default();
            let (admin, desk) = acquainted(&clinic, &clock).await?;
            clinic.network.plan("/v1/sync/push", std::iter::repeat_n(Fault::LostRequest, 1_000));
            for place in 0..3 {
                desk.replica()?.register_patient(&patient("Sunita", &format!("98204 4127{place}")))?;
            }
            // Nothing gets past this step until the program was started again.
            clinic.network.plan(step, std::iter::repeat_n(fault, 1_000));
            revoke(&admin, "Room 1").await?;
            if matches!(step, "/v1/devices/farewell" | "/v1/devices/wiped") {
                handed_over(&desk, &clock).await?;
            }
            desk.until("it came to that step", |_| clinic.network.n_planned_for(step) < 1_000).await?;
            let desk = desk.restarted();
            clinic.network.forget_plans();
            if matches!(desk.desk.state(), AppState::Locked { .. }) {
                // It had not learnt of it yet.
                desk.desk.ask_standing().await?;
            }
            desk.desk.go_on_leaving();
            state(&desk, "it goes on", |state| {
                matches!(
                    state,
                    AppState::NotEnrolled
                        | AppState::Wiping
                        | AppState::Revoked { needs_password: true, .. }
                        | AppState::Revoked { waiting: 0, .. }
                )
            })
            .await?;
            if matches!(desk.desk.state(), AppState::Revoked { needs_password: true, .. }) {
                desk.desk.unlock(EMAIL, PASSWORD).await?;
                handed_over(&desk, &clock).await?;
            }
            clock.run(Duration::hours(25));
            desk.desk.go_on_leaving();
            gone(&desk).await?;
            let info = seen(&admin, "Room 1").await?;
            assert_eq!((info.state, info.lost), (RevocationState::Done, Some(0)), "{step} {fault:?}");
            assert_eq!(set_aside(&clinic, "device_revoked").await?, 3, "{step} {fault:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_never_comes_back_stays_unconfirmed_and_says_until_when_it_could_be_read()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let admin = clinic.desk("Office").await?;
    let desk = clinic.desk("Room 1").await?;
    desk.desk.lock();
    drop(desk);
    revoke(&admin, "Room 1").await?;
    assert_eq!(seen(&admin, "Room 1").await?.state, RevocationState::Asked);
    clinic.sql("update clinic.device_leases set not_after = now() - interval '1 second'").await?;
    let info = seen(&admin, "Room 1").await?;
    assert_eq!((info.state, info.done_at), (RevocationState::NeverConfirmed, None));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_of_a_wiped_computer_opens_with_no_password() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let clock = SetClock::default();
    let (admin, desk) = acquainted(&clinic, &clock).await?;
    revoke(&admin, "Room 1").await?;
    handed_over(&desk, &clock).await?;
    gone(&desk).await?;
    // It can join a clinic again, as any new computer.
    desk.enrol(clinic.network.address(), clinic.code().await?, "Room 1 again").await?;
    desk.synced().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_whose_clock_is_an_hour_off_is_still_believed() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    for (name, hours) in [("Ahead", 1), ("Behind", -1)] {
        let clock = SetClock::default();
        let admin = clinic.desk_with("Office", &clock).await?;
        let desk = clinic.desk(name).await?;
        clock.pass(Duration::hours(hours));
        let id = id_of(&admin, name).await?;
        admin.desk.revoke_device(id, Some("stolen".into())).await?;
        // Signed with the time of its own clock, then with the server's.
        assert_eq!(clinic.network.n_asked(&format!("/v1/devices/{id}/revoke")), 2, "{name}");
        state(&desk, "it is locked", |state| !matches!(state, AppState::Unlocked { .. })).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_clocks_agree_what_an_admin_asks_is_signed_once() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let admin = clinic.desk("Office").await?;
    let _desk = clinic.desk("Room 1").await?;
    let id = id_of(&admin, "Room 1").await?;
    revoke(&admin, "Room 1").await?;
    assert_eq!(clinic.network.n_asked(&format!("/v1/devices/{id}/revoke")), 1);
    Ok(())
}
