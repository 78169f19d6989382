select 'access exclusive' as lock, array[relation::regclass::text] as relations,
       format('alter table %s drop column tenant_id', relation::regclass) as statement
from clinic_adoption.tables
where tenant_column is not null
order by name
