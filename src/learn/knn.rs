//! k nearest neighbours by cosine, each voting with its similarity: what they say, in the weighted mean.

use super::Dataset;
use crate::features::{Matrix, dot};

#[derive(Debug, Clone, PartialEq)]
pub struct Knn {
    /// L2-normalised training rows, at least one.
    pub rows: Matrix,
    /// What each of them says: `rows × outputs`.
    pub truth: Matrix,
    /// Neighbours that vote: the recipe's, or all rows when there are fewer.
    pub k: usize,
}

impl Knn {
    pub fn fit(data: &Dataset, k: usize) -> Self {
        Self { rows: data.x.clone().normalised(), truth: data.truth(), k: k.min(data.rows()) }
    }

    pub fn outputs(&self, x: &Matrix) -> Matrix {
        let mut out = Matrix::with_capacity(self.truth.cols(), x.rows());
        for row in x.clone().normalised().iter() {
            let mut near: Vec<(f32, usize)> = self.rows.iter().map(|r| dot(r, row)).zip(0..).collect();
            near.select_nth_unstable_by(self.k - 1, |a, b| b.0.total_cmp(&a.0));
            let mut said = vec![0f32; self.truth.cols()];
            let mut votes = 0.0;
            for &(similarity, neighbour) in &near[..self.k] {
                // A neighbour that points away has nothing to say; the floor keeps the sum above zero.
                let vote = similarity.max(1e-6);
                votes += vote;
                said.iter_mut().zip(self.truth.row(neighbour)).for_each(|(said, truth)| *said += vote * truth);
            }
            said.iter_mut().for_each(|said| *said /= votes);
            out.push(&said);
        }
        out
    }
}
