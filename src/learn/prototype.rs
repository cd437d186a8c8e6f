//! Nearest class mean, under the covariance that the classes share.
//!
//! The distance of a unit row `x` to the mean `m` of a class's unit rows is `(x − m)ᵀ (S + λI)⁻¹ (x − m)`, where `S` is
//! the covariance within classes: directions in which members of one class differ anyway count less. λ is the mean of
//! the eigenvalues `S` can have with so many rows, so there is nothing to tune; with one sample a class `S` is zero, and
//! this is the cosine to that sample. (Regularised discriminant analysis, Friedman 1989; as a head on frozen features,
//! Bateni et al., "Improved few-shot visual classification", 2020.) The part quadratic in `x` is the same for every
//! class, so what is left is affine in `x`.

use super::affine::{Affine, Link};
use super::{Dataset, Fitted, Head, HeldOut, Kind, Progress, Recipe, Step};
use crate::backbone::kernels::{Packed, Then};
use crate::features::{Matrix, dot};
use crate::metrics::Probabilities;

/// What the distances are multiplied by before the softmax, from hesitant to certain.
const SCALES: [f32; 8] = [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// When no class has two samples nothing can be held out to choose by.
const DEFAULT_SCALE: f32 = 16.0;
/// Of the solution of the linear system, against its right-hand side.
const TOLERANCE: f32 = 1e-4;
/// The system's condition is at most the rank of `S`, and it has converged long before.
const MOST_ITERATIONS: usize = 100;

pub struct PrototypeFit {
    data: Dataset,
    /// Fold of each row; empty when nothing can be held out.
    folds: Vec<usize>,
    parts: usize,
    done: usize,
    /// Summed held-out log loss by scale.
    losses: [f64; SCALES.len()],
    /// By row, whether what was said of it when it was held out is right.
    hits: Vec<bool>,
}

impl PrototypeFit {
    pub fn new(data: &Dataset, recipe: &Recipe) -> Self {
        let parts = data.parts(recipe.folds);
        let folds = if parts < 2 { Vec::new() } else { data.folds(parts, recipe.seed) };
        let data = Dataset { x: data.x.clone().normalised(), ..data.clone() };
        let (parts, hits) = (if folds.is_empty() { 0 } else { parts }, vec![false; data.rows()]);
        Self { data, folds, parts, done: 0, losses: [0.0; 8], hits }
    }

    /// One fit: a fold's, or the last one.
    pub fn step(&mut self) -> Step {
        if self.done == self.parts {
            return Step::Done(Box::new(self.finish()));
        }
        let (held_out, fitted): (Vec<usize>, Vec<usize>) =
            (0..self.data.rows()).partition(|&row| self.folds[row] == self.done);
        let head = discriminant(&self.data.select(&fitted));
        // A class whose only row is held out cannot be found, at any scale.
        let known: Vec<usize> = held_out.into_iter().filter(|&row| head.bias[self.data.y[row]].is_finite()).collect();
        if !known.is_empty() {
            self.judge(&head, &known);
        }
        self.done += 1;
        Step::Progress(Progress {
            stage: "choose scale",
            done: self.done,
            total: self.parts + 1,
            loss: None,
            guard: None,
        })
    }

    /// Counts losses and hits on rows the head was not fitted to.
    fn judge(&mut self, head: &Affine, rows: &[usize]) {
        let held_out = self.data.select(rows);
        let logits = head.sums(&held_out.x);
        let at = |scale: f32| Probabilities::softmax(head.bias.len(), logits.iter().map(|v| v * scale).collect());
        for (loss, scale) in self.losses.iter_mut().zip(SCALES) {
            *loss += at(scale).log_loss(&held_out.y) * held_out.rows() as f64;
        }
        let p = at(1.0);
        rows.iter().enumerate().for_each(|(i, &row)| self.hits[row] = p.top(i) == held_out.y[i]);
    }

    fn finish(&self) -> Fitted {
        let best = (0..SCALES.len()).min_by(|&a, &b| self.losses[a].total_cmp(&self.losses[b])).unwrap_or(0);
        let scale = if self.parts == 0 { DEFAULT_SCALE } else { SCALES[best] };
        let mut head = discriminant(&self.data);
        head.weight.values_mut().iter_mut().chain(&mut head.bias).for_each(|v| *v *= scale);
        Fitted {
            head: Head::Prototype(head),
            kind: Kind::Classes,
            classes: self.data.classes.clone(),
            chosen: [("scale".to_owned(), f64::from(scale)), ("folds".to_owned(), self.parts as f64)].into(),
            held_out: (self.parts > 0).then(|| HeldOut { hits: self.hits.clone(), groups: self.data.groups.clone() }),
            residuals: Vec::new(),
            reason: "the nearest class mean, by the covariance within classes".to_owned(),
        }
    }
}

/// Of unit rows: `weight = (S/λ + I)⁻¹ m`, `bias = −½ mᵀ·weight`.
fn discriminant(data: &Dataset) -> Affine {
    let (dim, counts) = (data.x.cols(), data.counts());
    let mut means = Matrix::new(dim, vec![0.0; dim * counts.len()]);
    for (row, &class) in data.x.iter().zip(&data.y) {
        let mean = &mut means.values_mut()[class * dim..][..dim];
        mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / counts[class] as f32);
    }
    let mut within = data.x.clone();
    for (row, &class) in within.values_mut().chunks_exact_mut(dim).zip(&data.y) {
        row.iter_mut().zip(means.row(class)).for_each(|(v, m)| *v -= m);
    }
    let weight = solve(within, &means);
    let bias = (0..counts.len())
        .map(|c| if counts[c] > 0 { -0.5 * dot(means.row(c), weight.row(c)) } else { f32::NEG_INFINITY })
        .collect();
    Affine { weight, bias, link: Link::Softmax }
}

/// `(WᵀW/λ + I) x = b` for every row `b`, by conjugate gradients: `within` has the rows of `W`, and λ is the trace of
/// `WᵀW` over its largest possible rank.
fn solve(mut within: Matrix, b: &Matrix) -> Matrix {
    let (rows, dim) = (within.rows(), within.cols());
    let trace: f64 = within.values().iter().map(|v| f64::from(v * v)).sum();
    if trace < 1e-12 * rows as f64 {
        return b.clone();
    }
    let scale = (rows.min(dim) as f64 / trace).sqrt() as f32;
    within.values_mut().iter_mut().for_each(|v| *v *= scale);
    let columns = Packed::from_columns(within.values(), rows, dim);
    // With more rows than columns the square matrix is the smaller one to multiply by; it is symmetric.
    let square = (rows > dim).then(|| Packed::from_columns(product(&columns, &within.transposed()).values(), dim, dim));
    let across = Packed::from_rows(within.values(), &vec![0.0; rows]);
    let times = |v: &Matrix| -> Matrix {
        let mut out = match &square {
            Some(square) => product(square, v),
            None => product(&columns, &product(&across, v)),
        };
        out.values_mut().iter_mut().zip(v.values()).for_each(|(o, v)| *o += v);
        out
    };
    let mut x = Matrix::new(dim, vec![0.0; b.values().len()]);
    let (mut residual, mut direction) = (b.clone(), b.clone());
    for _ in 0..MOST_ITERATIONS {
        let turned = times(&direction);
        let mut worst = 0f32;
        for c in 0..b.rows() {
            let size = dot(residual.row(c), residual.row(c));
            let along = dot(direction.row(c), turned.row(c));
            if size == 0.0 || along == 0.0 {
                continue;
            }
            let step = size / along;
            add(&mut x, c, step, direction.row(c));
            add(&mut residual, c, -step, turned.row(c));
            let left = dot(residual.row(c), residual.row(c));
            let keep = left / size;
            for (d, r) in direction.values_mut()[c * dim..][..dim].iter_mut().zip(residual.row(c)) {
                *d = r + keep * *d;
            }
            worst = worst.max(left / dot(b.row(c), b.row(c)));
        }
        if worst < TOLERANCE * TOLERANCE {
            break;
        }
    }
    x
}

fn product(weights: &Packed, x: &Matrix) -> Matrix {
    let mut out = Matrix::new(weights.outputs(), vec![0.0; x.rows() * weights.outputs()]);
    weights.apply(x.values(), x.rows(), out.values_mut(), Then::Nothing);
    out
}

fn add(matrix: &mut Matrix, row: usize, factor: f32, other: &[f32]) {
    let dim = matrix.cols();
    matrix.values_mut()[row * dim..][..dim].iter_mut().zip(other).for_each(|(v, o)| *v += factor * o);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checked against the system itself: multiplying the solution gives the right-hand side back, both ways round.
    #[test]
    fn the_system_is_solved() {
        for (rows, dim) in [(5, 12), (12, 5)] {
            let value = |i: usize| ((i * 2_654_435_761) % 1000) as f32 / 500.0 - 1.0;
            let within = Matrix::new(dim, (0..rows * dim).map(value).collect());
            let b = Matrix::new(dim, (0..2 * dim).map(|i| value(i + 7)).collect());
            let x = solve(within.clone(), &b);
            let trace: f32 = within.values().iter().map(|v| v * v).sum();
            let lambda = trace / rows.min(dim) as f32;
            for c in 0..2 {
                let along: Vec<f32> = within.iter().map(|w| dot(w, x.row(c))).collect();
                for d in 0..dim {
                    let product: f32 = within.iter().zip(&along).map(|(w, a)| w[d] * a).sum::<f32>() / lambda;
                    assert!((product + x.row(c)[d] - b.row(c)[d]).abs() < 1e-3, "{rows}×{dim}, {c},{d}");
                }
            }
        }
    }
}
