//! A picture file → the square of RGB pixels the checkpoint was trained on.
//!
//! Training and serving on different pixels is the classic silent defect of browser tools, so one code path decodes
//! in the page, natively and in tests: Rust decoders, EXIF orientation applied, transparency laid on white, Pillow's
//! BICUBIC (antialiased) to the shorter side, centre crop.

use std::io::Cursor;

use ::image::metadata::Orientation;
use ::image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage, RgbaImage};
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ImageView, ResizeAlg, ResizeOptions, Resizer};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::source::{Look, Picture, SMALL};

/// Pictures above this many pixels are refused: as RGB it is 192 MB, and wasm memory never shrinks again.
pub const MAX_PIXELS: u64 = 64_000_000;

/// How a checkpoint wants its pictures. Part of a pack's manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preprocess {
    /// The shorter side is resized to this many pixels, and a square of it cut from the centre.
    pub size: u32,
    /// Only `"bicubic"`: antialiased, a = -0.5, as Pillow's BICUBIC.
    pub resample: String,
    /// The network's input is `(value - mean) / std` for a value in 0..=255, the same for each channel.
    pub mean: f32,
    pub std: f32,
}

impl Preprocess {
    /// Bytes of one encoded picture: `size × size × 3`, RGB, rows from the top.
    pub fn bytes(&self) -> usize {
        (self.size * self.size * 3) as usize
    }
}

/// A picture as the backbone reads it, and what is kept of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// `size × size × 3` RGB bytes.
    pub pixels: Vec<u8>,
    pub picture: Picture,
}

/// Decodes a JPEG, PNG, WebP, GIF (first frame) or BMP file.
///
/// Errors: `empty`, `unsupported-format`, `image-too-large`, `bad-image`.
pub fn encode(bytes: &[u8], prep: &Preprocess) -> Result<Encoded> {
    finish(&decode(bytes)?, prep)
}

/// The same for pixels that are decoded already (canvas, webcam, the browser's own decoder): RGBA, 8 bits, not
/// premultiplied.
pub fn encode_rgba(rgba: &[u8], width: u32, height: u32, prep: &Preprocess) -> Result<Encoded> {
    check_size(width, height)?;
    let picture = RgbaImage::from_raw(width, height, rgba.to_vec())
        .ok_or_else(|| Error::BadImage { why: format!("{} bytes for {width} × {height} RGBA pixels", rgba.len()) })?;
    finish(&flatten(DynamicImage::ImageRgba8(picture)), prep)
}

fn finish(source: &RgbImage, prep: &Preprocess) -> Result<Encoded> {
    let pixels = square(source, prep)?;
    let picture = look_at(&pixels, prep.size as usize, source.width(), source.height());
    Ok(Encoded { pixels, picture })
}

/// Views of a picture that [`view`] knows.
pub const VIEWS: usize = 4;
/// A crop keeps at least this part of a side.
const CROP: f32 = 0.8;
/// Brightness and contrast change by this part at most.
const JITTER: f32 = 0.2;

/// Another look at an encoded picture, for training: 0 as it is; 1 mirrored; 2 a part of it, enlarged, brighter or darker; 3 that
/// of another part, mirrored. Odd ones are mirrored. `seed` decides which part.
pub fn view(pixels: &[u8], prep: &Preprocess, view: usize, seed: u64) -> Result<Vec<u8>> {
    let size = prep.size;
    let mut out = pixels.to_vec();
    if view >= 2 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.wrapping_mul(VIEWS as u64).wrapping_add(view as u64));
        let mut between = |low: f32, high: f32| low + (high - low) * rng.random::<f32>();
        let side = f64::from(size) * f64::from(between(CROP, 1.0));
        let room = f64::from(size) - side;
        let (x, y) = (room * f64::from(between(0.0, 1.0)), room * f64::from(between(0.0, 1.0)));
        let (contrast, light) = (between(1.0 - JITTER, 1.0 + JITTER), between(1.0 - JITTER, 1.0 + JITTER));
        let source = TypedImageRef::<U8x3>::from_buffer(size, size, pixels).map_err(|e| bad(&e))?;
        let part = resize(&source, size, size, [x, y, side, side])?;
        out.clear();
        out.extend(part.pixels().iter().flat_map(|pixel| pixel.0));
        let mean = out.iter().map(|&v| f32::from(v)).sum::<f32>() / out.len() as f32;
        out.iter_mut().for_each(|v| *v = (((f32::from(*v) - mean) * contrast + mean) * light).round() as u8);
    }
    if !view.is_multiple_of(2) {
        for line in out.chunks_exact_mut(size as usize * 3) {
            let mirrored: Vec<u8> = line.rchunks_exact(3).flatten().copied().collect();
            line.copy_from_slice(&mirrored);
        }
    }
    Ok(out)
}

/// What is kept of a square picture that came from one of `width × height`.
fn look_at(pixels: &[u8], size: usize, width: u32, height: u32) -> Picture {
    let mut small = Vec::with_capacity(SMALL * SMALL * 3);
    for (y, x) in (0..SMALL).flat_map(|y| (0..SMALL).map(move |x| (y, x))) {
        // The mean of the pixels that a small one covers.
        let rows = y * size / SMALL..((y + 1) * size / SMALL).max(y * size / SMALL + 1);
        let columns = x * size / SMALL..((x + 1) * size / SMALL).max(x * size / SMALL + 1);
        for channel in 0..3 {
            let values = rows.clone().flat_map(|r| columns.clone().map(move |c| pixels[(r * size + c) * 3 + channel]));
            let count = rows.len() * columns.len();
            small.push((values.map(usize::from).sum::<usize>() / count) as u8);
        }
    }
    // ITU-R BT.601.
    let luma = |p: &[u8]| (0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2])) / 255.0;
    let luma: Vec<f32> = pixels.chunks_exact(3).map(luma).collect();
    let brightness = luma.iter().sum::<f32>() / luma.len() as f32;
    let edges: Vec<f32> = (1..size - 1)
        .flat_map(|y| (1..size - 1).map(move |x| y * size + x))
        .map(|i| luma[i - 1] + luma[i + 1] + luma[i - size] + luma[i + size] - 4.0 * luma[i])
        .collect();
    let mean = edges.iter().sum::<f32>() / edges.len() as f32;
    let variance = edges.iter().map(|e| (e - mean).powi(2)).sum::<f32>() / edges.len() as f32;
    Picture { small, look: Look { width, height, brightness, sharpness: variance.sqrt().min(1.0) } }
}

fn decode(bytes: &[u8]) -> Result<RgbImage> {
    if bytes.is_empty() {
        return Err(Error::Empty);
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| bad(&e))?;
    let format = reader.format().ok_or_else(|| Error::UnsupportedFormat { format: sniff(bytes) })?;
    if !format.reading_enabled() {
        return Err(Error::UnsupportedFormat { format: format!("{format:?}") });
    }
    if format == ImageFormat::Jpeg && !jpeg_is_whole(bytes) {
        return Err(Error::BadImage { why: "the JPEG ends before its end marker".into() });
    }
    let mut decoder = reader.into_decoder().map_err(refuse)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    // The default limits would refuse large pictures that our own limit allows.
    decoder.set_limits(Limits::no_limits()).map_err(refuse)?;
    // A damaged EXIF block is no reason to lose the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refuse)?;
    picture.apply_orientation(orientation);
    Ok(flatten(picture))
}

fn check_size(width: u32, height: u32) -> Result<()> {
    match u64::from(width) * u64::from(height) {
        0 => Err(Error::BadImage { why: format!("{width} × {height} pixels") }),
        n if n > MAX_PIXELS => Err(Error::ImageTooLarge { width, height, limit: MAX_PIXELS }),
        _ => Ok(()),
    }
}

/// Transparency on white. Dropping the alpha channel instead would show the colours an editor left under it.
fn flatten(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let rgba = picture.into_rgba8();
    let over_white = |c: u8, a: u8| ((u32::from(c) * u32::from(a) + 255 * u32::from(255 - a) + 127) / 255) as u8;
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0;
        [over_white(r, a), over_white(g, a), over_white(b, a)].into()
    })
}

fn square(picture: &RgbImage, prep: &Preprocess) -> Result<Vec<u8>> {
    let (w, h) = (f64::from(picture.width()), f64::from(picture.height()));
    let size = f64::from(prep.size);
    // The reference resizes the whole picture, then crops. Resizing only the part that survives the crop gives the
    // same pixels: the long side's length is rounded to whole pixels first, as the reference does.
    let scale = size / w.min(h);
    let (out_w, out_h) = ((w * scale).round().max(size), (h * scale).round().max(size));
    let (left, top) = (((out_w - size) / 2.0).floor(), ((out_h - size) / 2.0).floor());
    let (fx, fy) = (w / out_w, h / out_h);
    let source =
        TypedImageRef::from_buffer(picture.width(), picture.height(), picture.as_raw()).map_err(|e| bad(&e))?;
    // Rows outside of what the bicubic window reaches are left out: a picture of 2 × 30,000,000 would be widened whole.
    let reach = 2.0 * fy.max(1.0) + 1.0;
    let first = (top * fy - reach).floor().max(0.0);
    let last = ((top + size) * fy + reach).ceil().min(h);
    // One call would do the columns first. The bytes between the two passes are clipped, so the order shows: Pillow does
    // the rows first, and an 8 × 8 scan resized the other way round is off by up to 17.
    let across = [left * fx, first, (size * fx).min(w - left * fx), last - first];
    let wide = resize(&source, prep.size, (last - first) as u32, across)?;
    let down = [0.0, top * fy - first, size, (size * fy).min(h - top * fy)];
    Ok(resize(&wide, prep.size, prep.size, down)?.pixels().iter().flat_map(|pixel| pixel.0).collect())
}

/// `[left, top, width, height]` of the source → a picture of `width × height`. Typed: the call that takes any image brings
/// the code for every kind of pixel into the module, a quarter of a megabyte.
fn resize(
    source: &impl ImageView<Pixel = U8x3>,
    width: u32,
    height: u32,
    [x, y, w, h]: [f64; 4],
) -> Result<TypedImage<'static, U8x3>> {
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom)).crop(x, y, w, h);
    let mut out = TypedImage::new(width, height);
    Resizer::new().resize_typed(source, &mut out, &options).map_err(|e| bad(&e))?;
    Ok(out)
}

/// The JPEG decoder fills what is missing from a cut-off file with grey and reports nothing.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    // Cameras append padding, thumbnails or maker notes behind the marker, so it may stand anywhere near the end.
    let tail = &bytes[bytes.len() - bytes.len().min(bytes.len() / 4 + 4096)..];
    tail.windows(2).any(|w| w == [0xFF, 0xD9])
}

fn refuse(error: ImageError) -> Error {
    match error {
        ImageError::Unsupported(e) => Error::UnsupportedFormat { format: e.to_string() },
        e => bad(&e),
    }
}

fn bad(error: &dyn std::fmt::Display) -> Error {
    Error::BadImage { why: error.to_string() }
}

/// Names what the person gave, for the message: "this is not a picture" is no help.
fn sniff(bytes: &[u8]) -> String {
    let name = match bytes {
        [b'%', b'P', b'D', b'F', ..] => "PDF",
        [b'P', b'K', 3, 4, ..] => "a ZIP archive",
        [_, _, _, _, b'f', b't', b'y', b'p', b'h', b'e', ..] | [_, _, _, _, b'f', b't', b'y', b'p', b'm', b'i', ..] => {
            "HEIC"
        }
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', ..] => "AVIF",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "a video",
        _ if std::str::from_utf8(&bytes[..bytes.len().min(256)]).is_ok() => "text",
        _ => "an unknown format",
    };
    name.to_owned()
}
