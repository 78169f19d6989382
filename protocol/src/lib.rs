//! What a desktop and the sync server agree on: ids, rows, mutations, merge rules, permissions, the
//! dosage grammar and error codes. No I/O, no SQL and no HTTP, and but for new ids
//! no clock and no chance: everything else here can be replayed.

pub mod api;
pub mod appointment;
pub mod audit;
pub mod bootstrap;
pub mod conflict;
pub mod dental;
pub mod digest;
pub mod dosage;
pub mod error;
pub mod farewell;
pub mod file;
pub mod form;
pub mod id;
pub mod log_end;
pub mod manage;
pub mod medicine;
pub mod merge;
pub mod mutation;
pub mod own_key;
pub mod patient;
pub mod permission;
pub mod prescription;
pub mod printed;
pub mod recovery;
pub mod request;
pub mod safety;
pub mod settlement;
pub mod signing;
pub mod standing;
pub mod table;
pub mod validate;

/// The version of the messages in [`api`]. The server serves this one and the two before.
pub const PROTOCOL_VERSION: u32 = 1;

/// The version of the synced columns in [`table`]. Changes are additive.
pub const SCHEMA_VERSION: u32 = 1;
