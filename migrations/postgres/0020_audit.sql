-- The audit log: who read, wrote, signed, exported, came in or failed to. Entries are only ever added, and each
-- bears a hash over itself and the one before it in its lane. docs/audit.md says what it shows and what not.

-- Domains, because a check on the table is read anew for each row that a trigger writes: that doubled the time.
create domain audit_lane as varchar(45) collate "C"
    -- A chain: `writes` (synced rows, under the tenant's version), `accounts` (other rows), `operator`, one
    -- `server:…` for each process, one `device:…` for each desktop. Lanes do not wait for each other.
    constraint audit_lane_check
        check (value in ('writes', 'accounts', 'operator') or value ~ '^(server|device):[0-9a-f-]{36}$');
create domain audit_action as varchar(50) collate "C"
    constraint audit_action_check check (value in (
        'login', 'logout', 'login_failed', 'view', 'search', 'create', 'update', 'delete', 'sign', 'finalise',
        'amend', 'void', 'print', 'export', 'import', 'restore', 'merge', 'unmerge', 'conflict_resolve',
        'alert_override', 'role_change', 'device_enrol', 'device_revoke', 'break_glass', 'operator_access',
        'sync_push', 'sync_pull', 'context_set'
    ));

create table tenant_audit_log (
    tenant_id uuid not null,
    lane audit_lane not null,
    seq bigint not null,
    id uuid not null default gen_random_uuid(),
    action audit_action not null,
    table_name varchar(100) collate "C",
    record_id uuid,
    patient_id uuid,
    clinic_id uuid,
    user_id uuid,
    device_id uuid,
    app_version varchar(40),
    -- The database's login: for a program that writes directly, all that is known of who it was.
    login varchar(63) not null,
    -- By the clock of the device; "timestamp" is the server's.
    occurred_at timestamptz,
    "timestamp" timestamptz not null,
    -- Of the row that was written.
    sync_version bigint,
    -- Names of columns and counts; no clinical value, nor a hash by which one could be guessed.
    changes jsonb,
    reason varchar(300),
    prev_hash bytea not null,
    entry_hash bytea not null,
    constraint tenant_audit_log_pkey primary key (tenant_id, lane, seq)
);
create index tenant_audit_log_time_idx on tenant_audit_log (tenant_id, "timestamp", lane, seq);
create index tenant_audit_log_patient_idx on tenant_audit_log (tenant_id, patient_id, "timestamp")
    where patient_id is not null;

-- Heads of lanes, signed by the server's audit key: entries that are taken from the end are missed by these.
create table audit_heads (
    tenant_id uuid not null,
    lane audit_lane not null,
    seq bigint not null,
    entry_hash bytea not null,
    signed_at timestamptz not null,
    -- Ed25519, 32 bytes in base64.
    public_key varchar(44) not null,
    signature varchar(88) not null,
    constraint audit_heads_pkey primary key (tenant_id, lane, seq)
);

-- The last entry of a lane, which nobody else adds to until this transaction ends. Whatever the statistics say of
-- a table that grows, it is found by the key.
create function clinic.lock_audit_lane(tenant uuid, of_lane text, out seq bigint, out hash bytea)
language plpgsql volatile set search_path = clinic, pg_catalog
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(tenant::text || of_lane, 20));
    select l.seq, l.entry_hash into seq, hash from tenant_audit_log l
    where l.tenant_id = tenant and l.lane = of_lane order by l.seq desc limit 1;
    seq := coalesce(seq, 0);
    hash := coalesce(hash, decode(repeat('00', 32), 'hex'));
end $$;

-- The last entry of every lane of a tenant; one step into the key for each lane.
create function clinic.audit_lane_ends(tenant uuid)
returns table (lane text, seq bigint, entry_hash bytea)
language plpgsql stable set search_path = clinic, pg_catalog
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
begin
    lane := '';
    loop
        select l.lane into lane from tenant_audit_log l
        where l.tenant_id = tenant and l.lane > audit_lane_ends.lane order by l.lane limit 1;
        exit when not found;
        select l.seq, l.entry_hash into seq, entry_hash from tenant_audit_log l
        where l.tenant_id = tenant and l.lane = audit_lane_ends.lane order by l.seq desc limit 1;
        return next;
    end loop;
end $$;

-- Numbers an entry and chains it. Nobody chooses what is set here. The hash is over Postgres's binary form of
-- the row below, texts in UTF-8; `clinic-sync audit verify` makes the same bytes by itself.
create function clinic.chain_audit_entry() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
declare
    place constant text := pg_current_xact_id() || '/' || new.tenant_id || '/' || new.lane::text;
    -- The end of the lane in which this transaction wrote last: a look-up for every row would take longer than
    -- the row. A rollback to a savepoint takes it back as well.
    known constant text[] := string_to_array(current_setting('app.audit_end', true), ' ');
    lane_end record;
begin
    if known[1] = place then
        new.seq := known[2]::bigint + 1;
        new.prev_hash := known[3]::bytea;
    else
        lane_end := clinic.lock_audit_lane(new.tenant_id, new.lane);
        new.seq := lane_end.seq + 1;
        new.prev_hash := lane_end.hash;
    end if;
    new.login := session_user;
    new."timestamp" := clock_timestamp();
    new.entry_hash := sha256(record_send(row(
        new.prev_hash, new.tenant_id, convert_to(new.lane, 'UTF8'), new.seq, new.id,
        convert_to(new.action, 'UTF8'), convert_to(new.table_name, 'UTF8'), new.record_id, new.patient_id,
        new.clinic_id, new.user_id, new.device_id, convert_to(new.app_version, 'UTF8'),
        convert_to(new.login, 'UTF8'), new.occurred_at, new."timestamp", new.sync_version,
        convert_to(new.changes::text, 'UTF8'), convert_to(new.reason, 'UTF8')
    )));
    execute format('set local app.audit_end = %L', concat_ws(' ', place, new.seq, new.entry_hash));
    return new;
end $$;
create trigger chain_entry before insert on tenant_audit_log
    for each row execute function clinic.chain_audit_entry();

create function clinic.keep_audit() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
begin
    raise exception 'the audit log is never changed' using errcode = '42501';
end $$;
create trigger keep_entry before update or delete on tenant_audit_log
    for each row execute function clinic.keep_audit();
create trigger keep_entries before truncate on tenant_audit_log
    for each statement execute function clinic.keep_audit();
create trigger keep_head before update or delete on audit_heads
    for each row execute function clinic.keep_audit();
create trigger keep_heads before truncate on audit_heads
    for each statement execute function clinic.keep_audit();

-- Who writes in the rest of this transaction: a member of staff, or `row` for whoever the rows' updated_by names.
-- Whatever is written without this is no person's: the row of another program still bears its last author.
create function clinic.set_actor(actor text) returns void
language plpgsql volatile set search_path = pg_catalog as $$
begin
    execute format('set local app.actor = %L', case actor when 'row' then actor else actor::uuid::text end);
end $$;

-- What a change of a row is called.
create function clinic.audit_action(table_name text, op text, was jsonb, is_now jsonb) returns text
language plpgsql stable set search_path = pg_catalog as $$
begin
    if op = 'DELETE'
        or op = 'UPDATE' and was ->> 'deleted_at' is null and is_now ->> 'deleted_at' is not null
    then
        return 'delete';
    end if;
    case table_name
        when 'prescriptions' then
            if is_now ->> 'status' is distinct from was ->> 'status' then
                if is_now ->> 'status' = 'finalised' then
                    return case when is_now ->> 'amends_id' is null then 'finalise' else 'amend' end;
                elsif is_now ->> 'status' = 'voided' then
                    return 'void';
                end if;
            end if;
        when 'patients' then
            if op = 'UPDATE' and is_now ->> 'merged_into_id' is distinct from was ->> 'merged_into_id' then
                return case when is_now ->> 'merged_into_id' is null then 'unmerge' else 'merge' end;
            end if;
        when 'users' then
            if op = 'UPDATE' and is_now -> 'roles' <> was -> 'roles' then
                return 'role_change';
            end if;
        when 'devices' then
            if op = 'INSERT' then
                return 'device_enrol';
            elsif was ->> 'revoked_at' is null and is_now ->> 'revoked_at' is not null then
                return 'device_revoke';
            end if;
        when 'sync_conflicts', 'sync_quarantine' then
            if was ->> 'resolved_at' is null and is_now ->> 'resolved_at' is not null then
                return 'conflict_resolve';
            end if;
        else
    end case;
    return case op when 'INSERT' then 'create' else 'update' end;
end $$;

-- One entry for each row that anybody writes.
create function clinic.audit_row() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
declare
    -- Not tg_table_name: a shard has another name than its table.
    written_table constant text := tg_argv[0];
    is_synced constant boolean := tg_argv[1]::boolean;
    -- Notes that programs make for themselves, and what every write changes.
    quiet constant text[] := array[
        'updated_at', 'updated_by', 'sync_version', 'origin_device_id', 'client_recorded_at', 'clocks',
        'last_login_at', 'last_seen_at', 'last_sequence', 'last_hash', 'last_signed_in_at', 'tries'
    ];
    -- Of these the log says what they were and are: they are no patient's.
    plain constant text[] := array[
        'roles', 'is_active', 'scope', 'subscription_plan', 'max_doctors', 'max_patients', 'suspended_at',
        'revoked_at', 'copied_at', 'expires_at', 'token_version'
    ];
    is_now constant jsonb := case tg_op when 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
    was constant jsonb := case tg_op when 'UPDATE' then to_jsonb(old) end;
    tenant constant uuid := coalesce(is_now ->> 'tenant_id', is_now ->> 'id');
    changed text[];
    changes jsonb;
    actor constant text := nullif(current_setting('app.actor', true), '');
    is_pushed constant boolean := is_synced and actor is not distinct from 'row';
begin
    if tg_op = 'DELETE' and written_table <> 'tenants' and clinic.is_purged(tenant) then
        return null;
    end if;
    if tg_op = 'UPDATE' then
        select array_agg(n.key order by n.key) into changed from jsonb_each(is_now) n
        where n.value <> was -> n.key and n.key <> all (quiet);
        if changed is null and not is_synced then
            return null;
        end if;
        changes := jsonb_build_object('columns', coalesce(to_jsonb(changed), '[]'));
        if not is_synced then
            changes := changes || coalesce((
                select jsonb_build_object(
                    'before', jsonb_object_agg(k, was -> k), 'after', jsonb_object_agg(k, is_now -> k)
                )
                from unnest(changed) k where k = any (plain)
                having count(*) > 0
            ), '{}');
        end if;
    end if;
    insert into tenant_audit_log (
        tenant_id, lane, action, table_name, record_id, patient_id, clinic_id, user_id, device_id,
        occurred_at, sync_version, changes
    ) values (
        tenant,
        case when is_synced then 'writes' else 'accounts' end,
        case
            when tg_op = 'INSERT' and written_table not in ('prescriptions', 'devices') then 'create'
            else clinic.audit_action(written_table, tg_op, was, is_now)
        end,
        written_table,
        coalesce(is_now ->> 'id', is_now ->> 'user_id')::uuid,
        coalesce(case written_table when 'patients' then is_now ->> 'id' end, is_now ->> 'patient_id')::uuid,
        coalesce(case written_table when 'clinics' then is_now ->> 'id' end, is_now ->> 'clinic_id')::uuid,
        case when is_pushed then is_now ->> 'updated_by' else nullif(actor, 'row') end::uuid,
        case
            when is_pushed then is_now ->> 'origin_device_id'
            when is_synced then null
            when written_table = 'devices' then is_now ->> 'id'
            else is_now ->> 'device_id'
        end::uuid,
        case when is_pushed then (is_now ->> 'client_recorded_at')::timestamptz end,
        (is_now ->> 'sync_version')::bigint,
        changes
    );
    return null;
end $$;

-- Every write to this table leaves an entry. A synced row's follows at once, under the tenant's version; another
-- row's at the end of the transaction, so that nobody holds that lane and waits for a row.
create function clinic.audit_writes(tenant_table regclass) returns void
language plpgsql volatile set search_path = clinic, pg_catalog as $$
declare
    table_name constant text := (select relname from pg_class where oid = tenant_table);
    is_synced constant boolean := exists (
        select from pg_attribute where attrelid = tenant_table and attname = 'clocks'
    );
begin
    execute format(
        'create %s audit_row after insert or update or delete on %s %s
             for each row execute function clinic.audit_row(%L, %L)',
        case when is_synced then 'trigger' else 'constraint trigger' end,
        tenant_table,
        case when is_synced then '' else 'deferrable initially deferred' end,
        table_name,
        is_synced
    );
end $$;
revoke execute on function clinic.audit_writes(regclass) from public;

-- All tables that there are, but those in which the server keeps its own house.
do $$
declare
    tenant_table regclass;
begin
    for tenant_table in
        select c.oid from pg_class c
        where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p')
          and (c.relname = 'tenants'
               or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'))
          and c.relname not in (
              'tenant_sync', 'refresh_tokens', 'device_challenges', 'sync_mutations',
              'tenant_audit_log', 'audit_heads'
          )
    loop
        perform clinic.audit_writes(tenant_table);
    end loop;
end $$;

-- Tenants that are older than their log: it begins at their version. The owner sees them only without force.
alter table tenant_sync no force row level security;
insert into tenant_audit_log (tenant_id, lane, action, table_name, sync_version, reason)
select tenant_id, 'writes', 'create', 'tenant_audit_log', version, 'The audit log begins here.'
from tenant_sync where version > 0;
alter table tenant_sync force row level security;

select clinic.wall_in('tenant_audit_log');
select clinic.wall_in('audit_heads');
revoke update, delete on tenant_audit_log, audit_heads from clinic_app, clinic_ops;

-- As before, and every table that a later migration walls in is audited.
create or replace function clinic.wall_in(tenant_table regclass) returns void
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
    perform clinic.audit_writes(tenant_table);
end $$;
