//! A new desktop fills itself: today first, then the rest, whatever breaks meanwhile.

use clinic_tests::clinic::{Clinic, TestDesk, patient};
use clinic_tests::network::Fault;
use protocol::table::Row;
use replica::view::{Connection, PatientForm};

use crate::crash::{code, own_server};
use crate::sync::draft;

const BOOTSTRAP: &str = "/v1/sync/bootstrap";

/// Patients with and without a prescription, one who was changed since, and one who was deleted.
async fn work(desk: &TestDesk) -> anyhow::Result<()> {
    for place in 0..8 {
        let patient = desk
            .replica()?
            .register_patient(&patient(&format!("P{place}"), &format!("98204 0000{place}")))?;
        if place % 2 == 0 {
            desk.replica()?.sign_prescription(patient.id, &draft(), &[])?;
        }
    }
    desk.synced().await
}

/// Rows of old patients, whom nobody expects today.
const MANY: &str = "set session_replication_role = replica;
    insert into clinic.patients (tenant_id, id, mobile_number, first_name, first_name_norm, age_years, sync_version)
    select id, ('01800000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '+9198' || 10000000 + n, 'Old', 'old', 54, 1
    from clinic.tenants, generate_series(1, 4000) n";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_desk_has_every_row_of_the_others() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let one = clinic.desk("Room 1").await?;
    work(&one).await?;
    let other = clinic.desk("Room 2").await?;
    assert_eq!(other.rows()?, one.rows()?);
    assert_eq!(other.desk.sync_status().filling, None);
    let report = other.replica()?.verify()?;
    assert!(report.is_good() && report.patients == 8, "{report:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_again_and_again_is_gone_on_with_to_its_end() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let one = clinic.desk("Room 1").await?;
    work(&one).await?;
    clinic.sql(MANY).await?;
    let whole = clinic.desk("Room 2").await?.rows()?;
    assert_eq!(
        whole.iter().filter(|row| row.values.get("first_name").is_some_and(|name| name == "Old")).count(),
        4000
    );
    // Before anything, before today's end, then after a portion, which may be lost with the line.
    let broken = [Fault::BrokenAfterPortions(0), Fault::BrokenAfter(2_000), Fault::BrokenAfterPortions(1)];
    clinic.network.plan(BOOTSTRAP, broken);
    let third = clinic.desk("Room 3").await?;
    assert_eq!(third.rows()?, whole);
    assert_eq!(clinic.network.n_planned(), 0, "so many streams were broken");
    assert!(third.replica()?.verify()?.is_good());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn today_is_worked_with_while_the_rest_is_on_its_way_and_nothing_is_called_synced() -> anyhow::Result<()>
{
    let clinic = Clinic::open().await?;
    let one = clinic.desk("Room 1").await?;
    work(&one).await?;
    clinic.sql(MANY).await?;
    clinic.network.plan(BOOTSTRAP, [Fault::HeldAfterPortions(1)]);
    let other = TestDesk::new()?;
    other.enrol_only(clinic.network.address(), clinic.code().await?, "Room 2").await?;
    other
        .until("today's rows are here", |status| {
            status.filling.as_ref().is_some_and(|filling| filling.has_today)
        })
        .await?;
    clinic.network.holding().await?;
    let status = other.desk.sync_status();
    assert_eq!((status.connection, status.last_synced_at), (Connection::Online, None));
    assert!(status.filling.is_some_and(|filling| filling.total.is_some_and(|total| total > 4000)));
    let today = other.replica()?.today()?;
    assert_eq!(today.registered.len(), 8);
    assert!(other.replica()?.find_patients("Old")?.people.is_empty(), "they are still on their way");
    // Work on what is here, while the line stands still.
    let known = other.replica()?.find_patients("P1")?.people[0].id;
    let form = other.replica()?.chart(known)?.form;
    other.replica()?.update_patient(known, &form, &PatientForm { city: "Pune".into(), ..form.clone() })?;
    let new = other.replica()?.register_patient(&patient("Farida", "98204 41276"))?.id;
    let signed = other.replica()?.sign_prescription(new, &draft(), &[])?;
    clinic.network.let_go();
    other.synced().await?;
    one.synced().await?;
    assert_eq!(other.desk.sync_status().filling, None);
    assert_eq!(one.replica()?.chart(known)?.form.city, "Pune");
    assert_eq!(one.replica()?.prescription(signed.id)?.items, signed.items);
    // The first desk was not told of the rows that were put beside the log of versions.
    let with_log = |rows: Vec<Row>| rows.into_iter().filter(|row| row.version != 1).collect::<Vec<_>>();
    assert_eq!(with_log(other.rows()?), with_log(one.rows()?));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_goes_out_while_the_rest_still_comes() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let one = clinic.desk("Room 1").await?;
    work(&one).await?;
    clinic.network.plan(BOOTSTRAP, [Fault::HeldAfterPortions(1)]);
    let other = TestDesk::new()?;
    other.enrol_only(clinic.network.address(), clinic.code().await?, "Room 2").await?;
    clinic.network.holding().await?;
    other
        .until("today is here", |status| status.filling.as_ref().is_some_and(|filling| filling.has_today))
        .await?;
    let farida = other.replica()?.register_patient(&patient("Farida", "98204 41276"))?.id;
    // The rest does not come, and what was done does not wait for it.
    clinic.network.plan(BOOTSTRAP, [Fault::HeldAfterPortions(0)]);
    clinic.network.let_go();
    other.until("it has gone out", |status| status.waiting == 0).await?;
    one.synced().await?;
    assert_eq!(one.replica()?.find_patients("Farida")?.people[0].id, farida);
    assert!(other.desk.sync_status().filling.is_some() && other.desk.sync_status().last_synced_at.is_none());
    clinic.network.holding().await?;
    clinic.network.let_go();
    other.synced().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_goes_on_filling_after_its_restart() -> anyhow::Result<()> {
    let (_folder, mut server, registered, network) = own_server().await?;
    let one = TestDesk::new()?;
    one.enrol(network.address(), registered.enrolment.code, "Room 1").await?;
    work(&one).await?;
    let other = TestDesk::new()?;
    let one_time = code(&server, &registered.tenant_code)?;
    network.plan(BOOTSTRAP, [Fault::HeldAfterPortions(1)]);
    other.enrol_only(network.address(), one_time, "Room 2").await?;
    for portions in [1, 1, 2, 1] {
        network.holding().await?;
        server.cut_power()?;
        network.set_down(true);
        network.let_go();
        other.offline().await?;
        assert_eq!(other.desk.sync_status().last_synced_at, None);
        server.start()?;
        network.plan(BOOTSTRAP, [Fault::HeldAfterPortions(portions)]);
        network.set_down(false);
        other.desk.sync_now();
    }
    network.holding().await?;
    network.let_go();
    other.synced().await?;
    assert_eq!(other.rows()?, one.rows()?);
    server.stop()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_killed_while_it_is_filled_goes_on_after_its_next_start() -> anyhow::Result<()> {
    use std::io::Write;
    use std::process::Stdio;

    use clinic_tests::clinic::{EMAIL, PASSWORD};
    use clinic_tests::process::{Process, output, program};
    use clinic_tests::session::Session;

    let folder = tempfile::tempdir()?;
    let session = Session::start(&folder.path().join("session"))?;
    let clinic = Clinic::open().await?;
    let one = clinic.desk("Room 1").await?;
    work(&one).await?;
    clinic.sql(MANY).await?;
    let desk = folder.path().join("desk");
    let replica = |args: &[&str], input: &str| -> anyhow::Result<String> {
        output(session.command(program("clinic-replica")?).args(args).arg("--data").arg(&desk), input)
    };
    let (address, one_time) = (clinic.network.address(), clinic.code().await?);
    let enrol = ["enrol", "--server", &address, "--email", EMAIL, "--device-name", "Room 2"];
    // However long it takes to end, nothing has come by then.
    clinic.network.plan(BOOTSTRAP, std::iter::repeat_n(Fault::BrokenAfterPortions(0), 100));
    tokio::task::block_in_place(|| replica(&enrol, &format!("{}\n{PASSWORD}\n", one_time.0)))?;
    clinic.network.forget_plans();
    for portions in [1, 2, 1, 1, 2, 1, 2] {
        clinic.network.plan(BOOTSTRAP, [Fault::HeldAfterPortions(portions)]);
        let mut sync = Process::spawn(
            session
                .command(program("clinic-replica")?)
                .args(["sync", "--email", EMAIL, "--data"])
                .arg(&desk)
                .stdin(Stdio::piped())
                .stdout(Stdio::null()),
        )?;
        if let Some(mut stdin) = sync.child().stdin.take() {
            writeln!(stdin, "{PASSWORD}")?;
        }
        // It writes what has come while it is killed.
        clinic.network.holding().await?;
        sync.kill()?;
        clinic.network.let_go();
    }
    clinic.network.forget_plans();
    let said = tokio::task::block_in_place(|| {
        replica(&["sync", "--email", EMAIL, "--json"], &format!("{PASSWORD}\n"))
    })?;
    assert!(said.contains(r#""filling":null"#), "{said}");
    let verified =
        tokio::task::block_in_place(|| replica(&["verify", "--email", EMAIL], &format!("{PASSWORD}\n")))?;
    assert!(verified.contains(r#""patients": 4008"#), "{verified}");
    Ok(())
}
