//! The server's log: what went in went in once, what did not go in changed nothing, and whatever a person made of a refused
//! change stands in a mutation that says so.

use std::collections::BTreeMap;

use protocol::api::{Fate, Receipt};
use protocol::id::DeviceId;
use protocol::mutation::{Mutation, Op};
use protocol::settlement::{Way, item_id};
use protocol::table::TableName;
use uuid::Uuid;

use crate::server::Tenant;

type Applied = BTreeMap<(DeviceId, i64), BTreeMap<(TableName, Uuid), usize>>;

/// Looks at each mutation that the server has.
pub(super) fn check(tenant: &Tenant) -> Vec<String> {
    let mut applied = Applied::new();
    for merging in &tenant.journal {
        let of = applied.entry((merging.device, merging.sequence)).or_default();
        *of.entry((merging.change.table, merging.change.id)).or_default() += 1;
    }
    let mut wrong = Vec::new();
    for (id, device) in &tenant.devices {
        for sequence in 1..=device.log.len() as i64 {
            let Some(receipt) = device.receipt(sequence) else { continue };
            let Some(mutation) = mutation(tenant, *id, sequence) else { continue };
            let found = [
                once(&mutation, &receipt, applied.get(&(*id, sequence))),
                settled(tenant, &mutation, &receipt),
                before_admins(tenant, &mutation, &receipt),
            ];
            let found = found.into_iter().flatten();
            wrong.extend(found.map(|what| format!("change {sequence} of {}: {what}", device.name)));
        }
    }
    wrong
}

/// A mutation as the server has it.
pub(super) fn mutation(tenant: &Tenant, device: DeviceId, sequence: i64) -> Option<Mutation> {
    let entry = tenant.devices.get(&device)?.log.get(usize::try_from(sequence - 1).ok()?)?;
    serde_json::from_str(&entry.signed.body).ok()
}

fn once(
    mutation: &Mutation,
    receipt: &Receipt,
    applied: Option<&BTreeMap<(TableName, Uuid), usize>>,
) -> Option<String> {
    if !receipt.fate.is_in() {
        return applied.map(|_| format!("it is {:?}, and something of it went in", receipt.fate));
    }
    let times = |key: &(TableName, Uuid)| applied.and_then(|applied| applied.get(key)).copied().unwrap_or(0);
    for change in &mutation.changes {
        let key = (change.table, change.id);
        let asked = mutation.changes.iter().filter(|other| (other.table, other.id) == key).count();
        // Of two decisions made apart the second writes nothing, and a proposal becomes an item.
        let may_be_left = change.decides.is_some() || change.table == TableName::SyncConflicts;
        if times(&key) > asked || times(&key) < asked && !may_be_left {
            let (table, op) = (change.table.as_str(), change.op == Op::Insert);
            return Some(format!("{table} {} (new: {op}) went in {} times", change.id, times(&key)));
        }
    }
    None
}

fn settled(tenant: &Tenant, mutation: &Mutation, receipt: &Receipt) -> Option<String> {
    let way = match receipt.fate {
        Fate::Replaced => Way::Replace,
        Fate::Discarded => Way::Discard,
        _ => return None,
    };
    let (device, sequence) = tenant.devices.get(&mutation.device_id)?.settled_by(mutation.sequence)?;
    let by = self::mutation(tenant, device, sequence).and_then(|by| by.settles);
    let is_it = by.is_some_and(|settles| {
        settles.way == way && settles.device_id == mutation.device_id && settles.sequence == mutation.sequence
    });
    if is_it { None } else { Some(format!("it is {:?}, and nobody said so", receipt.fate)) }
}

/// What waits of a computer that is out of service is before the admins, whether it was refused before or came after.
fn before_admins(tenant: &Tenant, mutation: &Mutation, receipt: &Receipt) -> Option<String> {
    let device = tenant.devices.get(&mutation.device_id)?;
    let waits = receipt.fate == Fate::Quarantined && device.is_revoked;
    let is_asked = waits && !mutation.changes.is_empty();
    let item = (TableName::SyncConflicts, item_id(mutation.device_id, mutation.sequence));
    let is_open = tenant
        .rows
        .get(&item)
        .is_some_and(|item| item.row.values.get("state").is_some_and(|it| it == "open"));
    if !is_asked || is_open { None } else { Some("no admin is asked about it".into()) }
}
