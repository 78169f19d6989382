-- What is asked together with other things, in one question, stands here once. Each view asks as whoever reads it.

-- What a desktop hears with every answer.
create view news with (security_invoker = true) as
select s.tenant_id, s.version, s.epoch, s.held_at is not null as is_held, c.version as catalogue,
       jsonb_build_object('is_active', t.is_active, 'suspended_at', t.suspended_at, 'expires_at', t.expires_at,
                          'max_doctors', t.max_doctors, 'max_patients', t.max_patients) as plan,
       case when u.id is not null then
           jsonb_build_object('name', u.full_name, 'ready_at', r.confirmed_at + interval '1 day')
       end as coming
from tenant_sync s
join tenants t on t.id = s.tenant_id
cross join catalogue c
left join admin_restorations r
    on r.tenant_id = s.tenant_id and r.ended_at is null and r.confirmed_at is not null
left join users u on u.tenant_id = s.tenant_id and u.id = r.user_id;
grant select on news to clinic_app, clinic_ops;

-- Who has signed in on a device, and what the audit log says that they were, the latest first.
create view known_people with (security_invoker = true) as
select k.tenant_id, k.device_id, k.user_id, u.full_name, u.roles, u.is_active, k.first_signed_in_at,
       (select coalesce(jsonb_agg(jsonb_build_object('until', l."timestamp", 'was', l.changes -> 'before')
                                  order by l.seq desc), '[]')
        from tenant_audit_log l
        where l.tenant_id = k.tenant_id and l.lane = 'accounts' and l.table_name = 'users' and l.record_id = k.user_id
          and l.changes -> 'before' ?| array['roles', 'is_active']) as earlier
from device_users k
join users u on u.tenant_id = k.tenant_id and u.id = k.user_id;
grant select on known_people to clinic_app, clinic_ops;

-- Who may have rows of a device's scope now. Whoever has a one-time password is told of it with a pull.
create view in_service with (security_invoker = true) as
select d.tenant_id, d.id as device_id, k.user_id, d.scope, u.token_version, u.roles
from devices d
join device_users k on k.tenant_id = d.tenant_id and k.device_id = d.id
join users u on u.tenant_id = d.tenant_id and u.id = k.user_id
where d.revoked_at is null and d.copied_at is null and u.is_active and not u.must_change_password;
grant select on in_service to clinic_app, clinic_ops;

-- Keeps mutations with their receipts, in the device's order, and notes how far the server has come with it.
create function clinic.keep_mutations(tenant uuid, device uuid, mutations jsonb) returns void
language plpgsql volatile set search_path = clinic, pg_catalog as $$
declare
    kept jsonb;
begin
    for kept in select m.value from jsonb_array_elements(mutations) m loop
        insert into sync_mutations (tenant_id, device_id, sequence, hash, previous_hash, signature, body,
                                    actor_user_id, fate, code, detail, blocked_by, review, sync_version,
                                    done_at, own_signature)
        values (tenant, device, (kept ->> 'sequence')::bigint, kept ->> 'hash', kept ->> 'previous_hash',
                kept ->> 'signature', kept ->> 'body', (kept ->> 'actor')::uuid, kept ->> 'fate', kept ->> 'code',
                kept ->> 'detail', (kept ->> 'blocked_by')::bigint, kept -> 'review', (kept ->> 'version')::bigint,
                (kept ->> 'done_at')::timestamptz, kept ->> 'own_signature');
    end loop;
    update devices
    set last_sequence = (mutations -> -1 ->> 'sequence')::bigint, last_hash = mutations -> -1 ->> 'hash',
        last_seen_at = now()
    where tenant_id = tenant and id = device;
end $$;
