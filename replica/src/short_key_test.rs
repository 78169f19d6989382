//! A short key before it is saved: how each of its lines reads, and whom it would harm. It multiplies into every
//! prescription that it is used in.

use std::collections::BTreeSet;

use protocol::safety::{Allergy, Chart, Person, Rules, Severity, check_lines};

use crate::care::proposed;
use crate::chart::item_view;
use crate::error::{Error, Result};
use crate::pad::item_values;
use crate::replica::Replica;
use crate::short_keys::class_code;
use crate::view::{ItemView, ShortKeyForm, ShortKeyTest, TestFinding};

/// Allergies that are tried, where the key does not exclude them.
const ALLERGIES: &[(&str, &str)] = &[
    ("penicillin", "Someone allergic to penicillins"),
    ("cephalosporin", "Someone allergic to cephalosporins"),
    ("sulfonamide", "Someone allergic to sulfonamides"),
    ("nsaid", "Someone allergic to NSAIDs"),
    ("macrolide", "Someone allergic to macrolides"),
];

/// Ages that are tried, in months, where the key does not exclude them.
const AGES: &[(i64, &str)] = &[
    (6, "A child of 6 months"),
    (36, "A child of 3 years"),
    (96, "A child of 8 years"),
    (168, "A child of 14 years"),
];

/// An age at which everyone is grown up.
const ADULT: i64 = 480;

impl Replica {
    /// Reads a key's lines and tries it on people whom it may be used for.
    pub fn test_short_key(&self, form: &ShortKeyForm) -> Result<ShortKeyTest> {
        self.must_read_clinical()?;
        let mut items = Vec::new();
        let mut lines: Vec<(ItemView, bool)> = Vec::new();
        for line in form.lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let read = self.key_item(line).and_then(|item| {
                let values = self.store.read(|tx| item_values(tx, &item))?;
                Ok((item, item_view(&values, self.language())))
            });
            match read {
                Ok((item, view)) => {
                    lines.push((view, true));
                    items.push(item);
                }
                Err(Error::Invalid(why)) => lines.push((unread(line, self.say(why)), false)),
                Err(error) => return Err(error),
            }
        }
        let (views, are_read): (Vec<ItemView>, Vec<bool>) = lines.into_iter().unzip();
        let rules =
            Rules::load().map_err(|why| Error::Invalid(format!("The safety checks do not work: {why}.")))?;
        let (findings, not_checked) = self.store.read(|tx| {
            let mut chart = Chart::default();
            let lines =
                items.iter().map(|item| proposed(tx, item, &mut chart)).collect::<Result<Vec<_>>>()?;
            let mut findings: Vec<TestFinding> = Vec::new();
            let (mut said, mut not_checked) = (BTreeSet::new(), BTreeSet::new());
            for (who, chart, person) in people(form, &chart) {
                for (report, item) in
                    check_lines(rules, &chart, &person, &lines, self.day(tx)?).into_iter().zip(&items)
                {
                    if !report.is_checked {
                        not_checked.insert(item.medicine_text.clone());
                    }
                    for finding in report.findings {
                        // What is wrong for everyone is said once.
                        if said.insert((finding.why.clone(), item.medicine_text.clone())) {
                            findings.push(TestFinding {
                                who: self.say(who.to_owned()),
                                medicine: item.medicine_text.clone(),
                                why: self.say(finding.why),
                                is_held: finding.severity == Severity::Hold,
                            });
                        }
                    }
                }
            }
            Ok((findings, not_checked.into_iter().collect::<Vec<String>>()))
        })?;
        let is_readable = are_read.iter().all(|is_read| *is_read);
        Ok(ShortKeyTest { lines: views, is_readable, not_checked, findings })
    }
}

fn unread(line: &str, why: String) -> ItemView {
    ItemView {
        title: line.to_owned(),
        medicine_text: line.to_owned(),
        dose_text: String::new(),
        directions: why,
        quantity: None,
        no_substitution: false,
        stopped_at: None,
        stop_reason: None,
    }
}

/// On whom a key is tried: a grown-up first, then whoever its ages and its sex allow.
fn people<'a>(form: &ShortKeyForm, chart: &Chart) -> Vec<(&'a str, Chart, Person)> {
    let least = form.min_age_months.map_or(0, i64::from);
    let most = form.max_age_months.map_or(i64::MAX, i64::from);
    let fits = |months: i64| (least..=most).contains(&months);
    let of_age = |months: i64| Person { ages_months: vec![months], ..Person::default() };
    let own_age = if fits(ADULT) { ADULT } else { most.min(ADULT).max(least) };
    let mut people = vec![("Anyone", chart.clone(), of_age(own_age))];
    for (months, who) in AGES.iter().rev().filter(|(months, _)| fits(*months)) {
        people.push((*who, chart.clone(), of_age(*months)));
    }
    if form.sex.as_deref() != Some("male") && (least <= 540 && most >= 180) {
        let months = own_age.clamp(180, 540);
        let pregnant = Person { is_pregnant: true, week: Some(24), ..of_age(months) };
        people.push(("A pregnant woman", chart.clone(), pregnant));
    }
    let not_with: Vec<&str> = form.not_with.lines().filter_map(|line| class_code(line.trim()).ok()).collect();
    for (class, who) in ALLERGIES.iter().filter(|(class, _)| !not_with.contains(class)) {
        let mut chart = chart.clone();
        chart.allergies.push(Allergy { substance: (*class).to_owned(), ..Allergy::default() });
        people.push((*who, chart, of_age(own_age)));
    }
    people
}
