//! The sample tenant: two clinics and five members of staff.

use protocol::api::Secret;
use protocol::password::check_new_password;
use protocol::permission::Role;
use time::OffsetDateTime;
use uuid::Uuid;

use super::complaint::Treats;
use super::dice::Dice;
use super::names::WORDS;
use crate::auth::code::random_bytes;

/// The sample tenant's name.
pub const TENANT_NAME: &str = "Asha Dental & Family Clinic";

/// A clinic.
#[derive(Clone, Debug)]
pub struct Clinic {
    /// Its id.
    pub id: Uuid,
    /// Its code, part of every prescription's number.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Street.
    pub address: &'static str,
    /// Pin code.
    pub pincode: &'static str,
    /// Telephone.
    pub phone: &'static str,
    /// The lane of the numbers that its prescriptions bear.
    pub lane: &'static str,
}

/// A prescriber.
#[derive(Clone, Debug)]
pub struct Doctor {
    /// Their id as a prescriber.
    pub id: Uuid,
    /// Their id as a member of staff.
    pub user: Uuid,
    /// Given name.
    pub first_name: &'static str,
    /// Family name.
    pub last_name: &'static str,
    /// `Dr. Anjali Kulkarni`.
    pub printed_name: String,
    /// What they treat.
    pub treats: Treats,
    /// Where they mostly work.
    pub clinic: Uuid,
    /// `MBBS, MD (General Medicine)`.
    pub qualifications: &'static str,
    /// `General Medicine`.
    pub specialization: &'static str,
    /// The number in the council's register.
    pub registration: &'static str,
    /// The council's letters, printed before the number.
    pub council: &'static str,
    /// Since when.
    pub registration_year: i32,
}

/// A member of staff.
#[derive(Clone, Debug)]
pub struct Member {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub full_name: &'static str,
    /// With what they sign in.
    pub email: &'static str,
    /// What they are.
    pub role: Role,
    /// What else they are.
    pub extra_roles: &'static [Role],
    /// Where they mostly work, among the clinics.
    pub clinic: usize,
}

impl Member {
    /// All that they are.
    pub fn roles(&self) -> Vec<Role> {
        std::iter::once(self.role).chain(self.extra_roles.iter().copied()).collect()
    }
}

/// The two clinics.
pub fn clinics(dice: &mut Dice, at: OffsetDateTime) -> Vec<Clinic> {
    vec![
        Clinic {
            id: dice.id(at),
            code: "ANDHERI",
            name: "Asha Dental & Family Clinic, Andheri",
            address: "12 Shanti Niwas, Veera Desai Road, Andheri West",
            pincode: "400053",
            phone: "+912226730142",
            lane: "A",
        },
        Clinic {
            id: dice.id(at),
            code: "BANDRA",
            name: "Asha Dental & Family Clinic, Bandra",
            address: "4 Rose Villa, Hill Road, Bandra West",
            pincode: "400050",
            phone: "+912226420197",
            lane: "B",
        },
    ]
}

/// The five members of staff; the first owns the clinics.
pub fn members(dice: &mut Dice, at: OffsetDateTime) -> Vec<Member> {
    let mut member = |full_name, email, role, extra_roles, clinic| Member {
        id: dice.id(at),
        full_name,
        email,
        role,
        extra_roles,
        clinic,
    };
    vec![
        member("Asha Rane", "asha@ashadental.example", Role::Admin, &[Role::Dentist], 0),
        member("Anjali Kulkarni", "anjali@ashadental.example", Role::Doctor, &[], 0),
        member("Farhan Shaikh", "farhan@ashadental.example", Role::Dentist, &[], 1),
        member("Sunita Pawar", "reception@ashadental.example", Role::Receptionist, &[], 0),
        member("Maria Fernandes", "maria@ashadental.example", Role::Nurse, &[], 0),
    ]
}

/// The profiles of those who prescribe.
pub fn doctors(dice: &mut Dice, at: OffsetDateTime, members: &[Member], clinics: &[Clinic]) -> Vec<Doctor> {
    let mut doctor = |member: usize, treats, qualifications, specialization, registration, year| {
        let member = &members[member];
        let (first_name, last_name) = member.full_name.split_once(' ').unwrap_or((member.full_name, ""));
        Doctor {
            id: dice.id(at),
            user: member.id,
            first_name,
            last_name,
            printed_name: format!("Dr. {}", member.full_name),
            treats,
            clinic: clinics[member.clinic].id,
            qualifications,
            specialization,
            registration,
            council: match treats {
                Treats::Physician => "MMC",
                Treats::Dentist => "MSDC",
            },
            registration_year: year,
        }
    };
    vec![
        doctor(
            0,
            Treats::Dentist,
            "BDS, MDS (Conservative Dentistry)",
            "Conservative Dentistry",
            "A-11826",
            2006,
        ),
        doctor(1, Treats::Physician, "MBBS, MD (General Medicine)", "General Medicine", "2009/04/1187", 2009),
        doctor(2, Treats::Dentist, "BDS", "General Dentistry", "A-30417", 2017),
    ]
}

/// A password of four short words, good for someone with these names: about 33 bits, and only whoever runs the
/// command sees it.
pub fn new_password(names: &[&str]) -> Secret {
    loop {
        let words: Vec<&str> = random_bytes::<16>()
            .chunks_exact(4)
            .map(|bytes| {
                let number = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                WORDS[number as usize % WORDS.len()]
            })
            .collect();
        let password = Secret(words.join(" "));
        if check_new_password(&password, names).is_ok() {
            return password;
        }
    }
}
