//! Does the pretrained backbone help here, or hurt? The same samples learnt with it and from scratch, on the same folds.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Serialize;

use super::out_of_fold::OutOfFold;
use crate::error::{Error, Result};
use crate::learn::{Dataset, HeadKind, Kind, Recipe};
use crate::metrics::{Interval, bootstrap, groups, share};
use crate::source::Content;

/// A difference smaller than this is none.
const MARGIN: f64 = 0.01;
/// Of the sign test beside the bootstrap, which promises too much of few samples.
const LEVEL: f64 = 0.05;
const FOLDS: usize = 5;
/// With more rows, fewer folds: learning from scratch is what takes the time, and the rest of the rows is plenty.
const MANY: usize = 400;
/// Pictures that are compared, at most: from scratch ten thousand would take minutes for each fold. With two thousand the
/// interval reaches two or three points to either side.
const PICTURES: usize = 2000;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TransferReport {
    /// `helps`, `hurts` or `unclear`.
    pub verdict: &'static str,
    pub sentence: String,
    /// Best pretrained row minus scratch, paired by sample.
    pub difference: Interval,
    pub rows: Vec<Row>,
    pub how: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// `majority`, `scratch`, `frozen` or `tuned`.
    pub name: &'static str,
    pub accuracy: Interval,
    /// Filled in by the caller, who has a clock.
    pub seconds: f64,
}

/// A comparison under way: a pump, as [`super::Evaluation`] is.
pub struct Trial {
    /// Samples there are; those that are compared may be fewer.
    samples: usize,
    frozen: OutOfFold,
    scratch: OutOfFold,
    /// On the folds that it was tuned in.
    tuned: Option<OutOfFold>,
}

pub enum TrialStage {
    /// What is being fitted, and fits done, of all.
    Progress {
        row: &'static str,
        done: usize,
        total: usize,
    },
    Done(Box<TransferReport>),
}

impl Trial {
    /// `data`: as the frozen backbone sees it; `recipe`: of the frozen row; `tuned`: of a backbone that was tuned. With one, the samples that
    /// it was tuned on are compared.
    ///
    /// Errors: `too-few-labels`; `bad-labels` where samples do not have one class each.
    pub fn new(data: Dataset, recipe: Recipe, tuned: Option<OutOfFold>) -> Result<Self> {
        if data.kind() != Kind::Classes {
            let why = "learning from scratch, which this compares with, is for samples of one class each; these have several labels or numbers";
            return Err(Error::BadLabels { why: why.to_owned() });
        }
        let samples = data.rows();
        let data = match &tuned {
            Some(tuned) => {
                let seen: HashSet<&str> = tuned.data().ids.iter().map(String::as_str).collect();
                let rows: Vec<usize> = (0..samples).filter(|&row| seen.contains(data.ids[row].as_str())).collect();
                data.select(&rows)
            }
            None => data,
        };
        let data = Arc::new(some(data, recipe.seed));
        let folds = if data.rows() > MANY { 3 } else { FOLDS };
        let scratch = Recipe { head: HeadKind::Scratch, strength: None, ..recipe.clone() };
        Ok(Self {
            samples,
            frozen: OutOfFold::new(data.clone(), recipe, folds, 1)?,
            scratch: OutOfFold::new(data, scratch, folds, 1)?,
            tuned,
        })
    }

    /// A bounded piece of the work.
    pub fn step(&mut self) -> Result<TrialStage> {
        let tuned = |trial: &Self| trial.tuned.as_ref().map_or((0, 0), |tuned| (tuned.done(), tuned.total()));
        let total = self.frozen.total() + self.scratch.total() + tuned(self).1;
        let done = |trial: &Self| trial.frozen.done() + trial.scratch.done() + tuned(trial).0;
        if let Some(tuned) = &mut self.tuned
            && !tuned.step()?
        {
            return Ok(TrialStage::Progress { row: "tuned", done: done(self), total });
        }
        if !self.frozen.step()? {
            return Ok(TrialStage::Progress { row: "frozen", done: done(self), total });
        }
        if !self.scratch.step()? {
            return Ok(TrialStage::Progress { row: "scratch", done: done(self), total });
        }
        Ok(TrialStage::Done(Box::new(self.report())))
    }

    fn report(&self) -> TransferReport {
        let data = self.frozen.data();
        let (groups, seed) = (&data.groups, self.frozen.recipe().seed);
        let hits = |out: &OutOfFold| -> Vec<bool> {
            let p = out.probabilities();
            (0..data.rows()).map(|row| p.top(row) == data.y[row]).collect()
        };
        let (frozen, scratch) = (hits(&self.frozen), hits(&self.scratch));
        let tuned = self.tuned.as_ref().map(|out| {
            let (all, p) = (out.data(), out.probabilities());
            let right = |row: usize| p.top(row) == all.y[row];
            let of: HashMap<&str, bool> = (0..all.rows()).map(|row| (all.ids[row].as_str(), right(row))).collect();
            data.ids.iter().map(|id| of[id.as_str()]).collect::<Vec<bool>>()
        });
        let count = |hits: &[bool]| hits.iter().filter(|&&hit| hit).count();
        // The better of the pretrained rows.
        let best = tuned.as_ref().filter(|tuned| count(tuned) > count(&frozen)).unwrap_or(&frozen);
        let counts = data.counts();
        let most = (0..counts.len()).max_by_key(|&c| counts[c]).expect("there are two classes");
        let majority: Vec<bool> = data.y.iter().map(|&class| class == most).collect();
        let paired = |rows: &[usize]| {
            let sum: f64 = rows.iter().map(|&r| f64::from(u8::from(best[r])) - f64::from(u8::from(scratch[r]))).sum();
            sum / rows.len().max(1) as f64
        };
        let difference = Interval { method: "paired bootstrap", ..bootstrap(groups, seed, paired) };
        let row = |name, hits: &[bool]| Row { name, accuracy: share(hits, groups, seed), seconds: 0.0 };
        let mut rows = vec![row("majority", &majority), row("scratch", &scratch), row("frozen", &frozen)];
        rows.extend(tuned.as_ref().map(|tuned| row("tuned", tuned)));
        let pretrained = share(best, groups, seed);
        // Where all draws are the same, as of four samples, the two intervals together say how little that is.
        let difference = if difference.low < difference.high {
            difference
        } else {
            let (with, without) = (&pretrained, &rows[1].accuracy);
            Interval { low: with.low - without.high, high: with.high - without.low, ..difference }
        };
        let mut by_group = std::collections::BTreeMap::<usize, f64>::new();
        for (row, group) in groups.iter().enumerate() {
            *by_group.entry(*group).or_default() += f64::from(u8::from(best[row])) - f64::from(u8::from(scratch[row]));
        }
        // Five samples that all point one way are draws that all point that way, and could be coins: no difference is possible.
        let difference = if sign_test(&by_group.into_values().collect::<Vec<_>>()) < LEVEL {
            difference
        } else {
            Interval {
                low: difference.low.min(0.0),
                high: difference.high.max(0.0),
                method: "paired bootstrap, sign test",
                ..difference
            }
        };
        let (verdict, sentence) = judge(&difference, pretrained.value, rows[1].accuracy.value);
        let part = if self.samples > data.rows() { format!(" (of {})", self.samples) } else { String::new() };
        let tuned = if self.tuned.is_some() { "; tuned, on the folds of its guard" } else { "" };
        let how = format!("{}{part}; from scratch on the same folds{tuned}", self.frozen.how());
        TransferReport { verdict, sentence, difference, rows, how }
    }
}

/// A part of many pictures.
fn some(data: Dataset, seed: u64) -> Dataset {
    let pictures = matches!(data.contents.first().map(|c| &**c), Some(Content::Picture(_)));
    if !pictures || data.rows() <= PICTURES {
        return data;
    }
    let all: Vec<usize> = (0..data.rows()).collect();
    let mut some = data.select(&data.sample(&all, PICTURES as f64 / data.rows() as f64, seed));
    let names: Vec<String> = some.groups.iter().map(usize::to_string).collect();
    some.groups = groups(&names.iter().map(|name| Some(name.as_str())).collect::<Vec<_>>(), []);
    some
}

/// Two-sided sign test over groups: how likely it is that so many of those that differ differ the same way by chance.
fn sign_test(differences: &[f64]) -> f64 {
    let better = differences.iter().filter(|&&d| d > 0.0).count();
    let worse = differences.iter().filter(|&&d| d < 0.0).count();
    let n = better + worse;
    let mut ways = 0.5f64.powi(n as i32);
    let mut sum = 0.0;
    for k in 0..=better.min(worse) {
        sum += ways;
        ways *= (n - k) as f64 / (k + 1) as f64;
    }
    (2.0 * sum).min(1.0)
}

fn judge(difference: &Interval, frozen: f64, scratch: f64) -> (&'static str, String) {
    let points = |v: f64| format!("{:.1}", 100.0 * v.abs());
    let range = format!("{:+.1} to {:+.1} points", 100.0 * difference.low, 100.0 * difference.high);
    let both = format!("{:.1} % with it, {:.1} % from scratch", 100.0 * frozen, 100.0 * scratch);
    let gap = points(difference.value);
    if difference.low > MARGIN {
        let sentence = format!("The pretrained backbone helps by {gap} points ({both}; {range}): keep it.");
        ("helps", sentence)
    } else if difference.high < -MARGIN {
        let sentence = format!(
            "The pretrained backbone hurts by {gap} points ({both}; {range}): train with head \"scratch\", or fine-tune the backbone."
        );
        ("hurts", sentence)
    } else if difference.low > -MARGIN && difference.high < MARGIN {
        let sentence = format!(
            "The pretrained backbone makes no difference of a point ({both}; {range}): keep whichever is simpler for you."
        );
        ("unclear", sentence)
    } else {
        let sentence = format!(
            "It is not clear that the pretrained backbone helps ({both}; {range}): more labels would tell; until then keep whichever is simpler for you."
        );
        ("unclear", sentence)
    }
}
