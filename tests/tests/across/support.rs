//! The support tool as support staff run it: the real program, a real keyring, a real server.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use clinic_tests::clinic::{EMAIL, PASSWORD, TestDesk, patient, register};
use clinic_tests::process::program;
use clinic_tests::server::ServerProcess;
use clinic_tests::session::Session;
use protocol::api::{DeviceScope, RegisterResponse, Secret};
use serde_json::Value;

use crate::paper::{codes, draft};

/// A desktop of a clinic, on which nothing but the tool has run.
struct Support {
    session: Session,
    server: ServerProcess,
    registered: RegisterResponse,
    desk: PathBuf,
}

/// What the tool said, and with which number it ended.
struct Said {
    exit: i32,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }

    /// The code of a failure.
    fn code(&self) -> String {
        let told: Value =
            serde_json::from_str(&self.err).unwrap_or_else(|error| panic!("{error}: {}", self.err));
        assert_eq!(told["exit"], self.exit, "{told}");
        assert!(told["error"]["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "{told}");
        told["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Support {
    async fn enrolled(folder: &Path) -> anyhow::Result<Self> {
        let session = Session::start(&folder.join("session"))?;
        let server = ServerProcess::open(folder)?;
        let registered = register(&server.address(), "ASHA").await?;
        let support = Self { session, server, registered, desk: folder.join("desk") };
        assert_eq!(support.ask(&["status"], "")?.json()["state"], "notEnrolled");
        let secrets = format!("{}\n{PASSWORD}\n", support.registered.enrolment.code.0);
        let address = support.server.address();
        let args = ["enrol", "--server", &address, "--email", EMAIL, "--device-name", "Room 1"];
        let said = support.ask(&args, &secrets)?;
        assert_eq!((said.exit, &said.json()["state"]), (0, &Value::from("unlocked")), "{}", said.err);
        Ok(support)
    }

    fn ask(&self, args: &[&str], input: &str) -> anyhow::Result<Said> {
        self.ask_in_words(&[args, ["--json"].as_slice()].concat(), input)
    }

    /// The same, answered for people.
    fn ask_in_words(&self, args: &[&str], input: &str) -> anyhow::Result<Said> {
        let mut command = self.session.command(program("clinic-replica")?);
        command.args(args).arg("--data").arg(&self.desk);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // Whoever is not asked for a secret does not read it.
            stdin.write_all(input.as_bytes()).ok();
        }
        let output = child.wait_with_output()?;
        Ok(Said {
            exit: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout)?,
            err: String::from_utf8(output.stderr)?,
        })
    }

    /// A command of someone who signs in.
    fn signed_in(&self, args: &[&str]) -> anyhow::Result<Said> {
        self.ask(&[args, ["--email", EMAIL].as_slice()].concat(), &format!("{PASSWORD}\n"))
    }

    /// A one-time code for one more computer of the clinic.
    fn one_time_code(&self) -> anyhow::Result<String> {
        let tenant = &self.registered.tenant_code;
        let of = ["--tenant-code", tenant, "--clinic-code", "ASHA", "--scope", "clinical", "--json"];
        let code: Value =
            serde_json::from_str(&self.server.operator(&[["device", "code"].as_slice(), &of].concat())?)?;
        Ok(code["code"].as_str().expect("a code").to_owned())
    }

    /// Registers patients as the window would, and is gone.
    fn write(&self, round: usize) -> anyhow::Result<usize> {
        use std::io::{BufRead, BufReader};

        use clinic_tests::process::Process;

        let mut command = self.session.command(program("clinic-writer")?);
        command.arg(&self.desk).args([EMAIL, &round.to_string()]);
        let mut writer = Process::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        if let Some(mut stdin) = writer.child().stdin.take() {
            writeln!(stdin, "{PASSWORD}")?;
        }
        let told = writer.child().stdout.take().map(BufReader::new);
        let saved = told.into_iter().flat_map(BufRead::lines).take(3).count();
        writer.kill()?;
        Ok(saved)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tool_enrols_syncs_searches_verifies_and_exports() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut support = Support::enrolled(folder.path()).await?;
    let saved = support.write(0)?;
    let synced = support.signed_in(&["sync"])?;
    assert_eq!((synced.exit, &synced.json()["waiting"]), (0, &Value::from(0)), "{}", synced.err);
    let ledger = support.signed_in(&["ledger", "--state", "applied", "--limit", "2"])?.json();
    assert!(ledger["total"].as_u64().is_some_and(|total| total >= saved as u64), "{ledger}");
    assert_eq!(ledger["entries"].as_array().map(Vec::len), Some(2));
    assert_eq!(support.signed_in(&["ledger", "--state", "lost"])?.exit, 2);
    let waits = support.signed_in(&["conflicts"])?.json();
    assert_eq!((&waits["conflicts"], &waits["refused"]), (&serde_json::json!([]), &serde_json::json!([])));

    let verified = support.signed_in(&["verify", "--deep"])?;
    let report = verified.json();
    assert_eq!(verified.exit, 0, "{report} {}", verified.err);
    assert_eq!(report["compared"]["wrong"], 0);
    assert!(report["compared"]["rows"].as_u64().is_some_and(|rows| rows > saved as u64));

    let file = folder.path().join("ledger.csv");
    let to = file.to_str().expect("text");
    let args = ["export", "--what", "ledger", "--form", "csv", "--to", to];
    let written = support.signed_in(&args)?.json();
    let text = std::fs::read_to_string(&file)?;
    assert_eq!(written["written"].as_u64(), Some(text.lines().count() as u64 - 1));
    let again = support.signed_in(&args)?;
    assert_eq!((again.exit, again.code().as_str()), (2, "invalid"));
    let file = folder.path().join("rows.ndjson");
    support.signed_in(&["export", "--what", "rows", "--to", file.to_str().expect("text")])?;
    let rows = std::fs::read_to_string(&file)?;
    assert!(rows.lines().any(|line| line.contains("\"table\":\"patients\"")));
    let added = support.signed_in(&["audit", "--action", "create", "--person", EMAIL])?;
    let entries = added.json()["entries"].clone();
    assert!(
        entries.as_array().is_some_and(|all| all.iter().any(|one| one["record"] == "Patient")),
        "{entries} {}",
        added.err
    );
    let nobody = support.signed_in(&["audit", "--person", "nobody@example.org"])?;
    assert_eq!((nobody.exit, nobody.code().as_str()), (2, "invalid"));
    assert_eq!(support.signed_in(&["audit", "--action", "teleport"])?.exit, 2);
    let ends = support.signed_in(&["log-ends"])?;
    assert_eq!((ends.exit, ends.out.lines().count()), (0, 1), "one value on one line: {}", ends.out);
    ends.json();
    support.server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failure_has_a_number_that_scripts_can_look_at() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut support = Support::enrolled(folder.path()).await?;
    let wrong = support.ask(&["sync", "--email", EMAIL], "not my password\n")?;
    assert_eq!((wrong.exit, wrong.code().as_str()), (4, "wrong_password"));
    let silent = support.ask(&["sync", "--email", EMAIL], "")?;
    assert_eq!((silent.exit, silent.code().as_str()), (2, "invalid"));
    assert_eq!(support.ask(&["sync"], "")?.exit, 2, "nobody said who signs in");
    support.server.stop()?;
    let late = support.signed_in(&["sync", "--timeout", "1"])?;
    assert_eq!((late.exit, late.code().as_str()), (1, "no"));
    let deep = support.signed_in(&["verify", "--deep", "--timeout", "1"])?;
    assert_eq!(deep.exit, 1, "nothing is called equal that was not compared");
    support.desk = folder.path().join("elsewhere");
    let none = support.signed_in(&["ledger"])?;
    assert_eq!((none.exit, none.code().as_str()), (5, "not_enrolled"));
    let help = support.ask(&["wipe", "--help"], "")?;
    assert!(help.exit == 0 && help.out.contains("--force <COUNT>"), "{}", help.out);
    Ok(())
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_after_which_records_are_only_here_is_not_called_done() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut support = Support::enrolled(folder.path()).await?;
    let room = TestDesk::new()?;
    room.enrol(support.server.address(), Secret(support.one_time_code()?), "Room 2").await?;
    support.server.back_up()?;
    room.replica()?.register_patient(&patient("Sunita", "9820441276"))?;
    room.synced().await?;
    room.desk.lock();
    let before = support.signed_in(&["sync"])?;
    assert_eq!((before.exit, &before.json()["onlyHere"]), (0, &Value::from(0)), "{}", before.err);
    let synced_at = before.json()["lastSyncedAt"].clone();

    // The backup knows nothing of Sunita, and the computer that registered her is switched off.
    support.server.restore()?;
    support.server.start()?;
    support.server.operator(&["tenant", "new-epoch", "--all", "--yes"])?;
    let lost = support.signed_in(&["sync"])?;
    assert_eq!((lost.exit, lost.code().as_str()), (6, "only_here"), "{}", lost.err);
    let status = lost.json();
    assert_eq!((&status["onlyHere"], &status["waiting"]), (&Value::from(1), &Value::from(0)));
    assert!(status["lastSyncedAt"].is_null() && status["lastLevelAt"].is_string(), "{status}");

    room.unlock(EMAIL).await?;
    room.synced().await?;
    let back = support.signed_in(&["sync"])?;
    assert_eq!((back.exit, &back.json()["onlyHere"]), (0, &Value::from(0)), "{}", back.err);
    assert!(back.json()["lastSyncedAt"].as_str() > synced_at.as_str(), "both sides are equal again");
    support.server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_is_wiped_with_the_clinics_code_and_not_while_something_is_only_there() -> anyhow::Result<()>
{
    let folder = tempfile::tempdir()?;
    let mut support = Support::enrolled(folder.path()).await?;
    support.server.stop()?;
    support.write(0)?;
    let code = support.registered.tenant_code.clone();
    let wipe = |support: &Support, code: &str, force: &[&str]| {
        let args = [["wipe", "--email", EMAIL].as_slice(), force].concat();
        support.ask(&args, &format!("{PASSWORD}\n{code}\n"))
    };
    let other = wipe(&support, "NEXT", &["--force", "3"])?;
    assert_eq!((other.exit, other.code().as_str()), (2, "invalid"));
    let refused = wipe(&support, &code, &[])?;
    assert_eq!(refused.exit, 2);
    let detail = serde_json::from_str::<Value>(&refused.err)?["error"]["detail"].to_string();
    let count = detail.split("--force ").nth(1).and_then(|rest| rest.split('.').next()).expect("a number");
    assert!(count.parse::<u32>()? >= 3, "{detail}");
    assert_eq!(wipe(&support, &code, &["--force", "1"])?.exit, 2, "another number is another loss");
    assert!(support.desk.join("clinic/clinic.db").exists());
    assert_eq!(support.signed_in(&["verify"])?.exit, 0, "nothing was destroyed");

    let wiped = wipe(&support, &code, &["--force", count])?;
    assert_eq!(
        (wiped.exit, wiped.json()["lost"]["waiting"].to_string().as_str()),
        (0, count),
        "{}",
        wiped.err
    );
    assert!(!support.desk.join("clinic").exists());
    assert_eq!(support.ask(&["status"], "")?.json()["state"], "notEnrolled");
    support.server.start()?;
    support.server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_whose_keyring_is_lost_is_recovered_by_a_script() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut support = Support::enrolled(folder.path()).await?;
    // A code that is on paper.
    let made = support.signed_in(&["recovery-code"])?;
    let page = made.json()["recoveryPage"].clone();
    assert_eq!(made.exit, 0, "{}", made.err);
    let code = page["code"].as_str().expect("a code").to_owned();
    assert_eq!(support.signed_in(&["sync"])?.exit, 0);
    support.server.stop()?;
    let saved = support.write(0)?;
    support.server.start()?;
    // The account's keyring is another one from now on.
    support.session = Session::start(&folder.path().join("another session"))?;
    let status = support.ask(&["status"], "")?.json();
    assert_eq!((&status["state"], &status["code"]), (&"broken".into(), &"keyring_entry_missing".into()));
    assert_eq!(status["recovery"], page["fingerprint"]);
    assert_eq!(support.signed_in(&["sync"])?.exit, 5);

    let recover = |support: &Support, code: &str, one_time: &str| {
        support.ask(&["recover", "--email", EMAIL], &format!("{code}\n{one_time}\n{PASSWORD}\n"))
    };
    let slip = recover(&support, &code.replace('-', "")[1..], "ASHA-AAAA-BBBB-CCCC")?;
    assert_eq!((slip.exit, slip.code().as_str()), (2, "invalid"));
    let wrong = recover(&support, &code, "ASHA-AAAA-BBBB-CCCC")?;
    assert_eq!((wrong.exit, wrong.code().as_str()), (4, "wrong_code"));
    let done = recover(&support, &code, &support.one_time_code()?)?;
    let said = done.json();
    assert_eq!((done.exit, &said["state"]), (0, &Value::from("unlocked")), "{}", done.err);
    assert_ne!(said["recoveryPage"]["fingerprint"], page["fingerprint"]);
    assert!(said["recoveryPage"]["code"].as_str().is_some_and(|next| next.len() == code.len()));

    let synced = support.signed_in(&["sync"])?;
    assert_eq!((synced.exit, &synced.json()["waiting"]), (0, &Value::from(0)), "{}", synced.err);
    let waits = support.signed_in(&["conflicts"])?.json();
    let found = waits["refused"].as_array().expect("a list");
    assert!(found.len() >= saved && found.iter().all(|change| change["code"] == "adopted"), "{waits}");
    assert_eq!(support.signed_in(&["verify"])?.exit, 0);
    support.server.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_makes_a_code_with_which_another_computer_comes_in() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut support = Support::enrolled(folder.path()).await?;
    let said = support.signed_in(&["code", "--scope", "front-desk"])?;
    assert_eq!(said.exit, 0, "{}", said.err);
    let made = said.json();
    let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
    let room = TestDesk::new()?;
    room.enrol(text("server"), Secret(text("code")), "Front desk").await?;
    assert_eq!(room.replica()?.session().scope, DeviceScope::FrontDesk);

    support.server.stop()?;
    let refused = support.signed_in(&["code", "--scope", "clinical", "--timeout", "1"])?;
    assert_eq!((refused.exit, refused.code().as_str()), (3, "server_unreachable"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_of_a_paper_is_verified_and_one_that_was_changed_or_does_not_hold_any_more_refused()
-> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut support = Support::enrolled(folder.path()).await?;
    let room = TestDesk::new()?;
    room.enrol(support.server.address(), Secret(support.one_time_code()?), "Room 2").await?;
    let replica = room.replica()?;
    let sunita = replica.register_patient(&patient("Sunita", "9820441276"))?.id;
    let signed = replica.sign_prescription(sunita, &draft(2), &[])?;
    let code = codes(&replica, signed.id)?.concat();
    room.synced().await?;
    assert_eq!(support.signed_in(&["sync"])?.exit, 0);

    let args = ["verify-prescription", "--email", EMAIL];
    let verify = |code: &str| support.ask(&args, &format!("{PASSWORD}\n{code}\n"));
    let good = verify(&code)?;
    let report = good.json();
    assert_eq!((good.exit, good.err.as_str()), (0, ""), "{report}");
    assert_eq!((&report["is_genuine"], &report["number"]), (&true.into(), &serde_json::json!(signed.number)));
    let told = support.ask_in_words(&args, &format!("{PASSWORD}\n{code}\n"))?;
    assert_eq!(told.exit, 0, "{}", told.err);
    let number = signed.number.expect("a number");
    // The code is genuine; of the paper this says nothing, so what must stand on it is there to be compared.
    for words in [number.as_str(), "Anjali Kulkarni", "for Sunita", "AN OLD REMEDY 2:", "compare the paper"] {
        assert!(told.out.contains(words), "{words} in {}", told.out);
    }

    let (rest, last) = code.split_at(code.len() - 1);
    let changed =
        [format!("{rest}{}", if last == "0" { "1" } else { "0" }), code.replacen(&number, "ASHA-Z-1", 1)];
    for changed in changed {
        let refused = verify(&changed)?;
        assert_eq!((refused.exit, refused.code().as_str()), (1, "no"), "{changed}");
        assert_eq!(refused.json()["is_genuine"], false);
    }
    let other = verify("https://example.org")?;
    assert_eq!((other.exit, other.code().as_str()), (2, "invalid"));

    replica.void_prescription(signed.id, "Another patient's")?;
    room.synced().await?;
    assert_eq!(support.signed_in(&["sync"])?.exit, 0);
    let void = verify(&code)?;
    assert_eq!((void.exit, void.code().as_str()), (1, "no"));
    assert!(void.err.contains("voided"), "{}", void.err);
    support.server.stop()
}
