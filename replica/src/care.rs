//! What is known of a patient when something is prescribed, and what it says against the lines of a draft. Where two
//! computers differ and nobody has decided yet, the more dangerous of the two counts.

use std::collections::BTreeSet;

use protocol::conflict::{fact_of, value_in};
use protocol::dosage::Dosage;
use protocol::id::{PatientId, PrescriptionId};
use protocol::patient::Death;
use protocol::safety::{
    Allergy, Chart, Check, Line, LineReport, Medicine, Overridden, Person, Prescription, Proposed,
    RULES_VERSION, Registration, Rules, SeenSame, Severity, Written, check_lines, unchecked_allergies,
};
use protocol::table::{TableName, Values};
use protocol::validate::{day_text, parse_day};
use rusqlite::Transaction;
use serde_json::{Value, json};
use time::Date;
use uuid::Uuid;

use crate::chart::items;
use crate::error::Result;
use crate::language::Language;
use crate::one_patient::{id_list, kept, registration_rows};
use crate::pad::{medicine_row, units_of};
use crate::patients::age_of;
use crate::replica::{Replica, must_get, some_text, text};
use crate::running::is_stopped;
use crate::store::{get_row, query_ids};
use crate::view::{AlertView, Draft, DraftItem, FindingView, LineSafety, Safety};

/// The newest prescriptions, so many, count whole; those before them for what still runs, however old they are.
const COUNTED: i64 = 20;
/// Whether a line runs is decided by the rules; here no more is left out than what surely does not.
const COUNTED_SQL: &str = "with signed as (
        select id, visit_date, row_number() over (order by visit_date desc, id desc) as place from prescriptions
        where patient_id in (select value from json_each(?1)) and status = 'finalised' and is_deleted = 0)
    select id from signed
    where place <= ?2 or exists (
        select 1 from prescription_items as line
        where line.prescription_id = signed.id and line.is_deleted = 0
          and (line.duration_unit = 'ongoing'
            or julianday(?3) - julianday(signed.visit_date) <= coalesce(line.duration_value, 30)
              * case line.duration_unit when 'week' then 7 when 'month' then 30 else 1 end))
    order by place";
/// So many days it counts that a woman said she is not pregnant: a cycle, after which she may be.
const ASKED_DAYS: i64 = 28;
/// So many days a weight counts for the dose of a child.
const WEIGHED_DAYS: i64 = 90;
/// From so many years on it is no age: an import writes them where none is known.
const NO_AGE: i32 = 130;
/// Ages at which a woman is asked whether she is pregnant, in months.
const CHILDBEARING: std::ops::Range<i64> = 12 * 12..12 * 50;

impl Replica {
    /// What speaks against the lines of a draft, and against the one that is being typed.
    pub fn check_draft(&self, id: PatientId, draft: &Draft, typed: Option<&DraftItem>) -> Result<Safety> {
        self.must_read_clinical()?;
        self.store.read(|tx| {
            let id = kept(tx, id)?;
            must_get(tx, TableName::Patients, id.0)?;
            let today = self.day(tx)?;
            let all: Vec<DraftItem> = draft.items.iter().chain(typed).cloned().collect();
            let mut safety = check(tx, id, draft, &all, today)?;
            for line in &mut safety.lines {
                let whys = line.findings.iter_mut().map(|finding| &mut finding.why);
                for words in whys.chain(&mut line.gaps) {
                    *words = self.say(std::mem::take(words));
                }
            }
            for words in &mut safety.gaps {
                *words = self.say(std::mem::take(words));
            }
            safety.broken = safety.broken.map(|broken| self.say(broken));
            safety.line = typed.and_then(|_| safety.lines.pop());
            Ok(safety)
        })
    }
}

/// What speaks against these lines of a draft: its own, or those and the one that is being typed.
pub(crate) fn check(
    tx: &Transaction<'_>,
    patient: PatientId,
    draft: &Draft,
    items: &[DraftItem],
    today: Date,
) -> Result<Safety> {
    let rules = match rules(tx)? {
        Ok(rules) => rules,
        Err(broken) => {
            let lines = vec![LineSafety::default(); items.len()];
            return Ok(Safety { lines, broken: Some(broken), ..Safety::default() });
        }
    };
    // What the draft corrects does not count beside it.
    let (mut chart, mut person) = known(tx, patient, draft.amends, today)?;
    let weight = draft.vitals.weight_kg.or_else(|| weighed(&chart, today));
    person.weight_g = weight.filter(|kg| (0.5..=300.0).contains(kg)).map(|kg| (kg * 1_000.0).round() as u32);
    let proposed = items.iter().map(|item| proposed(tx, item, &mut chart)).collect::<Result<Vec<_>>>()?;
    let reports = check_lines(rules, &chart, &person, &proposed, today);
    let lines = items.iter().zip(reports).map(|(item, report)| shown(item, report)).collect();
    Ok(Safety { lines, gaps: unchecked_allergies(rules, &chart), ..Safety::default() })
}

/// What was measured last, if that was lately: a child grows.
fn weighed(chart: &Chart, today: Date) -> Option<f64> {
    // The newest stands first.
    let mut lately = chart.prescriptions.iter().filter(|one| (today - one.day).whole_days() <= WEIGHED_DAYS);
    lately.find_map(|one| one.weight_kg)
}

/// Why the safety checks of this program do not work on any computer, if they do not: they test themselves the first time
/// that this is asked.
pub fn checks_broken() -> Option<&'static str> {
    Rules::load().err()
}

/// The rules, or why they cannot run here.
fn rules(tx: &Transaction<'_>) -> Result<std::result::Result<&'static Rules, String>> {
    let has_medicines = tx.prepare_cached("select 1 from medicines limit 1")?.exists([])?;
    Ok(match Rules::load() {
        Err(why) => Err(format!("The safety checks of this program do not work ({why}). Nothing is checked.")),
        Ok(_) if !has_medicines => Err(
            "The list of medicines has not arrived on this computer yet, so nothing is checked. Connect it once."
                .to_owned(),
        ),
        Ok(rules) => Ok(rules),
    })
}

fn shown(item: &DraftItem, report: LineReport) -> LineSafety {
    let LineReport { findings, is_checked, is_partly_checked, gaps } = report;
    let reason_for = |key: &str| {
        let given = item.kept.iter().find(|kept| kept.key == key).map(|kept| kept.reason.trim());
        given.filter(|reason| !reason.is_empty()).map(str::to_owned)
    };
    let findings: Vec<FindingView> = findings
        .into_iter()
        .map(|finding| FindingView {
            check: finding.check,
            severity: finding.severity,
            reason: reason_for(&finding.key),
            key: finding.key,
            why: finding.why,
            source: finding.source.map(str::to_owned),
            cause: finding.cause,
            signed: finding.signed,
        })
        .collect();
    let is_held = findings.iter().any(|one| one.severity == Severity::Hold && one.reason.is_none());
    LineSafety { findings, is_checked, is_partly_checked, gaps, is_held }
}

/// A line as the checks read it; what the list knows of its medicine is put into the chart.
pub(crate) fn proposed(tx: &Transaction<'_>, item: &DraftItem, chart: &mut Chart) -> Result<Proposed> {
    let row = medicine_row(tx, item)?;
    let typed = item.medicine_text.trim();
    let units = units_of(row.as_ref(), typed);
    let dosage = Dosage::read(&item.dose_text, units).ok();
    let text = match &row {
        Some(row) => line_text(text(row, "generic_name"), text(row, "strength_text")),
        None => typed.to_owned(),
    };
    let medicine = item.medicine_id.map(|id| id.0).filter(|_| row.is_some());
    if let Some((id, row)) = medicine.zip(row.as_ref()) {
        chart.medicines.insert(id, Medicine::of(row));
    }
    let line =
        Line { id: Uuid::nil(), medicine, text, dose: item.dose_text.clone(), days: None, dosage: None };
    Ok(Proposed { line, dosage, unit: units.usual() })
}

fn line_text(generic: &str, strength: &str) -> String {
    format!("{generic} {strength}").trim().to_owned()
}

/// All that counts when something is prescribed for this person, under all of their registrations.
fn known(
    tx: &Transaction<'_>,
    patient: PatientId,
    except: Option<PrescriptionId>,
    today: Date,
) -> Result<(Chart, Person)> {
    let rows = registration_rows(tx, patient)?;
    let open = open_items(tx, patient)?;
    let mut chart = Chart {
        registrations: rows.iter().map(registration).collect(),
        allergies: allergies(tx, patient, &open)?,
        prescriptions: prescriptions(tx, patient, &open, except, today)?,
        ..Chart::default()
    };
    let named: BTreeSet<Uuid> =
        chart.prescriptions.iter().flat_map(|one| &one.lines).filter_map(|line| line.medicine).collect();
    for id in named {
        for table in [TableName::Medicines, TableName::TenantMedicines] {
            if let Some(row) = get_row(tx, table, id)? {
                chart.medicines.insert(id, Medicine::of(&row.values));
            }
        }
    }
    Ok((chart, person(&rows, &open, today)))
}

/// A registration as the checks read it.
fn registration((id, row): &(PatientId, Values)) -> Registration {
    let status = text(row, "allergy_status");
    let allergies = Registration::allergies_in(status, some_text(row, "alerts"));
    Registration { id: id.0, allergies, has_allergies: status == "has_allergies", ..Registration::default() }
}

/// What nobody has decided about this person.
pub(crate) fn open_items(tx: &Transaction<'_>, patient: PatientId) -> Result<Vec<Values>> {
    let sql = "select id from sync_conflicts where state = 'open' and is_deleted = 0 \
               and patient_id in (select value from json_each(?1))";
    let ids: Vec<Uuid> = query_ids(tx, sql, [id_list(tx, patient)?])?;
    ids.into_iter().map(|id| must_get(tx, TableName::SyncConflicts, id)).collect()
}

/// The values that the sides of an open item give to a column of a row.
fn claims<'a>(open: &'a [Values], row: Uuid, column: &'a str) -> impl Iterator<Item = &'a Value> {
    let about = move |item: &&Values| text(item, "row_id").parse() == Ok(row);
    open.iter().filter(about).flat_map(move |item| {
        let fact = fact_of(item);
        let has_column = fact.iter().any(|one| one.name == column);
        let sides = ["theirs", "ours"].map(|side| item.get(side).filter(|_| has_column));
        sides.into_iter().flatten().filter_map(move |side| value_in(&fact, side, column)).collect::<Vec<_>>()
    })
}

fn allergies(tx: &Transaction<'_>, patient: PatientId, open: &[Values]) -> Result<Vec<Allergy>> {
    let sql = "select id from patient_allergies where patient_id in (select value from json_each(?1))";
    let mut found = Vec::new();
    for id in query_ids::<Uuid>(tx, sql, [id_list(tx, patient)?])? {
        let Some(row) = get_row(tx, TableName::PatientAllergies, id)? else { continue };
        let is_disputed = open.iter().any(|item| text(item, "row_id").parse() == Ok(id));
        let is_active = text(&row.values, "status") == "active" && !row.is_deleted;
        if !is_active && !is_disputed {
            continue;
        }
        let with_claims = |column: &str| {
            let claimed = claims(open, id, column).filter_map(Value::as_str).map(str::to_owned);
            some_text(&row.values, column).into_iter().chain(claimed).collect::<Vec<_>>()
        };
        found.push(Allergy {
            id,
            substance: text(&row.values, "substance_text").replace('\n', ", "),
            ingredients: with_claims("ingredient_code"),
            classes: with_claims("class_code"),
        });
    }
    Ok(found)
}

/// The signed prescriptions that count, the newest first, with the lines that nobody stopped.
pub(crate) fn prescriptions(
    tx: &Transaction<'_>,
    patient: PatientId,
    open: &[Values],
    except: Option<PrescriptionId>,
    today: Date,
) -> Result<Vec<Prescription>> {
    let counted = (id_list(tx, patient)?, COUNTED, day_text(today));
    let mut found: Vec<Prescription> = Vec::new();
    for (place, id) in (1..).zip(query_ids::<PrescriptionId>(tx, COUNTED_SQL, counted)?) {
        let values = must_get(tx, TableName::Prescriptions, id.0)?;
        let Some(day) = parse_day(text(&values, "visit_date")).filter(|_| except != Some(id)) else {
            continue;
        };
        // While nobody has decided whether one was stopped, it runs.
        let may_run = |(id, item): &(Uuid, Values)| {
            !is_stopped(item) || claims(open, *id, "stopped_at").any(Value::is_null)
        };
        let lines = items(tx, id)?.into_iter().filter(may_run).map(|(id, item)| signed_line(id, &item));
        // Of the older ones only what was not written again since.
        let runs_anew = |line: &Line| found.iter().any(|newer| line.runs_by(newer, today));
        let lines = lines.filter(|line| place <= COUNTED || !runs_anew(line)).collect();
        found.push(Prescription {
            id: id.0,
            patient: patient.0,
            day,
            written: Written::default(),
            weight_kg: values.get("vitals").and_then(|vitals| vitals["weight_kg"].as_f64()),
            amends: None,
            overridden: Overridden::Nothing,
            seen_same: SeenSame::default(),
            lines,
        });
    }
    Ok(found)
}

/// A signed line as the checks read it.
pub(crate) fn signed_line(id: Uuid, item: &Values) -> Line {
    let value = item.get("duration_value").and_then(Value::as_i64);
    Line {
        id,
        medicine: text(item, "medicine_id").parse().ok(),
        text: line_text(text(item, "generic_text"), text(item, "strength_text")),
        dose: text(item, "dose_text").to_owned(),
        days: Line::days_of(value, item.get("duration_unit").and_then(Value::as_str)),
        dosage: Dosage::of_row(item).map(|dosage| dosage.counted_in(text(item, "dose_unit"))),
    }
}

fn person(rows: &[(PatientId, Values)], open: &[Values], today: Date) -> Person {
    let mut ages = Vec::new();
    let (mut periods, mut is_woman) = (BTreeSet::new(), false);
    let (mut is_pregnant, mut is_asked) = (false, false);
    let mut deaths = Vec::new();
    for (id, row) in rows {
        let sides = ["theirs", "ours"].map(|side| with_side(row, open, id.0, side));
        for row in sides.iter().chain([row]) {
            let age = age_of(row, today).filter(|age| age.years < NO_AGE);
            ages.extend(age.map(|age| i64::from(age.years) * 12 + i64::from(age.months)));
            is_woman |= text(row, "sex") == "female";
            is_pregnant |= text(row, "pregnancy_status") == "pregnant";
            is_asked |= says_not_pregnant(row) && is_asked_lately(row, today);
            periods.extend(parse_day(text(row, "lmp_date")));
            deaths.extend(Death::of(row));
        }
    }
    ages.sort_unstable();
    ages.dedup();
    let is_of_age = ages.is_empty() || ages.iter().any(|months| CHILDBEARING.contains(months));
    let week = match periods.iter().collect::<Vec<_>>()[..] {
        [day] => u32::try_from((today - *day).whole_weeks()).ok(),
        _ => None,
    };
    Person {
        ages_months: ages,
        is_pregnant,
        may_be_pregnant: !is_pregnant && !is_asked && is_of_age && is_woman,
        week: week.filter(|_| is_pregnant),
        weight_g: None,
        death: deaths.iter().find(|death| death.on.is_some()).or(deaths.first()).copied(),
    }
}

fn says_not_pregnant(patient: &Values) -> bool {
    matches!(text(patient, "pregnancy_status"), "not_pregnant" | "breastfeeding")
}

fn is_asked_lately(patient: &Values, today: Date) -> bool {
    let asked = parse_day(text(patient, "pregnancy_asked_on"));
    // A clock that was ahead does not let an answer count for longer.
    asked.is_some_and(|asked| (today - asked).whole_days().abs() <= ASKED_DAYS)
}

/// What a patient said about pregnancy, as long as it counts; after that she is to be asked again.
pub(crate) fn pregnancy_said(patient: &Values, today: Date) -> Option<String> {
    let counts = !says_not_pregnant(patient) || is_asked_lately(patient, today);
    some_text(patient, "pregnancy_status").filter(|_| counts)
}

/// The row as one side of what is open would have it.
fn with_side(row: &Values, open: &[Values], id: Uuid, side: &str) -> Values {
    let mut row = row.clone();
    for item in open.iter().filter(|item| text(item, "row_id").parse() == Ok(id)) {
        let fact = fact_of(item);
        for column in &fact {
            if let Some(value) = item.get(side).and_then(|value| value_in(&fact, value, column.name)) {
                row.insert(column.name.to_owned(), value.clone());
            }
        }
    }
    row
}

/// The allergies that are rows of their own and count.
pub(crate) fn counting_allergies(tx: &Transaction<'_>, patient: PatientId) -> Result<Vec<Allergy>> {
    allergies(tx, patient, &open_items(tx, patient)?)
}

/// All that is noted of allergies, and nothing else.
pub(crate) fn noted_allergies(tx: &Transaction<'_>, patient: PatientId) -> Result<Chart> {
    Ok(Chart {
        registrations: registration_rows(tx, patient)?.iter().map(registration).collect(),
        allergies: counting_allergies(tx, patient)?,
        ..Chart::default()
    })
}

/// What counts, in words.
pub(crate) fn allergy_words(tx: &Transaction<'_>, patient: PatientId) -> Result<Vec<String>> {
    Ok(counting_allergies(tx, patient)?.into_iter().map(|allergy| allergy.substance).collect())
}

/// What counted as allergies, for the record of what was signed.
pub(crate) fn allergy_snapshot(tx: &Transaction<'_>, patient: PatientId, today: Date) -> Result<Value> {
    let (chart, _) = known(tx, patient, None, today)?;
    let noted = chart.allergies.iter().map(|allergy| {
        json!({ "substance": allergy.substance, "ingredients": allergy.ingredients, "classes": allergy.classes })
    });
    let written = chart.registrations.iter().filter_map(|one| one.allergies.as_ref());
    let written = written.map(|text| json!({ "substance": text }));
    Ok(noted.chain(written).collect())
}

/// What is kept of the findings with a signed prescription: one entry each, with the version of the rules.
pub(crate) fn alerts(safety: &Safety, items: &[DraftItem], left_out: &[bool], by: Uuid, at: &str) -> Value {
    if let Some(broken) = &safety.broken {
        return json!([{ "kind": "not_checked", "severity": "hold", "detail": broken, "rule_version": RULES_VERSION,
            "action": "shown", "by": by, "at": at }]);
    }
    let mut alerts = Vec::new();
    for ((line, item), is_left_out) in safety.lines.iter().zip(items).zip(left_out) {
        for finding in &line.findings {
            let action = match &finding.reason {
                _ if *is_left_out => "changed",
                Some(_) => "overridden",
                None => "shown",
            };
            alerts.push(json!({
                "kind": finding.check, "severity": finding.severity, "medicine": item.medicine_text.trim(),
                "detail": finding.why, "cause": finding.cause, "rule_version": RULES_VERSION, "action": action,
                "reason": finding.reason, "signed": finding.signed, "by": by, "at": at,
            }));
        }
    }
    if alerts.is_empty() { Value::Null } else { Value::Array(alerts) }
}

/// The findings that were kept with a prescription.
pub(crate) fn alert_views(values: &Values, language: Language) -> Vec<AlertView> {
    let alerts = values.get("alerts").and_then(Value::as_array);
    alerts
        .into_iter()
        .flatten()
        .map(|alert| AlertView {
            medicine: alert["medicine"].as_str().unwrap_or_default().to_owned(),
            why: language.say(alert["detail"].as_str().unwrap_or_default().to_owned()),
            is_left_out: alert["action"] == "changed",
            reason: alert["reason"].as_str().map(str::to_owned),
            rule_version: alert["rule_version"].as_u64().and_then(|version| u32::try_from(version).ok()),
        })
        .collect()
}

/// Why a line was signed in spite of an allergy, for whoever hands the medicine out.
pub(crate) fn allergy_remark(line: &LineSafety) -> String {
    let known = line.findings.iter().filter(|one| matches!(one.check, Check::Allergy));
    remark(&known.filter_map(|one| one.reason.as_deref()).collect::<Vec<_>>())
}

pub(crate) fn remark(reasons: &[&str]) -> String {
    if reasons.is_empty() {
        String::new()
    } else {
        format!("Prescribed knowing of the allergy: {}", reasons.join("; "))
    }
}
