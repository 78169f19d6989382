//! Real replicas, a real server and a real database, with a network between them that loses things.

mod audit;
mod canary;
mod comparing;
mod conflicts;
mod copies;
mod crash;
#[cfg(target_os = "linux")]
mod day;
mod faults;
mod files;
mod filling;
mod isolation;
#[cfg(target_os = "linux")]
mod keys;
mod lease;
mod own_keys;
mod people;
mod refusals;
mod restored;
mod revoked;
mod settlements;
mod sleep;
#[cfg(target_os = "linux")]
mod support;
mod sync;
#[cfg(target_os = "linux")]
mod window;
