use protocol::permission::Role;
use time::OffsetDateTime;

use super::*;
use crate::recovery_code::RecoveryCode;

fn person(email: &str) -> StaffMember {
    StaffMember {
        id: UserId::new(),
        full_name: "Dr. Anjali Kulkarni".into(),
        email: email.into(),
        roles: Roles(vec![Role::Doctor]),
        doctor_id: None,
    }
}

fn password(text: &str) -> Password<'_> {
    Password { text, cost: SlotCost::QUICK, version: 1, opens_offline: true }
}

fn slots(folder: &Path, secrets: &DeviceSecrets, key: &DatabaseKey) -> Slots {
    let about = About {
        installation_id: Uuid::now_v7(),
        tenant_id: TenantId::new(),
        device_id: DeviceId::new(),
        tenant_name: "Asha Dental".into(),
        clinic_name: "Andheri".into(),
        server: "https://sync.example.org/".into(),
        server_name: "sync.example.org".into(),
    };
    let mut slots = Slots::new(folder, about, 1, secrets);
    slots
        .put_user(&person("anjali@example.org"), &password("correct horse battery"), secrets, key, None, 1)
        .expect("BUG");
    slots.put_server(&Secret("the server's half".into()), secrets, key).expect("BUG");
    slots.save().expect("BUG: saves");
    slots
}

fn opens(slots: &Slots, email: &str, password: &str, secrets: &DeviceSecrets) -> Option<DatabaseKey> {
    match slots.open_user(email, password, secrets) {
        Ok(UserSlot::Open(opened)) => Some(opened.key),
        _ => None,
    }
}

#[test]
fn a_slot_opens_with_its_password_and_nothing_else() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
    slots(folder.path(), &secrets, &key);
    let slots = Slots::find(folder.path()).expect("BUG: reads").expect("BUG: there");
    let opened = opens(&slots, " Anjali@Example.org", "correct horse battery", &secrets).expect("BUG: opens");
    assert!(opened.0 == key.0);
    assert!(opens(&slots, "anjali@example.org", "correct horse batter", &secrets).is_none());
    assert!(opens(&slots, "rahul@example.org", "correct horse battery", &secrets).is_none());
    let opened = slots.open_server(&Secret("the server's half".into()), &secrets).expect("BUG: opens");
    assert!(opened.0 == key.0);
    assert!(slots.open_server(&Secret("another half".into()), &secrets).is_err());
}

#[test]
fn a_half_that_the_server_may_not_take_leaves_the_one_before_and_one_that_it_has_is_the_only_one() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
    let mut slots = slots(folder.path(), &secrets, &key);
    let [before, next] = ["the server's half", "another half"].map(|half| Secret(half.into()));
    let n_slots = slots.file.slots.len();
    for _ in 0..2 {
        slots.add_server(&next, &secrets, &key).expect("BUG: sealed");
    }
    assert_eq!(slots.file.slots.len(), n_slots + 1, "asked again, it is the same one");
    for half in [&before, &next] {
        assert!(slots.open_server(half, &secrets).expect("BUG: opens").0 == key.0);
    }
    slots.put_server(&next, &secrets, &key).expect("BUG: sealed");
    assert!(slots.open_server(&next, &secrets).is_ok());
    assert!(slots.open_server(&before, &secrets).is_err());
}

#[test]
fn a_persons_own_key_lies_in_their_slot_and_is_gone_with_it() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
    let mut slots = slots(folder.path(), &secrets, &key);
    let opened = |slots: &Slots, email: &str, password: &str| match slots.open_user(email, password, &secrets)
    {
        Ok(UserSlot::Open(opened)) => opened.own_key.map(|own| (own.key.to_bytes(), own.after)),
        _ => None,
    };
    let (anjali, rahul) = (person("anjali@example.org"), person("rahul@example.org"));
    let [hers, his] = [3, 7].map(|after| OwnKey::born(after).expect("BUG: random"));
    for (person, text, own) in [(&anjali, "correct horse", &hers), (&rahul, "battery staple", &his)] {
        slots.put_user(person, &password(text), &secrets, &key, Some(own), 1).expect("BUG: sealed");
    }
    assert_eq!(opened(&slots, "rahul@example.org", "battery staple"), Some((his.key.to_bytes(), 7)));
    assert_eq!(opened(&slots, "rahul@example.org", "correct horse"), None, "nobody else's password");
    // One is put into the other's slot: it opens, and the key in it does not.
    let mut stolen = None;
    for slot in &mut slots.file.slots {
        if let Slot::User { user, own_key, .. } = slot {
            if user.user_id == anjali.id {
                stolen = own_key.take();
            } else if user.user_id == rahul.id {
                *own_key = stolen.take();
            }
        }
    }
    assert!(opens(&slots, "rahul@example.org", "battery staple", &secrets).is_some());
    assert_eq!(opened(&slots, "rahul@example.org", "battery staple"), None);
    slots.put_user(&rahul, &password("battery staple"), &secrets, &key, Some(&his), 1).expect("BUG: sealed");
    slots.close_all();
    let left = |slot: &Slot| matches!(slot, Slot::User { own_key: Some(_), .. });
    assert!(!slots.file.slots.iter().any(left), "by which a guess could be tried");
    let online = Password { opens_offline: false, ..password("battery staple") };
    slots.put_user(&rahul, &online, &secrets, &key, Some(&his), 1).expect("BUG: put");
    assert!(!slots.file.slots.iter().any(left));
}

#[test]
fn another_devices_secret_is_told_from_a_wrong_password() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let key = DatabaseKey::random().expect("BUG");
    let slots = slots(folder.path(), &DeviceSecrets::random().expect("BUG"), &key);
    let other = DeviceSecrets::random().expect("BUG");
    let opened = slots.open_user("anjali@example.org", "correct horse battery", &other);
    assert!(matches!(opened, Err(Error::SlotOfAnotherDevice)));
}

#[test]
fn a_slot_does_not_open_for_another_person_device_or_cost() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
    let mut good = slots(folder.path(), &secrets, &key);
    let (mut user, mut device, mut version) = (UserId::new(), DeviceId::new(), 2);
    for turn in 0..3 {
        if let Some(Slot::User { user: slot, .. }) = good.file.slots.first_mut()
            && turn == 0
        {
            std::mem::swap(&mut slot.user_id, &mut user);
        }
        if turn == 1 {
            std::mem::swap(&mut good.file.about.device_id, &mut device);
        }
        if turn == 2 {
            std::mem::swap(&mut good.file.key_version, &mut version);
        }
        assert!(opens(&good, "anjali@example.org", "correct horse battery", &secrets).is_none(), "{turn}");
        if let Some(Slot::User { user: slot, .. }) = good.file.slots.first_mut()
            && turn == 0
        {
            std::mem::swap(&mut slot.user_id, &mut user);
        }
        if turn == 1 {
            std::mem::swap(&mut good.file.about.device_id, &mut device);
        }
    }
}

fn lease(people: &[(UserId, i32)], offline_days: u8) -> Lease {
    Lease {
        tenant_id: TenantId::new(),
        device_id: DeviceId::new(),
        scope: protocol::api::DeviceScope::Clinical,
        issued_at: OffsetDateTime::UNIX_EPOCH,
        offline_days,
        nonce: String::new(),
        people: people
            .iter()
            .map(|(user_id, password_version)| protocol::standing::Colleague {
                user_id: *user_id,
                email: None,
                roles: Roles(vec![Role::Nurse]),
                doctor_id: None,
                password_version: *password_version,
            })
            .collect(),
        admin_devices: vec![],
        epoch: None,
        revoked: vec![],
        closed: vec![],
    }
}

#[test]
fn what_the_server_no_longer_grants_opens_nothing_here() {
    let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
    for (change, name_stays) in
        [("nothing", true), ("gone", false), ("another password", true), ("no day", true), ("ended", true)]
    {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let mut slots = slots(folder.path(), &secrets, &key);
        let user = slots.people()[0].user_id;
        let is_taken = match change {
            "nothing" => slots.keep_to(&lease(&[(user, 1)], 14)),
            "gone" => slots.keep_to(&lease(&[], 14)),
            "another password" => slots.keep_to(&lease(&[(user, 2)], 14)),
            "no day" => slots.keep_to(&lease(&[(user, 1)], 0)),
            _ => slots.close_all(),
        };
        assert_eq!(is_taken, change != "nothing", "{change}");
        slots.save().expect("BUG: saves");
        let slots = Slots::find(folder.path()).expect("BUG: reads").expect("BUG: there");
        let opened = opens(&slots, "anjali@example.org", "correct horse battery", &secrets);
        assert_eq!(opened.is_some(), change == "nothing", "{change}");
        assert_eq!(slots.people().len() == 1, name_stays, "{change}");
        assert!(slots.open_server(&Secret("the server's half".into()), &secrets).is_ok(), "{change}");
    }
}

#[test]
fn who_signs_in_with_another_email_opens_their_slot_with_that_and_the_same_password() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
    let mut slots = slots(folder.path(), &secrets, &key);
    let mut lease = lease(&[(slots.people()[0].user_id, 1)], 14);
    assert!(!slots.keep_to(&lease), "an earlier server does not say it");
    lease.people[0].email = Some("kulkarni@example.org".into());
    assert!(slots.keep_to(&lease));
    assert!(!slots.keep_to(&lease));
    assert_eq!(slots.people()[0].email, "kulkarni@example.org");
    assert!(opens(&slots, "anjali@example.org", "correct horse battery", &secrets).is_none());
    let opened = slots.open_user("kulkarni@example.org", "correct horse battery", &secrets);
    let Ok(UserSlot::Open(opened)) = opened else { panic!("BUG: it does not open") };
    assert_eq!(opened.email, "kulkarni@example.org");
}

#[test]
fn the_recovery_slot_opens_with_its_code_alone_and_needs_no_keyring() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
    let mut made = slots(folder.path(), &secrets, &key);
    let (code, other) = (RecoveryCode::random().expect("BUG"), RecoveryCode::random().expect("BUG"));
    assert!(made.open_recovery(&code).expect("BUG: none").is_none());
    let at = OffsetDateTime::UNIX_EPOCH;
    made.put_recovery(&other, &key, at).expect("BUG: sealed");
    let about = made.put_recovery(&code, &key, at).expect("BUG: sealed");
    assert_eq!(about.fingerprint, code.fingerprint());
    made.save().expect("BUG: saves");
    let mut found = Slots::find(folder.path()).expect("BUG: reads").expect("BUG: there");
    assert!(found.open_recovery(&code).expect("BUG: whole").is_some_and(|opened| opened.0 == key.0));
    assert!(found.open_recovery(&other).expect("BUG: whole").is_none(), "only the last one opens it");
    // Said of another code, nothing is written down.
    assert_eq!(found.recovery(), Some((&about, false)));
    found.recovery_is_kept(&other.fingerprint());
    assert_eq!(found.recovery(), Some((&about, false)));
    found.recovery_is_kept(&code.fingerprint());
    assert_eq!(found.recovery(), Some((&about, true)));
    // Taking away what people open it with leaves it.
    found.close_all();
    assert!(found.open_recovery(&code).expect("BUG: whole").is_some());
    for change in ["device", "version", "tenant"] {
        let mut moved = Slots::find(folder.path()).expect("BUG: reads").expect("BUG: there");
        match change {
            "device" => moved.file.about.device_id = DeviceId::new(),
            "version" => moved.file.key_version = 2,
            _ => moved.file.about.tenant_id = TenantId::new(),
        }
        assert!(moved.open_recovery(&code).expect("BUG: whole").is_none(), "{change}");
    }
}

#[test]
fn of_two_who_change_the_slots_at_once_neither_undoes_what_the_other_did() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
    slots(folder.path(), &secrets, &key);
    let (path, code) = (folder.path(), RecoveryCode::random().expect("BUG"));
    std::thread::scope(|scope| {
        let made = Slots::change(path, |slots| {
            let (begins, has_begun) = std::sync::mpsc::channel();
            scope.spawn(move || {
                begins.send(()).expect("BUG: awaited");
                assert!(Slots::change_if_any(path, Slots::close_all).expect("BUG: saves"));
            });
            has_begun.recv().expect("BUG: it begins");
            slots.put_recovery(&code, &key, OffsetDateTime::UNIX_EPOCH)
        });
        made.expect("BUG: saves");
    });
    let slots = Slots::find(path).expect("BUG: reads").expect("BUG: there");
    assert!(opens(&slots, "anjali@example.org", "correct horse battery", &secrets).is_none());
    assert!(slots.open_recovery(&code).expect("BUG: whole").is_some_and(|opened| opened.0 == key.0));
}

#[test]
fn the_code_itself_stands_nowhere_in_the_file() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let (secrets, key) = (DeviceSecrets::random().expect("BUG"), DatabaseKey::random().expect("BUG"));
    let mut slots = slots(folder.path(), &secrets, &key);
    let code = RecoveryCode::random().expect("BUG");
    slots.put_recovery(&code, &key, OffsetDateTime::UNIX_EPOCH).expect("BUG: sealed");
    slots.save().expect("BUG: saves");
    let text = std::fs::read_to_string(folder.path().join(FILE)).expect("BUG: reads");
    assert!(text.contains(&code.fingerprint()));
    assert!(!text.contains(code.text().as_str()));
    assert!(!text.contains(&code.text().replace('-', "")));
}

#[test]
fn a_database_under_another_key_has_another_name() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    let secrets = DeviceSecrets::random().expect("BUG");
    let first = slots(folder.path(), &secrets, &DatabaseKey::random().expect("BUG"));
    let second = Slots::new(folder.path(), first.about().clone(), 2, &secrets);
    let third = Slots::new(folder.path(), first.about().clone(), 3, &secrets);
    assert_eq!(first.database(), folder.path().join("clinic.db"));
    assert_eq!(first.other_databases(), [second.database()]);
    assert_eq!(second.other_databases(), [first.database(), third.database()]);
}

#[test]
fn a_damaged_file_is_reported_and_not_touched() {
    let folder = tempfile::tempdir().expect("BUG: a folder");
    for text in ["", "{}", "{\"format\":1", "not json"] {
        std::fs::write(folder.path().join(FILE), text).expect("BUG: writes");
        assert!(matches!(Slots::find(folder.path()), Err(Error::SlotsDamaged)), "{text}");
        assert_eq!(std::fs::read_to_string(folder.path().join(FILE)).expect("BUG: reads"), text);
    }
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("BUG: a folder");
    slots(folder.path(), &DeviceSecrets::random().expect("BUG"), &DatabaseKey::random().expect("BUG"));
    let mode = folder.path().join(FILE).metadata().expect("BUG: there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
