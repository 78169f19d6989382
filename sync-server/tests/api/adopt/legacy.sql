-- A single-tenant database as a small clinic's old application has it. KEY, SERIAL and HOME are put in by the test.
create table HOME.users (
    id SERIAL primary key,
    email varchar(255) not null unique,
    full_name varchar(150) not null,
    role varchar(30) not null default 'doctor'
);
create table HOME.doctors (
    id SERIAL primary key,
    user_id KEY unique references HOME.users (id) on delete set null,
    specialization varchar(100)
);
create table HOME.patients (
    id SERIAL primary key,
    mobile_number varchar(16) not null,
    first_name varchar(100) not null,
    notes text,
    updated_at timestamp not null default now(),
    constraint patients_mobile_name unique (mobile_number, first_name)
);
create index idx_patients_name on HOME.patients (lower(first_name) text_pattern_ops desc) where notes is null;
create table HOME.medicines (
    id SERIAL primary key,
    name varchar(200) not null
);
create unique index idx_medicines_name on HOME.medicines (lower(name));
create table HOME.short_keys (
    doctor_id KEY not null references HOME.doctors (id) on delete cascade,
    key varchar(30) not null,
    body text not null,
    primary key (doctor_id, key)
);
create table HOME.appointments (
    id SERIAL primary key,
    patient_id KEY not null references HOME.patients (id),
    doctor_id KEY references HOME.doctors (id) on delete set null,
    appointment_date date not null
);
create index idx_appointments_date on HOME.appointments (appointment_date);
create table HOME.prescriptions (
    id SERIAL primary key,
    patient_id KEY not null references HOME.patients (id) on delete cascade,
    doctor_id KEY,
    amends_id KEY references HOME.prescriptions (id) deferrable initially deferred,
    visit_date date not null,
    constraint prescriptions_doctor_id_fkey foreign key (doctor_id) references HOME.doctors (id) not valid
);
create table HOME.prescription_items (
    id SERIAL primary key,
    prescription_id KEY not null references HOME.prescriptions (id) on delete cascade on update cascade,
    medicine_id KEY references HOME.medicines (id),
    dosage text not null
);
create table HOME.dental_observations (
    id SERIAL primary key,
    patient_id KEY not null references HOME.patients (id),
    tooth smallint not null
);
create table HOME.dental_procedures (
    id SERIAL primary key,
    observation_id KEY references HOME.dental_observations (id),
    patient_id KEY not null references HOME.patients (id),
    name text not null
);
create table HOME.dental_observation_templates (
    id SERIAL primary key,
    name text not null
);
create table HOME.dental_attachments (
    id SERIAL primary key,
    patient_id KEY not null,
    file_name text not null,
    content bytea
);
create table HOME.case_studies (
    id SERIAL primary key,
    patient_id KEY references HOME.patients (id),
    title text not null
);
create table HOME.alembic_version (
    version_num varchar(32) primary key
);
create function HOME.touch() returns trigger language plpgsql as
    $$ begin new.updated_at := clock_timestamp(); return new; end $$;
create trigger touch before update on HOME.patients for each row execute function HOME.touch();

insert into HOME.alembic_version values ('a1b2c3d4');
insert into HOME.users (email, full_name)
    select format('doctor%s@example.org', n), 'Doctor ' || n from generate_series(1, 10) n;
insert into HOME.doctors (user_id, specialization) select id, 'General' from HOME.users;
insert into HOME.patients (mobile_number, first_name)
    select '+9198204' || lpad((n / 2)::text, 5, '0'), 'Patient ' || n from generate_series(1, 5000) n;
insert into HOME.medicines (name) select 'Medicine ' || n from generate_series(1, 200) n;
insert into HOME.short_keys (doctor_id, key, body) select id, 'urti', 'para 1-1-1' from HOME.doctors;
insert into HOME.appointments (patient_id, doctor_id, appointment_date)
    select p.id, (select id from HOME.doctors limit 1), '2026-01-05' from HOME.patients p limit 1000;
insert into HOME.prescriptions (patient_id, doctor_id, visit_date)
    select p.id, (select id from HOME.doctors limit 1), '2026-01-06' from HOME.patients p limit 2000;
insert into HOME.prescription_items (prescription_id, medicine_id, dosage)
    select p.id, (select id from HOME.medicines limit 1), '1-0-1' from HOME.prescriptions p;
insert into HOME.dental_observations (patient_id, tooth) select id, 36 from HOME.patients limit 50;
insert into HOME.dental_procedures (observation_id, patient_id, name)
    select id, patient_id, 'Filling' from HOME.dental_observations;
insert into HOME.dental_observation_templates (name) values ('Caries');
insert into HOME.dental_attachments (patient_id, file_name) select id, 'xray.png' from HOME.patients limit 5;
insert into HOME.case_studies (patient_id, title) select id, 'A case' from HOME.patients limit 3;
