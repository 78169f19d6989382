//! What benchmarks share: the server as a process of its own, full of rows.

pub mod peer;
pub mod server;
