//! By what they are about.

mod bare;
mod daily;
mod everyday;
mod said;
mod split;
pub(super) mod stored;
mod units;
