-- What staff look for in a medicine and did not find, and what was stopped later.
alter table medicines
    add manufacturer varchar(150),
    add pack_size varchar(60),
    add mrp numeric(10, 2),
    add max_daily jsonb,
    add pregnancy_flag text,
    add constraint medicines_pregnancy_flag_check check (pregnancy_flag in ('safe', 'caution', 'avoid')),
    add paediatric_flag text,
    add constraint medicines_paediatric_flag_check check (paediatric_flag in ('safe', 'caution', 'avoid'));
alter table tenant_medicines
    add manufacturer varchar(150),
    add pack_size varchar(60),
    add mrp numeric(10, 2),
    add max_daily jsonb,
    add pregnancy_flag text,
    add constraint tenant_medicines_pregnancy_flag_check check (pregnancy_flag in ('safe', 'caution', 'avoid')),
    add paediatric_flag text,
    add constraint tenant_medicines_paediatric_flag_check check (paediatric_flag in ('safe', 'caution', 'avoid'));

alter table prescription_items
    add stopped_at timestamptz,
    add stop_reason varchar(300);

-- As before; but of a line that is signed and stands, it may be said that it was stopped.
create or replace function clinic.keep_signed_items() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
declare
    free constant text[] := array[
        'stopped_at', 'stop_reason',
        'updated_at', 'updated_by', 'sync_version', 'origin_device_id', 'client_recorded_at', 'clocks'
    ];
begin
    if tg_op = 'DELETE' and clinic.is_purged(old.tenant_id) then
        return old;
    end if;
    if tg_op = 'UPDATE'
        and to_jsonb(new) - free = to_jsonb(old) - free
        and exists (
            select from prescriptions p
            where p.tenant_id = old.tenant_id and p.id = old.prescription_id and p.status = 'finalised'
        )
    then
        return new;
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
