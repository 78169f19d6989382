//! Today, in this clinic.

use protocol::id::{PatientId, PrescriptionId};
use protocol::validate::day_text;
use rusqlite::{OptionalExtension, Params, Transaction};
use time::Date;

use crate::chart::doctor_name;
use crate::day::has_visit;
use crate::error::Result;
use crate::follow_ups::{due, first_signed_on};
use crate::language::Language;
use crate::one_patient::{each_once, id_list, kept};
use crate::patients::summary_of;
use crate::prepared::{offered_at, prepared_view};
use crate::replica::Replica;
use crate::store::query_ids;
use crate::view::{PatientSummary, PreparedPatient, Today, TodayVisit};

/// At most this many people in each list.
const SHOWN: usize = 200;
/// One more is looked for, which tells that there are more.
const LOOKED_FOR: i64 = 201;

impl Replica {
    /// Who was seen today, who waits in a draft, for whom something was prepared, who was asked to come back today and is neither
    /// expected nor here already, who is new.
    pub fn today(&self) -> Result<Today> {
        self.store.read(|tx| {
            let day = self.day(tx)?;
            let (date, clinic) = (day_text(day), self.facts.clinic_id.to_string());
            let is_clinician = self.is_clinical();
            let midnight = day.midnight().assume_offset(self.offset(tx)?);
            let (follow_ups, more_follow_ups) = asked_back(tx, &clinic, day)?;
            let mut today = Today {
                seen: if is_clinician { seen(tx, &date, &clinic, day)? } else { vec![] },
                drafts: if is_clinician {
                    let sql = "select patient_id from drafts order by saved_at desc limit ?1";
                    patients(tx, sql, [LOOKED_FOR], day)?
                } else {
                    vec![]
                },
                prepared: if is_clinician { prepared(tx, &clinic, day, self.language())? } else { vec![] },
                follow_ups,
                // An id of version 7 begins with the moment of its making.
                registered: patients(
                    tx,
                    "select id from patients where id >= ?1 and registered_clinic_id = ?2 and is_deleted = 0 \
                     and merged_into_id is null order by id desc limit ?3",
                    (first_id_since(midnight.unix_timestamp()), &clinic, LOOKED_FOR),
                    day,
                )?,
                has_more: false,
                date,
            };
            today.has_more = [
                cut(&mut today.seen),
                cut(&mut today.drafts),
                cut(&mut today.prepared),
                cut(&mut today.follow_ups),
                cut(&mut today.registered),
                more_follow_ups,
            ]
            .contains(&true);
            Ok(today)
        })
    }
}

/// Who was asked to come back on a day, neither came since nor is booked, and is not here that day for another doctor: at
/// most one more than is shown; and whether there may be more.
fn asked_back(tx: &Transaction<'_>, clinic: &str, day: Date) -> Result<(Vec<PatientSummary>, bool)> {
    let date = day_text(day);
    let (all, has_more) = due(tx, (day, day), clinic, day)?;
    let mut asked = Vec::new();
    for id in each_once(tx, all.into_iter().map(|one| one.patient), usize::MAX)? {
        // Who is expected or was here already needs no call.
        if has_visit(tx, id, &date)? || was_seen(tx, id, &date)? {
            continue;
        }
        asked.extend(known(tx, id, day)?);
        if asked.len() > SHOWN {
            break;
        }
    }
    Ok((asked, has_more))
}

/// Whether something was signed for a patient on a day, under any registration. What only amends an earlier prescription
/// was no visit.
fn was_seen(tx: &Transaction<'_>, kept: PatientId, date: &str) -> Result<bool> {
    let sql = "select exists (select 1 from prescriptions where patient_id in (select value from json_each(?1)) \
               and visit_date = ?2 and status in ('finalised', 'superseded') and amends_id is null and is_deleted = 0)";
    Ok(tx.prepare_cached(sql)?.query_row((id_list(tx, kept)?, date), |row| row.get(0))?)
}

/// Leaves as many as are shown; whether there were more.
fn cut<T>(people: &mut Vec<T>) -> bool {
    let has_more = people.len() > SHOWN;
    people.truncate(SHOWN);
    has_more
}

fn first_id_since(unix_seconds: i64) -> String {
    let ms = u64::try_from(unix_seconds).unwrap_or(0) * 1000;
    format!("{:08x}-{:04x}-7000-8000-000000000000", ms >> 16, ms & 0xffff)
}

fn seen(tx: &Transaction<'_>, date: &str, clinic: &str, day: Date) -> Result<Vec<TodayVisit>> {
    let sql = "select id, patient_id, doctor_id, finalised_at, amends_id is not null from prescriptions \
               where visit_date = ?1 and clinic_id = ?2 and status = 'finalised' and is_deleted = 0 \
               order by finalised_at desc";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map((date, clinic), |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            row.get(3)?,
            row.get::<_, bool>(4)?,
        ))
    })?;
    let mut visits = Vec::new();
    for row in rows {
        let (id, patient, doctor, signed_at, amends) = row?;
        let (Ok(id), Ok(patient), Ok(doctor)) =
            (id.parse::<PrescriptionId>(), patient.parse::<PatientId>(), doctor.parse())
        else {
            continue;
        };
        if amends && first_signed_on(tx, id)? != date {
            continue;
        }
        // A prescription can arrive before its patient does, never for long.
        let Some(patient) = known(tx, kept(tx, patient)?, day)? else { continue };
        visits.push(TodayVisit {
            prescription_id: id,
            patient,
            doctor_name: doctor_name(tx, doctor)?,
            signed_at,
        });
        if visits.len() > SHOWN {
            break;
        }
    }
    Ok(visits)
}

fn prepared(
    tx: &Transaction<'_>,
    clinic: &str,
    day: Date,
    language: Language,
) -> Result<Vec<PreparedPatient>> {
    let mut waiting = Vec::new();
    for (id, patient) in offered_at(tx, day, clinic, LOOKED_FOR)? {
        if let Some(patient) = known(tx, kept(tx, patient)?, day)? {
            waiting.push(PreparedPatient { patient, prepared: prepared_view(tx, id, language)? });
        }
    }
    Ok(waiting)
}

fn patients(tx: &Transaction<'_>, sql: &str, params: impl Params, day: Date) -> Result<Vec<PatientSummary>> {
    let mut found = Vec::new();
    for id in each_once(tx, query_ids::<PatientId>(tx, sql, params)?, usize::MAX)? {
        found.extend(known(tx, id, day)?);
    }
    Ok(found)
}

/// The patient of this id, if they have arrived on this computer.
pub(crate) fn known(tx: &Transaction<'_>, id: PatientId, day: Date) -> Result<Option<PatientSummary>> {
    let there: Option<i64> = tx
        .prepare_cached("select 1 from patients where id = ?1 and is_deleted = 0")?
        .query_row([id.to_string()], |row| row.get(0))
        .optional()?;
    there.map(|_| summary_of(tx, id, day)).transpose()
}
