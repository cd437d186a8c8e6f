//! What became of the target: did features move, or do the classes have other proportions? Aligning means makes up for
//! the first and does harm where it is the second, and without labels either can look the same in any one number.
//!
//! So each account is written down as a mixture of what the head says of the source's classes when they are held out
//! (log-probabilities; normal within a class, one covariance), and the better account of what it says of the target is
//! the one with the larger likelihood:
//!
//! - neither: the source's classes in the source's proportions;
//! - proportions: in any proportions (Saerens et al. 2002);
//! - features: in the source's proportions, all moved by what moves the mean onto the target's.
//!
//! Under each, classes may lie closer together or farther apart, and be wider or narrower: a head is usually less sure
//! elsewhere, and that says nothing about which of these it is.

use crate::metrics::Probabilities;

/// Below this a probability says no more.
const LEAST: f32 = 1e-6;
/// Of the covariance's diagonal, over its mean: a few rows of many classes leave it singular.
const RIDGE: f64 = 0.01;
const ITERATIONS: usize = 200;
/// In nats: a smaller gain ends the iteration.
const GAIN: f64 = 1e-3;
/// Distances of the classes to start from, over those of the source: EM finds the nearest maximum.
const STARTS: [f64; 2] = [1.0, 0.3];
const CLOSEST: f64 = 0.05;
const FARTHEST: f64 = 1.5;
const NARROWEST: f64 = 0.05;

/// Log-likelihoods of what is said of the target, in nats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cause {
    pub neither: f64,
    pub proportions: f64,
    pub features: f64,
}

impl Cause {
    /// For features that moved, against the better of the other two accounts.
    pub fn evidence(&self) -> f64 {
        self.features - self.neither.max(self.proportions)
    }
}

/// A [`Cause`] under way.
pub struct Trace {
    /// Target rows, and class means, in a space where classes are round; the means are around their mean.
    rows: Vec<Vec<f64>>,
    means: Vec<Vec<f64>>,
    shares: Vec<f64>,
    /// The mean of the source's rows.
    centre: Vec<f64>,
    best: [f64; 3],
    done: usize,
}

impl Trace {
    /// `source`: of held-out rows of classes `y`; `target`: by a head that was fitted to all of them.
    pub fn new(source: &Probabilities, y: &[usize], target: &Probabilities) -> Self {
        let classes = source.classes;
        let (z, rows) = (coordinates(source), coordinates(target));
        let width = classes - 1;
        let mut counts = vec![0.0; classes];
        let mut means = vec![vec![0.0; width]; classes];
        for (row, &class) in z.iter().zip(y) {
            counts[class] += 1.0;
            means[class].iter_mut().zip(row).for_each(|(m, v)| *m += v);
        }
        for (mean, count) in means.iter_mut().zip(&counts) {
            mean.iter_mut().for_each(|m| *m /= f64::max(*count, 1.0));
        }
        let mut covariance = vec![vec![0.0; width]; width];
        let free = (y.len() as f64 - classes as f64).max(1.0);
        for (row, &class) in z.iter().zip(y) {
            let off: Vec<f64> = row.iter().zip(&means[class]).map(|(v, m)| v - m).collect();
            for i in 0..width {
                (0..=i).for_each(|j| covariance[i][j] += off[i] * off[j] / free);
            }
        }
        let trace: f64 = (0..width).map(|i| covariance[i][i]).sum();
        let ridge = (RIDGE * trace / width as f64).max(1e-9);
        (0..width).for_each(|i| covariance[i][i] += ridge);
        let lower = cholesky(covariance);
        let round = |rows: Vec<Vec<f64>>| rows.into_iter().map(|row| forward(&lower, row)).collect::<Vec<_>>();
        let (rows, mut means) = (round(rows), round(means));
        let shares: Vec<f64> = counts.iter().map(|c| c / y.len() as f64).collect();
        let centre: Vec<f64> = (0..width).map(|i| shares.iter().zip(&means).map(|(p, m)| p * m[i]).sum()).collect();
        means.iter_mut().for_each(|mean| mean.iter_mut().zip(&centre).for_each(|(m, c)| *m -= c));
        Self { rows, means, shares, centre, best: [f64::NEG_INFINITY; 3], done: 0 }
    }

    /// One account from one start.
    pub fn step(&mut self) -> Option<Cause> {
        if self.done == 3 * STARTS.len() {
            let [neither, proportions, features] = self.best;
            return Some(Cause { neither, proportions, features });
        }
        let account = self.done % 3;
        let likelihood = self.fit(account == 1, account == 2, STARTS[self.done / 3]);
        self.best[account] = self.best[account].max(likelihood);
        self.done += 1;
        None
    }

    /// Expectation-maximisation. → the log-likelihood.
    fn fit(&self, any_shares: bool, moved: bool, mut apart: f64) -> f64 {
        let (n, width, classes) = (self.rows.len() as f64, self.centre.len() as f64, self.means.len());
        let centre: Vec<f64> = match moved {
            true => (0..self.centre.len()).map(|i| self.rows.iter().map(|row| row[i]).sum::<f64>() / n).collect(),
            false => self.centre.clone(),
        };
        let rows: Vec<Vec<f64>> =
            self.rows.iter().map(|row| row.iter().zip(&centre).map(|(v, c)| v - c).collect()).collect();
        let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        let squares: Vec<f64> = rows.iter().map(|row| inner(row, row)).collect();
        let sizes: Vec<f64> = self.means.iter().map(|mean| inner(mean, mean)).collect();
        let products: Vec<f64> = rows.iter().flat_map(|row| self.means.iter().map(|mean| inner(row, mean))).collect();
        let (mut shares, mut wide, mut last) = (self.shares.clone(), 1.0, f64::NEG_INFINITY);
        let mut logs = vec![0.0; classes];
        for _ in 0..ITERATIONS {
            let mut likelihood = 0.0;
            let mut counts = vec![0.0; classes];
            let (mut along, mut size) = (0.0, 0.0);
            for (square, products) in squares.iter().zip(products.chunks_exact(classes)) {
                for c in 0..classes {
                    let distance = square - 2.0 * apart * products[c] + apart * apart * sizes[c];
                    logs[c] = shares[c].max(1e-12).ln() - 0.5 * distance / wide;
                }
                let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                logs.iter_mut().for_each(|l| *l = (*l - most).exp());
                let sum: f64 = logs.iter().sum();
                likelihood += most + sum.ln() - 0.5 * width * wide.ln();
                for c in 0..classes {
                    let part = logs[c] / sum;
                    counts[c] += part;
                    along += part * products[c];
                    size += part * sizes[c];
                }
            }
            if likelihood - last < GAIN {
                return likelihood.max(last);
            }
            last = likelihood;
            if any_shares {
                // One imagined row of each class, or a class that none looks like would be ruled out for ever.
                shares = counts.iter().map(|c| (c + 1.0) / (n + classes as f64)).collect();
            }
            apart = (along / size.max(1e-12)).clamp(CLOSEST, FARTHEST);
            let distance: f64 = squares.iter().sum::<f64>() - 2.0 * apart * along + apart * apart * size;
            wide = (distance / (n * width)).max(NARROWEST);
        }
        last
    }
}

/// Log-probabilities but for what all classes have in common: `classes - 1` numbers a row, by Helmert's contrasts (Egozcue
/// et al., "Isometric logratio transformations for compositional data analysis", 2003).
fn coordinates(p: &Probabilities) -> Vec<Vec<f64>> {
    let one = |row: usize| {
        let logs: Vec<f64> = p.row(row).iter().map(|&v| f64::from(v.max(LEAST)).ln()).collect();
        let mut before = logs[0];
        (1..logs.len())
            .map(|j| {
                let value = (before - j as f64 * logs[j]) / ((j * (j + 1)) as f64).sqrt();
                before += logs[j];
                value
            })
            .collect()
    };
    (0..p.rows()).map(one).collect()
}

/// The lower triangle whose product with its transpose is this matrix, of which only the lower triangle is read.
fn cholesky(mut a: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    for i in 0..a.len() {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| a[i][k] * a[j][k]).sum();
            let left = a[i][j] - sum;
            a[i][j] = if i == j { left.max(1e-12).sqrt() } else { left / a[j][j] };
        }
    }
    a
}

/// Solves `lower · x = b`.
fn forward(lower: &[Vec<f64>], mut b: Vec<f64>) -> Vec<f64> {
    for i in 0..b.len() {
        let sum: f64 = (0..i).map(|j| lower[i][j] * b[j]).sum();
        b[i] = (b[i] - sum) / lower[i][i];
    }
    b
}
