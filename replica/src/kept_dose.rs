//! A dose that is kept for later: in a short key, or as a medicine's usual one. Of an injection it keeps its unit, because
//! what a bare figure counts follows from how its strength is read, which may change.

use protocol::dosage::{Dosage, Dose};

/// How a dose in this unit of a medicine in this form is kept.
pub(crate) fn kept_dose(typed: &str, dosage_form: &str, unit: &'static str) -> String {
    match Dosage::parse(typed) {
        Ok(dosage) if dosage_form == "injection" => dosage.counted_in(unit).typed(),
        _ => typed.to_owned(),
    }
}

/// A dose that was kept, as it is put into a draft. One of an injection that was kept without its unit does not read, so
/// that somebody says it: `2 stat ?`.
pub(crate) fn offered_dose(kept: &str, dosage_form: &str) -> String {
    let is_bare = Dosage::parse(kept)
        .is_ok_and(|dosage| dosage.unit.is_none() && !matches!(dosage.dose, Dose::AsDirected));
    if dosage_form != "injection" || !is_bare {
        return kept.to_owned();
    }
    let (dose, note) = kept.split_at(kept.find("//").unwrap_or(kept.len()));
    let marked = format!("{} ? {note}", dose.trim_end()).trim_end().to_owned();
    // "1 sos for pain ?": there it would be a word of the reason.
    if Dosage::parse(&marked).is_ok() { format!("? {kept}") } else { marked }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_injection_keeps_its_unit_and_without_one_it_does_not_read() {
        assert_eq!(kept_dose("10 hs // slowly", "injection", "unit"), "10 unit hs // slowly");
        assert_eq!(kept_dose("1-0-1 x5d", "tablet", "tablet"), "1-0-1 x5d");
        for (kept, offered) in [
            ("2 stat", "2 stat ?"),
            ("2 stat // slowly", "2 stat ? // slowly"),
            ("1 sos for pain", "? 1 sos for pain"),
            ("10 unit hs", "10 unit hs"),
            ("as directed", "as directed"),
            ("see chart", "see chart"),
        ] {
            let read = offered_dose(kept, "injection");
            assert_eq!(read, offered);
            assert_eq!(Dosage::parse(&read).is_ok(), kept == offered && kept != "see chart", "{kept}");
        }
        assert_eq!(offered_dose("2 stat", "tablet"), "2 stat");
    }
}
