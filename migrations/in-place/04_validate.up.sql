-- Each constraint is added without a look at the rows, and validated by itself, while the application writes.
with wanted as (
    select 1 as place, name, 'access exclusive' as lock, array[relation::regclass::text] as relations,
           format('alter table %s add constraint %I check (tenant_id is not null) not valid',
                  relation::regclass, present_check) as statement
    from clinic_adoption.tables t
    where not never_null
      and not exists (select from pg_constraint k where k.conrelid = t.relation and k.conname = t.present_check)
    union all
    select 2, t.name, 'share row exclusive', array[t.relation::regclass::text, p.relation::regclass::text],
           format('alter table %s add constraint %I foreign key (tenant_id) references %s (id) not valid',
                  t.relation::regclass, t.tenant_reference, p.relation::regclass)
    from clinic_adoption.tables t join clinic_adoption.tenancy p on p.name = 'tenants'
    where not exists (select from pg_constraint k where k.conrelid = t.relation and k.conname = t.tenant_reference)
    union all
    select 3, t.name, 'alone', '{}', format('alter table %s validate constraint %I', t.relation::regclass, k.conname)
    from clinic_adoption.tables t
    join pg_constraint k on k.conrelid = t.relation and k.conname in (t.present_check, t.tenant_reference)
    where not k.convalidated
)
select lock, relations, statement from wanted order by place, name
