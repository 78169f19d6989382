//! What an admin edits of every paper.

use serde::{Deserialize, Serialize};

/// What stands at the head and the foot of every paper of a clinic. Empty texts are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Letterhead {
    /// The clinic's name.
    pub clinic_name: String,
    /// Lines of its own under the name, at most 300 letters.
    pub line: String,
    /// Street and house.
    pub address: String,
    /// Town.
    pub city: String,
    /// Six digits.
    pub pincode: String,
    /// As it prints.
    pub phone: String,
    /// As it prints.
    pub email: String,
    /// The number under which the clinic is registered.
    pub registration_number: String,
    /// What stands at the foot, at most 300 letters.
    pub foot: String,
    /// For paper that bears its own head: the room for that, in millimetres from the top, 10 to 80.
    pub preprinted_mm: Option<u32>,
    /// Whether the clinic's own picture stands beside it. The picture is chosen and taken away by itself.
    pub has_logo: bool,
}
