-- What the first tables did not have yet.
alter table tenants
    add country_code varchar(2) not null default 'IN',
    add default_locale varchar(10) not null default 'en',
    add suspended_at timestamptz,
    add suspended_reason varchar(300),
    add constraint tenants_country_code_check check (country_code ~ '^[A-Z]{2}$');

alter table users
    add mobile_number varchar(16) collate "C",
    add preferred_locale varchar(10),
    add constraint users_mobile_number_check check (mobile_number ~ '^\+[1-9][0-9]{7,14}$');

-- In which of the tenant's clinics a member of staff works; none means all.
create table user_clinics (
    tenant_id uuid not null,
    user_id uuid not null,
    clinic_id uuid not null,
    is_default boolean not null default false,
    constraint user_clinics_pkey primary key (tenant_id, user_id, clinic_id),
    constraint user_clinics_user_fkey
        foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
    constraint user_clinics_clinic_fkey
        foreign key (tenant_id, clinic_id) references clinics (tenant_id, id) on delete cascade
);
create unique index user_clinics_default_key on user_clinics (tenant_id, user_id) where is_default;
select clinic.wall_in('user_clinics');
grant delete on user_clinics to clinic_app;

alter table clinics
    add hfr_id varchar(60),
    add gstin varchar(15),
    add token_prefix varchar(4);

alter table doctors
    add hpr_id varchar(60),
    add signature_sha256 varchar(64),
    add stamp_sha256 varchar(64),
    add consultation_fee numeric(10, 2),
    add slot_minutes int not null default 10,
    add constraint doctors_slot_minutes_check check (slot_minutes between 5 and 120),
    add weekly_schedule jsonb not null default '{}',
    add rx_preferences jsonb not null default '{}';

alter table patients
    add mobile_raw varchar(40),
    add abha_number varchar(14),
    add abha_address varchar(100),
    add pregnancy_status text,
    add constraint patients_pregnancy_status_check check (pregnancy_status in (
        'unknown', 'not_pregnant', 'pregnant', 'breastfeeding'
    )),
    add lmp_date date,
    add consent jsonb not null default '{}',
    add photo_sha256 varchar(64);

alter table short_keys
    add min_age_months int,
    add constraint short_keys_min_age_months_check check (min_age_months between 0 and 1560),
    add max_age_months int,
    add constraint short_keys_max_age_months_check check (max_age_months between 0 and 1560),
    add sex text,
    add constraint short_keys_sex_check check (sex in ('male', 'female')),
    add contraindicated_classes jsonb not null default '[]',
    add locale varchar(10),
    add version int not null default 1,
    add constraint short_keys_version_check check (version between 1 and 10000);

alter table prescriptions
    add appointment_id uuid,
    add constraint prescriptions_appointment_fkey
        foreign key (tenant_id, appointment_id) references appointments (tenant_id, id),
    add history varchar(4000),
    add referral_to varchar(300),
    add allergy_snapshot jsonb,
    add alerts jsonb;

create index prescriptions_appointment_idx on prescriptions (tenant_id, appointment_id);
-- Values that two people set differently: each waits here until a person decides.
create table sync_conflicts (
    tenant_id uuid not null,
    id uuid not null default gen_random_uuid(),
    table_name text not null,
    row_id uuid not null,
    column_name text not null,
    base jsonb,
    theirs jsonb,
    ours jsonb,
    -- The mutation that brought `ours`.
    device_id uuid not null,
    sequence bigint not null,
    opened_at timestamptz not null default now(),
    resolved_at timestamptz,
    resolved_by uuid,
    constraint sync_conflicts_pkey primary key (tenant_id, id),
    constraint sync_conflicts_mutation_fkey foreign key (tenant_id, device_id, sequence)
        references sync_mutations (tenant_id, device_id, sequence),
    constraint sync_conflicts_resolved_by_fkey
        foreign key (tenant_id, resolved_by) references users (tenant_id, id)
);
create index sync_conflicts_row_idx on sync_conflicts (tenant_id, row_id) where resolved_at is null;
select clinic.wall_in('sync_conflicts');
