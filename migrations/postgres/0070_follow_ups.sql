-- Whom today's screen expects back.
create index prescriptions_follow_up_idx on prescriptions (tenant_id, follow_up_date)
    where follow_up_date is not null;
