//! What waits, what comes, and how they meet.

use protocol::api::Fate;
use protocol::permission::Role;
use protocol::table::Row;
use serde_json::json;

use super::{Fixture, NOW, answer, as_server, fixture, form, key};
use crate::error::Error;
use crate::store::Store;
use crate::view::{Draft, PatientForm};

#[test]
fn what_was_saved_is_there_after_a_new_start_with_what_waits() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered");
    let draft = Draft { line: "para 650 1-1".into(), ..Draft::default() };
    fixture.replica.save_draft(sunita.id, &draft).expect("BUG: saved");
    let path = fixture.folder.path().join("clinic.db");
    let Fixture { replica, store, folder: _folder } = fixture;
    drop((replica, store));
    let store = Store::open(&path, &key(7)).expect("BUG: opens");
    assert_eq!(store.sync_state().expect("BUG: readable").waiting, 1);
    let body: String =
        store.read(|tx| Ok(tx.query_row("select body from drafts", [], |row| row.get(0))?)).expect("BUG");
    assert!(body.contains("para 650 1-1"));
}

#[test]
fn an_acknowledgement_marks_exactly_what_it_names() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered");
    let sent = answer(&fixture.store, 2, vec![as_server(&fixture, sunita.id, 2, &[])]);
    // Typed while the push was under way.
    let edited = PatientForm { city: "Pune".into(), ..form("Sunita", "98204 41276") };
    fixture.replica.update_patient(sunita.id, &form("Sunita", "98204 41276"), &edited).expect("BUG: edited");
    fixture.store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
    let state = fixture.store.sync_state().expect("BUG: readable");
    assert_eq!((state.waiting, state.head), (1, Some(2)));
    assert_eq!(fixture.replica.chart(sunita.id).expect("BUG: chart").form.city, "Pune");
    let mut wrong = answer(&fixture.store, 3, vec![]);
    wrong.receipts[0].hash = protocol::mutation::Hash::ZERO;
    fixture.store.acknowledge(&wrong, &[], (None, NOW)).expect("BUG: acknowledged");
    assert_eq!(
        fixture.store.sync_state().expect("BUG: readable").waiting,
        1,
        "another hash is another mutation"
    );
}

#[test]
fn what_waits_is_laid_over_the_rows_that_come() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let sent = answer(&fixture.store, 2, vec![as_server(&fixture, sunita, 2, &[])]);
    fixture.store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
    let edited = PatientForm { city: "Pune".into(), ..form("Sunita", "98204 41276") };
    fixture.replica.update_patient(sunita, &form("Sunita", "98204 41276"), &edited).expect("BUG: edited");
    // Another desk changed the address and, earlier, the city.
    let theirs = [("city", json!("Nashik")), ("address_line", json!("12 Marol Road"))];
    let row = as_server(&fixture, sunita, 3, &theirs);
    fixture.store.stage(std::slice::from_ref(&row)).expect("BUG: staged");
    assert_eq!(fixture.replica.chart(sunita).expect("BUG").form.address_line, "", "not before all is here");
    assert!(fixture.store.apply_staged(vec![], (3, 1), (None, NOW)).expect("BUG: applied"));
    let shown = fixture.replica.chart(sunita).expect("BUG: chart").form;
    assert_eq!((shown.city.as_str(), shown.address_line.as_str()), ("Pune", "12 Marol Road"));
    // The server decided for the other desk: its row is what counts once nothing waits.
    let decided = answer(&fixture.store, 4, vec![Row { version: 4, ..row }]);
    fixture.store.acknowledge(&decided, &[], (None, NOW)).expect("BUG: acknowledged");
    assert_eq!(fixture.replica.chart(sunita).expect("BUG: chart").form.city, "Nashik");
}

#[test]
fn an_older_row_never_replaces_a_newer_one() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let row = |version, city: &str| as_server(&fixture, sunita, version, &[("city", json!(city))]);
    let newer = answer(&fixture.store, 9, vec![row(9, "Nashik")]);
    let older = row(5, "Pune");
    fixture.store.acknowledge(&newer, &[], (None, NOW)).expect("BUG: acknowledged");
    fixture.store.stage(&[older]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (9, 1), (None, NOW)).expect("BUG: applied");
    assert_eq!(fixture.replica.chart(sunita).expect("BUG: chart").form.city, "Nashik");
}

#[test]
fn a_change_set_aside_stays_visible_and_waits_for_a_person() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let mut refused = answer(&fixture.store, 2, vec![]);
    refused.receipts[0].fate = Fate::Quarantined;
    refused.receipts[0].detail = Some("This person's role may not write it.".into());
    fixture.store.acknowledge(&refused, &[], (None, NOW)).expect("BUG: acknowledged");
    let state = fixture.store.sync_state().expect("BUG: readable");
    assert_eq!((state.waiting, state.set_aside), (0, 1));
    assert_eq!(fixture.replica.chart(sunita).expect("BUG: chart").patient.full_name, "Sunita Deshmukh");
    let ledger = fixture.replica.ledger(5).expect("BUG: ledger");
    assert_eq!(ledger[0].fate, Some(Fate::Quarantined));
    assert!(ledger[0].detail.as_deref().is_some_and(|detail| detail.contains("role")));
}

#[test]
fn a_row_with_any_signs_in_its_numbers_is_taken_and_found() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    for (version, number) in [(2, "98204–41276"), (3, "९८२०४४१२७६"), (4, "–"), (5, "")]
    {
        let row = as_server(&fixture, sunita, version, &[("alternate_mobile", json!(number))]);
        fixture.store.stage(std::slice::from_ref(&row)).expect("BUG: staged");
        fixture.store.apply_staged(vec![], (version, 1), (None, NOW)).expect("BUG: applied");
        assert_eq!(fixture.replica.find_patients("1276").expect("BUG: found").people.len(), 1);
    }
}

#[test]
fn what_comes_once_a_computer_hands_over_is_refused_in_words_and_never_called_saved() {
    let Fixture { replica, store, folder: _folder } = fixture(Role::Doctor);
    let sunita = replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered");
    store.take_no_more_work();
    let late = replica.register_patient(&form("Farida", "98204 41277")).map(|saved| saved.id);
    assert!(matches!(&late, Err(Error::Invalid(said)) if said.contains("It was not saved")), "{late:?}");
    assert!(replica.find_patients("farida").expect("BUG: found").people.is_empty());
    let draft = Draft { line: "para 650 1-1".into(), ..Draft::default() };
    assert!(replica.save_draft(sunita.id, &draft).is_err(), "a draft would be destroyed with the computer");
    assert_eq!(store.sync_state().expect("BUG: readable").waiting, 1, "what was saved before waits");
}
