-- The rest of the tables, and what the first ones did not have yet.
create table patient_allergies (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    patient_id text not null, substance_text text not null, ingredient_code text, class_code text, reaction
    text, severity text, certainty text not null, status text not null, noted_on text
);

create table appointments (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    appointment_date text not null, start_time text, duration_minutes integer, clinic_id text not null,
    doctor_id text not null, patient_id text not null, visit_type text not null, source text not null,
    status text not null, token_number integer, token_label text, priority integer not null, reason text,
    arrived_at text, called_at text, started_at text, completed_at text, cancelled_at text, cancel_reason
    text, rescheduled_to_id text, fee real, fee_status text not null, notes text
);

create table dental_observation_templates (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    key text not null, name text not null, scope text not null, doctor_id text, applies_to text not null,
    condition_code text, default_surfaces text, body text not null, suggested_procedures text not null,
    locale text, is_active integer not null, version integer not null
);

create table dental_attachments (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    patient_id text not null, owner_kind text not null, owner_id text not null, kind text not null, subtype
    text, teeth text not null, file_name text not null, mime text not null, byte_size integer not null,
    sha256 text not null, width integer, height integer, thumbnail text, taken_on text, description text,
    paired_attachment_id text, view_state text not null, upload_state text not null
);

create table dental_procedures (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    patient_id text not null, doctor_id text not null, clinic_id text not null, appointment_id text,
    procedure_code text, procedure_name text not null, site_kind text not null, tooth_fdi integer,
    tooth_range text not null, region text, surfaces text, status text not null, plan_group text, priority
    integer not null, planned_on text, started_on text, completed_on text, sessions text not null,
    anaesthesia text, materials text not null, shade text, tooth_state_after text, fee real, discount real,
    consent_attachment_id text, complications text, note text
);

create table dental_observations (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    patient_id text not null, doctor_id text not null, clinic_id text not null, prescription_id text,
    observed_on text not null, site_kind text not null, tooth_fdi integer, is_supernumerary integer not
    null, region text, surfaces text, condition_code text not null, grade integer, status text not null,
    resolved_by_procedure_id text, template_id text, note text
);

create table case_studies (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    title text not null, doctor_id text not null, patient_id text, specialty text, tags text not null,
    presentation text, history text, examination text, investigations text, diagnosis text, management text,
    outcome text, discussion text, linked_prescription_ids text not null, linked_attachment_ids text not
    null, visibility text not null, status text not null, patient_consent text not null,
    consent_attachment_id text, deidentified integer not null, deidentified_by text, deidentified_at text,
    version integer not null
);

alter table clinics add column hfr_id text;
alter table clinics add column gstin text;
alter table clinics add column token_prefix text;
alter table doctors add column hpr_id text;
alter table doctors add column signature_sha256 text;
alter table doctors add column stamp_sha256 text;
alter table doctors add column consultation_fee real;
alter table doctors add column slot_minutes integer not null default 10;
alter table doctors add column weekly_schedule text not null default '{}';
alter table doctors add column rx_preferences text not null default '{}';
alter table patients add column mobile_raw text;
alter table patients add column abha_number text;
alter table patients add column abha_address text;
alter table patients add column pregnancy_status text;
alter table patients add column lmp_date text;
alter table patients add column consent text not null default '{}';
alter table patients add column photo_sha256 text;
alter table short_keys add column min_age_months integer;
alter table short_keys add column max_age_months integer;
alter table short_keys add column sex text;
alter table short_keys add column contraindicated_classes text not null default '[]';
alter table short_keys add column locale text;
alter table short_keys add column version integer not null default 1;
alter table prescriptions add column appointment_id text;
alter table prescriptions add column history text;
alter table prescriptions add column referral_to text;
alter table prescriptions add column allergy_snapshot text;
alter table prescriptions add column alerts text;
create index appointments_day_idx on appointments (appointment_date);
create index patient_allergies_patient_idx on patient_allergies (patient_id);
create index dental_attachments_patient_idx on dental_attachments (patient_id);
create index dental_procedures_patient_idx on dental_procedures (patient_id);
create index dental_observations_patient_idx on dental_observations (patient_id);
