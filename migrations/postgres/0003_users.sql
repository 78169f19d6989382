-- Members of staff. Written online only; desktops learn of them when they sign in.
create table users (
    tenant_id uuid not null,
    id uuid not null,
    email varchar(254) collate "C" not null,
    full_name varchar(150) not null,
    roles text[] not null,
    password_hash text not null,
    is_active boolean not null default true,
    must_change_password boolean not null default false,
    -- Access tokens bear it: one more, and all that were given before are void.
    token_version int not null default 1,
    last_login_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint users_pkey primary key (tenant_id, id),
    constraint users_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint users_email_key unique (tenant_id, email),
    constraint users_email_check check (email = lower(email)),
    constraint users_roles_check check (
        cardinality(roles) > 0 and roles <@ array['admin', 'doctor', 'dentist', 'receptionist', 'nurse']
    )
);
alter table users enable row level security, force row level security;
create policy tenant_isolation on users
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update on users to clinic_app;
grant select, insert, update, delete on users to clinic_ops;
