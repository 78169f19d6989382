//! What an admin writes on every paper.

use protocol::permission::{Role, Roles};
use protocol::printed::MAX_LOGO_BYTES;
use protocol::table::TableName;
use serde_json::json;

use super::{Fixture, doctor_id, fixture, form, item};
use crate::error::Error;
use crate::language::Language;
use crate::view::{Draft, Letterhead};

/// A doctor who runs the clinic.
fn desk() -> Fixture {
    let mut fixture = fixture(Role::Doctor);
    fixture.replica.person.roles = Roles(vec![Role::Admin, Role::Doctor]);
    assert_eq!(fixture.replica.person.doctor_id, Some(doctor_id()));
    fixture
}

fn wanted(seen: &Letterhead) -> Letterhead {
    Letterhead {
        line: "Mother and child\nTeeth".into(),
        address: "12 Marol Road".into(),
        city: "Mumbai".into(),
        pincode: "400059".into(),
        phone: "022 5550 1420".into(),
        registration_number: "BMC/2019/771".into(),
        foot: "Open Monday to Saturday".into(),
        ..seen.clone()
    }
}

#[test]
fn what_an_admin_writes_stands_on_the_next_paper() {
    let fixture = desk();
    let seen = fixture.replica.letterhead().expect("BUG: read");
    assert_eq!(seen.clinic_name, "Asha Clinic");
    fixture.replica.save_letterhead(&seen, &wanted(&seen)).expect("BUG: saved");
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    let signed = fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    let printed = fixture.replica.printed(signed.id).expect("BUG: printed");
    assert_eq!(printed.clinic_lines, ["Mother and child", "Teeth"]);
    assert_eq!(printed.clinic_address, "12 Marol Road, Mumbai 400059");
    assert_eq!((printed.foot.as_str(), printed.head_room_mm), ("Open Monday to Saturday", 0));
    let pad = Letterhead { preprinted_mm: Some(35), ..wanted(&seen) };
    assert_eq!(fixture.replica.printed_sample(&pad).expect("BUG: drawn").head_room_mm, 35);
    assert_eq!(
        fixture.replica.letterhead().expect("BUG: read").preprinted_mm,
        None,
        "a sample changes nothing"
    );
}

#[test]
fn only_what_differs_is_written_and_what_else_is_kept_there_stays() {
    let fixture = desk();
    let seen = fixture.replica.letterhead().expect("BUG: read");
    fixture.replica.save_letterhead(&seen, &seen).expect("BUG: nothing to do");
    assert_eq!(fixture.store.sync_state().expect("BUG").waiting, 0);
    let id = fixture.replica.facts.clinic_id.0;
    let clinic = |name: &str| {
        let row = fixture.store.read(|tx| crate::replica::must_get(tx, TableName::Clinics, id));
        row.expect("BUG: the clinic")[name].clone()
    };
    let sql = "update clinics set letterhead = ?1 where id = ?2";
    let logo = json!({ "logo": "abc" }).to_string();
    fixture.store.write(|tx| Ok(tx.execute(sql, (logo, id.to_string()))?)).expect("BUG: written");
    let foot = Letterhead { foot: "Closed on Sunday".into(), ..seen.clone() };
    fixture.replica.save_letterhead(&seen, &foot).expect("BUG: saved");
    assert_eq!(clinic("letterhead"), json!({ "logo": "abc", "foot": "Closed on Sunday" }));
}

#[test]
fn what_came_from_elsewhere_while_the_form_stood_open_stays_beside_what_is_changed_in_it() {
    let fixture = desk();
    let seen = fixture.replica.letterhead().expect("BUG: read");
    let other = Letterhead { foot: "Closed on Sunday".into(), preprinted_mm: Some(35), ..seen.clone() };
    fixture.replica.save_letterhead(&seen, &other).expect("BUG: saved");
    let mine = Letterhead { line: "Teeth".into(), ..seen.clone() };
    fixture.replica.save_letterhead(&seen, &mine).expect("BUG: saved");
    let now = fixture.replica.letterhead().expect("BUG: read");
    assert_eq!(
        (now.line.as_str(), now.foot.as_str(), now.preprinted_mm),
        ("Teeth", "Closed on Sunday", Some(35))
    );
}

#[test]
fn a_picture_of_the_clinics_own_stands_on_every_paper_until_it_is_taken_away() {
    let fixture = desk();
    let seen = fixture.replica.letterhead().expect("BUG: read");
    assert!(!seen.has_logo);
    fixture.replica.save_logo(Some(b"a picture")).expect("BUG: saved");
    fixture.replica.save_letterhead(&seen, &wanted(&seen)).expect("BUG: the words beside it");
    let with = fixture.replica.letterhead().expect("BUG: read");
    assert!(with.has_logo);
    assert_eq!(fixture.replica.printed_sample(&with).expect("BUG: drawn").logo, b"a picture");
    fixture.replica.save_logo(None).expect("BUG: taken away");
    let without = fixture.replica.letterhead().expect("BUG: read");
    assert_eq!((without.has_logo, without.foot.as_str()), (false, "Open Monday to Saturday"));
    let waiting = fixture.store.sync_state().expect("BUG").waiting;
    fixture.replica.save_logo(None).expect("BUG: nothing to do");
    assert_eq!(fixture.store.sync_state().expect("BUG").waiting, waiting);
}

#[test]
fn the_largest_picture_and_the_longest_words_fit_and_what_is_larger_is_refused() {
    let fixture = desk();
    let seen = fixture.replica.letterhead().expect("BUG: read");
    let longest = "क".repeat(300);
    let wordy = Letterhead { line: longest.clone(), foot: longest, ..seen.clone() };
    fixture.replica.save_letterhead(&seen, &wordy).expect("BUG: saved");
    fixture.replica.save_logo(Some(&vec![7; MAX_LOGO_BYTES])).expect("BUG: the largest");
    for odd in [vec![], vec![7; MAX_LOGO_BYTES + 1]] {
        let refused = fixture.replica.save_logo(Some(&odd));
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    let id = fixture.replica.facts.clinic_id.0.to_string();
    let huge = json!({ "logo": "A".repeat(MAX_LOGO_BYTES * 2) }).to_string();
    let sql = "update clinics set letterhead = ?1 where id = ?2";
    fixture.store.write(|tx| Ok(tx.execute(sql, (huge, id))?)).expect("BUG: written");
    assert!(!fixture.replica.letterhead().expect("BUG: read").has_logo, "from another program");
}

#[test]
fn nobody_but_an_admin_changes_it_and_what_does_not_fit_is_refused() {
    let doctor = fixture(Role::Doctor);
    let seen = doctor.replica.letterhead().expect("BUG: read");
    assert!(matches!(doctor.replica.save_letterhead(&seen, &wanted(&seen)), Err(Error::Forbidden(_))));
    assert!(matches!(doctor.replica.save_logo(Some(b"a picture")), Err(Error::Forbidden(_))));
    let fixture = desk();
    for odd in [
        Letterhead { clinic_name: " ".into(), ..seen.clone() },
        Letterhead { pincode: "4000".into(), ..seen.clone() },
        Letterhead { preprinted_mm: Some(200), ..seen.clone() },
        Letterhead { foot: "x".repeat(301), ..seen.clone() },
    ] {
        let refused = fixture.replica.save_letterhead(&seen, &odd);
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
}

#[test]
fn letters_that_no_paper_has_are_told_while_a_letterhead_is_typed() {
    let fixture = desk();
    let told = |form: &Letterhead| fixture.replica.boxes_on_paper(form).expect("BUG: read");
    let seen = fixture.replica.letterhead().expect("BUG: read");
    assert_eq!(told(&wanted(&seen)), None);
    let typed = Letterhead { foot: "Open 😀, રવિવાર".into(), ..wanted(&seen) };
    let said = "These letters cannot be printed and would be empty boxes on paper: 😀 ર વ િ ા.";
    assert_eq!(told(&typed).as_deref(), Some(said));
    fixture.replica.spoken.set(Language::Hi);
    assert!(told(&typed).is_some_and(|said| said.contains("खाली डिब्बे")));
}
