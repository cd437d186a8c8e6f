//! What comes between the products, on the way back: slopes (the gradient by what came out) become the gradient by what went
//! in, in the same place. And the ways forward that keep what this takes.

use super::activation::{centre, erf_and_bell, gelu, padded, sum};
use super::lanes::{F4, Lanes};

/// `Σ aᵢ·bᵢ`.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sums = F4::splat(0.0);
    for (a, b) in a.iter().zip(b) {
        // Safety: four values each.
        sums = sums.add(unsafe { F4::load(a.as_ptr()).mul(F4::load(b.as_ptr())) });
    }
    sums.sum() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// GELU of each `x`, which stays as it is.
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
pub fn gelu_apart(x: &[f32], out: &mut [f32]) {
    each(x, out, |x, _| gelu(x));
}

/// `slopes` times the derivative at `x`: the normal distribution Φ(x), and x times its density.
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
pub fn gelu_back(x: &[f32], slopes: &mut [f32]) {
    const DENSITY: f32 = 0.398_942_3; // 1/√(2π)
    each(x, slopes, |x, slope| {
        let (erf, bell) = erf_and_bell(x);
        let half = F4::splat(0.5);
        slope.mul(x.mul(F4::splat(DENSITY)).mul_add(bell, erf.mul_add(half, half)))
    });
}

/// `out = f(x, out)`, for each.
#[inline(always)]
fn each(x: &[f32], out: &mut [f32], f: impl Fn(F4, F4) -> F4) {
    assert_eq!(x.len(), out.len());
    let ((x, x_rest), (out, out_rest)) = (x.as_chunks::<4>(), out.as_chunks_mut::<4>());
    // Safety: four values each.
    let one = |x: &[f32; 4], out: &mut [f32; 4]| unsafe {
        f(F4::load(x.as_ptr()), F4::load(out.as_ptr())).store(out.as_mut_ptr());
    };
    x.iter().zip(out).for_each(|(x, out)| one(x, out));
    let mut last = padded(out_rest);
    one(&padded(x_rest), &mut last);
    out_rest.copy_from_slice(&last[..out_rest.len()]);
}

/// `row` is what [`softmax`](super::softmax) of logits times `scale` has given, `slopes` the gradient by it.
pub fn softmax_back(row: &[f32], scale: f32, slopes: &mut [f32]) {
    let mean = dot(row, slopes);
    slopes.iter_mut().zip(row).for_each(|(slope, p)| *slope = (*slope - mean) * p * scale);
}

/// Layer norm into `out`. `x` is left at mean 0 and variance 1, and `scales` are what each row was multiplied by for it.
pub fn layer_norm_apart(
    x: &mut [f32],
    scales: &mut Vec<f32>,
    gamma: &[f32],
    beta: &[f32],
    epsilon: f32,
    out: &mut Vec<f32>,
) {
    out.resize(x.len(), 0.0);
    scales.clear();
    for (row, out) in x.chunks_exact_mut(gamma.len()).zip(out.chunks_exact_mut(gamma.len())) {
        let scale = centre(row, epsilon);
        for (((v, out), gamma), beta) in row.iter_mut().zip(out).zip(gamma).zip(beta) {
            *v *= scale;
            *out = *v * gamma + beta;
        }
        scales.push(scale);
    }
}

/// `x` and `scales` are what [`layer_norm_apart`] has left. The gradients by `gamma` and `beta` are added to `by_gamma` and
/// `by_beta`.
pub fn layer_norm_back(
    x: &[f32],
    scales: &[f32],
    gamma: &[f32],
    slopes: &mut [f32],
    by_gamma: &mut [f32],
    by_beta: &mut [f32],
) {
    let width = gamma.len();
    for ((row, slopes), scale) in x.chunks_exact(width).zip(slopes.chunks_exact_mut(width)).zip(scales) {
        by_beta.iter_mut().zip(&*slopes).for_each(|(sum, slope)| *sum += slope);
        for (((slope, v), gamma), sum) in slopes.iter_mut().zip(row).zip(gamma).zip(&mut *by_gamma) {
            *sum += *slope * v;
            *slope *= gamma;
        }
        // Neither a change of all values nor one along the row changes what comes out.
        let (mean, along) = (sum(slopes, |v| v) / width as f32, dot(slopes, row) / width as f32);
        slopes.iter_mut().zip(row).for_each(|(slope, v)| *slope = (*slope - mean - v * along) * scale);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{layer_norm, softmax};
    use super::*;

    fn ramp(n: usize, step: f32) -> Vec<f32> {
        (0..n).map(|i| (i as f32 * step + 0.3).sin()).collect()
    }

    /// `got` against the central differences of `Σ slopes · f(x)` by each of `x`. What is off with f32: some 1e-4.
    fn compare(x: &[f32], slopes: &[f32], got: &[f32], f: impl Fn(&[f32]) -> Vec<f32>) {
        const BY: f32 = 1e-2;
        let value = |i: usize, by: f32| -> f64 {
            let mut x = x.to_vec();
            x[i] += by;
            f(&x).iter().zip(slopes).map(|(v, s)| f64::from(*v) * f64::from(*s)).sum()
        };
        for (i, got) in got.iter().enumerate() {
            let slope = |by: f32| (value(i, by) - value(i, -by)) / f64::from(2.0 * by);
            // The cubic term cancels out of the two (Richardson).
            let want = (4.0 * slope(BY) - slope(2.0 * BY)) / 3.0;
            assert!((f64::from(*got) - want).abs() < 3e-4, "{i} of {}: {got}, not {want}", x.len());
        }
    }

    #[test]
    fn gelu_of_any_number_of_values() {
        for n in [1, 3, 4, 9, 33] {
            let (x, slopes) = (ramp(n, 0.7).iter().map(|v| 3.0 * v).collect::<Vec<_>>(), ramp(n, 0.2));
            let mut got = slopes.clone();
            gelu_back(&x, &mut got);
            compare(&x, &slopes, &got, |x| {
                let mut out = vec![f32::NAN; n];
                gelu_apart(x, &mut out);
                out
            });
        }
    }

    /// Values of Python's `statistics.NormalDist`: `cdf(x) + x * pdf(x)`.
    #[test]
    fn the_slope_of_gelu_is_the_exact_one() {
        let x = [-9.0, -1.0, 0.0, 0.5, 2.0, 9.0];
        let mut got = [1.0; 6];
        gelu_back(&x, &mut got);
        for (got, want) in got.iter().zip([0.0, -0.083_315_47, 0.5, 0.867_495_1, 1.085_231_8, 1.0]) {
            assert!((got - want).abs() < 5e-7, "{got}, not {want}");
        }
    }

    #[test]
    fn softmax_of_any_length() {
        for n in [1, 2, 5, 8, 11] {
            let (x, slopes) = (ramp(n, 1.3), ramp(n, 0.9));
            let forward = |x: &[f32]| {
                let mut row = x.to_vec();
                softmax(&mut row, 0.7);
                row
            };
            let mut got = slopes.clone();
            softmax_back(&forward(&x), 0.7, &mut got);
            compare(&x, &slopes, &got, forward);
        }
    }

    #[test]
    fn layer_norm_of_any_width() {
        for (rows, width) in [(1, 2), (3, 5), (2, 8), (4, 13)] {
            let (x, slopes) = (ramp(rows * width, 1.7), ramp(rows * width, 0.6));
            let (gamma, beta) = (ramp(width, 0.8), ramp(width, 0.4));
            let forward = |x: &[f32], gamma: &[f32], beta: &[f32]| {
                let mut x = x.to_vec();
                layer_norm(&mut x, gamma, beta, 1e-3);
                x
            };
            let (mut kept, mut scales, mut out) = (x.clone(), Vec::new(), Vec::new());
            layer_norm_apart(&mut kept, &mut scales, &gamma, &beta, 1e-3, &mut out);
            assert_eq!(out, forward(&x, &gamma, &beta));
            let (mut got, mut by_gamma, mut by_beta) = (slopes.clone(), vec![1.0; width], vec![1.0; width]);
            layer_norm_back(&kept, &scales, &gamma, &mut got, &mut by_gamma, &mut by_beta);
            // Two values of a row have a sharp bend where they are equal; none of these are near it.
            compare(&x, &slopes, &got, |x| forward(x, &gamma, &beta));
            by_gamma.iter_mut().chain(&mut by_beta).for_each(|v| *v -= 1.0);
            compare(&gamma, &slopes, &by_gamma, |gamma| forward(&x, gamma, &beta));
            compare(&beta, &slopes, &by_beta, |beta| forward(&x, &gamma, beta));
        }
    }
}
