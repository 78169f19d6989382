create table doctors (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid,
    title varchar(20) not null default 'Dr.',
    first_name varchar(100) not null,
    last_name varchar(100),
    kind text not null,
    specialization varchar(100),
    qualifications varchar(200),
    registration_number varchar(50) not null,
    registration_council varchar(100) not null,
    registration_year int,
    mobile_number varchar(16) collate "C",
    email varchar(254),
    default_clinic_id uuid,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    created_by uuid,
    updated_at timestamptz not null default now(),
    updated_by uuid,
    deleted_at timestamptz,
    sync_version bigint not null,
    origin_device_id uuid,
    client_recorded_at timestamptz,
    clocks jsonb not null default '{}',
    constraint doctors_pkey primary key (tenant_id, id),
    constraint doctors_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint doctors_user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id),
    constraint doctors_user_key unique (tenant_id, user_id),
    constraint doctors_registration_key unique (tenant_id, registration_council, registration_number),
    constraint doctors_default_clinic_fkey
        foreign key (tenant_id, default_clinic_id) references clinics (tenant_id, id),
    constraint doctors_kind_check check (kind in ('physician', 'dentist', 'other')),
    constraint doctors_registration_year_check check (registration_year between 1900 and 2200)
);
create index doctors_sync_idx on doctors (tenant_id, sync_version, id);
create trigger stamp_row before insert or update on doctors
    for each row execute function clinic.stamp_row();
alter table doctors enable row level security, force row level security;
create policy tenant_isolation on doctors
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update on doctors to clinic_app;
grant select, insert, update, delete on doctors to clinic_ops;
