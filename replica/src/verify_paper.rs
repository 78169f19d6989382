//! The code on a paper against the record: what was signed, for whom, and what became of it. The paper itself is compared
//! by whoever holds it.

use protocol::id::{PatientId, PrescriptionId};
use protocol::prescription::content_hash;
use protocol::table::{TableName, Values};
use protocol::validate::parse_day;
use serde::Serialize;

use crate::chart::{doctor_name, item_view, items};
use crate::clock::day_words;
use crate::error::{Error, Result};
use crate::language::Language;
use crate::replica::{Replica, some_text, text};
use crate::store::{OwnSignature, get_row, own_keys};
use crate::view::ItemView;

/// What stands before the rest of a code.
const MARK: &str = "CD1";

/// What the record says of the code on a paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaperReport {
    /// Its number.
    pub number: Option<String>,
    /// For whom it was signed: `Sunita Deshmukh, 54 y, F`.
    pub patient: String,
    /// The day of the visit: `23 Nov 2026`.
    pub date: String,
    /// What was signed, a line each: `TAB. PARACETAMOL 650 MG: 1 tablet morning and night, for 3 days (6 tablets)`.
    pub lines: Vec<String>,
    /// Who signed it.
    pub doctor: String,
    /// When, RFC 3339.
    pub signed_at: Option<String>,
    /// `finalised`, `superseded` or `voided`: what became of it since.
    pub status: String,
    /// Whose key signed it.
    pub own_signature: OwnSignature,
    /// Whether the code's hash is that of what was signed, the record still has that content, and nobody else signed it.
    pub is_genuine: bool,
}

/// What the code on a paper says.
pub(crate) fn verify_text(id: PrescriptionId, values: &Values) -> String {
    format!("{MARK} {} {id} {}", text(values, "prescription_number"), text(values, "content_sha256"))
}

impl Replica {
    /// Compares the text of a paper's code with the record on this computer. A genuine code says nothing of the rest of the
    /// paper, since it can be copied onto another: the report has what that must say.
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
        let (report, patient) = self.store.read(|tx| {
            let stored = get_row(tx, TableName::Prescriptions, id.0)?.filter(|row| !row.is_deleted);
            let stored = stored.ok_or(Error::NotFound)?;
            let own_signature = own_keys(tx)?.judge(id.0, &stored);
            let values = stored.values;
            let lines = items(tx, id)?;
            let computed = content_hash(id.0, &values, &lines).to_string();
            let is_signed = computed == text(&values, "content_sha256");
            let doctor = text(&values, "doctor_id").parse().map(|doctor| doctor_name(tx, doctor));
            let snapshot =
                |name: &str| values.get("patient_snapshot").and_then(|patient| patient[name].as_str());
            let patient = ["full_name", "age", "sex"].into_iter().filter_map(snapshot);
            let report = PaperReport {
                own_signature,
                is_genuine: own_signature != OwnSignature::Wrong
                    && is_signed
                    && hash == computed
                    && number == text(&values, "prescription_number"),
                number: some_text(&values, "prescription_number"),
                patient: patient.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "),
                date: parse_day(text(&values, "visit_date")).map_or_else(String::new, day_words),
                lines: lines.iter().map(|(_, item)| line(item_view(item, Language::En))).collect(),
                doctor: doctor.unwrap_or_else(|_| Ok(String::new()))?,
                signed_at: some_text(&values, "finalised_at"),
                status: text(&values, "status").to_owned(),
            };
            let patient_id: PatientId =
                text(&values, "patient_id").parse().map_err(|_| Error::StoreDamaged)?;
            Ok((report, patient_id))
        })?;
        self.note_view_of((TableName::Prescriptions, id.0), patient);
        Ok(report)
    }
}

fn line(item: ItemView) -> String {
    let quantity = item.quantity.map_or_else(String::new, |quantity| format!(" ({quantity})"));
    let substitution = if item.no_substitution { ". Do not substitute" } else { "" };
    format!("{}: {}{quantity}{substitution}", item.title, item.directions)
}
