//! Everything done on this computer, and what became of it.

use protocol::api::Fate;
use serde::Deserialize;

use crate::error::Result;
use crate::replica::Replica;
use crate::view::LedgerEntry;

impl Replica {
    /// The latest entries, newest first.
    pub fn ledger(&self, limit: u32) -> Result<Vec<LedgerEntry>> {
        self.store.read(|tx| {
            let sql = "select m.sequence, m.kind, p.first_name, p.last_name, m.actor_name, m.recorded_at, m.fate, \
                       m.acknowledged_at, m.detail from mutations m left join patients p on p.id = m.patient_id \
                       order by m.sequence desc limit ?1";
            let mut statement = tx.prepare_cached(sql)?;
            let entries = statement.query_map([limit], |row| {
                let (first, last): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
                let fate: Option<String> = row.get(6)?;
                Ok(LedgerEntry {
                    sequence: row.get(0)?,
                    title: title(&row.get::<_, String>(1)?),
                    patient_name: first.map(|first| format!("{first} {}", last.unwrap_or_default()).trim().to_owned()),
                    actor_name: row.get(4)?,
                    recorded_at: row.get(5)?,
                    fate: fate.and_then(|fate| Fate::deserialize(serde_json::Value::String(fate)).ok()),
                    acknowledged_at: row.get(7)?,
                    detail: row.get(8)?,
                })
            })?;
            Ok(entries.collect::<std::result::Result<_, _>>()?)
        })
    }
}

fn title(kind: &str) -> String {
    match kind {
        "register_patient" => "Patient registered".into(),
        "update_patient" => "Patient corrected".into(),
        "sign_prescription" => "Prescription signed".into(),
        other => other.replace('_', " "),
    }
}
