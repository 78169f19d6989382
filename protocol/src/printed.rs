//! A prescription, and a token's slip, as they stand on paper: every word already chosen, nothing left to compute.

use serde::{Deserialize, Serialize};

/// The largest picture of a clinic's own, in bytes: with it, the letterhead is still a small part of a push.
pub const MAX_LOGO_BYTES: usize = 42 * 1024;

/// What is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printed {
    /// `Dr. Anjali Kulkarni`.
    pub doctor_name: String,
    /// `MBBS, MD (General Medicine)`.
    pub qualifications: String,
    /// `Reg. no. MMC 2009/04/1187`.
    pub registration: String,
    /// The clinic's name.
    pub clinic_name: String,
    /// The clinic's address on one line.
    pub clinic_address: String,
    /// The clinic's phone and e-mail, or empty.
    pub clinic_phone: String,
    /// Lines of the clinic's own, under its name.
    pub clinic_lines: Vec<String>,
    /// The number under which the clinic is registered, or empty.
    pub clinic_registration: String,
    /// What stands at the foot of every page, or empty.
    pub foot: String,
    /// The room for a head that is printed on the paper already, in millimetres from its top; 0 draws the head.
    pub head_room_mm: u32,
    /// The clinic's own picture, PNG or JPEG, or empty. A paper is drawn without one that cannot be read.
    #[serde(skip)]
    pub logo: Vec<u8>,
    /// The patient's name.
    pub patient_name: String,
    /// `54 y, F`, with the weight if it was measured: `54 y, F, 68.5 kg`.
    pub patient_age_sex: String,
    /// The patient's code, or empty.
    pub patient_code: String,
    /// The patient's address on one line, or empty.
    pub patient_address: String,
    /// The patient's mobile number.
    pub patient_mobile: String,
    /// `23 Nov 2026`.
    pub date: String,
    /// `Generated on a teleconsultation`, or empty for who was there.
    pub mode: String,
    /// What stands in the box: `not asked`, `none known`, or the allergies.
    pub allergies: String,
    /// `BP 138/86`, `Temp 38.4 °C` …
    pub vitals: Vec<String>,
    /// Complaints in words, or empty.
    pub complaints: String,
    /// What was before, or empty.
    pub history: String,
    /// What was found, or empty.
    pub examination: String,
    /// Diagnoses in words.
    pub diagnoses: Vec<String>,
    /// The lines.
    pub items: Vec<PrintedItem>,
    /// Tests, or empty.
    pub investigations: String,
    /// Advice, or empty.
    pub advice: String,
    /// To whom the patient is sent, or empty.
    pub referral: String,
    /// `Sat 28 Nov 2026`, or empty.
    pub follow_up: String,
    /// The number; empty on a draft.
    pub number: String,
    /// When it was signed, `23 Nov 2026 10:41`; empty on a draft, which prints DRAFT across the page.
    pub signed_at: String,
    /// A picture (SVG) of the code by which the paper is checked; empty on a draft.
    pub code: String,
    /// `Voided` or `Replaced by a later one`; empty while it holds.
    pub mark: String,
}

/// A printed line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintedItem {
    /// `TAB. PARACETAMOL 650 MG`.
    pub title: String,
    /// In plain words.
    pub directions: String,
    /// The same in the patient's language, or empty.
    pub local_directions: String,
    /// `10 tablets`, or empty.
    pub quantity: String,
    /// `Do not substitute`, or empty.
    pub substitution: String,
    /// Why it stands there in spite of an allergy, or empty.
    pub remark: String,
}

/// The slip of whoever waits with a token. It lies about in a waiting room: nothing on it says more of whom it is than they
/// would call across the room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintedSlip {
    /// The clinic's name.
    pub clinic_name: String,
    /// What is called in the waiting room: `A-7`.
    pub token: String,
    /// `Dr. Anjali Kulkarni`.
    pub doctor_name: String,
    /// When the patient came, `23 Nov 2026 10:41`, or empty.
    pub arrived_at: String,
    /// The first name and how the mobile number ends: `Sunita …76`.
    pub patient: String,
    /// What the patient is told, a line each: in English, then in the language that they read.
    pub told: Vec<String>,
}
