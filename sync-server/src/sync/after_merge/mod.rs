//! After the merge: rows that each went in cleanly can be dangerous together. The rules of `protocol::safety` look
//! once more at what a push touched, in its transaction, and what they find waits for a person.

mod load;

use std::collections::{BTreeMap, BTreeSet};

use protocol::conflict::{Item, Kind, Source, id_of};
use protocol::mutation::{Change, Mutation, Op};
use protocol::safety::{self, Finding, Place, RULES_VERSION, Rule};
use protocol::table::TableName;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::rows;
use super::session::{Session, Written};
use crate::error::Result;

/// So many items are opened for one push beside dangers. No person makes more in the time that a push covers.
const MOST_QUESTIONS: usize = 200;

/// What mutations touched that the rules look at.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Rows about care.
    rows: Written,
    /// Patients who became one, or two again: everything about them meets anew.
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
            self.add_change(change);
        }
    }

    fn add_change(&mut self, change: &Change) {
        let is_new = change.op == Op::Insert;
        let sets = |names: &[&str]| names.iter().any(|name| change.set.contains_key(*name));
        match change.table {
            TableName::Patients => {
                if is_new || sets(&["mobile_number", "first_name", "date_of_birth", "age_years"]) {
                    self.named.insert(change.id);
                }
                if sets(&["merged_into_id"]) {
                    self.joined.insert(change.id);
                }
                if change.op == Op::Delete
                    || sets(&["alerts", "allergy_status", "is_deceased", "deceased_on", "merged_into_id"])
                {
                    self.rows.entry(change.table).or_default().insert(change.id);
                }
            }
            TableName::Appointments
                if is_new || sets(&["appointment_date", "start_time", "doctor_id", "duration_minutes"]) =>
            {
                self.visits.insert(change.id);
            }
            TableName::Prescriptions
            | TableName::PrescriptionItems
            | TableName::PatientAllergies
            | TableName::DentalObservations
            | TableName::DentalProcedures => {
                self.rows.entry(change.table).or_default().insert(change.id);
            }
            _ => {}
        }
    }

    fn ids(&self, table: TableName) -> Vec<Uuid> {
        self.rows.get(&table).map(|ids| ids.iter().copied().collect()).unwrap_or_default()
    }

    fn has(&self, place: &Place, lines: &BTreeMap<Uuid, Uuid>) -> bool {
        let has = |table: TableName, id: Uuid| self.rows.get(&table).is_some_and(|ids| ids.contains(&id));
        has(place.table, place.id)
            || place.table == TableName::PrescriptionItems
                && lines
                    .get(&place.id)
                    .is_some_and(|prescription| has(TableName::Prescriptions, *prescription))
    }
}

/// Looks at what these mutations touched, and opens what is found: once, however often it is found.
pub(super) async fn look_again(
    tx: &mut PgConnection,
    session: &mut Session,
    touched: &Touched,
) -> Result<()> {
    let mut found = BTreeMap::new();
    if !touched.rows.is_empty() {
        for finding in findings(tx, session, touched).await? {
            let item = of_finding(&finding);
            found.entry(item.id).or_insert(item);
        }
    }
    if !touched.named.is_empty() {
        for item in load::similar(tx, session, &touched.named).await? {
            found.entry(item.id).or_insert(item);
        }
    }
    if !touched.visits.is_empty() {
        for item in load::at_once(tx, session.tenant, &touched.visits).await? {
            found.entry(item.id).or_insert(item);
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = found.keys().copied().collect();
    let known = sqlx::query_scalar!(
        "select id from sync_conflicts where tenant_id = $1 and id = any ($2)",
        session.tenant.0,
        &ids
    )
    .fetch_all(&mut *tx)
    .await?;
    found.retain(|id, _| !known.contains(id));
    for item in to_open(found) {
        let side = |value: &Value| {
            let table = value["table"].as_str().and_then(TableName::find).unwrap_or(item.table);
            let id = value["id"].as_str().or_else(|| value.as_str()).and_then(|id| id.parse().ok());
            (table, id.unwrap_or(item.row))
        };
        let ((their_table, theirs), (our_table, ours)) = (side(&item.theirs), side(&item.ours));
        let item = Item {
            theirs_from: rows::source(tx, session.tenant, their_table, theirs).await?,
            ours_from: rows::source(tx, session.tenant, our_table, ours).await?,
            ..item
        };
        session.open(tx, &item).await?;
    }
    Ok(())
}

/// Every danger, and of the rest what a person can look through: visits first, which happen soon.
fn to_open(found: BTreeMap<Uuid, Item>) -> Vec<Item> {
    let (mut opened, mut questions): (Vec<Item>, Vec<Item>) =
        found.into_values().partition(|item| item.kind == Kind::Semantic);
    questions.sort_by_key(|item| item.kind != Kind::DoubleBooking);
    if questions.len() > MOST_QUESTIONS {
        tracing::warn!(
            found = questions.len(),
            opened = MOST_QUESTIONS,
            "a push raises more questions than are opened"
        );
    }
    opened.extend(questions.into_iter().take(MOST_QUESTIONS));
    opened
}

async fn findings(tx: &mut PgConnection, session: &Session, touched: &Touched) -> Result<Vec<Finding>> {
    let today = session.now.date();
    let people = load::people(tx, session.tenant, touched, today).await?;
    let mut found = Vec::new();
    for person in people {
        let lines: BTreeMap<Uuid, Uuid> = person
            .prescriptions
            .iter()
            .flat_map(|prescription| prescription.lines.iter().map(|line| (line.id, prescription.id)))
            .collect();
        let is_joined =
            person.registrations.iter().any(|registration| touched.joined.contains(&registration.id));
        let report = safety::check(&person, today);
        found.extend(report.findings.into_iter().filter(|finding| {
            is_joined || touched.has(&finding.known, &lines) || touched.has(&finding.against, &lines)
        }));
    }
    Ok(found)
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

/// The item about two patients whom one doctor has at one time.
fn of_visits(one: (Uuid, Uuid, &str), other: (Uuid, Uuid, &str)) -> Item {
    let (first, second) = if one.0 < other.0 { (one.0, other.0) } else { (other.0, one.0) };
    let rule = Rule::DoubleBooking.as_str();
    let side = |(id, patient, time): (Uuid, Uuid, &str)| json!({ "table": TableName::Appointments, "id": id, "patient_id": patient, "text": time });
    Item {
        id: id_of(&[rule, &first.to_string(), &second.to_string()]),
        kind: Kind::DoubleBooking,
        table: TableName::Appointments,
        row: one.0,
        column: None,
        patient: Some(one.1),
        rule: Some((rule, RULES_VERSION)),
        base: Value::Null,
        theirs: side(other),
        ours: side(one),
        theirs_from: Source::default(),
        ours_from: Source::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::conflicts;

    #[test]
    fn no_danger_is_passed_over_for_registrations_that_look_alike() {
        let like = |id: u128, kind: Kind| {
            let rule = (Rule::SimilarName.as_str(), RULES_VERSION);
            let item = conflicts::duplicate(Uuid::nil(), Uuid::max(), rule);
            (Uuid::from_u128(id), Item { id: Uuid::from_u128(id), kind, ..item })
        };
        let mut found: BTreeMap<Uuid, Item> = (0..1_000).map(|id| like(id, Kind::Duplicate)).collect();
        found.extend((1_000..1_300).map(|id| like(id, Kind::Semantic)));
        found.extend([like(1_300, Kind::DoubleBooking)]);
        let opened = to_open(found);
        let of = |kind: Kind| opened.iter().filter(|item| item.kind == kind).count();
        assert_eq!(of(Kind::Semantic), 300);
        assert_eq!(of(Kind::DoubleBooking), 1);
        assert_eq!(of(Kind::Duplicate), MOST_QUESTIONS - 1);
    }
}
