-- The way out of quarantine. A refused mutation waits until a person has it tried again, corrected, or discarded; its
-- latest answer stands here, for in the log of mutations nothing is ever changed.
alter table sync_quarantine
    -- Before which mutations of the device it comes: a correction stands where what it corrects stood. Null is its own
    -- number.
    add column place bigint,
    add column detail varchar(500),
    add column review jsonb not null default '[]',
    -- What became of it in the end.
    add column fate text,
    add column reason varchar(300),
    -- The mutation that said so.
    add column settled_by_device uuid,
    add column settled_by_sequence bigint,
    add constraint sync_quarantine_fate_check
        check (fate in ('applied', 'merged', 'conflict', 'replaced', 'discarded')),
    add constraint sync_quarantine_settled_check check (fate is null or resolved_at is not null);
-- What follows on mutations that never went in is laid onto what they had seen.
create index sync_quarantine_gone_idx on sync_quarantine (tenant_id, device_id)
    where fate in ('replaced', 'discarded');

alter table sync_conflicts drop constraint sync_conflicts_kind_check;
alter table sync_conflicts add constraint sync_conflicts_kind_check check (kind in (
    'column', 'delete_edit', 'duplicate', 'semantic', 'two_amendments', 'double_booking', 'refused'
));
