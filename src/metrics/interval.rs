//! 95 % intervals: a number from forty pictures is not a number from four thousand.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

use super::ascending;

/// The 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
const RESAMPLES: usize = 1000;

/// A 95 % interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Interval {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    pub method: &'static str,
}

/// Wilson's score interval for a proportion (Wilson 1927). Of nothing: 0, somewhere in 0..=1.
pub fn wilson(hits: usize, total: usize) -> Interval {
    let method = "wilson";
    if total == 0 {
        return Interval { value: 0.0, low: 0.0, high: 1.0, method };
    }
    let (n, p) = (total as f64, hits as f64 / total as f64);
    let centre = p + Z * Z / (2.0 * n);
    let margin = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Interval {
        value: p,
        // At 0 and at n hits the ends are exact; rounding must not put them past the value.
        low: ((centre - margin) / scale).clamp(0.0, p),
        high: ((centre + margin) / scale).clamp(p, 1.0),
        method,
    }
}

/// Percentile bootstrap for a statistic in 0..=1 that has no closed form: whole groups of rows are drawn, because rows of a group
/// say much the same. `groups`: a number for each row, from 0. `statistic` gets row numbers.
pub fn bootstrap(groups: &[usize], seed: u64, statistic: impl Fn(&[usize]) -> f64) -> Interval {
    at_least_wilson(drawn(groups, seed, statistic), distinct(groups))
}

/// The same for a statistic in `range`. Draws of few groups are too much alike, two groups' most of all: the interval is as much wider
/// as Student's t is than the normal distribution. With one group nothing tells how groups differ; then its rows are drawn.
pub fn bootstrap_any(groups: &[usize], range: [f64; 2], seed: u64, statistic: impl Fn(&[usize]) -> f64) -> Interval {
    let number = distinct(groups);
    let Interval { value, low, high, method } = match number {
        1 => drawn(&(0..groups.len()).collect::<Vec<_>>(), seed, statistic),
        _ => drawn(groups, seed, statistic),
    };
    let freedom = number.saturating_sub(1).max(1) as f64;
    let wider = student(freedom) / Z * ((freedom + 1.0) / freedom).sqrt();
    Interval {
        value,
        low: (value - wider * (value - low)).max(range[0]),
        high: (value + wider * (high - value)).min(range[1]),
        method,
    }
}

fn distinct(groups: &[usize]) -> usize {
    groups.iter().collect::<std::collections::HashSet<_>>().len()
}

/// The 97.5 % point of Student's t: exact for one and two degrees of freedom, from there on by its expansion about the normal
/// distribution (Abramowitz & Stegun 26.7.5), which is off by less than a hundredth.
fn student(freedom: f64) -> f64 {
    if freedom < 3.0 {
        return if freedom < 2.0 { 12.706_205 } else { 4.302_653 };
    }
    let (z, z2) = (Z, Z * Z);
    let terms = [
        z * (z2 + 1.0) / 4.0,
        z * (z2 * (5.0 * z2 + 16.0) + 3.0) / 96.0,
        z * (z2 * (z2 * (3.0 * z2 + 19.0) + 17.0) - 15.0) / 384.0,
    ];
    terms.iter().rev().fold(0.0, |sum, term| (sum + term) / freedom) + z
}

/// The percentiles of draws of whole groups.
fn drawn(groups: &[usize], seed: u64, statistic: impl Fn(&[usize]) -> f64) -> Interval {
    let mut members = vec![Vec::new(); groups.iter().max().map_or(0, |m| m + 1)];
    (0..groups.len()).for_each(|row| members[groups[row]].push(row));
    // A part of the rows may lack a group.
    members.retain(|rows| !rows.is_empty());
    let value = statistic(&(0..groups.len()).collect::<Vec<_>>());
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut picked = Vec::with_capacity(groups.len());
    let mut values: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            picked.clear();
            (0..members.len()).for_each(|_| picked.extend(&members[rng.random_range(0..members.len())]));
            statistic(&picked)
        })
        .collect();
    ascending(&mut values);
    Interval {
        value,
        low: values[RESAMPLES / 40].min(value),
        high: values[RESAMPLES - 1 - RESAMPLES / 40].max(value),
        method: "bootstrap",
    }
}

/// The part of rows that are hits: Wilson's interval, or where some rows belong together a bootstrap over groups.
pub fn share(hits: &[bool], groups: &[usize], seed: u64) -> Interval {
    let count = |rows: &[usize]| rows.iter().filter(|&&row| hits[row]).count();
    let all = hits.iter().filter(|&&hit| hit).count();
    let wilson = wilson(all, hits.len());
    if distinct(groups) == hits.len() {
        return wilson;
    }
    bootstrap(groups, seed, |rows| count(rows) as f64 / rows.len().max(1) as f64)
}

/// Groups below which draws of them say too little.
const FEW_GROUPS: usize = 10;

/// From few groups, or from many that all say the same, draws make an interval that is too narrow: at least as wide as that of
/// a share of so many groups.
fn at_least_wilson(drawn: Interval, groups: usize) -> Interval {
    let in_range = (0.0..=1.0).contains(&drawn.value);
    if !in_range || (groups >= FEW_GROUPS && drawn.low < drawn.high) {
        return drawn;
    }
    let share = wilson((drawn.value * groups as f64).round() as usize, groups);
    Interval { low: drawn.low.min(share.low), high: drawn.high.max(share.high), method: "wilson over groups", ..drawn }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference: statsmodels.stats.proportion.proportion_confint(…, method="wilson").
    #[test]
    fn wilson_agrees_with_statsmodels() {
        let i = wilson(41, 50);
        assert!((i.low - 0.691_968).abs() < 1e-4 && (i.high - 0.902_391).abs() < 1e-4, "{i:?}");
        let all = wilson(10, 10);
        assert!((all.low - 0.722_467).abs() < 1e-5 && all.high == 1.0, "{all:?}");
    }

    /// Reference: scipy.stats.t.ppf(0.975, …).
    #[test]
    fn students_t_agrees_with_scipy() {
        for (freedom, t) in [(1.0, 12.7062), (2.0, 4.3027), (3.0, 3.1824), (5.0, 2.5706), (9.0, 2.2622), (30.0, 2.0423)]
        {
            assert!((student(freedom) - t).abs() < 0.03, "{freedom}: {} {t}", student(freedom));
        }
    }

    /// Groups that differ, and a mean over all their rows: intervals have to hold the mean that groups have.
    #[test]
    fn few_groups_make_no_narrow_interval() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for number in [2, 4, 12] {
            let mut held = 0;
            for seed in 0..200 {
                // A group's level is normal about 10, by the sum of twelve; its rows are all near it.
                let levels: Vec<f64> =
                    (0..number).map(|_| 4.0 + (0..12).map(|_| rng.random::<f64>()).sum::<f64>()).collect();
                let groups: Vec<usize> = (0..number * 20).map(|row| row / 20).collect();
                let mean = |rows: &[usize]| rows.iter().map(|&r| levels[groups[r]]).sum::<f64>() / rows.len() as f64;
                let interval = bootstrap_any(&groups, [0.0, f64::INFINITY], seed, mean);
                assert!(interval.low >= 0.0 && interval.low <= interval.value && interval.value <= interval.high);
                held += usize::from(interval.low <= 10.0 && 10.0 <= interval.high);
            }
            assert!(held >= 170, "{number} groups: {held} of 200 hold");
        }
    }

    #[test]
    fn a_bootstrap_interval_holds_its_value_and_narrows() {
        let width = |n: usize| {
            let hits: Vec<f64> = (0..n).map(|i| f64::from(i % 4 != 0)).collect();
            let i = bootstrap(&(0..n).collect::<Vec<_>>(), 3, |rows| {
                rows.iter().map(|&r| hits[r]).sum::<f64>() / rows.len() as f64
            });
            assert!(i.low <= i.value && i.value <= i.high);
            i.high - i.low
        };
        assert!(width(400) < width(40));
    }
}
