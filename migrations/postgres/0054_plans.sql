-- A tenant that is not active is found by its code as well: the operator resumes it, and its staff are told how it
-- stands instead of that there is no such clinic. `clinic-sync migrate` gives it to clinic_ops.
drop function clinic.tenant_id_for_code(text);
create function clinic.tenant_id_for_code(code text) returns uuid
language sql stable strict security definer set search_path = clinic, pg_catalog as $$
    select id from clinic.tenants where tenant_code = code
$$;
revoke execute on function clinic.tenant_id_for_code(text) from public;
grant execute on function clinic.tenant_id_for_code(text) to clinic_app, clinic_ops;

-- A patient whom a desktop registered when the plan had no room for another one: kept, and marked. A larger plan
-- takes the mark away.
alter table patients add column beyond_plan boolean not null default false;
