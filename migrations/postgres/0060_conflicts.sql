-- What a person must decide reaches every desktop that may see it: the table becomes a synced one. Each row says by
-- itself which desktops may; what is clinical never comes to a front desk.
alter table sync_conflicts rename to old_conflicts;
alter table old_conflicts no force row level security, drop constraint sync_conflicts_pkey;
drop index sync_conflicts_row_idx;

create table sync_conflicts (
    tenant_id uuid not null,
    -- Made of what it is about, so that nothing is asked twice.
    id uuid not null,
    kind text not null default 'column',
    scope text not null default 'clinical',
    table_name varchar(63) not null,
    row_id uuid not null,
    -- The fact, by its leading column; `deleted` for the row itself.
    column_name varchar(63),
    patient_id uuid,
    -- What found it, for what no merge finds.
    rule varchar(40),
    rule_version int,
    base jsonb,
    theirs jsonb,
    ours jsonb,
    -- Who wrote either, where and when.
    theirs_from jsonb,
    ours_from jsonb,
    opened_at timestamptz not null default now(),
    state text not null default 'open',
    choice text,
    chosen jsonb,
    reason varchar(500),
    resolved_by uuid,
    resolved_name varchar(150),
    resolved_at timestamptz,
    constraint sync_conflicts_pkey primary key (tenant_id, id),
    constraint sync_conflicts_patient_fkey foreign key (tenant_id, patient_id)
        references patients (tenant_id, id) deferrable initially immediate,
    constraint sync_conflicts_kind_check check (kind in (
        'column', 'delete_edit', 'duplicate', 'semantic', 'two_amendments', 'double_booking'
    )),
    constraint sync_conflicts_scope_check check (scope in ('everyone', 'clinical')),
    constraint sync_conflicts_rule_version_check check (rule_version between 1 and 10000),
    constraint sync_conflicts_state_check check (state in ('open', 'resolved')),
    constraint sync_conflicts_choice_check check (choice in (
        'ours', 'theirs', 'other', 'merged', 'apart', 'settled'
    ))
);
select clinic.make_synced('sync_conflicts');
alter table sync_conflicts alter constraint sync_conflicts_tenant_fkey deferrable initially immediate;
create index sync_conflicts_row_idx on sync_conflicts (tenant_id, row_id) where state = 'open';
create index sync_conflicts_patient_idx on sync_conflicts (tenant_id, patient_id) where patient_id is not null;

-- What waited before waits on, and comes to the desktops as new.
do $$
declare
    tenant uuid;
begin
    for tenant in select distinct tenant_id from old_conflicts loop
        set local app.current_tenant_id = '';
        set local app.current_version = '';
        perform clinic.begin_write(tenant);
        insert into sync_conflicts (
            tenant_id, id, kind, scope, table_name, row_id, column_name, patient_id, base, theirs, ours, ours_from,
            opened_at, state, choice, resolved_by, resolved_at
        )
        select c.tenant_id, c.id,
               case when c.column_name = 'deleted' then 'delete_edit' else 'column' end,
               case
                   when c.table_name = 'appointments'
                       or c.table_name = 'patients' and c.column_name not in (
                           'allergy_status', 'alerts', 'chronic_conditions', 'pregnancy_status', 'lmp_date'
                       )
                   then 'everyone'
                   else 'clinical'
               end,
               c.table_name, c.row_id, c.column_name,
               coalesce(
                   case when c.table_name = 'patients' then c.row_id end,
                   (select r.patient_id from appointments r where r.tenant_id = c.tenant_id and r.id = c.row_id),
                   (select r.patient_id from prescriptions r where r.tenant_id = c.tenant_id and r.id = c.row_id),
                   (select p.patient_id from prescription_items r
                    join prescriptions p on p.tenant_id = r.tenant_id and p.id = r.prescription_id
                    where r.tenant_id = c.tenant_id and r.id = c.row_id),
                   (select r.patient_id from patient_allergies r where r.tenant_id = c.tenant_id and r.id = c.row_id),
                   (select r.patient_id from dental_attachments r where r.tenant_id = c.tenant_id and r.id = c.row_id),
                   (select r.patient_id from dental_procedures r where r.tenant_id = c.tenant_id and r.id = c.row_id),
                   (select r.patient_id from dental_observations r
                    where r.tenant_id = c.tenant_id and r.id = c.row_id)
               ),
               c.base, c.theirs, c.ours,
               jsonb_build_object('by', m.actor_user_id, 'device_id', c.device_id),
               c.opened_at,
               case when c.resolved_at is null then 'open' else 'resolved' end,
               case when c.resolved_at is null then null else 'theirs' end,
               c.resolved_by, c.resolved_at
        from old_conflicts c
        join sync_mutations m
            on m.tenant_id = c.tenant_id and m.device_id = c.device_id and m.sequence = c.sequence
        where c.tenant_id = tenant;
    end loop;
    set local app.current_tenant_id = '';
    set local app.current_version = '';
end $$;
drop table old_conflicts;
