//! How different is a target domain from the source? A classifier that tells rows of one from rows of the other, and the
//! maximum mean discrepancy with a permutation test.

use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use serde::Serialize;

use super::out_of_fold::OutOfFold;
use crate::backbone::kernels::{Packed, Then};
use crate::error::Result;
use crate::features::{Matrix, dot};
use crate::learn::{Dataset, Recipe, Targets};
use crate::metrics::{Interval, bootstrap};
use crate::source::Content;

/// Rows of a domain that are looked at, at most: with so many a shift that matters is certain.
const ROWS: usize = 600;
/// Of the domain classifier. Fixed: choosing it would cost five times as much to move the second digit.
const STRENGTH: f64 = 10.0;
const FOLDS: usize = 3;
const PERMUTATIONS: usize = 200;
const PERMUTATIONS_PER_STEP: usize = 40;
/// Rows whose kernel is computed in a step.
const BLOCK: usize = 64;
const LEVEL: f64 = 0.05;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shift {
    /// Balanced accuracy of telling the domains apart, cross-validated: 0.5 where they are the same.
    pub domain_classifier: Interval,
    pub mmd: Mmd,
}

/// Maximum mean discrepancy (Gretton et al. 2012).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mmd {
    /// The unbiased estimate of MMD², by a Gaussian kernel on unit rows whose width is the median distance of two rows; about 0
    /// where the domains are the same, and then as often below.
    pub value: f64,
    /// How often rows dealt to two domains at random are as far apart.
    pub p: f64,
}

impl Shift {
    /// Whether there is any, by either measure.
    pub fn is_there(&self) -> bool {
        self.domain_classifier.low > 0.5 || self.mmd.p < LEVEL
    }
}

/// What was measured, and what it says of the source's rows.
pub struct Measured {
    pub shift: Shift,
    /// Rows of the source that were looked at, and the odds of each to be of the target, by a classifier that did not see it.
    pub rows: Vec<usize>,
    pub odds: Vec<f64>,
}

/// A measurement under way.
pub struct Measurement {
    /// Rows of the source that are looked at.
    rows: Vec<usize>,
    discrepancy: Discrepancy,
    domains: OutOfFold,
    seed: u64,
}

impl Measurement {
    /// `target`: rows, and what they were made from.
    pub fn new(source: &Dataset, target: &Matrix, contents: &[Arc<Content>], seed: u64) -> Result<Self> {
        let rows = some(source.rows(), seed);
        let others = some(target.rows(), seed.wrapping_add(1));
        let (x, y) = (source.x.select(&rows).normalised(), target.select(&others).normalised());
        let near = source.groups.iter().max().map_or(0, |m| m + 1);
        let mut both = x.clone();
        y.iter().for_each(|row| both.push(row));
        let data = Dataset {
            x: both.clone(),
            targets: Targets::Classes,
            y: (0..both.rows()).map(|row| usize::from(row >= x.rows())).collect(),
            classes: vec!["source".to_owned(), "target".to_owned()],
            ids: vec![String::new(); both.rows()],
            groups: rows.iter().map(|&row| source.groups[row]).chain((0..y.rows()).map(|row| near + row)).collect(),
            contents: rows
                .iter()
                .map(|&r| &source.contents[r])
                .chain(others.iter().map(|&r| &contents[r]))
                .cloned()
                .collect(),
            origin: 0.0,
        };
        let recipe = Recipe { strength: Some(STRENGTH), temperature: Some(1.0), seed, ..Recipe::default() };
        Ok(Self {
            domains: OutOfFold::new(Arc::new(data), recipe, FOLDS, 1)?,
            discrepancy: Discrepancy::new(both, x.rows(), seed),
            rows,
            seed,
        })
    }

    /// A bounded piece of the work.
    pub fn step(&mut self) -> Result<Option<Measured>> {
        if !self.domains.step()? {
            return Ok(None);
        }
        let Some(mmd) = self.discrepancy.step() else { return Ok(None) };
        let (said, data) = (self.domains.probabilities(), self.domains.data());
        let hit: Vec<bool> = (0..data.rows()).map(|row| said.top(row) == data.y[row]).collect();
        let balanced = |rows: &[usize]| {
            let of = |domain: usize| {
                let (mut hits, mut all) = (0usize, 0usize);
                for &row in rows.iter().filter(|&&row| data.y[row] == domain) {
                    (hits, all) = (hits + usize::from(hit[row]), all + 1);
                }
                // A draw may have nothing of a domain.
                if all == 0 { 0.5 } else { hits as f64 / all as f64 }
            };
            (of(0) + of(1)) / 2.0
        };
        let odds = |row: usize| f64::from(said.row(row)[1]) / f64::from(said.row(row)[0]).max(1e-6);
        Ok(Some(Measured {
            shift: Shift { domain_classifier: bootstrap(&data.groups, self.seed, balanced), mmd },
            odds: (0..self.rows.len()).map(odds).collect(),
            rows: std::mem::take(&mut self.rows),
        }))
    }
}

/// Rows of so many, `ROWS` at most, ascending.
fn some(rows: usize, seed: u64) -> Vec<usize> {
    let mut all: Vec<usize> = (0..rows).collect();
    if rows > ROWS {
        all.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        all.truncate(ROWS);
        all.sort_unstable();
    }
    all
}

/// [`Mmd`] under way.
pub struct Discrepancy {
    /// Unit rows, those of the first domain first.
    x: Matrix,
    weight: Packed,
    first: usize,
    /// `rows × rows`: squared distances, then the kernel less its mean, with nothing on the diagonal.
    kernel: Vec<f32>,
    /// Rows of it that are done.
    done: usize,
    sums: Vec<f64>,
    value: Option<f64>,
    rng: ChaCha8Rng,
    permutations: usize,
    farther: usize,
}

impl Discrepancy {
    /// Of unit rows, the first `first` of them of one domain.
    pub fn new(x: Matrix, first: usize, seed: u64) -> Self {
        let rows = x.rows();
        Self {
            weight: Packed::from_rows(x.values(), &vec![0.0; rows]),
            kernel: vec![0.0; rows * rows],
            x,
            first,
            done: 0,
            sums: Vec::new(),
            value: None,
            rng: ChaCha8Rng::seed_from_u64(seed),
            permutations: 0,
            farther: 0,
        }
    }

    /// A bounded piece of the work.
    pub fn step(&mut self) -> Option<Mmd> {
        let rows = self.x.rows();
        if self.done < rows {
            self.distances();
            if self.done == rows {
                self.to_kernel();
            }
            return None;
        }
        let Some(value) = self.value else {
            let own: Vec<bool> = (0..rows).map(|row| row < self.first).collect();
            self.value = Some(self.of(&[own])[0]);
            return None;
        };
        if self.permutations < PERMUTATIONS {
            let deal = |_| {
                let mut order: Vec<usize> = (0..rows).collect();
                order.shuffle(&mut self.rng);
                order.into_iter().map(|row| row < self.first).collect::<Vec<bool>>()
            };
            let dealt: Vec<Vec<bool>> = (0..PERMUTATIONS_PER_STEP).map(deal).collect();
            self.farther += self.of(&dealt).into_iter().filter(|&other| other >= value).count();
            self.permutations += dealt.len();
            return None;
        }
        Some(Mmd { value, p: (self.farther + 1) as f64 / (self.permutations + 1) as f64 })
    }

    fn distances(&mut self) {
        let rows = self.x.rows();
        let end = rows.min(self.done + BLOCK);
        let block = &self.x.values()[self.done * self.x.cols()..end * self.x.cols()];
        let out = &mut self.kernel[self.done * rows..end * rows];
        self.weight.apply(block, end - self.done, out, Then::Nothing);
        let squares: Vec<f32> = self.x.iter().map(|row| dot(row, row)).collect();
        for (i, row) in out.chunks_exact_mut(rows).enumerate() {
            let own = squares[self.done + i];
            row.iter_mut().zip(&squares).for_each(|(v, other)| *v = (own + other - 2.0 * *v).max(0.0));
        }
        self.done = end;
    }

    fn to_kernel(&mut self) {
        let rows = self.x.rows();
        let mut pairs: Vec<f32> = (0..rows).flat_map(|i| self.kernel[i * rows..i * rows + i].iter().copied()).collect();
        let middle = pairs.len() / 2;
        let median = if pairs.is_empty() { 1.0 } else { *pairs.select_nth_unstable_by(middle, f32::total_cmp).1 };
        let scale = -0.5 / median.max(f32::MIN_POSITIVE);
        let mean = pairs.iter().map(|d| f64::from((d * scale).exp())).sum::<f64>() / pairs.len().max(1) as f64;
        for (i, row) in self.kernel.chunks_exact_mut(rows).enumerate() {
            // A constant makes no difference, and what is small adds up with fewer roundings.
            row.iter_mut().for_each(|d| *d = (*d * scale).exp() - mean as f32);
            row[i] = 0.0;
        }
        self.sums = self.kernel.chunks_exact(rows).map(|row| row.iter().map(|&v| f64::from(v)).sum()).collect();
    }

    /// MMD² where rows are dealt to the first domain as each of `dealt` says.
    fn of(&self, dealt: &[Vec<bool>]) -> Vec<f64> {
        let rows = self.x.rows();
        let (m, n) = (self.first as f64, (rows - self.first) as f64);
        let signs: Vec<f32> = dealt.iter().flatten().map(|&own| f32::from(u8::from(own))).collect();
        let mut within = vec![0.0; rows * dealt.len()];
        Packed::from_rows(&signs, &vec![0.0; dealt.len()]).apply(&self.kernel, rows, &mut within, Then::Nothing);
        let all: f64 = self.sums.iter().sum();
        let one = |(i, own): (usize, &Vec<bool>)| {
            let of_own = |f: &dyn Fn(usize) -> f64| (0..rows).filter(|&row| own[row]).map(f).sum::<f64>();
            let first = of_own(&|row| f64::from(within[row * dealt.len() + i]));
            let across = of_own(&|row| self.sums[row]) - first;
            let second = all - first - 2.0 * across;
            first / (m * (m - 1.0)).max(1.0) + second / (n * (n - 1.0)).max(1.0) - 2.0 * across / (m * n).max(1.0)
        };
        dealt.iter().enumerate().map(one).collect()
    }
}
