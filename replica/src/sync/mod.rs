//! Keeping this computer and the server in step.

pub(crate) mod address;
pub(crate) mod belief;
pub(crate) mod client;
pub(crate) mod compare;
pub(crate) mod engine;
mod epoch;
mod files;
mod fill;
pub(crate) mod handover;
mod http;
pub(crate) mod limits;
mod news;
mod own_key;
mod plan;
pub(crate) mod signer;
mod staff;
pub(crate) mod standing;
pub(crate) mod surroundings;
pub(crate) mod wire;
