//! A tenant's tables as CSV, for a spreadsheet. Not encrypted, and not for restoring.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, ensure};
use protocol::id::TenantId;
use protocol::sheet::guard;

use super::snapshot::{Doors, Snapshot};

/// Writes `<table>.csv` for each table into a new folder, which only its owner can read, and which is there whole or
/// not at all. Empty cells are nulls or empty texts; lists and objects are JSON.
///
/// # Errors
///
/// The folder exists or cannot be made; and what [`Snapshot::read`] refuses.
pub async fn write(doors: &Doors, tenant: TenantId, folder: &Path) -> anyhow::Result<u64> {
    let cannot = || format!("The folder {} cannot be made.", folder.display());
    ensure!(!folder.exists(), "{} It is there already. Nothing was exported.", cannot());
    let beside = folder.parent().filter(|beside| !beside.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".clinic-export-").suffix(".unfinished");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    // Taken away at the end, whatever the end is.
    let unfinished = builder.tempdir_in(beside).with_context(cannot)?;
    let rows = write_sheets(doors, tenant, unfinished.path()).await?;
    std::fs::rename(unfinished.path(), folder).with_context(cannot)?;
    Ok(rows)
}

async fn write_sheets(doors: &Doors, tenant: TenantId, folder: &Path) -> anyhow::Result<u64> {
    let mut snapshot = Snapshot::take(doors, tenant, false).await?;
    let mut rows = 0;
    for table in snapshot.tables() {
        let mut sheet = csv::Writer::from_writer(new_file(&folder.join(format!("{}.csv", table.name)))?);
        sheet.write_record(&table.columns)?;
        snapshot
            .read(&table, |line| {
                rows += 1;
                let cells = table.columns.iter().map(|column| match line.get(column) {
                    "null" => String::new(),
                    value => line.text(column).unwrap_or_else(|| value.to_owned()),
                });
                Ok(sheet.write_record(cells.map(|cell| guard(&cell).into_owned()))?)
            })
            .await?;
        sheet.into_inner().context("A sheet could not be finished.")?.sync_all()?;
    }
    snapshot.end().await?;
    Ok(rows)
}

fn new_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
