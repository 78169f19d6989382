-- A desktop whose keys were lost comes back under an id of its own; with the code that was made on it, it has all that was
-- on its disk.
alter table devices
    -- What tells the code from others; the code itself is on paper.
    add column recovery_fingerprint varchar(6),
    -- When it was made, by the desktop's clock.
    add column recovery_made_at timestamptz,
    -- The one that it was lost its keys; else its disk was copied.
    add column is_recovered boolean not null default false,
    add constraint devices_recovery_check
        check ((recovery_fingerprint is null) = (recovery_made_at is null)),
    add constraint devices_recovery_fingerprint_check
        check (recovery_fingerprint ~ '^[0-9A-HJKMNP-TV-Z]{6}$'),
    add constraint devices_is_recovered_check check (not is_recovered or copied_from is not null);
