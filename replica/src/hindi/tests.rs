use std::collections::BTreeSet;

use protocol::dosage::Dosage;
use protocol::error::{ErrorCode, Refusal, RefusalCode};
use protocol::medicine::Units;
use protocol::password::WeakPassword;
use protocol::safety::{
    AllergenKind, Allergy, Chart, Line, LineFinding, LineReport, Medicine, Person, Proposed, Registration,
    Rules, check_lines, unchecked_allergies,
};
use protocol::standing::NotBelieved;
use time::OffsetDateTime;
use time::macros::date;
use uuid::Uuid;

use super::*;
use crate::error::Error;

const INGREDIENTS: &str = include_str!("../../../protocol/src/safety/data/ingredients.tsv");
const INTERACTIONS: &str = include_str!("../../../protocol/src/safety/data/interactions.tsv");

fn all() -> impl Iterator<Item = &'static Said> {
    TABLES.into_iter().flatten()
}

fn places(template: &str) -> BTreeSet<&str> {
    template.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(place, _)| place).collect()
}

/// What of these has no Hindi.
fn unsaid<T: AsRef<str>>(english: impl IntoIterator<Item = T>) -> Vec<T> {
    english.into_iter().filter(|text| hindi(text.as_ref()).is_none()).collect()
}

/// A column of a file of the rules.
fn column(file: &'static str, place: usize) -> impl Iterator<Item = &'static str> {
    let lines = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter_map(move |line| line.split('\t').nth(place))
}

#[test]
fn every_sentence_says_each_of_its_places_in_both_languages() {
    for (english, hindi) in all() {
        let starless: BTreeSet<&str> =
            places(english).into_iter().map(|place| place.trim_end_matches('*')).collect();
        assert_eq!(starless, places(hindi), "{english}");
        assert!(!english.contains("}{"), "nothing tells where the first place ends: {english}");
    }
}

#[test]
fn every_hindi_sentence_is_in_devanagari_with_latin_digits() {
    for (english, hindi) in all() {
        assert!(hindi.contains(|c: char| ('\u{900}'..='\u{97f}').contains(&c)), "{english}");
        assert!(!hindi.contains(|c: char| ('०'..='९').contains(&c)), "{hindi}");
    }
}

#[test]
fn no_sentence_stands_there_twice() {
    let mut seen = BTreeSet::new();
    let twice: Vec<&str> =
        all().map(|(english, _)| *english).filter(|english| !seen.insert(*english)).collect();
    assert_eq!(twice, Vec::<&str>::new());
}

#[test]
fn sentences_are_said_one_by_one_and_what_is_named_before_a_colon_stays() {
    assert_eq!(
        hindi("The title is missing. Nothing was saved yet.").as_deref(),
        Some("शीर्षक नहीं लिखा है। अभी कुछ सहेजा नहीं गया।")
    );
    assert_eq!(
        hindi("Dolo: This medicine is given in tablets, not in ml.").as_deref(),
        Some("Dolo: यह दवा गोली में दी जाती है, मि.ली. में नहीं।")
    );
    assert_eq!(
        hindi("Metformin 500 mg still runs until 02 Dec 2026: Glycomet.").as_deref(),
        Some("Metformin 500 mg अभी 02 दिस॰ 2026 तक चल रही है: Glycomet।")
    );
    assert_eq!(
        hindi("para od: 3 medicines fit. Write the strength or the form too.").as_deref(),
        Some("para od: 3 दवाएँ मिलती हैं। दवा की मात्रा (जैसे 500 mg) या उसका रूप (जैसे tab, eye drops) भी लिखें।")
    );
    let with_running = "Paracetamol: 4225 mg a day with what still runs is more than 4000 mg, the most for an adult. Of it, 975 mg were prescribed on 21 Nov 2026. Of it, 650 mg were prescribed on 20 Nov 2026.";
    assert_eq!(
        hindi(with_running).as_deref(),
        Some(
            "Paracetamol: जो अभी चल रही है उसके साथ दिन में 4225 mg, जो वयस्क के लिए अधिकतम 4000 mg से ज़्यादा है। इसमें से 975 mg 21 नव॰ 2026 को लिखी गई थी। इसमें से 650 mg 20 नव॰ 2026 को लिखी गई थी।"
        )
    );
    assert_eq!(
        hindi("What Asha prepared at 10:41, 21 Nov 2026 was taken back. What Ravi prepared at 9:30 was taken back.")
            .as_deref(),
        Some(
            "Asha ने 21 नव॰ 2026 को 10:41 पर जो तैयार किया था, वह वापस ले लिया गया। Ravi ने 9:30 पर जो तैयार किया था, वह वापस ले लिया गया।"
        )
    );
    assert_eq!(
        hindi("This server does not know patients.nickname; it needs an update.").as_deref(),
        Some("यह सर्वर patients.nickname को नहीं जानता; उसे अपडेट चाहिए।")
    );
    assert_eq!(
        hindi("Pulse 20 a minute is unusual. Is it right?").as_deref(),
        Some("नाड़ी 20 प्रति मिनट: यह असामान्य है। क्या सही है?")
    );
}

#[test]
fn a_text_of_which_a_part_is_unknown_stays_english() {
    assert_eq!(hindi("The title is missing. Nobody has seen it."), None);
    assert_eq!(hindi("Amoxicillin is a fruit. Noted allergy: dust."), None);
    assert_eq!(hindi(""), None);
    let unknown = "Somebody said something.".to_owned();
    assert_eq!(crate::Language::Hi.say(unknown.clone()), unknown);
    let known = "Your role does not allow this.".to_owned();
    assert_eq!(crate::Language::En.say(known.clone()), known);
}

#[test]
fn every_reason_of_the_rules_is_said_in_hindi() {
    let of_one = column(INGREDIENTS, 5).flat_map(|whys| whys.split(';')).map(str::trim);
    let reasons: Vec<&str> = of_one.filter(|why| !why.is_empty()).chain(column(INTERACTIONS, 3)).collect();
    assert!(reasons.len() > 150);
    assert_eq!(unsaid(reasons), Vec::<&str>::new());
}

/// What speaks against these for a pregnant girl of one month, in a dose that no rule allows.
fn found(ingredients: &[&str], allergy: Option<&str>) -> Vec<LineFinding> {
    let mut chart = Chart::default();
    chart.allergies.extend(allergy.map(|class| Allergy {
        substance: class.to_owned(),
        classes: vec![class.to_owned()],
        ..Allergy::default()
    }));
    let mut lines = Vec::new();
    for (name, id) in ingredients.iter().zip(1..) {
        let id = Uuid::from_u128(id);
        let medicine = Medicine {
            ingredients: vec![(*name).to_owned()],
            mg_per_unit: vec![Some(10_000.0)],
            is_systemic: true,
            ..Medicine::default()
        };
        chart.medicines.insert(id, medicine);
        let line = Line { medicine: Some(id), text: (*name).to_owned(), ..Line::default() };
        lines.push(Proposed { line, dosage: Dosage::read("1-0-1 x5d", "tablet").ok(), unit: "tablet" });
    }
    let person = Person { ages_months: vec![1], is_pregnant: true, ..Person::default() };
    let rules = Rules::load().expect("BUG: the rules");
    let found = check_lines(rules, &chart, &person, &lines, date!(2026 - 11 - 23));
    found.into_iter().flat_map(|line| line.findings).collect()
}

#[test]
fn everything_that_is_found_about_an_ingredient_or_a_class_is_said_in_hindi() {
    let rules = Rules::load().expect("BUG: the rules");
    let whys = |found: Vec<LineFinding>| found.into_iter().map(|finding| finding.why);
    let mut said: BTreeSet<String> = BTreeSet::new();
    for name in column(INGREDIENTS, 0) {
        said.extend(whys(found(&[name, name], None)));
    }
    let classes: BTreeSet<&str> = column(INGREDIENTS, 1).flat_map(|classes| classes.split(',')).collect();
    for class in classes.into_iter().filter(|class| !class.is_empty()) {
        let of_it: Vec<&str> = column(INGREDIENTS, 0)
            .zip(column(INGREDIENTS, 1))
            .filter(|(_, classes)| classes.split(',').any(|one| one == class))
            .map(|(name, _)| name)
            .take(2)
            .collect();
        let allergy = rules.allergen(AllergenKind::Class, class).map(|known| known.code);
        said.extend(whys(found(&of_it, allergy)));
    }
    assert!(said.len() > 300, "{}", said.len());
    assert_eq!(unsaid(said), Vec::<String>::new());
}

#[test]
fn whatever_is_wrong_with_a_dose_and_whatever_was_not_looked_at_is_said_in_hindi() {
    let units =
        ["tablet", "capsule", "drop", "unit", "vial", "ampoule", "puff", "sachet", "suppository", "patch"];
    let mut said: Vec<String> = units
        .iter()
        .filter_map(|unit| Dosage::read("5 ml tds", Units::from(*unit)).err())
        .map(|error| format!("{error}."))
        .collect();
    let injection = Units::of("injection", "25 mg/ml");
    let long = format!("1-0-1 // {}", "n".repeat(501));
    let steps = ["1.25-1.25-1.25-1.25 x3d"; 8].join(" then ");
    let tablet = Units::from("tablet");
    for (typed, units) in [
        ("soon", tablet),
        ("", tablet),
        (long.as_str(), tablet),
        (steps.as_str(), tablet),
        ("3 stat", injection),
        ("1 tab od", injection),
        ("10 hs", Units::of("other", "xyzlin")),
        ("25 stat", tablet),
        ("25 stat", Units::of("injection", "1 g")),
        ("tds", Units::of("syrup", "5 mg/5 ml")),
        ("1 stat x5d", tablet),
        ("1-0-1 x3", tablet),
        ("3 monthly", tablet),
        ("5 ml sos max 4/day", Units::of("syrup", "5 mg/5 ml")),
        ("2 od x5d then 20 mg od x5d", tablet),
    ] {
        said.push(format!("{}.", Dosage::read(typed, units).expect_err("BUG: refused")));
    }
    for way in ["po", "sl", "topical", "pr", "pv", "im", "iv", "sc"] {
        let refused = Dosage::read(&format!("{way} 1 drop od"), Units::of("eye_drops", "0.3 %"));
        said.push(format!("{}.", refused.expect_err("BUG: refused")));
    }
    assert_eq!(said.len(), 33);
    let mut chart = Chart::default();
    let known = [("Paracetamol", 1), ("Citicoline", 2)];
    let lines = known.map(|(name, id)| {
        let ingredients = vec![name.to_owned()];
        let medicine = Medicine { ingredients, is_systemic: true, ..Medicine::default() };
        chart.medicines.insert(Uuid::from_u128(id), medicine);
        let line = Line { medicine: Some(Uuid::from_u128(id)), text: name.to_owned(), ..Line::default() };
        Proposed { line, dosage: Dosage::read("1-0-1 x5d", "tablet").ok(), unit: "tablet" }
    });
    let rules = Rules::load().expect("BUG: the rules");
    let reports = check_lines(rules, &chart, &Person::default(), &lines, date!(2026 - 11 - 23));
    let gaps = |reports: Vec<LineReport>| reports.into_iter().flat_map(|report| report.gaps);
    let mut gaps_said: Vec<String> = gaps(reports).collect();
    assert_eq!(gaps_said.len(), 2);
    // Of a child: without a weight, and with one.
    for medicine in chart.medicines.values_mut() {
        medicine.mg_per_unit = vec![Some(500.0)];
    }
    let child = Person { ages_months: vec![36], ..Person::default() };
    let reports = check_lines(rules, &chart, &child, &lines, date!(2026 - 11 - 23));
    gaps_said.extend(gaps(reports));
    assert_eq!(gaps_said.len(), 4);
    let small = Person { weight_g: Some(4_500), ..child };
    let reports = check_lines(rules, &chart, &small, &lines, date!(2026 - 11 - 23));
    let found: Vec<String> =
        reports.into_iter().flat_map(|report| report.findings).map(|finding| finding.why).collect();
    assert_eq!(found.len(), 1);
    // Of whom nobody knows how old they are.
    let ingredients = vec!["Doxycycline".to_owned()];
    let doxycycline = Medicine { ingredients, is_systemic: true, ..Medicine::default() };
    chart.medicines.insert(Uuid::from_u128(1), doxycycline);
    let reports = check_lines(rules, &chart, &Person::default(), &lines, date!(2026 - 11 - 23));
    gaps_said.extend(gaps(reports));
    assert_eq!(gaps_said.len(), 7);
    // Who is allergic to something that nobody knows, and to what nobody noted.
    let red_syrup = Allergy { substance: "that red syrup".into(), ..Allergy::default() };
    let allergic = Chart { allergies: vec![red_syrup], ..chart.clone() };
    let registrations = vec![Registration { has_allergies: true, ..Registration::default() }];
    for chart in [allergic, Chart { registrations, ..chart }] {
        gaps_said.extend(unchecked_allergies(rules, &chart));
    }
    assert_eq!(gaps_said.len(), 9);
    for whose in ["", " from 65 years on, or without a weight over 50 kg"] {
        for with in ["", " with what still runs"] {
            gaps_said.push(format!(
                "Ketorolac: 120 mg a day{with} is more than 60 mg, the most for an adult by injection{whose}."
            ));
        }
    }
    gaps_said.push(
        "Cetirizine: the most of a day for a child is not known; only that of an adult is checked.".into(),
    );
    assert_eq!(unsaid(said.into_iter().chain(gaps_said).chain(found)), Vec::<String>::new());
}

#[test]
fn everything_that_the_ledger_names_is_named_in_hindi() {
    let arms = include_str!("../ledger.rs").lines().filter_map(|line| {
        let (_, title) = line.trim().strip_suffix("\".into(),")?.split_once("\" => \"")?;
        Some(title)
    });
    let titles: Vec<&str> = arms.collect();
    assert!(titles.len() > 15, "{titles:?}");
    assert_eq!(unsaid(titles), Vec::<&str>::new());
}

#[test]
fn whatever_is_wrong_with_a_new_password_is_said_in_hindi() {
    use WeakPassword::{Common, Long, Personal, Same, Short};
    let faults = [Short, Long, Common, Personal, Same];
    let refused = faults.map(|weak| format!("{weak} Nothing was changed."));
    assert_eq!(unsaid(faults.map(WeakPassword::sentence)), Vec::<&str>::new());
    assert_eq!(unsaid(refused), Vec::<String>::new());
}

#[test]
fn whatever_the_server_has_against_a_member_of_staff_is_said_in_hindi() {
    let sources = [
        include_str!("../../../sync-server/src/manage/users.rs"),
        include_str!("../../../sync-server/src/manage/staff.rs"),
        include_str!("../../../sync-server/src/manage/passwords.rs"),
        include_str!("../../../sync-server/src/limits.rs"),
    ];
    let said = sources.into_iter().flat_map(|source| source.split("Error::Invalid(").skip(1));
    let said: Vec<&str> = said
        .filter_map(|rest| Some(rest.trim_start().strip_prefix('"')?.split_once('"')?.0))
        .chain([
            "The e-mail must be like name@clinic.example.",
            "Someone of your staff has this e-mail already.",
        ])
        .collect();
    assert!(said.len() > 10, "{said:?}");
    assert_eq!(unsaid(said), Vec::<&str>::new());
}

/// Every kind of error, once.
fn errors() -> Vec<Error> {
    vec![
        Error::WrongPassword,
        Error::SignInOnline,
        Error::LeaseEnded { days: 7 },
        Error::NeedsServer,
        Error::OrderNotBelieved(NotBelieved::Key),
        Error::Locked,
        Error::NotEnrolled,
        Error::AlreadyEnrolled,
        Error::KeyringLocked,
        Error::KeyringMissing,
        Error::KeyringEntryMissing,
        Error::WrongRecoveryCode,
        Error::SlotOfAnotherDevice,
        Error::SlotsDamaged,
        Error::StoreMissing,
        Error::StoreDoesNotOpen,
        Error::StoreDamaged,
        Error::FileDamaged,
        Error::AnotherFile,
        Error::StoreTooNew,
        Error::StoreInUse,
        Error::UpgradeFailed,
        Error::DiskFull,
        Error::Invalid("Nothing was prescribed before. Nothing was changed.".into()),
        Error::Held("Metformin 500 mg".into()),
        Error::Forbidden("Only an admin makes a recovery code."),
        Error::NotFound,
        Error::Refused(Refusal::new(RefusalCode::BadValue, "vitals does not hold a value that fits.")),
        Error::ServerUnreachable,
        Error::AnswerTooLong,
        Error::BadAnswer("it sends rows of another clinic"),
        Error::TooLarge,
        Error::ServerWentBack,
        Error::StillDiffers,
        Error::CannotCompare,
        Error::ClockOff { server_time: OffsetDateTime::UNIX_EPOCH },
        Error::Server { code: ErrorCode::Forbidden, detail: "Your role does not allow this.".into() },
        Error::internal("a mistake"),
        Error::WrongOldPassword,
        Error::PasswordNeedsServer,
        Error::PasswordUnsure,
        Error::StaffNeedsServer,
        Error::StaffUnsure,
        Error::NoRoomToSignIn,
        Error::AuditNeedsServer,
        Error::CodeNeedsServer,
    ]
}

/// The place of an error in that list: a new kind does not compile here before it has one.
fn place(error: &Error) -> usize {
    match error {
        Error::WrongPassword => 0,
        Error::SignInOnline => 1,
        Error::LeaseEnded { .. } => 2,
        Error::NeedsServer => 3,
        Error::OrderNotBelieved(_) => 4,
        Error::Locked => 5,
        Error::NotEnrolled => 6,
        Error::AlreadyEnrolled => 7,
        Error::KeyringLocked => 8,
        Error::KeyringMissing => 9,
        Error::KeyringEntryMissing => 10,
        Error::WrongRecoveryCode => 11,
        Error::SlotOfAnotherDevice => 12,
        Error::SlotsDamaged => 13,
        Error::StoreMissing => 14,
        Error::StoreDoesNotOpen => 15,
        Error::StoreDamaged => 16,
        Error::FileDamaged => 17,
        Error::AnotherFile => 18,
        Error::StoreTooNew => 19,
        Error::StoreInUse => 20,
        Error::UpgradeFailed => 21,
        Error::DiskFull => 22,
        Error::Invalid(_) => 23,
        Error::Held(_) => 24,
        Error::Forbidden(_) => 25,
        Error::NotFound => 26,
        Error::Refused(_) => 27,
        Error::ServerUnreachable => 28,
        Error::AnswerTooLong => 29,
        Error::BadAnswer(_) => 30,
        Error::TooLarge => 31,
        Error::ServerWentBack => 32,
        Error::StillDiffers => 33,
        Error::CannotCompare => 34,
        Error::ClockOff { .. } => 35,
        Error::Server { .. } => 36,
        Error::Internal(_) => 37,
        Error::WrongOldPassword => 38,
        Error::PasswordNeedsServer => 39,
        Error::PasswordUnsure => 40,
        Error::StaffNeedsServer => 41,
        Error::StaffUnsure => 42,
        Error::NoRoomToSignIn => 43,
        Error::AuditNeedsServer => 44,
        Error::CodeNeedsServer => 45,
    }
}

#[test]
fn a_text_that_would_be_looked_up_for_ever_stays_as_it_is() {
    let text = "1 of 2 places for patients in the plan are taken. ".repeat(60) + "x";
    assert_eq!(hindi(&text), None);
    assert_eq!(hindi("Your files are sold. A column is missing."), None, "no column is named so");
}

#[test]
fn every_error_is_said_in_hindi() {
    let errors = errors();
    let places: Vec<usize> = errors.iter().map(place).collect();
    assert_eq!(places, (0..errors.len()).collect::<Vec<_>>());
    assert_eq!(unsaid(errors.iter().map(ToString::to_string)), Vec::<String>::new());
}
