//! The learner behind the face.

use js_sys::Float32Array;
use wasm_bindgen::prelude::*;

use super::JsResult;
use super::convert::{from_js, to_js};
use crate::error::Error;
use crate::features::Matrix;
use crate::judge::{Evaluation, Stage};
use crate::learn::{Progress, Recipe, Step};
use crate::learner::{Learner, Training};
use crate::source::{Added, Meta};

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
