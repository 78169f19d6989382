//! Partners of combinations, and what has nothing to be checked.

use serde_json::json;

use super::tests::{Listed, Pad, listed};
use super::*;

fn of_two(
    name: &'static str,
    one: (&str, &str),
    other: (&str, &str),
    classes: &'static [&'static str],
) -> Listed {
    let part = |(name, strength): (&str, &str)| json!({ "name": name, "strength": strength });
    Listed(name, json!([part(one), part(other)]), classes, "oral")
}

fn co_amoxiclav() -> Listed {
    let (one, other) = (("Amoxicillin", "500 mg"), ("Clavulanic acid", "125 mg"));
    of_two("Amoxicillin + Clavulanic acid", one, other, &["penicillin"])
}

#[test]
fn co_amoxiclav_is_checked_whole() {
    let report = Pad::new().line(&co_amoxiclav(), "1-0-1 x5d pc").check().remove(0);
    assert_eq!((report.is_checked, report.findings, report.gaps), (true, vec![], vec![]));
}

#[test]
fn partners_that_have_nothing_to_be_checked_leave_no_gap() {
    for (one, other) in [
        ("Piperacillin", "Tazobactam"),
        ("Cefoperazone", "Sulbactam"),
        ("Levodopa", "Carbidopa"),
        ("Potassium citrate", "Citric acid"),
        ("Doxylamine", "Pyridoxine"),
        ("Pregabalin", "Methylcobalamin"),
        ("Trypsin", "Chymotrypsin"),
    ] {
        let both = of_two("A combination", (one, "1 mg"), (other, "1 mg"), &[]);
        let report = Pad::new().line(&both, "1 od x5d").check().remove(0);
        assert_eq!((report.is_checked, report.gaps), (true, vec![]), "{one} + {other}");
    }
    for alone in ["Oral rehydration salts", "Tetanus toxoid", "Lactulose", "Vitamin B complex"] {
        let report = Pad::new().line(&listed(alone, "", &[]), "1 od x5d").check().remove(0);
        assert_eq!((report.is_checked, report.findings, report.gaps), (true, vec![], vec![]), "{alone}");
        let allergic = Pad::new().allergic(alone).line(&listed(alone, "", &[]), "1 od x5d");
        assert_eq!(allergic.found(), [(Check::Allergy, Severity::Hold)], "{alone}");
    }
}

#[test]
fn clavulanic_acid_is_of_the_penicillins_for_allergies() {
    let amoxicillin = listed("Amoxicillin", "500 mg", &["penicillin"]);
    let held = [(Check::Allergy, Severity::Hold)];
    assert_eq!(Pad::new().allergic("Clavulanic acid").line(&amoxicillin, "1-1-1 x5d").found(), held);
    assert_eq!(Pad::new().allergic("Penicillin").line(&co_amoxiclav(), "1-0-1 x5d").found(), held);
    // Not the cephalosporin, but what is with it.
    let (one, other) = (("Ceftriaxone", "1 g"), ("Sulbactam", "500 mg"));
    let ceftriaxone = of_two("Ceftriaxone + Sulbactam", one, other, &["cephalosporin", "penicillin"]);
    let found = Pad::new().allergic("Penicillin").line(&ceftriaxone, "1-0-1 x5d").check().remove(0).findings;
    assert_eq!(found[0].why, "Sulbactam is a penicillin. Noted allergy: Penicillin.");
}

#[test]
fn two_parts_of_a_combination_say_one_thing_once() {
    let methotrexate = listed("Methotrexate", "7.5 mg", &[]);
    let told = [(Check::Interaction, Severity::Caution)];
    assert_eq!(Pad::new().line(&methotrexate, "1 weekly").line(&co_amoxiclav(), "1-0-1 x5d").found(), told);
    let (one, other) = (("Aluminium hydroxide", "250 mg"), ("Magnesium hydroxide", "250 mg"));
    let antacid = of_two("Aluminium hydroxide + Magnesium hydroxide", one, other, &[]);
    let doxycycline = listed("Doxycycline", "100 mg", &[]);
    assert_eq!(Pad::new().line(&doxycycline, "1-0-1 x5d").line(&antacid, "1-1-1 x5d").found(), told);
    assert_eq!(Pad::new().line(&antacid, "1-1-1 x5d").line(&doxycycline, "1-0-1 x5d").found(), told);
}

#[test]
fn what_stays_where_it_is_put_is_checked_for_the_age_where_its_rule_says_so() {
    let drops = Listed("Xylometazoline", json!([{ "name": "Xylometazoline" }]), &[], "nasal");
    let aged = |months: i64| {
        let mut pad =
            Pad::new().line_in(&drops, "2 drops tds x5d", crate::medicine::Units::of("ear_drops", ""));
        pad.person.ages_months = vec![months];
        pad.found()
    };
    assert_eq!(aged(8), [(Check::Age, Severity::Caution)]);
    assert_eq!(aged(24), []);
}

#[test]
fn what_raises_serotonin_with_an_opioid_and_what_keeps_carbamazepine_back_is_told_of() {
    for (one, other) in [
        ("Tramadol", "Duloxetine"),
        ("Tramadol", "Venlafaxine"),
        ("Tapentadol", "Sertraline"),
        ("Carbamazepine", "Clarithromycin"),
        ("Carbamazepine", "Erythromycin"),
    ] {
        let (first, second) = (listed(one, "50 mg", &[]), listed(other, "50 mg", &[]));
        for (before, behind) in [(&first, &second), (&second, &first)] {
            let pad = Pad::new().line(before, "1-0-1 x5d").line(behind, "1-0-1 x5d");
            assert_eq!(pad.found(), [(Check::Interaction, Severity::Caution)], "{one} and {other}");
        }
    }
}
