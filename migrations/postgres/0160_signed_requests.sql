-- What desktops have put into the requests of admins that they signed, so that none is taken twice, by whichever process
-- of the server. Kept for longer than such a request is good for.
create table device_nonces (
    tenant_id uuid not null,
    device_id uuid not null,
    nonce varchar(64) collate "C" not null,
    kept_until timestamptz not null,
    constraint device_nonces_pkey primary key (tenant_id, device_id, nonce),
    constraint device_nonces_device_fkey
        foreign key (tenant_id, device_id) references devices (tenant_id, id)
        on delete cascade deferrable initially immediate
);
select clinic.wall_in('device_nonces');
-- The server's own housekeeping: what was asked has entries of its own.
drop trigger audit_row on device_nonces;
grant delete on device_nonces to clinic_app;
