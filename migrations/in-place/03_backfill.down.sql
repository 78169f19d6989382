-- The tenant of a row goes with the column, when step 2 is rolled back; until then it does no harm.
select '' as lock, '{}'::text[] as relations, 'delete from clinic_adoption.backfill' as statement
where exists (select from clinic_adoption.backfill)
