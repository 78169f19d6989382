//! By which way a medicine is given, where that was typed: `1 vial iv bd`.

/// A way in which a medicine is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// By mouth.
    Oral,
    /// Under the tongue.
    Sublingual,
    /// On the affected place.
    Topical,
    /// Into the rectum.
    Rectal,
    /// Into the vagina.
    Vaginal,
    /// Into a muscle.
    Muscle,
    /// Into a vein.
    Vein,
    /// Under the skin.
    Skin,
}

impl Route {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Oral,
        Self::Sublingual,
        Self::Topical,
        Self::Rectal,
        Self::Vaginal,
        Self::Muscle,
        Self::Vein,
        Self::Skin,
    ];

    /// As stored in `route`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Oral => "oral",
            Self::Sublingual => "sublingual",
            Self::Topical => "topical",
            Self::Rectal => "rectal",
            Self::Vaginal => "vaginal",
            Self::Muscle => "im",
            Self::Vein => "iv",
            Self::Skin => "sc",
        }
    }

    /// As it is typed.
    pub(super) fn typed(self) -> &'static str {
        match self {
            Self::Oral => "po",
            Self::Sublingual => "sl",
            Self::Rectal => "pr",
            Self::Vaginal => "pv",
            other => other.as_str(),
        }
    }
}

/// The ways in which medicines of a form may be given: of what is in no known form, any may be right.
pub(crate) fn routes_of(dosage_form: &str) -> &'static [Route] {
    match dosage_form {
        "tablet" => &[Route::Oral, Route::Sublingual, Route::Vaginal],
        "capsule" => &[Route::Oral, Route::Vaginal],
        "syrup" | "suspension" | "drops" | "sachet" => &[Route::Oral],
        "powder" => &[Route::Oral, Route::Topical],
        "injection" => &[Route::Muscle, Route::Vein, Route::Skin],
        "cream" | "ointment" | "gel" => &[Route::Topical, Route::Rectal, Route::Vaginal],
        "lotion" | "toothpaste" | "patch" => &[Route::Topical],
        "suppository" => &[Route::Rectal, Route::Vaginal],
        "inhaler" | "nasal_spray" | "eye_drops" | "ear_drops" | "mouthwash" => &[],
        _ => &Route::ALL,
    }
}
