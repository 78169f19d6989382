//! The bodies of requests and answers. All times are RFC 3339; all binary values are base64.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::error::RefusalCode;
use crate::id::{ClinicId, DeviceId, DoctorId, Epoch, TenantId, UserId};
use crate::merge::ReviewColumn;
use crate::mutation::{Hash, SignedMutation};
use crate::permission::{Role, Roles};
use crate::recovery::Recovers;
use crate::standing::SignedOrder;
use crate::table::{Row, TABLES, TableName, UnknownRow};

/// The header in which a desktop says its [`crate::PROTOCOL_VERSION`].
pub const PROTOCOL_HEADER: &str = "clinic-protocol";

/// At most this many mutations in one push.
pub const MAX_PUSH_MUTATIONS: usize = 500;
/// At most this many changed rows in one mutation; more is set aside.
pub const MAX_MUTATION_CHANGES: usize = 2_000;
/// At most this many bytes of one mutation's body; more is set aside.
pub const MAX_MUTATION_BYTES: usize = 1024 * 1024;
/// At most this many bytes of a push as sent.
pub const MAX_PUSH_BYTES: usize = 1024 * 1024;
/// At most this many bytes of a push once decompressed.
pub const MAX_PUSH_DECODED_BYTES: usize = 16 * 1024 * 1024;
/// At most this many bytes of one device wait for a person; more stays on the desktop.
pub const MAX_QUARANTINE_BYTES: i64 = 64 * 1024 * 1024;
/// At most this many rows on one page of a pull.
pub const MAX_PULL_ROWS: i64 = 5_000;
/// No version is greater. An epoch begins with the milliseconds since 1970, and a version more is a transaction more: no
/// clinic comes here before the year 2248.
pub const MAX_VERSION: i64 = 1 << 43;

/// A password, a code or a token. Its `Debug` never shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

/// Which columns a device may receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum DeviceScope {
    /// All columns.
    Clinical,
    /// No clinical column.
    FrontDesk,
}

/// `POST /v1/clinics/register`: a new tenant with its first clinic and its admin.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisterRequest {
    /// The clinic's name; the tenant bears it too.
    pub clinic_name: String,
    /// A short code for the clinic, unique in the tenant.
    pub clinic_code: String,
    /// The admin's name.
    pub admin_name: String,
    /// The admin's e-mail, with which they sign in.
    pub admin_email: String,
    /// The admin's password, 12 to 128 characters.
    pub admin_password: Secret,
    /// Filled if the admin prescribes as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor: Option<NewDoctor>,
}

/// A doctor's profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewDoctor {
    /// `Role::Doctor` or `Role::Dentist`.
    pub role: Role,
    /// For example "General Medicine".
    pub specialization: Option<String>,
    /// For example "MBBS, MD".
    pub qualifications: Option<String>,
    /// The number in the council's register; printed on every prescription.
    pub registration_number: String,
    /// The council that keeps the register.
    pub registration_council: String,
}

/// The answer to [`RegisterRequest`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisterResponse {
    /// The new tenant.
    pub tenant_id: TenantId,
    /// Its code, unique over all tenants.
    pub tenant_code: String,
    /// Its first clinic.
    pub clinic_id: ClinicId,
    /// Its admin.
    pub admin_user_id: UserId,
    /// The admin's profile as a doctor, if asked for.
    pub doctor_id: Option<DoctorId>,
    /// Enrols the first desktop.
    pub enrolment: EnrolmentCode,
}

/// A one-time code that enrols one desktop.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnrolmentCode {
    /// `TENANT_CODE-XXXX-XXXX-XXXX`, letters and digits of Crockford's base 32.
    pub code: Secret,
    /// When it stops working.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub expires_at: OffsetDateTime,
}

/// `POST /v1/devices/enrol`: a new desktop.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnrolRequest {
    /// The one-time code.
    pub code: Secret,
    /// Who enrols it.
    pub email: String,
    /// Their password.
    pub password: Secret,
    /// What staff call this computer.
    pub device_name: String,
    /// `windows`, `macos` or `linux`.
    pub platform: String,
    /// The program's version.
    pub app_version: String,
    /// The device's Ed25519 public key.
    pub public_key: String,
    /// Over [`crate::signing::enrol_message`].
    pub signature: String,
    /// The desktop that it was, if the server does not know it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<EnrolAgain>,
    /// The computer that it was, if it comes back after its keys were lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovers: Option<Recovers>,
}

/// A desktop that a restored server does not know: it goes on under the id that it has, with its key, its file and all that
/// was done on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnrolAgain {
    /// Whose device it is.
    pub tenant_id: TenantId,
    /// Its id.
    pub device_id: DeviceId,
    /// Where it stands; the code must be for this clinic.
    pub clinic_id: ClinicId,
    /// What it has received; the code must be for the same.
    pub scope: DeviceScope,
    /// The letter before the numbers that it gave: it keeps it if nobody else was given it since.
    pub lane: String,
    /// The server's half of its server slot, 32 random bytes in base64: what the server had was lost.
    pub unlock_key: Secret,
    /// What it was before, if it ever was another one: its mutations go on behind that one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Earlier>,
    /// What it was before that, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Earlier>,
}

/// In [`EnrolAgain`]: what a desktop was until its disk was copied or its keys were lost.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Earlier {
    /// Under which id.
    pub device_id: DeviceId,
    /// Up to which of its mutations; 0 if there is none.
    pub until: i64,
    /// The hash of that mutation.
    pub until_hash: Hash,
    /// Whether its keys were lost, and it brings what that one had not sent.
    pub is_recovered: bool,
    /// By what the server knows that one again, if its keys were lost and the server lost it as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<LostDevice>,
}

/// In [`Earlier`]: what a desktop knows of the one that it was until its keys were lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LostDevice {
    /// The key by which its signatures are checked: Ed25519, 32 bytes in base64.
    pub public_key: String,
    /// The letter before the numbers that it gave.
    pub lane: String,
    /// The last lease that the server gave it.
    pub lease: SignedOrder,
}

/// The answer to [`EnrolRequest`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnrolResponse {
    /// Whose device it is.
    pub tenant_id: TenantId,
    /// The tenant's name.
    pub tenant_name: String,
    /// The new device.
    pub device_id: DeviceId,
    /// The letter before the numbers that this device gives: no other device of the tenant has it.
    pub lane: String,
    /// Where it stands.
    pub clinic_id: ClinicId,
    /// The clinic's name.
    pub clinic_name: String,
    /// What it may receive.
    pub scope: DeviceScope,
    /// The server's name, part of all that the device signs for it.
    pub server_name: String,
    /// The epoch of the tenant's data.
    pub epoch: Epoch,
    /// The public key of the computer that it was, if it came back after its keys were lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_key: Option<String>,
    /// Who enrolled it.
    pub session: Session,
}

/// `POST /v1/devices/renew`: a desktop whose disk was copied or restored asks to go on under an id of its own. The answer
/// is an [`EnrolResponse`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RenewRequest {
    /// The public key with which it goes on, Ed25519 in base64.
    pub public_key: String,
    /// That key's signature over [`crate::signing::renew_message`].
    pub signature: String,
    /// The number of its last mutation that the server has as well; 0 if there is none.
    pub after: i64,
    /// The hash of that mutation.
    pub after_hash: Hash,
    /// The hash of its next mutation, under whose number the server has another one; none if nothing waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_hash: Option<Hash>,
    /// What the lease in the answer must bear.
    pub nonce: String,
}

/// `POST /v1/auth/challenge`: something fresh for a device to sign.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChallengeRequest {
    /// The device's tenant.
    pub tenant_id: TenantId,
    /// The device.
    pub device_id: DeviceId,
}

/// The answer to [`ChallengeRequest`]; works once, for 60 seconds.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChallengeResponse {
    /// 32 random bytes.
    pub challenge: String,
}

/// `POST /v1/auth/login`: a person signs in on an enrolled device.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoginRequest {
    /// The device's tenant.
    pub tenant_id: TenantId,
    /// The device.
    pub device_id: DeviceId,
    /// Who signs in.
    pub email: String,
    /// Their password.
    pub password: Secret,
    /// From [`ChallengeResponse`].
    pub challenge: String,
    /// Over [`crate::signing::login_message`].
    pub signature: String,
    /// Comes back in the lease.
    #[serde(default)]
    pub nonce: String,
}

/// `POST /v1/auth/refresh`: new tokens for a person known on the device.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefreshRequest {
    /// The device's tenant.
    pub tenant_id: TenantId,
    /// The device.
    pub device_id: DeviceId,
    /// Who is at the device now; they have signed in on it before.
    pub user_id: UserId,
    /// The device's current refresh token.
    pub refresh_token: Secret,
    /// Its generation.
    pub generation: i64,
    /// From [`ChallengeResponse`].
    pub challenge: String,
    /// Over [`crate::signing::refresh_message`].
    pub signature: String,
    /// Comes back in the lease.
    #[serde(default)]
    pub nonce: String,
}

/// `POST /v1/devices/standing`: how a computer stands, whoever is at it. The answer is a [`SignedOrder`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StandingRequest {
    /// The device's tenant.
    pub tenant_id: TenantId,
    /// The device.
    pub device_id: DeviceId,
    /// From [`ChallengeResponse`].
    pub challenge: String,
    /// Over [`crate::signing::standing_message`].
    pub signature: String,
    /// Comes back in the lease.
    #[serde(default)]
    pub nonce: String,
    /// Whether the computer knows that it is out of service, and has locked.
    #[serde(default)]
    pub is_locked: bool,
}

/// The answer to [`RefreshRequest`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tokens {
    /// A JWT (EdDSA, `typ` `at+jwt`) for the header `Authorization: Bearer`.
    pub access_token: Secret,
    /// Its life in seconds.
    pub expires_in: i64,
    /// The next refresh token; the one before stays good until this one is used.
    pub refresh_token: Secret,
    /// Its generation.
    pub generation: i64,
    /// For how long the computer may work without contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<SignedOrder>,
}

/// The answer to a sign-in.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Session {
    /// Who signed in.
    pub user: StaffMember,
    /// The server's half of the device's server slot: 256 bits. Alone it opens nothing.
    pub unlock_key: Secret,
    /// Tokens for the device.
    pub tokens: Tokens,
    /// What they should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StaffMember {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub full_name: String,
    /// With what they sign in.
    pub email: String,
    /// What they may do.
    pub roles: Roles,
    /// Their profile as a prescriber.
    pub doctor_id: Option<DoctorId>,
}

/// `GET /v1/tenant`: what a desktop may know of its own tenant.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TenantInfo {
    /// Its id.
    pub tenant_id: TenantId,
    /// Its name.
    pub tenant_name: String,
    /// Its code.
    pub tenant_code: String,
    /// Its version.
    pub head: i64,
    /// Its epoch.
    pub epoch: Epoch,
    /// What its people should know of its plan.
    #[serde(default)]
    pub notices: Vec<Notice>,
    /// What it has that other tenants may not have yet, by name.
    #[serde(default)]
    pub features: BTreeSet<String>,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum NoticeCode {
    /// Nine places of ten are taken.
    NearLimit,
    /// All are: what is done online is refused.
    AtLimit,
    /// Desktops brought more than there are places for. All of it is kept.
    OverLimit,
    /// The plan ends soon.
    TenantExpiresSoon,
    /// It has ended.
    TenantExpired,
    /// The tenant is suspended.
    TenantSuspended,
    /// Whoever signed in did so with a one-time password.
    PasswordChangeRequired,
    /// The operator is going to make somebody an admin; any admin, doctor or dentist can object.
    AdminComes,
    /// The audit log on the server is not what this desktop knew of it. Said by the desktop, never by the server.
    LogChanged,
    /// The server's data was restored from a backup. Said by the desktop as well.
    Restored,
    /// A later server has a word that this program does not know: its sentence says all.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Other,
}

/// Something that the tenant's people should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Notice {
    /// For programs.
    pub code: NoticeCode,
    /// For people.
    pub detail: String,
}

/// `POST /v1/sync/push`: mutations in the device's order, at most [`MAX_PUSH_MUTATIONS`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushRequest {
    /// The epoch that the device knows.
    pub epoch: Epoch,
    /// What was done.
    pub mutations: Vec<SignedMutation>,
}

/// What became of a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum Fate {
    /// As sent.
    Applied,
    /// Others had changed other columns, or a rule decided.
    Merged,
    /// The server's value of a column stays until a person decides; the rest is applied.
    Conflict,
    /// Refused on its content; kept on both sides for a person.
    Quarantined,
    /// It builds on a quarantined mutation and waits with it.
    Blocked,
    /// It was quarantined, and a corrected one took its place.
    Replaced,
    /// It was quarantined, and a person discarded it.
    Discarded,
    /// A later server has a word that this program does not know: the change is neither in nor out here before it does.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    #[cfg_attr(feature = "ts", ts(skip))]
    Other,
}

impl Fate {
    /// Whether it went in.
    pub fn is_in(self) -> bool {
        matches!(self, Self::Applied | Self::Merged | Self::Conflict)
    }

    /// Whether it waits: for a person, or for a program that knows what became of it. Every other fate is final.
    pub fn is_aside(self) -> bool {
        matches!(self, Self::Quarantined | Self::Blocked | Self::Other)
    }
}

/// The server's stored answer to one mutation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Receipt {
    /// Which mutation of the device.
    pub sequence: i64,
    /// Its hash.
    pub hash: Hash,
    /// What became of it.
    pub fate: Fate,
    /// Why it was quarantined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<RefusalCode>,
    /// The same in words for staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The quarantined mutation that it builds on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<i64>,
    /// What a person must decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub review: Vec<ReviewColumn>,
}

/// The answer to [`PushRequest`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushResponse {
    /// The tenant's version before this push.
    pub head_before: i64,
    /// The tenant's version after it. A desktop that had seen `head_before` has now seen this one.
    pub head: i64,
    /// One for each mutation, in their order.
    pub receipts: Vec<Receipt>,
    /// The rows that the mutations touched, as they are now.
    pub rows: Vec<Row>,
    /// The server's clock.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    pub server_time: OffsetDateTime,
    /// What the tenant's people should know of its plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// `POST /v1/sync/receipts`: what became by now of mutations of this device that waited for a person.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReceiptsRequest {
    /// The epoch that the device knows.
    pub epoch: Epoch,
    /// Which, at most [`MAX_PUSH_MUTATIONS`].
    pub sequences: Vec<i64>,
}

/// The answer to [`ReceiptsRequest`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReceiptsAnswer {
    /// As they stand now, in the order of their numbers.
    pub receipts: Vec<Receipt>,
    /// The rows that those which went in name, as they are now.
    pub rows: Vec<Row>,
}

/// The place after a row in the order of a pull: `version.table.id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The row's version.
    pub version: i64,
    /// Its table.
    pub table: TableName,
    /// Its id.
    pub id: uuid::Uuid,
}

impl Position {
    /// Before every row whose version is greater than `version`.
    pub fn after_version(version: i64) -> Self {
        let table = TABLES.last().map_or(TableName::Medicines, |table| table.name);
        Self { version, table, id: uuid::Uuid::max() }
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.version, self.table.as_str(), self.id)
    }
}

impl std::str::FromStr for Position {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '.');
        let mut part = || parts.next().ok_or("a position is version.table.id");
        let version = part()?.parse().map_err(|_| "the version is not a number")?;
        let table = TableName::find(part()?).ok_or("no such table")?;
        let id = part()?.parse().map_err(|_| "the id is not a UUID")?;
        Ok(Self { version, table, id })
    }
}

/// `GET /v1/sync/epoch`: the data that the server has now, and how far it has come with the device that asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EpochState {
    /// The epoch.
    pub epoch: Epoch,
    /// The tenant's version.
    pub version: i64,
    /// The catalogue's version.
    pub catalogue: i64,
    /// The device's last mutation that the server has; 0 if it has none.
    pub last_sequence: i64,
    /// The hash of that mutation.
    pub last_hash: Hash,
    /// The letter before the numbers that the device gives: another one, if a restored server had given its own away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
}

/// `POST /v1/sync/restored`: what a desktop knows of the time that a restored server lost. It is told before the desktop
/// sends anything again, and once more whenever it was compared and has other rows that the server lacks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Recollection {
    /// The epoch that the server has now.
    pub epoch: Epoch,
    /// The last lease that the server gave it in an earlier epoch. The server believes its own signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<SignedOrder>,
    /// The people of that lease, as this desktop knows them; at most [`MAX_RECALLED`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<RecalledPerson>,
    /// How many of its mutations the server had lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_again: Option<u32>,
    /// Rows that the server does not have; absent before the desktop was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_here: Option<Vec<OnlyHere>>,
}

/// At most so many people, and so many ids of one table, in a [`Recollection`].
pub const MAX_RECALLED: usize = 100;

/// Somebody who has signed in on a desktop, as it knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecalledPerson {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub full_name: String,
    /// Their e-mail.
    pub email: String,
    /// Their profile as a prescriber, of the id that the lease names. The server takes it where it has none of theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor: Option<NewDoctor>,
}

/// Rows of one table that only a desktop has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OnlyHere {
    /// The table.
    pub table: TableName,
    /// How many.
    pub rows: u32,
    /// Some of them, at most [`MAX_RECALLED`].
    pub ids: Vec<uuid::Uuid>,
}

/// `GET /v1/sync/pull?epoch&after&catalogue&limit`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PullQuery {
    /// The epoch that the device knows.
    pub epoch: Epoch,
    /// The [`Position`] after which to go on; absent for everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The catalogue version that the device has.
    #[serde(default)]
    pub catalogue: i64,
    /// At most this many of the tenant's rows, at most [`MAX_PULL_ROWS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// A line of a pull's answer, `application/x-ndjson`. The first is always `Head`, the last `End`; an answer
/// without `End` was broken off, and what came of it is still good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PullLine {
    /// The tenant's version and the catalogue's when the page was read.
    Head {
        /// The tenant's version.
        version: i64,
        /// The catalogue's version.
        catalogue: i64,
        /// The server's clock.
        #[serde(with = "time::serde::rfc3339")]
        #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
        server_time: OffsetDateTime,
        /// What whoever pulls should know.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notices: Vec<Notice>,
    },
    /// A row.
    Row(Row),
    /// A row of a table that this program does not know. It stands in the stream like any other.
    #[serde(skip)]
    Unknown(UnknownRow),
    /// The page is whole.
    End {
        /// Whether rows up to the head remain. If not, all that was received since the cursor, and this
        /// page, is the tenant's data at the head: apply it in one transaction.
        more: bool,
    },
}

/// The data of an event of `GET /v1/sync/live`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LiveEvent {
    /// The tenant's version.
    pub head: i64,
    /// Something was said of this very computer: it asks how it stands.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ask_standing: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_as_it_was_written() {
        let position = Position { version: 42, table: TableName::Patients, id: uuid::Uuid::now_v7() };
        assert_eq!(position.to_string().parse(), Ok(position));
        assert!("42.nowhere.x".parse::<Position>().is_err());
    }

    #[test]
    fn words_of_a_later_server_fail_no_answer() {
        let hash = Hash::ZERO;
        let answer = format!(
            r#"{{"head_before":41,"head":42,"rows":[],"server_time":"2026-11-23T04:11:09Z",
            "receipts":[{{"sequence":1,"hash":"{hash}","fate":"applied"}},
                        {{"sequence":2,"hash":"{hash}","fate":"quarantined","code":"too_bright","detail":"Too bright."}},
                        {{"sequence":3,"hash":"{hash}","fate":"forwarded"}}],
            "notices":[{{"code":"near_limit","detail":"Nearly full."}},{{"code":"moon_full","detail":"The moon is full."}}]}}"#
        );
        let answer: PushResponse = serde_json::from_str(&answer).expect("BUG: read");
        let receipts: Vec<_> = answer.receipts.iter().map(|one| (one.fate, one.code)).collect();
        assert_eq!(
            receipts,
            [(Fate::Applied, None), (Fate::Quarantined, Some(RefusalCode::Other)), (Fate::Other, None)]
        );
        assert!(Fate::Other.is_aside() && !Fate::Other.is_in());
        assert_eq!(
            (answer.notices[0].code, answer.notices[1].code),
            (NoticeCode::NearLimit, NoticeCode::Other)
        );
        assert_eq!(answer.notices[1].detail, "The moon is full.");
        // What is no word is no answer of a server of ours.
        assert!(serde_json::from_str::<Notice>(r#"{"code":7,"detail":"Seven."}"#).is_err());
    }

    #[test]
    fn a_secret_is_never_shown() {
        assert_eq!(format!("{:?}", Secret("open sesame".into())), "<redacted>");
    }
}
