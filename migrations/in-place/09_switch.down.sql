-- Brings back what step 9 took away, one kind after the other, so that some foreign key always guards each
-- reference; the composite foreign keys, which go with the composite primary keys, are then made anew as in step 6.
with d as (
    select d.*, t.relation as child, p.relation as parent,
           case d.kind when 'key' then clinic_adoption.beside(d.name, '_narrow') else d.name end as index_name,
           clinic_adoption.beside(d.name, '_tenant') as twin,
           d.constraint_definition like '%NOT VALID' as was_not_valid
    from clinic_adoption.dropped d
    join clinic_adoption.tables t on t.name = d.relation
    left join clinic_adoption.tables p on p.name = d.referenced
), found as (
    select d.kind, d.relation, d.name, i.indexrelid, i.indisvalid
    from d join pg_index i on i.indrelid = d.child
    join pg_class c on c.oid = i.indexrelid and c.relname = d.index_name
    where d.kind <> 'reference'
), lacking as (
    select * from d
    where kind <> 'reference' and not exists (
        select from found f where (f.kind, f.relation, f.name) = (d.kind, d.relation, d.name) and f.indisvalid)
), wanted as (
    select 1 as place, d.name, 'alone' as lock, '{}'::text[] as relations,
           format('drop index concurrently %s', f.indexrelid::regclass) as statement
    from d join found f on (f.kind, f.relation, f.name) = (d.kind, d.relation, d.name) and not f.indisvalid
    union all
    select 2, l.name, 'alone', '{}',
           format('create %s concurrently %I on %s using btree (%s',
                  case when l.index_definition like 'CREATE UNIQUE%' then 'unique index' else 'index' end,
                  l.index_name, l.child::regclass, split_part(l.index_definition, ' USING btree (', 2))
    from lacking l
    where not exists (select from found f where (f.kind, f.relation, f.name) = (l.kind, l.relation, l.name))
    union all
    select 3, d.name, 'share row exclusive',
           array[d.child::regclass::text] || array_remove(array[d.parent::regclass::text], d.child::regclass::text),
           format('alter table %s add constraint %I %s%s', d.child::regclass, d.name, d.constraint_definition,
                  case when d.was_not_valid then '' else ' not valid' end)
    from d
    where d.kind = 'reference' and not exists (select from lacking)
      and not exists (select from pg_constraint k where k.conrelid = d.child and k.conname = d.name)
    union all
    select 4, d.name, 'alone', '{}', format('alter table %s validate constraint %I', d.child::regclass, d.name)
    from d join pg_constraint k on k.conrelid = d.child and k.conname = d.name and not k.convalidated
    where d.kind = 'reference' and not d.was_not_valid
    union all
    select 5, d.name, 'access exclusive',
           array[d.child::regclass::text] || array_remove(array[d.parent::regclass::text], d.child::regclass::text),
           format('alter table %s drop constraint if exists %I; '
                  'delete from clinic_adoption.dropped where kind = ''reference'' and relation = %L and name = %L',
                  d.child::regclass, d.twin, d.relation, d.name)
    from d join pg_constraint k on k.conrelid = d.child and k.conname = d.name
        and (k.convalidated or d.was_not_valid)
    where d.kind = 'reference'
    union all
    select 6, d.name, 'access exclusive', array[d.child::regclass::text],
           format('alter table %s drop constraint %I, add constraint %I %s using index %I; '
                  'delete from clinic_adoption.dropped where kind = ''key'' and relation = %L and name = %L',
                  d.child::regclass, d.name, d.name,
                  case when d.constraint_definition like 'PRIMARY KEY%' then 'primary key' else 'unique' end,
                  d.index_name, d.relation, d.name)
    from d
    where d.kind = 'key' and not exists (select from lacking) and not exists (select from d where d.kind = 'reference')
    union all
    select 7, d.name, '', '{}',
           format('delete from clinic_adoption.dropped where kind = ''index'' and relation = %L and name = %L',
                  d.relation, d.name)
    from d
    where d.kind = 'index' and not exists (select from lacking)
)
select lock, relations, statement from wanted order by place, name
