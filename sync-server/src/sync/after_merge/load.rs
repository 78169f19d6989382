//! What the rules look at, read for all touched patients together: a fixed number of statements, however many.

use std::collections::{BTreeMap, BTreeSet};

use protocol::conflict::Item;
use protocol::id::TenantId;
use protocol::patient::Age;
use protocol::safety::{
    Allergy, Chart, Line, Medicine, MissingTooth, Overridden, Prescription, Procedure, RULES_VERSION,
    Registration, Rule, SeenSame, Written, are_at_once, are_similar,
};
use protocol::table::TableName;
use serde_json::Value;
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{Touched, of_visits};
use crate::error::Result;
use crate::sync::conflicts;
use crate::sync::session::Session;

/// A chain of mergers is followed so far.
const LONGEST_CHAIN: usize = 20;
/// So many registrations under the touched numbers are compared.
const MOST_NAMES: i64 = 5_000;
/// So many appointments at one time are told of.
const MOST_VISITS: i64 = 500;

fn ms(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// Everything about the people whom these rows are about, one chart each.
pub(super) async fn people(
    tx: &mut PgConnection,
    tenant: TenantId,
    touched: &Touched,
    today: Date,
) -> Result<Vec<Chart>> {
    let ids = |table| touched.ids(table);
    let mut patients: BTreeSet<Uuid> = ids(TableName::Patients).into_iter().collect();
    let of_rows = sqlx::query_scalar!(
        r#"select patient_id as "id!" from prescriptions where tenant_id = $1 and id = any ($2)
           union
           select p.patient_id from prescription_items i
           join prescriptions p on p.tenant_id = $1 and p.id = i.prescription_id
           where i.tenant_id = $1 and i.id = any ($3)
           union
           select patient_id from patient_allergies where tenant_id = $1 and id = any ($4)
           union
           select patient_id from dental_observations where tenant_id = $1 and id = any ($5)
           union
           select patient_id from dental_procedures where tenant_id = $1 and id = any ($6)"#,
        tenant.0,
        &ids(TableName::Prescriptions),
        &ids(TableName::PrescriptionItems),
        &ids(TableName::PatientAllergies),
        &ids(TableName::DentalObservations),
        &ids(TableName::DentalProcedures)
    )
    .fetch_all(&mut *tx)
    .await?;
    patients.extend(of_rows);
    let (mut charts, of_patient) = registrations(tx, tenant, patients).await?;
    let all: Vec<Uuid> = of_patient.keys().copied().collect();
    allergies(tx, tenant, &all, &of_patient, &mut charts).await?;
    prescriptions(tx, tenant, (touched, today), &all, &of_patient, &mut charts).await?;
    teeth(tx, tenant, &all, &of_patient, &mut charts).await?;
    Ok(charts)
}

/// In which chart each registration stands.
type Places = BTreeMap<Uuid, usize>;

/// The registrations of these patients, with all that are one person with them.
async fn registrations(
    tx: &mut PgConnection,
    tenant: TenantId,
    mut wanted: BTreeSet<Uuid>,
) -> Result<(Vec<Chart>, Places)> {
    let mut found = BTreeMap::new();
    for _ in 0..LONGEST_CHAIN {
        let ids: Vec<Uuid> = wanted.iter().copied().collect();
        let rows = sqlx::query!(
            r#"select id, merged_into_id, deleted_at, is_deceased, deceased_on, allergy_status, alerts,
                      (clocks ->> 'is_deceased')::bigint as deceased_ms,
                      (clocks ->> 'merged_into_id')::bigint as merged_ms, updated_at
               from patients
               where tenant_id = $1 and (id = any ($2) or merged_into_id = any ($2))"#,
            tenant.0,
            &ids
        )
        .fetch_all(&mut *tx)
        .await?;
        for row in rows {
            let since = |clock: Option<i64>| clock.unwrap_or_else(|| ms(row.updated_at));
            let registration = Registration {
                id: row.id,
                allergies: Registration::allergies_in(&row.allergy_status, row.alerts),
                has_allergies: row.allergy_status == "has_allergies",
                deceased_ms: row.is_deceased.then(|| since(row.deceased_ms)),
                deceased_on: row.deceased_on,
                merged_ms: row.merged_into_id.map(|_| since(row.merged_ms)),
                deleted_ms: row.deleted_at.map(ms),
            };
            found.insert(row.id, (row.merged_into_id, registration));
        }
        let before = wanted.len();
        wanted.extend(found.iter().flat_map(|(id, (into, _))| [Some(*id), *into]).flatten());
        if wanted.len() == before {
            break;
        }
    }
    let (mut charts, mut places, mut roots) = (Vec::<Chart>::new(), Places::new(), BTreeMap::new());
    let pointers: BTreeMap<Uuid, Option<Uuid>> = found.iter().map(|(id, (into, _))| (*id, *into)).collect();
    for (id, (_, registration)) in found {
        let mut root = id;
        for _ in 0..LONGEST_CHAIN {
            match pointers.get(&root).copied().flatten() {
                Some(into) => root = into,
                None => break,
            }
        }
        let place = *roots.entry(root).or_insert_with(|| {
            charts.push(Chart::default());
            charts.len() - 1
        });
        places.insert(id, place);
        charts[place].registrations.push(registration);
    }
    Ok((charts, places))
}

async fn allergies(
    tx: &mut PgConnection,
    tenant: TenantId,
    patients: &[Uuid],
    places: &Places,
    charts: &mut [Chart],
) -> Result<()> {
    let rows = sqlx::query!(
        "select id, patient_id, substance_text, ingredient_code, class_code from patient_allergies
         where tenant_id = $1 and patient_id = any ($2) and status = 'active' and deleted_at is null",
        tenant.0,
        patients
    )
    .fetch_all(&mut *tx)
    .await?;
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    // Until it is decided which of two it is, both count.
    let claims = sqlx::query!(
        r#"select row_id, column_name as "column!", ours from sync_conflicts
           where tenant_id = $1 and state = 'open' and table_name = 'patient_allergies' and row_id = any ($2)
             and column_name in ('ingredient_code', 'class_code')"#,
        tenant.0,
        &ids
    )
    .fetch_all(tx)
    .await?;
    for row in rows {
        let Some(place) = places.get(&row.patient_id) else { continue };
        let claimed = |column: &str| {
            let claims = claims.iter().filter(|claim| claim.row_id == row.id && claim.column == column);
            claims.filter_map(|claim| claim.ours.as_ref()?.as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        let with = |own: Option<String>, claimed: Vec<String>| own.into_iter().chain(claimed).collect();
        charts[*place].allergies.push(Allergy {
            id: row.id,
            ingredients: with(row.ingredient_code.clone(), claimed("ingredient_code")),
            classes: with(row.class_code.clone(), claimed("class_code")),
            substance: row.substance_text,
        });
    }
    Ok(())
}

async fn prescriptions(
    tx: &mut PgConnection,
    tenant: TenantId,
    (touched, today): (&Touched, Date),
    patients: &[Uuid],
    places: &Places,
    charts: &mut [Chart],
) -> Result<()> {
    // Of each patient the latest of a year, and of those before them what may still run, which the rules decide: what was
    // signed earlier does not run any more, or is asked for again.
    let rows = sqlx::query!(
        r#"select id as "id!", patient_id as "patient_id!", visit_date as "visit_date!", vitals as "vitals!",
                  alerts as "alerts?", amends_id as "amends_id?", origin_device_id as "device?",
                  client_recorded_at as "recorded_at?", place > 20 as "is_older!"
           from (
               select id, patient_id, visit_date, vitals, alerts, amends_id, origin_device_id, client_recorded_at,
                      row_number() over (partition by patient_id order by visit_date desc, id desc) as place
               from prescriptions
               where tenant_id = $1 and patient_id = any ($2) and status = 'finalised' and deleted_at is null
                 and visit_date > $3::date - 400
           ) latest
           where place <= 20 or exists (
               select 1 from prescription_items i
               where i.tenant_id = $1 and i.prescription_id = latest.id and i.deleted_at is null
                 and (i.duration_unit = 'ongoing'
                   or $3::date - latest.visit_date <= coalesce(i.duration_value, 30)
                     * case i.duration_unit when 'week' then 7 when 'month' then 30 else 1 end)
           )
           order by visit_date desc, id desc"#,
        tenant.0,
        patients,
        today
    )
    .fetch_all(&mut *tx)
    .await?;
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    // While nobody has decided whether one was stopped, it runs.
    let lines = sqlx::query!(
        "select id, prescription_id, medicine_id, medicine_text, generic_text, strength_text, dose_text, instructions,
                patient_directions, duration_value, duration_unit
         from prescription_items i where tenant_id = $1 and prescription_id = any ($2) and deleted_at is null
           and (stopped_at is null or exists (
               select from sync_conflicts c
               where c.tenant_id = $1 and c.state = 'open' and c.table_name = 'prescription_items'
                 and c.row_id = i.id and c.column_name = 'stopped_at' and c.ours ->> 'stopped_at' is null))",
        tenant.0,
        &ids
    )
    .fetch_all(&mut *tx)
    .await?;
    let named: BTreeSet<Uuid> = lines.iter().filter_map(|line| line.medicine_id).collect();
    let medicines = medicines(tx, tenant, &named.into_iter().collect::<Vec<_>>()).await?;
    let mut of_prescription: BTreeMap<Uuid, Vec<Line>> = BTreeMap::new();
    for line in lines {
        let dose = [Some(line.dose_text), line.instructions, Some(line.patient_directions)];
        let generic = if line.generic_text.is_empty() { &line.medicine_text } else { &line.generic_text };
        of_prescription.entry(line.prescription_id).or_default().push(Line {
            id: line.id,
            medicine: line.medicine_id,
            text: format!("{generic} {}", line.strength_text.unwrap_or_default()).trim().to_owned(),
            dose: dose.into_iter().flatten().collect::<Vec<_>>().join(" "),
            days: Line::days_of(line.duration_value.map(i64::from), line.duration_unit.as_deref()),
            dosage: None,
        });
    }
    let is_touched =
        |id: Uuid| touched.rows.get(&TableName::Prescriptions).is_some_and(|ids| ids.contains(&id));
    for row in rows {
        let Some(place) = places.get(&row.patient_id) else { continue };
        let mut lines = of_prescription.remove(&row.id).unwrap_or_default();
        let chart = &mut charts[*place];
        if row.is_older && !is_touched(row.id) {
            let is_joined = chart.registrations.iter().any(|one| touched.joined.contains(&one.id));
            // Written again since, by who could see it, it is looked at there.
            let is_known = |newer: &&Prescription| {
                !is_touched(newer.id) && (!is_joined || newer.patient == row.patient_id)
            };
            let newer: Vec<_> = chart.prescriptions.iter().filter(is_known).collect();
            lines.retain(|line| !newer.iter().any(|newer| line.runs_by(newer, today)));
        }
        for medicine in lines.iter().filter_map(|line| line.medicine) {
            if let Some(known) = medicines.get(&medicine) {
                chart.medicines.insert(medicine, known.clone());
            }
        }
        chart.prescriptions.push(Prescription {
            id: row.id,
            patient: row.patient_id,
            day: row.visit_date,
            written: Written { device: row.device, at_ms: row.recorded_at.map(ms) },
            weight_kg: row.vitals["weight_kg"].as_f64(),
            amends: row.amends_id,
            overridden: row.alerts.as_ref().map_or(Overridden::Nothing, Overridden::of),
            seen_same: row.alerts.as_ref().map(SeenSame::of).unwrap_or_default(),
            lines,
        });
    }
    Ok(())
}

async fn medicines(
    tx: &mut PgConnection,
    tenant: TenantId,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, Medicine>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query!(
        r#"select id as "id!", brand_name as "brand?", ingredients as "ingredients!",
                  allergen_classes as "classes!"
           from medicines where id = any ($2)
           union all
           select id, brand_name, ingredients, allergen_classes from tenant_medicines
           where tenant_id = $1 and id = any ($2) and deleted_at is null"#,
        tenant.0,
        ids
    )
    .fetch_all(tx)
    .await?;
    let medicines = rows.into_iter().map(|row| {
        let brand = row.brand.filter(|brand| !brand.is_empty());
        (row.id, Medicine { brand, ..Medicine::of_ingredients(&row.ingredients, &row.classes) })
    });
    Ok(medicines.collect())
}

async fn teeth(
    tx: &mut PgConnection,
    tenant: TenantId,
    patients: &[Uuid],
    places: &Places,
    charts: &mut [Chart],
) -> Result<()> {
    let missing = sqlx::query!(
        r#"select id, patient_id, tooth_fdi as "tooth!" from dental_observations
           where tenant_id = $1 and patient_id = any ($2) and status = 'active' and deleted_at is null
             and tooth_fdi is not null and not is_supernumerary
             and condition_code in ('missing_extracted', 'missing_congenital')"#,
        tenant.0,
        patients
    )
    .fetch_all(&mut *tx)
    .await?;
    for row in missing {
        if let Some(place) = places.get(&row.patient_id) {
            charts[*place].missing_teeth.push(MissingTooth { id: row.id, tooth: row.tooth.into() });
        }
    }
    let planned = sqlx::query!(
        "select id, patient_id, procedure_name, tooth_fdi, tooth_range, tooth_state_after, origin_device_id,
                client_recorded_at
         from dental_procedures
         where tenant_id = $1 and patient_id = any ($2) and status in ('planned', 'accepted', 'in_progress')
           and deleted_at is null",
        tenant.0,
        patients
    )
    .fetch_all(tx)
    .await?;
    for row in planned {
        let Some(place) = places.get(&row.patient_id) else { continue };
        let range = row.tooth_range.as_array().into_iter().flatten().filter_map(Value::as_i64);
        charts[*place].procedures.push(Procedure {
            id: row.id,
            patient: row.patient_id,
            teeth: row.tooth_fdi.map(i64::from).into_iter().chain(range).collect(),
            is_replacement: replaces(&row.procedure_name, row.tooth_state_after.as_deref()),
            name: row.procedure_name,
            written: Written { device: row.origin_device_id, at_ms: row.client_recorded_at.map(ms) },
        });
    }
    Ok(())
}

/// Whether a treatment puts something where a tooth was.
fn replaces(name: &str, state_after: Option<&str>) -> bool {
    let name = name.to_lowercase();
    ["implant", "bridge", "pontic", "denture"].iter().any(|word| name.contains(word))
        || matches!(state_after, Some("implant" | "bridge_pontic" | "denture" | "missing_extracted"))
}

/// Patients under one number whose names and ages are nearly those of these.
pub(super) async fn similar(
    tx: &mut PgConnection,
    session: &Session,
    named: &BTreeSet<Uuid>,
) -> Result<Vec<Item>> {
    let ids: Vec<Uuid> = named.iter().copied().collect();
    let rows = sqlx::query!(
        "select p.id, p.mobile_number, p.first_name_norm, p.date_of_birth, p.age_years, p.age_months,
                p.age_recorded_on
         from patients p
         where p.tenant_id = $1 and p.deleted_at is null and p.merged_into_id is null
           and p.mobile_number in (
               select n.mobile_number from patients n where n.tenant_id = $1 and n.id = any ($2)
           )
         order by p.id limit $3",
        session.tenant.0,
        &ids,
        MOST_NAMES
    )
    .fetch_all(tx)
    .await?;
    let today = session.now.date();
    let mut by_number: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for row in &rows {
        let recorded = (row.age_years, row.age_months, row.age_recorded_on);
        let age = years(row.date_of_birth, recorded, today);
        by_number.entry(&row.mobile_number).or_default().push((row.id, row.first_name_norm.as_str(), age));
    }
    let mut items = Vec::new();
    for people in by_number.values() {
        for (place, (other, other_name, other_age)) in people.iter().enumerate() {
            for (id, name, age) in &people[place + 1..] {
                let is_touched = named.contains(id) || named.contains(other);
                if is_touched && are_similar(name, other_name, age.zip(*other_age)) {
                    items.push(conflicts::duplicate(
                        *id,
                        *other,
                        (Rule::SimilarName.as_str(), RULES_VERSION),
                    ));
                }
            }
        }
    }
    Ok(items)
}

fn years(
    born: Option<Date>,
    (years, months, recorded): (Option<i32>, Option<i32>, Option<Date>),
    today: Date,
) -> Option<i32> {
    let age = if let Some(born) = born {
        Age::since(born, today)
    } else {
        let age = Age::said(years?, months.unwrap_or(0));
        recorded.map_or(age, |recorded| age.grown(recorded, today))
    };
    Some(age.years)
}

/// Patients whom one doctor has at one time, booked on computers that did not see each other.
pub(super) async fn at_once(
    tx: &mut PgConnection,
    tenant: TenantId,
    visits: &BTreeSet<Uuid>,
) -> Result<Vec<Item>> {
    let ids: Vec<Uuid> = visits.iter().copied().collect();
    let rows = sqlx::query!(
        r#"select a.id, a.patient_id, a.start_time as "start!", a.duration_minutes,
                  b.id as other_id, b.patient_id as other_patient, b.start_time as "other_start!",
                  b.duration_minutes as other_minutes
           from appointments a
           join appointments b
               on b.tenant_id = $1 and b.doctor_id = a.doctor_id and b.appointment_date = a.appointment_date
           where a.tenant_id = $1 and a.id = any ($2) and b.id <> a.id and b.patient_id <> a.patient_id
             and a.start_time is not null and b.start_time is not null
             and a.deleted_at is null and b.deleted_at is null
             and a.status in ('booked', 'confirmed', 'arrived', 'in_consultation')
             and b.status in ('booked', 'confirmed', 'arrived', 'in_consultation')
             and a.origin_device_id is distinct from b.origin_device_id
           limit $3"#,
        tenant.0,
        &ids,
        MOST_VISITS
    )
    .fetch_all(tx)
    .await?;
    let at_once = rows.iter().filter(|row| {
        are_at_once(
            (&row.start, row.duration_minutes.map(i64::from)),
            (&row.other_start, row.other_minutes.map(i64::from)),
        )
    });
    Ok(at_once
        .map(|row| {
            of_visits(
                (row.id, row.patient_id, &row.start),
                (row.other_id, row.other_patient, &row.other_start),
            )
        })
        .collect())
}
