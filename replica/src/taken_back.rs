//! What a draft took up and nobody prepared for this patient after all: it was taken back since, or the registration of
//! another patient was parted from this one. The draft has it still, so whoever signs is told once.

use protocol::id::{PatientId, PrescriptionId};
use protocol::validate::parse_moment;
use rusqlite::Transaction;

use crate::clock::{day_words, time_text};
use crate::error::{Error, Result};
use crate::one_patient::kept;
use crate::prepared::{is_of, taken_up_rows};
use crate::replica::{Replica, text};
use crate::store::{meta, set_meta};
use crate::view::Draft;

impl Replica {
    /// Lets a draft go on, if this person was told what of it is gone; `rest` says what they do then.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] the first time.
    pub(crate) fn must_know_what_is_gone(&self, patient: PatientId, draft: &Draft, rest: &str) -> Result<()> {
        if draft.taken_up.is_empty() {
            return Ok(());
        }
        let untold = self.store.write(|tx| {
            let patient = kept(tx, patient)?;
            let mut untold = Vec::new();
            for (id, words) in self.gone(tx, patient, draft)? {
                let name = format!("told/{}/{patient}/{id}", self.person.id);
                if meta::<bool>(tx, &name)?.is_none() {
                    set_meta(tx, &name, &true)?;
                    untold.push(words);
                }
            }
            Ok(untold)
        })?;
        if untold.is_empty() {
            return Ok(());
        }
        Err(Error::Invalid(format!("{} {rest}", untold.join(" "))))
    }

    /// What a draft has that is not this patient's any more, with a sentence each.
    pub(crate) fn gone(
        &self,
        tx: &Transaction<'_>,
        kept: PatientId,
        draft: &Draft,
    ) -> Result<Vec<(PrescriptionId, String)>> {
        let mut gone = Vec::new();
        for (id, values) in taken_up_rows(tx, draft)? {
            let why = if text(&values, "status") == "discarded" {
                "was taken back"
            } else if is_of(tx, kept, &values)? {
                continue;
            } else {
                "is of another patient"
            };
            let (by, at) = (text(&values, "prepared_by"), self.time_words(tx, text(&values, "prepared_at"))?);
            gone.push((id, format!("What {by} prepared at {at} {why}.")));
        }
        Ok(gone)
    }

    /// `10:31` today, else `10:31, 23 Nov 2026`.
    fn time_words(&self, tx: &Transaction<'_>, moment: &str) -> Result<String> {
        let Some(moment) = parse_moment(moment) else { return Ok(moment.to_owned()) };
        let local = moment.to_offset(self.offset(tx)?);
        let time = time_text(local);
        let is_today = local.date() == self.day(tx)?;
        Ok(if is_today { time } else { format!("{time}, {}", day_words(local.date())) })
    }
}
