//! What differs from the server's rows is found, and mended.

use protocol::api::{EpochState, Fate, Receipt};
use protocol::digest::{Digest, bucket};
use protocol::id::{Epoch, PatientId};
use protocol::permission::Role;
use protocol::table::{Row, TableName};
use serde_json::json;
use uuid::Uuid;

use super::{Fixture, NOW, answer, as_server, fixture, form};
use crate::store::{Fetched, Store};
use crate::view::PatientForm;

fn digest(store: &Store) -> Digest {
    let mut whole = Digest::default();
    for digest in store.digests(TableName::Patients).expect("BUG: digests") {
        whole.join(digest);
    }
    whole
}

fn of(rows: &[(Uuid, i64)]) -> Digest {
    let mut digest = Digest::default();
    for (id, version) in rows {
        digest.add(*id, *version);
    }
    digest
}

/// Sunita at version 2 and Farida at 3, as the server has them.
fn two() -> (Fixture, Row, Row) {
    let fixture = fixture(Role::Doctor);
    let register = |name: &str, version| {
        let id = fixture.replica.register_patient(&form(name, "98204 41276")).expect("BUG: registered").id;
        let row = as_server(&fixture, id, version, &[]);
        let sent = answer(&fixture.store, version, vec![row.clone()]);
        fixture.store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
        row
    };
    let (sunita, farida) = (register("Sunita", 2), register("Farida", 3));
    (fixture, sunita, farida)
}

fn mend(store: &Store, ids: &[Uuid], rows: &[&Row]) -> u32 {
    let rows = rows.iter().map(|row| (*row).clone()).collect();
    store.mend(&Fetched { table: TableName::Patients, ids: ids.to_vec(), rows }).expect("BUG: mended")
}

#[test]
fn the_digest_is_over_rows_as_the_server_has_them_whatever_was_done_here_since() {
    let (Fixture { replica, store, .. }, sunita, farida) = two();
    let both = of(&[(sunita.id, 2), (farida.id, 3)]);
    assert_eq!(digest(&store), both);
    let edited = PatientForm { city: "Pune".into(), ..form("Sunita", "98204 41276") };
    replica
        .update_patient(PatientId(sunita.id), &form("Sunita", "98204 41276"), &edited)
        .expect("BUG: edited");
    replica.register_patient(&form("Ravi", "98204 41277")).expect("BUG: registered");
    assert_eq!(digest(&store), both);
    let buckets = [bucket(sunita.id)];
    let held = store.held(TableName::Patients, &buckets).expect("BUG: held");
    assert_eq!(held.get(&sunita.id), Some(&2));
}

#[test]
fn a_row_that_is_missing_old_damaged_or_too_much_here_is_mended() {
    let (Fixture { replica, store, .. }, sunita, farida) = two();
    let ids = [sunita.id, farida.id];
    assert_eq!(mend(&store, &ids, &[&sunita, &farida]), 0, "nothing differs");
    let damage = |sql: &str| store.write(|tx| Ok(tx.execute(sql, [])?)).expect("BUG: damaged");
    damage("delete from finder where rowid in (select rowid from patients where first_name = 'Sunita')");
    assert_eq!(damage("delete from patients where first_name = 'Sunita'"), 1);
    assert_eq!(damage("update patients set city = 'Nowhere' where first_name = 'Farida'"), 1);
    assert_eq!(mend(&store, &ids, &[&sunita, &farida]), 2);
    assert_eq!(damage("update patients set sync_version = 1"), 2);
    assert_ne!(digest(&store), of(&[(sunita.id, 2), (farida.id, 3)]));
    assert_eq!(mend(&store, &ids, &[&sunita, &farida]), 2);
    assert_eq!(digest(&store), of(&[(sunita.id, 2), (farida.id, 3)]));
    assert_eq!(replica.chart(PatientId(farida.id)).expect("BUG: chart").form.city, "");
    assert_eq!(replica.find_patients("sunita").expect("BUG: found").people.len(), 1);
    let gone = Row { deleted: true, version: 4, ..farida.clone() };
    assert_eq!(mend(&store, &[farida.id], &[&gone]), 1);
    assert!(replica.find_patients("farida").expect("BUG: found").people.is_empty());
    assert_eq!(digest(&store), of(&[(sunita.id, 2)]));
    assert_eq!(replica.verify().expect("BUG: verified").problems, Vec::<String>::new());
}

#[test]
fn what_the_server_has_lost_is_never_given_up() {
    let (Fixture { replica, store, .. }, sunita, farida) = two();
    let only_here = || store.sync_state().expect("BUG: readable").only_here;
    let older = Row { version: 1, ..farida.clone() };
    assert_eq!(mend(&store, &[sunita.id, farida.id], &[&older]), 0);
    assert_eq!(only_here(), 2);
    assert_eq!(digest(&store), of(&[(farida.id, 1)]), "both sides know what the server has");
    for name in ["sunita", "farida"] {
        assert_eq!(replica.find_patients(name).expect("BUG: found").people.len(), 1, "{name} is kept");
    }
    // Work on it goes on, and the server still lacks it.
    let before = form("Farida", "98204 41276");
    let edited = PatientForm { city: "Pune".into(), ..before.clone() };
    replica.update_patient(PatientId(farida.id), &before, &edited).expect("BUG: edited");
    assert_eq!(digest(&store), of(&[(farida.id, 1)]));
    // Another computer brought them back.
    let back = |row: &Row| Row { version: 1_000_001, ..row.clone() };
    let pushed = answer(&store, 1_000_001, vec![back(&sunita), back(&farida)]);
    store.acknowledge(&pushed, &[], (None, NOW)).expect("BUG: acknowledged");
    assert_eq!(only_here(), 0);
    assert_eq!(digest(&store), of(&[(sunita.id, 1_000_001), (farida.id, 1_000_001)]));
}

#[test]
fn mending_lays_what_waits_over_the_servers_row_again() {
    let (Fixture { replica, store, .. }, sunita, farida) = two();
    let before = form("Sunita", "98204 41276");
    let edited = PatientForm { city: "Pune".into(), ..before.clone() };
    replica.update_patient(PatientId(sunita.id), &before, &edited).expect("BUG: edited");
    let mut theirs = sunita.clone();
    theirs.values.insert("address_line".into(), json!("12 Marol Road"));
    assert_eq!(mend(&store, &[sunita.id], &[&theirs]), 1);
    let shown = replica.chart(PatientId(sunita.id)).expect("BUG: chart").form;
    assert_eq!((shown.city.as_str(), shown.address_line.as_str()), ("Pune", "12 Marol Road"));
    // The server does not have the row at all: what was done here still waits and is still shown.
    assert_eq!(mend(&store, &[sunita.id], &[]), 0);
    assert_eq!(replica.chart(PatientId(sunita.id)).expect("BUG: chart").form.city, "Pune");
    assert_eq!(digest(&store), of(&[(farida.id, 3)]));
    assert_eq!(store.sync_state().expect("BUG: readable").waiting, 1);
}

#[test]
fn what_was_mended_last_is_remembered_and_when() {
    let (Fixture { store, .. }, ..) = two();
    let compared = || store.sync_state().expect("BUG: readable").compared;
    assert_eq!(compared(), None);
    store.mark_compared(NOW, 3).expect("BUG: marked");
    store.mark_compared(NOW + time::Duration::hours(1), 0).expect("BUG: marked");
    let compared = compared().expect("BUG: compared");
    assert_eq!(compared.at(), Some(NOW + time::Duration::hours(1)));
    assert_eq!(compared.mended(), Some((3, protocol::validate::moment_text(NOW).as_str())));
}

#[test]
fn that_it_still_differs_is_kept_until_a_comparison_ends_well() {
    let (Fixture { store, .. }, ..) = two();
    let differs = || store.sync_state().expect("BUG: readable").differs;
    store.mark_compared(NOW, 0).expect("BUG: marked");
    assert!(!differs());
    store.note_differs().expect("BUG: noted");
    assert!(differs());
    store.mark_compared(NOW, 2).expect("BUG: marked");
    assert!(!differs());
}

#[test]
fn nothing_is_called_synced_while_the_server_lacks_what_is_here() {
    let (Fixture { store, .. }, sunita, _) = two();
    let marked = |at| {
        store.mark_level(at).expect("BUG: marked");
        let state = store.sync_state().expect("BUG: readable");
        (state.last_level_at, state.last_synced_at)
    };
    assert_eq!(marked(NOW), (Some(NOW), Some(NOW)));
    mend(&store, &[sunita.id], &[]);
    let later = NOW + time::Duration::hours(1);
    assert_eq!(marked(later), (Some(later), Some(NOW)));
    let back = Row { version: 1_000_001, ..sunita };
    store.acknowledge(&answer(&store, 1_000_001, vec![back]), &[], (None, NOW)).expect("BUG: acknowledged");
    assert_eq!(marked(later), (Some(later), Some(later)));
}

#[test]
fn a_row_on_which_a_change_lies_that_is_sent_again_is_no_difference_for_ever() {
    let (Fixture { replica, store, .. }, sunita, farida) = two();
    let both = of(&[(sunita.id, 2), (farida.id, 3)]);
    let last = store.last().expect("BUG: readable");
    let before = form("Sunita", "98204 41276");
    let edited = PatientForm { city: "Pune".into(), ..before.clone() };
    replica.update_patient(PatientId(sunita.id), &before, &edited).expect("BUG: edited");
    // It was refused, an admin discarded it, and a restore lost all of that.
    let sent = store.next_batch(1, 1_000_000).expect("BUG: readable");
    for fate in [Fate::Quarantined, Fate::Discarded] {
        let receipt = Receipt {
            sequence: last.sequence + 1,
            hash: sent[0].hash,
            fate,
            code: None,
            detail: None,
            blocked_by: None,
            review: vec![],
        };
        store.mark(&[receipt], NOW).expect("BUG: marked");
    }
    assert_eq!(digest(&store), both);
    let now = EpochState {
        epoch: Epoch(Uuid::from_u128(7)),
        version: 5_000_000,
        catalogue: 1,
        last_sequence: last.sequence,
        last_hash: last.hash,
        lane: None,
    };
    store.begin_epoch(&now, NOW).expect("BUG: begun");
    assert_eq!(store.sync_state().expect("BUG: readable").waiting, 1);
    assert_eq!(mend(&store, &[sunita.id], &[&sunita]), 0, "the server has it as it is here");
    assert_eq!(digest(&store), both);
}
