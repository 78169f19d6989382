-- A tenant that comes back from its archive is put in as a whole: a row may refer to one that follows, and the lines
-- of a signed prescription come before it, since nothing is added to what is signed. Such a transaction has its
-- references looked at when all is in; every other one, as before, at once.
do $$
declare
    reference record;
begin
    for reference in
        select conrelid::regclass as child, conname from pg_constraint
        where connamespace = 'clinic'::regnamespace and contype = 'f' and not condeferrable and conparentid = 0
    loop
        execute format(
            'alter table %s alter constraint %I deferrable initially immediate', reference.child, reference.conname
        );
    end loop;
end $$;
