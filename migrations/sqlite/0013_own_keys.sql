-- The signature of its author's own key, beside that of this computer.
alter table mutations add column own_signature text;
-- The same of a prescription's content, which travels with it.
alter table prescriptions add column own_signature text;
