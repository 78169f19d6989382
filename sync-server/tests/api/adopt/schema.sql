-- The application's schema, a line for each thing that pg_dump would write, and what lies outside of it.
with mine as (
    select c.* from pg_class c where c.relnamespace = 'public'::regnamespace
)
select format('%s %s owner %s row security %s %s acl %s', c.relkind, c.relname, c.relowner::regrole,
              c.relrowsecurity, c.relforcerowsecurity,
              (select string_agg(a::text, ',' order by a::text)
               from unnest(coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char",
                                                         c.relowner))) a)) as line
from mine c
union all
select format('column %s.%s %s %s default %s comment %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
              a.attnotnull, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum))
from mine c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relkind = 'r'
union all
select format('constraint %s %s %s %s', c.relname, k.conname, pg_get_constraintdef(k.oid), k.convalidated)
from mine c join pg_constraint k on k.conrelid = c.oid
union all
select format('index %s valid %s', pg_get_indexdef(i.indexrelid), i.indisvalid)
from mine c join pg_index i on i.indrelid = c.oid
union all
select format('policy %s %s', c.relname, p.polname) from mine c join pg_policy p on p.polrelid = c.oid
union all
select format('trigger %s', pg_get_triggerdef(t.oid)) from mine c join pg_trigger t on t.tgrelid = c.oid
where not t.tgisinternal
union all
select format('schema %s acl %s', nspname, nspacl) from pg_namespace where nspname !~ '^pg_(temp|toast)'
union all
select format('role %s', rolname) from pg_roles where rolname like current_database() || '\_%'
union all
select format('setting of %s: %s', s.setrole::regrole, s.setconfig)
from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
where d.datname = current_database()
order by 1
