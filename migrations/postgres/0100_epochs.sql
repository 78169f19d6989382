-- After a restore the operator looks at the data before desktops bring back what it lacks.
alter table tenant_sync add column held_at timestamptz;
