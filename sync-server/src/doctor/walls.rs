use super::Check;
use super::Find::Sql;

/// Tables that belong to no tenant, and read-only to the server. A new one is named here on purpose.
macro_rules! shared {
    () => {
        "('medicines', 'catalogue', 'features', '_sqlx_migrations')"
    };
}

/// `from` and `where` of the tables of tenants, as `c`: `tenants` and all that say whose a row is.
macro_rules! tenant_tables {
    () => {
        " pg_class c where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p')
            and (c.relname = 'tenants' or exists (
                select from pg_attribute a
                where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)) "
    };
}

pub(super) use {shared, tenant_tables};

/// What keeps tenants apart.
pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "row_security",
        rule: "Row security is on and forced on every table of a tenant; without it a login sees all tenants.",
        remedy: "As clinic_owner: alter table … enable row level security, force row level security.",
        find: Sql(concat!(
            "select c.relname::text from",
            tenant_tables!(),
            "and not (c.relrowsecurity and c.relforcerowsecurity) order by 1"
        )),
    },
    Check {
        name: "one_policy",
        rule: "Each table of a tenant has one policy, the same everywhere: policies add up, so a second one can \
               only open what the first closes.",
        remedy: "As clinic_owner: drop the policies of the table and call clinic.wall_in for it.",
        find: Sql(concat!(
            "select c.relname::text from",
            tenant_tables!(),
            "and (select array_agg(concat_ws(' ', p.polname, p.polpermissive, p.polcmd, p.polroles,
                                             pg_get_expr(p.polqual, c.oid), 'and',
                                             pg_get_expr(p.polwithcheck, c.oid)))
                  from pg_policy p where p.polrelid = c.oid)
               is distinct from (
                  select array[concat_ws(' ', 'tenant_isolation', true, '*', '{0}', wall, 'and', wall)]
                  from format('(%s = (NULLIF(current_setting(''app.current_tenant_id''::text, true), ''''::text))::uuid)',
                              case c.relname when 'tenants' then 'id' else 'tenant_id' end) wall)
             order by 1"
        )),
    },
    Check {
        name: "whose_rows",
        rule: "Every table says whose its rows are, but for the few that all tenants share.",
        remedy: "Give the table a tenant_id and call clinic.wall_in for it, or take it away.",
        find: Sql(concat!(
            "select c.relname::text from pg_class c
             where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p', 'f')
               and c.relname <> 'tenants' and c.relname not in ",
            shared!(),
            "  and not exists (select from pg_attribute a
                               where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
             order by 1"
        )),
    },
    Check {
        name: "tenant_never_null",
        rule: "tenant_id is never null and always a uuid; a foreign key with a null in it is not checked.",
        remedy: "As clinic_owner: alter table … alter tenant_id set not null.",
        find: Sql(
            "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
             where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p')
               and a.attname = 'tenant_id' and not (a.attnotnull and a.atttypid = 'uuid'::regtype) order by 1",
        ),
    },
    Check {
        name: "keys_lead_with_tenant",
        rule: "Every table of a tenant has a primary key, and every key leads with tenant_id: a key over all \
               tenants tells one tenant what another has.",
        remedy: "Make the key anew with tenant_id as its first column.",
        find: Sql(concat!(
            "select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid
             join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
             where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p')
               and i.indisunique and i.indkey[0] <> a.attnum
             union all
             select c.relname || ' (no primary key)' from",
            tenant_tables!(),
            "and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary) order by 1"
        )),
    },
    Check {
        name: "indexes_lead_with_tenant",
        rule: "Every index of a tenant's table leads with tenant_id; another one is slow for everybody and is \
               read across all tenants.",
        remedy: "Make the index anew with tenant_id as its first column.",
        find: Sql(
            "select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid
             join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
             where c.relnamespace = 'clinic'::regnamespace and c.relkind in ('r', 'p')
               and not i.indisunique and i.indkey[0] <> a.attnum order by 1",
        ),
    },
    Check {
        name: "foreign_keys_carry_tenant",
        rule: "Every foreign key of a tenant's table pairs tenant_id with the tenant of the row it points at: row \
               security does not bind foreign keys.",
        remedy: "Make the foreign key anew over (tenant_id, …).",
        find: Sql(
            "select t.relname || '.' || k.conname
             from pg_constraint k
             join pg_class t on t.oid = k.conrelid
             join pg_class p on p.oid = k.confrelid
             left join pg_attribute a on a.attrelid = k.conrelid and a.attname = 'tenant_id'
             join pg_attribute b on b.attrelid = k.confrelid
                and b.attname = case p.relname when 'tenants' then 'id' else 'tenant_id' end
             where k.connamespace = 'clinic'::regnamespace and k.contype = 'f' and p.relname <> 'medicines'
               and not exists (select from unnest(k.conkey, k.confkey) u (x, y)
                               where x = a.attnum and y = b.attnum) order by 1",
        ),
    },
    Check {
        name: "no_view_around",
        rule: "A view asks as whoever reads it (security_invoker), and there are no materialised copies and no \
               rules: they would go around row security.",
        remedy: "Drop it, or make the view with (security_invoker = true).",
        find: Sql(
            "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
               and (c.relkind = 'm'
                 or c.relkind = 'v' and not coalesce(c.reloptions && '{security_invoker=true,security_invoker=on}', false)
                 or c.relkind in ('r', 'p')
                    and exists (select from pg_rewrite r where r.ev_class = c.oid))
               and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass
                                 and d.objid = c.oid and d.deptype = 'e') order by 1",
        ),
    },
    Check {
        name: "definer_functions",
        rule: "Two functions see across tenants, tenant_id_for_code and tenant_usage of clinic_ops, and on a cluster \
               tenant_code_is_taken; no other runs with its owner's rights.",
        remedy: "Drop the function, or make it security invoker.",
        find: Sql(
            "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
             where n.nspname <> 'information_schema' and n.nspname !~ '^pg_' and p.prosecdef
               and not (p.oid in (to_regprocedure('clinic.tenant_id_for_code(text)'),
                                  to_regprocedure('clinic.tenant_usage(text)'),
                                  to_regprocedure('clinic.tenant_code_is_taken(text)'))
                        and p.proowner = 'clinic_ops'::regrole)
               and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass
                                 and d.objid = p.oid and d.deptype = 'e') order by 1",
        ),
    },
    Check {
        name: "tenant_not_cached",
        rule: "No function that reads the tenant is immutable: a prepared plan would keep the tenant before. None \
               is leakproof: it would see rows before the policy does.",
        remedy: "Declare the function stable, and not leakproof.",
        find: Sql(
            "select oid::regprocedure::text from pg_proc where pronamespace = 'clinic'::regnamespace
               and prokind in ('f', 'p')
               and (proleakproof or provolatile = 'i' and pg_get_functiondef(oid) ~ 'current_setting') order by 1",
        ),
    },
    Check {
        name: "search_path_pinned",
        rule: "Every function has its search path pinned, or whoever calls it chooses which tables it means.",
        remedy: "As clinic_owner: alter function … set search_path = clinic, pg_catalog.",
        find: Sql(
            "select oid::regprocedure::text from pg_proc where pronamespace = 'clinic'::regnamespace
               and not exists (select from unnest(proconfig) setting where setting like 'search_path=%')
             order by 1",
        ),
    },
];
