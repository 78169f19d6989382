use sqlx::PgConnection;

use super::Check;
use super::Find::{Sql, Trust};
use super::walls::shared;

/// `from` of everything that is granted on a relation of ours, as `c` and `g`, columns included.
macro_rules! grants {
    () => {
        " pg_class c
          cross join lateral (
              select * from aclexplode(c.relacl)
              union all
              select x.* from pg_attribute a cross join aclexplode(a.attacl) x where a.attrelid = c.oid
          ) g
          where c.relnamespace = 'clinic'::regnamespace "
    };
}

/// Roles, grants and who owns what.
pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "app_role",
        rule: "clinic_app, the server's login, is no superuser, bypasses nothing, makes no roles or databases, and \
               is a member of no other role.",
        remedy: "As an administrator: alter role clinic_app nosuperuser nobypassrls nocreaterole nocreatedb \
                 noreplication, and revoke the other roles from it.",
        find: Sql(
            "select 'clinic_app is ' || what from pg_roles, unnest(
                 array['superuser', 'bypassrls', 'createrole', 'createdb', 'replication', 'nologin'],
                 array[rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, not rolcanlogin]
             ) u (what, has) where rolname = 'clinic_app' and has
             union all
             select 'clinic_app is a member of ' || roleid::regrole from pg_auth_members
             where member = 'clinic_app'::regrole
             order by 1",
        ),
    },
    Check {
        name: "ops_role",
        rule: "clinic_ops, the operator's login, bypasses row security and can do no more than that; without \
               BYPASSRLS its commands would silently see nothing.",
        remedy: "As an administrator: alter role clinic_ops bypassrls nosuperuser nocreaterole nocreatedb \
                 noreplication, and revoke the other roles from it.",
        find: Sql(
            "select 'clinic_ops is ' || what from pg_roles, unnest(
                 array['superuser', 'nobypassrls', 'createrole', 'createdb', 'replication', 'nologin'],
                 array[rolsuper, not rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, not rolcanlogin]
             ) u (what, has) where rolname = 'clinic_ops' and has
             union all
             select 'clinic_ops is a member of ' || roleid::regrole from pg_auth_members
             where member = 'clinic_ops'::regrole
             order by 1",
        ),
    },
    Check {
        name: "owner_role",
        rule: "clinic_owner, to whom the schema belongs, cannot log in, bypasses nothing, and is a member of no other \
               role.",
        remedy: "As an administrator: alter role clinic_owner nologin nosuperuser nobypassrls nocreaterole, and \
                 revoke the other roles from it.",
        find: Sql(
            "select 'clinic_owner is ' || what from pg_roles, unnest(
                 array['superuser', 'bypassrls', 'createrole', 'createdb', 'replication', 'login'],
                 array[rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin]
             ) u (what, has) where rolname = 'clinic_owner' and has
             union all
             select 'clinic_owner is a member of ' || roleid::regrole from pg_auth_members
             where member = 'clinic_owner'::regrole
             order by 1",
        ),
    },
    Check {
        name: "report_role",
        rule: "clinic_report, the login of whoever bills, counts tenants and can do nothing else.",
        remedy: "As an administrator: alter role clinic_report nosuperuser nobypassrls nocreaterole nocreatedb \
                 noreplication, and revoke the other roles from it.",
        find: Sql(
            "select 'clinic_report is ' || what from pg_roles, unnest(
                 array['superuser', 'bypassrls', 'createrole', 'createdb', 'replication'],
                 array[rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication]
             ) u (what, has) where rolname = 'clinic_report' and has
             union all
             select 'clinic_report is a member of ' || roleid::regrole from pg_auth_members
             where member = 'clinic_report'::regrole
             order by 1",
        ),
    },
    Check {
        name: "no_other_way_in",
        rule: "Nobody but an administrator can become one of our roles, and no other login of this database bypasses \
               row security or is given every table.",
        remedy: "As an administrator: revoke the role named from whoever has it; alter role … nobypassrls.",
        find: Sql(
            "with others as (
                 select oid, rolname::text as name, rolbypassrls from pg_roles
                 where not rolsuper and not rolcreaterole
                   and rolname not in ('clinic_owner', 'clinic_app', 'clinic_ops', 'clinic_report')
             )
             select name || ' can become ' || ours from others, unnest(
                 array['clinic_owner', 'clinic_app', 'clinic_ops', 'clinic_report']) ours
             where pg_has_role(oid, ours, 'member')
             union all
             select name || ' bypasses row security' from others
             where rolbypassrls and has_database_privilege(oid, current_database(), 'connect')
             union all
             select name || ' is a member of ' || everything from others, unnest(
                 array['pg_read_all_data', 'pg_write_all_data']) everything
             where name <> everything and pg_has_role(oid, everything, 'member')
               and has_database_privilege(oid, current_database(), 'connect')
             order by 1",
        ),
    },
    Check {
        name: "role_settings",
        rule: "No login and no database carries a standing setting that chooses a tenant, another search path or \
               another way of row security and triggers.",
        remedy: "As an administrator: alter role … reset …, or alter database … reset ….",
        find: Sql(
            "select coalesce(nullif(setrole, 0)::regrole::text, 'every role') || ': ' || setting
             from pg_db_role_setting, unnest(setconfig) setting
             where setrole in (0, 'clinic_app'::regrole, 'clinic_ops'::regrole, 'clinic_report'::regrole)
               and setdatabase in (0, (select oid from pg_database where datname = current_database()))
               and setting ~ '^(app\\.|role=|row_security=|search_path=|session_replication_role=)'
               and setting <> 'search_path=clinic' order by 1",
        ),
    },
    Check {
        name: "no_trust",
        rule: "Whoever connects as clinic_app or clinic_ops gives the password: no line of pg_hba.conf trusts these \
               logins or all.",
        remedy: "In the line named, write scram-sha-256 for trust, then: select pg_reload_conf(). Whoever could reach \
                 this database before could be anybody; change both passwords, and look into the audit log.",
        find: Trust,
    },
    Check {
        name: "ownership",
        rule: "The schema and all in it belong to clinic_owner; an owner can take a wall away.",
        remedy: "As an administrator: alter … owner to clinic_owner.",
        find: Sql(
            "select 'schema clinic' from pg_namespace
             where nspname = 'clinic' and nspowner <> 'clinic_owner'::regrole
             union all
             select relname::text from pg_class
             where relnamespace = 'clinic'::regnamespace and relowner <> 'clinic_owner'::regrole
             union all
             select oid::regprocedure::text from pg_proc
             where pronamespace = 'clinic'::regnamespace and proowner <> 'clinic_owner'::regrole
               and oid is distinct from to_regprocedure('clinic.tenant_id_for_code(text)')
               and oid is distinct from to_regprocedure('clinic.tenant_usage(text)')
               and oid is distinct from to_regprocedure('clinic.tenant_code_is_taken(text)')
             order by 1",
        ),
    },
    Check {
        name: "only_our_roles",
        rule: "Nobody but clinic_owner, clinic_app and clinic_ops has rights to a table, and no one may pass \
               rights on.",
        remedy: "As clinic_owner: revoke all on … from ….",
        find: Sql(concat!(
            "select distinct c.relname || ': ' || coalesce(nullif(g.grantee, 0)::regrole::text, 'public') || ' '
                 || lower(g.privilege_type) from",
            grants!(),
            "and (g.grantee not in ('clinic_owner'::regrole, 'clinic_app'::regrole, 'clinic_ops'::regrole)
                  or g.is_grantable and g.grantee <> 'clinic_owner'::regrole)
             order by 1"
        )),
    },
    Check {
        name: "no_truncate",
        rule: "The logins cannot truncate a table, hang triggers on it, or point foreign keys at it: row security \
               does not bind these.",
        remedy: "As clinic_owner: revoke truncate, references, trigger on … from ….",
        find: Sql(concat!(
            "select distinct c.relname || ': ' || g.grantee::regrole || ' ' || lower(g.privilege_type) from",
            grants!(),
            "and g.grantee in ('clinic_app'::regrole, 'clinic_ops'::regrole)
             and g.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'USAGE')
             order by 1"
        )),
    },
    Check {
        name: "no_delete",
        rule: "The server deletes only what is short-lived: codes, challenges, tokens, who signed in where. What \
               a person saved is marked, never deleted.",
        remedy: "As clinic_owner: revoke delete on … from clinic_app.",
        find: Sql(concat!(
            "select distinct c.relname::text from",
            grants!(),
            "and g.grantee = 'clinic_app'::regrole and g.privilege_type = 'DELETE'
             and c.relname not in ('device_challenges', 'device_nonces', 'device_users', 'enrolment_codes',
                                   'refresh_tokens', 'user_clinics')
             order by 1"
        )),
    },
    Check {
        name: "append_only",
        rule: "What was logged is never changed: the server may add to the log of mutations, and both logins to \
               the audit log, no more.",
        remedy: "As clinic_owner: revoke update, delete on … from ….",
        find: Sql(concat!(
            "select distinct c.relname || ': ' || g.grantee::regrole || ' ' || lower(g.privilege_type) from",
            grants!(),
            "and g.privilege_type in ('UPDATE', 'DELETE')
             and (c.relname = 'sync_mutations' and g.grantee = 'clinic_app'::regrole
                  or c.relname in ('tenant_audit_log', 'audit_heads')
                     and g.grantee in ('clinic_app'::regrole, 'clinic_ops'::regrole))
             order by 1"
        )),
    },
    Check {
        name: "shared_read_only",
        rule: "What all tenants share is read-only to the server: one tenant could otherwise write for all.",
        remedy: "As clinic_owner: revoke insert, update, delete on … from clinic_app.",
        find: Sql(concat!(
            "select distinct c.relname || ': ' || lower(g.privilege_type) from",
            grants!(),
            "and g.grantee = 'clinic_app'::regrole and g.privilege_type <> 'SELECT' and c.relname in ",
            shared!(),
            " order by 1"
        )),
    },
    Check {
        name: "column_privileges",
        rule: "The only right to a single column is the server's to the version in tenant_sync, whose epoch it \
               must not change.",
        remedy: "As clinic_owner: revoke … on tenant_sync (and the column named) from ….",
        find: Sql(
            "select c.relname || '.' || a.attname || ': ' || coalesce(nullif(g.grantee, 0)::regrole::text, 'public')
                 || ' ' || lower(g.privilege_type)
             from pg_class c join pg_attribute a on a.attrelid = c.oid cross join aclexplode(a.attacl) g
             where c.relnamespace = 'clinic'::regnamespace
               and (c.relname, a.attname, g.grantee, g.privilege_type)
                   <> ('tenant_sync', 'version', 'clinic_app'::regrole, 'UPDATE')
             union all
             select 'tenant_sync: clinic_app update' where exists (
                 select from pg_class c cross join aclexplode(c.relacl) g
                 where c.oid = to_regclass('clinic.tenant_sync') and g.grantee = 'clinic_app'::regrole
                   and g.privilege_type = 'UPDATE')
             order by 1",
        ),
    },
    Check {
        name: "no_create",
        rule: "The logins make nothing: no objects in a schema, no schemas, no temporary tables, under whose names \
               a function might look first.",
        remedy: "Run `clinic-sync migrate` as an administrator: it revokes these rights. What is left: revoke \
                 create on schema … from …, revoke create, temporary on database … from ….",
        find: Sql(
            "select login || ' in schema ' || n.nspname
             from pg_namespace n, unnest(array['clinic_app', 'clinic_ops', 'clinic_report']) login
             where n.nspname !~ '^pg_(toast|temp)' and has_schema_privilege(login, n.oid, 'create')
             union all
             select login || ' in the database' from unnest(
                 array['clinic_app', 'clinic_ops', 'clinic_report']) login
             where has_database_privilege(login, current_database(), 'create, temporary')
             order by 1",
        ),
    },
    Check {
        name: "nothing_elsewhere",
        rule: "The server's login reaches tables in the schema clinic only.",
        remedy: "Revoke the right from clinic_app and from public, or move the table to another database.",
        find: Sql(
            "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname not in ('clinic', 'information_schema') and n.nspname !~ '^pg_'
               and c.relkind in ('r', 'p', 'v', 'm', 'f')
               and has_table_privilege('clinic_app', c.oid, 'select, insert, update, delete')
               and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass
                                 and d.objid = c.oid and d.deptype = 'e') order by 1",
        ),
    },
    Check {
        name: "function_rights",
        rule: "What sees across tenants, deletes one for good or makes tables is called by those whom it is for: \
               tenant_id_for_code by both logins, tenant_usage by clinic_ops and clinic_report, set_purged by \
               clinic_ops, and what migrations call by nobody else.",
        remedy: "As the function's owner: revoke execute on function … from ….",
        find: Sql(
            "select p.oid::regprocedure || ': ' || coalesce(nullif(g.grantee, 0)::regrole::text, 'public')
             from (values
                 ('tenant_id_for_code(text)', array['clinic_app', 'clinic_ops']),
                 ('tenant_code_is_taken(text)', array['clinic_app', 'clinic_ops']),
                 ('tenant_usage(text)', array['clinic_ops', 'clinic_report']),
                 ('set_purged(uuid)', array['clinic_ops']),
                 ('wall_in(regclass)', array[]::text[]),
                 ('make_synced(regclass)', array[]::text[]),
                 ('audit_writes(regclass)', array[]::text[])
             ) v (name, callers)
             join pg_proc p on p.oid = to_regprocedure('clinic.' || name)
             cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
             where g.grantee <> p.proowner
               and coalesce(nullif(g.grantee, 0)::regrole::text, 'public') <> all (callers)
             order by 1",
        ),
    },
    Check {
        name: "set_config_revoked",
        rule: "clinic_app may not call set_config, the one way to change the tenant inside a statement.",
        remedy: "Let a superuser run `clinic-sync migrate` once.",
        find: Sql(
            "select p.oid::regprocedure::text from pg_proc p
             where p.pronamespace = 'pg_catalog'::regnamespace and p.proname = 'set_config'
               and has_function_privilege('clinic_app', p.oid, 'execute')",
        ),
    },
    Check {
        name: "parameters_revoked",
        rule: "The logins may set no parameter that is a superuser's, such as session_replication_role, which \
               turns triggers and foreign keys off.",
        remedy: "As an administrator: revoke set on parameter … from ….",
        find: Sql(
            "select parname || ': ' || coalesce(nullif(g.grantee, 0)::regrole::text, 'public')
             from pg_parameter_acl cross join aclexplode(paracl) g
             where g.grantee in (0, 'clinic_app'::regrole, 'clinic_ops'::regrole) order by 1",
        ),
    },
    Check {
        name: "no_large_objects",
        rule: "clinic_app cannot make large objects: they belong to no tenant.",
        remedy: "Let a superuser run `clinic-sync migrate` once.",
        find: Sql(
            "select p.oid::regprocedure::text from pg_proc p
             where p.pronamespace = 'pg_catalog'::regnamespace
               and p.proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import')
               and has_function_privilege('clinic_app', p.oid, 'execute') order by 1",
        ),
    },
    Check {
        name: "default_privileges",
        rule: "Tables that are made later give nobody rights by themselves; each migration says what it grants.",
        remedy: "As an administrator: alter default privileges … revoke … from ….",
        find: Sql(
            "select distinct coalesce(nullif(g.grantee, 0)::regrole::text, 'public') || ' ' || lower(g.privilege_type)
                 || ' of what ' || d.defaclrole::regrole || ' makes'
             from pg_default_acl d cross join aclexplode(d.defaclacl) g
             where d.defaclobjtype in ('r', 'S', 'n') and g.grantee <> d.defaclrole
               and d.defaclnamespace in (0, 'clinic'::regnamespace) order by 1",
        ),
    },
];

/// Lines of the password file that let a login of ours in without a password. Only an administrator may read it.
pub(super) async fn trusted(
    connection: &mut PgConnection,
    notes: &mut Vec<String>,
) -> sqlx::Result<Vec<String>> {
    let may_read: bool = sqlx::query_scalar(
        "select has_table_privilege('pg_catalog.pg_hba_file_rules', 'select')
            and has_function_privilege('pg_catalog.pg_hba_file_rules()', 'execute')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !may_read {
        notes.push(
            "Whether pg_hba.conf lets somebody in without a password was not checked: only an administrator may read \
             it. Run `doctor` as one, too."
                .to_owned(),
        );
        return Ok(Vec::new());
    }
    sqlx::query_scalar(
        "select format('line %s: %s', line_number, concat_ws(' ', type, array_to_string(database, ','),
                       array_to_string(user_name, ','), address, netmask, auth_method))
         from pg_hba_file_rules
         where auth_method = 'trust'
           and exists (select from unnest(database) d
                       where d in ('all', 'sameuser', 'samerole', 'samegroup', 'replication', current_database())
                          or d like '/%' and current_database() ~ substr(d, 2))
           and exists (select from unnest(user_name) u, unnest(array['clinic_app', 'clinic_ops']) login
                       where u in ('all', login)
                          or u like '/%' and login ~ substr(u, 2)
                          or u like '+%' and pg_has_role(login::name, to_regrole(quote_ident(substr(u, 2)))::oid, 'member'))
         order by line_number",
    )
    .fetch_all(connection)
    .await
}
