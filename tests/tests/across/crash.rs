//! Processes that die in the middle of their work.

use clinic_tests::clinic::{TestDesk, patient, register};
use clinic_tests::network::{Fault, Network};
use clinic_tests::server::ServerProcess;
use protocol::api::{RegisterResponse, Secret};
use replica::view::Connection;
use tempfile::TempDir;

/// Queues patients while the server is away, lets it die when they are under way, and again when it has taken
/// them and the answer was lost; in the end each must be there once.
async fn push_survives(die: fn(&mut ServerProcess) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (_folder, mut server, registered, network) = own_server().await?;
    let one = TestDesk::new()?;
    one.enrol(network.address(), registered.enrolment.code, "Room 1").await?;
    server.stop()?;
    let mut numbers = vec![];
    for death in 0..4 {
        for place in 0..100 {
            let number = format!("98204{death}10{place:02}");
            one.replica()?.register_patient(&patient(&format!("Patient {number}"), &number))?;
            numbers.push(number);
        }
        let is_answer_lost = death % 2 == 1;
        if is_answer_lost {
            network.plan("/v1/sync/push", [Fault::LostAnswer]);
        }
        server.start()?;
        one.desk.sync_now();
        one.until("they are under way", |status| match status.connection {
            _ if is_answer_lost => network.n_planned() == 0,
            Connection::Sending { .. } => true,
            _ => status.waiting == 0,
        })
        .await?;
        die(&mut server)?;
    }
    server.start()?;
    one.synced().await?;
    assert_eq!(one.desk.sync_status().attention, 0);
    let other = enrolled(&server, &registered.tenant_code).await?;
    let report = other.replica()?.verify()?;
    assert!(report.is_good(), "{report:?}");
    assert_eq!(report.patients as usize, numbers.len(), "each once, none lost");
    for number in numbers {
        let found = other.replica()?.find_patients(&number)?.people;
        assert_eq!(found.len(), 1);
        assert!(!found[0].needs_review, "not taken for someone registered twice");
    }
    server.stop()
}

/// A server that is a process of its own in this folder, the clinic that was registered there, and a network before it.
pub async fn own_server() -> anyhow::Result<(TempDir, ServerProcess, RegisterResponse, Network)> {
    let folder = tempfile::tempdir()?;
    let server = ServerProcess::open(folder.path())?;
    let registered = register(&server.address(), "ASHA").await?;
    let network = Network::before(server.address().parse()?).await?;
    Ok((folder, server, registered, network))
}

/// A one-time code for another desktop of the clinic.
pub fn code(server: &ServerProcess, tenant_code: &str) -> anyhow::Result<Secret> {
    let code = server.operator(&[
        "device",
        "code",
        "--tenant-code",
        tenant_code,
        "--clinic-code",
        "ASHA",
        "--scope",
        "clinical",
        "--json",
    ])?;
    let code: serde_json::Value = serde_json::from_str(&code)?;
    Ok(Secret(code["code"].as_str().unwrap_or_default().into()))
}

/// Another desktop of the clinic.
async fn enrolled(server: &ServerProcess, tenant_code: &str) -> anyhow::Result<TestDesk> {
    let desk = TestDesk::new()?;
    desk.enrol(server.address(), code(server, tenant_code)?, "Room 2").await?;
    Ok(desk)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_of_a_push_applies_everything_once_after_its_restart()
-> anyhow::Result<()> {
    push_survives(ServerProcess::kill).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_of_server_and_database_loses_and_doubles_nothing() -> anyhow::Result<()> {
    push_survives(ServerProcess::cut_power).await
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_killed_at_any_moment_still_has_all_that_it_called_saved() -> anyhow::Result<()> {
    use std::collections::BTreeSet;
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;

    use clinic_tests::clinic::{EMAIL, PASSWORD};
    use clinic_tests::process::{Process, output, program};
    use clinic_tests::session::Session;

    let folder = tempfile::tempdir()?;
    let session = Session::start(&folder.path().join("session"))?;
    let mut server = ServerProcess::open(folder.path())?;
    let registered = register(&server.address(), "ASHA").await?;
    let desk = folder.path().join("desk");
    let replica = |args: &[&str], input: &str| -> anyhow::Result<String> {
        output(session.command(program("clinic-replica")?).args(args).arg("--data").arg(&desk), input)
    };
    let secrets = format!("{}\n{PASSWORD}\n", registered.enrolment.code.0);
    replica(
        &["enrol", "--server", &server.address(), "--email", EMAIL, "--device-name", "Room 1"],
        &secrets,
    )?;
    server.stop()?;
    let mut saved = BTreeSet::new();
    for round in 0..5 {
        let mut writer = Process::spawn(
            session
                .command(program("clinic-writer")?)
                .arg(&desk)
                .args([EMAIL, &round.to_string()])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped()),
        )?;
        if let Some(mut stdin) = writer.child().stdin.take() {
            writeln!(stdin, "{PASSWORD}")?;
        }
        let told = writer.child().stdout.take().map(BufReader::new);
        let told = told.into_iter().flat_map(BufRead::lines);
        for number in told.take(3 + round * 4) {
            saved.insert(number?);
        }
        // It goes on saving while it is killed.
        writer.kill()?;
    }
    assert_eq!(saved.len(), 55);
    replica(&["verify", "--email", EMAIL], &format!("{PASSWORD}\n"))?;
    server.start()?;
    replica(&["sync", "--email", EMAIL], &format!("{PASSWORD}\n"))?;
    let other = enrolled(&server, &registered.tenant_code).await?;
    for number in &saved {
        assert_eq!(other.replica()?.find_patients(number)?.people.len(), 1, "{number} was called saved");
    }
    server.stop()
}
