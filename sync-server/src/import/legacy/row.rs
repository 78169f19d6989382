//! A row of the old database, and taking it apart column by column: what was taken, what could not be, and why.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use protocol::table::{Column, Table, TableName, Values};
use protocol::validate::{check_row, check_value};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::tables::OldTable;
use crate::audit::heads::hex;
use crate::import::calendar::Calendar;
use crate::import::value::{self, Fit, empty, is_blank, plain};
use crate::import::words;
use crate::import::write::NewRow;

/// The longest key that is kept as it is.
const MAX_KEY: usize = 200;

/// A row as the old database has it.
#[derive(Clone, Debug)]
pub(super) struct OldRow {
    /// Its key there, as text, with a mark where other rows have the same; no two rows have the same one.
    pub(super) key: String,
    /// The key as it stands there.
    pub(super) plain_key: String,
    /// As JSON, byte for byte.
    pub(super) text: String,
    /// By column.
    pub(super) values: Map<String, Value>,
    /// The lines of a prescription, in their order.
    pub(super) lines: Vec<OldRow>,
    /// Whether rows that say something else have its key.
    pub(super) is_shared: bool,
    /// Whether the very same row stands there before it.
    pub(super) is_again: bool,
    /// Whether bytes of it were no UTF-8.
    pub(super) was_recoded: bool,
}

impl OldRow {
    /// A row of this JSON.
    pub(super) fn new(key: &str, mark: &str, text: String) -> serde_json::Result<Self> {
        Ok(Self {
            key: key_text(&Value::String(format!("{key}{mark}"))),
            plain_key: key_text(&Value::String(key.to_owned())),
            values: serde_json::from_str(&text)?,
            text,
            lines: Vec::new(),
            is_shared: false,
            is_again: false,
            was_recoded: false,
        })
    }

    /// By which a later import sees that the row changed.
    pub(super) fn fingerprint(&self) -> Vec<u8> {
        let mut hash = Sha256::new_with_prefix(&self.text);
        for line in &self.lines {
            hash.update(&line.text);
        }
        hash.finalize().to_vec()
    }
}

/// A key as it is kept: without blanks around it; very long ones as their hash.
pub(super) fn key_text(key: &Value) -> String {
    let key = match key {
        Value::String(text) => text.trim_ascii().to_owned(),
        other => plain(other),
    };
    if key.chars().count() <= MAX_KEY { key } else { format!("sha256:{}", hex(&Sha256::digest(key))) }
}

/// Where an old key leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// To this row.
    Here(Uuid),
    /// To a row that was set aside.
    SetAside,
    /// To more than one row.
    Shared,
}

/// Where the keys lead that a batch of rows refers to.
pub(super) type Places = HashMap<(OldTable, String), Place>;

/// Why a row is not imported; it is kept whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SetAside {
    /// In which column, if in one.
    pub(super) column: Option<String>,
    /// What is wrong with it.
    pub(super) why: &'static str,
}

impl SetAside {
    pub(super) fn because(column: &str, why: &'static str) -> Self {
        Self { column: Some(column.to_owned()), why }
    }

    /// For the second of two rows that say the same, their key included.
    pub(super) fn again() -> Self {
        Self { column: None, why: "the very same row stands there once more" }
    }
}

/// What was concluded about a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Remark {
    /// About which column.
    pub(super) column: String,
    /// What was wrong, and what was done.
    pub(super) what: &'static str,
}

/// Takes one row apart.
pub(super) struct Taking<'a> {
    row: &'a OldRow,
    calendar: &'a Calendar,
    places: &'a Places,
    /// To which table each column refers, where the old database says so.
    parents: &'a BTreeMap<String, OldTable>,
    /// What was noticed so far.
    pub(super) remarks: Vec<Remark>,
    used: BTreeSet<String>,
}

impl<'a> Taking<'a> {
    pub(super) fn new(
        row: &'a OldRow,
        calendar: &'a Calendar,
        places: &'a Places,
        parents: &'a BTreeMap<String, OldTable>,
    ) -> Self {
        let mut taking = Self { row, calendar, places, parents, remarks: Vec::new(), used: BTreeSet::new() };
        taking.used.extend(["id".to_owned(), "tenant_id".to_owned()]);
        if row.is_shared {
            taking.remark("", "other rows have its key; what names that key was not joined to it");
        }
        if row.was_recoded {
            taking.remark("", "bytes that are no UTF-8 were read as Windows-1252");
        }
        taking
    }

    /// How its days and times are read.
    pub(super) fn calendar(&self) -> &'a Calendar {
        self.calendar
    }

    /// Its key.
    pub(super) fn key(&self) -> &'a str {
        &self.row.key
    }

    /// The lines of a prescription.
    pub(super) fn lines(&self) -> &'a [OldRow] {
        &self.row.lines
    }

    /// Another row that was read with this one.
    pub(super) fn beside(&self, row: &'a OldRow) -> Self {
        Self::new(row, self.calendar, self.places, self.parents)
    }

    pub(super) fn remark(&mut self, column: &str, what: &'static str) {
        self.remarks.push(Remark { column: column.to_owned(), what });
    }

    /// The first of these columns with something in it.
    pub(super) fn raw(&mut self, names: &[&str]) -> Option<&'a Value> {
        let row: &'a OldRow = self.row;
        names.iter().find_map(|name| {
            let (name, value) = row.values.get_key_value(*name).filter(|(_, value)| !is_blank(value))?;
            self.used.insert(name.clone());
            Some(value)
        })
    }

    /// The same, as people would write it.
    pub(super) fn plain(&mut self, names: &[&str]) -> Option<String> {
        self.raw(names).map(plain)
    }

    /// Whether one of these columns says yes or no.
    pub(super) fn truth(&mut self, names: &[&str]) -> Option<bool> {
        self.raw(names).and_then(value::truth)
    }

    /// A text of at most so many characters.
    pub(super) fn text(&mut self, names: &[&'static str], max: usize) -> Option<String> {
        let written = self.raw(names)?;
        match value::text(written, max) {
            Fit::Same(Value::String(text)) => Some(text),
            Fit::Adapted(Value::String(text), why) => {
                self.remark(names[0], why);
                Some(text)
            }
            Fit::Same(_) | Fit::Adapted(..) | Fit::Blank | Fit::Unfit(_) => None,
        }
    }

    /// When something happened; what is no time is left out.
    pub(super) fn moment(&mut self, names: &[&'static str]) -> Option<Value> {
        match self.calendar.moment(self.raw(names)?) {
            Fit::Same(moment) => Some(moment),
            Fit::Adapted(moment, why) => {
                self.remark(names[0], why);
                Some(moment)
            }
            Fit::Blank => None,
            Fit::Unfit(why) => {
                self.remark(names[0], why);
                None
            }
        }
    }

    /// The row that one of these columns points at.
    pub(super) fn refer(&mut self, names: &[&str], parent: OldTable) -> Result<Option<Uuid>, SetAside> {
        let Some((name, key)) =
            names.iter().find_map(|name| Some((*name, key_text(self.raw(std::slice::from_ref(name))?))))
        else {
            return Ok(None);
        };
        let parent = self.parents.get(name).copied().unwrap_or(parent);
        match self.places.get(&(parent, key)) {
            Some(Place::Here(id)) => Ok(Some(*id)),
            Some(Place::Shared) => {
                Err(SetAside::because(name, "more than one row has the key that it names"))
            }
            Some(Place::SetAside) => Err(SetAside::because(name, "it belongs to a row that was set aside")),
            None => Err(SetAside::because(name, "it points at a row that is not there")),
        }
    }

    /// All columns of our table, as the old row fills them; those that are in `values` already stay.
    pub(super) fn declared(&mut self, table: TableName, mut values: Values) -> Result<Values, SetAside> {
        for column in table.table().columns {
            if !values.contains_key(column.name) {
                let value = self.column(table, column)?;
                values.insert(column.name.to_owned(), value);
            }
        }
        Ok(values)
    }

    /// One column of our table.
    pub(super) fn column(&mut self, table: TableName, column: &Column) -> Result<Value, SetAside> {
        let names = words::names(table, column.name);
        if let Some(parent) = column.refers_to.and_then(OldTable::of) {
            return match self.refer(&names, parent) {
                Ok(Some(id)) => Ok(json!(id)),
                Ok(None) if column.nullable => Ok(Value::Null),
                Ok(None) => Err(SetAside::because(column.name, "it names no row that it belongs to")),
                Err(aside) if column.nullable => {
                    self.remark(column.name, aside.why);
                    Ok(Value::Null)
                }
                Err(aside) => Err(aside),
            };
        }
        let fit = self.raw(&names).map_or(Fit::Blank, |old| self.calendar.fit(column, old));
        match fit {
            Fit::Same(value) => Ok(value),
            Fit::Adapted(value, why) => {
                self.remark(column.name, why);
                Ok(value)
            }
            Fit::Blank => empty(column).ok_or(SetAside::because(column.name, "nothing stands there")),
            Fit::Unfit(why) => {
                let empty = empty(column).ok_or(SetAside::because(column.name, why))?;
                self.remark(column.name, why);
                Ok(empty)
            }
        }
    }

    /// The finished row, if it keeps every rule of its table.
    pub(super) fn finish(
        &mut self,
        table: &'static Table,
        id: Uuid,
        values: Values,
    ) -> Result<NewRow, SetAside> {
        for column in table.columns {
            let value = values.get(column.name).unwrap_or(&Value::Null);
            if check_value(column, value).is_err() {
                return Err(SetAside::because(column.name, "the value does not fit the column"));
            }
        }
        if check_row(table.name, &values).is_err() {
            return Err(SetAside { column: None, why: "its columns do not fit together" });
        }
        Ok(self.tail(table.sql_name, id, values))
    }

    /// Whether the old program took it for deleted.
    pub(super) fn is_deleted(&mut self) -> bool {
        let at = self.raw(&["deleted_at"]).map(|at| (self.calendar.moment(at), value::truth(at)));
        matches!(at, Some((Fit::Same(_) | Fit::Adapted(..), _) | (_, Some(true))))
            || self.truth(&["is_deleted", "deleted"]) == Some(true)
    }

    /// With the times that every row has.
    pub(super) fn tail(&mut self, table: &'static str, id: Uuid, values: Values) -> NewRow {
        let created_at = self.moment(&["created_at", "created_on", "created", "date_created"]);
        let updated_at = self.moment(&["updated_at", "updated_on", "modified_at", "last_modified"]);
        let at = self.moment(&["deleted_at"]).or_else(|| updated_at.clone());
        let deleted_at = self.is_deleted().then(|| at.unwrap_or_else(|| json!("now")));
        NewRow { table, id, values, created_at, updated_at, deleted_at }
    }

    /// The columns with something in them that found no place.
    pub(super) fn unused(&self) -> Vec<&'a str> {
        let row: &'a OldRow = self.row;
        let unused = row.values.iter().filter(|(name, value)| !self.used.contains(*name) && !is_blank(value));
        unused.map(|(name, _)| name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use time::macros::date;

    use super::*;

    #[test]
    fn what_found_no_place_is_known() {
        let values = json!({"id": 7, "dob": "5/1/1972", "shoe_size": 9, "city": "  ", "gender": "purple"});
        let row = OldRow::new("7", "", values.to_string()).expect("a row");
        let calendar = Calendar { zone: TimeZone::UTC, month_first: false, today: date!(2026 - 11 - 23) };
        let (places, parents) = (Places::new(), BTreeMap::new());
        let mut taking = Taking::new(&row, &calendar, &places, &parents);
        let patients = TableName::Patients;
        let mut column = |name| taking.column(patients, patients.table().column(name).expect("a column"));
        assert_eq!(column("date_of_birth"), Ok(json!("1972-01-05")));
        assert_eq!(column("city"), Ok(Value::Null));
        assert_eq!(column("sex"), Ok(json!("unknown")));
        assert_eq!(column("first_name"), Err(SetAside::because("first_name", "nothing stands there")));
        assert_eq!(taking.unused(), ["shoe_size"]);
        assert_eq!(taking.remarks.len(), 1);
    }
}
