//! A desktop whose data is destroyed by whoever sits at it: before it is given away, or enrolled anew.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::desk::{Desk, blocking};
use crate::error::{Error, Result};
use crate::leaving::destroy;
use crate::replica::Replica;
use crate::store::ONLY_HERE;
use crate::store::files::only_here;
use crate::store::upgrade::alone;

/// How often it is looked whether somebody still has the data open …
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// … and how many times.
const LOOKS: u32 = 40;

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
    /// [`Error::Invalid`] for another code, as long as something is only here that was not counted, and while another program
    /// has the data open, in which somebody may save something; nothing is destroyed then.
    pub async fn wipe(self: &Arc<Self>, tenant_code: &str, lost: Option<u32>) -> Result<OnlyHere> {
        let known = self.tenant_code().await?;
        if !known.eq_ignore_ascii_case(tenant_code.trim()) {
            return Err(Error::Invalid(
                "This is not the code of the clinic whose data is here. Nothing was destroyed.".into(),
            ));
        }
        let replica = self.replica()?;
        let only_here = replica.only_here()?;
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
        let here = self.here()?;
        let (installation, database) = (here.slots.about().installation_id, here.slots.database());
        self.lock();
        // What was being saved until now is saved, or refused in words.
        replica.store.take_no_more_work();
        if replica.only_here()?.count() > only_here.count() {
            return Err(Error::Invalid(
                "Something was saved on this computer just now. It is kept, nothing was destroyed, and nobody is signed in \
                 any more. Try again: what is only here is counted anew."
                    .into(),
            ));
        }
        drop(replica);
        must_be_closed(database).await?;
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

/// Waits until nobody has the data open any more. Another program would go on, and say that it saved what is kept nowhere.
async fn must_be_closed(database: PathBuf) -> Result<()> {
    for _ in 0..LOOKS {
        let path = database.clone();
        match blocking(move || alone(&path)).await {
            Err(Error::StoreInUse) => tokio::time::sleep(LOOK_EVERY).await,
            closed => return closed.map(|_| ()),
        }
    }
    Err(Error::Invalid(
        "Clinic Desk is open on this computer in another window or program, and somebody may be at work there. Close it \
         and try again. Nothing was destroyed."
            .into(),
    ))
}
