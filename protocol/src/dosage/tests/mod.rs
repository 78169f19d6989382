//! By what they are about.

mod bare;
mod daily;
mod everyday;
mod route;
mod said;
mod split;
mod stored;
mod units;

use super::*;

pub(super) fn row_of(dosage: &Dosage, unit: &str) -> Values {
    dosage.columns(unit).map(|(name, value)| (name.to_owned(), value)).into()
}
