//! Refused changes of a computer that is out of service: an admin looks at them, and corrects them, on another one.

use std::sync::Arc;

use protocol::conflict::{Kind, Source};
use protocol::id::{ConflictId, PatientId};
use protocol::settlement::{RefusedMutation, Settlement, Settler, Way};
use protocol::table::{TableName, Values};
use protocol::validate::moment_text;
use serde::Deserialize;
use serde_json::Value;

use crate::desk::{Desk, blocking};
use crate::error::{Error, Result};
use crate::ledger::title;
use crate::one_patient::kept;
use crate::patients::summary_of;
use crate::replica::{NewSettlement, Replica, must_get, text};
use crate::settle::{asked_of, is_correctable};
use crate::view::{CorrectedField, RefusedChange};

impl Desk {
    /// What a refused change says that is before the admins, as far as this person may read it. The server is asked.
    ///
    /// # Errors
    ///
    /// [`Error::ServerUnreachable`]; what the server says to whoever is no admin, or once somebody has seen to it.
    pub async fn look_at_refused(self: &Arc<Self>, id: ConflictId) -> Result<RefusedChange> {
        let (replica, refused) = (self.replica()?, self.refused(id).await?);
        blocking(move || replica.refused_elsewhere(id, &refused)).await
    }

    /// Writes corrected values in the place of a refused change of a computer that is out of service.
    ///
    /// # Errors
    ///
    /// As for [`Desk::look_at_refused`]; [`Error::Invalid`] for a value that does not fit, and for a change that this
    /// person cannot see whole.
    pub async fn correct_refused(
        self: &Arc<Self>,
        id: ConflictId,
        corrected: Vec<CorrectedField>,
    ) -> Result<()> {
        let (replica, refused) = (self.replica()?, self.refused(id).await?);
        blocking(move || replica.correct_elsewhere(id, &refused, &corrected)).await
    }

    async fn refused(&self, id: ConflictId) -> Result<RefusedMutation> {
        let (client, token) = self.line()?;
        client.refused(&token, id).await
    }
}

impl Replica {
    /// A refused change of another computer, as the server told it, to be shown.
    pub(crate) fn refused_elsewhere(
        &self,
        id: ConflictId,
        refused: &RefusedMutation,
    ) -> Result<RefusedChange> {
        self.store.read(|tx| {
            let item = must_get(tx, TableName::SyncConflicts, id.0)?;
            let patient = patient_of(&item);
            let patient = patient.map(|patient| summary_of(tx, kept(tx, patient)?, self.day(tx)?));
            let patient = match patient.transpose() {
                Err(Error::NotFound) => None,
                found => found?,
            };
            let from = item.get("ours_from").and_then(|from| Source::deserialize(from).ok());
            let asked = asked_of(tx, id.0)?;
            let may_correct = may_correct(refused) && asked.is_none();
            let mut fields = self.fields(tx, &refused.mutation)?;
            if !may_correct {
                for field in &mut fields {
                    field.entry = None;
                }
            }
            Ok(RefusedChange {
                sequence: u32::try_from(refused.mutation.sequence).unwrap_or(u32::MAX),
                title: self.say(title(&refused.mutation.kind)),
                patient_id: patient.as_ref().map(|patient| patient.id),
                patient_name: patient.map(|patient| patient.full_name),
                actor_name: from.and_then(|from| from.name).unwrap_or_default(),
                recorded_at: moment_text(refused.mutation.recorded_at),
                code: None,
                detail: refused.detail.clone().map(|detail| self.say(detail)),
                behind: refused.behind,
                may_correct: may_correct && fields.iter().any(|field| field.entry.is_some()),
                may_reopen: false,
                may_discard: asked.is_none(),
                asked: None,
                fields,
            })
        })
    }

    /// Says in this person's name what is right instead of a refused change of a computer that is out of service.
    pub(crate) fn correct_elsewhere(
        &self,
        id: ConflictId,
        refused: &RefusedMutation,
        corrected: &[CorrectedField],
    ) -> Result<()> {
        if !may_correct(refused) {
            return Err(Error::Invalid(
                "This cannot be corrected here: have it tried again, or discard it. Nothing was changed yet."
                    .into(),
            ));
        }
        self.record_settlement(|tx, person| {
            let item = must_get(tx, TableName::SyncConflicts, id.0)?;
            let is_open = Kind::of(&item) == Some(Kind::Refused) && text(&item, "state") != "resolved";
            if !is_open || asked_of(tx, id.0)?.is_some() {
                return Err(Error::Invalid(
                    "This was decided already. What was decided holds; the log says what it was.".into(),
                ));
            }
            let (device_id, sequence) = (refused.mutation.device_id, refused.mutation.sequence);
            let settlement = Settlement { device_id, sequence, way: Way::Replace, reason: None };
            if settlement.item() != id.0 {
                return Err(Error::NotFound);
            }
            let changes = self.corrected(tx, &refused.mutation, corrected)?;
            let is_author = refused.mutation.actor_user_id == person.id;
            let settler =
                Settler { roles: &person.roles, is_author, is_there: false, is_lost: refused.is_lost };
            settlement.check(settler, &changes)?;
            Ok(NewSettlement { patient: patient_of(&item), settlement, changes })
        })
    }
}

/// Only who sees all of it writes all of it anew.
fn may_correct(refused: &RefusedMutation) -> bool {
    refused.is_whole && refused.is_lost && is_correctable(&refused.mutation)
}

fn patient_of(item: &Values) -> Option<PatientId> {
    item.get("patient_id").and_then(Value::as_str).and_then(|id| id.parse().ok())
}
