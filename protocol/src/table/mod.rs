//! The one declaration of every synced table. From it come the server's pull and push SQL, the replica's
//! upserts, validation, permissions and the merge rules. The migrations are written by hand; tests compare
//! this declaration with the catalogues of both databases.
//!
//! A table's place is part of the pull's order: those that exist keep theirs among each other. New columns
//! are added at the end.

mod appointment;
mod case_study;
mod clinic;
mod dental;
mod medicine;
mod patient;
mod prescription;
mod sync;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use appointment::APPOINTMENT_STATUSES;
pub use dental::{CONDITIONS, PROCEDURE_STATUSES, REGIONS, SITE_KINDS};
pub use medicine::{CAUTIONS, DOSAGE_FORMS, ROUTES};
pub use prescription::{MEAL_RELATIONS, PRESCRIPTION_STATUSES};
pub use sync::{CONFLICT_CHOICES, CONFLICT_KINDS, ROW_SCOPES};

/// The values of a row or of a part of one, by column.
pub type Values = BTreeMap<String, Value>;

/// A synced table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TableName {
    /// The catalogue that all tenants share; read-only, and versioned by itself.
    Medicines,
    /// Places with a letterhead.
    Clinics,
    /// Prescribers.
    Doctors,
    /// Patients.
    Patients,
    /// A tenant's own medicines.
    TenantMedicines,
    /// Short keys.
    ShortKeys,
    /// Appointments.
    Appointments,
    /// Prescriptions.
    Prescriptions,
    /// Lines of prescriptions.
    PrescriptionItems,
    /// Allergies.
    PatientAllergies,
    /// What a dentist often notes.
    DentalObservationTemplates,
    /// Pictures and documents.
    DentalAttachments,
    /// Dental treatments.
    DentalProcedures,
    /// What was seen in a mouth.
    DentalObservations,
    /// Case studies.
    CaseStudies,
    /// What waits for a person's decision.
    SyncConflicts,
}

impl TableName {
    /// The declaration of this table.
    pub fn table(self) -> &'static Table {
        &TABLES[self as usize]
    }

    /// The table's name in both databases and on the wire.
    pub fn as_str(self) -> &'static str {
        self.table().sql_name
    }

    /// The table of this name, if there is one.
    pub fn find(name: &str) -> Option<Self> {
        TABLES.iter().find(|table| table.sql_name == name).map(|table| table.name)
    }
}

/// What a column holds, and the form of its value on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A string of at most this many characters.
    Text(usize),
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// A UUID, as a hyphenated lower-case string.
    Uuid,
    /// A whole number between these two, both included.
    Int(i64, i64),
    /// A number with at most two decimals, as a JSON number.
    Decimal,
    /// A truth value.
    Bool,
    /// A day in the clinic's time zone, as `2026-11-23`.
    Date,
    /// A moment, as `2026-11-23T04:11:08.123Z`: UTC, always three decimals.
    Timestamp,
    /// Any JSON value.
    Json,
}

/// What happens when two desktops changed one column from the same base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// The later `recorded_at` wins; the other value stays in the mutation log.
    Latest,
    /// The server's value stays and a person decides.
    Review,
    /// Of an object, each entry by itself: what one side alone changed holds, what both changed is for a person.
    ReviewEntries,
    /// A person decides; until then the more careful of the two holds: every line of two texts, the later of
    /// two choices as declared. What may be an allergy is never hidden.
    SaferUnion,
    /// Of two states on this ladder the further one holds; anything else is for a person.
    Furthest(&'static [&'static str]),
    /// The entries of two lists, or the lines of two texts, together: what one side adds is never lost. An entry
    /// that one side took out and the other kept stays. Two texts that are too long together are for a person.
    Union,
    /// Desktops never write it.
    ServerOnly,
}

/// Which devices may receive a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every device of the tenant.
    Everyone,
    /// Devices enrolled for clinical work only.
    Clinical,
}

/// Which staff may write a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// All staff.
    Anyone,
    /// Doctors, dentists and nurses.
    Clinician,
    /// Doctors and dentists.
    Prescriber,
    /// Dentists, and nurses who chart what a dentist dictates.
    Charter,
    /// Doctors, dentists and the tenant's admin: whoever may say that two patients are one.
    Merger,
    /// The tenant's admin.
    Admin,
    /// Whoever may decide some item: admins, doctors, dentists and reception. Which ones is up to the row, see
    /// [`crate::conflict::may_decide`].
    Decider,
    /// No desktop.
    Nobody,
}

/// A column of a synced table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in both databases and on the wire.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// How concurrent changes merge.
    pub merge: Merge,
    /// Who may receive it.
    pub scope: Scope,
    /// Who may write it.
    pub writer: Writer,
    /// Whether a row may lack it.
    pub nullable: bool,
    /// The value, as JSON text, of a new row that does not give one.
    pub default: Option<&'static str>,
    /// The table that its id points into.
    pub refers_to: Option<TableName>,
    /// The column with which this one makes one fact: of two people's dosages one holds as a whole, never a mixture.
    pub part_of: Option<&'static str>,
}

/// A synced table.
#[derive(Debug)]
pub struct Table {
    /// Which one.
    pub name: TableName,
    /// Its name in both databases and on the wire.
    pub sql_name: &'static str,
    /// The column that says of each row by itself which devices may receive it, one of [`ROW_SCOPES`]. Without it
    /// only the columns decide.
    pub row_scope: Option<&'static str>,
    /// Its columns, but for the common ones: `tenant_id`, `id`, `sync_version`, `deleted_at` and the tail.
    pub columns: &'static [Column],
}

impl Table {
    /// The column of this name, if there is one.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns that make one fact together.
    pub fn fact<'a>(&'static self, lead: &'a str) -> impl Iterator<Item = &'static Column> + use<'a> {
        self.columns.iter().filter(move |column| column.fact() == lead)
    }

    /// Whether a device of the front desk receives nothing of it.
    pub fn is_clinical(&self) -> bool {
        self.columns.iter().all(|column| column.scope == Scope::Clinical)
    }

    /// Whether all tenants share its rows.
    pub fn is_shared(&self) -> bool {
        self.name == TableName::Medicines
    }

    /// The tables of a tenant: all but the shared catalogue.
    pub fn of_tenant() -> impl Iterator<Item = &'static Table> {
        TABLES.iter().filter(|table| !table.is_shared())
    }
}

impl Column {
    const fn new(name: &'static str, kind: Kind, merge: Merge, scope: Scope, writer: Writer) -> Self {
        Self {
            name,
            kind,
            merge,
            scope,
            writer,
            nullable: true,
            default: None,
            refers_to: None,
            part_of: None,
        }
    }

    const fn required(mut self) -> Self {
        self.nullable = false;
        self
    }

    const fn or(mut self, default: &'static str) -> Self {
        self.nullable = false;
        self.default = Some(default);
        self
    }

    const fn to(mut self, table: TableName) -> Self {
        self.refers_to = Some(table);
        self
    }

    const fn part_of(mut self, lead: &'static str) -> Self {
        self.part_of = Some(lead);
        self
    }

    /// The column by whose name the fact goes that this column is of.
    pub fn fact(&self) -> &'static str {
        self.part_of.unwrap_or(self.name)
    }
}

/// A column that every device receives.
const fn open(name: &'static str, kind: Kind, merge: Merge, writer: Writer) -> Column {
    Column::new(name, kind, merge, Scope::Everyone, writer)
}

/// A column that only clinical devices receive.
const fn clinical(name: &'static str, kind: Kind, merge: Merge, writer: Writer) -> Column {
    Column::new(name, kind, merge, Scope::Clinical, writer)
}

/// Every synced table, in the order of the pull: parents before children.
pub static TABLES: &[Table] = &[
    medicine::MEDICINES,
    clinic::CLINICS,
    clinic::DOCTORS,
    patient::PATIENTS,
    medicine::TENANT_MEDICINES,
    medicine::SHORT_KEYS,
    appointment::APPOINTMENTS,
    prescription::PRESCRIPTIONS,
    prescription::PRESCRIPTION_ITEMS,
    patient::PATIENT_ALLERGIES,
    dental::DENTAL_OBSERVATION_TEMPLATES,
    dental::DENTAL_ATTACHMENTS,
    dental::DENTAL_PROCEDURES,
    dental::DENTAL_OBSERVATIONS,
    case_study::CASE_STUDIES,
    sync::SYNC_CONFLICTS,
];

/// A row as the server has it, on its way to a desktop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Row {
    /// Whose row.
    pub table: TableName,
    /// Which row.
    pub id: uuid::Uuid,
    /// The tenant's version (for [`TableName::Medicines`], the catalogue's) that last changed it.
    pub version: i64,
    /// Whether it was deleted; its values remain.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// All columns that the device's scope may see; a column without a value is null.
    pub values: Values,
}

/// A row of a table that this program does not know yet. It is kept as it came, for a later program.
#[derive(Clone, Debug, PartialEq)]
pub struct UnknownRow {
    /// The table's name.
    pub table: String,
    /// Which row.
    pub id: uuid::Uuid,
    /// The tenant's version that last changed it.
    pub version: i64,
    /// All of it.
    pub row: Value,
}

impl UnknownRow {
    /// Reads a row of an unknown table; none for what is no row, or one of a known table.
    pub fn parse(row: Value) -> Option<Self> {
        let table = row.get("table")?.as_str().filter(|name| TableName::find(name).is_none())?.to_owned();
        let id = row.get("id")?.as_str()?.parse().ok()?;
        let version = row.get("version")?.as_i64()?;
        Some(Self { table, id, version, row })
    }

    /// Its place in the order of a pull, see [`crate::api::Position`].
    pub fn position(&self) -> String {
        format!("{}.{}.{}", self.version, self.table, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_stands_at_the_place_of_its_name() {
        for (place, table) in TABLES.iter().enumerate() {
            assert_eq!(table.name as usize, place, "{}", table.sql_name);
            assert_eq!(serde_json::to_value(table.name).ok(), Some(Value::from(table.sql_name)));
        }
    }

    #[test]
    fn parents_come_before_their_children() {
        for table in TABLES {
            for column in table.columns {
                if let Some(parent) = column.refers_to {
                    assert!(parent as usize <= table.name as usize, "{}.{}", table.sql_name, column.name);
                }
            }
        }
    }

    #[test]
    fn what_is_one_fact_is_decided_by_a_person_as_one() {
        for table in TABLES {
            for column in table.columns.iter().filter(|column| column.part_of.is_some()) {
                let lead = table.column(column.fact()).expect("BUG: the lead is a column");
                assert_eq!(lead.part_of, None, "{}", column.name);
                for member in [lead, column] {
                    assert_eq!(member.merge, Merge::Review, "{}.{}", table.sql_name, member.name);
                }
                assert_eq!((lead.scope, lead.writer), (column.scope, column.writer), "{}", column.name);
            }
        }
    }

    #[test]
    fn a_scope_of_rows_is_a_column_that_no_desktop_writes() {
        for table in TABLES {
            let Some(name) = table.row_scope else { continue };
            let column = table.column(name).expect("BUG: a column");
            assert_eq!((column.kind, column.writer), (Kind::Choice(ROW_SCOPES), Writer::Nobody));
        }
    }

    #[test]
    fn every_default_is_a_valid_value_of_its_column() {
        for table in TABLES {
            for column in table.columns {
                if let Some(default) = column.default {
                    let value = serde_json::from_str(default).expect("BUG: a default is JSON");
                    assert!(crate::validate::check_value(column, &value).is_ok(), "{}", column.name);
                }
            }
        }
    }
}
