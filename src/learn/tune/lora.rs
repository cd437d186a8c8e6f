//! Low-rank updates (LoRA: Hu et al. 2022, "LoRA: Low-rank adaptation of large language models"): a weight stays as it was, and what
//! is trained is added to it, `B · A` of a small rank. Biases, norms and depthwise filters stay as they were too.
//!
//! A weight's gradient is there whole, as the way back makes it; theirs follow from it. So a step takes as long as any other; what is
//! less is what the optimiser remembers and what a file holds.

use std::ops::Range;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::optimiser::{AdamW, Group};
use super::{LOWER, size};
use crate::backbone::kernels::{Linear, Moments, Then};
use crate::backbone::tail::{LowRank, Span, low_rank_file};

#[derive(Debug)]
pub struct Lora {
    updates: Vec<Update>,
    /// Of all parameters, as they were.
    start: Vec<f32>,
    /// `A` and `B` of each update, one after another.
    values: Vec<f32>,
    gradient: Vec<f32>,
    optimiser: AdamW,
    moments: Moments,
    linear: Linear,
    product: Vec<f32>,
}

/// Of one weight.
#[derive(Debug)]
struct Update {
    /// The checkpoint's key of the weight.
    name: String,
    /// Where it lies among the parameters.
    weight: Range<usize>,
    outputs: usize,
    rank: usize,
    /// `rank × inputs`, at first random.
    a: Range<usize>,
    /// `outputs × rank`, at first zeros: the network begins as it was.
    b: Range<usize>,
    stage: usize,
}

impl Lora {
    pub fn new(spans: &[Span], start: &[f32], rank: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut updates, mut groups, mut values) = (Vec::new(), Vec::new(), Vec::<f32>::new());
        // A depthwise filter has one input and no rank to speak of.
        for span in spans.iter().filter(|span| span.shape.len() > 1 && span.shape[1] > 1) {
            let outputs = span.shape[0];
            let inputs = span.range.len() / outputs;
            let rank = rank.min(inputs).min(outputs);
            // Rows of length 1.
            let most = (3.0 / inputs as f32).sqrt();
            let a = values.len()..values.len() + rank * inputs;
            values.extend((0..a.len()).map(|_| rng.random_range(-most..most)));
            let b = a.end..a.end + outputs * rank;
            values.resize(b.end, 0.0);
            let group = |range: &Range<usize>, row| Group {
                range: range.clone(),
                row,
                factor: LOWER.powi(span.stage as i32),
                floor: 1e-4,
                stage: span.stage,
            };
            groups.extend([group(&a, inputs), group(&b, rank)]);
            let (name, weight) = (span.name.clone(), span.range.clone());
            updates.push(Update { name, weight, outputs, rank, a, b, stage: span.stage });
        }
        let (optimiser, mut sizes) = AdamW::new(groups, &values);
        // Zeros have no size. A row of `B` moves its weight's row by the part of that row's size that it would be moved by itself.
        let mut at = 0;
        for Update { weight, outputs, rank, .. } in &updates {
            let rows = start[weight.clone()].chunks_exact(weight.len() / outputs);
            let floor = (0.1 * size(&start[weight.clone()])).max(1e-4);
            for (to, row) in sizes[at + rank..].iter_mut().zip(rows) {
                *to = size(row).max(floor) * (row.len() as f32 / *rank as f32).sqrt();
            }
            at += rank + outputs;
        }
        Self {
            updates,
            start: start.to_vec(),
            gradient: vec![0.0; values.len()],
            moments: Moments::new(values.clone(), sizes),
            values,
            optimiser,
            linear: Linear::default(),
            product: Vec::new(),
        }
    }

    /// A step by the gradient of all parameters, which it moves: see [`AdamW::step`].
    pub fn step(&mut self, rate: f64, depth: usize, gradient: &[f32], parameters: &mut [f32]) {
        for Update { weight, outputs, rank, a, b, .. } in self.updates.iter().filter(|update| update.stage < depth) {
            let (by_weight, zeros) = (&gradient[weight.clone()], vec![0.0; *rank]);
            let (by_a, by_b) = self.gradient[a.start..b.end].split_at_mut(a.len());
            self.linear.forward(&self.values[a.clone()], &zeros, by_weight, *outputs, &mut self.product, Then::Nothing);
            by_b.copy_from_slice(&self.product);
            by_a.fill(0.0);
            self.linear.gradient(by_weight, &self.values[b.clone()], *outputs, by_a, &mut zeros.clone());
        }
        for step in self.optimiser.step(rate, depth) {
            self.moments.apply(&step, &mut self.values, &self.gradient);
        }
        self.merge(depth, parameters);
    }

    /// Takes a part of the updates back out of the parameters.
    pub fn back(&mut self, part: f32, parameters: &mut [f32]) {
        for Update { b, .. } in &self.updates {
            self.values[b.clone()].iter_mut().for_each(|v| *v *= 1.0 - part);
        }
        self.merge(usize::MAX, parameters);
    }

    fn merge(&mut self, depth: usize, parameters: &mut [f32]) {
        for Update { weight, outputs, rank, a, b, .. } in self.updates.iter().filter(|update| update.stage < depth) {
            self.linear.back(&self.values[a.clone()], &self.values[b.clone()], *rank, *outputs, &mut self.product);
            let start = self.start[weight.clone()].iter().zip(&self.product);
            parameters[weight.clone()].iter_mut().zip(start).for_each(|(to, (start, update))| *to = start + update);
        }
    }

    /// The updates alone, as a safetensors file.
    pub fn file(&self) -> Vec<u8> {
        let updates = self.updates.iter().map(|Update { name, rank, a, b, .. }| LowRank {
            name,
            rank: *rank,
            a: &self.values[a.clone()],
            b: &self.values[b.clone()],
        });
        low_rank_file(updates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans() -> Vec<Span> {
        let span = |name: &str, shape: &[usize], from: usize, stage| Span {
            name: name.into(),
            shape: shape.to_vec(),
            range: from..from + shape.iter().product::<usize>(),
            stage,
        };
        vec![
            span("low.weight", &[5, 4], 0, 1),
            span("low.bias", &[5], 20, 1),
            span("filter.weight", &[5, 1, 3, 3], 25, 0),
            span("top.weight", &[3, 5, 1, 1], 70, 0),
        ]
    }

    fn ramp(n: usize, step: f32) -> Vec<f32> {
        (0..n).map(|i| (i as f32 * step).sin()).collect()
    }

    /// A loss that is linear in the parameters has `slopes` as its gradient wherever they are.
    #[test]
    fn the_gradient_by_the_updates_agrees_with_finite_differences() {
        let (start, slopes) = (ramp(85, 0.7), ramp(85, 1.3));
        let mut lora = Lora::new(&spans(), &start, 2, 3);
        lora.values = ramp(lora.values.len(), 0.31);
        let loss = |lora: &mut Lora| {
            let mut parameters = start.clone();
            lora.merge(2, &mut parameters);
            parameters.iter().zip(&slopes).map(|(p, s)| f64::from(p * s)).sum::<f64>()
        };
        let values = lora.values.clone();
        lora.step(1e-9, 2, &slopes, &mut start.clone());
        let gradient = lora.gradient.clone();
        for (i, &v) in values.iter().enumerate() {
            let mut at = |step: f32| {
                lora.values.clone_from(&values);
                lora.values[i] = v + step;
                loss(&mut lora)
            };
            let want = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!((want - f64::from(gradient[i])).abs() < 1e-3, "{i}: {}, not {want}", gradient[i]);
        }
    }

    #[test]
    fn only_weights_of_the_stages_that_are_trained_move_and_no_further_than_the_rate() {
        let start = ramp(85, 0.7);
        let (mut lora, mut parameters) = (Lora::new(&spans(), &start, 2, 3), start.clone());
        lora.step(0.01, 1, &ramp(85, 1.3), &mut parameters);
        assert_eq!(parameters[..70], start[..70], "another stage, a bias and a filter");
        let (row, before) = (&parameters[70..75], &start[70..75]);
        let moved = size(&row.iter().zip(before).map(|(a, b)| a - b).collect::<Vec<_>>()) / size(before);
        // The first of ten steps of warming up.
        assert!(moved > 1e-4 && moved < 3e-3, "{moved}");
        lora.back(1.0, &mut parameters);
        assert_eq!(parameters, start);
    }
}
