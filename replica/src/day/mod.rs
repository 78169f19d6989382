//! The day of this clinic: who comes, who waits, who is with whom. Appointments are everybody's: whoever stands nearest
//! books them and leads them on, on every computer.

mod book;
mod days;
mod slip;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use protocol::appointment::Status;
use protocol::id::{AppointmentId, DoctorId, PatientId};
use protocol::mutation::Change;
use protocol::table::{TableName, Values};
use protocol::validate::{day_text, parse_day};
use rusqlite::Transaction;
use serde::Deserialize;
use serde_json::Value;
use time::{Date, OffsetDateTime};

use crate::chart::doctor_name;
use crate::error::{Error, Result};
use crate::one_patient::{id_list, kept};
use crate::replica::{Replica, must_get, some_text, text};
use crate::store::query_ids;
use crate::today::known;
use crate::view::{Booking, Day, DoctorDay, VisitType};

/// At most so many visits of a day are shown.
const SHOWN: usize = 1_000;
/// One more is looked for, which tells that there are more.
const LOOKED_FOR: i64 = 1_001;
/// Until this hour whoever came before midnight, and is still here, is led on like those of the new day.
const NIGHT_ENDS: u8 = 6;

impl Replica {
    /// A day of this clinic, doctor by doctor; today, if none is named.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what is no day.
    pub fn clinic_day(&self, date: Option<&str>) -> Result<Day> {
        self.store.read(|tx| {
            let now = self.now_here(tx)?;
            let date = asked_day(date, now)?;
            let clinic = self.facts.clinic_id.to_string();
            let since = if date == now.date() { here_since(now) } else { date };
            let mut visits = visits_of(tx, date, since, &clinic)?;
            let has_more = visits.len() > SHOWN;
            visits.truncate(SHOWN);
            let of_clinic = doctors_of(tx, &clinic)?;
            let mut of_doctors: BTreeMap<DoctorId, Vec<Visit>> =
                doctors(tx)?.into_iter().map(|doctor| (doctor, vec![])).collect();
            for visit in visits {
                if let Some(doctor) = visit.doctor() {
                    of_doctors.entry(doctor).or_default().push(visit);
                }
            }
            let mut doctors = Vec::new();
            for (doctor, visits) in of_doctors {
                doctors.push(self.doctor_day(tx, doctor, visits, now)?);
            }
            doctors.sort_by_cached_key(|day| self.place_of(day.doctor_id, &day.name, &of_clinic));
            Ok(Day { date: day_text(date), is_today: date == now.date(), doctors, has_more })
        })
    }

    /// In which order doctors stand: the person's own day first, then those of this clinic, by name.
    fn place_of(&self, doctor: DoctorId, name: &str, of_clinic: &BTreeSet<DoctorId>) -> (bool, bool, String) {
        (self.person.doctor_id != Some(doctor), !of_clinic.contains(&doctor), name.to_lowercase())
    }

    fn doctor_day(
        &self,
        tx: &Transaction<'_>,
        doctor: DoctorId,
        visits: Vec<Visit>,
        now: OffsetDateTime,
    ) -> Result<DoctorDay> {
        let (mut with_doctor, mut waiting, mut booked, mut over) = (vec![], vec![], vec![], vec![]);
        for visit in visits {
            match visit.status {
                Status::InConsultation => with_doctor.push(visit),
                Status::Arrived => waiting.push(visit),
                Status::Booked | Status::Confirmed => booked.push(visit),
                Status::Completed
                | Status::LeftWithoutSeen
                | Status::Cancelled
                | Status::Rescheduled
                | Status::NoShow => over.push(visit),
                Status::EnteredInError => {}
            }
        }
        with_doctor.sort_by_cached_key(|visit| (visit.text("started_at").to_owned(), visit.id));
        waiting.sort_by_cached_key(|visit| (!visit.is_urgent(), visit.came()));
        booked.sort_by_cached_key(|visit| {
            let time = visit.text("start_time");
            (time.is_empty(), time.to_owned(), visit.id)
        });
        over.sort_by_cached_key(|visit| (visit.last_moment(), visit.text("start_time").to_owned(), visit.id));
        over.reverse();
        Ok(DoctorDay {
            doctor_id: doctor,
            name: doctor_name(tx, doctor)?,
            is_own: self.person.doctor_id == Some(doctor),
            with_doctor: self.bookings(tx, &with_doctor, now)?,
            waiting: self.bookings(tx, &waiting, now)?,
            booked: self.bookings(tx, &booked, now)?,
            over: self.bookings(tx, &over, now)?,
        })
    }

    /// An appointment can arrive before its patient does, never for long.
    fn bookings(&self, tx: &Transaction<'_>, visits: &[Visit], now: OffsetDateTime) -> Result<Vec<Booking>> {
        let mut found = Vec::new();
        for visit in visits {
            found.extend(self.booking(tx, visit, now)?);
        }
        Ok(found)
    }

    /// A visit as it is shown, if its patient is on this computer.
    fn booking(&self, tx: &Transaction<'_>, visit: &Visit, now: OffsetDateTime) -> Result<Option<Booking>> {
        let Some(patient) = visit.patient() else { return Ok(None) };
        let Some(patient) = known(tx, kept(tx, patient)?, now.date())? else { return Ok(None) };
        let visit_type = visit.values.get("visit_type").and_then(|kind| VisitType::deserialize(kind).ok());
        Ok(Some(Booking {
            id: visit.id,
            patient,
            time: some_text(&visit.values, "start_time"),
            minutes: visit.minutes().and_then(|minutes| u32::try_from(minutes).ok()),
            status: visit.status,
            visit_type: visit_type.unwrap_or(VisitType::New),
            token: some_text(&visit.values, "token_label"),
            is_urgent: visit.is_urgent(),
            reason: some_text(&visit.values, "reason"),
            arrived_at: some_text(&visit.values, "arrived_at"),
            called_at: some_text(&visit.values, "called_at"),
            started_at: some_text(&visit.values, "started_at"),
            has_slip: self.has_slip(visit, now),
            next: self.next_steps(visit, now),
        }))
    }

    /// The same of one whose patient must be here.
    fn must_booking(&self, tx: &Transaction<'_>, visit: &Visit, now: OffsetDateTime) -> Result<Booking> {
        self.booking(tx, visit, now)?.ok_or(Error::NotFound)
    }

    /// The moment by the clocks on this clinic's walls.
    fn now_here(&self, tx: &Transaction<'_>) -> Result<OffsetDateTime> {
        Ok(self.clock.now().to_offset(self.offset(tx)?))
    }
}

/// An appointment as it is stored.
struct Visit {
    id: AppointmentId,
    values: Values,
    status: Status,
}

impl Visit {
    /// None for a state that only a later version of this program knows.
    fn of(id: AppointmentId, values: Values) -> Option<Self> {
        let status = Status::deserialize(values.get("status")?).ok()?;
        Some(Self { id, values, status })
    }

    fn text(&self, name: &str) -> &str {
        text(&self.values, name)
    }

    fn patient(&self) -> Option<PatientId> {
        self.text("patient_id").parse().ok()
    }

    fn doctor(&self) -> Option<DoctorId> {
        self.text("doctor_id").parse().ok()
    }

    fn day(&self) -> Option<Date> {
        parse_day(self.text("appointment_date"))
    }

    /// Whether it is of today, or of the night that is not over yet.
    fn is_of_now(&self, now: OffsetDateTime) -> bool {
        self.day().is_some_and(|day| here_since(now) <= day && day <= now.date())
    }

    /// How long it keeps its doctor, if it has a time.
    fn minutes(&self) -> Option<i64> {
        self.values.get("duration_minutes").and_then(Value::as_i64)
    }

    /// At which time, empty for none, and for how long.
    fn place(&self) -> (&str, Option<i64>) {
        (self.text("start_time"), self.minutes())
    }

    fn is_urgent(&self) -> bool {
        self.values.get("priority").and_then(Value::as_i64).unwrap_or(0) > 0
    }

    /// In which order those who wait are called: urgent ones first, of these who was called already, then as they came.
    fn turn(&self) -> (bool, bool, String, (String, AppointmentId)) {
        let called_at = self.text("called_at").to_owned();
        (!self.is_urgent(), called_at.is_empty(), called_at, self.came())
    }

    /// In which order they came.
    fn came(&self) -> (String, AppointmentId) {
        (self.text("arrived_at").to_owned(), self.id)
    }

    /// When something was last done with it.
    fn last_moment(&self) -> String {
        let moments = ["arrived_at", "called_at", "started_at", "completed_at", "cancelled_at"];
        moments.map(|name| self.text(name)).into_iter().max().unwrap_or_default().to_owned()
    }

    /// The visit after this change.
    fn after(&self, change: &Change) -> Result<Self> {
        let mut values = self.values.clone();
        values.extend(change.values());
        Self::of(self.id, values).ok_or(Error::NotFound)
    }
}

/// The visit of this id.
fn visit(tx: &Transaction<'_>, id: AppointmentId) -> Result<Visit> {
    Visit::of(id, must_get(tx, TableName::Appointments, id.0)?).ok_or(Error::NotFound)
}

/// The visits of these ids.
fn each(tx: &Transaction<'_>, ids: Vec<AppointmentId>) -> Result<Vec<Visit>> {
    let mut found = Vec::new();
    for id in ids {
        found.extend(Visit::of(id, must_get(tx, TableName::Appointments, id.0)?));
    }
    Ok(found)
}

/// The day that is asked for: today, if none is named.
fn asked_day(date: Option<&str>, now: OffsetDateTime) -> Result<Date> {
    match date {
        Some(text) => parse_day(text).ok_or_else(|| Error::Invalid("This is not a day.".to_owned())),
        None => Ok(now.date()),
    }
}

/// The day since which whoever is here now may have come: the one before, while the night is not over.
fn here_since(now: OffsetDateTime) -> Date {
    let today = now.date();
    if now.hour() < NIGHT_ENDS { today.previous_day().unwrap_or(today) } else { today }
}

/// The visits of a day in a clinic, and of the day since which people are here those who still are. Were there too many to
/// be shown, those that are over would be left out first.
fn visits_of(tx: &Transaction<'_>, date: Date, since: Date, clinic: &str) -> Result<Vec<Visit>> {
    let sql = "select id from appointments where appointment_date in (?1, ?4) and clinic_id = ?2 and is_deleted = 0 \
               and status <> 'entered_in_error' \
               and (appointment_date = ?1 or status in ('arrived', 'in_consultation')) \
               order by status in ('booked', 'confirmed', 'arrived', 'in_consultation') desc, id limit ?3";
    each(tx, query_ids(tx, sql, (day_text(date), clinic, LOOKED_FOR, day_text(since)))?)
}

/// All who see patients: whoever mostly works elsewhere may come to this clinic, too.
fn doctors(tx: &Transaction<'_>) -> Result<Vec<DoctorId>> {
    query_ids(tx, "select id from doctors where is_deleted = 0 and is_active = 1", [])
}

/// The doctors who mostly work in a clinic.
fn doctors_of(tx: &Transaction<'_>, clinic: &str) -> Result<BTreeSet<DoctorId>> {
    let sql = "select id from doctors where is_deleted = 0 and is_active = 1 \
               and coalesce(default_clinic_id, ?1) = ?1";
    Ok(query_ids::<DoctorId>(tx, sql, [clinic])?.into_iter().collect())
}

/// Whether a patient is expected on a day, is here or was here, under any registration.
pub(crate) fn has_visit(tx: &Transaction<'_>, kept: PatientId, date: &str) -> Result<bool> {
    let sql = "select exists (select 1 from appointments where patient_id in (select value from json_each(?1)) \
               and appointment_date = ?2 and is_deleted = 0 \
               and status in ('booked', 'confirmed', 'arrived', 'in_consultation', 'completed'))";
    Ok(tx.prepare_cached(sql)?.query_row((id_list(tx, kept)?, date), |row| row.get(0))?)
}
