//! One mutation: opened, merged into the rows, applied whole or not at all.

use std::collections::BTreeSet;

use protocol::api::{DeviceScope, Fate, Receipt};
use protocol::error::{Refusal, RefusalCode};
use protocol::form;
use protocol::id::{DeviceId, UserId};
use protocol::merge::{Current, ReviewColumn, merge};
use protocol::mutation::{Change, Hash, Mutation, Op, SignedMutation};
use protocol::permission::Roles;
use protocol::settlement::{self, Gone};
use protocol::signing::is_signature;
use protocol::table::{Scope, TableName};
use serde::Deserialize;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use super::conflicts::{self, Course};
use super::own_key::{self, Own};
use super::people::{self, Judged, Person, nobody_here};
use super::prescription::Step;
use super::rows::{self, Origin};
use super::session::Session;
use super::{log, own, prescription, quarantine, settle};
use crate::error::{Error, Result, violated_constraint};

/// A mutation whose signature was checked.
#[derive(Debug)]
pub(super) struct Opened<'a> {
    pub(super) signed: &'a SignedMutation,
    pub(super) sequence: i64,
    pub(super) actor: UserId,
    /// The rows that it changes.
    pub(super) row_ids: Vec<Uuid>,
    /// Why not, if it is not of a form that this server takes.
    pub(super) mutation: Result<Mutation, Refusal>,
}

/// What even a mutation of a newer desktop says.
#[derive(Deserialize)]
struct Envelope {
    device_id: DeviceId,
    sequence: i64,
    actor_user_id: UserId,
    #[serde(default)]
    changes: Vec<EnvelopeChange>,
}

#[derive(Deserialize)]
struct EnvelopeChange {
    id: Uuid,
}

/// Why a mutation did not go in.
#[derive(Debug)]
pub(super) enum Failure {
    /// Its content: it goes to quarantine.
    Refusal(Refusal),
    /// The server: the whole push fails and is sent again.
    Server(Error),
}

impl<'a> Opened<'a> {
    /// Checks hash, signature and device. What fails here was not sent by the device as it is.
    pub(super) fn open(
        signed: &'a SignedMutation,
        device: DeviceId,
        key: &ed25519_dalek::VerifyingKey,
    ) -> Result<Self> {
        if !signed.is_from(key) {
            return Err(Error::Invalid("A mutation's hash or signature does not fit."));
        }
        if signed.own_signature.as_ref().is_some_and(|text| !is_signature(text)) {
            return Err(Error::Invalid("What stands for the author's own signature is none."));
        }
        let envelope: Envelope = serde_json::from_str(&signed.body)
            .map_err(|_| Error::Invalid("A mutation does not say who did it, where, and in which order."))?;
        if envelope.device_id != device {
            return Err(Error::Invalid("A mutation is another device's."));
        }
        let row_ids: BTreeSet<Uuid> = envelope.changes.iter().map(|change| change.id).collect();
        Ok(Self {
            signed,
            sequence: envelope.sequence,
            actor: envelope.actor_user_id,
            row_ids: row_ids.into_iter().collect(),
            mutation: form::read(&signed.body),
        })
    }

    /// Whether it may add a patient.
    pub(super) fn touches_patients(&self) -> bool {
        self.mutation
            .iter()
            .flat_map(|mutation| &mutation.changes)
            .any(|change| change.table == TableName::Patients && change.op == Op::Insert)
    }

    /// Whether it says what becomes of another one.
    pub(super) fn settles(&self) -> bool {
        self.mutation.as_ref().is_ok_and(|mutation| mutation.settles.is_some())
    }
}

/// Applies a mutation that was done at this moment, or sets it aside. The answer is kept by the caller, in the same
/// transaction; with it comes where it stands among the device's mutations, if not by its own number.
pub(super) async fn apply(
    tx: &mut PgConnection,
    session: &mut Session,
    opened: &Opened<'_>,
    done_at: OffsetDateTime,
) -> Result<(Receipt, Option<i64>)> {
    let (sequence, hash) = (opened.sequence, opened.signed.hash);
    let mutation = match &opened.mutation {
        Ok(mutation) => mutation,
        Err(refusal) => return Ok((log::refused(sequence, hash, refusal.clone()), None)),
    };
    let own = if mutation.needs_own_signature() {
        own_key::judge(session.own_key(tx, mutation).await?, opened.signed, None)
    } else {
        Own::NoKey
    };
    if let Some(refusal) = own.refusal() {
        // Who made it may be nobody who works here, and it is in a person's name.
        session.lapsed.insert(sequence);
        return Ok((log::refused(sequence, hash, refusal), None));
    }
    let judged = Judged::ThenAndNow(done_at);
    match &mutation.settles {
        Some(settlement) => settle::apply(tx, session, mutation, hash, settlement, (judged, own)).await,
        None => Ok((attempt(tx, session, mutation, hash, sequence, judged).await?, None)),
    }
}

/// Applies a mutation at its place among the device's, or says why not.
pub(super) async fn attempt(
    tx: &mut PgConnection,
    session: &mut Session,
    mutation: &Mutation,
    hash: Hash,
    place: i64,
    judged: Judged,
) -> Result<Receipt> {
    let sequence = mutation.sequence;
    let touched = touched_rows(mutation);
    if let Some(first) = quarantine::blocked_by(tx, session, (place, sequence), &touched).await? {
        return Ok(log::blocked(sequence, hash, first));
    }
    let Some(person) = session.person(tx, mutation.actor_user_id).await? else {
        return Ok(log::refused(sequence, hash, nobody_here()));
    };
    let gone = quarantine::gone(tx, session, (place, sequence), &touched).await?;
    let work = Work { mutation, name: &person.name, gone: &gone };
    let done = match judged {
        Judged::ThenOrNow(at) => work.done_as(tx, session, &person.either(at), Keep::Yes).await?,
        Judged::ThenAndNow(at) if person.then(at) == person.now() => match person.must_be_here(at) {
            Some(refusal) => Err(refusal),
            None => work.done_as(tx, session, person.now(), Keep::Yes).await?,
        },
        Judged::ThenAndNow(at) => work.done_as_then_and_now(tx, session, &person, at).await?,
    };
    Ok(match done {
        Ok(done) => done.receipt(sequence, hash),
        Err(refusal) => log::refused(sequence, hash, refusal),
    })
}

/// A mutation that is tried.
struct Work<'a> {
    mutation: &'a Mutation,
    /// Of its author.
    name: &'a str,
    /// What it builds on that never went in.
    gone: &'a [Gone],
}

/// Whether what was done stays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Yes,
    No,
}

impl Work<'_> {
    /// Does it as somebody of these roles.
    async fn done_as(
        &self,
        tx: &mut PgConnection,
        session: &mut Session,
        roles: &Roles,
        keep: Keep,
    ) -> Result<Result<Done, Refusal>> {
        if session.is_hopeful && keep == Keep::Yes {
            return match apply_changes(tx, session, self, roles).await {
                Err(Failure::Server(error)) => Err(error),
                Err(Failure::Refusal(refusal)) => {
                    session.is_spoilt = true;
                    Err(anyhow::anyhow!("a mutation was refused ({:?}) with no way back", refusal.code)
                        .into())
                }
                Ok(done) => Ok(Ok(done)),
            };
        }
        let room = session.room;
        let mut savepoint = tx.begin().await?;
        let done = match apply_changes(&mut savepoint, session, self, roles).await {
            Err(Failure::Server(error)) => return Err(error),
            Err(Failure::Refusal(refusal)) => Err(refusal),
            Ok(done) => Ok(done),
        };
        if done.is_ok() && keep == Keep::Yes {
            savepoint.commit().await?;
        } else {
            savepoint.rollback().await?;
            // A patient who was not taken in takes nobody's place.
            session.room = room;
        }
        Ok(done)
    }

    /// Does it as somebody whose roles are not what they were, if they might do it then and may do it now.
    async fn done_as_then_and_now(
        &self,
        tx: &mut PgConnection,
        session: &mut Session,
        person: &Person,
        at: OffsetDateTime,
    ) -> Result<Result<Done, Refusal>> {
        let then = self.done_as(tx, session, person.then(at), Keep::No).await?;
        let keep = if then.is_ok() { Keep::Yes } else { Keep::No };
        let now = self.done_as(tx, session, person.now(), keep).await?;
        let is_forbidden = |done: &Result<Done, Refusal>| {
            done.as_ref().is_err_and(|refusal| refusal.code == RefusalCode::NotAllowed)
        };
        Ok(match (is_forbidden(&then), is_forbidden(&now)) {
            (false, false) => then.and(now),
            (false, true) => {
                session.lapsed.insert(self.mutation.sequence);
                Err(person.may_no_more())
            }
            (true, false) => Err(person.might_not_yet()),
            (true, true) => person.must_be_here(at).map_or(now, Err),
        })
    }
}

/// What came of a mutation.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) met_others: bool,
    pub(super) review: Vec<ReviewColumn>,
}

impl Done {
    pub(super) fn receipt(self, sequence: i64, hash: Hash) -> Receipt {
        let fate = if !self.review.is_empty() {
            Fate::Conflict
        } else if self.met_others {
            Fate::Merged
        } else {
            Fate::Applied
        };
        Receipt { sequence, hash, fate, code: None, detail: None, blocked_by: None, review: self.review }
    }
}

async fn apply_changes(
    tx: &mut PgConnection,
    session: &mut Session,
    work: &Work<'_>,
    roles: &Roles,
) -> Result<Done, Failure> {
    let Work { mutation, name, gone } = *work;
    let now = session.now;
    let origin = Origin {
        tenant: session.tenant,
        device: session.device,
        actor: mutation.actor_user_id,
        recorded_at: mutation.recorded_at,
        now,
    };
    if roles.0.is_empty() {
        return Err(Refusal::new(RefusalCode::NotAllowed, "This person's role may do nothing here.").into());
    }
    let recorded_at_ms =
        i64::try_from(people::said(mutation, now).unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    let decisions = conflicts::decisions(tx, session, roles, mutation).await?;
    let mut changes: Vec<&Change> = mutation.changes.iter().collect();
    changes.sort_by_key(|change| change.table);
    let mut done = Done::default();
    let (mut to_sign, mut to_withdraw) = (Vec::new(), Vec::new());
    let mut locked = session.lock_all(tx, &changes).await?;
    // Rows of one table that nothing looks at before the next one are inserted together.
    let (mut new, mut new_in) = (Vec::new(), None);
    for change in changes {
        check_scope(change, session.scope)?;
        let is_apart =
            new_in != Some(change.table) || !matches!(locked.get(&(change.table, change.id)), Some(None));
        if let Some(table) = new_in.filter(|_| is_apart) {
            rows::insert(tx, origin, table, &std::mem::take(&mut new)).await?;
        }
        new_in = Some(change.table);
        if conflicts::course(&decisions, change)? == Course::Leave {
            continue;
        }
        if change.table == TableName::SyncConflicts && change.op == Op::Insert {
            done.met_others |= !conflicts::propose(tx, session, origin, change).await?;
            continue;
        }
        let current = match locked.remove(&(change.table, change.id)) {
            Some(current) => current,
            None => session.lock(tx, change).await?,
        };
        let exists = current.is_some();
        let rebased = current
            .as_ref()
            .filter(|_| !gone.is_empty())
            .map(|current| settlement::rebased(change, &current.values, gone));
        let change = rebased.as_ref().unwrap_or(change);
        let status = current.as_ref().and_then(prescription::status_of);
        let owner = current.as_ref().and_then(|row| own::doctor_of(change.table, &row.values));
        let known_by = current.as_ref().map(natural_key);
        let mut merged = merge(change, current, roles, recorded_at_ms)?;
        own::check(tx, origin, change, owner, &merged.row).await?;
        done.met_others |= merged.met_others;
        if change.table == TableName::Prescriptions {
            prescription::name_preparer(change, &mut merged.row, name);
            match prescription::step(status.as_deref(), &mut merged.row, roles, origin)? {
                Some(Step::Sign) => to_sign.push(change.id),
                Some(Step::Withdraw) => to_withdraw.push(change.id),
                None => {}
            }
        }
        let mut other = None;
        if change.set.contains_key("merged_into_id") {
            conflicts::keep_out_of_circles(tx, session.tenant, change, &mut merged).await?;
        }
        if change.table == TableName::Patients && merged.changed {
            if known_by.is_none_or(|before| before != natural_key(&merged.row)) {
                other = keep_duplicate(tx, origin, change.id, &mut merged.row).await?;
            }
            if !exists {
                merged.row.values.insert("beyond_plan".to_owned(), (!session.room.take()).into());
            }
        }
        if decisions.contains_key(&change.id) {
            conflicts::sign(&mut merged.row.values, origin, name);
        }
        conflicts::open_reviews(tx, session, origin, mutation.sequence, &merged.review, &merged.row.values)
            .await?;
        done.review.append(&mut merged.review);
        if merged.changed && !exists && change.table != TableName::Patients {
            new.push((change.id, merged.row));
        } else if merged.changed {
            rows::write(tx, origin, change.table, change.id, &merged.row, exists).await?;
        }
        if let Some(other) = other {
            done.met_others = true;
            conflicts::ask_whether_one(tx, session, origin, change.id, other).await?;
        }
    }
    if let Some(table) = new_in {
        rows::insert(tx, origin, table, &new).await?;
    }
    for id in to_sign {
        prescription::sign(tx, session, mutation, roles, id).await?;
    }
    for id in to_withdraw {
        prescription::check_withdrawal(tx, session.tenant, mutation.actor_user_id, id).await?;
    }
    conflicts::conclude(tx, session, origin, mutation.sequence, &decisions, &mut done).await?;
    Ok(done)
}

/// A computer at the front desk is never sent clinical columns, so it cannot know what it would write.
fn check_scope(change: &Change, scope: DeviceScope) -> Result<(), Refusal> {
    let is_clinical = |name: &String| {
        change.table.table().column(name).is_some_and(|column| column.scope == Scope::Clinical)
    };
    if scope == DeviceScope::FrontDesk
        && (change.set.keys().any(is_clinical) || change.table.table().is_clinical())
    {
        return Err(Refusal::new(
            RefusalCode::NotAllowed,
            format!("A computer at the front desk does not write {}.", change.table.as_str()),
        ));
    }
    Ok(())
}

/// What no two patients have alike.
fn natural_key(row: &Current) -> (bool, [Option<Value>; 4]) {
    let names = ["mobile_number", "first_name_norm", "duplicate_ordinal", "merged_into_id"];
    (row.deleted, names.map(|name| row.values.get(name).cloned()))
}

/// The same number and first name as another patient's, registered where the other was not seen: both are
/// kept, and a person decides. The answer is that other one.
async fn keep_duplicate(
    tx: &mut PgConnection,
    origin: Origin,
    id: Uuid,
    row: &mut Current,
) -> Result<Option<Uuid>, Failure> {
    let text = |name: &str| row.values.get(name).and_then(Value::as_str);
    if row.deleted || text("merged_into_id").is_some() {
        return Ok(None);
    }
    let others = sqlx::query!(
        "select id, duplicate_ordinal from patients
         where tenant_id = $1 and mobile_number = $2 and first_name_norm = $3 and id <> $4
           and deleted_at is null and merged_into_id is null
         order by duplicate_ordinal",
        origin.tenant.0,
        text("mobile_number"),
        text("first_name_norm"),
        id
    )
    .fetch_all(tx)
    .await?;
    let own = row.values.get("duplicate_ordinal").and_then(Value::as_i64).unwrap_or(0);
    if !others.iter().any(|other| i64::from(other.duplicate_ordinal) == own) {
        return Ok(None);
    }
    let next = others.last().map_or(0, |last| last.duplicate_ordinal + 1);
    row.values.insert("duplicate_ordinal".to_owned(), next.into());
    row.values.insert("needs_review".to_owned(), true.into());
    Ok(others.first().map(|other| other.id))
}

/// The rows that a mutation changes or points at.
fn touched_rows(mutation: &Mutation) -> Vec<Uuid> {
    let mut ids = BTreeSet::new();
    for change in &mutation.changes {
        ids.insert(change.id);
        for (name, set) in &change.set {
            if change.table.table().column(name).is_some_and(|column| column.refers_to.is_some()) {
                ids.extend(set.value.as_str().and_then(|text| text.parse::<Uuid>().ok()));
            }
        }
    }
    ids.into_iter().collect()
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Server(error)
    }
}

impl From<sqlx::Error> for Failure {
    /// The database's constraints are the last judge of content.
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code().map(String::from));
        let constraint = violated_constraint(&error).unwrap_or_default();
        let (code, detail) = match code.as_deref() {
            Some("23503") => (RefusalCode::MissingParent, "A row that it points at does not exist here."),
            Some("23505") if constraint == "short_keys_natural_key" => {
                (RefusalCode::BadValue, "Another short key has this name already.")
            }
            Some("23505") if constraint == "prescriptions_number_key" => {
                (RefusalCode::BadValue, "Another prescription has this number already.")
            }
            Some("23505") if constraint == "dental_observation_templates_natural_key" => {
                (RefusalCode::BadValue, "Another template has this key already.")
            }
            Some("23505") => (RefusalCode::BadValue, "Another row has the same key already."),
            Some("23514") if constraint == "prescriptions_signed_check" => {
                (RefusalCode::Fixed, "A signed prescription does not change; amend it instead.")
            }
            Some("23514") if constraint == "dental_procedures_completed_check" => {
                (RefusalCode::Fixed, "A completed procedure does not change; add to its note.")
            }
            Some("23514") if constraint == "dental_attachments_file_check" => {
                (RefusalCode::Fixed, "An attachment's file does not change; add another one.")
            }
            Some("23502" | "23514") => (RefusalCode::BadValue, "A value is missing or not allowed."),
            Some(code) if code.starts_with("22") => {
                (RefusalCode::BadValue, "A value is not one that its column can hold.")
            }
            _ => return Self::Server(Error::Sqlx(error)),
        };
        Self::Refusal(Refusal::new(code, detail))
    }
}
