//! Who is held out when.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

/// A fold for each row, `0..folds`, so that every class is spread as evenly as its count allows.
///
/// Classes are dealt one after another without starting again at fold 0, so folds differ by at most one row in size.
/// A class with fewer rows than folds is absent from some held-out parts, and a class of one row from one training
/// part: the score then counts it as missed, as it would be.
pub fn stratified_folds(classes: &[usize], folds: usize, seed: u64) -> Vec<usize> {
    assert!(folds >= 2, "a split needs two parts");
    // ChaCha8 rather than the library's default generator: its sequence is promised not to change between versions.
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut assigned = vec![0; classes.len()];
    let mut next = 0;
    for class in 0..classes.iter().max().map_or(0, |m| m + 1) {
        let mut rows: Vec<usize> = (0..classes.len()).filter(|&i| classes[i] == class).collect();
        rows.shuffle(&mut rng);
        for row in rows {
            assigned[row] = next % folds;
            next += 1;
        }
    }
    assigned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fold_has_its_share_of_every_class() {
        let classes: Vec<usize> = (0..103).map(|i| usize::from(i % 10 == 0)).collect();
        let folds = stratified_folds(&classes, 5, 7);
        for class in 0..2 {
            let counts: Vec<usize> =
                (0..5).map(|f| (0..103).filter(|&i| classes[i] == class && folds[i] == f).count()).collect();
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
    }

    #[test]
    fn the_seed_decides() {
        let classes = vec![0; 50];
        assert_eq!(stratified_folds(&classes, 5, 1), stratified_folds(&classes, 5, 1));
        assert_ne!(stratified_folds(&classes, 5, 1), stratified_folds(&classes, 5, 2));
    }
}
