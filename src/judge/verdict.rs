//! Does the pretrained backbone help here, or hurt? The same samples learnt with it and from scratch, on the same folds.

use std::sync::Arc;

use serde::Serialize;

use super::out_of_fold::OutOfFold;
use crate::error::Result;
use crate::learn::{Dataset, HeadKind, Recipe};
use crate::metrics::{Interval, bootstrap, share};
use crate::source::Content;

/// A difference smaller than this is none.
const MARGIN: f64 = 0.01;
const FOLDS: usize = 5;
/// With more rows, fewer folds: learning from scratch is what takes the time, and the rest of the rows is plenty.
const MANY: usize = 400;
/// Pictures that are compared, at most: from scratch ten thousand would take minutes for each fold, and with two thousand the
/// interval is narrower than the margin.
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
    frozen: OutOfFold,
    scratch: OutOfFold,
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
    /// `recipe`: of the frozen row. Errors: `too-few-labels`.
    pub fn new(data: Dataset, recipe: Recipe) -> Result<Self> {
        let data = Arc::new(some(data, recipe.seed));
        let folds = if data.rows() > MANY { 3 } else { FOLDS };
        let scratch = Recipe { head: HeadKind::Scratch, strength: None, ..recipe.clone() };
        Ok(Self {
            frozen: OutOfFold::new(data.clone(), recipe, folds, 1)?,
            scratch: OutOfFold::new(data, scratch, folds, 1)?,
        })
    }

    /// A bounded piece of the work.
    pub fn step(&mut self) -> Result<TrialStage> {
        let total = self.frozen.total() + self.scratch.total();
        let done = |trial: &Self| trial.frozen.done() + trial.scratch.done();
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
        let counts = data.counts();
        let most = (0..counts.len()).max_by_key(|&c| counts[c]).expect("there are two classes");
        let majority: Vec<bool> = data.y.iter().map(|&class| class == most).collect();
        let paired = |rows: &[usize]| {
            let sum: f64 = rows.iter().map(|&r| f64::from(u8::from(frozen[r])) - f64::from(u8::from(scratch[r]))).sum();
            sum / rows.len().max(1) as f64
        };
        let difference = Interval { method: "paired bootstrap", ..bootstrap(groups, seed, paired) };
        let row = |name, hits: &[bool]| Row { name, accuracy: share(hits, groups, seed), seconds: 0.0 };
        let rows = vec![row("majority", &majority), row("scratch", &scratch), row("frozen", &frozen)];
        let (verdict, sentence) = judge(&difference, rows[2].accuracy.value, rows[1].accuracy.value);
        TransferReport { verdict, sentence, difference, rows, how: self.frozen.how() }
    }
}

/// A stratified part of many pictures.
fn some(data: Dataset, seed: u64) -> Dataset {
    let pictures = matches!(data.contents.first().map(|c| &**c), Some(Content::Picture(_)));
    let parts = data.rows().div_ceil(PICTURES);
    if !pictures || parts < 2 {
        return data;
    }
    let part = data.folds(parts, seed);
    let mut some = data.select(&(0..data.rows()).filter(|&row| part[row] == 0).collect::<Vec<_>>());
    some.groups = renumbered(&some.groups);
    some
}

/// The same groups, numbered from 0.
fn renumbered(groups: &[usize]) -> Vec<usize> {
    let mut numbers = std::collections::HashMap::new();
    groups
        .iter()
        .map(|group| {
            let next = numbers.len();
            *numbers.entry(*group).or_insert(next)
        })
        .collect()
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
    } else {
        let sentence = format!(
            "It is not clear that the pretrained backbone helps ({both}; {range}): more labels would tell; until then keep whichever is simpler for you."
        );
        ("unclear", sentence)
    }
}
