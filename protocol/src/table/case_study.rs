//! Case studies.

use super::Kind::{Bool, Choice, Int, Json, Text, Timestamp, Uuid};
use super::Merge::{Latest, Review, Union};
use super::Writer::Prescriber;
use super::{Table, TableName, clinical};

/// Cases written up for colleagues.
pub(super) const CASE_STUDIES: Table = Table {
    name: TableName::CaseStudies,
    sql_name: "case_studies",
    row_scope: None,
    columns: &[
        clinical("title", Text(200), Latest, Prescriber).required(),
        clinical("doctor_id", Uuid, Review, Prescriber).required().to(TableName::Doctors),
        clinical("patient_id", Uuid, Review, Prescriber).to(TableName::Patients),
        clinical("specialty", Text(100), Latest, Prescriber),
        clinical("tags", Json, Union, Prescriber).or("[]"),
        clinical("presentation", Text(20000), Review, Prescriber),
        clinical("history", Text(20000), Review, Prescriber),
        clinical("examination", Text(20000), Review, Prescriber),
        clinical("investigations", Text(20000), Review, Prescriber),
        clinical("diagnosis", Text(20000), Review, Prescriber),
        clinical("management", Text(20000), Review, Prescriber),
        clinical("outcome", Text(20000), Review, Prescriber),
        clinical("discussion", Text(20000), Review, Prescriber),
        clinical("linked_prescription_ids", Json, Union, Prescriber).or("[]"),
        clinical("linked_attachment_ids", Json, Union, Prescriber).or("[]"),
        clinical("visibility", Choice(&["private", "tenant"]), Review, Prescriber).or("\"private\""),
        clinical("status", Choice(&["draft", "in_review", "published", "withdrawn"]), Review, Prescriber)
            .or("\"draft\""),
        clinical("patient_consent", Choice(&["none", "verbal", "written"]), Review, Prescriber)
            .or("\"none\""),
        clinical("consent_attachment_id", Uuid, Latest, Prescriber).to(TableName::DentalAttachments),
        clinical("deidentified", Bool, Review, Prescriber).or("false"),
        clinical("deidentified_by", Uuid, Review, Prescriber),
        clinical("deidentified_at", Timestamp, Review, Prescriber),
        clinical("version", Int(1, 10_000), Latest, Prescriber).or("1"),
    ],
};
