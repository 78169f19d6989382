//! Draws a prescription, a token's slip and the page of a recovery code, offline: as a PDF for the printer and as SVG pages for
//! the window. Both come from one layout, so that what is shown is what is printed.

#[cfg(test)]
mod golden;
#[cfg(test)]
mod letters;
pub mod logo;
mod slip;

use std::sync::LazyLock;

use protocol::dosage::Language;
use protocol::printed::Printed;
use serde_json::Value;
use typst::foundations::{Bytes, Dict, IntoValue};
use typst_as_lib::{TypstEngine, TypstTemplateMainFile};
use typst_layout::PagedDocument;

/// Why a prescription could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the prescription could not be drawn: {0}")]
pub struct DrawError(String);

static ENGINE: LazyLock<TypstEngine<TypstTemplateMainFile>> =
    LazyLock::new(|| engine(concat!(include_str!("fitted.typ"), include_str!("prescription.typ"))));
static RECOVERY: LazyLock<TypstEngine<TypstTemplateMainFile>> =
    LazyLock::new(|| engine(include_str!("recovery.typ")));

/// What was laid out is kept for so many papers more: a draft is drawn at every pause, and most of it stands as it stood.
const KEPT: usize = 4;

/// Letters in Latin and in Devanagari, and of three more fonts the signs that those lack (`fonts/README.md`).
const FONTS: [&[u8]; 7] = [
    include_bytes!("../fonts/NotoSans-Regular.ttf"),
    include_bytes!("../fonts/NotoSans-Bold.ttf"),
    include_bytes!("../fonts/NotoSansDevanagari-Regular.ttf"),
    include_bytes!("../fonts/NotoSansDevanagari-Bold.ttf"),
    include_bytes!("../fonts/NotoSansMath-Subset.ttf"),
    include_bytes!("../fonts/NotoSansSymbols-Subset.ttf"),
    include_bytes!("../fonts/NotoSansSymbols2-Subset.ttf"),
];

fn engine(layout: &'static str) -> TypstEngine<TypstTemplateMainFile> {
    TypstEngine::builder().main_file(layout).fonts(FONTS).comemo_evict_max_age(Some(KEPT)).build()
}

/// What a layout reads.
fn input(paper: serde_json::Result<Value>) -> Result<String, DrawError> {
    let mut paper = paper.map_err(|error| DrawError(error.to_string()))?;
    put_blanks(&mut paper);
    Ok(paper.to_string())
}

/// Puts a blank where a text has a tab or the like, which is not drawn: else `5`, a tab and `10` would stand there as 510.
fn put_blanks(value: &mut Value) {
    let is_not_drawn = |c: char| c.is_control() && c != '\n';
    match value {
        Value::String(text) => *text = text.replace(is_not_drawn, " "),
        Value::Array(values) => values.iter_mut().for_each(put_blanks),
        Value::Object(values) => values.values_mut().for_each(put_blanks),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What a prescription is printed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paper {
    /// 148 × 210 mm.
    #[default]
    A5,
    /// 210 × 297 mm.
    A4,
}

impl Paper {
    fn as_str(self) -> &'static str {
        match self {
            Self::A5 => "a5",
            Self::A4 => "a4",
        }
    }
}

/// A recovery code, as it lies in the safe.
#[derive(Clone, Copy)]
pub struct RecoveryPaper<'a> {
    /// The code, in groups.
    pub code: &'a str,
    /// What tells it from others.
    pub fingerprint: &'a str,
    /// What staff call the computer that it opens.
    pub device_name: &'a str,
    /// The clinic and whose it is.
    pub clinic_name: &'a str,
    /// The day on which it was made.
    pub made_on: &'a str,
    /// What the page is written in: Hindi, or else English.
    pub language: Language,
}

/// A prescription, a slip or a recovery code, laid out on pages.
pub struct Drawn(PagedDocument);

impl Drawn {
    /// Lays a prescription out. All text is taken as text: nothing in it is read as markup.
    ///
    /// # Errors
    ///
    /// Never for well-formed input; a defect of the layout otherwise.
    pub fn new(prescription: &Printed, paper: Paper) -> Result<Self, DrawError> {
        let mut inputs = Dict::new();
        inputs.insert("prescription".into(), input(serde_json::to_value(prescription))?.into_value());
        inputs.insert("paper".into(), paper.as_str().into_value());
        if let Some(shape) = logo::shape(&prescription.logo) {
            let mut with = inputs.clone();
            with.insert("logo".into(), Bytes::new(prescription.logo.clone()).into_value());
            with.insert("logo_shape".into(), shape.into_value());
            // A paper is worth more than its picture.
            if let Ok(drawn) = Self::compile(&ENGINE, with) {
                return Ok(drawn);
            }
        }
        Self::compile(&ENGINE, inputs)
    }

    fn compile(layout: &TypstEngine<TypstTemplateMainFile>, inputs: Dict) -> Result<Self, DrawError> {
        let document = layout.compile_with_input(inputs).output;
        document.map(Self).map_err(|error| DrawError(error.to_string()))
    }

    /// Lays a recovery code out on one page. All text is taken as text.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn recovery(paper: RecoveryPaper<'_>) -> Result<Self, DrawError> {
        let RecoveryPaper { code, fingerprint, device_name, clinic_name, made_on, language } = paper;
        let mut inputs = Dict::new();
        for (name, value) in [
            ("code", code),
            ("fingerprint", fingerprint),
            ("device", device_name),
            ("clinic", clinic_name),
            ("made", made_on),
            ("language", language.code()),
        ] {
            inputs.insert(name.into(), value.into_value());
        }
        Self::compile(&RECOVERY, inputs)
    }

    /// The bytes of a PDF file.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn pdf(&self) -> Result<Vec<u8>, DrawError> {
        typst_pdf::pdf(&self.0, &typst_pdf::PdfOptions::default())
            .map_err(|errors| DrawError(errors.iter().map(|error| error.message.to_string()).collect()))
    }

    /// One SVG text a page, with every glyph as a path: no fonts are needed to show it.
    pub fn svg_pages(&self) -> Vec<String> {
        self.0.pages().iter().map(|page| typst_svg::svg(page, &typst_svg::SvgOptions::default())).collect()
    }
}

#[cfg(test)]
mod tests {
    use protocol::printed::PrintedItem;
    use typst::layout::{Frame, FrameItem};

    use super::letters::boxes;
    use super::*;

    pub(super) fn sample(n_items: usize) -> Printed {
        let item = PrintedItem {
            title: "TAB. PARACETAMOL 650 MG".into(),
            directions: "1 tablet when needed for fever, 6 hours apart, at most 4 a day".into(),
            quantity: "10 tablets".into(),
            local_directions: "बुखार के लिए ज़रूरत होने पर 1 गोली".into(),
            substitution: String::new(),
            remark: String::new(),
        };
        Printed {
            doctor_name: "Dr. Anjali Kulkarni".into(),
            qualifications: "MBBS, MD (General Medicine)".into(),
            registration: "Reg. no. MMC 2009/04/1187".into(),
            clinic_name: "Asha Dental & Family Clinic".into(),
            clinic_address: "12 Marol Road, Andheri East, Mumbai 400059".into(),
            clinic_phone: "022 5550 1420".into(),
            clinic_lines: vec!["Mother and child, teeth".into()],
            clinic_registration: "BMC/2019/771".into(),
            foot: "Open Monday to Saturday".into(),
            head_room_mm: 0,
            logo: vec![],
            patient_name: "सुनीता Deshmukh".into(),
            patient_age_sex: "54 y, F".into(),
            patient_code: "A-04213".into(),
            patient_address: "Marol Naka, Andheri East".into(),
            patient_mobile: "+91 98204 41276".into(),
            date: "23 Nov 2026".into(),
            mode: String::new(),
            allergies: "Penicillins, Sulfonamides".into(),
            vitals: vec!["BP 138/86".into(), "Temp 38.4 °C".into()],
            complaints: "Fever for 3 days".into(),
            history: "Diabetes since 2016".into(),
            examination: "Throat red".into(),
            diagnoses: vec!["Acute URTI".into(), "Type 2 diabetes".into()],
            items: vec![item; n_items],
            investigations: "CBC, HbA1c".into(),
            advice: "Warm fluids. #panic(\"no\") *not bold* गुनगुना पानी".into(),
            referral: "Dr. Shah, chest physician".into(),
            follow_up: "Sat 28 Nov 2026".into(),
            number: "ANDHERI-A-261123-1".into(),
            signed_at: "23 Nov 2026 10:41".into(),
            code: String::new(),
            mark: String::new(),
        }
    }

    pub(super) fn text(frame: &Frame) -> String {
        frame
            .items()
            .map(|(_, item)| match item {
                FrameItem::Group(group) => text(&group.frame),
                FrameItem::Text(run) => format!("{} ", run.text),
                _ => String::new(),
            })
            .collect()
    }

    fn pages(prescription: &Printed) -> Vec<String> {
        let drawn = Drawn::new(prescription, Paper::A5).expect("BUG: the layout");
        drawn.0.pages().iter().map(|page| text(&page.frame)).collect()
    }

    #[test]
    fn everything_of_five_medicines_stands_on_one_page() {
        let pages = pages(&sample(5));
        assert_eq!(pages.len(), 1);
        for part in [
            "Kulkarni",
            "MMC 2009/04/1187",
            "Deshmukh",
            "ALLERGIES",
            "Penicillins",
            "Acute URTI",
            "PARACETAMOL",
            "10 tablets",
            "CBC",
            "28 Nov 2026",
            "ANDHERI-A-261123-1",
        ] {
            let squeezed: String = pages[0].split_whitespace().collect();
            assert!(
                squeezed.contains(&part.split_whitespace().collect::<String>()),
                "{part} in {}",
                pages[0]
            );
        }
    }

    #[test]
    fn the_letterhead_stands_on_every_page_and_a_printed_pad_keeps_its_room_for_its_own() {
        for page in pages(&sample(20)) {
            for part in ["Mother and child", "BMC/2019/771", "Open Monday"] {
                assert!(page.contains(part), "{part} in {page}");
            }
        }
        let on_a_pad = pages(&Printed { head_room_mm: 40, ..sample(20) });
        for page in &on_a_pad {
            assert!(!page.contains("Mother and child") && page.contains("Open Monday"), "{page}");
            assert!(page.contains("MMC 2009/04/1187") && page.contains("ALLERGIES"), "{page}");
        }
        assert!(on_a_pad.len() >= pages(&sample(20)).len());
    }

    /// What stands on a page and where: left, top, right, bottom in points; the words, or nothing for a picture.
    pub(super) fn placed(frame: &Frame, left: f64, top: f64) -> Vec<([f64; 4], String)> {
        let mut found = vec![];
        for (at, item) in frame.items() {
            let (x, y) = (left + at.x.to_pt(), top + at.y.to_pt());
            match item {
                FrameItem::Group(group) => {
                    let moved = group.transform;
                    found.extend(placed(&group.frame, x + moved.tx.to_pt(), y + moved.ty.to_pt()));
                }
                FrameItem::Text(run) => {
                    let size = run.size.to_pt();
                    found.push(([x, y - 0.7 * size, x + run.width().to_pt(), y], run.text.to_string()));
                }
                FrameItem::Image(_, size, _) => {
                    found.push(([x, y, x + size.x.to_pt(), y + size.y.to_pt()], String::new()));
                }
                _ => {}
            }
        }
        found
    }

    pub(super) fn picture(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let drawn = image::DynamicImage::new_rgb8(width, height);
        drawn.write_to(&mut bytes, image::ImageFormat::Png).expect("BUG: written");
        logo::read(bytes.get_ref()).expect("BUG: taken")
    }

    #[test]
    fn a_picture_of_any_shape_stands_on_every_page_and_no_word_on_it_or_off_the_paper() {
        let names = Printed {
            doctor_name: "Dr. Venkatanarasimharajuvaripeta Krishnamoorthyswaminathan".into(),
            clinic_phone: "022 5550 1420 · reception.andheri.east@asha-dental-and-family-clinic.example.in"
                .into(),
            ..sample(20)
        };
        for (paper, width) in [(Paper::A5, 148.0), (Paper::A4, 210.0)] {
            for prescription in [sample(20), names.clone()] {
                for (wide, high) in [(0, 0), (200, 200), (600, 40), (40, 360)] {
                    let logo = if wide == 0 { vec![] } else { picture(wide, high) };
                    let with = Printed { logo, ..prescription.clone() };
                    let drawn = Drawn::new(&with, paper).expect("BUG: the layout");
                    for page in drawn.0.pages() {
                        let all = placed(&page.frame, 0.0, 0.0);
                        let (words, pictures): (Vec<_>, Vec<_>) =
                            all.into_iter().partition(|one| !one.1.is_empty());
                        assert_eq!(pictures.len(), usize::from(wide > 0));
                        let most = (width - 9.9) * 72.0 / 25.4;
                        for ([left, top, right, bottom], text) in words {
                            assert!(left >= 28.0 && right <= most, "{text} at {left} to {right} of {most}");
                            for ([from, over, to, under], _) in &pictures {
                                let beside =
                                    right <= *from || left >= *to || bottom <= *over || top >= *under;
                                assert!(beside, "{text} on the picture");
                            }
                        }
                    }
                    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
                    for page in drawn.0.pages() {
                        let page = squeezed(&text(&page.frame));
                        assert!(page.contains(&squeezed(&with.doctor_name)), "{page}");
                        assert!(page.contains(&squeezed(&with.clinic_phone)), "{page}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_printed_pad_bears_its_own_picture_and_a_damaged_one_never_stops_a_paper() {
        let on_a_pad = Printed { head_room_mm: 40, logo: picture(200, 200), ..sample(3) };
        let mut damaged = picture(200, 200);
        damaged.truncate(damaged.len() / 2);
        for prescription in [on_a_pad, Printed { logo: damaged, ..sample(3) }] {
            let drawn = Drawn::new(&prescription, Paper::A5).expect("BUG: the layout");
            let page = &drawn.0.pages()[0].frame;
            assert!(placed(page, 0.0, 0.0).iter().all(|(_, text)| !text.is_empty()), "a picture");
            assert!(text(page).contains("PARACETAMOL"));
        }
    }

    #[test]
    fn directions_stand_in_the_patients_language_under_the_english_ones() {
        let squeezed: String = pages(&sample(1))[0].split_whitespace().collect();
        assert!(squeezed.contains("बुखार"), "{squeezed}");
    }

    #[test]
    fn only_the_line_that_is_not_to_be_substituted_says_so() {
        assert!(!pages(&sample(2))[0].to_lowercase().contains("substitut"));
        let mut prescription = sample(2);
        prescription.items[1].substitution = "Do not substitute".into();
        let page = &pages(&prescription)[0];
        assert_eq!(page.matches("Do not substitute").count(), 1, "{page}");
    }

    #[test]
    fn how_a_patient_who_was_not_there_was_seen_stands_on_the_paper() {
        let mode = "Generated on a teleconsultation";
        assert!(!pages(&sample(1))[0].contains("teleconsultation"));
        assert!(pages(&Printed { mode: mode.into(), ..sample(1) })[0].contains(mode));
    }

    #[test]
    fn the_same_prescription_takes_fewer_pages_of_a4_and_an_item_is_never_torn() {
        let long = sample(30);
        let n_pages = |paper| Drawn::new(&long, paper).expect("BUG: the layout").0.pages().len();
        assert!(n_pages(Paper::A4) < n_pages(Paper::A5));
        for page in pages(&long) {
            assert_eq!(page.matches("PARACETAMOL").count(), page.matches("fever").count(), "{page}");
        }
    }

    #[test]
    fn the_code_is_drawn_on_what_is_signed() {
        let code = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><path d='M0 0h1v1h-1z'/></svg>";
        let signed = Printed { code: code.into(), ..sample(1) };
        assert!(Drawn::new(&signed, Paper::A5).expect("BUG: the layout").pdf().is_ok());
    }

    #[test]
    fn a_long_prescription_repeats_the_patient_and_the_allergies_on_every_page() {
        let pages = pages(&sample(20));
        assert!(pages.len() > 1);
        for page in pages {
            assert!(page.contains("Deshmukh") && page.contains("ALLERGIES"), "{page}");
        }
    }

    #[test]
    fn allergies_of_any_length_print_whole() {
        let allergies = "Penicillin: anaphylaxis in 2019. ".repeat(40);
        let prescription = Printed { allergies, ..sample(3) };
        let drawn = Drawn::new(&prescription, Paper::A5).expect("BUG: the layout");
        let page = &drawn.0.pages()[0].frame;
        assert_eq!(text(page).matches("anaphylaxis").count(), 40);
        if let Ok(folder) = std::env::var("CLINIC_DESK_SAMPLE_PDF") {
            std::fs::write(format!("{folder}.long.pdf"), drawn.pdf().expect("BUG")).expect("BUG: the folder");
        }
    }

    #[test]
    fn advice_longer_than_a_page_goes_on_on_the_next_and_never_runs_over_the_foot() {
        let advice = (1..=90).map(|number| format!("line{number}")).collect::<Vec<_>>().join("\n");
        let drawn = Drawn::new(&Printed { advice, ..sample(3) }, Paper::A5).expect("BUG: the layout");
        let on_pages = drawn.0.pages().iter().flat_map(|page| placed(&page.frame, 0.0, 0.0));
        let lines: Vec<_> = on_pages.filter(|(_, text)| text.starts_with("line")).collect();
        assert_eq!(lines.len(), 90);
        // A foot that is printed takes 33 mm.
        let foot = (210.0 - 33.0) * 72.0 / 25.4;
        for ([_, _, _, bottom], text) in lines {
            assert!(bottom < foot + 0.5, "{text} at {bottom} of {foot}");
        }
    }

    #[test]
    fn text_that_looks_like_markup_prints_as_it_was_typed() {
        assert!(pages(&sample(1))[0].contains("*not bold*"));
    }

    #[test]
    fn a_draft_says_so_and_a_signed_one_does_not() {
        let draft = Printed { signed_at: String::new(), number: String::new(), ..sample(1) };
        assert!(pages(&draft)[0].contains("DRAFT"));
        assert!(!pages(&sample(1))[0].contains("DRAFT"));
    }

    #[test]
    fn a_recovery_code_stands_on_one_page_with_what_tells_it_apart_in_the_language_of_the_window() {
        for (language, said, unsaid) in [
            (Language::English, "awayfromthecomputer", "कंप्यूटर"),
            (Language::Hindi, "कंप्यूटर", "awayfromthecomputer"),
        ] {
            let paper = RecoveryPaper {
                code: "7Q4K-9XWM-2C8D-HT3N-0V5B-E6RZ-1A2C",
                fingerprint: "K3W9XA",
                device_name: "Room 1 #panic() 1 *x*",
                clinic_name: "आशा क्लिनिक, Andheri",
                made_on: "29 Nov 2026",
                language,
            };
            let drawn = Drawn::recovery(paper).expect("BUG: the layout");
            assert_eq!(drawn.0.pages().len(), 1);
            let page = &drawn.0.pages()[0].frame;
            assert_eq!(boxes(page), "");
            let squeezed: String = text(page).split_whitespace().collect();
            for part in [
                "7Q4K",
                "9XWM",
                "2C8D",
                "HT3N",
                "0V5B",
                "E6RZ",
                "1A2C",
                "K3W9XA",
                "#panic()1*x*",
                "29Nov2026",
            ] {
                assert!(squeezed.contains(part), "{part} in {squeezed}");
            }
            assert!(squeezed.contains(said) && !squeezed.contains(unsaid), "{squeezed}");
            let pdf = drawn.pdf().expect("BUG: the PDF");
            assert!(pdf.starts_with(b"%PDF-"));
            if let Ok(folder) = std::env::var("CLINIC_DESK_SAMPLE_PDF") {
                let path = format!("{folder}.recovery.{}.pdf", language.code());
                std::fs::write(path, pdf).expect("BUG: the folder");
            }
        }
    }

    #[test]
    fn pages_come_as_svg_without_fonts_and_as_pdf() {
        let drawn = Drawn::new(&sample(3), Paper::A5).expect("BUG: the layout");
        let pages = drawn.svg_pages();
        assert!(pages[0].starts_with("<svg") && !pages[0].contains("<text"));
        let pdf = drawn.pdf().expect("BUG: the PDF");
        assert!(pdf.starts_with(b"%PDF-"));
        if let Ok(folder) = std::env::var("CLINIC_DESK_SAMPLE_PDF") {
            std::fs::write(folder, pdf).expect("BUG: the folder");
        }
    }
}
