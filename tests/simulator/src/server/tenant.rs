//! What the server has of a tenant: its rows, its desktops and its people.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ed25519_dalek::VerifyingKey;
use protocol::api::{DeviceScope, Receipt, Secret, StaffMember};
use protocol::conflict::Source;
use protocol::farewell::Farewell;
use protocol::id::{DeviceId, Epoch, TenantId, UserId};
use protocol::merge::Current;
use protocol::mutation::{Change, Hash, SignedMutation};
use protocol::standing::Consent;
use protocol::table::{Row, Scope, TableName};
use replica::testing::Facts;
use uuid::Uuid;

use super::files::Files;
use super::quarantine::Aside;

/// A row is named by this.
pub type Key = (TableName, Uuid);
/// The rows of a tenant. A transaction works on a copy, in which what is not changed is shared.
pub type Rows = BTreeMap<Key, Arc<Held>>;

/// A row as the server has it.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// The tenant's version that last changed it.
    pub version: i64,
    /// What it says.
    pub row: Current,
    /// Who wrote it last.
    pub from: Source,
}

/// A change that was merged, and the row before and after.
#[derive(Clone, Debug)]
pub struct Merging {
    /// On which device.
    pub device: DeviceId,
    /// In which of its mutations.
    pub sequence: i64,
    /// The change.
    pub change: Change,
    /// The row before; none if it is new.
    pub before: Option<Arc<Held>>,
    /// The row after.
    pub after: Option<Arc<Held>>,
}

/// A tenant's data.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Which.
    pub id: TenantId,
    /// The life of the data.
    pub epoch: Epoch,
    /// Whether the operator looks at the data, and no desktop is served.
    pub is_held: bool,
    /// Its version.
    pub version: i64,
    /// Its rows.
    pub rows: Rows,
    /// Its desktops.
    pub devices: BTreeMap<DeviceId, Device>,
    /// Its people.
    pub people: BTreeMap<UserId, Person>,
    /// Every change that was merged, in order.
    pub journal: Vec<Arc<Merging>>,
    /// Its attached files.
    pub files: Files,
    /// What was refused although the desktop could know all that the server knew, and let it be done.
    pub surprises: Vec<String>,
}

/// A desktop as the server knows it.
#[derive(Clone, Debug)]
pub struct Device {
    /// What staff call it.
    pub name: String,
    /// What it may receive.
    pub scope: DeviceScope,
    /// Its public key.
    pub key: VerifyingKey,
    /// Who has signed in on it.
    pub known: BTreeSet<UserId>,
    /// Its mutations, with the answers.
    pub log: Vec<Arc<Entry>>,
    /// Those of them that were set aside, by their numbers.
    pub(super) aside: BTreeMap<i64, Aside>,
    /// Whether it was taken out of service.
    pub is_revoked: bool,
    /// An admin's computer agrees, or will, that it destroys what is on it.
    pub consent: Option<Consent>,
    /// What it signed last.
    pub farewell: Option<Farewell>,
    /// With this it says that its keys and files are gone.
    pub(super) farewell_token: Option<Secret>,
    /// Whether it has said so.
    pub is_wiped: bool,
    /// How often it had signed something last when the server was restored, which lost it.
    pub lost_farewells: u32,
    /// Whether two of it were seen.
    pub is_copied: bool,
    /// Its refresh tokens by their generations.
    pub refresh: BTreeMap<i64, String>,
    /// The last event of the audit log that it told, and its hash.
    pub events: (i64, Hash),
    /// How many rows only it has, as it told after a restore, and of which life of the data.
    pub only_here: Option<(Epoch, u32)>,
}

impl Device {
    /// A desktop that was just enrolled.
    pub fn new(facts: &Facts, key: VerifyingKey, known: BTreeSet<UserId>) -> Self {
        Self {
            name: facts.device_name.clone(),
            scope: facts.scope,
            key,
            known,
            log: Vec::new(),
            aside: BTreeMap::new(),
            is_revoked: false,
            consent: None,
            farewell: None,
            farewell_token: None,
            is_wiped: false,
            lost_farewells: 0,
            is_copied: false,
            refresh: BTreeMap::new(),
            events: (0, Hash::ZERO),
            only_here: None,
        }
    }

    /// The same desktop with nothing that it ever brought, enrolled by this person.
    pub(super) fn into_new(self, by: UserId) -> Self {
        Self {
            known: BTreeSet::from([by]),
            log: Vec::new(),
            aside: BTreeMap::new(),
            is_copied: false,
            refresh: BTreeMap::new(),
            events: (0, Hash::ZERO),
            only_here: None,
            ..self
        }
    }
}

/// A mutation and what became of it.
#[derive(Debug)]
pub struct Entry {
    /// As it was signed.
    pub signed: SignedMutation,
    /// The first answer.
    pub receipt: Receipt,
    /// The rows that it changes.
    pub row_ids: BTreeSet<Uuid>,
}

/// A member of staff.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who, with their roles.
    pub staff: StaffMember,
    /// Whether they still work here.
    pub is_active: bool,
    /// Whether they lost or got a role in this run, or left.
    pub has_changed: bool,
}

/// The row as a device of this scope may see it, if it may.
pub fn seen(scope: DeviceScope, (table, id): Key, held: &Held) -> Option<Row> {
    let declared = table.table();
    let is_clinical = scope == DeviceScope::Clinical;
    let said = declared.row_scope.and_then(|name| held.row.values.get(name));
    if !is_clinical && (declared.is_clinical() || said.is_some_and(|said| said != "everyone")) {
        return None;
    }
    let columns = declared.columns.iter().filter(|column| is_clinical || column.scope == Scope::Everyone);
    let values = columns.filter_map(|column| {
        held.row.values.get(column.name).map(|value| (column.name.to_owned(), value.clone()))
    });
    Some(Row { table, id, version: held.version, deleted: held.row.deleted, values: values.collect() })
}
