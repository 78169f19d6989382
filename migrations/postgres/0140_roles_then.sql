-- When a mutation was done, by the server's clock, as far as that is believed: never before what its device brought
-- before it. By this its author's roles are found as they were.
alter table sync_mutations add column done_at timestamptz;

-- The roles that somebody had stand in the audit log, which says of each change what there was before.
create index tenant_audit_log_staff_idx on tenant_audit_log (tenant_id, record_id, seq)
    where lane = 'accounts' and table_name = 'users';
