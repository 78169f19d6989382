-- When somebody was last seen is said of everybody whom the finder shows, at every key: it is in the index, so that no page
-- of a prescription is read for it.
drop index prescriptions_patient_idx;
create index prescriptions_patient_idx on prescriptions (patient_id, visit_date, status, is_deleted);
