//! Makes a backup.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use protocol::id::TenantId;
use sqlx::{ConnectOptions, Connection, PgConnection};
use time::macros::format_description;

use super::{Record, dump, fingerprint, record_path};
use crate::archive::catalogue::count_all;
use crate::audit::heads::hex;
use crate::audit::verify::KeptHead;
use crate::config::DatabaseUrl;
use crate::database;

/// How the name of a file that is not whole yet begins and ends.
const UNFINISHED: (&str, &str) = (".clinic-backup-", ".unfinished");
/// Nobody writes to a file any more that did not change for so long.
const GIVEN_UP: Duration = Duration::from_hours(24);

/// Dumps the database of `clinic_ops` into a new file of the folder, and writes the record of the very state that was
/// dumped beside it. Both are readable by their owner only, and there whole or not at all.
///
/// # Errors
///
/// No pg_dump that is as new as the server; what pg_dump says; a folder that cannot be written to.
pub async fn create(
    ops_url: &DatabaseUrl,
    postgres_bin: Option<&Path>,
    folder: &Path,
) -> anyhow::Result<(PathBuf, Record)> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made.", folder.display()))?;
    sweep(folder)?;
    let mut connection = database::session(&ops_url.0)?.connect().await?;
    let mut tx = connection.begin_with("begin isolation level repeatable read read only").await?;
    sqlx::raw_sql("set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0")
        .execute(&mut *tx)
        .await?;
    let state = sqlx::query!(
        r#"select pg_export_snapshot() as "snapshot!", now() as "made_at!",
                  current_setting('server_version_num')::int as "version!""#
    )
    .fetch_one(&mut *tx)
    .await?;
    let postgres_version = state.version.unsigned_abs();
    let name =
        state.made_at.format(format_description!("clinic-[year][month][day]T[hour][minute][second]Z"))?;
    let path = folder.join(format!("{name}.dump"));
    let unfinished = new_file(folder)?;
    let mut command = dump::program("pg_dump", postgres_bin, postgres_version, ops_url)?;
    command.arg("--format=custom").arg(format!("--snapshot={}", state.snapshot));
    command.arg("--file").arg(unfinished.path());
    dump::run("pg_dump", command).await?;
    let (bytes, sha256) = fingerprint(unfinished.path())?;
    let record = Record {
        dump: format!("{name}.dump"),
        bytes,
        sha256,
        made_at: state.made_at,
        product_version: env!("CARGO_PKG_VERSION").to_owned(),
        postgres_version,
        migrations: migrations(&mut tx).await?,
        rows: count_all(&mut tx).await?,
        heads: heads(&mut tx).await?,
    };
    File::open(unfinished.path())?.sync_all()?;
    unfinished.persist_noclobber(&path)?;
    let mut text = new_file(folder)?;
    serde_json::to_writer_pretty(&mut text, &record)?;
    text.flush()?;
    text.as_file().sync_all()?;
    text.persist_noclobber(record_path(&path))?;
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok((path, record))
}

/// Removes what backups that were killed have left: the whole database, under a name that nobody looks for. What cannot be
/// removed is told of, and keeps no backup from being made.
fn sweep(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_unfinished =
            name.to_str().is_some_and(|name| name.starts_with(UNFINISHED.0) && name.ends_with(UNFINISHED.1));
        if is_unfinished && let Err(error) = remove_given_up(&entry) {
            let file = entry.path();
            tracing::warn!(%error, file = %file.display(), "what an earlier backup left was not removed");
        }
    }
    Ok(())
}

fn remove_given_up(entry: &fs::DirEntry) -> std::io::Result<()> {
    if entry.metadata()?.modified()?.elapsed().is_ok_and(|age| age >= GIVEN_UP) {
        fs::remove_file(entry.path())?;
    }
    Ok(())
}

fn new_file(folder: &Path) -> anyhow::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new()
        .prefix(UNFINISHED.0)
        .suffix(UNFINISHED.1)
        .tempfile_in(folder)
        .with_context(|| format!("Nothing can be written to {}.", folder.display()))
}

/// The versions of the migrations that the database has.
pub(super) async fn migrations(connection: &mut PgConnection) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar("select version from clinic._sqlx_migrations where success order by version")
        .fetch_all(connection)
        .await
}

async fn heads(connection: &mut PgConnection) -> sqlx::Result<BTreeMap<TenantId, Vec<KeptHead>>> {
    let ends = sqlx::query!(
        r#"select t.id, e.lane as "lane!", e.seq as "seq!", e.entry_hash as "entry_hash!"
           from tenants t cross join lateral clinic.audit_lane_ends(t.id) e"#
    )
    .fetch_all(connection)
    .await?;
    let mut heads: BTreeMap<TenantId, Vec<KeptHead>> = BTreeMap::new();
    for end in ends {
        let head = KeptHead { lane: end.lane, seq: end.seq, hash: hex(&end.entry_hash) };
        heads.entry(TenantId(end.id)).or_default().push(head);
    }
    Ok(heads)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_a_backup_that_was_killed_has_left_goes_with_the_next_one_and_nothing_else_does() {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let long_ago = SystemTime::now() - GIVEN_UP * 2;
        let made = [
            (".clinic-backup-AbC.unfinished", long_ago),
            (".clinic-backup-DeF.unfinished", SystemTime::now()),
            ("clinic-20261123T041108Z.dump", long_ago),
            (".clinic-export-GhI.unfinished", long_ago),
        ];
        for (name, at) in made {
            let file = File::create(folder.path().join(name)).expect("BUG: a file");
            file.set_modified(at).expect("BUG: its time");
        }
        sweep(folder.path()).expect("BUG: swept");
        let is_left = made.map(|(name, _)| folder.path().join(name).exists());
        assert_eq!(is_left, [false, true, true, true]);
    }

    #[test]
    #[cfg(unix)]
    fn what_cannot_be_removed_keeps_no_backup_from_being_made() {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let [stuck, left] =
            ["AbC", "DeF"].map(|name| folder.path().join(format!(".clinic-backup-{name}.unfinished")));
        // Nobody removes a folder as a file, whoever they are.
        fs::create_dir(&stuck).expect("BUG: made");
        File::create(&left).expect("BUG: a file");
        for path in [&stuck, &left] {
            let long_ago = SystemTime::now() - GIVEN_UP * 2;
            File::open(path).expect("BUG: there").set_modified(long_ago).expect("BUG: its time");
        }
        sweep(folder.path()).expect("BUG: it goes on");
        assert_eq!([stuck.exists(), left.exists()], [true, false]);
    }
}
