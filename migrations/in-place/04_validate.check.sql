-- One question for each reference: rows whose other end is missing. A declared foreign key does not exclude them:
-- it may be NOT VALID, and a restore with triggers off checks nothing.
select format($sql$
    select true as stops, format(
        '%%s of the rows of %1$s refer by (%2$s) to rows of %3$s that are not there.', count(*)) as sentence
    from %1$s c
    where %4$s and not exists (select from %3$s p where %5$s)
    having count(*) > 0
    $sql$, relation::regclass, columns, referenced::regclass, is_given, is_same) as question
from clinic_adoption.narrow_references
union all
-- Columns that by their name refer to a table, and have no foreign key that says so.
select format($sql$
    select false as stops, format(
        '%1$s.%2$s has no foreign key to %3$s, so nothing will keep it inside its tenant; %%s rows refer to nothing. '
        'Add one before step 6 if it is a reference.', count(*)) as sentence
    from %1$s c
    where c.%2$I is not null and not exists (select from %3$s p where p.%4$I = c.%2$I)
    $sql$, t.relation::regclass, a.attname, p.relation::regclass, pa.attname)
from clinic_adoption.tables t
join pg_attribute a on a.attrelid = t.relation and a.attnum > 0 and not a.attisdropped
join clinic_adoption.tables p on p.name = regexp_replace(a.attname, '_id$', '') || 's' and a.attname ~ '_id$'
join pg_index i on i.indrelid = p.relation and i.indisunique and i.indnkeyatts = 1 and i.indpred is null
join pg_attribute pa on pa.attrelid = p.relation and pa.attnum = i.indkey[0] and pa.attname = 'id'
    and pa.atttypid = a.atttypid
where not exists (
    select from pg_constraint k where k.contype = 'f' and k.conrelid = t.relation and a.attnum = any (k.conkey))
