-- One policy a table; without a tenant it lets no row through. The default follows the session's tenant.
select 'access exclusive' as lock, array[t.relation::regclass::text] as relations,
       format($sql$
           create policy tenant_isolation on %1$s
               using (%2$I = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
               with check (%2$I = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
           alter table %1$s enable row level security, force row level security
           $sql$, t.relation::regclass, t.tenant_column)
       || case when t.tenant_column = 'tenant_id' then
           ', alter column tenant_id set default nullif(current_setting(''app.current_tenant_id'', true), '''')::uuid'
       else '' end as statement
from (
    select relation, 'tenant_id' as tenant_column from clinic_adoption.tables
    union all
    select relation, case name when 'tenants' then 'id' else 'tenant_id' end from clinic_adoption.tenancy
) t
where not exists (select from pg_policy p where p.polrelid = t.relation and p.polname = 'tenant_isolation')
order by t.relation::regclass::text
