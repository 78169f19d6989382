-- Whether what two tenants have the same of a clinic includes the patients. A first move without them says nothing of those
-- whom another clinic of the tenant had brought before.
alter table clinic_moves add column with_patients boolean not null default false;

-- Of every tenant, which the owner sees only without force. What a move of before brought is in the log.
alter table clinic_moves no force row level security;
alter table tenant_audit_log no force row level security;
update clinic_moves m set with_patients = exists (
    select from tenant_audit_log l
    where l.tenant_id = m.tenant_id and l.clinic_id = m.clinic_id and l.lane = 'operator'
      and l.changes ->> 'command' = 'clinic move' and l.changes @? '$.rows.patients.* ? (@ > 0)');
alter table tenant_audit_log force row level security;
alter table clinic_moves force row level security;
