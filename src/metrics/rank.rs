//! Scores of an order.

use super::order;

/// Items by falling score, sorted once for many draws of them.
pub struct Ranking {
    order: Vec<usize>,
    scores: Vec<f32>,
    truth: Vec<bool>,
}

impl Ranking {
    pub fn new(scores: &[f32], truth: &[bool]) -> Self {
        let order = order(scores.len(), &mut |a, b| scores[b].total_cmp(&scores[a]));
        Self { order, scores: scores.to_vec(), truth: truth.to_vec() }
    }

    /// Average precision: the mean of the precision at each one that is (`truth`), by falling score, those of equal score together
    /// (as scikit-learn's `average_precision_score`). `times`: how often each item is there. `None` where none is.
    pub fn average_precision(&self, times: &[usize]) -> Option<f64> {
        let (mut hits, mut seen, mut sum) = (0, 0, 0.0);
        for equal in self.order.chunk_by(|&a, &b| self.scores[a] == self.scores[b]) {
            let count = |i: &usize| times[*i];
            let new: usize = equal.iter().filter(|&&i| self.truth[i]).map(count).sum();
            (hits, seen) = (hits + new, seen + equal.iter().map(count).sum::<usize>());
            // None of those at the top may have been drawn.
            sum += new as f64 * hits as f64 / seen.max(1) as f64;
        }
        (hits > 0).then(|| sum / hits as f64)
    }
}

/// The same of all items once; 0 where none is.
pub fn average_precision(scores: &[f32], truth: &[bool]) -> f64 {
    Ranking::new(scores, truth).average_precision(&vec![1; scores.len()]).unwrap_or(0.0)
}

/// Area under the ROC curve: the probability that one that is (`truth`) scores above one that is not; ties count half.
/// 0.5 where either kind is missing.
pub fn auroc(scores: &[f32], truth: &[bool]) -> f64 {
    let order = order(scores.len(), &mut |a, b| scores[a].total_cmp(&scores[b]));
    let positives = truth.iter().filter(|&&t| t).count();
    let negatives = truth.len() - positives;
    if positives == 0 || negatives == 0 {
        return 0.5;
    }
    let mut ranks = 0.0;
    let mut first = 0;
    while first < order.len() {
        let end = (first..order.len()).find(|&i| scores[order[i]] != scores[order[first]]).unwrap_or(order.len());
        let hits = order[first..end].iter().filter(|&&i| truth[i]).count();
        ranks += hits as f64 * (first + 1 + end) as f64 / 2.0;
        first = end;
    }
    (ranks - (positives * (positives + 1)) as f64 / 2.0) / (positives * negatives) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_is_ranked_as_the_rows_that_were_drawn() {
        let scores = [0.9, 0.4, 0.4, 0.7, 0.1, 0.7, 0.95];
        let truth = [true, false, true, false, true, true, false];
        let ranking = Ranking::new(&scores, &truth);
        for seed in 0..50usize {
            let times: Vec<usize> = (0..7).map(|i| (seed * 7919 + i * 104_729) / 13 % 3).collect();
            let drawn: Vec<usize> = (0..7).flat_map(|i| vec![i; times[i]]).collect();
            let (scores, truth): (Vec<f32>, Vec<bool>) = drawn.iter().map(|&i| (scores[i], truth[i])).unzip();
            let alone = truth.contains(&true).then(|| average_precision(&scores, &truth));
            assert_eq!(ranking.average_precision(&times), alone, "{times:?}");
        }
    }
}
