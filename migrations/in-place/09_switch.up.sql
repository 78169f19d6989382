-- The old application ends here: keys without the tenant go, primary keys get it, its logins lose their tenant.
with wanted as (
    select 1 as place, r.name,
           'access exclusive' as lock,
           array[r.relation::regclass::text] || array_remove(array[r.referenced::regclass::text], r.relation::regclass::text)
               as relations,
           format($sql$
               insert into clinic_adoption.dropped (kind, relation, name, referenced, constraint_definition)
               values ('reference', %3$L, %2$L, %4$L, %5$L);
               alter table %1$s drop constraint %2$I
               $sql$, r.relation::regclass, r.name, r.table_name, r.referenced_name, r.definition) as statement
    from clinic_adoption.narrow_references r
    union all
    select 2, n.name, 'access exclusive', array[n.relation::regclass::text],
           format($sql$
               insert into clinic_adoption.dropped
                   (kind, relation, name, index_definition, constraint_definition)
               values ('key', %3$L, %2$L, %4$L, %5$L);
               alter table %1$s drop constraint %2$I, add constraint %2$I %6$s using index %7$I
               $sql$, n.relation::regclass, n.constraint_name, n.table_name, n.definition, n.constraint_definition,
               case n.constraint_type when 'p' then 'primary key' else 'unique' end, n.twin)
    from clinic_adoption.narrow_indexes n
    where n.constraint_name is not null and not exists (select from clinic_adoption.narrow_references)
    union all
    select 3, n.name, '', '{}',
           format($sql$
               insert into clinic_adoption.dropped (kind, relation, name, index_definition)
               values ('index', %L, %L, %L) on conflict do nothing
               $sql$, n.table_name, n.name, n.definition)
    from clinic_adoption.narrow_indexes n
    where n.constraint_name is null and not exists (select from clinic_adoption.narrow_references)
      and not exists (
          select from clinic_adoption.dropped d
          where d.kind = 'index' and d.relation = n.table_name and d.name = n.name)
    union all
    select 4, n.name, 'alone', '{}', format('drop index concurrently %s', n.index::regclass)
    from clinic_adoption.narrow_indexes n
    join clinic_adoption.dropped d on d.kind = 'index' and d.relation = n.table_name and d.name = n.name
    union all
    select 5, login, '', '{}', format('alter role %I in database %I reset app.current_tenant_id', login, current_database())
    from clinic_adoption.setup, unnest(logins) login
    where exists (
        select from pg_db_role_setting s
        join pg_database d on d.oid = s.setdatabase and d.datname = current_database(),
        unnest(s.setconfig) as c (entry)
        where s.setrole = to_regrole(quote_ident(login)) and c.entry like 'app.current\_tenant\_id=%')
    union all
    select 6, '', '', '{}', 'update clinic_adoption.setup set logins_set_at = null'
    from clinic_adoption.setup where logins_set_at is not null
)
select lock, relations, statement from wanted order by place, name
