//! Files in patients' records: added, removed, and opened elsewhere.

use futures_util::future::BoxFuture;
use protocol::id::{AttachmentId, PatientId};
use protocol::mutation::Hash;
use protocol::table::TableName;
use replica::view::AttachmentForm;
use replica::{AttachmentContent, Result};

use super::{Hand, text};
use crate::dice::Dice;

/// A file that somebody opens.
pub struct Opening {
    /// Which.
    pub id: AttachmentId,
    /// The SHA-256 that its row names.
    pub sha256: String,
    /// What comes.
    pub comes: BoxFuture<'static, Result<AttachmentContent>>,
}

impl Hand<'_> {
    pub(super) fn attach(&mut self) -> Result<()> {
        if !self.is_clinical() || !self.desk.person.roles.is_clinician() {
            return Ok(());
        }
        let known = self.one(TableName::DentalAttachments, |_| true)?;
        if let Some(row) = known.filter(|_| self.is_doctor() && self.dice.per_mille(200)) {
            return self.replica.remove_attachment(AttachmentId(row.id));
        }
        let Some(patient) = self.one(TableName::Patients, |_| true)? else { return Ok(()) };
        // Now and then the same picture at two computers; some are longer than one piece.
        let mut dice = Dice::new(self.dice.below(12));
        let longest = if dice.per_mille(300) { 500_000 } else { 40_000 };
        let length = 64 + dice.below(longest);
        let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
        picture.extend((0..length / 8).flat_map(|_| dice.roll().to_le_bytes()));
        let form = AttachmentForm { kind: "xray".into(), description: String::new(), teeth: String::new() };
        let patient = PatientId(patient.id);
        let attached = self.replica.attach(patient, "picture.png", &mut picture.as_slice(), &form)?;
        self.told.attached.insert(attached.id, Hash::of(&picture).to_string());
        Ok(())
    }

    pub(super) fn open(&mut self) -> Result<()> {
        let Some(row) = self.one(TableName::DentalAttachments, |_| true)? else { return Ok(()) };
        let id = AttachmentId(row.id);
        let comes = self.station.open_attachment(id)?;
        self.told.openings.push(Opening { id, sha256: text(&row, "sha256").to_owned(), comes });
        Ok(())
    }
}
