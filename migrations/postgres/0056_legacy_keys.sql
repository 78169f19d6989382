-- Where each row of a database that a tenant brought along went: by this a second import knows what is here already,
-- and staff find a record by its old number.
create table legacy_keys (
    tenant_id uuid not null,
    -- Which of the tenant's old databases, as the operator named it.
    source varchar(50) collate "C" not null,
    -- The table and the key there.
    table_name varchar(63) collate "C" not null,
    legacy_key varchar(200) collate "C" not null,
    -- The row here; null while the old one is set aside.
    id uuid,
    -- SHA-256 of the old row, to see that it changed since.
    fingerprint bytea not null,
    -- The old row as JSON text, wherever not all of it found a place in a column.
    original text,
    imported_at timestamptz not null default now(),
    constraint legacy_keys_pkey primary key (tenant_id, source, table_name, legacy_key),
    constraint legacy_keys_tenant_fkey
        foreign key (tenant_id) references tenants (id) deferrable initially immediate
);
create index legacy_keys_id_idx on legacy_keys (tenant_id, id);
select clinic.wall_in('legacy_keys');
-- Every row that it names has an entry of its own in the log, and so has the import.
drop trigger audit_row on legacy_keys;
