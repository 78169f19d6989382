-- The validated check spares the scan; then it is not needed any more.
select 'access exclusive' as lock, array[t.relation::regclass::text] as relations,
       case when t.never_null
           then format('alter table %s drop constraint %I', t.relation::regclass, k.conname)
           else format('alter table %s alter column tenant_id set not null', t.relation::regclass)
       end as statement
from clinic_adoption.tables t
join pg_constraint k on k.conrelid = t.relation and k.conname = t.present_check and k.convalidated
order by t.name
