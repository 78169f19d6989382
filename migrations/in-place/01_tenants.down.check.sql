select format($sql$
    select true as stops, format(
        '%%s clinics were added to %1$s, and would be lost with it. Keep them elsewhere and delete them first.',
        count(*)) as sentence
    from %1$s where clinic_code <> 'MAIN' having count(*) > 0
    $sql$, t.relation::regclass) as question
from clinic_adoption.tenancy t where t.name = 'clinics'
