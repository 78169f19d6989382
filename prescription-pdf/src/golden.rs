//! The printed page in words, compared with the files of `tests/golden`: where each run of text, each rule and each picture
//! stands. A change of the layout shows there, line by line, to whoever looks through it.

use std::path::Path;

use protocol::printed::{Printed, PrintedItem, PrintedSlip};
use typst::layout::{Abs, Frame, FrameItem, Point, Transform};
use typst::visualize::{Geometry, Shape};

use super::slip::tests::waiting;
use super::tests::{picture, sample};
use super::{Drawn, Paper};

const UPDATE: &str = "UPDATE_GOLDEN=1 cargo test -p prescription-pdf golden";

/// A title, directions and quantity, and the directions in Hindi and in Marathi.
const MEDICINES: [[&str; 5]; 5] = [
    [
        "TAB. PARACETAMOL 650 MG (Dolo 650)",
        "1 tablet morning, afternoon and night, after food, for 5 days",
        "15 tablets",
        "1 गोली सुबह, दोपहर और रात, खाने के बाद, 5 दिन तक",
        "1 गोळी सकाळी, दुपारी आणि रात्री, जेवणानंतर, 5 दिवस",
    ],
    [
        "CAP. AMOXICILLIN 500 MG",
        "1 capsule morning, afternoon and night, for 7 days",
        "21 capsules",
        "1 कैप्सूल सुबह, दोपहर और रात, 7 दिन तक",
        "1 कॅप्सूल सकाळी, दुपारी आणि रात्री, 7 दिवस",
    ],
    [
        "SYP. AMBROXOL 30 MG/5 ML",
        "5 ml morning and night, for 5 days",
        "50 ml",
        "5 मि.ली. सुबह और रात, 5 दिन तक",
        "5 मि.ली. सकाळी आणि रात्री, 5 दिवस",
    ],
    [
        "TAB. METFORMIN 500 MG",
        "1 tablet morning and night, after food, for 30 days",
        "60 tablets",
        "1 गोली सुबह और रात, खाने के बाद, 30 दिन तक",
        "1 गोळी सकाळी आणि रात्री, जेवणानंतर, 30 दिवस",
    ],
    [
        "INHALER SALBUTAMOL 100 MCG",
        "2 puffs when needed for wheezing, 6 hours apart, at most 8 a day",
        "",
        "साँस फूलने पर ज़रूरत होने पर 2 पफ, 6 घंटे के अंतर से",
        "धाप लागल्यास गरजेनुसार 2 पफ, 6 तासांच्या अंतराने",
    ],
];

/// Which of a medicine's texts are the directions in Hindi, and in Marathi.
const HINDI: usize = 3;
const MARATHI: usize = 4;

fn items(count: usize, local: Option<usize>) -> Vec<PrintedItem> {
    let item = |medicine: &[&str; 5]| PrintedItem {
        title: medicine[0].into(),
        directions: medicine[1].into(),
        quantity: medicine[2].into(),
        local_directions: local.map(|place| medicine[place].to_owned()).unwrap_or_default(),
        substitution: String::new(),
        remark: String::new(),
    };
    MEDICINES.iter().cycle().take(count).map(item).collect()
}

/// A prescription that bears a code.
fn signed(items: Vec<PrintedItem>) -> Printed {
    let code = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><path d='M0 0h1v1h-1z'/></svg>";
    Printed { items, code: code.into(), ..sample(0) }
}

fn mm(length: Abs) -> String {
    // Adding nothing makes a negative zero a plain one.
    format!("{:.1}", (length.to_mm() * 10.0).round() / 10.0 + 0.0)
}

fn place(of: Point) -> String {
    format!("{} {}", mm(of.x), mm(of.y))
}

/// The pages in words, in the order in which they are drawn: lengths in millimetres from the left and the top, a text by the
/// beginning of its base line.
fn told(drawn: &Drawn) -> String {
    let mut lines = vec![];
    for (page, number) in drawn.0.pages().iter().zip(1..) {
        let size = page.frame.size();
        lines.push(format!("page {number}, {} by {}", mm(size.x), mm(size.y)));
        tell(&page.frame, Transform::identity(), &mut lines);
    }
    lines.join("\n") + "\n"
}

fn tell(frame: &Frame, outer: Transform, lines: &mut Vec<String>) {
    for (at, item) in frame.items() {
        let here = outer.pre_concat(Transform::translate(at.x, at.y));
        let what = match item {
            FrameItem::Group(group) => {
                tell(&group.frame, here.pre_concat(group.transform), lines);
                continue;
            }
            FrameItem::Text(run) => {
                let font = run.font.info();
                let weight = font.variant.weight.to_number();
                format!("{} {weight}, {:.1} pt «{}»", font.family, run.size.to_pt(), run.text)
            }
            FrameItem::Shape(shape, _) => shape_words(shape, here),
            FrameItem::Image(_, size, _) => format!("picture, {} by {}", mm(size.x), mm(size.y)),
            FrameItem::Link(..) | FrameItem::Tag(_) => continue,
        };
        let turned = if here.is_only_translate() {
            String::new()
        } else {
            format!(", turned by {:.0}°", here.ky.get().atan2(here.sx.get()).to_degrees())
        };
        lines.push(format!("  {} {what}{turned}", place(Point::zero().transform(here))));
    }
}

fn shape_words(shape: &Shape, here: Transform) -> String {
    let stroke = shape.stroke.as_ref();
    let stroke = stroke.map_or_else(String::new, |stroke| format!(", {:.1} pt", stroke.thickness.to_pt()));
    let what = match &shape.geometry {
        Geometry::Line(end) => format!("rule to {}", place(end.transform(here))),
        Geometry::Rect(size) => format!("box, {} by {}", mm(size.x), mm(size.y)),
        Geometry::Curve(_) => {
            let around = shape.bbox(false);
            let (from, to) = (around.min.transform(here), around.max.transform(here));
            format!("curve from {} to {}", place(from), place(to))
        }
    };
    format!("{what}{stroke}")
}

fn drawn(prescription: &Printed, paper: Paper) -> Drawn {
    Drawn::new(prescription, paper).expect("BUG: the layout")
}

/// Compares the pages with the file of this name. Returns how many there are.
fn compare(name: &str, drawn: &Drawn) -> usize {
    let now = told(drawn);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let file = folder.join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(&folder).expect("BUG: the folder");
        std::fs::write(&file, now).expect("BUG: the file");
        return drawn.0.pages().len();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!(
            "{} cannot be read ({error}). `{UPDATE}` writes it; look through it before it is committed.",
            file.display()
        )
    });
    let (before, after): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), now.lines().collect());
    let changed: Vec<String> = (0..before.len().max(after.len()))
        .filter(|line| before.get(*line) != after.get(*line))
        .map(|line| {
            let of = |lines: &[&str]| lines.get(line).copied().unwrap_or("nothing").trim().to_owned();
            format!("line {}: {} is now {}", line + 1, of(&before), of(&after))
        })
        .take(20)
        .collect();
    assert!(
        changed.is_empty(),
        "The page is not what {} says. If it is meant so, `{UPDATE}` writes it anew.\n{}",
        file.display(),
        changed.join("\n")
    );
    drawn.0.pages().len()
}

#[test]
fn an_english_one_on_a5_with_a_picture_in_its_head() {
    let prescription = Printed { logo: picture(300, 150), ..signed(items(4, None)) };
    assert_eq!(compare("a5_english", &drawn(&prescription, Paper::A5)), 1);
}

#[test]
fn a_long_one_on_a4_with_directions_in_hindi_goes_on_on_the_next_page() {
    assert!(compare("a4_hindi", &drawn(&signed(items(30, Some(HINDI))), Paper::A4)) > 1);
}

#[test]
fn one_with_directions_in_marathi_that_was_made_void() {
    let prescription = Printed {
        patient_name: "सुनीता देशमुख".into(),
        mark: "Voided".into(),
        ..signed(items(4, Some(MARATHI)))
    };
    assert_eq!(compare("a5_marathi", &drawn(&prescription, Paper::A5)), 1);
}

#[test]
fn one_on_a_pad_that_bears_a_head_already() {
    let prescription = Printed { head_room_mm: 40, ..signed(items(3, Some(HINDI))) };
    assert_eq!(compare("a5_printed_pad", &drawn(&prescription, Paper::A5)), 1);
}

#[test]
fn the_slip_of_who_waits_and_reads_hindi() {
    assert_eq!(compare("slip_hindi", &Drawn::slip(&waiting()).expect("BUG: the layout")), 1);
}

#[test]
fn a_slip_of_which_little_is_known_is_shorter() {
    let bare = PrintedSlip {
        token: "AB-117".into(),
        told: vec!["Please wait until your token is called".into()],
        ..PrintedSlip::default()
    };
    assert_eq!(compare("slip_bare", &Drawn::slip(&bare).expect("BUG: the layout")), 1);
}
