//! The last layers as they are trained, on the CPU: forwards with what the way back needs kept, and backwards, by hand.
//!
//! The layers before them do not change: what they give is computed once ([`MiniLm::boundary`](super::cpu::MiniLm::boundary)).
//! Texts lie one after another without any padding, as there.

#[cfg(feature = "webgpu")]
pub mod gpu;

use std::ops::Range;

use super::cpu::pool;
use super::heads::Heads;
use super::{DIM, EPSILON, HEADS, INNER, LAYERS};
use crate::backbone::kernels::{Linear, Then, dot, gelu_apart, gelu_back, layer_norm_apart, layer_norm_back};
use crate::backbone::{Span, Weights};
use crate::error::Result;

/// Layers that can be trained.
const MOST: usize = 3;

/// Which layers they are, and where their parameters lie.
#[derive(Debug, Clone)]
pub struct Tail {
    spans: Vec<Span>,
    layers: Vec<Layer>,
}

#[derive(Debug, Clone)]
struct Layer {
    /// Query, key and value side by side.
    attention: Affine,
    attended: Affine,
    attended_norm: Affine,
    intermediate: Affine,
    output: Affine,
    output_norm: Affine,
}

/// What multiplies, and right after it what is added: a value for each output.
#[derive(Debug, Clone)]
struct Affine {
    range: Range<usize>,
    outputs: usize,
}

/// What a pass leaves behind. Nothing is allocated once it was large enough: 18 kB for a token in each layer, 48 bytes for a
/// text's tokens times themselves in each, and once 15 kB for a token. So a batch of long texts had better go in parts.
#[derive(Debug, Default)]
pub struct Room {
    layers: Vec<LayerRoom>,
    embeddings: Vec<f32>,
    /// What the sum of each text's tokens was multiplied by.
    scales: Vec<f32>,
    work: Work,
}

/// What a layer keeps for its way back: `tokens × …`, what its parts give.
#[derive(Debug, Default)]
struct LayerRoom {
    attention: Vec<f32>,
    /// Of each text, head after head.
    probabilities: Vec<f32>,
    mixed: Vec<f32>,
    attended: Normed,
    /// Before GELU.
    intermediate: Vec<f32>,
    output: Normed,
}

/// What is on the two sides of a norm's `gamma` and `beta`, and what each row was multiplied by.
#[derive(Debug, Default)]
struct Normed {
    standard: Vec<f32>,
    scales: Vec<f32>,
    out: Vec<f32>,
}

/// What no layer keeps.
#[derive(Debug, Default)]
struct Work {
    linear: Linear,
    heads: Heads,
    /// The gradient by what a layer gives, and then by what it is given.
    slopes: Vec<f32>,
    /// A branch's part of it.
    branch: Vec<f32>,
    /// The gradient where rows are wider.
    wide: Vec<f32>,
}

impl Tail {
    /// The last `layers` layers (1 to 3), and their parameters. Takes their tensors out of `weights` and leaves the others.
    ///
    /// Errors: `bad-pack`, by tensor.
    pub fn load(weights: &mut Weights, layers: usize) -> Result<(Self, Vec<f32>)> {
        assert!((1..=MOST).contains(&layers), "1 to {MOST} layers are trained");
        let mut loader = Loader { weights, spans: Vec::new(), parameters: Vec::new() };
        let layers = (LAYERS - layers..LAYERS).map(|i| Layer::load(&mut loader, i)).collect::<Result<_>>()?;
        Ok((Self { spans: loader.spans, layers }, loader.parameters))
    }

    /// In the order of the parameters, from the first of the layers to the last.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// `x`, what the layers begin with, 384 values a token, text after text, of `lengths` tokens → an embedding of 384 for
    /// each text, of length 1.
    pub fn forward<'a>(&self, parameters: &[f32], x: &[f32], lengths: &[usize], room: &'a mut Room) -> &'a [f32] {
        assert_eq!(x.len(), lengths.iter().sum::<usize>() * DIM, "a row a token");
        let Room { layers, embeddings, scales, work } = room;
        layers.resize_with(self.layers.len(), LayerRoom::default);
        let mut x = x;
        for (layer, room) in self.layers.iter().zip(layers) {
            layer.forward(parameters, x, lengths, room, work);
            x = &room.output.out;
        }
        embeddings.resize(lengths.len() * DIM, 0.0);
        pool(x, lengths, embeddings, scales);
        embeddings
    }

    /// After [`forward`](Self::forward) with the same arguments: adds the gradient of `Σ slopes · embeddings` by the parameters of
    /// the last `depth` layers to `gradient`, which is as long as `parameters`.
    #[allow(clippy::too_many_arguments, reason = "a pass's arguments, and what is asked of it")]
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
        assert_eq!(gradient.len(), parameters.len(), "a gradient a parameter");
        let Room { layers, embeddings, scales, work } = room;
        work.slopes.resize(x.len(), 0.0);
        let mut tokens = work.slopes.chunks_exact_mut(DIM);
        let by_sum = through_unit(embeddings, scales, slopes);
        for (slopes, &length) in by_sum.chunks_exact(DIM).zip(lengths) {
            tokens.by_ref().take(length).for_each(|token| token.copy_from_slice(slopes));
        }
        let first = self.layers.len().saturating_sub(depth);
        for (i, layer) in self.layers.iter().enumerate().skip(first).rev() {
            let x = if i == 0 { x } else { &layers[i - 1].output.out };
            layer.backward(parameters, x, lengths, &layers[i], work, gradient, i > first);
        }
    }
}

/// Lays tensors into one vector.
struct Loader<'a, 'b> {
    weights: &'a mut Weights<'b>,
    spans: Vec<Span>,
    parameters: Vec<f32>,
}

impl Loader<'_, '_> {
    fn take<const D: usize>(&mut self, layer: usize, part: &str, shape: [usize; D]) -> Result<()> {
        let name = format!("encoder.layer.{layer}.{part}");
        let values = self.weights.take(&name, shape)?;
        let range = self.parameters.len()..self.parameters.len() + values.len();
        self.parameters.extend(values);
        self.spans.push(Span { name, shape: shape.to_vec(), range, stage: LAYERS - 1 - layer });
        Ok(())
    }

    /// Layers with the same inputs, side by side.
    fn linear(&mut self, layer: usize, parts: &[&str], inputs: usize, outputs: usize) -> Result<Affine> {
        let start = self.parameters.len();
        for part in parts {
            self.take(layer, &format!("{part}.weight"), [outputs, inputs])?;
        }
        for part in parts {
            self.take(layer, &format!("{part}.bias"), [outputs])?;
        }
        Ok(Affine { range: start..self.parameters.len(), outputs: parts.len() * outputs })
    }

    fn norm(&mut self, layer: usize, part: &str) -> Result<Affine> {
        let start = self.parameters.len();
        self.take(layer, &format!("{part}.weight"), [DIM])?;
        self.take(layer, &format!("{part}.bias"), [DIM])?;
        Ok(Affine { range: start..self.parameters.len(), outputs: DIM })
    }
}

impl Layer {
    fn load(loader: &mut Loader, i: usize) -> Result<Self> {
        let attention = ["attention.self.query", "attention.self.key", "attention.self.value"];
        Ok(Self {
            attention: loader.linear(i, &attention, DIM, DIM)?,
            attended: loader.linear(i, &["attention.output.dense"], DIM, DIM)?,
            attended_norm: loader.norm(i, "attention.output.LayerNorm")?,
            intermediate: loader.linear(i, &["intermediate.dense"], DIM, INNER)?,
            output: loader.linear(i, &["output.dense"], INNER, DIM)?,
            output_norm: loader.norm(i, "output.LayerNorm")?,
        })
    }

    /// `x`, `tokens × 384`, → `room.output.out`, as many.
    fn forward(&self, parameters: &[f32], x: &[f32], lengths: &[usize], room: &mut LayerRoom, work: &mut Work) {
        let LayerRoom { attention, probabilities, mixed, attended, intermediate, output } = room;
        let Work { linear, heads, wide, .. } = work;
        self.attention.forward(linear, parameters, x, attention, Then::Nothing);
        probabilities.resize(pairs(lengths), 0.0);
        mixed.resize(x.len(), 0.0);
        let (mut texts, mut squares, mut mixes) = (&attention[..], &mut probabilities[..], &mut mixed[..]);
        for length in lengths {
            let text = texts.split_off(..length * 3 * DIM).expect("a row a token");
            let mixed = mixes.split_off_mut(..length * DIM).expect("a row a token");
            for head in 0..HEADS {
                let probabilities = squares.split_off_mut(..length * length).expect("a square a head");
                heads.mix(text, head, probabilities, mixed);
            }
        }
        self.attended.forward(linear, parameters, mixed, &mut attended.standard, Then::Add(x));
        self.attended_norm.norm(parameters, attended);
        self.intermediate.forward(linear, parameters, &attended.out, intermediate, Then::Nothing);
        wide.resize(intermediate.len(), 0.0);
        gelu_apart(intermediate, wide);
        self.output.forward(linear, parameters, wide, &mut output.standard, Then::Add(&attended.out));
        self.output_norm.norm(parameters, output);
    }

    /// `work.slopes`, the gradient by what this layer gives, → that by `x`, if it is to go `further`.
    #[allow(clippy::too_many_arguments, reason = "a pass's arguments, and what is asked of it")]
    fn backward(
        &self,
        parameters: &[f32],
        x: &[f32],
        lengths: &[usize],
        room: &LayerRoom,
        work: &mut Work,
        gradient: &mut [f32],
        further: bool,
    ) {
        let Work { linear, heads, slopes, branch, wide } = work;
        self.output_norm.norm_back(parameters, &room.output, slopes, gradient);
        wide.resize(room.intermediate.len(), 0.0);
        gelu_apart(&room.intermediate, wide);
        self.output.gradient(linear, wide, slopes, gradient);
        // What came out of GELU has been used: its gradient takes its place.
        self.output.back(linear, parameters, slopes, wide);
        gelu_back(&room.intermediate, wide);
        self.intermediate.gradient(linear, &room.attended.out, wide, gradient);
        self.intermediate.back(linear, parameters, wide, branch);
        add(branch, slopes);

        self.attended_norm.norm_back(parameters, &room.attended, slopes, gradient);
        self.attended.gradient(linear, &room.mixed, slopes, gradient);
        self.attended.back(linear, parameters, slopes, branch);
        wide.resize(room.attention.len(), 0.0);
        let (mut texts, mut squares) = (&room.attention[..], &room.probabilities[..]);
        let (mut mixes, mut outs) = (&branch[..], &mut wide[..]);
        for length in lengths {
            let text = texts.split_off(..length * 3 * DIM).expect("a row a token");
            let slopes = mixes.split_off(..length * DIM).expect("a row a token");
            let out = outs.split_off_mut(..length * 3 * DIM).expect("a row a token");
            for head in 0..HEADS {
                let probabilities = squares.split_off(..length * length).expect("a square a head");
                heads.back(text, head, probabilities, slopes, out);
            }
        }
        self.attention.gradient(linear, x, wide, gradient);
        if further {
            self.attention.back(linear, parameters, wide, branch);
            add(branch, slopes);
        }
    }
}

impl Affine {
    fn of<'a>(&self, parameters: &'a [f32]) -> (&'a [f32], &'a [f32]) {
        parameters[self.range.clone()].split_at(self.range.len() - self.outputs)
    }

    fn of_mut<'a>(&self, gradient: &'a mut [f32]) -> (&'a mut [f32], &'a mut [f32]) {
        gradient[self.range.clone()].split_at_mut(self.range.len() - self.outputs)
    }

    fn forward(&self, linear: &mut Linear, parameters: &[f32], x: &[f32], out: &mut Vec<f32>, then: Then) {
        let (weight, bias) = self.of(parameters);
        linear.forward(weight, bias, x, x.len() * self.outputs / weight.len(), out, then);
    }

    fn back(&self, linear: &mut Linear, parameters: &[f32], slopes: &[f32], out: &mut Vec<f32>) {
        linear.back(self.of(parameters).0, slopes, self.outputs, slopes.len() / self.outputs, out);
    }

    fn gradient(&self, linear: &mut Linear, x: &[f32], slopes: &[f32], gradient: &mut [f32]) {
        let (weight, bias) = self.of_mut(gradient);
        linear.gradient(x, slopes, slopes.len() / self.outputs, weight, bias);
    }

    /// From `normed.standard`, which are the values themselves so far.
    fn norm(&self, parameters: &[f32], normed: &mut Normed) {
        let (gamma, beta) = self.of(parameters);
        let Normed { standard, scales, out } = normed;
        layer_norm_apart(standard, scales, gamma, beta, EPSILON as f32, out);
    }

    fn norm_back(&self, parameters: &[f32], normed: &Normed, slopes: &mut [f32], gradient: &mut [f32]) {
        let (by_gamma, by_beta) = self.of_mut(gradient);
        layer_norm_back(&normed.standard, &normed.scales, self.of(parameters).0, slopes, by_gamma, by_beta);
    }
}

/// Makes each row of `x` one of length 1. → what it was multiplied by for it.
pub fn to_unit(x: &mut [f32]) -> Vec<f32> {
    let one = |row: &mut [f32]| {
        let scale = 1.0 / dot(row, row).sqrt().max(1e-12);
        row.iter_mut().for_each(|v| *v *= scale);
        scale
    };
    x.chunks_exact_mut(DIM).map(one).collect()
}

/// The gradient by rows of length 1 → by what they were before they were multiplied by `scales`.
pub fn through_unit(unit: &[f32], scales: &[f32], slopes: &[f32]) -> Vec<f32> {
    let rows = unit.chunks_exact(DIM).zip(slopes.chunks_exact(DIM)).zip(scales);
    let back = rows.flat_map(|((unit, slopes), scale)| {
        // What goes along the row only makes it longer, and is taken out again.
        let along = dot(unit, slopes);
        unit.iter().zip(slopes).map(move |(v, slope)| (slope - along * v) * *scale)
    });
    back.collect()
}

/// Probabilities of all heads of all texts.
fn pairs(lengths: &[usize]) -> usize {
    lengths.iter().map(|length| HEADS * length * length).sum()
}

fn add(branch: &[f32], slopes: &mut [f32]) {
    slopes.iter_mut().zip(branch).for_each(|(slope, v)| *slope += v);
}
