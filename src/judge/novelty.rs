//! Is this like anything the model was shown? The cosine distance to the nearest class mean, and a threshold from samples
//! that were held out.
//!
//! Chosen by measurement among this, k nearest neighbours, Mahalanobis, and the head's own softmax and energy
//! (`npm run prove`, BENCHMARKS.md): the class means are the best or next to it on pictures and on texts, need no
//! covariance, and work from one sample a class.

use crate::features::{Matrix, dot};
use crate::learn::Dataset;

/// Folds for the distances of samples that are held out.
const FOLDS: usize = 5;

#[derive(Debug, Clone, PartialEq)]
pub struct Novelty {
    /// Of each class that has rows, of length 1.
    means: Matrix,
    /// Distances of the samples to means they were no part of, ascending.
    held_out: Vec<f32>,
}

impl Novelty {
    pub fn fit(data: &Dataset, seed: u64) -> Self {
        let mut held_out = out_of_fold(data, seed);
        held_out.sort_by(f32::total_cmp);
        Self { means: means(data, |_| true), held_out }
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

/// The distance of each row to the means of the other folds' rows.
pub fn out_of_fold(data: &Dataset, seed: u64) -> Vec<f32> {
    let parts = data.parts(FOLDS);
    let mut out = vec![0.0; data.rows()];
    if parts < 2 {
        // Nothing can be held out: how far the classes are from each other is all there is to know.
        return out;
    }
    let folds = data.folds(parts, seed);
    for fold in 0..parts {
        let means = means(data, |row| folds[row] != fold);
        let rows: Vec<usize> = (0..data.rows()).filter(|&row| folds[row] == fold).collect();
        let distances = distances(&means, &data.x.select(&rows));
        rows.into_iter().zip(distances).for_each(|(row, distance)| out[row] = distance);
    }
    out
}

fn means(data: &Dataset, counts: impl Fn(usize) -> bool) -> Matrix {
    let dim = data.x.cols();
    let mut sums = vec![vec![0f32; dim]; data.classes.len()];
    for (row, values) in data.x.iter().enumerate().filter(|(row, _)| counts(*row)) {
        let norm = dot(values, values).sqrt().max(f32::MIN_POSITIVE);
        sums[data.y[row]].iter_mut().zip(values).for_each(|(sum, v)| *sum += v / norm);
    }
    let mut means = Matrix::with_capacity(dim, sums.len());
    sums.iter().filter(|sum| sum.iter().any(|v| *v != 0.0)).for_each(|sum| means.push(sum));
    means.normalised()
}

fn distances(means: &Matrix, x: &Matrix) -> Vec<f32> {
    let nearest = |row: &[f32]| means.iter().map(|mean| dot(mean, row)).fold(-1.0, f32::max);
    x.clone().normalised().iter().map(|row| 1.0 - nearest(row)).collect()
}
