//! Would more labels pay? How good with a part of the samples, and where the curve is likely to go.

use std::sync::Arc;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

use super::scoring::Scoring;
use crate::error::Result;
use crate::learn::{Dataset, Fit, Kind, Recipe, Step};
use crate::metrics::{Interval, ascending, bootstrap_any, share, sort};

/// Parts of the training samples that are tried, besides all of them.
const SHARES: [f64; 3] = [0.125, 0.25, 0.5];
const RESAMPLES: usize = 400;
/// Errors fall with a power of the number of samples between these (Cortes et al. 1994); outside it is noise.
const EXPONENTS: [f64; 2] = [0.0, 1.0];
/// What "more of a class" means.
const MORE: usize = 20;
/// Rows above which two folds are enough to see the curve.
const LARGE: usize = 2000;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// Training samples of a class, in the mean over classes (or with a label, over labels); all of them for numbers.
    pub per_class: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Interval>,
    /// Mean absolute error, of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mae: Option<Interval>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    pub doubled: Point,
    pub more: Vec<More>,
    pub sentence: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct More {
    pub label: String,
    pub gain: Interval,
}

/// The smaller fits, as a pump.
pub struct Curve {
    data: Arc<Dataset>,
    recipe: Recipe,
    folds: Vec<usize>,
    /// Folds that are held out.
    parts: usize,
    shares: Vec<f64>,
    done: usize,
    fit: Option<Fit>,
    scoring: Option<Scoring>,
    /// By share: the error of each row that was held out.
    errors: Vec<Vec<Option<f64>>>,
    /// By share: training rows, over all folds.
    trained: Vec<usize>,
}

impl Curve {
    pub fn new(data: Arc<Dataset>, recipe: Recipe, folds: Vec<usize>, parts: usize) -> Self {
        let most = data.rows() as f64 / strata(&data);
        // A class wants a sample at least; below two in the mean many would have none.
        let shares: Vec<f64> = SHARES.into_iter().filter(|share| share * most >= 2.0).collect();
        let parts = if data.rows() > LARGE { 2 } else { parts };
        let (errors, trained) = (vec![vec![None; data.rows()]; shares.len()], vec![0; shares.len()]);
        Self { data, recipe, folds, parts, shares, done: 0, fit: None, scoring: None, errors, trained }
    }

    pub fn total(&self) -> usize {
        self.shares.len() * self.parts
    }

    pub fn done(&self) -> usize {
        self.done
    }

    /// A bounded piece of the work. True when there is nothing left to do.
    pub fn step(&mut self) -> Result<bool> {
        if self.done == self.total() {
            return Ok(true);
        }
        let (i, fold) = (self.done / self.parts, self.done % self.parts);
        if let Some(mut scoring) = self.scoring.take() {
            if !scoring.step(&self.data.x, &self.data.contents) {
                self.scoring = Some(scoring);
                return Ok(false);
            }
            let (rows, said) = scoring.finish();
            let errors = self.data.select(&rows).errors(&said);
            rows.into_iter().zip(errors).for_each(|(row, error)| self.errors[i][row] = Some(error));
            self.done += 1;
            return Ok(self.done == self.total());
        }
        let fit = match &mut self.fit {
            Some(fit) => fit,
            None => {
                let others: Vec<usize> = (0..self.folds.len()).filter(|&row| self.folds[row] != fold).collect();
                let rows = self.data.sample(&others, self.shares[i], self.recipe.seed ^ fold as u64);
                self.trained[i] += rows.len();
                self.fit.insert(Fit::new(&self.data.select(&rows), &self.recipe)?)
            }
        };
        if let Step::Done(fitted) = fit.step() {
            let held_out = (0..self.folds.len()).filter(|&row| self.folds[row] == fold).collect();
            self.fit = None;
            self.scoring = Some(Scoring::new(fitted.head, held_out));
        }
        Ok(false)
    }

    /// The curve with all rows at its end, and for classes and labels the forecast. `errors`: of the report, by row; `single`: of
    /// one cross-validation, as the smaller fits are: means over repeats are a little better.
    pub fn finish(&self, errors: &[f64], single: &[f64], parts: usize) -> (Vec<Point>, Option<Forecast>) {
        let (data, seed) = (&self.data, self.recipe.seed);
        let each = per_stratum(data);
        let mut sizes: Vec<f64> = self.trained.iter().map(|&n| n as f64 / self.parts as f64 * each).collect();
        sizes.push(data.rows() as f64 * (parts - 1) as f64 / parts as f64 * each);
        let mut levels = self.errors.clone();
        levels.push(errors.iter().map(|&error| Some(error)).collect());
        let point = |(level, &per_class): (&Vec<Option<f64>>, &f64)| {
            let (errors, groups): (Vec<f64>, Vec<usize>) =
                level.iter().zip(&data.groups).filter_map(|(error, &group)| Some(((*error)?, group))).unzip();
            if data.kind() == Kind::Numbers {
                let mae = |rows: &[usize]| rows.iter().map(|&row| errors[row]).sum::<f64>() / rows.len().max(1) as f64;
                return Point {
                    per_class,
                    accuracy: None,
                    mae: Some(bootstrap_any(&groups, [0.0, f64::INFINITY], seed, mae)),
                };
            }
            let hits: Vec<bool> = errors.iter().map(|&error| error == 0.0).collect();
            Point { per_class, accuracy: Some(share(&hits, &groups, seed)), mae: None }
        };
        let points: Vec<Point> = levels.iter().zip(&sizes).map(point).collect();
        let hits = |level: &Vec<Option<f64>>| level.iter().map(|error| error.map(|e| e == 0.0)).collect();
        let last = levels.len() - 1;
        levels[last] = single.iter().map(|&error| Some(error)).collect();
        let levels: Vec<Vec<Option<bool>>> = levels.iter().map(hits).collect();
        let now = points.last().and_then(|point| point.accuracy.clone());
        let forecast = now.and_then(|now| self.forecast(&levels, &sizes, &now));
        (points, forecast)
    }

    /// `error = e · n^−α`, by least squares on the logarithms; its uncertainty by drawing groups of rows anew.
    ///
    /// `now`: the accuracy with all rows. Drawing from rows that were all right can only say that all will be; so its
    /// interval counts too, as if it moved along the curve.
    fn forecast(&self, levels: &[Vec<Option<bool>>], sizes: &[f64], now: &Interval) -> Option<Forecast> {
        if levels.len() < 3 {
            return None;
        }
        let data = &self.data;
        let mut members = vec![Vec::new(); data.rows()];
        data.groups.iter().enumerate().for_each(|(row, &group)| members[group].push(row));
        members.retain(|rows| !rows.is_empty());
        let all: Vec<usize> = (0..data.rows()).collect();
        let (value, gains, exponent) = self.outlook(&all, levels, sizes)?;
        let mut rng = ChaCha8Rng::seed_from_u64(self.recipe.seed);
        let mut drawn = Vec::new();
        for _ in 0..RESAMPLES {
            let rows: Vec<usize> =
                (0..members.len()).flat_map(|_| members[rng.random_range(0..members.len())].iter().copied()).collect();
            drawn.extend(self.outlook(&rows, levels, sizes));
        }
        if drawn.len() < RESAMPLES / 2 {
            return None;
        }
        let interval = |value: f64, mut values: Vec<f64>| {
            ascending(&mut values);
            let cut = values.len() / 40;
            let (low, high) = (values[cut].min(value), values[values.len() - 1 - cut].max(value));
            Interval { value, low, high, method: "bootstrap" }
        };
        let mut doubled = interval(value, drawn.iter().map(|d| d.0).collect());
        let moved = |accuracy: f64| 1.0 - (1.0 - accuracy) * 2f64.powf(-exponent);
        (doubled.low, doubled.high) = (doubled.low.min(moved(now.low)), doubled.high.max(moved(now.high)));
        // What a class may be missing now, by the same interval, if all that may be wrong were of it.
        let counts = data.counts_by_name();
        let most = |c: usize| {
            let factor = (counts[c] + MORE) as f64 / counts[c].max(1) as f64;
            (1.0 - now.low).min(counts[c] as f64 / data.rows() as f64) * (1.0 - factor.powf(-exponent))
        };
        let mut more: Vec<More> = (0..data.names().len())
            .map(|c| {
                let mut gain = interval(gains[c], drawn.iter().map(|d| d.1[c]).collect());
                if gain.high == 0.0 {
                    gain.high = most(c);
                }
                More { label: data.names()[c].clone(), gain }
            })
            .collect();
        sort(&mut more, |a, b| b.gain.value.total_cmp(&a.gain.value));
        let percent = |v: f64| format!("{:.0} %", 100.0 * v);
        let best = &more[0];
        let (gain, half) = (100.0 * best.gain.value, 50.0 * (best.gain.high - best.gain.low));
        let first = if best.gain.value < 0.0005 {
            "More samples of any one class would hardly change the accuracy.".to_owned()
        } else {
            format!("{MORE} more of {} would likely add {gain:.1} ± {half:.1} points.", best.label)
        };
        let sentence = format!(
            "{first} With twice as many of every class: about {} ({} to {}).",
            percent(doubled.value),
            percent(doubled.low),
            percent(doubled.high)
        );
        let per_class = 2.0 * sizes.last().expect("there are three");
        Some(Forecast { doubled: Point { per_class, accuracy: Some(doubled), mae: None }, more, sentence })
    }

    /// The accuracy with twice the samples, and what more of each class adds, as these rows have it.
    fn outlook(&self, rows: &[usize], levels: &[Vec<Option<bool>>], sizes: &[f64]) -> Option<(f64, Vec<f64>, f64)> {
        let error = |level: &Vec<Option<bool>>| {
            let (mut misses, mut count) = (0.5, 1.0);
            for hit in rows.iter().filter_map(|&row| level[row]) {
                misses += f64::from(u8::from(!hit));
                count += 1.0;
            }
            misses / count
        };
        let errors: Vec<f64> = levels.iter().map(error).collect();
        let (xs, ys): (Vec<f64>, Vec<f64>) = sizes.iter().zip(&errors).map(|(n, e)| (n.ln(), e.ln())).unzip();
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let (mx, my) = (mean(&xs), mean(&ys));
        let spread: f64 = xs.iter().map(|x| (x - mx).powi(2)).sum();
        if spread < 1e-9 {
            return None;
        }
        let slope = xs.iter().zip(&ys).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>() / spread;
        let exponent = (-slope).clamp(EXPONENTS[0], EXPONENTS[1]);
        let last = levels.last()?;
        let classes = self.data.names().len();
        let (mut misses, mut counts) = (vec![0.0; classes], vec![0.0; classes]);
        let mut all_misses = 0.0;
        for &row in rows {
            let miss = f64::from(u8::from(last[row] == Some(false)));
            all_misses += miss;
            // A sample with two labels is one of each.
            for &c in self.data.names_of(row) {
                counts[c] += 1.0;
                misses[c] += miss;
            }
        }
        let gain = |c: usize| {
            let factor: f64 = (counts[c] + MORE as f64) / f64::max(counts[c], 1.0);
            misses[c] / rows.len() as f64 * (1.0 - factor.powf(-exponent))
        };
        let end = all_misses / rows.len() as f64;
        Some((1.0 - end * 2f64.powf(-exponent), (0..classes).map(gain).collect(), exponent))
    }
}

/// Among which the samples of a curve are shared out.
fn strata(data: &Dataset) -> f64 {
    match data.kind() {
        Kind::Numbers => 1.0,
        _ => data.names().len() as f64,
    }
}

/// What a sample adds to the samples of a class (or with a label), in the mean over them.
fn per_stratum(data: &Dataset) -> f64 {
    let names = match data.kind() {
        Kind::Numbers => data.rows(),
        _ => (0..data.rows()).map(|row| data.names_of(row).len()).sum(),
    };
    names as f64 / data.rows().max(1) as f64 / strata(data)
}
