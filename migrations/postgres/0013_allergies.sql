-- Allergies: a row for each, so that two that are noted at once are both there.
create table patient_allergies (
    tenant_id uuid not null,
    id uuid not null,
    patient_id uuid not null,
    substance_text varchar(200) not null,
    ingredient_code varchar(40),
    class_code varchar(40),
    reaction varchar(300),
    severity text,
    certainty text not null default 'suspected',
    status text not null default 'active',
    noted_on date,
    constraint patient_allergies_pkey primary key (tenant_id, id),
    constraint patient_allergies_patient_fkey
        foreign key (tenant_id, patient_id) references patients (tenant_id, id),
    constraint patient_allergies_severity_check check (severity in (
        'mild', 'moderate', 'severe', 'life_threatening'
    )),
    constraint patient_allergies_certainty_check check (certainty in ('suspected', 'confirmed')),
    constraint patient_allergies_status_check check (status in ('entered_in_error', 'inactive', 'active'))
);
select clinic.make_synced('patient_allergies');

create index patient_allergies_patient_idx on patient_allergies (tenant_id, patient_id);
