-- The way out of quarantine, and a ledger that is searched: what was decided about a refused change, and by which
-- later one.
create table new_mutations (
    sequence integer primary key,
    kind text not null,
    body text not null,
    previous_hash text not null,
    hash text not null,
    signature text not null,
    recorded_at text not null,
    actor_user_id text not null,
    actor_name text not null,
    patient_id text,
    fate text check (fate in ('applied', 'merged', 'conflict', 'quarantined', 'blocked', 'replaced', 'discarded')),
    detail text,
    acknowledged_at text,
    -- Why it was refused, for programs; and behind which one it waits.
    code text,
    blocked_by integer,
    -- The refused mutation whose fate this one decides: the item about it, and its number if it was made here; in which
    -- way, and why.
    settles text,
    settles_sequence integer,
    way text check (way in ('retry', 'replace', 'hand_over', 'discard')),
    reason text,
    -- Whom it was about, once no row says it.
    patient_name text
);
insert into new_mutations (
    sequence, kind, body, previous_hash, hash, signature, recorded_at, actor_user_id, actor_name, patient_id, fate,
    detail, acknowledged_at
)
select sequence, kind, body, previous_hash, hash, signature, recorded_at, actor_user_id, actor_name, patient_id, fate,
       detail, acknowledged_at
from mutations;
drop table mutations;
alter table new_mutations rename to mutations;
create index mutations_waiting_idx on mutations (sequence) where fate is null;
create index mutations_fate_idx on mutations (fate, sequence);
-- All that the ledger is filtered by, without the bodies.
create index mutations_ledger_idx on mutations (sequence, kind, actor_user_id, fate, recorded_at, patient_id);
create index mutations_gone_idx on mutations (patient_name) where patient_name is not null;
create index mutations_settles_idx on mutations (settles) where settles is not null;
create index mutations_settles_sequence_idx on mutations (settles_sequence) where settles_sequence is not null;

-- Where a correction is laid over: where what it corrects stood. Null is its own number.
alter table pending_rows add column place integer;
