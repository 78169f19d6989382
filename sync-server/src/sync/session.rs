//! Whose mutations are applied, and what was learnt and done meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use protocol::api::DeviceScope;
use protocol::conflict::{Item, Source};
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::merge::Current;
use protocol::mutation::{Change, Mutation};
use protocol::table::TableName;
use protocol::validate::moment_text;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::conflicts;
use super::mutation::Opened;
use super::own_key::{self, Key};
use super::people::{self, Known, Person};
use super::rows::{self, Origin};
use crate::error::Result;
use crate::limits::Room;

/// Whose mutations are applied: a device of a tenant, and what was learnt of it and done for it so far.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) tenant: TenantId,
    pub(super) device: DeviceId,
    pub(super) scope: DeviceScope,
    /// By the server's clock.
    pub(super) now: OffsetDateTime,
    /// How many more patients the plan has room for.
    pub(super) room: Room,
    /// Rows that were written for it, also such as no mutation names.
    pub(super) written: Written,
    /// Mutations that had waited for a person and went in.
    pub(super) went_on: Vec<Mutation>,
    /// Corrections of this push, which are not in the log yet, by their numbers.
    pub(super) instead: BTreeMap<i64, Vec<Change>>,
    /// Whether some of the device never went in, once that was asked.
    pub(super) has_gone: Option<bool>,
    /// Whether some of the device waits for a person, once that was asked.
    pub(super) is_any_waiting: Option<bool>,
    /// Whether mutations are tried without a way back for each, since all of them are likely to go in. Should one not, all
    /// of them must be tried again, each with a way back.
    pub(super) is_hopeful: bool,
    /// Whether one did not.
    pub(super) is_spoilt: bool,
    /// Mutations of this device that their authors might do then and may not do now, and those that lack their authors' own
    /// signature: they go before the admins.
    pub(super) lapsed: BTreeSet<i64>,
    people: BTreeMap<UserId, Option<Person>>,
    own_keys: Option<Vec<Key>>,
    device_name: Option<String>,
}

/// Rows by their tables.
pub(super) type Written = BTreeMap<TableName, BTreeSet<Uuid>>;

impl Session {
    pub(super) fn new(
        tenant: TenantId,
        device: DeviceId,
        scope: DeviceScope,
        room: Room,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            tenant,
            device,
            scope,
            now,
            room,
            written: Written::new(),
            went_on: Vec::new(),
            instead: BTreeMap::new(),
            has_gone: None,
            is_any_waiting: None,
            is_hopeful: false,
            is_spoilt: false,
            lapsed: BTreeSet::new(),
            people: BTreeMap::new(),
            own_keys: None,
            device_name: None,
        }
    }

    /// Takes what was asked of the authors of all mutations together.
    pub(super) fn learn(&mut self, authors: &[Uuid], known: Vec<Known>) {
        self.people.extend(authors.iter().map(|author| (UserId(*author), None)));
        self.people.extend(known.into_iter().map(|known| (known.user_id, Some(known.into()))));
    }

    /// Somebody who has signed in on the device.
    pub(super) async fn person(&mut self, tx: &mut PgConnection, user: UserId) -> Result<Option<Person>> {
        if let Some(person) = self.people.get(&user) {
            return Ok(person.clone());
        }
        let person = people::find(tx, self.tenant, self.device, user).await?;
        self.people.insert(user, person.clone());
        Ok(person)
    }

    /// The key that the author of a mutation had on the device when they made it.
    pub(super) async fn own_key(
        &mut self,
        tx: &mut PgConnection,
        mutation: &Mutation,
    ) -> Result<Option<&Key>> {
        let keys = match self.own_keys.take() {
            Some(keys) => keys,
            None => own_key::all(tx, self.tenant, self.device).await?,
        };
        Ok(own_key::of_author(self.own_keys.insert(keys), mutation))
    }

    /// When a mutation was done, as far as that is believed after what the device brought before it. One of an unknown
    /// form says nothing.
    pub(super) async fn done_at(
        &mut self,
        tx: &mut PgConnection,
        opened: &Opened<'_>,
        previous: Option<OffsetDateTime>,
    ) -> Result<Option<OffsetDateTime>> {
        let Ok(mutation) = &opened.mutation else { return Ok(previous) };
        let author = self.person(tx, opened.actor).await?;
        Ok(Some(people::believed(mutation, author.as_ref(), previous, self.now)))
    }

    /// Who does this, where and when, as staff read it.
    pub(super) async fn source(&mut self, tx: &mut PgConnection, origin: Origin) -> Result<Source> {
        if self.device_name.is_none() {
            self.device_name = sqlx::query_scalar!(
                "select name from devices where tenant_id = $1 and id = $2",
                self.tenant.0,
                self.device.0
            )
            .fetch_optional(&mut *tx)
            .await?;
        }
        Ok(Source {
            by: Some(origin.actor),
            name: self.person(tx, origin.actor).await?.map(|person| person.name),
            device_id: Some(origin.device),
            device: self.device_name.clone(),
            at: Some(moment_text(origin.recorded_at)),
        })
    }

    /// The row that a change is about, locked; none if it is one that the device may not see.
    pub(super) async fn lock(&self, tx: &mut PgConnection, change: &Change) -> sqlx::Result<Option<Current>> {
        let row = rows::lock(tx, self.tenant, change.table, change.id).await?;
        Ok(row.filter(|row| rows::may_see(self.scope, change.table, &row.values)))
    }

    /// The rows that changes are about, read together and locked, as [`Session::lock`] has them. Patients and questions
    /// are not among them: what comes of another row may change them before it is their turn.
    pub(super) async fn lock_all(
        &self,
        tx: &mut PgConnection,
        changes: &[&Change],
    ) -> sqlx::Result<BTreeMap<(TableName, Uuid), Option<Current>>> {
        let mut ids: BTreeMap<TableName, Vec<Uuid>> = BTreeMap::new();
        for change in changes {
            if !matches!(change.table, TableName::Patients | TableName::SyncConflicts) {
                ids.entry(change.table).or_default().push(change.id);
            }
        }
        let mut found = BTreeMap::new();
        for (table, ids) in ids {
            found.extend(ids.iter().map(|id| ((table, *id), None)));
            for (id, row) in rows::lock_all(tx, self.tenant, table, &ids).await? {
                found.insert(
                    (table, id),
                    Some(row).filter(|row| rows::may_see(self.scope, table, &row.values)),
                );
            }
        }
        Ok(found)
    }

    /// Remembers a row that was written.
    pub(super) fn wrote(&mut self, table: TableName, id: Uuid) {
        self.written.entry(table).or_default().insert(id);
    }

    /// Remembers a mutation that had waited for a person and went in, and the rows that it names.
    pub(super) fn went_in(&mut self, mutation: Option<&Mutation>) {
        let Some(mutation) = mutation else { return };
        for change in &mutation.changes {
            self.wrote(change.table, change.id);
        }
        self.went_on.push(mutation.clone());
    }

    /// Takes what was done on behalf of another device of the tenant.
    pub(super) fn takes_over(&mut self, other: Self) {
        self.room = other.room;
        self.went_on.extend(other.went_on);
        for (table, ids) in other.written {
            self.written.entry(table).or_default().extend(ids);
        }
    }

    /// Opens an item for a person, once.
    pub(super) async fn open(&mut self, tx: &mut PgConnection, item: &Item) -> sqlx::Result<bool> {
        self.wrote(TableName::SyncConflicts, item.id);
        conflicts::open(tx, self.tenant, item, self.now).await
    }
}
