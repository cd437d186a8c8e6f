//! The rows most like others: what a prediction is shown with.

use super::{Matrix, cosine};
use crate::backbone::kernels::{Packed, Then};

/// Rows that are compared at a time.
const BLOCK: usize = 256;
/// Rows that are asked about from which it pays to pack those that they are compared with.
const MANY: usize = 4;

/// Of each row of `x`, the `k` of `rows` most like it: `(cosine, index in rows)`, nearest first; of equals the first.
pub fn nearest(rows: &[&[f32]], x: &Matrix, k: usize) -> Vec<Vec<(f32, usize)>> {
    let mut found = vec![Vec::with_capacity(k + 1); x.rows()];
    if x.rows() < MANY {
        for (best, row) in found.iter_mut().zip(x.iter()) {
            rows.iter().enumerate().for_each(|(i, other)| enter(best, k, cosine(other, row), i));
        }
        return found;
    }
    let unit = x.clone().normalised();
    for (block, some) in rows.chunks(BLOCK).enumerate() {
        let others = Matrix::new(x.cols(), some.concat()).normalised();
        let weight = Packed::from_rows(others.values(), &vec![0.0; some.len()]);
        for (first, asked) in unit.values().chunks(BLOCK * x.cols()).enumerate() {
            let mut cosines = vec![0.0; asked.len() / x.cols() * some.len()];
            weight.apply(asked, asked.len() / x.cols(), &mut cosines, Then::Nothing);
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

    #[test]
    fn they_are_those_of_a_full_comparison_however_many_are_asked_about() {
        let row = |i: usize| (0..6).map(|d| (((i * 6 + d) * 7919) % 1009) as f32 / 500.0 - 1.0).collect::<Vec<_>>();
        let made: Vec<Vec<f32>> = (0..500).map(row).collect();
        let rows: Vec<&[f32]> = made.iter().map(Vec::as_slice).collect();
        for asked in [1, 3, 4, 300] {
            let x = Matrix::new(6, (0..asked).flat_map(|i| row(1000 + i)).collect());
            let found = nearest(&rows, &x, 5);
            assert_eq!(found.len(), asked);
            for (found, asked) in found.iter().zip(x.iter()) {
                let mut all: Vec<f32> = rows.iter().map(|row| cosine(row, asked)).collect();
                all.sort_by(|a, b| b.total_cmp(a));
                assert_eq!(found.len(), 5);
                for (got, want) in found.iter().zip(&all) {
                    assert!((got.0 - want).abs() < 1e-5, "{got:?} {want}");
                    assert!((cosine(rows[got.1], asked) - got.0).abs() < 1e-5, "{got:?}");
                }
            }
        }
        assert_eq!(nearest(&rows[..2], &Matrix::new(6, row(3)), 5)[0].len(), 2);
    }
}
