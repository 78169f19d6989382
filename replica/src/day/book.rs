//! Booking: for when, with whom, and what stands in the way. And the tokens of the waiting room.

use protocol::appointment::{Status, minutes_of};
use protocol::id::{AppointmentId, DoctorId, PatientId};
use protocol::mutation::Change;
use protocol::safety::{are_at_once, time_taken};
use protocol::table::TableName;
use protocol::validate::{day_text, moment_text};
use rusqlite::Transaction;
use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

use super::{Visit, each, here_since};
use crate::clock::{time_of_day, visit_day};
use crate::death::must_live;
use crate::error::{Error, Result};
use crate::one_patient::{id_list, kept};
use crate::replica::{Replica, by_name, must_get, or_null};
use crate::store::{get_row, lane, query_ids, set_meta};
use crate::view::{Booking, BookingForm, BookingRead, TakenTime};

/// A visit is still booked at a time of today that is over by so many minutes: it is written down late.
const LATE_MINUTES: i64 = 60;
/// How long a visit takes with a doctor who says nothing of it.
const SLOT_MINUTES: u32 = 10;
/// Minutes of a whole day.
const DAY_MINUTES: i64 = 24 * 60;
/// What a visit comes before the others with.
const URGENT: u32 = 1;
/// What whoever books is told last.
const NOT_BOOKED: &str = "Nothing was booked.";

/// What a form means.
struct Wanted {
    doctor: DoctorId,
    day: Date,
    time: Option<String>,
    minutes: u32,
}

impl Replica {
    /// What is understood of a form while it is typed, and what stands in its way; of a visit that is moved, in the way of
    /// its new place. Nothing is written.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what is not understood, or is no time for a visit, and for who is marked as deceased.
    pub fn read_booking(
        &self,
        patient: PatientId,
        form: &BookingForm,
        moves: Option<AppointmentId>,
    ) -> Result<BookingRead> {
        self.store.read(|tx| {
            let now = self.now_here(tx)?;
            let patient = kept(tx, patient)?;
            must_live(tx, patient, NOT_BOOKED)?;
            let wanted = wanted(tx, form, now)?;
            let clash = match in_the_way(tx, patient, &wanted, moves)? {
                Some(InTheWay::Twice(visit) | InTheWay::Another(visit)) => self.booking(tx, &visit, now)?,
                None => None,
            };
            let (token, busy) = if form.is_here {
                (Some(self.token(tx, wanted.day)?.1), vec![])
            } else {
                (None, taken_times(&at_times(tx, wanted.doctor, wanted.day, moves)?))
            };
            let Wanted { day, time, minutes, .. } = wanted;
            Ok(BookingRead { day: day_text(day), time, minutes, clash, token, taken: busy })
        })
    }

    /// Books a visit in this clinic; whoever is here already gets a token.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what is not understood, a day that is over or far ahead, a time at which the doctor has
    /// another patient, a second open visit with one doctor on one day, and for who is marked as deceased.
    pub fn book_visit(&self, patient: PatientId, form: &BookingForm) -> Result<Booking> {
        self.record("book_visit", Some(patient), |tx| {
            let now = self.now_here(tx)?;
            let (change, new) = self.new_visit(tx, patient, form, None, now)?;
            Ok((vec![change], self.must_booking(tx, &new, now)?))
        })
    }

    /// The visit that a form means, in the place of one that is moved or beside all others.
    pub(super) fn new_visit(
        &self,
        tx: &Transaction<'_>,
        patient: PatientId,
        form: &BookingForm,
        moved: Option<&Visit>,
        now: OffsetDateTime,
    ) -> Result<(Change, Visit)> {
        let patient = kept(tx, patient)?;
        must_get(tx, TableName::Patients, patient.0)?;
        must_live(tx, patient, NOT_BOOKED)?;
        let wanted = wanted(tx, form, now)?;
        match in_the_way(tx, patient, &wanted, moved.map(|visit| visit.id))? {
            Some(InTheWay::Twice(visit)) => return Err(twice(&visit, NOT_BOOKED)),
            Some(InTheWay::Another(visit)) => {
                return Err(Error::Invalid(format!(
                    "The doctor has another patient at {} that day. Choose another time, or none. Nothing was booked.",
                    visit.text("start_time")
                )));
            }
            None => {}
        }
        let source = match moved {
            _ if form.is_here => "walk_in",
            Some(visit) => visit.text("source"),
            None if form.was_asked => "follow_up",
            None => "phone",
        };
        let mut values = by_name([
            ("appointment_date", json!(day_text(wanted.day))),
            ("clinic_id", json!(self.facts.clinic_id)),
            ("doctor_id", json!(wanted.doctor)),
            ("patient_id", json!(patient)),
            ("visit_type", json!(form.visit_type)),
            ("source", json!(source)),
            ("status", json!(if form.is_here { Status::Arrived } else { Status::Booked })),
            ("priority", json!(if form.is_urgent { URGENT } else { 0 })),
            ("reason", or_null(&form.reason)),
        ]);
        if let Some(time) = &wanted.time {
            values.insert("start_time".into(), json!(time));
            values.insert("duration_minutes".into(), json!(wanted.minutes));
        }
        if form.is_here {
            values.insert("arrived_at".into(), json!(moment_text(self.clock.now())));
            values.extend(by_name(self.token_columns(tx, wanted.day)?));
        }
        values.retain(|_, value| !value.is_null());
        let id = AppointmentId(self.ids.next());
        let new = Visit::of(id, values.clone()).ok_or(Error::NotFound)?;
        Ok((Change::insert(TableName::Appointments, id.0, values), new))
    }

    /// The columns of the next token of a day, which is given with it.
    pub(super) fn token_columns(
        &self,
        tx: &Transaction<'_>,
        day: Date,
    ) -> Result<[(&'static str, Value); 2]> {
        let (number, label) = self.token(tx, day)?;
        // What a patient was told holds, also where another computer's token takes its place in the row.
        let of_clinic = format!("token/{}/", self.facts.clinic_id);
        let of_day = format!("{of_clinic}{}/", day_text(day));
        tx.prepare_cached("delete from meta where name > ?1 and name < ?2")?
            .execute([&of_clinic, &of_day])?;
        set_meta(tx, &format!("{of_day}{label}"), &true)?;
        Ok([("token_number", json!(number)), ("token_label", json!(label))])
    }

    /// The next token of a day in this clinic: this computer's lane and a number that it has not given yet, to whichever
    /// doctor's patient. The lane is this computer's alone, so one waiting room never hears one token twice.
    fn token(&self, tx: &Transaction<'_>, day: Date) -> Result<(u32, String)> {
        let lane = lane(tx)?;
        let (date, clinic) = (day_text(day), self.facts.clinic_id.to_string());
        let given = format!("token/{clinic}/{date}/{lane}-");
        // What was deleted, never came to be or gave way to another one was heard all the same; and whoever is here since
        // before midnight is still called by theirs.
        let since = day_text(here_since(self.now_here(tx)?));
        let sql = "select max(number) from ( \
                   select token_number as number from appointments where appointment_date in (?1, ?5) \
                   and clinic_id = ?2 and substr(token_label, 1, length(?3) + 1) = ?3 || '-' \
                   and (appointment_date = ?1 or status in ('arrived', 'in_consultation') and is_deleted = 0) \
                   union all select cast(substr(name, length(?4) + 1) as integer) from meta \
                   where name > ?4 and name < ?4 || ':')";
        let params = (date, clinic, &lane, given, since);
        let last: Option<u32> = tx.prepare_cached(sql)?.query_row(params, |row| row.get(0))?;
        let number = last.unwrap_or(0) + 1;
        Ok((number, format!("{lane}-{number}")))
    }
}

/// Minutes since midnight of this moment.
pub(super) fn minutes_now(now: OffsetDateTime) -> i64 {
    i64::from(now.hour()) * 60 + i64::from(now.minute())
}

fn wanted(tx: &Transaction<'_>, form: &BookingForm, now: OffsetDateTime) -> Result<Wanted> {
    let invalid = |why: &str| Error::Invalid(why.to_owned());
    let doctor = get_row(tx, TableName::Doctors, form.doctor_id.0)?.filter(|row| !row.is_deleted);
    let doctor = doctor.filter(|row| row.values.get("is_active").and_then(Value::as_bool) != Some(false));
    let Some(doctor) = doctor else {
        return Err(invalid("This doctor sees no patients here. Choose another one. Nothing was booked."));
    };
    let minutes = doctor.values.get("slot_minutes").and_then(Value::as_u64);
    let day = visit_day(&form.day, now.date()).map_err(invalid)?;
    let typed = form.time.trim();
    if form.is_here && (day != now.date() || !typed.is_empty()) {
        return Err(invalid(
            "Who is here now is seen today, in turn: leave day and time empty. Nothing was booked.",
        ));
    }
    let time = if typed.is_empty() {
        None
    } else {
        let time = time_of_day(typed).ok_or_else(|| {
            invalid("The time is not understood. Write it like 9:30, 17:45 or 5:30 pm. Nothing was booked.")
        })?;
        Some(time)
    };
    let late = time.as_deref().and_then(minutes_of).map(|start| minutes_now(now) - start);
    if day == now.date() && late.is_some_and(|late| late > LATE_MINUTES) {
        return Err(invalid("This time of today is over. Write a later one, or none. Nothing was booked."));
    }
    Ok(Wanted {
        doctor: form.doctor_id,
        day,
        time,
        minutes: minutes.and_then(|minutes| u32::try_from(minutes).ok()).unwrap_or(SLOT_MINUTES),
    })
}

/// What a visit cannot be booked beside.
enum InTheWay {
    /// An open visit of the same patient with this doctor on this day.
    Twice(Visit),
    /// Another visit of the doctor at this time.
    Another(Visit),
}

fn in_the_way(
    tx: &Transaction<'_>,
    patient: PatientId,
    wanted: &Wanted,
    moves: Option<AppointmentId>,
) -> Result<Option<InTheWay>> {
    if let Some(visit) = open_visit(tx, patient, (wanted.doctor, wanted.day), moves)? {
        return Ok(Some(InTheWay::Twice(visit)));
    }
    let Some(time) = &wanted.time else { return Ok(None) };
    let place = (time.as_str(), Some(wanted.minutes.into()));
    let overlaps = |visit: &Visit| are_at_once(place, visit.place());
    let others = at_times(tx, wanted.doctor, wanted.day, moves)?;
    Ok(others.into_iter().find(overlaps).map(InTheWay::Another))
}

/// The open visits of a doctor that have a time on this day, at any clinic, but for one: by time.
fn at_times(
    tx: &Transaction<'_>,
    doctor: DoctorId,
    day: Date,
    but_for: Option<AppointmentId>,
) -> Result<Vec<Visit>> {
    let sql = "select id from appointments where appointment_date = ?1 and doctor_id = ?2 and id <> ?3 \
               and is_deleted = 0 and start_time is not null \
               and status in ('booked', 'confirmed', 'arrived', 'in_consultation') order by start_time, id";
    each(tx, query_ids(tx, sql, (day_text(day), doctor.to_string(), but(but_for)))?)
}

/// From when until when these visits, which stand by time, keep their doctor: what follows at once stands as one.
fn taken_times(visits: &[Visit]) -> Vec<TakenTime> {
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for visit in visits {
        let Some((start, end)) = time_taken(visit.place()) else { continue };
        let end = end.min(DAY_MINUTES);
        if let Some((_, until)) = spans.last_mut()
            && start <= *until
        {
            *until = end.max(*until);
        } else {
            spans.push((start, end));
        }
    }
    let time = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    spans.into_iter().map(|(from, until)| TakenTime { from: time(from), until: time(until) }).collect()
}

/// The open visit of a patient with this doctor on this day, under any registration and at any clinic, but for one.
pub(super) fn open_visit(
    tx: &Transaction<'_>,
    patient: PatientId,
    (doctor, day): (DoctorId, Date),
    but_for: Option<AppointmentId>,
) -> Result<Option<Visit>> {
    let sql = "select id from appointments where patient_id in (select value from json_each(?1)) \
               and appointment_date = ?2 and doctor_id = ?3 and id <> ?4 and is_deleted = 0 \
               and status in ('booked', 'confirmed', 'arrived', 'in_consultation') order by id limit 1";
    let params = (id_list(tx, patient)?, day_text(day), doctor.to_string(), but(but_for));
    Ok(each(tx, query_ids(tx, sql, params)?)?.into_iter().next())
}

/// No appointment has the id that this is of none.
fn but(id: Option<AppointmentId>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// Why a patient gets no second visit; it ends with `nothing`: what did not happen.
pub(super) fn twice(visit: &Visit, nothing: &str) -> Error {
    let (time, token) = (visit.text("start_time"), visit.text("token_label"));
    Error::Invalid(match visit.status {
        Status::InConsultation => format!("This patient is with the doctor already. {nothing}"),
        Status::Arrived if token.is_empty() => format!("This patient waits already. {nothing}"),
        Status::Arrived => format!("This patient waits already, with token {token}. {nothing}"),
        _ if time.is_empty() => {
            format!("This patient is booked with this doctor for that day already. {nothing}")
        }
        _ => format!("This patient is booked with this doctor for that day already, at {time}. {nothing}"),
    })
}
