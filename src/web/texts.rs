//! Texts → token ids, and tables of texts → samples.

use js_sys::Float32Array;
use wasm_bindgen::prelude::*;

use super::JsResult;
use super::convert::{from_js, to_js};
use crate::backbone::Manifest;
use crate::encode::text;
use crate::features::{self, Matrix};
use crate::source;

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
