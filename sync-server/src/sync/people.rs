//! Who acts on a desktop: by the roles that they have now, and by those that they had when they did it.

use protocol::error::{Refusal, RefusalCode};
use protocol::id::{DeviceId, TenantId, UserId};
use protocol::mutation::Mutation;
use protocol::permission::Roles;
use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::Json;
use time::{Duration, OffsetDateTime};

use crate::auth::person::roles;
use crate::error::Result;

/// Who has signed in on the device, whether they still work there or not.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) name: String,
    /// Since when they have been known on the device.
    known_since: OffsetDateTime,
    /// None for who does not work there any more.
    now: Roles,
    /// Until when they had which other roles, the earliest first.
    earlier: Vec<(OffsetDateTime, Roles)>,
}

/// By which of its author's roles a mutation is judged that was done at this moment.
#[derive(Clone, Copy, Debug)]
pub(super) enum Judged {
    /// By what they might do then and may do now.
    ThenAndNow(OffsetDateTime),
    /// By what they might do then or may do now: an admin lets it in.
    ThenOrNow(OffsetDateTime),
}

/// What somebody was until a change, as the audit log says.
#[derive(Debug, Deserialize)]
struct Until {
    #[serde(with = "time::serde::rfc3339")]
    until: OffsetDateTime,
    was: Before,
}

/// What the audit log says of somebody before a change.
#[derive(Debug, Deserialize)]
struct Before {
    roles: Option<Vec<String>>,
    is_active: Option<bool>,
}

/// A row of the view `known_people`.
#[derive(Debug, Deserialize)]
pub(super) struct Known {
    pub(super) user_id: UserId,
    full_name: String,
    roles: Vec<String>,
    is_active: bool,
    #[serde(with = "time::serde::rfc3339")]
    first_signed_in_at: OffsetDateTime,
    /// The latest first.
    earlier: Vec<Until>,
}

/// Somebody who has signed in on this device.
pub(super) async fn find(
    tx: &mut PgConnection,
    tenant: TenantId,
    device: DeviceId,
    user: UserId,
) -> Result<Option<Person>> {
    let known = sqlx::query_scalar!(
        r#"select to_jsonb(p) as "known!: Json<Known>" from known_people p
           where p.tenant_id = $1 and p.device_id = $2 and p.user_id = $3"#,
        tenant.0,
        device.0,
        user.0
    )
    .fetch_optional(tx)
    .await?;
    Ok(known.map(|known| Person::from(known.0)))
}

impl From<Known> for Person {
    fn from(known: Known) -> Self {
        let of = |names: &[String], is_active: bool| if is_active { roles(names) } else { Roles(vec![]) };
        let now = of(&known.roles, known.is_active);
        let (mut names, mut is_active) = (known.roles, known.is_active);
        let mut earlier = Vec::new();
        for Until { until, was } in known.earlier {
            names = was.roles.unwrap_or(names);
            is_active = was.is_active.unwrap_or(is_active);
            earlier.push((until, of(&names, is_active)));
        }
        earlier.reverse();
        Self { name: known.full_name, known_since: known.first_signed_in_at, now, earlier }
    }
}

impl Person {
    /// What they were at this moment.
    pub(super) fn then(&self, at: OffsetDateTime) -> &Roles {
        self.earlier.iter().find(|(until, _)| *until > at).map_or(&self.now, |(_, roles)| roles)
    }

    /// What they are.
    pub(super) fn now(&self) -> &Roles {
        &self.now
    }

    /// The roles that they had at this moment and have now.
    pub(super) fn both(&self, at: OffsetDateTime) -> Roles {
        Roles(self.then(at).0.iter().filter(|role| self.now.0.contains(role)).copied().collect())
    }

    /// The roles that they had at this moment or have now.
    pub(super) fn either(&self, at: OffsetDateTime) -> Roles {
        let lost = self.then(at).0.iter().filter(|role| !self.now.0.contains(role));
        Roles(self.now.0.iter().chain(lost).copied().collect())
    }

    /// Why whoever did not work here then, or does not now, does nothing; none for who did and does.
    pub(super) fn must_be_here(&self, at: OffsetDateTime) -> Option<Refusal> {
        match (self.then(at).0.is_empty(), self.now.0.is_empty()) {
            (false, false) => None,
            (false, true) => Some(self.may_no_more()),
            (true, false) => Some(self.might_not_yet()),
            (true, true) => Some(self.had_left()),
        }
    }

    /// The refusal of what they might do then and may not do now.
    pub(super) fn may_no_more(&self) -> Refusal {
        let (name, now) = (&self.name, if self.now.0.is_empty() { "does not work here" } else { "may not" });
        let detail = format!(
            "{name} might do this when it was done, by the clock of that computer, and {now} any more. It is kept: \
             an admin lets it in by trying it again, or discards it."
        );
        Refusal::new(RefusalCode::NotAllowed, detail)
    }

    /// The refusal of what they may do now and might not do then.
    pub(super) fn might_not_yet(&self) -> Refusal {
        let detail = format!(
            "{} was given the role for this only after it was done. It is kept: an admin lets it in by trying it again, \
             or whoever has the role now corrects it.",
            self.name
        );
        Refusal::new(RefusalCode::NotAllowed, detail)
    }

    /// The refusal of what they did when they did not work here.
    pub(super) fn had_left(&self) -> Refusal {
        let detail = format!("{} did not work here when this was done, and does not now.", self.name);
        Refusal::new(RefusalCode::NotAllowed, detail)
    }
}

/// The refusal of what nobody who is known on the device did.
pub(super) fn nobody_here() -> Refusal {
    Refusal::new(RefusalCode::NotAllowed, "This person has not signed in on this computer.")
}

/// When a mutation was done, by the server's clock as the device knew it, and never later than now.
pub(super) fn said(mutation: &Mutation, now: OffsetDateTime) -> OffsetDateTime {
    let offset = Duration::milliseconds(mutation.clock_offset_ms);
    mutation.recorded_at.checked_add(offset).unwrap_or(now).min(now)
}

/// The same as far as it is believed: not before what the device brought before it, nor before its author was known
/// there, nor before 1970: the log holds no moment before the year 1.
pub(super) fn believed(
    mutation: &Mutation,
    author: Option<&Person>,
    previous: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> OffsetDateTime {
    let said = said(mutation, now);
    let known_since = author.map(|author| author.known_since);
    let earliest =
        previous.into_iter().chain(known_since).fold(OffsetDateTime::UNIX_EPOCH, OffsetDateTime::max);
    said.max(earliest).min(now)
}

#[cfg(test)]
mod tests {
    use protocol::permission::Role::{self, Doctor, Nurse, Receptionist};
    use time::macros::datetime;

    use super::*;

    fn at(minute: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::minutes(minute)
    }

    fn person(now: &[Role], earlier: &[(i64, &[Role])]) -> Person {
        Person {
            name: "Lata Pawar".to_owned(),
            known_since: at(5),
            now: Roles(now.to_vec()),
            earlier: earlier.iter().map(|(until, roles)| (at(*until), Roles(roles.to_vec()))).collect(),
        }
    }

    #[test]
    fn roles_are_found_as_they_were() {
        let lata = person(&[Doctor], &[(10, &[Nurse]), (20, &[]), (30, &[Receptionist, Doctor])]);
        for (minute, then) in [
            (9, vec![Nurse]),
            (10, vec![]),
            (19, vec![]),
            (29, vec![Receptionist, Doctor]),
            (30, vec![Doctor]),
        ] {
            assert_eq!(lata.then(at(minute)).0, then, "{minute}");
        }
        assert_eq!(lata.both(at(9)).0, []);
        assert_eq!(lata.both(at(29)).0, [Doctor]);
        assert_eq!(lata.either(at(9)).0, [Doctor, Nurse]);
    }

    #[test]
    fn a_moment_is_believed_only_between_what_the_server_knows() {
        let mutation = |minute| Mutation {
            device_id: DeviceId(uuid::Uuid::nil()),
            sequence: 1,
            actor_user_id: UserId(uuid::Uuid::nil()),
            recorded_at: at(minute),
            clock_offset_ms: 60_000,
            schema: 1,
            kind: "test".to_owned(),
            changes: vec![],
            settles: None,
        };
        let lata = person(&[Doctor], &[]);
        let believed = |minute, previous: Option<i64>| {
            believed(&mutation(minute), Some(&lata), previous.map(at), at(60))
        };
        assert_eq!(believed(30, Some(20)), at(31), "corrected by the offset of its clock");
        assert_eq!(believed(10, Some(20)), at(20), "not before what came before it");
        assert_eq!(believed(1, None), at(5), "not before its author was there");
        assert_eq!(believed(90, Some(20)), at(60), "not later than now");
        let nobody = Mutation { recorded_at: datetime!(0001-01-01 0:00 UTC), ..mutation(0) };
        let nobody = Mutation { clock_offset_ms: -1, ..nobody };
        assert_eq!(
            super::believed(&nobody, None, None, at(60)),
            at(0),
            "not in a year that the log cannot hold"
        );
    }
}
