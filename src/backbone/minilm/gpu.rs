//! The same network on a GPU with the kernels: seven of them to a layer. Texts that share a pass are padded to the longest, but
//! nothing looks at the padding.

use burn::tensor::{Device, Tensor};

use super::{DIM, EPSILON, HEADS, INNER, LAYERS, VOCABULARY, WORDS, normalise, positions};
use crate::backbone::Weights;
use crate::backbone::kernels::gpu::{Buffer, Embeddings, Linear, Mean, Norm, Then, attention, mean};
use crate::error::Result;

#[derive(Debug)]
pub struct MiniLm {
    embeddings: Embeddings,
    norm: Norm,
    layers: Vec<Layer>,
    device: Device,
}

#[derive(Debug)]
struct Layer {
    /// Query, key and value side by side.
    attention: Linear,
    attended: Linear,
    attended_norm: Norm,
    intermediate: Linear,
    output: Linear,
    output_norm: Norm,
}

impl MiniLm {
    /// Takes its tensors out of `weights`; a missing or misshapen one is `bad-pack`, by name.
    pub fn load(weights: &mut Weights, device: &Device) -> Result<Self> {
        let words = weights.take(WORDS, [VOCABULARY, DIM])?;
        Ok(Self {
            embeddings: Embeddings::new(words, positions(weights)?, DIM, device),
            norm: norm(weights, "embeddings.LayerNorm", device)?,
            layers: (0..LAYERS).map(|i| Layer::load(weights, i, device)).collect::<Result<_>>()?,
            device: device.clone(),
        })
    }

    /// Token ids of texts → `[n, 384]`, rows of length 1. Texts that differ much in length had better not come together.
    pub fn forward(&self, texts: &[Vec<u32>]) -> Tensor<2> {
        let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
        let padded =
            texts.iter().flat_map(|text| text.iter().map(|&id| id as i32).chain(std::iter::repeat(0)).take(longest));
        let lengths = Buffer::integers(texts.iter().map(|text| text.len() as i32).collect(), &self.device);
        let x = self.hidden(padded.collect(), &lengths, LAYERS);
        normalise(mean(&x, Mean::First { lengths: &lengths }, DIM).tensor([texts.len(), DIM]))
    }

    /// What the last `layers` layers begin with, `tokens × 384`, of one text.
    pub fn boundary(&self, text: &[u32], layers: usize) -> Tensor<1> {
        let lengths = Buffer::integers(vec![text.len() as i32], &self.device);
        let ids = text.iter().map(|&id| id as i32).collect();
        self.hidden(ids, &lengths, LAYERS - layers).tensor([text.len() * DIM])
    }

    /// Texts padded to one length through the first `layers` layers.
    fn hidden(&self, ids: Vec<i32>, lengths: &Buffer, layers: usize) -> Buffer {
        let longest = ids.len() / lengths.len();
        let ids = Buffer::integers(ids, &self.device);
        let x = self.norm.apply(&self.embeddings.of(&ids, longest));
        self.layers[..layers].iter().fold(x, |x, layer| layer.apply(&x, lengths))
    }
}

impl Layer {
    fn load(weights: &mut Weights, i: usize, device: &Device) -> Result<Self> {
        let name = format!("encoder.layer.{i}");
        let mut attention = (Vec::new(), Vec::new());
        for part in ["query", "key", "value"] {
            let part = format!("{name}.attention.self.{part}");
            attention.0.extend(weights.take(&format!("{part}.weight"), [DIM, DIM])?);
            attention.1.extend(weights.take(&format!("{part}.bias"), [DIM])?);
        }
        let mut linear = |part: &str, from, to| -> Result<Linear> {
            let weight = weights.take(&format!("{name}.{part}.weight"), [to, from])?;
            let bias = weights.take(&format!("{name}.{part}.bias"), [to])?;
            Ok(Linear::new(&weight, bias, device))
        };
        Ok(Self {
            attention: Linear::new(&attention.0, attention.1, device),
            attended: linear("attention.output.dense", DIM, DIM)?,
            intermediate: linear("intermediate.dense", DIM, INNER)?,
            output: linear("output.dense", INNER, DIM)?,
            attended_norm: norm(weights, &format!("{name}.attention.output.LayerNorm"), device)?,
            output_norm: norm(weights, &format!("{name}.output.LayerNorm"), device)?,
        })
    }

    fn apply(&self, x: &Buffer, lengths: &Buffer) -> Buffer {
        let side_by_side = self.attention.apply(x, Then::Nothing);
        let mixed = attention(&side_by_side, lengths, HEADS, DIM / HEADS);
        let x = self.attended_norm.apply(&self.attended.apply(&mixed, Then::Add(x)));
        let inner = self.intermediate.apply(&x, Then::Gelu);
        self.output_norm.apply(&self.output.apply(&inner, Then::Add(&x)))
    }
}

fn norm(weights: &mut Weights, name: &str, device: &Device) -> Result<Norm> {
    let gamma = weights.take(&format!("{name}.weight"), [DIM])?;
    let beta = weights.take(&format!("{name}.bias"), [DIM])?;
    Ok(Norm::new(gamma, beta, EPSILON as f32, device))
}
