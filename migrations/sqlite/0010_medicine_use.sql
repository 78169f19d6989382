-- How often each doctor wrote each medicine with which dose: suggestions come in that order. Learned from every signed
-- line that this computer gets, its own and those that arrive.
create table medicine_use (
    doctor_id text not null, medicine_id text not null, dose_text text not null,
    uses integer not null, last_used text not null,
    primary key (doctor_id, medicine_id, dose_text)
) without rowid;

insert into medicine_use (doctor_id, medicine_id, dose_text, uses, last_used)
select p.doctor_id, i.medicine_id, i.dose_text, count(*), max(p.visit_date)
from prescription_items i join prescriptions p on p.id = i.prescription_id
where i.medicine_id is not null and i.is_deleted = 0 and p.status <> 'draft' and p.is_deleted = 0
group by p.doctor_id, i.medicine_id, i.dose_text;

create trigger prescription_items_use after insert on prescription_items
when new.medicine_id is not null and new.is_deleted = 0
begin
    insert into medicine_use (doctor_id, medicine_id, dose_text, uses, last_used)
    select p.doctor_id, new.medicine_id, new.dose_text, 1, p.visit_date
    from prescriptions p where p.id = new.prescription_id and p.status <> 'draft'
    on conflict (doctor_id, medicine_id, dose_text) do update set
        uses = uses + 1, last_used = max(last_used, excluded.last_used);
end;
