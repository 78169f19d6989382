//! A computer that slept, by a clock that the test sets.

use clinic_tests::clinic::{Clinic, EMAIL, SetClock, patient};
use replica::view::AppState;
use time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_slept_comes_back_locked_and_lost_nothing() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let clock = SetClock::default();
    let desk = clinic.desk_with("Room 1", &clock).await?;
    clinic.network.set_down(true);
    desk.offline().await?;
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    assert!(!desk.desk.lock_after_sleep(), "whoever signed in a moment ago is still there");
    assert!(!desk.desk.lock_after_sleep());
    let mut events = desk.desk.events();
    clock.pass(Duration::minutes(3));
    assert!(desk.desk.lock_after_sleep());
    let told = std::iter::from_fn(|| events.try_recv().ok());
    assert!(told.into_iter().any(|event| matches!(event, replica::Event::State)), "the window hears of it");
    let AppState::Locked { waiting, .. } = desk.desk.state() else { panic!("not locked") };
    assert_eq!(waiting, 1);
    // A second sleep of a locked computer is nothing; whoever signs in is not thrown out for it.
    clock.pass(Duration::hours(8));
    assert!(!desk.desk.lock_after_sleep());
    clock.pass(Duration::hours(1));
    desk.unlock(EMAIL).await?;
    assert!(!desk.desk.lock_after_sleep());
    assert_eq!(desk.replica()?.find_patients("sunita")?.people.len(), 1);
    clinic.network.set_down(false);
    desk.synced().await
}
