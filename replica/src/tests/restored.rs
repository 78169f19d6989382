//! What a desktop keeps for the case that its server is restored from a backup, and tells then.

use ed25519_dalek::SigningKey;
use protocol::api::{DeviceScope, EpochState, Fate, LostDevice, Receipt, Secret};
use protocol::audit::Action;
use protocol::error::RefusalCode;
use protocol::id::{DeviceId, Epoch, UserId};
use protocol::mutation::Hash;
use protocol::permission::{Role, Roles};
use protocol::standing::{Colleague, Lease, Order, SignedOrder};
use protocol::table::TableName;
use uuid::Uuid;

use super::{Fixture, NOW, answer, doctor_id, facts, fixture, form};
use crate::store::{Facts, Past, Renewed, get_row};

fn lease(epoch: Option<Epoch>, offline_days: u8) -> SignedOrder {
    lease_that_revokes(DeviceId(Uuid::from_u128(9)), epoch, offline_days)
}

fn lease_that_revokes(gone: DeviceId, epoch: Option<Epoch>, offline_days: u8) -> SignedOrder {
    let person = |id| Colleague {
        user_id: UserId(id),
        email: (id == Uuid::from_u128(5)).then(|| "kulkarni@example.org".into()),
        roles: Roles(vec![Role::Doctor]),
        doctor_id: (id == Uuid::from_u128(5)).then(doctor_id),
        password_version: 1,
    };
    let lease = Lease {
        tenant_id: facts().tenant_id,
        device_id: facts().device_id,
        scope: DeviceScope::Clinical,
        issued_at: NOW,
        offline_days,
        nonce: String::new(),
        people: vec![person(Uuid::from_u128(5)), person(Uuid::from_u128(6))],
        admin_devices: vec![],
        epoch,
        revoked: vec![gone],
        closed: vec![],
    };
    let key = SigningKey::from_bytes(&[1; 32]);
    SignedOrder::sign(&Order::Lease(lease), &key, &[]).expect("BUG: JSON")
}

fn epoch(number: u128) -> Epoch {
    Epoch(Uuid::from_u128(number))
}

fn begin(fixture: &Fixture, epoch: Epoch) {
    begin_as(fixture, epoch, None);
}

/// The server says which letter this computer has.
fn begin_as(fixture: &Fixture, epoch: Epoch, lane: Option<&str>) {
    let (last_sequence, last_hash, lane) = (0, Hash::ZERO, lane.map(str::to_owned));
    let now = EpochState { epoch, version: 5_000_000, catalogue: 1, last_sequence, last_hash, lane };
    fixture.store.begin_epoch(&now, NOW).expect("BUG: begun");
}

#[test]
fn the_last_word_of_a_life_of_the_data_is_kept_until_the_next_one_begins() {
    let fixture = fixture(Role::Doctor);
    let store = &fixture.store;
    store.put_staff(&fixture.replica.person).expect("BUG: kept");
    assert_eq!(store.recollection(epoch(7)).expect("BUG: read"), None, "nothing is known");
    let word = lease(Some(facts().epoch), 3);
    for order in [lease(Some(facts().epoch), 14), word.clone(), lease(Some(epoch(7)), 1), lease(None, 2)] {
        store.remember(&order).expect("BUG: kept");
    }
    let known = store.recollection(epoch(7)).expect("BUG: read").expect("BUG: it is known");
    assert_eq!((known.epoch, known.lease), (epoch(7), Some(word)));
    // Of whom only the server knows the name is told none.
    let names: Vec<&str> = known.people.iter().map(|person| person.full_name.as_str()).collect();
    assert_eq!(names, ["Anjali Kulkarni"]);
    assert_eq!(known.people[0].email, "kulkarni@example.org", "as the server last said");
    // Her profile goes with her, should the server have lost it.
    let doctor = known.people[0].doctor.as_ref().expect("BUG: it is here");
    assert_eq!((doctor.role, doctor.registration_number.as_str()), (Role::Doctor, "2009/04/1187"));
    assert_eq!((doctor.qualifications.as_deref(), doctor.specialization.as_ref()), (Some("MBBS, MD"), None));
    begin(&fixture, epoch(7));
    let next = lease(Some(epoch(7)), 1);
    store.remember(&next).expect("BUG: kept");
    let known = store.recollection(epoch(8)).expect("BUG: read").expect("BUG: it is known");
    assert_eq!(known.lease, Some(next));
}

#[test]
fn what_was_done_before_the_disk_was_copied_waits_again_once_the_other_computer_is_gone_after_a_restore() {
    let fixture = fixture(Role::Doctor);
    let store = &fixture.store;
    fixture.register("Sunita", "98204 41276");
    let copied = facts().device_id;
    let was = Past { device_id: copied, until: 1, public_key: String::new(), is_recovered: false };
    let renewed = Renewed {
        installation: Uuid::from_u128(1),
        device_id: DeviceId(Uuid::from_u128(0xde7)),
        lane: "B".into(),
        unlock_key: Secret("another half".into()),
    };
    store.acknowledge(&answer(store, 2, vec![]), &[], (None, NOW)).expect("BUG: acknowledged");
    store.adopt(&renewed, &SigningKey::from_bytes(&[8; 32]), &was).expect("BUG: adopted");
    let waits = || {
        let found = store.next_adopted(&[], 500, 1_000_000).expect("BUG: readable");
        found.map(|(of, batch)| (of, batch.len()))
    };
    let hear = |gone, epoch| {
        store.remember(&lease_that_revokes(gone, Some(epoch), 3)).expect("BUG: kept");
        waits()
    };
    assert_eq!(hear(copied, facts().epoch), None, "nothing was restored");
    begin(&fixture, epoch(7));
    assert_eq!(waits(), None);
    assert_eq!(hear(DeviceId(Uuid::from_u128(9)), epoch(7)), None, "the other one brings it itself");
    assert_eq!(hear(copied, facts().epoch), None, "that is no word of this life of the data");
    assert_eq!(hear(copied, epoch(7)), Some((copied, 1)));
    let (_, found) = store.next_adopted(&[], 500, 1_000_000).expect("BUG: readable").expect("BUG: one");
    let receipt = Receipt {
        sequence: 1,
        hash: found[0].hash,
        fate: Fate::Quarantined,
        code: Some(RefusalCode::DeviceRevoked),
        detail: None,
        blocked_by: None,
        review: vec![],
    };
    store.mark(&[receipt], NOW).expect("BUG: marked");
    assert_eq!(hear(copied, epoch(7)), None, "the server has it");
    begin(&fixture, epoch(8));
    assert_eq!(hear(copied, epoch(8)), Some((copied, 1)), "and lost it once more");
}

#[test]
fn a_restored_server_hears_of_a_copied_computer_only_once_it_had_said_that_it_is_out_of_service() {
    let fixture = fixture(Role::Doctor);
    let store = &fixture.store;
    let copied = facts().device_id;
    let last = lease(Some(facts().epoch), 3);
    store.remember(&last).expect("BUG: kept");
    let was = Past { device_id: copied, until: 0, public_key: "its key".into(), is_recovered: false };
    let renewed = Renewed {
        installation: Uuid::from_u128(1),
        device_id: DeviceId(Uuid::from_u128(0xde7)),
        lane: "B".into(),
        unlock_key: Secret("another half".into()),
    };
    store.adopt(&renewed, &SigningKey::from_bytes(&[8; 32]), &was).expect("BUG: adopted");
    let (earlier, word) = store.earlier().expect("BUG: read");
    assert!(earlier[0].lost.is_none() && word.is_none(), "it comes back by itself");
    let gone = lease_that_revokes(copied, Some(facts().epoch), 3);
    store.remember(&gone).expect("BUG: kept");
    let (earlier, word) = store.earlier().expect("BUG: read");
    assert_eq!((earlier[0].device_id, earlier[0].is_recovered, word), (copied, false, Some(gone)));
    let known_by = LostDevice { public_key: "its key".into(), lane: "A".into(), lease: last };
    assert_eq!(earlier[0].lost, Some(known_by));
}

#[test]
fn what_another_computer_with_the_same_disk_took_the_place_of_after_a_restore_waits_again() {
    let fixture = fixture(Role::Doctor);
    let store = &fixture.store;
    for (name, number) in [("Sunita", "98204 41276"), ("Bina", "98204 41277"), ("Charu", "98204 41278")] {
        fixture.register(name, number);
    }
    let sent = store.next_batch(500, 1_000_000).expect("BUG: readable");
    store.acknowledge(&answer(store, 4, vec![]), &[], (None, NOW)).expect("BUG: acknowledged");
    let begin = |number, last_sequence, last_hash| {
        let epoch = epoch(number);
        let now =
            EpochState { epoch, version: 5_000_000, catalogue: 1, last_sequence, last_hash, lane: None };
        store.begin_epoch(&now, NOW).expect("BUG: begun");
        let restored = store.sync_state().expect("BUG: readable").restored.expect("BUG: it was");
        (store.next_batch(500, 1_000_000).expect("BUG: readable").len(), restored.sent_again)
    };
    assert_eq!(begin(7, 3, sent[2].hash), (0, 0), "the server has all of it");
    // Under the second number it has what the other one did: of the first nobody knows yet which one brought it.
    assert_eq!(begin(8, 2, Hash::ZERO), (3, 3));
    // Only what the server cannot have lies over what it has.
    let sql = "select distinct sequence from pending_rows order by sequence";
    let laid_over = store.read(|tx| {
        let mut statement = tx.prepare(sql)?;
        let found = statement.query_map([], |row| row.get::<_, i64>(0))?;
        Ok(found.collect::<rusqlite::Result<Vec<_>>>()?)
    });
    assert_eq!(laid_over.expect("BUG: readable"), [3]);
}

#[test]
fn notes_for_the_audit_log_that_the_server_lost_are_told_again() {
    let fixture = fixture(Role::Doctor);
    let store = &fixture.store;
    for _ in 0..3 {
        fixture.replica.note(Action::Login, None, None);
    }
    assert!(store.events_kept(3).expect("BUG: kept"));
    assert!(store.next_events(10).expect("BUG: read").is_none(), "the server has them");
    begin(&fixture, epoch(7));
    let again = store.next_events(10).expect("BUG: read").expect("BUG: told again");
    assert_eq!((again.events.len(), again.previous_hash), (3, Hash::ZERO));
    // Where the first ones are gone, it goes on behind what is still here.
    let gone = "delete from desk_events where sequence < 2";
    store.write(|tx| Ok(tx.execute(gone, [])?)).expect("BUG: written");
    begin(&fixture, epoch(8));
    let again = store.next_events(10).expect("BUG: read").expect("BUG: told again");
    assert_eq!(again.events.len(), 1);
    assert_ne!(again.previous_hash, Hash::ZERO);
    assert!(store.events_kept(3).expect("BUG: kept"));
}

#[test]
fn which_rows_only_this_computer_has_is_told_once_and_whenever_it_changes() {
    let fixture = fixture(Role::Doctor);
    let store = &fixture.store;
    assert_eq!(store.untold().expect("BUG: read"), None, "nothing was restored");
    begin(&fixture, epoch(7));
    let nothing = store.untold().expect("BUG: read").expect("BUG: the first time");
    assert_eq!((nothing.sent_again, nothing.only_here.as_deref()), (Some(0), Some(&[][..])));
    store.told(&nothing).expect("BUG: kept");
    assert_eq!(store.untold().expect("BUG: read"), None);
    let doctor = Uuid::from_u128(0xd0c);
    let sql = "insert into only_here (table_name, id) values ('doctors', ?1)";
    store.write(|tx| Ok(tx.execute(sql, [doctor.to_string()])?)).expect("BUG: written");
    let rows = store.untold().expect("BUG: read").expect("BUG: it is another").only_here.unwrap_or_default();
    assert_eq!((rows.len(), rows[0].table, rows[0].rows), (1, TableName::Doctors, 1));
    assert_eq!(rows[0].ids, [doctor]);
}

#[test]
fn a_letter_that_a_restored_server_gave_away_is_given_up_by_whoever_is_signed_in() {
    let fixture = fixture(Role::Doctor);
    let code = |name: &str, number: &str| {
        let patient = fixture.replica.register_patient(&form(name, number)).expect("BUG: registered");
        let row = |tx: &rusqlite::Transaction<'_>| get_row(tx, TableName::Patients, patient.id.0);
        let row = fixture.store.read(row).expect("BUG: readable").expect("BUG: there");
        row.values["patient_code"].as_str().expect("BUG: a text").to_owned()
    };
    assert!(code("Sunita", "98204 41276").starts_with("A-"));
    // A server of before says nothing of it.
    begin(&fixture, epoch(7));
    assert!(code("Bina", "98204 41277").starts_with("A-"));
    begin_as(&fixture, epoch(8), Some("D"));
    assert!(code("Charu", "98204 41278").starts_with("D-"));
}

#[test]
fn the_half_that_this_computer_made_is_the_same_until_the_server_has_begun_anew() {
    let fixture = fixture(Role::Doctor);
    let half = || fixture.store.half().expect("BUG: kept").0;
    let first = half();
    assert_eq!(half(), first, "the server may have it");
    begin(&fixture, epoch(7));
    assert_ne!(half(), first);
}

fn lanes(lost: &[Option<LostDevice>]) -> Vec<Option<&str>> {
    lost.iter().map(|lost| lost.as_ref().map(|lost| lost.lane.as_str())).collect()
}

#[test]
fn a_restored_server_hears_of_what_this_computer_was_and_of_the_last_ones_by_what_it_knows_them() {
    let told = |word: &SignedOrder| {
        let fixture = fixture(Role::Doctor);
        let store = &fixture.store;
        store.remember(word).expect("BUG: kept");
        let mut now = facts();
        for (number, lane) in (1..).zip(["B", "C", "D", "E"]) {
            let (device_id, public_key) = (now.device_id, format!("the key of {}", now.lane));
            let was = Past { device_id, until: 0, public_key, is_recovered: true };
            now = Facts { device_id: DeviceId(Uuid::from_u128(number)), lane: lane.into(), ..now };
            store.go_on_as(&now, &was).expect("BUG: written");
        }
        let (earlier, _) = store.earlier().expect("BUG: read");
        assert_eq!(earlier[0].device_id, facts().device_id);
        earlier.into_iter().map(|was| was.lost).collect::<Vec<_>>()
    };
    let word = lease(Some(facts().epoch), 3);
    let lost = told(&word);
    assert_eq!(lanes(&lost), [None, Some("B"), Some("C"), Some("D")]);
    let latest = lost[3].as_ref().expect("BUG: told");
    assert_eq!((latest.public_key.as_str(), &latest.lease), ("the key of D", &word));
    // Of many people there is more to say than a request holds.
    let long = SignedOrder { body: word.body.clone() + &" ".repeat(20_000), ..word };
    assert_eq!(lanes(&told(&long)), [None, None, Some("C"), Some("D")]);
}
