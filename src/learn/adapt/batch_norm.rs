//! A backbone of pictures for a target domain: the batch norms of its last stages estimated anew, and what it makes of the
//! target then. It is the backbone that is moved here, not the source's rows: these, and the head on them, stay as they are.

use std::sync::Arc;

use crate::backbone::lite0::tail::Renorm;
use crate::backbone::tail::{Room, Tail, tuned_file};
use crate::features::Matrix;
use crate::learn::Progress;
use crate::learn::tune::Inputs;

/// Pictures of the target that count for as much as the source's statistics do.
const PRIOR: f64 = 16.0;
/// Pictures that go through the stages at once.
const PART: usize = 8;

/// Under way: a pump.
pub struct BatchNorm {
    tail: Arc<Tail>,
    /// Those of the source come first.
    inputs: Arc<Inputs>,
    sources: usize,
    phase: Phase,
    /// Of the target so far.
    features: Vec<f32>,
    room: Room,
    done: usize,
    total: usize,
}

enum Phase {
    Layers(Box<Renorm>),
    /// By these parameters.
    Features(Vec<f32>),
}

impl BatchNorm {
    /// Stages that are estimated anew.
    pub const STAGES: usize = 3;
    /// Pictures of a domain that its statistics are of, at most.
    pub const PICTURES: usize = 256;

    /// `parameters`: the tail's, as the source's rows were made by it. `inputs`: the first `sources` are of the source, the others of
    /// the target. None for a backbone without batch norms.
    pub fn new(tail: Arc<Tail>, parameters: &[f32], inputs: Arc<Inputs>, sources: usize) -> Option<Self> {
        let Tail::Lite0(lite0) = &*tail else { return None };
        let targets = inputs.samples() - sources;
        let read = |from: usize, samples: usize| {
            let looked_at = samples.min(Self::PICTURES);
            let which: Vec<(usize, usize)> = (0..looked_at).map(|i| (from + i * samples / looked_at, 0)).collect();
            let (mut x, mut lengths) = (Vec::new(), Vec::new());
            inputs.read(&which, &mut x, &mut lengths);
            x
        };
        let renorm = Renorm::new(lite0, parameters, read(0, sources), read(sources, targets), PRIOR);
        Some(Self {
            total: lite0.layers() + targets.div_ceil(PART),
            phase: Phase::Layers(renorm.into()),
            features: Vec::with_capacity(targets * tail.dim()),
            room: Room::default(),
            done: 0,
            sources,
            inputs,
            tail,
        })
    }

    /// A bounded piece of the work: a layer, or some pictures through all of them. None when all is done.
    pub fn step(&mut self) -> Option<Progress> {
        match &mut self.phase {
            Phase::Layers(renorm) => {
                let Tail::Lite0(lite0) = &*self.tail else { unreachable!("it was one at the start") };
                if let Some(parameters) = renorm.step(lite0) {
                    self.phase = Phase::Features(parameters);
                }
            }
            Phase::Features(parameters) => {
                let from = self.sources + self.features.len() / self.tail.dim();
                let to = self.inputs.samples().min(from + PART);
                if from == to {
                    return None;
                }
                let which: Vec<(usize, usize)> = (from..to).map(|sample| (sample, 0)).collect();
                let (mut x, mut lengths) = (Vec::new(), Vec::new());
                self.inputs.read(&which, &mut x, &mut lengths);
                self.features.extend_from_slice(self.tail.forward(parameters, &x, &lengths, &mut self.room));
            }
        }
        self.done += 1;
        Some(Progress { stage: "batch-norm", done: self.done, total: self.total, loss: None, guard: None })
    }

    /// Of the target's inputs, after the last step.
    pub fn features(&self) -> Matrix {
        Matrix::new(self.tail.dim(), self.features.clone())
    }

    /// The tensors for the target after the last step, as a safetensors file under the checkpoint's names.
    pub fn file(&self) -> Option<Vec<u8>> {
        match &self.phase {
            Phase::Layers(_) => None,
            Phase::Features(parameters) => Some(tuned_file(self.tail.spans(), parameters)),
        }
    }
}
