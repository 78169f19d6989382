//! Files in a patient's record. A file is saved once its content is sealed beside the database and its row is in it; the
//! bytes travel by themselves, behind the rows.

use std::io::Read;
use std::sync::Arc;

use protocol::audit::Action;
use protocol::dental::Tooth;
use protocol::file::begins_like;
use protocol::id::{AttachmentId, PatientId};
use protocol::mutation::{Change, Hash};
use protocol::table::{Merge, TableName, Values};
use protocol::validate::moment_text;
use rusqlite::Transaction;
use serde_json::{Value, json};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::desk::{Desk, Event, blocking};
use crate::error::{Error, Result};
use crate::one_patient::{id_list, kept};
use crate::replica::{Replica, must_get, some_text, text};
use crate::store::files::{FileState, held, put_waiting};
use crate::store::{Sealed, Store, get_row};
use crate::view::{AttachmentForm, AttachmentView, FilePlace};

/// The types that are taken, and how their names end.
const TYPES: &[(&str, &str)] = &[
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("image/webp", "webp"),
    ("application/pdf", "pdf"),
    ("application/dicom", "dcm"),
];

/// At most this many files of a patient are listed.
const LISTED: usize = 500;

/// A file's name has at most so many letters.
const NAME_LETTERS: usize = 200;

/// A file as it was added.
pub struct AttachmentContent {
    /// Its name where it came from, safe to be written to a disk.
    pub file_name: String,
    /// Its type.
    pub mime: String,
    /// Its bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// A file of which only the row is here.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub id: AttachmentId,
    pub sha256: Hash,
    /// Its length.
    pub bytes: u64,
    pub file_name: String,
    pub mime: String,
}

/// A file that someone opens.
pub(crate) enum Opened {
    Here(AttachmentContent),
    Elsewhere(Wanted),
}

impl Replica {
    /// Adds a file to a patient's record. `file_name` is what it was called where it came from. Row and content are on the
    /// disk when this returns, or neither is there.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a type that is not taken, for more than [`protocol::file::MAX_FILE_BYTES`], and for a file
    /// that the record has already; [`Error::Forbidden`] for who does not write clinical records here.
    pub fn attach(
        &self,
        patient: PatientId,
        file_name: &str,
        source: &mut dyn Read,
        form: &AttachmentForm,
    ) -> Result<AttachmentView> {
        if !self.writes_clinical() {
            return Err(Error::Forbidden("Only doctors, dentists and nurses add files to a record."));
        }
        let teeth = teeth_in(&form.teeth)?;
        let id = AttachmentId(self.ids.next());
        let write = |sealed: &Sealed| {
            self.record("attach_file", Some(patient), |tx| {
                let patient = kept(tx, patient)?;
                must_get(tx, TableName::Patients, patient.0)?;
                // One whose content was lost here is added again, as its own error advises.
                let sql = "select exists (select 1 from dental_attachments where sha256 = ?1 and is_deleted = 0 \
                           and patient_id in (select value from json_each(?2)) \
                           and (upload_state = 'stored' \
                                or not exists (select 1 from files where sha256 = ?1 and state = 'lost')))";
                let known: (String, String) = (sealed.sha256.to_string(), id_list(tx, patient)?);
                if tx.query_row(sql, known, |row| row.get(0))? {
                    return Err(Error::Invalid(
                        "This file is in the patient's record already. Nothing was added.".into(),
                    ));
                }
                let mut values: Values = [
                    ("patient_id".to_owned(), json!(patient)),
                    ("owner_kind".to_owned(), json!("patient")),
                    ("owner_id".to_owned(), json!(patient)),
                    ("kind".to_owned(), json!(form.kind)),
                    ("teeth".to_owned(), json!(teeth)),
                    ("file_name".to_owned(), json!(name_of(file_name))),
                    ("mime".to_owned(), json!(type_of(sealed)?)),
                    ("byte_size".to_owned(), json!(sealed.bytes)),
                    ("sha256".to_owned(), json!(sealed.sha256.to_string())),
                ]
                .into();
                let description = form.description.trim();
                if !description.is_empty() {
                    values.insert("description".into(), json!(description));
                }
                put_waiting(tx, sealed, self.clock.now())?;
                Ok((vec![Change::insert(TableName::DentalAttachments, id.0, values)], ()))
            })
        };
        self.store.take_in(source, |sealed| type_of(sealed).map(|_| ()), write)?;
        self.store.read(|tx| self.attachment_view(tx, id))
    }

    /// The files in a patient's record, the latest first.
    pub fn attachments(&self, patient: PatientId) -> Result<Vec<AttachmentView>> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let sql = "select id from dental_attachments where is_deleted = 0 \
                       and patient_id in (select value from json_each(?1)) order by id desc limit ?2";
            let registrations = id_list(tx, kept(tx, patient)?)?;
            self.views(tx, sql, (registrations, LISTED as i64))
        })
    }

    /// The files of this computer that the server does not have or will not take, the oldest first.
    pub fn unsent_attachments(&self) -> Result<Vec<AttachmentView>> {
        if !self.is_clinical() {
            return Ok(vec![]);
        }
        self.store.read(|tx| {
            let sql = "select a.id from dental_attachments a join files f on f.sha256 = a.sha256 \
                       where a.is_deleted = 0 and f.state <> 'kept' order by a.id limit ?1";
            self.views(tx, sql, [LISTED as i64])
        })
    }

    fn views(
        &self,
        tx: &Transaction<'_>,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<AttachmentView>> {
        let mut statement = tx.prepare_cached(sql)?;
        let ids = statement.query_map(params, |row| row.get::<_, String>(0))?;
        ids.map(|id| self.attachment_view(tx, id?.parse().map_err(|_| Error::StoreDamaged)?)).collect()
    }

    fn attachment_view(&self, tx: &Transaction<'_>, id: AttachmentId) -> Result<AttachmentView> {
        let values = must_get(tx, TableName::DentalAttachments, id.0)?;
        let file = held(tx, text(&values, "sha256"))?;
        let is_stored = text(&values, "upload_state") == "stored";
        let place = match file.as_ref().map(|file| file.state) {
            Some(FileState::Waiting) => FilePlace::Waiting,
            Some(FileState::Refused) => FilePlace::Refused,
            Some(FileState::Kept) => FilePlace::Here,
            None if is_stored => FilePlace::OnServer,
            Some(FileState::Lost) if is_stored => FilePlace::OnServer,
            Some(FileState::Lost) => FilePlace::Lost,
            None => FilePlace::Elsewhere,
        };
        let teeth = values.get("teeth").and_then(Value::as_array);
        let teeth = teeth.into_iter().flatten().filter_map(|tooth| u8::try_from(tooth.as_i64()?).ok());
        let mime = text(&values, "mime").to_owned();
        let patient_id = kept(tx, patient_of(&values)?)?;
        let patient =
            get_row(tx, TableName::Patients, patient_id.0)?.map(|row| row.values).unwrap_or_default();
        let names = [text(&patient, "first_name"), text(&patient, "last_name")];
        Ok(AttachmentView {
            id,
            patient_id,
            patient_name: names.join(" ").trim().to_owned(),
            kind: text(&values, "kind").to_owned(),
            file_name: text(&values, "file_name").to_owned(),
            bytes: values
                .get("byte_size")
                .and_then(Value::as_u64)
                .and_then(|n| n.try_into().ok())
                .unwrap_or(0),
            description: some_text(&values, "description"),
            teeth: teeth.collect(),
            added_at: moment_text(made_at(id)),
            place,
            refusal: file.and_then(|file| file.detail).map(|detail| self.say(detail)),
            is_picture: mime.starts_with("image/"),
            may_remove: self.prescriber().is_some(),
            mime,
        })
    }

    /// Removes a file from the record: a mark, the content stays where it is.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for who is no doctor or dentist.
    pub fn remove_attachment(&self, id: AttachmentId) -> Result<()> {
        let patient = self.store.read(|tx| patient_of(&must_get(tx, TableName::DentalAttachments, id.0)?))?;
        self.record("remove_attachment", Some(patient), |tx| {
            let table = TableName::DentalAttachments;
            let current = must_get(tx, table, id.0)?;
            // What the server alone writes is not what a person saw.
            let is_seen = |name: &str| {
                table.table().column(name).is_some_and(|column| column.merge != Merge::ServerOnly)
            };
            let seen = current.into_iter().filter(|(name, _)| is_seen(name)).collect();
            Ok((vec![Change::delete(table, id.0, seen)], ()))
        })
    }

    /// Has a file that the server refused, or whose turn is far, sent again.
    pub fn send_attachment_again(&self, id: AttachmentId) -> Result<()> {
        self.must_read_clinical()?;
        let wanted = self.store.read(|tx| wanted(tx, id))?;
        self.store.file_again(&wanted.sha256)?;
        self.wake();
        Ok(())
    }

    /// Opens a file: its content, or what must be asked for.
    pub(crate) fn open_attachment(&self, id: AttachmentId) -> Result<Opened> {
        self.must_read_clinical()?;
        let (wanted, patient) = self.store.read(|tx| {
            let patient = patient_of(&must_get(tx, TableName::DentalAttachments, id.0)?)?;
            Ok((wanted(tx, id)?, patient))
        })?;
        let content = self.store.content(&wanted.sha256, self.clock.now())?;
        self.note_view_of((TableName::DentalAttachments, id.0), patient);
        Ok(match content {
            Some(bytes) => Opened::Here(wanted.with(bytes)),
            None => Opened::Elsewhere(wanted),
        })
    }

    /// The content of a file if it is here, for a small picture of it beside its name: none is asked for, and nothing
    /// says that it was opened.
    ///
    /// # Errors
    ///
    /// [`Error::FileDamaged`] if what is here is not what was kept; [`Error::Forbidden`] for who reads no clinical records.
    pub fn attachment_here(&self, id: AttachmentId) -> Result<Option<AttachmentContent>> {
        self.must_read_clinical()?;
        let wanted = self.store.read(|tx| wanted(tx, id))?;
        let bytes = self.store.whole(&wanted.sha256)?;
        Ok(bytes.map(|bytes| wanted.with(bytes)))
    }

    /// Notes that a file leaves this program.
    pub fn note_saved_copy(&self, id: AttachmentId) -> Result<()> {
        let patient = self.store.read(|tx| patient_of(&must_get(tx, TableName::DentalAttachments, id.0)?))?;
        self.note(Action::Export, Some((TableName::DentalAttachments, id.0)), Some(patient));
        Ok(())
    }

    /// Every file of the tenant whose content is here: its row's id, and the content. For an export.
    ///
    /// # Errors
    ///
    /// [`Error::FileDamaged`], once all the others were given.
    pub(crate) fn contents_here(
        &self,
        mut each: impl FnMut(AttachmentId, AttachmentContent) -> Result<()>,
    ) -> Result<u32> {
        self.must_read_clinical()?;
        let ids: Vec<AttachmentId> = self.store.read(|tx| {
            let sql = "select a.id from dental_attachments a join files f on f.sha256 = a.sha256 \
                       where a.is_deleted = 0 and f.state <> 'lost' order by a.id";
            let mut statement = tx.prepare(sql)?;
            let ids = statement.query_map([], |row| row.get::<_, String>(0))?;
            ids.map(|id| id?.parse().map_err(|_| Error::StoreDamaged)).collect()
        })?;
        let (mut n_files, mut damaged) = (0, None);
        for id in ids {
            let wanted = self.store.read(|tx| wanted(tx, id))?;
            match self.store.content(&wanted.sha256, self.clock.now()) {
                Ok(Some(bytes)) => {
                    each(id, wanted.with(bytes))?;
                    n_files += 1;
                }
                Ok(None) => {}
                Err(error @ Error::FileDamaged) => damaged = Some(error),
                Err(error) => return Err(error),
            }
        }
        damaged.map_or(Ok(n_files), Err)
    }
}

impl Desk {
    /// The content of a file: from this computer, or from the server, and then kept here.
    ///
    /// # Errors
    ///
    /// [`Error::ServerUnreachable`] if it is not here; [`Error::AnotherFile`] if what came is not it; what the server
    /// says, above all that it does not have the file yet; [`Error::Forbidden`], [`Error::Locked`].
    pub async fn open_attachment(self: &Arc<Self>, id: AttachmentId) -> Result<AttachmentContent> {
        let replica = self.replica()?;
        let asked = Arc::clone(&replica);
        let wanted = match blocking(move || asked.open_attachment(id)).await? {
            Opened::Here(content) => return Ok(content),
            Opened::Elsewhere(wanted) => wanted,
        };
        let bytes = self.fetch(&wanted).await?;
        let bytes = blocking(move || {
            keep_fetched(&replica.store, &bytes, replica.clock.now());
            Ok(bytes)
        })
        .await?;
        self.events.send(Event::RowsChanged).ok();
        // Who has locked the window meanwhile sees nothing of it.
        self.replica()?;
        Ok(wanted.with(bytes))
    }
}

/// Keeps what was fetched. A disk that is full keeps nobody from looking.
pub(crate) fn keep_fetched(store: &Store, bytes: &[u8], at: OffsetDateTime) {
    if let Err(error) = store.keep_content(bytes, at) {
        tracing::warn!(%error, "a fetched file was not kept");
    }
}

impl Wanted {
    /// The file with its bytes.
    pub fn with(self, bytes: Zeroizing<Vec<u8>>) -> AttachmentContent {
        let Self { file_name, mime, .. } = self;
        AttachmentContent { file_name: with_ending(&file_name, &mime), mime, bytes }
    }
}

fn wanted(tx: &Transaction<'_>, id: AttachmentId) -> Result<Wanted> {
    let values = must_get(tx, TableName::DentalAttachments, id.0)?;
    let sha256 = Hash::parse(text(&values, "sha256")).ok_or(Error::StoreDamaged)?;
    let bytes = values.get("byte_size").and_then(Value::as_u64).ok_or(Error::StoreDamaged)?;
    let (file_name, mime) = (text(&values, "file_name").to_owned(), text(&values, "mime").to_owned());
    Ok(Wanted { id, sha256, bytes, file_name, mime })
}

fn patient_of(values: &Values) -> Result<PatientId> {
    text(values, "patient_id").parse().map_err(|_| Error::StoreDamaged)
}

/// Ids of rows bear the moment of their making.
fn made_at(id: AttachmentId) -> OffsetDateTime {
    let seconds = id.0.get_timestamp().map_or(0, |made| made.to_unix().0);
    OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).unwrap_or(0))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// What a content is, by its first bytes. What its name says does not count.
fn type_of(sealed: &Sealed) -> Result<&'static str> {
    let found = TYPES.iter().find(|(mime, _)| begins_like(mime, &sealed.head));
    found.map(|(mime, _)| *mime).ok_or_else(|| {
        Error::Invalid(
            "Only pictures (JPEG, PNG, WebP), PDF and DICOM files are taken, and this is none of them, whatever its \
             name says. Nothing was added."
                .into(),
        )
    })
}

/// The name without its folders, and without what no disk or screen should be given.
fn name_of(file_name: &str) -> String {
    let last = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !is_odd(*c)).take(NAME_LETTERS).collect();
    let name = name.trim().trim_start_matches('.');
    if name.is_empty() { "file".into() } else { name.to_owned() }
}

/// What does not stand in names: controls, what turns the direction of writing, and what a disk takes for something else.
fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*')
}

/// The name with the ending of its type: what else it ends with might be run when someone opens the copy.
fn with_ending(file_name: &str, mime: &str) -> String {
    let name = name_of(file_name);
    let Some((_, ending)) = TYPES.iter().find(|(known, _)| *known == mime) else { return name };
    let has_it = name.rsplit_once('.').is_some_and(|(_, found)| {
        found.eq_ignore_ascii_case(ending) || (*ending == "jpg" && found.eq_ignore_ascii_case("jpeg"))
    });
    if has_it { name } else { format!("{name}.{ending}") }
}

fn teeth_in(typed: &str) -> Result<Vec<u8>> {
    let mut teeth = Vec::new();
    for word in typed.split([' ', ',', ';']).filter(|word| !word.is_empty()) {
        let tooth = word.parse().ok().and_then(Tooth::new).ok_or_else(|| {
            Error::Invalid(format!(
                "There is no tooth {word}: write FDI numbers, such as 16 or 85. Nothing was added."
            ))
        })?;
        if !teeth.contains(&tooth.fdi()) {
            teeth.push(tooth.fdi());
        }
    }
    Ok(teeth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_brings_no_folder_and_no_trick() {
        for (given, kept) in [
            ("/home/anjali/opg 16.jpg", "opg 16.jpg"),
            ("C:\\Users\\anjali\\opg.jpg", "opg.jpg"),
            ("..", "file"),
            ("", "file"),
            ("gpj.\u{202e}exe.jpg", "gpj.exe.jpg"),
            ("a\0b\n?.png", "ab.png"),
        ] {
            assert_eq!(name_of(given), kept);
        }
        assert_eq!(name_of(&"x".repeat(500)).len(), NAME_LETTERS);
    }

    #[test]
    fn a_copy_ends_as_its_type_does() {
        assert_eq!(with_ending("opg.jpg", "image/jpeg"), "opg.jpg");
        assert_eq!(with_ending("opg.JPEG", "image/jpeg"), "opg.JPEG");
        assert_eq!(with_ending("opg.exe", "image/jpeg"), "opg.exe.jpg");
        assert_eq!(with_ending("letter", "application/pdf"), "letter.pdf");
    }

    #[test]
    fn teeth_are_fdi_numbers() {
        assert_eq!(teeth_in(" 16, 17 16;85").expect("BUG: teeth"), [16, 17, 85]);
        assert!(teeth_in("19").is_err() && teeth_in("x").is_err() && teeth_in("300").is_err());
    }
}
