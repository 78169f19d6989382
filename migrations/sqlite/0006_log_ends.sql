-- Ends of the tenant's audit log, as the server signed them: what is changed or taken away there does not fit these.
create table log_ends (
    lane text primary key, epoch text not null, seq integer not null, hash text not null, signed_at text not null,
    public_key text not null, signature text not null
) without rowid;
