-- A clinic that comes from another tenant brings what is signed as it was signed: its numbers, which another clinic
-- here may have given too, and its prescribers, of whom one may work here already. A number is one clinic's, and a
-- registration is borne by one active profile.
alter table prescriptions
    drop constraint prescriptions_number_key,
    add constraint prescriptions_number_key unique (tenant_id, clinic_id, prescription_number);
create index prescriptions_number_idx on prescriptions (tenant_id, prescription_number);
alter table doctors drop constraint doctors_registration_key;
create unique index doctors_registration_key
    on doctors (tenant_id, registration_council, registration_number) where is_active and deleted_at is null;
