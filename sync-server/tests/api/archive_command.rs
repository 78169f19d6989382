//! `clinic-sync tenant export | restore | delete`, as an operator runs them.

use std::path::PathBuf;

use clap::Parser;
use clinic_sync::archive::command::{ArchiveCommand, run};
use serde_json::Value;
use sqlx::PgConnection;

use crate::archive_box::Mover;
use crate::furnished::{Furnished, WORD_A};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: ArchiveCommand,
}

/// What the command answers, in JSON; else its sentence.
async fn answer(mover: &Mover, arguments: &[&str]) -> Result<Value, String> {
    let arguments = ["tenant"].iter().chain(arguments).chain(&["--json"]);
    let cli = Cli::try_parse_from(arguments).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    run(&mover.doors, cli.command, &mut out).await.map_err(|error| format!("{error:#}"))?;
    Ok(serde_json::from_slice(&out).expect("JSON"))
}

fn text(path: &std::path::Path) -> &str {
    path.to_str().expect("text")
}

fn passphrase(mover: &Mover, words: &str) -> PathBuf {
    let path = mover.path(&words.replace(' ', "-"));
    std::fs::write(&path, format!("{words}\n")).expect("written");
    path
}

async fn patients(admin: &mut PgConnection) -> i64 {
    sqlx::query_scalar("select count(*) from clinic.patients").fetch_one(admin).await.expect("a count")
}

#[tokio::test]
async fn a_tenant_is_exported_deleted_and_restored_with_a_passphrase_from_a_file() {
    let mut furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    let secret = passphrase(&mover, "seven green parrots");
    let (first, last) = (mover.path("first"), mover.path("last"));
    let code = WORD_A;
    let export = ["export", "--tenant-code", code, "--passphrase-file", text(&secret), "--out", text(&first)];
    let exported = answer(&mover, &export).await.expect("an archive");
    assert_eq!(exported["rows"]["patients"], 1);
    assert!(answer(&mover, &export).await.expect_err("it is there").contains("exists already"));
    // A look deletes nothing, and neither does a wrong code.
    let delete =
        ["delete", "--tenant-code", code, "--passphrase-file", text(&secret), "--export-to", text(&last)];
    let seen = answer(&mover, &delete).await.expect("counts");
    assert_eq!((&seen["deleted"], &seen["rows"]["patients"]), (&Value::Bool(false), &1.into()));
    let wrong = [delete.as_slice(), &["--yes", "--confirm-code", "PLOVER"]].concat();
    assert!(answer(&mover, &wrong).await.expect_err("wrong").contains("That is not its code"));
    assert_eq!(patients(&mut furnished.admin).await, 2);
    assert!(!last.exists());
    // Nor is anything deleted whose files are not here: most likely the place of the files is another one.
    let elsewhere = mover.path("elsewhere");
    let unsure = ["delete", "--tenant-code", code, "--passphrase-file", text(&secret), "--yes"];
    let unsure =
        [unsure.as_slice(), &["--export-to", text(&elsewhere), "--confirm-code", "KESTREL"]].concat();
    assert!(answer(&mover, &unsure).await.expect_err("a file is missing").contains("--leave-missing-files"));
    assert_eq!(patients(&mut furnished.admin).await, 2);
    let given_up = ["--yes", "--confirm-code", "KESTREL", "--leave-missing-files"];
    let right = [delete.as_slice(), &given_up].concat();
    let deleted = answer(&mover, &right).await.expect("deleted");
    assert_eq!(deleted["rows"]["patients"], 1);
    assert_eq!(patients(&mut furnished.admin).await, 1);
    assert!(answer(&mover, &delete).await.expect_err("gone").contains("There is no tenant KESTREL"));
    // Killed behind its last row, the command left files; the same one once more removes them.
    let files = furnished.database.files_folder().join(furnished.a.to_string()).join("files");
    std::fs::create_dir_all(&files).expect("a folder");
    std::fs::write(files.join("a".repeat(64)), "a picture").expect("written");
    assert_eq!(answer(&mover, &right).await.expect("removed")["files_removed"], 1);
    assert!(!files.join("a".repeat(64)).exists());
    assert!(answer(&mover, &right).await.expect_err("gone").contains("There is no tenant KESTREL"));
    let restore = ["restore", "--file", text(&last), "--passphrase-file", text(&secret)];
    let restored = answer(&mover, &restore).await.expect("restored");
    assert_eq!(restored["tenant_code"], "KESTREL");
    assert_eq!(patients(&mut furnished.admin).await, 2);
    assert!(answer(&mover, &restore).await.expect_err("it is there").contains("is there and has data"));
}

#[tokio::test]
async fn what_was_exported_is_in_the_tenants_own_log() {
    let mut furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    let folder = mover.path("sheets");
    answer(&mover, &["export", "--tenant-code", WORD_A, "--csv", text(&folder)]).await.expect("sheets");
    let logged: Vec<String> = sqlx::query_scalar(
        "select changes ->> 'to' from clinic.tenant_audit_log
         where tenant_id = $1 and lane = 'operator' and action = 'export'",
    )
    .bind(furnished.a.0)
    .fetch_all(&mut furnished.admin)
    .await
    .expect("entries");
    assert_eq!(logged, ["csv"]);
}

#[tokio::test]
async fn commands_that_make_no_sense_are_refused_in_words() {
    let furnished = Furnished::new().await;
    let mover = Mover::of(&furnished.database).await;
    let (weak, good) = (passphrase(&mover, "short"), passphrase(&mover, "seven green parrots"));
    let out = mover.path("out");
    let (weak, good, out) = (text(&weak), text(&good), text(&out));
    let nowhere = "/no/such/folder/archive";
    for (arguments, reason) in [
        (
            vec!["export", "--tenant-code", "NOBODY", "--out", out, "--passphrase-file", good],
            "no tenant NOBODY",
        ),
        (vec!["export", "--tenant-code", "", "--out", out, "--passphrase-file", good], "There is no tenant"),
        (
            vec!["export", "--tenant-code", "🦜", "--out", out, "--passphrase-file", good],
            "There is no tenant",
        ),
        (vec!["export", "--tenant-code", WORD_A, "--out", out, "--passphrase-file", weak], "12 characters"),
        (
            vec!["export", "--tenant-code", WORD_A, "--out", out, "--passphrase-file", nowhere],
            "cannot be read",
        ),
        (
            vec!["export", "--tenant-code", WORD_A, "--out", nowhere, "--passphrase-file", good],
            "be written to",
        ),
        (vec!["export", "--tenant-code", WORD_A], "--out"),
        (vec!["export", "--tenant-code", WORD_A, "--out", out, "--recipient", "age1no"], "--recipient"),
        (vec!["restore", "--file", nowhere, "--passphrase-file", good], "cannot be opened"),
        (vec!["restore", "--file", good, "--passphrase-file", good], "no archive of Clinic Desk"),
        (vec!["delete", "--tenant-code", WORD_A, "--yes"], "--export-to"),
        (
            vec!["delete", "--tenant-code", WORD_A, "--yes", "--export-to", out, "--passphrase-file", good],
            "--confirm-code KESTREL",
        ),
    ] {
        let said = answer(&mover, &arguments).await.expect_err("refused");
        assert!(said.contains(reason), "{arguments:?}: {said}");
    }
}
