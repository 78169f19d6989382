//! What was prescribed before, written again.

use protocol::permission::Role;

use super::{fixture, form, item};
use crate::error::Error;
use crate::view::{Draft, DraftItem, ItemSource, LineDifference};

#[test]
fn the_last_prescription_is_repeated_and_what_differs_from_it_is_shown() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let sunita = replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let none = replica.repeat_prescription(sunita, None, None);
    assert!(matches!(none, Err(Error::Invalid(_))));
    let listed = replica.find_medicines("para650").expect("BUG: found")[0].id;
    let paracetamol =
        DraftItem { medicine_id: Some(listed), ..item("Paracetamol 650 mg", "1 sos max 3 // with water") };
    let first = Draft {
        items: vec![paracetamol, item("Tab. Something new", "1-0-1 x5d"), item("Syr. Another", "5-5-5 x5d")],
        diagnoses: vec!["Fever".into()],
        advice: "Rest".into(),
        ..Draft::default()
    };
    let signed = replica.sign_prescription(sunita, &first, &[]).expect("BUG: signed");

    let own = Draft { items: vec![item("tab. something NEW", "1-1-1 x3d")], ..Draft::default() };
    let mut draft = replica.repeat_prescription(sunita, None, Some(own)).expect("BUG: repeated");
    assert_eq!(draft.items.len(), 3, "what stands there already is not written twice");
    assert_eq!(draft.items[1].dose_text, "1 sos max 3 // with water");
    assert_eq!(draft.items[1].source, ItemSource::Repeat);
    assert_eq!((draft.diagnoses.as_slice(), draft.advice.as_str()), (&["Fever".into()][..], "Rest"));
    assert_eq!(draft.repeated, Some(signed.id));

    draft.items.pop();
    draft.items.push(item("Tab. Third", "1-0-0 x1d"));
    let saved = replica.save_draft(sunita, &draft).expect("BUG: saved");
    let difference = saved.difference.expect("BUG: a difference");
    assert_eq!(
        difference.lines,
        [LineDifference::Changed { before: "1-0-1 x5d".into() }, LineDifference::Same, LineDifference::New]
    );
    assert_eq!(difference.removed[0].title, "SYR. SYR. ANOTHER");
    assert_eq!(replica.open_pad(sunita).expect("BUG: pad").difference, Some(difference));
}

#[test]
fn only_the_patients_own_prescriptions_are_copied() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let register = |name, number| replica.register_patient(&form(name, number)).expect("BUG: registered").id;
    let (sunita, aditi) = (register("Sunita", "98204 41276"), register("Aditi", "98204 41277"));
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    let old = replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed").id;
    let later = Draft { items: vec![item("Cetirizine 10 mg", "0-0-1 x3d")], ..Draft::default() };
    replica.sign_prescription(sunita, &later, &[]).expect("BUG: signed");
    let copied = replica.repeat_prescription(sunita, Some(old), None).expect("BUG: copied");
    assert_eq!(copied.items[0].medicine_text, "Paracetamol 650 mg");
    assert!(matches!(replica.repeat_prescription(aditi, Some(old), None), Err(Error::NotFound)));
}
