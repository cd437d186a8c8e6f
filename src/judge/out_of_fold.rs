//! What is said of every sample by a head that never saw it.

use std::sync::Arc;

use super::scoring::Scoring;
use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::learn::{Dataset, Fit, HeadKind, Recipe, Step};
use crate::metrics::Probabilities;

/// Repeated cross-validation, as a pump. A sample's outputs are the mean over repeats.
pub struct OutOfFold {
    data: Arc<Dataset>,
    /// The same samples as the backbone that was tuned without each fold sees them.
    by_fold: Option<Vec<Arc<Dataset>>>,
    recipe: Recipe,
    /// By repeat, the fold of each row.
    splits: Vec<Vec<usize>>,
    parts: usize,
    done: usize,
    fit: Option<Fit>,
    scoring: Option<Scoring>,
    sums: Vec<f32>,
    /// As they were after the first repeat.
    first: Vec<f32>,
}

impl OutOfFold {
    /// `folds`: 2..=20, lowered to the number of groups of the largest class. Errors: `bad-option`, `too-few-labels`.
    pub fn new(data: Arc<Dataset>, recipe: Recipe, folds: usize, repeats: usize) -> Result<Self> {
        recipe.check()?;
        if !(2..=20).contains(&folds) {
            return Err(Error::BadOption { option: "folds", why: "a whole number from 2 to 20".into() });
        }
        if !(1..=20).contains(&repeats) {
            return Err(Error::BadOption { option: "repeats", why: "a whole number from 1 to 20".into() });
        }
        let parts = data.parts(folds);
        if parts < 2 {
            let why = "every class is a single sample or a single burst, so nothing can be held out; add another to each class";
            return Err(Error::TooFewLabels { why: why.to_owned() });
        }
        let splits = (0..repeats as u64).map(|repeat| data.folds(parts, recipe.seed.wrapping_add(repeat))).collect();
        let sums = vec![0.0; data.rows() * data.outputs()];
        Ok(Self {
            data,
            by_fold: None,
            recipe,
            splits,
            parts,
            done: 0,
            fit: None,
            scoring: None,
            first: sums.clone(),
            sums,
        })
    }

    /// On folds that a backbone was tuned in: `by_fold`, the samples as it sees them that was tuned without that fold. Their own
    /// rows come from a backbone that was tuned on all of them, and would be right where nothing else is.
    pub fn tuned(data: Arc<Dataset>, by_fold: Vec<Arc<Dataset>>, folds: Vec<usize>, recipe: Recipe) -> Self {
        let sums = vec![0.0; data.rows() * data.outputs()];
        let (parts, splits) = (by_fold.len(), vec![folds]);
        Self {
            data,
            by_fold: Some(by_fold),
            recipe,
            splits,
            parts,
            done: 0,
            fit: None,
            scoring: None,
            first: sums.clone(),
            sums,
        }
    }

    pub fn total(&self) -> usize {
        self.splits.len() * self.parts
    }

    /// Fits that are finished.
    pub fn done(&self) -> usize {
        self.done
    }

    pub fn parts(&self) -> usize {
        self.parts
    }

    pub fn data(&self) -> &Arc<Dataset> {
        &self.data
    }

    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The fold of each row in the first repeat.
    pub fn folds(&self) -> &[usize] {
        &self.splits[0]
    }

    /// A bounded piece of the work. True when there is nothing left to do.
    pub fn step(&mut self) -> Result<bool> {
        if self.done == self.total() {
            return Ok(true);
        }
        if let Some(mut scoring) = self.scoring.take() {
            let data = self.by_fold.as_ref().map_or(&self.data, |by_fold| &by_fold[self.done % self.parts]);
            if !scoring.step(&data.x, &data.contents) {
                self.scoring = Some(scoring);
                return Ok(false);
            }
            let (rows, said) = scoring.finish();
            let (width, repeats) = (said.cols(), self.splits.len() as f32);
            for (row, said) in rows.into_iter().zip(said.iter()) {
                let sums = &mut self.sums[row * width..][..width];
                sums.iter_mut().zip(said).for_each(|(sum, v)| *sum += v / repeats);
            }
            return Ok(self.next());
        }
        let (split, fold) = (&self.splits[self.done / self.parts], self.done % self.parts);
        let (held_out, train): (Vec<usize>, Vec<usize>) = (0..split.len()).partition(|&row| split[row] == fold);
        if held_out.is_empty() || train.is_empty() {
            return Ok(self.next());
        }
        let data = self.by_fold.as_ref().map_or(&self.data, |by_fold| &by_fold[fold]);
        let fit = match &mut self.fit {
            Some(fit) => fit,
            None => self.fit.insert(Fit::new(&data.select(&train), &self.recipe)?),
        };
        if let Step::Done(fitted) = fit.step() {
            self.fit = None;
            self.scoring = Some(Scoring::new(fitted.head, held_out));
        }
        Ok(false)
    }

    /// A fold is done. True when it was the last.
    fn next(&mut self) -> bool {
        self.done += 1;
        if self.done == self.parts {
            self.first = self.sums.clone();
        }
        self.done == self.total()
    }

    /// Of one cross-validation alone.
    pub fn first_repeat(&self) -> Matrix {
        let values = self.first.iter().map(|v| v * self.splits.len() as f32).collect();
        Matrix::new(self.data.outputs(), values)
    }

    /// Of all rows, once [`step`](Self::step) has said that it is done.
    pub fn outputs(&self) -> Matrix {
        assert_eq!(self.done, self.total(), "every row was held out");
        Matrix::new(self.data.outputs(), self.sums.clone())
    }

    /// The same where each row has a class, or labels.
    pub fn probabilities(&self) -> Probabilities {
        let outputs = self.outputs();
        Probabilities { classes: outputs.cols(), values: outputs.into_values() }
    }

    /// Where the predictions come from, in words.
    pub fn how(&self) -> String {
        let note = match (self.recipe.head, self.recipe.strength) {
            (HeadKind::Linear | HeadKind::Mlp, Some(_)) => ", strength as in the last training",
            (HeadKind::Linear | HeadKind::Mlp, None) => ", strength chosen anew in each fold",
            _ => "",
        };
        let groups = self.data.groups.iter().collect::<std::collections::HashSet<_>>().len();
        let together = match self.data.rows() - groups {
            0 => String::new(),
            _ => format!(" in {groups} groups that are never split"),
        };
        let repeats = match self.splits.len() {
            1 => String::new(),
            n => format!(", repeated {n} times (what they say averaged)"),
        };
        let tuned = if self.by_fold.is_some() { ", backbone tuned anew in each fold" } else { "" };
        format!(
            "{}-fold stratified cross-validation on {} samples{together}, seed {}{repeats}, {} head{note}{tuned}",
            self.parts,
            self.data.rows(),
            self.recipe.seed,
            self.recipe.head.name(),
        )
    }
}
