-- A draft that was given to the doctors, who take it up on another computer.
alter table prescriptions add column prepared_by text;
alter table prescriptions add column prepared_at text;
alter table prescriptions add column taken_up text;

-- As before, and what was thrown away before anybody signed it teaches nothing either.
drop trigger prescription_items_use;
create trigger prescription_items_use after insert on prescription_items
when new.medicine_id is not null and new.is_deleted = 0
begin
    insert into medicine_use (doctor_id, medicine_id, dose_text, uses, last_used)
    select p.doctor_id, new.medicine_id, new.dose_text, 1, p.visit_date
    from prescriptions p where p.id = new.prescription_id and p.status not in ('draft', 'discarded')
    on conflict (doctor_id, medicine_id, dose_text) do update set
        uses = uses + 1, last_used = max(last_used, excluded.last_used);
end;
