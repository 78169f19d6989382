//! Attached files as pictures: small ones for the list, and the pages of a PDF. What is read here came from outside; it is
//! called in a process of its own alone (`child.rs`).

use std::io::Cursor;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{RenderCache, RenderSettings, render};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};

/// A small picture fits into a square of this side: twice what it has in the list, for screens that are fine.
const SMALL_SIDE: u32 = 128;
/// The largest picture that is read, in points.
const MAX_POINTS: u64 = 100_000_000;
/// The same, in bytes when it is decoded.
const MAX_DECODED: u64 = 400_000_000;
/// A page is drawn so wide, in points: twice what it has in the window.
const PAGE_WIDTH: f32 = 1_440.0;
/// A page of an odd shape is drawn smaller, so that it has no more points, and is no higher, than this.
const PAGE_POINTS: f32 = 12_000_000.0;
const PAGE_HEIGHT: f32 = 12_000.0;

/// Why nothing is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It cannot be read.
    Damaged,
    /// A PDF that only its password opens.
    Encrypted,
    /// It takes more than there is for it.
    TooMuch,
    /// The process that draws did not work.
    NoChild,
}

impl Failure {
    /// How a process ends that says so.
    pub fn code(self) -> i32 {
        match self {
            Self::Damaged => 10,
            Self::Encrypted => 11,
            Self::TooMuch => 12,
            Self::NoChild => 13,
        }
    }

    /// What the end of a process says; it has no code where the system ended it, at its limits.
    pub fn of(code: Option<i32>) -> Self {
        let Some(code) = code else { return Self::TooMuch };
        let known = [Self::Encrypted, Self::TooMuch, Self::NoChild];
        // A decoder that panics has met what no writer of files makes.
        known.into_iter().find(|failure| failure.code() == code).unwrap_or(Self::Damaged)
    }
}

/// A picture, small and upright, as PNG.
///
/// # Errors
///
/// [`Failure::Damaged`], [`Failure::TooMuch`].
pub fn small(file: &[u8]) -> Result<Vec<u8>, Failure> {
    let known = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP];
    let format = image::guess_format(file).ok().filter(|format| known.contains(format));
    let reader = ImageReader::with_format(Cursor::new(file), format.ok_or(Failure::Damaged)?);
    let mut decoder = reader.into_decoder().map_err(|error| failure_of(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_POINTS || decoder.total_bytes() > MAX_DECODED {
        return Err(Failure::TooMuch);
    }
    let upright = decoder.orientation().map_err(|error| failure_of(&error))?;
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| failure_of(&error))?;
    let is_small = width <= SMALL_SIDE && height <= SMALL_SIDE;
    let mut small = if is_small { picture } else { picture.thumbnail(SMALL_SIDE, SMALL_SIDE) };
    small.apply_orientation(upright);
    let mut bytes = Cursor::new(Vec::new());
    small.write_to(&mut bytes, ImageFormat::Png).map_err(|error| failure_of(&error))?;
    Ok(bytes.into_inner())
}

fn failure_of(error: &image::ImageError) -> Failure {
    if matches!(error, image::ImageError::Limits(_)) { Failure::TooMuch } else { Failure::Damaged }
}

/// How many pages a PDF has: at least one.
///
/// # Errors
///
/// [`Failure::Damaged`], [`Failure::Encrypted`].
pub fn pages(file: Vec<u8>) -> Result<u32, Failure> {
    match u32::try_from(pdf(file)?.pages().len()) {
        Ok(0) | Err(_) => Err(Failure::Damaged),
        Ok(pages) => Ok(pages),
    }
}

/// A page of a PDF on white, as PNG; the first one is 0.
///
/// # Errors
///
/// [`Failure::Damaged`], above all if there is no such page; [`Failure::Encrypted`].
pub fn page(file: Vec<u8>, page: u32) -> Result<Vec<u8>, Failure> {
    let pdf = pdf(file)?;
    let page = pdf.pages().get(page as usize).ok_or(Failure::Damaged)?;
    let (width, height) = page.render_dimensions();
    let scale = scale(width, height).ok_or(Failure::Damaged)?;
    let wide =
        RenderSettings { x_scale: scale, y_scale: scale, bg_color: WHITE, ..RenderSettings::default() };
    let drawn = render(page, &RenderCache::new(), &InterpreterSettings::default(), &wide);
    drawn.into_png().map_err(|_| Failure::Damaged)
}

fn pdf(file: Vec<u8>) -> Result<Pdf, Failure> {
    Pdf::new(file).map_err(|error| match error {
        LoadPdfError::Decryption(_) => Failure::Encrypted,
        LoadPdfError::Invalid => Failure::Damaged,
    })
}

/// By how much a page of this size grows; none if nothing can be drawn of it.
fn scale(width: f32, height: f32) -> Option<f32> {
    let scale = (PAGE_WIDTH / width).min(PAGE_HEIGHT / height).min((PAGE_POINTS / (width * height)).sqrt());
    let has_points = width * scale >= 1.0 && height * scale >= 1.0;
    (scale.is_finite() && has_points).then_some(scale)
}

#[cfg(test)]
mod tests {
    use image::{GenericImageView, Rgb, RgbImage, Rgba};

    use super::*;

    /// A red page and a blue one, each of 300 by 100 points.
    const DOCUMENT: &[u8] = include_bytes!("../tests/red-and-blue.pdf");

    fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("BUG: written");
        bytes.into_inner()
    }

    fn read(bytes: &[u8]) -> DynamicImage {
        image::load_from_memory(bytes).expect("BUG: a picture")
    }

    #[test]
    fn a_picture_of_every_kind_becomes_small_and_keeps_its_shape() {
        let large = DynamicImage::ImageRgb8(RgbImage::from_pixel(1_000, 500, Rgb([200, 30, 30])));
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let drawn = read(&small(&written(&large, format)).expect("BUG: drawn"));
            assert_eq!((drawn.width(), drawn.height()), (SMALL_SIDE, SMALL_SIDE / 2), "{format:?}");
            let Rgba([red, green, _, _]) = drawn.get_pixel(60, 30);
            assert!(red > 180 && green < 60, "{format:?}");
        }
        let tiny = written(&DynamicImage::new_rgb8(3, 2), ImageFormat::Png);
        assert_eq!(read(&small(&tiny).expect("BUG: drawn")).dimensions(), (3, 2), "nothing grows");
        let line = written(&DynamicImage::new_luma8(5_000, 1), ImageFormat::Png);
        assert_eq!(read(&small(&line).expect("BUG: drawn")).dimensions(), (SMALL_SIDE, 1));
    }

    #[test]
    fn what_is_damaged_or_no_picture_is_not_drawn() {
        let whole = written(&DynamicImage::new_rgb8(300, 300), ImageFormat::Png);
        assert_eq!(small(&whole[..whole.len() / 2]), Err(Failure::Damaged));
        for other in [b"%PDF-1.7".as_slice(), b"GIF89a\x01\0\x01\0", b"<svg/>", b""] {
            assert_eq!(small(other), Err(Failure::Damaged));
        }
    }

    #[test]
    fn a_picture_that_says_it_is_huge_is_refused_before_it_is_decoded() {
        let huge = |width: u32, height: u32, depth: u8, colour: u8| {
            let mut head = b"IHDR".to_vec();
            head.extend(width.to_be_bytes());
            head.extend(height.to_be_bytes());
            head.extend([depth, colour, 0, 0, 0]);
            let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
            file.extend(&head);
            file.extend(checksum(&head).to_be_bytes());
            file.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
            file
        };
        assert_eq!(small(&huge(20_000, 20_000, 8, 2)), Err(Failure::TooMuch), "too many points");
        assert_eq!(small(&huge(9_000, 9_000, 16, 6)), Err(Failure::TooMuch), "too many bytes");
        assert_eq!(small(&huge(90, 90, 8, 2)), Err(Failure::Damaged), "its size is not what is amiss");
    }

    /// As a PNG wants it behind every part of it.
    fn checksum(part: &[u8]) -> u32 {
        !part.iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 * (sum & 1)))
        })
    }

    #[test]
    fn each_page_of_a_document_is_drawn_as_wide_as_every_other() {
        assert_eq!(pages(DOCUMENT.to_vec()), Ok(2));
        for place in [0, 1] {
            let drawn = read(&page(DOCUMENT.to_vec(), place).expect("BUG: drawn"));
            assert_eq!(drawn.dimensions(), (1_440, 480));
            let Rgba([red, _, blue, _]) = drawn.get_pixel(700, 200);
            assert_eq!((red > 250, blue > 250), (place == 0, place == 1), "{red} {blue}");
        }
        assert_eq!(page(DOCUMENT.to_vec(), 2), Err(Failure::Damaged), "there is no third one");
    }

    #[test]
    fn a_document_that_is_damaged_or_encrypted_says_which() {
        for damaged in [&DOCUMENT[..40], b"%PDF-1.7 and nothing else", b""] {
            assert_eq!(pages(damaged.to_vec()), Err(Failure::Damaged));
            assert_eq!(page(damaged.to_vec(), 0), Err(Failure::Damaged));
        }
        let word = "00".repeat(32);
        let locked = format!(
            "/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <{word}> /U <{word}> >> /ID [<00> <00>]"
        );
        // The trailer stands behind everything whose place is written down in the file.
        let locked = String::from_utf8_lossy(DOCUMENT).replace("/Root", &format!("{locked} /Root"));
        assert_eq!(pages(locked.into_bytes()), Err(Failure::Encrypted));
    }

    #[test]
    fn a_page_of_any_shape_stays_within_what_is_drawn() {
        for (width, height) in [(595.0, 842.0), (1.0, 20_000.0), (20_000.0, 1.0), (20_000.0, 20_000.0)] {
            let Some(scale) = scale(width, height) else { continue };
            let (wide, high) = (width * scale, height * scale);
            assert!(wide <= 1_441.0 && high <= 12_001.0 && wide * high <= 12_100_000.0, "{wide} by {high}");
        }
        assert!(scale(595.0, 842.0).is_some(), "paper");
        assert_eq!(scale(f32::NAN, 1.0), None);
        assert_eq!(scale(f32::INFINITY, 1.0), None);
    }

    #[test]
    fn how_a_process_ended_says_why_nothing_is_shown() {
        for failure in [Failure::Damaged, Failure::Encrypted, Failure::TooMuch, Failure::NoChild] {
            assert_eq!(Failure::of(Some(failure.code())), failure);
        }
        assert_eq!(Failure::of(None), Failure::TooMuch, "ended by the system");
        assert_eq!(Failure::of(Some(101)), Failure::Damaged, "a panic");
    }
}
