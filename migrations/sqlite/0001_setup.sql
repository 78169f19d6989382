-- The local copy of one tenant, inside an encrypted file. The synced tables have the columns that
-- protocol/src/table.rs declares; a test compares them. Ids, days and moments are text as they travel.

create table medicines (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    generic_name text not null, brand_name text, strength_text text, dosage_form text not null, route text not null,
    atc_code text, ingredients text not null, allergen_classes text not null, schedule text not null,
    is_combination integer not null, default_dose text, default_duration_days integer, search_text text not null,
    is_active integer not null
);

create table tenant_medicines (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    generic_name text not null, brand_name text, strength_text text, dosage_form text not null, route text not null,
    atc_code text, ingredients text not null, allergen_classes text not null, schedule text not null,
    is_combination integer not null, default_dose text, default_duration_days integer, search_text text not null,
    is_active integer not null
);

create table clinics (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    clinic_name text not null, clinic_code text not null, address text, phone text, email text, city text,
    state_code text, pincode text, time_zone text not null, registration_number text, letterhead text not null,
    working_hours text not null, is_primary integer not null, is_active integer not null
);

create table doctors (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    user_id text, title text not null, first_name text not null, last_name text, kind text not null,
    specialization text, qualifications text, registration_number text not null,
    registration_council text not null, registration_year integer, mobile_number text, email text,
    default_clinic_id text, is_active integer not null
);

-- A front-desk computer never receives clinical columns: they stay null there.
create table patients (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    mobile_number text not null, first_name text not null, first_name_norm text not null, last_name text,
    guardian_name text, guardian_relation text, sex text not null, date_of_birth text, age_years integer,
    age_months integer, age_recorded_on text, blood_group text not null, alternate_mobile text, email text,
    address_line text, city text, state_code text, pincode text, patient_code text, preferred_language text,
    allergy_status text not null, chronic_conditions text, alerts text, registered_clinic_id text,
    is_deceased integer not null, deceased_on text, merged_into_id text, merge_reason text,
    needs_review integer not null, duplicate_ordinal integer not null
);

create table short_keys (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    key text not null, title text not null, kind text not null, scope text not null, doctor_id text,
    body text not null, is_active integer not null
);

create table prescriptions (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    visit_date text not null, doctor_id text not null, patient_id text not null, clinic_id text not null,
    prescription_number text, status text not null, version integer not null, amends_id text,
    superseded_by_id text, mode text not null, chief_complaints text not null, examination text,
    vitals text not null, diagnoses text not null, investigations text not null, advice text,
    follow_up_date text, follow_up_note text, patient_snapshot text, doctor_snapshot text, finalised_at text,
    finalised_by text, content_sha256 text, void_reason text, voided_at text, voided_by text,
    language text not null
);
create index prescriptions_patient_idx on prescriptions (patient_id, visit_date);
create index prescriptions_number_idx on prescriptions (prescription_number);
create index prescriptions_day_idx on prescriptions (visit_date);
create index prescriptions_follow_up_idx on prescriptions (follow_up_date);

create table prescription_items (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    prescription_id text not null, position integer not null, medicine_id text, medicine_text text not null,
    generic_text text not null, strength_text text, dosage_form text not null, route text,
    dose_text text not null, dose_pattern text not null, dose_unit text not null, meal_relation text not null,
    duration_value integer, duration_unit text, quantity real, instructions text,
    patient_directions text not null, is_prn integer not null, substitution_allowed integer not null,
    source text not null
);
create index prescription_items_prescription_idx on prescription_items (prescription_id, position);

-- Everything ever done on this computer: outbox and ledger in one. Without a fate it waits for the network.
create table mutations (
    sequence integer primary key,
    kind text not null,
    body text not null,
    previous_hash text not null,
    hash text not null,
    signature text not null,
    recorded_at text not null,
    actor_user_id text not null,
    actor_name text not null,
    patient_id text,
    fate text check (fate in ('applied', 'merged', 'conflict', 'quarantined', 'blocked')),
    detail text,
    acknowledged_at text
);
create index mutations_waiting_idx on mutations (sequence) where fate is null;

-- The rows that mutations without a final answer have changed.
create table pending_rows (
    table_name text not null, id text not null, sequence integer not null,
    primary key (table_name, id, sequence)
) without rowid;
create index pending_rows_sequence_idx on pending_rows (sequence);

-- Those rows as the server has them; what waits is laid over them again whenever they change.
create table confirmed_rows (
    table_name text not null, id text not null, row text not null,
    primary key (table_name, id)
) without rowid;

-- Rows of a pull that has not yet reached the head.
create table staged_rows (place integer primary key, row text not null);

create table meta (name text primary key, value text not null) without rowid;

create table drafts (
    patient_id text primary key, body text not null, saved_at text not null, saved_by text not null
) without rowid;

-- Names, codes and every ending of the mobile number, so that any fragment is a prefix of some word. Vowel
-- signs of Indian scripts belong to the word.
create virtual table finder using fts5 (
    words, content = '', contentless_delete = 1, prefix = '1 2 3 4',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);

-- Shared medicines have even row numbers, the tenant's own have odd ones.
create virtual table medicine_finder using fts5 (
    words, content = '', contentless_delete = 1, prefix = '1 2 3 4',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
