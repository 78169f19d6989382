-- A prescription that is signed over a finding of the safety checks, for which a reason was given, has an entry of its own
-- behind the one of its signing: how many findings they were, and nothing of what they say.
create function clinic.audit_override() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
declare
    actor constant text := nullif(current_setting('app.actor', true), '');
    is_pushed constant boolean := actor is not distinct from 'row';
begin
    if tg_op = 'UPDATE' then
        if old.status = new.status then
            return null;
        end if;
    end if;
    insert into tenant_audit_log (
        tenant_id, lane, action, table_name, record_id, patient_id, clinic_id, user_id, device_id,
        occurred_at, sync_version, changes
    ) values (
        new.tenant_id, 'writes', 'alert_override', 'prescriptions', new.id, new.patient_id, new.clinic_id,
        case when is_pushed then new.updated_by::text else actor end::uuid,
        case when is_pushed then new.origin_device_id end,
        case when is_pushed then new.client_recorded_at end,
        new.sync_version,
        jsonb_build_object('overridden', (
            select count(*) from jsonb_array_elements(new.alerts) a where a ->> 'action' = 'overridden'
        ))
    );
    return null;
end $$;

-- By its name it fires after `audit_row`.
create trigger audit_row_override after insert or update on prescriptions
    for each row when (new.status = 'finalised' and new.alerts @> '[{"action": "overridden"}]')
    execute function clinic.audit_override();
