//! The report where a sample has a number.

use std::collections::BTreeMap;

use serde::Serialize;

use super::curve::Point;
use super::slices::{Slice, slices};
use crate::features::Matrix;
use crate::learn::{Dataset, Kind, Targets};
use crate::metrics::{Interval, ascending, bootstrap_any, mean_absolute_error, r2, root_mean_squared_error};

/// Errors in the unit of the labels, with 95 % intervals (bootstrap over groups, wider where they are few).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NumberReport {
    /// `numbers`.
    pub kind: Kind,
    /// Mean absolute error.
    pub mae: Interval,
    /// Root of the mean squared error.
    pub rmse: Interval,
    /// Part of the variance that is explained: at most 1, below 0 for what is worse than the mean.
    pub r2: Interval,
    /// Split, folds and seed in words.
    pub how: String,
    pub baselines: NumberBaselines,
    pub predictions: Vec<NumberPrediction>,
    /// Fewest samples first; empty for samples from elsewhere.
    pub learning_curve: Vec<Point>,
    pub slices: Vec<Slice>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NumberBaselines {
    /// Mean absolute error of always answering the median.
    pub median: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NumberPrediction {
    pub id: String,
    pub truth: f64,
    pub predicted: f64,
}

/// `said`: the number of each row, from the dataset's origin.
pub fn number_report(
    data: &Dataset,
    said: &Matrix,
    tags: &[BTreeMap<String, String>],
    seed: u64,
    how: String,
) -> NumberReport {
    let Targets::Numbers(truth) = &data.targets else { panic!("a report on numbers is of samples with numbers") };
    let said: Vec<f64> = said.values().iter().map(|&v| data.origin + f64::from(v)).collect();
    let of = |statistic: fn(&[f64], &[f64]) -> f64, range| {
        bootstrap_any(&data.groups, range, seed, |rows| {
            let (truth, said): (Vec<f64>, Vec<f64>) = rows.iter().map(|&row| (truth[row], said[row])).unzip();
            statistic(&truth, &said)
        })
    };
    let mut sorted = truth.clone();
    ascending(&mut sorted);
    let median = vec![sorted[sorted.len() / 2]; truth.len()];
    let errors: Vec<f64> = truth.iter().zip(&said).map(|(t, s)| (t - s).abs()).collect();
    NumberReport {
        kind: Kind::Numbers,
        mae: of(mean_absolute_error, [0.0, f64::INFINITY]),
        rmse: of(root_mean_squared_error, [0.0, f64::INFINITY]),
        r2: of(r2, [f64::NEG_INFINITY, 1.0]),
        how,
        baselines: NumberBaselines { median: mean_absolute_error(truth, &median) },
        predictions: data
            .ids
            .iter()
            .zip(truth.iter().zip(&said))
            .map(|(id, (&truth, &predicted))| NumberPrediction { id: id.clone(), truth, predicted })
            .collect(),
        learning_curve: Vec::new(),
        slices: slices(data, tags, &errors, seed),
    }
}
