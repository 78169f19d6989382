//! What is known before mutations are taken in: asked in one question, since none of it depends on the rest.

use std::collections::HashSet;

use protocol::api::DeviceScope;
use protocol::id::{DeviceId, TenantId};
use protocol::mutation::Hash;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::live_page::{self, InService, Who};
use super::log::Progress;
use super::mutation::Opened;
use super::news::News;
use super::people::Known;
use crate::auth::device;
use crate::error::Result;

/// Of whose mutations.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) tenant: TenantId,
    pub(super) device: DeviceId,
    /// Of the mutations.
    pub(super) authors: &'a [Uuid],
    /// What the device may receive.
    pub(super) scope: DeviceScope,
    /// Who listens to what such devices may receive.
    pub(super) listening: &'a [Who],
}

/// The answer.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) news: News,
    pub(super) device: Locked,
    /// Those of the authors who are known on the device.
    pub(super) people: Vec<Known>,
    /// Those of the ones who listen who may have rows.
    pub(super) in_service: HashSet<Who>,
}

/// A device whose mutations are taken in.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "answers of one question, each by itself")]
pub(super) struct Locked {
    pub(super) progress: Progress,
    pub(super) is_in_service: bool,
    /// Whether some of its mutations wait for a person.
    pub(super) is_any_waiting: bool,
    /// Whether some of them never went in.
    pub(super) has_gone: bool,
    /// Whether some of devices out of service wait and are not before the admins yet.
    pub(super) has_lost: bool,
}

impl Begun {
    /// Asks. Until the transaction ends nobody else goes on from where the device is, and nobody takes it out of service.
    pub(crate) async fn ask(tx: &mut PgConnection, asked: &Asked<'_>) -> Result<Self> {
        let devices: Vec<Uuid> = asked.listening.iter().map(|who| who.device.0).collect();
        let people: Vec<Uuid> = asked.listening.iter().map(|who| who.user.0).collect();
        let row = sqlx::query!(
            r#"select to_jsonb(n) as "news!: Json<News>",
                      d.last_sequence as "last_sequence!", d.last_hash as "last_hash!",
                      d.revoked_at is null as "is_in_service!",
                      (select m.done_at from sync_mutations m
                       where m.tenant_id = $1 and m.device_id = $2 and m.sequence = d.last_sequence) as done_at,
                      exists (select from sync_quarantine
                              where tenant_id = $1 and device_id = $2 and resolved_at is null) as "is_any_waiting!",
                      exists (select from sync_quarantine
                              where tenant_id = $1 and device_id = $2
                                and fate in ('replaced', 'discarded')) as "has_gone!",
                      exists (select from sync_quarantine q
                              join devices l on l.tenant_id = $1 and l.id = q.device_id and l.revoked_at is not null
                              where q.tenant_id = $1 and q.resolved_at is null and q.blocked_by is null
                                and q.before_admins_at is null) as "has_lost!",
                      (select coalesce(jsonb_agg(to_jsonb(p)), '[]') from known_people p
                       where p.tenant_id = $1 and p.device_id = $2 and p.user_id = any ($3))
                          as "people!: Json<Vec<Known>>",
                      (select coalesce(jsonb_agg(to_jsonb(w)), '[]') from in_service w
                       where w.tenant_id = $1 and w.device_id = any ($4) and w.user_id = any ($5) and w.scope = $6)
                          as "in_service!: Json<Vec<InService>>"
               from devices d
               join news n on n.tenant_id = $1
               where d.tenant_id = $1 and d.id = $2 for no key update of d"#,
            asked.tenant.0,
            asked.device.0,
            asked.authors,
            &devices,
            &people,
            device::scope_name(asked.scope)
        )
        .fetch_one(tx)
        .await?;
        let hash = Hash::parse(&row.last_hash).unwrap_or(Hash::ZERO);
        Ok(Self {
            news: row.news.0,
            device: Locked {
                progress: Progress { sequence: row.last_sequence, hash, done_at: row.done_at },
                is_in_service: row.is_in_service,
                is_any_waiting: row.is_any_waiting,
                has_gone: row.has_gone,
                has_lost: row.has_lost,
            },
            people: row.people.0,
            in_service: live_page::among(asked.listening, row.in_service.0),
        })
    }
}

/// Who made these mutations.
pub(super) fn authors(opened: &[Opened<'_>]) -> Vec<Uuid> {
    let mut authors: Vec<Uuid> = opened.iter().map(|opened| opened.actor.0).collect();
    authors.sort_unstable();
    authors.dedup();
    authors
}
