//! Several people at one computer, each under their own name.

use clinic_tests::clinic::{TestDesk, patient, register};
use clinic_tests::server::ServerProcess;
use replica::Error;
use replica::view::AppState;

const EMAIL: &str = "reception@example.org";
const PASSWORD: &str = "four quiet river stones";

#[tokio::test(flavor = "multi_thread")]
async fn someone_new_signs_in_online_once_and_from_then_on_without_the_server() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = ServerProcess::open(folder.path())?;
    let registered = register(&server.address(), "ASHA").await?;
    let desk = TestDesk::new()?;
    desk.enrol(server.address(), registered.enrolment.code, "Front desk").await?;
    let args = ["user", "add", "--tenant-code", &registered.tenant_code, "--email", EMAIL];
    let person = ["--name", "Priya Nair", "--role", "receptionist", "--password-file", "-"];
    server.operator_with(&[args.as_slice(), person.as_slice()].concat(), &format!("{PASSWORD}\n"))?;
    desk.desk.lock();

    server.stop()?;
    let refused = desk.desk.unlock(EMAIL, PASSWORD).await;
    assert!(matches!(refused, Err(Error::SignInOnline)), "{refused:?}");

    server.start()?;
    desk.desk.unlock(EMAIL, PASSWORD).await?;
    desk.synced().await?;
    desk.desk.lock();
    let AppState::Locked { people, .. } = desk.desk.state() else { panic!("{:?}", desk.desk.state()) };
    let names: Vec<&str> = people.iter().map(|person| person.full_name.as_str()).collect();
    assert_eq!(names, ["Priya Nair", "Anjali Kulkarni"], "who was here last stands first");

    server.stop()?;
    desk.desk.unlock(EMAIL, PASSWORD).await?;
    let replica = desk.replica()?;
    let session = replica.session();
    assert!(!session.may_prescribe && !session.may_read_clinical);
    replica.register_patient(&patient("Sunita", "98204 41276"))?;
    assert_eq!(replica.ledger(10)?[0].actor_name.as_deref(), Some("Priya Nair"));
    server.start()?;
    desk.synced().await?;
    assert_eq!(desk.desk.sync_status().attention, 0);
    server.stop()
}
