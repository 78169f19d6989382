//! A paper against the record: what its code says was signed, and what became of it.

use protocol::id::PrescriptionId;
use protocol::prescription::content_hash;
use protocol::table::{TableName, Values};
use serde::Serialize;

use crate::chart::{doctor_name, items};
use crate::error::{Error, Result};
use crate::replica::{Replica, some_text, text};
use crate::store::{OwnSignature, get_row, own_keys};

/// What stands before the rest of a code.
const MARK: &str = "CD1";

/// What a paper is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaperReport {
    /// Its number.
    pub number: Option<String>,
    /// Who signed it.
    pub doctor: String,
    /// When, RFC 3339.
    pub signed_at: Option<String>,
    /// `finalised`, `superseded` or `voided`: what became of it since.
    pub status: String,
    /// Whose key signed it.
    pub own_signature: OwnSignature,
    /// Whether the paper's hash is that of what was signed, the record still has that content, and nobody else signed it.
    pub is_genuine: bool,
}

/// What the code on a paper says.
pub(crate) fn verify_text(id: PrescriptionId, values: &Values) -> String {
    format!("{MARK} {} {id} {}", text(values, "prescription_number"), text(values, "content_sha256"))
}

impl Replica {
    /// Compares the text of a paper's code with the record on this computer.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a text that is no such code; [`Error::NotFound`] if the prescription is not here.
    pub fn verify_paper(&self, code: &str) -> Result<PaperReport> {
        self.must_read_clinical()?;
        let words: Vec<&str> = code.split_whitespace().collect();
        let [MARK, number, id, hash] = words[..] else {
            return Err(Error::Invalid(
                "This is not the text of a code on a prescription of Clinic Desk.".into(),
            ));
        };
        let id: PrescriptionId = id.parse().map_err(|_| Error::NotFound)?;
        self.store.read(|tx| {
            let stored = get_row(tx, TableName::Prescriptions, id.0)?.filter(|row| !row.is_deleted);
            let stored = stored.ok_or(Error::NotFound)?;
            let own_signature = own_keys(tx)?.judge(id.0, &stored);
            let values = stored.values;
            let computed = content_hash(id.0, &values, &items(tx, id)?).to_string();
            let is_signed = computed == text(&values, "content_sha256");
            let doctor = text(&values, "doctor_id").parse().map(|doctor| doctor_name(tx, doctor));
            Ok(PaperReport {
                own_signature,
                is_genuine: own_signature != OwnSignature::Wrong
                    && is_signed
                    && hash == computed
                    && number == text(&values, "prescription_number"),
                number: some_text(&values, "prescription_number"),
                doctor: doctor.unwrap_or_else(|_| Ok(String::new()))?,
                signed_at: some_text(&values, "finalised_at"),
                status: text(&values, "status").to_owned(),
            })
        })
    }
}
