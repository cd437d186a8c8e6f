//! Trainings of a backbone's last stages, and their batch norms estimated anew, in a worker of their own: its memory goes
//! back when the worker ends.

use std::sync::Arc;

use half::f16;
use js_sys::{Float32Array, Uint8Array, Uint16Array};
use wasm_bindgen::prelude::*;

use super::JsResult;
use super::convert::{from_js, to_js};
use crate::backbone::tail::Tail;
use crate::backbone::{Backbone, Manifest};
use crate::device::Computer;
use crate::encode::image::view;
use crate::error::Error;
use crate::learn::BatchNorm;
use crate::learn::tune::{Inputs, Job, TuneStep, Tuned, Tuner};

/// What samples are where the trained stages begin, and the training that is under way on them.
#[wasm_bindgen]
pub struct TuneBench {
    backbone: Backbone,
    stages: usize,
    tail: Arc<Tail>,
    parameters: Vec<f32>,
    inputs: Arc<Inputs>,
    tuner: Option<Tuner>,
    tuned: Option<Box<Tuned>>,
    batch_norm: Option<BatchNorm>,
}

#[wasm_bindgen]
impl TuneBench {
    /// `weights`: a file whose hash was checked. `tuned`: tensors that the last stages begin with in the place of its own.
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &str, weights: &[u8], stages: usize, tuned: Option<Vec<u8>>) -> JsResult<TuneBench> {
        let manifest = Manifest::parse(manifest)?;
        let (tail, parameters) = Tail::load_tuned(&manifest, weights, tuned.as_deref(), stages)?;
        let backbone = Backbone::load_checked(manifest, weights, &Computer::cpu())?;
        let (tail, inputs) = (Arc::new(tail), Arc::default());
        Ok(Self { backbone, stages, tail, parameters, inputs, tuner: None, tuned: None, batch_norm: None })
    }

    /// A view of an encoded picture where the trained stages begin, as f16. `seed`: which part of it a view shows.
    pub fn picture(&self, pixels: &[u8], which: usize, seed: f64) -> JsResult<Uint16Array> {
        let pixels = view(pixels, self.backbone.manifest().image()?, which, seed as u64)?;
        Ok(narrow(&self.backbone.boundary_pixels(&pixels, self.stages)?))
    }

    /// A text as token ids where the trained layers begin, as f16.
    pub fn text(&self, ids: &[u32]) -> JsResult<Uint16Array> {
        Ok(narrow(&self.backbone.boundary_ids(ids, self.stages)?))
    }

    /// The next view of a sample, before any training. `length`: tokens of a text, 1 for a picture.
    pub fn push(&mut self, sample: usize, values: Vec<u16>, length: usize) {
        let inputs = Arc::get_mut(&mut self.inputs).expect("no training is under way");
        inputs.push(sample, values.into_iter().map(f16::from_bits).collect(), length);
    }

    /// Begins a training; one before it ends. `job`: of the learner's session.
    pub fn start(&mut self, job: JsValue) -> JsResult<()> {
        let job: Job = from_js("job", &job)?;
        self.tuned = None;
        self.tuner = Some(Tuner::new(self.tail.clone(), &self.parameters, self.inputs.clone(), job));
        Ok(())
    }

    /// Begins to estimate the stages' batch norms anew: the first `sources` samples are of the source, the others of the target.
    #[wasm_bindgen(js_name = startBatchNorm)]
    pub fn start_batch_norm(&mut self, sources: usize) {
        self.batch_norm = BatchNorm::new(self.tail.clone(), &self.parameters, self.inputs.clone(), sources);
    }

    /// A bounded piece of what was begun last: → its progress, or nothing when it is done.
    pub fn step(&mut self) -> JsResult<JsValue> {
        if let Some(batch_norm) = &mut self.batch_norm {
            return match batch_norm.step() {
                Some(progress) => to_js(&progress),
                None => Ok(JsValue::UNDEFINED),
            };
        }
        match self.tuner.as_mut().ok_or(Error::NotTrained)?.step() {
            TuneStep::Progress(progress) => to_js(&progress),
            TuneStep::Done(tuned) => {
                self.tuned = Some(tuned);
                Ok(JsValue::UNDEFINED)
            }
        }
    }

    /// `samples × dim`, by the stages as they were trained; of batch norms estimated anew, of the target's samples.
    pub fn features(&self) -> JsResult<Float32Array> {
        if let Some(batch_norm) = &self.batch_norm {
            return Ok(batch_norm.features().values().into());
        }
        Ok(self.tuned.as_ref().ok_or(Error::NotTrained)?.features.values().into())
    }

    /// `{ mirror, gaveUp, epochs }`.
    pub fn outcome(&self) -> JsResult<JsValue> {
        #[derive(serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Outcome {
            mirror: bool,
            gave_up: bool,
            epochs: usize,
        }
        let &Tuned { mirror, gave_up, epochs, .. } = &**self.tuned.as_ref().ok_or(Error::NotTrained)?;
        to_js(&Outcome { mirror, gave_up, epochs })
    }

    /// The tensors as they are now, a safetensors file.
    pub fn file(&self) -> JsResult<Uint8Array> {
        if let Some(file) = self.batch_norm.as_ref().and_then(BatchNorm::file) {
            return Ok(file.as_slice().into());
        }
        Ok(self.tuner.as_ref().ok_or(Error::NotTrained)?.file().as_slice().into())
    }
}

fn narrow(values: &[f32]) -> Uint16Array {
    values.iter().map(|&v| f16::from_f32(v).to_bits()).collect::<Vec<u16>>().as_slice().into()
}
