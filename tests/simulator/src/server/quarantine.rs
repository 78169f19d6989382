//! Mutations that wait for a person: what waits behind them, and what became of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use protocol::api::{Fate, Receipt, ReceiptsAnswer, ReceiptsRequest};
use protocol::error::RefusalCode;
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::merge::ReviewColumn;
use protocol::mutation::{Change, Hash, Mutation, SignedMutation};
use protocol::settlement::{Gone, RefusedMutation};
use protocol::table::TableName;
use uuid::Uuid;

use super::{Caller, Device, Entry, Reply, Result, Server, Tenant, broken, json, must_be_of, seen};

/// What stands beside a mutation that was set aside.
#[derive(Clone, Debug)]
pub(super) struct Aside {
    /// Where it stands among the device's mutations.
    pub(super) place: i64,
    pub(super) code: Option<RefusalCode>,
    pub(super) detail: Option<String>,
    pub(super) blocked_by: Option<i64>,
    /// What became of it.
    pub(super) end: Option<End>,
}

/// What became of a mutation that was set aside.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) fate: Fate,
    pub(super) detail: Option<String>,
    pub(super) review: Vec<ReviewColumn>,
    /// The mutation of its own device or another one that settled it.
    pub(super) by: (DeviceId, i64),
}

/// A mutation that was set aside, as whoever settles it finds it.
pub(super) struct Found {
    pub(super) device: DeviceId,
    pub(super) sequence: i64,
    pub(super) place: i64,
    pub(super) is_settled: bool,
    pub(super) hash: Hash,
    pub(super) author: UserId,
    /// None if it is not of a form that this server knows.
    pub(super) mutation: Option<Mutation>,
    pub(super) code: Option<RefusalCode>,
    pub(super) detail: Option<String>,
}

impl Aside {
    /// What stands beside it when it is set aside.
    pub(super) fn of(receipt: &Receipt, place: i64) -> Self {
        let Receipt { code, blocked_by, .. } = receipt;
        Self { place, code: *code, detail: None, blocked_by: *blocked_by, end: None }
    }
}

pub(super) fn opened(signed: &SignedMutation) -> Option<Mutation> {
    serde_json::from_str(&signed.body).ok()
}

impl Device {
    pub(super) fn entry(&self, sequence: i64) -> Option<&Arc<Entry>> {
        self.log.get(usize::try_from(sequence - 1).ok()?)
    }

    /// The answer to a mutation as it stands now.
    pub fn receipt(&self, sequence: i64) -> Option<Receipt> {
        let first = self.entry(sequence)?.receipt.clone();
        let Some(aside) = self.aside.get(&sequence) else { return Some(first) };
        let detail = aside.detail.clone().or(first.detail);
        let Some(end) = &aside.end else {
            let fate = if aside.blocked_by.is_none() { Fate::Quarantined } else { Fate::Blocked };
            return Some(Receipt { fate, code: aside.code, detail, blocked_by: aside.blocked_by, ..first });
        };
        let (detail, review) = (end.detail.clone(), end.review.clone());
        Some(Receipt { fate: end.fate, code: None, detail, blocked_by: None, review, ..first })
    }

    /// By which mutation of which device this one was settled.
    pub fn settled_by(&self, sequence: i64) -> Option<(DeviceId, i64)> {
        self.aside.get(&sequence)?.end.as_ref().map(|end| end.by)
    }

    /// Those that stand before this place and touch these rows, in their order.
    fn touching<'a>(
        &'a self,
        before: (i64, i64),
        row_ids: &'a BTreeSet<Uuid>,
    ) -> impl Iterator<Item = (i64, &'a Aside)> {
        let mut found: Vec<(i64, &Aside)> = self
            .aside
            .iter()
            .filter(|(sequence, aside)| {
                let entry = self.entry(**sequence);
                (aside.place, **sequence) < before
                    && entry.is_some_and(|entry| entry.row_ids.iter().any(|id| row_ids.contains(id)))
            })
            .map(|(sequence, aside)| (*sequence, aside))
            .collect();
        found.sort_by_key(|(sequence, aside)| (aside.place, *sequence));
        found.into_iter()
    }

    /// The first mutation that stands before this place, still waits for a person, and touches one of these rows.
    pub(super) fn blocked_by(&self, before: (i64, i64), row_ids: &BTreeSet<Uuid>) -> Option<i64> {
        let (sequence, aside) = self.touching(before, row_ids).find(|(_, aside)| aside.end.is_none())?;
        Some(aside.blocked_by.unwrap_or(sequence))
    }

    /// The numbers of those that wait behind this one, in their order.
    pub(super) fn behind(&self, sequence: i64) -> Vec<i64> {
        let waits = |aside: &Aside| aside.blocked_by == Some(sequence) && aside.end.is_none();
        let mut behind: Vec<(i64, i64)> = self
            .aside
            .iter()
            .filter(|(_, aside)| waits(aside))
            .map(|(sequence, aside)| (aside.place, *sequence))
            .collect();
        behind.sort_unstable();
        behind.into_iter().map(|(_, sequence)| sequence).collect()
    }

    /// What a mutation says, if there is such a one.
    pub(super) fn changes(&self, sequence: i64) -> Option<Vec<Change>> {
        let entry = self.entry(sequence)?;
        Some(opened(&entry.signed).map(|mutation| mutation.changes).unwrap_or_default())
    }

    /// The numbers of those that wait by themselves.
    pub(super) fn waiting(&self) -> impl Iterator<Item = i64> {
        let waits = |aside: &Aside| aside.end.is_none() && aside.blocked_by.is_none();
        self.aside.iter().filter(move |(_, aside)| waits(aside)).map(|(sequence, _)| *sequence)
    }

    /// What never went in before this place and touches these rows, the latest first. `instead` has what corrections
    /// say.
    pub(super) fn gone(
        &self,
        before: (i64, i64),
        row_ids: &BTreeSet<Uuid>,
        instead: impl Fn((DeviceId, i64)) -> Vec<Change>,
    ) -> Vec<Gone> {
        let mut gone: Vec<Gone> = self
            .touching(before, row_ids)
            .filter_map(|(sequence, aside)| {
                let end = aside.end.as_ref().filter(|end| !end.fate.is_in())?;
                let instead = if end.fate == Fate::Replaced { instead(end.by) } else { vec![] };
                Some(Gone { changes: self.changes(sequence).unwrap_or_default(), instead })
            })
            .collect();
        gone.reverse();
        gone
    }
}

impl Tenant {
    /// One that was set aside, if there is such a one.
    pub(super) fn found(&self, device: DeviceId, sequence: i64) -> Option<Found> {
        let of = self.devices.get(&device)?;
        let (entry, aside) = (of.entry(sequence)?, of.aside.get(&sequence)?);
        let mutation = opened(&entry.signed);
        Some(Found {
            device,
            sequence,
            place: aside.place,
            is_settled: aside.end.is_some(),
            hash: entry.receipt.hash,
            author: mutation.as_ref().map(|mutation| mutation.actor_user_id)?,
            mutation,
            code: aside.code,
            detail: aside.detail.clone().or_else(|| entry.receipt.detail.clone()),
        })
    }

    /// Notes the latest answer to one that goes on waiting.
    pub(super) fn note(&mut self, device: DeviceId, receipt: &Receipt) {
        let of = self.devices.get_mut(&device);
        if let Some(aside) = of.and_then(|device| device.aside.get_mut(&receipt.sequence)) {
            (aside.code, aside.blocked_by) = (receipt.code, receipt.blocked_by);
            aside.detail.clone_from(&receipt.detail);
        }
    }
}

impl Server {
    /// What an admin is shown of a refused change that an item brings before them.
    pub fn refused(
        &self,
        tenant: TenantId,
        (device, sequence): (DeviceId, i64),
        is_clinical: bool,
    ) -> Option<RefusedMutation> {
        let tenant = self.tenant(tenant);
        let found = tenant.found(device, sequence).filter(|found| !found.is_settled)?;
        let (mutation, is_whole) = RefusedMutation::readable(&found.mutation?, is_clinical);
        let is_lost = tenant.devices.get(&device)?.is_revoked;
        Some(RefusedMutation { mutation, is_whole, is_lost, detail: found.detail, behind: 0 })
    }

    pub(super) fn receipts(&self, caller: Caller, request: &ReceiptsRequest) -> Result<Reply> {
        let tenant = self.tenant(caller.tenant);
        must_be_of(tenant, request.epoch)?;
        let device = tenant.devices.get(&caller.device).ok_or(broken())?;
        let receipts: Vec<Receipt> =
            request.sequences.iter().filter_map(|sequence| device.receipt(*sequence)).collect();
        let went_in = receipts.iter().filter(|receipt| receipt.fate.is_in());
        let entries = went_in.filter_map(|receipt| device.entry(receipt.sequence));
        let changes = entries.filter_map(|entry| opened(&entry.signed)).flat_map(|one| one.changes);
        let keys: BTreeSet<(TableName, Uuid)> = changes.map(|change| (change.table, change.id)).collect();
        let row = |key: &(TableName, Uuid)| seen(caller.scope, *key, tenant.rows.get(key)?);
        let rows = keys.iter().filter_map(row).map(|row| self.as_sent(row)).collect();
        json(&ReceiptsAnswer { receipts, rows })
    }
}
