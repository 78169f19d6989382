with wanted as (
    select 1 as place, t.name, array[t.relation::regclass::text, p.relation::regclass::text] as relations,
           format('alter table %s drop constraint %I', t.relation::regclass, k.conname) as statement
    from clinic_adoption.tables t
    join clinic_adoption.tenancy p on p.name = 'tenants'
    join pg_constraint k on k.conrelid = t.relation and k.conname = t.tenant_reference
    union all
    select 2, t.name, array[t.relation::regclass::text],
           format('alter table %s drop constraint %I', t.relation::regclass, k.conname)
    from clinic_adoption.tables t
    join pg_constraint k on k.conrelid = t.relation and k.conname = t.present_check
)
select 'access exclusive' as lock, relations, statement from wanted order by place, name
