//! After the merge: the rules of `protocol::safety` look once more at what a push touched.

use std::collections::{BTreeMap, BTreeSet};

use protocol::conflict::{Item, Kind, Source, id_of};
use protocol::mutation::{Mutation, Op};
use protocol::patient::Age;
use protocol::safety::{
    self, Allergy, Chart, Finding, Line, Medicine, Overridden, Place, Prescription, RULES_VERSION,
    Registration, Rule, SeenSame, Written, are_at_once, are_similar,
};
use protocol::table::{Row, TableName, Values};
use protocol::validate::{parse_day, parse_moment};
use serde_json::{Value, json};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::items::duplicate;
use super::push::Writing;
use super::{Held, Key, Rows};

/// What mutations touched that the rules look at.
#[derive(Default)]
pub(super) struct Touched {
    rows: BTreeSet<Key>,
    /// Patients who became one, or two again.
    joined: BTreeSet<Uuid>,
    /// Patients who are new, or whose number, name or age changed.
    named: BTreeSet<Uuid>,
    /// Appointments that are new, or at another time or doctor.
    visits: BTreeSet<Uuid>,
}

impl Touched {
    /// Adds a mutation that was applied.
    pub(super) fn add(&mut self, mutation: &Mutation) {
        for change in &mutation.changes {
            let is_new = change.op == Op::Insert;
            let sets = |names: &[&str]| names.iter().any(|name| change.set.contains_key(*name));
            let key = (change.table, change.id);
            match change.table {
                TableName::Patients => {
                    if is_new || sets(&["mobile_number", "first_name", "date_of_birth", "age_years"]) {
                        self.named.insert(change.id);
                    }
                    if sets(&["merged_into_id"]) {
                        self.joined.insert(change.id);
                    }
                    let care = ["alerts", "allergy_status", "is_deceased", "deceased_on", "merged_into_id"];
                    if change.op == Op::Delete || sets(&care) {
                        self.rows.insert(key);
                    }
                }
                TableName::Appointments
                    if is_new
                        || sets(&["appointment_date", "start_time", "doctor_id", "duration_minutes"]) =>
                {
                    self.visits.insert(change.id);
                }
                TableName::Prescriptions | TableName::PrescriptionItems | TableName::PatientAllergies => {
                    self.rows.insert(key);
                }
                _ => {}
            }
        }
    }

    fn has(&self, place: &Place, lines: &BTreeMap<Uuid, Uuid>) -> bool {
        let of_line =
            || lines.get(&place.id).is_some_and(|rx| self.rows.contains(&(TableName::Prescriptions, *rx)));
        self.rows.contains(&(place.table, place.id))
            || place.table == TableName::PrescriptionItems && of_line()
    }
}

fn text<'a>(values: &'a Values, name: &str) -> &'a str {
    values.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn id_in(values: &Values, name: &str) -> Option<Uuid> {
    text(values, name).parse().ok()
}

fn some(values: &Values, name: &str) -> Option<String> {
    Some(text(values, name)).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn ms(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

fn written(from: &Source) -> Written {
    Written {
        device: from.device_id.map(|device| device.0),
        at_ms: from.at.as_deref().and_then(parse_moment).map(ms),
    }
}

fn of_table(rows: &Rows, table: TableName) -> impl Iterator<Item = (Uuid, &Held)> {
    let all = rows.range((table, Uuid::nil())..=(table, Uuid::max()));
    all.filter(|(_, held)| !held.row.deleted).map(|((_, id), held)| (*id, held.as_ref()))
}

/// Everything that the rules know of the people of a tenant, one chart each.
pub fn charts(rows: &Rows, catalogue: &[Row]) -> Vec<Chart> {
    let mut charts: BTreeMap<Uuid, Chart> = BTreeMap::new();
    let all = rows.range((TableName::Patients, Uuid::nil())..=(TableName::Patients, Uuid::max()));
    for ((_, id), held) in all {
        let values = &held.row.values;
        let since = |name: &str| held.row.clocks.get(name).copied().unwrap_or(0);
        let is_deceased = values.get("is_deceased") == Some(&Value::Bool(true));
        charts.entry(kept(rows, *id)).or_default().registrations.push(Registration {
            id: *id,
            allergies: Registration::allergies_in(text(values, "allergy_status"), some(values, "alerts")),
            has_allergies: text(values, "allergy_status") == "has_allergies",
            deceased_ms: is_deceased.then(|| since("is_deceased")),
            deceased_on: parse_day(text(values, "deceased_on")),
            merged_ms: id_in(values, "merged_into_id").map(|_| since("merged_into_id")),
            // The real server knows when; the rules only compare it with what was written for the patient since.
            deleted_ms: held.row.deleted.then_some(0),
        });
    }
    for (id, held) in of_table(rows, TableName::PatientAllergies) {
        let values = &held.row.values;
        let Some(patient) = id_in(values, "patient_id").filter(|_| text(values, "status") == "active") else {
            continue;
        };
        let own = |name: &str| some(values, name).into_iter().chain(claims(rows, id, name)).collect();
        charts.entry(kept(rows, patient)).or_default().allergies.push(Allergy {
            id,
            substance: text(values, "substance_text").to_owned(),
            ingredients: own("ingredient_code"),
            classes: own("class_code"),
        });
    }
    for (id, held) in of_table(rows, TableName::Prescriptions) {
        let values = &held.row.values;
        let (Some(patient), Some(day)) = (id_in(values, "patient_id"), parse_day(text(values, "visit_date")))
        else {
            continue;
        };
        if text(values, "status") != "finalised" {
            continue;
        }
        let lines = lines(rows, id);
        let chart = charts.entry(kept(rows, patient)).or_default();
        for row in catalogue.iter().filter(|row| lines.iter().any(|line| line.medicine == Some(row.id))) {
            chart.medicines.insert(row.id, medicine(&row.values));
        }
        chart.prescriptions.push(Prescription {
            id,
            patient,
            day,
            written: written(&held.from),
            weight_kg: values.get("vitals").and_then(|vitals| vitals["weight_kg"].as_f64()),
            amends: id_in(values, "amends_id"),
            overridden: values.get("alerts").map_or(Overridden::Nothing, Overridden::of),
            seen_same: values.get("alerts").map(SeenSame::of).unwrap_or_default(),
            lines,
        });
    }
    charts.into_values().collect()
}

/// The registration that stands for this one.
fn kept(rows: &Rows, id: Uuid) -> Uuid {
    let mut kept = id;
    for _ in 0..20 {
        let held = rows.get(&(TableName::Patients, kept));
        match held.and_then(|held| id_in(&held.row.values, "merged_into_id")) {
            Some(into) => kept = into,
            None => break,
        }
    }
    kept
}

/// Until it is decided which of two it is, both count.
fn claims(rows: &Rows, allergy: Uuid, column: &str) -> Vec<String> {
    of_table(rows, TableName::SyncConflicts)
        .map(|(_, held)| &held.row.values)
        .filter(|item| {
            text(item, "state") == "open"
                && id_in(item, "row_id") == Some(allergy)
                && text(item, "column_name") == column
        })
        .filter_map(|item| some(item, "ours"))
        .collect()
}

fn lines(rows: &Rows, prescription: Uuid) -> Vec<Line> {
    of_table(rows, TableName::PrescriptionItems)
        .filter(|(_, held)| id_in(&held.row.values, "prescription_id") == Some(prescription))
        .map(|(id, held)| {
            let values = &held.row.values;
            let dose = ["dose_text", "instructions", "patient_directions"];
            let dose: Vec<String> = dose.into_iter().filter_map(|name| some(values, name)).collect();
            Line {
                id,
                medicine: id_in(values, "medicine_id"),
                text: format!("{} {}", text(values, "generic_text"), text(values, "strength_text"))
                    .trim()
                    .to_owned(),
                dose: dose.join(" "),
                days: Line::days_of(
                    values.get("duration_value").and_then(Value::as_i64),
                    some(values, "duration_unit").as_deref(),
                ),
                dosage: None,
            }
        })
        .collect()
}

fn medicine(values: &Values) -> Medicine {
    let list = |name: &str| values.get(name).cloned().unwrap_or_default();
    let brand = some(values, "brand_name");
    Medicine { brand, ..Medicine::of_ingredients(&list("ingredients"), &list("allergen_classes")) }
}

impl Writing {
    /// Opens what the rules find in what these mutations touched: once, however often it is found.
    pub(super) fn look_again(&mut self, touched: &Touched) {
        let mut found: BTreeMap<Uuid, Item> = BTreeMap::new();
        let mut add = |item: Item| {
            found.entry(item.id).or_insert(item);
        };
        if !touched.rows.is_empty() {
            self.findings(touched).iter().map(of_finding).for_each(&mut add);
        }
        self.similar(touched).into_iter().for_each(&mut add);
        self.at_once(touched).into_iter().for_each(&mut add);
        for (_, item) in found {
            let side = |value: &Value| {
                let table = value["table"].as_str().and_then(TableName::find).unwrap_or(item.table);
                let id = value["id"].as_str().or_else(|| value.as_str()).and_then(|id| id.parse().ok());
                self.source_of(table, id.unwrap_or(item.row))
            };
            let (theirs_from, ours_from) = (side(&item.theirs), side(&item.ours));
            if !self.tenant.rows.contains_key(&(TableName::SyncConflicts, item.id)) {
                self.open(&Item { theirs_from, ours_from, ..item });
            }
        }
    }

    fn findings(&self, touched: &Touched) -> Vec<Finding> {
        let mut found = Vec::new();
        for chart in charts(&self.tenant.rows, &self.medicines) {
            let of_lines =
                chart.prescriptions.iter().flat_map(|rx| rx.lines.iter().map(|line| (line.id, rx.id)));
            let lines: BTreeMap<Uuid, Uuid> = of_lines.collect();
            let is_joined = chart.registrations.iter().any(|one| touched.joined.contains(&one.id));
            let findings = safety::check(&chart, self.now.date()).findings;
            found.extend(findings.into_iter().filter(|finding| {
                is_joined || touched.has(&finding.known, &lines) || touched.has(&finding.against, &lines)
            }));
        }
        found
    }

    fn similar(&self, touched: &Touched) -> Vec<Item> {
        let today = self.now.date();
        let people: Vec<(Uuid, &Values)> = of_table(&self.tenant.rows, TableName::Patients)
            .map(|(id, held)| (id, &held.row.values))
            .filter(|(_, values)| id_in(values, "merged_into_id").is_none())
            .collect();
        let mut items = Vec::new();
        for (place, (other, theirs)) in people.iter().enumerate() {
            for (id, ours) in &people[place + 1..] {
                let is_touched = touched.named.contains(id) || touched.named.contains(other);
                let name = |values| text(values, "first_name_norm");
                let ages = age(ours, today).zip(age(theirs, today));
                if is_touched
                    && text(ours, "mobile_number") == text(theirs, "mobile_number")
                    && are_similar(name(ours), name(theirs), ages)
                {
                    items.push(duplicate(*id, *other, Rule::SimilarName.as_str()));
                }
            }
        }
        items
    }

    fn at_once(&self, touched: &Touched) -> Vec<Item> {
        let visits: Vec<(Uuid, &Held)> = of_table(&self.tenant.rows, TableName::Appointments)
            .filter(|(_, held)| {
                let status = text(&held.row.values, "status");
                matches!(status, "booked" | "confirmed" | "arrived" | "in_consultation")
                    && some(&held.row.values, "start_time").is_some()
            })
            .collect();
        let mut items = Vec::new();
        for (id, ours) in visits.iter().filter(|(id, _)| touched.visits.contains(id)) {
            for (other, theirs) in &visits {
                let (one, two) = (&ours.row.values, &theirs.row.values);
                let same = |name: &str| text(one, name) == text(two, name);
                let time = |values| {
                    (text(values, "start_time"), values.get("duration_minutes").and_then(Value::as_i64))
                };
                if id != other
                    && same("doctor_id")
                    && same("appointment_date")
                    && !same("patient_id")
                    && ours.from.device_id != theirs.from.device_id
                    && are_at_once(time(one), time(two))
                {
                    items.push(of_visits((*id, one), (*other, two)));
                }
            }
        }
        items
    }
}

fn age(values: &Values, today: Date) -> Option<i32> {
    if let Some(born) = parse_day(text(values, "date_of_birth")) {
        return Some(Age::since(born, today).years);
    }
    let number = |name: &str| values.get(name).and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok());
    let age = Age::said(number("age_years")?, number("age_months").unwrap_or(0));
    let recorded = parse_day(text(values, "age_recorded_on"));
    Some(recorded.map_or(age, |recorded| age.grown(recorded, today)).years)
}

fn of_finding(finding: &Finding) -> Item {
    let words = finding.words();
    let side = |place: &Place| json!({ "table": place.table, "id": place.id, "text": place.text });
    Item {
        id: id_of(&words.each_ref().map(String::as_str)),
        kind: Kind::Semantic,
        table: finding.against.table,
        row: finding.against.id,
        column: None,
        patient: Some(finding.patient),
        rule: Some((finding.rule.as_str(), RULES_VERSION)),
        base: Value::Null,
        theirs: side(&finding.known),
        ours: side(&finding.against),
        theirs_from: Source::default(),
        ours_from: Source::default(),
    }
}

fn of_visits(one: (Uuid, &Values), other: (Uuid, &Values)) -> Item {
    let (first, second) = if one.0 < other.0 { (one.0, other.0) } else { (other.0, one.0) };
    let rule = Rule::DoubleBooking.as_str();
    let side = |(id, values): (Uuid, &Values)| {
        json!({ "table": TableName::Appointments, "id": id, "patient_id": text(values, "patient_id"),
            "text": text(values, "start_time") })
    };
    Item {
        id: id_of(&[rule, &first.to_string(), &second.to_string()]),
        kind: Kind::DoubleBooking,
        table: TableName::Appointments,
        row: one.0,
        column: None,
        patient: id_in(one.1, "patient_id"),
        rule: Some((rule, RULES_VERSION)),
        base: Value::Null,
        theirs: side(other),
        ours: side(one),
        theirs_from: Source::default(),
        ours_from: Source::default(),
    }
}
