//! `POST /v1/sync/push`: a desktop brings what was done on it.

use std::collections::HashSet;
use std::io::Read;
use std::time::Instant;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_ENCODING;
use bytes::Bytes;
use protocol::api::{
    LivePage, MAX_PUSH_BYTES, MAX_PUSH_MUTATIONS, Notice, PushRequest, PushResponse, Receipt, may_grow_to,
};
use protocol::audit::Action;
use protocol::id::{DeviceId, Epoch, TenantId};
use protocol::signing::parse_public_key;
use protocol::table::Row;
use serde::de::DeserializeOwned;
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::after_merge::{self, Touched};
use super::begun::{self, Asked, Begun, Locked};
use super::live_page::{Sees, Told, Who};
use super::log::{self, Entry, Keeper, Progress};
use super::mutation::{self, Opened};
use super::news::News;
use super::session::{Session, Written};
use super::{OnceSpokenProtocol, rows, settle};
use crate::audit::{self, Event, Lane};
use crate::auth::Caller;
use crate::error::{Error, Json, Result};
use crate::{AppState, TenantWriteTx, limits};

/// A decompressor needs this much memory at most: 8 MiB.
const WINDOW_LOG_MAX: u32 = 23;

/// Applies mutations in the device's order. All receipts commit together with the effects; a repeat gets the
/// receipts of the first time.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, device = %caller.device))]
pub(crate) async fn push(
    State(state): State<AppState>,
    caller: Caller,
    protocol: OnceSpokenProtocol,
    Body(request): Body<PushRequest>,
) -> Result<Json<PushResponse>> {
    if request.mutations.len() > MAX_PUSH_MUTATIONS {
        return Err(Error::TooLarge);
    }
    let now = OffsetDateTime::now_utc();
    // One that must be updated goes on to ask for rows, and hears of that.
    let seen = |head: i64| if protocol.is_spoken { head } else { 0 };
    let key = parse_public_key(&caller.public_key)
        .ok_or_else(|| anyhow::anyhow!("the public key of a device is none"))?;
    let opened: Vec<Opened<'_>> = request
        .mutations
        .iter()
        .map(|signed| Opened::open(signed, caller.device, &key))
        .collect::<Result<_>>()?;
    log::must_follow(&opened)?;
    if opened.last().is_none_or(|last| last.sequence <= caller.last_sequence) {
        // Nothing new: no version is taken for it.
        let mut tx = state.db.read(caller.tenant).await?;
        let news = News::of(&mut tx, caller.tenant).await?;
        let head = news.head(request.epoch)?;
        let receipts = repeated(&mut tx, caller.tenant, caller.device, &opened).await?;
        let rows = read(&mut tx, &caller, named(&opened, &receipts)).await?;
        let notices = news.notices(&state, &mut tx, caller.has_one_time_password).await?;
        let head_before = seen(head);
        return Ok(Json(PushResponse { head_before, head, receipts, rows, server_time: now, notices }));
    }
    let _turn = state.pushes.take(caller.tenant).await;
    let push = Push { state: &state, caller: &caller, epoch: request.epoch, opened: &opened, now };
    let taken = match push.take_in(Hope::AllGoIn).await? {
        Some(taken) => taken,
        None => push
            .take_in(Hope::None)
            .await?
            .ok_or_else(|| anyhow::anyhow!("a push that hopes for nothing was disappointed"))?,
    };
    let Taken { version, before, receipts, rows, notices, told } = taken;
    if let Some(told) = told {
        state.live.ready(Sees { tenant: caller.tenant, scope: caller.scope }, told);
    }
    state.live.wrote(caller.tenant, caller.device, version);
    state.audit.added(caller.tenant, opened.len());
    let is_new = |receipt: &&Receipt| receipt.sequence > before.sequence;
    state.metrics.pushed(receipts.iter().filter(is_new));
    tracing::info!(mutations = opened.len(), version, "pushed");
    let head_before = seen(version - 1);
    Ok(Json(PushResponse { head_before, head: version, receipts, rows, server_time: now, notices }))
}

/// A push that brings something new.
struct Push<'a> {
    state: &'a AppState,
    caller: &'a Caller,
    epoch: Epoch,
    opened: &'a [Opened<'a>],
    now: OffsetDateTime,
}

/// Whether each mutation is tried with a way back for itself, which asks the database twice more for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hope {
    /// No: nearly always all of them go in.
    AllGoIn,
    None,
}

/// What was taken in and kept.
struct Taken {
    version: i64,
    /// How far the server had come with the device.
    before: Progress,
    receipts: Vec<Receipt>,
    rows: Vec<Row>,
    notices: Vec<Notice>,
    /// The event for others who listen.
    told: Option<Told>,
}

impl Push<'_> {
    /// Takes all of it in, in one transaction. None if it was hoped in vain that every mutation goes in: then nothing is
    /// kept.
    async fn take_in(&self, hope: Hope) -> Result<Option<Taken>> {
        let Self { state, caller, opened, .. } = *self;
        let (authors, scope) = (begun::authors(opened), caller.scope);
        let listening = state.live.who_listens(Sees { tenant: caller.tenant, scope });
        let asked_at = Instant::now();
        let asked = Asked {
            tenant: caller.tenant,
            device: caller.device,
            authors: &authors,
            scope,
            listening: &listening,
        };
        let (mut tx, begun) = state.db.write_for_people(&asked).await?;
        let Begun { news, device, people, in_service } = begun;
        let version = tx.version();
        news.head(self.epoch)?;
        // Someone may have taken this device out of service in between, and another push of it is looked for below.
        if !device.is_in_service {
            return Err(Error::DeviceRevoked);
        }
        let before = device.progress;
        let adds_patients = opened.iter().any(|opened| opened.touches_patients() || opened.settles());
        let room = if adds_patients {
            state.counts.room(&mut tx, caller.tenant, &news.plan).await?
        } else {
            limits::Room::UNASKED
        };
        let mut session = Session::new(caller.tenant, caller.device, caller.scope, room, self.now);
        session.learn(&authors, people);
        session.is_any_waiting = Some(device.is_any_waiting);
        session.has_gone = Some(device.has_gone);
        session.is_hopeful = hope == Hope::AllGoIn;
        let receipts = match apply_all(&mut tx, caller, &mut session, opened, &device).await {
            Err(_) if session.is_spoilt => return Ok(None),
            receipts => receipts?,
        };
        look_again(&mut tx, &mut session, opened, &receipts, before).await?;
        let mut written = named(opened, &receipts);
        for (table, ids) in session.written {
            written.entry(table).or_default().extend(ids);
        }
        let rows = read(&mut tx, caller, written).await?;
        if adds_patients {
            state.counts.recount(&mut tx, caller.tenant).await?;
        }
        let notices = news.notices(state, &mut tx, caller.has_one_time_password).await?;
        let told = self.told(asked_at, &mut tx, &news, in_service, &rows).await?;
        audit::record(&mut tx, caller.tenant, Lane::Writes, &pushed(caller, &receipts)).await?;
        tx.commit().await?;
        Ok(Some(Taken { version, before, receipts, rows, notices, told }))
    }

    /// What others of the same scope, who are up to the version before, lack of this one: the rows of the answer.
    async fn told(
        &self,
        asked_at: Instant,
        tx: &mut PgConnection,
        news: &News,
        to: HashSet<Who>,
        rows: &[Row],
    ) -> Result<Option<Told>> {
        let is_for_others = to.iter().any(|who| who.device != self.caller.device);
        if !is_for_others || news.plan.must_be_active().is_err() {
            return Ok(None);
        }
        let head = news.version;
        let page = LivePage {
            epoch: news.epoch,
            after: head - 1,
            catalogue: news.catalogue,
            server_time: OffsetDateTime::now_utc(),
            notices: news.notices(self.state, tx, false).await?,
            rows: rows.iter().filter(|row| row.version == head).cloned().collect(),
        };
        Told::of_push(asked_at, head, to, page)
    }
}

/// How a push stands in the audit log; its rows have entries of their own.
fn pushed<'a>(caller: &'a Caller, receipts: &[Receipt]) -> Event<'a> {
    let set_aside = receipts.iter().filter(|receipt| receipt.fate.is_aside()).count();
    let first = receipts.first().map(|receipt| receipt.sequence);
    let last = receipts.last().map(|receipt| receipt.sequence);
    let changes = json!({ "first": first, "last": last, "set_aside": set_aside });
    Event { changes: Some(changes), ..Event::by(caller, Action::SyncPush) }
}

async fn apply_all(
    tx: &mut TenantWriteTx,
    caller: &Caller,
    session: &mut Session,
    opened: &[Opened<'_>],
    device: &Locked,
) -> Result<Vec<Receipt>> {
    let mut progress = device.progress;
    let old = opened.iter().take_while(|opened| opened.sequence <= progress.sequence).count();
    let (old, new) = opened.split_at(old);
    let mut receipts = repeated(tx, caller.tenant, caller.device, old).await?;
    let mut keeper = Keeper::new(caller.tenant, caller.device, tx.version());
    for opened in new {
        // What is settled, and what took its place, is looked for in the log.
        if opened.settles() || session.has_gone == Some(true) {
            keeper.flush(tx).await?;
        }
        progress = progress.followed_by(opened)?;
        progress.done_at = session.done_at(tx, opened, progress.done_at).await?;
        let done_at = progress.done_at.unwrap_or(session.now);
        let (receipt, place) = mutation::apply(tx, session, opened, done_at).await?;
        let entry = Entry {
            actor: opened.actor,
            signed: opened.signed,
            receipt: &receipt,
            row_ids: &opened.row_ids,
            place,
            done_at: progress.done_at,
        };
        keeper.keep(tx, &entry).await?;
        if receipt.fate.is_aside() {
            session.is_any_waiting = Some(true);
        }
        if let Some(code) = receipt.code {
            tracing::warn!(sequence = receipt.sequence, ?code, "a mutation was set aside");
        }
        receipts.push(receipt);
    }
    keeper.flush(tx).await?;
    if receipts[old.len()..].iter().any(|receipt| receipt.fate.is_aside()) {
        log::must_have_room(tx, caller.tenant, caller.device).await?;
    }
    settle::hand_over_lapsed(tx, session).await?;
    if device.has_lost || new.iter().any(Opened::settles) {
        settle::hand_over_lost(tx, session).await?;
    }
    Ok(receipts)
}

/// The receipts of mutations that came before. The same number with another hash is another history.
pub(super) async fn repeated(
    tx: &mut PgConnection,
    tenant: TenantId,
    device: DeviceId,
    opened: &[Opened<'_>],
) -> Result<Vec<Receipt>> {
    if opened.is_empty() {
        return Ok(vec![]);
    }
    let sequences: Vec<i64> = opened.iter().map(|opened| opened.sequence).collect();
    let receipts = log::receipts(tx, tenant, device, &sequences).await?;
    let is_same = receipts.len() == opened.len()
        && receipts.iter().zip(opened).all(|(receipt, opened)| receipt.hash == opened.signed.hash);
    if is_same { Ok(receipts) } else { Err(Error::DeviceCopied) }
}

/// Lets the rules look at what the new mutations touched.
async fn look_again(
    tx: &mut TenantWriteTx,
    session: &mut Session,
    opened: &[Opened<'_>],
    receipts: &[Receipt],
    before: Progress,
) -> Result<()> {
    let mut touched = Touched::default();
    for (opened, receipt) in opened.iter().zip(receipts) {
        if let Some(mutation) = opened
            .mutation
            .as_ref()
            .ok()
            .filter(|_| receipt.fate.is_in() && receipt.sequence > before.sequence)
        {
            touched.add(mutation);
        }
    }
    // What waited for a person and goes on now was never looked at.
    for mutation in std::mem::take(&mut session.went_on) {
        touched.add(&mutation);
    }
    after_merge::look_again(tx, session, &touched).await
}

/// The rows that the mutations name. What did not go in changed none.
fn named(opened: &[Opened<'_>], receipts: &[Receipt]) -> Written {
    let taken = opened
        .iter()
        .zip(receipts)
        .filter(|(_, receipt)| receipt.fate.is_in())
        .filter_map(|(opened, _)| opened.mutation.as_ref().ok());
    let mut named = Written::new();
    for change in taken.flat_map(|mutation| &mutation.changes) {
        named.entry(change.table).or_default().insert(change.id);
    }
    named
}

/// These rows as they are now, as far as the caller's device may see them.
pub(super) async fn read(tx: &mut PgConnection, caller: &Caller, written: Written) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    for (table, ids) in written {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        found.extend(rows::read(tx, caller.tenant, caller.scope, table, &ids).await?);
    }
    Ok(found)
}

/// The body of a push.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        Packed::from_request(request, state).await?.open().map(Self)
    }
}

/// The body of a push or of something like it as it came: JSON, plain or as one zstd frame, within the limits of both forms.
#[derive(Debug)]
pub(crate) struct Packed {
    body: Bytes,
    is_compressed: bool,
}

impl<S: Sync> FromRequest<S> for Packed {
    type Rejection = Error;

    async fn from_request(request: Request, _state: &S) -> Result<Self> {
        let encoding = request.headers().get(CONTENT_ENCODING).cloned();
        let body = to_bytes(request.into_body(), MAX_PUSH_BYTES).await.map_err(|_| Error::TooLarge)?;
        let is_compressed = match encoding.as_ref().map(HeaderValue::as_bytes) {
            None | Some(b"identity") => false,
            Some(b"zstd") => true,
            Some(_) => return Err(Error::Invalid("A push is sent plain or with zstd.")),
        };
        Ok(Self { body, is_compressed })
    }
}

impl Packed {
    /// What of it is asked for; nothing else of it is kept.
    pub(crate) fn open<T: DeserializeOwned>(&self) -> Result<T> {
        let opened = if self.is_compressed {
            serde_json::from_slice(&decompress(&self.body)?)
        } else {
            serde_json::from_slice(&self.body)
        };
        opened.map_err(|_| Error::Invalid("The body is not the JSON that belongs here."))
    }
}

fn decompress(body: &[u8]) -> Result<Vec<u8>> {
    let broken = |_| Error::Invalid("The body is not one zstd frame.");
    let mut decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(broken)?.single_frame();
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(broken)?;
    let mut text = Vec::new();
    let limit = may_grow_to(body.len());
    decoder.by_ref().take(limit as u64 + 1).read_to_end(&mut text).map_err(broken)?;
    if text.len() > limit {
        return Err(Error::TooLarge);
    }
    // What comes after the frame would be read by nobody.
    if decoder.finish().is_empty() {
        Ok(text)
    } else {
        Err(Error::Invalid("The body is not one zstd frame."))
    }
}

#[cfg(test)]
mod tests {
    use protocol::api::{MAX_PUSH_RATIO, MIN_RATED_BYTES};

    use super::*;

    #[test]
    fn a_small_body_that_grows_past_the_limit_is_refused() {
        let bomb = zstd::encode_all(std::io::repeat(b' ').take(64 * 1024 * 1024), 3).expect("BUG");
        assert!(bomb.len() < MAX_PUSH_BYTES);
        assert!(matches!(decompress(&bomb), Err(Error::TooLarge)));
        let of = |bytes: usize| zstd::encode_all(vec![b' '; bytes].as_slice(), 3).expect("BUG");
        let (fits, grows) = (of(MIN_RATED_BYTES), of(MIN_RATED_BYTES + 1));
        assert!(grows.len() * MAX_PUSH_RATIO < MIN_RATED_BYTES);
        assert_eq!(decompress(&fits).ok().map(|text| text.len()), Some(MIN_RATED_BYTES));
        assert!(matches!(decompress(&grows), Err(Error::TooLarge)));
        assert!(matches!(decompress(b"no zstd"), Err(Error::Invalid(_))));
        let frame = zstd::encode_all(b"{}".as_slice(), 3).expect("BUG");
        assert_eq!(decompress(&frame).ok().as_deref(), Some(b"{}".as_slice()));
        let skippable = [0x50, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, b'x', b'x'];
        for two in [[&frame[..], &frame].concat(), [&frame[..], &skippable].concat()] {
            assert!(matches!(decompress(&two), Err(Error::Invalid(_))));
        }
    }
}
