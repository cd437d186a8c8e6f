//! `W·x̂ + b` and a softmax, where `x̂` is the row divided by its L2 norm: what the linear and the prototype head are once
//! they are fitted. Unit rows, because the direction of a feature says what is in a picture and its length mostly how
//! much contrast it has: on clothing10 with 8 a class they are worth 0.2 to 0.4 points to either head.

use crate::backbone::kernels::{Packed, Then};
use crate::features::Matrix;
use crate::metrics::Probabilities;

#[derive(Debug, Clone, PartialEq)]
pub struct Affine {
    /// `classes × dim`, for unit rows.
    pub weight: Matrix,
    /// By class; minus infinity for a class that no row showed.
    pub bias: Vec<f32>,
}

impl Affine {
    /// Of raw rows.
    pub fn probabilities(&self, x: &Matrix) -> Probabilities {
        Probabilities::softmax(self.bias.len(), self.logits(&x.clone().normalised()))
    }

    /// Of unit rows; row after row.
    pub(super) fn logits(&self, unit: &Matrix) -> Vec<f32> {
        let mut logits = vec![0.0; unit.rows() * self.bias.len()];
        Packed::from_rows(self.weight.values(), &self.bias).apply(
            unit.values(),
            unit.rows(),
            &mut logits,
            Then::Nothing,
        );
        logits
    }
}
