-- Amounts of injections were once guessed to be millilitres: where the text does not name them, nobody typed them, and
-- the same text means units or vials by now. Such lines teach no dose.
drop trigger prescription_items_use;
create trigger prescription_items_use after insert on prescription_items
when new.medicine_id is not null and new.is_deleted = 0
    and (new.dosage_form <> 'injection' or new.dose_unit <> 'ml' or new.dose_text like '%ml%')
begin
    insert into medicine_use (doctor_id, medicine_id, dose_text, uses, last_used)
    select p.doctor_id, new.medicine_id, new.dose_text, 1, p.visit_date
    from prescriptions p where p.id = new.prescription_id and p.status not in ('draft', 'discarded')
    on conflict (doctor_id, medicine_id, dose_text) do update set
        uses = uses + 1, last_used = max(last_used, excluded.last_used);
end;

delete from medicine_use where medicine_id in (
    select id from medicines where dosage_form = 'injection'
    union all select id from tenant_medicines where dosage_form = 'injection'
);
insert into medicine_use (doctor_id, medicine_id, dose_text, uses, last_used)
select p.doctor_id, i.medicine_id, i.dose_text, count(*), max(p.visit_date)
from prescription_items i join prescriptions p on p.id = i.prescription_id
where i.medicine_id is not null and i.is_deleted = 0 and p.status not in ('draft', 'discarded') and p.is_deleted = 0
    and i.dosage_form = 'injection' and (i.dose_unit <> 'ml' or i.dose_text like '%ml%')
group by p.doctor_id, i.medicine_id, i.dose_text
on conflict (doctor_id, medicine_id, dose_text) do nothing;
