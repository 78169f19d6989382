-- Until when each desktop may work without contact: what it was last told. Not audited, since every contact renews it.
create table device_leases (
    tenant_id uuid not null,
    device_id uuid not null,
    not_after timestamptz not null,
    constraint device_leases_pkey primary key (tenant_id, device_id),
    constraint device_leases_device_fkey
        foreign key (tenant_id, device_id) references devices (tenant_id, id) on delete cascade
        deferrable initially immediate
);
alter table device_leases enable row level security, force row level security;
create policy tenant_isolation on device_leases
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update on device_leases to clinic_app;
grant select, insert, update, delete on device_leases to clinic_ops;

-- One more for each password: a desktop on which an earlier one opens the data forgets it at its next contact.
alter table users add column password_version int not null default 1;
create function clinic.count_passwords() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
begin
    if new.password_hash <> old.password_hash then
        new.password_version := old.password_version + 1;
    end if;
    return new;
end $$;
create trigger count_passwords before update of password_hash on users
    for each row execute function clinic.count_passwords();
