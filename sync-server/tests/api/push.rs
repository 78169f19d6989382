use protocol::api::{
    Fate, MAX_MUTATION_BYTES, MAX_MUTATION_CHANGES, MAX_PUSH_BYTES, PROTOCOL_HEADER, PushRequest,
    PushResponse,
};
use protocol::error::{ErrorCode, RefusalCode};
use protocol::mutation::{Change, Hash, Op};
use protocol::table::TableName;
use reqwest::StatusCode;
use reqwest::header::CONTENT_ENCODING;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::clinic::{Clinic, body, edit, new_patient};

fn city(id: Uuid, base: Value, value: Value) -> Change {
    edit(TableName::Patients, id, &[("city", base, value)])
}

#[tokio::test]
async fn a_new_row_is_applied_and_answered_as_it_is_now() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let id = Uuid::now_v7();
    let response = desk.write(vec![new_patient(id, "Sunita")]).await;
    assert_eq!(response.receipts[0].fate, Fate::Applied);
    assert_eq!(response.head, response.head_before + 1);
    assert_eq!(response.rows.len(), 1);
    assert_eq!(response.rows[0].version, response.head);
    assert_eq!(response.rows[0].values["first_name"], json!("Sunita"));
    assert_eq!(response.rows[0].values["allergy_status"], json!("unknown"));
    assert_eq!(response.rows[0].values["age_recorded_on"], json!("2026-01-05"));
}

#[tokio::test]
async fn a_repeat_gets_the_same_receipt_and_takes_no_version() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let signed = desk.sign(vec![new_patient(Uuid::now_v7(), "Sunita")]);
    let first = desk.push(vec![signed.clone()]).await.expect("taken");
    let again = desk.push(vec![signed.clone()]).await.expect("taken");
    assert_eq!(first.receipts, again.receipts);
    assert_eq!((again.head_before, again.head), (first.head, first.head));
    // A repeat together with something new: a broken line, and the person went on working.
    let next = desk.sign(vec![new_patient(Uuid::now_v7(), "Ravi")]);
    let both = desk.push(vec![signed, next]).await.expect("taken");
    assert_eq!(both.receipts.len(), 2);
    assert_eq!(both.head, first.head + 1);
}

#[tokio::test]
async fn a_gap_is_named_and_nothing_of_the_push_is_kept() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let first = desk.sign(vec![new_patient(Uuid::now_v7(), "Sunita")]);
    let second = desk.sign(vec![new_patient(Uuid::now_v7(), "Ravi")]);
    let problem = desk.push(vec![second.clone()]).await.expect_err("a gap");
    assert_eq!((problem.status, problem.code), (409, ErrorCode::SequenceGap));
    assert!(problem.detail.contains("number 1 next"), "{}", problem.detail);
    assert_eq!(desk.push(vec![first, second]).await.expect("taken").receipts.len(), 2);
}

#[tokio::test]
async fn another_history_under_the_same_numbers_is_a_copied_disk() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    desk.restore(0, Hash::ZERO);
    let other = desk.sign(vec![new_patient(Uuid::now_v7(), "Ravi")]);
    let problem = desk.push(vec![other]).await.expect_err("copied");
    assert_eq!((problem.status, problem.code), (409, ErrorCode::DeviceCopied));
    let next = desk.sign(vec![new_patient(Uuid::now_v7(), "Meena")]);
    assert_eq!(desk.push(vec![next]).await.expect_err("copied").code, ErrorCode::DeviceCopied);
}

#[tokio::test]
async fn a_mutation_that_another_key_signed_is_refused() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let mut signed = desk.sign(vec![new_patient(Uuid::now_v7(), "Sunita")]);
    signed.body = signed.body.replace("Sunita", "Savita");
    assert_eq!(desk.push(vec![signed]).await.expect_err("changed").code, ErrorCode::Invalid);
    let mut other = clinic.desk().await;
    let foreign = other.sign(vec![new_patient(Uuid::now_v7(), "Sunita")]);
    assert_eq!(desk.push(vec![foreign]).await.expect_err("foreign").code, ErrorCode::Invalid);
}

#[tokio::test]
async fn edits_of_two_desktops_in_different_columns_are_both_kept() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let id = Uuid::now_v7();
    a.write(vec![new_patient(id, "Sunita")]).await;
    a.write(vec![city(id, json!(null), json!("Pune"))]).await;
    let merged =
        b.write(vec![edit(TableName::Patients, id, &[("email", json!(null), json!("s@example.org"))])]).await;
    assert_eq!(merged.receipts[0].fate, Fate::Applied);
    assert_eq!(merged.rows[0].values["city"], json!("Pune"));
    assert_eq!(merged.rows[0].values["email"], json!("s@example.org"));
}

#[tokio::test]
async fn of_two_addresses_the_later_one_wins_even_if_it_comes_first() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let id = Uuid::now_v7();
    a.write(vec![new_patient(id, "Sunita")]).await;
    let now = OffsetDateTime::now_utc();
    a.write(vec![city(id, json!(null), json!("Nashik"))]).await;
    let early = b.sign_at(vec![city(id, json!(null), json!("Pune"))], now - Duration::hours(1));
    let response = b.push(vec![early]).await.expect("taken");
    assert_eq!(response.receipts[0].fate, Fate::Merged);
    assert_eq!(response.rows[0].values["city"], json!("Nashik"));
}

#[tokio::test]
async fn a_clock_that_is_ahead_does_not_win_for_ever() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let id = Uuid::now_v7();
    desk.write(vec![new_patient(id, "Sunita")]).await;
    let future = OffsetDateTime::now_utc() + Duration::days(365);
    let ahead = desk.sign_at(vec![city(id, json!(null), json!("Pune"))], future);
    desk.push(vec![ahead]).await.expect("taken");
    let later = desk.write(vec![city(id, json!(null), json!("Nashik"))]).await;
    assert_eq!(later.rows[0].values["city"], json!("Nashik"));
}

#[tokio::test]
async fn of_two_blood_groups_the_first_stays_and_a_person_decides() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let id = Uuid::now_v7();
    a.write(vec![new_patient(id, "Sunita")]).await;
    let group =
        |value: &str| edit(TableName::Patients, id, &[("blood_group", json!("unknown"), json!(value))]);
    a.write(vec![group("B+")]).await;
    let response = b.write(vec![group("O+")]).await;
    assert_eq!(response.receipts[0].fate, Fate::Conflict);
    assert_eq!(response.receipts[0].review[0].ours, json!("O+"));
    assert_eq!(response.rows[0].values["blood_group"], json!("B+"));
}

#[tokio::test]
async fn a_patient_registered_twice_offline_is_kept_twice_for_a_person_to_see() {
    let clinic = Clinic::open().await;
    let (mut a, mut b) = (clinic.desk().await, clinic.desk().await);
    let first = a.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    assert_eq!(first.rows[0].values["duplicate_ordinal"], json!(0));
    let second = b.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    assert_eq!(second.receipts[0].fate, Fate::Merged);
    assert_eq!(second.rows[0].values["duplicate_ordinal"], json!(1));
    assert_eq!(second.rows[0].values["needs_review"], json!(true));
}

#[tokio::test]
async fn what_a_mutation_cannot_do_is_quarantined_whole_and_what_builds_on_it_waits() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let (good, bad) = (Uuid::now_v7(), Uuid::now_v7());
    let mut broken = new_patient(bad, "Ravi");
    broken.set.get_mut("age_years").expect("set").value = json!(200);
    let mutations = vec![
        desk.sign(vec![new_patient(good, "Sunita"), broken]),
        desk.sign(vec![city(bad, json!(null), json!("Pune"))]),
        desk.sign(vec![new_patient(Uuid::now_v7(), "Meena")]),
    ];
    let response = desk.push(mutations).await.expect("taken");
    let fates: Vec<Fate> = response.receipts.iter().map(|receipt| receipt.fate).collect();
    assert_eq!(fates, [Fate::Quarantined, Fate::Blocked, Fate::Applied]);
    assert_eq!(response.receipts[0].code, Some(RefusalCode::BadValue));
    assert_eq!(response.receipts[1].blocked_by, Some(1));
    assert_eq!(response.rows.len(), 1, "nothing of the quarantined one was written");
}

/// What a push of a new patient, of one registered twice, of a value that differs and of one beyond the plan comes to; with
/// a refused change behind it, which makes the server take it in a second time.
async fn taken_in(is_one_refused: bool) -> Vec<String> {
    let clinic = Clinic::open().await;
    let (mut here, mut there) = (clinic.desk().await, clinic.desk().await);
    let sunita = Uuid::from_u128(0x0193_a5b0_0000_7000_8000_0000_0000_0001);
    let group =
        |value: &str| edit(TableName::Patients, sunita, &[("blood_group", json!("unknown"), json!(value))]);
    there.write(vec![new_patient(sunita, "Sunita")]).await;
    there.write(vec![group("B+")]).await;
    clinic.sql("update clinic.tenants set max_patients = 2").await;
    let mut mutations = vec![
        here.sign(vec![new_patient(Uuid::now_v7(), "Sunita")]),
        here.sign(vec![group("O+")]),
        here.sign(vec![new_patient(Uuid::now_v7(), "Ravi"), city(sunita, json!(null), json!("Pune"))]),
    ];
    if is_one_refused {
        mutations.push(here.sign(vec![city(Uuid::now_v7(), json!(null), json!("Pune"))]));
    }
    let answer = here.push(mutations).await.expect("taken");
    let (own, refused) = answer.receipts.split_at(3);
    assert!(refused.iter().all(|receipt| receipt.fate == Fate::Quarantined), "{refused:?}");
    let patients = answer.rows.iter().filter(|row| row.table == TableName::Patients);
    let mut said: Vec<String> = patients
        .map(|row| {
            let value = |name: &str| &row.values[name];
            let names =
                ["first_name", "duplicate_ordinal", "needs_review", "beyond_plan", "blood_group", "city"];
            format!("{:?} of {}", names.map(value), answer.head - answer.head_before)
        })
        .chain(
            own.iter().map(|receipt| format!("{} {:?} {:?}", receipt.sequence, receipt.fate, receipt.review)),
        )
        .collect();
    said.sort();
    for kind in ["duplicate", "column"] {
        let items = format!("select count(*) from clinic.sync_conflicts where kind = '{kind}'");
        said.push(format!("{kind}: {}", clinic.number(&items).await));
    }
    said
}

#[tokio::test]
async fn what_goes_in_is_the_same_with_a_refused_change_behind_it() {
    let alone = taken_in(false).await;
    let is_beyond = |line: &String| line.contains("Ravi") && line.contains("Bool(false), Bool(true)");
    assert!(alone.iter().any(is_beyond), "Ravi is beyond the plan: {alone:?}");
    assert_eq!(taken_in(true).await, alone);
}

#[tokio::test]
async fn a_change_larger_than_any_person_makes_is_set_aside_and_answers_no_rows() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let id = Uuid::now_v7();
    desk.write(vec![new_patient(id, "Sunita")]).await;
    let huge = vec![city(id, json!(null), json!("Pune")); MAX_MUTATION_CHANGES + 1];
    let response = desk.write(huge).await;
    assert_eq!(response.receipts[0].fate, Fate::Quarantined);
    assert_eq!(response.rows, [], "what was set aside is not read back");
    let waiting = desk.write(vec![city(id, json!(null), json!("Pune"))]).await;
    assert_eq!(waiting.receipts[0].fate, Fate::Blocked);
    assert_eq!(waiting.rows, [], "nor is what waits for it");
}

#[tokio::test]
async fn a_change_with_too_long_a_body_is_set_aside_and_the_desktop_goes_on() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let mut new = new_patient(Uuid::now_v7(), "Sunita");
    let long: String = (0..MAX_MUTATION_BYTES / 4).map(|n| n.to_string()).collect();
    new.set.get_mut("first_name").expect("set").value = json!(long);
    let mutations = vec![desk.sign(vec![new]), desk.sign(vec![new_patient(Uuid::now_v7(), "Ravi")])];
    let text = serde_json::to_vec(&PushRequest { epoch: desk.epoch, mutations }).expect("JSON");
    let packed = zstd::encode_all(text.as_slice(), 3).expect("zstd");
    let builder = desk.client.post(format!("{}/v1/sync/push", desk.url)).header(CONTENT_ENCODING, "zstd");
    let answer = desk.request(builder).body(packed).send().await.expect("an answer");
    let response: PushResponse = body(answer).await.expect("taken");
    let [long, next] = response.receipts.as_slice() else { panic!("{:?}", response.receipts) };
    assert_eq!(long.fate, Fate::Quarantined);
    assert!(long.detail.as_deref().is_some_and(|detail| detail.contains("larger")), "{long:?}");
    assert_eq!(next.fate, Fate::Applied);
}

#[tokio::test]
async fn every_refusal_of_content_has_its_code() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let id = Uuid::now_v7();
    desk.write(vec![new_patient(id, "Sunita")]).await;
    let nowhere = json!(Uuid::now_v7());
    let mut with_parent = new_patient(Uuid::now_v7(), "Ravi");
    with_parent
        .set
        .extend(edit(TableName::Patients, id, &[("registered_clinic_id", json!(null), nowhere)]).set);
    for (change, code) in [
        (new_patient(id, "Meena"), RefusalCode::IdTaken),
        (city(Uuid::now_v7(), json!(null), json!("Pune")), RefusalCode::MissingRow),
        (with_parent, RefusalCode::MissingParent),
        (
            edit(TableName::Clinics, desk.clinic, &[("clinic_code", json!("ASHA"), json!("B"))]),
            RefusalCode::NotAllowed,
        ),
        (
            edit(TableName::Doctors, desk.doctor, &[("shoe_size", json!(null), json!(42))]),
            RefusalCode::Unknown,
        ),
    ] {
        let response = desk.write(vec![change]).await;
        assert_eq!(response.receipts[0].code, Some(code), "{:?}", response.receipts[0]);
    }
}

#[tokio::test]
async fn a_change_of_a_table_that_this_server_does_not_know_waits_for_an_update() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let mut signed = desk.sign(vec![new_patient(Uuid::now_v7(), "Sunita")]);
    signed.body = signed.body.replace("\"patients\"", "\"appointments\"");
    // A newer desktop would sign this text; the hash over it is made as that desktop makes it.
    let text = [signed.previous_hash.0.as_slice(), signed.body.as_bytes()].concat();
    signed.hash = Hash::of(&text);
    signed.signature = {
        use base64::Engine;
        use ed25519_dalek::Signer;
        let bytes = [b"cd-mutation-1".as_slice(), &signed.hash.0].concat();
        base64::prelude::BASE64_STANDARD.encode(desk.key.sign(&bytes).to_bytes())
    };
    let response = desk.push(vec![signed]).await.expect("taken");
    assert_eq!(response.receipts[0].code, Some(RefusalCode::Unknown));
}

#[tokio::test]
async fn a_deleted_row_stays_as_a_tombstone() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let id = Uuid::now_v7();
    desk.write(vec![new_patient(id, "Sunita")]).await;
    let delete = Change { op: Op::Delete, ..edit(TableName::Patients, id, &[]) };
    let response = desk.write(vec![delete]).await;
    assert!(response.rows[0].deleted);
    assert_eq!(response.rows[0].values["first_name"], json!("Sunita"));
    // The name is free again.
    let again = desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    assert_eq!(again.receipts[0].fate, Fate::Applied);
}

#[tokio::test]
async fn what_another_program_writes_bears_a_version_and_clocks() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let id = Uuid::now_v7();
    let before = desk.write(vec![new_patient(id, "Sunita")]).await.head;
    let db = clinic.server.database().ops_db().await;
    let mut tx = db.write_unsynced(desk.tenant).await.expect("a transaction");
    sqlx::query("update patients set city = 'Satara' where tenant_id = $1 and id = $2")
        .bind(desk.tenant.0)
        .bind(id)
        .execute(&mut *tx)
        .await
        .expect("written");
    tx.commit().await.expect("committed");
    let row = desk.rows().await.into_iter().find(|row| row.id == id).expect("pulled");
    assert_eq!(row.version, before + 1);
    let past = OffsetDateTime::now_utc() - Duration::hours(1);
    let early = desk.sign_at(vec![city(id, json!(null), json!("Pune"))], past);
    let response = desk.push(vec![early]).await.expect("taken");
    assert_eq!(response.rows[0].values["city"], json!("Satara"));
}

#[tokio::test]
async fn a_front_desk_cannot_write_what_it_is_never_sent() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.front_desk().await;
    let id = Uuid::now_v7();
    let response = desk.write(vec![new_patient(id, "Sunita")]).await;
    assert_eq!(response.receipts[0].fate, Fate::Applied);
    assert!(!response.rows[0].values.contains_key("alerts"));
    let refused =
        desk.write(vec![edit(TableName::Patients, id, &[("alerts", json!(null), json!("…"))])]).await;
    assert_eq!(refused.receipts[0].code, Some(RefusalCode::NotAllowed));
}

#[tokio::test]
async fn bodies_that_are_too_large_in_either_form_are_refused_and_zstd_is_read() {
    let clinic = Clinic::open().await;
    let desk = clinic.desk().await;
    let url = format!("{}/v1/sync/push", desk.url);
    let post = |body: Vec<u8>, encoding: &'static str| {
        let builder = desk.client.post(&url).header(CONTENT_ENCODING, encoding);
        desk.request(builder).body(body).send()
    };
    let long = post(vec![b' '; MAX_PUSH_BYTES + 1], "identity").await.expect("an answer");
    assert_eq!(long.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let bomb = zstd::encode_all(std::io::Cursor::new(vec![b' '; 17 * 1024 * 1024]), 3).expect("zstd");
    let bomb = post(bomb, "zstd").await.expect("an answer");
    assert_eq!(bomb.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let empty = json!({"epoch": desk.epoch, "mutations": []}).to_string();
    let small = zstd::encode_all(empty.as_bytes(), 3).expect("zstd");
    assert_eq!(post(small, "zstd").await.expect("an answer").status(), StatusCode::OK);
}

#[tokio::test]
async fn an_old_protocol_an_old_epoch_and_no_token_are_refused() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let builder = desk.client.get(format!("{}/v1/sync/pull?epoch={}", desk.url, desk.epoch));
    let silent = builder.bearer_auth(&desk.token).send().await.expect("an answer");
    assert_eq!(silent.status(), StatusCode::UPGRADE_REQUIRED);
    let unsigned = desk.client.post(format!("{}/v1/sync/push", desk.url)).header(PROTOCOL_HEADER, 1);
    assert_eq!(unsigned.send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    desk.epoch = protocol::id::Epoch::new();
    assert_eq!(desk.push(vec![]).await.expect_err("another epoch").code, ErrorCode::EpochChanged);
}

#[tokio::test]
async fn what_somebody_did_who_never_signed_in_on_the_desktop_is_quarantined() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    desk.user = protocol::id::UserId::new();
    let response = desk.write(vec![new_patient(Uuid::now_v7(), "Sunita")]).await;
    assert_eq!(response.receipts[0].code, Some(RefusalCode::NotAllowed));
}

#[tokio::test]
async fn the_log_keeps_every_mutation_as_it_was_signed_and_only_its_answer_beside_it() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let mut broken = new_patient(Uuid::now_v7(), "Ravi");
    broken.set.get_mut("age_years").expect("set").value = json!(200);
    let signed = [desk.sign(vec![new_patient(Uuid::now_v7(), "Sunita")]), desk.sign(vec![broken])];
    desk.push(signed.to_vec()).await.expect("taken");
    let db = clinic.server.database().ops_db().await;
    let mut tx = db.read(desk.tenant).await.expect("a transaction");
    let kept: Vec<(String, String, String)> =
        // What was set aside has its text beside it, where it can be forgotten.
        sqlx::query_as(
            "select coalesce(q.body, m.body), m.hash, m.fate from sync_mutations m
             left join sync_quarantine q using (tenant_id, device_id, sequence) order by m.sequence",
        )
        .fetch_all(&mut *tx)
        .await
        .expect("the log");
    for ((body, hash, fate), (signed, expected)) in
        kept.iter().zip(signed.iter().zip(["applied", "quarantined"]))
    {
        assert_eq!((body, hash, fate.as_str()), (&signed.body, &signed.hash.to_string(), expected));
    }
}

#[tokio::test]
async fn every_mutation_of_a_long_push_reaches_the_log() {
    let clinic = Clinic::open().await;
    let mut desk = clinic.desk().await;
    let id = Uuid::now_v7();
    desk.write(vec![new_patient(id, "Sunita")]).await;
    let changes = (0..205).map(|place| {
        let name = |place: i32| if place == 0 { Value::Null } else { json!(format!("City {place}")) };
        city(id, name(place), name(place + 1))
    });
    let signed: Vec<_> = changes.map(|change| desk.sign(vec![change])).collect();
    let first = desk.push(signed.clone()).await.expect("the push is taken");
    assert!(first.receipts.iter().all(|receipt| receipt.fate == Fate::Applied));
    let again = desk.push(signed).await.expect("the same push is taken");
    assert_eq!(again.receipts, first.receipts);
    let kept = format!(
        "select count(*) from clinic.sync_mutations where sync_version = {} and done_at is not null",
        first.head
    );
    assert_eq!(clinic.number(&kept).await, 205);
    desk.write(vec![city(id, json!("City 205"), json!("Pune"))]).await;
}
