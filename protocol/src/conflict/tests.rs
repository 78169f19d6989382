use proptest::prelude::*;

use super::*;
use crate::mutation::SetValue;
use crate::permission::{Role, Roles};

const ALL: [Role; 5] = [Role::Admin, Role::Doctor, Role::Dentist, Role::Receptionist, Role::Nurse];

fn item(kind: Kind, table: TableName, column: Option<&str>) -> Item {
    Item {
        id: Uuid::nil(),
        kind,
        table,
        row: Uuid::nil(),
        column: column.map(str::to_owned),
        patient: None,
        rule: None,
        base: json!(null),
        theirs: json!("B+"),
        ours: json!("O+"),
        theirs_from: Source::default(),
        ours_from: Source::default(),
    }
}

fn stored(kind: Kind, table: TableName, column: Option<&str>) -> Values {
    item(kind, table, column).values(OffsetDateTime::UNIX_EPOCH)
}

fn decision(choice: &str, chosen: Option<Value>) -> Change {
    let set = [("state", json!("resolved")), ("choice", json!(choice))];
    let set = set.into_iter().chain(chosen.map(|value| ("chosen", value)));
    let set = set.map(|(name, value)| (name.to_owned(), SetValue { base: json!(null), value }));
    Change::update(TableName::SyncConflicts, Uuid::nil(), set.collect())
}

fn deciders(item: &Values) -> Vec<Role> {
    ALL.into_iter().filter(|role| may_decide(&Roles(vec![*role]), item)).collect()
}

#[test]
fn what_is_clinical_is_decided_by_doctors_and_the_rest_by_the_front_desk_too() {
    use TableName::{Appointments, DentalObservations, PatientAllergies, Patients, Prescriptions};
    let of = |table, column| deciders(&stored(Kind::Column, table, Some(column)));
    assert_eq!(of(Patients, "blood_group"), [Role::Admin, Role::Doctor, Role::Dentist, Role::Receptionist]);
    assert_eq!(of(Appointments, "status"), [Role::Admin, Role::Doctor, Role::Dentist, Role::Receptionist]);
    assert_eq!(of(Patients, "merged_into_id"), [Role::Admin, Role::Doctor, Role::Dentist]);
    assert_eq!(of(Patients, "allergy_status"), [Role::Doctor, Role::Dentist]);
    assert_eq!(of(PatientAllergies, "status"), [Role::Doctor, Role::Dentist]);
    assert_eq!(of(Prescriptions, "diagnoses"), [Role::Doctor, Role::Dentist]);
    assert_eq!(of(DentalObservations, "condition_code"), [Role::Dentist]);
    let duplicate = stored(Kind::Duplicate, Patients, None);
    assert_eq!(deciders(&duplicate), [Role::Admin, Role::Doctor, Role::Dentist]);
}

#[test]
fn an_item_about_what_only_clinicians_write_or_read_stays_with_clinical_devices() {
    let scope = |kind, table, column| stored(kind, table, column)["scope"].clone();
    assert_eq!(scope(Kind::Column, TableName::Patients, Some("sex")), "everyone");
    assert_eq!(scope(Kind::DeleteEdit, TableName::Patients, Some(DELETED)), "everyone");
    assert_eq!(scope(Kind::Duplicate, TableName::Patients, None), "everyone");
    assert_eq!(scope(Kind::DoubleBooking, TableName::Appointments, None), "everyone");
    assert_eq!(scope(Kind::Column, TableName::Patients, Some("alerts")), "clinical");
    assert_eq!(scope(Kind::Column, TableName::Patients, Some("allergy_status")), "clinical");
    assert_eq!(scope(Kind::DeleteEdit, TableName::PatientAllergies, Some(DELETED)), "clinical");
    assert_eq!(scope(Kind::Semantic, TableName::Patients, None), "clinical");
    assert_eq!(scope(Kind::Column, TableName::TenantMedicines, Some("ingredients")), "clinical");
}

#[test]
fn of_two_decisions_the_first_holds_and_another_value_asks_again() {
    let doctor = Roles(vec![Role::Doctor]);
    let mut item = stored(Kind::Column, TableName::Patients, Some("blood_group"));
    let judged = |item: &Values, choice: &str, chosen| judge(item, &decision(choice, chosen), &doctor);
    assert_eq!(judged(&item, "ours", None), Ok(Judgement::First));
    item.insert("state".into(), json!("resolved"));
    item.insert("choice".into(), json!("ours"));
    assert_eq!(judged(&item, "ours", None), Ok(Judgement::Same));
    assert_eq!(judged(&item, "other", Some(json!("O+"))), Ok(Judgement::Same), "the same value, typed");
    assert_eq!(judged(&item, "theirs", None), Ok(Judgement::Differs));
    assert_eq!(judged(&item, "other", Some(json!("AB+"))), Ok(Judgement::Differs));
    assert!(judged(&item, "merged", None).is_err() && judged(&item, "other", None).is_err());
}

#[test]
fn a_change_that_carries_out_a_decision_writes_what_was_decided_and_nothing_else() {
    let item = stored(Kind::Column, TableName::Patients, Some("blood_group"));
    let deed = |column: &str, value: &str| {
        let set = SetValue { base: json!("B+"), value: json!(value) };
        Change::update(TableName::Patients, Uuid::nil(), [(column.to_owned(), set)].into())
    };
    let ours = decision("ours", None);
    assert!(check_deed(&item, &ours, &deed("blood_group", "O+")).is_ok());
    assert!(check_deed(&item, &ours, &deed("blood_group", "B+")).is_err());
    assert!(check_deed(&item, &ours, &deed("city", "O+")).is_err());
    let elsewhere = Change { id: Uuid::max(), ..deed("blood_group", "O+") };
    assert!(check_deed(&item, &ours, &elsewhere).is_err());
    let other = decision("other", Some(json!("AB+")));
    assert!(check_deed(&item, &other, &deed("blood_group", "AB+")).is_ok());
}

proptest! {
    /// Two people decide one item apart. Whoever comes first, what holds is one of the two decisions, and a new
    /// item asks exactly if they differ, with both of them in it.
    #[test]
    fn of_two_decisions_in_either_order_one_holds_and_the_other_is_never_lost(
        choices in prop::array::uniform2((0_usize..3, "[ABO]\\+")), turned in any::<bool>(),
    ) {
        let doctor = Roles(vec![Role::Doctor]);
        let open = stored(Kind::Column, TableName::Patients, Some("blood_group"));
        let decisions = choices.map(|(place, typed)| {
            let choice = ["ours", "theirs", "other"][place];
            let chosen = (choice == "other").then(|| json!(typed));
            let value = match choice { "ours" => json!("O+"), "theirs" => json!("B+"), _ => json!(typed) };
            (decision(choice, chosen), value)
        });
        let [first, second] = if turned { [&decisions[1], &decisions[0]] } else { [&decisions[0], &decisions[1]] };
        prop_assert_eq!(judge(&open, &first.0, &doctor), Ok(Judgement::First));
        let mut held = open.clone();
        held.extend(first.0.values());
        let judged = judge(&held, &second.0, &doctor).expect("BUG: allowed");
        prop_assert_eq!(judged == Judgement::Same, first.1 == second.1);
        if judged == Judgement::Differs {
            let item = again(&held, &second.0, Uuid::max(), Source::default()).expect("BUG: asked");
            prop_assert_eq!((&item.theirs, &item.ours), (&first.1, &second.1));
        }
    }
}

#[test]
fn a_pair_of_patients_has_one_item_whoever_is_named_first() {
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    assert_eq!(duplicate_id(one, other), duplicate_id(other, one));
    assert_ne!(duplicate_id(one, other), duplicate_id(one, Uuid::from_u128(3)));
}
