create table prescriptions (
    tenant_id uuid not null,
    id uuid not null,
    visit_date date not null,
    doctor_id uuid not null,
    patient_id uuid not null,
    clinic_id uuid not null,
    prescription_number varchar(40) collate "C",
    status text not null default 'draft',
    version int not null default 1,
    amends_id uuid,
    superseded_by_id uuid,
    mode text not null default 'in_person',
    chief_complaints jsonb not null default '[]',
    examination varchar(4000),
    vitals jsonb not null default '{}',
    diagnoses jsonb not null default '[]',
    investigations jsonb not null default '[]',
    advice varchar(4000),
    follow_up_date date,
    follow_up_note varchar(300),
    patient_snapshot jsonb,
    doctor_snapshot jsonb,
    finalised_at timestamptz,
    finalised_by uuid,
    content_sha256 varchar(64),
    void_reason varchar(300),
    voided_at timestamptz,
    voided_by uuid,
    language varchar(10) not null default 'en',
    created_at timestamptz not null default now(),
    created_by uuid,
    updated_at timestamptz not null default now(),
    updated_by uuid,
    deleted_at timestamptz,
    sync_version bigint not null,
    origin_device_id uuid,
    client_recorded_at timestamptz,
    clocks jsonb not null default '{}',
    constraint prescriptions_pkey primary key (tenant_id, id),
    constraint prescriptions_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint prescriptions_number_key unique (tenant_id, prescription_number),
    constraint prescriptions_doctor_fkey
        foreign key (tenant_id, doctor_id) references doctors (tenant_id, id),
    constraint prescriptions_patient_fkey
        foreign key (tenant_id, patient_id) references patients (tenant_id, id),
    constraint prescriptions_clinic_fkey
        foreign key (tenant_id, clinic_id) references clinics (tenant_id, id),
    constraint prescriptions_amends_fkey
        foreign key (tenant_id, amends_id) references prescriptions (tenant_id, id),
    constraint prescriptions_superseded_by_fkey
        foreign key (tenant_id, superseded_by_id) references prescriptions (tenant_id, id),
    constraint prescriptions_status_check
        check (status in ('draft', 'discarded', 'finalised', 'superseded', 'voided')),
    constraint prescriptions_version_check check (version between 1 and 10000),
    constraint prescriptions_mode_check check (mode in ('in_person', 'video', 'audio', 'text'))
);
create index prescriptions_sync_idx on prescriptions (tenant_id, sync_version, id);
create index prescriptions_patient_idx on prescriptions (tenant_id, patient_id, visit_date);
create index prescriptions_doctor_idx on prescriptions (tenant_id, doctor_id, visit_date);
create trigger stamp_row before insert or update on prescriptions
    for each row execute function clinic.stamp_row();
alter table prescriptions enable row level security, force row level security;
create policy tenant_isolation on prescriptions
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update on prescriptions to clinic_app;
grant select, insert, update, delete on prescriptions to clinic_ops;

create table prescription_items (
    tenant_id uuid not null,
    id uuid not null,
    prescription_id uuid not null,
    position int not null,
    medicine_id uuid,
    medicine_text varchar(250) not null,
    generic_text varchar(250) not null,
    strength_text varchar(80),
    dosage_form text not null,
    route text,
    dose_text varchar(120) not null,
    dose_pattern jsonb not null,
    dose_unit varchar(20) not null,
    meal_relation text not null default 'none',
    duration_value int,
    duration_unit text,
    quantity numeric(10, 2),
    instructions varchar(500),
    patient_directions varchar(1000) not null,
    is_prn boolean not null default false,
    substitution_allowed boolean not null default true,
    source text not null default 'typed',
    created_at timestamptz not null default now(),
    created_by uuid,
    updated_at timestamptz not null default now(),
    updated_by uuid,
    deleted_at timestamptz,
    sync_version bigint not null,
    origin_device_id uuid,
    client_recorded_at timestamptz,
    clocks jsonb not null default '{}',
    constraint prescription_items_pkey primary key (tenant_id, id),
    constraint prescription_items_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint prescription_items_prescription_fkey
        foreign key (tenant_id, prescription_id) references prescriptions (tenant_id, id),
    constraint prescription_items_position_check check (position between 1 and 200),
    constraint prescription_items_dosage_form_check check (dosage_form in (
        'tablet', 'capsule', 'syrup', 'suspension', 'drops', 'injection', 'cream', 'ointment', 'gel',
        'lotion', 'inhaler', 'nasal_spray', 'eye_drops', 'ear_drops', 'mouthwash', 'toothpaste',
        'powder', 'sachet', 'suppository', 'patch', 'other'
    )),
    constraint prescription_items_route_check check (route in (
        'oral', 'sublingual', 'topical', 'inhalation', 'nasal', 'ophthalmic', 'otic', 'rectal',
        'vaginal', 'im', 'iv', 'sc', 'dental', 'other'
    )),
    constraint prescription_items_meal_relation_check
        check (meal_relation in ('before', 'after', 'with', 'empty_stomach', 'bedtime', 'none')),
    constraint prescription_items_duration_value_check check (duration_value between 1 and 999),
    constraint prescription_items_duration_unit_check
        check (duration_unit in ('day', 'week', 'month', 'ongoing')),
    constraint prescription_items_source_check check (source in ('typed', 'short_key', 'repeat', 'favourite'))
);
create index prescription_items_sync_idx on prescription_items (tenant_id, sync_version, id);
create index prescription_items_prescription_idx on prescription_items (tenant_id, prescription_id, position);
create trigger stamp_row before insert or update on prescription_items
    for each row execute function clinic.stamp_row();
alter table prescription_items enable row level security, force row level security;
create policy tenant_isolation on prescription_items
    using (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('app.current_tenant_id', true), '')::uuid);
grant select, insert, update on prescription_items to clinic_app;
grant select, insert, update, delete on prescription_items to clinic_ops;

-- What was signed stays as it was signed, whoever writes: an amendment is a new prescription, and only the
-- columns below tell what became of the old one.
create function clinic.keep_signed_prescription() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
declare
    free constant text[] := array[
        'status', 'superseded_by_id', 'void_reason', 'voided_at', 'voided_by',
        'updated_at', 'updated_by', 'sync_version', 'origin_device_id', 'client_recorded_at', 'clocks'
    ];
    new_status text;
begin
    if old.status in ('draft', 'discarded') then
        return case when tg_op = 'DELETE' then old else new end;
    end if;
    if tg_op = 'UPDATE' then
        new_status := new.status;
        if to_jsonb(new) - free = to_jsonb(old) - free
            and (new_status = old.status or old.status = 'finalised' and new_status in ('superseded', 'voided'))
        then
            return new;
        end if;
    end if;
    raise exception 'a signed prescription does not change'
        using errcode = '23514', constraint = 'prescriptions_signed_check';
end $$;
create trigger keep_signed before update or delete on prescriptions
    for each row execute function clinic.keep_signed_prescription();

create function clinic.keep_signed_items() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
begin
    -- stamp_row does not see a deletion, so this waits for a signature which is under way.
    if tg_op = 'DELETE' then
        perform from prescriptions p
        where p.tenant_id = old.tenant_id and p.id = old.prescription_id for share;
    end if;
    -- Two questions, not one with `or`: each is then a look into the primary key.
    if tg_op <> 'INSERT' and exists (
        select from prescriptions p
        where p.tenant_id = old.tenant_id and p.id = old.prescription_id
          and p.status not in ('draft', 'discarded')
    ) or tg_op <> 'DELETE' and exists (
        select from prescriptions p
        where p.tenant_id = new.tenant_id and p.id = new.prescription_id
          and p.status not in ('draft', 'discarded')
    ) then
        raise exception 'a line of a signed prescription does not change'
            using errcode = '23514', constraint = 'prescriptions_signed_check';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$;
-- Triggers fire in the order of their names: this one looks when stamp_row has waited for the tenant's lock, so
-- that a signature which was under way is seen.
create trigger zz_keep_signed before insert or update or delete on prescription_items
    for each row execute function clinic.keep_signed_items();
