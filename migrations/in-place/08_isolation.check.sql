-- Ways around row security that lie in the schema, not in the tables.
with setup as (select * from clinic_adoption.setup),
unbound as (select oid, rolname from pg_roles where rolsuper or rolbypassrls),
unfit as (
    select format(
        'The view %s belongs to %s, whom row security does not bind, and so shows every tenant''s rows. Make it '
        'security_invoker: alter view %1$s set (security_invoker = true).', c.oid::regclass, u.rolname) as sentence
    from setup join pg_class c on c.relnamespace = to_regnamespace(quote_ident(setup.schema_name))
    join unbound u on u.oid = c.relowner
    where c.relkind = 'v'
      and not coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on'], false)
    union all
    select format(
        'The materialized view %s keeps rows of every tenant for everybody who may read it. Drop it or make it a view.',
        c.oid::regclass)
    from setup join pg_class c on c.relnamespace = to_regnamespace(quote_ident(setup.schema_name))
    where c.relkind = 'm'
    union all
    select format(
        'The function %s is SECURITY DEFINER and belongs to %s, whom row security does not bind.',
        p.oid::regprocedure, u.rolname)
    from setup join pg_proc p on p.pronamespace = to_regnamespace(quote_ident(setup.schema_name))
    join unbound u on u.oid = p.proowner
    where p.prosecdef
    union all
    select format(
        'The policies of %s are not as step 7 made them.', t.relation::regclass)
    from clinic_adoption.tables t join pg_class c on c.oid = t.relation
    where not (c.relrowsecurity and c.relforcerowsecurity)
       or (select count(*) from pg_policy p where p.polrelid = t.relation) <> 1
)
select format('select true as stops, %L as sentence', sentence) as question from unfit
