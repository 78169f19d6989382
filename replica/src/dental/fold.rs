//! What a tooth is drawn as: a fold over what was seen and what was done, in the order of their days.

use std::collections::BTreeMap;

use protocol::dental::ProcedureStatus;
use uuid::Uuid;

use crate::view::{
    DentalFinding, DentalProcedure, FindingStatus, Mark, Surface, SurfaceMark, ToothCode, ToothPresence,
    ToothTone, ToothView, Work,
};

/// The teeth of which something is known.
pub fn teeth(findings: &[DentalFinding], procedures: &[DentalProcedure]) -> Vec<ToothView> {
    let mut teeth: BTreeMap<u8, Folded> = BTreeMap::new();
    let mut known: Vec<(&str, Uuid, u8, Known<'_>)> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.status == FindingStatus::Active) {
        let Some(tooth) = finding.site.tooth else { continue };
        let grade = finding.grade;
        let seen = Known::Is { condition: &finding.condition, surfaces: &finding.surfaces, grade };
        known.push((&finding.observed_on, finding.id.0, tooth, seen));
    }
    for procedure in procedures {
        let Some(tooth) = procedure.site.tooth else { continue };
        let (code, surfaces) = (procedure.code.as_deref(), procedure.surfaces.as_str());
        match procedure.status {
            ProcedureStatus::Planned | ProcedureStatus::Accepted | ProcedureStatus::InProgress => {
                let day = procedure.planned_on.as_deref().unwrap_or_default();
                known.push((
                    day,
                    procedure.id.0,
                    tooth,
                    Known::Planned { code, name: &procedure.name, surfaces },
                ));
            }
            ProcedureStatus::Completed
            | ProcedureStatus::ExistingHere
            | ProcedureStatus::ExistingElsewhere => {
                let day = procedure.completed_on.as_deref().unwrap_or_default();
                if let Some(condition) = protocol::dental::after(code) {
                    known.push((day, procedure.id.0, tooth, Known::Is { condition, surfaces, grade: None }));
                }
            }
            ProcedureStatus::Referred
            | ProcedureStatus::Cancelled
            | ProcedureStatus::Failed
            | ProcedureStatus::EnteredInError => {}
        }
    }
    // Of one day in the order in which it was written, which the ids say.
    known.sort_by_key(|(day, id, ..)| (*day, *id));
    for (_, _, tooth, what) in known {
        teeth.entry(tooth).or_default().take(what);
    }
    teeth.into_iter().map(|(tooth, folded)| folded.view(tooth)).collect()
}

enum Known<'a> {
    Is { condition: &'a str, surfaces: &'a str, grade: Option<u8> },
    Planned { code: Option<&'a str>, name: &'a str, surfaces: &'a str },
}

#[derive(Default)]
struct Folded {
    presence: Option<ToothPresence>,
    surfaces: BTreeMap<Surface, Mark>,
    crown: Option<Work>,
    root_canal: Option<Work>,
    implant: Option<Work>,
    extraction: Option<Work>,
    has_sealant: bool,
    has_lesion: bool,
    is_fractured: bool,
    codes: Vec<ToothCode>,
}

impl Folded {
    fn take(&mut self, known: Known<'_>) {
        match known {
            Known::Is { condition, surfaces, grade } => self.is(condition, surfaces, grade),
            Known::Planned { code, name, surfaces } => self.planned(code, name, surfaces),
        }
    }

    fn is(&mut self, condition: &str, surfaces: &str, grade: Option<u8>) {
        let mut tone = ToothTone::Disease;
        match condition {
            "caries_initial" | "caries_enamel" | "caries_dentine" | "caries_pulp" => {
                self.mark(surfaces, Mark::Caries);
            }
            "filled_sound" => {
                tone = ToothTone::Work;
                self.mark(surfaces, Mark::Filling);
            }
            "filled_defective" => self.mark(surfaces, Mark::FillingFailing),
            "fracture_crown" | "fracture_root" => self.is_fractured = true,
            "periapical_lesion" => self.has_lesion = true,
            "crown" => (tone, self.crown) = (ToothTone::Work, Some(Work::Done)),
            "root_canal_treated" => (tone, self.root_canal) = (ToothTone::Work, Some(Work::Done)),
            "implant" => (tone, self.implant, self.presence) = (ToothTone::Work, Some(Work::Done), None),
            "sealant" => (tone, self.has_sealant) = (ToothTone::Work, true),
            "missing_extracted" | "missing_congenital" => {
                tone = ToothTone::Work;
                self.gone();
            }
            "unerupted" => (tone, self.presence) = (ToothTone::Work, Some(ToothPresence::NotErupted)),
            "impacted" => (tone, self.presence) = (ToothTone::Work, Some(ToothPresence::Impacted)),
            "bridge_abutment" | "bridge_pontic" | "veneer" | "post_core" | "splint" | "ortho_appliance"
            | "denture" => tone = ToothTone::Work,
            _ => {}
        }
        self.say(code_of(condition, grade), tone);
    }

    /// With a tooth goes all that was at it; what is planned in its place stays.
    fn gone(&mut self) {
        for work in [&mut self.crown, &mut self.root_canal, &mut self.implant] {
            *work = work.filter(|work| *work == Work::Planned);
        }
        self.surfaces.retain(|_, mark| *mark == Mark::Planned);
        self.codes.retain(|code| code.tone == ToothTone::Plan);
        (self.has_sealant, self.has_lesion, self.is_fractured) = (false, false, false);
        (self.extraction, self.presence) = (None, Some(ToothPresence::Missing));
    }

    /// The newest of the same stands last.
    fn say(&mut self, text: String, tone: ToothTone) {
        self.codes.retain(|known| known.text != text);
        self.codes.extend((!text.is_empty()).then_some(ToothCode { text, tone }));
    }

    fn planned(&mut self, code: Option<&str>, name: &str, surfaces: &str) {
        let planned = |work: &mut Option<Work>| *work = work.or(Some(Work::Planned));
        match code {
            Some("CR") => planned(&mut self.crown),
            Some("RCT") => planned(&mut self.root_canal),
            Some("IM") => planned(&mut self.implant),
            Some("X") => planned(&mut self.extraction),
            _ => self.mark(surfaces, Mark::Planned),
        }
        self.say(format!("plan {}", code.unwrap_or(name)), ToothTone::Plan);
    }

    /// What is planned for a surface hides nothing that is there; caries that was seen after a filling is not hidden by it.
    fn mark(&mut self, surfaces: &str, mark: Mark) {
        for surface in surfaces.chars().filter_map(Surface::of) {
            match self.surfaces.get(&surface) {
                Some(_) if mark == Mark::Planned => {}
                _ => drop(self.surfaces.insert(surface, mark)),
            }
        }
    }

    fn view(mut self, tooth: u8) -> ToothView {
        self.codes.sort_by_key(|code| code.tone);
        ToothView {
            tooth,
            presence: self.presence.unwrap_or(ToothPresence::Present),
            surfaces: self
                .surfaces
                .into_iter()
                .map(|(surface, mark)| SurfaceMark { surface, mark })
                .collect(),
            crown: self.crown,
            root_canal: self.root_canal,
            implant: self.implant,
            extraction: self.extraction,
            has_sealant: self.has_sealant,
            has_lesion: self.has_lesion,
            is_fractured: self.is_fractured,
            codes: self.codes,
        }
    }
}

/// How a condition is written at a tooth.
fn code_of(condition: &str, grade: Option<u8>) -> String {
    let code = match condition {
        "caries_initial" | "caries_enamel" | "caries_dentine" | "caries_pulp" => "C",
        "filled_sound" => "F",
        "filled_defective" => "F!",
        "fracture_crown" | "fracture_root" => "FX",
        "missing_extracted" => "X",
        "missing_congenital" => "XC",
        "unerupted" => "UE",
        "partially_erupted" => "PE",
        "impacted" => "IMP",
        "retained_root" => "RR",
        "retained_primary" => "RP",
        "rotated" => "ROT",
        "drifted" => "DR",
        "mobility" => "M",
        "furcation" => "FU",
        "pocket" => "PK",
        "recession" => "REC",
        "bleeding" => "BOP",
        "calculus" => "CALC",
        "gingivitis" => "G",
        "periodontitis" => "P",
        "periapical_lesion" => "PL",
        "pulpitis_reversible" | "pulpitis_irreversible" => "PU",
        "necrosis" => "N",
        "abscess" => "ABS",
        "sinus_tract" => "ST",
        "crown" => "CR",
        "bridge_abutment" => "BA",
        "bridge_pontic" => "BP",
        "implant" => "IM",
        "denture" => "DEN",
        "veneer" => "VEN",
        "sealant" => "S",
        "root_canal_treated" => "RCT",
        "post_core" => "POST",
        "splint" => "SP",
        "ortho_appliance" => "OR",
        "attrition" => "ATT",
        "abrasion" => "ABR",
        "erosion" => "ERO",
        "hypoplasia" => "HYP",
        "fluorosis" => "FL",
        "discoloured" => "DIS",
        "sound" => "",
        _ => "•",
    };
    grade.map_or_else(|| code.to_owned(), |grade| format!("{code}{grade}"))
}
