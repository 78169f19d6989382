//! `GET /v1/sync/bootstrap`: everything that a new desktop may have, first what today needs.
//!
//! The rows come in portions, each read in a short transaction of its own and held until it is sent: however large
//! the tenant and however slow the line, the server keeps a portion or two in memory and no transaction open.

mod today;
mod turns;
mod wire;

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use protocol::bootstrap::{BootstrapLine, BootstrapQuery};
use protocol::id::Epoch;
use protocol::table::TableName;
use sqlx::PgConnection;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

use super::copies::{self, TableCopies, Value};
use super::news::News;
use super::{SpokenProtocol, statements};
use crate::auth::Caller;
use crate::error::{Error, Query, Result};
use crate::{AppState, TenantTx};

pub use turns::Bootstraps;
use wire::Wire;

/// Rows of one portion; of prescriptions fewer, since their lines come with them.
const PORTION_ROWS: i64 = 1_500;
const PORTION_PRESCRIPTIONS: i64 = 400;
/// A desktop that takes nothing for so long is gone.
const PATIENCE: Duration = Duration::from_mins(1);
/// Where the second part begins.
const AFTER_TODAY: &str = "today";

/// Streams every row of the device's scope that is not deleted.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, device = %caller.device))]
pub(crate) async fn bootstrap(
    State(state): State<AppState>,
    caller: Caller,
    _: SpokenProtocol,
    headers: HeaderMap,
    Query(query): Query<BootstrapQuery>,
) -> Result<Response> {
    let place = query.after.as_deref().map(|after| Place::parse(after, &caller)).transpose()?;
    state.audit.record_pull(&state.db, &caller).await?;
    let turn = state.bootstraps.take(caller.tenant).await;
    let mut tx = state.db.read(caller.tenant).await?;
    let news = News::of(&mut tx, caller.tenant).await?;
    let (version, catalogue) = (news.head(query.epoch)?, news.catalogue);
    let notices = news.notices(&state, &mut tx, caller.has_one_time_password).await?;
    let first = BootstrapLine::Head { version, catalogue, server_time: OffsetDateTime::now_utc(), notices };
    let accepts = headers.get(ACCEPT_ENCODING).and_then(|header| header.to_str().ok()).unwrap_or_default();
    let is_compressed = accepts.split(',').any(|name| name.trim().starts_with("zstd"));
    let (sender, receiver) = mpsc::channel(1);
    let mut stream = Stream { state, caller, query, wire: Wire::new(is_compressed)?, sender };
    stream.wire.line(&first);
    tokio::spawn(async move {
        let done = match place {
            None => stream.all(tx).await,
            Some(place) => {
                drop(tx);
                stream.rest(place).await
            }
        };
        if let Err(error) = done {
            tracing::warn!(%error, "a bootstrap broke off");
            // Without an end the desktop knows that it broke off.
            stream.sender.send(Err(io::Error::other("broken off"))).await.ok();
        }
        drop(turn);
    });
    let mut response = Body::from_stream(ReceiverStream::new(receiver)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if is_compressed {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("zstd"));
    }
    Ok(response)
}

/// After which row of which table the stream goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// None before the first table.
    table: Option<TableName>,
    id: Uuid,
}

impl Place {
    const START: Self = Self { table: None, id: Uuid::nil() };

    fn parse(text: &str, caller: &Caller) -> Result<Self> {
        if text == AFTER_TODAY {
            return Ok(Self::START);
        }
        let unknown = || Error::Invalid("No bootstrap goes on there.");
        let (table, id) = text.split_once('.').ok_or_else(unknown)?;
        let table = TableName::find(table).ok_or_else(unknown)?;
        let id = id.parse().map_err(|_| unknown())?;
        let is_sent = order(copies::of_scope(caller.scope)).any(|copies| copies.table.name == table);
        if is_sent { Ok(Self { table: Some(table), id }) } else { Err(unknown()) }
    }

    /// What a desktop says to go on here.
    fn text(self) -> String {
        self.table.map_or(AFTER_TODAY.to_owned(), |table| format!("{}.{}", table.as_str(), self.id))
    }
}

/// The tables of the second part, in the order in which they come: patients at once, for the finder; then the rest as
/// it is declared. Lines come with their prescriptions.
fn order(all: &'static [TableCopies]) -> impl Iterator<Item = &'static TableCopies> {
    let is_sent = |copies: &&TableCopies| {
        !copies::is_needed_first(copies.table) && !copies::is_part_of_prescription(copies.table)
    };
    // An allergy must never come after the patient who has it.
    let rank = |copies: &&TableCopies| match copies.table.name {
        TableName::PatientAllergies => 0,
        TableName::Patients => 1,
        _ => 2,
    };
    let mut ordered: Vec<&TableCopies> = all.iter().filter(is_sent).collect();
    ordered.sort_by_key(rank);
    ordered.into_iter()
}

struct Stream {
    state: AppState,
    caller: Caller,
    query: BootstrapQuery,
    wire: Wire,
    sender: mpsc::Sender<io::Result<Bytes>>,
}

impl Stream {
    /// What today needs, read in the transaction that knows the head, then the rest.
    async fn all(&mut self, mut tx: TenantTx) -> Result<()> {
        today::write(&mut tx, &self.caller, &mut self.wire, self.query.catalogue).await?;
        drop(tx);
        // Counting takes longer than all of that: nobody waits for it.
        self.send().await?;
        let mut tx = self.portion().await?;
        let rows: i64 = sqlx::query_scalar(statements::of_scope(self.caller.scope).count.clone())
            .bind(self.caller.tenant.0)
            .fetch_one(&mut *tx)
            .await?;
        drop(tx);
        self.wire.line(&BootstrapLine::Today { rows });
        self.wire.line(&BootstrapLine::Reached { after: AFTER_TODAY.to_owned() });
        self.send().await?;
        self.rest(Place::START).await
    }

    /// Every table from there on.
    async fn rest(&mut self, from: Place) -> Result<()> {
        let all = copies::of_scope(self.caller.scope);
        let parts: Vec<&TableCopies> =
            all.iter().filter(|copies| copies.between_prescriptions.is_some()).collect();
        let to_come =
            order(all).skip_while(|copies| from.table.is_some_and(|table| copies.table.name != table));
        for copies in to_come {
            let is_newest_first = copies::is_newest_first(copies.table);
            let mut after = match from.table {
                Some(table) if table == copies.table.name => from.id,
                _ if is_newest_first => Uuid::max(),
                _ => Uuid::nil(),
            };
            let parts = if copies.table.name == TableName::Prescriptions { parts.as_slice() } else { &[] };
            let most = if parts.is_empty() { PORTION_ROWS } else { PORTION_PRESCRIPTIONS };
            loop {
                let mut tx = self.portion().await?;
                let tenant = Value::Id(self.caller.tenant.0);
                let next = copies.next.with(&[tenant, Value::Id(after), Value::Number(most)]);
                let copied = self.wire.copy(&mut tx, &copies.header, &next).await?;
                let last = copied.last.unwrap_or(after);
                // The last portion takes along what has no prescription any more.
                let is_end = copied.rows < most;
                let from = if is_end { Uuid::nil() } else { last };
                for part in parts {
                    if let Some(between) = &part.between_prescriptions {
                        let sql = between.with(&[tenant, Value::Id(from), Value::Id(after)]);
                        self.wire.copy(&mut tx, &part.header, &sql).await?;
                    }
                }
                drop(tx);
                let reached = Place { table: Some(copies.table.name), id: last };
                self.wire.line(&BootstrapLine::Reached { after: reached.text() });
                self.send().await?;
                if is_end {
                    break;
                }
                after = last;
            }
        }
        self.wire.line(&BootstrapLine::End {});
        self.wire.end();
        self.send().await
    }

    /// A transaction for the next portion, if the desktop may still have it.
    async fn portion(&self) -> Result<TenantTx> {
        let mut tx = self.state.db.read(self.caller.tenant).await?;
        must_be_welcome(&mut tx, &self.caller, self.query.epoch).await?;
        Ok(tx)
    }

    /// Hands over what was written. The next portion is read while this one is on its way.
    async fn send(&mut self) -> Result<()> {
        let bytes = self.wire.take().await?;
        match self.sender.send_timeout(Ok(bytes), PATIENCE).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Error::Unavailable("the desktop went away")),
        }
    }
}

/// Refuses a device that was revoked, a person who was deactivated or whose tokens ended, and data that was restored since the
/// stream began: whoever takes it slowly would else get rows for hours.
async fn must_be_welcome(tx: &mut PgConnection, caller: &Caller, epoch: Epoch) -> Result<()> {
    let now = sqlx::query!(
        r#"select s.epoch, d.scope,
                  d.revoked_at is null and d.copied_at is null and u.is_active and u.token_version = $4 as "is_welcome!"
           from tenant_sync s
           join devices d on d.tenant_id = s.tenant_id
           join users u on u.tenant_id = s.tenant_id
           where s.tenant_id = $1 and d.id = $2 and u.id = $3"#,
        caller.tenant.0,
        caller.device.0,
        caller.user.0,
        caller.token_version
    )
    .fetch_optional(tx)
    .await?
    .ok_or(Error::Unauthorized)?;
    if now.epoch != epoch.0 {
        return Err(Error::EpochChanged);
    }
    if !now.is_welcome || crate::auth::device::scope(&now.scope) != caller.scope {
        return Err(Error::Unauthorized);
    }
    Ok(())
}
