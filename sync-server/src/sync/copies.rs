//! COPY statements built from the declaration of the synced tables, once, at first use. A COPY takes no parameters:
//! each is kept with `$1`, `$2` … in it, as the tests look at it, and [`Copy::with`] puts typed values in their places.

use std::fmt::Write;
use std::sync::LazyLock;

use protocol::api::DeviceScope;
use protocol::bootstrap::{BootstrapLine, WireColumn, WireKind};
use protocol::table::{Column, TABLES, Table, TableName};
use uuid::Uuid;

use super::statements::{only, sees, selected};

/// A COPY of a table's rows as lines of text.
#[derive(Clone, Debug)]
pub(super) struct Copy(String);

/// What stands in the place of a parameter. Nothing else ever goes into a text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Id(Uuid),
    Ids(&'a [Uuid]),
    Number(i64),
}

/// The copies of one table, as the devices of one scope may have it.
#[derive(Debug)]
pub(super) struct TableCopies {
    pub(super) table: &'static Table,
    /// The line before its rows.
    pub(super) header: String,
    /// `(tenant)` → every row; of the shared medicines `(version)` → those that are newer.
    pub(super) whole: Copy,
    /// `(tenant, ids)` → these rows.
    pub(super) by_ids: Copy,
    /// `(tenant, patients)` → the rows of these patients.
    pub(super) of_patients: Option<Copy>,
    /// `(tenant, prescriptions)` → the rows of these prescriptions.
    pub(super) of_prescriptions: Option<Copy>,
    /// `(tenant, id, limit)` → the next rows after that one.
    pub(super) next: Copy,
    /// `(tenant, from, until)` → the rows of the prescriptions between them, the first included.
    pub(super) between_prescriptions: Option<Copy>,
}

impl Copy {
    fn of(query: &str) -> Self {
        Self(format!("copy ({query}) to stdout"))
    }

    /// The statement with these values for `$1`, `$2` …
    pub(super) fn with(&self, values: &[Value<'_>]) -> String {
        let mut sql = self.0.clone();
        for (place, value) in values.iter().enumerate().rev() {
            sql = sql.replace(&format!("${}", place + 1), &value.to_string());
        }
        sql
    }
}

impl std::fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => write!(f, "'{}'::uuid", id.hyphenated()),
            Self::Ids(ids) => {
                f.write_str("'{")?;
                for (place, id) in ids.iter().enumerate() {
                    if place > 0 {
                        f.write_char(',')?;
                    }
                    write!(f, "{}", id.hyphenated())?;
                }
                f.write_str("}'::uuid[]")
            }
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl TableCopies {
    fn of(table: &'static Table, scope: DeviceScope) -> Self {
        let name = table.sql_name;
        let columns: Vec<&Column> = table.columns.iter().filter(|column| sees(scope, column)).collect();
        let version = if table.is_shared() { "catalogue_version" } else { "sync_version" };
        let mut select = format!("select id, {version}");
        for column in &columns {
            write!(select, ", {}", selected(column)).expect("BUG: a string takes all text");
        }
        let only = only(table, scope);
        let copy = |condition: &str| {
            Copy::of(&format!(
                "{select} from {name} where tenant_id = $1{only} and deleted_at is null {condition}"
            ))
        };
        let pointing = |to: TableName| columns.iter().find(|column| column.refers_to == Some(to));
        let of_patients = pointing(TableName::Patients)
            .filter(|_| table.name != TableName::Patients)
            .map(|column| copy(&format!("and {} = any ($2)", column.name)));
        let part = pointing(TableName::Prescriptions).filter(|_| is_part_of_prescription(table));
        let fixed = [("id", WireKind::Uuid), ("sync_version", WireKind::Int)];
        let header = BootstrapLine::Table {
            name: name.to_owned(),
            columns: fixed
                .into_iter()
                .chain(columns.iter().map(|column| (column.name, column.kind.into())))
                .map(|(name, kind)| WireColumn(name.to_owned(), kind))
                .collect(),
        };
        Self {
            table,
            header: serde_json::to_string(&header).expect("BUG: a line is JSON") + "\n",
            whole: if table.is_shared() {
                Copy::of(&format!("{select} from {name} where {version} > $1 order by id"))
            } else {
                copy("order by id")
            },
            by_ids: copy("and id = any ($2) order by id"),
            of_patients,
            of_prescriptions: part.map(|column| copy(&format!("and {} = any ($2)", column.name))),
            next: if is_newest_first(table) {
                copy("and id < $2 order by id desc limit $3")
            } else {
                copy("and id > $2 order by id limit $3")
            },
            between_prescriptions: part.map(|column| {
                let column = column.name;
                copy(&format!("and {column} >= $2 and {column} < $3 order by {column}"))
            }),
        }
    }

    #[cfg(any(test, feature = "testing"))]
    fn all(&self) -> impl Iterator<Item = &Copy> {
        let optional = [&self.of_patients, &self.of_prescriptions, &self.between_prescriptions];
        let by_tenant = [&self.by_ids, &self.next].into_iter().chain(optional.into_iter().flatten());
        std::iter::once(&self.whole).chain(by_tenant.filter(|_| !self.table.is_shared()))
    }
}

/// Whether the rows come together with the prescription that they are part of.
pub(super) fn is_part_of_prescription(table: &Table) -> bool {
    table.name == TableName::PrescriptionItems
}

/// Whether every desktop needs it before anything can be done: it is no patient's.
pub(super) fn is_needed_first(table: &Table) -> bool {
    let is_of_someone =
        |column: &Column| matches!(column.refers_to, Some(TableName::Patients | TableName::Prescriptions));
    table.name != TableName::Patients && !table.columns.iter().any(is_of_someone)
}

/// Patients keep the order in which they were registered, which the finder shows; of everything else the newest
/// rows are wanted first.
pub(super) fn is_newest_first(table: &Table) -> bool {
    table.name != TableName::Patients
}

static CLINICAL: LazyLock<Vec<TableCopies>> = LazyLock::new(|| copies(DeviceScope::Clinical));
static FRONT_DESK: LazyLock<Vec<TableCopies>> = LazyLock::new(|| copies(DeviceScope::FrontDesk));

fn copies(scope: DeviceScope) -> Vec<TableCopies> {
    let is_visible = |table: &&Table| table.columns.iter().any(|column| sees(scope, column));
    TABLES.iter().filter(is_visible).map(|table| TableCopies::of(table, scope)).collect()
}

/// The copies of every table that devices of this scope may have, in the order of the declaration.
pub(super) fn of_scope(scope: DeviceScope) -> &'static [TableCopies] {
    match scope {
        DeviceScope::Clinical => &CLINICAL,
        DeviceScope::FrontDesk => &FRONT_DESK,
    }
}

/// The text of every statement here, for the tests that look at them.
#[cfg(feature = "testing")]
pub(super) fn texts() -> impl Iterator<Item = String> {
    [&*CLINICAL, &*FRONT_DESK].into_iter().flatten().flat_map(TableCopies::all).map(|copy| copy.0.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_the_places_of_their_numbers() {
        let copy = Copy::of("select id from t where tenant_id = $1 and id < $2 limit $3");
        let (tenant, id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(
            copy.with(&[Value::Id(tenant), Value::Id(id), Value::Number(7)]),
            "copy (select id from t where tenant_id = '00000000-0000-0000-0000-000000000001'::uuid and id < \
             '00000000-0000-0000-0000-000000000002'::uuid limit 7) to stdout"
        );
        assert_eq!(Value::Ids(&[]).to_string(), "'{}'::uuid[]");
    }

    #[test]
    fn a_front_desk_copies_no_clinical_column_and_no_clinical_table() {
        let all: Vec<&Copy> = FRONT_DESK.iter().flat_map(TableCopies::all).collect();
        assert!(all.iter().any(|copy| copy.0.contains("from patients")));
        let items = all.iter().filter(|copy| copy.0.contains("from sync_conflicts"));
        assert!(
            items.clone().count() > 0 && items.clone().all(|copy| copy.0.contains("and scope = 'everyone'"))
        );
        assert!(all.iter().all(|copy| !copy.0.contains("chronic_conditions")));
        assert!(all.iter().all(|copy| !copy.0.contains("from prescription")));
        assert!(FRONT_DESK.iter().all(|copies| !copies.header.contains("chronic_conditions")));
    }

    #[test]
    fn what_every_desktop_needs_first_is_no_patients() {
        let first = |name: TableName| is_needed_first(name.table());
        assert!(first(TableName::Clinics) && first(TableName::ShortKeys) && first(TableName::Medicines));
        assert!(!first(TableName::Patients) && !first(TableName::Appointments));
        assert!(!first(TableName::PrescriptionItems) && !first(TableName::CaseStudies));
    }
}
