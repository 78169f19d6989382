//! What a person makes of a mutation that was set aside, and what goes on behind it: in one transaction.

use protocol::api::{DeviceScope, Fate, Receipt};
use protocol::conflict::{Item, Kind, Source};
use protocol::error::{Refusal, RefusalCode};
use protocol::mutation::{Hash, Mutation};
use protocol::permission::Role;
use protocol::settlement::{Settlement, Settler, Way, check_replacement, item_id};
use protocol::table::TableName;
use protocol::validate::moment_text;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::mutation::{Done, attempt};
use super::own_key::{self, Own};
use super::people::{Judged, nobody_here};
use super::quarantine::{self, Aside, Ending};
use super::rows::{self, Origin};
use super::session::Session;
use super::{conflicts, log};
use crate::error::Result;

/// Who settles, where, and with which mutation.
struct By<'a> {
    origin: Origin,
    name: &'a str,
    sequence: i64,
    settlement: &'a Settlement,
    /// Whether they are an admin: whoever gives and takes roles lets in what one of them was missing for.
    is_admin: bool,
    /// Whether they signed it with their own key, and the refused one is in their name: so they make it theirs.
    is_own: bool,
}

/// Applies a settlement. The answer to it comes with the place where it stands: that of what it corrects.
pub(super) async fn apply(
    tx: &mut PgConnection,
    session: &mut Session,
    mutation: &Mutation,
    hash: Hash,
    settlement: &Settlement,
    (judged, own): (Judged, Own),
) -> Result<(Receipt, Option<i64>)> {
    let sequence = mutation.sequence;
    let refused = |code, detail: &str| (log::refused(sequence, hash, Refusal::new(code, detail)), None);
    let Some(person) = session.person(tx, mutation.actor_user_id).await? else {
        return Ok((log::refused(sequence, hash, nobody_here()), None));
    };
    let found = quarantine::lock(tx, session.tenant, settlement.device_id, settlement.sequence).await?;
    let Some(aside) = found else {
        return Ok(refused(RefusalCode::MissingRow, "No such change was set aside."));
    };
    let (Judged::ThenAndNow(at) | Judged::ThenOrNow(at)) = judged;
    if let Some(refusal) = person.must_be_here(at) {
        return Ok((log::refused(sequence, hash, refusal), None));
    }
    let roles = person.both(at);
    let settler = Settler {
        roles: &roles,
        is_author: aside.author == mutation.actor_user_id,
        is_there: aside.device == session.device,
        is_lost: aside.is_lost,
    };
    let checked = settlement.check(settler, &mutation.changes).and_then(|()| match &aside.mutation {
        Ok(refused) if settlement.way == Way::Replace => check_replacement(refused, &mutation.changes),
        _ => Ok(()),
    });
    if let Err(refusal) = checked {
        return Ok((log::refused(sequence, hash, refusal), None));
    }
    if aside.is_settled {
        // Somebody was first. A correction is still what a person made of the record.
        return Ok(match settlement.way {
            Way::Replace => (attempt(tx, session, mutation, hash, sequence, judged).await?, None),
            _ => (Done { met_others: true, ..Done::default() }.receipt(sequence, hash), None),
        });
    }
    let origin = Origin {
        tenant: session.tenant,
        device: session.device,
        actor: mutation.actor_user_id,
        recorded_at: mutation.recorded_at,
        now: session.now,
    };
    let is_admin = roles.0.contains(&Role::Admin);
    let is_own = own == Own::Signed && aside.author == mutation.actor_user_id;
    let by = By { origin, name: &person.name, sequence, settlement, is_admin, is_own };
    match settlement.way {
        Way::HandOver => {
            let from = session.source(tx, origin).await?;
            hand_over(tx, session, &aside, from, settlement.reason.as_deref()).await?;
            Ok((Done::default().receipt(sequence, hash), None))
        }
        Way::Replace if aside.device != session.device => {
            let instead = attempt(tx, session, mutation, hash, sequence, judged).await?;
            // Refused, it waits by itself, and what it was to correct goes on waiting.
            if !instead.fate.is_aside() {
                session.instead.insert(sequence, mutation.changes.clone());
                let mut theirs = on_behalf(tx, session, &aside).await?;
                end(tx, &mut theirs, &aside, &by, Fate::Replaced, None).await?;
                go_on(tx, &mut theirs, aside.sequence, &by).await?;
                hand_over_lapsed(tx, &mut theirs).await?;
                session.takes_over(theirs);
            }
            Ok((instead, None))
        }
        Way::Replace => {
            end(tx, session, &aside, &by, Fate::Replaced, None).await?;
            session.instead.insert(sequence, mutation.changes.clone());
            let instead = attempt(tx, session, mutation, hash, aside.place, judged).await?;
            if instead.fate.is_aside() {
                // What waited behind it waits behind what took its place.
                let first = instead.blocked_by.unwrap_or(sequence);
                for next in quarantine::behind(tx, session.tenant, session.device, aside.sequence).await? {
                    quarantine::note(tx, session, &log::blocked(next, Hash::ZERO, first)).await?;
                }
            } else {
                go_on(tx, session, aside.sequence, &by).await?;
            }
            Ok((instead, Some(aside.place)))
        }
        Way::Retry | Way::Discard if aside.device == session.device => {
            let detail = settle(tx, session, &aside, &by).await?;
            Ok((Receipt { detail, ..Done::default().receipt(sequence, hash) }, None))
        }
        Way::Retry | Way::Discard => {
            let mut theirs = on_behalf(tx, session, &aside).await?;
            let detail = settle(tx, &mut theirs, &aside, &by).await?;
            session.takes_over(theirs);
            Ok((Receipt { detail, ..Done::default().receipt(sequence, hash) }, None))
        }
    }
}

/// Tries it again or discards it, on its own device's behalf. The answer says so if it is refused again.
async fn settle(
    tx: &mut PgConnection,
    theirs: &mut Session,
    aside: &Aside,
    by: &By<'_>,
) -> Result<Option<String>> {
    if by.settlement.way == Way::Discard {
        end(tx, theirs, aside, by, Fate::Discarded, None).await?;
    } else {
        let again = match &aside.mutation {
            Ok(mutation) => {
                if let Some(refusal) = not_signed(tx, theirs, aside, mutation, by).await? {
                    log::refused(aside.sequence, aside.hash, refusal)
                } else {
                    let judged = aside.judged(mutation, theirs.now, by.is_admin);
                    attempt(tx, theirs, mutation, aside.hash, aside.place, judged).await?
                }
            }
            Err(refusal) => log::refused(aside.sequence, aside.hash, refusal.clone()),
        };
        if again.fate.is_aside() {
            quarantine::note(tx, theirs, &again).await?;
            tell(tx, theirs, aside, by.origin, &again).await?;
            hand_over_lapsed(tx, theirs).await?;
            let why =
                again.detail.unwrap_or_else(|| "It builds on another change that is set aside.".to_owned());
            return Ok(Some(format!("It was refused again. {why}")));
        }
        theirs.went_in(aside.mutation.as_ref().ok());
        end(tx, theirs, aside, by, again.fate, Some(&again)).await?;
    }
    go_on(tx, theirs, aside.sequence, by).await?;
    hand_over_lapsed(tx, theirs).await?;
    Ok(None)
}

/// Why it does not go in, if its author's own signature is missing: nobody but they can say that it is theirs, and an admin
/// only that it came too late for its key.
async fn not_signed(
    tx: &mut PgConnection,
    theirs: &mut Session,
    aside: &Aside,
    mutation: &Mutation,
    by: &By<'_>,
) -> Result<Option<Refusal>> {
    if by.is_own || !mutation.needs_own_signature() {
        return Ok(None);
    }
    let key = theirs.own_key(tx, mutation).await?;
    let own = own_key::judge(key, &aside.signed, Some(aside.received_at));
    Ok(if own == Own::Late && by.is_admin { None } else { own.refusal() })
}

/// Tries in their order what waited behind a mutation that does so no more.
async fn go_on(tx: &mut PgConnection, theirs: &mut Session, sequence: i64, by: &By<'_>) -> Result<()> {
    for next in quarantine::behind(tx, theirs.tenant, theirs.device, sequence).await? {
        let Some(aside) = quarantine::lock(tx, theirs.tenant, theirs.device, next).await? else { continue };
        let receipt = match &aside.mutation {
            Ok(mutation) => {
                let judged = aside.judged(mutation, theirs.now, false);
                attempt(tx, theirs, mutation, aside.hash, aside.place, judged).await?
            }
            Err(refusal) => log::refused(aside.sequence, aside.hash, refusal.clone()),
        };
        if receipt.fate.is_aside() {
            quarantine::note(tx, theirs, &receipt).await?;
            continue;
        }
        theirs.went_in(aside.mutation.as_ref().ok());
        end(tx, theirs, &aside, by, receipt.fate, Some(&receipt)).await?;
    }
    Ok(())
}

async fn end(
    tx: &mut PgConnection,
    theirs: &mut Session,
    aside: &Aside,
    by: &By<'_>,
    fate: Fate,
    receipt: Option<&Receipt>,
) -> Result<()> {
    let reason = by.settlement.reason.as_deref().map(str::trim).filter(|_| fate == Fate::Discarded);
    let detail = match fate {
        Fate::Discarded => reason.map(str::to_owned),
        Fate::Replaced => Some(format!("Corrected as change {}.", by.sequence)),
        _ => receipt.and_then(|receipt| receipt.detail.clone()),
    };
    let ending =
        Ending { fate, detail, reason, by: by.origin.actor, device: by.origin.device, sequence: by.sequence };
    quarantine::end(tx, theirs, aside.sequence, &ending, receipt).await?;
    let choice = match fate {
        Fate::Discarded => "theirs",
        Fate::Replaced => "other",
        _ => "ours",
    };
    close(tx, theirs, aside, by, choice).await
}

/// Brings one before the tenant's admins. The item tells who and when and why, and none of the values: admins by
/// themselves see no clinical column. What only said what becomes of another one is not brought: that one is.
pub(super) async fn hand_over(
    tx: &mut PgConnection,
    session: &mut Session,
    aside: &Aside,
    from: Source,
    why: Option<&str>,
) -> Result<()> {
    quarantine::note_before_admins(tx, session.tenant, aside).await?;
    let mutation = aside.mutation.as_ref().ok();
    if mutation.is_some_and(|mutation| mutation.changes.is_empty()) {
        return Ok(());
    }
    let id = item_id(aside.device, aside.sequence);
    let changes = mutation.map_or(&[][..], |mutation| mutation.changes.as_slice());
    // What nobody here can read names no record: its item is about itself.
    let (table, row) =
        changes.first().map_or((TableName::SyncConflicts, id), |first| (first.table, first.id));
    let origin = Origin {
        tenant: session.tenant,
        device: aside.device,
        actor: aside.author,
        recorded_at: mutation.map_or(aside.done_at.unwrap_or(session.now), |mutation| mutation.recorded_at),
        now: session.now,
    };
    let mut patient = None;
    for change in changes {
        let is = rows::lock(tx, session.tenant, change.table, change.id).await?;
        let values = is.map_or_else(|| change.values(), |is| is.values);
        patient = conflicts::patient_of(tx, session.tenant, (change.table, change.id), &values).await?;
        if patient.is_some() {
            break;
        }
    }
    // One whose registration itself was refused is nobody here.
    let patient = match patient {
        Some(id) => rows::lock(tx, session.tenant, TableName::Patients, id).await?.map(|_| id),
        None => None,
    };
    let item = Item {
        id,
        kind: Kind::Refused,
        table,
        row,
        column: None,
        patient,
        rule: None,
        base: Value::Null,
        theirs: json!({ "why": why.map(str::trim) }),
        ours: json!({
            "device_id": aside.device,
            "sequence": aside.sequence,
            "kind": mutation.map_or("unreadable_change", |mutation| mutation.kind.as_str()),
            "code": aside.code,
            "detail": aside.detail,
        }),
        theirs_from: from,
        ours_from: author(tx, session, origin).await?,
    };
    session.open(tx, &item).await?;
    Ok(())
}

/// Who made a refused mutation, on whichever device.
async fn author(tx: &mut PgConnection, session: &mut Session, origin: Origin) -> Result<Source> {
    if origin.device == session.device {
        return session.source(tx, origin).await;
    }
    let room = session.room;
    Session::new(session.tenant, origin.device, DeviceScope::FrontDesk, room, session.now)
        .source(tx, origin)
        .await
}

/// Writes into the item, if there is one, that it was refused again and why.
async fn tell(
    tx: &mut PgConnection,
    session: &mut Session,
    aside: &Aside,
    origin: Origin,
    again: &Receipt,
) -> Result<()> {
    let id = item_id(aside.device, aside.sequence);
    let Some(mut row) = rows::lock(tx, session.tenant, TableName::SyncConflicts, id).await? else {
        return Ok(());
    };
    let Some(ours) = row.values.get_mut("ours").and_then(Value::as_object_mut) else { return Ok(()) };
    ours.insert("code".to_owned(), json!(again.code));
    ours.insert("detail".to_owned(), json!(again.detail));
    ours.insert("tried_at".to_owned(), json!(moment_text(origin.recorded_at)));
    rows::write(tx, origin, TableName::SyncConflicts, id, &row, true).await?;
    session.wrote(TableName::SyncConflicts, id);
    Ok(())
}

/// Resolves the item about a mutation that waits no more, if there is one.
async fn close(
    tx: &mut PgConnection,
    session: &mut Session,
    aside: &Aside,
    by: &By<'_>,
    choice: &str,
) -> Result<()> {
    let id = item_id(aside.device, aside.sequence);
    let Some(mut row) = rows::lock(tx, session.tenant, TableName::SyncConflicts, id).await? else {
        return Ok(());
    };
    row.values.insert("state".to_owned(), json!("resolved"));
    row.values.insert("choice".to_owned(), json!(choice));
    row.values.insert("reason".to_owned(), json!(by.settlement.reason.as_deref().map(str::trim)));
    conflicts::sign(&mut row.values, by.origin, by.name);
    rows::write(tx, by.origin, TableName::SyncConflicts, id, &row, true).await?;
    session.wrote(TableName::SyncConflicts, id);
    Ok(())
}

/// What is done for the device of a refused mutation, by somebody at another one. Corrections of this push are in no log
/// yet.
async fn on_behalf(tx: &mut PgConnection, session: &Session, aside: &Aside) -> Result<Session> {
    let scope = sqlx::query_scalar!(
        "select scope from devices where tenant_id = $1 and id = $2",
        session.tenant.0,
        aside.device.0
    )
    .fetch_one(tx)
    .await?;
    let scope = log::from_text(scope)?;
    let mut theirs = Session::new(session.tenant, aside.device, scope, session.room, session.now);
    theirs.instead.clone_from(&session.instead);
    Ok(theirs)
}

/// Brings before the admins what its author may not do any more: whether it goes in is theirs to say, and whoever made
/// it may not be there.
pub(super) async fn hand_over_lapsed(tx: &mut PgConnection, session: &mut Session) -> Result<()> {
    for sequence in std::mem::take(&mut session.lapsed) {
        hand_over_one(tx, session, sequence).await?;
    }
    Ok(())
}

/// Brings before the admins whatever waits of computers that are out of service, however that was said, and is not
/// before them yet: nobody is at those computers any more.
pub(super) async fn hand_over_lost(tx: &mut PgConnection, session: &mut Session) -> Result<()> {
    for (device, sequence) in quarantine::lost(tx, session.tenant).await? {
        if let Some(aside) = quarantine::lock(tx, session.tenant, device, sequence).await? {
            hand_over(tx, session, &aside, Source::default(), None).await?;
        }
    }
    Ok(())
}

async fn hand_over_one(tx: &mut PgConnection, session: &mut Session, sequence: i64) -> Result<()> {
    let found = quarantine::lock(tx, session.tenant, session.device, sequence).await?;
    if let Some(aside) = found.filter(|aside| !aside.is_settled) {
        hand_over(tx, session, &aside, Source::default(), None).await?;
    }
    Ok(())
}
