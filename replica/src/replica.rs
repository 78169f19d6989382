//! The data of this computer while someone is signed in.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use ed25519_dalek::SigningKey;
use protocol::api::{DeviceScope, StaffMember};
use protocol::audit::Action;
use protocol::id::{DeviceId, DoctorId, PatientId};
use protocol::mutation::{Change, SetValue};
use protocol::permission::{Role, Roles};
use protocol::settlement::{Settlement, Way};
use protocol::table::{TableName, Values, Writer};
use rusqlite::{OptionalExtension, Transaction};
use serde_json::{Value, json};
use time::{Date, Duration, OffsetDateTime, UtcOffset};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::care::checks_broken;
use crate::clock::{self, Clock, Ids};
use crate::error::{Error, Result};
use crate::guard::Guard;
use crate::language::{Language, Spoken};
use crate::store::{self, Facts, Keys, NewEvent, NewMutation, Store, get_row};
use crate::view::{Person, SessionView};

/// The data of this computer while someone is signed in. Every write is signed in that person's name.
pub struct Replica {
    pub(crate) store: Arc<Store>,
    pub(crate) person: StaffMember,
    pub(crate) facts: Facts,
    pub(crate) clock: Clock,
    /// In which language the window is told what this program says.
    pub(crate) spoken: Arc<Spoken>,
    pub(crate) ids: Ids,
    /// How the computer stands, where it has a server that says so.
    pub(crate) guard: Option<Arc<Guard>>,
    device_key: SigningKey,
    /// The own key of whoever is signed in.
    pub(crate) own_key: Option<SigningKey>,
    written: Arc<Notify>,
    /// Which rows were looked at since the person signed in, and when it was last noted.
    viewed: Mutex<HashMap<Uuid, OffsetDateTime>>,
}

/// A chart is read anew at every change, and a document page by page; one note in this time says as much.
const VIEW_EVERY: Duration = Duration::minutes(15);

impl Replica {
    /// The data for this person; `written` is told of every write.
    pub fn new(
        store: Arc<Store>,
        person: StaffMember,
        facts: Facts,
        device_key: SigningKey,
        written: Arc<Notify>,
    ) -> Self {
        let (clock, ids, guard) = (Clock::system(), Ids::system(), None);
        let (own_key, viewed, spoken) = (None, Mutex::default(), Arc::default());
        Self { store, person, facts, clock, spoken, ids, guard, device_key, own_key, written, viewed }
    }

    /// Who is signed in, and where.
    pub fn session(&self) -> SessionView {
        SessionView {
            person: Person {
                user_id: self.person.id,
                full_name: self.person.full_name.clone(),
                email: self.person.email.clone(),
                roles: self.person.roles.clone(),
            },
            doctor_id: self.person.doctor_id,
            may_prescribe: self.prescriber().is_some(),
            may_read_clinical: self.is_clinical(),
            may_merge: self.person.roles.may_write(Writer::Merger),
            tenant_name: self.facts.tenant_name.clone(),
            clinic_id: self.facts.clinic_id,
            clinic_name: self.facts.clinic_name.clone(),
            device_name: self.facts.device_name.clone(),
            lane: self.facts.lane.clone(),
            scope: self.facts.scope,
            roles_lapsed: !self.roles_hold(),
            checks_broken: checks_broken().is_some(),
            idle_lock_minutes: self.idle_lock_minutes(),
        }
    }

    /// After how many minutes without anybody the window locks: sooner where clinical records are shown.
    fn idle_lock_minutes(&self) -> u32 {
        match self.facts.scope {
            DeviceScope::Clinical => 5,
            DeviceScope::FrontDesk => 10,
        }
    }

    /// The language that the window speaks.
    pub(crate) fn language(&self) -> Language {
        self.spoken.get()
    }

    /// A sentence of this program in that language.
    pub(crate) fn say(&self, english: String) -> String {
        self.language().say(english)
    }

    /// This computer.
    pub fn device(&self) -> DeviceId {
        self.facts.device_id
    }

    fn roles_hold(&self) -> bool {
        self.guard.as_ref().is_none_or(|guard| guard.roles_hold())
    }

    /// The person with the rights that they have here now. Long without contact, nobody knows whether they still are
    /// what they were: until then they go on with what all staff may do.
    pub(crate) fn acting(&self) -> Cow<'_, StaffMember> {
        if self.roles_hold() {
            return Cow::Borrowed(&self.person);
        }
        Cow::Owned(StaffMember { roles: Roles(vec![Role::Receptionist]), ..self.person.clone() })
    }

    /// Does something in this person's name: `work` names the changed rows and may write what only this
    /// computer knows. All of it is on disk when this returns, or none.
    pub(crate) fn record<T>(
        &self,
        kind: &str,
        patient: Option<PatientId>,
        work: impl FnOnce(&Transaction<'_>) -> Result<(Vec<Change>, T)>,
    ) -> Result<T> {
        self.must_say_open()?;
        let person = self.acting();
        let answer = self.store.write(|tx| {
            self.store.must_take_work()?;
            let (changes, answer) = work(tx)?;
            if !changes.is_empty() {
                let new = NewMutation {
                    kind,
                    person: &person,
                    patient,
                    device: self.facts.device_id,
                    at: self.clock.now(),
                    changes,
                    settles: None,
                };
                store::record(tx, new, self.keys())?;
            }
            Ok(answer)
        })?;
        self.written.notify_one();
        Ok(answer)
    }

    /// Says in this person's name what becomes of a refused mutation; `work` may write what only this computer knows.
    pub(crate) fn record_settlement(
        &self,
        work: impl FnOnce(&Transaction<'_>, &StaffMember) -> Result<NewSettlement>,
    ) -> Result<()> {
        self.must_say_open()?;
        let person = self.acting();
        self.store.write(|tx| {
            self.store.must_take_work()?;
            let NewSettlement { patient, settlement, changes } = work(tx, &person)?;
            let new = NewMutation {
                kind: settlement_kind(settlement.way),
                person: &person,
                patient,
                device: self.facts.device_id,
                at: self.clock.now(),
                changes,
                settles: Some(settlement),
            };
            store::record(tx, new, self.keys())
        })?;
        self.written.notify_one();
        Ok(())
    }

    /// See [`Guard::must_say_open`].
    fn must_say_open(&self) -> Result<()> {
        self.guard.as_ref().map_or(Ok(()), |guard| guard.must_say_open())
    }

    /// Notes for the audit log what this person does without writing a row. Care does not wait for it: a note that
    /// cannot be written is told of in the log, and what was asked for goes on.
    pub(crate) fn note(&self, action: Action, record: Option<(TableName, Uuid)>, patient: Option<PatientId>) {
        let event = NewEvent { user: self.person.id, at: self.clock.now(), action, record, patient };
        if let Err(error) = self.store.note(event) {
            tracing::error!(%error, "an event was not noted for the audit log");
        }
    }

    /// Notes that this person looks at a patient.
    pub(crate) fn note_view(&self, patient: PatientId) {
        self.note_view_of((TableName::Patients, patient.0), patient);
    }

    /// Notes that this person looks at a row about a patient.
    pub(crate) fn note_view_of(&self, record: (TableName, Uuid), patient: PatientId) {
        let now = self.clock.now();
        {
            let mut viewed = self.viewed.lock().unwrap_or_else(PoisonError::into_inner);
            if viewed.get(&record.1).is_some_and(|last| now - *last < VIEW_EVERY) {
                return;
            }
            viewed.insert(record.1, now);
        }
        self.note(Action::View, Some(record), Some(patient));
    }

    /// Has the engine look at what waits.
    pub(crate) fn wake(&self) {
        self.written.notify_one();
    }

    /// The offset of this clinic's time zone.
    pub(crate) fn offset(&self, tx: &Transaction<'_>) -> Result<UtcOffset> {
        let sql = "select time_zone from clinics where id = ?1";
        let zone: Option<String> = tx
            .prepare_cached(sql)?
            .query_row([self.facts.clinic_id.to_string()], |row| row.get(0))
            .optional()?;
        Ok(clock::offset(zone.as_deref().unwrap_or("Asia/Kolkata")))
    }

    /// The day of a moment in this clinic, as `23 Nov 2026`; empty for what is no moment.
    pub fn day_in_words(&self, moment: &str) -> Result<String> {
        let Some(moment) = protocol::validate::parse_moment(moment) else { return Ok(String::new()) };
        self.store.read(|tx| Ok(clock::day_words(moment.to_offset(self.offset(tx)?).date())))
    }

    /// Today, in this clinic.
    pub(crate) fn day(&self, tx: &Transaction<'_>) -> Result<Date> {
        Ok(self.clock.now().to_offset(self.offset(tx)?).date())
    }

    /// With what is signed what this person does.
    fn keys(&self) -> Keys<'_> {
        Keys { device: &self.device_key, own: self.own_key.as_ref() }
    }

    /// The key that this computer's mutations are checked with.
    pub(crate) fn device_key(&self) -> ed25519_dalek::VerifyingKey {
        self.device_key.verifying_key()
    }

    /// Whether this person sees clinical columns on this computer, which must be enrolled for them.
    pub(crate) fn is_clinical(&self) -> bool {
        self.facts.scope == DeviceScope::Clinical && self.person.roles.is_clinician()
    }

    /// Whether this person writes clinical columns on this computer now.
    pub(crate) fn writes_clinical(&self) -> bool {
        self.facts.scope == DeviceScope::Clinical && self.acting().roles.is_clinician()
    }

    /// As which doctor this person signs on this computer, if at all.
    pub(crate) fn prescriber(&self) -> Option<DoctorId> {
        self.person.doctor_id.filter(|_| self.is_clinical() && self.acting().roles.is_prescriber())
    }

    /// Refuses whoever may not read clinical columns.
    pub(crate) fn must_read_clinical(&self) -> Result<()> {
        if self.is_clinical() {
            return Ok(());
        }
        Err(Error::Forbidden("Only doctors, dentists and nurses see this."))
    }
}

/// What a person says of a refused mutation.
pub(crate) struct NewSettlement {
    pub patient: Option<PatientId>,
    pub settlement: Settlement,
    pub changes: Vec<Change>,
}

/// A settlement in the words of the product.
fn settlement_kind(way: Way) -> &'static str {
    match way {
        Way::Retry => "retry_change",
        Way::Replace => "correct_change",
        Way::HandOver => "hand_over_change",
        Way::Discard => "discard_change",
    }
}

/// The values of a row that must be there.
pub(crate) fn must_get(tx: &Transaction<'_>, table: TableName, id: Uuid) -> Result<Values> {
    match get_row(tx, table, id)? {
        Some(row) if !row.is_deleted => Ok(row.values),
        _ => Err(Error::NotFound),
    }
}

/// Columns with their values, as a row has them.
pub(crate) fn by_name<'a>(columns: impl IntoIterator<Item = (&'a str, Value)>) -> Values {
    columns.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The change that makes a row say what is wanted, where that is not what was seen of it.
pub(crate) fn change_to(table: TableName, id: Uuid, seen: &Values, wanted: Values) -> Option<Change> {
    let differing = |(name, value): (String, Value)| {
        let base = seen.get(&name).cloned().unwrap_or(Value::Null);
        (base != value).then_some((name, SetValue { base, value }))
    };
    let set: BTreeMap<String, SetValue> = wanted.into_iter().filter_map(differing).collect();
    (!set.is_empty()).then(|| Change::update(table, id, set))
}

/// Columns of a row, from what was seen in them to what they become.
pub(crate) fn from_to<'a>(
    seen: &Values,
    wanted: impl IntoIterator<Item = (&'a str, Value)>,
) -> BTreeMap<String, SetValue> {
    let set = |(name, value): (&str, Value)| {
        let base = seen.get(name).cloned().unwrap_or(Value::Null);
        (name.to_owned(), SetValue { base, value })
    };
    wanted.into_iter().map(set).collect()
}

/// A text column; empty if there is none.
pub(crate) fn text<'a>(values: &'a Values, name: &str) -> &'a str {
    values.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What a column holds of a text that was typed: nothing for one that is empty.
pub(crate) fn or_null(typed: &str) -> Value {
    let typed = typed.trim();
    if typed.is_empty() { Value::Null } else { json!(typed) }
}

/// A text column, if it holds something.
pub(crate) fn some_text(values: &Values, name: &str) -> Option<String> {
    Some(text(values, name)).filter(|text| !text.is_empty()).map(str::to_owned)
}
