use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::value::union;
use super::*;
use crate::mutation::SetValue;
use crate::permission::Role;

fn doctor() -> Roles {
    Roles(vec![Role::Doctor])
}

fn patient() -> Current {
    let values = [
        ("mobile_number", json!("+919820441276")),
        ("first_name", json!("Sunita")),
        ("first_name_norm", json!("sunita")),
        ("age_years", json!(54)),
        ("age_recorded_on", json!("2026-01-05")),
    ];
    let values = values.map(|(name, value)| (name.to_owned(), value)).into();
    let change = Change::insert(TableName::Patients, Uuid::nil(), values);
    merge(&change, None, &doctor(), 1_000).expect("BUG: a good patient").row
}

fn edit(column: &str, base: Value, value: Value) -> Change {
    let set = [(column.to_owned(), SetValue { base, value })].into();
    Change::update(TableName::Patients, Uuid::nil(), set)
}

#[test]
fn a_new_row_gets_the_defaults_of_the_columns_it_does_not_give() {
    assert_eq!(patient().values["allergy_status"], json!("unknown"));
    assert_eq!(patient().values["city"], Value::Null);
}

#[test]
fn edits_of_different_columns_are_both_kept() {
    let first = merge(&edit("city", json!(null), json!("Pune")), Some(patient()), &doctor(), 2_000);
    let first = first.expect("BUG: allowed").row;
    let second = merge(&edit("email", json!(null), json!("s@example.org")), Some(first), &doctor(), 1_500);
    let second = second.expect("BUG: allowed");
    assert_eq!(second.row.values["city"], json!("Pune"));
    assert_eq!(second.row.values["email"], json!("s@example.org"));
    assert!(!second.met_others);
}

#[test]
fn a_word_that_only_a_later_program_knows_goes_along_unharmed_and_is_never_brought_anew() {
    let mut row = patient();
    row.values.insert("blood_group".into(), json!("Bombay"));
    let mut change = edit("city", json!(null), json!("Pune"));
    let as_it_is = SetValue { base: json!("Bombay"), value: json!("Bombay") };
    change.set.insert("blood_group".to_owned(), as_it_is);
    let merged = merge(&change, Some(row.clone()), &doctor(), 2_000).expect("BUG: nothing of it is new");
    assert_eq!(
        (&merged.row.values["blood_group"], &merged.row.values["city"]),
        (&json!("Bombay"), &json!("Pune"))
    );
    let gone = Change { op: Op::Delete, ..change.clone() };
    assert!(merge(&gone, Some(row), &doctor(), 2_000).expect("BUG: allowed").row.deleted);
    let anew = merge(&change, Some(patient()), &doctor(), 2_000).map(|_| ());
    assert_eq!(anew.map_err(|refusal| refusal.code), Err(RefusalCode::BadValue));
}

#[test]
fn of_two_addresses_the_later_wins_in_whatever_order_they_arrive() {
    let early = edit("city", json!(null), json!("Pune"));
    let late = edit("city", json!(null), json!("Nashik"));
    for (first, at_first, second, at_second) in [(&early, 2_000, &late, 3_000), (&late, 3_000, &early, 2_000)]
    {
        let row = merge(first, Some(patient()), &doctor(), at_first).expect("BUG: allowed").row;
        let merged = merge(second, Some(row), &doctor(), at_second).expect("BUG: allowed");
        assert_eq!(merged.row.values["city"], json!("Nashik"));
        assert!(merged.met_others);
    }
}

#[test]
fn of_two_blood_groups_the_servers_stays_and_a_person_decides() {
    let row = merge(&edit("blood_group", json!("unknown"), json!("B+")), Some(patient()), &doctor(), 2_000);
    let row = row.expect("BUG: allowed").row;
    let merged = merge(&edit("blood_group", json!("unknown"), json!("O+")), Some(row), &doctor(), 3_000);
    let merged = merged.expect("BUG: allowed");
    assert_eq!(merged.row.values["blood_group"], json!("B+"));
    assert_eq!(merged.review.len(), 1);
    assert_eq!(merged.review[0].ours, json!("O+"));
}

#[test]
fn of_two_allergies_written_at_once_both_stay_and_a_person_decides() {
    let edits = [
        [("alerts", json!("Penicillin")), ("allergy_status", json!("has_allergies"))],
        [("alerts", json!("Sulfa")), ("allergy_status", json!("none_known"))],
    ];
    let apply = |order: [usize; 2]| {
        let mut row = patient();
        row.values.insert("allergy_status".into(), json!("unknown"));
        let mut n_review = 0;
        for (column, value) in order.into_iter().flat_map(|place| edits[place].clone()) {
            let base = if column == "alerts" { json!(null) } else { json!("unknown") };
            let merged = merge(&edit(column, base, value), Some(row), &doctor(), 2_000);
            let merged = merged.expect("BUG: allowed");
            n_review += merged.review.len();
            row = merged.row;
        }
        (row.values["alerts"].clone(), row.values["allergy_status"].clone(), n_review)
    };
    assert_eq!(apply([0, 1]), (json!("Penicillin\nSulfa"), json!("has_allergies"), 2));
    assert_eq!(apply([1, 0]), (json!("Sulfa\nPenicillin"), json!("has_allergies"), 2));
}

fn appointment(status: &str) -> Current {
    let values = [("status", json!(status))];
    Current { values: values.map(|(name, value)| (name.to_owned(), value)).into(), ..Current::default() }
}

fn change_status(base: &str, value: &str) -> Change {
    let mut change = edit("status", json!(base), json!(value));
    change.table = TableName::Appointments;
    change
}

#[test]
fn of_two_states_of_an_appointment_the_further_one_holds_in_either_order() {
    for (first, second) in [("confirmed", "arrived"), ("arrived", "confirmed")] {
        let one = merge(&change_status("booked", first), Some(appointment("booked")), &doctor(), 2_000)
            .expect("BUG: allowed");
        let both =
            merge(&change_status("booked", second), Some(one.row), &doctor(), 1_000).expect("BUG: allowed");
        assert_eq!(both.row.values["status"], "arrived");
        assert!(both.review.is_empty());
    }
}

#[test]
fn a_cancellation_against_an_arrival_is_for_a_person() {
    let merged = merge(&change_status("booked", "cancelled"), Some(appointment("arrived")), &doctor(), 2_000)
        .expect("BUG: allowed");
    assert_eq!(merged.row.values["status"], "arrived");
    assert_eq!(merged.review.len(), 1);
}

#[test]
fn what_two_sides_add_to_a_list_is_all_there() {
    let theirs = json!([{"date": "2026-11-01"}, {"date": "2026-11-08"}]);
    let ours = json!([{"date": "2026-11-01"}, {"date": "2026-11-09"}]);
    let both = union(&theirs, &ours);
    assert_eq!(both, json!([{"date": "2026-11-01"}, {"date": "2026-11-08"}, {"date": "2026-11-09"}]));
    assert_eq!(union(&both, &ours), both);
    let note = union(&json!("Healed.\nNo pain."), &json!("Healed.\nCold test done."));
    assert_eq!(note, json!("Healed.\nNo pain.\nCold test done."));
    assert_eq!(union(&note, &json!(null)), note);
}

#[test]
fn two_notes_that_are_too_long_together_are_for_a_person() {
    let (theirs, ours) = ("a".repeat(1_500), "b".repeat(1_500));
    let row = Current {
        values: [("status".to_owned(), json!("planned")), ("note".to_owned(), json!(theirs))].into(),
        ..Current::default()
    };
    let mut change = edit("note", json!(null), json!(ours));
    change.table = TableName::DentalProcedures;
    let merged = merge(&change, Some(row), &Roles(vec![Role::Dentist]), 2_000).expect("BUG: allowed");
    assert_eq!((&merged.row.values["note"], merged.review.len()), (&json!(theirs), 1));
}

#[test]
fn reception_cannot_write_a_clinical_column() {
    let refused = merge(
        &edit("alerts", json!(null), json!("…")),
        Some(patient()),
        &Roles(vec![Role::Receptionist]),
        2_000,
    );
    assert_eq!(refused.map_err(|refusal| refusal.code), Err(RefusalCode::NotAllowed));
}

#[test]
fn a_delete_against_an_edit_leaves_the_edit() {
    let edited = merge(&edit("city", json!(null), json!("Pune")), Some(patient()), &doctor(), 2_000)
        .expect("BUG: allowed")
        .row;
    let mut delete = edit("city", json!(null), json!(null));
    delete.op = Op::Delete;
    let merged = merge(&delete, Some(edited), &doctor(), 3_000).expect("BUG: allowed");
    assert!(!merged.row.deleted);
    assert_eq!(merged.review[0].column, "deleted");
}

fn edits(table: TableName, set: &[(&str, Value, Value)]) -> Change {
    let set = set.iter().map(|(name, base, value)| {
        ((*name).to_owned(), SetValue { base: base.clone(), value: value.clone() })
    });
    Change::update(table, Uuid::nil(), set.collect())
}

#[test]
fn of_two_dosages_one_holds_as_a_whole() {
    let values = [("dose_text", json!("1-0-1 x5d")), ("duration_value", json!(5)), ("quantity", json!(10))];
    let row =
        Current { values: values.map(|(name, value)| (name.to_owned(), value)).into(), ..Current::default() };
    let longer = edits(
        TableName::PrescriptionItems,
        &[
            ("dose_text", json!("1-0-1 x5d"), json!("1-0-1 x7d")),
            ("duration_value", json!(5), json!(7)),
            ("quantity", json!(10), json!(14)),
        ],
    );
    let more = edits(
        TableName::PrescriptionItems,
        &[
            ("dose_text", json!("1-0-1 x5d"), json!("1-1-1 x5d")),
            ("duration_value", json!(5), json!(5)),
            ("quantity", json!(10), json!(15)),
        ],
    );
    let first = merge(&longer, Some(row), &doctor(), 2_000).expect("BUG: allowed").row;
    let second = merge(&more, Some(first.clone()), &doctor(), 3_000).expect("BUG: allowed");
    assert_eq!(second.row.values, first.values, "no mixture of both");
    assert_eq!(second.review.len(), 1, "{:?}", second.review);
    assert_eq!(second.review[0].column, "dose_text");
    assert_eq!(second.review[0].ours, json!({"dose_text": "1-1-1 x5d", "duration_value": 5, "quantity": 15}));
}

#[test]
fn of_a_medicine_that_two_stopped_at_once_the_first_holds_with_its_reason_and_a_person_decides() {
    let stop = |at: &str, why: &str| {
        edits(
            TableName::PrescriptionItems,
            &[("stopped_at", json!(null), json!(at)), ("stop_reason", json!(null), json!(why))],
        )
    };
    let values = [("stopped_at", json!(null)), ("stop_reason", json!(null))];
    let row =
        Current { values: values.map(|(name, value)| (name.to_owned(), value)).into(), ..Current::default() };
    let first = merge(&stop("2026-11-25T04:11:08.123Z", "rash"), Some(row), &doctor(), 2_000);
    let first = first.expect("BUG: allowed").row;
    let second = merge(&stop("2026-11-25T05:00:00.123Z", "rash"), Some(first.clone()), &doctor(), 3_000);
    let second = second.expect("BUG: allowed");
    assert_eq!(second.row.values, first.values);
    let [review] = second.review.as_slice() else { panic!("{:?}", second.review) };
    let ours = json!({"stopped_at": "2026-11-25T05:00:00.123Z", "stop_reason": "rash"});
    assert_eq!((review.column.as_str(), &review.ours), ("stopped_at", &ours), "the reason goes with its day");
}

#[test]
fn of_two_sets_of_vitals_only_what_both_measured_is_for_a_person() {
    let values = [("vitals", json!({"weight_kg": 66})), ("status", json!("draft"))];
    let row =
        Current { values: values.map(|(name, value)| (name.to_owned(), value)).into(), ..Current::default() };
    let measured =
        |value: Value| edits(TableName::Prescriptions, &[("vitals", json!({"weight_kg": 66}), value)]);
    let nurse = measured(json!({"weight_kg": 66, "pulse": 80}));
    let doctor_saw = measured(json!({"weight_kg": 68.4, "temp_c": 38}));
    let first = merge(&nurse, Some(row), &doctor(), 2_000).expect("BUG: allowed").row;
    let both = merge(&doctor_saw, Some(first), &doctor(), 3_000).expect("BUG: allowed");
    assert_eq!(both.row.values["vitals"], json!({"weight_kg": 68.4, "pulse": 80, "temp_c": 38}));
    assert!(both.review.is_empty() && both.met_others);
    let other = measured(json!({"weight_kg": 64.8, "spo2": 97}));
    let third = merge(&other, Some(both.row), &doctor(), 3_000).expect("BUG: allowed");
    assert_eq!(third.row.values["vitals"]["weight_kg"], json!(68.4));
    assert_eq!(third.row.values["vitals"]["spo2"], json!(97));
    let [review] = third.review.as_slice() else { panic!("{:?}", third.review) };
    assert_eq!((&review.theirs, &review.ours), (&json!({"weight_kg": 68.4}), &json!({"weight_kg": 64.8})));
}

#[test]
fn an_edit_against_a_deletion_brings_the_row_back() {
    let row = Current { deleted: true, ..patient() };
    let merged = merge(&edit("city", json!(null), json!("Pune")), Some(row), &doctor(), 2_000);
    let merged = merged.expect("BUG: allowed");
    assert!(!merged.row.deleted);
    assert_eq!((merged.review[0].column.as_str(), &merged.review[0].theirs), ("deleted", &json!(true)));
}

#[test]
fn a_prescription_that_was_withdrawn_twice_stays_as_it_was_first_and_a_person_looks_at_it() {
    let values = [("status", json!("voided")), ("void_reason", json!("wrong patient"))];
    let row =
        Current { values: values.map(|(name, value)| (name.to_owned(), value)).into(), ..Current::default() };
    let amended = edits(
        TableName::Prescriptions,
        &[
            ("status", json!("finalised"), json!("superseded")),
            ("superseded_by_id", json!(null), json!(Uuid::nil())),
        ],
    );
    let merged = merge(&amended, Some(row.clone()), &doctor(), 2_000).expect("BUG: kept");
    assert_eq!(merged.row.values, row.values);
    assert_eq!((merged.review.len(), merged.review[0].column.as_str()), (1, "status"));
}

proptest! {
    #[test]
    fn merging_the_same_change_twice_changes_nothing_more(
        base in "[a-c]{0,2}", value in "[a-c]{1,2}", at in 0_i64..5_000,
    ) {
        let change = edit("city", json!(base), json!(value));
        let once = merge(&change, Some(patient()), &doctor(), at).expect("BUG: allowed");
        let twice = merge(&change, Some(once.row.clone()), &doctor(), at).expect("BUG: allowed");
        prop_assert_eq!(once.row, twice.row);
    }

    #[test]
    fn latest_columns_converge_in_every_order(
        mut edits in prop::collection::vec(("[a-e]", 0_i64..1_000_000), 1..5), seed in any::<u64>(),
    ) {
        edits.sort_by_key(|(_, at)| *at);
        edits.dedup_by_key(|(_, at)| *at);
        let apply = |edits: &[(String, i64)]| {
            edits.iter().fold(patient(), |row, (value, at)| {
                let change = edit("city", json!("what all of them saw"), json!(value));
                merge(&change, Some(row), &doctor(), 1_000 + at).expect("BUG: allowed").row
            }).values["city"].clone()
        };
        let in_order = apply(&edits);
        let turn = usize::try_from(seed % edits.len() as u64).expect("BUG: small");
        edits.rotate_left(turn);
        // Equal neighbours are no change and keep the earlier clock, so compare only where values differ.
        let values: BTreeSet<_> = edits.iter().map(|(value, _)| value).collect();
        prop_assume!(values.len() == edits.len());
        prop_assert_eq!(in_order, apply(&edits));
    }
}
