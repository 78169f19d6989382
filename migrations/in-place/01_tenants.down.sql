-- The record itself goes last, after these.
with setup as (select *, quote_ident(schema_name) as home from clinic_adoption.setup),
wanted as (
    select 1 as place, format('alter role %I in database %I reset app.current_tenant_id', login, current_database())
        as statement
    from setup, unnest(logins) login
    where exists (
        select from pg_db_role_setting s
        join pg_database d on d.oid = s.setdatabase and d.datname = current_database(),
        unnest(s.setconfig) as c (entry)
        where s.setrole = to_regrole(quote_ident(login)) and c.entry like 'app.current\_tenant\_id=%')
    union all
    select 2, format(
        'revoke all on all tables in schema %1$s from %2$I; revoke all on all sequences in schema %1$s from %2$I; '
        'revoke all on schema %1$s from %2$I; drop role %2$I', home, app_role)
    from setup where to_regrole(quote_ident(app_role)) is not null
    union all
    select 3, format('drop table %s.clinics', home) from setup where to_regclass(home || '.clinics') is not null
    union all
    select 4, format('drop table %s.tenants', home)
    from setup where to_regclass(home || '.clinics') is null and to_regclass(home || '.tenants') is not null
)
select '' as lock, '{}'::text[] as relations, statement from wanted order by place
