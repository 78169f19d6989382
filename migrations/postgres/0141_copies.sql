-- A desktop whose disk was copied or restored goes on under an id of its own.
alter table devices
    -- The desktop that it was, up to this number of its mutations.
    add column copied_from uuid,
    add column copied_sequence bigint,
    -- When a copy of this one was last seen that has not gone on under an id of its own yet, also if somebody gave a
    -- password since.
    add column copy_seen_at timestamptz,
    add constraint devices_copied_from_fkey
        foreign key (tenant_id, copied_from) references devices (tenant_id, id) deferrable initially immediate,
    add constraint devices_copied_check check ((copied_from is null) = (copied_sequence is null));
-- Asked twice, it is one.
create unique index devices_copies_idx on devices (tenant_id, copied_from, public_key)
    where copied_from is not null;
