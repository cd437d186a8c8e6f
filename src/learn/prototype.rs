//! Nearest class mean: the cosine to the mean of each class's normalised rows. With four samples a class it is as good
//! as anything, and it cannot overfit.

use super::Dataset;
use crate::features::{Matrix, dot};
use crate::metrics::Probabilities;

/// Softmax scales tried, from hesitant to certain.
const SCALES: [f32; 8] = [2.0, 4.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0];
/// When every class has one sample nothing can be held out to choose by.
const DEFAULT_SCALE: f32 = 16.0;

#[derive(Debug, Clone, PartialEq)]
pub struct Prototype {
    /// One L2-normalised row a class.
    means: Matrix,
    scale: f32,
}

impl Prototype {
    pub fn fit(data: &Dataset) -> Self {
        let rows = data.x.clone().normalised();
        let mut sums = vec![vec![0f32; rows.cols()]; data.classes.len()];
        for (row, &class) in rows.iter().zip(&data.y) {
            sums[class].iter_mut().zip(row).for_each(|(s, v)| *s += v);
        }
        let scale = choose_scale(&rows, &data.y, &sums, &data.counts());
        Self { means: Matrix::new(rows.cols(), sums.concat()).normalised(), scale }
    }

    /// Cosines are multiplied by it before the softmax.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    pub fn probabilities(&self, x: &Matrix) -> Probabilities {
        let mut logits = Vec::with_capacity(x.rows() * self.means.rows());
        for row in x.clone().normalised().iter() {
            logits.extend(self.means.iter().map(|mean| self.scale * dot(mean, row)));
        }
        Probabilities::softmax(self.means.rows(), logits)
    }
}

/// The scale with the least log loss when every row is judged by means it had no part in.
fn choose_scale(rows: &Matrix, y: &[usize], sums: &[Vec<f32>], counts: &[usize]) -> f32 {
    let norms: Vec<f32> = sums.iter().map(|s| dot(s, s)).collect();
    let (mut cosines, mut truth) = (Vec::new(), Vec::new());
    for (row, &class) in rows.iter().zip(y).filter(|(_, class)| counts[**class] > 1) {
        for (c, sum) in sums.iter().enumerate() {
            let (mut along, mut norm) = (dot(sum, row), norms[c]);
            if c == class {
                // |s − r|² = |s|² − 2 s·r + |r|², and (s − r)·r = s·r − |r|².
                let own = dot(row, row);
                norm += own - 2.0 * along;
                along -= own;
            }
            cosines.push(if norm > 1e-12 { along / norm.sqrt() } else { 0.0 });
        }
        truth.push(class);
    }
    if truth.is_empty() {
        return DEFAULT_SCALE;
    }
    let loss =
        |scale: f32| Probabilities::softmax(sums.len(), cosines.iter().map(|c| c * scale).collect()).log_loss(&truth);
    SCALES.into_iter().min_by(|a, b| loss(*a).total_cmp(&loss(*b))).unwrap_or(DEFAULT_SCALE)
}
