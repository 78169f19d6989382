-- What is being rolled out: `clinic-sync rollout`. A feature that has no row here is off for everybody. A tenant may
-- have its own say in `tenants.settings`: {"features": {"name": true}}.
create table features (
    name varchar(60) collate "C" not null,
    -- So many of a hundred tenants have it.
    percent smallint not null default 0,
    constraint features_pkey primary key (name),
    constraint features_name_check check (name ~ '^[a-z][a-z0-9_]*$'),
    constraint features_percent_check check (percent between 0 and 100)
);
grant select on features to clinic_app;
grant select, insert, update, delete on features to clinic_ops;
