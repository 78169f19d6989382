//! Real replicas, a real server and a real database, with a network between them that loses things.

mod faults;
mod isolation;
mod refusals;
mod sync;
