//! The desktop's local copy: the encrypted store, the outbox, the sync engine and the keyring. It has no
//! window. [`Desk`] is the whole of this computer; [`Replica`] is its data while someone is signed in.

mod again;
mod allergies;
mod amend;
mod attachments;
mod care;
mod chart;
mod clock;
mod compare;
mod conflicts;
mod desk;
mod diagnoses;
mod elsewhere;
mod entry;
mod error;
mod export;
mod files;
mod finder;
mod guard;
mod hindi;
mod kept_dose;
mod keyring;
mod language;
mod leaving;
mod ledger;
mod letterhead;
mod line;
mod medicines;
mod one_patient;
mod own_key;
mod own_medicines;
mod pad;
mod patients;
mod prepared;
mod print;
mod recover;
mod recovery_code;
mod renew;
mod repeat;
mod replica;
mod sealed;
mod settle;
mod short_key_test;
mod short_keys;
mod sign;
mod sleep;
mod slots;
mod spelling;
mod store;
mod sync;
#[cfg(target_os = "linux")]
mod system;
mod taken_back;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod tests;
mod today;
mod verify;
mod verify_paper;
pub mod view;
mod vitals;
mod wipe;

pub use attachments::AttachmentContent;
pub use care::checks_broken;
pub use clock::Clock;
pub use compare::{Comparison, RowName};
pub use desk::{Desk, Event, default_data_dir};
pub use error::{Error, Result};
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
