-- What the application made with the column, and what would go with it.
with unfit as (
    select format(
        'The exclusion constraint %s of %s has tenant_id in it and would go with the column. Make it as it was first.',
        k.conname, t.relation::regclass) as sentence
    from clinic_adoption.tables t join pg_constraint k on k.conrelid = t.relation and k.contype = 'x'
    where t.tenant_column = any (k.conkey)
)
select format('select true as stops, %L as sentence', sentence) as question from unfit
