//! Attached files, from one computer over the server to another, whatever the line does. They never stand in a row's way.

use clinic_tests::clinic::{Clinic, EMAIL, PASSWORD, TestDesk, patient};
use clinic_tests::network::Fault;
use protocol::api::DeviceScope;
use protocol::id::PatientId;
use replica::view::{AttachmentForm, AttachmentView, FilePlace};
use replica::{Desk, Error, SlotCost};

use crate::crash::{code, own_server};
use crate::own_keys::{RAHUL, SECOND_DOCTOR};

const FILES: &str = "/v1/dental_attachments/";

/// A picture of this length.
pub fn picture(length: usize) -> Vec<u8> {
    let start = *b"\x89PNG\r\n\x1a\n";
    let noise = (0_u32..).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8);
    start.into_iter().chain(noise).take(length).collect()
}

pub fn attach(desk: &TestDesk, patient: PatientId, bytes: &[u8]) -> anyhow::Result<AttachmentView> {
    let form = AttachmentForm { kind: "xray".into(), description: String::new(), teeth: "16".into() };
    Ok(desk.replica()?.attach(patient, "opg.png", &mut &*bytes, &form)?)
}

fn register_sunita(desk: &TestDesk) -> anyhow::Result<PatientId> {
    Ok(desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id)
}

fn place(desk: &TestDesk, patient: PatientId) -> anyhow::Result<FilePlace> {
    Ok(desk.replica()?.attachments(patient)?[0].place)
}

fn upload_path(file: &AttachmentView) -> String {
    format!("{FILES}{}/upload", file.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_reaches_the_server_and_another_computer_fetches_the_same_bytes() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let (sunita, bytes) = (register_sunita(&one)?, picture(1_500_000));
    let file = attach(&one, sunita, &bytes)?;
    assert_eq!(place(&one, sunita)?, FilePlace::Waiting);
    one.synced().await?;
    assert_eq!(one.desk.sync_status().files_waiting, 0, "in step means with its files");
    assert_eq!(place(&one, sunita)?, FilePlace::Here);
    other.synced().await?;
    assert_eq!(place(&other, sunita)?, FilePlace::OnServer);
    let fetched = other.desk.open_attachment(file.id).await?;
    assert!(*fetched.bytes == bytes, "the same bytes");
    assert_eq!((fetched.file_name.as_str(), fetched.mime.as_str()), ("opg.png", "image/png"));
    assert_eq!(place(&other, sunita)?, FilePlace::Here);
    clinic.network.set_down(true);
    assert!(*other.desk.open_attachment(file.id).await?.bytes == bytes, "from then on without the network");
    assert!(other.replica()?.verify()?.is_good());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_cut_in_the_middle_goes_on_there() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let one = clinic.desk("Room 1").await?;
    let (sunita, bytes) = (register_sunita(&one)?, picture(2_000_000));
    // How far it is; a piece; one whose answer is lost, and how far that was; one that never arrives, and so on.
    let faults =
        [Fault::None, Fault::None, Fault::LostAnswer, Fault::None, Fault::LostRequest, Fault::Answered(502)];
    clinic.network.plan(FILES, faults);
    let file = attach(&one, sunita, &bytes)?;
    one.synced().await?;
    assert_eq!(clinic.network.n_planned(), 0, "every fault happened");
    assert_eq!(clinic.network.n_sent(&upload_path(&file)), 2_000_000, "no byte went twice");
    assert_eq!(place(&one, sunita)?, FilePlace::Here);
    assert_eq!(one.desk.sync_status().problem, None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_after_the_program_was_started_again() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let one = clinic.desk("Room 1").await?;
    let (sunita, bytes) = (register_sunita(&one)?, picture(2_000_000));
    let refused = std::iter::repeat_n(Fault::LostRequest, 1_000);
    clinic.network.plan(FILES, [Fault::None, Fault::None, Fault::None].into_iter().chain(refused));
    let file = attach(&one, sunita, &bytes)?;
    // The request behind two pieces is on its way only once it is known here that they have arrived.
    one.until("two pieces have gone", |_| clinic.network.n_planned_for(FILES) < 1_000).await?;
    let one = one.restarted();
    clinic.network.forget_plans();
    one.unlock(&clinic.email).await?;
    one.synced().await?;
    assert_eq!(clinic.network.n_sent(&upload_path(&file)), 2_000_000, "no byte went twice");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_go_on_while_a_file_does_not_get_through_and_nothing_is_called_synced() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let sunita = register_sunita(&one)?;
    one.synced().await?;
    clinic.network.plan(FILES, std::iter::repeat_n(Fault::LostRequest, 1_000));
    let file = attach(&one, sunita, &picture(500_000))?;
    let attached = time::OffsetDateTime::now_utc();
    let farida = one.replica()?.register_patient(&patient("Farida", "98204 41277"))?.id;
    one.until("the rows have gone", |status| status.waiting == 0 && status.files_waiting == 1).await?;
    other.synced().await?;
    assert_eq!(other.replica()?.find_patients("Farida")?.people[0].id, farida);
    assert_eq!(place(&other, sunita)?, FilePlace::Elsewhere);
    let synced = one.desk.sync_status().last_synced_at;
    let synced = synced.as_deref().and_then(protocol::validate::parse_moment);
    assert!(synced.is_some_and(|at| at <= attached), "a file waits");
    clinic.network.forget_plans();
    one.synced().await?;
    assert_eq!(one.desk.sync_status().files_waiting, 0);
    other.synced().await?;
    assert!(other.desk.open_attachment(file.id).await.is_ok());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_breaks_off_goes_on_and_what_is_another_file_is_thrown_away() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let (sunita, bytes) = (register_sunita(&one)?, picture(300_000));
    let file = attach(&one, sunita, &bytes)?;
    let small = attach(&one, sunita, &picture(20))?;
    one.synced().await?;
    other.synced().await?;
    clinic.network.say(FILES, 200, "application/octet-stream", "01234567890123456789");
    let refused = other.desk.open_attachment(small.id).await;
    assert!(matches!(refused, Err(Error::AnotherFile)), "of the same length");
    clinic.network.say_nothing();
    clinic.network.say(FILES, 200, "text/html", "<html>the words of a gateway, longer than the file</html>");
    let refused = other.desk.open_attachment(small.id).await;
    assert!(matches!(refused, Err(Error::AnotherFile)), "of another length");
    clinic.network.say_nothing();
    assert!(other.replica()?.attachments(sunita)?.iter().all(|file| file.place == FilePlace::OnServer));
    clinic.network.plan(FILES, [Fault::BrokenAfter(100_000), Fault::LostRequest]);
    assert!(*other.desk.open_attachment(file.id).await?.bytes == bytes);
    assert_eq!(clinic.network.n_planned(), 0, "every fault happened");
    let path = format!("{FILES}{}/file", file.id);
    assert_eq!(clinic.network.n_bytes(&path), 200_000, "what had come did not come again");
    clinic.network.set_down(true);
    let offline = other.desk.open_attachment(small.id).await;
    assert!(matches!(offline, Err(Error::ServerUnreachable)), "it is said, and nothing is made up");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_the_server_refuses_is_kept_shown_and_sent_again() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let one = clinic.desk("Room 1").await?;
    let (sunita, bytes) = (register_sunita(&one)?, picture(1_000));
    one.synced().await?;
    let no = r#"{"type":"about:blank","status":422,"code":"invalid","detail":"Not this one."}"#;
    clinic.network.say(FILES, 422, "application/problem+json", no);
    let file = attach(&one, sunita, &bytes)?;
    one.until("it was refused", |status| status.files_refused == 1).await?;
    let shown = one.replica()?.attachments(sunita)?.remove(0);
    assert_eq!((shown.place, shown.refusal.as_deref()), (FilePlace::Refused, Some("Not this one.")));
    assert!(*one.desk.open_attachment(file.id).await?.bytes == bytes, "it is kept");
    clinic.network.say_nothing();
    one.replica()?.send_attachment_again(file.id)?;
    one.until("it has gone", |status| status.files_refused == 0 && status.files_waiting == 0).await?;
    one.synced().await?;
    assert_eq!(place(&one, sunita)?, FilePlace::Here);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_desk_gets_no_files_and_another_tenant_knows_of_none() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let next = clinic.neighbour().await?;
    let (one, theirs) = (clinic.desk("Room 1").await?, next.desk("Room 1").await?);
    let (sunita, bytes) = (register_sunita(&one)?, picture(50_000));
    let file = attach(&one, sunita, &bytes)?;
    one.synced().await?;
    let front = TestDesk::new()?;
    let code = clinic.server().enrolment_code_for(clinic.tenant_code(), DeviceScope::FrontDesk).await?;
    front.enrol(clinic.network.address(), code, "Front desk").await?;
    let replica = front.replica()?;
    assert_eq!(replica.find_patients("Sunita")?.people.len(), 1);
    assert!(matches!(replica.attachments(sunita), Err(Error::Forbidden(_))));
    assert!(matches!(front.desk.open_attachment(file.id).await, Err(Error::Forbidden(_))));
    assert!(front.rows()?.iter().all(|row| row.table.as_str() != "dental_attachments"));
    assert!(
        matches!(attach(&front, sunita, &bytes), Err(error) if error.to_string().contains("Only doctors"))
    );

    theirs.synced().await?;
    assert!(matches!(theirs.desk.open_attachment(file.id).await, Err(Error::NotFound)));
    // The same picture is another file there, and goes over the line whole.
    let other = theirs.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    let same = attach(&theirs, other, &bytes)?;
    theirs.synced().await?;
    assert_eq!(next.network.n_sent(&upload_path(&same)), 50_000, "nobody learns that it is known");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_file_goes_from_every_record_without_a_question() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let sunita = register_sunita(&one)?;
    let file = attach(&one, sunita, &picture(1_000))?;
    one.synced().await?;
    one.replica()?.remove_attachment(file.id)?;
    one.synced().await?;
    other.synced().await?;
    assert!(other.replica()?.attachments(sunita)?.is_empty());
    assert_eq!(one.desk.sync_status().attention, 0);
    assert!(matches!(other.desk.open_attachment(file.id).await, Err(Error::NotFound)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_removes_a_file_that_a_colleague_added() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    clinic.sql(SECOND_DOCTOR).await?;
    let one = clinic.desk("Room 1").await?;
    let sunita = register_sunita(&one)?;
    let file = attach(&one, sunita, &picture(1_000))?;
    one.synced().await?;
    one.desk.lock();
    one.unlock(RAHUL).await?;
    one.synced().await?;
    assert!(one.replica()?.attachments(sunita)?[0].may_remove);
    one.replica()?.remove_attachment(file.id)?;
    one.synced().await?;
    assert_eq!(one.desk.sync_status().attention, 0, "it went in");
    let other = clinic.desk("Room 2").await?;
    assert!(other.replica()?.attachments(sunita)?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wipe_counts_files_that_are_only_here_and_destroys_them() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let one = clinic.desk("Room 1").await?;
    let sunita = register_sunita(&one)?;
    one.synced().await?;
    clinic.network.set_down(true);
    one.offline().await?;
    attach(&one, sunita, &picture(1_000))?;
    let refused = one.desk.wipe(clinic.tenant_code(), None).await;
    assert!(
        matches!(&refused, Err(Error::Invalid(said)) if said.contains("1 attached files")),
        "{refused:?}"
    );
    assert!(one.folder().join("clinic/clinic.files").exists());
    let lost = one.desk.wipe(clinic.tenant_code(), Some(2)).await?;
    assert_eq!((lost.waiting, lost.files), (1, 1));
    assert!(!one.folder().join("clinic").exists());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_destroyed_while_another_program_has_the_data_open_and_may_save_something()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let window = clinic.desk("Room 1").await?;
    let tool = Desk::with_cost(window.folder(), window.keyring().clone(), SlotCost::QUICK);
    tool.unlock(EMAIL, PASSWORD).await?;
    let refused = tool.wipe(clinic.tenant_code(), None).await;
    assert!(
        matches!(&refused, Err(Error::Invalid(said)) if said.contains("another window or program")),
        "{refused:?}"
    );
    register_sunita(&window)?;
    window.synced().await?;
    assert!(window.replica()?.verify()?.is_good());
    window.desk.lock();
    tool.unlock(EMAIL, PASSWORD).await?;
    tool.wipe(clinic.tenant_code(), None).await?;
    assert!(!window.folder().join("clinic").exists());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn files_that_a_restored_server_lost_are_sent_again() -> anyhow::Result<()> {
    let (_folder, mut server, registered, network) = own_server().await?;
    let one = TestDesk::new()?;
    one.enrol(network.address(), registered.enrolment.code.clone(), "Room 1").await?;
    let (sunita, bytes) = (register_sunita(&one)?, picture(100_000));
    one.synced().await?;
    server.back_up()?;
    let file = attach(&one, sunita, &bytes)?;
    one.synced().await?;
    server.restore()?;
    network.set_down(true);
    one.offline().await?;
    server.start()?;
    server.operator(&["tenant", "new-epoch", "--all", "--yes"])?;
    network.set_down(false);
    one.synced().await?;
    let third = TestDesk::new()?;
    third.enrol(network.address(), code(&server, &registered.tenant_code)?, "Room 3").await?;
    assert!(*third.desk.open_attachment(file.id).await?.bytes == bytes);
    server.stop()
}
