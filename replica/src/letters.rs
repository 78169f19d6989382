//! Letters that no font of the paper has. They are told in the pad, and once more before anything is signed with them; of a
//! letterhead while it is typed, of a slip when it is printed: no paper has boxes that nobody knows of.

use protocol::id::PatientId;
use protocol::letters::boxes;
use rusqlite::Transaction;
use serde::Serialize;

use crate::disputed::disputed_words;
use crate::error::{Error, Result};
use crate::one_patient::kept;
use crate::replica::Replica;
use crate::sign::patient_snapshot;
use crate::store::{meta, set_meta};
use crate::view::Draft;

/// At most so many letters are named: of a text in another script the first ones tell enough.
const NAMED: usize = 12;

/// What of a text would be an empty box on paper: a sentence that names it.
fn told(text: &str) -> Option<String> {
    let letters = boxes(text);
    if letters.is_empty() {
        return None;
    }
    let named: Vec<String> = letters.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if letters.len() > NAMED { " …" } else { "" };
    Some(format!(
        "These letters cannot be printed and would be empty boxes on paper: {}{more}.",
        named.join(" ")
    ))
}

impl Replica {
    /// What of a letterhead or a slip would be an empty box on paper: a sentence that names it.
    ///
    /// # Errors
    ///
    /// Never for these.
    pub fn boxes_on_paper(&self, written: &impl Serialize) -> Result<Option<String>> {
        Ok(told(&serde_json::to_string(written)?).map(|said| self.say(said)))
    }

    /// What of a draft, and of the patient's own details that stand above it, would be an empty box on paper: a sentence
    /// that names it.
    pub(crate) fn not_printed(
        &self,
        tx: &Transaction<'_>,
        kept: PatientId,
        draft: &Draft,
    ) -> Result<Option<String>> {
        let patient = patient_snapshot(tx, kept, self.day(tx)?)?.to_string();
        Ok(told(&(serde_json::to_string(draft)? + &patient)))
    }

    /// Lets a draft be signed, if this person was told what of it cannot be printed, or is not printed yet.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] the first time.
    pub(crate) fn must_know_what_is_not_printed(&self, patient: PatientId, draft: &Draft) -> Result<()> {
        let untold = self.store.read(|tx| {
            let patient = kept(tx, patient)?;
            let letters = self.not_printed(tx, patient, draft)?;
            let letters = letters.map(|said| format!("{said} Change them, or sign again as it is."));
            let disputed = disputed_words(tx, patient)?.join(" ");
            let disputed = Some(disputed).filter(|said| !said.is_empty());
            let disputed = disputed.map(|said| format!("{said} Decide it first, or sign again as it is."));
            let mut untold = Vec::new();
            for said in letters.into_iter().chain(disputed) {
                let name = format!("told/{}/{patient}/{said}", self.person.id);
                if meta::<bool>(tx, &name)?.is_none() {
                    untold.push((name, said));
                }
            }
            Ok(untold)
        })?;
        if untold.is_empty() {
            return Ok(());
        }
        self.store.write(|tx| untold.iter().try_for_each(|(name, _)| set_meta(tx, name, &true)))?;
        let said: Vec<String> = untold.into_iter().map(|(_, said)| said).collect();
        Err(Error::Invalid(format!("{} Nothing was signed.", said.join(" "))))
    }
}
