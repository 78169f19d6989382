//! An admin manages staff at a desktop: the server keeps them, and they work.

use clinic_tests::clinic::{Clinic, EMAIL, PASSWORD, TestDesk, patient};
use clinic_tests::network::Fault;
use protocol::api::NoticeCode;
use protocol::error::ErrorCode;
use protocol::permission::Role;
use replica::view::{AppState, AuditFilter, StaffForm, StaffRegistration, StaffView};
use replica::{Error, Event};

use crate::sync::draft;

const LATA: &str = "lata@example.org";
const RAVI: &str = "ravi@example.org";
const NEW: &str = "kettle orbit mango lamp";

fn nurse() -> StaffForm {
    StaffForm {
        full_name: "Lata Pawar".into(),
        email: LATA.into(),
        mobile_number: "98204 41276".into(),
        roles: vec![Role::Nurse],
        is_active: true,
        clinics: vec![],
        registration: StaffRegistration::default(),
    }
}

fn doctor() -> StaffForm {
    let registration = StaffRegistration {
        number: "2021/07/3344".into(),
        council: "MMC".into(),
        qualifications: "MBBS".into(),
        specialization: String::new(),
    };
    StaffForm {
        full_name: "Ravi Menon".into(),
        email: RAVI.into(),
        roles: vec![Role::Doctor],
        registration,
        ..nurse()
    }
}

/// How the server has somebody.
async fn person(desk: &TestDesk, email: &str) -> anyhow::Result<StaffView> {
    let list = desk.desk.staff().await?;
    Ok(list.people.into_iter().find(|one| one.form.email == email).expect("BUG: in the list"))
}

/// A clinic with an admin at one desk and the nurse, who has her own password, at another.
async fn with_lata_at_the_front_desk() -> anyhow::Result<(Clinic, TestDesk, TestDesk)> {
    let clinic = Clinic::open().await?;
    let (desk, front) = (clinic.desk("Room 1").await?, clinic.desk("Front desk").await?);
    let one_time = desk.desk.add_staff(&nurse()).await?;
    front.desk.lock();
    front.desk.unlock(LATA, &one_time.0).await?;
    front.desk.change_password(&one_time.0, NEW).await?;
    front.synced().await?;
    Ok((clinic, desk, front))
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_an_admin_adds_signs_in_with_the_one_time_password_and_is_asked_for_another_one()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let one_time = desk.desk.add_staff(&nurse()).await?;
    let lata = person(&desk, LATA).await?;
    assert!(lata.has_one_time_password && !lata.is_you && lata.last_login_at.is_none());
    assert_eq!(lata.form.mobile_number, "+919820441276");
    assert!(person(&desk, EMAIL).await?.is_you);

    desk.desk.lock();
    desk.desk.unlock(LATA, &one_time.0).await?;
    desk.until("it asks for a password of her own", |status| {
        status.notices.iter().any(|notice| notice.code == NoticeCode::PasswordChangeRequired)
    })
    .await?;
    desk.desk.change_password(&one_time.0, NEW).await?;
    desk.synced().await?;
    let refused = desk.desk.staff().await.expect_err("BUG: she is no admin");
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    let refused = desk.desk.audit_log(AuditFilter::default(), None).await;
    assert_eq!(refused.expect_err("BUG: she is no admin").code(), ErrorCode::Forbidden);

    desk.desk.lock();
    desk.unlock(EMAIL).await?;
    desk.synced().await?;
    let lata = person(&desk, LATA).await?;
    assert!(!lata.has_one_time_password && lata.last_login_at.is_some());
    // Who forgot theirs gets another one, and the one before opens nothing.
    let again = desk.desk.give_password(lata.id).await?;
    assert!(person(&desk, LATA).await?.has_one_time_password);
    let other = TestDesk::new()?;
    let code = clinic.code().await?;
    other.enrol(clinic.network.address(), code, "Room 2").await?;
    other.desk.lock();
    let refused = other.desk.unlock(LATA, NEW).await.expect_err("BUG: opened");
    assert_eq!(refused.code(), ErrorCode::WrongPassword);
    other.desk.unlock(LATA, &again.0).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_whom_an_admin_adds_signs_prescriptions_and_the_plan_says_how_many_there_may_be()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let sunita = desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    let unregistered = StaffForm { registration: StaffRegistration::default(), ..doctor() };
    let refused = desk.desk.add_staff(&unregistered).await.expect_err("BUG: he could not sign");
    assert!(refused.to_string().contains("needs the registration number"), "{refused}");
    clinic.sql("update clinic.tenants set max_doctors = 1").await?;
    let refused = desk.desk.add_staff(&doctor()).await.expect_err("BUG: no room");
    assert!(refused.to_string().contains("no room for another doctor"), "{refused}");
    clinic.sql("update clinic.tenants set max_doctors = 2").await?;
    let one_time = desk.desk.add_staff(&doctor()).await?;
    desk.synced().await?;
    let ravi = person(&desk, RAVI).await?;
    assert!(ravi.is_registered);
    assert_eq!(ravi.form.registration, doctor().registration, "it has come to this computer");

    desk.desk.lock();
    desk.desk.unlock(RAVI, &one_time.0).await?;
    desk.desk.change_password(&one_time.0, NEW).await?;
    desk.synced().await?;
    desk.replica()?.sign_prescription(sunita, &draft(), &[])?;
    desk.synced().await?;
    assert_eq!(desk.desk.sync_status().attention, 0);

    // What an admin corrects is there when the list is looked at next, and what they empty is gone.
    desk.desk.lock();
    desk.unlock(EMAIL).await?;
    desk.synced().await?;
    let seen = person(&desk, RAVI).await?.form;
    let registration = StaffRegistration {
        number: "2021/07/3345".into(),
        qualifications: String::new(),
        ..seen.registration.clone()
    };
    let wanted = StaffForm { full_name: "Ravi K Menon".into(), registration, ..seen.clone() };
    desk.desk.change_staff(ravi.id, &seen, &wanted).await?;
    desk.synced().await?;
    assert_eq!(person(&desk, RAVI).await?.form, wanted);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn other_roles_hold_who_left_stays_out_and_the_last_admin_is_told_why_they_stay() -> anyhow::Result<()>
{
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    desk.desk.add_staff(&nurse()).await?;
    let seen = person(&desk, LATA).await?;
    let wanted = StaffForm { roles: vec![Role::Receptionist], ..seen.form.clone() };
    desk.desk.change_staff(seen.id, &seen.form, &wanted).await?;
    assert_eq!(person(&desk, LATA).await?.form, wanted);
    let gone = StaffForm { is_active: false, ..wanted.clone() };
    desk.desk.change_staff(seen.id, &wanted, &gone).await?;
    assert_eq!(person(&desk, LATA).await?.form, gone);

    let you = person(&desk, EMAIL).await?;
    let leaves = StaffForm { is_active: false, ..you.form.clone() };
    let no_admin = StaffForm { roles: vec![Role::Doctor], ..you.form.clone() };
    for wanted in [leaves, no_admin] {
        let refused = desk.desk.change_staff(you.id, &you.form, &wanted).await.expect_err("BUG: left");
        assert!(refused.to_string().contains("the only admin"), "{refused}");
    }
    let own = desk.desk.give_password(you.id).await.expect_err("BUG: given");
    assert!(own.to_string().contains("Change your own password"), "{own}");
    assert_eq!(person(&desk, EMAIL).await?.form, you.form);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_email_opens_the_computer_that_she_knows_with_the_same_password_also_without_the_network()
-> anyhow::Result<()> {
    let (clinic, desk, front) = with_lata_at_the_front_desk().await?;

    let seen = person(&desk, LATA).await?;
    let with = |email: &str| StaffForm { email: email.into(), ..seen.form.clone() };
    let taken = desk.desk.change_staff(seen.id, &seen.form, &with(EMAIL)).await.expect_err("BUG: taken");
    assert_eq!(taken.code(), ErrorCode::EmailTaken);
    desk.desk.change_staff(seen.id, &seen.form, &with("joshi@example.org")).await?;
    front.desk.sync_now();
    front.locked().await?;

    clinic.network.set_down(true);
    let earlier = front.desk.unlock(LATA, NEW).await.expect_err("BUG: opened");
    assert_eq!(earlier.code(), ErrorCode::SignInOnline);
    front.desk.unlock("joshi@example.org", NEW).await?;
    clinic.network.set_down(false);
    front.synced().await?;
    assert_eq!(front.replica()?.session().person.email, "joshi@example.org");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_computer_that_hears_of_another_email_shows_it_and_opens_with_it() -> anyhow::Result<()> {
    let (clinic, desk, front) = with_lata_at_the_front_desk().await?;
    front.desk.lock();
    let seen = person(&desk, LATA).await?;
    let wanted = StaffForm { email: "joshi@example.org".into(), ..seen.form.clone() };
    desk.desk.change_staff(seen.id, &seen.form, &wanted).await?;

    let mut events = front.desk.events();
    front.desk.ask_standing().await?;
    let mut is_told = false;
    while let Ok(event) = events.try_recv() {
        is_told |= matches!(event, Event::State);
    }
    assert!(is_told, "the window shows anew who opens it");
    let AppState::Locked { people, .. } = front.desk.state() else { anyhow::bail!("it is open") };
    assert!(people.iter().any(|one| one.user_id == seen.id && one.email == "joshi@example.org"));
    clinic.network.set_down(true);
    front.desk.unlock("joshi@example.org", NEW).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_bad_line_an_admin_is_told_what_is_known_and_what_is_not() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    clinic.network.set_down(true);
    for refused in [desk.desk.staff().await.err(), desk.desk.add_staff(&nurse()).await.err()] {
        assert!(matches!(refused, Some(Error::StaffNeedsServer)), "{refused:?}");
    }
    clinic.network.set_down(false);
    desk.synced().await?;
    clinic.network.plan("/v1/users", [Fault::LostAnswer]);
    let lost = desk.desk.add_staff(&nurse()).await;
    assert!(matches!(lost, Err(Error::StaffUnsure)), "{lost:?}");
    let again = desk.desk.add_staff(&nurse()).await.expect_err("BUG: twice");
    assert!(again.to_string().contains("this e-mail already"), "{again}");
    // Nobody saw her password; another one opens.
    let one_time = desk.desk.give_password(person(&desk, LATA).await?.id).await?;
    desk.desk.lock();
    desk.desk.unlock(LATA, &one_time.0).await?;
    desk.desk.lock();
    desk.desk.unlock(EMAIL, PASSWORD).await?;
    Ok(())
}
