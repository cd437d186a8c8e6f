//! One hidden layer of 64, tanh, and a link: for classes that no plane divides. Fitted like the linear head, by L-BFGS
//! on all rows with an L2 penalty on both layers whose strength is chosen by cross-validation (as scikit-learn's
//! `MLPClassifier(solver="lbfgs")`). Tanh, because L-BFGS wants a smooth function.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::affine::Link;
use crate::backbone::kernels::{Packed, Then};
use crate::features::Matrix;

pub const HIDDEN: usize = 64;

#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    /// `HIDDEN × dim`, for unit rows.
    pub first: Matrix,
    pub first_bias: Vec<f32>,
    /// `outputs × HIDDEN`.
    pub second: Matrix,
    pub second_bias: Vec<f32>,
    pub link: Link,
}

impl Mlp {
    /// Of raw rows.
    pub fn outputs(&self, x: &Matrix) -> Matrix {
        let unit = x.clone().normalised();
        let (rows, classes) = (x.rows(), self.second_bias.len());
        let hidden = layer(&self.first, &self.first_bias, unit.values(), rows, f32::tanh);
        self.link.apply(classes, layer(&self.second, &self.second_bias, &hidden, rows, |v| v))
    }

    /// From parameters for rows from which `mean` was taken.
    pub(super) fn new(parameters: &[f64], mean: &[f32], classes: usize, link: Link) -> Self {
        let parts = Parts::of(parameters, mean.len(), classes);
        let narrow = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<f32>>();
        let first = Matrix::new(mean.len(), narrow(parts.first));
        let off = |row: &[f32]| row.iter().zip(mean).map(|(w, m)| f64::from(w * m)).sum::<f64>();
        let first_bias = first.iter().zip(parts.first_bias).map(|(row, b)| (b - off(row)) as f32).collect();
        let second = Matrix::new(HIDDEN, narrow(parts.second));
        Self { first, first_bias, second, second_bias: narrow(parts.second_bias), link }
    }

    /// Its sums multiplied, then raised.
    pub(super) fn scaled(mut self, by: f32, shift: f32) -> Self {
        self.second.values_mut().iter_mut().chain(&mut self.second_bias).for_each(|v| *v *= by);
        self.second_bias.iter_mut().for_each(|v| *v += shift);
        self
    }
}

fn layer(weight: &Matrix, bias: &[f32], x: &[f32], rows: usize, then: impl Fn(f32) -> f32) -> Vec<f32> {
    let mut out = vec![0.0; rows * bias.len()];
    Packed::from_rows(weight.values(), bias).apply(x, rows, &mut out, Then::Nothing);
    out.iter_mut().for_each(|v| *v = then(*v));
    out
}

/// The parameters by layer: `HIDDEN × dim` weights, `HIDDEN`, `classes × HIDDEN`, `classes`.
pub(super) struct Parts<'a> {
    pub first: &'a [f64],
    pub first_bias: &'a [f64],
    pub second: &'a [f64],
    pub second_bias: &'a [f64],
}

impl<'a> Parts<'a> {
    pub fn of(parameters: &'a [f64], dim: usize, classes: usize) -> Self {
        let (first, rest) = parameters.split_at(HIDDEN * dim);
        let (first_bias, rest) = rest.split_at(HIDDEN);
        let (second, second_bias) = rest.split_at(classes * HIDDEN);
        Self { first, first_bias, second, second_bias }
    }
}

/// Random weights of a size at which units of norm 1 give hidden values of about 1. A start of zeros would never leave it.
pub(super) fn start(dim: usize, classes: usize, seed: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut uniform = |n: usize, size: f64| (0..n).map(|_| rng.random_range(-size..size)).collect::<Vec<f64>>();
    let mut parameters = uniform(HIDDEN * dim, 3f64.sqrt());
    parameters.extend(vec![0.0; HIDDEN]);
    parameters.extend(uniform(classes * HIDDEN, (3.0 / HIDDEN as f64).sqrt()));
    parameters.extend(vec![0.0; classes]);
    parameters
}
