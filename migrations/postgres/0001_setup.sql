-- Runs as clinic_owner with search_path = clinic; `clinic-sync migrate` has made the roles and the schema.

-- Which tenant this transaction works for. SET LOCAL, never a session SET: a pool hands connections on.
create function clinic.set_tenant(tenant uuid) returns void
language plpgsql volatile set search_path = pg_catalog as $$
declare
    now_set text := nullif(current_setting('app.current_tenant_id', true), '');
begin
    if tenant is null then
        raise exception 'tenant is null' using errcode = '22004';
    end if;
    -- The latch: one transaction, one tenant.
    if now_set is not null and now_set <> tenant::text then
        raise exception 'another tenant is set' using errcode = '42501';
    end if;
    execute format('set local app.current_tenant_id = %L', tenant::text);
end $$;

create table tenants (
    id uuid not null,
    tenant_code varchar(50) collate "C" not null,
    tenant_name varchar(200) not null,
    subscription_plan text not null default 'trial',
    max_doctors int not null default 5,
    max_patients int not null default 1000,
    is_active boolean not null default true,
    time_zone varchar(40) not null default 'Asia/Kolkata',
    settings jsonb not null default '{}',
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    constraint tenants_pkey primary key (id),
    constraint tenants_tenant_code_key unique (tenant_code),
    constraint tenants_tenant_code_check check (tenant_code ~ '^[A-Z0-9_]{3,50}$'),
    constraint tenants_subscription_plan_check
        check (subscription_plan in ('trial', 'solo', 'clinic', 'group', 'enterprise')),
    constraint tenants_max_doctors_check check (max_doctors >= 0),
    constraint tenants_max_patients_check check (max_patients >= 0)
);
alter table tenants enable row level security, force row level security;
create policy tenant_isolation on tenants
    using (id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update on tenants to clinic_app;
grant select, insert, update, delete on tenants to clinic_ops;

-- One number per tenant, one step per committed transaction. Its row stays locked until commit, so that
-- versions appear in order and no reader skips one.
create table tenant_sync (
    tenant_id uuid not null,
    version bigint not null default 0,
    epoch uuid not null default gen_random_uuid(),
    constraint tenant_sync_pkey primary key (tenant_id),
    constraint tenant_sync_tenant_fkey foreign key (tenant_id) references tenants (id)
) with (fillfactor = 20);
alter table tenant_sync enable row level security, force row level security;
create policy tenant_isolation on tenant_sync
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update (version) on tenant_sync to clinic_app;
grant select, insert, update, delete on tenant_sync to clinic_ops;

-- Every writing transaction starts with this: it sets the tenant, locks its version and takes the next one.
-- Later calls in the same transaction return the version that the first one took.
create function clinic.begin_write(tenant uuid) returns bigint
language plpgsql volatile set search_path = clinic, pg_catalog as $$
declare
    taken text := nullif(current_setting('app.current_version', true), '');
    -- The transaction's id stands in the setting, so that a value left over from elsewhere is not believed.
    transaction text := pg_current_xact_id()::text;
    new_version bigint;
begin
    perform clinic.set_tenant(tenant);
    if split_part(taken, '/', 1) = transaction then
        return split_part(taken, '/', 2)::bigint;
    end if;
    update tenant_sync set version = version + 1 where tenant_id = tenant returning version into new_version;
    if new_version is null then
        raise exception 'unknown tenant' using errcode = '02000';
    end if;
    execute format('set local app.current_version = %L', transaction || '/' || new_version);
    perform pg_notify('clinic_head', tenant || ':' || new_version);
    return new_version;
end $$;

-- A new tenant; the transaction goes on as its first write.
create function clinic.create_tenant(tenant uuid, code text, name text) returns bigint
language plpgsql volatile set search_path = clinic, pg_catalog as $$
begin
    perform clinic.set_tenant(tenant);
    insert into tenants (id, tenant_code, tenant_name) values (tenant, code, name);
    insert into tenant_sync (tenant_id) values (tenant);
    return clinic.begin_write(tenant);
end $$;

-- Before the tenant is known nothing else can be looked up, so this one function sees across tenants:
-- `clinic-sync migrate` gives it to clinic_ops.
create function clinic.tenant_id_for_code(code text) returns uuid
language sql stable strict security definer set search_path = clinic, pg_catalog as $$
    select id from clinic.tenants where tenant_code = code and is_active
$$;
revoke execute on function clinic.tenant_id_for_code(text) from public;
grant execute on function clinic.tenant_id_for_code(text) to clinic_app, clinic_ops;

-- On every synced table: rows of writers that never heard of versions get one too, and their changes
-- get the clocks by which later changes from desktops are merged.
create function clinic.stamp_row() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
begin
    -- begin_write would set the tenant, and the policy behind this trigger would then let the row pass.
    if row_security_active(tg_relid)
        and nullif(current_setting('app.current_tenant_id', true), '') is distinct from new.tenant_id::text
    then
        raise exception 'the tenant of this row is not set' using errcode = '42501';
    end if;
    new.sync_version := clinic.begin_write(new.tenant_id);
    if tg_op = 'UPDATE' then
        new.updated_at := now();
        if new.clocks = old.clocks then
            new.clocks := new.clocks || (
                select coalesce(jsonb_object_agg(after.key, floor(extract(epoch from now()) * 1000)), '{}')
                from jsonb_each(to_jsonb(new)) after
                join jsonb_each(to_jsonb(old)) before on before.key = after.key
                where after.value <> before.value
                  and after.key not in (
                      'tenant_id', 'id', 'created_at', 'created_by', 'updated_at', 'updated_by',
                      'deleted_at', 'sync_version', 'origin_device_id', 'client_recorded_at', 'clocks'
                  )
            );
        end if;
    end if;
    return new;
end $$;
