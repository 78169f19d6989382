//! The desktop's local copy: the encrypted store, the outbox, the sync engine and the keyring. It has no
//! window. [`Desk`] is the whole of this computer; [`Replica`] is its data while someone is signed in.

// The computer: how it becomes one of a clinic's, who signs in and with which keys, how it stands with the server, how it goes.
mod again;
mod desk;
mod files;
mod guard;
mod keyring;
mod leaving;
mod own_key;
mod recover;
mod recovery_code;
mod renew;
mod sealed;
mod sleep;
mod slots;
#[cfg(target_os = "linux")]
mod system;
mod wipe;

// Its data while someone is signed in: the encrypted file, kept in step with the server, compared and written out.
mod compare;
mod export;
mod replica;
mod store;
mod sync;
mod verify;

// Patients: who they are, what is known of them, when they come.
mod allergies;
mod attachments;
mod care;
mod chart;
mod day;
mod death;
mod dental;
mod finder;
mod follow_ups;
mod one_patient;
mod patients;
mod running;
mod spelling;
mod today;

// The pad: from what is typed to what is signed and printed.
mod amend;
mod diagnoses;
mod disputed;
mod kept_dose;
mod letterhead;
mod letters;
mod line;
mod medicines;
mod own_medicines;
mod pad;
mod prepared;
mod print;
mod repeat;
mod short_key_test;
mod short_keys;
mod sign;
mod taken_back;
mod verify_paper;
mod vitals;

// What became of what was done, and what waits for a person.
mod conflicts;
mod elsewhere;
mod entry;
mod ledger;
mod settle;

// What all of these say and are told: words, time, errors.
mod clock;
mod error;
mod hindi;
mod language;
pub mod view;

#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod tests;

pub use attachments::AttachmentContent;
pub use care::checks_broken;
pub use clock::Clock;
pub use compare::{Comparison, RowName};
pub use desk::{Desk, Event, default_data_dir};
pub use error::{Error, Result};
pub use files::save as save_file;
pub use keyring::Keyring;
#[cfg(any(test, feature = "test-keyring"))]
pub use keyring::Trouble;
pub use language::Language;
#[cfg(any(test, feature = "test-keyring"))]
pub use recover::RecoverStep;
pub use replica::Replica;
pub use slots::SlotCost;
pub use store::OwnSignature;
pub use sync::compare::Depth;
pub use verify::Verification;
pub use verify_paper::PaperReport;
pub use wipe::OnlyHere;
