//! The process that draws attached files, as the window starts it.

use std::io::{Cursor, Write};
use std::process::{Child, Command, Output, Stdio};

use image::{DynamicImage, GenericImageView, ImageFormat};

fn start(words: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_clinic-desk"))
        .arg("--draw")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("BUG: started")
}

fn child(words: &[&str], file: &[u8]) -> Output {
    let mut child = start(words);
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

#[test]
#[cfg(target_os = "linux")]
fn it_has_little_memory_and_time_before_it_reads_anything() {
    let mut child = start(&["small"]);
    let mut to = child.stdin.take().expect("BUG: a pipe");
    // A pipe holds less: once this is written, the process has begun to read.
    to.write_all(&vec![0; 1 << 20]).expect("BUG: written");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("BUG: read");
    let limits: Vec<String> =
        limits.lines().map(|limit| limit.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for limit in [
        "Max data size 536870912 536870912 bytes",
        "Max cpu time 10 10 seconds",
        // As of the program that starts it: what breaks leaves no keys and no patients in a file.
        "Max core file size 0 0 bytes",
    ] {
        assert!(limits.iter().any(|one| one == limit), "{limit}: {limits:?}");
    }
    drop(to);
    assert_eq!(child.wait().expect("BUG: ended").code(), Some(10));
}
