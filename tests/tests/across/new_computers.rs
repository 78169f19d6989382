//! An admin makes a code for a computer at their desk, and somebody comes in with it.

use clinic_tests::clinic::{Clinic, EMAIL, TestDesk};
use clinic_tests::network::Fault;
use protocol::api::{DeviceScope, Secret};
use protocol::error::ErrorCode;
use protocol::id::ClinicId;
use protocol::permission::Role;
use replica::Error;
use replica::view::{ComputerCode, Enrolment, StaffForm, StaffRegistration};

const LATA: &str = "lata@example.org";
const NEW: &str = "kettle orbit mango lamp";

/// Adds somebody for the front desk, and answers her one-time password.
async fn add_lata(desk: &TestDesk) -> anyhow::Result<Secret> {
    let form = StaffForm {
        full_name: "Lata Pawar".into(),
        email: LATA.into(),
        mobile_number: String::new(),
        roles: vec![Role::Receptionist],
        is_active: true,
        clinics: vec![],
        registration: StaffRegistration::default(),
    };
    Ok(desk.desk.add_staff(&form).await?)
}

/// The only clinic, as it is offered for a new computer.
async fn place(desk: &TestDesk) -> anyhow::Result<ClinicId> {
    let clinics = desk.desk.computers().await?.clinics;
    let [clinic] = clinics.as_slice() else { anyhow::bail!("one clinic: {clinics:?}") };
    Ok(clinic.id)
}

/// What Lata types at a computer that belongs to nobody yet.
fn typed(made: &ComputerCode, password: &Secret) -> Enrolment {
    Enrolment {
        server: made.server.clone(),
        code: made.code.clone(),
        email: LATA.into(),
        password: password.0.clone(),
        device_name: "Front desk".into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_admins_code_somebody_who_never_signed_in_sets_up_a_new_computer() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let one_time = add_lata(&desk).await?;
    let made = desk.desk.new_computer_code(place(&desk).await?, DeviceScope::FrontDesk).await?;

    let front = TestDesk::new()?;
    front.desk.enrol(typed(&made, &one_time)).await?;
    front.desk.change_password(&one_time.0, NEW).await?;
    front.synced().await?;
    let session = front.replica()?.session();
    assert_eq!((session.person.email.as_str(), session.scope), (LATA, DeviceScope::FrontDesk));
    let listed = desk.desk.computers().await?.computers;
    let found = listed.iter().find(|one| one.name == "Front desk");
    assert!(found.is_some_and(|one| one.scope == DeviceScope::FrontDesk && !one.is_this), "{listed:?}");

    let another = TestDesk::new()?;
    let refused = another.desk.enrol(typed(&made, &Secret(NEW.into()))).await.expect_err("BUG: used before");
    assert_eq!(refused.code(), ErrorCode::WrongCode);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_of_the_server_and_for_who_is_no_admin_there_is_no_code() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let (one_time, place) = (add_lata(&desk).await?, place(&desk).await?);
    let asks = || desk.desk.new_computer_code(place, DeviceScope::Clinical);
    clinic.network.set_down(true);
    assert!(matches!(asks().await, Err(Error::CodeNeedsServer)));
    clinic.network.set_down(false);
    desk.synced().await?;
    clinic.network.plan("/v1/devices/codes", [Fault::LostAnswer]);
    assert!(matches!(asks().await, Err(Error::CodeNeedsServer)));
    // Nobody saw that code; another one lets a computer in.
    let made = asks().await?;
    let room = TestDesk::new()?;
    room.enrol(made.server, Secret(made.code), "Room 2").await?;

    desk.desk.lock();
    desk.desk.unlock(LATA, &one_time.0).await?;
    assert!(matches!(asks().await, Err(Error::Forbidden(_))));
    desk.desk.lock();
    desk.unlock(EMAIL).await?;
    Ok(())
}
