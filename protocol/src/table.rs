//! The one declaration of every synced table. From it come the server's pull and push SQL, the replica's
//! upserts, validation, permissions and the merge rules. The migrations are written by hand; tests compare
//! this declaration with the catalogues of both databases.
//!
//! New tables and columns are added at the end: a table's place is part of the pull's order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use Kind::{Bool, Choice, Date, Decimal, Int, Json, Text, Timestamp, Uuid};
use Merge::{Latest, Review, SaferUnion, ServerOnly};
use Writer::{Admin, Anyone, Clinician, Nobody, Prescriber};

/// The values of a row or of a part of one, by column.
pub type Values = BTreeMap<String, Value>;

/// A synced table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// Prescriptions.
    Prescriptions,
    /// Lines of prescriptions.
    PrescriptionItems,
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
    /// A person decides; until then the more careful of the two holds: every line of two texts, the later of
    /// two choices as declared. What may be an allergy is never hidden.
    SaferUnion,
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
    /// The tenant's admin.
    Admin,
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
}

/// A synced table.
#[derive(Debug)]
pub struct Table {
    /// Which one.
    pub name: TableName,
    /// Its name in both databases and on the wire.
    pub sql_name: &'static str,
    /// Its columns, but for the common ones: `tenant_id`, `id`, `sync_version`, `deleted_at` and the tail.
    pub columns: &'static [Column],
}

impl Table {
    /// The column of this name, if there is one.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
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
        Self { name, kind, merge, scope, writer, nullable: true, default: None, refers_to: None }
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
}

/// A column that every device receives.
const fn open(name: &'static str, kind: Kind, merge: Merge, writer: Writer) -> Column {
    Column::new(name, kind, merge, Scope::Everyone, writer)
}

/// A column that only clinical devices receive.
const fn clinical(name: &'static str, kind: Kind, merge: Merge, writer: Writer) -> Column {
    Column::new(name, kind, merge, Scope::Clinical, writer)
}

/// Forms in which a medicine comes.
pub const DOSAGE_FORMS: &[&str] = &[
    "tablet",
    "capsule",
    "syrup",
    "suspension",
    "drops",
    "injection",
    "cream",
    "ointment",
    "gel",
    "lotion",
    "inhaler",
    "nasal_spray",
    "eye_drops",
    "ear_drops",
    "mouthwash",
    "toothpaste",
    "powder",
    "sachet",
    "suppository",
    "patch",
    "other",
];

/// Ways in which a medicine is taken.
pub const ROUTES: &[&str] = &[
    "oral",
    "sublingual",
    "topical",
    "inhalation",
    "nasal",
    "ophthalmic",
    "otic",
    "rectal",
    "vaginal",
    "im",
    "iv",
    "sc",
    "dental",
    "other",
];

/// A medicine's relation to food.
pub const MEAL_RELATIONS: &[&str] = &["before", "after", "with", "empty_stomach", "bedtime", "none"];

/// The states of a prescription; see [`crate::prescription::Status`].
pub const PRESCRIPTION_STATUSES: &[&str] = &["draft", "discarded", "finalised", "superseded", "voided"];

const fn medicine_columns(writer: Writer, plain: Merge, review: Merge) -> [Column; 14] {
    [
        open("generic_name", Text(250), review, writer).required(),
        open("brand_name", Text(200), plain, writer),
        open("strength_text", Text(80), review, writer),
        open("dosage_form", Choice(DOSAGE_FORMS), review, writer).required(),
        open("route", Choice(ROUTES), review, writer).required(),
        open("atc_code", Text(10), plain, writer),
        open("ingredients", Json, review, writer).or("[]"),
        open("allergen_classes", Json, review, writer).or("[]"),
        open("schedule", Choice(&["none", "G", "H", "H1", "X", "NDPS"]), plain, writer).or("\"none\""),
        open("is_combination", Bool, plain, writer).or("false"),
        open("default_dose", Text(60), plain, writer),
        open("default_duration_days", Int(1, 365), plain, writer),
        open("search_text", Text(600), plain, writer).required(),
        open("is_active", Bool, plain, writer).or("true"),
    ]
}

static MEDICINE_COLUMNS: [Column; 14] = medicine_columns(Nobody, ServerOnly, ServerOnly);
static TENANT_MEDICINE_COLUMNS: [Column; 14] = medicine_columns(Prescriber, Latest, Review);

/// Every synced table, in the order of the pull: parents before children.
pub static TABLES: &[Table] = &[
    Table { name: TableName::Medicines, sql_name: "medicines", columns: &MEDICINE_COLUMNS },
    Table {
        name: TableName::Clinics,
        sql_name: "clinics",
        columns: &[
            open("clinic_name", Text(200), Latest, Admin).required(),
            open("clinic_code", Text(50), ServerOnly, Nobody).required(),
            open("address", Text(500), Latest, Admin),
            open("phone", Text(20), Latest, Admin),
            open("email", Text(254), Latest, Admin),
            open("city", Text(100), Latest, Admin),
            open("state_code", Text(10), Latest, Admin),
            open("pincode", Text(6), Latest, Admin),
            open("time_zone", Text(40), ServerOnly, Nobody).or("\"Asia/Kolkata\""),
            open("registration_number", Text(60), Latest, Admin),
            open("letterhead", Json, Latest, Admin).or("{}"),
            open("working_hours", Json, Latest, Admin).or("{}"),
            open("is_primary", Bool, ServerOnly, Nobody).or("false"),
            open("is_active", Bool, ServerOnly, Nobody).or("true"),
        ],
    },
    Table {
        name: TableName::Doctors,
        sql_name: "doctors",
        columns: &[
            open("user_id", Uuid, ServerOnly, Nobody),
            open("title", Text(20), Latest, Admin).or("\"Dr.\""),
            open("first_name", Text(100), Latest, Admin).required(),
            open("last_name", Text(100), Latest, Admin),
            open("kind", Choice(&["physician", "dentist", "other"]), ServerOnly, Nobody).required(),
            open("specialization", Text(100), Latest, Admin),
            open("qualifications", Text(200), Latest, Admin),
            open("registration_number", Text(50), ServerOnly, Nobody).required(),
            open("registration_council", Text(100), ServerOnly, Nobody).required(),
            open("registration_year", Int(1900, 2200), ServerOnly, Nobody),
            open("mobile_number", Text(16), Latest, Admin),
            open("email", Text(254), Latest, Admin),
            open("default_clinic_id", Uuid, Latest, Admin).to(TableName::Clinics),
            open("is_active", Bool, ServerOnly, Nobody).or("true"),
        ],
    },
    Table {
        name: TableName::Patients,
        sql_name: "patients",
        columns: &[
            open("mobile_number", Text(16), Review, Anyone).required(),
            open("first_name", Text(100), Review, Anyone).required(),
            open("first_name_norm", Text(100), Review, Anyone).required(),
            open("last_name", Text(100), Latest, Anyone),
            open("guardian_name", Text(150), Latest, Anyone),
            open("guardian_relation", Choice(&["S/o", "D/o", "W/o", "B/o", "C/o"]), Latest, Anyone),
            open("sex", Choice(&["male", "female", "other", "unknown"]), Review, Anyone).or("\"unknown\""),
            open("date_of_birth", Date, Review, Anyone),
            open("age_years", Int(0, 130), Review, Anyone),
            open("age_months", Int(0, 11), Review, Anyone),
            open("age_recorded_on", Date, Review, Anyone),
            open(
                "blood_group",
                Choice(&["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-", "unknown"]),
                Review,
                Anyone,
            )
            .or("\"unknown\""),
            open("alternate_mobile", Text(16), Latest, Anyone),
            open("email", Text(254), Latest, Anyone),
            open("address_line", Text(300), Latest, Anyone),
            open("city", Text(100), Latest, Anyone),
            open("state_code", Text(10), Latest, Anyone),
            open("pincode", Text(6), Latest, Anyone),
            open("patient_code", Text(30), Latest, Anyone),
            open("preferred_language", Text(10), Latest, Anyone),
            open(
                "allergy_status",
                Choice(&["none_known", "unknown", "has_allergies"]),
                SaferUnion,
                Clinician,
            )
            .or("\"unknown\""),
            clinical("chronic_conditions", Json, Review, Clinician).or("[]"),
            clinical("alerts", Text(2000), SaferUnion, Clinician),
            open("registered_clinic_id", Uuid, Latest, Anyone).to(TableName::Clinics),
            open("is_deceased", Bool, Review, Anyone).or("false"),
            open("deceased_on", Date, Review, Anyone),
            open("merged_into_id", Uuid, Review, Clinician).to(TableName::Patients),
            open("merge_reason", Text(300), Latest, Clinician),
            open("needs_review", Bool, ServerOnly, Nobody).or("false"),
            open("duplicate_ordinal", Int(0, 32767), ServerOnly, Nobody).or("0"),
        ],
    },
    Table {
        name: TableName::TenantMedicines,
        sql_name: "tenant_medicines",
        columns: &TENANT_MEDICINE_COLUMNS,
    },
    Table {
        name: TableName::ShortKeys,
        sql_name: "short_keys",
        columns: &[
            clinical("key", Text(30), Review, Prescriber).required(),
            clinical("title", Text(120), Latest, Prescriber).required(),
            clinical(
                "kind",
                Choice(&["prescription", "item", "advice", "sig", "note", "investigation"]),
                Review,
                Prescriber,
            )
            .required(),
            clinical("scope", Choice(&["tenant", "doctor"]), Review, Prescriber).required(),
            clinical("doctor_id", Uuid, Review, Prescriber).to(TableName::Doctors),
            clinical("body", Json, Review, Prescriber).required(),
            clinical("is_active", Bool, Latest, Prescriber).or("true"),
        ],
    },
    Table {
        name: TableName::Prescriptions,
        sql_name: "prescriptions",
        columns: &[
            clinical("visit_date", Date, Review, Clinician).required(),
            clinical("doctor_id", Uuid, Review, Clinician).required().to(TableName::Doctors),
            clinical("patient_id", Uuid, Review, Clinician).required().to(TableName::Patients),
            clinical("clinic_id", Uuid, Review, Clinician).required().to(TableName::Clinics),
            clinical("prescription_number", Text(40), Review, Prescriber),
            clinical("status", Choice(PRESCRIPTION_STATUSES), Review, Clinician).or("\"draft\""),
            clinical("version", Int(1, 10_000), Review, Clinician).or("1"),
            clinical("amends_id", Uuid, Review, Prescriber).to(TableName::Prescriptions),
            clinical("superseded_by_id", Uuid, Review, Prescriber).to(TableName::Prescriptions),
            clinical("mode", Choice(&["in_person", "video", "audio", "text"]), Review, Clinician)
                .or("\"in_person\""),
            clinical("chief_complaints", Json, Review, Clinician).or("[]"),
            clinical("examination", Text(4000), Review, Clinician),
            clinical("vitals", Json, Review, Clinician).or("{}"),
            clinical("diagnoses", Json, Review, Prescriber).or("[]"),
            clinical("investigations", Json, Review, Prescriber).or("[]"),
            clinical("advice", Text(4000), Review, Prescriber),
            clinical("follow_up_date", Date, Review, Prescriber),
            clinical("follow_up_note", Text(300), Latest, Prescriber),
            clinical("patient_snapshot", Json, Review, Prescriber),
            clinical("doctor_snapshot", Json, Review, Prescriber),
            clinical("finalised_at", Timestamp, Review, Prescriber),
            clinical("finalised_by", Uuid, Review, Prescriber),
            clinical("content_sha256", Text(64), Review, Prescriber),
            clinical("void_reason", Text(300), Review, Prescriber),
            clinical("voided_at", Timestamp, Review, Prescriber),
            clinical("voided_by", Uuid, Review, Prescriber),
            clinical("language", Text(10), Latest, Clinician).or("\"en\""),
        ],
    },
    Table {
        name: TableName::PrescriptionItems,
        sql_name: "prescription_items",
        columns: &[
            clinical("prescription_id", Uuid, Review, Clinician).required().to(TableName::Prescriptions),
            clinical("position", Int(1, 200), Latest, Clinician).required(),
            clinical("medicine_id", Uuid, Review, Clinician),
            clinical("medicine_text", Text(250), Review, Clinician).required(),
            clinical("generic_text", Text(250), Review, Clinician).required(),
            clinical("strength_text", Text(80), Review, Clinician),
            clinical("dosage_form", Choice(DOSAGE_FORMS), Review, Clinician).required(),
            clinical("route", Choice(ROUTES), Review, Clinician),
            clinical("dose_text", Text(120), Review, Clinician).required(),
            clinical("dose_pattern", Json, Review, Clinician).required(),
            clinical("dose_unit", Text(20), Review, Clinician).required(),
            clinical("meal_relation", Choice(MEAL_RELATIONS), Review, Clinician).or("\"none\""),
            clinical("duration_value", Int(1, 999), Review, Clinician),
            clinical("duration_unit", Choice(&["day", "week", "month", "ongoing"]), Review, Clinician),
            clinical("quantity", Decimal, Review, Clinician),
            clinical("instructions", Text(500), Review, Clinician),
            clinical("patient_directions", Text(1000), Review, Clinician).required(),
            clinical("is_prn", Bool, Review, Clinician).or("false"),
            clinical("substitution_allowed", Bool, Latest, Clinician).or("true"),
            clinical("source", Choice(&["typed", "short_key", "repeat", "favourite"]), Latest, Clinician)
                .or("\"typed\""),
        ],
    },
];

/// A row as the server has it, on its way to a desktop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
