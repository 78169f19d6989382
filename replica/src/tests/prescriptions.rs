//! Writing, signing and printing.

use protocol::audit::{Action, DeskEvent};
use protocol::permission::Role;
use protocol::table::TableName;
use serde_json::json;
use time::macros::datetime;

use super::{Fixture, NOW, as_server, fixture, form, item};
use crate::clock::Clock;
use crate::error::Error;
use crate::language::Language;
use crate::replica::Replica;
use crate::store::OwnSignature;
use crate::view::{CommandError, Draft, DraftItem, LineChoice, PrescriptionSummary, Vitals};

#[test]
fn a_medicine_is_found_with_its_form_as_people_write_it_and_not_with_another() {
    let fixture = fixture(Role::Doctor);
    let found = |typed: &str| fixture.replica.find_medicines(typed).expect("BUG: found").len();
    for typed in ["para 650", "para 650 tab", "tab. para 650", "paracetamol 650 mg tablet"] {
        assert!(found(typed) > 0, "{typed}");
        let line = format!("{typed} 1-0-1 x3d");
        let read = fixture.replica.read_line(&line, None).expect("BUG: read");
        assert!(matches!(read.choice, LineChoice::Chosen { .. }), "{line}: {:?}", read.choice);
    }
    assert_eq!(found("para 650 syp"), 0);
}

#[test]
fn a_short_name_finds_the_medicine_and_stands_in_full_before_it_is_taken() {
    let fixture = fixture(Role::Doctor);
    for (line, dose) in
        [("tab pcm 650 1-0-1 x5d", "1-0-1 x5d"), ("T. PCM 650 1 sos", "1 sos"), ("pcm650 bd", "bd")]
    {
        let read = fixture.replica.read_line(line, None).expect("BUG: read");
        assert_eq!(read.dose, dose, "{line}");
        let LineChoice::Chosen { medicine } = read.choice else { panic!("{line}: {:?}", read.choice) };
        assert_eq!(medicine.generic_name, "Paracetamol", "{line}");
    }
    for line in ["syp pcm 650 5 ml tds", "pcm 500 1-0-1", "hctz 650 od"] {
        let read = fixture.replica.read_line(line, None).expect("BUG: read");
        assert_eq!(read.choice, LineChoice::Free, "{line}");
    }
    assert_eq!(fixture.replica.find_medicines("pcm").expect("BUG: found").len(), 1);
}

#[test]
fn a_medicine_goes_on_being_named_while_its_dose_is_typed() {
    let fixture = fixture(Role::Doctor);
    let line = "pcm 650 1-0-1";
    for end in "pcm 650 ".len()..line.len() {
        let read = fixture.replica.read_line(&line[..end], None).expect("BUG: read");
        let LineChoice::Chosen { medicine } = &read.choice else { panic!("{end}: {:?}", read.choice) };
        assert_eq!((medicine.generic_name.as_str(), read.found.len()), ("Paracetamol", 1), "{end}");
        assert_eq!((read.dose.as_str(), read.is_begun), (line[8..end].trim(), end > 8), "{end}");
    }
    for (line, is_begun) in [("pcm 650 1-0-1", false), ("telma 40 1-0-", false), ("pcm 500 1-0-", false)] {
        assert_eq!(fixture.replica.read_line(line, None).expect("BUG: read").is_begun, is_begun, "{line}");
    }
}

#[test]
fn letters_that_no_paper_has_are_told_in_the_pad_and_once_before_they_are_signed() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let advising = |advice: &str| Draft { advice: advice.into(), ..Draft::default() };
    let warnings = |draft: &Draft| fixture.replica.save_draft(sunita, draft).expect("BUG: saved").warnings;
    assert_eq!(warnings(&advising("Water ≥ 2 l → पानी")), Vec::<String>::new());
    let draft = advising("Water 😀");
    let said = "These letters cannot be printed and would be empty boxes on paper: 😀.";
    assert_eq!(warnings(&draft), [said]);
    let refused = fixture.replica.sign_prescription(sunita, &draft, &[]).expect_err("BUG: untold");
    let refused = CommandError::from(refused);
    assert!(refused.detail.starts_with(said) && refused.hindi.is_some(), "{refused:?}");
    fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed as it is");
    // What stands above the draft is printed too.
    let ketan = fixture.replica.register_patient(&form("કેતન", "98204 41277")).expect("BUG: registered").id;
    let refused = fixture.replica.sign_prescription(ketan, &advising("Water"), &[]);
    assert!(matches!(&refused, Err(Error::Invalid(why)) if why.contains("ક ે ત ન.")), "{refused:?}");
}

#[test]
fn a_line_of_the_draft_is_told_in_plain_words_and_known_by_what_was_typed_however_that_was_spelt() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let medicine = fixture.replica.find_medicines("para650").expect("BUG: found")[0].clone();
    let listed = |dose| DraftItem { medicine_id: Some(medicine.id), ..item("Paracetamol 650 mg", dose) };
    let typed = ["1 tab bd pc 5 days", "po 1-0-1 x5d"];
    let draft = Draft { items: typed.map(listed).into(), ..Draft::default() };
    let told = [
        "1 tablet morning and night, after food, for 5 days",
        "1 tablet morning and night, by mouth, for 5 days",
    ];
    let views = fixture.replica.save_draft(sunita, &draft).expect("BUG: saved").items;
    assert_eq!(views, fixture.replica.open_pad(sunita).expect("BUG: pad").items);
    for ((view, typed), told) in views.iter().zip(typed).zip(told) {
        assert_eq!((view.medicine_text.as_str(), view.dose_text.as_str()), ("Paracetamol 650 mg", typed));
        assert_eq!((view.directions.as_str(), view.quantity.as_deref()), (told, Some("10 tablets")));
    }
}

#[test]
fn a_signed_prescription_is_numbered_frozen_and_whole() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let medicine = fixture.replica.find_medicines("para650").expect("BUG: found")[0].clone();
    let listed = DraftItem { medicine_id: Some(medicine.id), ..item("", "1-1-1 x5d pc") };
    let draft = Draft {
        items: vec![listed, item("Cap. Something new", "1 hs x5d")],
        diagnoses: vec!["Fever".into()],
        follow_up: "5d".into(),
        ..Draft::default()
    };
    fixture.replica.save_draft(sunita, &draft).expect("BUG: saved");
    let signed = fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    assert_eq!(signed.number.as_deref(), Some("ASHA-A-261123-1"));
    assert_eq!(signed.items[0].title, "TAB. PARACETAMOL 650 MG");
    assert_eq!(signed.items[0].quantity.as_deref(), Some("15 tablets"));
    assert_eq!(signed.items[1].directions, "1 capsule at bedtime, for 5 days");
    let shown = fixture.replica.prescription(signed.id).expect("BUG: there");
    assert_eq!(shown, PrescriptionSummary { own_signature: Some(OwnSignature::None), ..signed.clone() });
    assert_eq!(
        fixture.replica.open_pad(sunita).expect("BUG: pad").draft,
        Draft::default(),
        "the draft is gone"
    );
    let printed = fixture.replica.printed(signed.id).expect("BUG: printed");
    assert_eq!(printed.follow_up, "Sat 28 Nov 2026");
    assert_eq!(printed.signed_at, "23 Nov 2026 10:41");
    assert_eq!((printed.allergies.as_str(), printed.patient_age_sex.as_str()), ("not asked", "54 y, F"));
    assert_eq!(printed.registration, "Reg. no. MMC 2009/04/1187");
    fixture
        .replica
        .update_patient(sunita, &form("Sunita", "98204 41276"), &form("Sunanda", "98204 41276"))
        .expect("BUG: corrected");
    assert_eq!(
        fixture.replica.printed(signed.id).expect("BUG").patient_name,
        "Sunita Deshmukh",
        "as it was signed"
    );
    let second = fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    assert_eq!(second.number.as_deref(), Some("ASHA-A-261123-2"));
    let report = fixture.replica.verify().expect("BUG: verified");
    assert_eq!((report.prescriptions, report.mutations, report.problems), (2, 4, vec![]));
}

#[test]
fn an_injection_is_signed_in_units_or_vials_and_never_in_millilitres_that_nobody_typed() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let insulin = item("Inj. Insulin glargine 100 IU/ml", "10 hs x30d");
    let ceftriaxone = item("Inj. Ceftriaxone 1 g", "1 od x5d");
    let draft = Draft { items: vec![insulin, ceftriaxone], ..Draft::default() };
    let signed = fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    let said: Vec<(&str, Option<&str>)> =
        signed.items.iter().map(|line| (line.directions.as_str(), line.quantity.as_deref())).collect();
    assert_eq!(
        said,
        [
            ("10 units at bedtime, for 30 days", Some("300 units")),
            ("1 vial in the morning, for 5 days", Some("5 vials"))
        ]
    );
    let bare = Draft { items: vec![item("Inj. Diclofenac 25 mg/ml", "3 stat")], ..Draft::default() };
    let refused = fixture.replica.sign_prescription(sunita, &bare, &[]).map(|signed| signed.id);
    let Err(Error::Invalid(why)) = refused else { panic!("it was signed: {refused:?}") };
    assert_eq!(
        why,
        "Inj. Diclofenac 25 mg/ml: It does not say of what. Example: 2 ml stat, 10 units hs, 1 vial od."
    );
}

#[test]
fn the_way_stands_with_its_line_and_one_that_the_form_excludes_is_not_signed() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let read = fixture.replica.read_line("tab para 650 po bd", None).expect("BUG: read");
    assert!(matches!(read.choice, LineChoice::Chosen { .. }), "{:?}", read.choice);
    assert_eq!(read.dose, "po bd");
    let read = fixture.replica.read_line("tab para po 650 bd", None).expect("BUG: read");
    assert!(matches!(read.choice, LineChoice::Chosen { .. }), "{:?}", read.choice);
    assert_eq!((read.medicine.as_str(), read.dose.as_str()), ("tab para 650", "po bd"));
    let sign = |name: &str, dose: &str| {
        let draft = Draft { items: vec![item(name, dose)], ..Draft::default() };
        fixture.replica.sign_prescription(sunita, &draft, &[])
    };
    let signed = sign("Inj. Ceftriaxone 1 g", "1 vial iv bd x5d").expect("BUG: signed");
    assert_eq!(signed.items[0].directions, "1 vial morning and night, into a vein, for 5 days");
    let refused = sign("Tab. Paracetamol 650 mg", "1 tab iv bd").map(|signed| signed.id);
    let Err(Error::Invalid(why)) = refused else { panic!("it was signed: {refused:?}") };
    assert_eq!(
        why,
        "Tab. Paracetamol 650 mg: A medicine in this form is not given into a vein. If it is meant, write it behind //."
    );
}

#[test]
fn a_figure_of_something_in_no_list_is_signed_only_when_it_is_clear_what_it_counts() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let sunita = fixture.register("Sunita", "98204 41276");
    let unclear = "It does not say how much of what";
    let unsaid = "It does not say of what";
    for (line, expected) in [
        ("lantus 10 hs", Err(unsaid)),
        ("lantus: 10 hs", Ok("INJ. LANTUS: 10 units at bedtime")),
        ("mixtard 20-0-10", Ok("INJ. MIXTARD: 20 units morning and 10 units night")),
        ("lantus: 1 hs", Err(unsaid)),
        ("syp ambroxol 5 tds", Err("It does not say how many ml")),
        ("tab crocin 2 sos", Err(unclear)),
        ("lantus hs", Err(unsaid)),
        ("lantus 10 ml hs", Err("This medicine is given in units, not in ml")),
        ("lantus 10 units hs", Ok("INJ. LANTUS: 10 units at bedtime")),
        ("xyzlin 10 hs", Err(unclear)),
        ("xyzlin: 10 hs", Err(unclear)),
        ("xyzlin 10 units hs", Ok("XYZLIN: 10 units at bedtime")),
        ("telma 40 od", Err(unclear)),
        ("telma 40 tab od", Ok("TELMA 40 TAB: 1 tablet in the morning")),
        ("tab. telma 40 mg od", Ok("TAB. TELMA 40 MG: 1 tablet in the morning")),
        ("telma 40 1-0-1", Ok("TELMA 40: 1 dose morning and night")),
        ("my own cough mixture 10 ml tds", Ok("MY OWN COUGH MIXTURE: 10 ml morning, noon and night")),
    ] {
        let read = replica.read_line(line, None).expect("BUG: read");
        let (name, form) = (&read.medicine, &read.free_form);
        let echo = Replica::read_dosage(&read.dose, name, form, name, Language::En);
        let draft = Draft { items: vec![item(&read.medicine, &read.dose)], ..Draft::default() };
        let signed = replica.sign_prescription(sunita, &draft, &[]);
        match (expected, signed) {
            (Ok(words), Ok(signed)) => {
                let line = &signed.items[0];
                assert_eq!(format!("{}: {}", line.title, line.directions), words);
                assert!(echo.is_ok_and(|echo| words.ends_with(&echo.words)));
            }
            (Err(why), Err(refused)) => {
                assert!(refused.to_string().contains(why), "{line}: {refused}");
                assert!(echo.is_err_and(|error| error.to_string().starts_with(why)), "{line}");
            }
            (expected, signed) => panic!("{line}: {expected:?}, but {:?}", signed.map(|one| one.items)),
        }
    }
}

#[test]
fn only_a_prescriber_signs_and_only_what_can_be_read() {
    let patient = |fixture: &Fixture| {
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id
    };
    let nurse = fixture(Role::Nurse);
    let sunita = patient(&nurse);
    let draft = Draft { items: vec![item("Paracetamol", "1-1-1")], ..Draft::default() };
    assert!(matches!(nurse.replica.sign_prescription(sunita, &draft, &[]), Err(Error::Forbidden(_))));
    let doctor = fixture(Role::Doctor);
    let sunita = patient(&doctor);
    for bad in [
        Draft::default(),
        Draft { items: vec![item("Paracetamol", "1-1-")], ..Draft::default() },
        Draft { items: vec![item("", "1-1-1")], ..Draft::default() },
        Draft { follow_up: "soon".into(), ..draft },
    ] {
        assert!(matches!(doctor.replica.sign_prescription(sunita, &bad, &[]), Err(Error::Invalid(_))));
    }
    assert_eq!(doctor.store.sync_state().expect("BUG").waiting, 1, "nothing was signed");
}

#[test]
fn when_to_come_back_is_refused_beside_its_field_and_again_when_it_is_signed() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let too_late = "To come back is asked for at most two years from now. Write an earlier day.";
    let unread = "When to come back is not understood. Write it like 5d, 2w or 28/11/2026.";
    for (follow_up, day, problem) in [
        ("24m", Some("2028-11-23"), None),
        ("25m", None, Some(too_late)),
        ("28/11/2062", None, Some(too_late)),
        ("soon", None, Some(unread)),
        ("", None, None),
    ] {
        let items = vec![item("Paracetamol", "1-0-1 x3d")];
        let draft = Draft { items, follow_up: follow_up.into(), ..Draft::default() };
        let saved = fixture.replica.save_draft(sunita, &draft).expect("BUG: saved");
        assert_eq!((saved.follow_up_date.as_deref(), saved.follow_up_problem.as_deref()), (day, problem));
        let signed = fixture.replica.sign_prescription(sunita, &draft, &[]);
        assert_eq!(signed.map(|_| ()).map_err(|error| error.to_string()).err().as_deref(), problem);
    }
}

#[test]
fn a_clock_that_jumps_gives_no_number_twice() {
    let mut fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    let days = [NOW, NOW, datetime!(2020-01-01 05:00 UTC), NOW];
    let numbers = days.map(|now| {
        fixture.replica.clock = Clock::stopped(now);
        fixture
            .replica
            .sign_prescription(sunita, &draft, &[])
            .expect("BUG: signed")
            .number
            .unwrap_or_default()
    });
    assert_eq!(numbers, ["ASHA-A-261123-1", "ASHA-A-261123-2", "ASHA-A-200101-1", "ASHA-A-261123-3"]);
}

#[test]
fn what_is_written_about_allergies_is_printed_whatever_the_status_says() {
    let fixture = fixture(Role::Doctor);
    let sunita =
        fixture.replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let theirs = [("alerts", json!("Penicillin")), ("allergy_status", json!("none_known"))];
    fixture.store.stage(&[as_server(&fixture, sunita, 2, &theirs)]).expect("BUG: staged");
    fixture.store.apply_staged(vec![], (2, 2), (None, NOW)).expect("BUG: applied");
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    fixture.replica.save_draft(sunita, &draft).expect("BUG: saved");
    assert_eq!(fixture.replica.printed_draft(sunita).expect("BUG: drawn").allergies, "Penicillin");
}

#[test]
fn micrograms_are_never_printed_as_what_looks_like_milligrams() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let lines =
        ["Tab. Eltroxin 25 \u{b5}g", "Tab. Eltroxin 25 \u{3bc}g"].map(|name| item(name, "1-0-0 x30d"));
    let draft = Draft { items: lines.into(), ..Draft::default() };
    fixture.replica.save_draft(sunita, &draft).expect("BUG: saved");
    let preview = fixture.replica.printed_draft(sunita).expect("BUG: drawn");
    let signed = fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed").id;
    let printed = fixture.replica.printed(signed).expect("BUG: printed");
    for item in preview.items.iter().chain(&printed.items) {
        assert!(item.title.ends_with("ELTROXIN 25 MCG"), "{}", item.title);
    }
}

#[test]
fn directions_are_printed_in_the_patients_language_beside_english() {
    let fixture = fixture(Role::Doctor);
    for (language, words) in [("hi", "गोली"), ("mr", "गोळी")] {
        let form = crate::view::PatientForm {
            preferred_language: Some(language.into()),
            ..form("Sunita", &format!("98204 4127{}", language.len()))
        };
        let sunita = fixture.replica.register_patient(&form).expect("BUG: registered").id;
        let draft = Draft { items: vec![item("Tab. Something new", "1-0-1 x5d pc")], ..Draft::default() };
        fixture.replica.save_draft(sunita, &draft).expect("BUG: saved");
        let preview = fixture.replica.printed_draft(sunita).expect("BUG: drawn");
        assert!(preview.items[0].local_directions.contains(words), "{:?}", preview.items[0]);
        let signed = fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed").id;
        let printed = fixture.replica.printed(signed).expect("BUG: printed");
        assert!(printed.items[0].local_directions.contains(words));
        assert!(printed.items[0].directions.starts_with("1 tablet"));
    }
}

#[test]
fn the_weight_of_that_visit_stands_beside_the_age_on_paper() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let weighed = Vitals { weight_kg: Some(68.5), ..Vitals::default() };
    let draft = Draft { vitals: weighed, advice: "Rest".into(), ..Draft::default() };
    fixture.replica.save_draft(sunita, &draft).expect("BUG: saved");
    let previewed = fixture.replica.printed_draft(sunita).expect("BUG: drawn");
    let signed = fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed").id;
    let printed = fixture.replica.printed(signed).expect("BUG: printed");
    for paper in [previewed, printed] {
        assert_eq!(paper.patient_age_sex, "54 y, F, 68.5 kg");
    }
    let again = Draft { advice: "Rest".into(), ..Draft::default() };
    let signed = fixture.replica.sign_prescription(sunita, &again, &[]).expect("BUG: signed").id;
    assert_eq!(fixture.replica.printed(signed).expect("BUG: printed").patient_age_sex, "54 y, F");
}

#[test]
fn of_who_was_born_this_month_list_and_paper_say_the_days() {
    let fixture = fixture(Role::Doctor);
    for (born, days) in [("2026-11-23", "0 d"), ("2026-11-11", "12 d")] {
        let form = crate::view::PatientForm {
            age_years: None,
            date_of_birth: Some(born.into()),
            ..form(born, "98204 41276")
        };
        let child = fixture.replica.register_patient(&form).expect("BUG: registered");
        assert_eq!(child.age, days);
        let draft = Draft { diagnoses: vec!["Well".into()], ..Draft::default() };
        fixture.replica.save_draft(child.id, &draft).expect("BUG: saved");
        let printed = fixture.replica.printed_draft(child.id).expect("BUG: drawn");
        assert_eq!(printed.patient_age_sex, format!("{days}, F"));
    }
}

#[test]
fn the_code_on_a_paper_tells_a_genuine_one_from_a_forged_and_a_void_one() {
    let fixture = fixture(Role::Doctor);
    let replica = &fixture.replica;
    let sunita = replica.register_patient(&form("Sunita", "98204 41276")).expect("BUG: registered").id;
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    let signed = replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    assert!(replica.printed(signed.id).expect("BUG: printed").code.starts_with("<svg"));
    let code = fixture
        .store
        .read(|tx| {
            let values = crate::replica::must_get(tx, TableName::Prescriptions, signed.id.0)?;
            Ok(crate::verify_paper::verify_text(signed.id, &values))
        })
        .expect("BUG: the code");
    let report = replica.verify_paper(&code).expect("BUG: checked");
    assert!(report.is_genuine && report.number == signed.number);
    // To be compared with the paper, onto which the code may have been copied.
    assert!(report.patient.starts_with("Sunita Deshmukh, 54"), "{report:?}");
    assert_eq!(report.date, "23 Nov 2026");
    let printed = &replica.printed(signed.id).expect("BUG: printed").items[0];
    assert_eq!(report.lines, [format!("{}: {}", printed.title, printed.directions)]);
    let forged = format!("{}0", &code[..code.len() - 1]);
    let other = if forged == code { format!("{}1", &code[..code.len() - 1]) } else { forged };
    assert!(!replica.verify_paper(&other).expect("BUG: checked").is_genuine);
    replica.void_prescription(signed.id, "Wrong patient").expect("BUG: void");
    let report = replica.verify_paper(&code).expect("BUG: checked");
    assert!(report.is_genuine && report.status == "voided");
    assert!(replica.verify_paper("https://example.org").is_err());
}

/// What the audit log is told.
fn noted(fixture: &Fixture) -> Vec<DeskEvent> {
    let events = fixture.store.next_events(100).expect("BUG: readable").map(|told| told.events);
    let events = events.unwrap_or_default().into_iter();
    events.map(|event| serde_json::from_str(&event.body).expect("BUG: an event")).collect()
}

#[test]
fn the_pages_of_a_prescription_are_drawn_without_a_note_until_they_leave_this_program() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    let signed = fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed").id;
    fixture.replica.printed(signed).expect("BUG: printed");
    assert_eq!(noted(&fixture), [], "whoever saves them may still think better of it");
    fixture.replica.print(signed).expect("BUG: noted");
    let events = noted(&fixture);
    let [event] = events.as_slice() else { panic!("one paper is one entry: {events:?}") };
    assert_eq!((event.action, event.table), (Action::Print, Some(TableName::Prescriptions)));
    assert_eq!((event.record, event.patient), (Some(signed.0), Some(sunita)));
}

#[test]
fn who_looks_at_a_prescription_in_a_terminal_is_noted_and_who_asks_for_none_is_not() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let draft = Draft { items: vec![item("Paracetamol 650 mg", "1-0-1 x3d")], ..Draft::default() };
    let signed = fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed");
    let noted = || noted(&fixture);
    assert!(matches!(fixture.replica.export_prescription("ASHA-A-261123-7"), Err(Error::NotFound)));
    assert_eq!(noted().len(), 0);
    let number = signed.number.expect("BUG: numbered");
    let shown = fixture.replica.export_prescription(&number).expect("BUG: shown");
    assert_eq!(shown["computed_sha256"], shown["values"]["content_sha256"]);
    let events = noted();
    let [event] = events.as_slice() else { panic!("one look is one entry: {events:?}") };
    assert_eq!((event.action, event.table), (Action::View, Some(TableName::Prescriptions)));
    assert_eq!((event.record, event.patient), (Some(signed.id.0), Some(sunita)));
    fixture.replica.export_prescription(&number).expect("BUG: shown");
    assert_eq!(noted().len(), 1, "once in a quarter of an hour, as in the window");
}

#[test]
fn a_chart_says_how_many_prescriptions_it_does_not_show_and_shows_them_when_asked() {
    let fixture = fixture(Role::Doctor);
    let sunita = fixture.register("Sunita", "98204 41276");
    let draft = Draft { items: vec![item("Paracetamol", "1-1-1 x3d")], ..Draft::default() };
    let signed: Vec<_> = (0..102)
        .map(|_| fixture.replica.sign_prescription(sunita, &draft, &[]).expect("BUG: signed").id)
        .collect();
    let chart = fixture.replica.chart(sunita).expect("BUG: the chart");
    assert_eq!((chart.prescriptions.len(), chart.older_prescriptions), (100, 2));
    let older = fixture.replica.older_prescriptions(sunita, 100).expect("BUG: the older ones");
    assert_eq!(older.iter().map(|one| one.id).collect::<Vec<_>>(), [signed[1], signed[0]]);
    assert!(fixture.replica.older_prescriptions(sunita, 102).is_ok_and(|none| none.is_empty()));
    let other = fixture.register("Ramesh", "98204 41277");
    assert_eq!(fixture.replica.chart(other).expect("BUG: the chart").older_prescriptions, 0);
}
