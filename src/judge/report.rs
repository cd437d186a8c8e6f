//! Cross-validated evaluation: the recipe is fitted on all folds but one and judged on that one, so that every sample is
//! predicted by a head that never saw it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::curve::{Curve, Forecast, Point};
use super::labels::labels_report;
use super::numbers::{NumberReport, number_report};
use super::out_of_fold::OutOfFold;
use super::slices::{Slice, slices};
use crate::error::Result;
use crate::features::Matrix;
use crate::learn::{Dataset, Kind, Recipe};
use crate::metrics::{
    Bin, Confusion, Interval, Probabilities, bootstrap, calibrated, ece, reliability, share, temperature, wilson,
};

/// Below this many samples the folds are drawn anew several times: with few, which are held out together decides a lot.
const FEW: usize = 300;
const REPEATS: usize = 5;

/// Scores with 95 % intervals. Fractions in 0..=1, log loss in nats.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// `classes`, or `labels`.
    pub kind: Kind,
    /// Of labels: samples of which every one is right.
    pub accuracy: Interval,
    /// Mean recall over classes; of labels, the mean over them of the recall of samples with and without.
    pub balanced_accuracy: Interval,
    pub macro_f1: Interval,
    /// Of labels: F1 of all calls together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_f1: Option<Interval>,
    /// Of labels: average precision, in the mean over those that occur.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_average_precision: Option<Interval>,
    /// Before temperature scaling, as `brier`, `ece` and `reliability` are. Of labels: in the mean over them.
    pub log_loss: f64,
    /// When every sample's logits are divided by the temperature that fits the other folds, as what is predicted is divided by one
    /// that fits held-out samples.
    pub log_loss_calibrated: f64,
    pub brier: f64,
    pub brier_calibrated: f64,
    /// Expected calibration error, 15 bins.
    pub ece: f64,
    pub ece_calibrated: f64,
    /// That fits all of them best, without the doubt that those have which are used.
    pub temperature: f64,
    pub reliability: Vec<Bin>,
    /// Split, folds and seed in words.
    pub how: String,
    pub per_class: Vec<ClassReport>,
    pub confusion: ConfusionReport,
    pub baselines: Baselines,
    /// Fewest samples first; empty for samples from elsewhere.
    pub learning_curve: Vec<Point>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
    pub slices: Vec<Slice>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassReport {
    pub label: String,
    /// Samples that are of this class.
    pub support: usize,
    pub precision: Interval,
    pub recall: Interval,
    pub f1: f64,
    /// Of labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_precision: Option<f64>,
}

/// `counts[true][predicted]`, and the sample ids behind each cell. Empty where samples have several labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfusionReport {
    pub labels: Vec<String>,
    pub counts: Vec<Vec<usize>>,
    pub ids: Vec<Vec<Vec<String>>>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Baselines {
    /// Accuracy of always answering the most frequent class, or set of labels.
    pub majority: f64,
}

/// The report on rows whose truth is known and whose probabilities were made by a head that had not seen them.
///
/// `folds`: of each row, for temperatures that a row has no part in. `tags`: the caller's, by row.
pub fn report(
    data: &Dataset,
    p: &Probabilities,
    folds: &[usize],
    tags: &[BTreeMap<String, String>],
    seed: u64,
    how: String,
) -> Report {
    let Dataset { classes, ids, y: truth, groups, .. } = data;
    let top: Vec<usize> = (0..truth.len()).map(|row| p.top(row)).collect();
    let hits: Vec<bool> = truth.iter().zip(&top).map(|(t, top)| t == top).collect();
    let of = |rows: &[usize]| Confusion::new(classes.len(), rows.iter().map(|&r| (truth[r], top[r])));
    let all: Vec<usize> = (0..truth.len()).collect();
    let confusion = of(&all);
    let mut cells = vec![vec![Vec::new(); classes.len()]; classes.len()];
    all.iter().for_each(|&r| cells[truth[r]][top[r]].push(ids[r].clone()));
    let part = |belongs: &dyn Fn(usize) -> bool| {
        let rows: Vec<usize> = all.iter().copied().filter(|&row| belongs(row)).collect();
        let (hits, groups): (Vec<bool>, Vec<usize>) = rows.iter().map(|&row| (hits[row], groups[row])).unzip();
        if rows.is_empty() { wilson(0, 0) } else { share(&hits, &groups, seed) }
    };
    let per_class = classes
        .iter()
        .enumerate()
        .map(|(c, label)| ClassReport {
            label: label.clone(),
            support: confusion.support(c),
            precision: part(&|row| top[row] == c),
            recall: part(&|row| truth[row] == c),
            f1: confusion.f1(c),
            average_precision: None,
        })
        .collect();
    let majority = (0..classes.len()).map(|c| confusion.support(c)).max().unwrap_or(0);
    let bins = reliability(p, truth);
    let after = calibrated(p, truth, folds);
    let errors: Vec<f64> = hits.iter().map(|&hit| f64::from(u8::from(!hit))).collect();
    Report {
        kind: Kind::Classes,
        micro_f1: None,
        mean_average_precision: None,
        accuracy: share(&hits, groups, seed),
        balanced_accuracy: bootstrap(groups, seed, |rows| of(rows).balanced_accuracy()),
        macro_f1: bootstrap(groups, seed, |rows| of(rows).macro_f1()),
        log_loss: p.log_loss(truth),
        log_loss_calibrated: after.log_loss(truth),
        brier: p.brier(truth),
        brier_calibrated: after.brier(truth),
        ece: ece(&bins),
        ece_calibrated: ece(&reliability(&after, truth)),
        temperature: temperature(p, truth),
        reliability: bins,
        how,
        per_class,
        baselines: Baselines { majority: majority as f64 / truth.len() as f64 },
        confusion: ConfusionReport { labels: classes.to_vec(), counts: confusion.counts, ids: cells },
        learning_curve: Vec::new(),
        forecast: None,
        slices: slices(data, tags, &errors, seed),
    }
}

/// What is told of a model, by what its samples have.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AnyReport {
    Names(Box<Report>),
    Numbers(Box<NumberReport>),
}

/// Of rows whose truth is known, from the outputs of a head that had not seen them.
pub fn any_report(
    data: &Dataset,
    outputs: &Matrix,
    folds: &[usize],
    tags: &[BTreeMap<String, String>],
    seed: u64,
    how: String,
) -> AnyReport {
    match data.kind() {
        Kind::Classes => {
            let p = Probabilities { classes: outputs.cols(), values: outputs.values().to_vec() };
            AnyReport::Names(Box::new(report(data, &p, folds, tags, seed, how)))
        }
        Kind::Labels => AnyReport::Names(Box::new(labels_report(data, outputs, folds, tags, seed, how))),
        Kind::Numbers => AnyReport::Numbers(Box::new(number_report(data, outputs, tags, seed, how))),
    }
}

pub enum Stage {
    /// Fits done, of all.
    Progress {
        done: usize,
        total: usize,
    },
    Done(AnyReport),
}

/// A cross-validation under way: a pump, as [`crate::learn::Fit`] is.
pub struct Evaluation {
    out: OutOfFold,
    /// Absent where the samples' rows belong to folds that were there before.
    curve: Option<Curve>,
    tags: Vec<BTreeMap<String, String>>,
}

impl Evaluation {
    /// `folds`: 2..=20, lowered to the number of groups of the largest class; `repeats`: 1..=20, by default 5 for fewer than
    /// 300 samples. Errors: `bad-option`, `too-few-labels`.
    pub fn new(
        data: Dataset,
        tags: Vec<BTreeMap<String, String>>,
        recipe: Recipe,
        folds: usize,
        repeats: Option<usize>,
    ) -> Result<Self> {
        let data = Arc::new(data);
        // A temperature that the last training found has seen every row; the report finds its own, out of fold.
        let recipe = Recipe { temperature: Some(1.0), ..recipe };
        let repeats = repeats.unwrap_or(if data.rows() < FEW { REPEATS } else { 1 });
        let out = OutOfFold::new(data.clone(), recipe.clone(), folds, repeats)?;
        let curve = Curve::new(data, recipe, out.folds().to_vec(), out.parts());
        Ok(Self { out, curve: Some(curve), tags })
    }

    /// Of samples whose backbone was tuned in folds: on those folds.
    pub fn tuned(out: OutOfFold, tags: Vec<BTreeMap<String, String>>) -> Self {
        Self { out, curve: None, tags }
    }

    /// A bounded piece of the work.
    pub fn step(&mut self) -> Result<Stage> {
        let mut ready = self.out.step()?;
        if let (true, Some(curve)) = (ready, &mut self.curve) {
            ready = curve.step()?;
        }
        if !ready {
            let of_curve = self.curve.as_ref().map_or((0, 0), |curve| (curve.done(), curve.total()));
            let (done, total) = (self.out.done() + of_curve.0, self.out.total() + of_curve.1);
            return Ok(Stage::Progress { done, total });
        }
        let (data, outputs, seed) = (self.out.data(), self.out.outputs(), self.out.recipe().seed);
        let errors = data.errors(&outputs);
        let single = data.errors(&self.out.first_repeat());
        let mut how = self.out.how();
        if data.kind() != Kind::Numbers {
            how += ", probabilities before temperature scaling (calibrated ones: by the other folds' temperature)";
        }
        let mut report = any_report(data, &outputs, self.out.folds(), &self.tags, seed, how);
        let Some(curve) = &self.curve else { return Ok(Stage::Done(report)) };
        let (points, forecast) = curve.finish(&errors, &single, self.out.parts());
        match &mut report {
            AnyReport::Names(report) => (report.learning_curve, report.forecast) = (points, forecast),
            AnyReport::Numbers(report) => report.learning_curve = points,
        }
        Ok(Stage::Done(report))
    }
}
