-- A chart shows its patient's appointments.
create index appointments_patient_idx on appointments (patient_id, appointment_date);
