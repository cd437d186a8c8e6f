//! Pictures in every dress, and the ones that have to be refused.

mod fixtures;

use std::io::Cursor;

use fixtures::*;
use headstart::encode::image::{MAX_PIXELS, Preprocess, encode, encode_rgba};
use headstart::features::{Matrix, cosine, extract};
use image::{DynamicImage, ImageEncoder, ImageFormat, Luma, Rgb, RgbImage, Rgba};

fn prep() -> Preprocess {
    Preprocess { size: 224, resample: "bicubic".into(), mean: 127.0, std: 128.0 }
}

fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.into().write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn gradient(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, 128]))
}

fn pixel(encoded: &[u8], x: usize, y: usize) -> [u8; 3] {
    encoded[(y * 224 + x) * 3..][..3].try_into().unwrap()
}

fn near(a: [u8; 3], b: [u8; 3], tolerance: u8) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= tolerance)
}

/// The golden pixels were made with Pillow. Its JPEG decoder differs from ours by up to 4 of 255 in places, hence a mean;
/// where nothing is lost in decoding (picture 6, a PNG) the resizing agrees to 1.
#[test]
fn photographs_become_the_original_pixels_and_features() {
    let Some(path) = shared("golden/image_golden.safetensors") else {
        return;
    };
    let file = std::fs::read(path).unwrap();
    let list: serde_json::Value =
        serde_json::from_slice(&std::fs::read(shared("golden/image_golden.json").unwrap()).unwrap()).unwrap();
    let want = bytes(&file, "image_u8_nhwc");
    let features = Matrix::new(1280, floats(&file, "feature"));
    let (backbone, computer) = backbone("efficientnet-lite0");
    for (i, image) in list["images"].as_array().unwrap().iter().enumerate() {
        let bytes = std::fs::read(shared(image["file"].as_str().unwrap()).unwrap()).unwrap();
        let got = encode(&bytes, &prep()).unwrap().pixels;
        let want = &want[i * got.len()..][..got.len()];
        let off = got.iter().zip(want).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / got.len() as f64;
        let row = pollster::block_on(extract(&backbone, &computer, &got, 1)).unwrap();
        let same = cosine(row.row(0), features.row(i));
        println!("picture {i}: mean difference {off:.3} of 255, cosine {same:.6}");
        assert!(off < 0.25, "picture {i}: mean difference {off}");
        if image["file"].as_str().unwrap().ends_with(".png") {
            assert!(got.iter().zip(want).all(|(a, b)| a.abs_diff(*b) <= 1), "picture {i}");
        }
        assert!(same >= 0.999, "picture {i}: cosine {same}");
    }
}

#[test]
fn the_same_picture_in_every_format() {
    let picture = gradient(320, 240);
    let want = encode(&file(picture.clone(), ImageFormat::Png), &prep()).unwrap().pixels;
    for format in [ImageFormat::Bmp, ImageFormat::WebP, ImageFormat::Jpeg, ImageFormat::Gif] {
        let got = encode(&file(picture.clone(), format), &prep()).unwrap().pixels;
        // GIF has 256 colours.
        let tolerance = if format == ImageFormat::Gif { 24 } else { 4 };
        let off = got.iter().zip(&want).filter(|(a, b)| a.abs_diff(**b) > tolerance).count();
        assert!(off < got.len() / 100, "{format:?}: {off} values are off");
    }
}

#[test]
fn transparency_is_white() {
    let picture = image::RgbaImage::from_pixel(50, 50, Rgba([200, 0, 0, 0]));
    assert_eq!(pixel(&encode(&file(picture, ImageFormat::Png), &prep()).unwrap().pixels, 100, 100), [255, 255, 255]);
    let half = image::RgbaImage::from_pixel(50, 50, Rgba([200, 0, 0, 51]));
    assert_eq!(pixel(&encode_rgba(half.as_raw(), 50, 50, &prep()).unwrap().pixels, 9, 9), [244, 204, 204]);
}

#[test]
fn grey_and_sixteen_bits_become_rgb() {
    let grey = image::GrayImage::from_pixel(30, 40, Luma([77]));
    assert_eq!(pixel(&encode(&file(grey, ImageFormat::Png), &prep()).unwrap().pixels, 5, 5), [77, 77, 77]);
    let deep = image::ImageBuffer::<Rgb<u16>, _>::from_pixel(30, 40, Rgb([65535, 32896, 0]));
    assert_eq!(
        pixel(&encode(&file(DynamicImage::ImageRgb16(deep), ImageFormat::Png), &prep()).unwrap().pixels, 5, 5),
        [255, 128, 0]
    );
    let deep = image::ImageBuffer::<Luma<u16>, _>::from_pixel(30, 40, Luma([257 * 10]));
    assert_eq!(
        pixel(&encode(&file(DynamicImage::ImageLuma16(deep), ImageFormat::Png), &prep()).unwrap().pixels, 5, 5),
        [10, 10, 10]
    );
}

/// What is kept of a picture: its look, and it made small.
#[test]
fn a_picture_is_measured() {
    let black_and_white = RgbImage::from_fn(640, 320, |x, _| if x < 320 { Rgb([0; 3]) } else { Rgb([255; 3]) });
    let kept = encode(&file(black_and_white, ImageFormat::Png), &prep()).unwrap().picture;
    assert_eq!((kept.look.width, kept.look.height), (640, 320));
    assert!((kept.look.brightness - 0.5).abs() < 0.01, "{:?}", kept.look);
    assert_eq!((kept.small.len(), kept.small[0], kept.small[3 * 31]), (32 * 32 * 3, 0, 255));
    let chessboard =
        RgbImage::from_fn(224, 224, |x, y| if (x / 4 + y / 4) % 2 == 0 { Rgb([0; 3]) } else { Rgb([255; 3]) });
    let blurred = image::imageops::blur(&chessboard, 4.0);
    let sharpness = |picture| encode(&file(picture, ImageFormat::Png), &prep()).unwrap().picture.look.sharpness;
    assert!(sharpness(chessboard) > 5.0 * sharpness(blurred));
}

#[test]
fn one_pixel_is_a_picture() {
    let dot = RgbImage::from_pixel(1, 1, Rgb([3, 2, 1]));
    let encoded = encode(&file(dot, ImageFormat::Png), &prep()).unwrap().pixels;
    assert_eq!((encoded.len(), pixel(&encoded, 223, 223)), (224 * 224 * 3, [3, 2, 1]));
}

#[test]
fn a_very_long_picture_is_cut_from_its_middle() {
    // Blue in the middle of red, lying and standing; the last would fill 40 GB if it were widened whole.
    for (length, breadth) in [(3000, 10), (2_000_000, 1)] {
        let middle = length / 2 - 2 * breadth..length / 2 + 2 * breadth;
        let colour = |at| {
            if middle.contains(&at) { Rgb([0, 0, 255]) } else { Rgb([255, 0, 0]) }
        };
        for picture in
            [RgbImage::from_fn(length, breadth, |x, _| colour(x)), RgbImage::from_fn(breadth, length, |_, y| colour(y))]
        {
            let encoded = encode(&file(picture, ImageFormat::Png), &prep()).unwrap().pixels;
            assert!(near(pixel(&encoded, 112, 112), [0, 0, 255], 2), "{length}: {:?}", pixel(&encoded, 112, 112));
        }
    }
}

/// The eight EXIF orientations of one picture that is red, green, blue and white in its corners.
#[test]
fn exif_orientation_is_applied() {
    let corner = |x: u32, y: u32| match (x < 32, y < 32) {
        (true, true) => Rgb([255, 0, 0]),
        (false, true) => Rgb([0, 255, 0]),
        (true, false) => Rgb([0, 0, 255]),
        (false, false) => Rgb([255, 255, 255]),
    };
    let upright = RgbImage::from_fn(64, 64, corner);
    let want = encode(&file(upright.clone(), ImageFormat::Png), &prep()).unwrap().pixels;
    let upright = DynamicImage::from(upright);
    let stored = [
        upright.clone(),
        upright.fliph(),
        upright.rotate180(),
        upright.flipv(),
        upright.rotate90().fliph(),
        upright.rotate270(),
        upright.rotate90().flipv(),
        upright.rotate90(),
    ];
    for (i, picture) in stored.iter().enumerate() {
        let exif =
            [b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(), &[i as u8 + 1, 0, 0, 0], &[0; 4]].concat();
        let mut jpeg = Vec::new();
        let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 100);
        encoder.set_exif_metadata(exif).unwrap();
        picture.write_with_encoder(encoder).unwrap();
        let got = encode(&jpeg, &prep()).unwrap().pixels;
        for (x, y) in [(20, 20), (200, 20), (20, 200), (200, 200)] {
            assert!(near(pixel(&got, x, y), pixel(&want, x, y), 12), "orientation {} at {x},{y}", i + 1);
        }
    }
}

/// `cmyk.jpg`: Pillow 13.0.0, `Image.new("CMYK", (64, 48), (0, 255, 255, 0))`, which is red.
#[test]
fn cmyk_jpeg_has_its_colours() {
    let encoded = encode(&golden("cmyk.jpg"), &prep()).unwrap().pixels;
    assert!(near(pixel(&encoded, 100, 100), [255, 0, 0], 6), "{:?}", pixel(&encoded, 100, 100));
}

#[test]
fn what_is_no_picture_is_refused_with_its_code() {
    let code = |bytes: &[u8]| encode(bytes, &prep()).unwrap_err().code();
    assert_eq!(code(b""), "empty");
    assert_eq!(code(b"hello, this is a letter"), "unsupported-format");
    assert_eq!(code(b"%PDF-1.7 and so on"), "unsupported-format");
    assert_eq!(code(b"II*\0\x08\0\0\0 a TIFF"), "unsupported-format");
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Bmp] {
        let whole = file(gradient(200, 200), format);
        assert_eq!(code(&whole[..whole.len() / 2]), "bad-image", "half a {format:?}");
        assert_eq!(code(&whole[..20]), "bad-image", "the head of a {format:?}");
    }
}

#[test]
fn a_picture_over_the_limit_is_refused_before_it_is_decoded() {
    // A PNG that says it is 60,000 × 60,000 and has not a byte of pixels.
    let mut png = Vec::new();
    image::codecs::png::PngEncoder::new(&mut png)
        .write_image(&[0, 0, 0], 1, 1, image::ExtendedColorType::Rgb8)
        .unwrap();
    let mut header = b"IHDR".to_vec();
    header.extend(60_000u32.to_be_bytes());
    header.extend(60_000u32.to_be_bytes());
    header.extend(&png[24..29]);
    let crc = crc32(&header);
    png.splice(12..33, header.into_iter().chain(crc.to_be_bytes()));
    let error = encode(&png, &prep()).unwrap_err();
    assert_eq!(error.code(), "image-too-large", "{error}");
    assert!(MAX_PIXELS < 60_000 * 60_000);
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &b| {
        (0..8).fold(crc ^ u32::from(b), |c, _| if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 })
    })
}
