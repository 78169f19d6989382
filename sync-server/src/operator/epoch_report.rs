//! `clinic-sync tenant epoch-report`: which desktops have come back since the data was restored, and what they know that
//! the server does not.

use std::io::Write;

use protocol::api::OnlyHere;
use protocol::id::{TenantId, UserId};
use serde_json::{Value, json};
use sqlx::types::Json;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::find_tenant;
use super::options::TenantChoice;
use crate::Db;
use crate::sync::restored::Learnt;

/// A desktop in service, and what it told since the restore.
struct Told {
    name: String,
    has_come: bool,
    is_compared: bool,
    sent_again: Option<i32>,
    only_here: Vec<OnlyHere>,
    learnt: Learnt,
    last_word: Option<String>,
}

/// Tells it. Rows that stay on a desktop after every other one has come were done on a computer that is gone.
pub(super) async fn epoch_report(
    db: &Db,
    options: &TenantChoice,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (tenant, code) = find_tenant(db, &options.tenant_code).await?;
    let told = told(db, tenant).await?;
    let people = people(db, tenant).await?;
    let find = |user: &UserId| people.iter().find(|person| person.id == user.0);
    let name_of = |user: &UserId| find(user).map_or_else(|| user.to_string(), |one| one.email.clone());
    let registration_of = |user: &UserId| {
        let registration = find(user).and_then(|one| one.registration.clone()).unwrap_or_default();
        format!("{} ({registration})", name_of(user))
    };
    if options.output.json {
        let desktops = told.iter().map(|told| {
            json!({
                "name": told.name, "has_come": told.has_come, "is_compared": told.is_compared,
                "sent_again": told.sent_again, "only_here": told.only_here, "learnt": told.learnt,
                "last_word": told.last_word,
            })
        });
        let report = json!({ "tenant_code": code, "desktops": desktops.collect::<Value>() });
        return Ok(writeln!(out, "{report:#}")?);
    }
    let missing: Vec<&str> =
        told.iter().filter(|told| !told.has_come).map(|told| told.name.as_str()).collect();
    writeln!(
        out,
        "{code}: {} of {} computers in service have come.",
        told.len() - missing.len(),
        told.len()
    )?;
    if !missing.is_empty() {
        writeln!(
            out,
            "Not yet: {}. What was done on them is missing; have each started once.",
            missing.join(", ")
        )?;
    }
    for told in told.iter().filter(|told| told.has_come) {
        let rows: u32 = told.only_here.iter().map(|rows| rows.rows).sum();
        let rows = match (told.is_compared, rows) {
            (false, _) => "it is not compared yet".to_owned(),
            (true, 0) => "the server has every row of it".to_owned(),
            (true, count) => {
                let tables =
                    told.only_here.iter().map(|rows| format!("{} {}", rows.table.as_str(), rows.rows));
                let tables: Vec<String> = tables.collect();
                format!("{count} rows are only there, of a computer that has not come: {}", tables.join(", "))
            }
        };
        writeln!(out, "{}: {} changes sent again; {rows}.", told.name, told.sent_again.unwrap_or(0))?;
        let of = |people: &[UserId]| people.iter().map(name_of).collect::<Vec<_>>().join(", ");
        let Learnt { revoked, closed, made_again, profiles, passwords, roles } = &told.learnt;
        if !revoked.is_empty() {
            let count = revoked.len();
            let (were, are) = if count == 1 { ("computer was", "is") } else { ("computers were", "are") };
            writeln!(out, "  By its last lease {count} {were} out of service, and {are} again.")?;
        }
        for (people, what) in [
            (closed, "Closed again:"),
            (made_again, "Made again, closed, for what they did; open them and give them a password:"),
            (passwords, "Only the password before the last one opens these accounts; reset it:"),
            (roles, "Had other roles; look at them:"),
        ] {
            if !people.is_empty() {
                writeln!(out, "  {what} {}", of(people))?;
            }
        }
        if !profiles.is_empty() {
            let who: Vec<String> = profiles.iter().map(registration_of).collect();
            writeln!(
                out,
                "  Their profile as a doctor is as this computer told it, and out of use until an admin opens the account; \
                 compare the registration with their papers first: {}",
                who.join(", ")
            )?;
        }
    }
    Ok(())
}

async fn told(db: &Db, tenant: TenantId) -> anyhow::Result<Vec<Told>> {
    let mut tx = db.read(tenant).await?;
    let rows = sqlx::query!(
        r#"select d.name, r.told_at as "told_at?", r.compared_at as "compared_at?", r.sent_again as "sent_again?",
                  r.only_here as "only_here?: Json<Vec<OnlyHere>>", r.learnt as "learnt?: Json<Learnt>",
                  r.lease_issued_at as "lease_issued_at?"
           from devices d
           join tenant_sync s on s.tenant_id = $1
           left join restored_desktops r
             on r.tenant_id = $1 and r.device_id = d.id and r.epoch = s.epoch
           where d.tenant_id = $1 and d.revoked_at is null
           order by d.name, d.id"#,
        tenant.0
    )
    .fetch_all(&mut *tx)
    .await?;
    let told = rows.into_iter().map(|row| Told {
        name: row.name,
        has_come: row.told_at.is_some(),
        is_compared: row.compared_at.is_some(),
        sent_again: row.sent_again,
        only_here: row.only_here.map(|rows| rows.0).unwrap_or_default(),
        learnt: row.learnt.map(|learnt| learnt.0).unwrap_or_default(),
        last_word: row.lease_issued_at.and_then(|at| at.format(&Rfc3339).ok()),
    });
    Ok(told.collect())
}

/// A member of staff, and what stands in their profile as a prescriber.
struct Member {
    id: Uuid,
    email: String,
    registration: Option<String>,
}

async fn people(db: &Db, tenant: TenantId) -> anyhow::Result<Vec<Member>> {
    let mut tx = db.read(tenant).await?;
    let people = sqlx::query_as!(
        Member,
        r#"select u.id, u.email, d.registration_council || ' ' || d.registration_number as registration
           from users u left join doctors d on d.tenant_id = u.tenant_id and d.user_id = u.id
           where u.tenant_id = $1"#,
        tenant.0
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(people)
}
