//! The reception's day: visits that are booked, and led on to the doctor and out again.

use protocol::id::{DoctorId, PatientId};
use protocol::table::TableName;
use replica::Result;
use replica::view::{Booking, BookingForm, CancelReason, Step, StepKind, VisitType};

use super::Hand;

const TIMES: &[&str] = &["", "10:00", "10:10", "10:20"];

impl Hand<'_> {
    /// What a visit is booked with: for tomorrow, or for who is here.
    fn booking_form(&mut self) -> Result<Option<BookingForm>> {
        let Some(doctor) = self.one(TableName::Doctors, |_| true)? else { return Ok(None) };
        let is_here = self.dice.per_mille(600);
        Ok(Some(BookingForm {
            doctor_id: DoctorId(doctor.id),
            day: if is_here { String::new() } else { "tomorrow".into() },
            time: if is_here { String::new() } else { self.pick(TIMES).into() },
            visit_type: VisitType::New,
            is_urgent: self.dice.per_mille(100),
            reason: String::new(),
            is_here,
            was_asked: false,
        }))
    }

    /// A visit by the window's way.
    pub(super) fn book_visit(&mut self) -> Result<()> {
        let Some(patient) = self.one(TableName::Patients, |_| true)? else { return Ok(()) };
        let Some(form) = self.booking_form()? else { return Ok(()) };
        self.replica.book_visit(PatientId(patient.id), &form).map(drop)
    }

    /// What may be done with a visit that this desktop shows.
    pub(super) fn lead_on(&mut self) -> Result<()> {
        if self.is_doctor() && self.dice.per_mille(300) {
            return self.replica.next_patient().map(drop);
        }
        let days = self.replica.clinic_day(None)?.doctors.into_iter();
        let visits: Vec<Booking> =
            days.flat_map(|day| [day.with_doctor, day.waiting, day.booked, day.over]).flatten().collect();
        let Some(visit) = self.dice.pick(&visits) else { return Ok(()) };
        let Some(kind) = self.dice.pick(&visit.next) else { return Ok(()) };
        let step = match kind {
            StepKind::Confirm => Step::Confirm,
            StepKind::Arrive => Step::Arrive,
            StepKind::Call => Step::Call,
            StepKind::Start => Step::Start,
            StepKind::Finish => Step::Finish,
            StepKind::Reopen => Step::Reopen,
            StepKind::Leave => Step::Leave,
            StepKind::Miss => Step::Miss,
            StepKind::Cancel => Step::Cancel { reason: CancelReason::Patient },
            StepKind::Move => match self.booking_form()? {
                Some(form) => Step::Move { form },
                None => return Ok(()),
            },
            StepKind::Mistake => Step::Mistake,
        };
        self.replica.step_visit(visit.id, visit.status, &step).map(drop)
    }
}
