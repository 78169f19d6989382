-- After a second tenant has come, taking the walls down would show its rows to the first.
select format($sql$
    select true as stops, format(
        'There are %%s other tenants by now. Only a database with one tenant can be rolled back: the old application '
        'would see the rows of all.', count(*)) as sentence
    from %s where id <> %L having count(*) > 0
    $sql$, t.relation::regclass, t.tenant_id) as question
from clinic_adoption.tenancy t where t.name = 'tenants'
