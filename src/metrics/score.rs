//! How good predictions are.

/// Rows of class probabilities, `rows × classes`.
#[derive(Debug, Clone, PartialEq)]
pub struct Probabilities {
    pub classes: usize,
    pub values: Vec<f32>,
}

impl Probabilities {
    pub fn rows(&self) -> usize {
        self.values.len() / self.classes.max(1)
    }

    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.classes..][..self.classes]
    }

    /// The most probable class of a row; the first of equals.
    pub fn top(&self, row: usize) -> usize {
        let p = self.row(row);
        (0..p.len()).fold(0, |best, i| if p[i] > p[best] { i } else { best })
    }

    /// Softmax of logits, in place of them.
    pub fn softmax(classes: usize, mut logits: Vec<f32>) -> Self {
        for row in logits.chunks_exact_mut(classes) {
            let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            row.iter_mut().for_each(|v| *v = (*v - max).exp());
            let sum: f32 = row.iter().sum();
            row.iter_mut().for_each(|v| *v /= sum);
        }
        Self { classes, values: logits }
    }

    /// Mean of `-ln p(true class)`, in nats; p is clipped at 1e-7 so that one certain mistake stays finite.
    pub fn log_loss(&self, truth: &[usize]) -> f64 {
        self.mean(truth, |p, t| -f64::from(p[t].max(1e-7)).ln())
    }

    /// Mean over rows of the squared distance to the one-hot truth, summed over classes (Brier 1950): 0..=2.
    pub fn brier(&self, truth: &[usize]) -> f64 {
        self.mean(truth, |p, t| {
            p.iter().enumerate().map(|(c, &v)| (f64::from(v) - f64::from(u8::from(c == t))).powi(2)).sum()
        })
    }

    /// The rows named, in that order.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self { classes: self.classes, values: rows.iter().flat_map(|&row| self.row(row)).copied().collect() }
    }

    fn mean(&self, truth: &[usize], f: impl Fn(&[f32], usize) -> f64) -> f64 {
        truth.iter().enumerate().map(|(row, &t)| f(self.row(row), t)).sum::<f64>() / truth.len().max(1) as f64
    }
}

/// Counts by true class (row) and predicted class (column).
#[derive(Debug, Clone, PartialEq)]
pub struct Confusion {
    pub counts: Vec<Vec<usize>>,
}

impl Confusion {
    /// From `(truth, predicted)` pairs.
    pub fn new(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut counts = vec![vec![0; classes]; classes];
        for (truth, predicted) in pairs {
            counts[truth][predicted] += 1;
        }
        Self { counts }
    }

    pub fn total(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    pub fn hits(&self) -> usize {
        (0..self.counts.len()).map(|c| self.counts[c][c]).sum()
    }

    /// Rows whose true class is `class`.
    pub fn support(&self, class: usize) -> usize {
        self.counts[class].iter().sum()
    }

    /// Rows predicted as `class`.
    pub fn predicted(&self, class: usize) -> usize {
        self.counts.iter().map(|row| row[class]).sum()
    }

    /// Harmonic mean of precision and recall; 0 where both are.
    pub fn f1(&self, class: usize) -> f64 {
        let both = self.support(class) + self.predicted(class);
        if both == 0 { 0.0 } else { 2.0 * self.counts[class][class] as f64 / both as f64 }
    }

    /// Mean recall over the classes that occur.
    pub fn balanced_accuracy(&self) -> f64 {
        self.over_present(|c| self.counts[c][c] as f64 / self.support(c) as f64)
    }

    /// Mean F1 over the classes that occur.
    pub fn macro_f1(&self) -> f64 {
        self.over_present(|c| self.f1(c))
    }

    fn over_present(&self, f: impl Fn(usize) -> f64) -> f64 {
        let present: Vec<usize> = (0..self.counts.len()).filter(|&c| self.support(c) > 0).collect();
        present.iter().map(|&c| f(c)).sum::<f64>() / present.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference: scikit-learn 1.5 on y = [0,0,1,1,2], ŷ = [0,1,1,1,0].
    #[test]
    fn scores_agree_with_scikit_learn() {
        let pairs = [(0, 0), (0, 1), (1, 1), (1, 1), (2, 0)];
        let confusion = Confusion::new(3, pairs);
        assert_eq!((confusion.hits(), confusion.total()), (3, 5));
        assert!((confusion.balanced_accuracy() - 0.5).abs() < 1e-12);
        assert!((confusion.macro_f1() - 0.433_333).abs() < 1e-5);
    }

    #[test]
    fn log_loss_brier_and_ece_of_known_rows() {
        let p = Probabilities { classes: 2, values: vec![0.9, 0.1, 0.4, 0.6] };
        let truth = [0, 0];
        assert!((p.log_loss(&truth) - 0.510_826).abs() < 1e-5);
        assert!((p.brier(&truth) - (0.02 + 0.72) / 2.0).abs() < 1e-6);
        assert!((super::super::ece(&super::super::reliability(&p, &truth)) - (0.1 + 0.6) / 2.0).abs() < 1e-6);
    }

    #[test]
    fn softmax_of_large_logits_is_finite() {
        let p = Probabilities::softmax(2, vec![1000.0, 0.0, -1000.0, -1000.0]);
        assert_eq!(p.values, [1.0, 0.0, 0.5, 0.5]);
    }
}
