//! What the window is told when it speaks Hindi, and what stays as it is.

use protocol::permission::Role;

use super::{Fixture, fixture, form, item};
use crate::error::Error;
use crate::language::Language;
use crate::replica::Replica;
use crate::view::{CommandError, Draft, Vitals};

fn in_hindi(role: Role) -> Fixture {
    let fixture = fixture(role);
    fixture.replica.spoken.set(Language::Hi);
    fixture
}

#[test]
fn a_typed_dose_and_its_quantity_are_said_back_in_the_language_of_the_window() {
    let said = |typed: &str, language| {
        let read =
            Replica::read_dosage(typed, "Paracetamol", "tablet", "500 mg", language).expect("BUG: read");
        (read.words, read.quantity.unwrap_or_default())
    };
    assert_eq!(
        said("1-0-1 x5d pc", Language::Hi),
        ("1 गोली सुबह और रात, खाने के बाद, 5 दिन तक".into(), "10 गोलियाँ".into())
    );
    assert_eq!(
        said("1-0-1 x5d pc", Language::En),
        ("1 tablet morning and night, after food, for 5 days".into(), "10 tablets".into())
    );
    let error = Replica::read_dosage("1-0-1 soon", "Paracetamol", "tablet", "500 mg", Language::Hi)
        .expect_err("BUG: read");
    let hindi = CommandError::from(error).hindi;
    assert_eq!(
        hindi.as_deref(),
        Some("\"soon\" से आगे समझ नहीं आया। उदाहरण: 1-0-1 x5d pc। बाकी शब्द // के बाद लिखें।")
    );
}

#[test]
fn the_pad_and_the_chart_are_hindi_and_what_is_signed_and_printed_is_not() {
    let fixture = in_hindi(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let readable = item("Cap. Something new", "1 hs x5d");
    let draft = Draft {
        items: vec![readable.clone(), item("Syrup X", "soon")],
        vitals: Vitals { temp_c: Some(100.4), ..Vitals::default() },
        follow_up: "25m".into(),
        ..Draft::default()
    };
    let saved = fixture.replica.save_draft(sunita, &draft).expect("BUG: saved");
    assert_eq!(saved.items[0].directions, "1 कैप्सूल सोते समय, 5 दिन तक");
    assert_eq!(saved.items[0].quantity.as_deref(), Some("5 कैप्सूल"));
    assert_eq!(
        saved.items[1].directions,
        "Syrup X: \"soon\" से आगे समझ नहीं आया। उदाहरण: 1-0-1 x5d pc। बाकी शब्द // के बाद लिखें।"
    );
    assert_eq!(saved.warnings, ["तापमान 100.4 °F को 38 °C लिखा गया।"]);
    let problem = saved.follow_up_problem.expect("BUG: nobody comes back so late");
    assert!(problem.starts_with("फिर आने का दिन अधिक से अधिक दो साल बाद"), "{problem}");
    let signed = Draft { items: vec![readable], ..Draft::default() };
    let signed = fixture.replica.sign_prescription(sunita, &signed, &[]).expect("BUG: signed");
    let chart = fixture.replica.chart(sunita).expect("BUG: the chart");
    assert_eq!(chart.prescriptions[0].items[0].directions, "1 कैप्सूल सोते समय, 5 दिन तक");
    let printed = fixture.replica.printed(signed.id).expect("BUG: printed");
    assert_eq!(printed.items[0].directions, "1 capsule at bedtime, for 5 days");
    assert_eq!(printed.items[0].quantity, "5 capsules");
    let ledger = fixture.replica.ledger(10).expect("BUG: the ledger");
    assert_eq!(ledger[0].title, "पर्चे पर हस्ताक्षर");
}

#[test]
fn an_error_bears_its_hindi_sentence_whatever_is_spoken() {
    let error = CommandError::from(Error::WrongPassword);
    assert!(error.detail.starts_with("The e-mail or the password is wrong."));
    assert_eq!(error.hindi.as_deref(), Some("ई-मेल या पासवर्ड ग़लत है। इस कंप्यूटर पर कुछ बदला नहीं गया।"));
    let unknown = CommandError::from(Error::Invalid("Nobody wrote this in Hindi.".into()));
    assert_eq!(unknown.hindi, None);
}
