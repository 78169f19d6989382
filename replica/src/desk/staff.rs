//! Whom an admin adds, changes and gives a one-time password. Staff are kept by the server, and changed only with it.

use std::collections::HashMap;

use protocol::api::{NewDoctor, Secret};
use protocol::error::ErrorCode;
use protocol::id::UserId;
use protocol::manage::{NewUser, UserChange, UserInfo};
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

    /// Changes what differs between `seen` and `wanted` of a member of staff. What came of their registration since it was
    /// seen stays.
    ///
    /// # Errors
    ///
    /// As for [`Desk::add_staff`].
    pub async fn change_staff(&self, id: UserId, seen: &StaffForm, wanted: &StaffForm) -> Result<()> {
        let (client, token, signer) = self.admin_line().await?;
        let replica = self.replica()?;
        let known = blocking(move || registration_of(&replica, id)).await?;
        let change = change_since(seen, wanted, known);
        client.change_user(&token, &signer, id, &change).await.map_err(unsure)?;
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
    fn no_line(&self, error: Error) -> Error {
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
        let sql = "select id, clinic_name from clinics where is_deleted = 0 and is_active = 1 order by clinic_name, id";
        let mut found = tx.prepare_cached(sql)?;
        let clinics = found
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let sql = "select id, registration_number, registration_council, qualifications, specialization \
                   from doctors where is_deleted = 0";
        let mut found = tx.prepare_cached(sql)?;
        let registrations = found
            .query_map([], |row| {
                Ok((row.get::<_, String>(0)?, registration_in(row)?))
            })?
            .collect::<rusqlite::Result<HashMap<_, _>>>()?;
        Ok((clinics, registrations))
    })?;
    let clinics =
        clinics.into_iter().filter_map(|(id, name)| Some(StaffClinic { id: id.parse().ok()?, name }));
    let people = users.into_iter().map(|info| {
        let registration = info.doctor_id.and_then(|id| registrations.remove(&id.to_string()));
        StaffView::of(info, replica.person.id, registration.unwrap_or_default())
    });
    Ok(StaffList { people: people.collect(), clinics: clinics.collect() })
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

/// The registration of a member of staff that has come to this computer by now.
pub(crate) fn registration_of(replica: &Replica, id: UserId) -> Result<Option<StaffRegistration>> {
    replica.store.read(|tx| {
        let sql = "select id, registration_number, registration_council, qualifications, specialization \
                   from doctors where user_id = ?1 and is_deleted = 0 limit 1";
        let mut found = tx.prepare_cached(sql)?;
        let mut rows = found.query_map([id.to_string()], registration_in)?;
        Ok(rows.next().transpose()?)
    })
}

/// A new member of staff, as they are told to the server.
pub(crate) fn new_user(form: &StaffForm) -> NewUser {
    NewUser {
        full_name: form.full_name.clone(),
        email: form.email.clone(),
        mobile_number: Some(form.mobile_number.clone()),
        roles: form.roles.clone(),
        doctor: prescriber(&StaffRegistration::default(), form),
        clinics: form.clinics.clone(),
    }
}

/// What differs, where what is `known` of the registration by now may be newer than what was seen: of it, only what was
/// changed is another one.
pub(crate) fn change_since(
    seen: &StaffForm,
    wanted: &StaffForm,
    known: Option<StaffRegistration>,
) -> UserChange {
    let Some(known) = known else { return change(seen, wanted) };
    let (before, after) = (&seen.registration, &wanted.registration);
    let of =
        |before: &str, after: &str, known: &str| (if before == after { known } else { after }).to_owned();
    let registration = StaffRegistration {
        number: of(&before.number, &after.number, &known.number),
        council: of(&before.council, &after.council, &known.council),
        qualifications: of(&before.qualifications, &after.qualifications, &known.qualifications),
        specialization: of(&before.specialization, &after.specialization, &known.specialization),
    };
    let seen = StaffForm { registration: known, ..seen.clone() };
    change(&seen, &StaffForm { registration, ..wanted.clone() })
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

/// The registration of who is to prescribe, if it is another one than was seen. Only what was seen is taken away, and what
/// may be absent is sent if it was changed: what has not come to this computer stays at the server.
fn prescriber(seen: &StaffRegistration, form: &StaffForm) -> Option<NewDoctor> {
    let role = form.roles.iter().copied().find(|role| matches!(role, Role::Doctor | Role::Dentist))?;
    if form.registration == *seen {
        return None;
    }
    let StaffRegistration { number, council, qualifications, specialization } = &form.registration;
    let given = |text: &str, seen: &str| {
        let text = text.trim();
        (text != seen.trim()).then(|| text.to_owned())
    };
    Some(NewDoctor {
        role,
        specialization: given(specialization, &seen.specialization),
        qualifications: given(qualifications, &seen.qualifications),
        registration_number: number.trim().to_owned(),
        registration_council: council.trim().to_owned(),
    })
}
