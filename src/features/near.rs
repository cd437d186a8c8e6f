//! The nearest neighbours of every row, kept up to date as rows come: what near-duplicates are found by.

use super::{Matrix, RowStore};
use crate::backbone::kernels::{Packed, Then};

/// Neighbours kept for a row: enough to link a burst, one frame to the next, while its frames change along the way.
const KEPT: usize = 8;
/// Rows that are compared at a time.
const BLOCK: usize = 256;

/// By row of the store, the rows most like it with their cosines, nearest first.
#[derive(Debug, Clone, Default)]
pub struct Near {
    lists: Vec<Vec<(f32, usize)>>,
    under_way: Option<Round>,
}

/// Rows `from..end` against all before them, a block at a time.
#[derive(Debug, Clone)]
struct Round {
    from: usize,
    end: usize,
    block: usize,
}

impl Near {
    /// A bounded piece of the work that rows since the last call make. → `(done, total)` rows; `None` when all is done.
    pub fn step(&mut self, store: &RowStore) -> Option<(usize, usize)> {
        let round = match self.under_way.take() {
            Some(round) => round,
            None if self.lists.len() == store.len() => return None,
            None => {
                // A block that was begun with fewer rows is compared again as a whole.
                let from = self.lists.len() / BLOCK * BLOCK;
                let end = store.len().min(from + BLOCK);
                self.lists.truncate(from);
                self.lists.resize(end, Vec::new());
                Round { from, end, block: 0 }
            }
        };
        let start = round.block * BLOCK;
        let others = unit(store, start, round.end.min(start + BLOCK));
        let own = unit(store, round.from, round.end);
        let mut cosines = vec![0.0; own.rows() * others.rows()];
        let weight = Packed::from_rows(others.values(), &vec![0.0; others.rows()]);
        weight.apply(own.values(), own.rows(), &mut cosines, Then::Nothing);
        for (i, row) in cosines.chunks_exact(others.rows()).enumerate() {
            for (j, &cosine) in row.iter().enumerate() {
                let (a, b) = (round.from + i, start + j);
                if b < a {
                    self.enter(a, b, cosine);
                    self.enter(b, a, cosine);
                }
            }
        }
        if start + BLOCK < round.end {
            self.under_way = Some(Round { block: round.block + 1, ..round });
            return Some((round.from, store.len()));
        }
        Some((round.end, store.len()))
    }

    fn enter(&mut self, row: usize, other: usize, cosine: f32) {
        let list = &mut self.lists[row];
        if list.len() == KEPT && cosine <= list[KEPT - 1].0 || list.iter().any(|n| n.1 == other) {
            return;
        }
        list.truncate(KEPT - 1);
        let place = list.partition_point(|n| n.0 >= cosine);
        list.insert(place, (cosine, other));
    }

    /// Neighbours of a row that has been looked at, nearest first.
    pub fn of(&self, row: usize) -> &[(f32, usize)] {
        &self.lists[row]
    }
}

fn unit(store: &RowStore, from: usize, to: usize) -> Matrix {
    let mut rows = Matrix::with_capacity(store.dim(), to - from);
    (from..to).for_each(|i| rows.push(store.at(i)));
    rows.normalised()
}

#[cfg(test)]
mod tests {
    use super::super::cosine;
    use super::*;
    use crate::source::Content;

    #[test]
    fn neighbours_are_those_of_a_full_comparison_however_rows_came() {
        let row = |i: usize| (0..6).map(|d| (((i * 6 + d) * 7919) % 1009) as f32 / 500.0 - 1.0).collect::<Vec<_>>();
        let mut store = RowStore::new(6);
        let mut near = Near::default();
        for upto in [3, 200, 300, 700] {
            (store.len()..upto).for_each(|i| store.insert(&i.to_string(), &row(i), Content::Text(String::new())));
            while near.step(&store).is_some() {}
        }
        for i in [0, 1, 255, 256, 299, 300, 699] {
            let mut all: Vec<(f32, usize)> =
                (0..700).filter(|&j| j != i).map(|j| (cosine(&row(i), &row(j)), j)).collect();
            all.sort_by(|a, b| b.0.total_cmp(&a.0));
            for (got, want) in near.of(i).iter().zip(&all[..KEPT]) {
                assert!((got.0 - want.0).abs() < 1e-5, "row {i}: {got:?} {want:?}");
            }
        }
    }
}
