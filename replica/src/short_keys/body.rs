//! What a short key stands for, in the column that holds it.

use rusqlite::Transaction;
use serde::Deserialize;
use serde_json::Value;

use crate::error::Result;
use crate::kept_dose::offered_dose;
use crate::pad::{form_in, medicine_row, named_now};
use crate::replica::text;
use crate::view::{Diagnosis, DraftItem, ItemSource};

/// The lines of a key's body.
pub(super) fn body_items(tx: &Transaction<'_>, body: &Value) -> Result<Vec<DraftItem>> {
    let items = body["items"].as_array().into_iter().flatten();
    items
        .map(|item| {
            let mut item = DraftItem {
                medicine_id: item["medicine_id"].as_str().and_then(|id| id.parse().ok()),
                medicine_text: item["medicine_text"].as_str().unwrap_or_default().to_owned(),
                dose_text: item["dose_text"].as_str().unwrap_or_default().to_owned(),
                source: ItemSource::ShortKey,
                ..DraftItem::default()
            };
            let medicine = medicine_row(tx, &item)?;
            let form = medicine
                .as_ref()
                .map_or_else(|| form_in(&item.medicine_text), |row| text(row, "dosage_form"));
            item.dose_text = offered_dose(&item.dose_text, form);
            named_now(tx, item)
        })
        .collect()
}

pub(super) fn lines_in(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => vec![],
    }
}

pub(super) fn diagnoses_in(body: &Value) -> Vec<Diagnosis> {
    let diagnoses = body["diagnoses"].as_array().into_iter().flatten();
    diagnoses.filter_map(|one| Diagnosis::deserialize(one).ok()).collect()
}

pub(super) fn follow_up_in(body: &Value) -> Option<String> {
    let days = body["follow_up_days"].as_i64().filter(|days| *days > 0).map(|days| format!("{days}d"));
    body["follow_up"].as_str().map(str::to_owned).or(days)
}
