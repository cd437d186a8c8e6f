//! 95 % intervals: a number from forty pictures is not a number from four thousand.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

/// The 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
const RESAMPLES: usize = 1000;

/// A 95 % interval. Fractions, in 0..=1.
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

/// Percentile bootstrap over `rows` rows for a statistic that has no closed form: `statistic` gets row numbers.
pub fn bootstrap(rows: usize, seed: u64, statistic: impl Fn(&[usize]) -> f64) -> Interval {
    let mut picked: Vec<usize> = (0..rows).collect();
    let value = statistic(&picked);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut values: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            picked.iter_mut().for_each(|row| *row = rng.random_range(0..rows));
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
            let i = bootstrap(n, 3, |rows| rows.iter().map(|&r| hits[r]).sum::<f64>() / rows.len() as f64);
            assert!(i.low <= i.value && i.value <= i.high);
            i.high - i.low
        };
        assert!(width(400) < width(40));
    }
}
