//! What the window shows and what it sends: plain data, ready to draw. No rule is left to the window.
//! Days are `2026-11-23`, moments RFC 3339 in UTC.

use protocol::error::ErrorCode;
use serde::Serialize;

use crate::hindi::hindi;

mod audit;
mod computers;
mod conflicts;
mod consultation;
mod day;
mod dental;
mod files;
mod follow_ups;
mod known;
mod ledger;
mod medicines;
mod paper;
mod patients;
mod prepared;
mod recovery;
mod refused;
mod session;
mod short_keys;
mod staff;
mod status;

pub use audit::{AuditChoice, AuditChoices, AuditFilter, AuditLine, AuditList, AuditMoment};
pub use computers::{ComputerCode, ComputerList, ComputerView, RevocationView};
pub use conflicts::{Conflict, ConflictFact, ConflictGroup, ConflictSide, Decided, Entry};
pub use consultation::{
    AlertView, Diagnosis, Difference, DosageRead, Draft, DraftItem, DraftSaved, FindingView, ItemSource,
    ItemView, Kept, LineChoice, LineDifference, LineRead, LineSafety, MedicineFound, Pad,
    PrescriptionSummary, Safety, Vitals,
};
pub use day::{
    Booking, BookingForm, BookingRead, CancelReason, Day, DayVisit, DayVisits, Days, DoctorDay, DoctorName,
    NextPatient, Step, StepKind, TakenTime, VisitType,
};
pub use dental::{
    DentalChart, DentalFinding, DentalLineRead, DentalProcedure, DentalSite, FindingStatus, Mark, Surface,
    SurfaceMark, ToothCode, ToothPresence, ToothTone, ToothView, Work,
};
pub use files::{AttachmentForm, AttachmentView, FilePlace};
pub use follow_ups::{FollowUp, FollowUpDays, FollowUps};
pub use known::{Allergen, AllergyForm, AllergyView, Measured, Running};
pub use ledger::{
    LedgerChoices, LedgerEntry, LedgerFilter, LedgerFormat, LedgerKind, LedgerPage, LedgerPerson, LedgerState,
};
pub use medicines::{OwnMedicine, OwnMedicineForm};
pub use paper::Letterhead;
pub use patients::{Chart, Died, PatientForm, PatientSummary, PatientsFound, Today, TodayVisit, Visit};
pub use prepared::{GivenDraft, Prepared, PreparedPatient};
pub use recovery::{RecoveryForm, RecoveryPage, RecoveryView};
pub use refused::{AskedOfRefused, CorrectedField, RefusedChange, RefusedField, RefusedItem};
pub use session::{AppState, Enrolment, LeaseView, Person, SessionView};
pub use short_keys::{ShortKey, ShortKeyForm, ShortKeyFound, ShortKeyTest, TestFinding};
pub use staff::{StaffClinic, StaffForm, StaffList, StaffRegistration, StaffView};
pub use status::{ComparedView, Connection, FillingView, SyncProblem, SyncStatus};

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
