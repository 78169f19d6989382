//! What is done with a visit, from the door to the doctor and out again.

use protocol::appointment::{Status, minutes_of};
use protocol::id::{AppointmentId, DoctorId, PatientId};
use protocol::mutation::Change;
use protocol::table::TableName;
use protocol::validate::{day_text, moment_text, parse_moment};
use rusqlite::Transaction;
use serde_json::{Value, json};
use time::{Date, Duration, OffsetDateTime};

use super::book::{minutes_now, open_visit, twice};
use super::{Visit, each, here_since, visit};
use crate::clock::day_words;
use crate::death::must_live;
use crate::error::{Error, Result};
use crate::one_patient::{id_list, kept};
use crate::replica::{Replica, from_to};
use crate::store::query_ids;
use crate::view::{Booking, NextPatient, Step, StepKind};

/// Whoever is not here so many minutes after their time has not come.
const PATIENCE_MINUTES: i64 = 30;

/// Whoever came in so recently is not sent away again: the key was pressed twice, or here and at the reception at once.
const JUST_NOW: Duration = Duration::seconds(5);

/// For so long after somebody was called, the key that names nobody calls nobody else: it was pressed twice.
const CALLED_JUST_NOW: Duration = Duration::seconds(2);

/// What whoever leads a visit on is told last.
const NOT_CHANGED: &str = "Nothing was changed.";

impl Replica {
    /// Does the next thing with a visit. Of one that is moved, the new one is answered.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if it is not any more as it was `seen`, for what cannot be done with it as it is by now, and for a
    /// new place that [`Self::book_visit`] would refuse.
    pub fn step_visit(&self, id: AppointmentId, seen: Status, step: &Step) -> Result<Booking> {
        let patient = self.store.read(|tx| Ok(visit(tx, id)?.patient()))?;
        self.record(in_the_ledger(step.kind()), patient, |tx| {
            let now = self.now_here(tx)?;
            let visit = visit(tx, id)?;
            must_be_as_seen(&visit, seen)?;
            self.must_allow(tx, &visit, step.kind(), now)?;
            if matches!(step, Step::CallFirst) {
                self.must_be_the_first_press(tx, &visit, now)?;
            }
            if let Step::Move { form } = step {
                let patient = visit.patient().ok_or(Error::NotFound)?;
                let (booked, new) = self.new_visit(tx, patient, form, Some(&visit), now)?;
                let mut columns = self.columns(tx, &visit, step, now)?;
                columns.push(("rescheduled_to_id", json!(new.id)));
                let moved = changed(&visit, columns);
                return Ok((vec![booked, moved], self.must_booking(tx, &new, now)?));
            }
            let change = changed(&visit, self.columns(tx, &visit, step, now)?);
            let after = visit.after(&change)?;
            Ok((vec![change], self.must_booking(tx, &after, now)?))
        })
    }

    /// All who are with this doctor are done, and the next who waits comes in: urgent ones first, of these who was called
    /// already, then as they came.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who is no doctor; [`Error::Invalid`] if nobody waits, and if
    /// somebody came in just now: then nothing changes.
    pub fn next_patient(&self) -> Result<NextPatient> {
        let Some(doctor) = self.person.doctor_id else {
            return Err(Error::Forbidden("Only a doctor has the next patient come in. Nothing was changed."));
        };
        self.record("next_patient", None, |tx| {
            let now = self.now_here(tx)?;
            let mut waiting = self.here_with(tx, doctor, Status::Arrived, now)?;
            waiting.sort_by_cached_key(Visit::turn);
            let Some(next) = waiting.into_iter().next() else {
                return Err(Error::Invalid("Nobody waits for you.".to_owned()));
            };
            let with_doctor = self.here_with(tx, doctor, Status::InConsultation, now)?;
            if with_doctor.iter().any(|visit| is_within(visit.text("started_at"), JUST_NOW, now)) {
                return Err(Error::Invalid(
                    "Somebody came in to you just now. If they are done already, try once more in a moment. \
                     Nothing was changed."
                        .to_owned(),
                ));
            }
            let (mut changes, mut finished) = (vec![], vec![]);
            for visit in with_doctor {
                let change = changed(&visit, self.columns(tx, &visit, &Step::Finish, now)?);
                finished.extend(self.booking(tx, &visit.after(&change)?, now)?);
                changes.push(change);
            }
            let change = changed(&next, self.columns(tx, &next, &Step::Start, now)?);
            let started = self.must_booking(tx, &next.after(&change)?, now)?;
            changes.push(change);
            Ok((changes, NextPatient { finished, started }))
        })
    }

    /// The visit of a patient that a prescription of today is of, and whether the server has it as it is here. Whoever came in
    /// before midnight is still there behind it; whoever waits since then, until the night is over.
    pub(crate) fn visit_to_sign(
        &self,
        tx: &Transaction<'_>,
        patient: PatientId,
        doctor: DoctorId,
        today: Date,
    ) -> Result<Option<(AppointmentId, bool)>> {
        let sql = "select id from appointments where patient_id in (select value from json_each(?1)) \
                   and doctor_id = ?3 and clinic_id = ?4 and is_deleted = 0 and (appointment_date = ?2 \
                   and status in ('booked', 'confirmed', 'arrived', 'in_consultation') \
                   or appointment_date = ?5 and status = 'in_consultation' \
                   or appointment_date = ?6 and status = 'arrived') \
                   order by case status when 'in_consultation' then 0 when 'arrived' then 1 else 2 end, \
                   start_time, id limit 1";
        let clinic = self.facts.clinic_id.to_string();
        let yesterday = day_text(today.previous_day().unwrap_or(today));
        let since = day_text(here_since(self.now_here(tx)?));
        let params = (id_list(tx, patient)?, day_text(today), doctor.to_string(), clinic, yesterday, since);
        let Some(id) = query_ids::<AppointmentId>(tx, sql, params)?.into_iter().next() else {
            return Ok(None);
        };
        let sql = "select count(*) from pending_rows where table_name = 'appointments' and id = ?1";
        let waiting: i64 = tx.prepare_cached(sql)?.query_row([id.to_string()], |row| row.get(0))?;
        Ok(Some((id, waiting == 0)))
    }

    /// The visit of today that is over already, if one is: what is signed behind it was seen there.
    pub(crate) fn visit_over(
        &self,
        tx: &Transaction<'_>,
        patient: PatientId,
        doctor: DoctorId,
        today: Date,
    ) -> Result<Option<AppointmentId>> {
        let sql = "select id from appointments where patient_id in (select value from json_each(?1)) \
                   and doctor_id = ?3 and clinic_id = ?4 and is_deleted = 0 and appointment_date = ?2 \
                   and status = 'completed' order by completed_at desc, id desc limit 1";
        let clinic = self.facts.clinic_id.to_string();
        let params = (id_list(tx, patient)?, day_text(today), doctor.to_string(), clinic);
        Ok(query_ids(tx, sql, params)?.into_iter().next())
    }

    /// The visit of which a prescription was signed is over. What was signed holds, whatever becomes of this.
    pub(crate) fn finish_signed(&self, id: AppointmentId, patient: PatientId) {
        let finished = self.record("finish_visit", Some(patient), |tx| {
            let visit = visit(tx, id)?;
            if !visit.status.is_open() {
                return Ok((vec![], ()));
            }
            let columns = self.columns(tx, &visit, &Step::Finish, self.now_here(tx)?)?;
            Ok((vec![changed(&visit, columns)], ()))
        });
        if let Err(error) = finished {
            tracing::error!(%error, "a visit stayed open after its prescription was signed");
        }
    }

    /// Those of a doctor's visits here of today, or of the night that is not over, that are in this state.
    pub(super) fn here_with(
        &self,
        tx: &Transaction<'_>,
        doctor: DoctorId,
        status: Status,
        now: OffsetDateTime,
    ) -> Result<Vec<Visit>> {
        let sql = "select id from appointments where appointment_date in (?1, ?4) and doctor_id = ?2 and clinic_id = ?3 \
                   and is_deleted = 0 and status in ('arrived', 'in_consultation') order by started_at, id";
        let clinic = self.facts.clinic_id.to_string();
        let params = (day_text(now.date()), doctor.to_string(), clinic, day_text(here_since(now)));
        let mut visits = each(tx, query_ids(tx, sql, params)?)?;
        visits.retain(|visit| visit.status == status);
        Ok(visits)
    }

    /// What may be done with a visit now, in the order of use.
    pub(super) fn next_steps(&self, visit: &Visit, now: OffsetDateTime) -> Vec<StepKind> {
        use StepKind::{Arrive, Call, Cancel, Confirm, Finish, Leave, Miss, Mistake, Move, Reopen, Start};
        let is_today = visit.day() == Some(now.date());
        let can_come = is_today && self.is_here(visit);
        let is_of_now = visit.is_of_now(now);
        let steps = match visit.status {
            Status::Booked | Status::Confirmed => vec![
                (Arrive, can_come),
                (Confirm, visit.status == Status::Booked && visit.day() >= Some(now.date())),
                (Move, true),
                (Miss, is_missed(visit, now)),
                (Cancel, true),
                (Mistake, true),
            ],
            Status::Arrived => {
                vec![(Call, is_of_now), (Start, is_of_now), (Finish, true), (Leave, true), (Mistake, true)]
            }
            Status::InConsultation => vec![(Finish, true), (Mistake, true)],
            Status::Completed => vec![(Reopen, is_of_now), (Mistake, true)],
            Status::NoShow | Status::Cancelled => vec![(Arrive, can_come), (Mistake, true)],
            Status::LeftWithoutSeen | Status::Rescheduled => vec![(Mistake, true)],
            Status::EnteredInError => vec![],
        };
        steps.into_iter().filter(|(_, may)| *may).map(|(kind, _)| kind).collect()
    }

    /// Whether it is a visit of this clinic.
    pub(super) fn is_here(&self, visit: &Visit) -> bool {
        visit.text("clinic_id") == self.facts.clinic_id.to_string()
    }

    /// Refuses what cannot be done with a visit as it is by now.
    fn must_allow(
        &self,
        tx: &Transaction<'_>,
        visit: &Visit,
        kind: StepKind,
        now: OffsetDateTime,
    ) -> Result<()> {
        if !self.next_steps(visit, now).contains(&kind) {
            return Err(self.refusal(visit, kind, now));
        }
        if kind == StepKind::Arrive
            && let Some(patient) = visit.patient()
        {
            must_live(tx, kept(tx, patient)?, NOT_CHANGED)?;
        }
        if matches!(kind, StepKind::Arrive | StepKind::Reopen)
            && let (false, Some(patient), Some(doctor)) =
                (visit.status.is_open(), visit.patient(), visit.doctor())
            && let Some(other) = open_visit(tx, kept(tx, patient)?, (doctor, now.date()), Some(visit.id))?
        {
            return Err(twice(&other, NOT_CHANGED));
        }
        Ok(())
    }

    /// Refuses to call the next one with the second press of the key: the list has shown meanwhile whom the first called.
    fn must_be_the_first_press(
        &self,
        tx: &Transaction<'_>,
        visit: &Visit,
        now: OffsetDateTime,
    ) -> Result<()> {
        let Some(doctor) = visit.doctor() else { return Ok(()) };
        let waiting = self.here_with(tx, doctor, Status::Arrived, now)?;
        let is_other =
            |one: &Visit| one.id != visit.id && is_within(one.text("called_at"), CALLED_JUST_NOW, now);
        if waiting.iter().any(is_other) {
            return Err(Error::Invalid(
                "Another patient was called to this doctor just now. If this one is to come as well, press the key \
                 once more in a moment. Nothing was changed."
                    .to_owned(),
            ));
        }
        Ok(())
    }

    fn refusal(&self, visit: &Visit, kind: StepKind, now: OffsetDateTime) -> Error {
        let is_expected = matches!(visit.status, Status::Booked | Status::Confirmed);
        let day = visit.day().filter(|day| *day != now.date());
        Error::Invalid(match (kind, day) {
            (StepKind::Arrive, Some(day)) if is_expected => format!(
                "This visit is booked for {}. Move it to today first, or book another one. Nothing was changed.",
                day_words(day)
            ),
            (StepKind::Arrive, Some(day)) => {
                format!("This visit was of {}. Book another one for today. Nothing was changed.", day_words(day))
            }
            (StepKind::Arrive, None) if is_expected && !self.is_here(visit) => {
                "This visit is booked at another clinic. Move it to this one first. Nothing was changed.".into()
            }
            (StepKind::Miss, _) if is_expected => {
                "A patient has not come once the day is over, or half an hour after their time. Nothing was changed."
                    .into()
            }
            _ => "This cannot be done with this visit as it is now: perhaps somebody else was quicker. Look at the \
                  day again. Nothing was changed."
                .into(),
        })
    }

    /// The columns that a step writes; of one that is moved, all but the one that names the new one.
    fn columns(
        &self,
        tx: &Transaction<'_>,
        visit: &Visit,
        step: &Step,
        now: OffsetDateTime,
    ) -> Result<Vec<(&'static str, Value)>> {
        let at = json!(moment_text(self.clock.now()));
        let to = |status: Status| ("status", json!(status));
        Ok(match step {
            Step::Confirm => vec![to(Status::Confirmed)],
            Step::Arrive => {
                let mut columns = vec![
                    to(Status::Arrived),
                    ("arrived_at", at),
                    ("cancelled_at", Value::Null),
                    ("cancel_reason", Value::Null),
                ];
                if visit.text("token_label").is_empty() {
                    columns.extend(self.token_columns(tx, now.date())?);
                }
                columns
            }
            Step::Call | Step::CallFirst => vec![("called_at", at)],
            Step::Start => vec![to(Status::InConsultation), ("started_at", at)],
            Step::Finish => vec![to(Status::Completed), ("completed_at", at)],
            Step::Reopen => vec![to(Status::InConsultation), ("completed_at", Value::Null)],
            Step::Leave => vec![to(Status::LeftWithoutSeen)],
            Step::Miss => vec![to(Status::NoShow)],
            Step::Cancel { reason } => {
                vec![to(Status::Cancelled), ("cancelled_at", at), ("cancel_reason", json!(reason))]
            }
            Step::Mistake => vec![to(Status::EnteredInError)],
            Step::Move { .. } => vec![to(Status::Rescheduled)],
        })
    }
}

/// Whoever presses a key means the visit that they see: what others did with it meanwhile changes what the step would do.
fn must_be_as_seen(visit: &Visit, seen: Status) -> Result<()> {
    if visit.status == seen {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "{} Look at the day again before you go on. Nothing was changed.",
        has_become(visit.status)
    )))
}

fn has_become(status: Status) -> &'static str {
    match status {
        Status::Booked => "This visit has changed meanwhile: it is booked.",
        Status::Confirmed => "This visit has changed meanwhile: the patient has confirmed it.",
        Status::Arrived => "This visit has changed meanwhile: the patient is here and waits.",
        Status::InConsultation => "This visit has changed meanwhile: the patient is with the doctor.",
        Status::Completed => "This visit has changed meanwhile: it is finished.",
        Status::LeftWithoutSeen => "This visit has changed meanwhile: the patient left without being seen.",
        Status::Cancelled => "This visit has changed meanwhile: it is cancelled.",
        Status::Rescheduled => "This visit has changed meanwhile: it was moved.",
        Status::NoShow => "This visit has changed meanwhile: the patient did not come.",
        Status::EnteredInError => "This visit has changed meanwhile: it was marked as a mistake.",
    }
}

/// Whether a moment is less than this away, by clocks that may differ.
fn is_within(moment: &str, time: Duration, now: OffsetDateTime) -> bool {
    parse_moment(moment).is_some_and(|at| (now - at).abs() < time)
}

/// Whether its time is over and nobody came.
fn is_missed(visit: &Visit, now: OffsetDateTime) -> bool {
    let time = minutes_of(visit.text("start_time"));
    visit.day().is_some_and(|day| {
        day < now.date()
            || day == now.date() && time.is_some_and(|time| minutes_now(now) - time >= PATIENCE_MINUTES)
    })
}

/// The change that makes a visit say this, where it does not say it already.
fn changed(visit: &Visit, columns: impl IntoIterator<Item = (&'static str, Value)>) -> Change {
    let differing = columns.into_iter().filter(|(name, value)| visit.values.get(*name) != Some(value));
    Change::update(TableName::Appointments, visit.id.0, from_to(&visit.values, differing))
}

/// A step in the words of the product.
fn in_the_ledger(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Confirm => "confirm_visit",
        StepKind::Arrive => "patient_arrived",
        StepKind::Call => "call_patient",
        StepKind::Start => "start_visit",
        StepKind::Finish => "finish_visit",
        StepKind::Reopen => "reopen_visit",
        StepKind::Leave => "patient_left",
        StepKind::Miss => "patient_missed",
        StepKind::Cancel => "cancel_visit",
        StepKind::Move => "move_visit",
        StepKind::Mistake => "mistaken_visit",
    }
}
