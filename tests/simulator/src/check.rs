//! What must be true after every run.

mod conflicts;
mod log;
mod prepared;

use std::collections::{BTreeMap, BTreeSet};

use protocol::api::{DeviceScope, Fate};
use protocol::digest::Digest;
use protocol::merge::same;
use protocol::mutation::{Hash, Mutation, Op};
use protocol::prescription::content_hash;
use protocol::table::{Row, Scope, Table, TableName, Values};
use replica::testing::{HeldContent, HeldRow, Kept, Store};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::desk::Desk;
use crate::server::{Device, FUTURE_COLUMN, FUTURE_TABLE, Server, Tenant, seen};
use crate::timeline::lock;
use crate::wiping::is_to_be_wiped;
use crate::world::World;

/// A token lives ten minutes, and is asked for anew when it is used.
const LONGEST_TOKEN: time::Duration = time::Duration::minutes(13);

/// Looks at the world at the end of a run. Each sentence is something that is wrong.
pub fn check(world: &World) -> Vec<String> {
    let mut wrong = world.wrong.clone();
    wrong.extend(lock(&world.told.wrong).iter().cloned());
    wrong.extend(world.network.leaks());
    let server = lock(&world.server);
    let mut signed = BTreeMap::new();
    for desk in &world.desks {
        let tenant = server.tenant(desk.facts.tenant_id);
        let was_lost = world.was_restored;
        if desk.left.is_some() || is_to_be_wiped(desk, tenant) {
            let found = wiped(desk, tenant, was_lost);
            wrong.extend(found.into_iter().map(|what| format!("desk {}: {what}", desk.number)));
            continue;
        }
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
            found.extend(status(desk, &kept, world.time.now()));
            found.extend(equal(desk, tenant, &rows, &here));
            found.extend(digests(desk, tenant, &here));
            found.extend(carried(&server, tenant, &here));
            found.extend(told(desk, tenant, &here));
            found.extend(slots(desk, tenant));
            found.extend(prepared::offered(desk, &rows));
            if !here.only.is_empty() && !was_lost {
                found.push(format!("{} rows are only here, and nothing was lost", here.only.len()));
            }
        }
        found.extend(files(desk, tenant, &kept));
        found.extend(strangers(&server, tenant, &rows));
        found.extend(front_desk(desk, &rows));
        found.extend(signatures(&rows, &mut signed));
        wrong.extend(found.into_iter().map(|what| format!("desk {}: {what}", desk.number)));
    }
    let tenants: BTreeSet<_> = world.desks.iter().map(|desk| desk.facts.tenant_id).collect();
    for tenant in tenants {
        wrong.extend(conflicts::check(server.tenant(tenant), server.catalogue()));
        wrong.extend(log::check(server.tenant(tenant)));
        wrong.extend(prepared::check(server.tenant(tenant)));
        wrong.extend(stored_files(server.tenant(tenant)));
        // A server that lost rows or knows more, or two computers with one number, may rightly know better.
        let is_plain = !world.was_restored && !server.is_newer;
        if is_plain && world.desks.iter().all(|desk| !desk.is_copied) {
            wrong.extend(server.tenant(tenant).surprises.iter().cloned());
        }
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
    /// Whether this desktop heard that the server was restored.
    was_restored: bool,
    /// The last note for the audit log.
    last_event: (i64, Hash),
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
        let (was_restored, last_event) = (store.sync_state()?.restored.is_some(), store.last_event()?);
        Ok(Self { digests, only, carried, was_lost, was_restored, last_event })
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
                // A computer out of service does not hear what became of what waited, nor what becomes of it after a restore.
                let waits = matches!(fate.as_str(), "quarantined" | "blocked");
                let is_left = device.is_revoked && (waits || was_lost && entry.receipt.fate.is_aside());
                if fate_there != *fate && !may_differ && !is_left {
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

/// Of a desktop that was wiped: each mutation that was ever saved there has one fate, the server knows which was the last,
/// and that nothing is left.
fn wiped(desk: &Desk, tenant: &Tenant, was_lost: bool) -> Vec<String> {
    let device = &tenant.devices[&desk.facts.device_id];
    let Some(kept) = &desk.left else { return vec!["it was to be wiped, and is not".into()] };
    // What a restored server lost that this one had handed over nobody has any more.
    let was_restored_since = device.lost_farewells > 0;
    if was_restored_since && (device.farewell.is_none() || desk.is_copied) {
        return beginning(desk, device, kept);
    }
    let mut wrong = fates(desk, tenant, kept, was_lost);
    if desk.is_copied {
        return wrong;
    }
    if !desk.is_gone() || !device.is_wiped && !was_restored_since {
        wrong.push("it was wiped, and the server does not know".into());
    }
    if device.farewell.as_ref().is_some_and(|said| said.has_consent && device.consent.is_none()) {
        wrong.push("it signed that an admin's computer agreed, and none did".into());
    }
    let last = device.farewell.as_ref().map(|farewell| farewell.last_sequence);
    if last != Some(kept.len() as i64) {
        wrong.push(format!("it signed that its last change was {last:?}, and had {}", kept.len()));
    }
    wrong
}

/// Of a computer that was wiped the server has, as far as its backup goes, what was saved there, and nothing else.
fn beginning(desk: &Desk, device: &Device, kept: &[Kept]) -> Vec<String> {
    let mut wrong = Vec::new();
    let is_of_it = device.log.iter().zip(kept).all(|(entry, mutation)| entry.signed == mutation.signed);
    if !desk.is_copied && (!is_of_it || device.log.len() > kept.len()) {
        wrong.push("the server has other changes of it than were saved".into());
    }
    if kept.len() as i64 != desk.said {
        wrong.push(format!("{} changes were there, and {} were said to be saved", kept.len(), desk.said));
    }
    wrong
}

/// What the window shows fits what is there.
fn status(desk: &Desk, kept: &[Kept], now: OffsetDateTime) -> Vec<String> {
    let Some(station) = &desk.station else { return vec!["it does not run".into()] };
    let status = station.status();
    let waiting = kept.iter().filter(|mutation| mutation.fate.is_none()).count();
    let mut wrong = Vec::new();
    if status.waiting as usize != waiting {
        wrong.push(format!("it says that {} changes wait, and {waiting} do", status.waiting));
    }
    // It was in contact just now, so it has a lease of now, however long it was away and whatever its clock says.
    let issued_at = desk.standing.lease().map(|lease| lease.issued_at);
    if !desk.is_copied && issued_at.is_none_or(|at| now - at > LONGEST_TOKEN) {
        wrong.push(format!("its last lease is of {issued_at:?}, and it is {now}"));
    }
    if let Some(problem) = status.problem.filter(|_| !desk.is_copied) {
        wrong.push(format!("it has a problem: {problem:?}"));
    }
    wrong
}

/// Without the server a desktop opens to nobody but whom its last lease allows that.
fn slots(desk: &Desk, tenant: &Tenant) -> Vec<String> {
    let lease = desk.standing.lease().filter(|lease| lease.offline_days > 0);
    let is_allowed = |id| lease.as_ref().is_some_and(|lease| lease.colleague(id).is_some());
    let mut wrong = Vec::new();
    for person in tenant.people.values().map(|person| &person.staff) {
        match desk.opens_to(person) {
            Ok(true) if !is_allowed(person.id) => {
                wrong.push(format!("it opens to {} without the server", person.full_name));
            }
            Ok(_) => {}
            Err(error) => wrong.push(format!("its slots cannot be read: {error:?}")),
        }
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
            // What was deleted is not compared after a restore: where the server lost the row itself, nobody misses it.
            None if files.was_lost && held.shown.deleted => {}
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
        // Nor is one that the server lost, and set aside when it came again; that it may be here is looked at with its row.
        if here.was_lost && of_server.is_none_or(|held| held.row.deleted) {
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

/// A file that was said to be saved is on this disk, whole, or on the server. Nothing is said to be sent that is not, and at
/// the end nothing waits for whom the server takes files from.
fn files(desk: &Desk, tenant: &Tenant, kept: &[Kept]) -> Vec<String> {
    let read = desk.store().and_then(|store| Ok((store.files()?, store.sync_state()?.files)));
    let (here, counts) = match read {
        Ok(read) => read,
        Err(error) => return vec![format!("its files cannot be read: {error:?}")],
    };
    let mut wrong = Vec::new();
    for HeldContent { sha256, state, is_whole } in &here {
        if !is_whole {
            wrong.push(format!("the file {sha256} is {state} and not here, or damaged"));
        }
        if state == "kept" && !tenant.files.has(sha256) {
            wrong.push(format!("the file {sha256} is said to be sent, and the server does not have it"));
        }
    }
    for mutation in kept {
        let Ok(said) = serde_json::from_str::<Mutation>(&mutation.signed.body) else { continue };
        let added = said
            .changes
            .iter()
            .filter(|change| change.table == TableName::DentalAttachments && change.op == Op::Insert);
        for sha256 in added.filter_map(|change| change.set.get("sha256")?.value.as_str()) {
            let is_here = here.iter().any(|file| file.sha256 == sha256);
            if !is_here && !tenant.files.has(sha256) {
                wrong.push(format!("the file {sha256} was said to be saved, and is nowhere"));
            }
        }
    }
    let is_out = desk.is_copied || tenant.devices[&desk.facts.device_id].is_revoked;
    // One whose row was set aside waits with it.
    let has_row = |sha256: &str| {
        let mut rows = tenant.rows.iter().filter(|((table, _), _)| *table == TableName::DentalAttachments);
        rows.any(|(_, held)| {
            let has = held.row.values.get("sha256").and_then(Value::as_str);
            !held.row.deleted && has == Some(sha256)
        })
    };
    let is_due =
        |file: &HeldContent| ["waiting", "refused"].contains(&file.state.as_str()) && has_row(&file.sha256);
    if !is_out && desk.sends_files(tenant) && here.iter().any(is_due) {
        wrong.push(format!("files still wait: {counts:?}"));
    }
    wrong
}

/// What is said to be stored is there.
fn stored_files(tenant: &Tenant) -> Vec<String> {
    let text =
        |values: &Values, name: &str| values.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let rows = tenant.rows.iter().filter(|((table, _), _)| *table == TableName::DentalAttachments);
    let stored = rows.filter(|(_, held)| text(&held.row.values, "upload_state") == "stored");
    let missing = stored.filter(|(_, held)| !tenant.files.has(&text(&held.row.values, "sha256")));
    missing.map(|((_, id), _)| format!("the file of {id} is said to be stored, and is not")).collect()
}

/// The server has every note for the audit log, also such as it lost, and after a restore it was told which rows only this
/// desktop has.
fn told(desk: &Desk, tenant: &Tenant, here: &Here) -> Vec<String> {
    let mut wrong = Vec::new();
    let device = &tenant.devices[&desk.facts.device_id];
    if desk.is_copied {
        return wrong;
    }
    if device.events != here.last_event {
        let (there, here) = (device.events.0, here.last_event.0);
        wrong.push(format!("{here} notes for the audit log are here, and {there} on the server"));
    }
    let n_only = here.only.len();
    if here.was_restored && device.only_here != Some((tenant.epoch, n_only as u32)) {
        wrong.push(format!("{n_only} rows are only here, and it told {:?}", device.only_here));
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
