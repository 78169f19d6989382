//! Which rows go with a clinic. Nothing but the declaration of the tables decides: a new table goes along by itself.

use std::collections::{BTreeMap, BTreeSet};

use protocol::id::TenantId;
use protocol::table::{Column, Table, TableName};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{CHUNK, statements};
use crate::error::Result;

/// The rows that go, and which of them are the clinic's own.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) ids: BTreeMap<TableName, BTreeSet<Uuid>>,
    /// Prescribers whose place is this clinic; the others have only prescribed or treated there.
    pub(super) own_doctors: BTreeSet<Uuid>,
    /// Refused changes that an admin is asked about and that stay: they name a computer of the tenant, and a number of its,
    /// which no other tenant knows.
    pub(super) refused: usize,
}

/// Rows that were just chosen.
struct Fresh {
    table: TableName,
    ids: Vec<Uuid>,
    /// Whether all that belongs to them goes as well.
    with_children: bool,
}

impl Chosen {
    pub(super) fn of(&self, table: TableName) -> Vec<Uuid> {
        self.ids.get(&table).map(|ids| ids.iter().copied().collect()).unwrap_or_default()
    }

    pub(super) fn has(&self, table: TableName, id: Uuid) -> bool {
        self.ids.get(&table).is_some_and(|ids| ids.contains(&id))
    }

    /// Adds ids; the answer is those that are new.
    fn add(&mut self, table: TableName, ids: Vec<Uuid>) -> Vec<Uuid> {
        let known = self.ids.entry(table).or_default();
        ids.into_iter().filter(|id| known.insert(*id)).collect()
    }
}

/// Chooses the clinic, what belongs to it, and what that points at; what is deleted only where the target knows it.
pub(super) async fn choose(
    tx: &mut PgConnection,
    to: &mut PgConnection,
    [tenant, target]: [TenantId; 2],
    clinic: Uuid,
    with_patients: bool,
) -> Result<Chosen> {
    let mut chosen = Chosen::default();
    let ids = chosen.add(TableName::Clinics, vec![clinic]);
    let mut waiting = vec![Fresh { table: TableName::Clinics, ids, with_children: true }];
    while let Some(fresh) = waiting.pop() {
        for ids in fresh.ids.chunks(CHUNK) {
            let mut found = Vec::new();
            if fresh.with_children {
                for (child, column) in children_of(fresh.table, with_patients) {
                    let rows: Vec<(Uuid, bool)> = sqlx::query_as(statements::children(child, column))
                        .bind(tenant.0)
                        .bind(ids)
                        .fetch_all(&mut *tx)
                        .await?;
                    let (gone, living): (Vec<_>, Vec<_>) =
                        rows.into_iter().partition(|(_, is_gone)| *is_gone);
                    let gone: Vec<Uuid> = gone.into_iter().map(|(id, _)| id).collect();
                    let known = select(to, statements::present(child), target, &gone).await?;
                    let mut ids: Vec<Uuid> = living.into_iter().map(|(id, _)| id).chain(known).collect();
                    if child.name == TableName::SyncConflicts {
                        let refused = open_refused(tx, tenant, &ids).await?;
                        ids.retain(|id| !refused.contains(id));
                        chosen.refused += refused.len();
                    }
                    found.push((child.name, ids, true));
                }
            }
            let table = fresh.table.table();
            for column in table.columns.iter().filter(|column| goes_along(table, column)) {
                let parent = column.refers_to.expect("BUG: it refers to a table");
                let ids = select(tx, statements::parents(table, column), tenant, ids).await?;
                // A patient comes with allergies and pictures, a prescription with its lines.
                let with_children = matches!(parent, TableName::Patients | TableName::Prescriptions);
                found.push((parent, ids, with_children));
            }
            let medicines = match fresh.table {
                TableName::PrescriptionItems => medicines_of_lines(tx, tenant, ids).await?,
                TableName::ShortKeys => medicines_of_short_keys(tx, tenant, ids).await?,
                _ => vec![],
            };
            found.push((TableName::TenantMedicines, medicines, false));
            for (table, ids, with_children) in found {
                let ids = chosen.add(table, ids);
                if table == TableName::Doctors && with_children {
                    chosen.own_doctors.extend(&ids);
                }
                waiting.push(Fresh { table, ids, with_children });
            }
        }
    }
    Ok(chosen)
}

/// Which of these items ask an admin about a refused change.
async fn open_refused(tx: &mut PgConnection, tenant: TenantId, items: &[Uuid]) -> Result<BTreeSet<Uuid>> {
    let ids = sqlx::query_scalar!(
        "select id from sync_conflicts
         where tenant_id = $1 and id = any ($2) and kind = 'refused' and state = 'open'",
        tenant.0,
        items
    )
    .fetch_all(tx)
    .await?;
    Ok(ids.into_iter().collect())
}

/// The tenant's own medicines that these lines name.
async fn medicines_of_lines(tx: &mut PgConnection, tenant: TenantId, lines: &[Uuid]) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        "select distinct m.id from tenant_medicines m
         join prescription_items i on i.tenant_id = m.tenant_id and i.medicine_id = m.id
         where m.tenant_id = $1 and i.tenant_id = $1 and i.id = any ($2)",
        tenant.0,
        lines
    )
    .fetch_all(tx)
    .await?;
    Ok(ids)
}

/// The tenant's own medicines that these short keys expand to.
async fn medicines_of_short_keys(
    tx: &mut PgConnection,
    tenant: TenantId,
    short_keys: &[Uuid],
) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        "select distinct m.id from tenant_medicines m
         join short_keys k on k.tenant_id = m.tenant_id and strpos(k.body::text, m.id::text) > 0
         where m.tenant_id = $1 and k.tenant_id = $1 and k.id = any ($2)",
        tenant.0,
        short_keys
    )
    .fetch_all(tx)
    .await?;
    Ok(ids)
}

/// The tables whose rows belong to a row of this one, by the column that says to which.
fn children_of(
    parent: TableName,
    with_patients: bool,
) -> impl Iterator<Item = (&'static Table, &'static Column)> {
    Table::of_tenant()
        .filter(move |table| with_patients || !is_about_patients(table))
        .filter_map(move |table| Some((table, owner(table)?)))
        .filter(move |(_, column)| column.refers_to == Some(parent))
}

fn is_about_patients(table: &Table) -> bool {
    table.name == TableName::Patients
        || table.columns.iter().any(|column| column.refers_to == Some(TableName::Patients))
}

/// The column that says to what a row belongs: its clinic, where it has one; else the first row that it names.
fn owner(table: &Table) -> Option<&Column> {
    let others = || table.columns.iter().filter(|column| column.refers_to.is_some_and(|to| to != table.name));
    others().find(|column| column.refers_to == Some(TableName::Clinics)).or_else(|| others().next())
}

/// Whether what a column points at goes along: what a row cannot be without, the chain of amendments and mergers that
/// it stands in, and all that a prescription names, since it is signed as it is. Any other reference is left out where
/// its row stays behind.
fn goes_along(table: &Table, column: &Column) -> bool {
    column
        .refers_to
        .is_some_and(|to| !column.nullable || to == table.name || table.name == TableName::Prescriptions)
}

/// How many of these patients other clinics of the tenant know too: registered there, or seen there.
pub(super) async fn seen_elsewhere(
    tx: &mut PgConnection,
    tenant: TenantId,
    clinic: Uuid,
    patients: &[Uuid],
) -> Result<usize> {
    let mut seen: BTreeSet<Uuid> = BTreeSet::new();
    for table in Table::of_tenant() {
        let to = |parent| table.columns.iter().find(|column| column.refers_to == Some(parent));
        let (Some(patient), Some(at)) = (to(TableName::Patients), to(TableName::Clinics)) else {
            continue;
        };
        if table.name == TableName::Patients {
            continue;
        }
        for ids in patients.chunks(CHUNK) {
            let ids: Vec<Uuid> = sqlx::query_scalar(statements::seen_elsewhere(table, patient, at))
                .bind(tenant.0)
                .bind(ids)
                .bind(clinic)
                .fetch_all(&mut *tx)
                .await?;
            seen.extend(ids);
        }
    }
    let registered = sqlx::query_scalar!(
        "select id from patients
         where tenant_id = $1 and id = any ($2) and registered_clinic_id is not null and registered_clinic_id <> $3",
        tenant.0,
        patients,
        clinic
    )
    .fetch_all(tx)
    .await?;
    seen.extend(registered);
    Ok(seen.len())
}

async fn select(
    tx: &mut PgConnection,
    sql: impl sqlx::SqlSafeStr,
    tenant: TenantId,
    ids: &[Uuid],
) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar(sql).bind(tenant.0).bind(ids).fetch_all(tx).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_belongs_to_its_clinic_its_patient_its_prescription_or_its_doctor() {
        let owners: Vec<_> = Table::of_tenant()
            .map(|table| (table.sql_name, owner(table).map(|column| column.name)))
            .collect();
        assert_eq!(
            owners,
            [
                ("clinics", None),
                ("doctors", Some("default_clinic_id")),
                ("patients", Some("registered_clinic_id")),
                ("tenant_medicines", None),
                ("short_keys", Some("doctor_id")),
                ("appointments", Some("clinic_id")),
                ("prescriptions", Some("clinic_id")),
                ("prescription_items", Some("prescription_id")),
                ("patient_allergies", Some("patient_id")),
                ("dental_observation_templates", Some("doctor_id")),
                ("dental_attachments", Some("patient_id")),
                ("dental_procedures", Some("clinic_id")),
                ("dental_observations", Some("clinic_id")),
                ("case_studies", Some("doctor_id")),
                ("sync_conflicts", Some("patient_id")),
            ]
        );
    }
}
