//! An appointment's states, and the time of day for which it is made.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Refusal, RefusalCode};
use crate::mutation::Change;
use crate::table::Values;

/// The state of an appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "AppointmentStatus"))]
pub enum Status {
    /// A time was given.
    Booked,
    /// The patient said that they will come.
    Confirmed,
    /// The patient is here.
    Arrived,
    /// The patient is with the doctor.
    InConsultation,
    /// The visit is over.
    Completed,
    /// The patient came and went away again.
    LeftWithoutSeen,
    /// It will not take place.
    Cancelled,
    /// Another one took its place.
    Rescheduled,
    /// The patient did not come.
    NoShow,
    /// It should never have been written.
    EnteredInError,
}

impl Status {
    /// Whether the patient is still to come, waits, or is with the doctor.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Booked | Self::Confirmed | Self::Arrived | Self::InConsultation)
    }

    /// Whether an appointment may go from this state to `next`. A person who changed their mind, or a patient
    /// who came after all, leads back; and whoever was seen without being led through each state was seen.
    pub fn may_become(self, next: Self) -> bool {
        use Status::{
            Arrived, Booked, Cancelled, Completed, Confirmed, EnteredInError, InConsultation,
            LeftWithoutSeen, NoShow, Rescheduled,
        };
        self == next
            || match self {
                Booked => matches!(
                    next,
                    Confirmed | Arrived | Completed | Cancelled | Rescheduled | NoShow | EnteredInError
                ),
                Confirmed => {
                    matches!(next, Arrived | Completed | Cancelled | Rescheduled | NoShow | EnteredInError)
                }
                Arrived => matches!(next, InConsultation | Completed | LeftWithoutSeen | EnteredInError),
                InConsultation => matches!(next, Completed | EnteredInError),
                Completed => matches!(next, InConsultation | EnteredInError),
                NoShow | Cancelled => matches!(next, Arrived | EnteredInError),
                LeftWithoutSeen | Rescheduled => next == EnteredInError,
                EnteredInError => false,
            }
    }
}

/// Checks that a change of state is one that a person can make from what they saw. What others did meanwhile
/// is for the merge, and whoever decides between two states that were recorded may take either.
///
/// # Errors
///
/// [`RefusalCode::BadValue`].
pub(crate) fn check_update(change: &Change) -> Result<(), Refusal> {
    let Some(set) = change.set.get("status").filter(|_| change.decides.is_none()) else { return Ok(()) };
    match (Status::deserialize(&set.base), Status::deserialize(&set.value)) {
        (Ok(base), Ok(value)) if base.may_become(value) => Ok(()),
        _ => Err(Refusal::new(
            RefusalCode::BadValue,
            "An appointment does not go from that state to this one.",
        )),
    }
}

/// Minutes since midnight of a time as it is stored, `09:30`; none for what is no time, as where none was given.
pub fn minutes_of(time: &str) -> Option<i64> {
    let (hour, minute) = time.split_once(':')?;
    Some(hour.parse::<i64>().ok()? * 60 + minute.parse::<i64>().ok()?)
}

/// What is wrong with the columns of an appointment, if anything is.
pub(crate) fn check_row(values: &Values) -> Option<&'static str> {
    let time = values.get("start_time").and_then(Value::as_str)?;
    let is_time = time.len() == 5
        && time.split_once(':').is_some_and(|(hour, minute)| {
            [(hour, 23_u8), (minute, 59)].into_iter().all(|(part, max)| {
                part.len() == 2
                    && part.bytes().all(|byte| byte.is_ascii_digit())
                    && part.parse::<u8>().is_ok_and(|number| number <= max)
            })
        });
    (!is_time).then_some("A time of day is written like 09:30.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::table::APPOINTMENT_STATUSES;

    #[test]
    fn every_declared_state_is_one_of_these() {
        for status in APPOINTMENT_STATUSES {
            assert!(Status::deserialize(&json!(status)).is_ok(), "{status}");
        }
    }

    #[test]
    fn a_finished_visit_is_never_cancelled_and_an_error_stays_one() {
        assert!(!Status::Completed.may_become(Status::Cancelled));
        assert!(Status::Completed.may_become(Status::InConsultation));
        assert!(Status::NoShow.may_become(Status::Arrived));
        assert!(!Status::NoShow.may_become(Status::Completed));
        for status in APPOINTMENT_STATUSES {
            let status = Status::deserialize(&json!(status)).expect("BUG: a state");
            assert_eq!(Status::EnteredInError.may_become(status), status == Status::EnteredInError);
            assert!(status.may_become(Status::EnteredInError), "{status:?}");
        }
    }

    #[test]
    fn whoever_is_still_to_be_seen_may_have_been_seen_at_once() {
        for status in APPOINTMENT_STATUSES {
            let status = Status::deserialize(&json!(status)).expect("BUG: a state");
            let may = status.is_open() || status == Status::Completed;
            assert_eq!(status.may_become(Status::Completed), may, "{status:?}");
        }
    }

    #[test]
    fn a_time_of_day_is_so_many_minutes_after_midnight() {
        assert_eq!(["00:00", "09:30", "23:59"].map(minutes_of), [Some(0), Some(570), Some(1439)]);
        assert_eq!(["", "noon", "9"].map(minutes_of), [None; 3]);
    }

    #[test]
    fn a_time_of_day_has_two_digits_each() {
        let check = |time: &str| check_row(&[("start_time".to_owned(), json!(time))].into()).is_none();
        assert!(check("09:30") && check("00:00") && check("23:59"));
        for wrong in ["9:30", "24:00", "09:60", "+9:30", "0930", "09:3०", "09:30:00", ""] {
            assert!(!check(wrong), "{wrong}");
        }
    }
}
