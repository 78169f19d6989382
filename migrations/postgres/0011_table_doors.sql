-- What a migration calls for each table that it makes, so that no table lacks a wall. Not for the server.

-- A tenant's table: row security, forced; the one policy; what the logins may.
create function clinic.wall_in(tenant_table regclass) returns void
language plpgsql volatile set search_path = clinic, pg_catalog as $$
begin
    execute format('alter table %s enable row level security, force row level security', tenant_table);
    execute format(
        'create policy tenant_isolation on %s
             using (tenant_id = nullif(current_setting(''app.current_tenant_id'', true), '''')::uuid)
             with check (tenant_id = nullif(current_setting(''app.current_tenant_id'', true), '''')::uuid)',
        tenant_table
    );
    execute format('grant select, insert, update on %s to clinic_app', tenant_table);
    execute format('grant select, insert, update, delete on %s to clinic_ops', tenant_table);
end $$;
revoke execute on function clinic.wall_in(regclass) from public;

-- A synced table, made with `tenant_id`, `id`, its primary key over both, and its own columns: the columns that
-- all synced tables end with, the index of the pull, versions by trigger, and the wall.
create function clinic.make_synced(synced regclass) returns void
language plpgsql volatile set search_path = clinic, pg_catalog as $$
declare
    table_name text := (select relname from pg_class where oid = synced);
begin
    execute format(
        'alter table %s
             add created_at timestamptz not null default now(),
             add created_by uuid,
             add updated_at timestamptz not null default now(),
             add updated_by uuid,
             add deleted_at timestamptz,
             add sync_version bigint not null,
             add origin_device_id uuid,
             add client_recorded_at timestamptz,
             add clocks jsonb not null default ''{}'',
             add constraint %I foreign key (tenant_id) references tenants (id)',
        synced, table_name || '_tenant_fkey'
    );
    execute format('create index %I on %s (tenant_id, sync_version, id)', table_name || '_sync_idx', synced);
    execute format(
        'create trigger stamp_row before insert or update on %s for each row execute function clinic.stamp_row()',
        synced
    );
    perform clinic.wall_in(synced);
end $$;
revoke execute on function clinic.make_synced(regclass) from public;
