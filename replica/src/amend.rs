//! What becomes of a signed prescription: a later version replaces it, or it is made void. It itself never changes.

use protocol::id::{DoctorId, PatientId, PrescriptionId};
use protocol::mutation::{Change, Mutation, Op};
use protocol::prescription::{Status, Withdrawal};
use protocol::table::{TableName, Values};
use protocol::validate::{moment_text, parse_day};
use rusqlite::Transaction;
use serde::Deserialize;
use serde_json::{Value, json};
use time::Date;

use crate::chart::{diagnoses, items, prescription};
use crate::clock::follow_up;
use crate::error::{Error, Result};
use crate::one_patient::kept;
use crate::pad::draft;
use crate::prepared::{is_unsigned, taken_up_by};
use crate::repeat::written_again;
use crate::replica::{Replica, from_to, must_get, text};
use crate::running::is_stopped;
use crate::store::get_row;
use crate::view::{Draft, ItemSource, PrescriptionSummary, Vitals};

impl Replica {
    /// A draft that says what a signed prescription says, and replaces it when it is signed. Nothing is written yet.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if it does not hold any more, or if another draft of the patient waits: that is not
    /// overwritten.
    pub fn amend_prescription(&self, id: PrescriptionId) -> Result<Draft> {
        self.signer()?;
        self.store.read(|tx| {
            let values = standing(tx, id)?;
            let patient: PatientId = text(&values, "patient_id").parse().map_err(|_| Error::NotFound)?;
            match draft(tx, kept(tx, patient)?)? {
                Some(draft) if draft.amends == Some(id) => Ok(draft),
                Some(draft) if draft != Draft::default() => Err(Error::Invalid(
                    "A draft of this patient waits. Sign it or discard it first; nothing was changed.".into(),
                )),
                _ => said_again(tx, id, &values),
            }
        })
    }

    /// Makes a signed prescription void. It stays in the record, with the reason.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who does not prescribe; [`Error::Invalid`] without a reason, or if it does not hold any
    /// more.
    pub fn void_prescription(&self, id: PrescriptionId, reason: &str) -> Result<PrescriptionSummary> {
        self.signer()?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Error::Invalid("Why is it void? Nothing was changed yet.".into()));
        }
        let patient = self.store.read(|tx| Ok(text(&standing(tx, id)?, "patient_id").parse().ok()))?;
        self.record("void_prescription", patient, |tx| {
            let current = standing(tx, id)?;
            let now = moment_text(self.clock.now());
            let set = [
                ("status", json!("voided")),
                ("void_reason", json!(reason)),
                ("voided_at", json!(now)),
                ("voided_by", json!(self.person.id)),
            ];
            Ok((vec![withdrawal(&current, id, set)], ()))
        })?;
        self.store
            .read(|tx| prescription(tx, id, &must_get(tx, TableName::Prescriptions, id.0)?, self.language()))
    }

    /// As which doctor this person signs.
    pub(crate) fn signer(&self) -> Result<DoctorId> {
        self.prescriber().ok_or(Error::Forbidden(
            "Only a doctor or dentist signs, on a computer for clinical work. The draft is kept.",
        ))
    }
}

/// A signed prescription that holds.
pub(crate) fn standing(tx: &Transaction<'_>, id: PrescriptionId) -> Result<Values> {
    let values = must_get(tx, TableName::Prescriptions, id.0)?;
    let status = values.get("status").and_then(|status| Status::deserialize(status).ok());
    if status == Some(Status::Finalised) {
        return Ok(values);
    }
    Err(Error::Invalid("This prescription was replaced or made void already. Nothing was changed.".into()))
}

/// The signed prescription that a draft of this patient replaces, if it replaces one and this doctor may sign that.
///
/// # Errors
///
/// [`Error::Invalid`] if it does not hold any more, is another patient's by now, or is another doctor's and no reason is
/// given.
pub(crate) fn replaced(
    tx: &Transaction<'_>,
    draft: &Draft,
    patient: PatientId,
    doctor: DoctorId,
) -> Result<Option<(PrescriptionId, Values)>> {
    let Some(id) = draft.amends else { return Ok(None) };
    let values = standing(tx, id)?;
    let written_for: PatientId = text(&values, "patient_id").parse().map_err(|_| Error::NotFound)?;
    if kept(tx, written_for)? != patient {
        return Err(Error::Invalid(
            "The prescription that this draft replaces is of another patient now. Discard the draft, and amend the \
             prescription from its own page. Nothing was signed."
                .into(),
        ));
    }
    let withdrawal = Withdrawal {
        is_void: false,
        is_own: text(&values, "doctor_id") == doctor.to_string(),
        has_reason: !draft.amend_reason.trim().is_empty(),
        is_amended: true,
    };
    withdrawal.check().map_err(|_| {
        Error::Invalid(
            "Another doctor signed the prescription that this one replaces. Write why it is amended. Nothing was \
             signed yet."
                .into(),
        )
    })?;
    Ok(Some((id, values)))
}

/// The day on which the patient is to come back, if the draft says one. What an amended prescription says stays, also
/// when that day has passed.
pub(crate) fn follow_up_day(
    tx: &Transaction<'_>,
    draft: &Draft,
    today: Date,
) -> Result<std::result::Result<Option<Date>, &'static str>> {
    let typed = draft.follow_up.trim();
    let amended = draft.amends.map(|id| get_row(tx, TableName::Prescriptions, id.0)).transpose()?.flatten();
    let stays = amended.is_some_and(|row| text(&row.values, "follow_up_date") == typed);
    Ok(if stays { Ok(parse_day(typed)) } else { follow_up(typed, today) })
}

/// What is written into a signed prescription when it ends.
pub(crate) fn withdrawal<'a>(
    current: &Values,
    id: PrescriptionId,
    set: impl IntoIterator<Item = (&'a str, Value)>,
) -> Change {
    Change::update(TableName::Prescriptions, id.0, from_to(current, set))
}

fn said_again(tx: &Transaction<'_>, id: PrescriptionId, values: &Values) -> Result<Draft> {
    // What was stopped would run again.
    let lines = items(tx, id)?.into_iter().map(|(_, item)| item);
    let items: Vec<Values> = lines.filter(|item| !is_stopped(item)).collect();
    let taken_up = taken_up_by(values);
    Ok(Draft { repeated: Some(id), amends: Some(id), taken_up, ..said(values, &items) })
}

/// What a prescription says, as it would be typed.
pub(crate) fn said(values: &Values, items: &[Values]) -> Draft {
    let lines = |name: &str| {
        let lines = values.get(name).and_then(Value::as_array).into_iter().flatten();
        lines.filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
    };
    let own = |name: &str| text(values, name).to_owned();
    let again = |item: &Values| crate::view::DraftItem { source: ItemSource::Typed, ..written_again(item) };
    Draft {
        complaints: lines("chief_complaints"),
        history: own("history"),
        examination: own("examination"),
        vitals: Vitals::of(values.get("vitals").unwrap_or(&Value::Null)),
        diagnoses: diagnoses(values),
        items: items.iter().map(again).collect(),
        investigations: lines("investigations"),
        advice: own("advice"),
        follow_up: own("follow_up_date"),
        referral: own("referral_to"),
        ..Draft::default()
    }
}

/// Puts what a refused prescription said back into the pad of its patient.
///
/// # Errors
///
/// [`Error::Forbidden`] for whoever does not prescribe, where it was signed; [`Error::Invalid`] while another draft is
/// open there.
pub(crate) fn reopen(tx: &Transaction<'_>, replica: &Replica, refused: &Mutation) -> Result<()> {
    let of = |table: TableName| {
        let new =
            refused.changes.iter().filter(move |change| change.table == table && change.op == Op::Insert);
        new.map(Change::values)
    };
    let written = of(TableName::Prescriptions).next().ok_or(Error::NotFound)?;
    if !is_unsigned(&written) {
        replica.signer()?;
    }
    let patient: PatientId = text(&written, "patient_id").parse().map_err(|_| Error::NotFound)?;
    let patient = kept(tx, patient)?;
    must_get(tx, TableName::Patients, patient.0)?;
    if draft(tx, patient)?.is_some() {
        return Err(Error::Invalid(
            "A draft is open for this patient. Sign or discard it first; the refused prescription waits."
                .into(),
        ));
    }
    let mut items: Vec<Values> = of(TableName::PrescriptionItems).collect();
    items.sort_by_key(|item| item.get("position").and_then(Value::as_i64));
    let mut withdrawn = refused.changes.iter().filter(|change| change.op == Op::Update);
    let reason = withdrawn.find_map(|change| change.set.get("void_reason")?.value.as_str());
    let body = Draft {
        amends: text(&written, "amends_id").parse().ok(),
        amend_reason: reason.unwrap_or_default().to_owned(),
        taken_up: taken_up_by(&written),
        ..said(&written, &items)
    };
    let sql = "insert into drafts (patient_id, body, saved_at, saved_by) values (?1, ?2, ?3, ?4)";
    tx.prepare_cached(sql)?.execute((
        patient.to_string(),
        serde_json::to_string(&body)?,
        moment_text(replica.clock.now()),
        replica.person.id.to_string(),
    ))?;
    Ok(())
}
