-- The contents of attached files that are on this computer, each sealed in a file of its own beside this one and named
-- by its hash. What the server does not have yet waits; what it has is kept for as long as there is room. How far a file
-- has come is known to the server alone.
create table files (
    sha256 text primary key,
    byte_size integer not null,
    state text not null check (state in ('waiting', 'refused', 'kept', 'lost')),
    -- Why the server refused it, in its words.
    detail text,
    -- When it was added or last looked at: what was not for longest makes room first.
    used_at text not null
) without rowid;
create index files_state_idx on files (state, used_at);
create index dental_attachments_sha256_idx on dental_attachments (sha256);
