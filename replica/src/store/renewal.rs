//! A computer whose disk was copied or restored goes on under an id of its own: what waits is signed anew for it.

use ed25519_dalek::SigningKey;
use protocol::api::{LostDevice, Secret};
use protocol::id::DeviceId;
use protocol::mutation::{Hash, SignedMutation};
use protocol::standing::SignedOrder;
use rusqlite::{OptionalExtension, Transaction};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Facts, Store, meta, outbox, set_meta};
use crate::error::{Error, Result};

/// Where the past that both copies have ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fork {
    /// The last mutation that the server has as well; 0 if there is none.
    pub after: i64,
    /// Its hash.
    pub after_hash: Hash,
    /// The hash of the first mutation that waits, if one does.
    pub next_hash: Option<Hash>,
}

/// What this computer was until then, and signed what it did with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// Under which id.
    pub device_id: DeviceId,
    /// Up to which of its mutations.
    pub until: i64,
    /// Its public key, in base64.
    pub public_key: String,
    /// Whether its keys were lost, so that what it did is brought as it was signed; else its disk was copied.
    #[serde(default)]
    pub is_recovered: bool,
}

/// What this computer has become, as long as its slots do not say so yet.
#[derive(Serialize, Deserialize)]
pub struct Renewed {
    /// Names its secrets in the keyring.
    pub installation: Uuid,
    /// Its id.
    pub device_id: DeviceId,
    /// The letter before the numbers that it gives.
    pub lane: String,
    /// The server's half of its server slot.
    pub unlock_key: Secret,
}

impl Store {
    /// Notes that the server takes this computer for a copy, or does so no more.
    pub fn set_copied(&self, is_copied: bool) -> Result<()> {
        self.write(|tx| if is_copied { set_meta(tx, "copied", &true) } else { forget(tx, "copied") })
    }

    /// Whether the server takes this computer for a copy.
    pub fn is_copied(&self) -> Result<bool> {
        self.read(|tx| Ok(meta(tx, "copied")?.unwrap_or(false)))
    }

    /// The numbers of the mutations behind this one that wait, at most so many.
    pub fn waiting_after(&self, after: i64, limit: usize) -> Result<Vec<i64>> {
        self.read(|tx| {
            let sql = "select sequence from mutations where fate is null and sequence > ?1 order by sequence limit ?2";
            let mut statement = tx.prepare_cached(sql)?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let found = statement.query_map((after, limit), |row| row.get(0))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Where the past ends that the server has as well, once everything is marked that it does have. What waits to be brought
    /// under an earlier id is before that: it stays signed as it is.
    pub fn fork(&self) -> Result<Fork> {
        self.read(|tx| {
            let hash = |text: String| Hash::parse(&text).ok_or(Error::StoreDamaged);
            let sql = "select sequence, previous_hash, hash from mutations where fate is null and sequence > ?1 \
                       order by sequence limit 1";
            let next: Option<(i64, String, String)> = tx
                .query_row(sql, [past_until(tx)?], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            if let Some((sequence, previous, next)) = next {
                let (after_hash, next_hash) = (hash(previous)?, Some(hash(next)?));
                return Ok(Fork { after: sequence - 1, after_hash, next_hash });
            }
            let sql = "select sequence, hash from mutations order by sequence desc limit 1";
            let last: Option<(i64, String)> =
                tx.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let (after, after_hash) = match last {
                Some((sequence, text)) => (sequence, hash(text)?),
                None => (0, Hash::ZERO),
            };
            Ok(Fork { after, after_hash, next_hash: None })
        })
    }

    /// The name of the secrets with which this computer asks to go on: asked again, it asks with the same ones.
    pub fn renewal(&self) -> Result<Option<Uuid>> {
        self.read(|tx| meta(tx, "renewal"))
    }

    /// Remembers that name.
    pub fn set_renewal(&self, installation: Uuid) -> Result<()> {
        self.write(|tx| set_meta(tx, "renewal", &installation))
    }

    /// Forgets that name: the server does not let it go on with those secrets.
    pub fn forget_renewal(&self) -> Result<()> {
        self.write(|tx| forget(tx, "renewal"))
    }

    /// Becomes that computer: what waits is signed anew with its key, in its order and under the numbers that it has. What
    /// people signed with their own keys stays signed so.
    /// All of it or nothing.
    pub fn adopt(&self, renewed: &Renewed, key: &SigningKey, was: &Past) -> Result<()> {
        self.write(|tx| {
            let mut facts: Facts = meta(tx, "facts")?.ok_or(Error::StoreDamaged)?;
            if facts.device_id == renewed.device_id {
                return Ok(());
            }
            keep_known_by(tx, was, facts.lane.clone())?;
            let mut past = past(tx)?;
            past.push(was.clone());
            set_meta(tx, "past", &past)?;
            (facts.device_id, facts.lane) = (renewed.device_id, renewed.lane.clone());
            set_meta(tx, "facts", &facts)?;
            set_meta(tx, "renewed", renewed)?;
            forget(tx, "copied")?;
            forget(tx, "renewal")?;
            sign_anew(tx, was.until, renewed.device_id, key)
        })
    }

    /// What this computer has become and its slots do not say yet.
    pub fn renewed(&self) -> Result<Option<Renewed>> {
        self.read(|tx| meta(tx, "renewed"))
    }

    /// The slots say it now.
    pub fn forget_renewed(&self) -> Result<()> {
        self.write(|tx| forget(tx, "renewed"))
    }
}

/// Keeps by what a server that is restored to before that computer can know it again: the last lease that it was given.
pub(super) fn keep_known_by(tx: &Transaction<'_>, was: &Past, lane: String) -> Result<()> {
    let Some(lease) = meta::<SignedOrder>(tx, "remembered")? else { return Ok(()) };
    let lost = LostDevice { public_key: was.public_key.clone(), lane, lease };
    set_meta(tx, &format!("lost/{}", was.device_id), &lost)
}

/// What this computer was before, the earliest first.
pub(crate) fn past(tx: &Transaction<'_>) -> Result<Vec<Past>> {
    Ok(meta(tx, "past")?.unwrap_or_default())
}

/// The last mutation that was brought under an earlier id; 0 if there is none. Only what comes behind it can be brought
/// under the id that this computer has.
pub(super) fn past_until(tx: &Transaction<'_>) -> Result<i64> {
    Ok(past(tx)?.last().map_or(0, |past| past.until))
}

fn sign_anew(tx: &Transaction<'_>, after: i64, device: DeviceId, key: &SigningKey) -> Result<()> {
    let sql = "select hash from mutations where sequence = ?1";
    let before: Option<String> = tx.query_row(sql, [after], |row| row.get(0)).optional()?;
    let mut previous = before.as_deref().map_or(Some(Hash::ZERO), Hash::parse).ok_or(Error::StoreDamaged)?;
    let sql = "select body, previous_hash, hash, signature, own_signature, sequence from mutations where sequence > ?1 \
               order by sequence";
    let mut statement = tx.prepare(sql)?;
    let mut rows = statement.query([after])?;
    let mut waiting: Vec<(i64, SignedMutation)> = Vec::new();
    while let Some(row) = rows.next()? {
        waiting.push((row.get(5)?, outbox::signed(row)?));
    }
    for (sequence, was) in waiting {
        let signed = was.moved(device, previous, key).ok_or(Error::StoreDamaged)?;
        let sql = "update mutations set body = ?1, previous_hash = ?2, hash = ?3, signature = ?4 where sequence = ?5";
        tx.prepare_cached(sql)?.execute((
            &signed.body,
            signed.previous_hash.to_string(),
            signed.hash.to_string(),
            &signed.signature,
            sequence,
        ))?;
        previous = signed.hash;
    }
    Ok(())
}

fn forget(tx: &Transaction<'_>, name: &str) -> Result<()> {
    tx.prepare_cached("delete from meta where name = ?1")?.execute([name])?;
    Ok(())
}
