//! Somebody chooses another password: what the server and this computer know afterwards, wherever it was stopped.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use protocol::api::{LoginRequest, Secret, Session, Tokens};
use protocol::error::ErrorCode;
use protocol::manage::PasswordChange;
use protocol::standing::Lease;
use serde_json::{Value, json};
use uuid::Uuid;

use super::guard::{DEVICE, EMAIL, PASSWORD, lease, signed};
use super::renewal::{person, write_slots_of};
use super::{NOW, facts, form, key};
use crate::clock::Clock;
use crate::desk::Desk;
use crate::error::Error;
use crate::files;
use crate::keyring::{DeviceSecrets, Keyring};
use crate::language::Language;
use crate::slots::{OpenSlot, SlotCost, UserSlot};
use crate::store::{Facts, Store};
use crate::view::AppState;

const INSTALLATION: Uuid = Uuid::from_u128(0x01d);
const NEW: &str = "kettle orbit mango lamp";

/// What goes wrong on the way of a change of password.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loses {
    Nothing,
    Request,
    Answer,
    /// The sign-in with the new password.
    SignIn,
}

/// What the server knows.
struct Known {
    password: String,
    version: i32,
    generation: i64,
    loses: Loses,
}

/// A server that knows one person, and nothing of rows.
struct Server {
    address: String,
    known: Arc<Mutex<Known>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("BUG: a free port");
        let address = format!("http://{}/", listener.local_addr().expect("BUG: it listens"));
        let known = Known { password: PASSWORD.into(), version: 1, generation: 0, loses: Loses::Nothing };
        let known = Arc::new(Mutex::new(known));
        let shared = Arc::clone(&known);
        thread::spawn(move || {
            for line in listener.incoming().map_while(Result::ok) {
                let known = Arc::clone(&shared);
                thread::spawn(move || serve(line, &known));
            }
        });
        Self { address, known }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("BUG: nobody panics")
    }
}

/// Answers one request, or breaks the line.
fn serve(line: TcpStream, known: &Mutex<Known>) -> Option<()> {
    let mut reader = BufReader::new(line);
    let mut head = Vec::new();
    loop {
        let mut text = String::new();
        reader.read_line(&mut text).ok()?;
        if text.trim().is_empty() {
            break;
        }
        head.push(text.trim().to_owned());
    }
    let value = |name: &str| {
        let mut headers = head.iter().filter_map(|header| header.split_once(": "));
        headers.find(|(called, _)| called.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let length = value("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let path = head.first()?.split(' ').nth(1)?.to_owned();
    let token = value("authorization").unwrap_or_default();
    let mut known = known.lock().ok()?;
    let (status, answer) = answer(&path, &token, &body, &mut known)?;
    let kind = if status == 401 { "application/problem+json" } else { "application/json" };
    let answer = if status == 204 { String::new() } else { answer.to_string() };
    let mut line = reader.into_inner();
    write!(
        line,
        "HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
        answer.len()
    )
    .ok()
}

/// What the server says; nothing where the line breaks.
fn answer(path: &str, token: &str, body: &[u8], known: &mut Known) -> Option<(u16, Value)> {
    let refused = |code: &str| {
        Some((401, json!({ "type": "about:blank", "status": 401, "code": code, "detail": "No." })))
    };
    match path {
        "/v1/auth/challenge" => Some((200, json!({ "challenge": "fresh" }))),
        "/v1/auth/login" => {
            let request: LoginRequest = serde_json::from_slice(body).ok()?;
            if known.loses == Loses::SignIn && known.version > 1 {
                return None;
            }
            if request.password.0 != known.password {
                return refused("wrong_password");
            }
            known.generation += 1;
            let mut lease = Lease { nonce: request.nonce, ..lease(NOW, 7) };
            lease.people[0].password_version = known.version;
            let tokens = Tokens {
                access_token: Secret(format!("token-{}", known.version)),
                expires_in: 600,
                refresh_token: Secret(format!("refresh-{}", known.generation)),
                generation: known.generation,
                standing: Some(signed(lease)),
            };
            let unlock_key = Secret("half".into());
            let session = Session { user: person(), unlock_key, tokens, notices: vec![] };
            Some((200, serde_json::to_value(session).ok()?))
        }
        "/v1/auth/password" => {
            let change: PasswordChange = serde_json::from_slice(body).ok()?;
            if known.loses == Loses::Request {
                return None;
            }
            if token != format!("Bearer token-{}", known.version) {
                return refused("unauthorized");
            }
            if change.old_password.0 != known.password {
                return refused("wrong_password");
            }
            known.password = change.new_password.0;
            known.version += 1;
            (known.loses != Loses::Answer).then_some((204, Value::Null))
        }
        "/v1/own-keys" => Some((204, Value::Null)),
        _ => None,
    }
}

/// A computer of this server at which one person has signed in, with a patient.
pub(super) struct Computer {
    pub(super) desk: Arc<Desk>,
    _folder: tempfile::TempDir,
}

impl Computer {
    pub(super) async fn of(server: &str) -> Self {
        let folder = tempfile::tempdir().expect("BUG: a folder");
        let keyring = Keyring::in_memory();
        let clock = Clock::stopped(NOW);
        let desk = Desk::with_clock(folder.path().into(), keyring.clone(), SlotCost::QUICK, clock);
        let home = desk.home();
        std::fs::create_dir_all(&home).expect("BUG: a folder");
        let secrets = DeviceSecrets::random().expect("BUG: random");
        keyring.put_device(INSTALLATION, &secrets).expect("BUG: kept");
        write_slots_of(server, &home, &secrets, INSTALLATION, DEVICE.1);
        let facts = Facts { tenant_id: DEVICE.0, device_id: DEVICE.1, server: server.to_owned(), ..facts() };
        let store = Store::create(&home.join("clinic.db"), &key(7), &facts).expect("BUG: a new file");
        store.put_staff(&person()).expect("BUG: written");
        drop(store);
        desk.unlock(EMAIL, PASSWORD).await.expect("BUG: the password opens it");
        let replica = desk.replica().expect("BUG: open");
        replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered");
        Self { desk, _folder: folder }
    }

    /// What this password opens without the server.
    fn opens(&self, password: &str) -> Option<OpenSlot> {
        let here = self.desk.here().expect("BUG: enrolled");
        // The server's slot opens whatever happens.
        here.slots.open_server(&Secret("half".into()), &here.secrets).expect("BUG: the server opens it");
        match here.slots.open_user(EMAIL, password, &here.secrets).expect("BUG: whole") {
            UserSlot::Open(slot) => Some(*slot),
            UserSlot::Closed | UserSlot::None => None,
        }
    }

    fn own_key(&self, password: &str) -> [u8; 32] {
        let slot = self.opens(password).expect("BUG: it opens");
        slot.own_key.expect("BUG: an own key").key.to_bytes()
    }

    fn patients(&self) -> usize {
        let replica = self.desk.replica().expect("BUG: open");
        replica.find_patients("sunita").expect("BUG: found").people.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_opens_this_computer_without_the_server_and_the_old_one_nothing_more() {
    let server = Server::start();
    let computer = Computer::of(&server.address).await;
    let desk = &computer.desk;
    let (before, own_key) = (desk.replica().expect("BUG: open"), computer.own_key(PASSWORD));
    let state = desk.change_password(PASSWORD, NEW).await.expect("BUG: changed");
    assert!(matches!(state, AppState::Unlocked { .. }), "{state:?}");
    assert!(Arc::ptr_eq(&before, &desk.replica().expect("BUG: open")), "the work goes on as it was");
    assert!(computer.opens(PASSWORD).is_none());
    assert_eq!(computer.own_key(NEW), own_key, "what they sign is still signed with the same key");
    assert_eq!(computer.opens(NEW).map(|slot| slot.password_version), Some(2));
    desk.lock();
    assert!(matches!(desk.unlock(EMAIL, PASSWORD).await, Err(Error::Server { .. })));
    desk.unlock(EMAIL, NEW).await.expect("BUG: the new one opens it");
    assert_eq!(computer.patients(), 1);
    assert_eq!(server.known().password, NEW);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_old_password_or_a_new_one_that_is_none_changes_nothing() {
    let server = Server::start();
    let computer = Computer::of(&server.address).await;
    let wrong = computer.desk.change_password("not this one", NEW).await;
    assert!(matches!(wrong, Err(Error::WrongOldPassword)), "{wrong:?}");
    for weak in ["short", "password1234", "anjali kulkarni's", PASSWORD] {
        let refused = computer.desk.change_password(PASSWORD, weak).await.expect_err("BUG: taken");
        assert_eq!(refused.code(), ErrorCode::Invalid, "{weak}");
        assert!(refused.to_string().ends_with("Nothing was changed."), "{refused}");
    }
    assert_eq!(server.known().password, PASSWORD);
    assert!(computer.opens(PASSWORD).is_some() && computer.opens(NEW).is_none());
    assert_eq!(computer.patients(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_password_is_said_while_it_is_typed() {
    let computer = Computer::of("http://127.0.0.1:9/").await;
    let fault = |new: &str| computer.desk.password_fault(PASSWORD, new).expect("BUG: open");
    assert!(fault("short").is_some_and(|fault| fault.contains("at least 12 characters")));
    assert!(fault(PASSWORD).is_some_and(|fault| fault.contains("is the old one")));
    assert_eq!(fault(NEW), None);
    computer.desk.spoken.set(Language::Hi);
    assert!(fault("short").is_some_and(|fault| fault.contains("कम से कम 12 अक्षर")));
    computer.desk.lock();
    assert!(matches!(computer.desk.password_fault(PASSWORD, NEW), Err(Error::Locked)));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_server_the_password_stays_as_it_was_and_this_is_said() {
    let computer = Computer::of("http://127.0.0.1:9/").await;
    let refused = computer.desk.change_password(PASSWORD, NEW).await;
    assert!(matches!(refused, Err(Error::PasswordNeedsServer)), "{refused:?}");
    assert!(computer.opens(PASSWORD).is_some());
    assert_eq!(computer.patients(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_request_or_answer_was_lost_is_known_for_what_it_is() {
    let server = Server::start();
    let computer = Computer::of(&server.address).await;
    server.known().loses = Loses::Request;
    let lost = computer.desk.change_password(PASSWORD, NEW).await;
    assert!(matches!(lost, Err(Error::PasswordUnsure)), "it may still arrive: {lost:?}");
    assert!(computer.opens(PASSWORD).is_some());
    server.known().loses = Loses::Answer;
    computer.desk.change_password(PASSWORD, NEW).await.expect("BUG: the server took it");
    assert!(computer.opens(NEW).is_some() && computer.opens(PASSWORD).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_between_the_server_and_the_slot_nothing_is_lost_and_the_new_password_opens_it() {
    let server = Server::start();
    let computer = Computer::of(&server.address).await;
    server.known().loses = Loses::SignIn;
    let broken = computer.desk.change_password(PASSWORD, NEW).await;
    assert!(matches!(broken, Err(Error::PasswordUnsure)), "{broken:?}");
    // Until the server is there again, what is here stays within reach.
    assert!(computer.opens(PASSWORD).is_some() && computer.opens(NEW).is_none());
    computer.desk.lock();
    server.known().loses = Loses::Nothing;
    computer.desk.unlock(EMAIL, NEW).await.expect("BUG: the server lets them in");
    assert!(computer.opens(NEW).is_some() && computer.opens(PASSWORD).is_none());
    assert_eq!(computer.patients(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_reads_with_a_full_disk_and_saves_once_it_says_that_somebody_is_at_work() {
    let computer = Computer::of("http://127.0.0.1:9/").await;
    let desk = &computer.desk;
    let set_full = |is_full: bool| {
        let mut full = files::FULL.lock().expect("BUG: nobody panics");
        if is_full {
            full.insert(desk.home())
        } else {
            full.remove(&desk.home())
        };
    };
    desk.lock();
    set_full(true);
    desk.unlock(EMAIL, PASSWORD).await.expect("BUG: the password opens it");
    assert_eq!(computer.patients(), 1);
    let replica = desk.replica().expect("BUG: open");
    // The guard's file would say that nothing waits here, and a computer out of service would be destroyed with it.
    let refused = replica.register_patient(&form("Sunita", "98204 41277"));
    assert!(matches!(refused, Err(Error::DiskFull)), "{refused:?}");
    set_full(false);
    replica.register_patient(&form("Sunita", "98204 41277")).expect("BUG: registered");
    assert_eq!(computer.patients(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_full_disk_cannot_take_a_new_slot_it_is_said_that_nobody_was_signed_in() {
    let server = Server::start();
    let computer = Computer::of(&server.address).await;
    let desk = &computer.desk;
    desk.lock();
    server.known().password = NEW.into();
    files::FULL.lock().expect("BUG: nobody panics").insert(desk.home());
    let refused = desk.unlock(EMAIL, NEW).await;
    assert!(matches!(refused, Err(Error::NoRoomToSignIn)), "{refused:?}");
    assert!(matches!(desk.state(), AppState::Locked { .. }));
    assert!(computer.opens(PASSWORD).is_some(), "the slot is as it was");
}
