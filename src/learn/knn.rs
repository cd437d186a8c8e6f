//! k nearest neighbours by cosine, each voting with its similarity.

use super::Dataset;
use crate::features::{Matrix, dot};
use crate::metrics::Probabilities;

#[derive(Debug, Clone, PartialEq)]
pub struct Knn {
    /// L2-normalised training rows.
    rows: Matrix,
    y: Vec<usize>,
    classes: usize,
    k: usize,
}

impl Knn {
    pub fn fit(data: &Dataset, k: usize) -> Self {
        Self {
            rows: data.x.clone().normalised(),
            y: data.y.clone(),
            classes: data.classes.len(),
            k: k.min(data.rows()),
        }
    }

    /// Neighbours that vote: the recipe's, or all rows when there are fewer.
    pub fn k(&self) -> usize {
        self.k
    }

    pub fn probabilities(&self, x: &Matrix) -> Probabilities {
        let mut values = Vec::with_capacity(x.rows() * self.classes);
        for row in x.clone().normalised().iter() {
            let mut near: Vec<(f32, usize)> =
                self.rows.iter().map(|r| dot(r, row)).zip(self.y.iter().copied()).collect();
            near.select_nth_unstable_by(self.k - 1, |a, b| b.0.total_cmp(&a.0));
            let mut votes = vec![0f32; self.classes];
            // A neighbour that points away has nothing to say; the floor keeps the sum above zero.
            near[..self.k].iter().for_each(|&(similarity, class)| votes[class] += similarity.max(1e-6));
            let sum: f32 = votes.iter().sum();
            values.extend(votes.iter().map(|v| v / sum));
        }
        Probabilities { classes: self.classes, values }
    }
}
