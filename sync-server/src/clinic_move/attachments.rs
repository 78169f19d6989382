//! The bytes of the attached files that go with a clinic. They come before the rows that call them stored.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use protocol::id::TenantId;
use protocol::table::TableName;
use serde::Serialize;
use sqlx::PgConnection;

use super::choose::Chosen;
use super::{CHUNK, Move};
use crate::error::Result;
use crate::files::{Files, Named};

/// What became of the attached files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FileCounts {
    /// Whole under the other tenant, or would be; those that an earlier run brought are among them.
    pub there: usize,
    /// Called stored, and not in the place of the files, or not as they came.
    pub missing: usize,
}

/// The files that the chosen rows name.
pub(super) struct Attachments {
    /// Each with whether a row calls it stored: of any other no computer has sent all yet.
    files: Vec<(Named, bool)>,
}

/// Which of them are there by now, by their hashes.
#[derive(Debug, Default)]
pub(super) struct Carried {
    there: BTreeSet<String>,
    missing: BTreeSet<String>,
}

impl Attachments {
    pub(super) async fn of(tx: &mut PgConnection, tenant: TenantId, chosen: &Chosen) -> Result<Self> {
        let mut files: BTreeMap<(String, u64), bool> = BTreeMap::new();
        for ids in chosen.of(TableName::DentalAttachments).chunks(CHUNK) {
            let rows = sqlx::query!(
                r#"select sha256, byte_size, bool_or(upload_state = 'stored') as "is_stored!"
                   from dental_attachments
                   where tenant_id = $1 and id = any ($2) and deleted_at is null
                   group by sha256, byte_size"#,
                tenant.0,
                ids
            )
            .fetch_all(&mut *tx)
            .await?;
            for row in rows {
                let bytes = u64::try_from(row.byte_size).unwrap_or_default();
                *files.entry((row.sha256, bytes)).or_default() |= row.is_stored;
            }
        }
        let named = |((sha256, bytes), is_stored)| (Named { tenant, sha256, bytes, mime: None }, is_stored);
        Ok(Self { files: files.into_iter().map(named).collect() })
    }

    /// Copies what the other tenant does not have yet, or only looks what could be copied; what was there `before` is not
    /// looked at again. Broken off, it goes on where it was when it is run again. Refuses to leave files behind, unless the
    /// operator says so.
    pub(super) async fn carry(
        &self,
        files: &Files,
        wanted: &Move,
        is_meant: bool,
        before: &Carried,
    ) -> anyhow::Result<Carried> {
        let target = wanted.target;
        let mut carried = Carried::default();
        for (file, is_stored) in &self.files {
            let is_there = if before.there.contains(&file.sha256) {
                true
            } else if is_meant {
                files.copy(file, target).await.context(
                    "An attached file could not be copied. The clinic is where it was; what was copied stays for the \
                     next run of the same command.",
                )?
            } else {
                files.length(target, &file.sha256).await?.is_some()
                    || files.length(file.tenant, &file.sha256).await? == Some(file.bytes)
            };
            if is_there {
                carried.there.insert(file.sha256.clone());
            } else if *is_stored {
                carried.missing.insert(file.sha256.clone());
            }
        }
        ensure!(
            carried.missing.is_empty() || wanted.leaves_missing_files || !is_meant,
            "{} attached files that their records call stored are not in the place of the files, or not as they came. \
             The clinic is where it was. Give the place that the server has (--files); if they are lost, move with \
             --leave-missing-files, and their records will say that they are not stored.",
            carried.missing.len()
        );
        Ok(carried)
    }
}

impl Carried {
    pub(super) fn counts(&self) -> FileCounts {
        FileCounts { there: self.there.len(), missing: self.missing.len() }
    }

    /// Lets the rows of the other tenant call stored what is there, and nothing else.
    pub(super) async fn mark(&self, to: &mut PgConnection, target: TenantId) -> Result<()> {
        for (hashes, state) in [(&self.there, "stored"), (&self.missing, "local_only")] {
            let hashes: Vec<String> = hashes.iter().cloned().collect();
            sqlx::query!(
                "update dental_attachments set upload_state = $3
                 where tenant_id = $1 and sha256 = any ($2) and upload_state <> $3",
                target.0,
                &hashes,
                state
            )
            .execute(&mut *to)
            .await?;
        }
        Ok(())
    }
}
