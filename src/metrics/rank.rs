//! Scores of an order.

/// Average precision: the mean of the precision at each one that is (`truth`), by falling score, those of equal score together
/// (as scikit-learn's `average_precision_score`). 0 where there is none.
pub fn average_precision(scores: &[f32], truth: &[bool]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let positives = truth.iter().filter(|&&t| t).count();
    let (mut hits, mut seen, mut sum) = (0, 0, 0.0);
    for equal in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let new = equal.iter().filter(|&&i| truth[i]).count();
        (hits, seen) = (hits + new, seen + equal.len());
        sum += new as f64 * hits as f64 / seen as f64;
    }
    sum / positives.max(1) as f64
}

/// Area under the ROC curve: the probability that one that is (`truth`) scores above one that is not; ties count half.
/// 0.5 where either kind is missing.
pub fn auroc(scores: &[f32], truth: &[bool]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
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
