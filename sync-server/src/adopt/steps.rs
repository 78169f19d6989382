//! The steps. Each is a question to the catalogue, whose answers are the statements that are still needed; a step is
//! done when there is no answer left, and so can be broken off anywhere and begun again.

use std::str::FromStr;

/// The record of an adoption: a schema of its own, made before the first step.
pub(super) const RECORD: &str = include_str!("../../../migrations/in-place/00_record.sql");

/// What forbids every rollback.
pub(super) const ROLLBACK_CHECK: &str = include_str!("../../../migrations/in-place/rollback.check.sql");

/// One step of an adoption.
#[derive(Debug)]
pub struct Step {
    /// Its place, from 1.
    pub number: i16,
    /// Its name.
    pub name: &'static str,
    /// What it does, for people.
    pub about: &'static str,
    /// Asks what stands in its way: each answer is a question of its own.
    pub(super) checks: &'static [&'static str],
    /// Asks for the statements that are still needed.
    pub(super) up: &'static str,
    /// Asks for the statements that undo it.
    pub(super) down: &'static str,
    /// As `checks`, for the rollback.
    pub(super) down_checks: &'static [&'static str],
}

const NOTHING: &str = "select ''::text as lock, '{}'::text[] as relations, ''::text as statement where false";

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../../migrations/in-place/", $name, ".sql"))
    };
}

/// All steps, in order.
pub static STEPS: [Step; 9] = [
    Step {
        number: 1,
        name: "tenants",
        about: "tables of tenants and clinics, the tenant LEGACY_001, a role, the old logins' tenant",
        checks: &[file!("01_tenants.check")],
        up: file!("01_tenants.up"),
        down: file!("01_tenants.down"),
        down_checks: &[file!("01_tenants.down.check")],
    },
    Step {
        number: 2,
        name: "tenant-column",
        about: "tenant_id in every table; new rows have it at once",
        checks: &[],
        up: file!("02_tenant_column.up"),
        down: file!("02_tenant_column.down"),
        down_checks: &[file!("02_tenant_column.down.check")],
    },
    Step {
        number: 3,
        name: "backfill",
        about: "tenant_id in the rows that were there, in short batches",
        checks: &[],
        up: file!("03_backfill.up"),
        down: file!("03_backfill.down"),
        down_checks: &[],
    },
    Step {
        number: 4,
        name: "validate",
        about: "every row has a tenant, who exists",
        checks: &[file!("04_validate.check")],
        up: file!("04_validate.up"),
        down: file!("04_validate.down"),
        down_checks: &[],
    },
    Step {
        number: 5,
        name: "not-null",
        about: "tenant_id is NOT NULL",
        checks: &[],
        up: file!("05_not_null.up"),
        down: file!("05_not_null.down"),
        down_checks: &[],
    },
    Step {
        number: 6,
        name: "keys",
        about: "every index and foreign key gets a twin with the tenant in front",
        checks: &[file!("06_keys.check"), file!("04_validate.check")],
        up: file!("06_keys.up"),
        down: file!("06_keys.down"),
        down_checks: &[],
    },
    Step {
        number: 7,
        name: "row-security",
        about: "row security on every table; the old application stays in its tenant",
        checks: &[file!("07_row_security.check")],
        up: file!("07_row_security.up"),
        down: file!("07_row_security.down"),
        down_checks: &[],
    },
    Step {
        number: 8,
        name: "isolation",
        about: "tries the walls with a second tenant, and leaves nothing of it",
        checks: &[file!("08_isolation.check")],
        up: NOTHING,
        down: NOTHING,
        down_checks: &[],
    },
    Step {
        number: 9,
        name: "switch",
        about: "keys without the tenant go; the old logins lose their tenant: the end of the old application",
        checks: &[file!("06_keys.check"), file!("08_isolation.check")],
        up: file!("09_switch.up"),
        down: file!("09_switch.down"),
        down_checks: &[],
    },
];

/// The step that tries the walls instead of changing anything.
pub(super) const ISOLATION: i16 = 8;
/// The step with which the old application ends.
pub(super) const SWITCH: i16 = 9;

/// A step as an operator names it.
#[derive(Clone, Copy, Debug)]
pub struct StepName(pub &'static Step);

impl FromStr for StepName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let step = STEPS.iter().find(|step| step.name == text || step.number.to_string() == text);
        step.map(StepName).ok_or_else(|| {
            let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
            format!("a number from 1 to {}, or one of {}", STEPS.len(), names.join(", "))
        })
    }
}
