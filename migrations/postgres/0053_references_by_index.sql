-- For each row that is deleted the database asks whether another one still refers to it. Where a tenant has many rows
-- of a kind, that must not be a search through all of them each time.
do $$
declare
    reference record;
begin
    for reference in
        select k.conrelid::regclass as child, k.conname,
               string_agg(quote_ident(a.attname), ', ' order by place) as columns,
               string_agg(quote_ident(a.attname), ' is not null and ' order by place)
                   filter (where not a.attnotnull) as optional
        from pg_constraint k
        cross join unnest(k.conkey) with ordinality u (number, place)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number
        where k.connamespace = 'clinic'::regnamespace and k.contype = 'f' and k.conparentid = 0
          and k.confrelid::regclass::text in (
              'appointments', 'dental_attachments', 'dental_procedures', 'patients', 'prescriptions',
              'sync_mutations'
          )
          and not exists (
              select from pg_index i
              where i.indrelid = k.conrelid and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
          )
        group by k.oid
    loop
        execute format(
            'create index %I on %s (%s) %s',
            reference.conname || '_idx', reference.child, reference.columns,
            'where ' || reference.optional || ' is not null'
        );
    end loop;
end $$;
