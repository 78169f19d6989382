//! A server that means harm, or is broken, says what no server of ours says. The desktop takes nothing of it, holds no more
//! of it than it must, keeps what it has and what waits, says so, and goes on once the server is well again.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response};
use clinic_tests::clinic::{Clinic, TestDesk, patient};
use futures_util::stream;
use protocol::error::ErrorCode;
use replica::Error;
use replica::view::Connection;
use serde_json::Value;

use crate::files::{attach, picture};

const PUSH: &str = "/v1/sync/push";
const PULL: &str = "/v1/sync/pull";
const BOOTSTRAP: &str = "/v1/sync/bootstrap";
const LIVE: &str = "/v1/sync/live";

/// No answer is read further than this, in bytes; what stands in between may hold some of it.
const MOST_READ: u64 = 64 * 1024 * 1024;

/// An answer of this type with these headers.
fn answer(kind: &'static str, encoding: Option<&'static str>, body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    answer.headers_mut().insert("content-type", HeaderValue::from_static(kind));
    if let Some(encoding) = encoding {
        answer.headers_mut().insert("content-encoding", HeaderValue::from_static(encoding));
    }
    answer
}

/// These bytes, then these again and again without end; counts what was taken of them.
fn endless(start: &str, again: &str, taken: &Arc<AtomicU64>) -> Body {
    let again = Bytes::from(again.repeat(64 * 1024 / again.len() + 1));
    let (start, taken) = (Bytes::from(start.to_owned()), Arc::clone(taken));
    let pieces = stream::unfold(start, move |piece| {
        taken.fetch_add(piece.len() as u64, Ordering::SeqCst);
        std::future::ready(Some((Ok::<_, std::io::Error>(piece), again.clone())))
    });
    Body::from_stream(pieces)
}

/// A clinic of two desktops, of which the first one meets the harm.
struct Met {
    clinic: Clinic,
    one: TestDesk,
    other: TestDesk,
    n_patients: u32,
    taken: Arc<AtomicU64>,
}

impl Met {
    async fn open() -> anyhow::Result<Self> {
        let clinic = Clinic::open().await?;
        clinic.network.leave_out_places();
        let one = clinic.desk("Room 1").await?;
        // The other one has a line of its own, on which all is well.
        let other = TestDesk::new()?;
        other.enrol(clinic.server().url().to_owned(), clinic.code().await?, "Room 2").await?;
        Ok(Self { clinic, one, other, n_patients: 0, taken: Arc::default() })
    }

    fn register(&mut self, desk: fn(&Self) -> &TestDesk) -> anyhow::Result<()> {
        self.n_patients += 1;
        let number = format!("98204{:05}", self.n_patients);
        desk(self).replica()?.register_patient(&patient(&format!("Patient {number}"), &number))?;
        Ok(())
    }

    /// Something is done at both, the first one asks, and is told that the server cannot be right, or does not answer.
    async fn is_met(&mut self, what: &str) -> anyhow::Result<()> {
        self.register(|met| &met.other)?;
        self.other.synced().await?;
        self.register(|met| &met.one)?;
        let asked = self.clinic.network.n_asked(PULL);
        self.one.desk.sync_now();
        let network = &self.clinic.network;
        self.one
            .until(what, |status| {
                let is_told = status.problem.as_ref().is_some_and(|problem| {
                    problem.code == ErrorCode::Unavailable
                        && problem.detail.contains("What is stored here is safe")
                });
                let is_offline = matches!(status.connection, Connection::Offline { .. });
                (is_told || is_offline) && network.n_asked(PULL) > asked
            })
            .await?;
        assert!(self.taken.swap(0, Ordering::SeqCst) <= MOST_READ, "{what}");
        // Work goes on, and all of it is there.
        self.register(|met| &met.one)?;
        let report = self.one.replica()?.verify()?;
        assert!(report.is_good() && report.patients >= self.n_patients - 1, "{what}: {report:?}");
        Ok(())
    }

    /// The server is well again, and both desktops have everything.
    async fn is_over(&mut self, what: &str) -> anyhow::Result<()> {
        self.clinic.network.say_nothing();
        self.one.synced().await?;
        self.other.synced().await?;
        self.one.synced().await?;
        let status = self.one.desk.sync_status();
        assert_eq!(
            (status.waiting, status.attention, status.only_here, status.problem),
            (0, 0, 0, None),
            "{what}"
        );
        assert_eq!(self.one.rows()?, self.other.rows()?, "{what}");
        assert_eq!(self.clinic.count("clinic.patients", "true").await?, i64::from(self.n_patients), "{what}");
        Ok(())
    }
}

/// Makes another text of each line, or none.
fn lines(text: &str, change: impl Fn(&str) -> Option<String>) -> String {
    text.lines().filter_map(change).map(|line| line + "\n").collect()
}

/// Changes each row of a page.
fn each_row(text: &str, change: impl Fn(&mut Value)) -> String {
    lines(text, |line| {
        let mut line: Value = serde_json::from_str(line).ok()?;
        if let Some(row) = line.get_mut("row") {
            change(row);
        }
        Some(line.to_string())
    })
}

/// What becomes of an honest page.
type Spoil = fn(String) -> String;

const HEAD: &str = r#"{"head":{"version":1000,"catalogue":1,"server_time":"2026-11-23T04:11:09Z"}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_right_changes_nothing() -> anyhow::Result<()> {
    let mut met = Met::open().await?;
    let spoilt: [(&str, Spoil); 10] = [
        ("an absurd version", |text| {
            lines(&text, |line| {
                let mut line: Value = serde_json::from_str(line).ok()?;
                if let Some(head) = line.get_mut("head") {
                    head["version"] = i64::MAX.into();
                }
                Some(line.to_string())
            })
        }),
        ("a row of a version that is still to come", |text| {
            each_row(&text, |row| row["version"] = 1_000_000.into())
        }),
        ("a row of a version that was before", |text| each_row(&text, |row| row["version"] = 1.into())),
        ("a row of no version", |text| each_row(&text, |row| row["version"] = (-7).into())),
        ("a row of another clinic", |text| {
            each_row(&text, |row| row["values"]["tenant_id"] = uuid::Uuid::nil().to_string().into())
        }),
        ("each row twice", |text| lines(&text, |line| Some(format!("{line}\n{line}")))),
        ("more that never comes", |text| {
            lines(&text, |line| match line {
                line if line.contains("\"row\"") => None,
                line if line.contains("\"end\"") => Some(r#"{"end":{"more":true}}"#.to_owned()),
                line => Some(line.to_owned()),
            })
        }),
        ("no head", |text| lines(&text, |line| (!line.contains("\"head\"")).then(|| line.to_owned()))),
        ("no end", |text| lines(&text, |line| (!line.contains("\"end\"")).then(|| line.to_owned()))),
        ("deep JSON", |text| {
            let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
            each_row(&text, |row| row["values"]["city"] = "DEEP".into()).replace("\"DEEP\"", &deep)
        }),
    ];
    for (what, spoil) in spoilt {
        met.clinic.network.spoil(PULL, spoil);
        met.is_met(what).await?;
        met.is_over(what).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_end_or_measure_is_not_read_to_its_end() -> anyhow::Result<()> {
    let mut met = Met::open().await?;
    let row = r#"{"row":{"table":"vaccinations","id":"0193c8d2-0000-7000-8000-000000000001","version":999,"values":{}}}"#;
    let text_kind = "application/x-ndjson";
    for (what, start, again) in [
        ("a line without end", HEAD.to_owned() + "\n{\"row\":\"", "x"),
        ("unknown rows without end", HEAD.to_owned() + "\n", row),
        ("heads without end", HEAD.to_owned() + "\n", HEAD),
    ] {
        let taken = Arc::clone(&met.taken);
        let again = if again == "x" { again.to_owned() } else { format!("{again}\n") };
        met.clinic.network.say_with(PULL, move || answer(text_kind, None, endless(&start, &again, &taken)));
        met.is_met(what).await?;
        met.is_over(what).await?;
    }
    let rest = std::io::repeat(b' ').take(64 * 1024 * 1024);
    let bomb = zstd::encode_all(std::io::Cursor::new(HEAD.as_bytes()).chain(rest), 1)?;
    assert!(bomb.len() < 1024 * 1024, "a small one");
    let head = zstd::encode_all(HEAD.as_bytes(), 1)?;
    let behind = [head.as_slice(), &[0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 0]].concat();
    for (what, bytes) in
        [("a bomb", bomb), ("what is skipped behind a frame", behind), ("no frame", vec![7; 100])]
    {
        met.clinic.network.say_with(PULL, move || answer(text_kind, Some("zstd"), Body::from(bytes.clone())));
        met.is_met(what).await?;
        met.is_over(what).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_a_push_that_cannot_be_right_acknowledges_nothing() -> anyhow::Result<()> {
    fn changed(text: &str, change: impl Fn(&mut Value)) -> String {
        let mut answer: Value = serde_json::from_str(text).expect("BUG: an answer");
        change(&mut answer);
        answer.to_string()
    }
    let mut met = Met::open().await?;
    let spoilt: [(&str, Spoil); 5] = [
        ("no receipts", |text| changed(&text, |answer| answer["receipts"] = Value::Array(vec![]))),
        ("receipts of something else", |text| {
            changed(&text, |answer| answer["receipts"][0]["hash"] = "0".repeat(64).into())
        }),
        ("an absurd version", |text| changed(&text, |answer| answer["head"] = i64::MAX.into())),
        ("a row that is still to come", |text| {
            changed(&text, |answer| answer["rows"][0]["version"] = 1_000_000.into())
        }),
        ("an answer that is too long", |text| text + &" ".repeat(17 * 1024 * 1024)),
    ];
    for (what, spoil) in spoilt {
        met.clinic.network.spoil(PUSH, spoil);
        met.register(|met| &met.one)?;
        met.one.desk.sync_now();
        met.one.until(what, |status| status.problem.is_some()).await?;
        assert_eq!(met.one.desk.sync_status().waiting, 1, "{what}: it still waits");
        assert!(met.one.replica()?.ledger(1)?[0].fate.is_none(), "{what}");
        met.is_over(what).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_desktop_is_not_filled_without_end_and_is_filled_once_the_server_is_well() -> anyhow::Result<()>
{
    let met = Met::open().await?;
    met.other.replica()?.register_patient(&patient("Asha", "98204 41276"))?;
    met.other.synced().await?;
    let table = r#"{"table":{"name":"clinics","columns":[["id","uuid"],["sync_version","int"]]}}"#;
    let reached = r#"{"reached":{"after":"today"}}"#;
    let absurd = format!("{table}\n{}\t{}\n{reached}\n", uuid::Uuid::now_v7(), i64::MAX);
    for (what, start, again) in [
        ("tables without end", String::new(), format!("{table}\n")),
        ("places without end", String::new(), format!("{reached}\n")),
        ("words without end", String::new(), "{\"weather\":\"fine\"}\n".to_owned()),
        ("a line without end", format!("{table}\n"), "x".to_owned()),
        ("rows of an absurd version", absurd.clone(), absurd),
    ] {
        let (taken, start) = (Arc::clone(&met.taken), format!("{HEAD}\n{start}"));
        met.clinic
            .network
            .say_with(BOOTSTRAP, move || answer("text/plain", None, endless(&start, &again, &taken)));
        let new = TestDesk::new()?;
        new.enrol_only(met.clinic.network.address(), met.clinic.code().await?, "Room 3").await?;
        new.until(what, |status| status.problem.is_some()).await?;
        assert!(met.taken.swap(0, Ordering::SeqCst) <= MOST_READ, "{what}");
        new.replica()?.register_patient(&patient("Bina", "98204 41277"))?;
        assert_eq!(new.desk.sync_status().last_synced_at, None, "{what}");
        met.clinic.network.say_nothing();
        new.synced().await?;
        assert_eq!(new.replica()?.find_patients("Asha")?.people.len(), 1, "{what}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn news_without_end_are_no_news() -> anyhow::Result<()> {
    let mut met = Met::open().await?;
    for again in ["data: x\n", "x", ": nothing\n", "data: {\"head\":9223372036854775807}\n"] {
        let (taken, again) = (Arc::clone(&met.taken), again.to_owned());
        met.clinic
            .network
            .say_with(LIVE, move || answer("text/event-stream", None, endless("", &again, &taken)));
        let asked = met.clinic.network.n_asked(LIVE);
        // The stream that it has breaks, and the next one has no end.
        met.clinic.network.set_down(true);
        met.one.offline().await?;
        met.clinic.network.set_down(false);
        met.register(|met| &met.other)?;
        met.other.synced().await?;
        met.one.synced().await?;
        let network = &met.clinic.network;
        met.one.until("it has listened", |_| network.n_asked(LIVE) > asked).await?;
        assert_eq!(met.one.rows()?, met.other.rows()?);
        met.clinic.network.say_nothing();
        assert!(met.taken.swap(0, Ordering::SeqCst) <= MOST_READ);
    }
    met.is_over("news without end").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_begins_a_new_epoch_again_and_again_is_asked_slowly() -> anyhow::Result<()> {
    let mut met = Met::open().await?;
    met.register(|met| &met.one)?;
    met.one.synced().await?;
    let epochs = || {
        let epoch = serde_json::json!({ "epoch": uuid::Uuid::now_v7(), "version": 1, "catalogue": 1, "last_sequence": 0,
            "last_hash": "0".repeat(64) });
        answer("application/json", None, Body::from(epoch.to_string()))
    };
    let changed = r#"{"type":"about:blank","status":409,"code":"epoch_changed","detail":"Another."}"#;
    met.clinic.network.say_with("/v1/sync/epoch", epochs);
    met.clinic.network.say(PUSH, 409, "application/problem+json", changed);
    met.clinic.network.say(PULL, 409, "application/problem+json", changed);
    met.one.desk.sync_now();
    met.one
        .until("it is told", |status| {
            status.problem.as_ref().is_some_and(|problem| problem.detail.contains("again and again"))
        })
        .await?;
    let asked = met.clinic.network.n_asked("/v1/sync/epoch");
    assert!(asked <= 10, "{asked}");
    assert!(met.one.replica()?.verify()?.is_good());
    met.is_over("new epochs").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_which_absurd_things_are_said_stays_until_the_server_is_well() -> anyhow::Result<()> {
    let met = Met::open().await?;
    let sunita = met.one.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    met.one.synced().await?;
    let network = &met.clinic.network;
    for (place, said) in [
        r#"{"stored":false,"received":18446744073709551615}"#,
        r#"{"stored":false,"received":0}"#,
        r#"{"stored":false,"received":-1}"#,
    ]
    .into_iter()
    .enumerate()
    {
        network.say("/v1/dental_attachments/", 200, "application/json", said);
        let file = attach(&met.one, sunita, &picture(1_000 + place))?;
        let upload = format!("/v1/dental_attachments/{}/upload", file.id);
        met.one.until("it has asked again", |_| network.n_asked(&upload) > 2).await?;
        assert_eq!(met.one.desk.sync_status().files_waiting, 1, "{said}");
        network.say_nothing();
        met.one.synced().await?;
        assert_eq!(met.one.desk.sync_status().files_waiting, 0, "{said}");
    }
    // A row that says more of its file than there can be makes no room for that.
    met.other.synced().await?;
    let damaged = "update dental_attachments set byte_size = 1000000000000000000";
    assert_eq!(met.other.replica()?.store().damage(damaged)?, 3);
    let file = met.other.replica()?.attachments(sunita)?[0].id;
    assert!(matches!(met.other.desk.open_attachment(file).await, Err(Error::AnotherFile)));
    Ok(())
}
