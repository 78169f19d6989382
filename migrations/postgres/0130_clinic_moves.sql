-- Up to where two tenants have the same of a clinic that moved from one to the other, in either way: by this a later
-- move knows which side changed a row since.
create table clinic_moves (
    tenant_id uuid not null,
    clinic_id uuid not null,
    other_tenant_id uuid not null,
    -- Rows of this tenant with a higher version changed since.
    version bigint not null,
    -- The same of the other tenant.
    other_version bigint not null,
    moved_at timestamptz not null default now(),
    constraint clinic_moves_pkey primary key (tenant_id, clinic_id, other_tenant_id),
    constraint clinic_moves_tenant_fkey
        foreign key (tenant_id) references tenants (id) deferrable initially immediate
);
select clinic.wall_in('clinic_moves');
-- The operator's alone, and each move is in the log by itself.
revoke all on clinic_moves from clinic_app;
drop trigger audit_row on clinic_moves;
