//! That a patient has died: noted and undone, shown, and what follows from it.

use protocol::api::DeviceScope;
use protocol::appointment::Status;
use protocol::id::PatientId;
use protocol::mutation::Mutation;
use protocol::permission::Role;
use protocol::safety::{Check, Severity};
use serde_json::{Value, json};

use super::day::{book, here, step_status, today, try_step, why};
use super::{Fixture, NOW, answer, as_server, fixture, form, item};
use crate::error::{Error, Result};
use crate::view::{BookingForm, Died, Draft, DraftItem, Kept, PatientForm, PatientSummary, Step, StepKind};

const DAY: &str = "2026-05-03";

fn died(on: Option<&str>) -> Died {
    Died { on: on.map(str::to_owned) }
}

/// Corrects what the chart says of a death, and nothing else.
fn says(fixture: &Fixture, patient: PatientId, died: Option<Died>) -> Result<PatientSummary> {
    let seen = fixture.replica.chart(patient).expect("BUG: a chart").form;
    let form = PatientForm { died, ..seen.clone() };
    fixture.replica.update_patient(patient, &seen, &form)
}

fn noted(fixture: &Fixture, patient: PatientId, on: Option<&str>) -> PatientSummary {
    says(fixture, patient, Some(died(on))).expect("BUG: noted")
}

fn last_mutation(fixture: &Fixture) -> Mutation {
    let waiting = fixture.store.next_batch(500, 1_000_000).expect("BUG: readable");
    serde_json::from_str(&waiting.last().expect("BUG: one waits").body).expect("BUG: a mutation")
}

/// The columns that the last mutation wrote of each registration.
fn written(fixture: &Fixture) -> Vec<(Value, Value)> {
    let column = |change: &protocol::mutation::Change, name: &str| change.set[name].value.clone();
    let changes = last_mutation(fixture).changes;
    changes.iter().map(|change| (column(change, "is_deceased"), column(change, "deceased_on"))).collect()
}

fn found(fixture: &Fixture) -> Vec<Option<Died>> {
    let people = fixture.replica.find_patients("1276").expect("BUG: found").people;
    people.into_iter().map(|one| one.died).collect()
}

#[test]
fn that_somebody_has_died_is_noted_and_corrected_on_any_computer_and_shown_in_list_and_chart() {
    for scope in [DeviceScope::Clinical, DeviceScope::FrontDesk] {
        let mut fixture = fixture(Role::Receptionist);
        fixture.replica.facts.scope = scope;
        let sunita = fixture.register("Sunita", "98204 41276");
        assert_eq!(found(&fixture), [None]);
        for on in [None, Some(DAY), Some("2026-11-23"), None] {
            assert_eq!(noted(&fixture, sunita, on).died, Some(died(on)));
            assert_eq!(written(&fixture), [(json!(true), json!(on))]);
            let chart = fixture.replica.chart(sunita).expect("BUG: a chart");
            assert_eq!((&chart.patient.died, &chart.form.died), (&Some(died(on)), &Some(died(on))));
            assert_eq!(found(&fixture), [Some(died(on))]);
        }
    }
}

#[test]
fn a_mistake_is_undone_together_with_its_day_in_one_mutation() {
    let fixture = fixture(Role::Nurse);
    let sunita = fixture.register("Sunita", "98204 41276");
    noted(&fixture, sunita, Some(DAY));
    let before = fixture.store.sync_state().expect("BUG: the state").waiting;
    assert_eq!(says(&fixture, sunita, None).expect("BUG: undone").died, None);
    assert_eq!(written(&fixture), [(json!(false), Value::Null)]);
    assert_eq!(fixture.store.sync_state().expect("BUG: the state").waiting, before + 1);
    assert_eq!(found(&fixture), [None]);
}

#[test]
fn a_day_of_death_is_a_day_of_the_life_that_is_over() {
    let fixture = fixture(Role::Doctor);
    let born = PatientForm {
        date_of_birth: Some("1972-08-14".into()),
        age_years: None,
        ..form("Sunita", "98204 41276")
    };
    let sunita = fixture.replica.register_patient(&born).expect("BUG: registered").id;
    for (on, said) in [
        ("2026-11-24", "The day of death is not a day in the past."),
        ("yesterday", "The day of death is not a day in the past."),
        ("1972-08-13", "The day of death is before the patient was born."),
    ] {
        assert_eq!(
            why(says(&fixture, sunita, Some(died(Some(on))))),
            format!("{said} Nothing was saved yet.")
        );
    }
    assert_eq!(found(&fixture), [None]);
    noted(&fixture, sunita, Some(DAY));
    let seen = fixture.replica.chart(sunita).expect("BUG: a chart").form;
    let later = PatientForm { date_of_birth: Some("2026-05-04".into()), ..seen.clone() };
    let refused = why(fixture.replica.update_patient(sunita, &seen, &later));
    assert!(refused.starts_with("The day of death is before the patient was born."), "{refused}");
}

#[test]
fn who_died_grows_no_older_and_their_age_is_not_asked_anew() {
    let fixture = fixture(Role::Doctor);
    let born = PatientForm {
        date_of_birth: Some("1972-08-14".into()),
        age_years: None,
        ..form("Sunita", "98204 41276")
    };
    let sunita = fixture.replica.register_patient(&born).expect("BUG: registered");
    assert_eq!(sunita.age, "54 y");
    assert_eq!(noted(&fixture, sunita.id, Some("2020-01-01")).age, "47 y");
    assert_eq!(fixture.replica.chart(sunita.id).expect("BUG: a chart").patient.age, "47 y");
    assert_eq!(says(&fixture, sunita.id, None).expect("BUG: undone").age, "54 y");

    let asha = fixture.register("Asha", "98204 41277");
    assert_eq!(noted(&fixture, asha, Some(DAY)).age, "54 y");
    let columns: Vec<String> = last_mutation(&fixture).changes[0].set.keys().cloned().collect();
    assert_eq!(columns, ["deceased_on", "is_deceased"]);
}

#[test]
fn what_is_noted_elsewhere_while_the_form_stands_open_stays() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let sent = answer(&fixture.store, 2, vec![as_server(&fixture, sunita, 2, &[])]);
    fixture.store.acknowledge(&sent, &[], (None, NOW)).expect("BUG: acknowledged");
    let seen = fixture.replica.chart(sunita).expect("BUG: a chart").form;
    let row = as_server(&fixture, sunita, 3, &[("is_deceased", json!(true)), ("deceased_on", json!(DAY))]);
    fixture.store.stage(std::slice::from_ref(&row)).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (3, 1), (None, NOW)).expect("BUG: applied");
    let born = |day: &str| PatientForm {
        date_of_birth: Some(day.into()),
        age_years: None,
        city: "Pune".into(),
        ..seen.clone()
    };
    for left in [PatientForm { city: "Pune".into(), ..seen.clone() }, born("1972-08-14")] {
        let after = fixture.replica.update_patient(sunita, &seen, &left).expect("BUG: corrected");
        assert_eq!(after.died, Some(died(Some(DAY))));
        assert!(!last_mutation(&fixture).changes[0].set.contains_key("is_deceased"));
        assert_eq!(found(&fixture), [Some(died(Some(DAY)))]);
    }
    let refused = why(fixture.replica.update_patient(sunita, &seen, &born("2026-05-04")));
    assert!(refused.starts_with("The day of death is before the patient was born."), "{refused}");
}

#[test]
fn what_is_noted_under_one_registration_counts_for_all_and_is_undone_in_all() {
    let fixture = fixture(Role::Doctor);
    let (one, other) =
        (fixture.register("Sunita", "98204 41276"), fixture.register("Suneeta", "98204 51276"));
    noted(&fixture, other, Some(DAY));
    fixture.replica.merge_patients(one, other, "").expect("BUG: merged");
    let chart = fixture.replica.chart(one).expect("BUG: a chart");
    assert_eq!((chart.patient.died, chart.form.died), (Some(died(Some(DAY))), Some(died(Some(DAY)))));
    assert!(fixture.replica.book_visit(one, &here()).is_err());
    noted(&fixture, one, Some("2026-05-04"));
    let day = (json!(true), json!("2026-05-04"));
    assert_eq!(written(&fixture), [day.clone(), day]);
    says(&fixture, one, None).expect("BUG: undone");
    assert_eq!(written(&fixture), [(json!(false), Value::Null), (json!(false), Value::Null)]);
    assert_eq!(found(&fixture), [None]);
}

#[test]
fn nobody_is_booked_or_given_a_token_who_is_noted_as_dead_and_what_is_booked_stays_marked() {
    let fixture = fixture(Role::Receptionist);
    let sunita = fixture.register("Sunita", "98204 41276");
    let to_come = BookingForm { day: "3d".into(), is_here: false, ..here() };
    let later = book(&fixture, sunita, &to_come).id;
    let now = book(&fixture, sunita, &BookingForm { day: String::new(), ..to_come.clone() }).id;
    noted(&fixture, sunita, Some(DAY));
    let why_not = "This patient is marked as deceased. If that is wrong, correct it in their chart first.";
    let said = format!("{why_not} Nothing was booked.");
    assert_eq!(why(fixture.replica.read_booking(sunita, &here(), None)), said);
    for form in [here(), BookingForm { day: "5d".into(), ..to_come.clone() }] {
        assert_eq!(why(fixture.replica.book_visit(sunita, &form)), said);
    }
    assert_eq!(why(try_step(&fixture, later, &Step::Move { form: to_come })), said);
    let refused = why(try_step(&fixture, now, &Step::Arrive));
    assert_eq!(refused, format!("{why_not} Nothing was changed."));
    let [booked] = today(&fixture).booked.try_into().expect("BUG: one is booked");
    assert_eq!((booked.id, booked.patient.died), (now, Some(died(Some(DAY)))));
    assert!(booked.next.contains(&StepKind::Cancel), "a person ends it");
    assert_eq!(step_status(&fixture, later), Status::Booked);
    says(&fixture, sunita, None).expect("BUG: undone");
    assert_eq!(try_step(&fixture, now, &Step::Arrive).expect("BUG: here").status, Status::Arrived);
}

#[test]
fn medicines_for_somebody_who_is_noted_as_dead_need_a_reason_and_words_alone_do_not() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    noted(&fixture, sunita, Some(DAY));
    fixture.replica.open_pad(sunita).expect("BUG: the pad opens");
    let line = item("Something new", "1-0-1 x3d");
    let draft = |item: DraftItem| Draft { items: vec![item], ..Draft::default() };
    let safety = fixture
        .replica
        .check_draft(sunita, &draft(line.clone()), None)
        .expect("BUG: checked")
        .lines
        .remove(0);
    let [finding] = safety.findings.try_into().expect("BUG: one finding");
    assert_eq!((finding.check, finding.severity), (Check::Death, Severity::Hold));
    assert_eq!(finding.why, "This patient is marked as deceased: died on 03 May 2026.");
    let refused = fixture.replica.sign_prescription(sunita, &draft(line.clone()), &[]);
    assert!(matches!(refused, Err(Error::Held(_))), "{refused:?}");
    let kept = Kept { key: finding.key, reason: "Given before, written down late".into() };
    let with_reason = draft(DraftItem { kept: vec![kept], ..line });
    let signed = fixture.replica.sign_prescription(sunita, &with_reason, &[]).expect("BUG: signed");
    assert_eq!(signed.alerts[0].reason.as_deref(), Some("Given before, written down late"));
    let certificate = Draft { advice: "Death certificate given".into(), ..Draft::default() };
    fixture.replica.sign_prescription(sunita, &certificate, &[]).expect("BUG: signed");
}
