//! The engine beside a server that says what a test lets it say.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use futures_util::future::{BoxFuture, FutureExt, pending, ready};
use futures_util::stream::{self, BoxStream, StreamExt};
use protocol::api::{
    ChallengeResponse, EpochState, Fate, LivePage, Notice, NoticeCode, Receipt, ReceiptsAnswer,
    ReceiptsRequest, Secret, Session, StaffMember, Tokens,
};
use protocol::digest::DigestAnswer;
use protocol::error::{ErrorCode, Problem};
use protocol::id::{Epoch, UserId};
use protocol::mutation::{Hash, Mutation, SignedMutation};
use protocol::permission::Role;
use protocol::table::{Row, TableName};
use serde::Serialize;
use time::OffsetDateTime;
use tokio::sync::broadcast;
use uuid::Uuid;

use super::rounds::{listen, run};
use super::{Context, Engine, Line, Typed, lock};
use crate::error::{Error, Result};
use crate::keyring::{Keyring, RefreshToken};
use crate::store::get_row;
use crate::sync::client::Client;
use crate::sync::news::Told;
use crate::sync::surroundings::Surroundings;
use crate::sync::wire::{Answer, Request, Wire};
use crate::tests::{Fixture, NOW, fixture, form};

type Body = BoxStream<'static, std::io::Result<Bytes>>;

/// What a server says to whoever asks for something.
type Says = Box<dyn Fn(&Request) -> Answer + Send + Sync>;

struct Server {
    says: Says,
    /// What it was asked for.
    asked: Mutex<Vec<String>>,
}

impl Wire for Server {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer>> {
        let answer = (self.says)(&request);
        lock(&self.asked).push(request.path);
        ready(Ok(answer)).boxed()
    }
}

/// What the clock of a computer shows.
type Shows = Arc<Mutex<OffsetDateTime>>;

/// A computer on which a short while is none and a long one never ends, and whose clock the test sets.
struct Still(Shows);

impl Surroundings for Still {
    fn now(&self) -> OffsetDateTime {
        *lock(&self.0)
    }

    fn chance(&self) -> f64 {
        0.5
    }

    fn pause(&self, length: Duration) -> BoxFuture<'static, ()> {
        if length < Duration::from_secs(10) { ready(()).boxed() } else { pending().boxed() }
    }

    fn aside(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'static, ()> {
        work();
        ready(()).boxed()
    }
}

/// The engine of that computer, which nothing drives but the test, and its server.
fn beside(fixture: &Fixture, says: Says) -> (Arc<Line>, Arc<Server>) {
    beside_at(fixture, Arc::new(Mutex::new(NOW)), says)
}

fn beside_at(fixture: &Fixture, shows: Shows, says: Says) -> (Arc<Line>, Arc<Server>) {
    let server = Arc::new(Server { says, asked: Mutex::default() });
    let wire: Arc<dyn Wire> = Arc::<Server>::clone(&server);
    let context = Context {
        store: Arc::clone(&fixture.store),
        client: Client::over(wire),
        facts: fixture.store.facts().expect("BUG: readable"),
        user: fixture.replica.person.id,
        own_key: None,
        typed: Mutex::default(),
        keyring: Keyring::in_memory(),
        installation: Uuid::nil(),
        device_key: SigningKey::from_bytes(&[9; 32]),
        guard: None,
        written: Arc::default(),
        events: broadcast::channel(16).0,
        surroundings: Arc::new(Still(shows)),
    };
    (Engine::at_rest(context, Some(Secret("token".into()))).line, server)
}

fn answer(status: u16, body: Body) -> Answer {
    let kind = if status == 200 { "application/json" } else { "application/problem+json" };
    Answer { status, kind: kind.into(), body }
}

fn json(status: u16, body: &impl Serialize) -> Answer {
    let body = Bytes::from(serde_json::to_vec(body).expect("BUG: JSON"));
    answer(status, stream::iter([Ok(body)]).boxed())
}

/// The next life of the data.
fn next_life() -> EpochState {
    EpochState {
        epoch: Epoch(Uuid::from_u128(99)),
        version: 1_000_000,
        catalogue: 1,
        last_sequence: 0,
        last_hash: Hash::ZERO,
        lane: None,
    }
}

/// Version 2, as the server read it at this moment: the clinic's row.
fn version_2(fixture: &Fixture, server_time: OffsetDateTime) -> LivePage {
    let id = Uuid::from_u128(3);
    let held = fixture.store.read(|tx| get_row(tx, TableName::Clinics, id));
    let values = held.expect("BUG: readable").expect("BUG: there").values;
    let row = Row { table: TableName::Clinics, id, version: 2, deleted: false, values };
    let epoch = fixture.store.facts().expect("BUG: readable").epoch;
    LivePage { epoch, after: 1, catalogue: 1, server_time, notices: vec![], rows: vec![row] }
}

#[tokio::test]
async fn rows_that_were_long_on_their_way_stand_for_no_answer_and_say_nothing_of_the_time() {
    let (second, hour) = (time::Duration::SECOND, time::Duration::HOUR);
    for (read_at, offset_ms, is_taken) in [
        (NOW, 0, true),
        (NOW - second * 4, 0, true),
        (NOW - second * 6, 0, false),
        // It slept, and the event had come just before.
        (NOW - hour, 0, false),
        // Its clock is an hour behind the server's, as it knows.
        (NOW + hour, 3_600_000, true),
        (NOW, 3_600_000, false),
    ] {
        let fixture = fixture(Role::Doctor);
        fixture.store.note_contact((Some(offset_ms), NOW)).expect("BUG: noted");
        let (line, server) = beside(&fixture, Box::new(|_| json(500, &"nobody asks")));
        line.news.bring(Told { head: 2, page: version_2(&fixture, read_at), at: NOW });
        let before = fixture.store.sync_state().expect("BUG: readable");
        let taken = line.take_told(&before).await.expect("BUG: believed");
        let by_its_clock = read_at - time::Duration::milliseconds(offset_ms);
        assert_eq!(taken, is_taken.then_some(by_its_clock), "{read_at} {offset_ms}");
        let after = fixture.store.sync_state().expect("BUG: readable");
        assert_eq!(after.head, Some(if is_taken { 2 } else { 1 }));
        assert_eq!(after.clock_offset_ms, offset_ms);
        assert!(lock(&server.asked).is_empty());
    }
}

#[tokio::test]
async fn an_event_takes_nobody_the_notice_that_they_have_a_one_time_password() {
    let fixture = fixture(Role::Doctor);
    let (line, _) = beside(&fixture, Box::new(|_| json(500, &"nobody asks")));
    let notice = |code| Notice { code, detail: "Read this.".into() };
    line.heard(vec![notice(NoticeCode::PasswordChangeRequired), notice(NoticeCode::AtLimit)]);
    let page = LivePage { notices: vec![notice(NoticeCode::NearLimit)], ..version_2(&fixture, NOW) };
    line.news.bring(Told { head: 2, page, at: NOW });
    let state = fixture.store.sync_state().expect("BUG: readable");
    line.take_told(&state).await.expect("BUG: believed").expect("BUG: taken");
    let codes: Vec<NoticeCode> = line.status().notices.into_iter().map(|notice| notice.code).collect();
    assert_eq!(codes, [NoticeCode::PasswordChangeRequired, NoticeCode::NearLimit]);
}

#[test]
fn with_rows_that_came_by_themselves_it_is_level_as_of_when_they_were_read() {
    let fixture = fixture(Role::Doctor);
    let store = &fixture.store;
    store.mark_compared(NOW, 0).expect("BUG: noted");
    let (line, server) = beside(&fixture, Box::new(|_| json(500, &"nothing is known")));
    let read_at = NOW - time::Duration::SECOND * 3;
    line.news.bring(Told { head: 2, page: version_2(&fixture, read_at), at: NOW });
    assert!(run(Arc::clone(&line)).now_or_never().is_none(), "it goes on for ever");
    let state = store.sync_state().expect("BUG: readable");
    assert_eq!((state.head, state.last_level_at), (Some(2), Some(read_at)));
    assert!(lock(&server.asked).iter().all(|path| !path.contains("pull")), "nobody asked for them");
}

#[test]
fn once_the_data_begins_a_new_life_rows_come_with_the_events_again() {
    let fixture = fixture(Role::Doctor);
    let (now, store) = (next_life(), Arc::clone(&fixture.store));
    let (was, is) = (fixture.store.facts().expect("BUG: readable").epoch, now.epoch);
    let event = |head: i64| Ok::<_, std::io::Error>(Bytes::from(format!("data: {{\"head\":{head}}}\n\n")));
    let says = move |request: &Request| {
        if request.path.contains(&is.to_string()) {
            return answer(200, stream::pending().boxed());
        }
        let (now, store) = (now.clone(), Arc::clone(&store));
        // Between two events the computer hears of it from an answer.
        let begins = async move {
            store.begin_epoch(&now, NOW).expect("BUG: begun");
            event(now.version + 1)
        };
        let events = stream::once(ready(event(2))).chain(stream::once(begins)).chain(stream::pending());
        answer(200, events.boxed())
    };
    let (line, server) = beside(&fixture, Box::new(says));
    line.reached();
    assert!(listen(Arc::clone(&line)).now_or_never().is_none(), "it listens for ever");
    let asked = lock(&server.asked).clone();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[0].contains(&was.to_string()));
    assert!(asked[1].contains(&is.to_string()) && asked[1].contains("after=1000000"));
}

#[tokio::test]
async fn nobody_is_called_level_with_a_server_that_says_meanwhile_that_its_data_is_another() {
    let changed = |request: &Request| {
        if request.path.starts_with("v1/sync/epoch") {
            return json(200, &next_life());
        }
        let (kind, detail) = ("about:blank".to_owned(), "Another.".to_owned());
        json(409, &Problem { kind, status: 409, code: ErrorCode::EpochChanged, detail, server_time: None })
    };
    // It has less than this computer, and does not say that it was restored.
    let went_back = |_: &Request| json(200, &DigestAnswer { catalogue: 1, ..DigestAnswer::default() });
    for (is_said, says) in [(true, Box::new(changed) as Says), (false, Box::new(went_back) as Says)] {
        let fixture = fixture(Role::Doctor);
        let store = &fixture.store;
        store.mark_compared(NOW - time::Duration::HOUR * 2, 0).expect("BUG: noted");
        let state = store.sync_state().expect("BUG: readable");
        let (line, _) = beside(&fixture, says);
        assert!(!line.compare_when_due(state).await);
        let epoch = store.sync_state().expect("BUG: readable").epoch;
        if is_said {
            assert_eq!(epoch, next_life().epoch);
            assert!(line.asked.notified().now_or_never().is_some(), "what it lost goes out at once");
        } else {
            let problem = line.status().problem.expect("BUG: it is shown");
            assert_eq!(problem.code, Error::ServerWentBack.code());
        }
    }
}

#[test]
fn what_a_computer_slept_on_holds_for_when_it_had_asked_and_does_not_say_what_time_it_is() {
    for (slept, offset_ms) in [(time::Duration::SECOND, -1_000), (time::Duration::MINUTE * 30, 7)] {
        let fixture = fixture(Role::Doctor);
        let store = &fixture.store;
        store.note_contact((Some(7), NOW)).expect("BUG: noted");
        store.mark_compared(NOW, 0).expect("BUG: noted");
        let shows: Shows = Arc::new(Mutex::new(NOW));
        let clock = Arc::clone(&shows);
        let says = move |request: &Request| {
            if !request.path.starts_with("v1/sync/pull") {
                return json(500, &"nothing else is known");
            }
            // The answer is there, and the lid is closed.
            *lock(&clock) = NOW + slept;
            let head = r#"{"head":{"version":1,"catalogue":1,"server_time":"2026-11-23T05:11:08Z"}}"#;
            let page = Bytes::from(format!("{head}\n{{\"end\":{{\"more\":false}}}}\n"));
            answer(200, stream::iter([Ok(page)]).boxed())
        };
        let (line, _) = beside_at(&fixture, shows, Box::new(says));
        assert!(run(line).now_or_never().is_none(), "it goes on for ever");
        let state = store.sync_state().expect("BUG: readable");
        assert_eq!((state.last_level_at, state.last_contact_at), (Some(NOW), Some(NOW + slept)));
        assert_eq!(state.clock_offset_ms, offset_ms);
    }
}

fn receipt(signed: &SignedMutation, fate: Fate) -> Receipt {
    let Mutation { sequence, .. } = serde_json::from_str(&signed.body).expect("BUG: a mutation");
    let (code, detail, blocked_by, review) = (None, None, None, vec![]);
    Receipt { sequence, hash: signed.hash, fate, code, detail, blocked_by, review }
}

#[tokio::test]
async fn what_was_decided_elsewhere_and_lost_in_a_restore_waits_here_as_it_does_there() {
    let fixture = fixture(Role::Doctor);
    let store = &fixture.store;
    for (name, number) in [("Asha", "98204 41276"), ("Bina", "98204 41277"), ("Charu", "98204 41278")] {
        fixture.replica.register_patient(&form(name, number)).expect("BUG: registered");
    }
    let sent = store.next_batch(10, 1_000_000).expect("BUG: readable");
    // Since the backup an admin let the second one in, and discarded the third.
    let decided = [Fate::Applied, Fate::Applied, Fate::Discarded];
    let known: Vec<Receipt> = sent.iter().zip(decided).map(|(signed, fate)| receipt(signed, fate)).collect();
    store.mark(&known, NOW).expect("BUG: marked");
    let now = EpochState { last_sequence: 3, last_hash: sent[2].hash, ..next_life() };
    let asked = Arc::new(Mutex::new(Vec::new()));
    let ask = Arc::clone(&asked);
    let says = move |request: &Request| {
        let ReceiptsRequest { sequences, .. } =
            serde_json::from_slice(&request.body).expect("BUG: a question");
        let fates = sent.iter().zip([Fate::Applied, Fate::Quarantined, Fate::Quarantined]);
        let receipts = fates.map(|(signed, fate)| receipt(signed, fate));
        let receipts = receipts.filter(|receipt| sequences.contains(&receipt.sequence)).collect();
        lock(&ask).push(sequences);
        json(200, &ReceiptsAnswer { receipts, rows: vec![] })
    };
    let (line, _) = beside(&fixture, Box::new(says));
    line.ask_receipts().await;
    assert!(lock(&asked).is_empty(), "each is known");
    store.begin_epoch(&now, NOW).expect("BUG: begun");
    line.ask_receipts().await;
    line.ask_receipts().await;
    assert_eq!(*lock(&asked), [vec![1, 2, 3], vec![2, 3]], "of all once, then of what waits");
    assert_eq!(store.sync_state().expect("BUG: readable").set_aside, 2, "a person is asked again");
}

#[tokio::test]
async fn what_became_of_many_changes_is_asked_for_in_pieces_if_it_is_too_much_at_once() {
    let fixture = fixture(Role::Doctor);
    let store = &fixture.store;
    for (name, number) in [("Asha", "98204 41276"), ("Bina", "98204 41277"), ("Charu", "98204 41278")] {
        fixture.replica.register_patient(&form(name, number)).expect("BUG: registered");
    }
    let sent = store.next_batch(10, 1_000_000).expect("BUG: readable");
    let refused: Vec<Receipt> = sent.iter().map(|signed| receipt(signed, Fate::Quarantined)).collect();
    store.mark(&refused, NOW).expect("BUG: marked");
    assert_eq!(store.set_aside(0, 10).expect("BUG: readable"), [1, 2, 3]);
    let says = move |request: &Request| {
        let ReceiptsRequest { sequences, .. } =
            serde_json::from_slice(&request.body).expect("BUG: a question");
        if sequences.len() > 1 {
            let mebibyte = || Ok(Bytes::from(vec![b' '; 1024 * 1024]));
            return answer(200, stream::repeat_with(mebibyte).boxed());
        }
        let decided = sent.iter().map(|signed| receipt(signed, Fate::Discarded));
        let receipts = decided.filter(|receipt| sequences.contains(&receipt.sequence)).collect();
        json(200, &ReceiptsAnswer { receipts, rows: vec![] })
    };
    let (line, _) = beside(&fixture, Box::new(says));
    line.ask_receipts().await;
    assert!(store.set_aside(0, 10).expect("BUG: readable").is_empty(), "it knows of each");
}

#[tokio::test]
async fn nobody_works_with_the_token_of_another_person_who_has_their_email_by_now_and_the_same_password() {
    let fixture = fixture(Role::Doctor);
    let tokens = |access: &str| {
        let (access_token, refresh_token) = (Secret(access.into()), Secret("next".into()));
        Tokens { access_token, expires_in: 900, refresh_token, generation: 2, standing: None }
    };
    let ravi = StaffMember { id: UserId(Uuid::from_u128(0x4a51)), ..fixture.replica.person.clone() };
    for (user, token) in [(fixture.replica.person.clone(), "of the password"), (ravi, "of the computer")] {
        let (unlock_key, notices) = (Secret("half".into()), vec![]);
        let session = Session { user: user.clone(), tokens: tokens("of the password"), unlock_key, notices };
        let refreshed = tokens("of the computer");
        let says = move |request: &Request| match request.path.as_str() {
            "v1/auth/challenge" => json(200, &ChallengeResponse { challenge: "once".into() }),
            "v1/auth/login" => json(200, &session),
            "v1/auth/refresh" => json(200, &refreshed),
            _ => json(500, &"nobody asks"),
        };
        let (line, _) = beside(&fixture, Box::new(says));
        let context = &line.context;
        let kept = RefreshToken { token: Secret("kept".into()), generation: 1 };
        let key = &context.store.token_key;
        context.keyring.put_refresh_token(context.installation, &kept, key).expect("BUG: kept");
        *lock(&context.typed) = Some(Typed::new("anjali@example.org", "seven green parrots"));
        line.refresh().await.expect("BUG: refreshed");
        assert_eq!(line.token().expect("BUG: a token").0, token);
        assert!(lock(&context.typed).is_none());
        let known = context.store.staff(user.id).expect("BUG: readable").is_some();
        assert_eq!(known, user.id == fixture.replica.person.id);
    }
}
