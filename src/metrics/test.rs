//! How likely a difference is to be chance.

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

/// One-sided sign test: the probability of so few wins or fewer in `games` that are coins.
pub fn fewer_wins_by_chance(wins: usize, games: usize) -> f64 {
    // In logarithms: two to the minus thousandth is no number.
    let mut ways = games as f64 * 0.5f64.ln();
    let mut sum = 0.0;
    for k in 0..=wins.min(games) {
        sum += ways.exp();
        ways += ((games - k) as f64 / (k + 1) as f64).ln();
    }
    sum.min(1.0)
}

/// Holm's correction (1979): which of the tests stand at `level` when all of them are looked at.
pub fn holm(p: &[f64], level: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
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

    /// Reference: scipy.stats.binomtest(…, alternative="less").
    #[test]
    fn a_sign_test_agrees_with_scipy() {
        for (wins, games, want) in
            [(0, 0, 1.0), (0, 3, 0.125), (2, 9, 0.089_843_75), (5, 10, 0.623_046_875), (450, 1000, 0.000_865_268)]
        {
            let got = fewer_wins_by_chance(wins, games);
            assert!((got - want).abs() < 1e-6, "{wins} of {games}: {got}, not {want}");
        }
    }

    #[test]
    fn holm_stops_at_the_first_that_falls() {
        assert_eq!(holm(&[0.04, 0.001, 0.03], 0.05), [false, true, false]);
        assert_eq!(holm(&[0.02, 0.001, 0.024], 0.05), [true, true, true]);
    }
}
