//! The tenant's audit log, as its admins read it. It is kept by the server, and read only with it.

use std::collections::HashMap;
use std::sync::Arc;

use protocol::api::Secret;
use protocol::audit::{Action, AuditEntry, AuditPage, AuditQuery};
use protocol::id::{DeviceId, PatientId, UserId};
use protocol::manage::{DeviceInfo, UserInfo};
use protocol::validate::{day_text, moment_text};
use rusqlite::{OptionalExtension, Transaction};
use time::{Date, Duration, OffsetDateTime, Time, UtcOffset};

use super::{Desk, blocking};
use crate::clock::{time_text, written_day};
use crate::error::{Error, Result};
use crate::replica::Replica;
use crate::settle::patient_name;
use crate::sync::client::Client;
use crate::view::{AuditChoice, AuditChoices, AuditFilter, AuditLine, AuditList, AuditMoment};

/// The log has room for these words, and nothing writes them.
const NEVER_WRITTEN: [Action; 4] = [Action::Search, Action::Sign, Action::BreakGlass, Action::ContextSet];

/// What the server and a computer call one moment may differ by so much without a word.
const SAME_TIME: Duration = Duration::MINUTE;

impl Desk {
    /// A page of the tenant's audit log, the newest first; `older` is [`AuditList::older`] of the page before.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`]; [`Error::AuditNeedsServer`] if the server does not answer; what it says, if this person is no admin;
    /// in words, what is no day.
    pub async fn audit_log(&self, filter: AuditFilter, older: Option<String>) -> Result<AuditList> {
        let replica = self.replica()?;
        let asking = Arc::clone(&replica);
        let query = blocking(move || query(&asking, filter, older)).await?;
        let (client, token) = self.audit_line()?;
        // Whoever is no admin is refused here: the server would show a doctor what they did themself.
        let users = client.users(&token).await.map_err(|error| self.no_audit_line(error))?;
        let devices = client.devices(&token).await.map_err(|error| self.no_audit_line(error))?;
        let page = client.audit(&token, &query).await.map_err(|error| self.no_audit_line(error))?;
        blocking(move || list(&replica, page, users, devices)).await
    }

    /// What the audit log can be filtered by.
    ///
    /// # Errors
    ///
    /// As for [`Desk::audit_log`].
    pub async fn audit_choices(&self) -> Result<AuditChoices> {
        let replica = self.replica()?;
        let (client, token) = self.audit_line()?;
        let users = client.users(&token).await.map_err(|error| self.no_audit_line(error))?;
        Ok(choices(&replica, users))
    }

    fn audit_line(&self) -> Result<(Client, Secret)> {
        self.line().map_err(|error| self.no_audit_line(error))
    }

    fn no_audit_line(&self, error: Error) -> Error {
        match self.no_line(error) {
            Error::StaffNeedsServer => Error::AuditNeedsServer,
            error => error,
        }
    }
}

/// What is asked of the server: days are those of the clinic.
pub(crate) fn query(replica: &Replica, filter: AuditFilter, older: Option<String>) -> Result<AuditQuery> {
    let offset = replica.store.read(|tx| replica.offset(tx))?;
    let day = |text: Option<String>| -> Result<Option<Date>> {
        let text = text.filter(|text| !text.trim().is_empty());
        // Not every web view has a calendar in the field: then a day is typed as people write it.
        let read = |text: String| {
            written_day(&text)
                .ok_or_else(|| Error::Invalid("This is not a day. Write it like 14/08/1972.".into()))
        };
        text.map(read).transpose()
    };
    let (from, to) = (day(filter.from)?, day(filter.to)?);
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        let lies_after =
            "The first day lies after the last one. Choose an earlier first day, or a later last one.";
        return Err(Error::Invalid(lies_after.into()));
    }
    let begin = |day: Date| moment_text(day.with_time(Time::MIDNIGHT).assume_offset(offset));
    Ok(AuditQuery {
        from: from.map(begin),
        to: to.and_then(Date::next_day).map(begin),
        action: filter.action,
        user: filter.person.map(|id| id.to_string()),
        patient: filter.patient.map(|id| id.to_string()),
        after: older,
        ..AuditQuery::default()
    })
}

/// These entries with the names that their ids stand for: of staff and computers as the server has them, of patients as far as
/// this computer knows them.
pub(crate) fn list(
    replica: &Replica,
    page: AuditPage,
    users: Vec<UserInfo>,
    devices: Vec<DeviceInfo>,
) -> Result<AuditList> {
    let names = Names {
        people: users.into_iter().map(|user| (user.id, user.full_name)).collect(),
        computers: devices.into_iter().map(|device| (device.id, device.name)).collect(),
    };
    replica.store.read(|tx| {
        let offset = replica.offset(tx)?;
        let lines = page.entries.iter().map(|entry| line(replica, tx, offset, &names, entry));
        Ok(AuditList { entries: lines.collect::<Result<_>>()?, older: page.next })
    })
}

/// What can be filtered by, in the language that is spoken.
pub(crate) fn choices(replica: &Replica, users: Vec<UserInfo>) -> AuditChoices {
    let actions = Action::ALL.iter().filter(|action| !NEVER_WRITTEN.contains(*action));
    let actions = actions.map(|action| AuditChoice {
        value: action.as_str().into(),
        title: replica.say(what(*action).into()),
    });
    let people =
        users.into_iter().map(|user| AuditChoice { value: user.id.to_string(), title: user.full_name });
    AuditChoices { actions: actions.collect(), people: people.collect() }
}

/// Of whom the server tells an admin.
struct Names {
    people: HashMap<UserId, String>,
    computers: HashMap<DeviceId, String>,
}

fn line(
    replica: &Replica,
    tx: &Transaction<'_>,
    offset: UtcOffset,
    names: &Names,
    entry: &AuditEntry,
) -> Result<AuditLine> {
    let name = match (entry.patient, entry.record) {
        (Some(patient), _) => name_of(tx, patient)?,
        (None, Some(record)) => {
            let person = names.people.get(&UserId(record));
            person.or_else(|| names.computers.get(&DeviceId(record))).cloned()
        }
        (None, None) => None,
    };
    let is_other_time = |done: &OffsetDateTime| (entry.at - *done).abs() >= SAME_TIME;
    Ok(AuditLine {
        id: format!("{}.{}", entry.lane, entry.seq),
        at: moment(entry.at, offset),
        done: entry.occurred_at.filter(is_other_time).map(|done| moment(done, offset)),
        who: who(replica, names, entry),
        computer: entry.device.and_then(|id| names.computers.get(&id).cloned()),
        what: replica.say(what(entry.action).into()),
        record: entry.table.as_deref().map(|table| replica.say(record(table))),
        name,
        patient: entry.patient,
    })
}

fn moment(at: OffsetDateTime, offset: UtcOffset) -> AuditMoment {
    let local = at.checked_to_offset(offset).unwrap_or(at);
    AuditMoment { day: day_text(local.date()), time: time_text(local) }
}

fn name_of(tx: &Transaction<'_>, patient: PatientId) -> Result<Option<String>> {
    let sql = "select first_name, last_name from patients where id = ?1";
    let named = tx
        .prepare_cached(sql)?
        .query_row([patient.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(named.and_then(|(first, last)| patient_name(first, last, None)))
}

fn who(replica: &Replica, names: &Names, entry: &AuditEntry) -> String {
    if let Some(name) = entry.user.and_then(|id| names.people.get(&id)) {
        return name.clone();
    }
    let no_person = match entry.user {
        Some(_) => "Somebody who is not on the list of staff".to_owned(),
        None if entry.action == Action::LoginFailed => "Nobody whom the server knows".to_owned(),
        None if entry.lane == "operator" => "Whoever runs the server".to_owned(),
        None => format!("No person, but a program: {}", entry.login),
    };
    replica.say(no_person)
}

/// What was done, in plain words.
pub(crate) fn what(action: Action) -> &'static str {
    match action {
        Action::Login => "Signed in",
        Action::Logout => "Locked or signed out",
        Action::LoginFailed => "Failed to sign in",
        Action::View => "Opened",
        Action::Search => "Searched",
        Action::Create => "Added",
        Action::Update => "Changed",
        Action::Delete => "Deleted",
        Action::Sign => "Signed",
        Action::Finalise => "Prescription signed",
        Action::Amend => "Prescription amended",
        Action::Void => "Prescription made void",
        Action::Print => "Printed or saved as PDF",
        Action::Export => "Exported",
        Action::Import => "Imported",
        Action::Restore => "Restored from a backup",
        Action::Merge => "Patients merged",
        Action::Unmerge => "Patients separated again",
        Action::ConflictResolve => "Difference or refused change decided",
        Action::AlertOverride => "Signed despite a safety warning",
        Action::RoleChange => "Roles changed",
        Action::DeviceEnrol => "Computer enrolled",
        Action::DeviceRevoke => "Computer taken out of service",
        Action::BreakGlass => "Opened with a reason",
        Action::OperatorAccess => "Command of whoever runs the server",
        Action::SyncPush => "Changes sent",
        Action::SyncPull => "Changes fetched",
        Action::ContextSet => "Clinic switched",
        Action::Other => "Something that this version does not know",
    }
}

/// The kind of a record, in plain words.
pub(crate) fn record(table: &str) -> String {
    match table {
        "patients" => "Patient".into(),
        "patient_allergies" => "Allergy".into(),
        "prescriptions" => "Prescription".into(),
        "prescription_items" => "Line of a prescription".into(),
        "appointments" => "Visit".into(),
        "dental_attachments" => "File".into(),
        "dental_procedures" => "Dental treatment".into(),
        "dental_observations" => "Dental finding".into(),
        "dental_observation_templates" => "Dental phrase".into(),
        "case_studies" => "Case study".into(),
        "clinics" => "Clinic".into(),
        "doctors" => "Doctor’s registration".into(),
        "tenant_medicines" => "Medicine".into(),
        "short_keys" => "Short key".into(),
        "users" => "Member of staff".into(),
        "user_clinics" => "Clinics of a member of staff".into(),
        "devices" => "Computer".into(),
        "device_users" => "Person on a computer".into(),
        "device_revocations" => "Computer out of service".into(),
        "restored_desktops" => "Computer after a restore of the server".into(),
        "own_keys" => "Key with which a person signs".into(),
        "admin_restorations" => "Admin made by whoever runs the server".into(),
        "tenants" => "Plan and limits".into(),
        "enrolment_codes" => "Code for a computer".into(),
        "sync_conflicts" => "Difference".into(),
        "sync_quarantine" => "Refused change".into(),
        "tenant_audit_log" => "Audit log".into(),
        other => other.replace('_', " "),
    }
}
