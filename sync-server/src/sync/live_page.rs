//! The rows that come with a live event: read once for all desktops of a tenant that are at the same place and may see
//! the same, in the transaction of the push that wrote them where that was at this process. Who gets them is said by the
//! database, in the very transaction that reads them: what is no device of that tenant, or none that is in service, is not
//! among them, whatever this program believes of who listens.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::api::{DeviceScope, LiveEvent, LivePage, MAX_LIVE_BYTES, MAX_LIVE_ROWS, Position};
use protocol::id::{DeviceId, Epoch, TenantId, UserId};
use protocol::permission::Capability;
use protocol::table::Row;
use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::news::News;
use super::statements;
use crate::AppState;
use crate::auth::{device, person};
use crate::error::Result;

/// Who listens: the device, the person, and which of their tokens are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Who {
    pub(super) device: DeviceId,
    pub(super) user: UserId,
    pub(super) token_version: i32,
}

/// Of whose data, and what of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sees {
    pub(super) tenant: TenantId,
    pub(super) scope: DeviceScope,
}

/// Up to where somebody has everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) epoch: Epoch,
    pub(super) version: i64,
}

/// What was read serves so long: in older ones the server's clock, and who is in service, are no longer true.
const SERVES: Duration = Duration::from_secs(2);

/// An event with rows, for some who listen.
#[derive(Debug)]
pub(super) struct Told {
    read_at: Instant,
    after: Place,
    pub(super) head: i64,
    to: HashSet<Who>,
    /// The event's data.
    pub(super) text: String,
}

/// A row of the view `in_service`.
#[derive(Debug, Deserialize)]
pub(super) struct InService {
    device_id: DeviceId,
    user_id: UserId,
    token_version: i32,
    roles: Vec<String>,
}

/// Those of the ones who listen who are among these, by tokens that are good, and may work.
pub(super) fn among(listening: &[Who], found: impl IntoIterator<Item = InService>) -> HashSet<Who> {
    let found = found.into_iter().filter(|row| person::roles(&row.roles).has(Capability::Work));
    let found: HashSet<Who> = found
        .map(|row| Who { device: row.device_id, user: row.user_id, token_version: row.token_version })
        .collect();
    listening.iter().copied().filter(|one| found.contains(one)).collect()
}

impl Told {
    fn new(read_at: Instant, head: i64, to: HashSet<Who>, page: LivePage) -> Result<Self> {
        let after = Place { epoch: page.epoch, version: page.after };
        let event = LiveEvent { head, ask_standing: false, page: Some(page) };
        let text = serde_json::to_string(&event).map_err(anyhow::Error::from)?;
        Ok(Self { read_at, after, head, to, text })
    }

    /// Of what a push wrote and read in its transaction, once that is committed; none if it is too much for an event.
    /// `read_at` is before it was asked who may have it.
    pub(super) fn of_push(
        read_at: Instant,
        head: i64,
        to: HashSet<Who>,
        page: LivePage,
    ) -> Result<Option<Self>> {
        if page.rows.len() as i64 > MAX_LIVE_ROWS {
            return Ok(None);
        }
        let told = Self::new(read_at, head, to, page)?;
        Ok(Some(told).filter(|told| told.text.len() <= MAX_LIVE_BYTES))
    }

    /// Whether this is all that someone at that place lacks of that version.
    fn serves(&self, who: Who, place: Place, head: i64) -> bool {
        self.read_at.elapsed() < SERVES
            && self.after.epoch == place.epoch
            && (self.after.version..=self.head).contains(&place.version)
            && self.head >= head
            && self.to.contains(&who)
    }
}

/// What was last read for a tenant's devices of one scope. While one reads, the others wait for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Last(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
enum Known {
    #[default]
    Nothing,
    Told(Arc<Told>),
    /// Of what is new since that place, up to that version, no event is made.
    Much(Place, i64),
}

impl Last {
    /// Has an event ready that nobody needs to read then; not while somebody reads.
    pub(super) fn put(&self, told: Told) {
        if let Ok(mut last) = self.0.try_lock() {
            *last = Known::Told(Arc::new(told));
        }
    }

    /// The event for someone at that place; none if its rows are too many for one, or not for them.
    pub(super) async fn event(
        &self,
        state: &AppState,
        sees: Sees,
        (who, place, head): (Who, Place, i64),
        listening: impl FnOnce() -> Vec<Who>,
    ) -> Option<Arc<Told>> {
        let mut last = self.0.lock().await;
        match &*last {
            Known::Told(told) if told.serves(who, place, head) => return Some(Arc::clone(told)),
            Known::Much(after, up_to) if (*after, *up_to) == (place, head) => return None,
            Known::Nothing | Known::Told(_) | Known::Much(..) => {}
        }
        *last = match read(state, sees, place, &listening()).await {
            Ok(Some(told)) => Known::Told(Arc::new(told)),
            Ok(None) => Known::Much(place, head),
            Err(error) => {
                tracing::debug!(%error, "an event goes out without rows");
                Known::Much(place, head)
            }
        };
        match &*last {
            Known::Told(told) if told.serves(who, place, head) => Some(Arc::clone(told)),
            Known::Nothing | Known::Told(_) | Known::Much(..) => None,
        }
    }
}

async fn read(state: &AppState, sees: Sees, after: Place, listening: &[Who]) -> Result<Option<Told>> {
    let Sees { tenant, scope } = sees;
    let _turn = state.pulls.take(tenant).await;
    // What is read counts from before it was.
    let (read_at, server_time) = (Instant::now(), OffsetDateTime::now_utc());
    let mut tx = state.db.read(tenant).await?;
    let news = News::of(&mut tx, tenant).await?;
    let head = news.head(after.epoch)?;
    news.plan.must_be_active()?;
    let position = Position::after_version(after.version);
    let texts = sqlx::query_scalar::<_, String>(statements::of_scope(scope).page.clone())
        .bind(tenant.0)
        .bind(position.version)
        .bind(position.table as i32)
        .bind(position.id)
        .bind(MAX_LIVE_ROWS + 1)
        .fetch_all(&mut *tx)
        .await?;
    let bytes: usize = texts.iter().map(String::len).sum();
    if texts.len() as i64 > MAX_LIVE_ROWS || bytes > MAX_LIVE_BYTES {
        return Ok(None);
    }
    let rows = texts.iter().map(|text| serde_json::from_str(text)).collect::<Result<Vec<Row>, _>>();
    let to = in_service(&mut tx, sees, listening).await?;
    let page = LivePage {
        epoch: after.epoch,
        after: after.version,
        catalogue: news.catalogue,
        server_time,
        notices: news.notices(state, &mut tx, false).await?,
        rows: rows.map_err(anyhow::Error::from)?,
    };
    Told::new(read_at, head, to, page).map(Some)
}

/// Those of them who may have rows of this tenant and scope now.
async fn in_service(tx: &mut PgConnection, sees: Sees, listening: &[Who]) -> Result<HashSet<Who>> {
    let devices: Vec<Uuid> = listening.iter().map(|who| who.device.0).collect();
    let people: Vec<Uuid> = listening.iter().map(|who| who.user.0).collect();
    let found = sqlx::query_scalar!(
        r#"select to_jsonb(w) as "who!: Json<InService>" from in_service w
           where w.tenant_id = $1 and w.device_id = any ($2) and w.user_id = any ($3) and w.scope = $4"#,
        sees.tenant.0,
        &devices,
        &people,
        device::scope_name(sees.scope)
    )
    .fetch_all(tx)
    .await?;
    Ok(among(listening, found.into_iter().map(|row| row.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_serves_those_whom_it_names_and_who_are_where_it_begins_or_behind_that() {
        let who = Who { device: DeviceId::new(), user: UserId::new(), token_version: 3 };
        let epoch = Epoch(Uuid::now_v7());
        let place = |version| Place { epoch, version };
        let to = HashSet::from([who]);
        let told = Told { read_at: Instant::now(), after: place(10), head: 12, to, text: String::new() };
        assert!(told.serves(who, place(10), 12) && told.serves(who, place(11), 12));
        assert!(!told.serves(who, place(9), 12), "what it lacks before is not in it");
        assert!(!told.serves(who, place(10), 13), "there is more by now");
        assert!(!told.serves(Who { token_version: 4, ..who }, place(10), 12));
        assert!(!told.serves(Who { device: DeviceId::new(), ..who }, place(10), 12));
        assert!(!told.serves(who, Place { epoch: Epoch(Uuid::now_v7()), version: 10 }, 12));
        let old = Told { read_at: Instant::now().checked_sub(SERVES).expect("BUG: a clock"), ..told };
        assert!(!old.serves(who, place(10), 12));
    }
}
