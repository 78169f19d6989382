-- A draft that was given to the doctors, who take it up on another computer: who gave it, when, and in whatever was
-- written from it, the ids of what it was written from.
alter table prescriptions
    add column prepared_by varchar(150),
    add column prepared_at timestamptz,
    add column taken_up jsonb;
