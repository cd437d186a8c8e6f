//! AdamW (Loshchilov & Hutter 2019), its steps in proportion to what they change.
//!
//! A row of a weight is moved by a part of its own root mean square, as Adafactor does (Shazeer & Stern 2018): the batch norms are
//! folded into the weights, so one channel's are a hundred times another's, and one rate for all would leave the first as it was or
//! tear the second apart. What is not a step of the gradient pulls back to where the pretrained weights were, not to zero
//! (L2-SP: Li et al. 2018).

use std::ops::Range;

use crate::backbone::kernels::Move;

/// Memory of the gradient and of its square (Kingma & Ba 2015).
const BETA: [f64; 2] = [0.9, 0.999];
/// Part of the way back to the start that a step of the whole rate goes.
const DECAY: f32 = 0.01;

/// Steps after which a group moves at the whole rate.
const WARM: f32 = 10.0;

/// Parameters that are moved alike.
#[derive(Debug, Clone)]
pub struct Group {
    pub range: Range<usize>,
    /// Values of a row: each row has a size of its own.
    pub row: usize,
    /// Of the rate.
    pub factor: f32,
    /// Size that a row has at least.
    pub floor: f32,
    /// Trained from this depth on: see [`step`](AdamW::step).
    pub stage: usize,
}

#[derive(Debug)]
pub struct AdamW {
    groups: Vec<Group>,
    /// Where the sizes of each group's rows begin.
    sizes: Vec<usize>,
    /// Steps of each group.
    steps: Vec<i32>,
}

impl AdamW {
    /// And the root mean square of each row at the start, group after group.
    pub fn new(groups: Vec<Group>, start: &[f32]) -> (Self, Vec<f32>) {
        let size = |row: &[f32]| (row.iter().map(|v| v * v).sum::<f32>() / row.len() as f32).sqrt();
        let mut all = Vec::new();
        let mut sizes = Vec::new();
        for group in &groups {
            sizes.push(all.len());
            all.extend(start[group.range.clone()].chunks(group.row).map(|row| size(row).max(group.floor)));
        }
        (Self { steps: vec![0; groups.len()], groups, sizes }, all)
    }

    /// What moves the parameters of the groups of stages below `depth`. `rate`: the part of a row's size that a steady gradient
    /// moves it.
    pub fn step(&mut self, rate: f64, depth: usize) -> Vec<Move> {
        let groups = self.groups.iter().zip(&self.sizes).zip(&mut self.steps);
        let moves = groups.filter(|((group, _), _)| group.stage < depth).map(|((group, &sizes), steps)| {
            *steps += 1;
            let correct = |beta: f64| (1.0 - beta.powi(*steps)) as f32;
            // A stage that is let go late would begin with the whole rate, in a direction known from one batch.
            let warm = (*steps as f32 / WARM).min(1.0);
            Move {
                range: group.range.clone(),
                row: group.row,
                sizes,
                rate: rate as f32 * group.factor * warm,
                blend: BETA.map(|beta| 1.0 - beta as f32),
                correct: BETA.map(correct),
                decay: DECAY,
            }
        });
        moves.collect()
    }

    /// What brings all parameters back by a part of their way from the start: a step along a gradient of zeros that remembers none.
    pub fn back(&self, part: f32) -> Vec<Move> {
        let groups = self.groups.iter().zip(&self.sizes);
        let moves = groups.map(|(group, &sizes)| Move {
            range: group.range.clone(),
            row: group.row,
            sizes,
            rate: part,
            blend: [1.0; 2],
            correct: [1.0; 2],
            decay: 1.0,
        });
        moves.collect()
    }
}

/// Part of the whole rate at a step, `done` of `total`: a warm-up over the first tenth, then half a cosine down to nothing.
pub fn schedule(done: usize, total: usize) -> f64 {
    let at = (done as f64 + 0.5) / total as f64;
    let warm = 0.1;
    if at < warm { at / warm } else { 0.5 * (1.0 + (std::f64::consts::PI * (at - warm) / (1.0 - warm)).cos()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backbone::kernels::Moments;

    #[test]
    fn a_part_of_the_way_back_ends_between_where_it_was_and_the_start() {
        let start = [1.0, -2.0, 3.0, 0.5, 4.0];
        let group = |range: Range<usize>, stage| Group { row: range.len(), range, factor: 1.0, floor: 0.1, stage };
        let (mut optimiser, sizes) = AdamW::new(vec![group(0..3, 0), group(3..5, 1)], &start);
        let (mut moments, mut parameters) = (Moments::new(start.to_vec(), sizes), start.to_vec());
        for _ in 0..20 {
            for step in optimiser.step(0.01, 1) {
                moments.apply(&step, &mut parameters, &[1.0, -1.0, 0.5, 0.0, 0.0]);
            }
        }
        let there = parameters.clone();
        assert!((there[0] - start[0]).abs() > 0.05 && there[3..] == start[3..], "{there:?}");
        optimiser.back(0.25).iter().for_each(|step| moments.apply(step, &mut parameters, &[0.0; 5]));
        for ((now, there), start) in parameters.iter().zip(there).zip(start) {
            assert!((now - (start + 0.75 * (there - start))).abs() < 1e-6, "{now}");
        }
    }
}
