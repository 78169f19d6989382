//! Follow-ups: whom a doctor asked to come again, and who neither came since nor is booked.

use protocol::api::DeviceScope;
use protocol::id::{DoctorId, PatientId, PrescriptionId};
use protocol::validate::{day_text, parse_day};
use rusqlite::Transaction;
use time::{Date, Duration};

use crate::chart::doctor_name;
use crate::death;
use crate::error::{Error, Result};
use crate::one_patient::{id_list, kept};
use crate::replica::Replica;
use crate::store::query_ids;
use crate::today::known;
use crate::view::{FollowUp, FollowUpDays, FollowUps};

/// At most so many are shown.
const SHOWN: usize = 200;
/// At most so many prescriptions are looked at that nothing plainly followed.
const LOOKED_AT: usize = 1_000;
/// One more is looked for, which tells that there are more.
const LOOKED_FOR: i64 = 1_001;
/// A chain of amendments is followed so far.
const LONGEST_CHAIN: i64 = 20;

impl Replica {
    /// Whom a doctor asked at this clinic to come again on these days, and who neither came since nor is booked.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] on a computer that holds no prescriptions.
    pub fn follow_ups(&self, days: FollowUpDays) -> Result<FollowUps> {
        if self.facts.scope != DeviceScope::Clinical {
            return Err(Error::Forbidden(
                "This computer holds no prescriptions, and does not know who was asked to come again.",
            ));
        }
        self.store.read(|tx| {
            let today = self.day(tx)?;
            let clinic = self.facts.clinic_id.to_string();
            let (all, mut has_more) = due(tx, span_of(days, today), &clinic, today)?;
            let mut people = Vec::new();
            for one in all {
                // A prescription can arrive before its patient does, never for long.
                let Some(patient) = known(tx, one.patient, today)? else { continue };
                if people.len() == SHOWN {
                    has_more = true;
                    break;
                }
                people.push(FollowUp {
                    patient,
                    due_on: day_text(one.on),
                    days: (one.on - today).whole_days() as i32,
                    doctor_id: one.doctor,
                    doctor_name: doctor_name(tx, one.doctor)?,
                });
            }
            people.sort_by_cached_key(|one| (one.days, one.patient.full_name.to_lowercase()));
            Ok(FollowUps { people, has_more })
        })
    }
}

/// The first and the last of these days.
fn span_of(days: FollowUpDays, today: Date) -> (Date, Date) {
    let (from, to) = match days {
        FollowUpDays::Around => (-14, 7),
        FollowUpDays::Overdue => (-60, -1),
        FollowUpDays::Week => (0, 7),
        FollowUpDays::Month => (0, 30),
    };
    let day = |away: i64| today.saturating_add(Duration::days(away));
    (day(from), day(to))
}

/// Somebody who is due with a doctor.
pub(crate) struct Due {
    /// Under the registration that is kept.
    pub patient: PatientId,
    pub doctor: DoctorId,
    pub on: Date,
}

/// Who is due with whom from one day to another, those nearest to today first; and whether there may be more.
pub(crate) fn due(
    tx: &Transaction<'_>,
    (from, to): (Date, Date),
    clinic: &str,
    today: Date,
) -> Result<(Vec<Due>, bool)> {
    // Most people come again: where that is plain, it is seen here already.
    let sql = "select id, patient_id, doctor_id, follow_up_date from prescriptions p \
               where follow_up_date between ?1 and ?2 and clinic_id = ?3 and status = 'finalised' \
               and is_deleted = 0 and not exists (select 1 from prescriptions n where n.patient_id = p.patient_id \
               and n.visit_date > p.visit_date and n.doctor_id = p.doctor_id and n.amends_id is null \
               and n.status = 'finalised' and n.is_deleted = 0) \
               order by abs(julianday(follow_up_date) - julianday(?4)), id limit ?5";
    let mut statement = tx.prepare_cached(sql)?;
    let params = (day_text(from), day_text(to), clinic, day_text(today), LOOKED_FOR);
    let rows = statement.query_map(params, |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, String>(3)?,
        ))
    })?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let has_more = rows.len() > LOOKED_AT;
    let mut found = Vec::new();
    for (id, patient, doctor, on) in rows.into_iter().take(LOOKED_AT) {
        let (Ok(id), Ok(patient), Ok(doctor), Some(on)) =
            (id.parse::<PrescriptionId>(), patient.parse::<PatientId>(), doctor.parse(), parse_day(&on))
        else {
            continue;
        };
        let patient = kept(tx, patient)?;
        if !is_settled(tx, id, (patient, doctor), today)? {
            found.push(Due { patient, doctor, on });
        }
    }
    Ok((found, has_more))
}

/// Whether nobody needs to call for what a prescription asked: the doctor signed a later one, the patient came to them
/// since or is booked with them, or died; under any registration. Who was booked and did not come is called.
fn is_settled(
    tx: &Transaction<'_>,
    id: PrescriptionId,
    (patient, doctor): (PatientId, DoctorId),
    today: Date,
) -> Result<bool> {
    if death::noted(tx, patient)?.is_some() {
        return Ok(true);
    }
    let (registrations, place) = (id_list(tx, patient)?, place_of(tx, id)?);
    let sql = "select exists (select 1 from appointments where patient_id in (select value from json_each(?1)) \
               and appointment_date > ?2 and doctor_id = ?3 and is_deleted = 0 \
               and (status in ('arrived', 'in_consultation', 'completed') \
               or status in ('booked', 'confirmed') and appointment_date >= ?4))";
    let params = (&registrations, &place.0, doctor.to_string(), day_text(today));
    let is_over: bool = tx.prepare_cached(sql)?.query_row(params, |row| row.get(0))?;
    if is_over {
        return Ok(true);
    }
    let sql = "select id from prescriptions where patient_id in (select value from json_each(?1)) \
               and visit_date >= ?2 and doctor_id = ?3 and id <> ?4 and status in ('finalised', 'superseded') \
               and is_deleted = 0";
    let params = (&registrations, &place.0, doctor.to_string(), id.to_string());
    for other in query_ids::<PrescriptionId>(tx, sql, params)? {
        if place_of(tx, other)? > place && !is_void(tx, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where a prescription stands among those of its patient: by its day, its moment and its id. What amends stands where
/// that stands which was signed first: nobody came for it once more.
fn place_of(tx: &Transaction<'_>, id: PrescriptionId) -> Result<(String, String, String)> {
    let sql = "with recursive chain (id, step) as (select ?1, 0 union all \
               select p.amends_id, step + 1 from chain join prescriptions p on p.id = chain.id \
               where p.amends_id is not null and step < ?2) \
               select p.visit_date, coalesce(p.finalised_at, ''), p.id \
               from chain join prescriptions p on p.id = chain.id order by step desc limit 1";
    let params = (id.to_string(), LONGEST_CHAIN);
    Ok(tx.prepare_cached(sql)?.query_row(params, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?)
}

/// The day of the visit that a prescription is of: of what amends, that of what was signed first.
pub(crate) fn first_signed_on(tx: &Transaction<'_>, id: PrescriptionId) -> Result<String> {
    Ok(place_of(tx, id)?.0)
}

/// Whether what replaced a prescription in the end was made void: then nobody came for either.
fn is_void(tx: &Transaction<'_>, id: PrescriptionId) -> Result<bool> {
    let sql = "with recursive chain (id, step) as (select ?1, 0 union all \
               select p.superseded_by_id, step + 1 from chain join prescriptions p on p.id = chain.id \
               where p.superseded_by_id is not null and step < ?2) \
               select p.status = 'voided' from chain join prescriptions p on p.id = chain.id \
               order by step desc limit 1";
    Ok(tx.prepare_cached(sql)?.query_row((id.to_string(), LONGEST_CHAIN), |row| row.get(0))?)
}
