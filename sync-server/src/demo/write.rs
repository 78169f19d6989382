//! Writes the sample rows, many in one statement.

use protocol::id::TenantId;
use protocol::permission::Role;
use protocol::table::Values;
use protocol::validate::moment_text;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::complaint::{COMPLAINTS, Treats};
use super::people::Patient;
use super::queue::Appointment;
use super::staff::{Clinic, Doctor, Member, TENANT_NAME};
use super::teeth::Charted;
use super::visits::Prescription;
use super::{Sample, at_clock};
use crate::auth::tenant::{NewClinic, NewProfile, NewUser, insert_clinic, insert_profile, insert_user};
use crate::error::Result;
use crate::{Db, catalogue};

/// So many rows bear one version.
const BATCH: usize = 500;

/// Writes everything for a new tenant with this code. The hashes are the members' passwords', in their order.
pub async fn write(db: &Db, code: &str, sample: &Sample, hashes: &[String]) -> Result<TenantId> {
    let tenant = TenantId::new();
    let mut tx = db.create_tenant(tenant, code, TENANT_NAME).await?;
    sqlx::query!(
        "update tenants set subscription_plan = 'group', max_doctors = 50, max_patients = 1000000 where id = $1",
        tenant.0
    )
    .execute(&mut *tx)
    .await?;
    write_staff(&mut tx, tenant.0, sample, hashes).await?;
    tx.commit().await?;
    for patients in sample.patients.chunks(BATCH) {
        let mut tx = db.write(tenant).await?;
        insert_patients(&mut tx, tenant.0, patients).await?;
        tx.commit().await?;
    }
    for prescriptions in sample.prescriptions.chunks(BATCH) {
        let mut tx = db.write(tenant).await?;
        // Plans of the triggers were made while the tables were empty, and any index seemed good enough.
        sqlx::query!("discard plans").execute(&mut *tx).await?;
        insert_prescriptions(&mut tx, tenant.0, prescriptions).await?;
        tx.commit().await?;
    }
    for entries in sample.teeth.chunks(BATCH) {
        let mut tx = db.write(tenant).await?;
        insert_teeth(&mut tx, tenant.0, entries).await?;
        tx.commit().await?;
    }
    let mut tx = db.write(tenant).await?;
    insert_appointments(&mut tx, tenant.0, &sample.appointments).await?;
    tx.commit().await?;
    Ok(tenant)
}

async fn write_staff(tx: &mut PgConnection, tenant: Uuid, sample: &Sample, hashes: &[String]) -> Result<()> {
    for (place, clinic) in sample.clinics.iter().enumerate() {
        insert_clinic(tx, tenant, &new_clinic(clinic, place == 0)).await?;
    }
    for (member, password_hash) in sample.members.iter().zip(hashes) {
        insert_user(tx, tenant, &new_user(member, password_hash)).await?;
    }
    for doctor in &sample.doctors {
        insert_profile(tx, tenant, &new_profile(doctor)).await?;
    }
    insert_short_keys(tx, tenant).await?;
    Ok(())
}

fn new_clinic(clinic: &Clinic, is_primary: bool) -> NewClinic<'_> {
    NewClinic {
        id: clinic.id,
        name: clinic.name,
        code: clinic.code,
        address: Some(clinic.address),
        phone: Some(clinic.phone),
        city: Some("Mumbai"),
        state_code: Some("MH"),
        pincode: Some(clinic.pincode),
        is_primary,
    }
}

fn new_user<'a>(member: &Member, password_hash: &'a str) -> NewUser<'a> {
    NewUser {
        id: member.id,
        email: member.email,
        full_name: member.full_name,
        roles: member.roles(),
        password_hash,
        one_time_days: None,
        mobile_number: None,
    }
}

fn new_profile(doctor: &Doctor) -> NewProfile<'_> {
    NewProfile {
        id: doctor.id,
        user: doctor.user,
        first_name: doctor.first_name,
        last_name: Some(doctor.last_name),
        role: match doctor.treats {
            Treats::Physician => Role::Doctor,
            Treats::Dentist => Role::Dentist,
        },
        specialization: Some(doctor.specialization),
        qualifications: Some(doctor.qualifications),
        registration_number: doctor.registration,
        registration_council: doctor.council,
        registration_year: Some(doctor.registration_year),
        clinic: doctor.clinic,
    }
}

/// The keys of the sample tenant, and the diagnoses whose usual prescription they stand for.
const SHORT_KEYS: &[(&str, &str, &str)] = &[
    ("urti", "Cold and cough, adult", "J06.9"),
    ("tonsil", "Acute tonsillitis", "J03.9"),
    ("ge", "Gastroenteritis, adult", "A09"),
    ("gerd", "Acidity", "K21.9"),
    ("uti", "Urinary infection", "N39.0"),
    ("backache", "Low back pain", "M54.5"),
    ("pulpitis", "Irreversible pulpitis", "K04.0"),
    ("abscess", "Periapical abscess", "K04.7"),
    ("extraction", "After an extraction", "K08.3"),
];

async fn insert_short_keys(tx: &mut PgConnection, tenant: Uuid) -> sqlx::Result<()> {
    for (key, title, icd10) in SHORT_KEYS {
        let complaint = COMPLAINTS
            .iter()
            .find(|complaint| complaint.diagnosis.1 == *icd10)
            .expect("BUG: a short key for nothing");
        let items: Vec<Value> = complaint
            .lines
            .iter()
            .map(|(generic, strength, form, dose)| {
                json!({
                    "medicine_id": catalogue::find(generic, strength, form).map(|medicine| medicine.id),
                    "medicine_text": format!("{generic} {strength}"),
                    "dose_text": dose,
                })
            })
            .collect();
        let body = json!({
            "diagnoses": [{"text": complaint.diagnosis.0, "icd10": complaint.diagnosis.1}],
            "items": items,
            "advice": complaint.advice,
            "investigations": complaint.investigations,
            "follow_up_days": complaint.follow_up_days,
        });
        sqlx::query!(
            "insert into short_keys (tenant_id, id, key, title, kind, scope, body)
             values ($1, $2, $3, $4, 'prescription', 'tenant', $5)",
            tenant,
            Uuid::now_v7(),
            key,
            title,
            body,
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

async fn insert_patients(tx: &mut PgConnection, tenant: Uuid, patients: &[Patient]) -> sqlx::Result<()> {
    let rows: Vec<Record<'_>> = patients
        .iter()
        .map(|patient| Record::new(patient.id, &patient.values, at_clock(patient.registered_on, 600)))
        .collect();
    sqlx::query!(
        "insert into patients
            (tenant_id, id, created_at, updated_at, client_recorded_at, mobile_number, first_name,
             first_name_norm, last_name, guardian_name, guardian_relation, sex, date_of_birth, age_years,
             age_recorded_on, blood_group, address_line, city, state_code, pincode, patient_code,
             preferred_language, allergy_status, chronic_conditions, alerts, registered_clinic_id)
         select $1, id, at, at, at, mobile_number, first_name, first_name_norm, last_name, guardian_name,
                guardian_relation, sex, date_of_birth, age_years, age_recorded_on, blood_group, address_line,
                city, state_code, pincode, patient_code, preferred_language, allergy_status,
                chronic_conditions, alerts, registered_clinic_id
         from jsonb_to_recordset($2) as r
            (id uuid, at timestamptz, mobile_number text, first_name text, first_name_norm text,
             last_name text, guardian_name text, guardian_relation text, sex text, date_of_birth date,
             age_years int, age_recorded_on date, blood_group text, address_line text, city text,
             state_code text, pincode text, patient_code text, preferred_language text, allergy_status text,
             chronic_conditions jsonb, alerts text, registered_clinic_id uuid)",
        tenant,
        Json(rows) as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn insert_prescriptions(
    tx: &mut PgConnection,
    tenant: Uuid,
    prescriptions: &[Prescription],
) -> sqlx::Result<()> {
    let rows: Vec<Record<'_>> = prescriptions
        .iter()
        .map(|prescription| Record::new(prescription.id, &prescription.values, prescription.signed_at))
        .collect();
    // Lines are refused once a prescription is signed: it comes as a draft and is signed when they are there.
    sqlx::query!(
        "insert into prescriptions
            (tenant_id, id, created_at, updated_at, client_recorded_at, created_by, visit_date, doctor_id,
             patient_id, clinic_id, prescription_number, status, chief_complaints, examination, vitals,
             diagnoses, investigations, advice, follow_up_date, patient_snapshot, doctor_snapshot,
             finalised_at, finalised_by, content_sha256)
         select $1, id, at, at, at, finalised_by, visit_date, doctor_id, patient_id, clinic_id,
                prescription_number, 'draft', chief_complaints, examination, vitals, diagnoses,
                investigations, advice, follow_up_date, patient_snapshot, doctor_snapshot, finalised_at,
                finalised_by, content_sha256
         from jsonb_to_recordset($2) as r
            (id uuid, at timestamptz, visit_date date, doctor_id uuid, patient_id uuid, clinic_id uuid,
             prescription_number text, chief_complaints jsonb, examination text, vitals jsonb,
             diagnoses jsonb, investigations jsonb, advice text, follow_up_date date,
             patient_snapshot jsonb, doctor_snapshot jsonb, finalised_at timestamptz, finalised_by uuid,
             content_sha256 text)",
        tenant,
        Json(rows) as _,
    )
    .execute(&mut *tx)
    .await?;
    let items: Vec<Record<'_>> = prescriptions
        .iter()
        .flat_map(|prescription| {
            let at = prescription.signed_at;
            prescription.items.iter().map(move |(id, values)| Record::new(*id, values, at))
        })
        .collect();
    sqlx::query!(
        "insert into prescription_items
            (tenant_id, id, created_at, updated_at, client_recorded_at, prescription_id, position, medicine_id,
             medicine_text, generic_text, strength_text, dosage_form, route, dose_text, dose_pattern,
             dose_unit, meal_relation, duration_value, duration_unit, quantity, instructions,
             patient_directions, is_prn)
         select $1, id, at, at, at, prescription_id, position, medicine_id, medicine_text, generic_text,
                strength_text, dosage_form, route, dose_text, dose_pattern, dose_unit, meal_relation,
                duration_value, duration_unit, quantity, instructions, patient_directions, is_prn
         from jsonb_to_recordset($2) as r
            (id uuid, at timestamptz, prescription_id uuid, position int, medicine_id uuid,
             medicine_text text, generic_text text, strength_text text, dosage_form text, route text,
             dose_text text, dose_pattern jsonb, dose_unit text, meal_relation text, duration_value int,
             duration_unit text, quantity numeric, instructions text, patient_directions text,
             is_prn boolean)",
        tenant,
        Json(items) as _,
    )
    .execute(&mut *tx)
    .await?;
    let ids: Vec<Uuid> = prescriptions.iter().map(|prescription| prescription.id).collect();
    sqlx::query!(
        "update prescriptions set status = 'finalised' where tenant_id = $1 and id = any($2)",
        tenant,
        &ids,
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn insert_appointments(
    tx: &mut PgConnection,
    tenant: Uuid,
    appointments: &[Appointment],
) -> sqlx::Result<()> {
    let rows: Vec<Record<'_>> =
        appointments.iter().map(|one| Record::new(one.id, &one.values, one.made_at)).collect();
    sqlx::query!(
        "insert into appointments
            (tenant_id, id, created_at, updated_at, client_recorded_at, appointment_date, start_time,
             duration_minutes, clinic_id, doctor_id, patient_id, visit_type, source, status, token_number,
             token_label, priority, reason, arrived_at, started_at)
         select $1, id, at, at, at, appointment_date, start_time, duration_minutes, clinic_id, doctor_id,
                patient_id, visit_type, source, status, token_number, token_label, priority, reason, arrived_at,
                started_at
         from jsonb_to_recordset($2) as r
            (id uuid, at timestamptz, appointment_date date, start_time text, duration_minutes int,
             clinic_id uuid, doctor_id uuid, patient_id uuid, visit_type text, source text, status text,
             token_number int, token_label text, priority int, reason text, arrived_at timestamptz,
             started_at timestamptz)",
        tenant,
        Json(rows) as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn insert_teeth(tx: &mut PgConnection, tenant: Uuid, entries: &[Charted]) -> sqlx::Result<()> {
    let rows = |is_procedure: bool| -> Vec<Record<'_>> {
        let those = entries.iter().filter(|entry| entry.is_procedure == is_procedure);
        those.map(|entry| Record::new(entry.id, &entry.values, entry.at)).collect()
    };
    sqlx::query!(
        "insert into dental_observations
            (tenant_id, id, created_at, updated_at, client_recorded_at, patient_id, doctor_id, clinic_id,
             observed_on, site_kind, tooth_fdi, region, surfaces, condition_code, grade, note)
         select $1, id, at, at, at, patient_id, doctor_id, clinic_id, observed_on, site_kind, tooth_fdi, region,
                surfaces, condition_code, grade, note
         from jsonb_to_recordset($2) as r
            (id uuid, at timestamptz, patient_id uuid, doctor_id uuid, clinic_id uuid, observed_on date,
             site_kind text, tooth_fdi int, region text, surfaces text, condition_code text, grade int, note text)",
        tenant,
        Json(rows(false)) as _,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into dental_procedures
            (tenant_id, id, created_at, updated_at, client_recorded_at, patient_id, doctor_id, clinic_id,
             procedure_code, procedure_name, site_kind, tooth_fdi, region, surfaces, status, planned_on,
             completed_on, tooth_state_after, note)
         select $1, id, at, at, at, patient_id, doctor_id, clinic_id, procedure_code, procedure_name, site_kind,
                tooth_fdi, region, surfaces, status, planned_on, completed_on, tooth_state_after, note
         from jsonb_to_recordset($2) as r
            (id uuid, at timestamptz, patient_id uuid, doctor_id uuid, clinic_id uuid, procedure_code text,
             procedure_name text, site_kind text, tooth_fdi int, region text, surfaces text, status text,
             planned_on date, completed_on date, tooth_state_after text, note text)",
        tenant,
        Json(rows(true)) as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A row as one JSON object, with its id and the moment at which it was written down.
#[derive(Serialize)]
struct Record<'a> {
    id: Uuid,
    at: String,
    #[serde(flatten)]
    values: &'a Values,
}

impl<'a> Record<'a> {
    fn new(id: Uuid, values: &'a Values, at: OffsetDateTime) -> Self {
        Self { id, at: moment_text(at), values }
    }
}
