//! Short keys: a word that stands for a whole regimen, or for a phrase. A doctor's own shadows the tenant's.

mod body;
mod form;
mod used;

use protocol::id::{DoctorId, ShortKeyId};
use protocol::mutation::Change;
use protocol::table::{TableName, Values};
use rusqlite::Transaction;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::replica::{Replica, change_to, must_get, text};
use crate::store::query_ids;
use crate::view::{ShortKey, ShortKeyForm};

pub(crate) use form::class_code;
use form::{checked, shown_form};

/// A key as it is stored.
struct Stored {
    id: ShortKeyId,
    values: Values,
}

impl Stored {
    fn key(&self) -> &str {
        text(&self.values, "key")
    }

    fn kind(&self) -> &str {
        text(&self.values, "kind")
    }

    fn is_regimen(&self) -> bool {
        matches!(self.kind(), "prescription" | "item" | "investigation")
    }

    fn is_own(&self) -> bool {
        !text(&self.values, "doctor_id").is_empty()
    }

    fn body(&self) -> &Value {
        self.values.get("body").unwrap_or(&Value::Null)
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.values.get(name).and_then(Value::as_i64)
    }

    /// The text of a phrase.
    fn phrase(&self) -> &str {
        let body = self.body();
        body["text"].as_str().or_else(|| body["advice"].as_str()).unwrap_or_default()
    }

    /// The classes to which nobody for whom it is used may be allergic.
    fn not_with(&self) -> impl Iterator<Item = &str> {
        let classes = self.values.get("contraindicated_classes").and_then(Value::as_array);
        classes.into_iter().flatten().filter_map(Value::as_str)
    }
}

impl Replica {
    /// All keys that this person uses or may change, in the order of the alphabet.
    pub fn short_keys(&self) -> Result<Vec<ShortKey>> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let mut keys = self.usable_keys(tx)?;
            keys.sort_by_key(|key| (key.key().to_owned(), !key.is_own()));
            let own: Vec<String> =
                keys.iter().filter(|key| key.is_own()).map(|key| key.key().to_owned()).collect();
            keys.iter()
                .map(|key| {
                    Ok(ShortKey {
                        id: key.id,
                        is_shadowed: !key.is_own() && own.iter().any(|one| one == key.key()),
                        form: shown_form(tx, key)?,
                    })
                })
                .collect()
        })
    }

    /// Saves a key: a new one, or the one that stood in this form when it was opened. Of that a line that was not touched
    /// keeps its medicine.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who does not prescribe; [`Error::Invalid`] for a key that would not work, and for one that
    /// was changed since it was opened.
    pub fn save_short_key(
        &self,
        opened: Option<(ShortKeyId, &ShortKeyForm)>,
        form: &ShortKeyForm,
    ) -> Result<ShortKeyId> {
        let doctor = self.key_writer()?;
        let id = opened.map(|(id, _)| id);
        let items = self.key_items(form, self.listed_lines(id)?)?;
        let new = ShortKeyId(self.ids.next());
        self.record("save_short_key", None, |tx| {
            let mut values = checked(tx, form, &items, (doctor, self.day(tx)?))?;
            let taken = self.usable_keys(tx)?.into_iter().find(|key| {
                Some(key.id) != id && key.key() == text(&values, "key") && key.is_own() == form.is_own
            });
            if taken.is_some() {
                return Err(Error::Invalid(
                    "Another short key has this name already. Nothing was saved yet.".into(),
                ));
            }
            let Some((id, seen)) = opened else {
                values.retain(|_, value| !value.is_null());
                return Ok((vec![Change::insert(TableName::ShortKeys, new.0, values)], new));
            };
            let current = must_get(tx, TableName::ShortKeys, id.0)?;
            let stored = Stored { id, values: current };
            if shown_form(tx, &stored)? != *seen {
                return Err(Error::Invalid(
                    "This short key was changed meanwhile: open it anew. Nothing was saved yet.".into(),
                ));
            }
            let current = stored.values;
            let version = current.get("version").and_then(Value::as_i64).unwrap_or(1);
            values.insert("version".into(), json!(version + 1));
            let change = change_to(TableName::ShortKeys, id.0, &current, values);
            Ok((change.into_iter().collect(), id))
        })
    }

    /// Removes a key. What was written with it stays.
    pub fn remove_short_key(&self, id: ShortKeyId) -> Result<()> {
        self.key_writer()?;
        self.record("remove_short_key", None, |tx| {
            let seen = must_get(tx, TableName::ShortKeys, id.0)?;
            Ok((vec![Change::delete(TableName::ShortKeys, id.0, seen)], ()))
        })
    }

    fn key_writer(&self) -> Result<DoctorId> {
        self.prescriber().ok_or(Error::Forbidden("Short keys are written by doctors and dentists."))
    }

    /// The keys that hold for whoever is signed in: their own before the tenant's.
    fn usable_keys(&self, tx: &Transaction<'_>) -> Result<Vec<Stored>> {
        let sql = "select id from short_keys where is_deleted = 0 and is_active \
                   and (doctor_id is null or doctor_id = ?1) order by doctor_id is null, key, kind";
        let doctor = self.person.doctor_id.map(|id| id.to_string()).unwrap_or_default();
        let ids: Vec<ShortKeyId> = query_ids(tx, sql, [doctor])?;
        ids.into_iter()
            .map(|id| Ok(Stored { id, values: must_get(tx, TableName::ShortKeys, id.0)? }))
            .collect()
    }
}
