-- The record of an adoption, in a schema of its own. Every question of a step reads the catalogue through these
-- views, so that a table which the application gains between two steps is adopted too.

create schema clinic_adoption;

-- The name of what stands beside something: whole where there is room, so that two long names that begin alike do not
-- get one twin.
create function clinic_adoption.beside(name text, suffix text) returns name
language sql immutable parallel safe return
    case when octet_length(name) + octet_length(suffix) <= 63 then name || suffix
         else left(name, 56 - octet_length(suffix)) || '_' || left(md5(name), 6) || suffix end;

create table clinic_adoption.setup (
    only_row boolean primary key default true check (only_row),
    schema_name name not null,
    -- The application's logins, which know nothing of tenants.
    logins name[] not null,
    -- Tables that belong to no tenant: those of tools, such as alembic_version.
    shared name[] not null,
    tenant_id uuid not null default gen_random_uuid(),
    tenant_name text not null,
    -- What the login of an application that knows tenants becomes a member of.
    app_role name not null default left(current_database(), 50) || '_tenant_app',
    logins_set_at timestamptz
);

create table clinic_adoption.runs (
    run bigint generated always as identity primary key,
    step smallint not null,
    direction text not null check (direction in ('up', 'down')),
    started_by name not null default session_user,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    statements integer not null default 0
);

create table clinic_adoption.backfill (
    relation name primary key,
    next_block bigint not null default 0,
    -- How long the table was when this pass began.
    blocks bigint not null,
    rows_filled bigint not null default 0,
    finished_at timestamptz
);

-- What step 9 took away, for its rollback.
create table clinic_adoption.dropped (
    kind text not null check (kind in ('key', 'index', 'reference')),
    relation name not null,
    name name not null,
    index_definition text,
    constraint_definition text,
    -- The other end of a reference.
    referenced name,
    primary key (kind, relation, name)
);

-- Where each step stands: its last run.
create view clinic_adoption.latest as
    select distinct on (step) * from clinic_adoption.runs order by step, run desc;

-- The application's tables.
create view clinic_adoption.tables as
    select c.oid as relation, c.relname as name, c.relkind as kind, c.relispartition as is_partition,
           setup.tenant_id, tenant.attnum as tenant_column, coalesce(tenant.attnotnull, false) as never_null,
           clinic_adoption.beside(c.relname, '_tenant_present') as present_check,
           clinic_adoption.beside(c.relname, '_tenant_id_fkey') as tenant_reference
    from clinic_adoption.setup
    join pg_class c on c.relnamespace = to_regnamespace(quote_ident(setup.schema_name))
    left join pg_attribute tenant
        on tenant.attrelid = c.oid and tenant.attname = 'tenant_id' and not tenant.attisdropped
    where c.relkind in ('r', 'p') and c.relname <> all (setup.shared) and c.relname not in ('tenants', 'clinics')
      and not exists (
          select from pg_depend d
          where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e');

-- The tables of step 1.
create view clinic_adoption.tenancy as
    select c.oid as relation, c.relname as name, setup.tenant_id
    from clinic_adoption.setup
    join pg_class c on c.relnamespace = to_regnamespace(quote_ident(setup.schema_name))
    where c.relname in ('tenants', 'clinics');

-- Indexes that leave the tenant out, each with the twin that has it in front.
create view clinic_adoption.narrow_indexes as
    select t.relation, t.name as table_name, i.indexrelid as index, ic.relname as name,
           i.indisunique as is_unique, i.indimmediate as is_immediate,
           k.conname as constraint_name, k.contype as constraint_type,
           pg_get_indexdef(i.indexrelid) as definition, pg_get_constraintdef(k.oid) as constraint_definition,
           clinic_adoption.beside(ic.relname, '_tenant') as twin,
           format(
               'create %s concurrently %I on %s using btree (tenant_id, %s',
               case when i.indisunique then 'unique index' else 'index' end,
               clinic_adoption.beside(ic.relname, '_tenant'), t.relation::regclass,
               split_part(pg_get_indexdef(i.indexrelid), ' USING btree (', 2)) as twin_definition
    from clinic_adoption.tables t
    join pg_index i on i.indrelid = t.relation and i.indisvalid
    join pg_class ic on ic.oid = i.indexrelid
    join pg_am am on am.oid = ic.relam and am.amname = 'btree'
    left join pg_constraint k on k.conindid = i.indexrelid and k.conrelid = t.relation and k.contype in ('p', 'u')
    where t.tenant_column is not null and t.tenant_column <> all (i.indkey::smallint[])
      and not exists (
          select from clinic_adoption.dropped d
          where d.relation = t.name and ic.relname = clinic_adoption.beside(d.name, '_narrow'));

-- Foreign keys that leave the tenant out, each with the twin that has it in front.
create view clinic_adoption.narrow_references as
    select k.oid as reference, k.conname as name, k.convalidated as is_validated,
           k.confupdtype as on_update, k.confmatchtype as match_type, cardinality(k.conkey) as width,
           t.relation, t.name as table_name, p.relation as referenced, p.name as referenced_name,
           pg_get_constraintdef(k.oid) as definition,
           pair.columns, pair.is_given, pair.is_same,
           clinic_adoption.beside(k.conname, '_tenant') as twin,
           format(
               'foreign key (tenant_id, %s) references %s (tenant_id, %s) on update %s on delete %s%s',
               pair.columns, p.relation::regclass, pair.referenced_columns,
               case k.confupdtype when 'r' then 'restrict' when 'c' then 'cascade' else 'no action' end,
               case k.confdeltype
                   when 'r' then 'restrict' when 'c' then 'cascade'
                   -- The tenant stays when the reference goes.
                   when 'n' then format('set null (%s)', pair.deleted_columns)
                   when 'd' then format('set default (%s)', pair.deleted_columns)
                   else 'no action' end,
               case when k.condeferred then ' deferrable initially deferred'
                    when k.condeferrable then ' deferrable' else '' end) as twin_definition
    from pg_constraint k
    join clinic_adoption.tables t on t.relation = k.conrelid
    join clinic_adoption.tables p on p.relation = k.confrelid
    cross join lateral (
        select string_agg(quote_ident(a.attname), ', ' order by pos) as columns,
               string_agg(quote_ident(b.attname), ', ' order by pos) as referenced_columns,
               string_agg(quote_ident(a.attname), ', ' order by pos)
                   filter (where k.confdelsetcols is null or a.attnum = any (k.confdelsetcols))
                   as deleted_columns,
               string_agg(format('c.%I is not null', a.attname), ' and ' order by pos) as is_given,
               string_agg(format('p.%I = c.%I', b.attname, a.attname), ' and ' order by pos) as is_same
        from unnest(k.conkey, k.confkey) with ordinality as u (child, parent, pos)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.child
        join pg_attribute b on b.attrelid = k.confrelid and b.attnum = u.parent
    ) pair
    where k.contype = 'f' and k.conparentid = 0
      and (t.tenant_column is null or t.tenant_column <> all (k.conkey))
