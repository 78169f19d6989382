//! Where rows went that were brought along (`legacy_keys`): by this an import that is run again knows what is here.

use std::collections::HashMap;

use protocol::id::TenantId;
use serde_json::{Value, json};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::audit::heads::hex;

/// Rows of one tenant that came from one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    /// Whose rows they became.
    pub(super) tenant: TenantId,
    /// Which of the tenant's old databases or sheets they came from.
    pub(super) source: &'a str,
}

/// What is known of an old key.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Where it leads; none while it is set aside.
    pub(super) id: Option<Uuid>,
    /// SHA-256 of the old row.
    pub(super) fingerprint: Vec<u8>,
}

/// What is kept of an old row.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The old table.
    pub(super) table: &'static str,
    /// Its key there.
    pub(super) key: String,
    /// Where it leads; none while it is set aside.
    pub(super) id: Option<Uuid>,
    /// SHA-256 of the old row.
    pub(super) fingerprint: Vec<u8>,
    /// The whole row as JSON, where not all of it found a place.
    pub(super) original: Option<String>,
}

impl Origin<'_> {
    /// The id of a row that has none of its own there; the same in every import.
    pub(super) fn made_id(self, what: &str, key: &str) -> Uuid {
        Uuid::new_v5(&self.tenant.0, format!("{}\n{what}\n{key}", self.source).as_bytes())
    }

    /// What is known of these keys.
    pub(super) async fn known(
        self,
        tx: &mut PgConnection,
        table: &str,
        keys: &[String],
    ) -> sqlx::Result<HashMap<String, Known>> {
        let rows = sqlx::query!(
            "select legacy_key, id, fingerprint from legacy_keys
             where tenant_id = $1 and source = $2 and table_name = $3 and legacy_key = any ($4)",
            self.tenant.0,
            self.source,
            table,
            keys
        )
        .fetch_all(tx)
        .await?;
        let known =
            rows.into_iter().map(|row| (row.legacy_key, Known { id: row.id, fingerprint: row.fingerprint }));
        Ok(known.collect())
    }

    /// Remembers where old rows went.
    pub(super) async fn keep(self, tx: &mut PgConnection, kept: &[Kept]) -> sqlx::Result<()> {
        let rows: Vec<Value> = kept
            .iter()
            .map(|kept| {
                json!({
                    "tenant_id": self.tenant,
                    "source": self.source,
                    "table_name": kept.table,
                    "legacy_key": kept.key,
                    "id": kept.id,
                    "fingerprint": format!("\\x{}", hex(&kept.fingerprint)),
                    "original": kept.original,
                })
            })
            .collect();
        sqlx::query!(
            "insert into legacy_keys (tenant_id, source, table_name, legacy_key, id, fingerprint, original)
             select tenant_id, source, table_name, legacy_key, id, fingerprint, original
             from jsonb_populate_recordset(null::legacy_keys, $1)
             on conflict (tenant_id, source, table_name, legacy_key)
             do update set id = excluded.id, fingerprint = excluded.fingerprint, original = excluded.original",
            Json(rows) as _
        )
        .execute(tx)
        .await?;
        Ok(())
    }
}
