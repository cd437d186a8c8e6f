//! Is a head as sure as it is right?

use serde::Serialize;

use super::Probabilities;

/// Bins of the expected calibration error.
const BINS: usize = 15;
/// Where a temperature that is told is looked for: of predictions that are all right the loss falls towards 0 for ever, of none that
/// says anything towards infinity, and a head twenty times too sure is not one that a number mends.
const TOLD: [f64; 2] = [0.05, 20.0];
/// Where one that is used is: doubt keeps it from the ends, and a weakly fitted head may have logits of a hundredth.
const USED: [f64; 2] = [0.01, 100.0];
/// Probabilities that a temperature is fitted to, at most.
const VALUES: usize = 200_000;

/// Predictions of like confidence. Confidences and accuracies are means, in 0..=1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    pub confidence: f64,
    pub accuracy: f64,
    pub count: usize,
}

/// 15 equal bins of the top probability, without the empty ones.
pub fn reliability(p: &Probabilities, truth: &[usize]) -> Vec<Bin> {
    let mut bins = vec![(0.0, 0.0, 0); BINS];
    for (row, &t) in truth.iter().enumerate() {
        let top = p.top(row);
        let confidence = f64::from(p.row(row)[top]);
        let bin = &mut bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
        *bin = (bin.0 + confidence, bin.1 + f64::from(u8::from(top == t)), bin.2 + 1);
    }
    let mean = |(confidence, hits, count): (f64, f64, usize)| Bin {
        confidence: confidence / count as f64,
        accuracy: hits / count as f64,
        count,
    };
    bins.into_iter().filter(|bin| bin.2 > 0).map(mean).collect()
}

/// Expected calibration error (Guo et al. 2017): the gap between confidence and accuracy, in the mean over predictions.
pub fn ece(bins: &[Bin]) -> f64 {
    let rows: usize = bins.iter().map(|bin| bin.count).sum();
    bins.iter().map(|bin| (bin.confidence - bin.accuracy).abs() * bin.count as f64).sum::<f64>() / rows.max(1) as f64
}

/// The temperature from 0.05 to 20 at which the log loss is least (Guo et al. 2017): logits are divided by it. Above 1, the head was
/// too sure. 1 for no rows.
pub fn temperature(p: &Probabilities, truth: &[usize]) -> f64 {
    least_loss(p, truth, 0.0, TOLD)
}

/// The same for use on other rows, with the doubt that so few rows leave: as if one more had been a miss, shared among them
/// (after Platt 1999). Where all of a dozen predictions are right, the loss alone would have a head be sure of everything.
pub fn careful_temperature(p: &Probabilities, truth: &[usize]) -> f64 {
    least_loss(p, truth, 1.0 / (truth.len() + 2) as f64, USED)
}

/// `doubt`: the part of a row's truth that is spread over all classes.
fn least_loss(p: &Probabilities, truth: &[usize], doubt: f64, range: [f64; 2]) -> f64 {
    if truth.is_empty() {
        return 1.0;
    }
    // So many say it as well as all do.
    let every = p.values.len().div_ceil(VALUES);
    let rows: Vec<usize> = (0..truth.len()).step_by(every).collect();
    let truth: Vec<usize> = rows.iter().map(|&row| truth[row]).collect();
    let logs: Vec<f64> = rows.iter().flat_map(|&row| p.row(row)).map(|&v| f64::from(v.max(1e-30)).ln()).collect();
    let loss = |log_t: f64| -> f64 {
        let scale = (-log_t).exp();
        let row = |(row, &t): (&[f64], &usize)| {
            let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mean = row.iter().sum::<f64>() / row.len() as f64;
            let true_log = (1.0 - doubt) * row[t] + doubt * mean;
            row.iter().map(|v| ((v - top) * scale).exp()).sum::<f64>().ln() - (true_log - top) * scale
        };
        logs.chunks_exact(p.classes).zip(&truth).map(row).sum()
    };
    // Convex in 1/T and so with one minimum in ln T too: golden section.
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let [mut low, mut high] = range.map(f64::ln);
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (loss(a), loss(b));
    while high - low > 1e-6 {
        if at_a < at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - golden * (high - low);
            at_a = loss(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + golden * (high - low);
            at_b = loss(b);
        }
    }
    ((low + high) / 2.0).exp()
}

/// The probabilities at another temperature.
pub fn at_temperature(p: &Probabilities, temperature: f64) -> Probabilities {
    let logits = p.values.iter().map(|&v| (f64::from(v.max(1e-30)).ln() / temperature) as f32).collect();
    Probabilities::softmax(p.classes, logits)
}

/// Every row at the temperature, a careful one as heads are divided by, that fits the other folds' rows.
pub fn calibrated(p: &Probabilities, truth: &[usize], folds: &[usize]) -> Probabilities {
    let mut out = p.clone();
    for fold in 0..folds.iter().max().map_or(0, |m| m + 1) {
        let (own, others): (Vec<usize>, Vec<usize>) = (0..truth.len()).partition(|&row| folds[row] == fold);
        let fitted = careful_temperature(&p.select(&others), &others.iter().map(|&row| truth[row]).collect::<Vec<_>>());
        let scaled = at_temperature(&p.select(&own), fitted);
        for (i, row) in own.into_iter().enumerate() {
            out.values[row * p.classes..][..p.classes].copy_from_slice(scaled.row(i));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by an audit: of a dozen drawings that were all called right the report's temperature ran to its end.
    #[test]
    fn a_temperature_that_is_told_has_ends() {
        let sure = Probabilities { classes: 2, values: vec![0.8, 0.2, 0.9, 0.1] };
        assert!((temperature(&sure, &[0, 0]) - 0.05).abs() < 1e-6);
        assert!((temperature(&sure, &[1, 1]) - 20.0).abs() < 1e-4);
        assert!(careful_temperature(&sure, &[0, 0]) > 0.3, "doubt keeps one that is used from the end");
        assert_eq!(temperature(&sure.select(&[]), &[]), 1.0);
    }
}
