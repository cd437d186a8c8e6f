//! The last stages of a backbone, as they are trained: one flat vector of parameters, and a list that says what lies where.
//! The optimiser sees numbers, a file sees the checkpoint's names.

#[cfg(feature = "webgpu")]
pub mod gpu;

use std::ops::Range;

use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::pack::Manifest;
use super::weights::lora_names;
use super::{Weights, lite0, minilm, unknown};
use crate::error::Result;

/// A tensor of a tail, in the vector of its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The checkpoint's key.
    pub name: String,
    /// As in the checkpoint: a weight's outputs come first.
    pub shape: Vec<usize>,
    /// Where it lies among the parameters.
    pub range: Range<usize>,
    /// 0 is the last stage, 1 the one before.
    pub stage: usize,
}

/// Of the architectures that a pack can name.
#[derive(Debug)]
pub enum Tail {
    Lite0(lite0::tail::Tail),
    MiniLm(minilm::tail::Tail),
}

/// What a pass leaves behind for the way back.
#[derive(Debug, Default)]
pub struct Room {
    lite0: lite0::tail::Room,
    minilm: minilm::tail::Room,
}

impl Tail {
    /// The last `stages` (1 to 3) of a backbone, and their parameters as its pack has them. `weights`: a file whose hash was checked.
    ///
    /// Errors: `bad-pack`.
    pub fn load(manifest: &Manifest, weights: &[u8], stages: usize) -> Result<(Self, Vec<f32>)> {
        Self::load_tuned(manifest, weights, None, stages)
    }

    /// The same with the tensors of another file, [`tuned_file`], in the place of the pack's. It must have none before these stages.
    ///
    /// Errors: `bad-pack`.
    pub fn load_tuned(
        manifest: &Manifest,
        weights: &[u8],
        tuned: Option<&[u8]>,
        stages: usize,
    ) -> Result<(Self, Vec<f32>)> {
        let mut weights = Weights::parse(&manifest.weights()?.name, weights)?;
        if let Some(tuned) = tuned {
            weights.replace(tuned)?;
        }
        match manifest.architecture.as_str() {
            "efficientnet-lite0" => {
                let (tail, parameters) = lite0::tail::Tail::load(&mut weights, stages)?;
                Ok((Self::Lite0(tail), parameters))
            }
            "minilm-l6" => {
                let (tail, parameters) = minilm::tail::Tail::load(&mut weights, stages)?;
                Ok((Self::MiniLm(tail), parameters))
            }
            other => Err(unknown(other)),
        }
    }

    pub fn spans(&self) -> &[Span] {
        match self {
            Tail::Lite0(tail) => tail.spans(),
            Tail::MiniLm(tail) => tail.spans(),
        }
    }

    /// Stages there are.
    pub fn stages(&self) -> usize {
        self.spans().iter().map(|span| span.stage + 1).max().unwrap_or(0)
    }

    /// Width of a feature.
    pub fn dim(&self) -> usize {
        match self {
            Tail::Lite0(tail) => tail.dim(),
            Tail::MiniLm(_) => minilm::DIM,
        }
    }

    /// Values of a picture, or of a token, where the trained stages begin.
    pub fn per_token(&self) -> usize {
        match self {
            Tail::Lite0(tail) => tail.inputs(),
            Tail::MiniLm(_) => minilm::DIM,
        }
    }

    /// Inputs one after another → features, `inputs × dim`. `lengths`: tokens of each text, 1 for a picture.
    pub fn forward<'a>(&self, parameters: &[f32], x: &[f32], lengths: &[usize], room: &'a mut Room) -> &'a [f32] {
        match self {
            Tail::Lite0(tail) => tail.forward(parameters, x, &mut room.lite0),
            Tail::MiniLm(tail) => tail.forward(parameters, x, lengths, &mut room.minilm),
        }
    }

    /// After [`forward`](Self::forward) with the same arguments: adds the gradient of `Σ slopes · features` by the parameters of
    /// the stages below `depth` to `gradient`.
    #[expect(clippy::too_many_arguments, reason = "they are what went forward, and the way back")]
    pub fn backward(
        &self,
        parameters: &[f32],
        x: &[f32],
        lengths: &[usize],
        slopes: &[f32],
        depth: usize,
        room: &mut Room,
        gradient: &mut [f32],
    ) {
        match self {
            Tail::Lite0(tail) => tail.backward(parameters, x, slopes, depth, &mut room.lite0, gradient),
            Tail::MiniLm(tail) => {
                tail.backward(parameters, x, lengths, slopes, depth, &mut room.minilm, gradient);
            }
        }
    }
}

/// Tensors of a tail as a safetensors file of f32.
pub fn tuned_file(spans: &[Span], parameters: &[f32]) -> Vec<u8> {
    let tensors = spans.iter().map(|span| (span.name.clone(), span.shape.clone(), &parameters[span.range.clone()]));
    file(tensors)
}

/// What is added to a weight, `b · a`.
pub struct LowRank<'a> {
    /// The checkpoint's key of the weight.
    pub name: &'a str,
    pub rank: usize,
    /// `rank × inputs`.
    pub a: &'a [f32],
    /// `outputs × rank`.
    pub b: &'a [f32],
}

/// Updates of a tail's weights as a safetensors file of f32, by the names that PEFT has for them.
pub fn low_rank_file<'a>(updates: impl Iterator<Item = LowRank<'a>>) -> Vec<u8> {
    file(updates.flat_map(|LowRank { name, rank, a, b }| {
        let [name_a, name_b] = lora_names(name).expect("only weights are updated");
        [(name_a, vec![rank, a.len() / rank], a), (name_b, vec![b.len() / rank, rank], b)]
    }))
}

fn file<'a>(tensors: impl Iterator<Item = (String, Vec<usize>, &'a [f32])>) -> Vec<u8> {
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .map(|(name, shape, values)| (name, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        (name, TensorView::new(Dtype::F32, shape.clone(), bytes).expect("values have the size of their shape"))
    });
    safetensors::serialize(views, None).expect("names and shapes come from a file of this format")
}
