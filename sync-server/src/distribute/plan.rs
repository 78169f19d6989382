//! In which order tables are spread over a Citus cluster.

use std::collections::BTreeSet;

use anyhow::bail;

/// A table of the schema, as the catalogue has it.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name, without the schema.
    pub name: String,
    /// Whose its rows are.
    pub owner: Owner,
    /// The other tables that its foreign keys point to.
    pub parents: BTreeSet<String>,
    /// Whether the cluster has it already.
    pub is_placed: bool,
}

/// Whose rows a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nobody's: every worker has all of them.
    All,
    /// The rows are the tenants.
    Tenants,
    /// A tenant's, which `tenant_id` names.
    Tenant,
}

/// One call of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `create_reference_table`.
    Reference {
        /// The table.
        table: String,
    },
    /// `create_distributed_table`.
    Distributed {
        /// The table.
        table: String,
        /// The column that names the tenant.
        column: &'static str,
        /// The table beside whose rows the same tenant's rows lie, or `none` for a group of its own.
        beside: &'static str,
    },
}

/// The calls that are still to be made: shared tables, `tenants`, then each table after those it points to, and by
/// name where that leaves a choice.
///
/// # Errors
///
/// A shared table points to a tenant's, or tables point to each other in a circle: neither can be spread.
pub fn plan(tables: &[Table]) -> anyhow::Result<Vec<Step>> {
    let mut waiting: Vec<&Table> = tables.iter().collect();
    waiting.sort_by_key(|table| (table.owner != Owner::All, &table.name));
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    let mut steps = Vec::new();
    while !waiting.is_empty() {
        let ready = |table: &&Table| {
            table.parents.iter().all(|parent| *parent == table.name || placed.contains(parent.as_str()))
        };
        let Some(next) = waiting.iter().position(ready) else {
            let names: Vec<&str> = waiting.iter().map(|table| table.name.as_str()).collect();
            bail!("These tables point to each other in a circle, or to no table: {}.", names.join(", "));
        };
        let table = waiting.remove(next);
        if table.owner == Owner::All
            && let Some(parent) =
                tables.iter().find(|other| other.owner != Owner::All && table.parents.contains(&other.name))
        {
            bail!("The shared table {} points to {}, whose rows are a tenant's.", table.name, parent.name);
        }
        if !table.is_placed {
            steps.push(step(table));
        }
        placed.insert(&table.name);
    }
    Ok(steps)
}

fn step(table: &Table) -> Step {
    let name = table.name.clone();
    match table.owner {
        Owner::All => Step::Reference { table: name },
        Owner::Tenants => Step::Distributed { table: name, column: "id", beside: "none" },
        Owner::Tenant => Step::Distributed { table: name, column: "tenant_id", beside: "clinic.tenants" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, owner: Owner, parents: &[&str]) -> Table {
        let parents = parents.iter().map(|parent| (*parent).to_owned()).collect();
        Table { name: name.to_owned(), owner, parents, is_placed: false }
    }

    fn names(steps: &[Step]) -> Vec<&str> {
        steps
            .iter()
            .map(|step| match step {
                Step::Reference { table } | Step::Distributed { table, .. } => table.as_str(),
            })
            .collect()
    }

    #[test]
    fn shared_tables_come_first_and_each_table_after_those_it_points_to() {
        let mut tables = [
            table("a_line", Owner::Tenant, &["prescriptions", "tenants"]),
            table("prescriptions", Owner::Tenant, &["patients", "prescriptions", "tenants"]),
            table("patients", Owner::Tenant, &["tenants"]),
            table("tenants", Owner::Tenants, &[]),
            table("medicines", Owner::All, &[]),
        ];
        let steps = plan(&tables).expect("a plan");
        assert_eq!(names(&steps), ["medicines", "tenants", "patients", "prescriptions", "a_line"]);
        assert_eq!(steps[1], Step::Distributed { table: "tenants".into(), column: "id", beside: "none" });
        assert_eq!(
            steps[2],
            Step::Distributed { table: "patients".into(), column: "tenant_id", beside: "clinic.tenants" }
        );
        for table in &mut tables[2..] {
            table.is_placed = true;
        }
        assert_eq!(names(&plan(&tables).expect("a plan")), ["prescriptions", "a_line"]);
    }

    #[test]
    fn what_cannot_be_spread_is_said_by_name() {
        let circle = [table("a", Owner::Tenant, &["b"]), table("b", Owner::Tenant, &["a"])];
        assert!(plan(&circle).expect_err("a circle").to_string().contains("a, b"));
        let shared = [table("tenants", Owner::Tenants, &[]), table("plans", Owner::All, &["tenants"])];
        assert!(plan(&shared).expect_err("not spread").to_string().contains("plans points to tenants"));
    }
}
