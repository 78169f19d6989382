-- Registered when the tenant's plan had no room for another patient.
alter table patients add column beyond_plan integer not null default 0;
