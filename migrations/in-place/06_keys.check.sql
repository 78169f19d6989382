-- What has no twin with the tenant in front.
with unfit as (
    select format(
        'The unique constraint %s of %s is deferrable. Make it an ordinary one first.',
        name, relation::regclass) as sentence
    from clinic_adoption.narrow_indexes where is_unique and not is_immediate
    union all
    select format(
        'The foreign key %s of %s sets columns when a key changes. Make it ON UPDATE CASCADE or NO ACTION first.',
        name, relation::regclass)
    from clinic_adoption.narrow_references where on_update in ('n', 'd')
    union all
    select format('The foreign key %s of %s is MATCH FULL. Make it an ordinary one first.', name, relation::regclass)
    from clinic_adoption.narrow_references where match_type = 'f' and width > 1
    union all
    select format(
        'The exclusion constraint %s of %s holds over all tenants, so one would be told of another''s rows. Make it anew '
        'with "tenant_id with =" in it (create extension btree_gist), then run this step again.',
        k.conname, t.relation::regclass)
    from clinic_adoption.tables t join pg_constraint k on k.conrelid = t.relation and k.contype = 'x'
    where t.tenant_column <> all (k.conkey)
    union all
    select format(
        'The table %s, which has no tenant, refers to %s by the foreign key %s. Drop that foreign key, or let the table be '
        'adopted with the others.', k.conrelid::regclass, k.confrelid::regclass, k.conname)
    from clinic_adoption.tables p join pg_constraint k on k.confrelid = p.relation and k.contype = 'f'
    where k.conrelid not in (select relation from clinic_adoption.tables)
      and k.conrelid not in (select relation from clinic_adoption.tenancy)
    union all
    select format('The table %s has no primary key. Give it one first.', relation::regclass)
    from clinic_adoption.tables t
    where not exists (select from pg_constraint k where k.conrelid = t.relation and k.contype = 'p')
)
select format('select true as stops, %L as sentence', sentence) as question from unfit
