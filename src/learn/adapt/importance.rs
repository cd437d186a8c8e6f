//! Importance weights: source rows count as much more as they are likelier in the target (Shimodaira 2000), by a domain
//! classifier's odds (Bickel et al. 2009). Heads take no weights by row, so rows are drawn by theirs.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::learn::Dataset;

/// Of a row, over the mean: a few rows that look like the target must not be all there is.
const MOST: f64 = 10.0;

/// As many rows as `source` has, each as often as its weight says (systematic resampling), at least one of each class.
/// `odds`: of each row, to be of the target against of the source.
pub fn resampled(source: &Dataset, odds: &[f64], seed: u64) -> Dataset {
    let rows = source.rows();
    let mean = odds.iter().sum::<f64>() / rows as f64;
    let weights: Vec<f64> = odds.iter().map(|o| if mean > 0.0 { (o / mean).min(MOST) } else { 1.0 }).collect();
    let step = weights.iter().sum::<f64>() / rows as f64;
    let mut next = step * ChaCha8Rng::seed_from_u64(seed).random_range(0.0..1.0);
    let (mut drawn, mut passed) = (Vec::with_capacity(rows), 0.0);
    for (row, weight) in weights.iter().enumerate() {
        passed += weight;
        while next < passed {
            drawn.push(row);
            next += step;
        }
    }
    for class in 0..source.classes.len() {
        let of_class = |&row: &usize| source.y[row] == class;
        if !drawn.iter().any(of_class) {
            drawn.extend((0..rows).filter(of_class).max_by(|&a, &b| odds[a].total_cmp(&odds[b])));
        }
    }
    drawn.sort_unstable();
    source.select(&drawn)
}
