-- Who sent a request, in one question instead of three: it sets the tenant for the one statement that calls it. Whoever calls
-- it sees what row security lets them see.
create function clinic.sender(tenant uuid, device uuid, person uuid)
returns table (
    clinic_id uuid, scope text, is_revoked boolean, is_copied boolean, public_key text, last_sequence bigint, app_version text,
    roles text[], is_active boolean, token_version int, must_change_password boolean, tenant_is_active boolean,
    suspended_at timestamptz, expires_at timestamptz
)
language plpgsql volatile set search_path = clinic, pg_catalog as $$
begin
    perform clinic.set_tenant(tenant);
    return query
        select d.clinic_id, d.scope::text, d.revoked_at is not null, d.copied_at is not null, d.public_key::text,
               d.last_sequence, d.app_version::text, u.roles::text[], u.is_active, u.token_version, u.must_change_password,
               t.is_active, t.suspended_at, t.expires_at
        from devices d
        join tenants t on t.id = tenant
        join device_users k on k.tenant_id = tenant and k.device_id = d.id
        join users u on u.tenant_id = tenant and u.id = k.user_id
        where d.tenant_id = tenant and d.id = device and u.id = person;
end $$;
