//! The slip of whoever waits with a token: a strip for the small printer at the desk.

use std::sync::LazyLock;

use protocol::printed::PrintedSlip;
use typst::foundations::{Dict, IntoValue};
use typst_as_lib::{TypstEngine, TypstTemplateMainFile};

use super::{DrawError, Drawn, engine, input};

static SLIP: LazyLock<TypstEngine<TypstTemplateMainFile>> =
    LazyLock::new(|| engine(concat!(include_str!("fitted.typ"), include_str!("slip.typ"))));

impl Drawn {
    /// Lays a slip out on one page, 80 mm wide and as long as what stands on it. All text is taken as text.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn slip(slip: &PrintedSlip) -> Result<Self, DrawError> {
        let mut inputs = Dict::new();
        inputs.insert("slip".into(), input(serde_json::to_value(slip))?.into_value());
        Self::compile(&SLIP, inputs)
    }

    /// How long the first page is, in millimetres.
    pub fn length_mm(&self) -> f64 {
        self.0.pages().first().map_or(0.0, |page| page.frame.size().y.to_mm())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::tests::{placed, text};

    /// Of somebody who reads Hindi.
    pub(crate) fn waiting() -> PrintedSlip {
        PrintedSlip {
            clinic_name: "Asha Dental & Family Clinic".into(),
            token: "A-17".into(),
            doctor_name: "Dr. Anjali Kulkarni".into(),
            arrived_at: "23 Nov 2026 10:41".into(),
            patient: "सुनीता …76".into(),
            told: [
                "Waiting before you at 10:43: 2",
                "Please wait until your token is called",
                "10:43 पर आपसे पहले: 2",
                "कृपया अपना टोकन पुकारे जाने तक प्रतीक्षा करें",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    }

    #[test]
    fn the_token_is_the_largest_on_the_strip_and_every_word_stands_within_it() {
        let long = PrintedSlip {
            clinic_name: "Shri Venkatanarasimharajuvaripeta-Krishnamoorthyswaminathan Clinic".into(),
            token: "ABC-1117".into(),
            doctor_name: "Dr. Venkatanarasimharajuvaripeta Krishnamoorthyswaminathan".into(),
            patient: "Venkatanarasimharajuvaripetakrishnamoorthy …76".into(),
            ..waiting()
        };
        for slip in [waiting(), long] {
            let drawn = Drawn::slip(&slip).expect("BUG: the layout");
            assert_eq!(drawn.0.pages().len(), 1);
            let page = &drawn.0.pages()[0].frame;
            let words = placed(page, 0.0, 0.0);
            let high = |place: &[f64; 4]| place[3] - place[1];
            let largest = words.iter().max_by(|one, other| high(&one.0).total_cmp(&high(&other.0)));
            assert_eq!(largest.map(|(_, words)| words.as_str()), Some(slip.token.as_str()));
            for ([left, _, right, bottom], words) in &words {
                // 5 mm at each side, of 80.
                assert!(*left >= 14.0 && *right <= 213.0, "{words} at {left} to {right}");
                assert!(*bottom < drawn.length_mm() * 72.0 / 25.4, "{words}");
            }
        }
    }

    #[test]
    fn a_slip_is_as_long_as_what_stands_on_it_and_takes_text_as_text() {
        let drawn = |slip: &PrintedSlip| Drawn::slip(slip).expect("BUG: the layout");
        let bare = PrintedSlip { told: vec!["#panic(\"no\") *not bold*".into()], ..waiting() };
        assert!((50.0..80.0).contains(&drawn(&bare).length_mm()), "{}", drawn(&bare).length_mm());
        assert!(drawn(&bare).length_mm() < drawn(&waiting()).length_mm());
        assert!(text(&drawn(&bare).0.pages()[0].frame).contains("*not bold*"));
        assert!(drawn(&waiting()).svg_pages()[0].starts_with("<svg"));
        assert!(drawn(&waiting()).pdf().expect("BUG: the PDF").starts_with(b"%PDF-"));
    }
}
