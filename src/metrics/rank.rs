//! Scores of an order.

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
