//! `POST /v1/sync/push`: mutations in a device's order, each merged whole or set aside.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use protocol::api::{Fate, PushRequest, PushResponse, Receipt};
use protocol::conflict::{Item, Source};
use protocol::error::{ErrorCode, Refusal, RefusalCode};
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::merge::{Current, ReviewColumn, merge};
use protocol::mutation::{Change, Hash, Mutation, Op};
use protocol::permission::Roles;
use protocol::settlement::{self, Gone};
use protocol::table::{Row, Scope, TableName, Values};
use protocol::validate::moment_text;
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::again::Touched;
use super::items::{self, Course};
use super::opened::{Opened, blocked, must_follow, nobody_here, refused, repeated, unknown_form};
use super::quarantine::Aside;
use super::sign::{self, Step};
use super::{
    Caller, Device, Entry, Held, Key, Merging, Mistake, Person, Refused, Reply, Result, Server, Stop, Tenant,
    broken, json, must_be_of, seen,
};
use protocol::api::DeviceScope;

/// On whose behalf rows are written.
pub(super) struct Origin<'a> {
    pub(super) actor: UserId,
    pub(super) name: &'a str,
    pub(super) roles: &'a Roles,
    /// By the device's clock.
    pub(super) recorded_at: OffsetDateTime,
    pub(super) sequence: i64,
}

impl<'a> Origin<'a> {
    pub(super) fn of(mutation: &Mutation, person: &'a Person) -> Self {
        Self {
            actor: mutation.actor_user_id,
            name: &person.staff.full_name,
            roles: &person.staff.roles,
            recorded_at: mutation.recorded_at,
            sequence: mutation.sequence,
        }
    }
}

/// What came of a mutation.
#[derive(Default)]
pub(super) struct Done {
    pub(super) met_others: bool,
    pub(super) review: Vec<ReviewColumn>,
}

impl Done {
    pub(super) fn receipt(self, sequence: i64, hash: Hash) -> Receipt {
        let fate = match (self.review.is_empty(), self.met_others) {
            (false, _) => Fate::Conflict,
            (true, true) => Fate::Merged,
            (true, false) => Fate::Applied,
        };
        Receipt { sequence, hash, fate, code: None, detail: None, blocked_by: None, review: self.review }
    }
}

/// A transaction: it works on a copy, and holds when that takes the place of the tenant's data.
pub(super) struct Writing {
    pub(super) tenant: Tenant,
    pub(super) caller: Caller,
    pub(super) now: OffsetDateTime,
    pub(super) medicines: Vec<Row>,
    pub(super) written: BTreeSet<Key>,
    pub(super) mistake: Option<Mistake>,
    /// Mutations that had waited for a person and went in.
    pub(super) went_on: Vec<Mutation>,
    /// Corrections that are not in the log yet, by their numbers.
    pub(super) instead: BTreeMap<i64, Vec<Change>>,
}

impl Server {
    pub(super) fn push(
        &mut self,
        now: OffsetDateTime,
        caller: Caller,
        request: &PushRequest,
    ) -> Result<Reply> {
        let tenant = self.tenant(caller.tenant);
        must_be_of(tenant, request.epoch)?;
        let device = tenant.devices.get(&caller.device).ok_or(broken())?;
        let opened: Vec<Opened<'_>> =
            request.mutations.iter().map(|signed| Opened::open(signed, device)).collect::<Result<_>>()?;
        must_follow(&opened)?;
        let last = device.log.len() as i64;
        let n_old = opened.iter().take_while(|opened| opened.sequence <= last).count();
        let mut receipts = repeated(device, &opened[..n_old])?;
        let mut writing = Writing::new(self, caller, now);
        let head_before = tenant.version;
        if n_old < opened.len() {
            writing.tenant.version += 1;
            let mut touched = Touched::default();
            for opened in &opened[n_old..] {
                let receipt = writing.take(opened)?;
                if let Some(mutation) = opened.mutation.as_ref().filter(|_| receipt.fate.is_in()) {
                    touched.add(mutation);
                }
                receipts.push(receipt);
            }
            writing.went_on.iter().for_each(|mutation| touched.add(mutation));
            if self.mistake != Some(Mistake::LooksAway) {
                writing.look_again(&touched);
            }
            if self.mistake == Some(Mistake::ChangesSigned) {
                writing.change_signed();
            }
            writing.bring_lost();
        }
        let rows: Vec<Row> =
            writing.rows(&opened, &receipts).into_iter().map(|row| self.as_sent(row)).collect();
        let future: Vec<Value> =
            rows.iter().filter(|_| self.is_newer).filter_map(super::pull::from_the_future).collect();
        let head = writing.tenant.version;
        if head > head_before {
            let revokes = self.revokes.filter(|(device, _)| *device == caller.device).map(|(_, stop)| stop);
            if self.stops == Some(Stop::BeforeCommit) {
                self.is_down = true;
                return Err(broken());
            }
            let is_forgotten = self.mistake == Some(Mistake::Forgets) && head % 5 == 0;
            if revokes != Some(Stop::BeforeCommit) && !is_forgotten {
                self.tenants.insert(caller.tenant, writing.tenant);
            }
            if revokes.is_some() {
                self.revokes = None;
                self.revoke(now, caller.tenant, caller.device);
                return Err(super::tokens::revoked());
            }
            self.is_down = self.stops == Some(Stop::AfterCommit);
        }
        let answer =
            PushResponse { head_before, head, receipts, rows, server_time: now, notices: Vec::new() };
        let mut answer = serde_json::to_value(&answer).map_err(|_| broken())?;
        if let Some(rows) = answer.get_mut("rows").and_then(Value::as_array_mut) {
            rows.extend(future);
        }
        json(&answer)
    }
}

impl Server {
    /// Takes a desktop out of service.
    pub fn revoke(&mut self, now: OffsetDateTime, tenant: TenantId, device: DeviceId) {
        if let Some(device) = self.tenant_mut(tenant).devices.get_mut(&device) {
            device.is_revoked = true;
        }
        self.bring_lost(now, tenant, device);
    }

    /// Brings before the admins of a tenant what waits of computers that are out of service.
    pub(super) fn bring_lost(&mut self, now: OffsetDateTime, tenant: TenantId, device: DeviceId) {
        let caller = Caller { tenant, device, scope: DeviceScope::FrontDesk, left_ms: 0 };
        let mut writing = Writing::new(self, caller, now);
        writing.tenant.version += 1;
        writing.bring_lost();
        self.tenants.insert(tenant, writing.tenant);
    }
}

impl Writing {
    pub(super) fn new(server: &Server, caller: Caller, now: OffsetDateTime) -> Self {
        Self {
            tenant: server.tenant(caller.tenant).clone(),
            caller,
            now,
            medicines: server.catalogue.clone(),
            written: BTreeSet::new(),
            mistake: server.mistake,
            went_on: Vec::new(),
            instead: BTreeMap::new(),
        }
    }

    pub(super) fn device(&self) -> &Device {
        &self.tenant.devices[&self.caller.device]
    }

    pub(super) fn must_be_next(&self, opened: &Opened<'_>) -> Result<()> {
        let log = &self.device().log;
        let previous = log.last().map_or(Hash::ZERO, |entry| entry.receipt.hash);
        if opened.sequence != log.len() as i64 + 1 {
            return Err(Refused(409, ErrorCode::SequenceGap, "Mutations are missing before these."));
        }
        if opened.signed.previous_hash != previous {
            return Err(Refused(409, ErrorCode::DeviceCopied, "This computer was copied."));
        }
        Ok(())
    }

    /// Applies a mutation or sets it aside, and keeps it with its receipt.
    fn take(&mut self, opened: &Opened<'_>) -> Result<Receipt> {
        self.must_be_next(opened)?;
        let (sequence, hash) = (opened.sequence, opened.signed.hash);
        let (receipt, place) = match &opened.mutation {
            None => (refused(sequence, hash, unknown_form()), None),
            Some(mutation) => {
                if let Some(settlement) = &mutation.settles {
                    self.settle(mutation, hash, settlement)
                } else {
                    let receipt = self.attempt(mutation, hash, sequence);
                    self.note_surprise(mutation, &receipt);
                    (receipt, None)
                }
            }
        };
        self.keep(opened, &receipt, place)?;
        Ok(receipt)
    }

    /// Keeps a mutation with its receipt, and where it stands among the device's, if not by its own number.
    pub(super) fn keep(&mut self, opened: &Opened<'_>, receipt: &Receipt, place: Option<i64>) -> Result<()> {
        let entry = Entry {
            signed: opened.signed.clone(),
            receipt: receipt.clone(),
            row_ids: opened.row_ids.clone(),
        };
        let device = self.tenant.devices.get_mut(&self.caller.device).ok_or(broken())?;
        device.log.push(Arc::new(entry));
        if receipt.fate.is_aside() {
            let aside = Aside::of(receipt, place.unwrap_or(receipt.sequence));
            device.aside.insert(receipt.sequence, aside);
        }
        Ok(())
    }

    /// Whoever works here and has signed in on this device.
    pub(super) fn person(&self, actor: UserId) -> Option<Person> {
        let is_here = |person: &&Person| person.is_active && self.device().known.contains(&actor);
        self.tenant.people.get(&actor).filter(is_here).cloned()
    }

    /// Applies a mutation at its place among the device's, or says why not.
    pub(super) fn attempt(&mut self, mutation: &Mutation, hash: Hash, place: i64) -> Receipt {
        let sequence = mutation.sequence;
        let (touched, before) = (touched_rows(mutation), (place, sequence));
        if let Some(first) = self.device().blocked_by(before, &touched) {
            return blocked(sequence, hash, first);
        }
        let Some(person) = self.person(mutation.actor_user_id) else {
            return refused(sequence, hash, nobody_here());
        };
        let instead = |(device, sequence): (DeviceId, i64)| {
            let in_log = self.tenant.devices.get(&device).and_then(|device| device.changes(sequence));
            in_log.or_else(|| self.instead.get(&sequence).cloned()).unwrap_or_default()
        };
        let gone = self.device().gone(before, &touched, instead);
        let origin = Origin::of(mutation, &person);
        let savepoint = (self.tenant.rows.clone(), self.tenant.journal.len(), self.written.clone());
        match self.apply_changes(&origin, mutation, &gone) {
            Ok(done) => done.receipt(sequence, hash),
            Err(refusal) => {
                (self.tenant.rows, self.written) = (savepoint.0, savepoint.2);
                self.tenant.journal.truncate(savepoint.1);
                refused(sequence, hash, refusal)
            }
        }
    }

    fn apply_changes(
        &mut self,
        origin: &Origin<'_>,
        mutation: &Mutation,
        gone: &[Gone],
    ) -> std::result::Result<Done, Refusal> {
        let offset = Duration::milliseconds(mutation.clock_offset_ms);
        let at = mutation.recorded_at.checked_add(offset).unwrap_or(self.now).min(self.now);
        let at_ms = i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        let decisions = items::decisions(self, origin.roles, mutation)?;
        let mut changes: Vec<&Change> = mutation.changes.iter().collect();
        changes.sort_by_key(|change| change.table);
        let mut done = Done::default();
        let (mut to_sign, mut to_withdraw) = (Vec::new(), Vec::new());
        for change in changes {
            check_scope(change, self.caller.scope)?;
            if items::course(&decisions, change)? == Course::Leave {
                continue;
            }
            if change.table == TableName::SyncConflicts && change.op == Op::Insert {
                done.met_others |= !self.propose(origin, change)?;
                continue;
            }
            let key = (change.table, change.id);
            let before = self.visible(key);
            let rebased = before.as_ref().filter(|_| !gone.is_empty());
            let rebased = rebased.map(|held| settlement::rebased(change, &held.row.values, gone));
            let change = rebased.as_ref().unwrap_or(change);
            let status = before.as_ref().and_then(|held| sign::status(&held.row.values)).map(str::to_owned);
            let mut merged =
                merge(change, before.as_ref().map(|held| held.row.clone()), origin.roles, at_ms)?;
            done.met_others |= merged.met_others;
            if change.table == TableName::Prescriptions {
                sign::name_preparer(change, &mut merged.row, origin.name);
                match sign::step(status.as_deref(), &mut merged.row, origin)? {
                    Some(Step::Sign) => to_sign.push(change.id),
                    Some(Step::Withdraw) => to_withdraw.push(change.id),
                    None => {}
                }
            }
            let mut other = None;
            if change.set.contains_key("merged_into_id") {
                self.keep_out_of_circles(change, &mut merged)?;
            }
            if change.table == TableName::Patients && merged.changed {
                other = self.keep_duplicate(change.id, &mut merged.row);
            }
            if decisions.contains_key(&change.id) {
                items::sign(&mut merged.row.values, origin);
            }
            self.open_reviews(origin, &merged.review, &merged.row.values);
            done.review.append(&mut merged.review);
            if merged.changed {
                self.write(origin, key, merged.row)?;
            }
            if let Some(other) = other {
                done.met_others = true;
                self.ask_whether_one(origin, change.id, other);
            }
            let after = self.tenant.rows.get(&key).cloned();
            let (device, sequence) = (self.caller.device, origin.sequence);
            let merging = Merging { device, sequence, change: change.clone(), before, after };
            self.tenant.journal.push(Arc::new(merging));
        }
        for id in to_sign {
            self.sign(origin, id)?;
        }
        for id in to_withdraw {
            self.check_withdrawal(origin, id)?;
        }
        self.conclude(origin, &decisions, &mut done)?;
        Ok(done)
    }

    /// A row that the device may see.
    pub(super) fn visible(&self, key: Key) -> Option<Arc<Held>> {
        let held = self.tenant.rows.get(&key)?;
        let said = key.0.table().row_scope.and_then(|name| held.row.values.get(name));
        let may = self.caller.scope == DeviceScope::Clinical || said.is_none_or(|said| said == "everyone");
        may.then(|| Arc::clone(held))
    }

    /// Writes a row, if what it points at is there and nothing else bears its keys.
    pub(super) fn write(
        &mut self,
        origin: &Origin<'_>,
        key: Key,
        row: Current,
    ) -> std::result::Result<(), Refusal> {
        for column in key.0.table().columns {
            let Some(parent) = column.refers_to else { continue };
            let Some(id) = row.values.get(column.name).and_then(Value::as_str) else { continue };
            let id: Uuid = id.parse().unwrap_or_default();
            if id != key.1
                && !self.tenant.rows.contains_key(&(parent, id))
                && !self.medicines.iter().any(|row| row.id == id)
            {
                let detail = "A row that it points at does not exist here.";
                return Err(Refusal::new(RefusalCode::MissingParent, detail));
            }
        }
        sign::keep_fixed(&self.tenant.rows, key, &row)?;
        self.put(origin, key, row);
        Ok(())
    }

    /// Writes a row.
    pub(super) fn put(&mut self, origin: &Origin<'_>, key: Key, row: Current) {
        let held = Held { version: self.tenant.version, row, from: self.source(origin) };
        self.tenant.rows.insert(key, Arc::new(held));
        self.written.insert(key);
    }

    /// Who does this, where and when, as staff read it.
    pub(super) fn source(&self, origin: &Origin<'_>) -> Source {
        Source {
            by: Some(origin.actor),
            name: Some(origin.name.to_owned()),
            device_id: Some(self.caller.device),
            device: Some(self.device().name.clone()),
            at: Some(moment_text(origin.recorded_at)),
        }
    }

    /// Opens an item for a person, once.
    pub(super) fn open(&mut self, item: &Item) -> bool {
        let key = (TableName::SyncConflicts, item.id);
        self.written.insert(key);
        if self.tenant.rows.contains_key(&key) {
            return false;
        }
        let values = crate::clinic::full(key.0, serde_json::json!(item.values(self.now)));
        let row = Current { values, ..Current::default() };
        let held = Held { version: self.tenant.version, row, from: Source::default() };
        self.tenant.rows.insert(key, Arc::new(held));
        true
    }

    /// The same number and first name as another patient's: both are kept, and a person decides.
    fn keep_duplicate(&self, id: Uuid, row: &mut Current) -> Option<Uuid> {
        let text = |values: &Values, name: &str| values.get(name).and_then(Value::as_str).map(str::to_owned);
        if row.deleted || text(&row.values, "merged_into_id").is_some() {
            return None;
        }
        let ordinal = |values: &Values| values.get("duplicate_ordinal").and_then(Value::as_i64).unwrap_or(0);
        let others: BTreeMap<i64, Uuid> = self
            .tenant
            .rows
            .iter()
            .filter(|((table, other), held)| {
                let same = |name: &str| text(&held.row.values, name) == text(&row.values, name);
                *table == TableName::Patients
                    && *other != id
                    && !held.row.deleted
                    && text(&held.row.values, "merged_into_id").is_none()
                    && same("mobile_number")
                    && same("first_name_norm")
            })
            .map(|((_, other), held)| (ordinal(&held.row.values), *other))
            .collect();
        if !others.contains_key(&ordinal(&row.values)) {
            return None;
        }
        let next = others.keys().next_back().map_or(0, |last| last + 1);
        row.values.insert("duplicate_ordinal".to_owned(), next.into());
        row.values.insert("needs_review".to_owned(), true.into());
        others.values().next().copied()
    }

    /// The rows that the mutations name or that were written for them, as the device may see them.
    fn rows(&self, opened: &[Opened<'_>], receipts: &[Receipt]) -> Vec<Row> {
        let mut keys = self.written.clone();
        let taken = opened.iter().zip(receipts).filter(|(_, receipt)| receipt.fate.is_in());
        for mutation in taken.filter_map(|(opened, _)| opened.mutation.as_ref()) {
            keys.extend(mutation.changes.iter().map(|change| (change.table, change.id)));
        }
        let row = |key: &Key| seen(self.caller.scope, *key, self.tenant.rows.get(key)?);
        keys.iter().filter_map(row).collect()
    }
}

/// A computer at the front desk is never sent clinical columns, so it cannot know what it would write.
fn check_scope(change: &Change, scope: DeviceScope) -> std::result::Result<(), Refusal> {
    let table = change.table.table();
    let is_clinical =
        |name: &String| table.column(name).is_some_and(|column| column.scope == Scope::Clinical);
    if scope == DeviceScope::FrontDesk && (change.set.keys().any(is_clinical) || table.is_clinical()) {
        return Err(Refusal::new(
            RefusalCode::NotAllowed,
            "A computer at the front desk does not write this.",
        ));
    }
    Ok(())
}

/// The rows that a mutation changes or points at.
fn touched_rows(mutation: &Mutation) -> BTreeSet<Uuid> {
    let mut ids = BTreeSet::new();
    for change in &mutation.changes {
        ids.insert(change.id);
        for (name, set) in &change.set {
            if change.table.table().column(name).is_some_and(|column| column.refers_to.is_some()) {
                ids.extend(set.value.as_str().and_then(|text| text.parse::<Uuid>().ok()));
            }
        }
    }
    ids
}
