//! A server whose database was restored from a backup gets back from the desktops what it lost.
#![cfg(unix)]

use clinic_tests::clinic::{EMAIL, PASSWORD, TestDesk, patient};
use clinic_tests::network::{Fault, Network};
use clinic_tests::server::ServerProcess;
use protocol::api::{Fate, NoticeCode, RegisterResponse};
use protocol::error::ErrorCode;
use protocol::id::{PatientId, PrescriptionId};
use replica::view::{PatientForm, RecoveryForm};
use tempfile::TempDir;

use crate::crash::{code, own_server};
use crate::recovery::{code_is_known, without_keyring, written_down};
use crate::sync::draft;

/// A clinic of two desktops whose server was restored to a time before their last work, and does not answer yet.
struct Restored {
    _folder: TempDir,
    server: ServerProcess,
    network: Network,
    registered: RegisterResponse,
    one: TestDesk,
    other: TestDesk,
    /// Registered before the backup, and changed by both since.
    old: PatientId,
    /// What the first desk signed since.
    signed: PrescriptionId,
    /// Whom the other desk registered since.
    farida: PatientId,
}

impl Restored {
    async fn open() -> anyhow::Result<Self> {
        let (folder, mut server, registered, network) = own_server().await?;
        let (one, other) = (TestDesk::new()?, TestDesk::new()?);
        one.enrol(network.address(), registered.enrolment.code.clone(), "Room 1").await?;
        other.enrol(network.address(), code(&server, &registered.tenant_code)?, "Room 2").await?;
        let old = one.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
        one.synced().await?;
        other.synced().await?;
        server.back_up()?;
        let signed = one.replica()?.sign_prescription(old, &draft(), &[])?.id;
        one.synced().await?;
        other.synced().await?;
        let form = other.replica()?.chart(old)?.form;
        other.replica()?.update_patient(old, &form, &PatientForm { city: "Pune".into(), ..form.clone() })?;
        let farida = other.replica()?.register_patient(&patient("Farida", "98204 41277"))?.id;
        other.synced().await?;
        one.synced().await?;
        server.restore()?;
        network.set_down(true);
        one.offline().await?;
        other.offline().await?;
        server.start()?;
        Ok(Self { _folder: folder, server, network, registered, one, other, old, signed, farida })
    }

    fn new_epoch(&self, hold: &[&str]) -> anyhow::Result<()> {
        let said = self.server.operator(&[&["tenant", "new-epoch", "--all", "--yes"], hold].concat())?;
        anyhow::ensure!(said.contains("begins a new epoch"), "{said}");
        Ok(())
    }

    /// Everything of both desks is on both, on the server, and so on a third.
    async fn all_is_back(&mut self) -> anyhow::Result<()> {
        // Each gets what the other brought back, whoever was first.
        for desk in [&self.one, &self.other, &self.one] {
            desk.synced().await?;
        }
        let third = TestDesk::new()?;
        let one_time = code(&self.server, &self.registered.tenant_code)?;
        third.enrol(self.network.address(), one_time, "Room 3").await?;
        for desk in [&self.one, &self.other, &third] {
            assert_eq!(desk.rows()?, self.one.rows()?);
            let replica = desk.replica()?;
            assert_eq!(replica.chart(self.old)?.form.city, "Pune");
            assert_eq!(replica.prescription(self.signed)?.items.len(), 3);
            assert_eq!(replica.find_patients("Farida")?.people[0].id, self.farida);
            assert!(replica.verify()?.is_good());
            let status = desk.desk.sync_status();
            assert_eq!((status.waiting, status.attention, status.only_here), (0, 0, 0));
            assert!(replica.ledger(20)?.iter().all(|entry| entry.fate == Some(Fate::Applied)));
        }
        self.server.stop()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn desks_bring_back_what_a_restored_server_lost() -> anyhow::Result<()> {
    let mut clinic = Restored::open().await?;
    clinic.new_epoch(&[])?;
    // Work goes on as if nothing were.
    clinic.one.replica()?.register_patient(&patient("Gita", "98204 41278"))?;
    clinic.network.set_down(false);
    clinic.one.synced().await?;
    let notices = clinic.one.desk.sync_status().notices;
    let said = notices.iter().find(|notice| notice.code == NoticeCode::Restored).expect("it is said");
    assert!(said.detail.contains("1 change of this computer was missing there"), "{}", said.detail);
    clinic.all_is_back().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_another_desk_did_is_kept_until_that_one_brings_it_back() -> anyhow::Result<()> {
    let mut clinic = Restored::open().await?;
    clinic.new_epoch(&[])?;
    let other = clinic.other.desk.replica()?;
    clinic.other.desk.lock();
    drop(other);
    clinic.network.set_down(false);
    clinic.one.synced().await?;
    let status = clinic.one.desk.sync_status();
    assert_eq!(status.only_here, 2, "Farida, and the city of Sunita");
    assert_eq!(clinic.one.replica()?.chart(clinic.old)?.form.city, "Pune");
    assert_eq!(clinic.one.replica()?.find_patients("Farida")?.people[0].id, clinic.farida);
    clinic.other.unlock(EMAIL).await?;
    clinic.all_is_back().await
}

#[tokio::test(flavor = "multi_thread")]
async fn desks_wait_for_the_operator_and_say_so() -> anyhow::Result<()> {
    let mut clinic = Restored::open().await?;
    clinic.new_epoch(&["--hold"])?;
    clinic.network.set_down(false);
    for desk in [&clinic.one, &clinic.other] {
        let before = desk.desk.sync_status().last_synced_at;
        desk.desk.sync_now();
        desk.until("it says that it waits", |status| {
            status.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::EpochHeld)
        })
        .await?;
        assert_eq!(desk.desk.sync_status().last_synced_at, before, "and is not called synced");
        assert_eq!(desk.replica()?.find_patients("Farida")?.people[0].id, clinic.farida);
    }
    let said = clinic.server.operator(&["tenant", "release", "--all"])?;
    assert!(said.contains("go on by themselves"), "{said}");
    clinic.all_is_back().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_went_back_without_a_word_stops_sync_until_it_begins_a_new_epoch() -> anyhow::Result<()>
{
    let mut clinic = Restored::open().await?;
    clinic.network.set_down(false);
    clinic.one.desk.sync_now();
    clinic.one.replica()?.register_patient(&patient("Gita", "98204 41278"))?;
    for desk in [&clinic.one, &clinic.other] {
        desk.desk.sync_now();
        desk.until("it says that the server went back", |status| {
            let problem = status.problem.as_ref();
            problem.is_some_and(|problem| {
                problem.code == ErrorCode::EpochChanged && problem.detail.contains("must begin a new epoch")
            })
        })
        .await?;
        assert_eq!(desk.replica()?.chart(clinic.old)?.form.city, "Pune");
    }
    clinic.new_epoch(&[])?;
    clinic.all_is_back().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_recovered_computer_had_handed_over_is_handed_over_again() -> anyhow::Result<()> {
    let (_folder, mut server, registered, network) = own_server().await?;
    let (office, desk, third) = (TestDesk::new()?, TestDesk::new()?, TestDesk::new()?);
    let one_time = |server: &ServerProcess| code(server, &registered.tenant_code);
    office.enrol(network.address(), registered.enrolment.code.clone(), "Office").await?;
    desk.enrol(network.address(), one_time(&server)?, "Room 1").await?;
    let page = written_down(&desk)?;
    code_is_known(&desk).await?;
    network.set_down(true);
    desk.replica()?.register_patient(&patient("Bina", "98204 41278"))?;
    let desk = without_keyring(desk, "clinic.db")?;
    network.set_down(false);

    // When the backup is made it is another computer, and has not brought what was found.
    network.plan("/v1/devices/handover", std::iter::repeat_n(Fault::LostRequest, 1_000));
    let (recovery_code, one_time_code) = (page.code, one_time(&server)?.0);
    let (email, password) = (EMAIL.into(), PASSWORD.into());
    desk.desk.recover(RecoveryForm { recovery_code, code: one_time_code, email, password }).await?;
    server.back_up()?;
    network.forget_plans();
    desk.synced().await?;
    server.restore()?;
    network.set_down(true);
    desk.offline().await?;
    server.start()?;
    server.operator(&["tenant", "new-epoch", "--all", "--yes"])?;
    network.set_down(false);
    desk.synced().await?;
    third.enrol(network.address(), one_time(&server)?, "Room 3").await?;
    let waiting = third.replica()?.conflicts(true)?;
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert!(waiting[0].refused.is_some());
    server.stop()
}
