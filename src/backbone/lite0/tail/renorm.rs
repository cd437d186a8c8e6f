//! Batch norms of the last stages, estimated anew for another domain (AdaBN: Li et al., "Revisiting batch normalization for
//! practical domain adaptation", 2016).
//!
//! They are folded into the convolutions, so what they were estimated from is not known here. What they do for a domain can
//! be had all the same: layer by layer, what a convolution makes of the target is given the mean and the spread, channel by
//! channel, of what it makes of the source, by its weights and biases. So a head that was fitted to the source stays right.

use super::{Block, Layer, Tail, by_tap};
use crate::backbone::kernels::{Linear, Then};
use crate::backbone::lite0::LAST;

/// Part of a layer's mean variance that is added to every channel's: some channels are dead, and stay so.
const RIDGE: f64 = 1e-4;
/// A channel is scaled by this at most, and by one over it at least: where a domain hardly varies, all of it is noise.
const MOST: f64 = 4.0;
/// Convolutions of a block.
const PARTS: usize = 3;

/// Under way: a layer a step.
#[derive(Debug)]
pub struct Renorm {
    source: Domain,
    target: Domain,
    /// What the target's own statistics count for, beside the source's: 0 to 1.
    trust: f64,
    layer: usize,
    room: Room,
}

/// Mean and variance of what comes out of a convolution, by channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    pub mean: Vec<f64>,
    pub variance: Vec<f64>,
}

/// Pictures of a domain, and the parameters that they go through.
#[derive(Debug)]
struct Domain {
    parameters: Vec<f32>,
    /// Where the next block begins.
    x: Vec<f32>,
    /// What its last convolution makes of them.
    out: Vec<f32>,
}

/// Of one picture.
#[derive(Debug, Default)]
struct Room {
    linear: Linear,
    taps: Vec<f32>,
    wide: Vec<f32>,
    filtered: Vec<f32>,
    out: Vec<f32>,
}

impl Renorm {
    /// `source`, `target`: pictures where the trained stages begin. `prior`: so many pictures of the target count for as much as the
    /// source's statistics do, which they are mixed with (Schneider et al., "Improving robustness against common corruptions by
    /// covariate shift adaptation", 2020).
    pub fn new(tail: &Tail, parameters: &[f32], source: Vec<f32>, target: Vec<f32>, prior: f64) -> Self {
        let pictures = (target.len() / tail.inputs()) as f64;
        Self {
            source: Domain::new(parameters, source),
            target: Domain::new(parameters, target),
            trust: pictures / (pictures + prior),
            layer: 0,
            room: Room::default(),
        }
    }

    /// The next layer. The parameters for the target after the last.
    pub fn step(&mut self, tail: &Tail) -> Option<Vec<f32>> {
        let want = self.source.look(tail, self.layer, &mut self.room);
        let have = self.target.look(tail, self.layer, &mut self.room);
        let moves = moves(&have, &want, self.trust);
        tail.layer(self.layer).1.fold(&mut self.target.parameters, &moves);
        for pixel in self.target.out.chunks_exact_mut(moves.len()) {
            pixel.iter_mut().zip(&moves).for_each(|(v, (scale, shift))| *v = scale * *v + shift);
        }
        self.source.go_on(tail, self.layer);
        self.target.go_on(tail, self.layer);
        self.layer += 1;
        (self.layer == tail.layers()).then(|| std::mem::take(&mut self.target.parameters))
    }
}

impl Tail {
    /// Of what each layer makes of pictures, before its activation. `x`: where the trained stages begin.
    pub fn moments(&self, parameters: &[f32], x: &[f32]) -> Vec<Moments> {
        let (mut domain, mut room) = (Domain::new(parameters, x.to_vec()), Room::default());
        let one = |layer| {
            let moments = domain.look(self, layer, &mut room);
            domain.go_on(self, layer);
            moments
        };
        (0..self.layers()).map(one).collect()
    }

    pub fn layers(&self) -> usize {
        PARTS * self.blocks.len() + 1
    }

    /// The block that a layer is of, if any.
    fn layer(&self, layer: usize) -> (Option<&Block>, &Layer) {
        match self.blocks.get(layer / PARTS) {
            Some(block) => (Some(block), [&block.expand, &block.depthwise, &block.project][layer % PARTS]),
            None => (None, &self.head),
        }
    }
}

impl Domain {
    fn new(parameters: &[f32], x: Vec<f32>) -> Self {
        Self { parameters: parameters.to_vec(), x, out: Vec::new() }
    }

    /// Pictures go through a block one by one, for each of its layers anew: its widened pixels would be a hundred megabytes.
    fn look(&mut self, tail: &Tail, layer: usize, room: &mut Room) -> Moments {
        let (block, of) = tail.layer(layer);
        let mut sums = Sums::new(of.bias.len());
        let part = layer % PARTS;
        let size = block.map_or(tail.area() * LAST, |block| block.filter.inside() * block.shape.input);
        for picture in self.x.chunks_exact(size) {
            let out = match block {
                Some(block) => block.part(part, &self.parameters, picture, room),
                None => {
                    let Room { linear, out, .. } = &mut *room;
                    of.forward(&self.parameters, picture, tail.area(), linear, out, Then::Nothing);
                    out
                }
            };
            sums.add(out);
            if block.is_some() && part == PARTS - 1 {
                self.out.extend_from_slice(out);
            }
        }
        sums.moments()
    }

    /// After the last layer of a block, to the next.
    fn go_on(&mut self, tail: &Tail, layer: usize) {
        let Some(block) = tail.layer(layer).0.filter(|_| layer % PARTS == PARTS - 1) else { return };
        if block.shape.skips() {
            self.out.iter_mut().zip(&self.x).for_each(|(v, x)| *v += x);
        }
        self.x = std::mem::take(&mut self.out);
    }
}

impl Block {
    /// What the convolution `part` makes of a picture, before its activation.
    fn part<'a>(&self, part: usize, p: &[f32], x: &[f32], room: &'a mut Room) -> &'a [f32] {
        let Room { linear, taps, wide, filtered, out } = room;
        let then = if part == 0 { Then::Nothing } else { Then::Relu6 };
        self.expand.forward(p, x, self.filter.inside(), linear, wide, then);
        if part == 0 {
            return wide;
        }
        by_tap(&p[self.depthwise.weight.clone()], self.shape.inner, taps);
        self.filter.forward(taps, &p[self.depthwise.bias.clone()], wide, filtered);
        if part == 1 {
            return filtered;
        }
        filtered.iter_mut().for_each(|v| *v = v.clamp(0.0, 6.0));
        self.project.forward(p, filtered, self.filter.outside(), linear, out, Then::Nothing);
        out
    }
}

impl Layer {
    /// Has it give `scale · y + shift` for `y`, channel by channel.
    fn fold(&self, parameters: &mut [f32], moves: &[(f32, f32)]) {
        let (weight, bias) = parameters[self.weight.start..self.bias.end].split_at_mut(self.weight.len());
        let filters = weight.chunks_exact_mut(weight.len() / moves.len());
        for ((filter, bias), (scale, shift)) in filters.zip(bias).zip(moves) {
            filter.iter_mut().for_each(|w| *w *= scale);
            *bias = scale * *bias + shift;
        }
    }
}

/// By channel, the scale and the shift that give what is there the moments that are wanted.
fn moves(have: &Moments, want: &Moments, trust: f64) -> Vec<(f32, f32)> {
    let mean = want.variance.iter().sum::<f64>() / want.variance.len() as f64;
    let ridge = (RIDGE * mean).max(f64::MIN_POSITIVE);
    let mixed = |have: f64, want: f64| trust * have + (1.0 - trust) * want;
    let one = |c: usize| {
        let variance = mixed(have.variance[c], want.variance[c]);
        let scale = ((want.variance[c] + ridge) / (variance + ridge)).sqrt().clamp(1.0 / MOST, MOST);
        let shift = want.mean[c] - scale * mixed(have.mean[c], want.mean[c]);
        (scale as f32, shift as f32)
    };
    (0..have.mean.len()).map(one).collect()
}

/// [`Moments`] under way.
struct Sums {
    pixels: usize,
    values: Vec<f64>,
    squares: Vec<f64>,
}

impl Sums {
    fn new(channels: usize) -> Self {
        Self { pixels: 0, values: vec![0.0; channels], squares: vec![0.0; channels] }
    }

    /// Pixels with their channels side by side.
    fn add(&mut self, x: &[f32]) {
        for pixel in x.chunks_exact(self.values.len()) {
            for ((sum, squares), v) in self.values.iter_mut().zip(&mut self.squares).zip(pixel) {
                let v = f64::from(*v);
                *sum += v;
                *squares += v * v;
            }
            self.pixels += 1;
        }
    }

    fn moments(self) -> Moments {
        let pixels = self.pixels.max(1) as f64;
        let mean: Vec<f64> = self.values.iter().map(|sum| sum / pixels).collect();
        let variance = self.squares.iter().zip(&mean).map(|(s, m)| (s / pixels - m * m).max(0.0)).collect();
        Moments { mean, variance }
    }
}
