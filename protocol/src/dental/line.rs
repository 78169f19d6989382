//! The line in which a tooth chart is written: `36 mo c`, `36 plan rct`, `47 do done f`, `upper calc`, `mouth ging`.
//!
//! ```text
//! line     := site [surfaces] what ["//" note]
//! site     := tooth | "ur" | "ul" | "ll" | "lr" | "s1" … "s6" | "upper" | "lower" | "mouth"
//! surfaces := letters of m o i d b l, in any order; v and f are b, p is l
//! what     := finding [grade] | ("plan" | "done") procedure
//! ```
//!
//! On front teeth `o` is the edge, on back teeth `i` is the chewing surface: each tooth has one of them.

use serde::Serialize;

use super::{SURFACES, Tooth};

/// What a line says, as far as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DentalLine {
    /// Where.
    pub site: Option<Site>,
    /// Surfaces as they are stored, empty for the whole of it.
    pub surfaces: String,
    /// What is there, or what is to be done.
    pub entry: Option<DentalEntry>,
    /// Behind `//`.
    pub note: String,
}

/// Where in the mouth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// One tooth.
    Tooth(Tooth),
    /// `q1`–`q4`, seen from the patient: upper right, upper left, lower left, lower right.
    Quadrant(&'static str),
    /// `s1`–`s6`.
    Sextant(&'static str),
    /// `upper` or `lower`.
    Arch(&'static str),
    /// All of it.
    Mouth,
}

impl Site {
    /// As the column `site_kind` has it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Tooth(_) => "tooth",
            Self::Quadrant(_) => "quadrant",
            Self::Sextant(_) => "sextant",
            Self::Arch(_) => "arch",
            Self::Mouth => "mouth",
        }
    }

    /// As the column `region` has it.
    pub fn region(self) -> Option<&'static str> {
        match self {
            Self::Quadrant(region) | Self::Sextant(region) | Self::Arch(region) => Some(region),
            Self::Tooth(_) | Self::Mouth => None,
        }
    }

    /// The tooth, if it is one.
    pub fn tooth(self) -> Option<Tooth> {
        if let Self::Tooth(tooth) = self { Some(tooth) } else { None }
    }
}

/// What stands in a chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum DentalEntry {
    /// Something that was seen.
    Finding {
        /// One of [`crate::table::CONDITIONS`].
        condition: String,
        /// Mobility 1–3, furcation 1–4; pockets and recessions in mm.
        grade: Option<u8>,
    },
    /// Something that is to be done, or was done now.
    Procedure {
        /// Of the common ones; none for one in words of its own.
        code: Option<String>,
        /// What it is called.
        name: String,
        /// Whether it was done now.
        is_done: bool,
    },
}

/// What is wrong with a line of the chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DentalLineError {
    /// It does not begin with a place.
    #[error("Begin with a tooth, such as 36, with ur, ul, ll or lr, upper, lower or mouth.")]
    Place,
    /// A number that no tooth has.
    #[error(
        "There is no tooth with this number: the first digit is the quadrant, the second the tooth from the middle."
    )]
    Tooth,
    /// Surfaces of what has none.
    #[error("Only a tooth has surfaces.")]
    NoSurfaces,
    /// A finding that has no surfaces.
    #[error("This is about the whole tooth: leave its surfaces out.")]
    WholeTooth,
    /// Surfaces behind what is done to them.
    #[error("Surfaces stand before what is done: 36 mo plan f.")]
    SurfacesBehind,
    /// A finding of a tooth.
    #[error("This is about one tooth: begin with its number.")]
    OneTooth,
    /// A code that nobody knows.
    #[error(
        "This code is not known. Some that are: c caries, f filling, x extracted, rct root canal, cr crown; plan before what is to be done."
    )]
    Code,
    /// A grade that does not exist.
    #[error(
        "This grade does not exist: mobility 1 to 3, furcation 1 to 4, pockets and recessions 1 to 20 mm."
    )]
    Grade,
    /// Longer than the chart keeps.
    #[error("This is too long: a procedure has up to 150 letters, a note up to 2,000.")]
    TooLong,
}

/// Which places a finding is seen at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// A tooth, on all of it or some surfaces.
    Surfaces,
    /// A tooth as a whole.
    Tooth,
    /// A tooth with or without surfaces, or more than a tooth.
    Anywhere,
}

/// How a finding is graded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Graded {
    No,
    UpTo(u8),
    /// Only with a grade.
    Always(u8),
}

struct Finding {
    codes: &'static [&'static str],
    condition: &'static str,
    at: At,
    graded: Graded,
}

const fn finding(codes: &'static [&'static str], condition: &'static str, at: At) -> Finding {
    Finding { codes, condition, at, graded: Graded::No }
}

const fn graded(codes: &'static [&'static str], condition: &'static str, at: At, graded: Graded) -> Finding {
    Finding { codes, condition, at, graded }
}

const FINDINGS: &[Finding] = &[
    finding(&["c", "cd", "caries"], "caries_dentine", At::Surfaces),
    finding(&["ci"], "caries_initial", At::Surfaces),
    finding(&["ce"], "caries_enamel", At::Surfaces),
    finding(&["cp"], "caries_pulp", At::Surfaces),
    finding(&["f", "filling"], "filled_sound", At::Surfaces),
    finding(&["f!", "ff"], "filled_defective", At::Surfaces),
    finding(&["fx", "fracture"], "fracture_crown", At::Surfaces),
    finding(&["fxr"], "fracture_root", At::Tooth),
    finding(&["x", "m", "missing"], "missing_extracted", At::Tooth),
    finding(&["mc"], "missing_congenital", At::Tooth),
    finding(&["ue"], "unerupted", At::Tooth),
    finding(&["pe"], "partially_erupted", At::Tooth),
    finding(&["imp", "impacted"], "impacted", At::Tooth),
    finding(&["rr"], "retained_root", At::Tooth),
    finding(&["rp"], "retained_primary", At::Tooth),
    // A grade tells a loose tooth from one that is not there.
    graded(&["m", "mob"], "mobility", At::Tooth, Graded::Always(3)),
    graded(&["fu"], "furcation", At::Surfaces, Graded::UpTo(4)),
    graded(&["pk", "pocket"], "pocket", At::Surfaces, Graded::UpTo(20)),
    graded(&["rec"], "recession", At::Surfaces, Graded::UpTo(20)),
    finding(&["bop"], "bleeding", At::Anywhere),
    finding(&["calc", "calculus"], "calculus", At::Anywhere),
    finding(&["ging"], "gingivitis", At::Anywhere),
    finding(&["perio"], "periodontitis", At::Anywhere),
    finding(&["pl"], "periapical_lesion", At::Tooth),
    finding(&["pr"], "pulpitis_reversible", At::Tooth),
    finding(&["pi"], "pulpitis_irreversible", At::Tooth),
    finding(&["nec"], "necrosis", At::Tooth),
    finding(&["abs", "abscess"], "abscess", At::Anywhere),
    finding(&["sinus"], "sinus_tract", At::Tooth),
    finding(&["cr", "crown"], "crown", At::Tooth),
    finding(&["br"], "bridge_abutment", At::Tooth),
    finding(&["pon"], "bridge_pontic", At::Tooth),
    finding(&["im", "implant"], "implant", At::Tooth),
    finding(&["den"], "denture", At::Anywhere),
    finding(&["ven"], "veneer", At::Surfaces),
    finding(&["s", "sealant"], "sealant", At::Surfaces),
    finding(&["rct"], "root_canal_treated", At::Tooth),
    finding(&["post"], "post_core", At::Tooth),
    finding(&["splint"], "splint", At::Anywhere),
    finding(&["ortho"], "ortho_appliance", At::Anywhere),
    finding(&["att"], "attrition", At::Anywhere),
    finding(&["abr"], "abrasion", At::Surfaces),
    finding(&["ero"], "erosion", At::Anywhere),
    finding(&["hypo"], "hypoplasia", At::Surfaces),
    finding(&["fluo"], "fluorosis", At::Anywhere),
    finding(&["disc"], "discoloured", At::Surfaces),
    finding(&["rot"], "rotated", At::Tooth),
    finding(&["drift"], "drifted", At::Tooth),
    finding(&["ok", "sound"], "sound", At::Surfaces),
];

/// A common procedure.
pub struct CommonProcedure {
    /// As it is stored and typed, in capitals.
    pub code: &'static str,
    /// What it is called on paper and where its code says nothing.
    pub name: &'static str,
    /// What the tooth is afterwards, one of [`crate::table::CONDITIONS`].
    pub after: Option<&'static str>,
    /// Whether it is done to one tooth.
    is_of_a_tooth: bool,
}

const fn procedure(
    code: &'static str,
    name: &'static str,
    after: Option<&'static str>,
    is_of_a_tooth: bool,
) -> CommonProcedure {
    CommonProcedure { code, name, after, is_of_a_tooth }
}

/// The procedures that have a code.
pub const PROCEDURES: &[CommonProcedure] = &[
    procedure("F", "Filling", Some("filled_sound"), true),
    procedure("RCT", "Root canal treatment", Some("root_canal_treated"), true),
    procedure("CR", "Crown", Some("crown"), true),
    procedure("X", "Extraction", Some("missing_extracted"), true),
    procedure("IM", "Implant", Some("implant"), true),
    procedure("BR", "Bridge abutment", Some("bridge_abutment"), true),
    procedure("VEN", "Veneer", Some("veneer"), true),
    procedure("S", "Sealant", Some("sealant"), true),
    procedure("POST", "Post and core", Some("post_core"), true),
    procedure("PULP", "Pulpotomy", None, true),
    procedure("SC", "Scaling", None, false),
    procedure("POL", "Polishing", None, false),
    procedure("FL", "Fluoride", None, false),
    procedure("DEN", "Denture", None, false),
    procedure("SP", "Splint", None, false),
];

/// What a tooth is after a common procedure.
pub fn after(code: Option<&str>) -> Option<&'static str> {
    PROCEDURES.iter().find(|one| Some(one.code) == code).and_then(|one| one.after)
}

/// Reads a line of the chart, also one that is not finished.
///
/// # Errors
///
/// What cannot become right by typing on.
pub fn read(text: &str) -> Result<DentalLine, DentalLineError> {
    let (said, note) = text.split_once("//").map_or((text, ""), |(said, note)| (said, note.trim()));
    if note.chars().count() > 2000 {
        return Err(DentalLineError::TooLong);
    }
    let typed: Vec<&str> = said.split_whitespace().collect();
    let said = said.to_lowercase();
    let mut words: Vec<&str> = said.split_whitespace().collect();
    let mut line = DentalLine { site: None, surfaces: String::new(), entry: None, note: note.to_owned() };
    if words.is_empty() {
        return Ok(line);
    }
    let first = words.remove(0);
    line.site = site(first, words.is_empty())?;
    let Some(site) = line.site else { return Ok(line) };
    // A letter is a surface if more is said behind it: `36 f c`, but `36 f`.
    let mut surfaces = "";
    if let [maybe, rest @ ..] = words.as_slice()
        && is_surfaces(maybe)
        // `mouth p` may become `plan`.
        && (site.tooth().is_some() || !rest.is_empty())
        && (code_of(maybe).is_none() || rest.first().is_some_and(|next| !is_figure(next)))
    {
        surfaces = maybe;
        words.remove(0);
    }
    if !surfaces.is_empty() {
        let tooth = site.tooth().ok_or(DentalLineError::NoSurfaces)?;
        line.surfaces = stored(surfaces, tooth);
    }
    line.entry = match words.as_slice() {
        [] => None,
        ["plan" | "done", rest @ ..] => {
            // In the letters in which it was typed: `PFM bridge`.
            let named = &typed[typed.len().saturating_sub(rest.len())..];
            procedure_of(rest, named, site, words[0] == "done")?
        }
        [code] => seen(code, None, site, &line.surfaces, true)?,
        [code, grade] if is_figure(grade) => seen(code, Some(grade), site, &line.surfaces, false)?,
        _ => return Err(DentalLineError::Code),
    };
    Ok(line)
}

fn site(word: &str, is_last: bool) -> Result<Option<Site>, DentalLineError> {
    if is_figure(word) {
        return match (word.len(), word.parse().ok().and_then(Tooth::new)) {
            (1, _) if is_last && ('1'..='8').any(|digit| word.starts_with(digit)) => Ok(None),
            (2, Some(tooth)) => Ok(Some(Site::Tooth(tooth))),
            _ => Err(DentalLineError::Tooth),
        };
    }
    let known = [
        ("ur", Site::Quadrant("q1")),
        ("ul", Site::Quadrant("q2")),
        ("ll", Site::Quadrant("q3")),
        ("lr", Site::Quadrant("q4")),
        ("s1", Site::Sextant("s1")),
        ("s2", Site::Sextant("s2")),
        ("s3", Site::Sextant("s3")),
        ("s4", Site::Sextant("s4")),
        ("s5", Site::Sextant("s5")),
        ("s6", Site::Sextant("s6")),
        ("upper", Site::Arch("upper")),
        ("lower", Site::Arch("lower")),
        ("mouth", Site::Mouth),
    ];
    let found = known.iter().find(|(name, _)| *name == word).map(|(_, site)| *site);
    if found.is_none() && !(is_last && known.iter().any(|(name, _)| name.starts_with(word))) {
        return Err(DentalLineError::Place);
    }
    Ok(found)
}

fn is_figure(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_surfaces(word: &str) -> bool {
    word.chars().all(|letter| "moidblvfp".contains(letter))
}

/// The surfaces as they are stored: each once, in their order, and the one between the others as this tooth has it.
fn stored(typed: &str, tooth: Tooth) -> String {
    let middle = if tooth.is_anterior() { 'I' } else { 'O' };
    let meant: Vec<char> = typed
        .chars()
        .map(|letter| match letter {
            'o' | 'i' => middle,
            'v' | 'f' => 'B',
            'p' => 'L',
            other => other.to_ascii_uppercase(),
        })
        .collect();
    SURFACES.chars().filter(|surface| meant.contains(surface)).collect()
}

fn code_of(word: &str) -> Option<&'static Finding> {
    FINDINGS.iter().find(|finding| finding.codes.contains(&word))
}

/// A finding by its code, with its grade behind it or of its own.
fn seen(
    word: &str,
    grade: Option<&str>,
    site: Site,
    surfaces: &str,
    may_go_on: bool,
) -> Result<Option<DentalEntry>, DentalLineError> {
    let letters = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let (code, figure) = match grade {
        Some(figure) => (word, Some(figure)),
        None if letters.len() < word.len() => (letters, Some(&word[letters.len()..])),
        None => (word, None),
    };
    let fits = |finding: &&Finding| {
        finding.codes.contains(&code)
            && match finding.graded {
                Graded::No => figure.is_none(),
                Graded::UpTo(_) => true,
                Graded::Always(_) => figure.is_some(),
            }
    };
    let Some(found) = FINDINGS.iter().find(fits) else {
        let begins = |code: &&str| code.starts_with(word);
        let is_begun = FINDINGS.iter().flat_map(|finding| finding.codes).any(begins)
            || ["plan", "done"].iter().any(begins);
        return if may_go_on && is_begun { Ok(None) } else { Err(DentalLineError::Code) };
    };
    let grade = match (figure, found.graded) {
        (Some(figure), Graded::UpTo(most) | Graded::Always(most)) => {
            let grade = figure.parse().ok().filter(|grade| (1..=most).contains(grade));
            Some(grade.ok_or(DentalLineError::Grade)?)
        }
        _ => None,
    };
    match (found.at, site) {
        (At::Surfaces | At::Tooth, Site::Quadrant(_) | Site::Sextant(_) | Site::Arch(_) | Site::Mouth) => {
            // `upper c` may become `calc`.
            let longer = |code: &&str| code.len() > word.len() && code.starts_with(word);
            let anywhere = FINDINGS.iter().filter(|one| one.at == At::Anywhere);
            let goes_on = may_go_on
                && (["plan", "done"].iter().any(longer) || anywhere.flat_map(|one| one.codes).any(longer));
            return if goes_on { Ok(None) } else { Err(DentalLineError::OneTooth) };
        }
        (At::Tooth, Site::Tooth(_)) if !surfaces.is_empty() => return Err(DentalLineError::WholeTooth),
        _ => {}
    }
    Ok(Some(DentalEntry::Finding { condition: found.condition.to_owned(), grade }))
}

fn procedure_of(
    words: &[&str],
    named: &[&str],
    site: Site,
    is_done: bool,
) -> Result<Option<DentalEntry>, DentalLineError> {
    let typed = words.join(" ");
    let common = PROCEDURES
        .iter()
        .find(|one| one.code.eq_ignore_ascii_case(&typed) || one.name.eq_ignore_ascii_case(&typed));
    if let Some(common) = common {
        if common.is_of_a_tooth && site.tooth().is_none() {
            return Err(DentalLineError::OneTooth);
        }
        let (code, name) = (Some(common.code.to_owned()), common.name.to_owned());
        return Ok(Some(DentalEntry::Procedure { code, name, is_done }));
    }
    // Surfaces behind a code would make it a name of its own, of which nothing is drawn.
    if let [code, rest @ ..] = words
        && !rest.is_empty()
        && rest.iter().all(|word| is_surfaces(word))
        && PROCEDURES.iter().any(|one| one.code.eq_ignore_ascii_case(code))
    {
        return Err(DentalLineError::SurfacesBehind);
    }
    match typed.chars().count() {
        // Two letters are a code that was not meant to be a name.
        0..=2 => Ok(None),
        3..=150 => {
            Ok(Some(DentalEntry::Procedure { code: None, name: capitalised(&named.join(" ")), is_done }))
        }
        _ => Err(DentalLineError::TooLong),
    }
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
