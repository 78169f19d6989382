-- A small clinic's earlier program, with integer keys and what years of use leave behind. HOME is put in by the test.
create schema HOME;
create table HOME.users (
    id serial primary key, username varchar(100), email varchar(200), full_name text, password varchar(200),
    role varchar(40), is_active boolean default true, last_login timestamp
);
create table HOME.doctors (
    id serial primary key, user_id int references HOME.users (id), name varchar(150), specialization varchar(100),
    registration_no varchar(60), council varchar(100), qualification text
);
create table HOME.patients (
    id serial primary key, mobile varchar(40), first_name varchar(200), last_name varchar(100), gender varchar(20),
    dob varchar(30), age varchar(20), blood_group varchar(20), allergies text, address text, shoe_size int,
    created_at timestamp
);
create table HOME.medicines (
    id serial primary key, name varchar(200), generic_name varchar(250), strength varchar(80), form varchar(40)
);
create table HOME.appointments (
    id serial primary key, patient_id int, doctor_id int, appointment_date date, appointment_time time,
    status varchar(20)
);
create table HOME.prescriptions (
    id serial primary key, patient_id int, doctor_id int, prescription_date varchar(30), diagnosis text,
    vitals json, notes text, prescription_no varchar(30)
);
create table HOME.prescription_items (
    id serial primary key, prescription_id int, medicine_id int references HOME.medicines (id), medicine_name text,
    dosage varchar(100), duration varchar(60), instructions text, sequence int
);
create table HOME.dental_observations (
    id serial primary key, patient_id int references HOME.patients (id), doctor_id int, tooth_number varchar(10),
    surface varchar(10), condition varchar(60), observation_date date
);
create table HOME.dental_attachments (
    id serial primary key, patient_id int, file_name text, content bytea
);
create table HOME.invoices (id serial primary key, amount numeric);

insert into HOME.users (username, email, full_name, password, role) values
    ('asha', 'Asha@Clinic.example', 'Asha Rane', '5f4dcc3b5aa765d61d8327deb882cf99', 'owner'),
    ('desk', null, 'Front Desk', 'secret', 'Reception');
insert into HOME.doctors (user_id, name, specialization, registration_no, council, qualification) values
    (1, 'Dr. Asha Rane', 'Dental surgery', 'A-1234', 'Maharashtra State Dental Council', 'BDS');
insert into HOME.patients
    (mobile, first_name, last_name, gender, dob, age, blood_group, allergies, shoe_size, created_at)
values
    ('98204 41276', 'Sunita', 'Deshmukh', 'F', '05/01/1972', null, 'O +ve', 'Penicillin, dust', 7, '2024-01-05 10:00'),
    ('+91-9820441276', 'sunita ', 'Deshmukh', 'Female', null, '52', null, 'NKDA', null, '2024-02-01 09:30'),
    ('022 2670', 'Ramesh', 'Patil', 'M', '31/02/1990', '34', 'weird', null, null, '2024-03-01 09:30'),
    ('98204 41299', null, null, null, null, null, null, null, null, null),
    ('98204 41300', repeat('Very long ', 19), E'D\'Souza', 'x', '1980-11-23', null, 'ab-', null, null, null);
insert into HOME.medicines (name, generic_name, strength, form) values
    (null, 'Paracetamol', '500 mg', 'Tab'),
    ('Ashakof', 'Secret mixture', '5 ml', 'Syrup');
insert into HOME.appointments (patient_id, doctor_id, appointment_date, appointment_time, status) values
    (1, 1, '2024-01-05', '10:30', 'Done'), (99, 1, '2024-01-06', '11:00', 'scheduled');
insert into HOME.prescriptions (patient_id, doctor_id, prescription_date, diagnosis, vitals, notes, prescription_no)
values
    (1, 1, '05/01/2024', 'Acute pulpitis, gingivitis', '{"bp": "130/80", "temp": 99.5}', 'Third molar', 'RX/7'),
    (2, 1, '2024-02-01', null, null, null, 'RX/7'),
    (98, 1, '2024-02-02', null, null, null, null),
    (1, null, 'unknown', null, null, null, null);
insert into HOME.prescription_items
    (prescription_id, medicine_id, medicine_name, dosage, duration, instructions, sequence)
values
    (1, 2, null, 'two spoons when it hurts', null, null, 2),
    (1, 1, null, '1-0-1', '5 days', 'after food', 1),
    (2, null, 'Amoxil', '1-1-1', '3', null, 1),
    (2, null, null, '1-0-0', null, null, 2),
    (3, 1, null, '1-0-1', '5', null, 1),
    (77, 1, null, '1-0-1', '5', null, 1);
insert into HOME.dental_observations (patient_id, doctor_id, tooth_number, surface, condition, observation_date) values
    (1, 1, '36', 'OM', 'RCT', '2024-01-05'), (1, 1, '99', 'M', 'black spot', '2024-01-05');
insert into HOME.dental_attachments (patient_id, file_name, content) values (1, 'xray.png', '\x00ff');
insert into HOME.invoices (amount) values (100);
