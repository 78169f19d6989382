//! A patient's teeth: findings and procedures are rows, and the chart is the fold of them. Two computers that chart different
//! teeth never differ about one row.

mod fold;

use protocol::dental::{DentalEntry, DentalLine, ProcedureStatus, after, read_line};
use protocol::id::{DoctorId, ObservationId, PatientId, ProcedureId};
use protocol::mutation::Change;

use protocol::table::{TableName, Values, Writer};
use protocol::validate::day_text;
use rusqlite::Transaction;
use serde::Deserialize;
use serde_json::{Value, json};
use time::Date;
use uuid::Uuid;

use crate::care::open_items;
use crate::chart::doctor_name;
use crate::error::{Error, Result};
use crate::one_patient::{id_list, kept, registration_rows};
use crate::patients::age_of;
use crate::prepared::doctor_for;
use crate::replica::{Replica, by_name, from_to, must_get, or_null, some_text, text};
use crate::store::query_ids;
use crate::view::{DentalChart, DentalFinding, DentalLineRead, DentalProcedure, DentalSite, FindingStatus};

/// The last primary teeth go at about this age, in years.
const PRIMARY_UNTIL: i32 = 14;

impl Replica {
    /// The teeth of a patient.
    pub fn dental_chart(&self, patient: PatientId) -> Result<DentalChart> {
        self.must_read_clinical()?;
        let chart = self.store.read(|tx| {
            let patient = kept(tx, patient)?;
            let disputed: Vec<Uuid> = open_items(tx, patient)?
                .iter()
                .filter_map(|item| text(item, "row_id").parse().ok())
                .collect();
            let mut findings = Vec::new();
            for id in rows_of(tx, FINDINGS, patient)? {
                let values = must_get(tx, TableName::DentalObservations, id)?;
                findings.extend(finding(tx, id, &values, disputed.contains(&id))?);
            }
            let mut procedures = Vec::new();
            for id in rows_of(tx, PROCEDURES, patient)? {
                let values = must_get(tx, TableName::DentalProcedures, id)?;
                procedures.extend(self.procedure(tx, id, &values, disputed.contains(&id))?);
            }
            findings.retain(|one| one.status != FindingStatus::EnteredInError);
            procedures.retain(|one| one.status != ProcedureStatus::EnteredInError);
            let teeth = fold::teeth(&findings, &procedures);
            let today = self.day(tx)?;
            let is_child = registration_rows(tx, patient)?
                .first()
                .and_then(|(_, row)| age_of(row, today))
                .is_some_and(|age| age.years < PRIMARY_UNTIL);
            Ok(DentalChart {
                may_chart: self.may_chart(),
                may_complete: self.may_complete(),
                shows_primary: is_child || teeth.iter().any(|tooth| tooth.tooth > 50),
                teeth,
                findings,
                procedures,
            })
        })?;
        self.note_view(patient);
        Ok(chart)
    }

    /// What a line of the chart says, as far as it was typed.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what cannot become right by typing on.
    pub fn read_dental_line(text: &str) -> Result<DentalLineRead> {
        let DentalLine { site, surfaces, entry, note } = read(text)?;
        Ok(DentalLineRead { site: site.map(DentalSite::from), surfaces, entry, note })
    }

    /// Writes a line into the chart. A procedure that was done settles what it was done for.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a line that is not whole, and for what is charted already; [`Error::Forbidden`] for who does
    /// not chart, or says without being a dentist that something was done.
    pub fn add_dental_line(&self, patient: PatientId, text: &str) -> Result<()> {
        self.must_chart()?;
        let line = read(text)?;
        let Some((site, entry)) = line.site.zip(line.entry) else {
            return Err(Error::Invalid(
                "The line does not say yet what is there or what is to be done. Nothing was added.".into(),
            ));
        };
        let (surfaces, note) = (or_null(&line.surfaces), or_null(&line.note));
        self.record("chart_teeth", Some(patient), |tx| {
            let patient = kept(tx, patient)?;
            let today = self.day(tx)?;
            let mut values = by_name([
                ("patient_id", json!(patient)),
                ("doctor_id", json!(self.charts_for(tx, patient, today)?)),
                ("clinic_id", json!(self.facts.clinic_id)),
                ("site_kind", json!(site.kind())),
                ("tooth_fdi", json!(site.tooth().map(protocol::dental::Tooth::fdi))),
                ("region", json!(site.region())),
                ("surfaces", surfaces),
                ("note", note),
            ]);
            let changes = match entry {
                DentalEntry::Finding { condition, grade } => {
                    values.extend(by_name([
                        ("observed_on", json!(day_text(today))),
                        ("condition_code", json!(condition)),
                        ("grade", json!(grade)),
                        ("status", json!("active")),
                    ]));
                    must_be_new(tx, patient, &values)?;
                    vec![Change::insert(TableName::DentalObservations, self.ids.next(), values)]
                }
                DentalEntry::Procedure { code, name, is_done } => {
                    if is_done && !self.may_complete() {
                        return Err(not_a_dentist());
                    }
                    values.extend(by_name([
                        ("procedure_code", json!(code)),
                        ("procedure_name", json!(name)),
                        ("status", json!(if is_done { "completed" } else { "planned" })),
                        ("planned_on", json!((!is_done).then(|| day_text(today)))),
                        ("completed_on", json!(is_done.then(|| day_text(today)))),
                        ("tooth_state_after", json!(after(code.as_deref()))),
                    ]));
                    let id = self.ids.next();
                    let mut changes = if is_done { settled(tx, patient, id, &values)? } else { vec![] };
                    // What it settles names it: it comes first.
                    changes.insert(0, Change::insert(TableName::DentalProcedures, id, values));
                    changes
                }
            };
            Ok((changes, ()))
        })
    }

    /// Says of a finding that was in the state `seen` whether it holds.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if it is in another state by now.
    pub fn step_finding(&self, id: ObservationId, seen: FindingStatus, next: FindingStatus) -> Result<()> {
        self.must_chart()?;
        let patient = self.store.read(|tx| patient_of(tx, TableName::DentalObservations, id.0))?;
        self.record("step_finding", Some(patient), |tx| {
            let values = must_get(tx, TableName::DentalObservations, id.0)?;
            let (now, wanted) = (json!(seen), json!(next));
            if values.get("status") != Some(&now) || seen == FindingStatus::EnteredInError || seen == next {
                return Err(changed_meanwhile());
            }
            let mut columns = vec![("status", wanted)];
            if next == FindingStatus::Active
                && values.get("resolved_by_procedure_id").is_some_and(|id| !id.is_null())
            {
                columns.push(("resolved_by_procedure_id", Value::Null));
            }
            let set = from_to(&values, columns);
            Ok((vec![Change::update(TableName::DentalObservations, id.0, set)], ()))
        })
    }

    /// Takes a procedure that was in the state `seen` to the next one. One that is done now settles what it was done for; of
    /// one that failed or was an error, that is open again.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if it is in another state by now, or does not go there; [`Error::Forbidden`] for who is no dentist
    /// and says that it was done.
    pub fn step_procedure(
        &self,
        id: ProcedureId,
        seen: ProcedureStatus,
        next: ProcedureStatus,
    ) -> Result<()> {
        self.must_chart()?;
        if (seen.was_done() || next.was_done()) && !self.may_complete() {
            return Err(not_a_dentist());
        }
        let patient = self.store.read(|tx| patient_of(tx, TableName::DentalProcedures, id.0))?;
        self.record("step_procedure", Some(patient), |tx| {
            let mut values = must_get(tx, TableName::DentalProcedures, id.0)?;
            if values.get("status") != Some(&json!(seen)) || seen == next || !seen.may_become(next) {
                return Err(changed_meanwhile());
            }
            let today = day_text(self.day(tx)?);
            let mut columns = vec![("status", json!(next))];
            let day = match next {
                ProcedureStatus::InProgress => Some("started_on"),
                ProcedureStatus::Completed => Some("completed_on"),
                _ => None,
            };
            columns.extend(day.map(|day| (day, json!(today))));
            let mut changes =
                vec![Change::update(TableName::DentalProcedures, id.0, from_to(&values, columns))];
            if next == ProcedureStatus::Completed {
                values.insert("completed_on".into(), json!(today));
                changes.extend(settled(tx, kept(tx, patient)?, id.0, &values)?);
            } else if seen == ProcedureStatus::Completed {
                changes.extend(open_again(tx, kept(tx, patient)?, id.0)?);
            }
            Ok((changes, ()))
        })
    }

    fn may_chart(&self) -> bool {
        self.writes_clinical() && self.acting().roles.may_write(Writer::Charter)
    }

    fn may_complete(&self) -> bool {
        self.writes_clinical() && self.acting().roles.is_dentist()
    }

    fn must_chart(&self) -> Result<()> {
        self.must_read_clinical()?;
        if self.may_chart() {
            return Ok(());
        }
        Err(Error::Forbidden("Teeth are charted by dentists and nurses. Nothing was changed."))
    }

    /// In whose name a nurse charts.
    fn charts_for(&self, tx: &Transaction<'_>, patient: PatientId, today: Date) -> Result<DoctorId> {
        if let Some(doctor) = self.prescriber() {
            return Ok(doctor);
        }
        let found = doctor_for(tx, patient, self.facts.clinic_id, today)?;
        found.ok_or_else(|| {
            Error::Invalid(
                "No doctor of the clinic is known on this computer yet. Nothing was added; connect once and try again."
                    .into(),
            )
        })
    }

    fn procedure(
        &self,
        tx: &Transaction<'_>,
        id: Uuid,
        values: &Values,
        is_disputed: bool,
    ) -> Result<Option<DentalProcedure>> {
        let status = values.get("status").and_then(|status| ProcedureStatus::deserialize(status).ok());
        // Of a state that only a later program knows: it waits for that, and does not hide the others.
        let Some(status) = status else { return Ok(None) };
        let may = |next: &ProcedureStatus| {
            *next != status
                && status.may_become(*next)
                && (self.may_complete() || !(status.was_done() || next.was_done()))
        };
        let next = if self.may_chart() {
            ProcedureStatus::ALL.iter().copied().filter(may).collect()
        } else {
            vec![]
        };
        Ok(Some(DentalProcedure {
            id: ProcedureId(id),
            site: site_of(values),
            surfaces: text(values, "surfaces").to_owned(),
            code: some_text(values, "procedure_code"),
            name: text(values, "procedure_name").to_owned(),
            status,
            next,
            planned_on: some_text(values, "planned_on"),
            started_on: some_text(values, "started_on"),
            completed_on: some_text(values, "completed_on"),
            note: text(values, "note").to_owned(),
            by: by(tx, values)?,
            is_disputed,
        }))
    }
}

const FINDINGS: &str = "select id from dental_observations where is_deleted = 0 \
                        and patient_id in (select value from json_each(?1)) order by observed_on desc, id desc";
/// What is open in its order, then the newest.
const PROCEDURES: &str = "select id from dental_procedures where is_deleted = 0 \
                          and patient_id in (select value from json_each(?1)) \
                          order by status not in ('planned', 'accepted', 'in_progress', 'referred'), \
                          case when status in ('planned', 'accepted', 'in_progress', 'referred') then priority end, \
                          case when status in ('planned', 'accepted', 'in_progress', 'referred') then id end, \
                          coalesce(completed_on, planned_on) desc, id desc";

fn rows_of(tx: &Transaction<'_>, sql: &str, patient: PatientId) -> Result<Vec<Uuid>> {
    query_ids(tx, sql, [id_list(tx, patient)?])
}

fn read(text: &str) -> Result<DentalLine> {
    read_line(text).map_err(|fault| Error::Invalid(fault.to_string()))
}

fn patient_of(tx: &Transaction<'_>, table: TableName, id: Uuid) -> Result<PatientId> {
    text(&must_get(tx, table, id)?, "patient_id").parse().map_err(|_| Error::StoreDamaged)
}

fn finding(
    tx: &Transaction<'_>,
    id: Uuid,
    values: &Values,
    is_disputed: bool,
) -> Result<Option<DentalFinding>> {
    let status = values.get("status").and_then(|status| FindingStatus::deserialize(status).ok());
    let Some(status) = status else { return Ok(None) };
    Ok(Some(DentalFinding {
        id: ObservationId(id),
        site: site_of(values),
        surfaces: text(values, "surfaces").to_owned(),
        condition: text(values, "condition_code").to_owned(),
        grade: values.get("grade").and_then(Value::as_u64).and_then(|grade| grade.try_into().ok()),
        status,
        observed_on: text(values, "observed_on").to_owned(),
        note: text(values, "note").to_owned(),
        by: by(tx, values)?,
        is_disputed,
    }))
}

fn by(tx: &Transaction<'_>, values: &Values) -> Result<String> {
    text(values, "doctor_id").parse().map_or_else(|_| Ok(String::new()), |id| doctor_name(tx, id))
}

fn site_of(values: &Values) -> DentalSite {
    DentalSite {
        kind: text(values, "site_kind").to_owned(),
        tooth: values.get("tooth_fdi").and_then(Value::as_u64).and_then(|fdi| fdi.try_into().ok()),
        region: some_text(values, "region"),
    }
}

/// What says where and what a finding is.
const SAME: [&str; 6] = ["site_kind", "tooth_fdi", "region", "surfaces", "condition_code", "grade"];

fn must_be_new(tx: &Transaction<'_>, patient: PatientId, values: &Values) -> Result<()> {
    let one = |row: &Values, name: &str| row.get(name).cloned().unwrap_or(Value::Null);
    for id in rows_of(tx, FINDINGS, patient)? {
        let row = must_get(tx, TableName::DentalObservations, id)?;
        if text(&row, "status") == "active" && SAME.iter().all(|name| one(&row, name) == one(values, name)) {
            return Err(Error::Invalid("This is charted already. Nothing was added.".into()));
        }
    }
    Ok(())
}

/// What a procedure that is done settles: a filling the caries and the failing filling on its surfaces, an extraction all
/// that was seen at the tooth. Of everything else the dentist says so.
fn settled(
    tx: &Transaction<'_>,
    patient: PatientId,
    procedure: Uuid,
    values: &Values,
) -> Result<Vec<Change>> {
    let (code, surfaces) = (text(values, "procedure_code"), text(values, "surfaces"));
    let mut changes = Vec::new();
    for id in rows_of(tx, FINDINGS, patient)? {
        let row = must_get(tx, TableName::DentalObservations, id)?;
        let condition = text(&row, "condition_code");
        let seen_on = text(&row, "surfaces");
        let is_filled = code == "F"
            && (condition.starts_with("caries") || condition == "filled_defective")
            && !seen_on.is_empty()
            && seen_on.chars().all(|surface| surfaces.contains(surface));
        let is_gone = code == "X" && !condition.starts_with("missing");
        let is_here = row.get("tooth_fdi").is_some_and(|tooth| !tooth.is_null())
            && row.get("tooth_fdi") == values.get("tooth_fdi");
        if is_here && text(&row, "status") == "active" && (is_filled || is_gone) {
            let set = from_to(
                &row,
                [("status", json!("resolved")), ("resolved_by_procedure_id", json!(procedure))],
            );
            changes.push(Change::update(TableName::DentalObservations, id, set));
        }
    }
    Ok(changes)
}

/// What a procedure had settled that failed, or was never done.
fn open_again(tx: &Transaction<'_>, patient: PatientId, procedure: Uuid) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for id in rows_of(tx, FINDINGS, patient)? {
        let row = must_get(tx, TableName::DentalObservations, id)?;
        let by = text(&row, "resolved_by_procedure_id").parse();
        if text(&row, "status") == "resolved" && by == Ok(procedure) {
            let set = from_to(&row, [("status", json!("active")), ("resolved_by_procedure_id", Value::Null)]);
            changes.push(Change::update(TableName::DentalObservations, id, set));
        }
    }
    Ok(changes)
}

fn changed_meanwhile() -> Error {
    Error::Invalid("This was changed meanwhile. Nothing was changed now: look at it again first.".into())
}

fn not_a_dentist() -> Error {
    Error::Forbidden(
        "Only a dentist says that a procedure was done, or takes that back. Nothing was changed.",
    )
}
