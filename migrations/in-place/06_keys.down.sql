with wanted as (
    select 1 as place, r.name, 'access exclusive' as lock,
           array[r.relation::regclass::text] || array_remove(array[r.referenced::regclass::text], r.relation::regclass::text)
               as relations,
           format('alter table %s drop constraint %I', r.relation::regclass, r.twin) as statement
    from clinic_adoption.narrow_references r
    join pg_constraint k on k.conrelid = r.relation and k.conname = r.twin
    union all
    select 2, n.name, 'alone', '{}', format('drop index concurrently %s', i.indexrelid::regclass)
    from clinic_adoption.narrow_indexes n
    join pg_index i on i.indrelid = n.relation
    join pg_class c on c.oid = i.indexrelid and c.relname = n.twin
    where not exists (select from pg_constraint k where k.contype = 'f' and k.conindid = i.indexrelid)
)
select lock, relations, statement from wanted order by place, name
