//! A medicine for somebody who is marked as deceased: the mark may be wrong, and so may the prescription.

use super::{Check, Known, LineFinding, Person, Severity, day, finding};

pub(super) fn finding_of(person: &Person, this: &Known<'_>) -> Option<LineFinding> {
    let (cause, why) = match person.death?.on {
        Some(on) => (day(on), format!("This patient is marked as deceased: died on {}.", day(on))),
        None => (String::new(), "This patient is marked as deceased.".to_owned()),
    };
    Some(finding(Check::Death, Severity::Hold, this.text, &cause, why))
}
