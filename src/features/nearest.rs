//! The rows most like others: what a prediction is shown with.

use super::{Matrix, RowStore, cosine};
use crate::backbone::kernels::{Packed, Then};

/// Rows that are compared at a time.
const BLOCK: usize = 256;
/// Rows that are asked about from which it pays to pack those that they are compared with.
const MANY: usize = 4;

/// Of each row of `x`, the `k` most like it of the store's rows `places`: `(cosine, index in places)`, nearest first; of equals the
/// first.
pub fn nearest(store: &RowStore, places: &[usize], x: &Matrix, k: usize) -> Vec<Vec<(f32, usize)>> {
    let mut found = vec![Vec::with_capacity(k + 1); x.rows()];
    if x.rows() < MANY {
        for (best, row) in found.iter_mut().zip(x.iter()) {
            places.iter().enumerate().for_each(|(i, &place)| enter(best, k, cosine(store.at(place), row), i));
        }
        return found;
    }
    let unit = x.clone().normalised();
    for (block, some) in places.chunks(BLOCK).enumerate() {
        let others = store.select(some).normalised();
        let weight = Packed::from_rows(others.values(), &vec![0.0; some.len()]);
        for (first, rows) in unit.values().chunks(BLOCK * x.cols()).enumerate() {
            let mut cosines = vec![0.0; rows.len() / x.cols() * some.len()];
            weight.apply(rows, rows.len() / x.cols(), &mut cosines, Then::Nothing);
            for (best, row) in found[first * BLOCK..].iter_mut().zip(cosines.chunks_exact(some.len())) {
                row.iter().enumerate().for_each(|(i, &cosine)| enter(best, k, cosine, block * BLOCK + i));
            }
        }
    }
    found
}

fn enter(best: &mut Vec<(f32, usize)>, k: usize, cosine: f32, i: usize) {
    if best.len() == k && best.last().is_none_or(|last| cosine <= last.0) {
        return;
    }
    best.insert(best.partition_point(|n| n.0 >= cosine), (cosine, i));
    best.truncate(k);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Content;

    #[test]
    fn they_are_those_of_a_full_comparison_however_many_are_asked_about() {
        let row = |i: usize| (0..6).map(|d| (((i * 6 + d) * 7919) % 1009) as f32 / 500.0 - 1.0).collect::<Vec<_>>();
        let mut store = RowStore::new(6);
        (0..600).for_each(|i| store.insert(&i.to_string(), &row(i), Content::Text(String::new())));
        let places: Vec<usize> = (0..600).rev().filter(|i| i % 7 != 0).collect();
        for rows in [1, 3, 4, 300] {
            let x = Matrix::new(6, (0..rows).flat_map(|i| row(1000 + i)).collect());
            let found = nearest(&store, &places, &x, 5);
            assert_eq!(found.len(), rows);
            for (found, asked) in found.iter().zip(x.iter()) {
                let mut all: Vec<(f32, usize)> = places.iter().map(|&p| cosine(store.at(p), asked)).zip(0..).collect();
                all.sort_by(|a, b| b.0.total_cmp(&a.0));
                assert_eq!(found.len(), 5);
                for (got, want) in found.iter().zip(&all) {
                    assert!((got.0 - want.0).abs() < 1e-5, "{got:?} {want:?}");
                    assert!((cosine(store.at(places[got.1]), asked) - got.0).abs() < 1e-5, "{got:?}");
                }
            }
        }
        assert_eq!(nearest(&store, &places[..2], &Matrix::new(6, row(3)), 5)[0].len(), 2);
    }
}
