//! Who may do what. The table of roles is fixed: six roles, one of them the operator's and outside every
//! tenant.

use serde::{Deserialize, Deserializer, Serialize};

use crate::table::Writer;

/// What a member of staff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum Role {
    /// Runs the clinic: people, computers, letterhead. Sees no clinical column by this role alone.
    Admin,
    /// Prescribes.
    Doctor,
    /// Prescribes and charts teeth.
    Dentist,
    /// Registers patients and books.
    Receptionist,
    /// Takes vitals and histories, prepares drafts.
    Nurse,
}

impl Role {
    /// The role's name on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Doctor => "doctor",
            Self::Dentist => "dentist",
            Self::Receptionist => "receptionist",
            Self::Nurse => "nurse",
        }
    }

    /// The role of this name, if there is one.
    pub fn find(name: &str) -> Option<Self> {
        [Self::Admin, Self::Doctor, Self::Dentist, Self::Receptionist, Self::Nurse]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}

/// What a route of the server lets its caller do, where it is not a write of a column: that is a
/// [`Writer`]'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Their own session, their tenant, and sync, in which every column has its writer.
    Work,
    /// A patient by id; clinical columns only for clinicians.
    OpenDemographics,
    /// A prescription by id.
    ReadPrescriptions,
    /// The audit log; who is not an admin sees their own entries.
    ReadAudit,
    /// That the operator makes somebody an admin.
    ObjectToAdmin,
    /// Clinics and their letterheads.
    ManageClinics,
    /// Members of staff, their roles and passwords.
    ManageUsers,
    /// Which computers may come in.
    ManageDevices,
    /// All that a computer holds, as files. What one person may not read is left out.
    ExportTenant,
}

impl Capability {
    /// Who has it.
    pub fn roles(self) -> &'static [Role] {
        use Role::{Admin, Dentist, Doctor, Nurse, Receptionist};
        match self {
            Self::Work | Self::OpenDemographics => &[Admin, Doctor, Dentist, Receptionist, Nurse],
            Self::ReadPrescriptions => &[Doctor, Dentist, Nurse],
            Self::ReadAudit | Self::ObjectToAdmin => &[Admin, Doctor, Dentist],
            Self::ManageClinics | Self::ManageUsers | Self::ManageDevices | Self::ExportTenant => &[Admin],
        }
    }
}

/// All roles of one person: an owner is often admin and doctor. What a later server calls a role, and this program does not
/// know, lets nobody do anything here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Roles(pub Vec<Role>);

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Ok(Self(names.iter().filter_map(|name| Role::find(name)).collect()))
    }
}

impl Roles {
    /// Whether one of the roles has this capability.
    pub fn has(&self, capability: Capability) -> bool {
        self.0.iter().any(|role| capability.roles().contains(role))
    }

    /// Whether one of the roles lets its bearer write such columns.
    pub fn may_write(&self, writer: Writer) -> bool {
        match writer {
            Writer::Anyone => !self.0.is_empty(),
            Writer::Clinician => self.is_clinician(),
            Writer::Prescriber => self.is_prescriber(),
            Writer::Merger => self.is_prescriber() || self.0.contains(&Role::Admin),
            Writer::Charter => self.is_dentist() || self.0.contains(&Role::Nurse),
            Writer::Admin => self.0.contains(&Role::Admin),
            Writer::Decider => self.may_write(Writer::Merger) || self.0.contains(&Role::Receptionist),
            Writer::Nobody => false,
        }
    }

    /// Doctors, dentists and nurses: whoever reads clinical columns.
    pub fn is_clinician(&self) -> bool {
        self.is_prescriber() || self.0.contains(&Role::Nurse)
    }

    /// Whoever completes a dental procedure.
    pub fn is_dentist(&self) -> bool {
        self.0.contains(&Role::Dentist)
    }

    /// Doctors and dentists: whoever signs prescriptions.
    pub fn is_prescriber(&self) -> bool {
        self.0.iter().any(|role| matches!(role, Role::Doctor | Role::Dentist))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_doctors_and_dentists_prescribe() {
        let prescribers = [Role::Admin, Role::Doctor, Role::Dentist, Role::Receptionist, Role::Nurse]
            .map(|role| Roles(vec![role]).may_write(Writer::Prescriber));
        assert_eq!(prescribers, [false, true, true, false, false]);
        assert!(Roles(vec![Role::Admin, Role::Doctor]).may_write(Writer::Prescriber));
    }

    #[test]
    fn a_role_of_a_later_server_lets_nobody_do_anything_and_takes_nothing_away() {
        let read = |text| serde_json::from_str::<Roles>(text).expect("BUG: roles");
        assert_eq!(read(r#"["pharmacist","nurse"]"#), Roles(vec![Role::Nurse]));
        let alone = read(r#"["pharmacist"]"#);
        assert!(!alone.may_write(Writer::Anyone) && !alone.has(Capability::Work));
        assert!(
            serde_json::from_str::<Role>(r#""pharmacist""#).is_err(),
            "nobody is made what does not exist"
        );
    }

    #[test]
    fn nobody_writes_what_only_the_server_writes() {
        let all = Roles(vec![Role::Admin, Role::Doctor, Role::Dentist, Role::Receptionist, Role::Nurse]);
        assert!(!all.may_write(Writer::Nobody));
    }
}
