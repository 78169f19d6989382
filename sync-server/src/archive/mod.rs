//! A tenant leaves with its data, comes back from it, or is deleted. `docs/leaving.md` is the format.

/// Tables and SQL.
pub(crate) mod catalogue;
/// The commands.
pub mod command;
/// Deleting.
pub mod delete;
/// Writing an archive.
mod export;
/// Rows.
mod line;
/// The head of an archive.
pub mod manifest;
/// Reading an archive.
pub mod read;
/// Bringing a tenant back.
mod restore;
/// Encryption and compression.
mod seal;
/// CSV.
pub mod sheets;
/// What is exported.
mod snapshot;

pub use export::{Exported, export};
pub use restore::{Restored, restore};
pub use seal::{Key, Lock};
pub use snapshot::Doors;
