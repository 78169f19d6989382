//! Medicines, and the short keys that expand to them.

use super::Kind::{Bool, Choice, Decimal, Int, Json, Text, Uuid};
use super::Merge::{Latest, Review, ServerOnly};
use super::Writer::{Nobody, Prescriber};
use super::{Column, Merge, Table, TableName, Writer, clinical, open};

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

/// Whether a medicine may be given in pregnancy, or to a child; nothing where nobody has said.
pub const CAUTIONS: &[&str] = &["safe", "caution", "avoid"];

const fn medicine_columns(writer: Writer, plain: Merge, review: Merge) -> [Column; 20] {
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
        open("manufacturer", Text(150), plain, writer),
        open("pack_size", Text(60), plain, writer),
        open("mrp", Decimal, plain, writer),
        // The most in a day: {"amount": 4000, "unit": "mg"}.
        open("max_daily", Json, review, writer),
        open("pregnancy_flag", Choice(CAUTIONS), review, writer),
        open("paediatric_flag", Choice(CAUTIONS), review, writer),
    ]
}

const MEDICINE_COLUMNS: [Column; 20] = medicine_columns(Nobody, ServerOnly, ServerOnly);
const TENANT_MEDICINE_COLUMNS: [Column; 20] = medicine_columns(Prescriber, Latest, Review);

/// The catalogue that all tenants share; read-only, and versioned by itself.
pub(super) const MEDICINES: Table =
    Table { name: TableName::Medicines, sql_name: "medicines", row_scope: None, columns: &MEDICINE_COLUMNS };

/// A tenant's own medicines.
pub(super) const TENANT_MEDICINES: Table = Table {
    name: TableName::TenantMedicines,
    sql_name: "tenant_medicines",
    row_scope: None,
    columns: &TENANT_MEDICINE_COLUMNS,
};

/// Short keys.
pub(super) const SHORT_KEYS: Table = Table {
    name: TableName::ShortKeys,
    sql_name: "short_keys",
    row_scope: None,
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
        clinical("min_age_months", Int(0, 1_560), Review, Prescriber),
        clinical("max_age_months", Int(0, 1_560), Review, Prescriber),
        clinical("sex", Choice(&["male", "female"]), Review, Prescriber),
        clinical("contraindicated_classes", Json, Review, Prescriber).or("[]"),
        clinical("locale", Text(10), Latest, Prescriber),
        clinical("version", Int(1, 10_000), Latest, Prescriber).or("1"),
    ],
};
