-- Rows of which the server has nothing, or only something older: it lost them. They stay as they are here until it sends
-- something newer. `server_version` is what it has that is not deleted.
create table only_here (
    table_name text not null, id text not null, server_version integer,
    primary key (table_name, id)
) without rowid;
