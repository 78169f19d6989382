-- The tables with rows that may have no tenant yet, of which step 3 goes through the first.
select 'backfill' as lock, array[relation::regclass::text, name] as relations,
       format('update %s set tenant_id = %L where tenant_id is null', relation::regclass, tenant_id) as statement
from clinic_adoption.tables t
where not never_null
  and not exists (select from clinic_adoption.backfill b where b.relation = t.name and b.finished_at is not null)
order by name
