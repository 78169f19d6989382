-- The dental chart. Teeth bear their FDI numbers (ISO 3950).
create table dental_observation_templates (
    tenant_id uuid not null,
    id uuid not null,
    key varchar(30) not null,
    name varchar(120) not null,
    scope text not null,
    doctor_id uuid,
    applies_to text not null,
    condition_code text,
    default_surfaces varchar(8),
    body jsonb not null,
    suggested_procedures jsonb not null default '[]',
    locale varchar(10),
    is_active boolean not null default true,
    version int not null default 1,
    constraint dental_observation_templates_pkey primary key (tenant_id, id),
    constraint dental_observation_templates_doctor_fkey
        foreign key (tenant_id, doctor_id) references doctors (tenant_id, id),
    constraint dental_observation_templates_scope_check check (scope in ('tenant', 'doctor')),
    constraint dental_observation_templates_applies_to_check check (applies_to in (
        'tooth', 'surface', 'arch', 'mouth'
    )),
    constraint dental_observation_templates_condition_code_check check (condition_code in (
        'sound', 'caries_initial', 'caries_enamel', 'caries_dentine', 'caries_pulp', 'filled_sound',
        'filled_defective', 'fracture_crown', 'fracture_root', 'attrition', 'abrasion', 'erosion',
        'hypoplasia', 'fluorosis', 'discoloured', 'missing_extracted', 'missing_congenital',
        'unerupted', 'partially_erupted', 'impacted', 'retained_root', 'retained_primary',
        'rotated', 'drifted', 'mobility', 'furcation', 'pocket', 'recession', 'bleeding',
        'calculus', 'gingivitis', 'periodontitis', 'periapical_lesion', 'pulpitis_reversible',
        'pulpitis_irreversible', 'necrosis', 'abscess', 'sinus_tract', 'crown', 'bridge_abutment',
        'bridge_pontic', 'implant', 'denture', 'veneer', 'sealant', 'root_canal_treated',
        'post_core', 'splint', 'ortho_appliance', 'other'
    )),
    constraint dental_observation_templates_version_check check (version between 1 and 10000)
);
select clinic.make_synced('dental_observation_templates');

create table dental_attachments (
    tenant_id uuid not null,
    id uuid not null,
    patient_id uuid not null,
    owner_kind text not null,
    owner_id uuid not null,
    kind text not null,
    subtype text,
    teeth jsonb not null default '[]',
    file_name varchar(255) not null,
    mime text not null,
    byte_size int not null,
    sha256 varchar(64) not null,
    width int,
    height int,
    thumbnail varchar(22000),
    taken_on date,
    description varchar(1000),
    paired_attachment_id uuid,
    view_state jsonb not null default '{}',
    upload_state text not null default 'local_only',
    constraint dental_attachments_pkey primary key (tenant_id, id),
    constraint dental_attachments_patient_fkey
        foreign key (tenant_id, patient_id) references patients (tenant_id, id),
    constraint dental_attachments_paired_attachment_fkey
        foreign key (tenant_id, paired_attachment_id) references dental_attachments (tenant_id, id),
    constraint dental_attachments_owner_kind_check check (owner_kind in (
        'patient', 'dental_observation', 'dental_procedure', 'prescription', 'case_study'
    )),
    constraint dental_attachments_kind_check check (kind in (
        'xray', 'photo', 'document', 'scan', 'consent'
    )),
    constraint dental_attachments_subtype_check check (subtype in (
        'periapical', 'bitewing', 'panoramic', 'cephalometric', 'occlusal', 'cbct', 'intraoral',
        'extraoral', 'report', 'other'
    )),
    constraint dental_attachments_mime_check check (mime in (
        'image/jpeg', 'image/png', 'image/webp', 'application/dicom', 'application/pdf'
    )),
    constraint dental_attachments_byte_size_check check (byte_size between 1 and 104857600),
    constraint dental_attachments_width_check check (width between 1 and 100000),
    constraint dental_attachments_height_check check (height between 1 and 100000),
    constraint dental_attachments_upload_state_check check (upload_state in (
        'local_only', 'uploading', 'stored', 'failed'
    ))
);
select clinic.make_synced('dental_attachments');

create table dental_procedures (
    tenant_id uuid not null,
    id uuid not null,
    patient_id uuid not null,
    doctor_id uuid not null,
    clinic_id uuid not null,
    appointment_id uuid,
    procedure_code varchar(20),
    procedure_name varchar(150) not null,
    site_kind text not null,
    tooth_fdi int,
    tooth_range jsonb not null default '[]',
    region text,
    surfaces varchar(8),
    status text not null default 'planned',
    plan_group varchar(40),
    priority int not null default 0,
    planned_on date,
    started_on date,
    completed_on date,
    sessions jsonb not null default '[]',
    anaesthesia varchar(100),
    materials jsonb not null default '[]',
    shade varchar(10),
    tooth_state_after text,
    fee numeric(10, 2),
    discount numeric(10, 2),
    consent_attachment_id uuid,
    complications varchar(1000),
    note varchar(2000),
    constraint dental_procedures_pkey primary key (tenant_id, id),
    constraint dental_procedures_patient_fkey
        foreign key (tenant_id, patient_id) references patients (tenant_id, id),
    constraint dental_procedures_doctor_fkey
        foreign key (tenant_id, doctor_id) references doctors (tenant_id, id),
    constraint dental_procedures_clinic_fkey
        foreign key (tenant_id, clinic_id) references clinics (tenant_id, id),
    constraint dental_procedures_appointment_fkey
        foreign key (tenant_id, appointment_id) references appointments (tenant_id, id),
    constraint dental_procedures_consent_attachment_fkey
        foreign key (tenant_id, consent_attachment_id) references dental_attachments (tenant_id, id),
    constraint dental_procedures_site_kind_check check (site_kind in (
        'tooth', 'quadrant', 'sextant', 'arch', 'mouth'
    )),
    constraint dental_procedures_tooth_fdi_check check (tooth_fdi between 11 and 85),
    constraint dental_procedures_region_check check (region in (
        'q1', 'q2', 'q3', 'q4', 's1', 's2', 's3', 's4', 's5', 's6', 'upper', 'lower'
    )),
    constraint dental_procedures_status_check check (status in (
        'planned', 'accepted', 'in_progress', 'completed', 'existing_here', 'existing_elsewhere',
        'referred', 'cancelled', 'failed', 'entered_in_error'
    )),
    constraint dental_procedures_priority_check check (priority between 0 and 99),
    constraint dental_procedures_tooth_state_after_check check (tooth_state_after in (
        'sound', 'caries_initial', 'caries_enamel', 'caries_dentine', 'caries_pulp', 'filled_sound',
        'filled_defective', 'fracture_crown', 'fracture_root', 'attrition', 'abrasion', 'erosion',
        'hypoplasia', 'fluorosis', 'discoloured', 'missing_extracted', 'missing_congenital',
        'unerupted', 'partially_erupted', 'impacted', 'retained_root', 'retained_primary',
        'rotated', 'drifted', 'mobility', 'furcation', 'pocket', 'recession', 'bleeding',
        'calculus', 'gingivitis', 'periodontitis', 'periapical_lesion', 'pulpitis_reversible',
        'pulpitis_irreversible', 'necrosis', 'abscess', 'sinus_tract', 'crown', 'bridge_abutment',
        'bridge_pontic', 'implant', 'denture', 'veneer', 'sealant', 'root_canal_treated',
        'post_core', 'splint', 'ortho_appliance', 'other'
    ))
);
select clinic.make_synced('dental_procedures');

create table dental_observations (
    tenant_id uuid not null,
    id uuid not null,
    patient_id uuid not null,
    doctor_id uuid not null,
    clinic_id uuid not null,
    prescription_id uuid,
    observed_on date not null,
    site_kind text not null,
    tooth_fdi int,
    is_supernumerary boolean not null default false,
    region text,
    surfaces varchar(8),
    condition_code text not null,
    grade int,
    status text not null default 'active',
    resolved_by_procedure_id uuid,
    template_id uuid,
    note varchar(2000),
    constraint dental_observations_pkey primary key (tenant_id, id),
    constraint dental_observations_patient_fkey
        foreign key (tenant_id, patient_id) references patients (tenant_id, id),
    constraint dental_observations_doctor_fkey
        foreign key (tenant_id, doctor_id) references doctors (tenant_id, id),
    constraint dental_observations_clinic_fkey
        foreign key (tenant_id, clinic_id) references clinics (tenant_id, id),
    constraint dental_observations_prescription_fkey
        foreign key (tenant_id, prescription_id) references prescriptions (tenant_id, id),
    constraint dental_observations_resolved_by_procedure_fkey
        foreign key (tenant_id, resolved_by_procedure_id) references dental_procedures (tenant_id, id),
    constraint dental_observations_template_fkey
        foreign key (tenant_id, template_id) references dental_observation_templates (tenant_id, id),
    constraint dental_observations_site_kind_check check (site_kind in (
        'tooth', 'quadrant', 'sextant', 'arch', 'mouth'
    )),
    constraint dental_observations_tooth_fdi_check check (tooth_fdi between 11 and 85),
    constraint dental_observations_region_check check (region in (
        'q1', 'q2', 'q3', 'q4', 's1', 's2', 's3', 's4', 's5', 's6', 'upper', 'lower'
    )),
    constraint dental_observations_condition_code_check check (condition_code in (
        'sound', 'caries_initial', 'caries_enamel', 'caries_dentine', 'caries_pulp', 'filled_sound',
        'filled_defective', 'fracture_crown', 'fracture_root', 'attrition', 'abrasion', 'erosion',
        'hypoplasia', 'fluorosis', 'discoloured', 'missing_extracted', 'missing_congenital',
        'unerupted', 'partially_erupted', 'impacted', 'retained_root', 'retained_primary',
        'rotated', 'drifted', 'mobility', 'furcation', 'pocket', 'recession', 'bleeding',
        'calculus', 'gingivitis', 'periodontitis', 'periapical_lesion', 'pulpitis_reversible',
        'pulpitis_irreversible', 'necrosis', 'abscess', 'sinus_tract', 'crown', 'bridge_abutment',
        'bridge_pontic', 'implant', 'denture', 'veneer', 'sealant', 'root_canal_treated',
        'post_core', 'splint', 'ortho_appliance', 'other'
    )),
    constraint dental_observations_grade_check check (grade between 0 and 20),
    constraint dental_observations_status_check check (status in ('active', 'resolved', 'entered_in_error'))
);
select clinic.make_synced('dental_observations');

-- A doctor's own template shadows the tenant's, so both may exist.
create unique index dental_observation_templates_natural_key
    on dental_observation_templates
        (tenant_id, key, coalesce(doctor_id, '00000000-0000-0000-0000-000000000000'))
    where deleted_at is null;
alter table dental_observation_templates
    add constraint dental_observation_templates_key_check check (key ~ '^[a-z0-9][a-z0-9_.-]{0,29}$');

create index dental_attachments_patient_idx on dental_attachments (tenant_id, patient_id);
create index dental_attachments_sha256_idx on dental_attachments (tenant_id, sha256);
alter table dental_attachments
    add constraint dental_attachments_sha256_check check (sha256 ~ '^[0-9a-f]{64}$');

create index dental_procedures_patient_idx on dental_procedures (tenant_id, patient_id);
create index dental_observations_patient_idx on dental_observations (tenant_id, patient_id, observed_on);
alter table dental_procedures
    add constraint dental_procedures_tooth_check
        check (tooth_fdi / 10 between 1 and 4 and tooth_fdi % 10 between 1 and 8
            or tooth_fdi / 10 between 5 and 8 and tooth_fdi % 10 between 1 and 5),
    add constraint dental_procedures_surfaces_check check (surfaces ~ '^M?O?I?D?B?L?$' and surfaces <> '');
alter table dental_observations
    add constraint dental_observations_tooth_check
        check (tooth_fdi / 10 between 1 and 4 and tooth_fdi % 10 between 1 and 8
            or tooth_fdi / 10 between 5 and 8 and tooth_fdi % 10 between 1 and 5),
    add constraint dental_observations_surfaces_check check (surfaces ~ '^M?O?I?D?B?L?$' and surfaces <> '');

-- What was done stays as it was written down, whoever writes: only its note grows, and a mistake or a failure
-- is marked as one.
create function clinic.keep_completed_procedure() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
declare
    free constant text[] := array[
        'status', 'note',
        'updated_at', 'updated_by', 'sync_version', 'origin_device_id', 'client_recorded_at', 'clocks'
    ];
begin
    if old.status <> 'completed' then
        return case when tg_op = 'DELETE' then old else new end;
    end if;
    if tg_op = 'UPDATE' and to_jsonb(new) - free = to_jsonb(old) - free
        and new.status in ('completed', 'failed', 'entered_in_error')
    then
        return new;
    end if;
    raise exception 'a completed procedure does not change'
        using errcode = '23514', constraint = 'dental_procedures_completed_check';
end $$;
create trigger keep_completed before update or delete on dental_procedures
    for each row execute function clinic.keep_completed_procedure();

-- An attachment stays the same file.
create function clinic.keep_attachment() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
begin
    if (new.sha256, new.byte_size, new.mime) is distinct from (old.sha256, old.byte_size, old.mime) then
        raise exception 'the file of an attachment does not change'
            using errcode = '23514', constraint = 'dental_attachments_file_check';
    end if;
    return new;
end $$;
create trigger keep_file before update on dental_attachments
    for each row execute function clinic.keep_attachment();
