//! Keeping this computer and the server in step.

pub(crate) mod client;
pub(crate) mod compare;
pub(crate) mod engine;
mod epoch;
mod files;
mod fill;
mod http;
mod own_key;
mod plan;
pub(crate) mod standing;
pub(crate) mod surroundings;
pub(crate) mod wire;
