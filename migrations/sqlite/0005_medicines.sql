-- What staff look for in a medicine, and what was stopped later.
alter table medicines add column manufacturer text;
alter table medicines add column pack_size text;
alter table medicines add column mrp real;
alter table medicines add column max_daily text;
alter table medicines add column pregnancy_flag text;
alter table medicines add column paediatric_flag text;
alter table tenant_medicines add column manufacturer text;
alter table tenant_medicines add column pack_size text;
alter table tenant_medicines add column mrp real;
alter table tenant_medicines add column max_daily text;
alter table tenant_medicines add column pregnancy_flag text;
alter table tenant_medicines add column paediatric_flag text;
alter table prescription_items add column stopped_at text;
alter table prescription_items add column stop_reason text;
