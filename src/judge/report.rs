//! Cross-validated evaluation: the recipe is fitted on all folds but one and judged on that one, so that every sample is
//! predicted once by a head that never saw it.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::learn::{Dataset, Fit, HeadKind, Recipe, Step};
use crate::metrics::{Confusion, Interval, Probabilities, bootstrap, stratified_folds, wilson};

/// Scores with 95 % intervals. Fractions in 0..=1, log loss in nats.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub accuracy: Interval,
    /// Mean recall over classes.
    pub balanced_accuracy: Interval,
    pub macro_f1: Interval,
    pub log_loss: f64,
    pub brier: f64,
    /// Expected calibration error, 15 bins.
    pub ece: f64,
    /// Split, folds and seed in words.
    pub how: String,
    pub per_class: Vec<ClassReport>,
    pub confusion: ConfusionReport,
    pub baselines: Baselines,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassReport {
    pub label: String,
    /// Samples that are of this class.
    pub support: usize,
    pub precision: Interval,
    pub recall: Interval,
    pub f1: f64,
}

/// `counts[true][predicted]`, and the sample ids behind each cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfusionReport {
    pub labels: Vec<String>,
    pub counts: Vec<Vec<usize>>,
    pub ids: Vec<Vec<Vec<String>>>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Baselines {
    /// Accuracy of always answering the most frequent class.
    pub majority: f64,
}

/// The report on rows whose truth is known and whose probabilities were made by a head that had not seen them.
pub fn report(
    classes: &[String],
    ids: &[String],
    truth: &[usize],
    p: &Probabilities,
    seed: u64,
    how: String,
) -> Report {
    let top: Vec<usize> = (0..truth.len()).map(|row| p.top(row)).collect();
    let of = |rows: &[usize]| Confusion::new(classes.len(), rows.iter().map(|&r| (truth[r], top[r])));
    let all: Vec<usize> = (0..truth.len()).collect();
    let confusion = of(&all);
    let mut cells = vec![vec![Vec::new(); classes.len()]; classes.len()];
    all.iter().for_each(|&r| cells[truth[r]][top[r]].push(ids[r].clone()));
    let per_class = classes
        .iter()
        .enumerate()
        .map(|(c, label)| ClassReport {
            label: label.clone(),
            support: confusion.support(c),
            precision: wilson(confusion.counts[c][c], confusion.predicted(c)),
            recall: wilson(confusion.counts[c][c], confusion.support(c)),
            f1: confusion.f1(c),
        })
        .collect();
    let majority = (0..classes.len()).map(|c| confusion.support(c)).max().unwrap_or(0);
    Report {
        accuracy: wilson(confusion.hits(), confusion.total()),
        balanced_accuracy: bootstrap(truth.len(), seed, |rows| of(rows).balanced_accuracy()),
        macro_f1: bootstrap(truth.len(), seed, |rows| of(rows).macro_f1()),
        log_loss: p.log_loss(truth),
        brier: p.brier(truth),
        ece: p.ece(truth),
        how,
        per_class,
        baselines: Baselines { majority: majority as f64 / truth.len() as f64 },
        confusion: ConfusionReport { labels: classes.to_vec(), counts: confusion.counts, ids: cells },
    }
}

pub enum Stage {
    /// Folds done, of all.
    Progress {
        done: usize,
        total: usize,
    },
    Done(Box<Report>),
}

/// A cross-validation under way: a pump, as [`Fit`] is.
pub struct Evaluation {
    data: Dataset,
    recipe: Recipe,
    folds: Vec<usize>,
    parts: usize,
    fold: usize,
    fit: Option<Fit>,
    probabilities: Vec<Vec<f32>>,
    /// How the hyper-parameters came to be, for `how`.
    note: &'static str,
}

impl Evaluation {
    /// `folds`: 2..=20, lowered to the size of the largest class. Errors: `bad-option`, `too-few-labels`.
    pub fn new(data: Dataset, recipe: Recipe, folds: usize) -> Result<Self> {
        recipe.check()?;
        if !(2..=20).contains(&folds) {
            return Err(Error::BadOption { option: "folds", why: "a whole number from 2 to 20".into() });
        }
        let parts = folds.min(data.counts().into_iter().max().unwrap_or(0));
        if parts < 2 {
            return Err(Error::TooFewLabels { why: "every class has a single sample, so none can be held out".into() });
        }
        let folds = stratified_folds(&data.y, parts, recipe.seed);
        let note = match (recipe.head, recipe.strength) {
            (HeadKind::Linear, Some(_)) => ", strength as the last training chose it",
            (HeadKind::Linear, None) => ", strength chosen anew in each fold",
            _ => "",
        };
        let probabilities = vec![Vec::new(); data.rows()];
        Ok(Self { data, recipe, folds, parts, fold: 0, fit: None, probabilities, note })
    }

    /// A bounded piece of the work.
    pub fn step(&mut self) -> Result<Stage> {
        let fit = match &mut self.fit {
            Some(fit) => fit,
            None => {
                let train: Vec<usize> = (0..self.data.rows()).filter(|&r| self.folds[r] != self.fold).collect();
                self.fit.insert(Fit::new(&self.data.select(&train), &self.recipe)?)
            }
        };
        if let Step::Done(fitted) = fit.step() {
            let held_out: Vec<usize> = (0..self.data.rows()).filter(|&r| self.folds[r] == self.fold).collect();
            let p = fitted.head.probabilities(&self.data.x.select(&held_out));
            held_out.iter().enumerate().for_each(|(i, &r)| self.probabilities[r] = p.row(i).to_vec());
            self.fit = None;
            self.fold += 1;
        }
        if self.fold < self.parts {
            return Ok(Stage::Progress { done: self.fold, total: self.parts });
        }
        let p = Probabilities { classes: self.data.classes.len(), values: self.probabilities.concat() };
        let how = format!(
            "{}-fold stratified cross-validation on {} samples, seed {}, {} head{}",
            self.parts,
            self.data.rows(),
            self.recipe.seed,
            self.recipe.head.name(),
            self.note
        );
        let Dataset { classes, ids, y, .. } = &self.data;
        Ok(Stage::Done(Box::new(report(classes, ids, y, &p, self.recipe.seed, how))))
    }
}
