//! A desktop whose data is destroyed by whoever sits at it: before it is given away, or enrolled anew.

use std::sync::Arc;

use serde::Serialize;

use crate::desk::Desk;
use crate::error::{Error, Result};
use crate::leaving::destroy;
use crate::replica::Replica;
use crate::store::ONLY_HERE;
use crate::store::files::only_here;

/// What is on this computer and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OnlyHere {
    /// Changes that the server has not acknowledged.
    pub waiting: u32,
    /// Attached files that the server does not have.
    pub files: u32,
    /// Drafts, which are never sent.
    pub drafts: u32,
    /// Records that the server lost, or has only as they were before.
    pub rows: u32,
}

impl OnlyHere {
    /// All of it.
    pub fn count(self) -> u32 {
        self.waiting + self.files + self.drafts + self.rows
    }
}

impl Replica {
    /// What would be lost with this computer.
    pub fn only_here(&self) -> Result<OnlyHere> {
        self.store.read(|tx| {
            let count = |sql: &str| tx.query_row(sql, [], |row| row.get::<_, u32>(0));
            Ok(OnlyHere {
                waiting: count("select count(*) from mutations where fate is null")?,
                files: only_here(tx)?,
                drafts: count("select count(*) from drafts")?,
                rows: count(ONLY_HERE)?,
            })
        })
    }
}

impl Desk {
    /// Destroys keys and files of this computer. Whoever asks is signed in and says the tenant's code; what is only here
    /// they must count: `lost` is that number. The server is not told: an admin takes the computer out of service there.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for another code, and as long as something is only here that was not counted; nothing is
    /// destroyed then.
    pub async fn wipe(self: &Arc<Self>, tenant_code: &str, lost: Option<u32>) -> Result<OnlyHere> {
        let known = self.tenant_code().await?;
        if !known.eq_ignore_ascii_case(tenant_code.trim()) {
            return Err(Error::Invalid(
                "This is not the code of the clinic whose data is here. Nothing was destroyed.".into(),
            ));
        }
        let only_here = self.replica()?.only_here()?;
        if only_here.count() > 0 && lost != Some(only_here.count()) {
            return Err(Error::Invalid(format!(
                "{} changes and {} attached files have not reached the server, {} records are here that the server lost, \
                 and {} drafts are on this computer alone: they would be lost for good. Connect and sync first; records \
                 that the server lost come back to it when the computers on which they were made sync. To destroy them \
                 all the same, say --force {}. Nothing was destroyed.",
                only_here.waiting,
                only_here.files,
                only_here.rows,
                only_here.drafts,
                only_here.count()
            )));
        }
        let installation = self.here()?.slots.about().installation_id;
        self.lock();
        self.forget_guard();
        destroy(&self.data_dir, &self.keyring, installation)?;
        Ok(only_here)
    }

    /// The tenant's code: as it stood in the code that enrolled this computer, or as the server says it.
    async fn tenant_code(&self) -> Result<String> {
        if let Some(code) = self.replica()?.store.tenant_code()? {
            return Ok(code);
        }
        let (client, token) = self.line()?;
        Ok(client.tenant(&token).await?.tenant_code)
    }
}
