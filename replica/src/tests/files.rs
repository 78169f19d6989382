//! Attached files: sealed beside the database, and there with their row or not at all.

use std::path::{Path, PathBuf};

use protocol::api::EpochState;
use protocol::id::{Epoch, PatientId};
use protocol::mutation::Hash;
use protocol::permission::Role;
use protocol::table::{Row, TableName};
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use super::{Fixture, NOW, answer, fixture, fixture_of, form, key};
use crate::attachments::Opened;
use crate::error::Error;
use crate::store::{Fetched, Store};
use crate::view::{AttachmentForm, AttachmentView, FilePlace};

const FRAME: usize = 64 * 1024;

/// A picture of this length whose bytes say which one it is.
fn picture(length: usize, mark: &str) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(mark.bytes().cycle().take(length.saturating_sub(bytes.len())));
    bytes
}

fn xray() -> AttachmentForm {
    AttachmentForm { kind: "xray".into(), description: "Before the filling".into(), teeth: "16, 17".into() }
}

fn sunita(fixture: &Fixture) -> PatientId {
    fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id
}

fn attach(fixture: &Fixture, patient: PatientId, bytes: &[u8]) -> AttachmentView {
    fixture.replica.attach(patient, "/home/anjali/opg.png", &mut &*bytes, &xray()).expect("BUG: attached")
}

fn bytes_of(fixture: &Fixture, file: &AttachmentView) -> Option<Vec<u8>> {
    match fixture.replica.open_attachment(file.id).expect("BUG: opened") {
        Opened::Here(content) => Some(content.bytes.to_vec()),
        Opened::Elsewhere(_) => None,
    }
}

fn folder(fixture: &Fixture) -> PathBuf {
    fixture.folder.path().join("clinic.files")
}

fn sealed_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("BUG: the folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("BUG: an entry").path()).collect();
    paths.retain(|path| !path.ends_with("lock"));
    paths.sort();
    paths
}

/// The number, the text and the hash of what was done last.
fn last_mutation(fixture: &Fixture) -> (i64, String, Hash) {
    let sql = "select sequence, body, hash from mutations order by sequence desc limit 1";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?));
    let (sequence, body, hash) =
        fixture.store.read(|tx| Ok(tx.query_row(sql, [], read)?)).expect("BUG: a mutation");
    (sequence, body, Hash::parse(&hash).expect("BUG: a hash"))
}

/// The server has the row, and says whether it has the file.
fn acknowledge(fixture: &Fixture, file: &AttachmentView, upload_state: &str) {
    let mut values = fixture
        .store
        .read(|tx| crate::replica::must_get(tx, TableName::DentalAttachments, file.id.0))
        .expect("BUG: the row");
    values.insert("upload_state".into(), json!(upload_state));
    let row = Row { table: TableName::DentalAttachments, id: file.id.0, version: 7, deleted: false, values };
    fixture
        .store
        .acknowledge(&answer(&fixture.store, 7, vec![row]), &[], (None, NOW))
        .expect("BUG: acknowledged");
}

/// The file as the server knows it.
fn sent(fixture: &Fixture, patient: PatientId, bytes: &[u8]) -> AttachmentView {
    let file = attach(fixture, patient, bytes);
    acknowledge(fixture, &file, "stored");
    let due = fixture.store.next_file(&[]).expect("BUG: asked").expect("BUG: due");
    assert!(fixture.store.file_sent(&due).expect("BUG: noted"));
    file
}

/// The program is started again.
fn reopened(fixture: Fixture) -> Fixture {
    let Fixture { folder, .. } = fixture;
    let store = Store::open(&folder.path().join("clinic.db"), &key(7)).expect("BUG: it opens");
    let other = super::fixture(Role::Doctor);
    let mut replica = other.replica;
    let store = std::sync::Arc::new(store);
    replica.store = std::sync::Arc::clone(&store);
    Fixture { replica, store, folder }
}

#[test]
fn a_file_is_saved_with_what_was_said_of_it_and_waits_to_be_sent() {
    let fixture = fixture(Role::Doctor);
    let (patient, bytes) = (sunita(&fixture), picture(200_000, "a panoramic picture "));
    let file = attach(&fixture, patient, &bytes);
    assert_eq!((file.file_name.as_str(), file.mime.as_str(), file.bytes), ("opg.png", "image/png", 200_000));
    assert_eq!((file.kind.as_str(), file.teeth.as_slice()), ("xray", [16, 17].as_slice()));
    assert_eq!(file.description.as_deref(), Some("Before the filling"));
    assert_eq!(file.place, FilePlace::Waiting);
    assert_eq!(bytes_of(&fixture, &file).as_deref(), Some(bytes.as_slice()));
    assert_eq!(fixture.replica.attachments(patient).expect("BUG: listed"), [file]);
    let state = fixture.store.sync_state().expect("BUG: the state");
    assert_eq!((state.files.waiting, state.waiting), (1, 2), "the patient's row, the file's row, the file");
    assert_eq!(fixture.replica.only_here().expect("BUG: counted").files, 1);
}

#[test]
fn nothing_of_a_file_stands_on_the_disk_in_clear() {
    let fixture = fixture(Role::Doctor);
    let mark = "panoramic picture of Mandakini";
    let bytes = picture(3 * FRAME + 17, mark);
    let file = attach(&fixture, sunita(&fixture), &bytes);
    assert!(bytes_of(&fixture, &file).is_some(), "it was looked at, too");
    let mut looked_at = sealed_files(fixture.folder.path());
    looked_at.retain(|path| path.is_file());
    looked_at.extend(sealed_files(&folder(&fixture)));
    assert!(looked_at.iter().any(|path| path.metadata().is_ok_and(|file| file.len() > bytes.len() as u64)));
    for path in looked_at {
        let on_disk = std::fs::read(&path).expect("BUG: the file");
        for secret in [mark.as_bytes(), b"opg.png", b"\x89PNG\r\n"] {
            let found = on_disk.windows(secret.len()).any(|window| window == secret);
            assert!(!found, "{} in {}", String::from_utf8_lossy(secret), path.display());
        }
    }
}

#[test]
fn pieces_are_the_same_bytes_wherever_they_begin() {
    for length in [9, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 2 * FRAME + 100] {
        let fixture = fixture(Role::Doctor);
        let bytes = picture(length, "0123456789abcdef!");
        let file = attach(&fixture, sunita(&fixture), &bytes);
        assert_eq!(bytes_of(&fixture, &file).as_deref(), Some(bytes.as_slice()), "{length}");
        for from in [0, 1, 8, FRAME - 1, FRAME, FRAME + 1, length - 1, length, length + 1] {
            for size in [1, 1000, FRAME, 2 * FRAME] {
                let piece = fixture.store.piece(&Hash::of(&bytes), from as u64, size).expect("BUG: read");
                let wanted = bytes.get(from.min(length)..(from + size).min(length)).unwrap_or_default();
                assert!(
                    piece.expect("BUG: here").as_slice() == wanted,
                    "{size} bytes from {from} of {length}"
                );
            }
        }
    }
}

#[test]
fn what_was_tampered_with_on_the_disk_is_never_shown_and_verify_says_so() {
    let fixture = fixture(Role::Doctor);
    let bytes = picture(2 * FRAME, "a picture ");
    let file = attach(&fixture, sunita(&fixture), &bytes);
    let path = folder(&fixture).join(Hash::of(&bytes).to_string());
    let good = std::fs::read(&path).expect("BUG: the file");
    assert!(fixture.replica.verify().expect("BUG: verified").is_good());
    let mut flipped = good.clone();
    flipped[FRAME] ^= 1;
    let cut = good[..32 + FRAME + 16].to_vec();
    let swapped = [&good[..32], &good[32 + FRAME + 16..], &good[32..32 + FRAME + 16]].concat();
    for wrong in [flipped, cut, swapped, good[..40].to_vec(), Vec::new()] {
        std::fs::write(&path, &wrong).expect("BUG: written");
        let opened = fixture.replica.open_attachment(file.id);
        assert!(matches!(opened, Err(Error::FileDamaged)), "of {} bytes", wrong.len());
        let report = fixture.replica.verify().expect("BUG: verified");
        assert_eq!((report.files, report.problems.len()), (1, 1), "{:?}", report.problems);
    }
    std::fs::write(&path, &good).expect("BUG: written");
    assert!(fixture.replica.verify().expect("BUG: verified").is_good());
}

#[test]
fn only_pictures_and_documents_are_taken_and_nothing_is_left_of_others() {
    let fixture = fixture(Role::Doctor);
    let patient = sunita(&fixture);
    let refused = |bytes: &[u8], form: &AttachmentForm| {
        let answer = fixture.replica.attach(patient, "opg.png", &mut &*bytes, form);
        let said = answer.expect_err("BUG: taken").to_string();
        assert_eq!(sealed_files(&folder(&fixture)), Vec::<PathBuf>::new(), "{said}");
        said
    };
    assert!(refused(b"MZ a program", &xray()).contains("whatever its name says"));
    assert!(refused(b"", &xray()).contains("empty"));
    let good = picture(100, "x");
    assert!(refused(&good, &AttachmentForm { teeth: "19".into(), ..xray() }).contains("no tooth 19"));
    refused(&good, &AttachmentForm { kind: "gossip".into(), ..xray() });
    assert!(fixture.replica.attachments(patient).expect("BUG: listed").is_empty());
    assert_eq!(fixture.store.sync_state().expect("BUG").waiting, 1, "the patient alone");
}

#[test]
fn a_file_has_a_largest_length() {
    let fixture = fixture(Role::Doctor);
    let bytes = picture(FRAME + 1, "x");
    let alone = fixture.store.contents.alone().expect("BUG: alone");
    assert!(matches!(alone.seal(&mut &*bytes, FRAME as u64), Err(Error::Invalid(_))));
    assert!(alone.seal(&mut &*bytes, FRAME as u64 + 1).is_ok());
}

#[test]
fn a_file_is_once_in_a_record() {
    let fixture = fixture(Role::Doctor);
    let (patient, bytes) = (sunita(&fixture), picture(1000, "x"));
    let file = attach(&fixture, patient, &bytes);
    let again = fixture.replica.attach(patient, "copy.png", &mut &*bytes, &xray());
    assert!(matches!(again, Err(Error::Invalid(_))), "{again:?}");
    assert_eq!(bytes_of(&fixture, &file), Some(bytes.clone()), "the first is not harmed");
    let farida = fixture.replica.register_patient(&form("Farida", "98204 41277")).expect("BUG").id;
    attach(&fixture, farida, &bytes);
    assert_eq!(sealed_files(&folder(&fixture)).len(), 1, "two records, one content");
}

#[test]
fn who_adds_and_who_removes_is_up_to_their_role() {
    let bytes = picture(1000, "x");
    let nurse = fixture(Role::Nurse);
    let patient = sunita(&nurse);
    let file = attach(&nurse, patient, &bytes);
    assert!(!file.may_remove);
    assert!(nurse.replica.remove_attachment(file.id).is_err());
    let reception = fixture(Role::Receptionist);
    let patient = sunita(&reception);
    let added = reception.replica.attach(patient, "opg.png", &mut &*bytes, &xray());
    assert!(matches!(added, Err(Error::Forbidden(_))), "{added:?}");
    assert!(matches!(reception.replica.attachments(patient), Err(Error::Forbidden(_))));
    assert!(!folder(&reception).exists(), "nothing was even sealed");
}

#[test]
fn a_removed_file_is_marked_and_its_content_stays() {
    let fixture = fixture(Role::Doctor);
    let (patient, bytes) = (sunita(&fixture), picture(1000, "x"));
    let file = sent(&fixture, patient, &bytes);
    fixture.replica.remove_attachment(file.id).expect("BUG: removed");
    assert!(fixture.replica.attachments(patient).expect("BUG: listed").is_empty());
    assert_eq!(sealed_files(&folder(&fixture)).len(), 1);
    let (_, body, _) = last_mutation(&fixture);
    assert!(body.contains("remove_attachment") && !body.contains("upload_state"), "{body}");
}

#[test]
fn what_a_crash_leaves_is_swept_up_and_what_is_saved_stays() {
    let fixture = fixture(Role::Doctor);
    let (patient, bytes) = (sunita(&fixture), picture(1000, "saved "));
    let file = attach(&fixture, patient, &bytes);
    {
        // It crashed before the content had its name, and once more after that and before the row was there.
        let alone = fixture.store.contents.alone().expect("BUG: alone");
        alone.seal(&mut &*picture(1000, "not whole "), u64::MAX).expect("BUG: sealed");
        let sealed = alone.seal(&mut &*picture(1000, "no row "), u64::MAX).expect("BUG: sealed");
        alone.put(&sealed).expect("BUG: named");
    }
    assert_eq!(sealed_files(&folder(&fixture)).len(), 3);
    let fixture = reopened(fixture);
    assert_eq!(sealed_files(&folder(&fixture)), [folder(&fixture).join(Hash::of(&bytes).to_string())]);
    assert_eq!(bytes_of(&fixture, &file), Some(bytes));
}

#[test]
fn a_program_that_adds_a_file_now_is_not_swept_away() {
    let fixture = fixture(Role::Doctor);
    let alone = fixture.store.contents.alone().expect("BUG: alone");
    let sealed = alone.seal(&mut &*picture(1000, "on its way "), u64::MAX).expect("BUG: sealed");
    let path = fixture.folder.path().join("clinic.db");
    drop(Store::open(&path, &key(7)).expect("BUG: it opens"));
    alone.put(&sealed).expect("BUG: it is still there");
}

#[test]
fn a_row_that_cannot_be_written_leaves_no_file_behind() {
    let fixture = fixture(Role::Doctor);
    let nobody = PatientId(Uuid::from_u128(404));
    let refused = fixture.replica.attach(nobody, "opg.png", &mut &*picture(1000, "x"), &xray());
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    assert_eq!(sealed_files(&folder(&fixture)), Vec::<PathBuf>::new());
    assert_eq!(fixture.store.sync_state().expect("BUG").files.waiting, 0);
}

#[test]
fn a_waiting_file_that_someone_deleted_is_known_to_be_missing() {
    let fixture = fixture(Role::Doctor);
    let (patient, bytes) = (sunita(&fixture), picture(1000, "x"));
    attach(&fixture, patient, &bytes);
    std::fs::remove_file(folder(&fixture).join(Hash::of(&bytes).to_string())).expect("BUG: removed");
    let fixture = reopened(fixture);
    let listed = fixture.replica.attachments(patient).expect("BUG: listed");
    assert_eq!(listed[0].place, FilePlace::Lost);
    assert_eq!(fixture.replica.verify().expect("BUG: verified").problems.len(), 1);
    fixture.replica.remove_attachment(listed[0].id).expect("BUG: removed");
    attach(&fixture, patient, &bytes);
    assert_eq!(fixture.replica.attachments(patient).expect("BUG: listed")[0].place, FilePlace::Waiting);
}

#[test]
fn a_file_goes_out_after_its_row_and_one_after_the_other() {
    let fixture = fixture(Role::Doctor);
    let (patient, bytes) = (sunita(&fixture), picture(1000, "x"));
    let file = attach(&fixture, patient, &bytes);
    assert_eq!(fixture.store.next_file(&[]).expect("BUG: asked"), None, "the server has no row of it yet");
    acknowledge(&fixture, &file, "local_only");
    let due = fixture.store.next_file(&[]).expect("BUG: asked").expect("BUG: due");
    assert_eq!((due.sha256, due.bytes, due.attachment), (Hash::of(&bytes), 1000, file.id.0));
    assert_eq!(fixture.store.next_file(&[due.sha256]).expect("BUG: asked"), None);
    fixture.store.file_refused(&due.sha256, "No.").expect("BUG: noted");
    let refused = &fixture.replica.attachments(patient).expect("BUG: listed")[0];
    assert_eq!((refused.place, refused.refusal.as_deref()), (FilePlace::Refused, Some("No.")));
    let state = fixture.store.sync_state().expect("BUG: the state");
    assert_eq!((state.files.waiting, state.files.refused), (0, 1));
    assert_eq!(bytes_of(&fixture, &file).map(|bytes| bytes.len()), Some(1000), "it is kept");
    fixture.replica.send_attachment_again(file.id).expect("BUG: again");
    assert!(fixture.store.next_file(&[]).expect("BUG: asked").is_some());
}

#[test]
fn a_file_that_was_put_into_another_record_while_it_was_sent_waits_on_for_that_one() {
    let fixture = fixture(Role::Doctor);
    let (sunita, bytes) = (sunita(&fixture), picture(1000, "x"));
    let wrong = attach(&fixture, sunita, &bytes);
    acknowledge(&fixture, &wrong, "local_only");
    let next = || fixture.store.next_file(&[]).expect("BUG: asked").expect("BUG: due");
    let due = next();
    let farida = fixture.register("Farida", "98204 41277");
    let right = attach(&fixture, farida, &bytes);
    let place = || fixture.replica.attachments(farida).expect("BUG: listed")[0].place;
    assert!(!fixture.store.file_sent(&due).expect("BUG: noted"));
    assert_eq!((place(), next().rows.as_slice()), (FilePlace::Waiting, [wrong.id.0].as_slice()));
    acknowledge(&fixture, &right, "local_only");
    // The server has the row since, and was not asked for it.
    assert!(!fixture.store.file_sent(&due).expect("BUG: noted"));
    let due = next();
    assert_eq!(due.rows, [wrong.id.0, right.id.0]);
    assert!(fixture.store.file_sent(&due).expect("BUG: noted"));
    assert_eq!(place(), FilePlace::Here);
}

#[test]
fn a_file_goes_out_for_a_record_that_the_server_has_and_not_for_one_that_it_lost() {
    let fixture = fixture(Role::Doctor);
    let (sunita, bytes) = (sunita(&fixture), picture(1000, "x"));
    let lost = attach(&fixture, sunita, &bytes);
    acknowledge(&fixture, &lost, "local_only");
    let farida = fixture.register("Farida", "98204 41277");
    let there = attach(&fixture, farida, &bytes);
    acknowledge(&fixture, &there, "local_only");
    let answer = Fetched { table: TableName::DentalAttachments, ids: vec![lost.id.0], rows: vec![] };
    fixture.store.mend(&answer).expect("BUG: compared");
    let due = fixture.store.next_file(&[]).expect("BUG: asked").expect("BUG: due");
    assert_eq!((due.attachment, due.rows), (there.id.0, vec![there.id.0, lost.id.0]));
}

#[test]
fn a_file_that_waits_and_comes_from_the_server_for_another_record_waits_on() {
    let fixture = fixture(Role::Doctor);
    let (patient, bytes) = (sunita(&fixture), picture(1000, "x"));
    attach(&fixture, patient, &bytes);
    fixture.store.keep_content(&bytes, NOW).expect("BUG: fetched");
    assert_eq!(fixture.replica.attachments(patient).expect("BUG: listed")[0].place, FilePlace::Waiting);
}

#[test]
fn room_is_made_of_what_the_server_has_and_of_nothing_else() {
    let mut fixture = fixture(Role::Doctor);
    let patient = sunita(&fixture);
    let (old, new, waiting) = (picture(5000, "old "), picture(5000, "new "), picture(5000, "waiting "));
    let first = sent(&fixture, patient, &old);
    fixture.replica.clock = crate::clock::Clock::stopped(NOW + Duration::hours(1));
    let second = sent(&fixture, patient, &new);
    let third = attach(&fixture, patient, &waiting);
    fixture.store.make_room(10_000).expect("BUG: room");
    assert_eq!(sealed_files(&folder(&fixture)).len(), 3, "there was room enough");
    fixture.store.make_room(9_999).expect("BUG: room");
    assert_eq!(bytes_of(&fixture, &first), None, "what was not looked at for longest is fetched again");
    assert_eq!(fixture.replica.attachments(patient).expect("BUG: listed")[2].place, FilePlace::OnServer);
    assert_eq!(bytes_of(&fixture, &second), Some(new));
    fixture.store.make_room(0).expect("BUG: room");
    assert_eq!(bytes_of(&fixture, &third), Some(waiting), "what is only here is never given up");
    fixture.store.keep_content(&old, NOW).expect("BUG: fetched");
    assert_eq!(bytes_of(&fixture, &first), Some(old));
}

#[test]
fn a_document_turned_page_by_page_is_noted_once_and_a_small_picture_is_no_look_at_it() {
    let fixture = fixture(Role::Doctor);
    let (patient, bytes) = (sunita(&fixture), picture(1000, "x"));
    let file = sent(&fixture, patient, &bytes);
    let n_noted = || -> i64 {
        let sql = "select count(*) from desk_events where body like '%dental_attachments%'";
        fixture.store.read(|tx| Ok(tx.query_row(sql, [], |row| row.get(0))?)).expect("BUG: counted")
    };
    let here = || fixture.replica.attachment_here(file.id).expect("BUG: read");
    assert_eq!(here().map(|content| content.bytes.to_vec()), Some(bytes.clone()));
    assert_eq!(n_noted(), 0);
    for _page in 0..3 {
        assert_eq!(bytes_of(&fixture, &file), Some(bytes.clone()));
    }
    assert_eq!(n_noted(), 1);
    fixture
        .store
        .keep_content(&picture(1000, "looked at last"), NOW + Duration::hours(1))
        .expect("BUG: kept");
    fixture.store.make_room(1_000).expect("BUG: room");
    assert!(here().is_none(), "none is asked for");
}

#[test]
fn a_file_that_is_here_is_opened_also_where_nothing_can_be_written() {
    let fixture = fixture(Role::Doctor);
    let (patient, bytes) = (sunita(&fixture), picture(1000, "x"));
    let file = attach(&fixture, patient, &bytes);
    fixture.store.write(|tx| Ok(tx.pragma_update(None, "query_only", true)?)).expect("BUG: set");
    assert_eq!(bytes_of(&fixture, &file), Some(bytes));
}

#[test]
fn a_damaged_file_that_the_server_has_is_fetched_again() {
    let fixture = fixture(Role::Doctor);
    let (patient, bytes) = (sunita(&fixture), picture(1000, "x"));
    let file = sent(&fixture, patient, &bytes);
    let path = folder(&fixture).join(Hash::of(&bytes).to_string());
    std::fs::write(&path, b"damaged").expect("BUG: written");
    assert_eq!(bytes_of(&fixture, &file), None);
    assert_eq!(fixture.replica.attachments(patient).expect("BUG: listed")[0].place, FilePlace::OnServer);
}

#[test]
fn after_a_restore_the_server_is_asked_about_every_file_again() {
    let fixture = fixture(Role::Doctor);
    let (patient, bytes) = (sunita(&fixture), picture(1000, "x"));
    let file = sent(&fixture, patient, &bytes);
    assert_eq!(fixture.store.next_file(&[]).expect("BUG: asked"), None);
    let (last_sequence, _, last_hash) = last_mutation(&fixture);
    let now = EpochState {
        epoch: Epoch(Uuid::from_u128(99)),
        version: 1_000_000,
        catalogue: 1,
        last_sequence,
        last_hash,
        lane: None,
    };
    fixture.store.begin_epoch(&now, NOW).expect("BUG: begun");
    let due = fixture.store.next_file(&[]).expect("BUG: asked").expect("BUG: due");
    assert_eq!((due.attachment, due.is_marked), (file.id.0, true));
    assert_eq!(bytes_of(&fixture, &file), Some(bytes));
}

#[test]
fn the_contents_are_written_out_for_their_clinic() {
    let fixture = fixture_of(&[Role::Doctor, Role::Admin]);
    let (patient, bytes) = (sunita(&fixture), picture(1000, "x"));
    let file = attach(&fixture, patient, &bytes);
    let to = fixture.folder.path().join("out");
    assert_eq!(fixture.replica.export_files(&to).expect("BUG: exported"), 1);
    assert_eq!(std::fs::read(to.join(format!("{}.png", file.id))).expect("BUG: the file"), bytes);
}

#[test]
fn a_damaged_file_keeps_none_of_the_others_from_being_written_out() {
    let fixture = fixture_of(&[Role::Doctor, Role::Admin]);
    let (patient, damaged, bytes) = (sunita(&fixture), picture(1000, "x"), picture(1000, "y"));
    attach(&fixture, patient, &damaged);
    let file = attach(&fixture, patient, &bytes);
    let path = folder(&fixture).join(Hash::of(&damaged).to_string());
    std::fs::write(&path, b"damaged").expect("BUG: written");
    let to = fixture.folder.path().join("out");
    let told = fixture.replica.export_files(&to);
    assert!(matches!(told, Err(Error::FileDamaged)), "{told:?}");
    assert_eq!(std::fs::read(to.join(format!("{}.png", file.id))).expect("BUG: the file"), bytes);
}

#[test]
fn a_file_that_was_lost_here_is_added_again_from_its_original() {
    let fixture = fixture(Role::Doctor);
    let (patient, bytes) = (sunita(&fixture), picture(1000, "x"));
    let lost = attach(&fixture, patient, &bytes);
    std::fs::remove_file(folder(&fixture).join(Hash::of(&bytes).to_string())).expect("BUG: removed");
    let fixture = reopened(fixture);
    assert_eq!(fixture.replica.attachments(patient).expect("BUG: listed")[0].place, FilePlace::Lost);
    attach(&fixture, patient, &bytes);
    let listed = fixture.replica.attachments(patient).expect("BUG: listed");
    assert!(listed.iter().all(|file| file.place == FilePlace::Waiting), "{listed:?}");
    assert_eq!(bytes_of(&fixture, &lost), Some(bytes));
}
