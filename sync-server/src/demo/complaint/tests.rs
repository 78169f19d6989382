use protocol::dosage::Dosage;
use protocol::medicine::Units;

use super::*;

#[test]
fn every_line_names_a_medicine_of_the_catalogue_and_a_dosage_that_is_understood() {
    for complaint in COMPLAINTS {
        assert!((1..=5).contains(&complaint.lines.len()), "{:?}", complaint.diagnosis);
        for (generic, strength, form, dose) in complaint.lines {
            assert!(crate::catalogue::find(generic, strength, form).is_some(), "{generic} {strength} {form}");
            assert_eq!(Dosage::read(dose, Units::of(form, strength)).err(), None, "{dose} of {generic}");
        }
    }
}
