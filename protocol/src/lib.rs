//! What a desktop and the sync server agree on: ids, rows, mutations, merge rules, permissions, the dosage grammar and
//! error codes. No I/O, no SQL and no HTTP; and, but for new ids, no clock and no chance: everything else here can be
//! replayed.

// The record: the tables, the values in them, and what holds of each.
pub mod appointment;
pub mod dental;
pub mod id;
pub mod letters;
pub mod patient;
pub mod permission;
pub mod prescription;
pub mod printed;
pub mod table;
pub mod validate;

// Prescribing: doses as they are typed, and what speaks against a line.
pub mod dosage;
pub mod medicine;
pub mod safety;

// Changes: how they travel, merge, and wait for a person.
pub mod conflict;
pub mod form;
pub mod merge;
pub mod mutation;
pub mod settlement;

// What is written out of the record, for a spreadsheet.
pub mod sheet;

// Messages: what a desktop and the server say to each other.
pub mod api;
pub mod audit;
pub mod bootstrap;
pub mod digest;
pub mod error;
pub mod file;
pub mod log_end;
pub mod manage;

// Computers and keys: who signs what, and for how long a desktop works.
pub mod farewell;
pub mod own_key;
pub mod password;
pub mod recovery;
pub mod request;
pub mod signing;
pub mod standing;

/// The version of the messages in [`api`]. The server serves this one and the two before.
pub const PROTOCOL_VERSION: u32 = 1;

/// The version of the synced columns in [`table`]. Changes are additive.
pub const SCHEMA_VERSION: u32 = 1;
