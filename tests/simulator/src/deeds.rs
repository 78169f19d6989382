//! What people do at a desktop. Each is one thing that a person does; what it is done to is chosen by dice from what
//! the desktop shows.

mod day;
mod files;
mod prepared;
mod prescriptions;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use protocol::api::DeviceScope;
use protocol::appointment::Status;
use protocol::conflict::{Choice, Kind};
use protocol::id::{AttachmentId, ConflictId, DeviceId, PatientId};
use protocol::mutation::{Change, Op, SetValue};
use protocol::settlement::Way;
use protocol::table::{APPOINTMENT_STATUSES, Row, TableName, Values};
use protocol::validate::day_text;
use replica::testing::Station;
use replica::view::{CorrectedField, Entry, PatientForm, RefusedField};
use replica::{Replica, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clinic::CLINICAL_MARK;
use crate::desk::Desk;
use crate::dice::Dice;
use crate::server::Server;
use crate::timeline::lock;

pub use files::Opening;

/// Something that a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deed {
    /// A new patient.
    Register,
    /// A correction of a patient.
    Edit,
    /// An allergy, noted or changed.
    Allergy,
    /// A prescription, signed.
    Sign,
    /// A signed prescription made void.
    Void,
    /// A signed prescription replaced by another one.
    Amend,
    /// A draft that several desktops see, begun or changed.
    Draft,
    /// A shared draft, signed.
    SignDraft,
    /// An appointment.
    Book,
    /// An appointment's next state, or another time.
    Move,
    /// A row deleted.
    Delete,
    /// Two registrations made one, parted, or proposed to be one.
    Merge,
    /// An item decided.
    Decide,
    /// Something that this computer takes and the server must refuse.
    Stray,
    /// A refused change, tried again, corrected, handed to the admins or discarded.
    Settle,
    /// A file, added to a record or removed from it.
    Attach,
    /// A chart opened.
    Look,
    /// A draft, given to the doctors.
    Prepare,
    /// What was prepared, taken up and signed.
    TakeUp,
    /// What was prepared, taken back.
    TakeBack,
    /// A file in a record, opened.
    Open,
}

const NAMES: &[&str] = &["Sunita", "Suneeta", "Prakash", "Fatima", "Ravi"];
const MOBILES: &[&str] = &["9820441276", "9820441277", "9820441278"];
const GROUPS: &[&str] = &["A+", "B+", "O+", "unknown"];
const TOWNS: &[&str] = &["Pune", "Thane", "Nashik", "Mumbai"];
const REASON: &str = "Seen to.";
const DOSES: &[&str] = &["1-0-1 x5d", "1-1-1 x3d", "0-0-1 x10d"];

struct Hand<'a> {
    desk: &'a Desk,
    station: &'a Station,
    replica: &'a Replica,
    /// Whom an admin asks what another computer was refused.
    server: &'a Mutex<Server>,
    told: &'a mut Told,
    dice: Dice,
}

/// What deeds leave to be looked at.
#[derive(Default)]
pub struct Told {
    /// What was wrong at once.
    pub wrong: Arc<Mutex<Vec<String>>>,
    /// The SHA-256 of each file that was said to be attached.
    pub attached: BTreeMap<AttachmentId, String>,
    /// Files that somebody opens now.
    pub openings: Vec<Opening>,
    /// How many files were shown.
    pub n_shown: Arc<AtomicU64>,
}

/// Does it. Where there is nothing to do it to, or this person may not, nothing happens.
pub fn act(desk: &Desk, server: &Mutex<Server>, told: &mut Told, deed: Deed, dice: Dice) -> Result<()> {
    let Some(station) = &desk.station else { return Ok(()) };
    let mut hand = Hand { desk, station, replica: &station.replica, server, told, dice };
    match deed {
        Deed::Register => hand.register(),
        Deed::Edit => hand.edit(),
        Deed::Allergy => hand.allergy(),
        Deed::Sign => hand.sign(),
        Deed::Void => hand.void(),
        Deed::Amend => hand.amend(),
        Deed::Draft => hand.draft(),
        Deed::SignDraft => hand.sign_draft(),
        Deed::Book => hand.book(),
        Deed::Move => hand.move_visit(),
        Deed::Delete => hand.delete(),
        Deed::Merge => hand.merge(),
        Deed::Decide => hand.decide(),
        Deed::Stray => hand.stray(),
        Deed::Settle => hand.settle(),
        Deed::Attach => hand.attach(),
        Deed::Look => hand.look(),
        Deed::Prepare => hand.prepare(),
        Deed::TakeUp => hand.take_up(),
        Deed::TakeBack => hand.take_back(),
        Deed::Open => hand.open(),
    }
}

fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    row.values.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn values<const N: usize>(values: [(&str, Value); N]) -> Values {
    values.map(|(name, value)| (name.to_owned(), value)).into()
}

/// A change of these columns, from what is seen.
fn update<const N: usize>(row: &Row, columns: [(&str, Value); N]) -> Change {
    let set = columns.map(|(name, value)| {
        let base = row.values.get(name).cloned().unwrap_or(Value::Null);
        (name.to_owned(), SetValue { base, value })
    });
    Change::update(row.table, row.id, set.into())
}

impl Hand<'_> {
    fn rows(&self, table: TableName) -> Result<Vec<Row>> {
        self.station.store.rows_of(table)
    }

    fn one(&mut self, table: TableName, fits: impl Fn(&Row) -> bool) -> Result<Option<Row>> {
        let rows: Vec<Row> = self.rows(table)?.into_iter().filter(fits).collect();
        // The older ones more often: so people meet at the same rows.
        let end = 1 + self.dice.below(rows.len() as u64) as usize;
        Ok(self.dice.pick(&rows[..end.min(rows.len())]).cloned())
    }

    fn pick(&mut self, of: &[&'static str]) -> &'static str {
        self.dice.pick(of).copied().unwrap_or_default()
    }

    fn record(&self, kind: &str, patient: Option<Uuid>, changes: Vec<Change>) -> Result<()> {
        self.replica.record_changes(kind, patient.map(PatientId), changes)
    }

    fn is_clinical(&self) -> bool {
        self.desk.facts.scope == DeviceScope::Clinical
    }

    fn is_doctor(&self) -> bool {
        self.desk.person.doctor_id.is_some()
    }

    fn today(&self) -> String {
        day_text(self.station.surroundings.now().date())
    }

    fn words(&mut self) -> String {
        format!("{CLINICAL_MARK} note {}", self.dice.below(5))
    }

    fn register(&mut self) -> Result<()> {
        let form = PatientForm {
            mobile_number: self.pick(MOBILES).into(),
            first_name: self.pick(NAMES).into(),
            sex: "female".into(),
            age_years: Some(54),
            city: self.pick(TOWNS).into(),
            ..PatientForm::default()
        };
        self.replica.register_patient(&form).map(drop)
    }

    fn edit(&mut self) -> Result<()> {
        let Some(patient) = self.one(TableName::Patients, |_| true)? else { return Ok(()) };
        let id = PatientId(patient.id);
        let seen = self.replica.chart(id)?.form;
        let mut form = seen.clone();
        match self.dice.below(if self.is_clinical() { 8 } else { 7 }) {
            0 | 1 => form.city = self.pick(TOWNS).into(),
            2 | 3 => form.blood_group = self.pick(GROUPS).into(),
            4 => form.date_of_birth = Some(format!("19{}-01-01", 60 + self.dice.below(3))),
            5 => form.first_name = self.pick(NAMES).into(),
            6 => form.mobile_number = self.pick(MOBILES).into(),
            _ => {
                form.allergy_status = "has_allergies".into();
                form.alerts = format!("{CLINICAL_MARK} {}", self.pick(&["penicillin", "dust", "nsaid"]));
            }
        }
        self.replica.update_patient(id, &seen, &form).map(drop)
    }

    fn allergy(&mut self) -> Result<()> {
        if !self.is_clinical() {
            return Ok(());
        }
        let known = self.one(TableName::PatientAllergies, |_| true)?;
        if let Some(row) = known.filter(|_| self.dice.per_mille(500)) {
            let change = match self.dice.below(4) {
                0 => update(&row, [("severity", json!(self.pick(&["mild", "severe"])))]),
                1 => update(&row, [("reaction", json!(self.words()))]),
                2 => update(&row, [("class_code", json!(self.pick(&["penicillin", "nsaid"])))]),
                _ => update(&row, [("status", json!(self.pick(&["active", "inactive"])))]),
            };
            return self.record("change_allergy", None, vec![change]);
        }
        let Some(patient) = self.one(TableName::Patients, |_| true)? else { return Ok(()) };
        let class = self.pick(&["penicillin", "nsaid"]);
        let new = values([
            ("patient_id", json!(patient.id)),
            ("substance_text", json!(format!("{CLINICAL_MARK} {class}"))),
            ("class_code", json!(class)),
        ]);
        let change = Change::insert(TableName::PatientAllergies, self.station.ids.next(), new);
        self.record("note_allergy", Some(patient.id), vec![change])
    }

    fn book(&mut self) -> Result<()> {
        if self.dice.per_mille(500) {
            return self.book_visit();
        }
        let Some(patient) = self.one(TableName::Patients, |_| true)? else { return Ok(()) };
        let Some(doctor) = self.one(TableName::Doctors, |_| true)? else { return Ok(()) };
        let new = values([
            ("appointment_date", json!(self.today())),
            ("start_time", json!(self.pick(&["10:00", "10:10", "10:20"]))),
            ("duration_minutes", json!(10)),
            ("clinic_id", json!(self.desk.facts.clinic_id)),
            ("doctor_id", json!(doctor.id)),
            ("patient_id", json!(patient.id)),
        ]);
        let change = Change::insert(TableName::Appointments, self.station.ids.next(), new);
        self.record("book", Some(patient.id), vec![change])
    }

    fn move_visit(&mut self) -> Result<()> {
        if self.dice.per_mille(500) {
            return self.lead_on();
        }
        let Some(row) = self.one(TableName::Appointments, |_| true)? else { return Ok(()) };
        let change = match self.dice.below(4) {
            0 => update(&row, [("start_time", json!(self.pick(&["10:00", "10:10", "10:30"])))]),
            1 => update(&row, [("notes", json!(self.pick(TOWNS)))]),
            _ => {
                let now = Status::deserialize(&json!(text(&row, "status"))).ok();
                let may = |next: &&&str| {
                    let next = Status::deserialize(&json!(next)).ok();
                    now.zip(next).is_some_and(|(now, next)| now != next && now.may_become(next))
                };
                let next: Vec<&str> = APPOINTMENT_STATUSES.iter().filter(may).copied().collect();
                let Some(next) = self.dice.pick(&next).copied() else { return Ok(()) };
                update(&row, [("status", json!(next))])
            }
        };
        self.record("move_appointment", None, vec![change])
    }

    fn deletion(&self, row: &Row) -> Change {
        let columns = row.table.table().columns.iter();
        let seen = columns.filter(|column| self.desk.person.roles.may_write(column.writer));
        let seen =
            seen.filter(|column| self.is_clinical() || column.scope == protocol::table::Scope::Everyone);
        let seen = seen.map(|column| {
            let value = row.values.get(column.name).cloned().unwrap_or(Value::Null);
            (column.name.to_owned(), SetValue { base: value.clone(), value })
        });
        Change { op: Op::Delete, ..Change::update(row.table, row.id, seen.collect()) }
    }

    fn delete(&mut self) -> Result<()> {
        let table = match self.dice.below(if self.is_clinical() { 4 } else { 3 }) {
            0 | 1 => TableName::Appointments,
            2 => TableName::Patients,
            _ => TableName::PatientAllergies,
        };
        let Some(row) = self.one(table, |_| true)? else { return Ok(()) };
        self.record("delete", None, vec![self.deletion(&row)])
    }

    fn merge(&mut self) -> Result<()> {
        let one = self.one(TableName::Patients, |_| true)?;
        let other = self.one(TableName::Patients, |_| true)?;
        let Some((one, other)) = one.zip(other).filter(|(one, other)| one.id != other.id) else {
            return Ok(());
        };
        match self.dice.below(4) {
            0 => self.replica.propose_merger(PatientId(one.id), PatientId(other.id)),
            1 => self.replica.unmerge_patient(PatientId(one.id)),
            _ => self.replica.merge_patients(PatientId(one.id), PatientId(other.id), "one person"),
        }
    }

    fn decide(&mut self) -> Result<()> {
        let open = self.replica.conflicts(true)?;
        let open: Vec<_> = open.into_iter().filter(|item| item.may_decide).collect();
        let Some(item) = self.dice.pick(&open) else { return Ok(()) };
        let choices: Vec<Choice> = match item.kind {
            Kind::Refused => vec![Choice::Ours, Choice::Theirs],
            kind => kind.choices().iter().copied().filter(|choice| *choice != Choice::Other).collect(),
        };
        let Some(choice) = self.dice.pick(&choices).copied() else { return Ok(()) };
        if item.kind == Kind::Refused && self.dice.per_mille(400) {
            return self.correct_elsewhere(item.id);
        }
        let reason = if item.kind == Kind::Refused { REASON } else { "" };
        self.replica.decide_conflict(item.id, choice, None, reason).map(drop)
    }

    /// An admin corrects what a computer was refused that is out of service.
    fn correct_elsewhere(&mut self, item: ConflictId) -> Result<()> {
        let Some(row) = self.station.store.row(TableName::SyncConflicts, item.0)? else { return Ok(()) };
        let ours = row.values.get("ours").cloned().unwrap_or_default();
        let device = ours.get("device_id").and_then(|id| DeviceId::deserialize(id).ok());
        let sequence = ours.get("sequence").and_then(Value::as_i64);
        let is_clinical = self.is_clinical() && self.desk.person.roles.is_clinician();
        let refused = device
            .zip(sequence)
            .and_then(|of| lock(self.server).refused(self.desk.facts.tenant_id, of, is_clinical));
        let Some(refused) = refused else { return Ok(()) };
        let shown = self.replica.shown_elsewhere(item, &refused)?;
        let corrected = self.corrected(&shown.fields);
        self.replica.correct(item, &refused, &corrected)
    }

    /// Another value in one of the texts.
    fn corrected(&mut self, fields: &[RefusedField]) -> Vec<CorrectedField> {
        let texts = fields.iter().filter(|field| matches!(field.entry, Some(Entry::Text)));
        let texts: Vec<_> = texts.cloned().collect();
        let corrected = self.dice.pick(&texts).map(|field| CorrectedField {
            record: field.record,
            column: field.column.clone(),
            typed: format!("{} again", field.value.clone().unwrap_or_default()),
        });
        corrected.into_iter().collect()
    }

    /// An appointment with a doctor who is not there, or a change of one.
    fn stray(&mut self) -> Result<()> {
        let Some(patient) = self.one(TableName::Patients, |_| true)? else { return Ok(()) };
        let new = values([
            ("clinic_id", json!(self.desk.facts.clinic_id)),
            ("patient_id", json!(patient.id)),
            ("doctor_id", json!(Uuid::from_u128(1))),
            ("appointment_date", json!(self.today())),
            ("start_time", json!("10:00")),
            ("duration_minutes", json!(10)),
            ("notes", json!(self.pick(TOWNS))),
        ]);
        let change = Change::insert(TableName::Appointments, self.station.ids.next(), new);
        self.record("book_appointment", Some(patient.id), vec![change])
    }

    fn settle(&mut self) -> Result<()> {
        let refused = self.replica.refused()?;
        let Some(refused) = self.dice.pick(&refused).cloned() else { return Ok(()) };
        let way = match self.dice.below(5) {
            0 | 1 => Way::Retry,
            2 => Way::Replace,
            3 => Way::HandOver,
            _ => Way::Discard,
        };
        let corrected = self.corrected(&refused.fields);
        self.replica.settle(refused.sequence, way, REASON, &corrected)
    }

    fn look(&mut self) -> Result<()> {
        let Some(patient) = self.one(TableName::Patients, |_| true)? else { return Ok(()) };
        self.replica.chart(PatientId(patient.id)).map(drop)
    }
}
