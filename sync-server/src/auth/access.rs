//! Who may ask which route, and when: declared once for each route, kept to by [`super::Caller`].

use protocol::permission::{Capability, Roles};

use crate::error::{Error, Result};
use crate::limits::Standing;

/// Who may ask a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    capability: Option<Capability>,
    also_suspended: bool,
    also_one_time: bool,
    is_signed: bool,
}

impl Access {
    /// Whoever comes. The handler judges what it is given, and has no caller.
    pub const OPEN: Self =
        Self { capability: None, also_suspended: true, also_one_time: true, is_signed: false };

    /// Staff who have this capability, of a tenant that is served, with a password of their own.
    pub const fn to(capability: Capability) -> Self {
        Self { capability: Some(capability), also_suspended: false, also_one_time: false, is_signed: false }
    }

    /// Also where the tenant is suspended or has expired: to read, to export, and to bring what waits; and what a person or a
    /// computer needs for that.
    #[must_use]
    pub const fn also_suspended(self) -> Self {
        Self { also_suspended: true, ..self }
    }

    /// Also with a one-time password: to go on with the work on this computer, and to choose a password.
    #[must_use]
    pub const fn also_one_time(self) -> Self {
        Self { also_one_time: true, ..self }
    }

    /// Only if the device signs the request: what an admin changes takes more than a token.
    #[must_use]
    pub const fn signed(self) -> Self {
        Self { is_signed: true, ..self }
    }

    /// Whether the device must have signed the request.
    pub(crate) fn is_signed(self) -> bool {
        self.is_signed
    }

    /// Whether nobody has to have signed in.
    pub(crate) fn is_open(self) -> bool {
        self.capability.is_none()
    }

    /// In words, for whoever writes a client.
    pub(crate) fn in_words(self) -> String {
        let Some(capability) = self.capability else { return "For whoever comes.".to_owned() };
        let mut words = format!("For staff who may `{capability:?}`.");
        if self.also_suspended {
            words.push_str(" Also while the tenant is suspended or its plan has ended.");
        }
        if self.also_one_time {
            words.push_str(" Also with a one-time password.");
        }
        if self.is_signed {
            words.push_str(" The desktop signs the request.");
        }
        words
    }

    /// Refuses whoever may not.
    pub(super) fn check(self, roles: &Roles, standing: Standing, has_one_time_password: bool) -> Result<()> {
        if !self.also_suspended {
            standing.must_be_active()?;
        }
        if has_one_time_password && !self.also_one_time {
            return Err(Error::PasswordChangeRequired);
        }
        match self.capability {
            Some(capability) if roles.has(capability) => Ok(()),
            // A handler that wants a caller on an open route is a mistake, and stays closed.
            Some(_) | None => Err(Error::Forbidden),
        }
    }
}
