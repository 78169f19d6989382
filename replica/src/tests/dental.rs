//! The tooth chart: what is typed, what is drawn, and what is done.

use protocol::dental::ProcedureStatus::{self, Accepted, Cancelled, Completed, EnteredInError, InProgress};
use protocol::id::PatientId;
use protocol::permission::Role;

use super::{Fixture, doctor_id, fixture, fixture_of, form};
use crate::error::Error;
use crate::view::{DentalChart, FindingStatus, Mark, Surface, ToothPresence, ToothTone, ToothView, Work};

/// A dentist, and somebody in the chair.
fn chair() -> (Fixture, PatientId) {
    let mut fixture = fixture_of(&[Role::Dentist]);
    fixture.replica.person.doctor_id = Some(doctor_id());
    let patient = fixture.replica.register_patient(&form("Rohan", "98204 41276")).expect("BUG: registered");
    (fixture, patient.id)
}

fn write(fixture: &Fixture, patient: PatientId, lines: &[&str]) -> DentalChart {
    for line in lines {
        fixture.replica.add_dental_line(patient, line).expect("BUG: charted");
    }
    fixture.replica.dental_chart(patient).expect("BUG: the chart")
}

fn tooth(chart: &DentalChart, fdi: u8) -> &ToothView {
    chart.teeth.iter().find(|tooth| tooth.tooth == fdi).expect("BUG: the tooth is charted")
}

fn marks(tooth: &ToothView) -> Vec<(Surface, Mark)> {
    tooth.surfaces.iter().map(|one| (one.surface, one.mark)).collect()
}

#[test]
fn what_is_typed_is_drawn() {
    let (fixture, rohan) = chair();
    let chart = write(
        &fixture,
        rohan,
        &[
            "36 mo c",
            "36 pl",
            "36 plan rct",
            "46 cr",
            "46 rct",
            "18 x",
            "28 ue",
            "25 im",
            "11 fx",
            "mouth ging",
        ],
    );
    let first = tooth(&chart, 36);
    assert_eq!(marks(first), [(Surface::M, Mark::Caries), (Surface::O, Mark::Caries)]);
    assert_eq!((first.root_canal, first.has_lesion), (Some(Work::Planned), true));
    let codes: Vec<_> = first.codes.iter().map(|code| (code.text.as_str(), code.tone)).collect();
    let (disease, plan) = (ToothTone::Disease, ToothTone::Plan);
    assert_eq!(codes, [("C", disease), ("PL", disease), ("plan RCT", plan)]);
    let crowned = tooth(&chart, 46);
    assert_eq!((crowned.crown, crowned.root_canal), (Some(Work::Done), Some(Work::Done)));
    assert_eq!(tooth(&chart, 18).presence, ToothPresence::Missing);
    assert_eq!(tooth(&chart, 28).presence, ToothPresence::NotErupted);
    assert_eq!(tooth(&chart, 25).implant, Some(Work::Done));
    assert!(tooth(&chart, 11).is_fractured && !chart.shows_primary);
    assert_eq!(chart.findings[0].condition, "gingivitis", "the newest first");
    assert_eq!(chart.findings[0].by, "Dr. Anjali Kulkarni");
    assert!(write(&fixture, rohan, &["75 o f"]).shows_primary, "one of them is charted");
}

#[test]
fn a_filling_that_is_done_settles_the_caries_on_its_surfaces() {
    let (fixture, rohan) = chair();
    let chart = write(&fixture, rohan, &["47 do c", "47 b c", "47 do plan f // A2"]);
    let plan = &chart.procedures[0];
    assert_eq!((plan.name.as_str(), plan.note.as_str()), ("Filling", "A2"));
    let step = |seen, next| fixture.replica.step_procedure(plan.id, seen, next);
    step(ProcedureStatus::Planned, Accepted).expect("BUG: accepted");
    step(Accepted, InProgress).expect("BUG: begun");
    step(InProgress, Completed).expect("BUG: done");
    let chart = fixture.replica.dental_chart(rohan).expect("BUG: the chart");
    let state = |surfaces| chart.findings.iter().find(|one| one.surfaces == surfaces).map(|one| one.status);
    assert_eq!(
        (state("OD"), state("B")),
        (Some(FindingStatus::Resolved), Some(FindingStatus::Active)),
        "the other surface was not filled"
    );
    assert_eq!(
        marks(tooth(&chart, 47)),
        [(Surface::O, Mark::Filling), (Surface::D, Mark::Filling), (Surface::B, Mark::Caries)]
    );
    let done = &chart.procedures[0];
    assert_eq!(done.next, [ProcedureStatus::Failed, EnteredInError]);
    assert!(done.started_on.is_some() && done.completed_on.is_some());
}

#[test]
fn a_tooth_that_is_extracted_is_missing_and_has_no_disease_left() {
    let (fixture, rohan) = chair();
    let chart = write(&fixture, rohan, &["48 c", "48 imp", "48 done x"]);
    assert_eq!(tooth(&chart, 48).presence, ToothPresence::Missing);
    assert!(chart.findings.iter().all(|one| one.status == FindingStatus::Resolved));
}

#[test]
fn what_a_procedure_had_settled_is_open_again_when_it_was_an_error() {
    let (fixture, rohan) = chair();
    let chart = write(&fixture, rohan, &["36 mo c", "36 abs", "36 done x"]);
    let wrong = &chart.procedures[0];
    fixture.replica.step_procedure(wrong.id, Completed, EnteredInError).expect("BUG: an error");
    let chart = fixture.replica.dental_chart(rohan).expect("BUG: the chart");
    assert!(chart.findings.iter().all(|one| one.status == FindingStatus::Active));
    assert_eq!(tooth(&chart, 36).presence, ToothPresence::Present);
    assert_eq!(marks(tooth(&chart, 36)), [(Surface::M, Mark::Caries), (Surface::O, Mark::Caries)]);
}

#[test]
fn of_one_day_what_was_written_last_is_drawn_and_a_tooth_that_is_gone_has_nothing_left() {
    let (fixture, rohan) = chair();
    let chart = write(&fixture, rohan, &["36 do c", "36 o done f"]);
    assert_eq!(marks(tooth(&chart, 36)), [(Surface::O, Mark::Filling), (Surface::D, Mark::Caries)]);
    let chart = write(&fixture, rohan, &["46 done rct", "46 do done f", "46 done x", "46 done im"]);
    let codes: Vec<_> = tooth(&chart, 46).codes.iter().map(|code| code.text.as_str()).collect();
    assert_eq!((codes, marks(tooth(&chart, 46))), (vec!["X", "IM"], vec![]));
}

#[test]
fn a_step_is_taken_only_from_the_state_that_was_seen() {
    let (fixture, rohan) = chair();
    let chart = write(&fixture, rohan, &["16 plan polish the edge", "16 c"]);
    let (plan, caries) = (&chart.procedures[0], &chart.findings[0]);
    assert_eq!(plan.name, "Polish the edge");
    let planned = ProcedureStatus::Planned;
    fixture.replica.step_procedure(plan.id, planned, Cancelled).expect("BUG: cancelled");
    let again = fixture.replica.step_procedure(plan.id, planned, InProgress);
    assert!(matches!(again, Err(Error::Invalid(_))), "{again:?}");
    let [active, resolved, error] =
        [FindingStatus::Active, FindingStatus::Resolved, FindingStatus::EnteredInError];
    fixture.replica.step_finding(caries.id, active, resolved).expect("BUG: settled");
    assert!(fixture.replica.step_finding(caries.id, active, error).is_err());
    fixture.replica.step_finding(caries.id, resolved, active).expect("BUG: open again");
    fixture.replica.step_finding(caries.id, active, error).expect("BUG: an error");
    assert!(fixture.replica.step_finding(caries.id, error, active).is_err());
    let chart = fixture.replica.dental_chart(rohan).expect("BUG: the chart");
    assert!(chart.findings.is_empty() && chart.teeth.is_empty());
}

#[test]
fn what_is_charted_already_is_not_charted_twice() {
    let (fixture, rohan) = chair();
    write(&fixture, rohan, &["36 mo c", "36 m1"]);
    let told = fixture.replica.add_dental_line(rohan, "36 om c").expect_err("BUG: refused");
    assert_eq!(told.to_string(), "This is charted already. Nothing was added.");
    write(&fixture, rohan, &["36 m2", "36 d c"]);
}

#[test]
fn a_line_that_is_not_whole_adds_nothing() {
    let (fixture, rohan) = chair();
    for line in ["", "36", "36 mo", "36 plan", "36 zz"] {
        assert!(matches!(fixture.replica.add_dental_line(rohan, line), Err(Error::Invalid(_))), "{line}");
    }
    assert!(fixture.replica.dental_chart(rohan).expect("BUG: the chart").findings.is_empty());
}

#[test]
fn a_nurse_charts_to_dictation_and_completes_nothing() {
    let (mut fixture, rohan) = chair();
    fixture.replica.person.roles.0 = vec![Role::Nurse];
    fixture.replica.person.doctor_id = None;
    let chart = write(&fixture, rohan, &["36 mo c", "36 plan rct"]);
    assert!(chart.may_chart && !chart.may_complete);
    let plan = &chart.procedures[0];
    assert_eq!(plan.by, "Dr. Anjali Kulkarni", "in the doctor's name");
    assert!(!plan.next.contains(&Completed) && plan.next.contains(&InProgress));
    let done = fixture.replica.step_procedure(plan.id, ProcedureStatus::Planned, Completed);
    assert!(matches!(done, Err(Error::Forbidden(_))), "{done:?}");
    let done = fixture.replica.add_dental_line(rohan, "36 done x");
    assert!(matches!(done, Err(Error::Forbidden(_))), "{done:?}");
}

#[test]
fn a_doctor_reads_the_chart_and_the_front_desk_does_not() {
    let doctor = fixture(Role::Doctor);
    let patient = doctor.replica.register_patient(&form("Rohan", "98204 41276")).expect("BUG: registered").id;
    assert!(!doctor.replica.dental_chart(patient).expect("BUG: the chart").may_chart);
    assert!(matches!(doctor.replica.add_dental_line(patient, "36 c"), Err(Error::Forbidden(_))));
    let desk = fixture(Role::Receptionist);
    let patient = desk.replica.register_patient(&form("Rohan", "98204 41276")).expect("BUG: registered").id;
    assert!(matches!(desk.replica.dental_chart(patient), Err(Error::Forbidden(_))));
}
