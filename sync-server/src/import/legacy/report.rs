//! What became of every row: counts for the terminal, and a file for whoever goes through what was adapted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use serde_json::{Value, json};

use super::row::{OldRow, Remark, SetAside};
use super::tables::OldTable;
use crate::import::private_file;

/// What became of the rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// In the old database.
    pub read: u64,
    /// Brought now.
    pub new: u64,
    /// Brought before, and the same since.
    pub here: u64,
    /// Brought before, and changed in the old database since; what is here stays.
    pub changed: u64,
    /// Of the new ones: with values that were concluded or left out.
    pub adapted: u64,
    /// Not brought; kept whole.
    pub set_aside: u64,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// By table.
    pub tables: BTreeMap<&'static str, Counts>,
    /// Columns that nothing here holds, with how many rows have something in them. It is kept beside the row.
    pub unknown_columns: BTreeMap<String, u64>,
    /// Tables that nothing here is made of, with their rows.
    pub unknown_tables: BTreeMap<String, i64>,
    /// Columns with files, which stay in the old database.
    pub files: Vec<String>,
    /// Patients with the number and the first name of another, marked for review.
    pub to_review: usize,
    /// What was wrong, and how often.
    pub problems: BTreeMap<String, u64>,
    /// What the operator should do next.
    pub advice: Vec<String>,
}

/// Counts, and writes the file.
pub(super) struct Report {
    file: Option<BufWriter<File>>,
    pub(super) summary: Summary,
}

impl Report {
    /// # Errors
    ///
    /// A file that is there already, or cannot be written.
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let file = path.map(private_file).transpose()?.map(BufWriter::new);
        Ok(Self { file, summary: Summary::default() })
    }

    pub(super) fn counts(&mut self, table: OldTable) -> &mut Counts {
        self.summary.tables.entry(table.name()).or_default()
    }

    /// A row that was brought, with what was concluded about it.
    pub(super) fn adapted(&mut self, table: OldTable, key: &str, remarks: &[Remark]) -> anyhow::Result<()> {
        self.counts(table).adapted += 1;
        for remark in remarks {
            self.problem(table, &remark.column, remark.what);
            let line = json!({
                "table": table.name(), "key": key, "outcome": "adapted", "column": remark.column,
                "what": remark.what,
            });
            self.line(&line)?;
        }
        Ok(())
    }

    /// A row that was not brought, whole.
    pub(super) fn set_aside(
        &mut self,
        table: OldTable,
        old: &OldRow,
        aside: &SetAside,
    ) -> anyhow::Result<()> {
        self.counts(table).set_aside += 1;
        self.problem(table, aside.column.as_deref().unwrap_or_default(), aside.why);
        let line = json!({
            "table": table.name(), "key": old.key, "outcome": "set aside", "column": aside.column,
            "what": aside.why, "row": old.values,
            "lines": old.lines.iter().map(|line| &line.values).collect::<Vec<_>>(),
        });
        self.line(&line)
    }

    /// A row that is here, and was changed in the old database since.
    pub(super) fn changed(&mut self, table: OldTable, key: &str) -> anyhow::Result<()> {
        self.counts(table).changed += 1;
        self.line(&json!({
            "table": table.name(), "key": key, "outcome": "changed since",
            "what": "it was brought before; what is here stays as it is",
        }))
    }

    pub(super) fn unknown_columns(&mut self, table: OldTable, columns: &[&str]) {
        for column in columns {
            *self.summary.unknown_columns.entry(format!("{}.{column}", table.name())).or_default() += 1;
        }
    }

    fn problem(&mut self, table: OldTable, column: &str, what: &str) {
        let place =
            if column.is_empty() { table.name().to_owned() } else { format!("{}.{column}", table.name()) };
        *self.summary.problems.entry(format!("{place}: {what}")).or_default() += 1;
    }

    fn line(&mut self, line: &Value) -> anyhow::Result<()> {
        if let Some(file) = &mut self.file {
            writeln!(file, "{line}").context("The report cannot be written.")?;
        }
        Ok(())
    }

    /// # Errors
    ///
    /// A report that is not on the disk as a whole.
    pub(super) fn close(mut self) -> anyhow::Result<Summary> {
        if let Some(mut file) = self.file.take() {
            file.flush().context("The report cannot be written.")?;
            file.get_ref().sync_all().context("The report cannot be written.")?;
        }
        Ok(self.summary)
    }
}
