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
    select format('The table %s has no primary key. Give it one first.', relation::regclass)
    from clinic_adoption.tables t
    where not exists (select from pg_constraint k where k.conrelid = t.relation and k.contype = 'p')
)
select format('select true as stops, %L as sentence', sentence) as question from unfit
