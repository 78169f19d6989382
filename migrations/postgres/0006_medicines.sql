-- The catalogue that all tenants share: read-only to the application, and versioned by itself.
create table medicines (
    id uuid not null,
    generic_name varchar(250) not null,
    brand_name varchar(200),
    strength_text varchar(80),
    dosage_form text not null,
    route text not null,
    atc_code varchar(10),
    ingredients jsonb not null default '[]',
    allergen_classes jsonb not null default '[]',
    schedule text not null default 'none',
    is_combination boolean not null default false,
    default_dose varchar(60),
    default_duration_days int,
    search_text varchar(600) collate "C" not null,
    is_active boolean not null default true,
    catalogue_version bigint not null,
    constraint medicines_pkey primary key (id),
    constraint medicines_dosage_form_check check (dosage_form in (
        'tablet', 'capsule', 'syrup', 'suspension', 'drops', 'injection', 'cream', 'ointment', 'gel',
        'lotion', 'inhaler', 'nasal_spray', 'eye_drops', 'ear_drops', 'mouthwash', 'toothpaste',
        'powder', 'sachet', 'suppository', 'patch', 'other'
    )),
    constraint medicines_route_check check (route in (
        'oral', 'sublingual', 'topical', 'inhalation', 'nasal', 'ophthalmic', 'otic', 'rectal',
        'vaginal', 'im', 'iv', 'sc', 'dental', 'other'
    )),
    constraint medicines_schedule_check check (schedule in ('none', 'G', 'H', 'H1', 'X', 'NDPS')),
    constraint medicines_default_duration_days_check check (default_duration_days between 1 and 365)
);
create index medicines_catalogue_version_idx on medicines (catalogue_version, id);
grant select on medicines to clinic_app;
grant select, insert, update, delete on medicines to clinic_ops;

-- One row: the version of the catalogue as a whole.
create table catalogue (
    single boolean not null default true,
    version bigint not null default 0,
    constraint catalogue_pkey primary key (single),
    constraint catalogue_single_check check (single)
);
insert into catalogue default values;
grant select on catalogue to clinic_app;
grant select, update on catalogue to clinic_ops;

-- A tenant's own medicines.
create table tenant_medicines (
    tenant_id uuid not null,
    id uuid not null,
    generic_name varchar(250) not null,
    brand_name varchar(200),
    strength_text varchar(80),
    dosage_form text not null,
    route text not null,
    atc_code varchar(10),
    ingredients jsonb not null default '[]',
    allergen_classes jsonb not null default '[]',
    schedule text not null default 'none',
    is_combination boolean not null default false,
    default_dose varchar(60),
    default_duration_days int,
    search_text varchar(600) collate "C" not null,
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
    constraint tenant_medicines_pkey primary key (tenant_id, id),
    constraint tenant_medicines_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint tenant_medicines_dosage_form_check check (dosage_form in (
        'tablet', 'capsule', 'syrup', 'suspension', 'drops', 'injection', 'cream', 'ointment', 'gel',
        'lotion', 'inhaler', 'nasal_spray', 'eye_drops', 'ear_drops', 'mouthwash', 'toothpaste',
        'powder', 'sachet', 'suppository', 'patch', 'other'
    )),
    constraint tenant_medicines_route_check check (route in (
        'oral', 'sublingual', 'topical', 'inhalation', 'nasal', 'ophthalmic', 'otic', 'rectal',
        'vaginal', 'im', 'iv', 'sc', 'dental', 'other'
    )),
    constraint tenant_medicines_schedule_check check (schedule in ('none', 'G', 'H', 'H1', 'X', 'NDPS')),
    constraint tenant_medicines_default_duration_days_check check (default_duration_days between 1 and 365)
);
create index tenant_medicines_sync_idx on tenant_medicines (tenant_id, sync_version, id);
create trigger stamp_row before insert or update on tenant_medicines
    for each row execute function clinic.stamp_row();
alter table tenant_medicines enable row level security, force row level security;
create policy tenant_isolation on tenant_medicines
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update on tenant_medicines to clinic_app;
grant select, insert, update, delete on tenant_medicines to clinic_ops;
