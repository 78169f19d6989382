//! The dental chart: what was seen, what was done, and pictures of it.

use super::Kind::{Bool, Choice, Date, Decimal, Int, Json, Text, Uuid};
use super::Merge::{Furthest, Latest, Review, ServerOnly, Union};
use super::Writer::{Charter, Clinician, Nobody, Prescriber};
use super::{Table, TableName, clinical};

/// What a tooth or its surroundings can show.
pub const CONDITIONS: &[&str] = &[
    "sound",
    "caries_initial",
    "caries_enamel",
    "caries_dentine",
    "caries_pulp",
    "filled_sound",
    "filled_defective",
    "fracture_crown",
    "fracture_root",
    "attrition",
    "abrasion",
    "erosion",
    "hypoplasia",
    "fluorosis",
    "discoloured",
    "missing_extracted",
    "missing_congenital",
    "unerupted",
    "partially_erupted",
    "impacted",
    "retained_root",
    "retained_primary",
    "rotated",
    "drifted",
    "mobility",
    "furcation",
    "pocket",
    "recession",
    "bleeding",
    "calculus",
    "gingivitis",
    "periodontitis",
    "periapical_lesion",
    "pulpitis_reversible",
    "pulpitis_irreversible",
    "necrosis",
    "abscess",
    "sinus_tract",
    "crown",
    "bridge_abutment",
    "bridge_pontic",
    "implant",
    "denture",
    "veneer",
    "sealant",
    "root_canal_treated",
    "post_core",
    "splint",
    "ortho_appliance",
    "other",
];

/// What an entry of the chart is about.
pub const SITE_KINDS: &[&str] = &["tooth", "quadrant", "sextant", "arch", "mouth"];

/// Quadrants, sextants and arches, where an entry is not about a tooth.
pub const REGIONS: &[&str] = &["q1", "q2", "q3", "q4", "s1", "s2", "s3", "s4", "s5", "s6", "upper", "lower"];

/// The states of a procedure; see [`crate::dental::ProcedureStatus`].
pub const PROCEDURE_STATUSES: &[&str] = &[
    "planned",
    "accepted",
    "in_progress",
    "completed",
    "existing_here",
    "existing_elsewhere",
    "referred",
    "cancelled",
    "failed",
    "entered_in_error",
];

/// The states that follow each other: of two, the further one holds.
const PROCEDURE_LADDER: &[&str] = &["planned", "accepted", "in_progress", "completed"];

/// What a dentist often notes, in one key.
pub(super) const DENTAL_OBSERVATION_TEMPLATES: Table = Table {
    name: TableName::DentalObservationTemplates,
    sql_name: "dental_observation_templates",
    row_scope: None,
    columns: &[
        clinical("key", Text(30), Review, Prescriber).required(),
        clinical("name", Text(120), Latest, Prescriber).required(),
        clinical("scope", Choice(&["tenant", "doctor"]), Review, Prescriber).required(),
        clinical("doctor_id", Uuid, Review, Prescriber).to(TableName::Doctors),
        clinical("applies_to", Choice(&["tooth", "surface", "arch", "mouth"]), Review, Prescriber).required(),
        clinical("condition_code", Choice(CONDITIONS), Review, Prescriber),
        clinical("default_surfaces", Text(8), Review, Prescriber),
        clinical("body", Json, Review, Prescriber).required(),
        clinical("suggested_procedures", Json, Review, Prescriber).or("[]"),
        clinical("locale", Text(10), Latest, Prescriber),
        clinical("is_active", Bool, Latest, Prescriber).or("true"),
        clinical("version", Int(1, 10_000), Latest, Prescriber).or("1"),
    ],
};

/// Pictures and documents. Their bytes travel by themselves.
pub(super) const DENTAL_ATTACHMENTS: Table = Table {
    name: TableName::DentalAttachments,
    sql_name: "dental_attachments",
    row_scope: None,
    columns: &[
        clinical("patient_id", Uuid, Review, Clinician).required().to(TableName::Patients),
        clinical(
            "owner_kind",
            Choice(&["patient", "dental_observation", "dental_procedure", "prescription", "case_study"]),
            Review,
            Clinician,
        )
        .required(),
        clinical("owner_id", Uuid, Review, Clinician).required(),
        clinical("kind", Choice(&["xray", "photo", "document", "scan", "consent"]), Review, Clinician)
            .required(),
        clinical(
            "subtype",
            Choice(&[
                "periapical",
                "bitewing",
                "panoramic",
                "cephalometric",
                "occlusal",
                "cbct",
                "intraoral",
                "extraoral",
                "report",
                "other",
            ]),
            Review,
            Clinician,
        ),
        clinical("teeth", Json, Union, Clinician).or("[]"),
        clinical("file_name", Text(255), Latest, Clinician).required(),
        clinical(
            "mime",
            Choice(&["image/jpeg", "image/png", "image/webp", "application/dicom", "application/pdf"]),
            Review,
            Clinician,
        )
        .required(),
        clinical("byte_size", Int(1, 104_857_600), Review, Clinician).required(),
        clinical("sha256", Text(64), Review, Clinician).required(),
        clinical("width", Int(1, 100_000), Latest, Clinician),
        clinical("height", Int(1, 100_000), Latest, Clinician),
        clinical("thumbnail", Text(22000), Latest, Clinician),
        clinical("taken_on", Date, Review, Clinician),
        clinical("description", Text(1000), Latest, Clinician),
        clinical("paired_attachment_id", Uuid, Latest, Clinician).to(TableName::DentalAttachments),
        clinical("view_state", Json, Latest, Clinician).or("{}"),
        clinical(
            "upload_state",
            Choice(&["local_only", "uploading", "stored", "failed"]),
            ServerOnly,
            Nobody,
        )
        .or("\"local_only\""),
    ],
};

/// Treatments, planned and done.
pub(super) const DENTAL_PROCEDURES: Table = Table {
    name: TableName::DentalProcedures,
    sql_name: "dental_procedures",
    row_scope: None,
    columns: &[
        clinical("patient_id", Uuid, Review, Charter).required().to(TableName::Patients),
        clinical("doctor_id", Uuid, Review, Charter).required().to(TableName::Doctors),
        clinical("clinic_id", Uuid, Review, Charter).required().to(TableName::Clinics),
        clinical("appointment_id", Uuid, Latest, Charter).to(TableName::Appointments),
        clinical("procedure_code", Text(20), Review, Charter),
        clinical("procedure_name", Text(150), Review, Charter).required(),
        clinical("site_kind", Choice(SITE_KINDS), Review, Charter).required().part_of("tooth_fdi"),
        clinical("tooth_fdi", Int(11, 85), Review, Charter),
        clinical("tooth_range", Json, Review, Charter).or("[]").part_of("tooth_fdi"),
        clinical("region", Choice(REGIONS), Review, Charter).part_of("tooth_fdi"),
        clinical("surfaces", Text(8), Review, Charter).part_of("tooth_fdi"),
        clinical("status", Choice(PROCEDURE_STATUSES), Furthest(PROCEDURE_LADDER), Charter).or("\"planned\""),
        clinical("plan_group", Text(40), Latest, Charter),
        clinical("priority", Int(0, 99), Latest, Charter).or("0"),
        clinical("planned_on", Date, Review, Charter),
        clinical("started_on", Date, Review, Charter),
        clinical("completed_on", Date, Review, Charter),
        clinical("sessions", Json, Union, Charter).or("[]"),
        clinical("anaesthesia", Text(100), Review, Charter),
        clinical("materials", Json, Union, Charter).or("[]"),
        clinical("shade", Text(10), Latest, Charter),
        clinical("tooth_state_after", Choice(CONDITIONS), Review, Charter),
        clinical("fee", Decimal, Latest, Charter),
        clinical("discount", Decimal, Latest, Charter),
        clinical("consent_attachment_id", Uuid, Latest, Charter).to(TableName::DentalAttachments),
        clinical("complications", Text(1000), Review, Charter),
        clinical("note", Text(2000), Union, Charter),
    ],
};

/// What was seen; the chart is the fold of these and of procedures.
pub(super) const DENTAL_OBSERVATIONS: Table = Table {
    name: TableName::DentalObservations,
    sql_name: "dental_observations",
    row_scope: None,
    columns: &[
        clinical("patient_id", Uuid, Review, Charter).required().to(TableName::Patients),
        clinical("doctor_id", Uuid, Review, Charter).required().to(TableName::Doctors),
        clinical("clinic_id", Uuid, Review, Charter).required().to(TableName::Clinics),
        clinical("prescription_id", Uuid, Latest, Charter).to(TableName::Prescriptions),
        clinical("observed_on", Date, Review, Charter).required(),
        clinical("site_kind", Choice(SITE_KINDS), Review, Charter).required().part_of("tooth_fdi"),
        clinical("tooth_fdi", Int(11, 85), Review, Charter),
        clinical("is_supernumerary", Bool, Review, Charter).or("false"),
        clinical("region", Choice(REGIONS), Review, Charter).part_of("tooth_fdi"),
        clinical("surfaces", Text(8), Review, Charter).part_of("tooth_fdi"),
        clinical("condition_code", Choice(CONDITIONS), Review, Charter).required(),
        clinical("grade", Int(0, 20), Review, Charter),
        clinical("status", Choice(&["active", "resolved", "entered_in_error"]), Review, Charter)
            .or("\"active\""),
        clinical("resolved_by_procedure_id", Uuid, Review, Charter).to(TableName::DentalProcedures),
        clinical("template_id", Uuid, Latest, Charter).to(TableName::DentalObservationTemplates),
        clinical("note", Text(2000), Latest, Charter),
    ],
};
