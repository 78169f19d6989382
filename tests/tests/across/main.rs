//! Real replicas, a real server and a real database, with a network between them that loses things.

mod amendments;
mod audit;
mod canary;
mod comparing;
mod conflicts;
#[cfg(target_os = "linux")]
mod contrast;
mod copies;
mod crash;
#[cfg(target_os = "linux")]
mod day;
mod enrolled_since;
mod faults;
mod files;
mod filling;
mod harm;
mod hired_since;
mod isolation;
#[cfg(target_os = "linux")]
mod keys;
mod kills;
mod last_admin;
mod lease;
#[cfg(target_os = "linux")]
mod logins;
#[cfg(target_os = "linux")]
mod markup;
mod new_computers;
mod own_keys;
mod paper;
mod passwords;
mod people;
mod prepared;
mod reception;
mod recovery;
mod refusals;
mod restored;
mod revoked;
mod settlements;
mod sleep;
mod staff;
#[cfg(target_os = "linux")]
mod support;
mod sync;
#[cfg(target_os = "linux")]
mod teeth;
#[cfg(target_os = "linux")]
mod window;
