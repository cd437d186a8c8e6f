//! Steps of AdamW (Loshchilov & Hutter 2019). How far, and in proportion to what, is for `learn::tune` to say.

use std::ops::Range;

/// One step of parameters that are moved alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    pub range: Range<usize>,
    /// Values of a row: each row has a size of its own.
    pub row: usize,
    /// Where the sizes of its rows begin among those of all.
    pub sizes: usize,
    /// Part of its size that a row is moved by at most.
    pub rate: f32,
    /// Part of the gradient, and of its square, that their means take over.
    pub blend: [f32; 2],
    /// What the two means are divided by, having begun as zeros.
    pub correct: [f32; 2],
    /// Part of the way back to the start that a step of the whole rate goes.
    pub decay: f32,
}

/// What a step leaves behind for the next.
#[derive(Debug)]
pub struct Moments {
    start: Vec<f32>,
    /// Root mean squares of rows.
    sizes: Vec<f32>,
    /// Means of the gradient, and of its square.
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Moments {
    pub fn new(start: Vec<f32>, sizes: Vec<f32>) -> Self {
        let zeros = vec![0.0; start.len()];
        Self { start, sizes, first: zeros.clone(), second: zeros }
    }

    /// Moves the parameters.
    pub fn apply(&mut self, step: &Move, parameters: &mut [f32], gradient: &[f32]) {
        for (from, size) in step.range.clone().step_by(step.row).zip(&self.sizes[step.sizes..]) {
            for at in from..(from + step.row).min(step.range.end) {
                let g = gradient[at];
                self.first[at] += step.blend[0] * (g - self.first[at]);
                self.second[at] += step.blend[1] * (g * g - self.second[at]);
                let (first, second) = (self.first[at] / step.correct[0], self.second[at] / step.correct[1]);
                let way = first / (second.sqrt() + 1e-12);
                parameters[at] -= step.rate * (size * way + step.decay * (parameters[at] - self.start[at]));
            }
        }
    }
}
