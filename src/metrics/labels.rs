//! How good predictions are where a sample may have several labels, or none.

use super::Probabilities;

/// Every label of every row as a choice of its own, no (0) or yes (1). Both are `rows × labels`; `truth` is 0 or 1.
pub fn yes_or_no(p: &[f32], truth: &[f32]) -> (Probabilities, Vec<usize>) {
    let values = p.iter().flat_map(|&p| [1.0 - p, p]).collect();
    (Probabilities { classes: 2, values }, truth.iter().map(|&t| usize::from(t > 0.5)).collect())
}

/// What was said of one label: right, wrongly, and not though it should have been.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Calls {
    pub hits: usize,
    pub false_alarms: usize,
    pub misses: usize,
}

impl Calls {
    /// From `(truth, called)` of each row.
    pub fn new(rows: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut calls = Self::default();
        for (truth, called) in rows {
            match (truth, called) {
                (true, true) => calls.hits += 1,
                (false, true) => calls.false_alarms += 1,
                (true, false) => calls.misses += 1,
                (false, false) => {}
            }
        }
        calls
    }

    /// Rows that have the label.
    pub fn support(&self) -> usize {
        self.hits + self.misses
    }

    /// Harmonic mean of precision and recall; 0 where both are.
    pub fn f1(&self) -> f64 {
        let both = 2 * self.hits + self.false_alarms + self.misses;
        if both == 0 { 0.0 } else { 2.0 * self.hits as f64 / both as f64 }
    }
}

/// F1 of all calls together.
pub fn micro_f1(labels: &[Calls]) -> f64 {
    let sum = |f: fn(&Calls) -> usize| labels.iter().map(f).sum();
    Calls { hits: sum(|c| c.hits), false_alarms: sum(|c| c.false_alarms), misses: sum(|c| c.misses) }.f1()
}

/// Mean F1 over the labels that occur.
pub fn macro_f1(labels: &[Calls]) -> f64 {
    let present: Vec<f64> = labels.iter().filter(|c| c.support() > 0).map(Calls::f1).collect();
    present.iter().sum::<f64>() / present.len().max(1) as f64
}
