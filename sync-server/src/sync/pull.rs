//! `GET /v1/sync/pull`: what changed since the desktop's last visit.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt;
use protocol::api::{MAX_PULL_ROWS, Position, PullLine, PullQuery};
use time::OffsetDateTime;

use super::news::News;
use super::{SpokenProtocol, statements};
use crate::AppState;
use crate::auth::Caller;
use crate::error::{Error, Query, Result};

/// A page ends after so many bytes, even if it has few rows.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// Answers with one page of rows, in the order of (version, table, id), as of one moment. What the device's
/// scope does not see is never read.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, device = %caller.device))]
pub(crate) async fn pull(
    State(state): State<AppState>,
    caller: Caller,
    _: SpokenProtocol,
    headers: HeaderMap,
    Query(query): Query<PullQuery>,
) -> Result<Response> {
    let after = match &query.after {
        None => Position::after_version(0),
        Some(text) => text.parse().map_err(Error::Invalid)?,
    };
    let limit = query.limit.unwrap_or(MAX_PULL_ROWS).clamp(1, MAX_PULL_ROWS);
    let _turn = state.pulls.take(caller.tenant).await;
    state.audit.record_pull(&state.db, &caller).await?;
    let mut tx = state.db.read(caller.tenant).await?;
    let news = News::of(&mut tx, caller.tenant).await?;
    let (version, catalogue) = (news.head(query.epoch)?, news.catalogue);
    state.metrics.pulled(caller.tenant, &headers, after.version, version);
    let mut page = Page::default();
    let notices = news.notices(&state, &mut tx, caller.has_one_time_password).await?;
    page.line(&PullLine::Head { version, catalogue, server_time: OffsetDateTime::now_utc(), notices });
    if catalogue > query.catalogue {
        let mut rows = sqlx::query_scalar::<_, String>(statements::CATALOGUE.clone())
            .bind(query.catalogue)
            .fetch(&mut *tx);
        while let Some(row) = rows.try_next().await? {
            page.row(&row);
        }
    }
    let mut tenant_rows = 0;
    let mut tenant_bytes = 0;
    let mut more = false;
    {
        let mut rows = sqlx::query_scalar::<_, String>(statements::of_scope(caller.scope).page.clone())
            .bind(caller.tenant.0)
            .bind(after.version)
            .bind(after.table as i32)
            .bind(after.id)
            .bind(limit + 1)
            .fetch(&mut *tx);
        while let Some(row) = rows.try_next().await? {
            if tenant_rows == limit || tenant_bytes > PAGE_BYTES {
                more = true;
                break;
            }
            tenant_rows += 1;
            tenant_bytes += row.len();
            page.row(&row);
        }
    }
    page.line(&PullLine::End { more });
    tracing::debug!(rows = tenant_rows, more, "pulled");
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], Body::from(page.text)).into_response())
}

/// Lines of JSON. The rows come as JSON from the database and are passed on as they are.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &PullLine) {
        self.text.push_str(&serde_json::to_string(line).expect("BUG: a line is JSON"));
        self.text.push('\n');
    }

    fn row(&mut self, row: &str) {
        self.text.push_str("{\"row\":");
        self.text.push_str(row);
        self.text.push_str("}\n");
    }
}
