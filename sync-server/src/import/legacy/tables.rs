//! The tables of an old database that are known, in the order in which they are imported.

use protocol::table::TableName;

use super::home::Home;
use super::row::{SetAside, Taking};
use super::{chart, line, medicine, patient, people, visit};
use crate::import::words;
use crate::import::write::NewRow;

/// A table of the old database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum OldTable {
    Clinics,
    Users,
    Doctors,
    Medicines,
    Patients,
    PatientAllergies,
    ShortKeys,
    Appointments,
    Prescriptions,
    /// Read with their prescriptions; by themselves only where they have none.
    PrescriptionItems,
    DentalObservationTemplates,
    DentalAttachments,
    DentalProcedures,
    DentalObservations,
    CaseStudies,
}

/// What became of an old row.
#[derive(Debug)]
pub(super) struct Made {
    /// Where its key leads from now on.
    pub(super) id: uuid::Uuid,
    /// The rows to write, in this order.
    pub(super) rows: Vec<NewRow>,
    /// The keys of its lines, where those lead, and what found no place in them.
    pub(super) lines: Vec<MadeLine>,
}

/// What became of a line of a prescription.
#[derive(Debug)]
pub(super) struct MadeLine {
    /// Its place among the lines as they were read.
    pub(super) place: usize,
    /// Its id, unless it was set aside.
    pub(super) outcome: Result<uuid::Uuid, SetAside>,
    /// What was concluded.
    pub(super) remarks: Vec<super::row::Remark>,
    /// Columns that found no place.
    pub(super) unused: Vec<String>,
}

impl Made {
    /// One row of one row.
    pub(super) fn one(row: NewRow) -> Self {
        Self { id: row.id, rows: vec![row], lines: Vec::new() }
    }
}

/// Parents before children.
pub(super) const ORDER: &[OldTable] = &[
    OldTable::Clinics,
    OldTable::Users,
    OldTable::Doctors,
    OldTable::Medicines,
    OldTable::Patients,
    OldTable::PatientAllergies,
    OldTable::ShortKeys,
    OldTable::Appointments,
    OldTable::Prescriptions,
    OldTable::PrescriptionItems,
    OldTable::DentalObservationTemplates,
    OldTable::DentalAttachments,
    OldTable::DentalProcedures,
    OldTable::DentalObservations,
    OldTable::CaseStudies,
];

impl OldTable {
    /// Its name in the old database.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Clinics => "clinics",
            Self::Users => "users",
            Self::Doctors => "doctors",
            Self::Medicines => "medicines",
            Self::Patients => "patients",
            Self::PatientAllergies => "patient_allergies",
            Self::ShortKeys => "short_keys",
            Self::Appointments => "appointments",
            Self::Prescriptions => "prescriptions",
            Self::PrescriptionItems => "prescription_items",
            Self::DentalObservationTemplates => "dental_observation_templates",
            Self::DentalAttachments => "dental_attachments",
            Self::DentalProcedures => "dental_procedures",
            Self::DentalObservations => "dental_observations",
            Self::CaseStudies => "case_studies",
        }
    }

    /// The known table of this name.
    pub(super) fn find(name: &str) -> Option<Self> {
        ORDER.iter().copied().find(|table| table.name() == name)
    }

    /// The old table whose rows become rows of ours; none for what earlier programs did not have.
    pub(super) fn of(table: TableName) -> Option<Self> {
        Some(match table {
            TableName::Medicines | TableName::TenantMedicines => Self::Medicines,
            TableName::Clinics => Self::Clinics,
            TableName::Doctors => Self::Doctors,
            TableName::Patients => Self::Patients,
            TableName::ShortKeys => Self::ShortKeys,
            TableName::Appointments => Self::Appointments,
            TableName::Prescriptions => Self::Prescriptions,
            TableName::PrescriptionItems => Self::PrescriptionItems,
            TableName::PatientAllergies => Self::PatientAllergies,
            TableName::DentalObservationTemplates => Self::DentalObservationTemplates,
            TableName::DentalAttachments => Self::DentalAttachments,
            TableName::DentalProcedures => Self::DentalProcedures,
            TableName::DentalObservations => Self::DentalObservations,
            TableName::CaseStudies => Self::CaseStudies,
            TableName::SyncConflicts => return None,
        })
    }

    /// Our table for its rows; none for staff, who are not synced.
    pub(super) fn ours(self) -> Option<TableName> {
        match self {
            Self::Users => None,
            Self::Clinics => Some(TableName::Clinics),
            Self::Doctors => Some(TableName::Doctors),
            Self::Medicines => Some(TableName::TenantMedicines),
            Self::Patients => Some(TableName::Patients),
            Self::PatientAllergies => Some(TableName::PatientAllergies),
            Self::ShortKeys => Some(TableName::ShortKeys),
            Self::Appointments => Some(TableName::Appointments),
            Self::Prescriptions => Some(TableName::Prescriptions),
            Self::PrescriptionItems => Some(TableName::PrescriptionItems),
            Self::DentalObservationTemplates => Some(TableName::DentalObservationTemplates),
            Self::DentalAttachments => Some(TableName::DentalAttachments),
            Self::DentalProcedures => Some(TableName::DentalProcedures),
            Self::DentalObservations => Some(TableName::DentalObservations),
            Self::CaseStudies => Some(TableName::CaseStudies),
        }
    }

    /// The names of the columns that may point at a row of each parent.
    pub(super) fn references(self) -> Vec<(Vec<&'static str>, Self)> {
        let more: &[(&[&'static str], Self)] = match self {
            Self::Doctors => &[(people::USER, Self::Users)],
            Self::PrescriptionItems => &[(&["medicine_id", "drug_id"], Self::Medicines)],
            _ => &[],
        };
        let declared = self.ours().into_iter().flat_map(|table| {
            table.table().columns.iter().filter_map(move |column| {
                Some((words::names(table, column.name), Self::of(column.refers_to?)?))
            })
        });
        declared.chain(more.iter().map(|(names, parent)| (names.to_vec(), *parent))).collect()
    }

    /// Makes our rows of an old one.
    pub(super) fn convert(self, taking: &mut Taking<'_>, home: &mut Home) -> Result<Made, SetAside> {
        match self {
            Self::Clinics => people::clinic(taking, home),
            Self::Users => people::user(taking, home),
            Self::Doctors => people::doctor(taking, home),
            Self::Medicines => medicine::medicine(taking, home),
            Self::Patients => patient::patient(taking, home),
            Self::PatientAllergies => patient::allergy(taking, home),
            Self::ShortKeys => medicine::short_key(taking, home),
            Self::Appointments => visit::appointment(taking, home),
            Self::Prescriptions => visit::prescription(taking, home),
            Self::PrescriptionItems => Err(line::astray(taking)),
            Self::DentalObservationTemplates => chart::template(taking, home),
            Self::DentalAttachments => chart::attachment(taking, home),
            Self::DentalProcedures => chart::procedure(taking, home),
            Self::DentalObservations => chart::observation(taking, home),
            Self::CaseStudies => chart::case_study(taking, home),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_comes_after_those_that_it_refers_to() {
        for (place, table) in ORDER.iter().enumerate() {
            assert_eq!(OldTable::find(table.name()), Some(*table));
            for (names, parent) in table.references() {
                let parent_place =
                    ORDER.iter().position(|other| *other == parent).expect("BUG: in the order");
                assert!(parent_place <= place, "{table:?} {names:?}");
            }
        }
    }
}
