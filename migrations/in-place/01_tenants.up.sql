-- The tables of tenants and clinics, the first tenant, a role for applications that know tenants, and the
-- compatibility setting: sessions of the old application's logins are in the first tenant.
with setup as (
    select *, quote_ident(schema_name) as home,
           exists (select from clinic_adoption.latest where step = 9 and direction = 'up') as is_over
    from clinic_adoption.setup
), role as (
    select r.oid from setup join pg_roles r on r.rolname = setup.app_role
), wanted as (
    select 1 as place, '' as name, format($sql$
        create table %1$s.tenants (
            id uuid primary key default gen_random_uuid(),
            tenant_name varchar(200) not null,
            tenant_code varchar(50) not null unique check (tenant_code ~ '^[A-Z0-9_]{3,50}$'),
            subscription_plan varchar(50),
            max_doctors integer not null default 5 check (max_doctors >= 0),
            max_patients integer not null default 1000 check (max_patients >= 0),
            is_active boolean not null default true,
            created_at timestamptz not null default now(),
            expires_at timestamptz,
            settings jsonb not null default '{}'
        );
        comment on table %1$s.tenants is 'Made by clinic-sync adopt.';
        insert into %1$s.tenants (id, tenant_name, tenant_code) values (%2$L, %3$L, 'LEGACY_001')
        $sql$, home, tenant_id, tenant_name) as statement
    from setup where to_regclass(home || '.tenants') is null
    union all
    select 2, '', format($sql$
        create table %1$s.clinics (
            id uuid not null default gen_random_uuid(),
            tenant_id uuid not null references %1$s.tenants,
            clinic_name varchar(200) not null,
            clinic_code varchar(50) not null,
            address text,
            phone varchar(20),
            is_primary boolean not null default false,
            is_active boolean not null default true,
            created_at timestamptz not null default now(),
            primary key (tenant_id, id),
            unique (tenant_id, clinic_code)
        );
        create unique index clinics_one_primary on %1$s.clinics (tenant_id) where is_primary;
        comment on table %1$s.clinics is 'Made by clinic-sync adopt.';
        insert into %1$s.clinics (tenant_id, clinic_name, clinic_code, is_primary) values (%2$L, %3$L, 'MAIN', true)
        $sql$, home, tenant_id, tenant_name)
    from setup where to_regclass(home || '.tenants') is not null and to_regclass(home || '.clinics') is null
    union all
    select 3, '', format('create role %I nologin', app_role) from setup where not exists (select from role)
    union all
    select 4, '', format('grant usage on schema %s to %I', home, app_role)
    from setup, role where not has_schema_privilege(role.oid, schema_name, 'usage')
    union all
    select 5, t.name, format('grant select, insert, update, delete on %s to %I', t.relation::regclass, app_role)
    from setup, role,
         (select relation, name from clinic_adoption.tables
          union all select relation, name from clinic_adoption.tenancy where name = 'clinics') t
    where not (has_table_privilege(role.oid, t.relation, 'select') and has_table_privilege(role.oid, t.relation, 'insert')
        and has_table_privilege(role.oid, t.relation, 'update') and has_table_privilege(role.oid, t.relation, 'delete'))
    union all
    select 5, t.name, format('grant select on %s to %I', t.relation::regclass, app_role)
    from setup, role, clinic_adoption.tenancy t
    where t.name = 'tenants' and not has_table_privilege(role.oid, t.relation, 'select')
    union all
    select 6, c.relname, format('grant usage, select on sequence %s to %I', c.oid::regclass, app_role)
    from setup, role, pg_class c
    where c.relkind = 'S' and c.relnamespace = to_regnamespace(home)
      and not has_sequence_privilege(role.oid, c.oid, 'usage')
    union all
    select 7, login, format(
        'alter role %I in database %I set app.current_tenant_id = %L; '
        'update clinic_adoption.setup set logins_set_at = null',
        login, current_database(), tenant_id)
    from setup, unnest(logins) login
    where not is_over and not exists (
        select from pg_db_role_setting s
        join pg_database d on d.oid = s.setdatabase and d.datname = current_database()
        where s.setrole = to_regrole(quote_ident(login))
          and 'app.current_tenant_id=' || tenant_id = any (s.setconfig))
    union all
    -- Later than the setting, so that every session which began after this moment has it.
    select 8, '', 'update clinic_adoption.setup set logins_set_at = clock_timestamp()'
    from setup where not is_over and logins_set_at is null and not exists (
        select from unnest(logins) login where not exists (
            select from pg_db_role_setting s
            join pg_database d on d.oid = s.setdatabase and d.datname = current_database()
            where s.setrole = to_regrole(quote_ident(login))
              and 'app.current_tenant_id=' || tenant_id = any (s.setconfig)))
)
select '' as lock, '{}'::text[] as relations, statement from wanted order by place, name
