//! What this computer knows of the tenant's audit log on the server: the signed ends of its lanes. What was kept is
//! compared with what stands there now, so that nobody rewrites or shortens the log unseen.

use std::collections::{BTreeMap, BTreeSet};

use protocol::id::Epoch;
use protocol::log_end::{LogEnd, LogEnds, LogPlace, MAX_LOG_ENDS};
use rusqlite::Transaction;
use time::UtcOffset;
use time::format_description::well_known::Rfc3339;

use super::{Facts, Store, meta, set_meta};
use crate::error::{Error, Result};

impl Store {
    /// Where the ends are that this computer keeps, of this life of the tenant's data.
    pub(crate) fn known_ends(&self) -> Result<Vec<LogPlace>> {
        let known = self.kept_ends()?;
        Ok(known.into_iter().map(|(lane, (seq, _))| LogPlace { lane, seq }).collect())
    }

    /// Number and hash of the end that is kept of each lane.
    pub(crate) fn kept_ends(&self) -> Result<BTreeMap<String, (i64, String)>> {
        self.read(|tx| kept(tx, epoch(tx)?))
    }

    /// Compares what was asked about with the answer, and keeps the newer ends. What does not fit stays as it was kept:
    /// it is the proof. Answers whether all fits.
    pub(crate) fn compare_ends(&self, asked: &[LogPlace], answer: &LogEnds) -> Result<bool> {
        self.write(|tx| {
            let epoch = epoch(tx)?;
            let facts: Facts = meta(tx, "facts")?.ok_or_else(|| Error::StoreDamaged)?;
            let known = kept(tx, epoch)?;
            let mut broken = BTreeSet::new();
            for (place, found) in asked.iter().zip(answer.known.iter().chain(std::iter::repeat(&None))) {
                let kept = known.get(&place.lane).filter(|(seq, _)| *seq == place.seq);
                let found = found.map(|hash| hash.to_string());
                if kept.is_some_and(|(_, hash)| found.as_ref() != Some(hash)) {
                    broken.insert(place.lane.as_str());
                }
            }
            for end in answer.ends.iter().filter(|end| end.is_signed(facts.tenant_id)) {
                let goes_back = known.get(&end.lane).is_some_and(|(seq, hash)| {
                    end.seq < *seq || end.seq == *seq && end.hash.to_string() != *hash
                });
                if goes_back {
                    broken.insert(&end.lane);
                }
                if !broken.contains(end.lane.as_str()) {
                    keep(tx, epoch, end)?;
                }
            }
            tx.execute(
                "delete from log_ends where epoch <> ?1
                     or lane not in (select lane from log_ends order by signed_at desc limit ?2)",
                (epoch.to_string(), i64::try_from(MAX_LOG_ENDS).unwrap_or(i64::MAX)),
            )?;
            set_meta(tx, "is_log_changed", &!broken.is_empty())?;
            Ok(broken.is_empty())
        })
    }
}

fn epoch(tx: &Transaction<'_>) -> Result<Epoch> {
    meta(tx, "epoch")?.ok_or_else(|| Error::StoreDamaged)
}

fn kept(tx: &Transaction<'_>, epoch: Epoch) -> Result<BTreeMap<String, (i64, String)>> {
    let mut statement = tx.prepare_cached("select lane, seq, hash from log_ends where epoch = ?1")?;
    let rows =
        statement.query_map([epoch.to_string()], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

fn keep(tx: &Transaction<'_>, epoch: Epoch, end: &LogEnd) -> Result<()> {
    let signed_at = end.signed_at.to_offset(UtcOffset::UTC).format(&Rfc3339).map_err(Error::internal)?;
    let sql = "insert or replace into log_ends (lane, epoch, seq, hash, signed_at, public_key, signature) \
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let (epoch, hash) = (epoch.to_string(), end.hash.to_string());
    tx.prepare_cached(sql)?.execute((
        &end.lane,
        epoch,
        end.seq,
        hash,
        signed_at,
        &end.public_key,
        &end.signature,
    ))?;
    Ok(())
}
