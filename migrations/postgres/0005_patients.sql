create table patients (
    tenant_id uuid not null,
    id uuid not null,
    mobile_number varchar(16) collate "C" not null,
    first_name varchar(100) not null,
    first_name_norm varchar(100) collate "C" not null,
    last_name varchar(100),
    guardian_name varchar(150),
    guardian_relation text,
    sex text not null default 'unknown',
    date_of_birth date,
    age_years int,
    age_months int,
    age_recorded_on date,
    blood_group text not null default 'unknown',
    alternate_mobile varchar(16),
    email varchar(254),
    address_line varchar(300),
    city varchar(100),
    state_code varchar(10),
    pincode varchar(6),
    patient_code varchar(30),
    preferred_language varchar(10),
    allergy_status text not null default 'unknown',
    chronic_conditions jsonb not null default '[]',
    alerts varchar(2000),
    registered_clinic_id uuid,
    is_deceased boolean not null default false,
    deceased_on date,
    merged_into_id uuid,
    merge_reason varchar(300),
    needs_review boolean not null default false,
    duplicate_ordinal int not null default 0,
    created_at timestamptz not null default now(),
    created_by uuid,
    updated_at timestamptz not null default now(),
    updated_by uuid,
    deleted_at timestamptz,
    sync_version bigint not null,
    origin_device_id uuid,
    client_recorded_at timestamptz,
    clocks jsonb not null default '{}',
    constraint patients_pkey primary key (tenant_id, id),
    constraint patients_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint patients_registered_clinic_fkey
        foreign key (tenant_id, registered_clinic_id) references clinics (tenant_id, id),
    constraint patients_merged_into_fkey
        foreign key (tenant_id, merged_into_id) references patients (tenant_id, id),
    constraint patients_guardian_relation_check
        check (guardian_relation in ('S/o', 'D/o', 'W/o', 'B/o', 'C/o')),
    constraint patients_mobile_number_check check (mobile_number ~ '^\+[1-9][0-9]{7,14}$'),
    constraint patients_age_check check (date_of_birth is not null or age_years is not null),
    constraint patients_sex_check check (sex in ('male', 'female', 'other', 'unknown')),
    constraint patients_age_years_check check (age_years between 0 and 130),
    constraint patients_age_months_check check (age_months between 0 and 11),
    constraint patients_blood_group_check
        check (blood_group in ('A+', 'A-', 'B+', 'B-', 'AB+', 'AB-', 'O+', 'O-', 'unknown')),
    constraint patients_allergy_status_check
        check (allergy_status in ('unknown', 'none_known', 'has_allergies')),
    constraint patients_duplicate_ordinal_check check (duplicate_ordinal between 0 and 32767)
);
create index patients_sync_idx on patients (tenant_id, sync_version, id);
-- Who has the same number and first name twice was registered on two desktops that did not see each other:
-- the later row gets the next ordinal and waits for a person.
create unique index patients_natural_key
    on patients (tenant_id, mobile_number, first_name_norm, duplicate_ordinal)
    where deleted_at is null and merged_into_id is null;
create trigger stamp_row before insert or update on patients
    for each row execute function clinic.stamp_row();
alter table patients enable row level security, force row level security;
create policy tenant_isolation on patients
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update on patients to clinic_app;
grant select, insert, update, delete on patients to clinic_ops;
