with unfit as (
    select true as stops, format(
        '%s sessions of the login %s began before it was given its tenant, and would see nothing. Restart the old '
        'application, or let its pool renew its connections.', count(*), a.usename) as sentence
    from clinic_adoption.setup
    join pg_stat_activity a on a.datname = current_database() and a.usename = any (setup.logins)
    where setup.logins_set_at is null or a.backend_start is null or a.backend_start < setup.logins_set_at
    group by a.usename
    union all
    select true, format('The table %s has row security or policies of its own.', t.relation::regclass)
    from clinic_adoption.tables t join pg_class c on c.oid = t.relation
    where exists (select from pg_policy p where p.polrelid = t.relation and p.polname <> 'tenant_isolation')
       or c.relrowsecurity
          and not exists (select from pg_policy p where p.polrelid = t.relation and p.polname = 'tenant_isolation')
    union all
    select true, format(
        'The login %s is a superuser or has BYPASSRLS by now, so row security would not bind it.', r.rolname)
    from clinic_adoption.setup join pg_roles r on r.rolname = any (setup.logins)
    where r.rolsuper or r.rolbypassrls
    union all
    select false, format(
        'The login %s may read tables here and has no tenant: it will see no rows. If it is one of the old '
        'application''s, roll back to the start and name it with --app-login.', r.rolname)
    from clinic_adoption.setup
    join pg_roles r on r.rolcanlogin and not r.rolsuper and not r.rolbypassrls
        and r.rolname <> all (setup.logins)
    where not pg_has_role(r.oid, to_regrole(quote_ident(setup.app_role)), 'member')
      and exists (
          select from clinic_adoption.tables t where has_table_privilege(r.oid, t.relation, 'select'))
)
select format('select %L::boolean as stops, %L as sentence', stops, sentence) as question from unfit
