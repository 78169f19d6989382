//! Signing and withdrawing, and what a signed row keeps.

use protocol::error::{Refusal, RefusalCode};
use protocol::merge::Current;
use protocol::mutation::Change;
use protocol::prescription::{Withdrawal, check_lines, content_hash};
use protocol::table::{TableName, Values};
use protocol::validate::moment_text;
use serde_json::Value;
use uuid::Uuid;

use super::push::{Origin, Writing};
use super::{Key, Mistake, Rows};

type Checked = Result<(), Refusal>;

pub(super) fn status(values: &Values) -> Option<&str> {
    values.get("status").and_then(Value::as_str)
}

fn text<'a>(values: &'a Values, name: &str) -> &'a str {
    values.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What happens to a prescription beyond the columns that are written.
pub(super) enum Step {
    /// It is written as a draft first, so that its lines can follow.
    Sign,
    /// It was signed, and is amended or made void.
    Withdraw,
}

fn bad(detail: &str) -> Refusal {
    Refusal::new(RefusalCode::BadValue, detail)
}

fn not_allowed(detail: &str) -> Refusal {
    Refusal::new(RefusalCode::NotAllowed, detail)
}

/// Says whose a draft is that is given to the doctors: whoever says so, by the name that the server knows.
pub(super) fn name_preparer(change: &Change, row: &mut Current, name: &str) {
    if let Some(by) = row.values.get_mut("prepared_by")
        && change.set.contains_key("prepared_by")
        && !by.is_null()
    {
        *by = Value::from(name);
    }
}

/// Looks at a prescription before it is written.
pub(super) fn step(
    before: Option<&str>,
    row: &mut Current,
    origin: &Origin<'_>,
) -> Result<Option<Step>, Refusal> {
    match (before, status(&row.values)) {
        (None | Some("draft"), Some("finalised")) => {
            row.values.insert("status".to_owned(), Value::from("draft"));
            Ok(Some(Step::Sign))
        }
        (None, Some("superseded" | "voided")) => Err(bad("A new prescription is a draft or signed.")),
        (Some("finalised"), Some("superseded" | "voided")) if !origin.roles.is_prescriber() => {
            Err(not_allowed("Only a doctor or dentist can amend or void a signed prescription."))
        }
        (Some("finalised"), Some("superseded")) => Ok(Some(Step::Withdraw)),
        (Some("finalised"), Some("voided")) => {
            let actor = origin.actor.to_string();
            let by = row.values.entry("voided_by".to_owned()).or_default();
            if by.is_null() {
                *by = actor.clone().into();
            }
            if by.as_str() != Some(&actor) {
                return Err(bad("voided_by must be whoever made it void."));
            }
            let at = row.values.entry("voided_at".to_owned()).or_default();
            if at.is_null() {
                *at = moment_text(origin.recorded_at).into();
            }
            Ok(Some(Step::Withdraw))
        }
        _ => Ok(None),
    }
}

/// What the real server's triggers and unique keys keep.
pub(super) fn keep_fixed(rows: &Rows, (table, id): Key, row: &Current) -> Checked {
    let is_open = |prescription: &str| {
        let key = (TableName::Prescriptions, prescription.parse().unwrap_or_default());
        let held = rows.get(&key).and_then(|held| status(&held.row.values));
        matches!(held, Some("draft" | "discarded") | None)
    };
    match table {
        TableName::PrescriptionItems if !is_open(text(&row.values, "prescription_id")) => {
            Err(Refusal::new(RefusalCode::Fixed, "A signed prescription does not change; amend it instead."))
        }
        TableName::Prescriptions => {
            let number = text(&row.values, "prescription_number");
            let is_taken = !number.is_empty()
                && rows.iter().any(|((other_table, other), held)| {
                    *other_table == table
                        && *other != id
                        && text(&held.row.values, "prescription_number") == number
                });
            if is_taken { Err(bad("Another prescription has this number already.")) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

impl Writing {
    /// Signs a prescription whose lines are all there: what the doctor signed must be what stands here now.
    pub(super) fn sign(&mut self, origin: &Origin<'_>, id: Uuid) -> Checked {
        let key = (TableName::Prescriptions, id);
        let mut row = self.tenant.rows.get(&key).map(|held| held.row.clone()).unwrap_or_default();
        if !origin.roles.is_prescriber() {
            return Err(not_allowed("Only a doctor or dentist can sign."));
        }
        let actor = origin.actor.to_string();
        if text(&row.values, "finalised_by") != actor || text(&row.values, "finalised_at").is_empty() {
            return Err(bad("finalised_by must be whoever signed."));
        }
        let of_this = |values: &Values| text(values, "prescription_id") == id.to_string();
        let lines: Vec<(Uuid, Values)> = self
            .tenant
            .rows
            .iter()
            .filter(|((table, _), held)| {
                *table == TableName::PrescriptionItems && !held.row.deleted && of_this(&held.row.values)
            })
            .map(|((_, line), held)| (*line, held.row.values.clone()))
            .collect();
        check_lines(&lines)?;
        if text(&row.values, "content_sha256") != content_hash(id, &row.values, &lines).to_string() {
            return Err(bad("content_sha256 does not fit: what was signed is not what is stored."));
        }
        if self.user_of(text(&row.values, "doctor_id")) != Some(actor) {
            return Err(not_allowed("doctor_id must be whoever signed."));
        }
        row.values.insert("status".to_owned(), "finalised".into());
        self.write(origin, key, row)
    }

    /// What nothing may do.
    pub(super) fn change_signed(&mut self) {
        let version = self.tenant.version;
        for ((table, _), held) in &mut self.tenant.rows {
            if *table == TableName::Prescriptions && status(&held.row.values) == Some("finalised") {
                let mut changed = held.as_ref().clone();
                changed.version = version;
                changed.row.values.insert("advice".to_owned(), "changed".into());
                *held = std::sync::Arc::new(changed);
            }
        }
    }

    fn user_of(&self, doctor: &str) -> Option<String> {
        let held = self.tenant.rows.get(&(TableName::Doctors, doctor.parse().ok()?))?;
        Some(text(&held.row.values, "user_id").to_owned())
    }

    /// Checks why and by what a signed prescription was withdrawn.
    pub(super) fn check_withdrawal(&self, origin: &Origin<'_>, id: Uuid) -> Checked {
        let rows = &self.tenant.rows;
        let Some(held) = rows.get(&(TableName::Prescriptions, id)) else { return Ok(()) };
        let values = &held.row.values;
        let by = text(values, "superseded_by_id").parse().unwrap_or_default();
        let withdrawal = Withdrawal {
            is_void: status(values) == Some("voided"),
            is_own: self.user_of(text(values, "doctor_id")) == Some(origin.actor.to_string()),
            has_reason: !text(values, "void_reason").trim().is_empty(),
            is_amended: rows.get(&(TableName::Prescriptions, by)).is_some_and(|by| {
                text(&by.row.values, "amends_id") == id.to_string()
                    && text(&by.row.values, "patient_id") == text(values, "patient_id")
                    && !matches!(status(&by.row.values), Some("draft" | "discarded"))
            }),
        };
        if withdrawal.is_void && self.mistake == Some(Mistake::KeepsAll) {
            return Err(bad("A prescription is never void."));
        }
        withdrawal.check()
    }
}
