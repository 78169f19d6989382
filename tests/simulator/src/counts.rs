//! How much happened in runs.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use protocol::table::TableName;
use serde_json::Value;

use crate::network::Mishap;
use crate::plan::Fault;
use crate::timeline::lock;
use crate::world::World;

/// What happened in a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Things that people did and that were said to be saved.
    pub deeds: u64,
    /// How many of them became what: applied, merged, in conflict, quarantined, blocked, replaced,
    /// discarded.
    pub fates: [u64; 7],
    /// Requests that desktops sent.
    pub requests: u64,
    /// Prescriptions that were signed from what somebody had prepared.
    pub taken_up: u64,
    /// Attached files that were shown to somebody.
    pub files_shown: u64,
    /// Computers out of service that were wiped.
    pub wiped: u64,
    /// Those of them on which no admin's computer had agreed.
    pub waited: u64,
    /// Wiped computers that were enrolled again.
    pub came_back: u64,
    /// How many of each [`Fault`] met with something that it could harm.
    pub faults: [u64; Fault::COUNT],
    /// How many messages met with each [`Mishap`].
    pub mishaps: [u64; Mishap::ALL.len()],
}

impl Counts {
    /// Adds what happened in another run.
    pub fn add(&mut self, other: Self) {
        self.deeds += other.deeds;
        for (here, there) in self.fates.iter_mut().zip(other.fates) {
            *here += there;
        }
        self.requests += other.requests;
        self.taken_up += other.taken_up;
        self.files_shown += other.files_shown;
        self.wiped += other.wiped;
        self.waited += other.waited;
        self.came_back += other.came_back;
        for (here, there) in self.faults.iter_mut().zip(other.faults) {
            *here += there;
        }
        for (here, there) in self.mishaps.iter_mut().zip(other.mishaps) {
            *here += there;
        }
    }

    /// Everything that went wrong, by its kind: what a run made from a seed can have, and what the network does.
    pub fn by_kind(&self) -> Vec<(String, u64)> {
        let faults = Fault::of_seeds().map(|fault| (format!("{fault:?}"), self.faults[fault as usize]));
        let mishaps =
            Mishap::ALL.into_iter().map(|mishap| (format!("{mishap:?}"), self.mishaps[mishap as usize]));
        faults.chain(mishaps).collect()
    }
}

impl World {
    /// Counts what came of a run, at its end.
    pub(crate) fn count(&mut self) {
        let server = lock(&self.server);
        for tenant in self.desks.iter().map(|desk| desk.facts.tenant_id).collect::<BTreeSet<_>>() {
            for device in server.tenant(tenant).devices.values() {
                let receipts = (1..=device.log.len() as i64).filter_map(|sequence| device.receipt(sequence));
                receipts.for_each(|receipt| self.counts.fates[receipt.fate as usize] += 1);
            }
            let signed = server.tenant(tenant).rows.iter().filter(|((table, _), held)| {
                let is_draft =
                    held.row.values.get("status").is_none_or(|it| it == "draft" || it == "discarded");
                let names = held.row.values.get("taken_up").and_then(Value::as_array);
                *table == TableName::Prescriptions && !is_draft && names.is_some_and(|ids| !ids.is_empty())
            });
            self.counts.taken_up += signed.count() as u64;
        }
        self.counts.faults[Fault::FileSpoilt as usize] += server.n_spoilt;
        let waited = self.desks.iter().filter(|desk| {
            let device = &server.tenant(desk.facts.tenant_id).devices[&desk.facts.device_id];
            desk.is_gone() && device.consent.is_none()
        });
        self.counts.waited = waited.count() as u64;
        drop(server);
        self.counts.wiped = self.desks.iter().filter(|desk| desk.is_gone()).count() as u64;
        self.counts.files_shown = self.told.n_shown.load(Ordering::SeqCst);
        let on_the_way = self.network.counts();
        (self.counts.requests, self.counts.mishaps) = (on_the_way.requests, on_the_way.mishaps);
    }
}
