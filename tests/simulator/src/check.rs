//! What must be true after every run.

mod conflicts;
mod log;

use std::collections::{BTreeMap, BTreeSet};

use protocol::api::{DeviceScope, Fate};
use protocol::digest::Digest;
use protocol::merge::same;
use protocol::prescription::content_hash;
use protocol::table::{Row, Scope, Table, TableName, Values};
use replica::testing::{HeldRow, Kept, Store};
use serde_json::Value;
use uuid::Uuid;

use crate::desk::Desk;
use crate::server::{FUTURE_COLUMN, FUTURE_TABLE, Server, Tenant, seen};
use crate::timeline::lock;
use crate::world::World;

/// Looks at the world at the end of a run. Each sentence is something that is wrong.
pub fn check(world: &World) -> Vec<String> {
    let mut wrong = world.wrong.clone();
    wrong.extend(world.network.leaks());
    let server = lock(&world.server);
    let mut signed = BTreeMap::new();
    for desk in &world.desks {
        let tenant = server.tenant(desk.facts.tenant_id);
        let was_lost = world.was_restored;
        let read =
            desk.store().and_then(|store| Ok((store.kept()?, store.rows()?, Here::read(&store, was_lost)?)));
        let (kept, rows, here) = match read {
            Ok(read) => read,
            Err(error) => {
                wrong.push(format!("the file of desk {} cannot be read: {error:?}", desk.number));
                continue;
            }
        };
        let mut found = fates(desk, tenant, &kept, was_lost);
        if !tenant.devices[&desk.facts.device_id].is_revoked {
            found.extend(status(desk, &kept));
            found.extend(equal(desk, tenant, &rows, &here));
            found.extend(digests(desk, tenant, &here));
            found.extend(carried(&server, tenant, &here));
            if !here.only.is_empty() && !was_lost {
                found.push(format!("{} rows are only here, and nothing was lost", here.only.len()));
            }
        }
        found.extend(strangers(&server, tenant, &rows));
        found.extend(front_desk(desk, &rows));
        found.extend(signatures(&rows, &mut signed));
        wrong.extend(found.into_iter().map(|what| format!("desk {}: {what}", desk.number)));
    }
    let tenants: BTreeSet<_> = world.desks.iter().map(|desk| desk.facts.tenant_id).collect();
    for tenant in tenants {
        wrong.extend(conflicts::check(server.tenant(tenant), server.catalogue()));
        wrong.extend(log::check(server.tenant(tenant)));
    }
    wrong
}

/// What a file has beside its rows.
struct Here {
    digests: BTreeMap<TableName, Digest>,
    /// Rows of which the server has nothing, or something older.
    only: BTreeSet<(TableName, Uuid)>,
    /// What this program does not know, as it came.
    carried: Vec<Value>,
    /// Whether the server lost something in this run.
    was_lost: bool,
}

impl Here {
    fn read(store: &Store, was_lost: bool) -> replica::Result<Self> {
        let mut digests = BTreeMap::new();
        for table in Table::of_tenant() {
            let mut joined = Digest::default();
            store.digests(table.name)?.into_iter().for_each(|digest| joined.join(digest));
            if joined != Digest::default() {
                digests.insert(table.name, joined);
            }
        }
        let (only, carried) = (store.only_here()?.into_iter().collect(), store.carried()?);
        Ok(Self { digests, only, carried, was_lost })
    }
}

fn word(fate: Fate) -> String {
    serde_json::to_value(fate).ok().and_then(|fate| fate.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Each mutation has one fate, and it is the one that the server stored. Nothing is said to be synced that the server
/// has not acknowledged, and nothing is there twice or missing.
fn fates(desk: &Desk, tenant: &Tenant, kept: &[Kept], was_lost: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let device = &tenant.devices[&desk.facts.device_id];
    let log = &device.log;
    // The server goes on with one of two computers that have one number.
    let is_cut_off = desk.is_copied;
    for (place, mutation) in kept.iter().enumerate() {
        let sequence = mutation.sequence;
        if sequence != place as i64 + 1 {
            wrong.push(format!("change {sequence} stands where {} should", place + 1));
        }
        match (log.get(place).zip(device.receipt(sequence)), &mutation.fate) {
            (Some((entry, receipt)), Some(fate)) => {
                // After a restore it may be the other one of two computers that brings its own, or the same once more.
                let may_differ = desk.is_copied && was_lost;
                if entry.signed != mutation.signed && !may_differ {
                    wrong.push(format!("the server has another change {sequence}"));
                }
                let fate_there = word(receipt.fate);
                if fate_there != *fate && !may_differ {
                    wrong.push(format!("change {sequence} is {fate} here, and {fate_there} on the server"));
                }
            }
            (None, Some(fate)) => {
                wrong
                    .push(format!("change {sequence} is said to be {fate}, and the server does not have it"));
            }
            (_, None) if is_cut_off => {}
            (_, None) => wrong.push(format!("change {sequence} still waits")),
        }
    }
    if kept.len() != log.len() && !is_cut_off || kept.len() as i64 != desk.said {
        let (here, there, said) = (kept.len(), log.len(), desk.said);
        wrong.push(format!(
            "{here} changes are here, {there} on the server, and {said} were said to be saved"
        ));
    }
    wrong
}

/// What the window shows fits what is there.
fn status(desk: &Desk, kept: &[Kept]) -> Vec<String> {
    let Some(station) = &desk.station else { return vec!["it does not run".into()] };
    let status = station.status();
    let waiting = kept.iter().filter(|mutation| mutation.fate.is_none()).count();
    let mut wrong = Vec::new();
    if status.waiting as usize != waiting {
        wrong.push(format!("it says that {} changes wait, and {waiting} do", status.waiting));
    }
    if let Some(problem) = status.problem.filter(|_| !desk.is_copied) {
        wrong.push(format!("it has a problem: {problem:?}"));
    }
    wrong
}

/// The rows here are the server's rows, as far as this desktop may see them.
fn equal(desk: &Desk, tenant: &Tenant, rows: &[HeldRow], files: &Here) -> Vec<String> {
    let expected: BTreeMap<(TableName, Uuid), Row> = tenant
        .rows
        .iter()
        .filter_map(|(key, held)| Some((*key, seen(desk.facts.scope, *key, held)?)))
        .collect();
    let mut wrong = Vec::new();
    let mut found = BTreeSet::new();
    for held in rows {
        let key = (held.shown.table, held.shown.id);
        let name = format!("{} {}", key.0.as_str(), key.1);
        let is_of_server = held.confirmed.is_some() || held.shown.version > 0;
        if files.only.contains(&key) {
            found.insert(key);
            continue;
        }
        match expected.get(&key) {
            // What the server set aside stands only here.
            // One that the server had, lost, and set aside when it came again, bears its old version.
            None if held.is_pending && (!is_of_server || files.was_lost) => {}
            None => wrong.push(format!("{name} is here, and this desktop may not have it")),
            // What was deleted is not compared after a restore, however often it was deleted.
            Some(row) if files.was_lost && row.deleted && held.shown.deleted => {
                found.insert(key);
            }
            Some(row) => {
                let here = held.confirmed.as_ref().unwrap_or(&held.shown);
                wrong.extend(difference(row, here).map(|what| format!("{name}: {what}")));
                found.insert(key);
            }
        }
        if held.confirmed.is_some() && !held.is_pending {
            wrong.push(format!("{name} has something laid over it, and nothing waits"));
        }
    }
    // A computer that is filled is not sent what was deleted before.
    let missing = expected.iter().filter(|(key, row)| !row.deleted && !found.contains(key));
    wrong.extend(missing.map(|((table, id), _)| format!("{} {id} is missing", table.as_str())));
    wrong
}

fn difference(expected: &Row, here: &Row) -> Option<String> {
    if expected.version != here.version || expected.deleted != here.deleted {
        return Some(format!(
            "version {} and deleted {} on the server, here {} and {}",
            expected.version, expected.deleted, here.version, here.deleted
        ));
    }
    let differs =
        |(name, value): &(&String, &Value)| !same(here.values.get(*name).unwrap_or(&Value::Null), value);
    let (name, value) = expected.values.iter().find(differs)?;
    Some(format!("{name} is {value} on the server, and here {:?}", here.values.get(name)))
}

/// No row of another tenant.
fn strangers(server: &Server, tenant: &Tenant, rows: &[HeldRow]) -> Vec<String> {
    let is_theirs = |held: &&HeldRow| {
        let key = (held.shown.table, held.shown.id);
        server.tenants().any(|other| other.id != tenant.id && other.rows.contains_key(&key))
    };
    let strange = rows.iter().filter(is_theirs);
    strange
        .map(|held| format!("{} {} is another tenant's", held.shown.table.as_str(), held.shown.id))
        .collect()
}

/// Both sides come to the same digests.
fn digests(desk: &Desk, tenant: &Tenant, here: &Here) -> Vec<String> {
    let mut of_server: BTreeMap<TableName, Digest> = BTreeMap::new();
    for (key, held) in &tenant.rows {
        if let Some(row) = seen(desk.facts.scope, *key, held).filter(|row| !row.deleted) {
            of_server.entry(row.table).or_default().add(row.id, row.version);
        }
    }
    let here = &here.digests;
    if *here == of_server { vec![] } else { vec![format!("digests differ: {here:?}, {of_server:?}")] }
}

/// What a newer server sent and this program does not know is here as it came.
fn carried(server: &Server, tenant: &Tenant, here: &Here) -> Vec<String> {
    let text = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut wrong = Vec::new();
    if !server.is_newer {
        return wrong;
    }
    for row in &here.carried {
        let id = text(row, "id").parse().unwrap_or_default();
        let is_unknown = text(row, "table") == FUTURE_TABLE;
        let table = if is_unknown { Some(TableName::Patients) } else { TableName::find(&text(row, "table")) };
        let Some(table) = table else { continue };
        // What is not known is not compared either: after a restore it comes when it changes, or when it is known.
        if here.only.contains(&(table, id)) || is_unknown && here.was_lost {
            continue;
        }
        let of_server = tenant.rows.get(&(table, id));
        if here.was_lost && of_server.is_some_and(|held| held.row.deleted) {
            continue;
        }
        let version = of_server.map(|held| held.version);
        let values = row.get("values").cloned().unwrap_or_default();
        let is_whole = if is_unknown {
            text(&values, "patient_id") == id.to_string()
        } else {
            values.get(FUTURE_COLUMN).and_then(Value::as_i64) == version
        };
        if row.get("version").and_then(Value::as_i64) != version || !is_whole {
            wrong.push(format!("{} {id} is not carried as it came: {row}", text(row, "table")));
        }
    }
    wrong
}

/// No clinical column reaches a front desk's file: there its columns hold nothing but their defaults.
fn front_desk(desk: &Desk, rows: &[HeldRow]) -> Vec<String> {
    if desk.facts.scope == DeviceScope::Clinical {
        return vec![];
    }
    let mut wrong = Vec::new();
    for row in rows.iter().flat_map(|held| [Some(&held.shown), held.confirmed.as_ref()]).flatten() {
        for column in row.table.table().columns.iter().filter(|column| column.scope == Scope::Clinical) {
            let default = column.default.and_then(|default| serde_json::from_str(default).ok());
            let value = row.values.get(column.name).unwrap_or(&Value::Null);
            if !value.is_null() && Some(value) != default.as_ref() {
                wrong.push(format!("{}.{} is on a front desk", row.table.as_str(), column.name));
            }
        }
    }
    wrong
}

/// Signed prescriptions are as they were signed, and the same everywhere.
fn signatures(rows: &[HeldRow], signed: &mut BTreeMap<Uuid, String>) -> Vec<String> {
    let text =
        |row: &Row, name: &str| row.values.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let of_server =
        |held: &HeldRow| held.confirmed.clone().or((held.shown.version > 0).then(|| held.shown.clone()));
    let mut rows: Vec<Row> = rows.iter().filter_map(of_server).collect();
    // What only a later program knows was not there when it was signed.
    for row in &mut rows {
        row.values.remove(FUTURE_COLUMN);
    }
    let mut wrong = Vec::new();
    for row in rows.iter().filter(|row| row.table == TableName::Prescriptions) {
        if !matches!(text(row, "status").as_str(), "finalised" | "superseded" | "voided") {
            continue;
        }
        let of_this = |line: &&Row| {
            line.table == TableName::PrescriptionItems
                && !line.deleted
                && text(line, "prescription_id") == row.id.to_string()
        };
        let lines: Vec<(Uuid, Values)> =
            rows.iter().filter(of_this).map(|line| (line.id, line.values.clone())).collect();
        let hash = content_hash(row.id, &row.values, &lines).to_string();
        let first = signed.entry(row.id).or_insert_with(|| hash.clone());
        if row.deleted || hash != text(row, "content_sha256") || hash != *first {
            let signed = text(row, "content_sha256");
            wrong.push(format!(
                "prescription {} is not as it was signed: {hash} instead of {signed}, {:?} with {lines:?}",
                row.id, row.values
            ));
        }
    }
    wrong
}
