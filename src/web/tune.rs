//! Trainings of a backbone's last stages, and their batch norms estimated anew, in a worker of their own: its memory goes
//! back when the worker ends.

use std::sync::Arc;

use half::f16;
use js_sys::{Float32Array, Uint8Array, Uint16Array};
use wasm_bindgen::prelude::*;

use super::JsResult;
use super::convert::{from_js, to_js};
use super::extract::open;
use crate::backbone::tail::Tail;
use crate::backbone::{Backbone, Manifest};
use crate::device::Computer;
use crate::encode::image::view;
use crate::error::Error;
use crate::features::{boundary_ids, boundary_pixels};
use crate::learn::BatchNorm;
#[cfg(feature = "webgpu")]
use crate::learn::tune::check;
use crate::learn::tune::{Inputs, Job, TuneStep, Tuned, Tuner};

/// What samples are where the trained stages begin, and the training that is under way on them.
#[wasm_bindgen]
pub struct TuneBench {
    backbone: Backbone,
    computer: Computer,
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
    /// `weights`: a file whose hash was checked. `tuned`: tensors that the last stages begin with in the place of its own. A GPU is
    /// refused where its gradients are not the CPU's.
    pub async fn load(
        manifest: String,
        weights: Vec<u8>,
        stages: usize,
        webgpu: bool,
        tuned: Option<Vec<u8>>,
    ) -> JsResult<TuneBench> {
        let computer = open(webgpu).await?;
        let manifest = Manifest::parse(&manifest)?;
        let (tail, parameters) = Tail::load_tuned(&manifest, &weights, tuned.as_deref(), stages)?;
        let (tail, inputs) = (Arc::new(tail), Arc::default());
        #[cfg(feature = "webgpu")]
        if webgpu {
            check(&computer, &tail, &parameters).await?;
        }
        let backbone = Backbone::load_checked(manifest, &weights, &computer)?;
        Ok(Self { backbone, computer, stages, tail, parameters, inputs, tuner: None, tuned: None, batch_norm: None })
    }

    /// The first `views` of an encoded picture where the trained stages begin, one after another, as f16. `seed`: which part of it
    /// a view shows.
    pub async fn picture(&self, pixels: Vec<u8>, views: usize, seed: f64) -> JsResult<Uint16Array> {
        let image = self.backbone.manifest().image()?;
        let all: Vec<_> = (0..views).map(|which| view(&pixels, image, which, seed as u64)).collect::<Result<_, _>>()?;
        Ok(narrow(&boundary_pixels(&self.backbone, &self.computer, &all.concat(), self.stages).await?))
    }

    /// A text as token ids where the trained layers begin, as f16.
    pub async fn text(&self, ids: Vec<u32>) -> JsResult<Uint16Array> {
        Ok(narrow(&boundary_ids(&self.backbone, &self.computer, &ids, self.stages).await?))
    }

    /// The views of a sample, one after another, before any training. `length`: tokens of a text, 1 for a picture.
    pub fn push(&mut self, sample: usize, values: Vec<u16>, views: usize, length: usize) {
        let inputs = Arc::get_mut(&mut self.inputs).expect("no training is under way");
        for view in values.chunks_exact(values.len() / views) {
            inputs.push(sample, view.iter().map(|&bits| f16::from_bits(bits)).collect(), length);
        }
    }

    /// Begins a training; one before it ends. `job`: of the learner's session.
    pub fn start(&mut self, job: JsValue) -> JsResult<()> {
        let job: Job = from_js("job", &job)?;
        // The one before goes first: both at once hold the weights' gradients and moments twice.
        (self.tuner, self.tuned) = (None, None);
        let inputs = self.inputs.clone();
        self.tuner = Some(Tuner::on(&self.computer, self.tail.clone(), &self.parameters, inputs, job));
        Ok(())
    }

    /// Begins to estimate the stages' batch norms anew: the first `sources` samples are of the source, the others of the target.
    #[wasm_bindgen(js_name = startBatchNorm)]
    pub fn start_batch_norm(&mut self, sources: usize) {
        self.batch_norm = BatchNorm::new(self.tail.clone(), &self.parameters, self.inputs.clone(), sources);
    }

    /// A bounded piece of what was begun last: → its progress, or nothing when it is done.
    pub async fn step(&mut self) -> JsResult<JsValue> {
        if let Some(batch_norm) = &mut self.batch_norm {
            return match batch_norm.step() {
                Some(progress) => to_js(&progress),
                None => Ok(JsValue::UNDEFINED),
            };
        }
        match self.tuner.as_mut().ok_or(Error::NotTrained)?.step().await? {
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
    pub async fn file(&self) -> JsResult<Uint8Array> {
        if let Some(file) = self.batch_norm.as_ref().and_then(BatchNorm::file) {
            return Ok(file.as_slice().into());
        }
        Ok(self.tuner.as_ref().ok_or(Error::NotTrained)?.tensors().await?.as_slice().into())
    }
}

fn narrow(values: &[f32]) -> Uint16Array {
    values.iter().map(|&v| f16::from_f32(v).to_bits()).collect::<Vec<u16>>().as_slice().into()
}
