//! Attached files that somebody opens: during a run, and all of them at its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::FutureExt;
use protocol::id::AttachmentId;
use protocol::mutation::Hash;
use protocol::table::TableName;
use serde_json::Value;

use crate::deeds::Opening;
use crate::timeline::lock;
use crate::world::World;

/// A kept file is another one on the disk of so many desktops of a thousand before it is opened there.
const SPOILT: u64 = 300;

/// A file that must open at the end of a run, if the server or the desktop has it.
struct Due {
    id: AttachmentId,
    sha256: String,
    /// Whether the server gives it to whoever asks.
    is_served: bool,
    /// Whether it is on this desktop's disk.
    is_here: bool,
}

impl World {
    /// Waits for a file that somebody opens. If anything is shown, it is what was attached.
    pub(crate) fn await_file(&mut self, desk: usize, opening: Opening, must_come: bool) {
        let Opening { id, sha256, comes } = opening;
        let due = self.told.attached.get(&id).cloned().unwrap_or(sha256);
        let (wrong, n_shown) = (Arc::clone(&self.told.wrong), Arc::clone(&self.told.n_shown));
        let time = self.time.clone();
        let shown = async move {
            match comes.await {
                Ok(content) => {
                    time.note(&format!("desk {desk} is shown the file {id}"));
                    n_shown.fetch_add(1, Ordering::SeqCst);
                    if Hash::of(&content.bytes).to_string() != due {
                        lock(&wrong).push(format!("desk {desk} is shown another file than {id}"));
                    }
                }
                Err(error) => {
                    time.note(&format!("desk {desk} is not shown the file {id}: {error:?}"));
                    if must_come {
                        lock(&wrong).push(format!("desk {desk} does not get the file {id}: {error:?}"));
                    }
                }
            }
        };
        self.spawn(desk, shown.boxed(), true);
    }

    /// Everybody who may opens every file. What is damaged on a desktop's disk comes from the server again. Answers whether
    /// there is any.
    pub(crate) fn open_files(&mut self) -> bool {
        let mut openings = Vec::new();
        for desk in 0..self.desks.len() {
            let due = self.due_files(desk);
            let Some(station) = self.desks[desk].station.as_ref().filter(|_| !due.is_empty()) else {
                continue;
            };
            let safe: Vec<&Due> = due.iter().filter(|file| file.is_served && file.is_here).collect();
            if self.dice.per_mille(SPOILT)
                && let Some(file) = self.dice.pick(&safe)
                && let Err(error) = self.desks[desk].spoil_file(&file.sha256, self.dice.roll())
            {
                self.wrong.push(format!("the disk of desk {desk} cannot be spoilt: {error}"));
            }
            for Due { id, sha256, is_served, is_here } in due {
                let must_come = is_served || is_here;
                match station.open_attachment(id) {
                    Ok(comes) => openings.push((desk, Opening { id, sha256, comes }, must_come)),
                    Err(error) if must_come => {
                        self.wrong.push(format!("desk {desk} does not open the file {id}: {error:?}"));
                    }
                    Err(_) => {}
                }
            }
            station.sync_now();
        }
        let is_any = !openings.is_empty();
        for (desk, opening, must_come) in openings {
            self.await_file(desk, opening, must_come);
        }
        is_any
    }

    /// The files in the records that whoever sits at a desktop in service may open.
    fn due_files(&self, desk: usize) -> Vec<Due> {
        let desk = &self.desks[desk];
        let server = lock(&self.server);
        let tenant = server.tenant(desk.facts.tenant_id);
        let is_out = desk.is_copied || tenant.devices[&desk.facts.device_id].is_revoked;
        let may_open = !is_out && desk.sends_files(tenant) && desk.person.roles.is_clinician();
        let Some(station) = desk.station.as_ref().filter(|_| may_open) else { return vec![] };
        let rows = station.store.rows_of(TableName::DentalAttachments).unwrap_or_default();
        let files = station.store.files().unwrap_or_default();
        let due = rows.into_iter().map(|row| {
            let sha256 = row.values.get("sha256").and_then(Value::as_str).unwrap_or_default().to_owned();
            let of_server = tenant.rows.get(&(row.table, row.id)).filter(|held| !held.row.deleted);
            Due {
                id: AttachmentId(row.id),
                is_served: of_server.is_some() && tenant.files.has(&sha256),
                is_here: files.iter().any(|file| file.sha256 == sha256 && file.state == "kept"),
                sha256,
            }
        });
        due.collect()
    }
}
