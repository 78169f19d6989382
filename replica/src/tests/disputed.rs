//! What two entries say differently, on paper.

use protocol::conflict::Choice;
use protocol::permission::Role;
use serde_json::json;

use super::conflicts::opened;
use super::{fixture, item};
use crate::error::Error;
use crate::view::{CommandError, Draft};

#[test]
fn a_fact_that_two_entries_say_differently_is_not_printed_until_it_is_decided_and_whoever_signs_is_told_once()
{
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let sunita = fixture.register("Sunita", "98204 41276");
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    let about = |column: &str, theirs: serde_json::Value, ours: serde_json::Value| {
        let item = json!({ "row_id": sunita, "patient_id": sunita, "column_name": column, "theirs": theirs,
            "ours": ours });
        opened(&fixture, item)
    };
    let sex = about("sex", json!("female"), json!("male"));
    about("mobile_number", json!("+919820441276"), json!("+919820441277"));
    about("date_of_birth", json!({ "age_years": 54 }), json!({ "age_years": 45 }));
    let saved = replica.save_draft(sunita, &draft).expect("BUG: saved");
    assert_eq!(saved.warnings.len(), 3, "{:?}", saved.warnings);
    let previewed = replica.printed_draft(sunita).expect("BUG: drawn");
    assert_eq!((previewed.patient_age_sex.as_str(), previewed.patient_mobile.as_str()), ("", ""));

    let refused =
        CommandError::from(replica.sign_prescription(sunita, &draft, &[]).expect_err("BUG: untold"));
    assert!(refused.detail.contains("differ on this patient's sex. It is not printed"), "{refused:?}");
    assert!(refused.hindi.is_some(), "{refused:?}");
    let first = replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed without it").id;
    replica.decide_conflict(sex, Choice::Theirs, None, "").expect("BUG: decided");
    let still = replica.sign_prescription(sunita, &draft, &[]);
    assert!(matches!(still, Err(Error::Invalid(_))), "fewer are left out by now: {still:?}");
    let second = replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed").id;
    let printed = |id| replica.printed(id).expect("BUG: printed").patient_age_sex;
    assert_eq!((printed(first), printed(second)), (String::new(), "F".into()));
}

#[test]
fn a_name_that_two_entries_say_differently_is_printed_as_it_stands_and_told_once_before() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let sunita = fixture.register("Sunita", "98204 41276");
    let names = json!({ "row_id": sunita, "patient_id": sunita, "column_name": "first_name",
        "theirs": { "first_name": "Sunita", "first_name_norm": "sunita" },
        "ours": { "first_name": "Sunitha", "first_name_norm": "sunitha" } });
    opened(&fixture, names);
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    let refused =
        CommandError::from(replica.sign_prescription(sunita, &draft, &[]).expect_err("BUG: untold"));
    assert!(refused.detail.contains("The paper says Sunita Deshmukh until"), "{refused:?}");
    assert!(refused.hindi.is_some(), "{refused:?}");
    let signed = replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed as it is").id;
    assert_eq!(replica.printed(signed).expect("BUG: printed").patient_name, "Sunita Deshmukh");
}
