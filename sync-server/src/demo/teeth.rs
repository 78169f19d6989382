//! What dentists charted at the sample visits, written as they would write it.

use std::collections::BTreeSet;

use protocol::dental::{DentalEntry, after, read_line};
use protocol::table::{TableName, Values};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::dice::Dice;
use super::visits::Prescription;
use super::with_defaults;

/// An entry of the tooth chart.
#[derive(Debug)]
pub struct Charted {
    /// Whether it is a procedure, and not a finding.
    pub is_procedure: bool,
    /// Its id.
    pub id: Uuid,
    /// Its row.
    pub values: Values,
    /// When it was written.
    pub at: OffsetDateTime,
}

/// What is charted for a diagnosis, and what else is found in such a mouth.
const LINES: &[(&str, &[&str])] = &[
    (
        "K04.0",
        &["36 mo cp", "36 pi", "46 o f", "16 od f!", "28 ue", "36 plan rct", "36 plan cr", "16 od plan f"],
    ),
    ("K04.7", &["46 do cp", "46 pl", "46 abs", "26 mo f", "46 plan rct", "46 plan cr // zirconia"]),
    ("K05.2", &["48 pe", "38 imp", "36 o f", "48 plan x"]),
    ("K05.1", &["mouth ging", "lower calc", "31 m1", "16 d pk4", "mouth done sc"]),
    ("K03.8", &["14 b abr", "24 b abr", "34 b abr", "36 o s", "14 b plan f", "24 b plan f"]),
    ("K08.3", &["18 x", "46 cr", "46 rct", "37 o f", "26 im", "47 done x"]),
    ("K02.1", &["75 mo c", "85 o f", "75 plan pulp"]),
];

/// The entries of all patients: each patient's first visit to a dentist for something of the teeth.
pub fn charted(dice: &mut Dice, prescriptions: &[Prescription]) -> Vec<Charted> {
    let mut known = BTreeSet::new();
    let mut entries = Vec::new();
    for visit in prescriptions {
        let icd10 = visit.values["diagnoses"][0]["icd10"].as_str().unwrap_or_default();
        let Some((_, lines)) = LINES.iter().find(|(code, _)| *code == icd10) else { continue };
        if !known.insert(visit.values["patient_id"].to_string()) {
            continue;
        }
        entries.extend(lines.iter().map(|line| entry(dice, visit, line)));
    }
    entries
}

fn entry(dice: &mut Dice, visit: &Prescription, line: &str) -> Charted {
    let line = read_line(line).expect("BUG: a line of the chart");
    let (site, said) = line.site.zip(line.entry).expect("BUG: a whole line");
    let day = &visit.values["visit_date"];
    let text = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    let mut columns = vec![
        ("patient_id", visit.values["patient_id"].clone()),
        ("doctor_id", visit.values["doctor_id"].clone()),
        ("clinic_id", visit.values["clinic_id"].clone()),
        ("site_kind", json!(site.kind())),
        ("tooth_fdi", json!(site.tooth().map(protocol::dental::Tooth::fdi))),
        ("region", json!(site.region())),
        ("surfaces", text(&line.surfaces)),
        ("note", text(&line.note)),
    ];
    let is_procedure = matches!(said, DentalEntry::Procedure { .. });
    let table = match said {
        DentalEntry::Finding { condition, grade } => {
            columns.extend([
                ("observed_on", day.clone()),
                ("condition_code", json!(condition)),
                ("grade", json!(grade)),
            ]);
            TableName::DentalObservations
        }
        DentalEntry::Procedure { code, name, is_done } => {
            columns.extend([
                ("tooth_state_after", json!(after(code.as_deref()))),
                ("procedure_code", json!(code)),
                ("procedure_name", json!(name)),
                ("status", json!(if is_done { "completed" } else { "planned" })),
                (if is_done { "completed_on" } else { "planned_on" }, day.clone()),
            ]);
            TableName::DentalProcedures
        }
    };
    Charted {
        is_procedure,
        id: dice.id(visit.signed_at),
        values: with_defaults(table, columns),
        at: visit.signed_at,
    }
}
