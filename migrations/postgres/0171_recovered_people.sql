-- Who worked at a desktop whose keys were lost is nobody at the one that it became before they give their password there:
-- they were noted as known on it, and whoever had recovered it could act in their names.
-- Of every tenant, which the owner sees only without force.
alter table device_users no force row level security;
alter table devices no force row level security;
delete from device_users k using devices d
where d.tenant_id = k.tenant_id and d.id = k.device_id and d.is_recovered and k.last_signed_in_at < d.enrolled_at;
alter table devices force row level security;
alter table device_users force row level security;
