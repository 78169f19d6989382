-- Cases written up for colleagues.
create table case_studies (
    tenant_id uuid not null,
    id uuid not null,
    title varchar(200) not null,
    doctor_id uuid not null,
    patient_id uuid,
    specialty varchar(100),
    tags jsonb not null default '[]',
    presentation varchar(20000),
    history varchar(20000),
    examination varchar(20000),
    investigations varchar(20000),
    diagnosis varchar(20000),
    management varchar(20000),
    outcome varchar(20000),
    discussion varchar(20000),
    linked_prescription_ids jsonb not null default '[]',
    linked_attachment_ids jsonb not null default '[]',
    visibility text not null default 'private',
    status text not null default 'draft',
    patient_consent text not null default 'none',
    consent_attachment_id uuid,
    deidentified boolean not null default false,
    deidentified_by uuid,
    deidentified_at timestamptz,
    version int not null default 1,
    constraint case_studies_pkey primary key (tenant_id, id),
    constraint case_studies_doctor_fkey foreign key (tenant_id, doctor_id) references doctors (tenant_id, id),
    constraint case_studies_patient_fkey
        foreign key (tenant_id, patient_id) references patients (tenant_id, id),
    constraint case_studies_consent_attachment_fkey
        foreign key (tenant_id, consent_attachment_id) references dental_attachments (tenant_id, id),
    constraint case_studies_visibility_check check (visibility in ('private', 'tenant')),
    constraint case_studies_status_check check (status in ('draft', 'in_review', 'published', 'withdrawn')),
    constraint case_studies_patient_consent_check check (patient_consent in ('none', 'verbal', 'written')),
    constraint case_studies_version_check check (version between 1 and 10000)
);
select clinic.make_synced('case_studies');

alter table case_studies
    add constraint case_studies_published_check
        check (status <> 'published' or deidentified and patient_id is null);
create index case_studies_doctor_idx on case_studies (tenant_id, doctor_id);
