//! A small convolutional network from random weights, on pictures of 32 × 32: three times 3×3 convolution, ReLU and 2×2
//! maximum, then one dense layer. What somebody would train who has a few hundred pictures and no backbone.
//!
//! A convolution is a product over unfolded neighbourhoods (im2col), and so are its two gradients: all three run in
//! `backbone::kernels`, which is where the time goes.

use std::ops::Range;

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::{Scratch, ScratchStep, balanced};
use crate::backbone::kernels::{Packed, Then};
use crate::metrics::Probabilities;
use crate::source::SMALL;

/// Values of a picture.
const PIXELS: usize = SMALL * SMALL * 3;
const LAYERS: [Layer; 3] = [
    Layer { side: SMALL, inputs: 3, outputs: 16 },
    Layer { side: SMALL / 2, inputs: 16, outputs: 32 },
    Layer { side: SMALL / 4, inputs: 32, outputs: 64 },
];
/// What the dense layer sees.
const FLAT: usize = LAYERS[2].outputs * (LAYERS[2].side / 2) * (LAYERS[2].side / 2);
/// Pictures that go through the network at a time: what a step does.
const PART: usize = 8;
/// Pictures between two updates of the weights, at most.
const BATCH: usize = 32;
/// Pictures that a fit goes through in all, and the epochs that come of it at least and at most.
const PASSES: usize = 24_000;
const EPOCHS: (usize, usize) = (12, 60);
/// Part of the dense layer's inputs that a training pass leaves out.
const DROPOUT: f32 = 0.25;
/// A training pass sees a picture moved by up to so many pixels. Not mirrored: digits and writing are not symmetric.
const SHIFT: i32 = 2;
const RATE: f64 = 1e-3;
/// Weight decay, apart from the gradient (AdamW, Loshchilov & Hutter 2019).
const DECAY: f64 = 1e-4;
/// Adam's memory of the gradient and of its square (Kingma & Ba 2015).
const BETA: (f64, f64) = (0.9, 0.999);

/// A convolution over pictures of `side × side`; its output is half as wide.
#[derive(Clone, Copy)]
struct Layer {
    side: usize,
    inputs: usize,
    outputs: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Cnn {
    pub classes: usize,
    /// Layer after layer: weights `outputs × inputs`, then biases. A convolution's inputs are 3 × 3 × channels.
    pub parameters: Vec<f32>,
}

/// Where a layer's parameters lie.
struct Span {
    weight: Range<usize>,
    bias: Range<usize>,
}

/// The three convolutions, and the dense layer.
fn spans(classes: usize) -> [Span; 4] {
    let mut end = 0;
    [0, 1, 2, 3].map(|i| {
        let (inputs, outputs) = LAYERS.get(i).map_or((FLAT, classes), |l| (9 * l.inputs, l.outputs));
        let weight = end..end + inputs * outputs;
        end = weight.end + outputs;
        Span { bias: weight.end..end, weight }
    })
}

impl Cnn {
    /// Parameters that a network for so many classes has.
    pub fn size(classes: usize) -> usize {
        spans(classes)[3].bias.end
    }

    /// He initialisation: uniform, with the variance that keeps a ReLU network's signal as large as it came.
    fn random(classes: usize, rng: &mut ChaCha8Rng) -> Self {
        let spans = spans(classes);
        let mut parameters = vec![0f32; spans[3].bias.end];
        for span in spans {
            let inputs = span.weight.len() / span.bias.len();
            let limit = (6.0 / inputs as f32).sqrt();
            parameters[span.weight].fill_with(|| (2.0 * rng.random::<f32>() - 1.0) * limit);
        }
        Self { classes, parameters }
    }

    pub(super) fn probabilities(&self, pictures: &[&[u8]]) -> Probabilities {
        let mut room = Room::default();
        let mut values = Vec::with_capacity(pictures.len() * self.classes);
        for part in pictures.chunks(PART) {
            room.pixels.clear();
            part.iter().for_each(|picture| moved(picture, 0, 0, &mut room.pixels));
            room.keep.clear();
            room.keep.resize(part.len() * FLAT, 1.0);
            self.forward(&mut room, part.len());
            values.extend(Probabilities::softmax(self.classes, room.logits.clone()).values);
        }
        Probabilities { classes: self.classes, values }
    }

    fn packed(&self, span: &Span) -> Packed {
        Packed::from_rows(&self.parameters[span.weight.clone()], &self.parameters[span.bias.clone()])
    }

    /// From `room.pixels` and `room.keep` to `room.logits`.
    fn forward(&self, room: &mut Room, pictures: usize) {
        let spans = spans(self.classes);
        for (i, layer) in LAYERS.into_iter().enumerate() {
            let (before, rest) = room.layers.split_at_mut(i);
            let now = &mut rest[0];
            let rows = pictures * layer.side * layer.side;
            now.columns.resize(rows * 9 * layer.inputs, 0.0);
            layer.unfold(before.last().map_or(&room.pixels, |l| &l.halved), &mut now.columns);
            now.values.resize(rows * layer.outputs, 0.0);
            self.packed(&spans[i]).apply(&now.columns, rows, &mut now.values, Then::Nothing);
            layer.halve(now, pictures);
        }
        room.flat.clear();
        room.flat.extend(room.layers[2].halved.iter().zip(&room.keep).map(|(v, k)| v * k));
        room.logits.resize(pictures * self.classes, 0.0);
        self.packed(&spans[3]).apply(&room.flat, pictures, &mut room.logits, Then::Nothing);
    }

    /// Adds the gradient of `Σ shareᵢ·CEᵢ` over the pictures in the room, and gives that sum.
    fn backward(&self, room: &mut Room, truth: &[(usize, f32)], gradient: &mut [f32]) -> f64 {
        let (classes, pictures) = (self.classes, truth.len());
        self.forward(room, pictures);
        let spans = spans(classes);
        let mut loss = 0.0;
        let mut slopes = Probabilities::softmax(classes, std::mem::take(&mut room.logits)).values;
        room.turned.resize(pictures * classes, 0.0);
        for (i, (row, &(class, share))) in slopes.chunks_exact_mut(classes).zip(truth).enumerate() {
            loss -= f64::from(share * row[class].max(1e-12).ln());
            row[class] -= 1.0;
            for (c, v) in row.iter_mut().enumerate() {
                *v *= share;
                room.turned[c * pictures + i] = *v;
                gradient[spans[3].bias.start + c] += *v;
            }
        }
        room.product.add(&room.flat, &room.turned, (pictures, FLAT, classes), &mut gradient[spans[3].weight.clone()]);
        let weight = &self.parameters[spans[3].weight.clone()];
        room.product.set(weight, &slopes, (classes, FLAT, pictures), &mut room.layers[2].slopes);
        room.layers[2].slopes.iter_mut().zip(&room.keep).for_each(|(v, k)| *v *= k);
        room.logits = slopes;

        for (i, layer) in LAYERS.into_iter().enumerate().rev() {
            let (before, rest) = room.layers.split_at_mut(i);
            let now = &mut rest[0];
            let (rows, inputs) = (pictures * layer.side * layer.side, 9 * layer.inputs);
            layer.spread(now, &mut room.turned, &mut gradient[spans[i].bias.clone()]);
            let to = &mut gradient[spans[i].weight.clone()];
            room.product.add(&now.columns, &room.turned, (rows, inputs, layer.outputs), to);
            if let Some(before) = before.last_mut() {
                let weight = &self.parameters[spans[i].weight.clone()];
                // The neighbourhoods have been used: their gradient takes their place.
                room.product.set(weight, &now.values, (layer.outputs, inputs, rows), &mut now.columns);
                before.slopes.resize(before.halved.len(), 0.0);
                layer.fold(&now.columns, &mut before.slopes);
            }
        }
        loss
    }
}

impl Layer {
    /// Calls `f(place among the unfolded, place in the pictures, values)` for each run of pixels that a row of a
    /// neighbourhood takes; what lies outside a picture is left out.
    fn runs(self, pictures: usize, mut f: impl FnMut(usize, usize, usize)) {
        let Self { side, inputs, .. } = self;
        for pixel in 0..pictures * side * side {
            let (y, x) = (pixel / side % side, pixel % side);
            let (left, right) = (usize::from(x == 0), usize::from(x + 1 == side));
            for dy in usize::from(y == 0)..3 - usize::from(y + 1 == side) {
                // The pixel above and to the left has the number pixel - side - 1.
                let from = pixel + dy * side + left - side - 1;
                f((pixel * 9 + dy * 3 + left) * inputs, from * inputs, (3 - left - right) * inputs);
            }
        }
    }

    /// The 3 × 3 neighbourhood of each pixel, zeros outside the picture.
    fn unfold(self, pictures: &[f32], columns: &mut [f32]) {
        columns.fill(0.0);
        self.runs(pictures.len() / (self.side * self.side * self.inputs), |to, from, n| {
            columns[to..][..n].copy_from_slice(&pictures[from..][..n]);
        });
    }

    /// The transpose of [`unfold`](Self::unfold): each pixel gets the sum over the neighbourhoods it is in.
    fn fold(self, columns: &[f32], pictures: &mut [f32]) {
        pictures.fill(0.0);
        self.runs(pictures.len() / (self.side * self.side * self.inputs), |from, to, n| {
            pictures[to..][..n].iter_mut().zip(&columns[from..][..n]).for_each(|(p, c)| *p += c);
        });
    }

    /// The first pixel of each 2 × 2, in order.
    fn fours(self, pictures: usize) -> impl Iterator<Item = usize> {
        let half = self.side / 2;
        (0..pictures * half).flat_map(move |row| (0..half).map(move |x| (row * 2 * half + x) * 2))
    }

    /// The largest of each 2 × 2, or 0 if none is larger.
    fn halve(self, room: &mut LayerRoom, pictures: usize) {
        room.halved.clear();
        room.from.clear();
        let (n, side) = (self.outputs, self.side);
        for first in self.fours(pictures) {
            for c in 0..n {
                let mut best = (0.0, usize::MAX);
                for pixel in [first, first + 1, first + side, first + side + 1] {
                    let value = room.values[pixel * n + c];
                    if value > best.0 {
                        best = (value, pixel);
                    }
                }
                room.halved.push(best.0);
                room.from.push(best.1);
            }
        }
    }

    /// The gradient after the halving → before it, in `room.values` and, by output, in `turned`; its sums are added to
    /// `bias`.
    fn spread(self, room: &mut LayerRoom, turned: &mut Vec<f32>, bias: &mut [f32]) {
        let (n, rows) = (self.outputs, room.values.len() / self.outputs);
        room.values.fill(0.0);
        turned.clear();
        turned.resize(room.values.len(), 0.0);
        for (i, (&slope, &pixel)) in room.slopes.iter().zip(&room.from).enumerate() {
            if pixel != usize::MAX {
                let c = i % n;
                room.values[pixel * n + c] = slope;
                turned[c * rows + pixel] = slope;
                bias[c] += slope;
            }
        }
    }
}

/// What passes leave behind, kept so that the next one need not ask for memory.
#[derive(Default)]
struct Room {
    pixels: Vec<f32>,
    layers: [LayerRoom; 3],
    /// By input of the dense layer: 0 where it is left out; the others grow by what is missing.
    keep: Vec<f32>,
    flat: Vec<f32>,
    logits: Vec<f32>,
    /// A gradient by output.
    turned: Vec<f32>,
    product: Product,
}

#[derive(Default)]
struct LayerRoom {
    columns: Vec<f32>,
    /// Before the halving; on the way back the gradient there.
    values: Vec<f32>,
    halved: Vec<f32>,
    /// The pixel that each of `halved` came from, `usize::MAX` for none.
    from: Vec<usize>,
    /// The gradient of `halved`.
    slopes: Vec<f32>,
}

/// Products with a matrix that changes each time.
struct Product {
    packed: Packed,
    out: Vec<f32>,
}

impl Default for Product {
    fn default() -> Self {
        Self { packed: Packed::new(0, 0), out: Vec::new() }
    }
}

impl Product {
    /// `rows × inputs` times `inputs × outputs`.
    fn set(&mut self, matrix: &[f32], x: &[f32], (inputs, outputs, rows): (usize, usize, usize), out: &mut Vec<f32>) {
        out.resize(rows * outputs, 0.0);
        self.packed.reshape(inputs, outputs);
        self.packed.fill_columns(matrix, outputs);
        self.packed.apply(x, rows, out, Then::Nothing);
    }

    /// The same, added to what is there.
    fn add(&mut self, matrix: &[f32], x: &[f32], shape: (usize, usize, usize), to: &mut [f32]) {
        let mut out = std::mem::take(&mut self.out);
        self.set(matrix, x, shape, &mut out);
        to.iter_mut().zip(&out).for_each(|(t, o)| *t += o);
        self.out = out;
    }
}

/// The picture from -1 to 1, moved to the right and down; the pixels at its edge go on outside.
fn moved(picture: &[u8], right: i32, down: i32, to: &mut Vec<f32>) {
    assert_eq!(picture.len(), PIXELS, "a small picture has one size");
    let at = |place: usize, by: i32| (place as i32 - by).clamp(0, SMALL as i32 - 1) as usize;
    for y in 0..SMALL {
        for x in 0..SMALL {
            let pixel = &picture[(at(y, down) * SMALL + at(x, right)) * 3..][..3];
            to.extend(pixel.iter().map(|&v| f32::from(v) / 127.5 - 1.0));
        }
    }
}

pub(super) struct Fit {
    /// Picture after picture.
    pictures: Vec<u8>,
    y: Vec<usize>,
    /// By class.
    weights: Vec<f64>,
    network: Cnn,
    rng: ChaCha8Rng,
    order: Vec<usize>,
    batch: usize,
    epochs: usize,
    /// Pictures gone through.
    done: usize,
    /// Since the last update.
    gradient: Vec<f32>,
    adam: Adam,
    room: Room,
    loss: Option<f64>,
}

impl Fit {
    pub(super) fn new(pictures: Vec<u8>, y: &[usize], classes: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let network = Cnn::random(classes, &mut rng);
        let parameters = network.parameters.len();
        let epochs = (PASSES / y.len()).clamp(EPOCHS.0, EPOCHS.1);
        // Batches of one size, so that none at the end is of a single picture.
        let batch = y.len().div_ceil(y.len().div_ceil(BATCH));
        Self {
            pictures,
            weights: balanced(y, classes),
            order: (0..y.len()).collect(),
            y: y.to_vec(),
            network,
            rng,
            batch,
            epochs,
            done: 0,
            gradient: vec![0.0; parameters],
            adam: Adam {
                mean: vec![0.0; parameters],
                square: vec![0.0; parameters],
                updates: 0,
                total: y.len().div_ceil(batch) * epochs,
            },
            room: Room::default(),
            loss: None,
        }
    }

    /// Part of a batch; the weights change at the batch's end.
    pub(super) fn step(&mut self) -> ScratchStep {
        let (rows, total) = (self.y.len(), self.y.len() * self.epochs);
        if self.done == total {
            return ScratchStep::Done(Scratch::Cnn(self.network.clone()));
        }
        let at = self.done % rows;
        if at == 0 {
            self.order.shuffle(&mut self.rng);
        }
        let first = at / self.batch * self.batch;
        let end = rows.min(first + self.batch);
        let part = at..end.min(at + PART);
        let truth = self.load(part.clone(), end - first);
        let shares: f64 = truth.iter().map(|t| f64::from(t.1)).sum();
        let loss = self.network.backward(&mut self.room, &truth, &mut self.gradient) / shares;
        self.loss = Some(self.loss.map_or(loss, |before| before + 0.1 * (loss - before)));
        if part.end == end {
            self.adam.update(&mut self.network, &mut self.gradient);
        }
        self.done += part.len();
        ScratchStep::Progress { done: self.done, total, loss: self.loss.unwrap_or(loss) }
    }

    /// Brings pictures into the room, moved and with inputs left out by chance. → their classes and shares in the batch.
    fn load(&mut self, part: Range<usize>, batch: usize) -> Vec<(usize, f32)> {
        let Self { room, rng, .. } = self;
        room.pixels.clear();
        for &row in &self.order[part.clone()] {
            let mut by = || rng.random_range(-SHIFT..SHIFT + 1);
            let (right, down) = (by(), by());
            moved(&self.pictures[row * PIXELS..][..PIXELS], right, down, &mut room.pixels);
        }
        room.keep.clear();
        let keep = |_| if rng.random::<f32>() < DROPOUT { 0.0 } else { 1.0 / (1.0 - DROPOUT) };
        room.keep.extend((0..part.len() * FLAT).map(keep));
        let truth = |&row: &usize| (self.y[row], (self.weights[self.y[row]] / batch as f64) as f32);
        self.order[part].iter().map(truth).collect()
    }
}

struct Adam {
    mean: Vec<f32>,
    square: Vec<f32>,
    updates: usize,
    total: usize,
}

impl Adam {
    /// One update along the gradient, which is then set to zero. The rate falls to 0 along half a cosine.
    fn update(&mut self, network: &mut Cnn, gradient: &mut [f32]) {
        let rate = RATE * 0.5 * (1.0 + (std::f64::consts::PI * self.updates as f64 / self.total as f64).cos());
        self.updates += 1;
        let unbiased = |beta: f64| (1.0 - beta.powi(self.updates as i32)) as f32;
        let (first, second) = (unbiased(BETA.0), unbiased(BETA.1));
        let (b1, b2) = (BETA.0 as f32, BETA.1 as f32);
        for Span { weight, bias } in spans(network.classes) {
            for (span, decay) in [(weight, DECAY), (bias, 0.0)] {
                let shrink = (1.0 - rate * decay) as f32;
                for i in span {
                    let g = std::mem::take(&mut gradient[i]);
                    self.mean[i] = b1 * self.mean[i] + (1.0 - b1) * g;
                    self.square[i] = b2 * self.square[i] + (1.0 - b2) * g * g;
                    let along = self.mean[i] / first / ((self.square[i] / second).sqrt() + 1e-8);
                    network.parameters[i] = network.parameters[i] * shrink - rate as f32 * along;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise, with a bright bar on the left or on the right.
    fn bars(n: usize, seed: u64) -> (Vec<u8>, Vec<usize>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut pictures = vec![0; n * PIXELS];
        let y: Vec<usize> = (0..n).map(|i| i % 2).collect();
        for (picture, class) in pictures.chunks_exact_mut(PIXELS).zip(&y) {
            let bar = 4 + 18 * class + rng.random_range(0..6usize);
            for (i, v) in picture.iter_mut().enumerate() {
                let x = i / 3 % SMALL;
                *v = rng.random_range(0..150u32) as u8 + if (bar..bar + 3).contains(&x) { 60 } else { 0 };
            }
        }
        (pictures, y)
    }

    fn fitted(pictures: &[u8], y: &[usize]) -> Cnn {
        let mut fit = Fit::new(pictures.to_vec(), y, 2, 7);
        loop {
            if let ScratchStep::Done(Scratch::Cnn(network)) = fit.step() {
                return network;
            }
        }
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let (pictures, y) = bars(6, 1);
        let mut fit = Fit::new(pictures, &y, 3, 5);
        let truth = fit.load(0..3, 3);
        let Fit { mut network, mut room, mut gradient, .. } = fit;
        network.backward(&mut room, &truth, &mut gradient);
        let mut unused = vec![0.0; gradient.len()];
        for span in spans(3).into_iter().flat_map(|s| [s.weight, s.bias]) {
            // Where the slope is steepest f32 has digits enough for a difference.
            let mut steepest: Vec<usize> = span.collect();
            steepest.sort_by(|&a, &b| gradient[b].abs().total_cmp(&gradient[a].abs()));
            for &i in steepest.iter().take(3) {
                let (value, by) = (network.parameters[i], 1e-4);
                network.parameters[i] = value + by;
                let above = network.backward(&mut room, &truth, &mut unused);
                network.parameters[i] = value - by;
                let below = network.backward(&mut room, &truth, &mut unused);
                network.parameters[i] = value;
                let (slope, expected) = ((above - below) / f64::from(2.0 * by), f64::from(gradient[i]));
                assert!((slope - expected).abs() < 0.02 * expected.abs() + 1e-4, "{i}: {slope}, not {expected}");
            }
        }
    }

    #[test]
    fn learns_left_from_right_and_the_same_each_time() {
        let (pictures, y) = bars(32, 1);
        let network = fitted(&pictures, &y);
        assert!(network == fitted(&pictures, &y));
        let (unseen, truth) = bars(100, 2);
        let p = network.probabilities(&unseen.chunks(PIXELS).collect::<Vec<_>>());
        let hits = (0..truth.len()).filter(|&row| p.top(row) == truth[row]).count();
        assert!(hits > 95, "{hits} of 100");
    }
}
