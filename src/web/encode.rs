//! Pictures → what a backbone reads.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::JsResult;
use super::convert::to_js;
use crate::backbone::Manifest;
use crate::encode::image;

/// Prepares pictures as a pack's manifest asks for.
#[wasm_bindgen]
pub struct Encoder(Manifest);

#[wasm_bindgen]
impl Encoder {
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &str) -> JsResult<Encoder> {
        Ok(Self(Manifest::parse(manifest)?))
    }

    /// A picture file.
    pub fn image(&self, file: &[u8]) -> JsResult<Encoded> {
        Ok(Encoded(image::encode(file, self.0.image()?)?))
    }

    /// Decoded RGBA pixels.
    pub fn rgba(&self, pixels: &[u8], width: u32, height: u32) -> JsResult<Encoded> {
        Ok(Encoded(image::encode_rgba(pixels, width, height, self.0.image()?)?))
    }
}

/// A picture as the backbone reads it, and what is kept of it.
#[wasm_bindgen]
pub struct Encoded(image::Encoded);

#[wasm_bindgen]
impl Encoded {
    /// `size × size × 3` bytes.
    pub fn pixels(&self) -> Uint8Array {
        self.0.pixels.as_slice().into()
    }

    /// `32 × 32 × 3` bytes.
    pub fn small(&self) -> Uint8Array {
        self.0.picture.small.as_slice().into()
    }

    /// `{ width, height, brightness, sharpness }`.
    pub fn look(&self) -> JsResult<JsValue> {
        to_js(&self.0.picture.look)
    }
}
