//! The process that draws attached files, as the window starts it.

use std::io::{Cursor, Write};
use std::process::{Command, Output, Stdio};

use image::{DynamicImage, GenericImageView, ImageFormat};

fn child(words: &[&str], file: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_clinic-desk"))
        .arg("--draw")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("BUG: started");
    let mut to = child.stdin.take().expect("BUG: a pipe");
    // A child that reads nothing has ended, and its code is what counts.
    to.write_all(file).ok();
    drop(to);
    child.wait_with_output().expect("BUG: ended")
}

#[test]
fn a_picture_comes_back_small() {
    let mut file = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(900, 600).write_to(&mut file, ImageFormat::Jpeg).expect("BUG: written");
    let answer = child(&["small"], file.get_ref());
    assert_eq!(answer.status.code(), Some(0));
    let small = image::load_from_memory(&answer.stdout).expect("BUG: a picture");
    assert_eq!(small.dimensions(), (128, 85));
}

#[test]
fn what_cannot_be_drawn_ends_the_process_with_a_code_that_says_so() {
    for words in [["small"].as_slice(), &["count"], &["page", "0"]] {
        let answer = child(words, b"no picture and no document");
        assert_eq!((answer.status.code(), answer.stdout.len()), (Some(10), 0), "{words:?}");
    }
}

#[test]
fn a_process_that_was_asked_for_nothing_opens_no_window() {
    for words in [["window"].as_slice(), &["page", "first"], &[]] {
        assert_eq!(child(words, b"").status.code(), Some(10), "{words:?}");
    }
}
