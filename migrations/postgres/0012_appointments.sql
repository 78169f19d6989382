-- Appointments and the tokens by which patients are called.
create table appointments (
    tenant_id uuid not null,
    id uuid not null,
    appointment_date date not null,
    start_time varchar(5),
    duration_minutes int,
    clinic_id uuid not null,
    doctor_id uuid not null,
    patient_id uuid not null,
    visit_type text not null default 'new',
    source text not null default 'walk_in',
    status text not null default 'booked',
    token_number int,
    token_label varchar(12),
    priority int not null default 0,
    reason varchar(500),
    arrived_at timestamptz,
    called_at timestamptz,
    started_at timestamptz,
    completed_at timestamptz,
    cancelled_at timestamptz,
    cancel_reason text,
    rescheduled_to_id uuid,
    fee numeric(10, 2),
    fee_status text not null default 'unpaid',
    notes varchar(2000),
    constraint appointments_pkey primary key (tenant_id, id),
    constraint appointments_clinic_fkey foreign key (tenant_id, clinic_id) references clinics (tenant_id, id),
    constraint appointments_doctor_fkey foreign key (tenant_id, doctor_id) references doctors (tenant_id, id),
    constraint appointments_patient_fkey
        foreign key (tenant_id, patient_id) references patients (tenant_id, id),
    constraint appointments_rescheduled_to_fkey
        foreign key (tenant_id, rescheduled_to_id) references appointments (tenant_id, id),
    constraint appointments_duration_minutes_check check (duration_minutes between 5 and 480),
    constraint appointments_visit_type_check check (visit_type in (
        'new', 'follow_up', 'procedure', 'emergency', 'teleconsult'
    )),
    constraint appointments_source_check check (source in ('walk_in', 'phone', 'online', 'follow_up')),
    constraint appointments_status_check check (status in (
        'booked', 'confirmed', 'arrived', 'in_consultation', 'completed', 'left_without_seen',
        'cancelled', 'rescheduled', 'no_show', 'entered_in_error'
    )),
    constraint appointments_token_number_check check (token_number between 1 and 9999),
    constraint appointments_priority_check check (priority between 0 and 9),
    constraint appointments_cancel_reason_check check (cancel_reason in (
        'patient', 'doctor', 'clinic', 'duplicate', 'error'
    )),
    constraint appointments_fee_status_check check (fee_status in ('unpaid', 'paid', 'waived'))
);
select clinic.make_synced('appointments');

alter table appointments
    add constraint appointments_start_time_check check (start_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$');
create index appointments_date_idx on appointments (tenant_id, appointment_date);
create index appointments_doctor_idx on appointments (tenant_id, doctor_id, appointment_date);
create index appointments_patient_idx on appointments (tenant_id, patient_id, appointment_date);
-- A label bears the letters of the computer that gave it, so two computers never give the same one.
create unique index appointments_token_key
    on appointments (tenant_id, clinic_id, doctor_id, appointment_date, token_label)
    where token_label is not null and deleted_at is null;
