//! Everything done on this computer, and what became of it: searched, counted, and written out.

use std::io::Write;

use protocol::api::Fate;
use protocol::audit::Action;
use protocol::id::{PatientId, UserId};
use protocol::sheet::guard;
use protocol::validate::moment_text;
use rusqlite::{Row, ToSql, Transaction, params_from_iter};
use serde::Deserialize;
use serde_json::json;
use time::{Date, Duration, Time, UtcOffset};

use crate::error::{Error, Result};
use crate::finder::matching;
use crate::one_patient::id_list;
use crate::replica::Replica;
use crate::settle::patient_name;
use crate::view::{
    LedgerChoices, LedgerEntry, LedgerFilter, LedgerFormat, LedgerKind, LedgerPage, LedgerPerson, LedgerState,
};

/// At most this many entries come at once.
const MAX_PAGE: u32 = 500;

/// The filter's columns stand in one index, which holds none of the bodies: they are read only for what is shown.
const CONDITION: &str = "(?1 is null or m.kind = ?1) and (?2 is null or m.actor_user_id = ?2) \
    and (?3 is null or ?3 = coalesce(m.fate, 'waiting')) and (?4 is null or m.recorded_at >= ?4) \
    and (?5 is null or m.recorded_at < ?5) \
    and (?6 is null or m.sequence = ?7 or m.patient_id in (select value from json_each(?6)))";

/// What there is to choose from, of the same index: whatever was done, by whom and with which fate.
pub(crate) const CHOICES: [&str; 3] = [
    "select distinct kind from mutations indexed by mutations_ledger_idx order by kind",
    "select m.actor_user_id, m.actor_name from mutations m join ( \
         select max(sequence) as sequence from mutations indexed by mutations_ledger_idx group by actor_user_id \
     ) latest on latest.sequence = m.sequence order by 2, 1",
    "select coalesce(fate, 'waiting'), count(*) from mutations indexed by mutations_fate_idx group by fate order by 1",
];

const ENTRY: &str = "select m.sequence, m.kind, p.first_name, p.last_name, m.patient_name, m.actor_name, m.recorded_at, \
    m.fate, m.acknowledged_at, m.detail, m.hash from mutations m left join patients p on p.id = m.patient_id";

impl Replica {
    /// The latest entries, newest first.
    pub fn ledger(&self, limit: u32) -> Result<Vec<LedgerEntry>> {
        Ok(self.ledger_page(&LedgerFilter::default(), None, limit)?.entries)
    }

    /// A page of what fits the filter, newest first: the entries before this number, and how many fit in all.
    pub fn ledger_page(&self, filter: &LedgerFilter, before: Option<u32>, limit: u32) -> Result<LedgerPage> {
        self.store.read(|tx| {
            let params = self.params(tx, filter)?;
            let [count, page] = page();
            let total = tx.prepare_cached(&count)?.query_row(params_from_iter(&params), |row| row.get(0))?;
            let (before, limit) = (before.map_or(i64::MAX, i64::from), i64::from(limit.min(MAX_PAGE)));
            let mut params = params;
            params.extend([Box::new(before) as Box<dyn ToSql>, Box::new(limit)]);
            let mut statement = tx.prepare_cached(&page)?;
            let entries = statement.query_map(params_from_iter(&params), entry)?;
            let entries = entries.map(|entry| -> Result<LedgerEntry> {
                let entry = entry?;
                let detail = entry.detail.map(|detail| self.say(detail));
                Ok(LedgerEntry { title: self.say(entry.title), detail, ..entry })
            });
            Ok(LedgerPage { total, entries: entries.collect::<Result<_>>()? })
        })
    }

    /// What can be filtered by, and how many changes there are of each fate.
    pub fn ledger_choices(&self) -> Result<LedgerChoices> {
        self.store.read(|tx| {
            let [kinds, people, fates] = CHOICES;
            let mut statement = tx.prepare_cached(kinds)?;
            let kinds = statement.query_map([], |row| row.get::<_, String>(0))?;
            let kinds = kinds.map(|kind| -> Result<LedgerKind> {
                let kind = kind?;
                Ok(LedgerKind { title: self.say(title(&kind)), kind })
            });
            let mut people = tx.prepare_cached(people)?;
            let people =
                people.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
            let people = people.map(|person| {
                let (id, full_name) = person?;
                let user_id: UserId = id.parse().map_err(|_| Error::StoreDamaged)?;
                Ok(LedgerPerson { user_id, full_name })
            });
            let mut fates = tx.prepare_cached(fates)?;
            let counts = fates.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?)))?;
            let counts: Vec<(String, u32)> = counts.collect::<std::result::Result<_, _>>()?;
            let counts =
                counts.into_iter().filter_map(|(fate, count)| Some((LedgerState::of(&fate)?, count)));
            Ok(LedgerChoices {
                kinds: kinds.collect::<Result<_>>()?,
                people: people.collect::<Result<_>>()?,
                counts: counts.collect(),
            })
        })
    }

    /// Writes out everything that fits the filter, oldest first. It leaves this program, which is noted.
    pub fn export_ledger(
        &self,
        filter: &LedgerFilter,
        format: LedgerFormat,
        to: &mut dyn Write,
    ) -> Result<u32> {
        let n_written = self.store.read(|tx| {
            let params = self.params(tx, filter)?;
            let sql = format!("{ENTRY} where {CONDITION} order by m.sequence");
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(&params))?;
            let mut n_written = 0;
            let mut out = Out::begun(format, to)?;
            while let Some(row) = rows.next()? {
                out.write(&entry(row)?, row.get_ref("hash")?.as_str().map_err(rusqlite::Error::from)?)?;
                n_written += 1;
            }
            out.end()?;
            Ok(n_written)
        })?;
        self.note(Action::Export, None, None);
        Ok(n_written)
    }

    fn params(&self, tx: &Transaction<'_>, filter: &LedgerFilter) -> Result<Vec<Box<dyn ToSql>>> {
        let offset = self.offset(tx)?;
        let begin = |day: Date| {
            moment_text(day.with_time(Time::MIDNIGHT).assume_offset(offset).to_offset(UtcOffset::UTC))
        };
        let day = |text: &Option<String>| -> Result<Option<Date>> {
            let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty());
            let read = |text| {
                protocol::validate::parse_day(text).ok_or_else(|| Error::Invalid("This is not a day.".into()))
            };
            text.map(read).transpose()
        };
        let query = filter.query.trim();
        let patients = match query {
            "" => None,
            // `#12` is the change of that number and nothing else.
            query if query.starts_with('#') => Some("[]".to_owned()),
            query => Some(patients(tx, query)?),
        };
        Ok(vec![
            Box::new(filter.kind.clone()),
            Box::new(filter.author.map(|author| author.to_string())),
            Box::new(filter.state.map(LedgerState::as_str)),
            Box::new(day(&filter.from)?.map(begin)),
            Box::new(day(&filter.to)?.map(|day| begin(day + Duration::days(1)))),
            Box::new(patients),
            Box::new(query.trim_start_matches('#').parse::<i64>().ok()),
        ])
    }
}

/// How many entries fit, and those of a page.
pub(crate) fn page() -> [String; 2] {
    let fits = format!("from mutations m indexed by mutations_ledger_idx where {CONDITION}");
    [
        format!("select count(*) {fits}"),
        format!(
            "{ENTRY} where m.sequence in (select m.sequence {fits} and m.sequence < ?8 order by m.sequence desc limit ?9) \
             order by m.sequence desc"
        ),
    ]
}

/// The patients who fit a query, under whichever registration, as a list in JSON.
fn patients(tx: &Transaction<'_>, query: &str) -> Result<String> {
    let mut all: Vec<String> = Vec::new();
    for id in matching(tx, query)? {
        let list: Vec<String> = serde_json::from_str(&id_list(tx, id)?)?;
        all.extend(list);
    }
    let gone = "select distinct patient_id from mutations where patient_name like '%' || ?1 || '%'";
    let mut statement = tx.prepare_cached(gone)?;
    let gone = statement.query_map([query.replace(['%', '_'], "")], |row| row.get::<_, Option<String>>(0))?;
    for id in gone {
        all.extend(id?.filter(|id| id.parse::<PatientId>().is_ok()));
    }
    Ok(serde_json::to_string(&all)?)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<LedgerEntry> {
    let fate: Option<String> = row.get(7)?;
    Ok(LedgerEntry {
        sequence: row.get(0)?,
        title: title(&row.get::<_, String>(1)?),
        patient_name: patient_name(row.get(2)?, row.get(3)?, row.get(4)?),
        actor_name: row.get(5)?,
        recorded_at: row.get(6)?,
        fate: fate.and_then(|fate| Fate::deserialize(json!(fate)).ok()),
        acknowledged_at: row.get(8)?,
        detail: row.get(9)?,
    })
}

/// A file that the ledger is written to.
enum Out<'a> {
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
    Ndjson(&'a mut dyn Write),
}

impl<'a> Out<'a> {
    fn begun(format: LedgerFormat, to: &'a mut dyn Write) -> Result<Self> {
        match format {
            LedgerFormat::Ndjson => Ok(Self::Ndjson(to)),
            LedgerFormat::Csv => {
                // Without it a spreadsheet does not take the file for Unicode.
                to.write_all("\u{feff}".as_bytes())?;
                let mut csv = csv::Writer::from_writer(to);
                csv.write_record([
                    "number",
                    "what",
                    "patient",
                    "who",
                    "done_at",
                    "fate",
                    "acknowledged_at",
                    "detail",
                    "hash",
                ])
                .map_err(Error::internal)?;
                Ok(Self::Csv(Box::new(csv)))
            }
        }
    }

    fn write(&mut self, entry: &LedgerEntry, hash: &str) -> Result<()> {
        match self {
            Self::Ndjson(to) => {
                let mut line = serde_json::to_value(entry)?;
                line["hash"] = json!(hash);
                writeln!(to, "{line}")?;
                Ok(())
            }
            Self::Csv(csv) => {
                let fate = entry.fate.map_or("waiting", LedgerState::fate_text);
                let optional = |text: &Option<String>| text.clone().unwrap_or_default();
                let cells = [
                    entry.sequence.to_string(),
                    entry.title.clone(),
                    optional(&entry.patient_name),
                    optional(&entry.actor_name),
                    entry.recorded_at.clone(),
                    fate.to_owned(),
                    optional(&entry.acknowledged_at),
                    optional(&entry.detail),
                    hash.to_owned(),
                ];
                csv.write_record(cells.iter().map(|cell| guard(cell).into_owned())).map_err(Error::internal)
            }
        }
    }

    fn end(self) -> Result<()> {
        match self {
            Self::Ndjson(to) => to.flush()?,
            Self::Csv(mut csv) => csv.flush()?,
        }
        Ok(())
    }
}

/// What was done, in plain words.
pub(crate) fn title(kind: &str) -> String {
    match kind {
        "register_patient" => "Patient registered".into(),
        "update_patient" => "Patient corrected".into(),
        "save_letterhead" => "Letterhead changed".into(),
        "save_allergy" => "Allergy noted or changed".into(),
        "note_no_allergies" => "No known allergies noted".into(),
        "save_conditions" => "Long illnesses changed".into(),
        "chart_teeth" => "Tooth chart written".into(),
        "step_finding" => "Dental finding changed".into(),
        "step_procedure" => "Dental procedure taken on".into(),
        "sign_prescription" => "Prescription signed".into(),
        "void_prescription" => "Prescription made void".into(),
        "stop_medicine" => "Medicine stopped".into(),
        "resume_medicine" => "Medicine taken up again".into(),
        "give_draft" => "Draft given to the doctor".into(),
        "take_back_draft" => "Draft taken back".into(),
        "book_visit" => "Visit booked".into(),
        "confirm_visit" => "Visit confirmed".into(),
        "patient_arrived" => "Patient arrived".into(),
        "call_patient" => "Patient called in".into(),
        "start_visit" => "Visit begun".into(),
        "next_patient" => "Next patient came in".into(),
        "finish_visit" => "Visit finished".into(),
        "reopen_visit" => "Visit reopened".into(),
        "patient_left" => "Patient left unseen".into(),
        "patient_missed" => "Patient did not come".into(),
        "cancel_visit" => "Visit cancelled".into(),
        "move_visit" => "Visit moved".into(),
        "mistaken_visit" => "Visit marked as a mistake".into(),
        "save_short_key" => "Short key saved".into(),
        "remove_short_key" => "Short key removed".into(),
        "add_medicine" => "Medicine added".into(),
        "change_medicine" => "Medicine changed".into(),
        "attach_file" => "File added".into(),
        "remove_attachment" => "File removed".into(),
        "decide_conflict" => "Difference decided".into(),
        "merge_patients" => "Patients merged".into(),
        "unmerge_patient" => "Patients separated again".into(),
        "propose_merger" => "Merger proposed".into(),
        "retry_change" => "Refused change tried again".into(),
        "correct_change" => "Refused change corrected".into(),
        "hand_over_change" => "Refused change handed to an admin".into(),
        "discard_change" => "Refused change discarded".into(),
        other => other.replace('_', " "),
    }
}
