-- Rows that the application adds from now on get their tenant from the default; rows that are there wait for step 3.
select 'access exclusive' as lock, array[relation::regclass::text] as relations,
       format('alter table %s add column tenant_id uuid, alter column tenant_id set default %L::uuid',
              relation::regclass, tenant_id) as statement
from clinic_adoption.tables
where tenant_column is null
order by name
