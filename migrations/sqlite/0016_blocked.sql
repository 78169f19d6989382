-- Behind which change another one waits, without the bodies; behind none waits one with which a later server did something
-- that this program does not know.
create index mutations_blocked_idx on mutations (fate, blocked_by) where fate = 'blocked';
