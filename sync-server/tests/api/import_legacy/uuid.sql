-- A later program, with UUIDs, clinics of its own, arrays, and doctors among the members of staff.
create schema HOME;
create table HOME.clinics (id uuid primary key, name text, code text, is_primary boolean);
create table HOME.users (
    id uuid primary key, email text, full_name text, role text, registration_number text, registration_council text
);
create table HOME.patients (
    id uuid primary key, phone text, name text, sex text, date_of_birth date, chronic_conditions text[],
    registered_clinic_id uuid
);
create table HOME.prescriptions (
    id uuid primary key, patient_id uuid references HOME.patients (id), doctor_id uuid references HOME.users (id),
    clinic_id uuid references HOME.clinics (id), visit_date timestamptz, chief_complaints text[], status text
);
create table HOME.prescription_items (
    id uuid primary key, prescription_id uuid references HOME.prescriptions (id), medicine_name text, dose text,
    frequency text, duration_days int
);
insert into HOME.clinics values
    ('0190c000-0000-7000-8000-000000000002', 'Asha Bandra', 'BANDRA', false),
    ('0190c000-0000-7000-8000-000000000001', 'Asha Andheri', 'ANDHERI', true);
insert into HOME.users values
    ('0190c000-0000-7000-8000-000000000011', 'anjali@clinic.example', 'Anjali Kulkarni', 'doctor', 'MMC-7', 'MMC'),
    ('0190c000-0000-7000-8000-000000000012', 'owner@clinic.example', 'Omkar Shinde', 'admin', null, null);
insert into HOME.patients
select ('0190c000-0000-7000-8000-0000001' || lpad(n::text, 5, '0'))::uuid, '98204' || lpad(n::text, 5, '0'),
       'Patient' || n || ' Kulkarni', 'female', date '1970-01-01' + n, array['diabetes'],
       '0190c000-0000-7000-8000-000000000001'
from generate_series(1, 1200) n;
insert into HOME.prescriptions
select ('0190c000-0000-7000-8000-0000002' || lpad(n::text, 5, '0'))::uuid,
       ('0190c000-0000-7000-8000-0000001' || lpad(n::text, 5, '0'))::uuid, '0190c000-0000-7000-8000-000000000011',
       '0190c000-0000-7000-8000-000000000001', timestamptz '2024-01-05 20:00+00' + n * interval '1 hour',
       array['fever', 'cough'], case when n = 3 then 'draft' else 'finalized' end
from generate_series(1, 700) n;
insert into HOME.prescription_items
select gen_random_uuid(), id, 'Paracetamol 500 mg', '500 mg', '1-0-1', 5 from HOME.prescriptions;
