//! What this computer holds, written out for its clinic.

use std::io::Write;
use std::path::Path;

use protocol::audit::Action;
use protocol::id::DoctorId;
use protocol::permission::Capability;
use protocol::table::{Scope, TABLES, TableName, Values};
use rusqlite::Transaction;
use serde_json::json;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::files;
use crate::replica::{Replica, text};
use crate::store::get_row;

impl Replica {
    fn must_export(&self) -> Result<()> {
        if self.acting().roles.has(Capability::ExportTenant) {
            return Ok(());
        }
        Err(Error::Forbidden("Only an admin exports what this computer holds. Nothing was written."))
    }

    /// Writes the attached files that are on this computer into this folder, each under the id of its row, and answers how
    /// many. They leave this program, which is noted.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for whoever is no admin, and [`Error::FileDamaged`] for one of the files, once all the others are
    /// written.
    pub fn export_files(&self, to: &Path) -> Result<u32> {
        self.must_export()?;
        files::make_private_dir(to)?;
        let own = self.acting().doctor_id;
        let mut n_written = 0;
        let all = self.contents_here(|id, content| {
            let row = self.store.read(|tx| get_row(tx, TableName::DentalAttachments, id.0))?;
            if let Some(row) = row
                && self.store.read(|tx| {
                    is_of_anothers_study(tx, TableName::DentalAttachments, (id.0, &row.values), own)
                })?
            {
                return Ok(());
            }
            let ending = Path::new(&content.file_name).extension().and_then(std::ffi::OsStr::to_str);
            let name = format!("{id}.{}", ending.unwrap_or("bin"));
            let written: Result<()> = files::save(&to.join(name), |file| Ok(file.write_all(&content.bytes)?));
            n_written += u32::from(written.is_ok());
            written
        });
        self.note(Action::Export, None, None);
        all.map(|_| n_written)
    }

    /// Writes every row of the tenant that this person may read, one JSON object a line, and answers how many: of private
    /// case studies only their own. It leaves this program, which is noted.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for whoever is no admin.
    pub fn export_rows(&self, to: &mut dyn Write) -> Result<u32> {
        self.must_export()?;
        let own = self.acting().doctor_id;
        let n_written = self.store.read(|tx| {
            let mut n_written = 0;
            for table in TABLES.iter().filter(|table| !table.is_shared()) {
                let sql = format!("select id from {} where is_deleted = 0 order by id", table.sql_name);
                let mut statement = tx.prepare(&sql)?;
                let mut ids = statement.query([])?;
                while let Some(id) = ids.next()? {
                    let id: Uuid = id.get::<_, String>(0)?.parse().map_err(|_| Error::StoreDamaged)?;
                    let Some(mut row) = get_row(tx, table.name, id)? else { continue };
                    let is_hidden = table.row_scope.is_some_and(|name| text(&row.values, name) == "clinical");
                    if !self.is_clinical() && (is_hidden || table.is_clinical()) {
                        continue;
                    }
                    if is_of_anothers_study(tx, table.name, (id, &row.values), own)? {
                        continue;
                    }
                    row.values.retain(|name, _| {
                        let column = table.column(name);
                        self.is_clinical() || column.is_none_or(|column| column.scope != Scope::Clinical)
                    });
                    let line =
                        json!({ "table": table.sql_name, "id": id, "version": row.version, "values": row.values });
                    writeln!(to, "{line}")?;
                    n_written += 1;
                }
            }
            to.flush()?;
            Ok(n_written)
        })?;
        self.note(Action::Export, None, None);
        Ok(n_written)
    }
}

/// Whether a row is a case study that this doctor may not read, or is about one.
fn is_of_anothers_study(
    tx: &Transaction<'_>,
    table: TableName,
    (id, row): (Uuid, &Values),
    doctor: Option<DoctorId>,
) -> Result<bool> {
    let study = match table {
        TableName::CaseStudies => Some(id),
        TableName::SyncConflicts if text(row, "table_name") == "case_studies" => {
            text(row, "row_id").parse().ok()
        }
        TableName::DentalAttachments if text(row, "owner_kind") == "case_study" => {
            text(row, "owner_id").parse().ok()
        }
        _ => None,
    };
    let Some(study) = study else { return Ok(false) };
    Ok(!get_row(tx, TableName::CaseStudies, study)?.is_some_and(|study| is_shown(&study.values, doctor)))
}

/// Whether this doctor may read a case study: a private one is its author's alone.
fn is_shown(case_study: &Values, doctor: Option<DoctorId>) -> bool {
    let is_own = |doctor: DoctorId| text(case_study, "doctor_id") == doctor.to_string();
    text(case_study, "visibility") == "tenant" || doctor.is_some_and(is_own)
}
