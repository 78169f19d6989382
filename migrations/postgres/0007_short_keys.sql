create table short_keys (
    tenant_id uuid not null,
    id uuid not null,
    key varchar(30) collate "C" not null,
    title varchar(120) not null,
    kind text not null,
    scope text not null,
    doctor_id uuid,
    body jsonb not null,
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
    constraint short_keys_pkey primary key (tenant_id, id),
    constraint short_keys_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint short_keys_doctor_fkey foreign key (tenant_id, doctor_id) references doctors (tenant_id, id),
    constraint short_keys_key_check check (key ~ '^[a-z0-9][a-z0-9_.-]{0,29}$'),
    constraint short_keys_kind_check
        check (kind in ('prescription', 'item', 'advice', 'sig', 'note', 'investigation')),
    constraint short_keys_scope_check check (scope in ('tenant', 'doctor'))
);
create index short_keys_sync_idx on short_keys (tenant_id, sync_version, id);
-- A doctor's own key shadows the tenant's, so both may exist.
create unique index short_keys_natural_key
    on short_keys (tenant_id, key, kind, coalesce(doctor_id, '00000000-0000-0000-0000-000000000000'))
    where deleted_at is null;
create trigger stamp_row before insert or update on short_keys
    for each row execute function clinic.stamp_row();
alter table short_keys enable row level security, force row level security;
create policy tenant_isolation on short_keys
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update on short_keys to clinic_app;
grant select, insert, update, delete on short_keys to clinic_ops;
