-- Every mutation as a desktop signed it, with the server's answer. Nothing is ever changed here: a value
-- that lost a merge, or that was refused, is still found in `body`.
create table sync_mutations (
    tenant_id uuid not null,
    device_id uuid not null,
    sequence bigint not null,
    hash varchar(64) not null,
    previous_hash varchar(64) not null,
    signature varchar(88) not null,
    body text not null,
    actor_user_id uuid not null,
    fate text not null,
    code text,
    detail varchar(500),
    blocked_by bigint,
    review jsonb not null default '[]',
    received_at timestamptz not null default now(),
    sync_version bigint not null,
    constraint sync_mutations_pkey primary key (tenant_id, device_id, sequence),
    constraint sync_mutations_device_fkey
        foreign key (tenant_id, device_id) references devices (tenant_id, id),
    constraint sync_mutations_fate_check
        check (fate in ('applied', 'merged', 'conflict', 'quarantined', 'blocked'))
);
alter table sync_mutations enable row level security, force row level security;
create policy tenant_isolation on sync_mutations
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert on sync_mutations to clinic_app;
grant select, insert, update, delete on sync_mutations to clinic_ops;

-- Mutations that wait for a person, and those that wait for them.
create table sync_quarantine (
    tenant_id uuid not null,
    device_id uuid not null,
    sequence bigint not null,
    code text,
    row_ids uuid[] not null,
    blocked_by bigint,
    resolved_at timestamptz,
    resolved_by uuid,
    constraint sync_quarantine_pkey primary key (tenant_id, device_id, sequence),
    constraint sync_quarantine_mutation_fkey foreign key (tenant_id, device_id, sequence)
        references sync_mutations (tenant_id, device_id, sequence)
);
alter table sync_quarantine enable row level security, force row level security;
create policy tenant_isolation on sync_quarantine
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update on sync_quarantine to clinic_app;
grant select, insert, update, delete on sync_quarantine to clinic_ops;
create index sync_quarantine_open_idx on sync_quarantine (tenant_id, device_id) where resolved_at is null;
