-- What stands in the way of the first step, each as a question of its own.
with unfit as (
    select format('The table %s has a column tenant_id already.', t.relation::regclass) as sentence
    from clinic_adoption.tables t
    where t.tenant_column is not null
      and not exists (select from clinic_adoption.runs where step = 2)
    union all
    select format('There is a table %s already, which this command did not make.', t.relation::regclass)
    from clinic_adoption.tenancy t
    where obj_description(t.relation, 'pg_class') is distinct from 'Made by clinic-sync adopt.'
    union all
    select format('The table %s is partitioned or inherits, which this command cannot adopt.', t.relation::regclass)
    from clinic_adoption.tables t
    where t.kind = 'p' or exists (select from pg_inherits i where t.relation in (i.inhrelid, i.inhparent))
    union all
    select format(
        'The table %s, which is to have no tenant, refers to %s by the foreign key %s, and no row without a tenant can '
        'refer to one that has. Drop that foreign key, or let the table be adopted with the others.',
        k.conrelid::regclass, k.confrelid::regclass, k.conname)
    from clinic_adoption.tables p join pg_constraint k on k.confrelid = p.relation and k.contype = 'f'
    where k.conrelid not in (select relation from clinic_adoption.tables)
      and k.conrelid not in (select relation from clinic_adoption.tenancy)
    union all
    select format('There is no schema %s.', setup.schema_name)
    from clinic_adoption.setup where to_regnamespace(quote_ident(setup.schema_name)) is null
    union all
    select format('There is no login %s.', login)
    from clinic_adoption.setup, unnest(setup.logins) login where to_regrole(quote_ident(login)) is null
    union all
    select format(
        'The application''s login %s is a superuser or has BYPASSRLS, so row security would not bind it. '
        'Let the application use an ordinary login first.', r.rolname)
    from clinic_adoption.setup join pg_roles r on r.rolname = any (setup.logins)
    where r.rolsuper or r.rolbypassrls
)
select format('select true as stops, %L as sentence', sentence) as question from unfit
