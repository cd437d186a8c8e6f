//! The last stages with gradients written by hand. Pixels lie one after another with their channels side by side, so a
//! 1 × 1 convolution is a [`Linear`] layer over all pixels of a batch.
//!
//! The batch norms are folded into the convolutions, so their statistics stay as they were; what they scaled and shifted by
//! is trained with the weights.

#[cfg(feature = "webgpu")]
pub mod gpu;
mod renorm;

use std::ops::Range;

pub use renorm::{Moments, Renorm};

use super::{BlockShape, DIM, LAST, blocks, border};
use crate::backbone::Weights;
use crate::backbone::kernels::{Filter, Linear, Then};
use crate::backbone::tail::Span;
use crate::error::Result;

/// Blocks of the network before the last 1, 2, 3 stages begin. The head's convolution belongs to the last stage.
const BEGINS: [usize; 3] = [15, 11, 8];

#[derive(Debug)]
pub struct Tail {
    spans: Vec<Span>,
    blocks: Vec<Block>,
    head: Layer,
}

#[derive(Debug)]
struct Block {
    shape: BlockShape,
    stage: usize,
    expand: Layer,
    depthwise: Layer,
    project: Layer,
    filter: Filter,
}

/// Where a layer's parameters lie.
#[derive(Debug)]
struct Layer {
    weight: Range<usize>,
    bias: Range<usize>,
}

/// What a pass leaves behind, kept so that the next need not ask for memory.
#[derive(Debug, Default)]
pub struct Room {
    linear: Linear,
    blocks: Vec<BlockRoom>,
    /// The head's values, and their means.
    cells: Vec<f32>,
    features: Vec<f32>,
    /// Gradients by the block's output, by what the filter made, by the widened pixels, by the block's input.
    slopes: Vec<f32>,
    filtered: Vec<f32>,
    wide: Vec<f32>,
    input: Vec<f32>,
    /// A filter's taps and their gradient, tap after tap.
    taps: Vec<f32>,
    taps_gradient: Vec<f32>,
}

#[derive(Debug, Default)]
struct BlockRoom {
    wide: Vec<f32>,
    filtered: Vec<f32>,
    out: Vec<f32>,
}

/// Blocks that lie before the last `stages`, 1 to 3.
pub fn begins(stages: usize) -> usize {
    BEGINS[stages - 1]
}

impl Tail {
    /// The last `stages` (1 to 3), and their parameters as the checkpoint has them. Takes its tensors out of `weights` and leaves
    /// the others. Errors: `bad-pack`.
    pub fn load(weights: &mut Weights, stages: usize) -> Result<(Self, Vec<f32>)> {
        let trained = blocks().into_iter().enumerate().skip(begins(stages));
        let stage_of = |i: usize| BEGINS.iter().filter(|&&begin| i < begin).count();
        Self::lay(trained.map(|(i, shape)| (shape, stage_of(i))), [DIM, LAST], |name, shape| {
            let weight = weights.take(&format!("{name}.weight"), shape)?;
            Ok((weight, weights.take(&format!("{name}.bias"), [shape[0]])?))
        })
    }

    /// A small network of the same kinds of layers, and its parameters: what a GPU is tried on. ReLU6 has corners, and none of its
    /// values is so near to one that rounding could tip it over.
    pub fn small() -> (Self, Vec<f32>) {
        let block = |i: usize, [input, inner, output]: [usize; 3], kernel, stride, side| {
            let name = format!("block {i}");
            (BlockShape { name, input, inner, output, kernel, stride, side }, 2 - i)
        };
        let blocks = [block(0, [8, 20, 8], 5, 1, 6), block(1, [8, 24, 12], 5, 2, 6), block(2, [12, 16, 12], 3, 1, 3)];
        let mut seed = 0.0;
        let tail = Self::lay(blocks.into_iter(), [16, 12], |_, shape| {
            seed += 1.0;
            let [outputs, inputs, high, wide] = shape;
            let each = inputs * high * wide;
            let size = 2.5 / (each as f32).sqrt();
            let weight = (0..outputs * each).map(|i| size * (i as f32 * (1.3 + 0.1 * seed) + seed).sin()).collect();
            Ok((weight, (0..outputs).map(|i| 0.5 + (i as f32 * 1.9 + seed).cos()).collect()))
        });
        tail.expect("nothing is missing")
    }

    fn lay(
        shapes: impl Iterator<Item = (BlockShape, usize)>,
        [dim, last]: [usize; 2],
        mut tensors: impl FnMut(&str, [usize; 4]) -> Result<(Vec<f32>, Vec<f32>)>,
    ) -> Result<(Self, Vec<f32>)> {
        let (mut spans, mut parameters) = (Vec::new(), Vec::new());
        let mut layer = |name: &str, stage: usize, shape: [usize; 4]| -> Result<Layer> {
            let mut take = |part: &str, shape: &[usize], values: Vec<f32>| {
                let range = parameters.len()..parameters.len() + values.len();
                parameters.extend(values);
                let name = format!("{name}.{part}");
                spans.push(Span { name, shape: shape.to_vec(), range: range.clone(), stage });
                range
            };
            let (weight, bias) = tensors(name, shape)?;
            Ok(Layer { weight: take("weight", &shape, weight), bias: take("bias", &shape[..1], bias) })
        };
        let mut blocks = Vec::new();
        for (shape, stage) in shapes {
            let BlockShape { ref name, input, inner, output, kernel, stride, side } = shape;
            blocks.push(Block {
                expand: layer(&format!("{name}._expand_conv"), stage, [inner, input, 1, 1])?,
                depthwise: layer(&format!("{name}._depthwise_conv"), stage, [inner, 1, kernel, kernel])?,
                project: layer(&format!("{name}._project_conv"), stage, [output, inner, 1, 1])?,
                filter: Filter::new(kernel, stride, side, border(side, kernel, stride).0),
                stage,
                shape,
            });
        }
        let head = layer("_conv_head", 0, [dim, last, 1, 1])?;
        Ok((Self { spans, blocks, head }, parameters))
    }

    /// Width of a feature.
    pub fn dim(&self) -> usize {
        self.head.bias.len()
    }

    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Values of one picture where the trained stages begin: pixel after pixel.
    pub fn inputs(&self) -> usize {
        self.blocks[0].filter.inside() * self.blocks[0].shape.input
    }

    /// Pictures where the trained stages begin, one after another → `pictures × 1280` features.
    pub fn forward<'a>(&self, parameters: &[f32], x: &[f32], room: &'a mut Room) -> &'a [f32] {
        room.blocks.resize_with(self.blocks.len(), BlockRoom::default);
        let Room { linear, blocks, cells, features, taps, .. } = room;
        for (i, block) in self.blocks.iter().enumerate() {
            let (before, rest) = blocks.split_at_mut(i);
            let x = before.last().map_or(x, |room| &room.out);
            let BlockRoom { wide, filtered, out } = &mut rest[0];
            let pixels = x.len() / block.shape.input;
            block.expand.forward(parameters, x, pixels, linear, wide, Then::Relu6);
            by_tap(&parameters[block.depthwise.weight.clone()], block.shape.inner, taps);
            block.filter.forward(taps, &parameters[block.depthwise.bias.clone()], wide, filtered);
            filtered.iter_mut().for_each(|v| *v = v.clamp(0.0, 6.0));
            let then = if block.shape.skips() { Then::Add(x) } else { Then::Nothing };
            block.project.forward(parameters, filtered, filtered.len() / block.shape.inner, linear, out, then);
        }
        let x = &blocks.last().expect("at least one block is trained").out;
        self.head.forward(parameters, x, x.len() / self.last(), linear, cells, Then::Relu6);
        let (area, dim) = (self.area(), self.dim());
        features.clear();
        for picture in cells.chunks_exact(area * dim) {
            let from = features.len();
            features.resize(from + dim, 0.0);
            for cell in picture.chunks_exact(dim) {
                features[from..].iter_mut().zip(cell).for_each(|(sum, v)| *sum += v / area as f32);
            }
        }
        features
    }

    /// After [`forward`](Self::forward) with the same arguments: adds the gradient of `Σ slopes · features` by the parameters of
    /// the stages below `depth` to `gradient`. `slopes`: `pictures × 1280`.
    pub fn backward(
        &self,
        parameters: &[f32],
        x: &[f32],
        slopes: &[f32],
        depth: usize,
        room: &mut Room,
        gradient: &mut [f32],
    ) {
        let Room { linear, blocks, cells, slopes: by_out, filtered, wide, input, taps, taps_gradient, .. } = room;
        let (area, dim) = (self.area(), self.dim());
        // The cells' gradient takes their place.
        for (picture, slopes) in cells.chunks_exact_mut(area * dim).zip(slopes.chunks_exact(dim)) {
            for cell in picture.chunks_exact_mut(dim) {
                cell.iter_mut().zip(slopes).for_each(|(v, s)| *v = through_relu6(*v, s / area as f32));
            }
        }
        let last = &blocks.last().expect("a forward pass came before").out;
        let pixels = last.len() / self.last();
        self.head.gradient(gradient, last, cells, pixels, linear);
        self.head.back(parameters, cells, pixels, linear, by_out);
        for (i, block) in self.blocks.iter().enumerate().rev() {
            if block.stage >= depth {
                return;
            }
            let (before, rest) = blocks.split_at(i);
            let (x, room) = (before.last().map_or(x, |room| &room.out), &rest[0]);
            let inner = block.shape.inner;
            let pixels = room.filtered.len() / inner;
            block.project.gradient(gradient, &room.filtered, by_out, pixels, linear);
            block.project.back(parameters, by_out, pixels, linear, filtered);
            filtered.iter_mut().zip(&room.filtered).for_each(|(s, v)| *s = through_relu6(*v, *s));
            let weight = &parameters[block.depthwise.weight.clone()];
            by_tap(weight, inner, taps);
            taps_gradient.clear();
            taps_gradient.resize(weight.len(), 0.0);
            let bias = &mut gradient[block.depthwise.bias.clone()];
            block.filter.gradient(&room.wide, filtered, taps_gradient, bias);
            let by_channel = gradient[block.depthwise.weight.clone()].chunks_exact_mut(weight.len() / inner);
            for (c, to) in by_channel.enumerate() {
                to.iter_mut().zip(taps_gradient[c..].iter().step_by(inner)).for_each(|(to, v)| *to += v);
            }
            block.filter.back(taps, filtered, wide);
            wide.iter_mut().zip(&room.wide).for_each(|(s, v)| *s = through_relu6(*v, *s));
            let pixels = wide.len() / inner;
            block.expand.gradient(gradient, x, wide, pixels, linear);
            if i == 0 || self.blocks[i - 1].stage >= depth {
                return;
            }
            block.expand.back(parameters, wide, pixels, linear, input);
            if block.shape.skips() {
                input.iter_mut().zip(by_out.iter()).for_each(|(s, v)| *s += v);
            }
            std::mem::swap(input, by_out);
        }
    }

    /// Channels of the last block.
    fn last(&self) -> usize {
        self.head.weight.len() / self.dim()
    }

    /// Cells that a feature is the mean of.
    fn area(&self) -> usize {
        self.blocks.last().expect("at least one block is trained").filter.outside()
    }
}

impl Layer {
    fn forward(&self, p: &[f32], x: &[f32], rows: usize, linear: &mut Linear, out: &mut Vec<f32>, then: Then) {
        linear.forward(&p[self.weight.clone()], &p[self.bias.clone()], x, rows, out, then);
    }

    fn back(&self, p: &[f32], slopes: &[f32], rows: usize, linear: &mut Linear, out: &mut Vec<f32>) {
        linear.back(&p[self.weight.clone()], slopes, self.bias.len(), rows, out);
    }

    fn gradient(&self, gradient: &mut [f32], x: &[f32], slopes: &[f32], rows: usize, linear: &mut Linear) {
        // A layer's bias lies right behind its weight.
        let (weight, bias) = gradient[self.weight.start..self.bias.end].split_at_mut(self.weight.len());
        linear.gradient(x, slopes, rows, weight, bias);
    }
}

/// The slope behind a ReLU6, whose output was `v` → before it.
fn through_relu6(v: f32, slope: f32) -> f32 {
    if v > 0.0 && v < 6.0 { slope } else { 0.0 }
}

/// A depthwise weight, filter after filter → tap after tap.
fn by_tap(weight: &[f32], channels: usize, taps: &mut Vec<f32>) {
    let area = weight.len() / channels;
    taps.clear();
    taps.extend((0..area).flat_map(|tap| weight[tap..].iter().step_by(area)));
}
