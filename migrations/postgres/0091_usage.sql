-- As before; of one tenant alone, if its code is given. `clinic-sync migrate` gives it to clinic_ops.
drop function clinic.tenant_usage();
create function clinic.tenant_usage(only_code text)
returns table (
    tenant_code text, tenant_name text, subscription_plan text, is_active boolean, suspended_at timestamptz,
    expires_at timestamptz, max_doctors int, max_patients int, clinics bigint, users bigint, doctors bigint,
    devices bigint, patients bigint, prescriptions bigint, last_seen_at timestamptz
)
language sql stable security definer set search_path = clinic, pg_catalog as $$
    select t.tenant_code, t.tenant_name, t.subscription_plan, t.is_active, t.suspended_at, t.expires_at,
           t.max_doctors, t.max_patients,
           (select count(*) from clinics where tenant_id = t.id and is_active and deleted_at is null),
           (select count(*) from users where tenant_id = t.id and is_active),
           (select count(*) from doctors where tenant_id = t.id and is_active and deleted_at is null),
           (select count(*) from devices where tenant_id = t.id and revoked_at is null),
           (select count(*) from patients
            where tenant_id = t.id and deleted_at is null and merged_into_id is null),
           (select count(*) from prescriptions
            where tenant_id = t.id and deleted_at is null and status not in ('draft', 'discarded')),
           (select max(last_seen_at) from devices where tenant_id = t.id)
    from tenants t where only_code is null or t.tenant_code = only_code order by t.tenant_code
$$;
revoke execute on function clinic.tenant_usage(text) from public;
grant execute on function clinic.tenant_usage(text) to clinic_ops, clinic_report;
