-- Only adds: keys without the tenant stay until step 9, for ON CONFLICT (id) and GROUP BY id need them.
with wanted as (
    -- What a broken-off CREATE INDEX CONCURRENTLY left behind.
    select 1 as place, n.name, 'alone' as lock, '{}'::text[] as relations,
           format('drop index concurrently %s', i.indexrelid::regclass) as statement
    from clinic_adoption.narrow_indexes n
    join pg_index i on i.indrelid = n.relation and not i.indisvalid
    join pg_class c on c.oid = i.indexrelid and c.relname = n.twin
    union all
    select 2, n.name, 'alone', '{}', n.twin_definition
    from clinic_adoption.narrow_indexes n
    where not exists (
        select from pg_index i join pg_class c on c.oid = i.indexrelid
        where i.indrelid = n.relation and c.relname = n.twin)
    union all
    select 3, r.name, 'share row exclusive',
           array[r.relation::regclass::text] || array_remove(array[r.referenced::regclass::text], r.relation::regclass::text),
           format('alter table %s add constraint %I %s not valid', r.relation::regclass, r.twin, r.twin_definition)
    from clinic_adoption.narrow_references r
    where not exists (select from pg_constraint k where k.conrelid = r.relation and k.conname = r.twin)
      -- Its other end has every twin already.
      and not exists (
          select from clinic_adoption.narrow_indexes n
          where n.relation = r.referenced and n.is_unique and not exists (
              select from pg_index i join pg_class c on c.oid = i.indexrelid
              where i.indrelid = n.relation and c.relname = n.twin and i.indisvalid))
    union all
    select 4, r.name, 'alone', '{}',
           format('alter table %s validate constraint %I', r.relation::regclass, r.twin)
    from clinic_adoption.narrow_references r
    join pg_constraint k on k.conrelid = r.relation and k.conname = r.twin and not k.convalidated
)
select lock, relations, statement from wanted order by place, name
