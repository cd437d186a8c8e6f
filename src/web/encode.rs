//! What people gave → what a backbone reads.

use std::sync::Arc;

use js_sys::{Float32Array, Uint8Array};
use wasm_bindgen::prelude::*;

use super::JsResult;
use super::convert::{from_js, to_js};
use crate::backbone::Manifest;
use crate::encode::{image, text};
use crate::features::{self, Matrix};
use crate::source::{self, Content, Look, Picture, SMALL};

/// sha256 in lower-case hexadecimal, for pages on which the browser's own is not to be had.
#[wasm_bindgen]
pub fn sha256(bytes: &[u8]) -> String {
    source::sha256_hex(bytes)
}

/// The id that a content has by itself, of its sha256.
#[wasm_bindgen(js_name = contentId)]
pub fn content_id(sha256: &str) -> String {
    source::id_of_hash(sha256)
}

/// Throws `hash-mismatch` unless a pack's file has the sha256 that its manifest promises.
#[wasm_bindgen(js_name = checkFile)]
pub fn check_file(manifest: &str, name: &str, sha256: &str) -> JsResult<()> {
    Ok(Manifest::parse(manifest)?.check_hash(name, sha256)?)
}

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

impl Encoded {
    /// Without pixels.
    pub(super) fn kept(picture: Picture) -> Self {
        Self(image::Encoded { pixels: Vec::new(), picture })
    }
}

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

/// What is kept of contents, in the order in which they are put in.
#[wasm_bindgen]
#[derive(Default)]
pub struct Contents(Vec<Arc<Content>>);

#[wasm_bindgen]
impl Contents {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Contents {
        Self::default()
    }

    pub fn text(&mut self, text: String) {
        self.0.push(Arc::new(Content::Text(text)));
    }

    pub fn picture(&mut self, small: Vec<u8>, look: JsValue) -> JsResult<()> {
        let look: Look = from_js("look", &look)?;
        assert_eq!(small.len(), SMALL * SMALL * 3, "a small picture has its size");
        self.0.push(Arc::new(Content::Picture(Picture { small, look })));
        Ok(())
    }
}

impl Contents {
    pub(super) fn list(&self) -> &[Arc<Content>] {
        &self.0
    }
}

/// Prepares texts as a pack's manifest asks for.
#[wasm_bindgen]
pub struct Tokenizer {
    encoder: text::Encoder,
    windows: bool,
}

#[wasm_bindgen]
impl Tokenizer {
    /// From a manifest and the tokenizer file it names. `windows`: long texts are taken in parts, not cut.
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &str, file: &[u8], windows: bool) -> JsResult<Tokenizer> {
        let manifest = Manifest::parse(manifest)?;
        let prep = manifest.text()?;
        manifest.check_file(&prep.tokenizer, file)?;
        Ok(Self { encoder: text::Encoder::new(file, prep)?, windows })
    }

    /// → `{ windows, tokens, kept }`: token ids, one list a window; tokens of the whole text, and of what is used of it.
    pub fn encode(&self, text: &str) -> JsResult<JsValue> {
        #[derive(serde::Serialize)]
        struct Tokens {
            windows: Vec<Vec<u32>>,
            tokens: usize,
            kept: usize,
        }
        let encoded = self.encoder.encode(text)?;
        let (tokens, kept) = (encoded.tokens, encoded.ids.len());
        if self.windows && kept < tokens {
            return to_js(&Tokens { windows: self.encoder.windows(text)?, tokens, kept: tokens });
        }
        to_js(&Tokens { windows: vec![encoded.ids], tokens, kept })
    }
}

/// Embeddings of a text's windows, one after another, and the tokens of each → the text's.
#[wasm_bindgen(js_name = joinWindows)]
pub fn join_windows(rows: Vec<f32>, lengths: Vec<u32>) -> Float32Array {
    let lengths: Vec<usize> = lengths.into_iter().map(|n| n as usize).collect();
    let rows = Matrix::new(rows.len() / lengths.len(), rows);
    features::join_windows(&rows, &lengths).values().into()
}

/// A table of texts → samples and what could not be read: see [`source::table`]. `options` as [`source::table::Options`].
#[wasm_bindgen(js_name = importTexts)]
pub fn import_texts(file: &[u8], options: JsValue) -> JsResult<JsValue> {
    to_js(&source::table::read(file, &from_js("importTexts", &options)?)?)
}
