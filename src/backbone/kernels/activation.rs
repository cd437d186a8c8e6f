//! What comes between the products: ReLU6, GELU, softmax, layer norm.

use super::lanes::{F4, Lanes};

#[inline(always)]
pub fn relu6<V: Lanes>(x: V) -> V {
    x.max(V::splat(0.0)).min(V::splat(6.0))
}

/// `½x(1 + erf(x/√2))`.
#[cfg_attr(target_arch = "wasm32", inline)]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
pub fn gelu<V: Lanes>(x: V) -> V {
    let half = x.mul(V::splat(0.5));
    half.mul_add(erf_and_bell(x).0, half)
}

/// `erf(x/√2)` by Abramowitz & Stegun 7.1.26, which is off by 1.5e-7 at most, and the `exp(-x²/2)` that it takes.
#[cfg_attr(target_arch = "wasm32", inline)]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
pub fn erf_and_bell<V: Lanes>(x: V) -> (V, V) {
    let z = x.abs().mul(V::splat(core::f32::consts::FRAC_1_SQRT_2));
    let t = V::splat(1.0).div(z.mul_add(V::splat(0.327_591_1), V::splat(1.0)));
    let p = V::splat(1.061_405_4).mul_add(t, V::splat(-1.453_152));
    let p = p.mul_add(t, V::splat(1.421_413_8)).mul_add(t, V::splat(-0.284_496_74)).mul_add(t, V::splat(0.254_829_6));
    let bell = exp(V::splat(0.0).sub(z.mul(z)));
    let tail = p.mul(t).mul(bell);
    (V::splat(1.0).sub(tail).signed(x), bell)
}

/// Relative error under 2e-7. Below -87 it is as at -87, above 88 as at 88.
#[cfg_attr(target_arch = "wasm32", inline)]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
pub fn exp<V: Lanes>(x: V) -> V {
    let x = x.max(V::splat(-87.0)).min(V::splat(88.0));
    let n = x.mul(V::splat(core::f32::consts::LOG2_E)).nearest();
    // ln 2 in two parts: the first has zeros enough at its end for the product to be exact.
    let r = n.mul_add(V::splat(2.121_944_4e-4), n.mul_add(V::splat(-0.693_359_4), x));
    // Cephes' polynomial for |r| ≤ ½ ln 2.
    let p = V::splat(1.987_569_1e-4).mul_add(r, V::splat(1.398_199_9e-3)).mul_add(r, V::splat(8.333_452e-3));
    let p = p.mul_add(r, V::splat(4.166_579_6e-2)).mul_add(r, V::splat(0.166_666_65)).mul_add(r, V::splat(0.5));
    p.mul_add(r.mul(r), r.add(V::splat(1.0))).exp2_scale(n)
}

/// A row of logits, each times `scale` first, → probabilities.
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
pub fn softmax(row: &mut [f32], scale: f32) {
    let max = scale * row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (fours, rest) = row.as_chunks_mut::<4>();
    let mut sums = F4::splat(0.0);
    for four in fours {
        // Safety: four values.
        unsafe {
            let e = exp(F4::load(four.as_ptr()).mul_add(F4::splat(scale), F4::splat(-max)));
            sums = sums.add(e);
            e.store(four.as_mut_ptr());
        }
    }
    let mut total = sums.sum();
    for value in rest {
        *value = (*value * scale - max).exp();
        total += *value;
    }
    let part = 1.0 / total;
    row.iter_mut().for_each(|v| *v *= part);
}

/// Each row of `x` to mean 0 and variance 1, then times `gamma` plus `beta`.
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
pub fn layer_norm(x: &mut [f32], gamma: &[f32], beta: &[f32], epsilon: f32) {
    for row in x.chunks_exact_mut(gamma.len()) {
        let scale = centre(row, epsilon);
        for ((v, gamma), beta) in row.iter_mut().zip(gamma).zip(beta) {
            *v = *v * scale * gamma + beta;
        }
    }
}

/// Takes a row's mean out of it. → what gives it the variance 1.
#[inline(always)]
pub fn centre(row: &mut [f32], epsilon: f32) -> f32 {
    let n = row.len() as f32;
    let mean = sum(row, |v| v) / n;
    row.iter_mut().for_each(|v| *v -= mean);
    1.0 / (sum(row, |v| v.mul(v)) / n + epsilon).sqrt()
}

/// `Σ f(v)` for an `f` that is 0 at 0.
#[inline(always)]
pub fn sum(row: &[f32], f: impl Fn(F4) -> F4) -> f32 {
    let (fours, rest) = row.as_chunks::<4>();
    let mut sums = F4::splat(0.0);
    for four in fours {
        // Safety: four values.
        sums = sums.add(f(unsafe { F4::load(four.as_ptr()) }));
    }
    // Safety: four values.
    sums.add(f(unsafe { F4::load(padded(rest).as_ptr()) })).sum()
}

/// Up to four values, and zeros after them.
#[inline(always)]
pub fn padded(rest: &[f32]) -> [f32; 4] {
    let mut four = [0.0; 4];
    four[..rest.len()].copy_from_slice(rest);
    four
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four(f: impl Fn(F4) -> F4, x: f32) -> f32 {
        let mut out = [0f32; 4];
        unsafe { f(F4::splat(x)).store(out.as_mut_ptr()) };
        out[0]
    }

    #[test]
    fn exp_is_right_to_the_last_places() {
        for i in -8700..8800 {
            let x = i as f32 / 100.0;
            let want = f64::from(x).exp();
            let off = (f64::from(four(exp, x)) - want).abs() / want;
            assert!(off < 3e-7, "exp({x}): relative error {off}");
        }
        assert!(four(exp, f32::NEG_INFINITY) < 1e-37);
    }

    /// Values of scipy: `x * scipy.stats.norm.cdf(x)`.
    #[test]
    fn gelu_is_the_exact_one() {
        for (x, want) in [
            (-4.0, -1.266_849e-4),
            (-1.0, -0.158_655_25),
            (-0.1, -0.046_017_22),
            (0.0, 0.0),
            (0.5, 0.345_731_2),
            (3.0, 2.995_950_3),
            (40.0, 40.0),
        ] {
            let got = four(gelu, x);
            assert!((got - want).abs() < 5e-7, "gelu({x}) = {got}, not {want}");
        }
    }

    #[test]
    fn softmax_of_any_length_adds_up_and_survives_large_logits() {
        for n in 1..14 {
            let mut row: Vec<f32> = (0..n).map(|i| 300.0 + (i * 7 % 5) as f32).collect();
            let want: Vec<f64> = row.iter().map(|v| (f64::from(*v) * 0.5 - 152.0).exp()).collect();
            let total: f64 = want.iter().sum();
            softmax(&mut row, 0.5);
            for (got, want) in row.iter().zip(&want) {
                assert!((f64::from(*got) - want / total).abs() < 1e-6, "{row:?}");
            }
        }
    }

    #[test]
    fn a_normed_row_has_mean_0_and_variance_1() {
        let mut row: Vec<f32> = (0..39).map(|i| 100.0 + (i as f32).sin()).collect();
        layer_norm(&mut row, &[1.0; 39], &[0.0; 39], 1e-12);
        let mean = row.iter().sum::<f32>() / 39.0;
        let variance = row.iter().map(|v| v * v).sum::<f32>() / 39.0;
        assert!(mean.abs() < 1e-4 && (variance - 1.0).abs() < 1e-4, "{mean}, {variance}");
    }
}
