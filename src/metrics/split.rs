//! Who is held out when.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

use super::sort;

/// A fold for each row, `0..folds`: rows of one group are never apart, and every class is spread as evenly as that allows.
///
/// A class with fewer groups than folds is absent from some held-out parts, and a class of one group from one training
/// part: the score then counts it as missed, as it would be. `groups`: a number for each row.
pub fn folds(classes: &[usize], groups: &[usize], folds: usize, seed: u64) -> Vec<usize> {
    assert!(folds >= 2, "a split needs two parts");
    assert_eq!(classes.len(), groups.len(), "every row is in a group");
    // ChaCha8 rather than the library's default generator: its sequence is promised not to change between versions.
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let number = classes.iter().max().map_or(0, |m| m + 1);
    let mut members = vec![Vec::new(); groups.iter().max().map_or(0, |m| m + 1)];
    (0..groups.len()).for_each(|row| members[groups[row]].push(row));
    let (alone, mut together): (Vec<Vec<usize>>, Vec<Vec<usize>>) =
        members.into_iter().filter(|rows| !rows.is_empty()).partition(|rows| rows.len() == 1);

    let mut assigned = vec![0; classes.len()];
    // Rows of each class in each fold, and of all.
    let mut counts = vec![vec![0usize; number]; folds];
    let mut sizes = vec![0usize; folds];
    // Groups first, the largest first: the single rows can still even out what those leave uneven.
    together.shuffle(&mut rng);
    sort(&mut together, |a, b| b.len().cmp(&a.len()));
    for rows in together {
        let most = mode(rows.iter().map(|&row| classes[row]), number);
        let to = (0..folds).min_by_key(|&f| (counts[f][most], sizes[f])).expect("there are two folds");
        for row in rows {
            assigned[row] = to;
            counts[to][classes[row]] += 1;
            sizes[to] += 1;
        }
    }
    for class in 0..number {
        let mut rows: Vec<usize> = alone.iter().map(|rows| rows[0]).filter(|&row| classes[row] == class).collect();
        rows.shuffle(&mut rng);
        for row in rows {
            let to = (0..folds).min_by_key(|&f| (counts[f][class], sizes[f])).expect("there are two folds");
            assigned[row] = to;
            counts[to][class] += 1;
            sizes[to] += 1;
        }
    }
    assigned
}

/// The most frequent class; the first of equals.
fn mode(classes: impl Iterator<Item = usize>, number: usize) -> usize {
    let mut counts = vec![0; number];
    classes.for_each(|class| counts[class] += 1);
    (0..number).rev().max_by_key(|&class| counts[class]).unwrap_or(0)
}

/// Numbers the groups of rows, from 0: rows with the same name are together, and so are linked pairs, and whoever is
/// together with one of those.
pub fn groups(names: &[Option<&str>], links: impl IntoIterator<Item = (usize, usize)>) -> Vec<usize> {
    let mut parents: Vec<usize> = (0..names.len()).collect();
    fn root(parents: &mut [usize], mut row: usize) -> usize {
        while parents[row] != row {
            parents[row] = parents[parents[row]];
            row = parents[row];
        }
        row
    }
    let mut first = std::collections::HashMap::new();
    let named = names.iter().enumerate().filter_map(|(row, name)| Some((*first.entry((*name)?).or_insert(row), row)));
    for (a, b) in named.collect::<Vec<_>>().into_iter().chain(links) {
        let (a, b) = (root(&mut parents, a), root(&mut parents, b));
        parents[a.max(b)] = a.min(b);
    }
    let mut numbers = std::collections::HashMap::new();
    (0..names.len())
        .map(|row| {
            let next = numbers.len();
            *numbers.entry(root(&mut parents, row)).or_insert(next)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(rows: usize) -> Vec<usize> {
        (0..rows).collect()
    }

    #[test]
    fn every_fold_has_its_share_of_every_class() {
        let classes: Vec<usize> = (0..103).map(|i| usize::from(i % 10 == 0)).collect();
        let folds = folds(&classes, &apart(103), 5, 7);
        for class in 0..2 {
            let counts: Vec<usize> =
                (0..5).map(|f| (0..103).filter(|&i| classes[i] == class && folds[i] == f).count()).collect();
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
    }

    #[test]
    fn a_group_is_never_apart_and_folds_stay_even() {
        // Bursts of 1 to 9, as a webcam makes them, of three classes.
        let groups: Vec<usize> = (0..40).flat_map(|g| vec![g; 1 + g * 7 % 9]).collect();
        let classes: Vec<usize> = groups.iter().map(|g| g % 3).collect();
        let folds = folds(&classes, &groups, 4, 1);
        for g in 0..40 {
            let of: std::collections::HashSet<_> =
                (0..groups.len()).filter(|&r| groups[r] == g).map(|r| folds[r]).collect();
            assert_eq!(of.len(), 1, "group {g}");
        }
        let sizes: Vec<usize> = (0..4).map(|f| folds.iter().filter(|&&x| x == f).count()).collect();
        assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 9, "{sizes:?}");
    }

    #[test]
    fn the_seed_decides() {
        let (classes, groups) = (vec![0; 50], apart(50));
        assert_eq!(folds(&classes, &groups, 5, 1), folds(&classes, &groups, 5, 1));
        assert_ne!(folds(&classes, &groups, 5, 1), folds(&classes, &groups, 5, 2));
    }

    #[test]
    fn names_and_links_bring_rows_together() {
        let names = [Some("a"), None, Some("b"), Some("a"), None, None];
        assert_eq!(groups(&names, [(1, 2), (4, 1)]), [0, 1, 1, 0, 1, 2]);
    }
}
