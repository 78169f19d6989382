-- What people did with this copy, until the server keeps it too; of what it keeps, the last stays for the chain.
create table desk_events (sequence integer primary key, body text not null, hash text not null);
