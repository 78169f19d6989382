//! What became of every line: counts for the terminal, and a sheet for whoever goes through them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use csv::{StringRecord, Writer, WriterBuilder};
use protocol::sheet::{guard, unguard};
use serde::Serialize;

use super::heading::{Mapping, Use};
use crate::import::private_file;

/// How many problems are shown in the terminal.
const SHOWN: usize = 40;

/// What an import did, or would do.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Lines below the headings.
    pub lines: u64,
    /// Patients brought, those for review included.
    pub imported: u64,
    /// Of these: for a person to look at.
    pub for_review: u64,
    /// Of these: with something that was concluded or left out.
    pub adapted: u64,
    /// Brought by an earlier run.
    pub here: u64,
    /// The same as an earlier line.
    pub twice: u64,
    /// Marked as deleted or merged.
    pub left_out: u64,
    /// Not brought, to be corrected.
    pub refused: u64,
    /// With nothing in them.
    pub blank: u64,
    /// Which heading is read as which field.
    pub columns: BTreeMap<String, &'static str>,
    /// Headings that nothing is read from, why, and in how many lines something stands under them.
    pub ignored: BTreeMap<String, (String, u64)>,
    /// Why lines were refused, the first of them.
    pub problems: Vec<String>,
    /// What was concluded or left out, and how often.
    pub adaptations: BTreeMap<String, u64>,
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// A title, or the headings themselves.
    Above,
    Blank,
    LeftOut(&'static str),
    Refused(Vec<String>),
    /// By an earlier run.
    Here,
    /// As this line.
    Twice(u64),
    Imported {
        for_review: bool,
        said: Vec<String>,
    },
}

/// Counts, and writes the sheet.
pub(super) struct Outcome {
    sheet: Option<Writer<BufWriter<File>>>,
    is_written: bool,
    pub(super) summary: Summary,
}

impl Outcome {
    /// # Errors
    ///
    /// A file that is there already, or cannot be written.
    pub(super) fn open(path: Option<&Path>, mapping: &Mapping, is_written: bool) -> anyhow::Result<Self> {
        let mut outcome = Self { sheet: None, is_written, summary: Summary::default() };
        for (heading, used) in &mapping.columns {
            match used {
                Use::Field(field) => _ = outcome.summary.columns.insert(heading.clone(), field),
                Use::Serial => {}
                Use::Ignored(why) => _ = outcome.summary.ignored.insert(heading.clone(), (why.clone(), 0)),
            }
        }
        if let Some(path) = path {
            let mut file = BufWriter::new(private_file(path)?);
            // By this mark spreadsheet programs know that it is UTF-8.
            file.write_all("\u{FEFF}".as_bytes())?;
            let mut sheet = WriterBuilder::new().flexible(true).from_writer(file);
            let headings = mapping.columns.iter().map(|(heading, _)| guard(heading).into_owned());
            let ours = ["line", "outcome", "what was said"].map(str::to_owned);
            sheet.write_record(ours.into_iter().chain(headings))?;
            outcome.sheet = Some(sheet);
        }
        Ok(outcome)
    }

    /// One line more.
    pub(super) fn line(
        &mut self,
        line: u64,
        record: &StringRecord,
        mapping: &Mapping,
        fate: &Fate,
    ) -> anyhow::Result<()> {
        if *fate == Fate::Above {
            return Ok(());
        }
        let Summary { imported, for_review, adapted, here, twice, left_out, refused, blank, .. } =
            &mut self.summary;
        let would_be = if self.is_written { "" } else { "would be " };
        let (outcome, said) = match fate {
            Fate::Above | Fate::Blank => {
                *blank += 1;
                ("blank".to_owned(), String::new())
            }
            Fate::LeftOut(why) => {
                *left_out += 1;
                ("left out".to_owned(), format!("{why}."))
            }
            Fate::Refused(why) => {
                *refused += 1;
                if self.summary.problems.len() < SHOWN {
                    self.summary.problems.extend(why.iter().map(|why| format!("line {line}: {why}")));
                }
                ("refused".to_owned(), why.join(" "))
            }
            Fate::Here => {
                *here += 1;
                ("already there".to_owned(), "An earlier run brought this line.".to_owned())
            }
            Fate::Twice(other) => {
                *twice += 1;
                (format!("the same as line {other}"), String::new())
            }
            Fate::Imported { for_review: is_for_review, said } => {
                *imported += 1;
                *for_review += u64::from(*is_for_review);
                *adapted += u64::from(!said.is_empty());
                for said in said {
                    *self.summary.adaptations.entry(said.clone()).or_default() += 1;
                }
                let review = if *is_for_review { " for review" } else { "" };
                (format!("{would_be}imported{review}"), said.join(" "))
            }
        };
        self.summary.lines += 1;
        for ((heading, _), cell) in mapping.columns.iter().zip(record) {
            if let Some((_, count)) = self.summary.ignored.get_mut(heading) {
                *count += u64::from(!cell.trim().is_empty());
            }
        }
        if let Some(sheet) = &mut self.sheet {
            // A cell that bears its guard already keeps that one.
            let cells = record.iter().map(|cell| guard(unguard(cell)).into_owned());
            let ours = [line.to_string(), outcome, guard(&said).into_owned()];
            sheet.write_record(ours.into_iter().chain(cells)).context("The result cannot be written.")?;
        }
        Ok(())
    }

    /// # Errors
    ///
    /// A result that is not on the disk as a whole.
    pub(super) fn close(mut self) -> anyhow::Result<Summary> {
        if let Some(mut sheet) = self.sheet.take() {
            sheet.flush().context("The result cannot be written.")?;
            let file = sheet.into_inner().ok().context("The result cannot be written.")?;
            file.get_ref().sync_all().context("The result cannot be written.")?;
        }
        self.summary.ignored.retain(|heading, (_, count)| !heading.is_empty() || *count > 0);
        Ok(self.summary)
    }
}

impl Summary {
    /// Writes it for people; no patient is in it.
    pub(super) fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        for (heading, (why, lines)) in &self.ignored {
            writeln!(
                out,
                "The column {heading:?} is not read: {why}. Something stands in it in {lines} lines."
            )?;
        }
        for (count, what) in [
            (self.imported, "imported"),
            (self.for_review, "of them for review"),
            (self.adapted, "of them adapted"),
            (self.here, "already there"),
            (self.twice, "the same as an earlier line"),
            (self.left_out, "left out: deleted or merged"),
            (self.refused, "refused"),
            (self.blank, "blank"),
        ] {
            writeln!(out, "{count:9} {what}")?;
        }
        for problem in &self.problems {
            writeln!(out, "{problem}")?;
        }
        let told = self.problems.len();
        if told >= SHOWN {
            writeln!(out, "… these are the first; --result has all.")?;
        }
        for (what, count) in &self.adaptations {
            writeln!(out, "{count:9} × {what}")?;
        }
        Ok(())
    }
}
