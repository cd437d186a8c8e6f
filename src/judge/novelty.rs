//! Is this like anything the model was shown? The cosine distance to the nearest class mean (with several labels, of those whose rarest label is the same; with numbers, of a
//! range of them), and a threshold from samples
//! that were held out.
//!
//! Chosen by what was measured beside it (`../shared/reference.md`): on pictures the class means are ahead of k nearest
//! neighbours, Mahalanobis, energy and softmax, on texts a point behind energy; they need no covariance and no head, and
//! work from one sample a class.

use crate::features::{Matrix, cosine, dot};
use crate::learn::Dataset;
use crate::metrics::ascending_f32;

#[derive(Debug, Clone, PartialEq)]
pub struct Novelty {
    /// Of each class, of length 1.
    pub means: Matrix,
    /// Distances of the samples to means that they and their groups were no part of, ascending.
    pub held_out: Vec<f32>,
}

impl Novelty {
    /// `negative`: a class of samples that are of no kind; it is no neighbour to anybody.
    pub fn fit(data: &Dataset, negative: Option<&str>) -> Self {
        let kept: Vec<usize> =
            (0..data.rows()).filter(|&row| negative.is_none_or(|negative| !data.has(row, negative))).collect();
        let data = &data.select(&kept);
        let mut held_out = out_of_fold(data);
        ascending_f32(&mut held_out);
        let present: Vec<usize> =
            data.counts().iter().enumerate().filter(|(_, count)| **count > 0).map(|(class, _)| class).collect();
        let means = sums(&data.x.clone().normalised(), &data.y, data.classes.len()).select(&present).normalised();
        Self { means, held_out }
    }

    /// With a threshold from distances that were measured elsewhere.
    pub fn measured(self, mut held_out: Vec<f32>) -> Self {
        ascending_f32(&mut held_out);
        Self { held_out, ..self }
    }

    /// Of each row, 0..=2: higher is stranger.
    pub fn of(&self, x: &Matrix) -> Vec<f32> {
        distances(&self.means, x)
    }

    /// The distance that only a part `false_rejects` of known samples exceeds (the conformal quantile: Vovk et al. 2005).
    pub fn threshold(&self, false_rejects: f64) -> f32 {
        let n = self.held_out.len();
        let rank = ((n + 1) as f64 * (1.0 - false_rejects)).ceil() as usize;
        // Too few samples to promise so little.
        if rank > n { f32::INFINITY } else { self.held_out[rank.max(1) - 1] }
    }
}

/// The distance of each row to the class means without its group: where that is all of its class, to the other classes.
pub fn out_of_fold(data: &Dataset) -> Vec<f32> {
    let unit = data.x.clone().normalised();
    let classes = data.classes.len();
    let sums = sums(&unit, &data.y, classes);
    let mut left = data.counts();
    let norms: Vec<f32> = sums.iter().map(|sum| dot(sum, sum).sqrt()).collect();
    let mut members = std::collections::HashMap::<usize, Vec<usize>>::new();
    data.groups.iter().enumerate().for_each(|(row, &group)| members.entry(group).or_default().push(row));
    let mut out = vec![0.0; data.rows()];
    for group in members.into_values() {
        // The few classes that the group has a part in, without it.
        let mut changed = std::collections::HashMap::<usize, Vec<f32>>::new();
        for &row in &group {
            left[data.y[row]] -= 1;
            let sum = changed.entry(data.y[row]).or_insert_with(|| sums.row(data.y[row]).to_vec());
            sum.iter_mut().zip(unit.row(row)).for_each(|(s, v)| *s -= v);
        }
        for &row in &group {
            let likeness = |class: usize| match changed.get(&class) {
                _ if left[class] == 0 || norms[class] == 0.0 => -1.0,
                Some(sum) => cosine(sum, unit.row(row)),
                None => dot(sums.row(class), unit.row(row)) / norms[class],
            };
            out[row] = 1.0 - (0..classes).map(likeness).fold(-1.0, f32::max);
        }
        group.iter().for_each(|&row| left[data.y[row]] += 1);
    }
    out
}

fn sums(unit: &Matrix, y: &[usize], classes: usize) -> Matrix {
    let dim = unit.cols();
    let mut sums = Matrix::new(dim, vec![0.0; classes * dim]);
    for (row, &class) in unit.iter().zip(y) {
        sums.values_mut()[class * dim..][..dim].iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
    }
    sums
}

fn distances(means: &Matrix, x: &Matrix) -> Vec<f32> {
    let nearest = |row: &[f32]| means.iter().map(|mean| dot(mean, row)).fold(-1.0, f32::max);
    x.clone().normalised().iter().map(|row| 1.0 - nearest(row)).collect()
}
