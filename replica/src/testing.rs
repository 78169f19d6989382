//! For tests that run desktops by hand: a real store, a real replica and the real engine over another network, in
//! other surroundings. No released program has this door.

mod leaving;
mod sign_in;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use protocol::api::Secret;
use protocol::id::{AttachmentId, ConflictId, DeviceId, PatientId, TenantId};
use protocol::mutation::{Change, SignedMutation};
use protocol::settlement::RefusedMutation;
use protocol::standing::{Lease, SignedOrder};
use protocol::table::{Row, Table, TableName};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Transaction};
use serde_json::Value;
use time::Date;
use tokio::sync::{Notify, broadcast};
use uuid::Uuid;
use zeroize::Zeroizing;

pub use self::leaving::{Gone, Leaving};
pub use self::sign_in::SignIn;
pub use crate::clock::{Clock, Ids};
pub use crate::store::file::MIGRATIONS;
pub use crate::store::{Commit, DatabaseKey, Facts, Store, SyncState, Watcher};
pub use crate::sync::surroundings::Surroundings;
pub use crate::sync::wire::{Answer, Method, Request, Wire};

use crate::attachments::{AttachmentContent, Opened, keep_fetched};
use crate::desk::Event;
use crate::error::{Error, Result};
use crate::guard::Guard;
use crate::keyring::DeviceSecrets;
use crate::leaving::Handover;
use crate::replica::Replica;
use crate::store::{get_row, set_meta};
use crate::sync::client::Client;
use crate::sync::engine::{Context, Engine, Typed};
use crate::sync::surroundings::aside;
use crate::view::{CorrectedField, RefusedChange, SyncStatus};

/// A computer on which someone is signed in.
pub struct Station {
    /// Its data, in that person's name.
    pub replica: Replica,
    /// Its file.
    pub store: Arc<Store>,
    /// Where it runs.
    pub surroundings: Arc<dyn Surroundings>,
    /// What gives ids to its new rows.
    pub ids: Ids,
    engine: Engine,
    handover: Arc<Handover>,
    guard: Arc<Guard>,
}

/// How a computer stands with its server.
#[derive(Clone)]
pub struct Standing(Arc<Guard>);

impl Standing {
    /// How the computer of this folder stands.
    pub fn open(
        home: &Path,
        device: (TenantId, DeviceId),
        secret: [u8; 32],
        key: &SigningKey,
        clock: Clock,
    ) -> Self {
        let secrets = DeviceSecrets { secret: Zeroizing::new(secret), key: key.clone() };
        Self(Arc::new(Guard::open(home, device, &secrets, clock)))
    }

    /// Takes what the server said.
    pub fn take(&self, order: &SignedOrder, nonce: &str) -> Result<()> {
        self.0.take(order, nonce)
    }

    /// Does what is due by the computer's own clock; answers whether its time without contact is over.
    pub fn tick(&self) -> Result<bool> {
        self.0.note(None)?;
        self.0.end_if_over()
    }

    /// Whether people open the computer without the server.
    pub fn opens_offline(&self) -> bool {
        self.0.opens_offline()
    }

    /// Whether it was taken out of service.
    pub fn is_revoked(&self) -> bool {
        self.0.is_revoked()
    }

    /// The last lease.
    pub fn lease(&self) -> Option<Lease> {
        self.0.lease()
    }
}

/// The content of an attached file as a computer has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldContent {
    /// Its SHA-256.
    pub sha256: String,
    /// `waiting`, `kept`, `refused` or `lost`.
    pub state: String,
    /// Whether it is here, and opens.
    pub is_whole: bool,
}

/// A row as a computer has it.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldRow {
    /// As it is shown.
    pub shown: Row,
    /// As the server had it last, if what was done here is laid over it.
    pub confirmed: Option<Row>,
    /// Whether something that was done here waits for its final answer.
    pub is_pending: bool,
}

/// A mutation as a computer keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Its number.
    pub sequence: i64,
    /// As it was signed.
    pub signed: SignedMutation,
    /// What became of it, in the words of the file.
    pub fate: Option<String>,
}

impl Station {
    /// Signs someone in. The engine's tasks are given back: they do nothing until they are polled.
    pub fn sign_in(
        store: Arc<Store>,
        sign_in: SignIn,
        token: Option<Secret>,
        wire: Arc<dyn Wire>,
        surroundings: Arc<dyn Surroundings>,
        ids: Ids,
    ) -> Result<(Self, [BoxFuture<'static, ()>; 2])> {
        let SignIn { person, password, device_key, keyring, installation, standing, .. } = sign_in;
        let facts = store.facts()?;
        let written = Arc::new(Notify::new());
        let typed = Typed { email: person.email.clone(), password: Zeroizing::new(password) };
        let client = Client::over(wire);
        let handover = Handover {
            client: client.clone(),
            server_name: facts.server_name.clone(),
            tenant_id: facts.tenant_id,
            device_id: facts.device_id,
            key: device_key.clone(),
            store: Arc::clone(&store),
        };
        let context = Context {
            store: Arc::clone(&store),
            client,
            facts: facts.clone(),
            user: person.id,
            own_key: None,
            typed: token.is_none().then_some(typed).into(),
            keyring,
            installation,
            device_key: device_key.clone(),
            guard: Some(Arc::clone(&standing.0)),
            written: Arc::clone(&written),
            events: broadcast::channel::<Event>(1).0,
            surroundings: Arc::clone(&surroundings),
        };
        let mut replica = Replica::new(Arc::clone(&store), person, facts, device_key, written);
        let clock = Arc::clone(&surroundings);
        replica.clock = Clock::new(move || clock.now(), || Duration::ZERO);
        replica.ids = ids.clone();
        let (engine, tasks) = Engine::by_hand(context, token);
        let (handover, guard) = (Arc::new(handover), standing.0);
        Ok((Self { replica, store, surroundings, ids, engine, handover, guard }, tasks))
    }

    /// Opens an attached file: its content from this computer, or from the server, and then kept here.
    pub fn open_attachment(&self, id: AttachmentId) -> Result<BoxFuture<'static, Result<AttachmentContent>>> {
        let wanted = match self.replica.open_attachment(id)? {
            Opened::Here(content) => return Ok(ready(Ok(content)).boxed()),
            Opened::Elsewhere(wanted) => wanted,
        };
        let (fetched, store) = (self.engine.fetch(wanted.clone()), Arc::clone(&self.store));
        let surroundings = Arc::clone(&self.surroundings);
        Ok(async move {
            let bytes = fetched.await?;
            let now = surroundings.now();
            let kept = aside(&*surroundings, move || {
                keep_fetched(&store, &bytes, now);
                Ok(bytes)
            });
            Ok(wanted.with(kept.await?))
        }
        .boxed())
    }

    /// What it does once it is out of service.
    pub fn leaving(&self) -> Leaving {
        Leaving {
            handover: Arc::clone(&self.handover),
            guard: Arc::clone(&self.guard),
            surroundings: Arc::clone(&self.surroundings),
        }
    }

    /// How this computer stands with the server.
    pub fn status(&self) -> SyncStatus {
        self.engine.status()
    }

    /// Tries at once.
    pub fn sync_now(&self) {
        self.engine.wake();
    }
}

impl DatabaseKey {
    /// A key for a test.
    pub fn of(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl Replica {
    /// Its file.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Today, in this clinic, by this computer's clock.
    pub fn day_here(&self) -> Result<Date> {
        self.store.read(|tx| self.day(tx))
    }

    /// A refused change of another computer, as the server told it, to be shown.
    pub fn shown_elsewhere(&self, id: ConflictId, refused: &RefusedMutation) -> Result<RefusedChange> {
        self.refused_elsewhere(id, refused)
    }

    /// Corrects a refused change of a computer that is out of service.
    pub fn correct(
        &self,
        id: ConflictId,
        refused: &RefusedMutation,
        corrected: &[CorrectedField],
    ) -> Result<()> {
        self.correct_elsewhere(id, refused, corrected)
    }

    /// Does something for which the window has no command yet, by the door through which every command writes.
    pub fn record_changes(&self, kind: &str, patient: Option<PatientId>, changes: Vec<Change>) -> Result<()> {
        self.record(kind, patient, |_| Ok((changes, ())))
    }
}

impl Store {
    /// The row as this computer shows it, deleted or not.
    pub fn row(&self, table: TableName, id: Uuid) -> Result<Option<Row>> {
        self.read(|tx| shown(tx, table, id))
    }

    /// The rows of this table that are not deleted, in the order of their ids.
    pub fn rows_of(&self, table: TableName) -> Result<Vec<Row>> {
        self.read(|tx| {
            let sql = format!("select id from {} where is_deleted = 0 order by id", table.as_str());
            let mut statement = tx.prepare_cached(&sql)?;
            let ids = statement.query_map([], |row| row.get::<_, String>(0))?;
            let rows = ids.map(|id| shown(tx, table, id?.parse().map_err(Error::internal)?));
            rows.filter_map(Result::transpose).collect()
        })
    }

    /// Does something to the file behind the program's back; answers how many rows it met.
    pub fn damage(&self, sql: &str) -> Result<usize> {
        self.write(|tx| Ok(tx.execute(sql, [])?))
    }

    /// Everything that the file holds, of every table that there is, those of its indexes too: a value a line.
    pub fn dump(&self) -> Result<String> {
        self.read(|tx| {
            let sql = "select name from sqlite_master where type = 'table'";
            let names: Vec<String> =
                tx.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            let mut dump = String::new();
            for name in names {
                let mut statement = tx.prepare(&format!("select * from \"{name}\""))?;
                let n_columns = statement.column_count();
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    for column in 0..n_columns {
                        match row.get_ref(column)? {
                            ValueRef::Null => {}
                            ValueRef::Integer(number) => dump += &number.to_string(),
                            ValueRef::Real(number) => dump += &number.to_string(),
                            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                                dump += &String::from_utf8_lossy(bytes);
                            }
                        }
                        dump.push('\n');
                    }
                }
            }
            Ok(dump)
        })
    }

    /// Remembers where this computer belongs, as enrolling does.
    pub fn set_facts(&self, facts: &Facts) -> Result<()> {
        self.write(|tx| {
            set_meta(tx, "facts", facts)?;
            set_meta(tx, "epoch", &facts.epoch)
        })
    }

    /// Every row of the tenant, in the order of (table, id).
    pub fn rows(&self) -> Result<Vec<HeldRow>> {
        self.read(|tx| {
            let mut rows = Vec::new();
            for table in Table::of_tenant() {
                let mut statement =
                    tx.prepare_cached(&format!("select id from {} order by id", table.sql_name))?;
                let ids = statement.query_map([], |row| row.get::<_, String>(0))?;
                for id in ids {
                    let id = id?;
                    let key = (table.sql_name, &id);
                    let sql = "select row from confirmed_rows where table_name = ?1 and id = ?2";
                    let confirmed: Option<String> =
                        tx.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?;
                    let sql = "select 1 from pending_rows where table_name = ?1 and id = ?2";
                    let is_pending = tx.prepare_cached(sql)?.exists(key)?;
                    let confirmed = confirmed.map(|row| serde_json::from_str(&row)).transpose()?;
                    let shown = shown(tx, table.name, id.parse().map_err(Error::internal)?)?;
                    rows.extend(shown.map(|shown| HeldRow { shown, confirmed, is_pending }));
                }
            }
            Ok(rows)
        })
    }

    /// The rows of which the server has nothing, or only something older.
    pub fn only_here(&self) -> Result<Vec<(TableName, Uuid)>> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached("select table_name, id from only_here")?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let (table, id): (String, String) = (row.get(0)?, row.get(1)?);
                let table = TableName::find(&table).ok_or_else(|| Error::StoreDamaged)?;
                found.push((table, id.parse().map_err(Error::internal)?));
            }
            Ok(found)
        })
    }

    /// The contents of attached files that this computer knows of, in the order of their hashes.
    pub fn files(&self) -> Result<Vec<HeldContent>> {
        let known: Vec<(String, String)> = self.read(|tx| {
            let mut statement = tx.prepare_cached("select sha256, state from files order by sha256")?;
            let known = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(known.collect::<rusqlite::Result<_>>()?)
        })?;
        let (_, wrong) = self.check_files()?;
        let is_wrong = |sha256: &str| wrong.iter().any(|wrong| wrong.to_string() == sha256);
        let held = known.into_iter().map(|(sha256, state)| HeldContent {
            is_whole: !is_wrong(&sha256),
            sha256,
            state,
        });
        Ok(held.collect())
    }

    /// The number and hash of the last note for the audit log; 0 if there is none.
    pub fn last_event(&self) -> Result<(i64, protocol::mutation::Hash)> {
        self.read(|tx| {
            let sql = "select sequence, hash from desk_events order by sequence desc limit 1";
            let last: Option<(i64, String)> =
                tx.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let Some((sequence, hash)) = last else { return Ok((0, protocol::mutation::Hash::ZERO)) };
            Ok((sequence, protocol::mutation::Hash::parse(&hash).ok_or(Error::StoreDamaged)?))
        })
    }

    /// What this program does not know of the server's rows, as it came.
    pub fn carried(&self) -> Result<Vec<Value>> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached("select row from carried_rows order by table_name, id")?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            rows.map(|row| Ok(serde_json::from_str(&row?)?)).collect()
        })
    }

    /// Every mutation that was ever made here, in order.
    pub fn kept(&self) -> Result<Vec<Kept>> {
        self.read(|tx| {
            let sql = "select sequence, body, previous_hash, hash, signature, fate, own_signature from mutations order by sequence";
            let mut statement = tx.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            let mut kept = Vec::new();
            while let Some(row) = rows.next()? {
                let hash = |text: String| protocol::mutation::Hash::parse(&text).ok_or(Error::StoreDamaged);
                let signed = SignedMutation {
                    body: row.get(1)?,
                    previous_hash: hash(row.get(2)?)?,
                    hash: hash(row.get(3)?)?,
                    signature: row.get(4)?,
                    own_signature: row.get(6)?,
                };
                kept.push(Kept { sequence: row.get(0)?, signed, fate: row.get(5)? });
            }
            Ok(kept)
        })
    }
}

fn shown(tx: &Transaction<'_>, table: TableName, id: Uuid) -> Result<Option<Row>> {
    Ok(get_row(tx, table, id)?.map(|stored| stored.into_row(table, id)))
}
