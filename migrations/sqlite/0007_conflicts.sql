-- What a person must decide.
create table sync_conflicts (
    id text primary key, sync_version integer not null, is_deleted integer not null,
    kind text not null, scope text not null, table_name text not null, row_id text not null, column_name text,
    patient_id text, rule text, rule_version integer, base text, theirs text, ours text, theirs_from text,
    ours_from text, opened_at text not null, state text not null, choice text, chosen text, reason text,
    resolved_by text, resolved_name text, resolved_at text
);
create index sync_conflicts_open_idx on sync_conflicts (opened_at) where state = 'open' and is_deleted = 0;
create index sync_conflicts_patient_idx on sync_conflicts (patient_id);

-- Rows with something that this program does not know yet, whole: a later one takes them in.
create table carried_rows (
    table_name text not null, id text not null, row text not null,
    primary key (table_name, id)
) without rowid;

-- Who was registered twice is one person: the registrations that were merged into another are found by it.
create index patients_merged_into_idx on patients (merged_into_id) where merged_into_id is not null;
