//! One type for each kind of id, so that a patient's id cannot be passed where a doctor's is meant.
//! All are UUIDv7, made by whoever creates the row.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, as = "String"))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, ordered by the time of its making.
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A customer: one or more clinics that share patients.
    TenantId,
    /// A place with a letterhead.
    ClinicId,
    /// A member of staff who signs in.
    UserId,
    /// A prescriber, with a registration number.
    DoctorId,
    /// A patient.
    PatientId,
    /// An allergy that is noted.
    AllergyId,
    /// A medicine, from the shared catalogue or the tenant's own.
    MedicineId,
    /// A short key: a typed abbreviation for a piece of a prescription.
    ShortKeyId,
    /// An appointment.
    AppointmentId,
    /// A prescription.
    PrescriptionId,
    /// A line of a prescription.
    PrescriptionItemId,
    /// An attached file.
    AttachmentId,
    /// Something that was seen at a tooth or in a mouth.
    ObservationId,
    /// A dental procedure, planned or done.
    ProcedureId,
    /// A desktop.
    DeviceId,
    /// Something that waits for a person's decision.
    ConflictId,
    /// The life of a tenant's data; a new one after a restore from backup.
    Epoch,
}
