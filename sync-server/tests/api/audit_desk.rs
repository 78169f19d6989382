//! What desktops tell the audit log.

use protocol::audit::{Action, ChainedEvent, DeskEvent, DeskEvents, DeskEventsKept};
use protocol::error::{ErrorCode, Problem};
use protocol::id::UserId;
use protocol::mutation::Hash;
use time::OffsetDateTime;

use crate::clinic::{Clinic, Desk, body};

pub fn event(desk: &Desk, sequence: i64, action: Action) -> DeskEvent {
    DeskEvent {
        sequence,
        at: OffsetDateTime::now_utc(),
        user: desk.user,
        action,
        table: None,
        record: None,
        patient: None,
    }
}

/// These events, chained from the very first.
pub fn chain(events: &[DeskEvent]) -> DeskEvents {
    let mut previous = Hash::ZERO;
    let chained = events.iter().map(|event| {
        let chained = ChainedEvent::new(event, previous).expect("JSON");
        previous = chained.hash;
        chained
    });
    DeskEvents { events: chained.collect(), previous_hash: Hash::ZERO }
}

pub async fn tell(desk: &Desk, events: &DeskEvents) -> Result<DeskEventsKept, Problem> {
    let builder = desk.client.post(format!("{}/v1/audit/events", desk.url)).json(events);
    body(desk.request(builder).send().await.expect("the server answers")).await
}

#[tokio::test]
async fn events_are_kept_once_however_often_they_are_told() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let events = chain(&[event(&desk, 1, Action::Login), event(&desk, 2, Action::View)]);
    for _ in 0..2 {
        assert_eq!(tell(&desk, &events).await.expect("kept").last, 2);
    }
    let more = chain(&[
        serde_json::from_str(&events.events[0].body).expect("an event"),
        serde_json::from_str(&events.events[1].body).expect("an event"),
        event(&desk, 3, Action::Print),
    ]);
    assert_eq!(tell(&desk, &more).await.expect("kept").last, 3);
}

#[tokio::test]
async fn a_token_without_the_computers_key_silences_no_computer() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    // What came before a number that is far ahead would count as told.
    let ahead = chain(&[event(&desk, 1_000_000, Action::Login)]);
    let builder = desk.client.post(format!("{}/v1/audit/events", desk.url)).json(&ahead);
    let answer = desk.unsigned(builder).send().await.expect("the server answers");
    let refused = body::<DeskEventsKept>(answer).await.expect_err("refused");
    assert_eq!((refused.status, refused.code), (403, ErrorCode::NotSigned));
    let events = chain(&[event(&desk, 1, Action::Login), event(&desk, 2, Action::View)]);
    assert_eq!(tell(&desk, &events).await.expect("kept").last, 2);
}

#[tokio::test]
async fn another_history_under_the_same_numbers_is_a_copied_disk() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    tell(&desk, &chain(&[event(&desk, 1, Action::Login)])).await.expect("kept");
    let other = chain(&[event(&desk, 1, Action::View), event(&desk, 2, Action::Print)]);
    assert_eq!(tell(&desk, &other).await.expect_err("another").code, ErrorCode::DeviceCopied);
}

#[tokio::test]
async fn events_that_do_not_follow_each_other_or_name_a_stranger_are_refused_whole() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let good = chain(&[event(&desk, 1, Action::Login), event(&desk, 2, Action::View)]);
    let mut swapped = good.clone();
    swapped.events.swap(0, 1);
    let mut changed = good.clone();
    changed.events[1].body = changed.events[1].body.replace("view", "print");
    let stranger = chain(&[DeskEvent { user: UserId::new(), ..event(&desk, 1, Action::View) }]);
    let forbidden = chain(&[event(&desk, 1, Action::Finalise)]);
    let gap = chain(&[event(&desk, 1, Action::View), event(&desk, 3, Action::View)]);
    for bad in [swapped, changed, stranger, forbidden, gap] {
        assert_eq!(tell(&desk, &bad).await.expect_err("refused").code, ErrorCode::Invalid);
    }
    assert_eq!(tell(&desk, &good).await.expect("kept").last, 2);
}

#[tokio::test]
async fn a_restored_server_goes_on_behind_what_it_lost_and_says_so() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let whole = chain(&[event(&desk, 1, Action::Login), event(&desk, 2, Action::View)]);
    let rest = DeskEvents { previous_hash: whole.events[0].hash, events: whole.events[1..].to_vec() };
    assert_eq!(tell(&desk, &rest).await.expect("kept").last, 2);
    let page: serde_json::Value = body(desk.get("/v1/audit?action=view").await).await.expect("a page");
    let told = page["entries"].as_array().expect("entries").iter();
    let told = told.filter(|entry| entry["lane"].as_str().is_some_and(|lane| lane.starts_with("device:")));
    assert_eq!(told.map(|entry| &entry["changes"]["missing_before"]).collect::<Vec<_>>(), [true]);
}
