//! Same label or not, as a loss on pairs: SetFit's idea (Tunstall et al. 2022, "Efficient few-shot learning without prompts"), on all
//! pairs of a batch instead of drawn ones. The cosine of two texts with one label goes to 1, of two with different ones to 0.

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

use crate::features::dot;

/// Samples of one class that meet in a batch, at least where there are so many.
const TOGETHER: usize = 4;

/// Half the mean over pairs that are alike of `(cos − 1)²`, plus half the mean over the others of `cos²`, and its gradient by the
/// embeddings. `unit`: rows of `dim`, of length 1; `alike(i, j)` of two rows.
pub fn pairs(unit: &[f32], dim: usize, alike: impl Fn(usize, usize) -> bool) -> (f64, Vec<f32>) {
    let n = unit.len() / dim;
    let row = |i: usize| &unit[i * dim..][..dim];
    let all = || (0..n).flat_map(move |i| (0..i).map(move |j| (i, j)));
    let same = all().filter(|&(i, j)| alike(i, j)).count();
    let other = n * n.saturating_sub(1) / 2 - same;
    let (mut loss, mut slopes) = (0.0, vec![0.0; unit.len()]);
    for (i, j) in all() {
        let (goal, count) = if alike(i, j) { (1.0, same) } else { (0.0, other) };
        let off = dot(row(i), row(j)) - goal;
        let share = 0.5 / count as f64;
        loss += share * f64::from(off).powi(2);
        let slope = (2.0 * share) as f32 * off;
        for k in 0..dim {
            slopes[i * dim + k] += slope * unit[j * dim + k];
            slopes[j * dim + k] += slope * unit[i * dim + k];
        }
    }
    (loss, slopes)
}

/// An epoch's batches of about `size`: each row once, some of one class always together, so that there are pairs of both kinds.
/// `class` of a row.
pub fn batches(rows: &[usize], size: usize, class: impl Fn(usize) -> usize, rng: &mut ChaCha8Rng) -> Vec<Vec<usize>> {
    let mut of = std::collections::BTreeMap::<usize, Vec<usize>>::new();
    rows.iter().for_each(|&row| of.entry(class(row)).or_default().push(row));
    let together = TOGETHER.max(size / of.len().max(1));
    let mut few: Vec<Vec<usize>> = Vec::new();
    for mut rows in of.into_values() {
        rows.shuffle(rng);
        few.extend(rows.chunks(together).map(<[usize]>::to_vec));
    }
    few.shuffle(rng);
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for rows in few {
        match batches.last_mut() {
            Some(batch) if batch.len() + rows.len() <= size => batch.extend(rows),
            _ => batches.push(rows),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn the_gradient_of_pairs_agrees_with_finite_differences() {
        let dim = 5;
        let x: Vec<f32> = (0..7 * dim).map(|i| ((i * i) as f32 * 0.37).sin()).collect();
        let alike = |i: usize, j: usize| i % 3 == j % 3;
        let (_, slopes) = pairs(&x, dim, alike);
        for i in 0..x.len() {
            let at = |step: f32| {
                let mut moved = x.clone();
                moved[i] += step;
                pairs(&moved, dim, alike).0
            };
            let want = (at(1e-3) - at(-1e-3)) / 2e-3;
            assert!((want - f64::from(slopes[i])).abs() < 1e-3, "{i}: {}, not {want}", slopes[i]);
        }
    }

    #[test]
    fn every_row_is_in_one_batch_with_another_of_its_class() {
        let rows: Vec<usize> = (0..100).collect();
        let batches = batches(&rows, 32, |row| row % 5, &mut ChaCha8Rng::seed_from_u64(3));
        let mut seen = batches.concat();
        seen.sort_unstable();
        assert_eq!(seen, rows);
        for batch in batches {
            assert!(batch.len() <= 32);
            assert!(batch.iter().all(|a| batch.iter().any(|b| a != b && a % 5 == b % 5)), "{batch:?}");
        }
    }
}
