-- Rows that desktops have are never simply gone: a deletion by any program becomes a tombstone, of which they
-- hear. What is signed or completed stays against a deletion as well. Only a tenant that leaves, whose
-- transaction says so in `app.purged_tenant`, is really deleted.

create function clinic.is_purged(tenant uuid) returns boolean
language sql stable set search_path = pg_catalog as $$
    select coalesce(current_setting('app.purged_tenant', true) = tenant::text, false)
$$;

create function clinic.tombstone_row() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
begin
    if clinic.is_purged(old.tenant_id) then
        return old;
    end if;
    execute format(
        'update %I.%I set deleted_at = coalesce(deleted_at, now()) where tenant_id = $1 and id = $2',
        tg_table_schema, tg_table_name
    ) using old.tenant_id, old.id;
    return null;
end $$;

do $$
declare
    synced regclass;
begin
    for synced in
        select attrelid from pg_attribute
        where attname = 'clocks' and attrelid in (
            select oid from pg_class where relnamespace = 'clinic'::regnamespace and relkind = 'r'
        )
    loop
        execute format(
            'create trigger tombstone_row before delete on %s
                 for each row execute function clinic.tombstone_row()',
            synced
        );
    end loop;
end $$;

create or replace function clinic.make_synced(synced regclass) returns void
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
    execute format(
        'create trigger tombstone_row before delete on %s for each row execute function clinic.tombstone_row()',
        synced
    );
    perform clinic.wall_in(synced);
end $$;

create or replace function clinic.keep_signed_prescription() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
declare
    free constant text[] := array[
        'status', 'superseded_by_id', 'void_reason', 'voided_at', 'voided_by',
        'updated_at', 'updated_by', 'sync_version', 'origin_device_id', 'client_recorded_at', 'clocks'
    ];
    new_status text;
begin
    if tg_op = 'DELETE' and clinic.is_purged(old.tenant_id) then
        return old;
    end if;
    if old.status in ('draft', 'discarded') then
        return case when tg_op = 'DELETE' then old else new end;
    end if;
    if tg_op = 'UPDATE' then
        new_status := new.status;
        if to_jsonb(new) - free = to_jsonb(old) - free
            and (new_status = old.status or old.status = 'finalised' and new_status in ('superseded', 'voided'))
        then
            return new;
        end if;
    end if;
    raise exception 'a signed prescription does not change'
        using errcode = '23514', constraint = 'prescriptions_signed_check';
end $$;

create or replace function clinic.keep_signed_items() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
begin
    if tg_op = 'DELETE' and clinic.is_purged(old.tenant_id) then
        return old;
    end if;
    -- stamp_row does not see a deletion, so this waits for a signature which is under way.
    if tg_op = 'DELETE' then
        perform from prescriptions p
        where p.tenant_id = old.tenant_id and p.id = old.prescription_id for share;
    end if;
    -- Two questions, not one with `or`: each is then a look into the primary key.
    if tg_op <> 'INSERT' and exists (
        select from prescriptions p
        where p.tenant_id = old.tenant_id and p.id = old.prescription_id
          and p.status not in ('draft', 'discarded')
    ) or tg_op <> 'DELETE' and exists (
        select from prescriptions p
        where p.tenant_id = new.tenant_id and p.id = new.prescription_id
          and p.status not in ('draft', 'discarded')
    ) then
        raise exception 'a line of a signed prescription does not change'
            using errcode = '23514', constraint = 'prescriptions_signed_check';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$;

create or replace function clinic.keep_completed_procedure() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
declare
    free constant text[] := array[
        'status', 'note',
        'updated_at', 'updated_by', 'sync_version', 'origin_device_id', 'client_recorded_at', 'clocks'
    ];
begin
    if tg_op = 'DELETE' and clinic.is_purged(old.tenant_id) then
        return old;
    end if;
    if old.status <> 'completed' then
        return case when tg_op = 'DELETE' then old else new end;
    end if;
    if tg_op = 'UPDATE' and to_jsonb(new) - free = to_jsonb(old) - free
        and new.status in ('completed', 'failed', 'entered_in_error')
    then
        return new;
    end if;
    raise exception 'a completed procedure does not change'
        using errcode = '23514', constraint = 'dental_procedures_completed_check';
end $$;
