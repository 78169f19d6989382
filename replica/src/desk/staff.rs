//! Whom an admin adds, changes and gives a one-time password. Staff are kept by the server, and changed only with it.

use std::collections::HashMap;

use protocol::api::{NewDoctor, Secret};
use protocol::error::ErrorCode;
use protocol::id::UserId;
use protocol::manage::{DoctorChange, NewUser, UserChange, UserInfo};
use protocol::permission::Role;

use super::{Desk, blocking};
use crate::error::{Error, Result};
use crate::replica::Replica;
use crate::sync::client::Client;
use crate::sync::signer::Signer;
use crate::view::{StaffClinic, StaffForm, StaffList, StaffRegistration, StaffView};

impl Desk {
    /// The staff of the tenant, as its admins see them.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`]; [`Error::StaffNeedsServer`] if it does not answer; what it says, if this person is no admin.
    pub async fn staff(&self) -> Result<StaffList> {
        let replica = self.replica()?;
        let (client, token) = self.line().map_err(|error| self.no_line(error))?;
        let users = client.users(&token).await.map_err(|error| self.no_line(error))?;
        blocking(move || list(&replica, users)).await
    }

    /// Adds a member of staff, and answers the one-time password with which they sign in, for a week. It is told once.
    ///
    /// # Errors
    ///
    /// As for [`Desk::staff`]; [`Error::StaffUnsure`] if the answer did not come; what the server says, if it refuses.
    pub async fn add_staff(&self, form: &StaffForm) -> Result<Secret> {
        let (client, token, signer) = self.admin_line().await?;
        let added = client.add_user(&token, &signer, &new_user(form)).await.map_err(unsure)?;
        // The row of a doctor, and how the plan stands now, come with the next pull.
        self.sync_now();
        Ok(added.one_time_password)
    }

    /// Changes what differs between `seen` and `wanted` of a member of staff; the rest stays, also if it is another one by now.
    ///
    /// # Errors
    ///
    /// As for [`Desk::add_staff`].
    pub async fn change_staff(&self, id: UserId, seen: &StaffForm, wanted: &StaffForm) -> Result<()> {
        let (client, token, signer) = self.admin_line().await?;
        client.change_user(&token, &signer, id, &change(seen, wanted)).await.map_err(unsure)?;
        self.sync_now();
        Ok(())
    }

    /// Gives somebody else a one-time password in the place of theirs; it signs in for ten minutes, and is told once.
    ///
    /// # Errors
    ///
    /// As for [`Desk::add_staff`].
    pub async fn give_password(&self, id: UserId) -> Result<Secret> {
        let (client, token, signer) = self.admin_line().await?;
        let given = client.give_password(&token, &signer, id).await.map_err(unsure)?;
        Ok(given.one_time_password)
    }

    /// The line to a server that answers: only such a one is told, else nobody knew afterwards whether it was done.
    async fn admin_line(&self) -> Result<(Client, Secret, Signer)> {
        let signer = self.signer()?;
        let (client, token) = self.line().map_err(|error| self.no_line(error))?;
        client.tenant(&token).await.map_err(|error| self.no_line(error))?;
        Ok((client, token, signer))
    }

    /// A token that is over, or was not given yet, comes by itself as soon as the server answers.
    pub(super) fn no_line(&self, error: Error) -> Error {
        match error {
            Error::Server { code: ErrorCode::Unauthorized, .. } => {
                self.sync_now();
                Error::StaffNeedsServer
            }
            Error::ServerUnreachable => Error::StaffNeedsServer,
            error => error,
        }
    }
}

/// What was sent without an answer may have arrived.
fn unsure(error: Error) -> Error {
    match error {
        Error::ServerUnreachable | Error::AnswerTooLong => Error::StaffUnsure,
        error => error,
    }
}

/// These people with the registrations that have come to this computer, and the clinics that it knows.
pub(crate) fn list(replica: &Replica, users: Vec<UserInfo>) -> Result<StaffList> {
    let (clinics, mut registrations) = replica.store.read(|tx| {
        let clinics = open_clinics(tx)?;
        let sql = "select id, registration_number, registration_council, qualifications, specialization \
                   from doctors where is_deleted = 0";
        let mut found = tx.prepare_cached(sql)?;
        let registrations = found
            .query_map([], |row| Ok((row.get::<_, String>(0)?, registration_in(row)?)))?
            .collect::<rusqlite::Result<HashMap<_, _>>>()?;
        Ok((clinics, registrations))
    })?;
    let people = users.into_iter().map(|info| {
        let registration = info.doctor_id.and_then(|id| registrations.remove(&id.to_string()));
        StaffView::of(info, replica.person.id, registration.unwrap_or_default())
    });
    Ok(StaffList { people: people.collect(), clinics })
}

/// The clinics that are open and known here, by name.
pub(super) fn open_clinics(tx: &rusqlite::Transaction<'_>) -> Result<Vec<StaffClinic>> {
    let sql =
        "select id, clinic_name from clinics where is_deleted = 0 and is_active = 1 order by clinic_name, id";
    let mut found = tx.prepare_cached(sql)?;
    let clinics = found
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(clinics
        .into_iter()
        .filter_map(|(id, name)| Some(StaffClinic { id: id.parse().ok()?, name }))
        .collect())
}

/// What stands in a row behind the id.
fn registration_in(row: &rusqlite::Row<'_>) -> rusqlite::Result<StaffRegistration> {
    let text = |place: usize| -> rusqlite::Result<String> {
        Ok(row.get::<_, Option<String>>(place)?.unwrap_or_default())
    };
    Ok(StaffRegistration {
        number: text(1)?,
        council: text(2)?,
        qualifications: text(3)?,
        specialization: text(4)?,
    })
}

/// A new member of staff, as they are told to the server.
pub(crate) fn new_user(form: &StaffForm) -> NewUser {
    NewUser {
        full_name: form.full_name.clone(),
        email: form.email.clone(),
        mobile_number: Some(form.mobile_number.clone()),
        roles: form.roles.clone(),
        doctor: prescriber(&StaffRegistration::default(), form).map(NewDoctor::from),
        clinics: form.clinics.clone(),
    }
}

/// What differs, as it is told to the server. The same roles in another order are the same: other ones end a sign-in.
pub(crate) fn change(seen: &StaffForm, wanted: &StaffForm) -> UserChange {
    let has_same_roles =
        seen.roles.len() == wanted.roles.len() && seen.roles.iter().all(|role| wanted.roles.contains(role));
    UserChange {
        full_name: other(&seen.full_name, &wanted.full_name),
        email: other(&seen.email, &wanted.email),
        mobile_number: other(&seen.mobile_number, &wanted.mobile_number),
        roles: (!has_same_roles).then(|| wanted.roles.clone()),
        is_active: other(&seen.is_active, &wanted.is_active),
        doctor: prescriber(&seen.registration, wanted),
        clinics: other(&seen.clinics, &wanted.clinics),
    }
}

fn other<T: Clone + PartialEq>(seen: &T, wanted: &T) -> Option<T> {
    (seen != wanted).then(|| wanted.clone())
}

/// What was changed of the registration of who is to prescribe. What was not, or has not come to this computer, is not sent:
/// it may be another one by now.
fn prescriber(seen: &StaffRegistration, form: &StaffForm) -> Option<DoctorChange> {
    let role = form.roles.iter().copied().find(|role| matches!(role, Role::Doctor | Role::Dentist))?;
    let changed = |seen: &str, text: &str| (text.trim() != seen.trim()).then(|| text.trim().to_owned());
    let now = &form.registration;
    let change = DoctorChange {
        role,
        specialization: changed(&seen.specialization, &now.specialization),
        qualifications: changed(&seen.qualifications, &now.qualifications),
        registration_number: changed(&seen.number, &now.number),
        registration_council: changed(&seen.council, &now.council),
    };
    let DoctorChange { specialization, qualifications, registration_number, registration_council, .. } =
        &change;
    let is_same = [specialization, qualifications, registration_number, registration_council]
        .into_iter()
        .all(Option::is_none);
    (!is_same).then_some(change)
}
