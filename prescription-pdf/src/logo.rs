//! The clinic's own picture at the head of its papers. What is kept is drawn anew from what was chosen: small, on white,
//! and without where and when it was taken.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage};
use protocol::printed::MAX_LOGO_BYTES;

/// The largest file that is read.
pub const MAX_FILE_BYTES: u64 = 512 * 1024;
/// The widest or highest picture that is read, in pixels.
const MAX_SIDE: u32 = 4_096;
/// What is kept fits into one of these, the largest in which it is small enough: sharp where it is printed 34 mm wide.
const BOXES: [(u32, u32); 4] = [(600, 360), (400, 240), (250, 150), (160, 96)];
/// The quality of a JPEG: nothing of it shows on paper.
const QUALITY: u8 = 85;

/// Why a picture is not taken; the sentence is for whoever chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("This file is larger than 512 KB. Nothing was changed; choose a smaller picture.")]
    TooLarge,
    /// Its first bytes are not those of a PNG or a JPEG.
    #[error("This is no PNG and no JPEG. Nothing was changed; save the picture as one of these first.")]
    NoPicture,
    /// It is damaged, or larger than any that is needed.
    #[error("This picture cannot be read, or is larger than 4096 by 4096 points. Nothing was changed.")]
    NotRead,
}

/// What is kept of a picture that was chosen.
///
/// # Errors
///
/// [`LogoError`], if it is not taken.
pub fn read(file: &[u8]) -> Result<Vec<u8>, LogoError> {
    if file.len() as u64 > MAX_FILE_BYTES {
        return Err(LogoError::TooLarge);
    }
    let picture = on_white(&decode(file)?);
    let kept = BOXES.iter().find_map(|&(width, height)| {
        let fits = picture.width() <= width && picture.height() <= height;
        let small = if fits { picture.clone() } else { picture.resize(width, height, FilterType::Triangle) };
        [png(&small), jpeg(&small)].into_iter().flatten().find(|bytes| bytes.len() <= MAX_LOGO_BYTES)
    });
    kept.ok_or(LogoError::NotRead)
}

/// Width by height, of a picture that may be drawn: one that is kept here is never large.
pub(crate) fn shape(kept: &[u8]) -> Option<f64> {
    let (width, height) =
        ImageReader::with_format(Cursor::new(kept), format(kept)?).into_dimensions().ok()?;
    let most = BOXES[0];
    let is_small = width > 0 && height > 0 && width <= most.0 && height <= most.1;
    is_small.then(|| f64::from(width) / f64::from(height))
}

/// What the first bytes say. A file's name says nothing.
fn format(file: &[u8]) -> Option<ImageFormat> {
    image::guess_format(file).ok().filter(|format| matches!(format, ImageFormat::Png | ImageFormat::Jpeg))
}

fn decode(file: &[u8]) -> Result<DynamicImage, LogoError> {
    let mut reader = ImageReader::with_format(Cursor::new(file), format(file).ok_or(LogoError::NoPicture)?);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| LogoError::NotRead)?;
    let upright = decoder.orientation().map_err(|_| LogoError::NotRead)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| LogoError::NotRead)?;
    picture.apply_orientation(upright);
    Ok(picture)
}

/// As it looks on paper.
fn on_white(picture: &DynamicImage) -> DynamicImage {
    let (width, height) = (picture.width(), picture.height());
    let mut flat = RgbImage::new(width, height);
    for (to, from) in flat.pixels_mut().zip(picture.to_rgba8().pixels()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        let over = |part: u32| ((part * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        *to = Rgb([over(red), over(green), over(blue)]);
    }
    DynamicImage::ImageRgb8(flat)
}

fn png(picture: &DynamicImage) -> Option<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).ok()?;
    Some(bytes.into_inner())
}

fn jpeg(picture: &DynamicImage) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};

    use super::*;

    /// Every point another one, as in a photograph at its worst.
    fn noise(width: u32, height: u32) -> DynamicImage {
        let mut state = 1_u32;
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [_, red, green, blue] = state.to_be_bytes();
            Rgb([red, green, blue])
        }))
    }

    #[test]
    fn a_drawing_is_kept_as_it_is_and_a_photograph_becomes_small() {
        let drawing = DynamicImage::ImageRgb8(RgbImage::from_fn(300, 200, |x, y| {
            Rgb([((x / 50 + y / 50) % 2 * 255) as u8; 3])
        }));
        let kept = read(&png(&drawing).expect("BUG: written")).expect("BUG: taken");
        assert_eq!(decode(&kept).expect("BUG: read"), drawing);
        let photograph = read(&jpeg(&noise(500, 340)).expect("BUG: written")).expect("BUG: taken");
        assert!(photograph.len() <= MAX_LOGO_BYTES);
        let shape = shape(&photograph).expect("BUG: drawn");
        assert!((shape - 500.0 / 340.0).abs() < 0.02, "{shape}");
    }

    #[test]
    fn what_is_seen_through_becomes_white_paper() {
        let glass = DynamicImage::ImageRgba8(RgbaImage::from_pixel(8, 8, Rgba([200, 0, 0, 0])));
        let kept = read(&png(&glass).expect("BUG: written")).expect("BUG: taken");
        assert_eq!(decode(&kept).expect("BUG: read").to_rgb8().get_pixel(3, 3), &Rgb([255, 255, 255]));
    }

    #[test]
    fn what_is_no_picture_or_damaged_or_too_large_is_refused() {
        assert_eq!(read(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Err(LogoError::NoPicture));
        assert_eq!(read(b"GIF89a\x01\0\x01\0"), Err(LogoError::NoPicture));
        assert_eq!(read(b"%PDF-1.7"), Err(LogoError::NoPicture));
        assert_eq!(read(&[]), Err(LogoError::NoPicture));
        assert_eq!(read(&vec![0; MAX_FILE_BYTES as usize + 1]), Err(LogoError::TooLarge));
        let whole = png(&noise(40, 40)).expect("BUG: written");
        assert_eq!(read(&whole[..whole.len() / 2]), Err(LogoError::NotRead));
        let wide = png(&DynamicImage::new_luma8(MAX_SIDE + 1, 1)).expect("BUG: written");
        assert_eq!(read(&wide), Err(LogoError::NotRead));
    }

    #[test]
    fn only_what_was_kept_here_is_drawn() {
        let large = png(&DynamicImage::new_luma8(BOXES[0].0 + 1, 10)).expect("BUG: written");
        assert_eq!(shape(&large), None);
        assert_eq!(shape(b"no picture"), None);
    }
}
