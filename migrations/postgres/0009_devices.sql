-- Desktops.
create table devices (
    tenant_id uuid not null,
    id uuid not null,
    clinic_id uuid not null,
    name varchar(100) not null,
    platform text not null,
    app_version varchar(40) not null,
    -- Ed25519, 32 bytes in base64.
    public_key varchar(44) not null,
    scope text not null,
    lane varchar(4) not null,
    -- The server's half of the device's server slot; alone it opens nothing.
    unlock_key bytea not null,
    last_sequence bigint not null default 0,
    last_hash varchar(64) not null default repeat('0', 64),
    enrolled_by uuid not null,
    enrolled_at timestamptz not null default now(),
    last_seen_at timestamptz,
    revoked_at timestamptz,
    revoked_by uuid,
    -- Someone used an earlier refresh token with this device's key: no token is good until a password sign-in.
    copied_at timestamptz,
    constraint devices_pkey primary key (tenant_id, id),
    constraint devices_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint devices_clinic_fkey foreign key (tenant_id, clinic_id) references clinics (tenant_id, id),
    constraint devices_enrolled_by_fkey foreign key (tenant_id, enrolled_by) references users (tenant_id, id),
    constraint devices_revoked_by_fkey foreign key (tenant_id, revoked_by) references users (tenant_id, id),
    constraint devices_lane_key unique (tenant_id, lane),
    constraint devices_lane_check check (lane ~ '^[A-Z]{1,4}$'),
    constraint devices_platform_check check (platform in ('windows', 'macos', 'linux')),
    constraint devices_scope_check check (scope in ('clinical', 'front_desk')),
    constraint devices_last_sequence_check check (last_sequence >= 0)
);
alter table devices enable row level security, force row level security;
create policy tenant_isolation on devices
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update on devices to clinic_app;
grant select, insert, update, delete on devices to clinic_ops;

-- Who has signed in on which desktop: nobody else's mutations are taken from it.
create table device_users (
    tenant_id uuid not null,
    device_id uuid not null,
    user_id uuid not null,
    first_signed_in_at timestamptz not null default now(),
    last_signed_in_at timestamptz not null default now(),
    constraint device_users_pkey primary key (tenant_id, device_id, user_id),
    constraint device_users_device_fkey
        foreign key (tenant_id, device_id) references devices (tenant_id, id) on delete cascade,
    constraint device_users_user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id)
);
alter table device_users enable row level security, force row level security;
create policy tenant_isolation on device_users
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update, delete on device_users to clinic_app;
grant select, insert, update, delete on device_users to clinic_ops;

-- A desktop's refresh tokens. A generation stays good until the next one is first used.
create table refresh_tokens (
    tenant_id uuid not null,
    device_id uuid not null,
    generation bigint not null,
    token_hash bytea not null,
    issued_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    -- The password sign-in from which this token descends.
    signed_in_at timestamptz not null default now(),
    constraint refresh_tokens_pkey primary key (tenant_id, device_id, generation),
    constraint refresh_tokens_device_fkey
        foreign key (tenant_id, device_id) references devices (tenant_id, id) on delete cascade
);
alter table refresh_tokens enable row level security, force row level security;
create policy tenant_isolation on refresh_tokens
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update, delete on refresh_tokens to clinic_app;
grant select, insert, update, delete on refresh_tokens to clinic_ops;

-- What a desktop must sign next; each works once.
create table device_challenges (
    tenant_id uuid not null,
    device_id uuid not null,
    challenge_hash bytea not null,
    expires_at timestamptz not null,
    constraint device_challenges_pkey primary key (tenant_id, device_id, challenge_hash),
    constraint device_challenges_device_fkey
        foreign key (tenant_id, device_id) references devices (tenant_id, id) on delete cascade
);
alter table device_challenges enable row level security, force row level security;
create policy tenant_isolation on device_challenges
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update, delete on device_challenges to clinic_app;
grant select, insert, update, delete on device_challenges to clinic_ops;

-- One-time codes that enrol a desktop. The selector finds the row; only a hash of the rest is kept.
create table enrolment_codes (
    tenant_id uuid not null,
    id uuid not null,
    selector varchar(20) collate "C" not null,
    code_hash bytea not null,
    clinic_id uuid not null,
    scope text not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    tries int not null default 0,
    created_by uuid,
    created_at timestamptz not null default now(),
    constraint enrolment_codes_pkey primary key (tenant_id, id),
    constraint enrolment_codes_clinic_fkey
        foreign key (tenant_id, clinic_id) references clinics (tenant_id, id),
    constraint enrolment_codes_created_by_fkey
        foreign key (tenant_id, created_by) references users (tenant_id, id),
    constraint enrolment_codes_selector_key unique (tenant_id, selector),
    constraint enrolment_codes_scope_check check (scope in ('clinical', 'front_desk'))
);
alter table enrolment_codes enable row level security, force row level security;
create policy tenant_isolation on enrolment_codes
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update, delete on enrolment_codes to clinic_app;
grant select, insert, update, delete on enrolment_codes to clinic_ops;
