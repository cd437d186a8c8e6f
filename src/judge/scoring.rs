//! A head at work on many rows, a piece at a time: of nearest neighbours a fold can be as long as all fits together.

use std::sync::Arc;

use crate::features::Matrix;
use crate::learn::Head;
use crate::source::Content;

/// Multiplications of a step, about: a few tens of milliseconds.
const PRODUCTS: usize = 200_000_000;

pub(super) struct Scoring {
    head: Head,
    rows: Vec<usize>,
    said: Vec<f32>,
    done: usize,
}

impl Scoring {
    /// `rows`: those that are scored, of what [`step`](Self::step) is given.
    pub fn new(head: Head, rows: Vec<usize>) -> Self {
        Self { head, rows, said: Vec::new(), done: 0 }
    }

    /// A bounded piece of the work. True when there is nothing left to do.
    pub fn step(&mut self, x: &Matrix, contents: &[Arc<Content>]) -> bool {
        let some = PRODUCTS / self.head.products(x.cols()).max(1);
        let end = self.rows.len().min(self.done + some.max(1));
        let rows = &self.rows[self.done..end];
        let contents: Vec<Arc<Content>> = rows.iter().map(|&row| contents[row].clone()).collect();
        self.said.extend(self.head.outputs(&x.select(rows), &contents).values());
        self.done = end;
        end == self.rows.len()
    }

    /// The rows, and what is said of each.
    pub fn finish(self) -> (Vec<usize>, Matrix) {
        let outputs = (self.said.len() / self.rows.len().max(1)).max(1);
        (self.rows, Matrix::new(outputs, self.said))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::{Dataset, Fit, HeadKind, Labelled, Recipe};
    use crate::source::Label;

    #[test]
    fn a_piece_at_a_time_is_the_same_to_the_bit() {
        let (rows, dim) = (900, 800);
        let value = |i: usize| (i * 2_654_435_761 % 1000) as f32 / 500.0 - 1.0;
        let made: Vec<(String, Label, Vec<f32>)> = (0..rows)
            .map(|i| (i.to_string(), ["a", "b"][i % 2].into(), (0..dim).map(|d| value(i * dim + d)).collect()))
            .collect();
        let labelled = |(id, label, row): &'static (String, Label, Vec<f32>)| Labelled {
            content_id: id,
            id,
            label,
            row,
            content: Arc::new(Content::Text(id.clone())),
        };
        let made: &'static [_] = made.leak();
        let data = Dataset::new(dim, made.iter().map(labelled)).unwrap();
        let head = Fit::new(&data, &Recipe { head: HeadKind::Knn, ..Recipe::default() }).unwrap().run().head;
        let some: Vec<usize> = (0..rows).step_by(2).collect();
        let at_once = head.outputs(&data.x.select(&some), &[]);
        let mut scoring = Scoring::new(head, some.clone());
        let mut steps = 1;
        while !scoring.step(&data.x, &data.contents) {
            steps += 1;
        }
        assert_eq!(steps, 2, "277 rows at a time");
        assert_eq!(scoring.finish(), (some, at_once));
    }
}
