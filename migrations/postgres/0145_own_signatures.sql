-- The signature of the doctor's own key over what they signed, by which every computer tells whose it is. Null where they
-- had no key yet.
alter table prescriptions add column own_signature varchar(88);
