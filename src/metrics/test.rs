//! How likely a difference is to be chance.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::order;

/// Fisher's exact test, one-sided: the probability that of `hits + other_hits` hits so few or fewer fall among `rows`
/// of all, when rows and hits have nothing to do with each other.
pub fn fewer_hits_by_chance(hits: usize, rows: usize, other_hits: usize, other_rows: usize) -> f64 {
    let (all, all_hits) = (rows + other_rows, hits + other_hits);
    let mut logs = vec![0.0; all + 1];
    (1..=all).for_each(|n| logs[n] = logs[n - 1] + (n as f64).ln());
    let choose = |n: usize, k: usize| logs[n] - logs[k] - logs[n - k];
    let fewest = all_hits.saturating_sub(other_rows);
    let ways = |h: usize| (choose(rows, h) + choose(other_rows, all_hits - h) - choose(all, all_hits)).exp();
    (fewest..=hits).map(ways).sum::<f64>().min(1.0)
}

/// Flips that a test draws.
const FLIPS: usize = 2000;

/// One-sided sign-flip permutation test (Fisher 1935): how often the sum would be so large or larger if each difference were as
/// likely the other way round. 1 where all are 0.
pub fn larger_sum_by_chance(differences: &[f64], seed: u64) -> f64 {
    let sum: f64 = differences.iter().sum();
    // A sum of the same numbers in another order, but for its rounding.
    let same = 1e-9 * differences.iter().map(|d| d.abs()).sum::<f64>();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut flipped = || differences.iter().map(|d| if rng.random::<bool>() { *d } else { -d }).sum::<f64>();
    let as_large = (0..FLIPS).filter(|_| flipped() >= sum - same).count();
    (1 + as_large) as f64 / (1 + FLIPS) as f64
}

/// Holm's correction (1979): which of the tests stand at `level` when all of them are looked at.
pub fn holm(p: &[f64], level: f64) -> Vec<bool> {
    let order = order(p.len(), &mut |a, b| p[a].total_cmp(&p[b]));
    let mut stands = vec![false; p.len()];
    for (rank, &i) in order.iter().enumerate() {
        if p[i] > level / (p.len() - rank) as f64 {
            break;
        }
        stands[i] = true;
    }
    stands
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of few differences every flip is likely to be drawn: 1 of 16 is so large, or 5 of 16.
    #[test]
    fn flips_agree_with_counting_them() {
        for (differences, want) in
            [(vec![1.0; 4], 1.0 / 16.0), (vec![3.0, 2.0, 1.0, -1.0], 3.0 / 16.0), (vec![0.0; 5], 1.0), (vec![], 1.0)]
        {
            let got = larger_sum_by_chance(&differences, 7);
            assert!((got - want).abs() < 0.02, "{differences:?}: {got}, not {want}");
        }
    }

    #[test]
    fn holm_stops_at_the_first_that_falls() {
        assert_eq!(holm(&[0.04, 0.001, 0.03], 0.05), [false, true, false]);
        assert_eq!(holm(&[0.02, 0.001, 0.024], 0.05), [true, true, true]);
    }
}
