//! A clinic's attached files go along.

use std::path::PathBuf;

use bytes::Bytes;
use clinic_sync::audit::heads::hex;
use clinic_sync::clinic_move::{FileCounts, Move, run};
use clinic_sync::files::{Ended, Named};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{REGISTERED, Town, pick};

impl Town {
    /// Attaches a picture, which is stored, to a patient of the first tenant.
    async fn attach(&mut self, patient: Uuid, bytes: &[u8]) -> Named {
        let sha256 = hex(&Sha256::digest(bytes));
        let file = Named { tenant: self.from, sha256, bytes: bytes.len() as u64, mime: None };
        let mut writer = self.files.writer(&file);
        writer.put(Bytes::copy_from_slice(bytes)).await.expect("written");
        assert_eq!(writer.end().await.expect("written"), Ended::Stored);
        self.run(&format!(
            "insert into clinic.dental_attachments (tenant_id, id, patient_id, owner_kind, owner_id, kind, file_name,
                                                    mime, byte_size, sha256, upload_state)
             values ('{}', gen_random_uuid(), '{patient}', 'patient', '{patient}', 'xray', 'molar.png', 'image/png', {},
                     '{}', 'stored')",
            self.from.0, file.bytes, file.sha256
        ))
        .await;
        file
    }

    /// Where a file lies.
    fn place(&self, file: &Named) -> PathBuf {
        self.database.files_folder().join(file.tenant.to_string()).join("files").join(&file.sha256)
    }

    /// What the other tenant says of the only file that it knows.
    async fn upload_state(&mut self) -> Value {
        let there = self.rows(self.to, "dental_attachments").await;
        assert_eq!(there.len(), 1);
        there.into_values().next().expect("a row")["upload_state"].clone()
    }
}

#[tokio::test]
async fn attached_files_go_along_and_later_ones_with_the_same_command() {
    let mut town = Town::new().await;
    let to = town.to;
    let patient = pick(&mut town, REGISTERED).await;
    let first = town.attach(patient, b"a molar").await;
    let said = town.relocate(true, false).await.expect("a report");
    assert_eq!(said.files, FileCounts { there: 1, missing: 0 });
    assert_eq!(
        town.files.length(to, &first.sha256).await.expect("an answer"),
        None,
        "nothing was copied yet"
    );

    let moved = town.relocate(true, true).await.expect("moved");
    assert_eq!(moved.files, said.files);
    assert_eq!(town.upload_state().await, json!("stored"));
    let there = Named { tenant: to, ..first.clone() };
    assert_eq!(std::fs::read(town.place(&there)).expect("it is there"), b"a molar");
    assert_eq!(
        std::fs::read(town.place(&first)).expect("it is there"),
        b"a molar",
        "the old tenant keeps it"
    );

    let later = town.attach(patient, b"an incisor").await;
    assert_eq!(town.relocate_again().await.files, FileCounts { there: 2, missing: 0 });
    let there = Named { tenant: to, ..later };
    assert_eq!(std::fs::read(town.place(&there)).expect("it is there"), b"an incisor");
}

#[tokio::test]
async fn a_clinic_goes_without_a_lost_file_only_if_that_is_said_and_does_not_call_it_stored_there() {
    let mut town = Town::new().await;
    let to = town.to;
    let patient = pick(&mut town, REGISTERED).await;
    let file = town.attach(patient, b"a molar").await;
    let (place, wanted) = (town.place(&file), town.wanted().await);
    let before = town.everything().await;
    std::fs::remove_file(&place).expect("it was there");
    assert_eq!(
        town.relocate(true, false).await.expect("a report").files,
        FileCounts { there: 0, missing: 1 }
    );
    for damage in [None, Some(b"a MOLAR")] {
        if let Some(other) = damage {
            std::fs::write(&place, other).expect("written");
        }
        let refused = run(&town.ops, &town.files, &wanted, true).await.expect_err("one is lost");
        assert!(refused.to_string().contains("--leave-missing-files"), "{refused}");
        assert_eq!(town.files.length(to, &file.sha256).await.expect("an answer"), None);
    }
    assert_eq!(town.everything().await, before);

    let anyway = Move { leaves_missing_files: true, ..wanted };
    let moved = run(&town.ops, &town.files, &anyway, true).await.expect("moved");
    assert_eq!(moved.files, FileCounts { there: 0, missing: 1 });
    assert_eq!(town.upload_state().await, json!("local_only"));
    // It is found in a backup.
    std::fs::write(&place, b"a molar").expect("written");
    assert_eq!(town.relocate_again().await.files, FileCounts { there: 1, missing: 0 });
    assert_eq!(town.upload_state().await, json!("stored"));
}
