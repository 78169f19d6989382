//! What the window shows and what it sends: plain data, ready to draw. No rule is left to the window.
//! Days are `2026-11-23`, moments RFC 3339 in UTC.

use protocol::api::{DeviceScope, Fate, Notice};
use protocol::conflict;
use protocol::error::{ErrorCode, RefusalCode};
use protocol::id::{ClinicId, ConflictId, DeviceId, DoctorId, PatientId, PrescriptionId, UserId};
use protocol::manage::{DeviceInfo, RevocationState};
use protocol::permission::Roles;
use protocol::settlement::Way;
use protocol::validate::moment_text;
use serde::{Deserialize, Serialize};

use crate::hindi::hindi;
use crate::store::{Compared, Filling};

mod consultation;
mod files;
mod known;
mod medicines;
mod paper;

pub use consultation::{
    AlertView, Diagnosis, Difference, DosageRead, Draft, DraftItem, DraftSaved, FindingView, ItemSource,
    ItemView, Kept, LineChoice, LineDifference, LineRead, LineSafety, MedicineFound, Pad,
    PrescriptionSummary, Safety, ShortKey, ShortKeyForm, ShortKeyFound, ShortKeyTest, TestFinding, Vitals,
};
pub use files::{AttachmentForm, AttachmentView, FilePlace};

pub use known::{Allergen, AllergyForm, AllergyView, Measured};
pub use medicines::{OwnMedicine, OwnMedicineForm};
pub use paper::Letterhead;

/// What the window shows first.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum AppState {
    /// This computer belongs to no clinic yet.
    NotEnrolled,
    /// Someone must sign in.
    Locked {
        /// The tenant's name.
        tenant_name: String,
        /// The clinic's name.
        clinic_name: String,
        /// Who has signed in here before; last first.
        people: Vec<Person>,
        /// For how long it opens without the server; none if the server has not said.
        lease: Option<LeaseView>,
        /// How many changes waited to be sent when someone was last signed in.
        waiting: u32,
        /// How many attached files did.
        files_waiting: u32,
    },
    /// Someone is signed in.
    Unlocked {
        /// Who and where.
        session: SessionView,
        /// Whether this computer's data can be opened if its keyring is lost.
        recovery: RecoveryView,
    },
    /// This computer was taken out of service. Nobody works on it any more; it hands over what waits, and destroys its
    /// keys and files.
    Revoked {
        /// The tenant's name.
        tenant_name: String,
        /// The clinic's name.
        clinic_name: String,
        /// Who has signed in here before; last first.
        people: Vec<Person>,
        /// How many changes wait to be handed over.
        waiting: u32,
        /// Whether someone must give their password so that these can be read.
        needs_password: bool,
        /// When the data is destroyed.
        wipes_at: Option<String>,
    },
    /// This computer was taken out of service, and its keys and files are being destroyed.
    Wiping,
    /// The data on this computer cannot be opened; nothing of it was changed.
    Broken {
        /// What is wrong, for programs.
        code: ErrorCode,
        /// What is wrong and what to do, for people.
        detail: String,
        /// The fingerprint of the recovery code that opens it, if the keys are lost and such a code was made.
        recovery: Option<String>,
    },
}

/// How the recovery code of this computer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RecoveryView {
    /// What tells it from others; none if none was made.
    pub fingerprint: Option<String>,
    /// When it was made.
    pub made_at: Option<String>,
    /// Whether someone said that it is written down.
    pub is_kept: bool,
    /// Whether it is shown now, to whoever is signed in: nothing else comes before that.
    pub is_shown: bool,
}

/// A recovery code, to be printed or written down: shown once.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RecoveryPage {
    /// The code, in groups.
    pub code: String,
    /// What tells it from others.
    pub fingerprint: String,
    /// What staff call the computer that it opens.
    pub device_name: String,
    /// The tenant's name.
    pub tenant_name: String,
    /// The clinic's name.
    pub clinic_name: String,
    /// When it was made.
    pub made_at: String,
}

/// What is typed at a computer whose keys are lost.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RecoveryForm {
    /// The recovery code, as typed.
    pub recovery_code: String,
    /// The one-time code of an admin.
    pub code: String,
    /// The e-mail of whoever does it.
    pub email: String,
    /// Their password.
    pub password: String,
}

/// For how long a computer works without contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LeaseView {
    /// So many days without contact are allowed; with 0 nobody opens it without the server.
    pub days_allowed: u32,
    /// Whole days since the last contact.
    pub days_without: u32,
    /// Whole hours until it locks.
    pub hours_left: u32,
    /// Whether four fifths of the time are over.
    pub ends_soon: bool,
    /// Whether all of it is: only the server opens it now.
    pub has_ended: bool,
    /// Whether it was so long that rights are no longer taken for granted.
    pub roles_lapsed: bool,
}

/// A person who has signed in on this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Person {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub full_name: String,
    /// With what they sign in.
    pub email: String,
    /// What they may do.
    pub roles: Roles,
}

/// Who is signed in, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own for the window")]
pub struct SessionView {
    /// Who.
    pub person: Person,
    /// Their profile as a prescriber.
    pub doctor_id: Option<DoctorId>,
    /// Whether they may sign prescriptions.
    pub may_prescribe: bool,
    /// Whether they may read clinical columns.
    pub may_read_clinical: bool,
    /// Whether they may say that two registrations are one person; whoever may not proposes it.
    pub may_merge: bool,
    /// The tenant's name.
    pub tenant_name: String,
    /// Where this computer stands.
    pub clinic_id: ClinicId,
    /// The clinic's name.
    pub clinic_name: String,
    /// What staff call this computer.
    pub device_name: String,
    /// The letter before the numbers that this computer gives.
    pub lane: String,
    /// What this computer may receive.
    pub scope: DeviceScope,
    /// Whether rights beyond those of all staff wait for contact with the server.
    pub roles_lapsed: bool,
    /// After so many minutes in which nobody touches the window it locks.
    pub idle_lock_minutes: u32,
}

/// What the enrolment screen sends.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Enrolment {
    /// The server's address, with or without `https://`.
    pub server: String,
    /// The one-time code.
    pub code: String,
    /// The e-mail of whoever enrols this computer.
    pub email: String,
    /// Their password.
    pub password: String,
    /// What staff will call this computer.
    pub device_name: String,
}

/// How this computer stands with the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct SyncStatus {
    /// Whether the server answers.
    pub connection: Connection,
    /// How far this computer has been filled; none once it holds all that it may have.
    pub filling: Option<FillingView>,
    /// When it was last compared with the server, row by row, and found equal; none before the first time.
    pub compared: Option<ComparedView>,
    /// How many records are here of which the server has nothing, or only something older: it lost them.
    pub only_here: u32,
    /// How many changes are saved here and not yet acknowledged by the server.
    pub waiting: u32,
    /// How many attached files are here and not yet on the server.
    pub files_waiting: u32,
    /// How many attached files the server will not take. They are kept here.
    pub files_refused: u32,
    /// How many changes of this computer were set aside, and how many items wait for a decision.
    pub attention: u32,
    /// How many of these are decisions.
    pub decisions: u32,
    /// When this computer last had everything that the server has.
    pub last_synced_at: Option<String>,
    /// When the server last answered.
    pub last_contact_at: Option<String>,
    /// What keeps the computer from syncing although the server answers.
    pub problem: Option<SyncProblem>,
    /// What the server last said about the plan and the password, as long as it answers; before that, whatever the
    /// connection, that its audit log was changed.
    pub notices: Vec<Notice>,
    /// For how long this computer still works without contact; none if the server has not said.
    pub lease: Option<LeaseView>,
}

/// The last comparison with the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ComparedView {
    /// When both were equal.
    pub at: Option<String>,
    /// How many rows were other ones here when there last were any, and were fetched again.
    pub mended: u32,
    /// When that was.
    pub mended_at: Option<String>,
}

impl From<&Compared> for ComparedView {
    fn from(compared: &Compared) -> Self {
        let (mended, mended_at) = compared.mended().unzip();
        Self {
            at: compared.at().map(moment_text),
            mended: mended.unwrap_or(0),
            mended_at: mended_at.map(str::to_owned),
        }
    }
}

/// How far a new computer has been filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct FillingView {
    /// Whether all that today needs is here.
    pub has_today: bool,
    /// How many rows have come of it, or after it.
    pub rows: u32,
    /// About how many come after it.
    pub total: Option<u32>,
}

impl From<Filling> for FillingView {
    fn from(filling: Filling) -> Self {
        let count = |rows: u64| u32::try_from(rows).unwrap_or(u32::MAX);
        Self {
            has_today: filling.after.is_some(),
            rows: count(filling.rows),
            total: filling.total.map(count),
        }
    }
}

/// Whether the server answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum Connection {
    /// Not tried yet.
    Connecting,
    /// It answers.
    Online,
    /// Changes are on their way.
    Sending {
        /// How many of them the server has acknowledged.
        sent: u32,
        /// How many there are.
        total: u32,
    },
    /// Rows are coming.
    Receiving {
        /// How many have come.
        rows: u32,
    },
    /// It does not answer.
    Offline {
        /// Since when.
        since: String,
    },
}

/// What keeps a computer from syncing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct SyncProblem {
    /// For programs.
    pub code: ErrorCode,
    /// What happened, what is safe and what to do.
    pub detail: String,
}

/// An entry of the ledger: something done on this computer, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LedgerEntry {
    /// Its number on this computer.
    pub sequence: u32,
    /// What was done, in plain words: "Prescription signed".
    pub title: String,
    /// Whom it concerns.
    pub patient_name: Option<String>,
    /// Who did it.
    pub actor_name: Option<String>,
    /// When.
    pub recorded_at: String,
    /// What became of it; absent while it waits for the network.
    pub fate: Option<Fate>,
    /// When the server acknowledged it.
    pub acknowledged_at: Option<String>,
    /// Why it was set aside, or what a person must decide.
    pub detail: Option<String>,
}

/// What became of a change, or that it waits for the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum LedgerState {
    /// Not acknowledged by the server yet.
    Waiting,
    /// As sent.
    Applied,
    /// Merged with what others had changed.
    Merged,
    /// A person must decide.
    Conflict,
    /// Refused.
    Quarantined,
    /// Behind a refused one.
    Blocked,
    /// Refused, and corrected.
    Replaced,
    /// Refused, and discarded.
    Discarded,
}

impl LedgerState {
    /// Its word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Applied => Self::fate_text(Fate::Applied),
            Self::Merged => Self::fate_text(Fate::Merged),
            Self::Conflict => Self::fate_text(Fate::Conflict),
            Self::Quarantined => Self::fate_text(Fate::Quarantined),
            Self::Blocked => Self::fate_text(Fate::Blocked),
            Self::Replaced => Self::fate_text(Fate::Replaced),
            Self::Discarded => Self::fate_text(Fate::Discarded),
        }
    }

    /// The word of a fate.
    pub fn fate_text(fate: Fate) -> &'static str {
        match fate {
            Fate::Applied => "applied",
            Fate::Merged => "merged",
            Fate::Conflict => "conflict",
            Fate::Quarantined => "quarantined",
            Fate::Blocked | Fate::Other => "blocked",
            Fate::Replaced => "replaced",
            Fate::Discarded => "discarded",
        }
    }

    /// The state of this word.
    pub fn of(word: &str) -> Option<Self> {
        Self::deserialize(serde_json::Value::from(word)).ok()
    }
}

/// What of the ledger is asked for; what is absent or empty asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LedgerFilter {
    /// A patient's name or number, or the number of a change.
    pub query: String,
    /// What was done, as the program calls it.
    pub kind: Option<String>,
    /// What became of it.
    pub state: Option<LedgerState>,
    /// The first day.
    pub from: Option<String>,
    /// The last day.
    pub to: Option<String>,
    /// Who did it.
    pub author: Option<UserId>,
}

/// A page of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LedgerPage {
    /// How many entries fit in all.
    pub total: u32,
    /// Those of this page, newest first.
    pub entries: Vec<LedgerEntry>,
}

/// What the ledger can be filtered by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LedgerChoices {
    /// What was done here so far.
    pub kinds: Vec<LedgerKind>,
    /// Who did it.
    pub people: Vec<LedgerPerson>,
    /// How many changes there are of each state that occurs.
    pub counts: Vec<(LedgerState, u32)>,
}

/// A kind of change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LedgerKind {
    /// As the program calls it.
    pub kind: String,
    /// In plain words.
    pub title: String,
}

/// Somebody who did something here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct LedgerPerson {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub full_name: String,
}

/// How the ledger is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum LedgerFormat {
    /// For spreadsheets.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// A change that the server refused, and what can be made of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RefusedChange {
    /// Its number on this computer.
    pub sequence: u32,
    /// What was done, in plain words.
    pub title: String,
    /// Whom it concerns.
    pub patient_id: Option<PatientId>,
    /// Their name.
    pub patient_name: Option<String>,
    /// Who did it.
    pub actor_name: String,
    /// When.
    pub recorded_at: String,
    /// Why it was refused, for programs.
    pub code: Option<RefusalCode>,
    /// The same in words.
    pub detail: Option<String>,
    /// How many later changes wait behind it.
    pub behind: u32,
    /// What was last asked for, unless it was refused again since.
    pub asked: Option<AskedOfRefused>,
    /// The values, those that this person may read.
    pub fields: Vec<RefusedField>,
    /// Whether corrected values can be written in its place.
    pub may_correct: bool,
    /// Whether it is a prescription, which goes back to the pad instead.
    pub may_reopen: bool,
    /// Whether this person may discard it.
    pub may_discard: bool,
}

/// What somebody here wants to become of a refused change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct AskedOfRefused {
    /// What.
    pub way: Way,
    /// Who.
    pub who: String,
    /// When.
    pub at: String,
    /// Why.
    pub reason: Option<String>,
    /// Whether the server has heard of it.
    pub is_sent: bool,
}

/// A value in a refused change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RefusedField {
    /// The number of the changed record in it.
    pub record: u32,
    /// The table's name.
    pub table: String,
    /// The column's name.
    pub column: String,
    /// The value, names for ids.
    pub value: Option<String>,
    /// How another one is typed, if it can be.
    pub entry: Option<Entry>,
}

/// A corrected value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct CorrectedField {
    /// The number of the changed record in it.
    pub record: u32,
    /// The column's name.
    pub column: String,
    /// As typed; empty for none.
    pub typed: String,
}

/// A computer of the clinic, as its admins see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own for the window")]
pub struct ComputerView {
    /// Which.
    pub id: DeviceId,
    /// What staff call it.
    pub name: String,
    /// The letter before the numbers that it gives.
    pub lane: String,
    /// What it may receive.
    pub scope: DeviceScope,
    /// Whether it is the one at which this is shown.
    pub is_this: bool,
    /// When it last brought something.
    pub last_seen_at: Option<String>,
    /// Until when it opens without contact, by what it was last told.
    pub lease_until: Option<String>,
    /// Whether a copy of it was seen since the last password sign-in.
    pub is_copied: bool,
    /// Whether it was another one until its disk was copied or restored.
    pub is_a_copy: bool,
    /// Whether it was another one until its keys were lost.
    pub is_recovered: bool,
    /// Whether its keys were lost, and it goes on as another one.
    pub went_on: bool,
    /// The fingerprint of the recovery code that opens it; none was made if there is none.
    pub recovery_fingerprint: Option<String>,
    /// When that code was made.
    pub recovery_made_at: Option<String>,
    /// What became of it, once it is out of service.
    pub revocation: Option<RevocationView>,
}

/// What became of a computer that was taken out of service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RevocationView {
    /// How far it has come.
    pub state: RevocationState,
    /// Since when.
    pub asked_at: String,
    /// Whether an admin's computer agreed that it destroys its data at once.
    pub has_consent: bool,
    /// How many changes were on it that nobody handed over.
    pub lost: Option<u32>,
    /// When its keys and files were gone.
    pub done_at: Option<String>,
}

impl ComputerView {
    /// A computer as it is shown at this one.
    pub fn of(info: DeviceInfo, this: DeviceId) -> Self {
        Self {
            is_this: info.id == this,
            id: info.id,
            name: info.name,
            lane: info.lane,
            scope: info.scope,
            last_seen_at: info.last_seen_at.map(moment_text),
            lease_until: info.lease_until.map(moment_text),
            is_copied: info.is_copied,
            is_a_copy: info.copied_from.is_some(),
            is_recovered: info.recovered_from.is_some(),
            went_on: info.recovered_as.is_some(),
            recovery_fingerprint: info.recovery_fingerprint,
            recovery_made_at: info.recovery_made_at.map(moment_text),
            revocation: info.revocation.map(|revocation| RevocationView {
                state: revocation.state,
                asked_at: moment_text(revocation.asked_at),
                has_consent: revocation.has_consent,
                lost: revocation.lost,
                done_at: revocation.done_at.map(moment_text),
            }),
        }
    }
}

/// A patient in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct PatientSummary {
    /// Who.
    pub id: PatientId,
    /// First and last name as typed.
    pub full_name: String,
    /// `54 y`, `11 mo`; empty if not known.
    pub age: String,
    /// `F`, `M`, `O` or empty.
    pub sex: String,
    /// In E.164 form.
    pub mobile_number: String,
    /// The printed code.
    pub patient_code: Option<String>,
    /// `W/o Prakash`.
    pub guardian: Option<String>,
    /// The day of the last prescription.
    pub last_visit: Option<String>,
    /// Whether two registrations of one person may hide here.
    pub needs_review: bool,
    /// Whether the plan had no room for them when they were registered.
    pub beyond_plan: bool,
}

/// What is asked when a patient is registered or corrected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct PatientForm {
    /// In any usual spelling.
    pub mobile_number: String,
    /// Required.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// `male`, `female`, `other` or `unknown`.
    pub sex: String,
    /// `2026-11-23`; or give an age.
    pub date_of_birth: Option<String>,
    /// Whole years; or give a date of birth.
    pub age_years: Option<u32>,
    /// Whole months beyond the years.
    pub age_months: Option<u32>,
    /// `S/o`, `D/o`, `W/o`, `B/o` or `C/o`.
    pub guardian_relation: Option<String>,
    /// Whose son, daughter, wife …
    pub guardian_name: String,
    /// Street and house.
    pub address_line: String,
    /// Town.
    pub city: String,
    /// `unknown`, `none_known` or `has_allergies`; written only by clinicians.
    pub allergy_status: String,
    /// Allergies and other warnings, in words; written only by clinicians.
    pub alerts: String,
    /// `A+` … `O-`, or `unknown`.
    pub blood_group: String,
    /// In which language directions are printed beside English: `hi`, `mr`, or none.
    pub preferred_language: Option<String>,
    /// `pregnant`, `not_pregnant`, `breastfeeding`, `unknown`, or none if nobody asked; written only by clinicians.
    pub pregnancy_status: Option<String>,
    /// The first day of the last period; written only by clinicians.
    pub lmp_date: Option<String>,
    /// Allergies to be noted with it, each as a row of its own; written only by clinicians. Never filled from what is
    /// stored.
    pub allergies: Vec<AllergyForm>,
}

/// A patient's chart.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Chart {
    /// Who.
    pub patient: PatientSummary,
    /// The form as it would be filled now.
    pub form: PatientForm,
    /// `unknown`, `none_known` or `has_allergies`.
    pub allergy_status: String,
    /// Allergies: those that count first, the worst of them before all others; then what does not hold any more.
    pub allergies: Vec<AllergyView>,
    /// Other warnings in words, and allergies that were written so.
    pub alerts: Option<String>,
    /// Long illnesses.
    pub conditions: Vec<Diagnosis>,
    /// What was measured, the oldest first.
    pub measured: Vec<Measured>,
    /// Signed prescriptions, newest first.
    pub prescriptions: Vec<PrescriptionSummary>,
    /// Whether a draft waits on this computer.
    pub has_draft: bool,
    /// What waits for a decision about this patient.
    pub conflicts: Vec<Conflict>,
    /// Other registrations of the same person, that this one stands for.
    pub merged: Vec<PatientSummary>,
}

/// Something that a person must decide, or has decided.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Conflict {
    /// Which.
    pub id: ConflictId,
    /// What it is about.
    pub kind: conflict::Kind,
    /// Whose work it is.
    pub group: ConflictGroup,
    /// The table's name.
    pub table: String,
    /// The fact, by its leading column; `deleted` for the row itself.
    pub column: Option<String>,
    /// The rule that found it.
    pub rule: Option<String>,
    /// Whom it concerns.
    pub patient: Option<PatientSummary>,
    /// The other registration, of two that may be one person.
    pub other_patient: Option<PatientSummary>,
    /// What differs, entry by entry.
    pub facts: Vec<ConflictFact>,
    /// The value that the server had.
    pub theirs: ConflictSide,
    /// The value that came later.
    pub ours: ConflictSide,
    /// Whether both hold together until someone decides.
    pub is_union: bool,
    /// The choice that is offered first.
    pub safer: Option<conflict::Choice>,
    /// How another value can be typed, if it can.
    pub entry: Option<Entry>,
    /// Whether whoever is signed in may decide it.
    pub may_decide: bool,
    /// When it was opened.
    pub opened_at: String,
    /// What was decided.
    pub decided: Option<Decided>,
    /// The refused change that it is about, if it is about one.
    pub refused: Option<RefusedItem>,
}

/// A refused change that was handed to the admins, as they see it: without its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct RefusedItem {
    /// What was done, in plain words.
    pub title: String,
    /// Why the server refused it.
    pub detail: Option<String>,
    /// Why it was handed over.
    pub why: Option<String>,
    /// When it was last tried again in vain.
    pub tried_at: Option<String>,
    /// What was asked for here and waits to be sent.
    pub asked: Option<Way>,
}

/// Whose work an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum ConflictGroup {
    /// A doctor's or dentist's.
    Clinical,
    /// A dentist's.
    Dental,
    /// Reception's as well.
    FrontDesk,
}

/// One thing that differs. Values are as they are stored; names stand for ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ConflictFact {
    /// The column, or the entry of one, such as `weight_kg`.
    pub name: String,
    /// What both had seen.
    pub base: Option<String>,
    /// What the server had.
    pub theirs: Option<String>,
    /// What came later.
    pub ours: Option<String>,
}

/// One side of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct ConflictSide {
    /// The whole value in words.
    pub text: Option<String>,
    /// Who wrote it; absent if another program did.
    pub who: Option<String>,
    /// On which computer.
    pub device: Option<String>,
    /// When.
    pub at: Option<String>,
    /// Whether it was this computer.
    pub is_here: bool,
    /// Whether it is what the record says until someone decides.
    pub holds: bool,
}

/// How another value is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "ConflictEntry"))]
pub enum Entry {
    /// As a text.
    Text,
    /// As a number.
    Number,
    /// As a day.
    Date,
    /// One of these.
    Choice {
        /// All that there are.
        choices: Vec<String>,
    },
}

/// What was decided about an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Decided {
    /// What.
    pub choice: conflict::Choice,
    /// The value that holds since.
    pub value: Option<String>,
    /// Why, in words.
    pub reason: Option<String>,
    /// Who decided; absent as long as it waits to be sent.
    pub who: Option<String>,
    /// When.
    pub at: Option<String>,
    /// Whether the server has it.
    pub is_sent: bool,
}

/// Today at this clinic.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Today {
    /// The day in the clinic's time zone.
    pub date: String,
    /// Who was seen, latest first.
    pub seen: Vec<TodayVisit>,
    /// Whose draft waits on this computer.
    pub drafts: Vec<PatientSummary>,
    /// Who was asked to return today and was not yet seen.
    pub follow_ups: Vec<PatientSummary>,
    /// Who was registered today, latest first.
    pub registered: Vec<PatientSummary>,
}

/// A visit of today.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct TodayVisit {
    /// The prescription that came of it.
    pub prescription_id: PrescriptionId,
    /// Who.
    pub patient: PatientSummary,
    /// Whom they saw.
    pub doctor_name: String,
    /// When the prescription was signed.
    pub signed_at: Option<String>,
}

/// What a failed command tells the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct CommandError {
    /// For programs.
    pub code: ErrorCode,
    /// What happened, what is safe and what to do, in English.
    pub detail: String,
    /// The same in Hindi, where there is a sentence for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub hindi: Option<String>,
}

impl CommandError {
    /// What went wrong, in this English sentence.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { code, hindi: hindi(&detail), detail }
    }
}
