//! Keeping this computer and the server in step.

pub(crate) mod client;
pub(crate) mod engine;
mod plan;
