//! How far off predicted numbers are.

pub fn mean_absolute_error(truth: &[f64], predicted: &[f64]) -> f64 {
    mean(truth.iter().zip(predicted).map(|(t, p)| (t - p).abs()))
}

pub fn root_mean_squared_error(truth: &[f64], predicted: &[f64]) -> f64 {
    mean(truth.iter().zip(predicted).map(|(t, p)| (t - p).powi(2))).sqrt()
}

/// The part of the variance that is explained: 1 for predictions without an error, 0 for those that are no better than the mean,
/// below 0 for worse ones. 0 where the truth does not vary.
pub fn r2(truth: &[f64], predicted: &[f64]) -> f64 {
    let middle = mean(truth.iter().copied());
    let spread: f64 = truth.iter().map(|t| (t - middle).powi(2)).sum();
    let left: f64 = truth.iter().zip(predicted).map(|(t, p)| (t - p).powi(2)).sum();
    if spread == 0.0 { 0.0 } else { 1.0 - left / spread }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}
