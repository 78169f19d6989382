-- The tenant that this transaction deletes for good: a SET LOCAL, which a cluster carries to its workers.
create function clinic.set_purged(tenant uuid) returns void
language plpgsql volatile set search_path = pg_catalog as $$
begin
    execute format('set local app.purged_tenant = %L', tenant::text);
end $$;
revoke execute on function clinic.set_purged(uuid) from public;
grant execute on function clinic.set_purged(uuid) to clinic_ops;
