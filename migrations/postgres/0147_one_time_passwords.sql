-- Until when a one-time password signs in; none where whoever gave it set no end.
alter table users add column one_time_until timestamptz;
