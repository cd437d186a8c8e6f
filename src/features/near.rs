//! The nearest neighbours of every row, kept up to date as rows come and go: what near-duplicates are found by.

use super::RowStore;
use crate::backbone::kernels::{Packed, Then};

/// Neighbours kept for a row: enough to link a burst, one frame to the next, while its frames change along the way.
const KEPT: usize = 8;
/// Rows that are compared at a time.
const BLOCK: usize = 256;
/// A list that ends below this has every row that can be a near-duplicate, whatever else was left out of it.
const ALIKE: f32 = 0.7;

/// By row of the store, the rows most like it with their cosines, nearest first; among those that are there now, because what was
/// removed must leave no trace.
#[derive(Debug, Clone, Default)]
pub struct Near {
    lists: Vec<Vec<(f32, usize)>>,
    /// Rows whose lists have all that they should of each other.
    known: Vec<bool>,
    under_way: Option<Round>,
}

/// Some rows against all that are known, a block at a time.
#[derive(Debug, Clone)]
struct Round {
    own: Vec<usize>,
    block: usize,
    /// Past the last that is known.
    end: usize,
    /// Rows that are there, and those of them that wait for the next round.
    total: usize,
    waiting: usize,
}

impl Near {
    /// A bounded piece of the work that rows which came or went since the last call make. → `(done, total)` rows; `None` when all is
    /// done. `present`: by row of the store, whether it is there.
    pub fn step(&mut self, store: &RowStore, present: impl FnOnce() -> Vec<bool>) -> Option<(usize, usize)> {
        let round = match self.under_way.take() {
            Some(round) => round,
            None => self.begin(&present())?,
        };
        let start = round.block * BLOCK;
        let others: Vec<usize> = (start..round.end.min(start + BLOCK)).filter(|&row| self.known[row]).collect();
        if !others.is_empty() {
            self.compare(store, &round.own, &others);
        }
        let (total, done) = (round.total, round.total - round.waiting);
        if start + BLOCK < round.end {
            let begun = round.own.len();
            self.under_way = Some(Round { block: round.block + 1, ..round });
            return Some((done - begun, total));
        }
        Some((done, total))
    }

    /// The next rows that are not known yet.
    fn begin(&mut self, present: &[bool]) -> Option<Round> {
        self.lists.resize(present.len(), Vec::new());
        self.known.resize(present.len(), false);
        if self.known.iter().zip(present).any(|(known, present)| *known && !present) {
            self.forget(present);
        }
        let unknown: Vec<usize> = (0..present.len()).filter(|&row| present[row] && !self.known[row]).collect();
        let own = unknown[..unknown.len().min(BLOCK)].to_vec();
        own.iter().for_each(|&row| self.known[row] = true);
        let end = self.known.iter().rposition(|&known| known).map_or(0, |last| last + 1);
        let total = present.iter().filter(|&&present| present).count();
        (!own.is_empty()).then(|| Round { waiting: unknown.len() - own.len(), own, block: 0, end, total })
    }

    /// Takes out what is gone. A list that was full may have left out who would be in it now: its row is looked at anew.
    fn forget(&mut self, present: &[bool]) {
        for (row, list) in self.lists.iter_mut().enumerate() {
            let full = list.len() == KEPT && list[KEPT - 1].0 >= ALIKE;
            let before = list.len();
            list.retain(|near| present[near.1]);
            if !present[row] {
                list.clear();
                self.known[row] = false;
            } else if full && list.len() < before {
                self.known[row] = false;
            }
        }
    }

    fn compare(&mut self, store: &RowStore, own: &[usize], others: &[usize]) {
        let mut cosines = vec![0.0; own.len() * others.len()];
        let weight = Packed::from_rows(store.select(others).normalised().values(), &vec![0.0; others.len()]);
        weight.apply(store.select(own).normalised().values(), own.len(), &mut cosines, Then::Nothing);
        for (&a, row) in own.iter().zip(cosines.chunks_exact(others.len())) {
            for (&b, &cosine) in others.iter().zip(row) {
                if a != b {
                    self.enter(a, b, cosine);
                    self.enter(b, a, cosine);
                }
            }
        }
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

    /// Neighbours of a row that has been looked at, nearest first; none of one that is not there.
    pub fn of(&self, row: usize) -> &[(f32, usize)] {
        &self.lists[row]
    }
}

#[cfg(test)]
mod tests {
    use super::super::cosine;
    use super::*;
    use crate::source::Content;

    fn row(i: usize) -> Vec<f32> {
        (0..6).map(|d| (((i * 6 + d) * 7919) % 1009) as f32 / 500.0 - 1.0).collect()
    }

    /// Of rows that are there, as a comparison of all with all finds them.
    fn check(near: &Near, present: &[bool], some: &[usize]) {
        for &i in some.iter().filter(|&&i| present[i]) {
            let others = (0..present.len()).filter(|&j| j != i && present[j]);
            let mut all: Vec<(f32, usize)> = others.map(|j| (cosine(&row(i), &row(j)), j)).collect();
            all.sort_by(|a, b| b.0.total_cmp(&a.0));
            let alike = all.iter().take(KEPT).filter(|n| n.0 >= ALIKE).count();
            assert!(near.of(i).len() >= alike, "row {i}: {:?} of {alike}", near.of(i));
            for (got, want) in near.of(i).iter().zip(&all[..alike]) {
                assert!((got.0 - want.0).abs() < 1e-5, "row {i}: {got:?} {want:?}");
            }
            assert!(near.of(i).iter().all(|n| present[n.1]), "row {i}: {:?}", near.of(i));
        }
    }

    #[test]
    fn neighbours_are_those_of_a_full_comparison_however_rows_came_and_went() {
        let mut store = RowStore::new(6);
        let mut near = Near::default();
        let some = [0, 1, 255, 256, 299, 300, 699];
        for upto in [3, 200, 300, 700] {
            (store.len()..upto).for_each(|i| store.insert(&i.to_string(), &row(i), Content::Text(String::new())));
            while near.step(&store, || vec![true; upto]).is_some() {}
        }
        check(&near, &[true; 700], &some);
        // One after the other and many at once, then some of them back.
        let mut present = vec![true; 700];
        for gone in [vec![2], vec![5, 254], (0..700).filter(|i| i % 3 == 2).collect()] {
            gone.iter().for_each(|&i: &usize| present[i] = false);
            while near.step(&store, || present.clone()).is_some() {}
            check(&near, &present, &some);
            assert!(gone.iter().all(|&i| near.of(i).is_empty()));
        }
        (0..350).for_each(|i| present[i] = true);
        while let Some((done, total)) = near.step(&store, || present.clone()) {
            assert!(done <= total && total == present.iter().filter(|&&p| p).count());
        }
        check(&near, &present, &some);
    }

    /// A row that goes while it is looked at is gone when that is done.
    #[test]
    fn what_goes_on_the_way_is_gone() {
        let mut store = RowStore::new(6);
        (0..600).for_each(|i| store.insert(&i.to_string(), &row(i), Content::Text(String::new())));
        let mut near = Near::default();
        assert!(near.step(&store, || vec![true; 600]).is_some());
        let present: Vec<bool> = (0..600).map(|i| i % 2 == 0).collect();
        while near.step(&store, || present.clone()).is_some() {}
        check(&near, &present, &[0, 2, 254, 256, 598]);
    }
}
