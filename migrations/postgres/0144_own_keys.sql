-- The keys that are people's own, one for each of them on each computer: with it they sign what nobody else may say in
-- their name. A key that counts no more stays, for what came while it counted was signed with it; so do those of people
-- and computers whose clinic came from another tenant, who are nobody here.
create table own_keys (
    tenant_id uuid not null,
    device_id uuid not null,
    user_id uuid not null,
    -- Ed25519, 32 bytes in base64.
    public_key varchar(44) not null,
    -- It signs what follows this mutation of the computer, up to where the next key of the same person begins.
    after_sequence bigint not null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    constraint own_keys_pkey primary key (tenant_id, device_id, user_id, public_key),
    constraint own_keys_tenant_fkey foreign key (tenant_id) references tenants (id) deferrable initially immediate,
    constraint own_keys_after_check check (after_sequence >= 0)
);
create index own_keys_user_idx on own_keys (tenant_id, user_id);
select clinic.wall_in('own_keys');

-- Whatever program takes somebody out, takes a computer out of service, or gives somebody a password that they did not
-- choose: nothing more counts that is signed with their keys.
create function clinic.revoke_own_keys() returns trigger
language plpgsql volatile set search_path = clinic, pg_catalog as $$
begin
    -- Not tg_table_name: a shard has another name than its table.
    if tg_argv[0] = 'user' then
        update own_keys set revoked_at = now()
        where tenant_id = new.tenant_id and user_id = new.id and revoked_at is null;
    else
        update own_keys set revoked_at = now()
        where tenant_id = new.tenant_id and device_id = new.id and revoked_at is null;
    end if;
    return null;
end $$;
create trigger revoke_own_keys after update on users for each row
    when (old.is_active and not new.is_active
          or old.password_hash <> new.password_hash and new.must_change_password)
    execute function clinic.revoke_own_keys('user');
create trigger revoke_own_keys after update on devices for each row
    when (old.revoked_at is null and new.revoked_at is not null)
    execute function clinic.revoke_own_keys('device');

alter table sync_mutations add column own_signature varchar(88);
