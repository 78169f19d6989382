select 'access exclusive' as lock, array[t.relation::regclass::text] as relations,
       format('drop policy tenant_isolation on %1$s; '
              'alter table %1$s disable row level security, no force row level security', t.relation::regclass)
       || case t.name
              when 'tenants' then ''
              when 'clinics' then ', alter column tenant_id drop default'
              else format(', alter column tenant_id set default %L::uuid', t.tenant_id)
          end as statement
from (
    select relation, name, tenant_id from clinic_adoption.tables
    union all
    select relation, name, tenant_id from clinic_adoption.tenancy
) t
where exists (select from pg_policy p where p.polrelid = t.relation and p.polname = 'tenant_isolation')
order by t.relation::regclass::text
