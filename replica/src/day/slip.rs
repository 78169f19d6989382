//! The slip that whoever waits takes along: their token, and nothing of them that others should read.

use protocol::appointment::Status;
use protocol::audit::Action;
use protocol::dosage::Language;
use protocol::id::AppointmentId;
use protocol::printed::PrintedSlip;
use protocol::table::{TableName, Values};
use protocol::validate::parse_moment;
use time::OffsetDateTime;

use super::{Visit, visit};
use crate::chart::doctor_name;
use crate::clock::{moment_words, time_text};
use crate::error::{Error, Result};
use crate::one_patient::kept;
use crate::replica::{Replica, must_get, text};

/// So many digits of a mobile number tell two of one first name apart, and are no number to call.
const DIGITS: usize = 2;

impl Replica {
    /// The slip of whoever waits here with a token.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a visit without a token, and for who does not wait, or not any more.
    pub fn slip(&self, id: AppointmentId) -> Result<PrintedSlip> {
        self.store.read(|tx| {
            let now = self.now_here(tx)?;
            let visit = visit(tx, id)?;
            if !self.has_slip(&visit, now) {
                return Err(no_slip(&visit));
            }
            let (Some(patient), Some(doctor)) = (visit.patient(), visit.doctor()) else {
                return Err(Error::NotFound);
            };
            let patient = must_get(tx, TableName::Patients, kept(tx, patient)?.0)?;
            let clinic = must_get(tx, TableName::Clinics, self.facts.clinic_id.0)?;
            let turn = visit.turn();
            let waiting = self.here_with(tx, doctor, Status::Arrived, now)?;
            let before = waiting.iter().filter(|other| other.turn() < turn).count();
            let arrived_at = parse_moment(visit.text("arrived_at"));
            Ok(PrintedSlip {
                clinic_name: text(&clinic, "clinic_name").to_owned(),
                token: visit.text("token_label").to_owned(),
                doctor_name: doctor_name(tx, doctor)?,
                arrived_at: arrived_at.map_or_else(String::new, |at| moment_words(at, now.offset())),
                patient: called(&patient),
                told: languages(&patient)
                    .into_iter()
                    .flat_map(|language| told(language, before, now))
                    .collect(),
            })
        })
    }

    /// Notes that the slip goes to the printer: it leaves this program.
    ///
    /// # Errors
    ///
    /// As [`Self::slip`].
    pub fn print_slip(&self, id: AppointmentId) -> Result<()> {
        self.slip(id)?;
        let patient = self.store.read(|tx| Ok(visit(tx, id)?.patient()))?;
        self.note(Action::Print, Some((TableName::Appointments, id.0)), patient);
        Ok(())
    }

    /// Whether a slip can be printed for a visit: somebody waits here now, with a token to be called by.
    pub(super) fn has_slip(&self, visit: &Visit, now: OffsetDateTime) -> bool {
        visit.status == Status::Arrived
            && !visit.text("token_label").is_empty()
            && visit.is_of_now(now)
            && self.is_here(visit)
    }
}

/// Why there is none.
fn no_slip(visit: &Visit) -> Error {
    let is_to_come = matches!(visit.status, Status::Booked | Status::Confirmed | Status::Arrived);
    let why = if is_to_come && visit.text("token_label").is_empty() {
        "This visit has no token yet: one is given when the patient is here. Nothing was printed."
    } else {
        "This patient does not wait here now. Nothing was printed."
    };
    Error::Invalid(why.to_owned())
}

/// Who is meant, for them and for nobody else in the room: `Sunita …76`.
fn called(patient: &Values) -> String {
    let (first_name, mobile) = (text(patient, "first_name"), text(patient, "mobile_number"));
    match mobile.len().checked_sub(DIGITS).and_then(|from| mobile.get(from..)) {
        Some(end) => format!("{first_name} …{end}"),
        None => first_name.to_owned(),
    }
}

/// English, and what the patient reads; Hindi, if nobody asked.
fn languages(patient: &Values) -> Vec<Language> {
    match Language::find(text(patient, "preferred_language")) {
        Some(Language::English) => vec![Language::English],
        other => vec![Language::English, other.unwrap_or(Language::Hindi)],
    }
}

/// How many come in before them as it stands now, and what to do.
fn told(language: Language, before: usize, now: OffsetDateTime) -> [String; 2] {
    let time = time_text(now);
    let (before, wait) = match language {
        Language::English => {
            (format!("Waiting before you at {time}: {before}"), "Please wait until your token is called")
        }
        Language::Hindi => (format!("{time} पर आपसे पहले: {before}"), "कृपया अपना टोकन पुकारे जाने तक प्रतीक्षा करें"),
        Language::Marathi => {
            (format!("{time} वाजता आपल्या आधी: {before}"), "कृपया आपला टोकन पुकारेपर्यंत प्रतीक्षा करा")
        }
    };
    [before, wait.to_owned()]
}
