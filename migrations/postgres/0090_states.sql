-- States that are dangerous when they are wrong, and columns that must fit each other: kept by the database against
-- whoever writes. The server says the same in words before.

-- A prescription is discarded or signed, and one that is signed is superseded or voided; there is no other way. What
-- was said when it was withdrawn is said in that step, and stays.
create or replace function clinic.keep_signed_prescription() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
declare
    tail constant text[] := array[
        'updated_at', 'updated_by', 'sync_version', 'origin_device_id', 'client_recorded_at', 'clocks'
    ];
    withdrawal constant text[] := array['status', 'superseded_by_id', 'void_reason', 'voided_at', 'voided_by'];
begin
    if tg_op = 'DELETE' then
        if old.status in ('draft', 'discarded') or clinic.is_purged(old.tenant_id) then
            return old;
        end if;
    elsif old.status = 'draft' and new.status in ('draft', 'discarded', 'finalised')
        or old.status = 'discarded' and new.status = 'discarded'
        or to_jsonb(new) - tail = to_jsonb(old) - tail
        or old.status = 'finalised' and new.status in ('superseded', 'voided')
            and to_jsonb(new) - tail - withdrawal = to_jsonb(old) - tail - withdrawal
    then
        return new;
    end if;
    raise exception 'a signed prescription does not change'
        using errcode = '23514', constraint = 'prescriptions_signed_check';
end $$;

alter table prescriptions
    add constraint prescriptions_content_sha256_check check (
        status in ('draft', 'discarded') or content_sha256 is not null and finalised_at is not null
    ),
    add constraint prescriptions_void_reason_check
        check (status <> 'voided' or btrim(coalesce(void_reason, '')) <> ''),
    add constraint prescriptions_superseded_by_check
        check (status <> 'superseded' or superseded_by_id is not null and superseded_by_id <> id);

-- What was done stays as it was written down, and so does what should never have been: only the note grows, and a
-- mistake or a failure is marked as one.
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
    if old.status not in ('completed', 'failed', 'entered_in_error') then
        return case when tg_op = 'DELETE' then old else new end;
    end if;
    if tg_op = 'UPDATE'
        and to_jsonb(new) - free = to_jsonb(old) - free
        and starts_with(coalesce(new.note, ''), coalesce(old.note, ''))
        and (new.status = old.status
             or old.status in ('completed', 'failed') and new.status = 'entered_in_error'
             or old.status = 'completed' and new.status = 'failed')
    then
        return new;
    end if;
    raise exception 'a completed procedure does not change'
        using errcode = '23514', constraint = 'dental_procedures_completed_check';
end $$;

-- As before, and a row keeps its key: other rows, receipts and the log know it by that.
create or replace function clinic.stamp_row() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
begin
    -- begin_write would set the tenant, and the policy behind this trigger would then let the row pass.
    if row_security_active(tg_relid)
        and nullif(current_setting('app.current_tenant_id', true), '') is distinct from new.tenant_id::text
    then
        raise exception 'the tenant of this row is not set' using errcode = '42501';
    end if;
    if tg_op = 'UPDATE' and (new.tenant_id <> old.tenant_id or new.id <> old.id) then
        raise exception 'a row keeps its key' using errcode = '23514', constraint = 'key_check';
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

alter table short_keys
    add constraint short_keys_own_check check ((scope = 'doctor') = (doctor_id is not null));
alter table dental_observation_templates
    add constraint dental_observation_templates_own_check check ((scope = 'doctor') = (doctor_id is not null));

-- Where an entry of the chart is, and which surfaces there are: front teeth have an edge, back teeth a chewing surface.
alter table dental_observations
    add constraint dental_observations_site_check check (
        case site_kind
            when 'tooth' then tooth_fdi is not null and region is null
            when 'quadrant' then coalesce(region like 'q_', false)
            when 'sextant' then coalesce(region like 's_', false)
            when 'arch' then coalesce(region in ('upper', 'lower'), false)
            else true
        end
        and coalesce(surfaces, '') !~ case when tooth_fdi is null then 'OI' when tooth_fdi % 10 <= 3 then 'O' else 'I' end
    );
alter table dental_procedures
    add constraint dental_procedures_site_check check (
        case site_kind
            when 'tooth' then tooth_fdi is not null and region is null
            when 'quadrant' then coalesce(region like 'q_', false)
            when 'sextant' then coalesce(region like 's_', false)
            when 'arch' then coalesce(region in ('upper', 'lower'), false)
            else true
        end
        and coalesce(surfaces, '') !~ case when tooth_fdi is null then 'OI' when tooth_fdi % 10 <= 3 then 'O' else 'I' end
    );

alter table patients add constraint patients_merged_into_check check (merged_into_id <> id);

-- One line of the shared catalogue for each thing that can be prescribed. A tenant's own may be there twice: two
-- desktops that did not see each other add the same one, and neither is refused.
create unique index medicines_natural_key
    on medicines (generic_name, brand_name, strength_text, dosage_form) nulls not distinct;
