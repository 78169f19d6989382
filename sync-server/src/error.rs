//! What can go wrong, and how it is said to a desktop.

use axum::body::HttpBody;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use protocol::error::{ErrorCode, Problem};
use serde::de::DeserializeOwned;
use time::OffsetDateTime;

/// The result of a handler.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that a request can end with, other than well.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The e-mail or the password is wrong.
    #[error("wrong e-mail or password")]
    WrongPassword,
    /// The enrolment code is wrong, used or too old.
    #[error("wrong code")]
    WrongCode,
    /// The access token is missing, expired or not ours.
    #[error("unauthorized")]
    Unauthorized,
    /// An old token, or another history, from a device that signed: a copied disk.
    #[error("device copied")]
    DeviceCopied,
    /// The device was revoked.
    #[error("device revoked")]
    DeviceRevoked,
    /// There is no such device.
    #[error("device unknown")]
    DeviceUnknown,
    /// The tenant is suspended.
    #[error("tenant suspended")]
    TenantSuspended,
    /// The tenant's plan has ended.
    #[error("tenant expired")]
    TenantExpired,
    /// The person may not do this.
    #[error("forbidden")]
    Forbidden,
    /// The person has a one-time password.
    #[error("password change required")]
    PasswordChangeRequired,
    /// The device did not sign the request as it is, or it came before.
    #[error("not signed")]
    NotSigned,
    /// The time that the device signed is too far from the server's.
    #[error("clock off")]
    ClockOff,
    /// There is no such row, or it is another tenant's.
    #[error("not found")]
    NotFound,
    /// The request is not of the right form; the sentence says how, and never repeats the input.
    #[error("invalid: {0}")]
    Invalid(&'static str),
    /// Someone else of the staff has this e-mail.
    #[error("e-mail taken")]
    EmailTaken,
    /// A value of the request does not fit; the sentence names its column, never the value.
    #[error("refused: {0}")]
    Refused(String),
    /// The body is longer than a push may be.
    #[error("body too large")]
    TooLarge,
    /// The bytes of a file have not come to the server yet.
    #[error("file not here")]
    FileNotHere,
    /// Too many tries.
    #[error("too many requests")]
    TooManyRequests {
        /// When the next try is looked at.
        retry_after_secs: u64,
    },
    /// The desktop speaks a protocol that this server does not.
    #[error("upgrade required")]
    UpgradeRequired,
    /// The server's data was restored.
    #[error("epoch changed")]
    EpochChanged,
    /// The server's data was restored, and the operator still looks at it.
    #[error("epoch held")]
    EpochHeld,
    /// Mutations are missing before the first one of this push.
    #[error("sequence gap: expected {expected}")]
    SequenceGap {
        /// The sequence that the server wants next.
        expected: i64,
    },
    /// So much of the device waits for a person that no more is taken.
    #[error("quarantine full")]
    QuarantineFull,
    /// The server cannot work just now.
    #[error("unavailable: {0}")]
    Unavailable(&'static str),
    /// The database.
    #[error("database: {0}")]
    Sqlx(#[from] sqlx::Error),
    /// Anything else that is the server's own mistake.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl Error {
    /// Turns the violation of a named constraint into another error.
    pub fn on_constraint(error: sqlx::Error, constraint: &str, to: impl FnOnce() -> Self) -> Self {
        match violated_constraint(&error) {
            Some(name) if name == constraint => to(),
            _ => Self::Sqlx(error),
        }
    }

    /// What of it may stand in the log. The database's own words repeat the values of rows, of patients too: of these its
    /// code and the names of table, column and constraint are enough to find what is wrong.
    pub fn for_log(&self) -> String {
        let cause = match self {
            Self::Sqlx(error) => Some(error),
            Self::Other(error) => error.chain().find_map(<dyn std::error::Error>::downcast_ref),
            _ => None,
        };
        let Some(sqlx::Error::Database(error)) = cause else { return format!("{self:?}") };
        let code = error.code().unwrap_or_default();
        let table = error.table().unwrap_or_default();
        let constraint = error.constraint().unwrap_or_default();
        format!("the database refused: SQLSTATE {code}, table {table:?}, constraint {constraint:?}")
    }

    /// What people are told.
    pub(crate) fn sentence(&self) -> &'static str {
        self.parts().2
    }

    /// The answer's status, code and sentence. The sentence never holds anything of the request.
    fn parts(&self) -> (StatusCode, ErrorCode, &'static str) {
        use ErrorCode as Code;
        match self {
            Self::WrongPassword => {
                (StatusCode::UNAUTHORIZED, Code::WrongPassword, "The e-mail or the password is wrong.")
            }
            Self::WrongCode => (
                StatusCode::UNAUTHORIZED,
                Code::WrongCode,
                "The code is wrong, was used already, or is too old. Ask the admin for a new one.",
            ),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, Code::Unauthorized, "Sign in again."),
            Self::DeviceCopied => (
                StatusCode::CONFLICT,
                Code::DeviceCopied,
                "This computer's data seems to be a copy of another's. Nothing is lost; sign in again with \
                 your password.",
            ),
            Self::DeviceRevoked => (
                StatusCode::FORBIDDEN,
                Code::DeviceRevoked,
                "This computer was taken out of service by an admin.",
            ),
            Self::DeviceUnknown => (
                StatusCode::FORBIDDEN,
                Code::DeviceUnknown,
                "The server does not know this computer: its data was restored from a backup that is older than it. \
                 Everything on this computer is kept, and nothing is sent. Ask an admin for a code, and enrol it again \
                 in the sync centre.",
            ),
            Self::TenantSuspended => (
                StatusCode::FORBIDDEN,
                Code::TenantSuspended,
                "This clinic's account is suspended. What you wrote is kept and still sent, and all can be read \
                 and exported. Ask whoever runs the account.",
            ),
            Self::TenantExpired => (
                StatusCode::FORBIDDEN,
                Code::TenantExpired,
                "This clinic's plan has ended. What you wrote is kept and still sent, and all can be read and \
                 exported. Renew the plan to go on.",
            ),
            Self::Forbidden => (StatusCode::FORBIDDEN, Code::Forbidden, "Your role does not allow this."),
            Self::PasswordChangeRequired => (
                StatusCode::FORBIDDEN,
                Code::PasswordChangeRequired,
                "You signed in with a one-time password. Choose a password of your own first.",
            ),
            Self::NotSigned => (
                StatusCode::FORBIDDEN,
                Code::NotSigned,
                "This needs the signature of the computer on which you work, made for just this and only once. Nothing \
                 was changed. Try again; if it stays so, update the program, or tell whoever runs the server.",
            ),
            Self::ClockOff => (
                StatusCode::FORBIDDEN,
                Code::ClockOff,
                "The clock of this computer is more than two minutes off. Nothing was changed. Set it and try again.",
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, Code::NotFound, "There is no such record."),
            Self::Invalid(detail) => (StatusCode::UNPROCESSABLE_ENTITY, Code::Invalid, detail),
            Self::EmailTaken => (
                StatusCode::UNPROCESSABLE_ENTITY,
                Code::EmailTaken,
                "Someone of your staff has this e-mail already.",
            ),
            Self::Refused(_) => (StatusCode::UNPROCESSABLE_ENTITY, Code::Invalid, "A value does not fit."),
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, Code::Invalid, "The request is too large; send it in parts.")
            }
            Self::FileNotHere => (
                StatusCode::CONFLICT,
                Code::FileNotHere,
                "This file has not come to the server yet: it waits on the computer at which it was added.",
            ),
            Self::TooManyRequests { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, Code::TooManyRequests, "Too many tries. Wait a little.")
            }
            Self::UpgradeRequired => (
                StatusCode::UPGRADE_REQUIRED,
                Code::UpgradeRequired,
                "This version of the program is too old for the server. What you do is kept and still sent; update the \
                 program to get what others do.",
            ),
            Self::EpochChanged => (
                StatusCode::CONFLICT,
                Code::EpochChanged,
                "The server's data was restored from a backup. Your work is kept; sync starts anew.",
            ),
            Self::EpochHeld => (
                StatusCode::CONFLICT,
                Code::EpochHeld,
                "The server's data was restored from a backup and is being looked at. Your work is kept on this \
                 computer, and sync goes on by itself when the server is ready.",
            ),
            Self::SequenceGap { .. } => {
                (StatusCode::CONFLICT, Code::SequenceGap, "Earlier changes of this computer are missing.")
            }
            Self::QuarantineFull => (
                StatusCode::INSUFFICIENT_STORAGE,
                Code::QuarantineFull,
                "So much of this computer's work waits for a person that the server takes no more for now. What you \
                 wrote is kept here; ask an admin to look at what was set aside.",
            ),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, UNAVAILABLE),
            Self::Sqlx(error) if is_transient(error) => {
                (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, UNAVAILABLE)
            }
            Self::Sqlx(error) if is_no_text(error) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                Code::Invalid,
                "A text of the request holds a character that no text has.",
            ),
            Self::Sqlx(_) | Self::Other(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                Code::Internal,
                "The server made a mistake. Your work is kept; it will be tried again.",
            ),
        }
    }
}

const UNAVAILABLE: &str = "The server cannot work just now. Your work is kept; it will be tried again.";

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, code, detail) = self.parts();
        if status.is_server_error() {
            tracing::error!(error = self.for_log(), "a request failed");
        }
        let detail = match &self {
            Self::Refused(sentence) => sentence.clone(),
            Self::SequenceGap { expected } => {
                format!("{detail} The server expects number {expected} next.")
            }
            _ => detail.to_owned(),
        };
        let server_time = matches!(self, Self::ClockOff).then(OffsetDateTime::now_utc);
        let problem =
            Problem { kind: "about:blank".to_owned(), status: status.as_u16(), code, detail, server_time };
        let mut response = (status, axum::Json(problem)).into_response();
        // For whoever counts.
        response.extensions_mut().insert(code);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Self::TooManyRequests { retry_after_secs } = self {
            headers.insert(RETRY_AFTER, retry_after_secs.into());
        }
        response
    }
}

/// The name of the constraint that a statement violated, if that is what went wrong.
pub fn violated_constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::constraint).map(without_shard)
}

/// On a Citus cluster a constraint bears the number of its shard: `users_email_key_102008`.
fn without_shard(constraint: &str) -> &str {
    match constraint.trim_end_matches(|character: char| character.is_ascii_digit()).strip_suffix('_') {
        Some(name) if !constraint.ends_with('_') => name,
        _ => constraint,
    }
}

/// Whether the same request may well succeed a little later.
fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // Connection, resources, shutdown, and the time limits of a session.
            ["08", "53", "57"].iter().any(|class| code.starts_with(class))
                || ["40001", "40P01", "55P03", "25P03"].contains(&code.as_ref())
        }),
        _ => false,
    }
}

/// Whether a text holds a NUL, which Postgres takes in no text and no JSON. The server writes none by itself: it came with
/// the request, in whichever part of it.
fn is_no_text(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| ["22021", "22P05"].contains(&code.as_ref()))
}

/// `axum::Json`, but what is wrong with a body is said as a [`Problem`].
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        match axum::Json::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(JsonRejection::BytesRejection(rejection))
                if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE =>
            {
                Err(Error::TooLarge)
            }
            Err(_) => Err(Error::Invalid("The body is not the JSON that belongs here.")),
        }
    }
}

impl<T: serde::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// JSON as in [`Json`], or nothing at all.
#[derive(Clone, Copy, Debug)]
pub struct OrEmpty<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OrEmpty<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        if request.body().size_hint().exact() == Some(0) {
            return Ok(Self(T::default()));
        }
        Json::from_request(request, state).await.map(|Json(body)| Self(body))
    }
}

/// `axum::extract::Query`, but what is wrong with it is said as a [`Problem`].
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let query: Result<axum::extract::Query<T>, QueryRejection> =
            axum::extract::Query::from_request_parts(parts, state).await;
        match query {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(_) => Err(Error::Invalid("The query is not of the right form.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// One of each.
    fn all() -> Vec<Error> {
        vec![
            Error::WrongPassword,
            Error::WrongCode,
            Error::Unauthorized,
            Error::DeviceCopied,
            Error::DeviceRevoked,
            Error::DeviceUnknown,
            Error::TenantSuspended,
            Error::TenantExpired,
            Error::Forbidden,
            Error::PasswordChangeRequired,
            Error::NotSigned,
            Error::ClockOff,
            Error::NotFound,
            Error::Invalid("why"),
            Error::EmailTaken,
            Error::Refused("why".into()),
            Error::TooLarge,
            Error::FileNotHere,
            Error::TooManyRequests { retry_after_secs: 1 },
            Error::UpgradeRequired,
            Error::EpochChanged,
            Error::EpochHeld,
            Error::SequenceGap { expected: 1 },
            Error::QuarantineFull,
            Error::Unavailable("why"),
            Error::Sqlx(sqlx::Error::PoolTimedOut),
            Error::Sqlx(sqlx::Error::RowNotFound),
            Error::Other(anyhow::anyhow!("why")),
        ]
    }

    #[test]
    fn the_page_of_the_protocol_has_every_refusal_with_its_status_and_no_other() {
        let row = |error: &Error| {
            let (status, code, _) = error.parts();
            let code = serde_json::to_value(code).expect("a word");
            format!("| {} | `{}` |", status.as_u16(), code.as_str().expect("a word"))
        };
        let said: BTreeSet<String> = all().iter().map(row).collect();
        let page = include_str!("../../docs/sync-protocol.md");
        let is_of_a_code = |line: &&str| line.starts_with("| 4") || line.starts_with("| 5");
        let written: BTreeSet<String> = page
            .lines()
            .filter(is_of_a_code)
            .map(|line| line.splitn(4, '|').take(3).collect::<Vec<_>>().join("|") + "|")
            .collect();
        assert_eq!(written, said);
    }

    #[test]
    fn a_constraint_is_known_by_its_name_on_every_shard() {
        assert_eq!(without_shard("users_email_key_102008"), "users_email_key");
        assert_eq!(without_shard("users_email_key"), "users_email_key");
        assert_eq!(without_shard("patients_sha256"), "patients_sha256");
    }
}
