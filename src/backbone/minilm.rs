//! all-MiniLM-L6-v2: token ids → a sentence embedding of 384, of length 1.
//!
//! Reimers & Gurevych 2019 (arXiv:1908.10084) on Wang et al. 2020 (arXiv:2002.10957): a BERT encoder of 6 layers with 12
//! heads, exact (erf) GELU, layer norm epsilon 1e-12; the mean over all real tokens, the two marks included; L2 norm.
//!
//! Here as burn has it, the reference; [`cpu`] and `gpu` are the same with our own kernels, and [`tail`] is the last layers
//! as they are trained.

pub mod cpu;
#[cfg(feature = "webgpu")]
pub mod gpu;
mod heads;
pub mod tail;

use burn::module::{Module, Param};
use burn::nn::{Embedding, EmbeddingConfig, LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::{gelu, softmax};
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use super::Weights;
use crate::error::Result;

/// Width of the embedding.
pub const DIM: usize = 384;
pub const HEADS: usize = 12;
/// Width of a head.
pub const HEAD: usize = DIM / HEADS;
pub const LAYERS: usize = 6;
const INNER: usize = 1536;
const VOCABULARY: usize = 30522;
/// Tokens a text may have.
pub const POSITIONS: usize = 512;
pub const EPSILON: f64 = 1e-12;
pub const WORDS: &str = "embeddings.word_embeddings.weight";

#[derive(Module, Debug)]
pub struct MiniLm {
    embeddings: Embeddings,
    layer: Vec<Layer>,
}

#[derive(Module, Debug)]
struct Embeddings {
    word_embeddings: Embedding,
    /// With the embedding of the only token type added: the checkpoint keeps the two apart.
    position_embeddings: Param<Tensor<2>>,
    layer_norm: LayerNorm,
}

#[derive(Module, Debug)]
struct Layer {
    attention: Attention,
    intermediate: Linear,
    output: Linear,
    output_norm: LayerNorm,
}

#[derive(Module, Debug)]
struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    output_norm: LayerNorm,
}

impl MiniLm {
    /// Takes its tensors out of `weights`; a missing or misshapen one is `bad-pack`, by name.
    pub fn load(weights: &mut Weights, device: &Device) -> Result<Self> {
        let embeddings = Embeddings::load(weights, device)?;
        let layer = (0..LAYERS).map(|i| Layer::load(weights, i, device)).collect::<Result<_>>()?;
        Ok(Self { embeddings, layer })
    }

    /// Token ids of texts → `[n, 384]`, rows of length 1. Texts that differ much in length had better not come together: each
    /// is padded to the longest.
    pub fn forward(&self, texts: &[Vec<u32>], device: &Device) -> Tensor<2> {
        let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let padded = texts.iter().flat_map(|text| text.iter().copied().chain(std::iter::repeat(0)).take(longest));
        let ids = TensorData::new(padded.map(|id| id as i32).collect(), [texts.len(), longest]);
        let ids = Tensor::<2, Int>::from_data(ids, device);
        // Without padding there is nothing to mask, and the softmax is spared a pass.
        let padding = lengths.iter().any(|&l| l != longest).then(|| padding(&lengths, longest, device));
        // Token after token in one matrix: as a batch of matrices, every product would have its own few rows.
        let mut x = self.embeddings.forward(ids).flatten(0, 1);
        for layer in &self.layer {
            x = layer.forward(x, texts.len(), padding.as_ref());
        }
        normalise(mean(x.reshape([texts.len(), longest, DIM]), &lengths, padding))
    }
}

impl Embeddings {
    fn load(weights: &mut Weights, device: &Device) -> Result<Self> {
        let mut word_embeddings = EmbeddingConfig::new(VOCABULARY, DIM).init(device);
        let words = weights.take(WORDS, [VOCABULARY, DIM])?;
        word_embeddings.weight = param(words, [VOCABULARY, DIM], device);
        Ok(Self {
            word_embeddings,
            position_embeddings: param(positions(weights)?, [POSITIONS, DIM], device),
            layer_norm: norm(weights, "embeddings.LayerNorm", device)?,
        })
    }

    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let [_, longest] = ids.dims();
        let positions = self.position_embeddings.val().slice([0..longest]).unsqueeze::<3>();
        self.layer_norm.forward(self.word_embeddings.forward(ids) + positions)
    }
}

impl Layer {
    fn load(weights: &mut Weights, i: usize, device: &Device) -> Result<Self> {
        let name = format!("encoder.layer.{i}");
        let mut linear = |part: &str, from, to| linear(weights, &format!("{name}.{part}"), from, to, device);
        let query = linear("attention.self.query", DIM, DIM)?;
        let key = linear("attention.self.key", DIM, DIM)?;
        let value = linear("attention.self.value", DIM, DIM)?;
        let attention_output = linear("attention.output.dense", DIM, DIM)?;
        let intermediate = linear("intermediate.dense", DIM, INNER)?;
        let output = linear("output.dense", INNER, DIM)?;
        let attention_norm = norm(weights, &format!("{name}.attention.output.LayerNorm"), device)?;
        let output_norm = norm(weights, &format!("{name}.output.LayerNorm"), device)?;
        Ok(Self {
            attention: Attention { query, key, value, output: attention_output, output_norm: attention_norm },
            intermediate,
            output,
            output_norm,
        })
    }

    /// `x`: `[texts × longest, 384]`.
    fn forward(&self, x: Tensor<2>, texts: usize, padding: Option<&Tensor<2, Bool>>) -> Tensor<2> {
        let x = self.attention.forward(x, texts, padding);
        let inner = gelu(self.intermediate.forward(x.clone()));
        self.output_norm.forward(x + self.output.forward(inner))
    }
}

impl Attention {
    fn forward(&self, x: Tensor<2>, texts: usize, padding: Option<&Tensor<2, Bool>>) -> Tensor<2> {
        let [tokens, _] = x.dims();
        let (longest, wide) = (tokens / texts, DIM / HEADS);
        let heads = |t: Tensor<2>| t.reshape([texts, longest, HEADS, wide]).swap_dims(1, 2);
        let query = heads(self.query.forward(x.clone()) / (wide as f64).sqrt());
        let key = heads(self.key.forward(x.clone()));
        let value = heads(self.value.forward(x.clone()));
        let mut scores = query.matmul(key.swap_dims(2, 3));
        if let Some(padding) = padding {
            let mask = padding.clone().reshape([texts, 1, 1, longest]).expand([texts, HEADS, longest, longest]);
            scores = scores.mask_fill(mask, -1e9);
        }
        let mixed = softmax(scores, 3).matmul(value).swap_dims(1, 2).reshape([tokens, DIM]);
        self.output_norm.forward(x + self.output.forward(mixed))
    }
}

/// True where a row has no token any more.
fn padding(lengths: &[usize], longest: usize, device: &Device) -> Tensor<2, Bool> {
    let values: Vec<bool> = lengths.iter().flat_map(|&length| (0..longest).map(move |at| at >= length)).collect();
    Tensor::from_data(TensorData::new(values, [lengths.len(), longest]), device)
}

/// Over the real tokens only.
fn mean(x: Tensor<3>, lengths: &[usize], padding: Option<Tensor<2, Bool>>) -> Tensor<2> {
    let [n, longest, _] = x.dims();
    let device = x.device();
    let x = match padding {
        Some(padding) => x.mask_fill(padding.reshape([n, longest, 1]).expand([n, longest, DIM]), 0.0),
        None => x,
    };
    let counts: Vec<f32> = lengths.iter().map(|&l| l as f32).collect();
    let counts = Tensor::<2>::from_data(TensorData::new(counts, [n, 1]), &device);
    x.sum_dim(1).reshape([n, DIM]) / counts
}

fn normalise(x: Tensor<2>) -> Tensor<2> {
    let length = x.clone().powi_scalar(2).sum_dim(1).sqrt().clamp_min(1e-12);
    x / length
}

/// The position embeddings, with the embedding of the only token type added.
fn positions(weights: &mut Weights) -> Result<Vec<f32>> {
    let mut positions = weights.take("embeddings.position_embeddings.weight", [POSITIONS, DIM])?;
    let types = weights.take("embeddings.token_type_embeddings.weight", [2, DIM])?;
    for row in positions.chunks_exact_mut(DIM) {
        row.iter_mut().zip(&types[..DIM]).for_each(|(v, t)| *v += t);
    }
    Ok(positions)
}

/// PyTorch keeps a linear layer as `[out, in]`, burn as `[in, out]`.
fn linear(weights: &mut Weights, name: &str, from: usize, to: usize, device: &Device) -> Result<Linear> {
    let weight = weights.take(&format!("{name}.weight"), [to, from])?;
    let bias = weights.take(&format!("{name}.bias"), [to])?;
    let mut linear = LinearConfig::new(from, to).init(device);
    let weight = Tensor::<2>::from_data(TensorData::new(weight, [to, from]), device);
    linear.weight = Param::from_tensor(weight.transpose());
    linear.bias = Some(param(bias, [to], device));
    Ok(linear)
}

fn norm(weights: &mut Weights, name: &str, device: &Device) -> Result<LayerNorm> {
    let mut norm = LayerNormConfig::new(DIM).with_epsilon(EPSILON).init(device);
    norm.gamma = param(weights.take(&format!("{name}.weight"), [DIM])?, [DIM], device);
    norm.beta = Some(param(weights.take(&format!("{name}.bias"), [DIM])?, [DIM], device));
    Ok(norm)
}

fn param<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Param<Tensor<D>> {
    Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), device))
}
