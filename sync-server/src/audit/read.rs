//! `GET /v1/audit`: the tenant's log, for its admins; for a doctor, what they did themselves.

use axum::extract::State;
use protocol::audit::{Action, AuditEntry, AuditPage, AuditQuery, MAX_AUDIT_ENTRIES};
use protocol::form::is_moment;
use protocol::id::{ClinicId, DeviceId, PatientId, UserId};
use protocol::permission::Role;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::Event;
use crate::AppState;
use crate::auth::Caller;
use crate::error::{Error, Json, Query, Result};

/// What was asked for, understood.
struct Filter {
    from: Option<OffsetDateTime>,
    to: Option<OffsetDateTime>,
    action: Option<Action>,
    user: Option<Uuid>,
    patient: Option<Uuid>,
    table: Option<String>,
    after: Option<Place>,
    limit: i64,
}

/// Where a page ends.
struct Place {
    at: OffsetDateTime,
    lane: String,
    seq: i64,
}

/// Answers with one page, the newest first; that it was read is an entry itself.
#[tracing::instrument(skip_all, fields(tenant = %caller.tenant, user = %caller.user))]
pub(crate) async fn audit(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<AuditQuery>,
) -> Result<Json<AuditPage>> {
    let mut filter = Filter::parse(query)?;
    if !caller.roles.0.contains(&Role::Admin) {
        let sees_own = caller.roles.0.iter().any(|role| matches!(role, Role::Doctor | Role::Dentist));
        if !sees_own || filter.user.is_some_and(|user| user != caller.user.0) {
            return Err(Error::Forbidden);
        }
        filter.user = Some(caller.user.0);
    }
    let page = read(&state, &caller, &filter).await?;
    let event = Event {
        table: Some("tenant_audit_log"),
        patient: filter.patient,
        changes: Some(json!({ "entries": page.entries.len() })),
        ..Event::by(&caller, Action::View)
    };
    state.audit.record(&state.db, caller.tenant, &event).await?;
    Ok(Json(page))
}

async fn read(state: &AppState, caller: &Caller, filter: &Filter) -> Result<AuditPage> {
    let mut tx = state.db.read(caller.tenant).await?;
    let rows = sqlx::query!(
        r#"select lane as "lane!: String", seq, "timestamp" as at, occurred_at, action as "action!: String",
                  table_name, record_id, patient_id, clinic_id, user_id, device_id, app_version, login,
                  changes, reason
           from tenant_audit_log
           where tenant_id = $1
             and ($2::timestamptz is null or "timestamp" >= $2)
             and ($3::timestamptz is null or "timestamp" < $3)
             and ($4::text is null or action = $4)
             and ($5::uuid is null or user_id = $5)
             and ($6::uuid is null or patient_id = $6)
             and ($7::text is null or table_name = $7)
             and ($8::timestamptz is null or ("timestamp", lane, seq) < ($8, $9::text, $10))
           order by "timestamp" desc, lane desc, seq desc limit $11"#,
        caller.tenant.0,
        filter.from,
        filter.to,
        filter.action.map(Action::as_str),
        filter.user,
        filter.patient,
        filter.table,
        filter.after.as_ref().map(|place| place.at),
        filter.after.as_ref().map(|place| place.lane.as_str()),
        filter.after.as_ref().map(|place| place.seq),
        filter.limit + 1
    )
    .fetch_all(&mut *tx)
    .await?;
    let limit = usize::try_from(filter.limit).expect("BUG: the limit is small");
    let next = (rows.len() > limit).then(|| &rows[limit - 1]);
    let next = next.map(|row| Place { at: row.at, lane: row.lane.clone(), seq: row.seq }.write());
    let entries = rows
        .into_iter()
        .take(limit)
        .map(|row| {
            let action = Action::find(&row.action)
                .ok_or_else(|| anyhow::anyhow!("the audit log holds another word: {}", row.action))?;
            Ok(AuditEntry {
                lane: row.lane,
                seq: row.seq,
                at: row.at,
                occurred_at: row.occurred_at,
                action,
                table: row.table_name,
                record: row.record_id,
                patient: row.patient_id.map(PatientId),
                clinic: row.clinic_id.map(ClinicId),
                user: row.user_id.map(UserId),
                device: row.device_id.map(DeviceId),
                app_version: row.app_version,
                login: row.login,
                changes: row.changes,
                reason: row.reason,
            })
        })
        .collect::<Result<_>>()?;
    Ok(AuditPage { entries, next })
}

impl Filter {
    fn parse(query: AuditQuery) -> Result<Self> {
        let moment = |text: Option<String>, sentence| {
            text.map(|text| {
                let moment = OffsetDateTime::parse(&text, &Rfc3339).ok().filter(|at| is_moment(*at));
                moment.ok_or(Error::Invalid(sentence))
            })
            .transpose()
        };
        let id = |text: Option<String>, sentence| {
            text.map(|text| text.parse().map_err(|_| Error::Invalid(sentence))).transpose()
        };
        let from = moment(query.from, "\"from\" must be a moment like 2026-11-23T00:00:00Z.")?;
        let to = moment(query.to, "\"to\" must be a moment like 2026-11-23T00:00:00Z.")?;
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Error::Invalid("\"from\" lies after \"to\"."));
        }
        let action = query
            .action
            .map(|word| Action::find(&word).ok_or(Error::Invalid("There is no such action in the log.")))
            .transpose()?;
        let is_name = |name: &String| {
            (1..=100).contains(&name.len()) && name.bytes().all(|b| b == b'_' || b.is_ascii_lowercase())
        };
        if query.table.as_ref().is_some_and(|name| !is_name(name)) {
            return Err(Error::Invalid("\"table\" must be a table's name, like patients."));
        }
        let after = query.after.map(|text| {
            Place::parse(&text)
                .ok_or(Error::Invalid("\"after\" must be what the page before gave as \"next\"."))
        });
        let limit = query.limit.map(|text| {
            text.parse()
                .ok()
                .filter(|limit| (1..=MAX_AUDIT_ENTRIES).contains(limit))
                .ok_or(Error::Invalid("\"limit\" must be a number from 1 to 200."))
        });
        Ok(Self {
            from,
            to,
            action,
            user: id(query.user, "\"user\" must be the id of a member of staff.")?,
            patient: id(query.patient, "\"patient\" must be the id of a patient.")?,
            table: query.table,
            after: after.transpose()?,
            limit: limit.transpose()?.unwrap_or(MAX_AUDIT_ENTRIES),
        })
    }
}

impl Place {
    fn write(&self) -> String {
        format!("{}.{}.{}", self.at.unix_timestamp_nanos() / 1_000, self.seq, self.lane)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let micros: i64 = parts.next()?.parse().ok()?;
        let seq = parts.next()?.parse().ok()?;
        let is_lane = |lane: &&str| lane.len() <= 45 && lane.bytes().all(|byte| byte.is_ascii_graphic());
        let lane = parts.next().filter(is_lane)?.to_owned();
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()?;
        is_moment(at).then_some(Self { at, lane, seq })
    }
}
