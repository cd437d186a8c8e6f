//! Pretraining that goes on, on sentences without labels: SimCSE's idea (Gao et al. 2021, "Simple contrastive learning of sentence
//! embeddings"). A sentence goes through the network twice, each time with some of what comes in left out, and its embedding has to
//! tell its twin from all other sentences of the batch.
//!
//! What is left out is tokens and single values, where the trained layers begin, as ConSERT does it where the embeddings are (Yan et al.
//! 2021): the network below is computed once, and the layers need no noise of their own. Where values alone are left out, as in SimCSE, a
//! twin is found at once, and there is nothing to learn from: the mean over the tokens has them all again.

use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::features::dot;

/// Part of the tokens that is left out, and of the values of the others.
const TOKENS: f32 = 0.3;
const VALUES: f32 = 0.1;
/// What cosines are divided by.
const TEMPERATURE: f64 = 0.05;
/// Texts without a label that there have to be.
pub const FEWEST: usize = 32;

/// Leaves out some tokens of each text, one at least staying, and some of the others' values, the rest larger for it. `x`: rows of
/// `width`, text after text, of `lengths` tokens.
pub fn leave_out(x: &mut Vec<f32>, lengths: &mut [usize], width: usize, rng: &mut ChaCha8Rng) {
    let (mut from, mut to) = (0, 0);
    for length in lengths {
        let end = from + *length * width;
        let begin = to;
        while from < end {
            let last = to == begin && from + width == end;
            if last || rng.random::<f32>() >= TOKENS {
                x.copy_within(from..from + width, to);
                to += width;
            }
            from += width;
        }
        *length = (to - begin) / width;
    }
    x.truncate(to);
    for v in x {
        *v = if rng.random::<f32>() < VALUES { 0.0 } else { *v / (1.0 - VALUES) };
    }
}

/// The mean over all rows of the cross-entropy of finding its twin by cosine among all that are not itself, and its gradient by the
/// embeddings. `unit`: rows of `dim`, of length 1, the second half being the twins of the first.
pub fn twins(unit: &[f32], dim: usize) -> (f64, Vec<f32>) {
    let n = unit.len() / dim;
    let row = |i: usize| &unit[i * dim..][..dim];
    let (mut loss, mut slopes) = (0.0, vec![0.0; unit.len()]);
    for i in 0..n {
        let twin = (i + n / 2) % n;
        let mut p: Vec<f64> = (0..n).map(|j| f64::from(dot(row(i), row(j))) / TEMPERATURE).collect();
        p[i] = f64::NEG_INFINITY;
        let top = p.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let of_twin = p[twin];
        p.iter_mut().for_each(|v| *v = (*v - top).exp());
        let sum: f64 = p.iter().sum();
        loss += (sum.ln() + top - of_twin) / n as f64;
        for j in (0..n).filter(|&j| j != i) {
            let goal = if j == twin { 1.0 } else { 0.0 };
            let slope = ((p[j] / sum - goal) / (TEMPERATURE * n as f64)) as f32;
            for k in 0..dim {
                slopes[i * dim + k] += slope * unit[j * dim + k];
                slopes[j * dim + k] += slope * unit[i * dim + k];
            }
        }
    }
    (loss, slopes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn rows(n: usize, dim: usize) -> Vec<f32> {
        (0..n * dim).map(|i| 0.4 * ((i * i) as f32 * 0.37).sin()).collect()
    }

    #[test]
    fn the_gradient_of_twins_agrees_with_finite_differences() {
        let (dim, x) = (5, rows(8, 5));
        let (_, slopes) = twins(&x, dim);
        for i in 0..x.len() {
            let at = |step: f32| {
                let mut moved = x.clone();
                moved[i] += step;
                twins(&moved, dim).0
            };
            let want = (at(1e-3) - at(-1e-3)) / 2e-3;
            assert!((want - f64::from(slopes[i])).abs() < 5e-3 * want.abs().max(1.0), "{i}: {}, not {want}", slopes[i]);
        }
    }

    #[test]
    fn twins_that_are_alike_and_nothing_else_have_no_loss() {
        let apart = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].concat();
        let (loss, _) = twins(&[apart.clone(), apart].concat(), 3);
        assert!(loss < 1e-6, "{loss}");
        // Of one that cannot be told from the others the twin is a guess among five.
        let (loss, _) = twins(&[1.0, 0.0].repeat(6), 2);
        assert!((loss - 5f64.ln()).abs() < 1e-6, "{loss}");
    }

    #[test]
    fn tokens_and_values_are_left_out_none_moves_to_another_text_and_the_mean_stays() {
        // The value says which text it is of.
        let mut lengths = [1, 1, 1, 400, 1, 600];
        let of = lengths.iter().enumerate().flat_map(|(i, n)| vec![i as f32 + 1.0; 10 * n]);
        let mut x: Vec<f32> = of.collect();
        leave_out(&mut x, &mut lengths, 10, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(x.len(), 10 * lengths.iter().sum::<usize>());
        assert_eq!([lengths[0], lengths[1], lengths[2], lengths[4]], [1; 4]);
        assert!((240..320).contains(&lengths[3]) && (380..460).contains(&lengths[5]), "{lengths:?}");
        let mut rest = &x[..];
        for (i, length) in lengths.into_iter().enumerate() {
            let text = rest.split_off(..10 * length).unwrap();
            let want = (i as f32 + 1.0) / (1.0 - VALUES);
            assert!(text.iter().all(|v| *v == 0.0 || (v - want).abs() < 1e-5), "text {i}");
            let mean = text.iter().sum::<f32>() / text.len() as f32;
            assert!(length < 100 || (mean / (i as f32 + 1.0) - 1.0).abs() < 0.03, "text {i}: {mean}");
        }
    }
}
