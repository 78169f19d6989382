//! Several days of this clinic at once: who comes, and when a doctor is free.

use std::collections::{BTreeMap, BTreeSet};

use protocol::id::DoctorId;
use protocol::validate::day_text;
use rusqlite::Transaction;
use time::{Date, Duration, OffsetDateTime};

use super::{LOOKED_FOR, SHOWN, Visit, asked_day, doctors, doctors_of, each};
use crate::chart::doctor_name;
use crate::error::Result;
use crate::replica::Replica;
use crate::store::query_ids;
use crate::view::{DayVisit, DayVisits, Days, DoctorName};

/// At most so many days are shown at once.
const MOST_DAYS: u8 = 31;

impl Replica {
    /// So many days of this clinic, from this one on, or from today: one at least, 31 at most. With one doctor, or with all.
    /// Of very many visits the first ones are answered, and the days that are not whole say so.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] for what is no day.
    pub fn clinic_days(&self, from: Option<&str>, days: u8, doctor: Option<DoctorId>) -> Result<Days> {
        self.store.read(|tx| {
            let now = self.now_here(tx)?;
            let from = asked_day(from, now)?;
            let mut of_days: BTreeMap<Date, Vec<Visit>> = (0..days.clamp(1, MOST_DAYS))
                .filter_map(|after| from.checked_add(Duration::days(after.into())))
                .map(|date| (date, vec![]))
                .collect();
            let until = of_days.keys().next_back().copied().unwrap_or(from);
            let (span, clinic) = ((day_text(from), day_text(until)), self.facts.clinic_id.to_string());

            let mut visits = visits_between(tx, &span, &clinic, doctor)?;
            let whole_before = visits.get(SHOWN).and_then(Visit::day);
            visits.truncate(SHOWN);
            for visit in visits {
                if let Some(date) = visit.day() {
                    of_days.entry(date).or_default().push(visit);
                }
            }
            let names = names_of(tx, &span, &clinic, doctor)?;
            let mut days = Vec::new();
            for (date, visits) in of_days {
                days.push(DayVisits {
                    date: day_text(date),
                    is_today: date == now.date(),
                    is_over: date < now.date(),
                    visits: self.day_visits(tx, visits, &names, now)?,
                    has_more: whole_before.is_some_and(|cut| date >= cut),
                });
            }
            let of_clinic = doctors_of(tx, &clinic)?;
            let mut doctors: Vec<DoctorName> =
                names.into_iter().map(|(doctor_id, name)| DoctorName { doctor_id, name }).collect();
            doctors.sort_by_cached_key(|doctor| self.place_of(doctor.doctor_id, &doctor.name, &of_clinic));
            Ok(Days { doctors, days })
        })
    }

    fn day_visits(
        &self,
        tx: &Transaction<'_>,
        mut visits: Vec<Visit>,
        names: &BTreeMap<DoctorId, String>,
        now: OffsetDateTime,
    ) -> Result<Vec<DayVisit>> {
        visits.sort_by_cached_key(|visit| {
            let time = visit.text("start_time");
            (time.is_empty(), time.to_owned(), visit.came())
        });
        let mut shown = Vec::new();
        for visit in visits {
            let Some(booking) = self.booking(tx, &visit, now)? else { continue };
            let name = visit.doctor().and_then(|doctor| names.get(&doctor));
            shown.push(DayVisit { doctor: name.cloned().unwrap_or_default(), booking });
        }
        Ok(shown)
    }
}

/// The visits of a clinic in a span of days that keep or kept a doctor: day by day, one more than is shown at most.
fn visits_between(
    tx: &Transaction<'_>,
    (first, last): &(String, String),
    clinic: &str,
    doctor: Option<DoctorId>,
) -> Result<Vec<Visit>> {
    let sql = "select id from appointments where appointment_date between ?1 and ?2 and clinic_id = ?3 \
               and is_deleted = 0 and status not in ('cancelled', 'rescheduled', 'entered_in_error') \
               and (?4 is null or doctor_id = ?4) \
               order by appointment_date, start_time is null, start_time, id limit ?5";
    let params = (first, last, clinic, doctor.map(|doctor| doctor.to_string()), LOOKED_FOR);
    each(tx, query_ids(tx, sql, params)?)
}

/// The doctors who see patients, this one, and who else has a visit at the clinic in a span of days, by their names.
fn names_of(
    tx: &Transaction<'_>,
    (first, last): &(String, String),
    clinic: &str,
    doctor: Option<DoctorId>,
) -> Result<BTreeMap<DoctorId, String>> {
    let sql = "select distinct doctor_id from appointments where appointment_date between ?1 and ?2 \
               and clinic_id = ?3 and is_deleted = 0 \
               and status not in ('cancelled', 'rescheduled', 'entered_in_error')";
    let mut all: BTreeSet<DoctorId> = doctors(tx)?.into_iter().collect();
    all.extend(query_ids::<DoctorId>(tx, sql, (first, last, clinic))?);
    all.extend(doctor);
    all.into_iter().map(|doctor| Ok((doctor, doctor_name(tx, doctor)?))).collect()
}
