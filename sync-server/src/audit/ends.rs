//! `POST /v1/audit/ends`: desktops keep the signed ends of the log's lanes and ask whether they still hold. Whoever
//! rewrites or shortens the log in the database, ends and all, would have to do it on every desktop too.

use std::collections::HashMap;

use axum::extract::State;
use protocol::log_end::{KnownEnds, LogEnd, LogEnds, MAX_LOG_ENDS};
use protocol::mutation::Hash;

use crate::AppState;
use crate::auth::Caller;
use crate::error::{Error, Json, Result};

/// Says what stands at these places now, and which ends were signed last.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, device = %caller.device))]
pub(crate) async fn ends(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<KnownEnds>,
) -> Result<Json<LogEnds>> {
    if request.known.len() > MAX_LOG_ENDS {
        return Err(Error::Invalid("These are more ends than one request may ask about."));
    }
    let places = || request.known.iter();
    let lanes: Vec<String> = places().map(|place| place.lane.clone()).collect();
    let seqs: Vec<i64> = places().map(|place| place.seq).collect();
    let mut tx = state.db.read(caller.tenant).await?;
    // More than was asked about, where two lanes have an entry of one number.
    let entries = sqlx::query!(
        r#"select lane as "lane!: String", seq, entry_hash from tenant_audit_log
           where tenant_id = $1 and lane = any ($2::text[]) and seq = any ($3)"#,
        caller.tenant.0,
        &lanes,
        &seqs
    )
    .fetch_all(&mut *tx)
    .await?;
    let entries: HashMap<(String, i64), Hash> = entries
        .into_iter()
        .filter_map(|entry| Some(((entry.lane, entry.seq), Hash(entry.entry_hash.try_into().ok()?))))
        .collect();
    let known = lanes.into_iter().zip(seqs).map(|place| entries.get(&place).copied()).collect();
    let ends = sqlx::query!(
        r#"select h.lane as "lane!: String", h.seq as "seq!", h.entry_hash as "entry_hash!",
                  h.signed_at as "signed_at!", h.public_key as "public_key!", h.signature as "signature!"
           from clinic.audit_lane_ends($1) e
           cross join lateral (
               select * from audit_heads a where a.tenant_id = $1 and a.lane = e.lane order by a.seq desc limit 1
           ) h
           order by h.signed_at desc, h.lane limit $2"#,
        caller.tenant.0,
        MAX_LOG_ENDS as i64
    )
    .fetch_all(&mut *tx)
    .await?;
    let ends = ends.into_iter().filter_map(|end| {
        Some(LogEnd {
            lane: end.lane,
            seq: end.seq,
            hash: Hash(end.entry_hash.try_into().ok()?),
            signed_at: end.signed_at,
            public_key: end.public_key,
            signature: end.signature,
        })
    });
    Ok(Json(LogEnds { known, ends: ends.collect() }))
}
