//! A linear layer as it is trained: its weights change from pass to pass, so they are packed anew in each, into the same
//! room. A 1 × 1 convolution is one too, its rows being pixels.

use super::matmul::{Packed, Place, Then, To};

/// Rows that a gradient is summed over at once: what is packed of them then stays in a second-level cache, and the sums are
/// read and written once for many products.
const ROWS: usize = 256;
/// Side of the squares that a matrix is transposed by: both their rows and their columns stay in the first-level cache.
const SQUARE: usize = 16;

/// Nothing is allocated once its room has been large enough.
#[derive(Debug, Default)]
pub struct Linear {
    packed: Packed,
    /// Slopes of some rows, output after output.
    turned: Vec<f32>,
}

impl Linear {
    /// `x`, `rows × inputs`, → `then(x · weightᵀ + bias)`, `rows × outputs`. `weight` is `outputs × inputs`.
    pub fn forward(&mut self, weight: &[f32], bias: &[f32], x: &[f32], rows: usize, out: &mut Vec<f32>, then: Then) {
        let (inputs, outputs) = (weight.len() / bias.len(), bias.len());
        self.packed.reshape(inputs, outputs);
        self.packed.fill_bias(bias);
        self.packed.fill_rows(weight, inputs);
        out.resize(rows * outputs, 0.0);
        self.packed.apply(x, rows, out, then);
    }

    /// `slopes`, the gradient by what came out, `rows × outputs`, → that by what went in, `rows × inputs`: `slopes · weight`.
    pub fn back(&mut self, weight: &[f32], slopes: &[f32], outputs: usize, rows: usize, out: &mut Vec<f32>) {
        let inputs = weight.len() / outputs;
        self.packed.reshape(outputs, inputs);
        self.packed.fill_columns(weight, inputs);
        out.resize(rows * inputs, 0.0);
        self.packed.apply(slopes, rows, out, Then::Nothing);
    }

    /// Adds the gradient by the weights, `slopesᵀ · x`, to `weight`, and that by the biases, the sums of `slopes` by output,
    /// to `bias`. `x` is what went in, `rows × inputs`; `slopes` are `rows × outputs`.
    pub fn gradient(&mut self, x: &[f32], slopes: &[f32], rows: usize, weight: &mut [f32], bias: &mut [f32]) {
        let (inputs, outputs) = (weight.len() / bias.len(), bias.len());
        let (x, slopes) = (&x[..rows * inputs], &slopes[..rows * outputs]);
        for (x, slopes) in x.chunks(ROWS * inputs).zip(slopes.chunks(ROWS * outputs)) {
            for row in slopes.chunks_exact(outputs) {
                bias.iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
            }
            let rows = slopes.len() / outputs;
            transpose(slopes, outputs, &mut self.turned);
            self.packed.reshape(rows, inputs);
            self.packed.fill_columns(x, inputs);
            let to = To { values: &mut *weight, rows: Place::Every(inputs), apart: 4 };
            self.packed.apply_strided(&self.turned, rows, outputs, to, Then::Sum);
        }
    }
}

/// `x` as rows of `columns` → its columns one after another.
pub fn transpose(x: &[f32], columns: usize, out: &mut Vec<f32>) {
    let rows = x.len() / columns;
    out.resize(x.len(), 0.0);
    for (band, x) in x.chunks(SQUARE * columns).enumerate() {
        for first in (0..columns).step_by(SQUARE) {
            for c in first..columns.min(first + SQUARE) {
                let to = &mut out[c * rows + band * SQUARE..];
                to.iter_mut().zip(x[c..].iter().step_by(columns)).for_each(|(to, v)| *to = *v);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(n: usize, step: f32) -> Vec<f32> {
        (0..n).map(|i| (i as f32 * step).sin()).collect()
    }

    /// `Σ over k of a(i, k) · b(k, j)` in f64, for all i and j.
    fn product(
        [rows, inner, columns]: [usize; 3],
        a: impl Fn(usize, usize) -> f32,
        b: impl Fn(usize, usize) -> f32,
    ) -> Vec<f64> {
        let at = |i, j| (0..inner).map(|k| f64::from(a(i, k)) * f64::from(b(k, j))).sum();
        (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).map(|(i, j)| at(i, j)).collect()
    }

    /// Of each sum: f32 with up to 700 terms of size 1.
    fn same(got: &[f32], want: &[f64], what: &str) {
        assert_eq!(got.len(), want.len(), "{what}");
        for (i, (got, want)) in got.iter().zip(want).enumerate() {
            assert!((f64::from(*got) - want).abs() < 1e-4, "{what}, {i}: {got}, not {want}");
        }
    }

    #[test]
    fn products_of_any_shape_there_and_back() {
        // One room for all, so that what a larger shape left behind would show.
        let (mut linear, mut out) = (Linear::default(), Vec::new());
        for (rows, inputs, outputs) in [(1, 1, 1), (700, 20, 9), (3, 5, 7), (257, 33, 8), (18, 8, 17), (4, 40, 3)] {
            let what = format!("{rows} × {inputs} × {outputs}");
            let (x, slopes) = (ramp(rows * inputs, 0.37), ramp(rows * outputs, 0.77));
            let (weight, bias) = (ramp(inputs * outputs, 0.11), ramp(outputs, 0.7));

            linear.forward(&weight, &bias, &x, rows, &mut out, Then::Nothing);
            let mut want = product([rows, inputs, outputs], |r, i| x[r * inputs + i], |i, o| weight[o * inputs + i]);
            want.iter_mut().enumerate().for_each(|(i, v)| *v += f64::from(bias[i % outputs]));
            same(&out, &want, &what);

            linear.back(&weight, &slopes, outputs, rows, &mut out);
            let want = product([rows, outputs, inputs], |r, o| slopes[r * outputs + o], |o, i| weight[o * inputs + i]);
            same(&out, &want, &what);

            // Twice: it is added to what is there.
            let (mut by_weight, mut by_bias) = (vec![0.0; weight.len()], bias.clone());
            linear.gradient(&x, &slopes, rows, &mut by_weight, &mut by_bias);
            by_weight.iter_mut().zip(&weight).for_each(|(v, w)| *v = *v * 0.5 + w);
            by_bias.iter_mut().zip(&bias).for_each(|(v, b)| *v = (*v - b) * 0.5 + b);
            linear.gradient(&x, &slopes, rows, &mut by_weight, &mut by_bias);
            let mut want = product([outputs, rows, inputs], |o, r| slopes[r * outputs + o], |r, i| x[r * inputs + i]);
            want.iter_mut().zip(&weight).for_each(|(v, w)| *v = *v * 1.5 + f64::from(*w));
            same(&by_weight, &want, &what);
            let mut want = product([1, rows, outputs], |_, _| 1.0, |r, o| slopes[r * outputs + o]);
            want.iter_mut().zip(&bias).for_each(|(v, b)| *v = *v * 1.5 + f64::from(*b));
            same(&by_bias, &want, &what);
        }
    }
}
