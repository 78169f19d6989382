-- What a computer was refused comes before the admins once nobody can be at that computer any more: since when it is.
alter table sync_quarantine add column before_admins_at timestamptz;
