-- What became of desktops that were taken out of service: someone asked, the desktop heard of it, gave up what it had
-- and destroyed the rest. One that never comes back stays as it was asked.
create table device_revocations (
    tenant_id uuid not null,
    device_id uuid not null,
    asked_at timestamptz not null default now(),
    -- A member of staff; the operator is nobody of the tenant's.
    asked_by uuid,
    reason varchar(300),
    -- The consent of an admin's desktop: without it the desktop waits a day, in sight, before it destroys anything.
    consent_device_id uuid,
    consent varchar(88),
    -- The desktop has heard of it, and is locked.
    acknowledged_at timestamptz,
    -- What the desktop signed before it destroyed its keys.
    receipt text,
    receipt_signature varchar(88),
    receipt_at timestamptz,
    -- With what the desktop, which has no key any more, says that it is done.
    token_hash bytea,
    done_at timestamptz,
    constraint device_revocations_pkey primary key (tenant_id, device_id),
    constraint device_revocations_device_fkey
        foreign key (tenant_id, device_id) references devices (tenant_id, id)
        deferrable initially immediate,
    constraint device_revocations_consent_device_fkey
        foreign key (tenant_id, consent_device_id) references devices (tenant_id, id)
        deferrable initially immediate,
    constraint device_revocations_asked_by_fkey
        foreign key (tenant_id, asked_by) references users (tenant_id, id)
        deferrable initially immediate
);
select clinic.wall_in('device_revocations');

-- Whoever takes a desktop out of service, it hears of it at once if it listens.
create function clinic.tell_device() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
begin
    perform pg_notify('clinic_device', new.tenant_id || ':' || new.id);
    return null;
end $$;
create trigger tell_device after update of revoked_at on devices
    for each row when (old.revoked_at is null and new.revoked_at is not null)
    execute function clinic.tell_device();
