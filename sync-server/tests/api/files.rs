//! Attached files: their bytes travel by themselves, in pieces, and arrive whole or not at all.

use clinic_sync::archive::Doors;
use clinic_sync::archive::delete::delete;
use clinic_sync::audit::heads::hex;
use protocol::error::{ErrorCode, Problem};
use protocol::file::{MAX_PIECE_BYTES, Upload};
use protocol::mutation::Change;
use protocol::table::TableName;
use reqwest::StatusCode;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::archive_box::Mover;
use crate::chart::dental_clinic;
use crate::clinic::{Desk, body, new_patient, values};

/// A picture of so many bytes, as far as its first ones say.
pub fn picture(bytes: usize) -> Vec<u8> {
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    picture.extend((picture.len()..bytes).map(|place| (place * 7 % 251) as u8));
    picture
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub fn attachment(id: Uuid, patient: Uuid, bytes: &[u8], mime: &str) -> Change {
    let values = values(&[
        ("patient_id", json!(patient)),
        ("owner_kind", json!("patient")),
        ("owner_id", json!(patient)),
        ("kind", json!("xray")),
        ("file_name", json!("molar.png")),
        ("mime", json!(mime)),
        ("byte_size", json!(bytes.len())),
        ("sha256", json!(hash(bytes))),
    ]);
    Change::insert(TableName::DentalAttachments, id, values)
}

impl Desk {
    async fn piece(&self, id: Uuid, from: usize, bytes: &[u8]) -> Result<Upload, Problem> {
        let url = format!("{}/v1/dental_attachments/{id}/upload?from={from}", self.url);
        let request = self.request(self.client.put(url)).body(bytes.to_vec());
        body(request.send().await.expect("the server answers")).await
    }

    async fn end(&self, id: Uuid) -> Result<Upload, Problem> {
        let url = format!("{}/v1/dental_attachments/{id}/upload", self.url);
        body(self.request(self.client.post(url)).send().await.expect("the server answers")).await
    }

    pub async fn upload(&self, id: Uuid) -> Upload {
        body(self.get(&format!("/v1/dental_attachments/{id}/upload")).await).await.expect("an answer")
    }

    pub async fn file(&self, id: Uuid, from: usize) -> reqwest::Response {
        self.get(&format!("/v1/dental_attachments/{id}/file?from={from}")).await
    }

    /// Sends all of a file.
    pub async fn send(&self, id: Uuid, bytes: &[u8]) {
        for (place, piece) in bytes.chunks(MAX_PIECE_BYTES).enumerate() {
            self.piece(id, place * MAX_PIECE_BYTES, piece).await.expect("a piece");
        }
        assert_eq!(self.end(id).await, Ok(Upload { stored: true, received: bytes.len() as u64 }));
    }
}

#[tokio::test]
async fn a_file_travels_in_pieces_goes_on_where_it_was_and_every_desktop_hears_when_it_is_there() {
    let (clinic, mut desk, patient) = dental_clinic().await;
    let bytes = picture(2_500_000);
    let id = Uuid::now_v7();
    desk.write(vec![attachment(id, patient, &bytes, "image/png")]).await;
    let missing = body::<Upload>(desk.file(id, 0).await).await.expect_err("not here yet");
    assert_eq!((missing.status, missing.code), (409, ErrorCode::FileNotHere));
    assert_eq!(desk.upload(id).await, Upload { stored: false, received: 0 });

    let (first, rest) = bytes.split_at(MAX_PIECE_BYTES);
    assert_eq!(desk.piece(id, 0, first).await.expect("kept").received, first.len() as u64);
    // The answer was lost, and the piece comes again; then a shorter one that overlaps.
    assert_eq!(desk.piece(id, 0, first).await.expect("kept").received, first.len() as u64);
    desk.piece(id, first.len() - 10, &bytes[first.len() - 10..first.len() + 500]).await.expect("kept");
    assert_eq!(desk.upload(id).await.received, first.len() as u64 + 500);
    let files = clinic.server.database().files_folder();
    let pieces = files.join(desk.tenant.to_string()).join("pieces").join(hash(&bytes));
    let lengths = std::fs::read_dir(pieces).expect("a folder").map(|piece| {
        let piece = piece.expect("a piece").metadata().expect("there");
        piece.len()
    });
    assert_eq!(lengths.sum::<u64>(), first.len() as u64 + 500, "what was there is not kept twice");
    // Another computer may have had the pieces thrown away: that refuses nothing, and the rest is sent.
    let short = Upload { stored: false, received: first.len() as u64 + 500 };
    assert_eq!(desk.end(id).await, Ok(short));
    for piece in rest[500..].chunks(700_000) {
        let from = desk.upload(id).await.received;
        desk.piece(id, usize::try_from(from).expect("a length"), piece).await.expect("kept");
    }
    assert_eq!(desk.end(id).await, Ok(Upload { stored: true, received: bytes.len() as u64 }));
    assert_eq!(desk.end(id).await, Ok(Upload { stored: true, received: bytes.len() as u64 }), "once more");

    let other = clinic.desk().await;
    let rows = other.rows().await;
    let row = rows.iter().find(|row| row.id == id).expect("the row");
    assert_eq!(row.values["upload_state"], json!("stored"));
    let whole = other.file(id, 0).await;
    assert_eq!(whole.headers()["x-content-type-options"], "nosniff");
    assert_eq!(whole.bytes().await.expect("bytes"), bytes);
    assert_eq!(other.file(id, 2_400_000).await.bytes().await.expect("bytes"), bytes[2_400_000..]);
    assert_eq!(other.file(id, 2_500_000).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn bytes_that_are_not_the_file_are_thrown_away() {
    let (_clinic, mut desk, patient) = dental_clinic().await;
    let (good, id) = (picture(5_000), Uuid::now_v7());
    desk.write(vec![attachment(id, patient, &good, "image/png")]).await;
    let mut bad = good.clone();
    bad[4_000] ^= 1;
    desk.piece(id, 0, &bad).await.expect("kept");
    let refused = desk.end(id).await.expect_err("another file");
    assert!(refused.detail.contains("thrown away"), "{refused:?}");
    assert_eq!(desk.upload(id).await, Upload { stored: false, received: 0 });
    desk.send(id, &good).await;

    // The right hash, and not what its type says.
    let (program, hidden) = (b"MZ this is a program".to_vec(), Uuid::now_v7());
    desk.write(vec![attachment(hidden, patient, &program, "image/png")]).await;
    desk.piece(hidden, 0, &program).await.expect("kept");
    assert!(desk.end(hidden).await.is_err());
}

#[tokio::test]
async fn a_piece_that_does_not_belong_is_refused() {
    let (_clinic, mut desk, patient) = dental_clinic().await;
    let (bytes, id) = (picture(1_500_000), Uuid::now_v7());
    desk.write(vec![attachment(id, patient, &bytes, "image/png")]).await;
    assert_eq!(desk.piece(id, 0, &bytes[..0]).await.expect_err("refused").status, 422);
    // What comes before it may have been taken away by another computer: it is not kept, and nothing is refused.
    assert_eq!(desk.piece(id, 1, &bytes[1..10]).await, Ok(Upload { stored: false, received: 0 }));
    assert_eq!(desk.upload(id).await, Upload { stored: false, received: 0 });
    let long = vec![0; MAX_PIECE_BYTES + 1];
    assert_eq!(desk.piece(id, 0, &long).await.expect_err("too long").status, 413);
    desk.piece(id, 0, &bytes[..MAX_PIECE_BYTES]).await.expect("kept");
    let beyond = vec![0; 600_000];
    assert_eq!(desk.piece(id, MAX_PIECE_BYTES, &beyond).await.expect_err("beyond its end").status, 422);
}

#[tokio::test]
async fn a_file_is_there_for_clinicians_at_clinical_computers_of_its_tenant_and_for_nobody_else() {
    let (clinic, mut desk, patient) = dental_clinic().await;
    let (bytes, id) = (picture(5_000), Uuid::now_v7());
    desk.write(vec![attachment(id, patient, &bytes, "image/png")]).await;
    desk.send(id, &bytes).await;
    for other in [clinic.front_desk().await, clinic.neighbour().await] {
        assert_eq!(other.file(id, 0).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(other.piece(id, 0, &bytes).await.expect_err("refused").status, 404);
        assert_eq!(other.end(id).await.expect_err("refused").status, 404);
    }
    // The neighbour has the same picture: it is not theirs before they have sent it themselves.
    let mut neighbour = clinic.neighbour().await;
    let (patient, own) = (Uuid::now_v7(), Uuid::now_v7());
    neighbour
        .write(vec![new_patient(patient, "Sunita"), attachment(own, patient, &bytes, "image/png")])
        .await;
    assert_eq!(neighbour.upload(own).await, Upload { stored: false, received: 0 });
    assert_eq!(neighbour.file(own, 0).await.status(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn files_leave_with_their_tenant_come_back_with_it_and_are_gone_when_it_is_deleted() {
    let (clinic, mut desk, patient) = dental_clinic().await;
    let (kept, damaged) = (picture(1_200_000), picture(3_000));
    let (id, other) = (Uuid::now_v7(), Uuid::now_v7());
    for (id, bytes) in [(id, &kept), (other, &damaged)] {
        desk.write(vec![attachment(id, patient, bytes, "image/png")]).await;
        desk.send(id, bytes).await;
    }
    let mover = Mover::of(clinic.server.database()).await;
    let Doors { files, .. } = mover.doors.clone();
    let whole = mover.export(desk.tenant, "whole").await.expect("an archive");
    assert_eq!(whole.files(), (2, 0));
    let entries = mover.open("whole");
    let entry = entries.iter().find(|entry| entry.path == format!("attachments/{}", hash(&kept)));
    assert!(entry.expect("the file").bytes == kept);

    let place = clinic.server.database().files_folder().join(desk.tenant.to_string()).join("files");
    std::fs::write(place.join(hash(&damaged)), b"something else").expect("a damaged disk");
    let told = mover.export(desk.tenant, "damaged").await.expect("an archive all the same");
    assert_eq!(told.files(), (1, 1), "what is damaged is not passed off as the file");

    let restored = mover.restore("whole", Some("BACK")).await.expect("a tenant");
    for bytes in [&kept, &damaged] {
        let length = files.length(restored.tenant, &hash(bytes)).await.expect("an answer");
        assert_eq!(length, Some(bytes.len() as u64));
    }
    let (lock, key, path) = (mover.lock(), mover.key(), mover.path("last"));
    let refused =
        delete(&mover.doors, desk.tenant, &lock, &key, &path, false).await.expect_err("it would be lost");
    assert!(refused.to_string().contains("Nothing was deleted"), "{refused}");
    assert!(files.length(desk.tenant, &hash(&kept)).await.expect("an answer").is_some());
    let path = mover.path("given-up");
    delete(&mover.doors, desk.tenant, &lock, &key, &path, true).await.expect("deleted");
    assert_eq!(files.length(desk.tenant, &hash(&kept)).await.expect("an answer"), None);
    assert!(files.length(restored.tenant, &hash(&kept)).await.expect("an answer").is_some());
}
