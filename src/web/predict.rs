//! An export, opened: what `headstart/predict` and the exported page run.

use std::collections::BTreeMap;

use wasm_bindgen::prelude::*;

use super::JsResult;
use super::convert::to_js;
use crate::export;
use crate::learn::{HeadKind, Kind};

/// A safetensors export on the CPU. No learner is needed.
#[wasm_bindgen]
pub struct Predictor(export::Predictor);

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Info<'a> {
    task: &'a str,
    kind: Kind,
    head: HeadKind,
    classes: &'a [String],
    temperature: f64,
    reject: &'a BTreeMap<String, Option<f32>>,
    tuned: bool,
    dim: usize,
    made_by: &'a str,
    backbone: Backbone<'a>,
}

#[derive(serde::Serialize)]
struct Backbone<'a> {
    id: &'a str,
    sha256: &'a str,
    licence: &'a str,
    source: String,
}

#[wasm_bindgen]
impl Predictor {
    /// Of a file that `exportFile` made as `"safetensors"` or `"compact"`. Throws `bad-export`, `export-too-new`.
    #[wasm_bindgen(constructor)]
    pub fn new(file: &[u8]) -> JsResult<Predictor> {
        Ok(Self(export::Predictor::open(file)?))
    }

    /// `{ task, kind, head, classes, temperature, reject, tuned, dim, madeBy, backbone: { id, sha256, licence, source } }`.
    pub fn info(&self) -> JsResult<JsValue> {
        let card = self.0.card();
        let pack = &card.backbone;
        let from = &pack.source;
        to_js(&Info {
            task: &card.task,
            kind: card.kind,
            head: card.head,
            classes: &card.classes,
            temperature: card.temperature,
            reject: &card.reject,
            tuned: card.tuned,
            dim: card.dim,
            made_by: &card.made_by,
            backbone: Backbone {
                id: &pack.id,
                sha256: &pack.weights()?.sha256,
                licence: &pack.licence,
                source: format!(
                    "{}; {} {} ({}), {}, sha256 {}",
                    from.origin, from.package, from.version, from.registry, from.file, from.sha256
                ),
            },
        })
    }

    /// Of a picture file. → a prediction without `nearest`.
    #[wasm_bindgen(js_name = predictImage)]
    pub fn predict_image(&self, file: &[u8], reject: Option<f64>) -> JsResult<JsValue> {
        to_js(&self.0.image(file, reject)?)
    }

    /// Of decoded RGBA pixels.
    #[wasm_bindgen(js_name = predictPixels)]
    pub fn predict_pixels(&self, rgba: &[u8], width: u32, height: u32, reject: Option<f64>) -> JsResult<JsValue> {
        to_js(&self.0.rgba(rgba, width, height, reject)?)
    }

    #[wasm_bindgen(js_name = predictText)]
    pub fn predict_text(&self, text: &str, reject: Option<f64>) -> JsResult<JsValue> {
        to_js(&self.0.text(text, reject)?)
    }

    /// Number of parity vectors.
    pub fn vectors(&self) -> usize {
        self.0.vectors()
    }

    /// Computes a parity vector here: → `{ features, scores }`, the largest absolute differences.
    pub fn verify(&self, at: usize) -> JsResult<JsValue> {
        to_js(&self.0.verify_one(at)?)
    }
}
