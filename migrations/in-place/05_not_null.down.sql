select 'access exclusive' as lock, array[relation::regclass::text] as relations,
       format('alter table %s alter column tenant_id drop not null', relation::regclass) as statement
from clinic_adoption.tables
where never_null
order by name
