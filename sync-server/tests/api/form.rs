//! Mutations of a form that no desktop writes: each is set aside with a sentence, and the others go in.

use protocol::api::Fate;
use protocol::error::{ErrorCode, RefusalCode};
use protocol::form::{MAX_KEYS, MAX_TEXT_BYTES};
use protocol::log_end::{KnownEnds, LogPlace};
use protocol::manage::RevokeRequest;
use protocol::mutation::{Change, SignedMutation};
use protocol::settlement::Way;
use protocol::table::TableName;
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clinic::{Clinic, Desk, body, edit};
use crate::conflicts::alone;
use crate::revoked::{handover, revoke};
use crate::settlements::{fates, receipt, settled};

fn city(patient: Uuid) -> Change {
    edit(TableName::Patients, patient, &[("city", json!(null), json!("Pune"))])
}

/// Makes a text over.
type Make = Box<dyn FnOnce(String) -> String>;

/// How a text is made over, and what is said of it.
fn hostile() -> Vec<(&'static str, Make)> {
    fn city_is(json: String) -> Make {
        Box::new(move |text| text.replace("\"Pune\"", &json))
    }
    fn with(name: &'static str, value: Value) -> Make {
        Box::new(move |text| {
            let mut whole: Value = serde_json::from_str(&text).expect("JSON");
            whole[name] = value;
            whole.to_string()
        })
    }
    let keys: Vec<String> = (0..=MAX_KEYS).map(|key| format!("\"{key}\":1")).collect();
    vec![
        ("twice", Box::new(|text| text.replace("\"kind\":", "\"kind\":\"none\",\"kind\":"))),
        ("twice", city_is("\"Pune\",\"value\":\"Poona\"".to_owned())),
        ("twice", city_is("{\"a\":1,\"\\u0061\":2}".to_owned())),
        ("no text has", city_is("\"Pu\\u0000ne\"".to_owned())),
        ("cannot be read", city_is("\"Pu\\ud800ne\"".to_owned())),
        ("cannot be read", city_is("1e400".to_owned())),
        ("deeper", city_is(format!("{}{}", "[".repeat(40), "]".repeat(40)))),
        ("deeper", city_is(format!("{}{}", "[".repeat(50_000), "]".repeat(50_000)))),
        ("more parts", city_is(format!("{{{}}}", keys.join(",")))),
        ("longer", city_is(format!("\"{}\"", "x".repeat(MAX_TEXT_BYTES + 1)))),
        ("when it was done", with("recorded_at", json!("9999-12-31T23:59:59-05:30"))),
        ("when it was done", with("clock_offset_ms", json!(i64::MIN))),
        ("too long", with("kind", json!("x".repeat(200)))),
    ]
}

/// A change of hostile form for each of them, each between two good ones.
fn batch(desk: &mut Desk) -> (Vec<SignedMutation>, Vec<Uuid>) {
    let (mut mutations, mut patients) = (vec![], vec![]);
    for (_, make) in hostile() {
        let (before, patient) = (Uuid::now_v7(), Uuid::now_v7());
        mutations.push(desk.sign(vec![alone(before)]));
        mutations.push(desk.sign_text(vec![city(patient)], make));
        patients.push(before);
    }
    mutations.push(desk.sign(vec![alone(Uuid::now_v7())]));
    (mutations, patients)
}

#[tokio::test]
async fn what_no_desktop_writes_is_set_aside_with_a_sentence_and_the_others_go_in() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let (mutations, patients) = batch(&mut desk);
    let answer = desk.push(mutations.clone()).await.expect("the push is taken");
    for ((says, _), receipts) in hostile().into_iter().zip(answer.receipts.chunks(2)) {
        let [good, bad] = receipts else { panic!("{receipts:?}") };
        assert_eq!(good.fate, Fate::Applied, "before the one that says {says}");
        assert_eq!((bad.fate, bad.code), (Fate::Quarantined, Some(RefusalCode::BadValue)), "{says}");
        assert!(bad.detail.as_deref().is_some_and(|detail| detail.contains(says)), "{says}: {bad:?}");
    }
    assert_eq!(answer.receipts.last().map(|receipt| receipt.fate), Some(Fate::Applied));
    let rows = desk.rows().await;
    assert!(patients.iter().all(|patient| rows.iter().any(|row| row.id == *patient)));
    // A repeat gets the same answers.
    assert_eq!(desk.push(mutations).await.expect("taken").receipts, answer.receipts);
    // A person gets rid of them; tried again, they are refused in the same words.
    let of = (desk.device, 2);
    settled(&mut desk, of, Way::Retry, "", vec![]).await;
    assert!(receipt(&desk, 2).await.detail.is_some_and(|detail| detail.contains("twice")));
    settled(&mut desk, of, Way::Discard, "No desktop wrote this.", vec![]).await;
    assert_eq!(fates(&desk, &[2]).await, [Fate::Discarded]);
}

#[tokio::test]
async fn a_desktop_out_of_service_hands_over_whatever_it_has() {
    let clinic = Clinic::open().await;
    let (admin, mut desk) = (clinic.desk().await, clinic.desk().await);
    let (mutations, _) = batch(&mut desk);
    revoke(&admin, &desk, &RevokeRequest::default()).await.expect("revoked");
    let count = mutations.len();
    let answer = handover(&desk, mutations).await.expect("taken");
    assert_eq!(answer.receipts.len(), count);
    assert!(answer.receipts.iter().all(|receipt| receipt.fate == Fate::Quarantined));
}

#[tokio::test]
async fn a_request_that_says_one_thing_twice_or_is_too_deep_is_refused_whole() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let epoch = desk.epoch;
    for text in [
        format!("{{\"epoch\":\"{epoch}\",\"epoch\":\"{epoch}\",\"mutations\":[]}}"),
        format!("{{\"epoch\":\"{epoch}\",\"mutations\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("{{\"epoch\":\"{epoch}\",\"more\":{}", "{\"a\":".repeat(100_000)),
    ] {
        let builder = desk.client.post(format!("{}/v1/sync/push", desk.url)).body(text);
        let answer = desk.request(builder).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert!(desk.get("/healthz").await.status().is_success());
}

#[tokio::test]
async fn a_character_that_no_text_has_is_refused_in_words_wherever_it_stands_in_a_request() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let lane = LogPlace { lane: "wri\0tes".into(), seq: 1 };
    let ends = desk.client.post(format!("{}/v1/audit/ends", desk.url)).json(&KnownEnds { known: vec![lane] });
    let ends = desk.request(ends).send().await.expect("an answer");
    let mutation = desk.sign_text(vec![city(Uuid::now_v7())], |text| text.replace("Pune", "Pu\0ne"));
    let refusals = [
        body::<Value>(ends).await.expect_err("a body"),
        body::<Value>(desk.get("/v1/audit?table=pat%00ients").await).await.expect_err("a query"),
        desk.push(vec![mutation]).await.expect_err("a push"),
    ];
    for refusal in refusals {
        assert_eq!((refusal.status, refusal.code), (422, ErrorCode::Invalid), "{refusal:?}");
    }
}
