//! What two entries say differently of a patient, until a person decides: no paper says one of them as if it were known. It is
//! told in the pad, and once before anything is signed without it.

use std::collections::BTreeSet;

use protocol::conflict::{fact_of, table_of};
use protocol::id::PatientId;
use protocol::table::TableName;
use rusqlite::Transaction;
use uuid::Uuid;

use crate::care::open_items;
use crate::error::Result;
use crate::patients::full_name;
use crate::replica::{must_get, text};

/// The columns of a patient's row about which nobody has decided.
pub(crate) fn disputed(tx: &Transaction<'_>, patient: PatientId) -> Result<BTreeSet<&'static str>> {
    let open = open_items(tx, patient)?;
    let own = open.iter().filter(|item| {
        table_of(item) == Some(TableName::Patients) && text(item, "row_id").parse::<Uuid>() == Ok(patient.0)
    });
    Ok(own.flat_map(fact_of).map(|column| column.name).collect())
}

/// What is not printed for that reason, a sentence each. A name cannot be left out.
pub(crate) fn disputed_words(tx: &Transaction<'_>, patient: PatientId) -> Result<Vec<String>> {
    let disputed = disputed(tx, patient)?;
    let left_out = [
        (
            "date_of_birth",
            "Two entries differ on this patient's age. It is not printed until it is decided under To review.",
        ),
        (
            "sex",
            "Two entries differ on this patient's sex. It is not printed until it is decided under To review.",
        ),
        (
            "mobile_number",
            "Two entries differ on this patient's mobile number. It is not printed until it is decided under To review.",
        ),
    ];
    let mut words: Vec<String> = left_out
        .into_iter()
        .filter(|(column, _)| disputed.contains(column))
        .map(|(_, sentence)| sentence.to_owned())
        .collect();
    if disputed.contains("first_name") {
        let name = full_name(&must_get(tx, TableName::Patients, patient.0)?);
        words.push(format!("Two entries differ on this patient's name. The paper says {name} until it is decided under To review."));
    }
    Ok(words)
}
