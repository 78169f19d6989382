use serde_json::json;
use time::macros::date;
use uuid::Uuid;

use super::*;
use crate::dosage::Dosage;
use crate::medicine::Units;

const TODAY: Date = date!(2026 - 11 - 23);

/// A medicine of the list: ingredients with their strengths, the classes that it is listed with, its route.
pub(super) struct Listed(
    pub(super) &'static str,
    pub(super) serde_json::Value,
    pub(super) &'static [&'static str],
    pub(super) &'static str,
);

pub(super) fn listed(name: &'static str, strength: &str, classes: &'static [&'static str]) -> Listed {
    Listed(name, json!([{ "name": name, "strength": strength }]), classes, "oral")
}

pub(super) struct Pad {
    pub(super) chart: Chart,
    pub(super) person: Person,
    lines: Vec<Proposed>,
}

impl Pad {
    pub(super) fn new() -> Self {
        let person = Person { ages_months: vec![480], ..Person::default() };
        Self { chart: Chart::default(), person, lines: vec![] }
    }

    fn know(&mut self, medicine: &Listed) -> Uuid {
        let values = [
            ("ingredients", medicine.1.clone()),
            ("allergen_classes", json!(medicine.2)),
            ("route", json!(medicine.3)),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value)).into();
        let medicine = Medicine::of(&values);
        // What is in the list once is one product.
        let there = self.chart.medicines.iter().find(|(_, one)| **one == medicine).map(|(id, _)| *id);
        there.unwrap_or_else(|| {
            let id = Uuid::from_u128(1_000 + self.chart.medicines.len() as u128);
            self.chart.medicines.insert(id, medicine);
            id
        })
    }

    pub(super) fn line(self, medicine: &Listed, dose: &str) -> Self {
        self.line_in(medicine, dose, "tablet".into())
    }

    pub(super) fn line_in(mut self, medicine: &Listed, dose: &str, units: Units) -> Self {
        let id = self.know(medicine);
        let dosage = Dosage::read(dose, units).expect("BUG: a dose");
        let line = Line { medicine: Some(id), text: medicine.0.into(), ..Line::default() };
        self.lines.push(Proposed { line, dosage: Some(dosage), unit: units.usual() });
        self
    }

    pub(super) fn free(mut self, text: &str) -> Self {
        let line = Line { text: text.into(), ..Line::default() };
        self.lines.push(Proposed { line, ..Proposed::default() });
        self
    }

    pub(super) fn takes(mut self, medicine: &Listed, day: Date, days: Option<u32>) -> Self {
        let id = self.know(medicine);
        let line = Line { medicine: Some(id), text: medicine.0.into(), days, ..Line::default() };
        self.sign(line, day);
        self
    }

    /// With a dose in tablets that was signed with it.
    pub(super) fn takes_dose(mut self, medicine: &Listed, day: Date, dose: &str) -> Self {
        let id = self.know(medicine);
        let dosage = Dosage::read(dose, "tablet").expect("BUG: a dose").counted_in("tablet");
        let lasts = dosage.total_duration();
        let value = lasts.and_then(|lasts| lasts.value).map(i64::from);
        let days = Line::days_of(value, lasts.map(|lasts| lasts.unit.as_str()));
        let dosage = Some(dosage);
        let line = Line { medicine: Some(id), text: medicine.0.into(), days, dosage, ..Line::default() };
        self.sign(line, day);
        self
    }

    fn sign(&mut self, line: Line, day: Date) {
        self.chart.prescriptions.push(super::super::Prescription {
            id: Uuid::from_u128(7),
            patient: Uuid::from_u128(1),
            day,
            written: super::super::Written::default(),
            weight_kg: None,
            amends: None,
            overridden: super::super::Overridden::Nothing,
            seen_same: super::super::SeenSame::default(),
            lines: vec![line],
        });
    }

    pub(super) fn allergic(mut self, substance: &str) -> Self {
        self.chart
            .allergies
            .push(super::super::Allergy { substance: substance.into(), ..Default::default() });
        self
    }

    pub(super) fn check(&self) -> Vec<LineReport> {
        let rules = Rules::load().expect("BUG: the rules");
        check_lines(rules, &self.chart, &self.person, &self.lines, TODAY)
    }

    /// What no line is looked at for.
    pub(super) fn gaps(&self) -> Vec<String> {
        unchecked_allergies(Rules::load().expect("BUG: the rules"), &self.chart)
    }

    pub(super) fn found(&self) -> Vec<(Check, Severity)> {
        let found = self.check().into_iter().flat_map(|line| line.findings);
        found.map(|finding| (finding.check, finding.severity)).collect()
    }
}

#[test]
fn an_allergy_holds_a_line_by_name_by_class_and_in_a_combination_and_says_why() {
    let amoxicillin = listed("Amoxicillin", "500 mg", &["penicillin"]);
    let pad = Pad::new().allergic("Penicillins: anaphylaxis 2019").line(&amoxicillin, "1-1-1 x5d");
    let finding = pad.check()[0].findings[0].clone();
    assert_eq!((finding.check, finding.severity), (Check::Allergy, Severity::Hold));
    assert_eq!(finding.why, "Amoxicillin is a penicillin. Noted allergy: Penicillins: anaphylaxis 2019.");
    let both = Listed(
        "Ibuprofen + Paracetamol",
        json!([{ "name": "Ibuprofen", "strength": "400 mg" }, { "name": "Paracetamol", "strength": "325 mg" }]),
        &["nsaid"],
        "oral",
    );
    for allergy in ["Brufen (ibuprofen)", "NSAIDs", "paracetamol"] {
        let pad = Pad::new().allergic(allergy).line(&both, "1-0-1 x3d");
        assert_eq!(pad.found(), [(Check::Allergy, Severity::Hold)], "{allergy}");
    }
    let cream = Listed(
        "Silver sulfadiazine",
        json!([{ "name": "Silver sulfadiazine" }]),
        &["sulfonamide"],
        "topical",
    );
    assert_eq!(
        Pad::new().allergic("sulfa").line(&cream, "1-0-1").found(),
        [(Check::Allergy, Severity::Hold)]
    );
    let cefixime = listed("Cefixime", "200 mg", &["cephalosporin"]);
    assert_eq!(
        Pad::new().allergic("penicillin").line(&cefixime, "1-0-1 x5d").found(),
        [(Check::CrossAllergy, Severity::Caution)]
    );
    assert_eq!(Pad::new().allergic("Peanuts").line(&cefixime, "1-0-1 x5d").found(), []);
}

#[test]
fn an_allergy_to_an_ingredient_is_one_to_its_class_whether_it_was_chosen_or_noted_in_words() {
    let ampicillin = listed("Ampicillin", "500 mg", &["penicillin"]);
    let lidocaine = listed("Lidocaine", "2 %", &["local_anaesthetic"]);
    let cefixime = listed("Cefixime", "200 mg", &["cephalosporin"]);
    let azithromycin = listed("Azithromycin", "500 mg", &["macrolide"]);
    let chosen = |code: &str| {
        let mut pad = Pad::new();
        let ingredients = vec![code.to_owned()];
        pad.chart.allergies.push(super::super::Allergy { ingredients, ..Default::default() });
        pad
    };
    let held = [(Check::Allergy, Severity::Hold)];
    let near = [(Check::CrossAllergy, Severity::Caution)];
    for words in ["amoxicillin", "Amoxicillin trihydrate: rash 2019", "AMOXYCILLIN", "Tab. amoxicillins"] {
        let pad = || Pad::new().allergic(words);
        assert_eq!(pad().line(&ampicillin, "1-1-1 x5d").found(), held, "{words}");
        assert_eq!(pad().free("Inj. ampicillin from the hospital").found(), held, "{words}");
        assert_eq!(pad().line(&cefixime, "1-0-1 x5d").found(), near, "{words}");
        assert_eq!(pad().line(&azithromycin, "1-0-0 x3d").found(), [], "{words}");
    }
    assert_eq!(chosen("Amoxicillin").line(&ampicillin, "1-1-1 x5d").found(), held);
    assert_eq!(chosen("Amoxicillin").line(&cefixime, "1-0-1 x5d").found(), near);
    assert_eq!(Pad::new().allergic("lignocaine").line(&lidocaine, "1 stat").found(), held);
    let why =
        Pad::new().allergic("amoxicillin").line(&ampicillin, "1-1-1 x5d").check()[0].findings[0].why.clone();
    assert_eq!(why, "Ampicillin is a penicillin. Noted allergy: amoxicillin.");
}

#[test]
fn an_allergy_to_an_ingredient_is_none_to_a_class_of_which_it_does_not_tell() {
    let medicines = [
        listed("Furosemide", "40 mg", &["sulfonamide"]),
        listed("Sulfamethoxazole", "400 mg", &["sulfonamide"]),
        listed("Ibuprofen", "400 mg", &["nsaid"]),
        listed("Aspirin", "75 mg", &["nsaid", "salicylate"]),
        listed("Ampicillin", "500 mg", &["penicillin"]),
    ];
    let held = |allergy: super::super::Allergy| -> Vec<&'static str> {
        let is_held = |one: &&Listed| {
            let mut pad = Pad::new().line(one, "1-0-0 x5d");
            pad.chart.allergies.push(allergy.clone());
            pad.found() == [(Check::Allergy, Severity::Hold)]
        };
        medicines.iter().filter(is_held).map(|one| one.0).collect()
    };
    for (ingredient, reaction, expected) in [
        ("Hydrochlorothiazide", "low sodium", &[] as &[&str]),
        ("Acetazolamide", "tingling", &[]),
        ("Furosemide", "rash", &["Furosemide"]),
        ("Celecoxib", "gastritis", &["Ibuprofen", "Aspirin"]),
        ("Salicylic acid", "peeling", &[]),
        ("Aspirin", "wheeze", &["Ibuprofen", "Aspirin"]),
        ("Sulfasalazine", "rash", &["Sulfamethoxazole"]),
        ("Amoxicillin", "rash", &["Ampicillin"]),
    ] {
        let substance = format!("{ingredient}: {reaction}");
        let noted = super::super::Allergy { substance, ..Default::default() };
        assert_eq!(held(noted), expected, "{ingredient}");
        let ingredients = vec![ingredient.to_owned()];
        let chosen = super::super::Allergy { ingredients, ..Default::default() };
        assert_eq!(held(chosen), expected, "{ingredient}, chosen");
    }
    let gel =
        Listed("Choline salicylate", json!([{ "name": "Choline salicylate" }]), &["salicylate"], "topical");
    let with_gel = |noted: &str| Pad::new().allergic(noted).line(&gel, "1-0-1").found();
    assert_eq!(with_gel("Aspirin: wheeze"), [(Check::Allergy, Severity::Hold)]);
    assert_eq!(with_gel("Sulfasalazine: rash"), []);
}

#[test]
fn a_part_of_a_word_names_no_ingredient_and_a_class_that_nobody_is_allergic_to_holds_nothing() {
    let ampicillin = listed("Ampicillin", "500 mg", &["penicillin"]);
    for words in ["amo", "cillin", "moxi", "amoxi cillin", "mould"] {
        assert_eq!(Pad::new().allergic(words).line(&ampicillin, "1-1-1 x5d").found(), [], "{words}");
    }
    // Both make sleepy, which is no allergy.
    let alprazolam = listed("Alprazolam", "0.25 mg", &[]);
    assert_eq!(Pad::new().allergic("Baclofen").line(&alprazolam, "0-0-1 x5d").found(), []);
}

#[test]
fn an_allergy_that_is_noted_by_a_brand_holds_what_is_sold_under_it_and_nothing_else() {
    let held = |noted: &str, brand: &str| {
        let mut pad = Pad::new().allergic(noted).line(&listed("Paracetamol", "650 mg", &[]), "1-0-1 x3d");
        for medicine in pad.chart.medicines.values_mut() {
            medicine.brand = Some(brand.to_owned());
        }
        pad.found() == [(Check::Allergy, Severity::Hold)]
    };
    for (noted, brand) in [
        ("Combiflam", "Combiflam"),
        ("dolo: rash", "Dolo 650"),
        ("Dolo 500", "Dolo 650"),
        ("Mox", "Mox Forte"),
    ] {
        assert!(held(noted, brand), "{noted}, {brand}");
    }
    for (noted, brand) in
        [("Dolonex", "Dolo 650"), ("650", "Dolo 650 Forte"), ("Dust", "650"), ("Pan", "Pand")]
    {
        assert!(!held(noted, brand), "{noted}, {brand}");
    }
}

#[test]
fn words_of_the_doctors_own_are_never_called_checked_and_what_they_name_is_found() {
    let pad =
        Pad::new().allergic("penicillin").free("Inj. ampicillin from the hospital").free("a herbal tea");
    let reports = pad.check();
    assert!(reports.iter().all(|report| !report.is_checked));
    assert_eq!(reports[0].findings[0].check, Check::Allergy);
    assert_eq!(reports[1].findings, []);
    let known = Pad::new().line(&listed("Paracetamol", "650 mg", &[]), "1-1-1 x3d");
    assert!(known.check()[0].is_checked);
    let of_nothing = Listed("Clinic mixture", json!([]), &[], "oral");
    assert!(!Pad::new().line(&of_nothing, "1-0-1").check()[0].is_checked, "nobody said what is in it");
}

#[test]
fn one_ingredient_or_class_twice_is_told_in_the_draft_and_against_what_still_runs() {
    let (sodium, potassium) = (
        listed("Diclofenac sodium", "50 mg", &["nsaid"]),
        listed("Diclofenac potassium", "50 mg", &["nsaid"]),
    );
    let same = [(Check::SameIngredient, Severity::Caution)];
    assert_eq!(Pad::new().line(&sodium, "1-0-0").line(&potassium, "0-0-1").found(), same);
    let running = Pad::new().takes(&sodium, date!(2026 - 11 - 20), Some(5)).line(&potassium, "1-0-1 x3d");
    assert_eq!(running.found(), same);
    assert!(running.check()[0].findings[0].why.contains("still runs until 25 Nov 2026"));
    let ended = Pad::new().takes(&sodium, date!(2026 - 11 - 18), Some(5)).line(&potassium, "1-0-1 x3d");
    assert_eq!(ended.found(), [], "what ends today is followed by the new one");
    let ibuprofen = listed("Ibuprofen", "400 mg", &["nsaid"]);
    assert_eq!(
        Pad::new().line(&sodium, "1-0-1").line(&ibuprofen, "1-0-1").found(),
        [(Check::SameClass, Severity::Caution)]
    );
    let gel = Listed(
        "Diclofenac diethylamine",
        json!([{ "name": "Diclofenac diethylamine" }]),
        &["nsaid"],
        "topical",
    );
    assert_eq!(
        Pad::new().line(&ibuprofen, "1-0-1").line(&gel, "1-0-1").found(),
        [],
        "a gel stays where it is put"
    );
}

#[test]
fn what_is_dangerous_together_is_held_whichever_comes_first() {
    let warfarin = listed("Warfarin", "5 mg", &[]);
    let metronidazole = listed("Metronidazole", "400 mg", &[]);
    let held = [(Check::Interaction, Severity::Hold)];
    assert_eq!(Pad::new().line(&warfarin, "0-0-1").line(&metronidazole, "1-1-1 x5d").found(), held);
    assert_eq!(Pad::new().line(&metronidazole, "1-1-1 x5d").line(&warfarin, "0-0-1").found(), held);
    let running = Pad::new().takes(&warfarin, date!(2026 - 10 - 01), None).line(&metronidazole, "1-1-1 x5d");
    assert_eq!(running.found(), held);
    assert!(running.check()[0].findings[0].source.is_some());
}

#[test]
fn medicines_of_every_day_are_looked_at_together() {
    for (one, other, severity) in [
        ("Salbutamol", "Propranolol", Severity::Caution),
        ("Alfuzosin", "Sildenafil", Severity::Caution),
        ("Insulin glargine", "Pioglitazone", Severity::Caution),
        ("Hyoscine butylbromide", "Dicyclomine", Severity::Caution),
        ("Zinc sulfate", "Doxycycline", Severity::Caution),
        ("Sucralfate", "Levothyroxine", Severity::Caution),
        ("Ivabradine", "Clarithromycin", Severity::Hold),
        ("Alfuzosin", "Clarithromycin", Severity::Hold),
        ("Praziquantel", "Rifampicin", Severity::Hold),
    ] {
        let (one, other) = (listed(one, "10 mg", &[]), listed(other, "10 mg", &[]));
        let pad = Pad::new().line(&one, "1-0-0 x5d").line(&other, "1-0-0 x5d");
        assert_eq!(pad.found(), [(Check::Interaction, severity)], "{}, {}", one.0, other.0);
        assert!(pad.check().iter().all(|line| line.is_checked), "{}, {}", one.0, other.0);
    }
}

#[test]
fn a_beta_blocker_and_a_beta_agonist_meet_in_the_airways_by_a_puff_and_by_an_eye_drop_too() {
    let by = |name: &'static str, route| Listed(name, json!([{ "name": name }]), &[], route);
    let found =
        |one: &Listed, other: &Listed| Pad::new().line(one, "1-0-1 x5d").line(other, "1-0-1 x5d").found();
    let told = [(Check::Interaction, Severity::Caution)];
    let (tablet, drops) = (by("Propranolol", "oral"), by("Timolol", "ophthalmic"));
    for (agonist, route) in
        [("Salbutamol", "inhalation"), ("Formoterol", "inhalation"), ("Salbutamol", "oral")]
    {
        let agonist = by(agonist, route);
        for blocker in [&tablet, &drops] {
            assert_eq!(found(&agonist, blocker), told, "{} {route}, {}", agonist.0, blocker.0);
            assert_eq!(found(blocker, &agonist), told, "{}, {} {route}", blocker.0, agonist.0);
        }
    }
    let puffs = by("Salbutamol", "inhalation");
    let running = Pad::new().takes(&tablet, date!(2026 - 10 - 01), None).line(&puffs, "1-0-1 x5d");
    assert_eq!(running.found(), told);
    assert_eq!(found(&tablet, &by("Salbutamol", "topical")), [], "a cream stays where it is put");
    assert_eq!(found(&puffs, &by("Salbutamol", "oral")), [], "a puff beside the tablet is no tablet twice");
    assert_eq!(found(&drops, &by("Verapamil", "oral")), [], "only the airways are reached");
    assert!(Pad::new().line(&drops, "1-0-1 x5d").check()[0].is_checked);
}

#[test]
fn two_insulins_are_not_one_ingredient_twice() {
    let (long, short) =
        (listed("Insulin glargine", "100 IU/ml", &[]), listed("Insulin aspart", "100 IU/ml", &[]));
    let pad = Pad::new().line_in(&long, "10 units hs", Units::of("injection", "100 IU/ml"));
    let pad = pad.line_in(&short, "6 units tds", Units::of("injection", "100 IU/ml"));
    assert_eq!(pad.found(), []);
    assert!(pad.check().iter().all(|line| line.is_checked && line.gaps.is_empty()));
}

#[test]
fn age_counts_by_the_youngest_that_may_be_true() {
    let doxycycline = listed("Doxycycline", "100 mg", &[]);
    let mut pad = Pad::new().line(&doxycycline, "1-0-1 x5d");
    pad.person.ages_months = vec![84];
    assert_eq!(pad.found(), [(Check::Age, Severity::Hold)]);
    pad.person.ages_months = vec![480, 84];
    assert_eq!(pad.found(), [(Check::Age, Severity::Hold)], "two computers differ");
    pad.person.ages_months = vec![96];
    assert_eq!(pad.found(), []);
    pad.person.ages_months = vec![];
    assert_eq!((pad.found(), pad.check()[0].gaps.len()), (vec![], 2), "nobody knows, and that is said");
}

#[test]
fn pregnancy_counts_by_its_week_and_is_asked_for_where_it_matters_from_the_start() {
    let (enalapril, ibuprofen) =
        (listed("Enalapril", "5 mg", &[]), listed("Ibuprofen", "400 mg", &["nsaid"]));
    let of = |medicine: &Listed, person: Person| {
        let mut pad = Pad::new().line(medicine, "1-0-0 x5d");
        pad.person = Person { ages_months: vec![300], ..person };
        pad.found()
    };
    let pregnant = |week| Person { is_pregnant: true, week, ..Person::default() };
    assert_eq!(of(&enalapril, pregnant(None)), [(Check::Pregnancy, Severity::Hold)]);
    assert_eq!(of(&ibuprofen, pregnant(None)), [(Check::Pregnancy, Severity::Hold)], "the week is not known");
    assert_eq!(of(&ibuprofen, pregnant(Some(10))), [(Check::Pregnancy, Severity::Caution)]);
    assert_eq!(of(&ibuprofen, pregnant(Some(20))), [(Check::Pregnancy, Severity::Hold)]);
    let unasked = Person { may_be_pregnant: true, ..Person::default() };
    assert_eq!(of(&enalapril, unasked.clone()), [(Check::Pregnancy, Severity::Caution)]);
    assert_eq!(of(&ibuprofen, unasked), []);
    assert_eq!(of(&enalapril, Person::default()), []);
}

#[test]
fn the_most_of_a_day_counts_over_all_lines_with_the_ingredient() {
    let paracetamol = listed("Paracetamol", "650 mg", &[]);
    let with_ibuprofen = Listed(
        "Ibuprofen + Paracetamol",
        json!([{ "name": "Ibuprofen", "strength": "400 mg" }, { "name": "Paracetamol", "strength": "325 mg" }]),
        &["nsaid"],
        "oral",
    );
    assert_eq!(Pad::new().line(&paracetamol, "2-2-2 x3d").found(), []);
    assert_eq!(Pad::new().line(&paracetamol, "2 q6h x3d").found(), [(Check::DailyDose, Severity::Hold)]);
    assert_eq!(Pad::new().line(&paracetamol, "2 sos").found(), [], "it does not say how often");
    let both = Pad::new().line(&paracetamol, "2-2-2 x3d").line(&with_ibuprofen, "1-0-1 x3d").check();
    assert_eq!(both[0].findings, []);
    assert!(both[1].findings[0].why.contains("4550 mg a day is more than 4000 mg"), "{:?}", both[1].findings);
    let methotrexate = listed("Methotrexate", "7.5 mg", &[]);
    assert_eq!(Pad::new().line(&methotrexate, "1-0-0 x4w").found(), [(Check::DailyDose, Severity::Hold)]);
    assert_eq!(Pad::new().line(&methotrexate, "1 weekly x4w").found(), []);
}

#[test]
fn drops_are_not_counted_as_millilitres_and_that_is_said() {
    let paracetamol = listed("Paracetamol", "100 mg/ml", &[]);
    let drops = |dose: &str| Pad::new().line_in(&paracetamol, dose, Units::of("drops", "100 mg/ml")).check();
    let twenty = &drops("20 drops tds")[0];
    assert_eq!(twenty.findings, []);
    assert!(twenty.is_checked);
    assert_eq!(twenty.gaps, ["Paracetamol: how many mg a day that is, is not checked."]);
    let one = &drops("1 ml tds")[0];
    assert_eq!((one.findings.len(), one.gaps.len()), (0, 0));
    assert_eq!(drops("15 ml tds")[0].findings[0].check, Check::DailyDose);
    let infusion = |dose: &str| {
        let bottle = listed("Paracetamol", "10 mg/ml", &[]);
        Pad::new().line_in(&bottle, dose, Units::of("injection", "10 mg/ml")).found()
    };
    assert_eq!(infusion("100 ml tds"), []);
    assert_eq!(infusion("200 ml tds"), [(Check::DailyDose, Severity::Hold)]);
    let by_hour = Pad::new().line(&listed("Paracetamol", "1 g", &[]), "1 q5h x3d").found();
    assert_eq!(by_hour, [(Check::DailyDose, Severity::Hold)], "five within 24 hours");
}

#[test]
fn what_the_rules_do_not_know_is_not_called_checked_and_is_named() {
    let both = Listed(
        "Piracetam + Citicoline",
        json!([{ "name": "Piracetam", "strength": "400 mg" }, { "name": "Citicoline", "strength": "500 mg" }]),
        &[],
        "oral",
    );
    let report = |medicine: &Listed| Pad::new().line(medicine, "1-0-1 x5d").check().remove(0);
    assert!(report(&both).is_checked);
    assert_eq!(report(&both).gaps, ["The checks know nothing of Citicoline."]);
    let unknown = report(&listed("Citicoline", "500 mg", &[]));
    assert!(!unknown.is_checked);
    assert_eq!(unknown.gaps, ["The checks know nothing of Citicoline."]);
    for (name, classes) in
        [("Paracetamol", &[] as &[&str]), ("Levothyroxine", &[]), ("Benzydamine", &["nsaid"])]
    {
        let known = report(&listed(name, "100 mg", classes));
        assert_eq!((known.is_checked, known.gaps), (true, vec![]), "{name}");
    }
}

#[test]
fn what_the_list_itself_says_of_a_medicine_counts_too() {
    let mut pad = Pad::new().line(&listed("Clinic drops", "10 mg", &[]), "3-3-3 x5d");
    let medicine = pad.chart.medicines.values_mut().next().expect("BUG: one");
    medicine.pregnancy_flag = Some("avoid".into());
    medicine.paediatric_flag = Some("caution".into());
    medicine.most_a_day_mg = Some(40.0);
    pad.person = Person { ages_months: vec![200], is_pregnant: true, ..Person::default() };
    let mut found = pad.found();
    found.sort_by_key(|(check, _)| *check as u8);
    assert_eq!(
        found,
        [
            (Check::Age, Severity::Caution),
            (Check::Pregnancy, Severity::Hold),
            (Check::DailyDose, Severity::Hold)
        ]
    );
}

#[test]
fn a_reason_holds_for_its_finding_and_no_other() {
    let amoxicillin = listed("Amoxicillin", "500 mg", &["penicillin"]);
    let one = Pad::new().allergic("Penicillin").line(&amoxicillin, "1-1-1 x5d");
    let two = Pad::new().allergic("Penicillin").allergic("Amoxicillin rash").line(&amoxicillin, "1-0-1 x5d");
    let keys = |pad: &Pad| pad.check()[0].findings.iter().map(|one| one.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&two).len(), 2);
    assert!(keys(&two).contains(&keys(&one)[0]), "the same finding has the same key");
}
