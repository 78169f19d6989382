create table clinics (
    tenant_id uuid not null,
    id uuid not null,
    clinic_name varchar(200) not null,
    clinic_code varchar(50) not null,
    address varchar(500),
    phone varchar(20),
    email varchar(254),
    city varchar(100),
    state_code varchar(10),
    pincode varchar(6),
    time_zone varchar(40) not null default 'Asia/Kolkata',
    registration_number varchar(60),
    letterhead jsonb not null default '{}',
    working_hours jsonb not null default '{}',
    is_primary boolean not null default false,
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
    constraint clinics_pkey primary key (tenant_id, id),
    constraint clinics_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint clinics_clinic_code_key unique (tenant_id, clinic_code)
);
create index clinics_sync_idx on clinics (tenant_id, sync_version, id);
create unique index clinics_primary_key on clinics (tenant_id) where is_primary;
create trigger stamp_row before insert or update on clinics
    for each row execute function clinic.stamp_row();
alter table clinics enable row level security, force row level security;
create policy tenant_isolation on clinics
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update on clinics to clinic_app;
grant select, insert, update, delete on clinics to clinic_ops;
