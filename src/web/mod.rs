//! The wasm face: what `pkg/src` calls from a worker. Converts, and nothing else; the only room that knows JavaScript.

mod convert;

use js_sys::{Float32Array, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::backbone::{Backbone, Manifest};
use crate::device::Computer;
use crate::encode::{image, text};
use crate::error::Error;
use crate::features::{self, Matrix};
use crate::judge::{Evaluation, Stage};
use crate::learn::{Progress, Recipe, Step};
use crate::learner::{Learner, Training};
use crate::source::{self, Added, Meta};
use convert::{Caught, from_js, to_js};

type JsResult<T> = Result<T, Caught>;

/// A panic ends the module: the message in the console is all that is left of it.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// The id of a content by itself.
#[wasm_bindgen(js_name = contentId)]
pub fn content_id(bytes: &[u8]) -> String {
    source::content_id(bytes)
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

    /// A picture file → `size × size × 3` bytes.
    pub fn image(&self, file: &[u8]) -> JsResult<Uint8Array> {
        Ok(image::encode(file, self.0.image()?)?.as_slice().into())
    }

    /// Decoded RGBA pixels → `size × size × 3` bytes.
    pub fn rgba(&self, pixels: &[u8], width: u32, height: u32) -> JsResult<Uint8Array> {
        Ok(image::encode_rgba(pixels, width, height, self.0.image()?)?.as_slice().into())
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

/// A table of texts → samples and what could not be read: see [`source::table`]. `options` as [`source::table::Options`].
#[wasm_bindgen(js_name = importTexts)]
pub fn import_texts(file: &[u8], options: JsValue) -> JsResult<JsValue> {
    to_js(&source::table::read(file, &from_js("importTexts", &options)?)?)
}

/// A backbone on a device.
#[wasm_bindgen]
pub struct Extractor {
    backbone: Backbone,
    computer: Computer,
}

#[wasm_bindgen]
impl Extractor {
    pub async fn load(manifest: String, weights: Vec<u8>, webgpu: bool) -> JsResult<Extractor> {
        let computer = if webgpu { open_gpu().await? } else { Computer::cpu() };
        let backbone = Backbone::load(Manifest::parse(&manifest)?, &weights, &computer.device)?;
        Ok(Self { backbone, computer })
    }

    /// `rows` encoded pictures → `rows × dim` features.
    pub async fn extract(&self, pixels: Vec<u8>, rows: usize) -> JsResult<Float32Array> {
        let matrix = features::extract(&self.backbone, &self.computer, &pixels, rows).await?;
        Ok(matrix.values().into())
    }

    /// Texts as token ids → `texts × dim` embeddings. `ids`: of all windows, one after another; `lengths`: of each
    /// window; `windows`: of each text.
    #[wasm_bindgen(js_name = extractTexts)]
    pub async fn extract_texts(&self, ids: Vec<u32>, lengths: Vec<u32>, windows: Vec<u32>) -> JsResult<Float32Array> {
        let lengths: Vec<usize> = lengths.into_iter().map(|n| n as usize).collect();
        let mut rest = ids.as_slice();
        let mut texts = Vec::with_capacity(lengths.len());
        for &length in &lengths {
            let (window, others) = rest.split_at(length);
            texts.push(window.to_vec());
            rest = others;
        }
        let rows = features::extract_texts(&self.backbone, &self.computer, &texts).await?;
        let windows: Vec<usize> = windows.into_iter().map(|n| n as usize).collect();
        if windows.len() == texts.len() {
            return Ok(rows.values().into());
        }
        Ok(features::join_windows(&rows, &lengths, &windows).values().into())
    }
}

#[cfg(feature = "webgpu")]
async fn open_gpu() -> crate::Result<Computer> {
    Computer::webgpu().await
}

#[cfg(not(feature = "webgpu"))]
async fn open_gpu() -> crate::Result<Computer> {
    Err(Error::NoWebGpu { reason: "this is the CPU module".into() })
}

/// [`Learner`], with the one training or evaluation that may be under way.
#[wasm_bindgen]
pub struct Session {
    learner: Learner,
    training: Option<Training>,
    evaluation: Option<Evaluation>,
}

#[wasm_bindgen]
impl Session {
    #[wasm_bindgen(constructor)]
    pub fn new(dim: usize, seed: f64) -> Session {
        Self { learner: Learner::new(dim, seed as u64), training: None, evaluation: None }
    }

    pub fn row(&self, content: &str) -> Option<Float32Array> {
        self.learner.row(content).map(Float32Array::from)
    }

    /// → `{ id, duplicate }`. What is added with one `call` is one action to undo.
    pub fn add(&mut self, content: &str, meta: JsValue, row: Option<Vec<f32>>, call: f64) -> JsResult<JsValue> {
        let meta: Meta = from_js("sample", &meta)?;
        #[derive(serde::Serialize)]
        struct Outcome {
            id: String,
            duplicate: bool,
        }
        let outcome = match self.learner.add(content, meta, row.as_deref(), call as u64)? {
            Added::New(id) => Outcome { id, duplicate: false },
            Added::Duplicate(id) => Outcome { id, duplicate: true },
        };
        to_js(&outcome)
    }

    pub fn samples(&self) -> JsResult<JsValue> {
        to_js(&self.learner.samples().collect::<Vec<_>>())
    }

    pub fn labels(&self) -> Vec<String> {
        self.learner.labels()
    }

    pub fn relabel(&mut self, ids: Vec<String>, label: Option<String>) -> JsResult<()> {
        Ok(self.learner.relabel(&ids, label.as_deref())?)
    }

    pub fn remove(&mut self, ids: Vec<String>) -> JsResult<()> {
        Ok(self.learner.remove(&ids)?)
    }

    pub fn undo(&mut self) -> bool {
        self.learner.undo()
    }

    pub fn redo(&mut self) -> bool {
        self.learner.redo()
    }

    #[wasm_bindgen(js_name = startTraining)]
    pub fn start_training(&mut self, recipe: JsValue) -> JsResult<()> {
        let recipe: Recipe = from_js("train", &recipe)?;
        self.training = Some(self.learner.train(recipe)?);
        Ok(())
    }

    /// → `{ stage, done, total, loss, guard }` or `{ result }`.
    #[wasm_bindgen(js_name = stepTraining)]
    pub fn step_training(&mut self) -> JsResult<JsValue> {
        let mut training = self.training.take().ok_or(Error::NotTrained)?;
        #[derive(serde::Serialize)]
        #[serde(untagged)]
        enum Event<R: serde::Serialize> {
            Progress(Progress),
            Done { result: R },
        }
        match training.step() {
            Step::Progress(p) => {
                self.training = Some(training);
                to_js(&Event::<()>::Progress(p))
            }
            Step::Done(fitted) => to_js(&Event::Done { result: self.learner.finish(training, *fitted) }),
        }
    }

    #[wasm_bindgen(js_name = startEvaluation)]
    pub fn start_evaluation(&mut self, folds: usize, seed: Option<f64>) -> JsResult<()> {
        self.evaluation = Some(self.learner.evaluate(folds, seed.map(|s| s as u64))?);
        Ok(())
    }

    /// → `{ done, total }` or `{ report }`.
    #[wasm_bindgen(js_name = stepEvaluation)]
    pub fn step_evaluation(&mut self) -> JsResult<JsValue> {
        let mut evaluation = self.evaluation.take().ok_or(Error::NotTrained)?;
        #[derive(serde::Serialize)]
        #[serde(untagged)]
        enum Event<R: serde::Serialize> {
            Progress { done: usize, total: usize },
            Done { report: R },
        }
        match evaluation.step()? {
            Stage::Progress { done, total } => {
                self.evaluation = Some(evaluation);
                to_js(&Event::<()>::Progress { done, total })
            }
            Stage::Done(report) => to_js(&Event::Done { report }),
        }
    }

    /// Drops what is under way; the model stays as it was.
    pub fn cancel(&mut self) {
        (self.training, self.evaluation) = (None, None);
    }

    #[wasm_bindgen(js_name = evaluateOn)]
    pub fn evaluate_on(&self, ids: Vec<String>, labels: Vec<String>, rows: Vec<f32>) -> JsResult<JsValue> {
        to_js(&self.learner.evaluate_on(&ids, &labels, &self.matrix(rows))?)
    }

    pub fn predict(&self, rows: Vec<f32>) -> JsResult<JsValue> {
        to_js(&self.learner.predict(&self.matrix(rows))?)
    }

    fn matrix(&self, rows: Vec<f32>) -> Matrix {
        Matrix::new(self.learner.dim(), rows)
    }
}
