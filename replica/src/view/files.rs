//! Attached files, as the window shows them.

use protocol::id::{AttachmentId, PatientId};
use serde::{Deserialize, Serialize};

/// What a person says of a file that they add.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct AttachmentForm {
    /// `xray`, `photo`, `document`, `scan` or `consent`.
    pub kind: String,
    /// In their words; may be empty.
    pub description: String,
    /// Which teeth it shows, as FDI numbers with blanks or commas between; may be empty.
    pub teeth: String,
}

/// A file in a patient's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct AttachmentView {
    /// Which one.
    pub id: AttachmentId,
    /// In whose record.
    pub patient_id: PatientId,
    /// The patient's name.
    pub patient_name: String,
    /// `xray`, `photo`, `document`, `scan` or `consent`.
    pub kind: String,
    /// Its name where it came from.
    pub file_name: String,
    /// `image/jpeg`, `image/png`, `image/webp`, `application/pdf` or `application/dicom`.
    pub mime: String,
    /// Its length, in bytes.
    pub bytes: u32,
    /// What it is, in someone's words.
    pub description: Option<String>,
    /// The FDI numbers of the teeth that it shows.
    pub teeth: Vec<u8>,
    /// When it was added.
    pub added_at: String,
    /// Where its content is.
    pub place: FilePlace,
    /// Why the server will not take it, in the server's words.
    pub refusal: Option<String>,
    /// Whether it is a picture. The pages of a PDF are drawn as pictures; of all others a copy is saved and opened elsewhere.
    pub is_picture: bool,
    /// Whether whoever is signed in may remove it.
    pub may_remove: bool,
}

/// Where the content of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum FilePlace {
    /// Here, and not yet on the server.
    Waiting,
    /// Here, and the server will not take it.
    Refused,
    /// Here and on the server.
    Here,
    /// On the server; it is fetched when it is opened.
    OnServer,
    /// At the computer where it was added, which has not sent it yet.
    Elsewhere,
    /// It was to be sent from here, and its content is not in the folder any more.
    Lost,
}
