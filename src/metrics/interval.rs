//! 95 % intervals: a number from forty pictures is not a number from four thousand.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

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
    let distinct: std::collections::HashSet<_> = groups.iter().collect();
    at_least_wilson(bootstrap_any(groups, seed, statistic), distinct.len())
}

/// The same for a statistic of any range.
pub fn bootstrap_any(groups: &[usize], seed: u64, statistic: impl Fn(&[usize]) -> f64) -> Interval {
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
    values.sort_by(f64::total_cmp);
    Interval {
        value,
        low: values[RESAMPLES / 40].min(value),
        high: values[RESAMPLES - 1 - RESAMPLES / 40].max(value),
        method: "bootstrap",
    }
}

/// The part of rows that are hits: Wilson's interval, or where some rows belong together a bootstrap over groups.
pub fn share(hits: &[bool], groups: &[usize], seed: u64) -> Interval {
    let distinct: std::collections::HashSet<_> = groups.iter().collect();
    let count = |rows: &[usize]| rows.iter().filter(|&&row| hits[row]).count();
    let all = hits.iter().filter(|&&hit| hit).count();
    let wilson = wilson(all, hits.len());
    if distinct.len() == hits.len() {
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
