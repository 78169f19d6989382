-- What a mutation that was set aside says lies beside it, no longer in the log of mutations, in which nothing is ever
-- changed: here it can be forgotten. In the log its body is empty.
alter table sync_quarantine
    add column body text,
    -- When what it says was deleted; that it was, its hash and what became of it stay.
    add column forgotten_at timestamptz,
    add constraint sync_quarantine_forgotten_check check (forgotten_at is null or body is null);

-- Of every tenant, which the owner sees only without force. Nothing of this is anybody's doing.
alter table sync_mutations no force row level security;
alter table sync_quarantine no force row level security, disable trigger audit_row;
update sync_quarantine q set body = m.body
from sync_mutations m
where m.tenant_id = q.tenant_id and m.device_id = q.device_id and m.sequence = q.sequence;
update sync_mutations m set body = ''
from sync_quarantine q
where q.tenant_id = m.tenant_id and q.device_id = m.device_id and q.sequence = m.sequence;
alter table sync_quarantine force row level security, enable trigger audit_row;
alter table sync_mutations force row level security;

-- As before, and what is forgotten is deleted.
create or replace function clinic.audit_action(table_name text, op text, was jsonb, is_now jsonb) returns text
language plpgsql stable set search_path = pg_catalog as $$
begin
    if op = 'DELETE'
        or op = 'UPDATE' and was ->> 'deleted_at' is null and is_now ->> 'deleted_at' is not null
        or op = 'UPDATE' and was ->> 'forgotten_at' is null and is_now ->> 'forgotten_at' is not null
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
