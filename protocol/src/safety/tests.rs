use time::macros::date;

use super::*;

const TODAY: Date = date!(2026 - 11 - 23);

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn amoxicillin() -> Medicine {
    Medicine {
        ingredients: vec!["Amoxicillin".into()],
        classes: vec!["penicillin".into()],
        ..Medicine::default()
    }
}

fn line(number: u128, medicine: Option<u128>, text: &str) -> Line {
    Line {
        id: id(number),
        medicine: medicine.map(id),
        text: text.into(),
        dose: "1-0-1".into(),
        days: Some(5),
        dosage: None,
    }
}

fn prescription(number: u128, device: u128, lines: Vec<Line>) -> Prescription {
    Prescription {
        id: id(number),
        patient: id(1),
        day: TODAY,
        written: Written { device: Some(id(device)), at_ms: Some(1_000) },
        weight_kg: None,
        amends: None,
        overridden: Overridden::Nothing,
        seen_same: SeenSame::default(),
        lines,
    }
}

/// A person who takes amoxicillin.
fn chart() -> Chart {
    Chart {
        registrations: vec![Registration { id: id(1), ..Registration::default() }],
        prescriptions: vec![prescription(10, 100, vec![line(11, Some(500), "Amoxicillin 500 mg")])],
        medicines: [(id(500), amoxicillin())].into(),
        ..Chart::default()
    }
}

fn found(chart: &Chart) -> Vec<Rule> {
    check(chart, TODAY).findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn an_allergy_is_met_by_ingredient_by_class_and_by_word() {
    assert_eq!(found(&chart()), []);
    let noted = |substance: &str, ingredient: &str, class: &str| {
        let of = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty()).into_iter().collect();
        let allergy = Allergy {
            id: id(2),
            substance: substance.into(),
            ingredients: of(ingredient),
            classes: of(class),
        };
        Chart { allergies: vec![allergy], ..chart() }
    };
    for (substance, ingredient, class) in [
        ("AMX", "amoxicillin", ""),
        ("beta lactams", "", "penicillin"),
        ("Amoxicillin syrup", "", ""),
        ("Penicillins", "", ""),
        ("AMP", "Ampicillin", ""),
        ("Ampicillin: rash", "", ""),
    ] {
        assert_eq!(found(&noted(substance, ingredient, class)), [Rule::AllergyMedicine], "{substance}");
    }
    assert_eq!(found(&noted("Peanuts", "", "nsaid")), []);
    let mut written = chart();
    written.registrations[0].allergies = Some("Peanuts\nPenicillin: anaphylaxis 2019".into());
    let report = check(&written, TODAY);
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].known.text, "Penicillin: anaphylaxis 2019");
    let signed = |cause: &str| {
        let alert = serde_json::json!([{ "kind": "allergy", "action": "overridden", "cause": cause }]);
        Overridden::of(&alert)
    };
    written.prescriptions[0].overridden = signed("penicillin: Anaphylaxis 2019");
    assert_eq!(found(&written), []);
    written.prescriptions[0].overridden = signed("Peanuts");
    assert_eq!(found(&written), [Rule::AllergyMedicine], "the reason was given for another allergy");
    let alert = serde_json::json!([{ "kind": "allergy", "action": "overridden" }]);
    written.prescriptions[0].overridden = Overridden::of(&alert);
    assert_eq!(found(&written), [], "an earlier program did not say which");
}

#[test]
fn an_allergy_that_is_noted_by_a_brand_is_met_where_the_chart_says_the_brand() {
    let mut chart = chart();
    chart.registrations[0].allergies = Some("Zycil: rash".into());
    let mut sold_as = |brand: Option<&str>| {
        let brand = brand.map(str::to_owned);
        chart.medicines.insert(id(500), Medicine { brand, ..amoxicillin() });
        found(&chart)
    };
    assert_eq!(sold_as(Some("Zycil 500")), [Rule::AllergyMedicine]);
    assert_eq!(sold_as(Some("Novazycil 500")), []);
    assert_eq!(sold_as(None), []);
}

#[test]
fn a_line_in_no_list_is_met_by_what_its_words_name_and_by_a_common_brand() {
    let mut chart = chart();
    chart.registrations[0].allergies = Some("Pencillin".into());
    let mut written = |text: &str| {
        chart.prescriptions[0].lines = vec![line(11, None, text)];
        found(&chart)
    };
    assert_eq!(written("Tab. Augmentin 625"), [Rule::AllergyMedicine]);
    assert_eq!(written("Inj. ampicillin from the hospital"), [Rule::AllergyMedicine]);
    assert_eq!(written("Cough mixture"), []);
}

#[test]
fn an_allergy_to_sulpha_drugs_is_no_decision_about_a_water_tablet() {
    let mut chart = chart();
    chart.registrations[0].allergies = Some("Sulfa drugs".into());
    let mut of = |ingredients: &[&str]| {
        let medicine = Medicine {
            ingredients: ingredients.iter().map(|name| (*name).to_owned()).collect(),
            classes: vec!["sulfonamide".into()],
            ..Medicine::default()
        };
        chart.medicines.insert(id(500), medicine);
        found(&chart)
    };
    assert_eq!(of(&["Losartan", "Hydrochlorothiazide"]), []);
    assert_eq!(of(&["Sulfamethoxazole", "Trimethoprim"]), [Rule::AllergyMedicine]);
}

#[test]
fn what_is_no_longer_taken_is_not_met() {
    let mut chart = chart();
    chart.registrations[0].allergies = Some("Penicillin".into());
    chart.prescriptions[0].day = date!(2026 - 11 - 10);
    assert_eq!(found(&chart), []);
    chart.prescriptions[0].lines[0].days = None;
    assert_eq!(found(&chart), [Rule::AllergyMedicine], "until further notice");
    assert_eq!(Line::days_of(Some(2), Some("week")), Some(14));
    assert_eq!(Line::days_of(None, Some("ongoing")), None);
    assert_eq!(Line::days_of(None, None), Some(30));
}

#[test]
fn a_medicine_that_the_catalogue_does_not_know_is_not_checked_and_never_safe() {
    let mut chart = chart();
    chart.prescriptions[0].lines.push(line(12, None, "Cough mixture"));
    chart.prescriptions[0].lines.push(line(13, Some(999), "Penicillin V"));
    assert_eq!(check(&chart, TODAY).not_checked, [id(12), id(13)]);
    chart.registrations[0].allergies = Some("Penicillin".into());
    let report = check(&chart, TODAY);
    let against: Vec<Uuid> = report.findings.iter().map(|finding| finding.against.id).collect();
    assert_eq!(against, [id(11), id(13)], "its name is the very word");
    assert_eq!(report.not_checked, [id(12), id(13)]);
}

#[test]
fn one_ingredient_twice_is_met_between_computers_and_not_between_corrections() {
    let mut chart = chart();
    let other =
        Medicine { ingredients: vec!["Amoxicillin".into(), "Clavulanic acid".into()], ..amoxicillin() };
    chart.medicines.insert(id(501), other);
    chart.prescriptions.push(prescription(
        20,
        101,
        vec![line(21, Some(501), "Amoxicillin + Clavulanic acid")],
    ));
    assert_eq!(found(&chart), [Rule::SameIngredient]);
    chart.prescriptions[1].written.device = Some(id(100));
    assert_eq!(found(&chart), [], "whoever wrote both saw both");
    chart.prescriptions[1].written.device = Some(id(101));
    let shown =
        |line: u128| SeenSame::of(&serde_json::json!([{ "kind": "same_ingredient", "signed": [id(line)] }]));
    chart.prescriptions[1].seen_same = shown(11);
    assert_eq!(found(&chart), [], "the doctor was shown the first before signing the second");
    chart.prescriptions[1].seen_same = shown(12);
    assert_eq!(found(&chart), [Rule::SameIngredient], "another line was shown");
    chart.prescriptions[1].seen_same = SeenSame::default();
    chart.prescriptions[0].day = TODAY - time::Duration::days(5);
    assert_eq!(found(&chart), [], "the second follows the first");
    chart.prescriptions[0].day = TODAY - time::Duration::days(4);
    assert_eq!(found(&chart), [Rule::SameIngredient], "they overlap by a day");
    chart.prescriptions[1].amends = Some(id(10));
    assert_eq!(found(&chart), []);
    for prescription in &mut chart.prescriptions {
        prescription.amends = Some(id(9));
    }
    assert_eq!(found(&chart), []);
}

#[test]
fn a_dose_by_weight_is_met_by_a_weight_that_differs_by_more_than_a_fifth() {
    let mut chart = chart();
    chart.prescriptions[0].weight_kg = Some(10.0);
    let mut later = prescription(20, 101, vec![]);
    later.weight_kg = Some(12.5);
    chart.prescriptions.push(later);
    assert_eq!(found(&chart), [], "the dose does not say so");
    chart.prescriptions[0].lines[0].dose = "40 mg/kg in two doses".into();
    assert_eq!(found(&chart), [Rule::WeightChange]);
    chart.prescriptions[1].weight_kg = Some(12.0);
    assert_eq!(found(&chart), []);
}

#[test]
fn what_is_written_for_someone_who_is_gone_is_met_if_it_was_written_afterwards() {
    for (ended, is_met) in [(500, true), (1_500, false)] {
        let with = |change: fn(&mut Registration, i64)| {
            let mut chart = chart();
            change(&mut chart.registrations[0], ended);
            !found(&chart).is_empty()
        };
        assert_eq!(with(|registration, at| registration.deceased_ms = Some(at)), is_met);
        assert_eq!(with(|registration, at| registration.merged_ms = Some(at)), is_met);
        assert_eq!(with(|registration, at| registration.deleted_ms = Some(at)), is_met);
    }
    let mut chart = chart();
    chart.registrations[0].deceased_ms = Some(1_500);
    chart.registrations[0].deceased_on = Some(date!(2026 - 11 - 20));
    assert_eq!(found(&chart), [Rule::PatientGone], "the day of death was before the visit");
}

#[test]
fn a_tooth_that_is_not_there_is_replaced_and_not_filled() {
    let procedure = |is_replacement| Procedure {
        id: id(30),
        patient: id(1),
        name: "Filling".into(),
        teeth: vec![36],
        is_replacement,
        written: Written::default(),
    };
    let with = |tooth, is_replacement| Chart {
        missing_teeth: vec![MissingTooth { id: id(31), tooth }],
        procedures: vec![procedure(is_replacement)],
        ..chart()
    };
    assert_eq!(found(&with(36, false)), [Rule::MissingTooth]);
    assert_eq!(found(&with(36, true)), []);
    assert_eq!(found(&with(37, false)), []);
}

#[test]
fn a_finding_is_the_same_one_whichever_side_was_there_first() {
    let place = |table, number| Place { table, id: id(number), text: "x".into() };
    let (one, other) = (place(TableName::PrescriptionItems, 1), place(TableName::PrescriptionItems, 2));
    let finding = |known: &Place, against: &Place| Finding {
        rule: Rule::SameIngredient,
        patient: id(1),
        known: known.clone(),
        against: against.clone(),
    };
    assert_eq!(finding(&one, &other).words(), finding(&other, &one).words());
}
