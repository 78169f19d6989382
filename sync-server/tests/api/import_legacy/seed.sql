-- The database that Clinic Desk was asked for: patients keyed by mobile number and first name, with a UUID that everything
-- else refers to. HOME is put in by the test.
create schema HOME;
create table HOME.users (
    id uuid primary key, email varchar(255) unique, full_name varchar(150), role varchar(30), password_hash text,
    is_active boolean default true, deleted_at timestamp
);
create table HOME.doctors (
    id uuid primary key, user_id uuid references HOME.users (id), first_name varchar(100), last_name varchar(100),
    specialization varchar(100), registration_number varchar(50), registration_council varchar(100),
    is_deleted boolean default false
);
create table HOME.patients (
    mobile_number varchar(20), first_name varchar(100), id uuid unique default gen_random_uuid(), last_name varchar(100),
    gender varchar(10), date_of_birth date, created_at timestamp default current_timestamp,
    primary key (mobile_number, first_name)
);
create table HOME.appointments (
    id uuid primary key, patient_id uuid references HOME.patients (id), doctor_id uuid references HOME.doctors (id),
    appointment_date date, status varchar(20)
);
create table HOME.prescriptions (
    id uuid primary key, patient_id uuid references HOME.patients (id), doctor_id uuid references HOME.doctors (id),
    visit_date date, status varchar(20), diagnosis text
);
create table HOME.prescription_items (
    prescription_id uuid references HOME.prescriptions (id), position int, medicine_name text, dosage text,
    duration text, primary key (prescription_id, position)
);
create table HOME.dental_observations (
    id uuid primary key, patient_id uuid references HOME.patients (id), doctor_id uuid references HOME.doctors (id),
    tooth_number int, condition varchar(60), observation_date date
);
insert into HOME.users values
    ('0190c000-0000-7000-8000-000000000011', 'anjali@clinic.example', 'Anjali Kulkarni', 'doctor',
     '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzYWx0$Gz3ZV6Zq1XpJv2cVhXcVxw8mTQ2bW0lIhS4rI0aPq1s', true, null),
    ('0190c000-0000-7000-8000-000000000012', 'left@clinic.example', 'Lata Left', 'admin',
     '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzYWx0$Gz3ZV6Zq1XpJv2cVhXcVxw8mTQ2bW0lIhS4rI0aPq1s', true,
     '2023-11-05 10:00');
insert into HOME.doctors values
    ('0190c000-0000-7000-8000-000000000021', '0190c000-0000-7000-8000-000000000011', 'Anjali', 'Kulkarni',
     'Dentistry', 'A-1234', 'Maharashtra State Dental Council', false),
    ('0190c000-0000-7000-8000-000000000022', '0190c000-0000-7000-8000-000000000012', 'Lata', 'Left',
     'Dentistry', 'A-1235', 'Maharashtra State Dental Council', true);
insert into HOME.patients (mobile_number, first_name, id, last_name, gender, date_of_birth) values
    ('9820441276', 'Sunita', '0190c000-0000-7000-8000-000000000101', 'Deshmukh', 'female', '1972-01-05'),
    ('9820441276', 'Ramesh', '0190c000-0000-7000-8000-000000000102', 'Deshmukh', 'male', '1970-03-05');
insert into HOME.appointments values
    ('0190c000-0000-7000-8000-000000000201', '0190c000-0000-7000-8000-000000000101',
     '0190c000-0000-7000-8000-000000000021', '2024-01-05', 'completed');
insert into HOME.prescriptions values
    ('0190c000-0000-7000-8000-000000000301', '0190c000-0000-7000-8000-000000000101',
     '0190c000-0000-7000-8000-000000000021', '2024-01-05', 'finalized', 'Pulpitis'),
    ('0190c000-0000-7000-8000-000000000302', '0190c000-0000-7000-8000-000000000102', null, '2024-01-06', 'replaced',
     'Gingivitis');
insert into HOME.prescription_items values
    ('0190c000-0000-7000-8000-000000000301', 1, 'Amoxicillin 500 mg', '1-1-1', '5 days'),
    ('0190c000-0000-7000-8000-000000000301', 2, 'Ibuprofen 400 mg', '1-0-1', '3 days');
insert into HOME.dental_observations values
    ('0190c000-0000-7000-8000-000000000401', '0190c000-0000-7000-8000-000000000102',
     '0190c000-0000-7000-8000-000000000021', 36, 'caries', '2024-01-06');
