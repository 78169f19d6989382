-- A tenant whose admins are all lost gets one back: one operator asks for it, another confirms it, every desktop shows it
-- for a day, and any admin, doctor or dentist of the tenant who objects ends it.
create table admin_restorations (
    tenant_id uuid not null,
    user_id uuid not null,
    asked_at timestamptz not null default now(),
    asked_by varchar(100) not null,
    reason varchar(300) not null,
    -- Of the code with which the second operator confirms it.
    code_hash bytea not null,
    confirmed_at timestamptz,
    confirmed_by varchar(100),
    ended_at timestamptz,
    ending text,
    objected_by uuid,
    constraint admin_restorations_pkey primary key (tenant_id, user_id, asked_at),
    constraint admin_restorations_user_fkey foreign key (tenant_id, user_id)
        references users (tenant_id, id) on delete cascade deferrable initially immediate,
    constraint admin_restorations_objected_fkey foreign key (tenant_id, objected_by)
        references users (tenant_id, id) deferrable initially immediate,
    constraint admin_restorations_ending_check check (ending in ('done', 'objected', 'cancelled')),
    constraint admin_restorations_ended_check check ((ended_at is null) = (ending is null))
);
create unique index admin_restorations_open_idx on admin_restorations (tenant_id) where ended_at is null;
select clinic.wall_in('admin_restorations');
