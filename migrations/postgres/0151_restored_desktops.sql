-- What each desktop told of the time that a restored server lost, in each life of the data.
create table restored_desktops (
    tenant_id uuid not null,
    device_id uuid not null,
    epoch uuid not null,
    -- When the server last spoke to it in the life before.
    lease_issued_at timestamptz,
    -- What followed from what it was told then, and what a person must see to.
    learnt jsonb not null default '{}',
    -- How many changes of it the server had lost and gets again.
    sent_again integer,
    -- Rows that the server does not have and that it has, by table: how many, and some of them by name.
    only_here jsonb,
    told_at timestamptz not null default now(),
    -- When it was last compared, row by row.
    compared_at timestamptz,
    constraint restored_desktops_pkey primary key (tenant_id, device_id, epoch),
    constraint restored_desktops_device_fkey
        foreign key (tenant_id, device_id) references devices (tenant_id, id)
        on delete cascade deferrable initially immediate
);
select clinic.wall_in('restored_desktops');
