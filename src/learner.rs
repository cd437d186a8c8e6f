//! The state behind the face, without JavaScript: samples, their feature rows, the head trained on them. The page, the
//! package and a native tool hold one of these.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::error::{Error, Result};
use crate::features::{Matrix, RowStore, cosine};
use crate::judge::{Evaluation, Report, report};
use crate::learn::{Dataset, Fit, Fitted, HeadKind, Recipe, Step};
use crate::metrics::{Interval, Probabilities, wilson};
use crate::source::{Added, Meta, Sample, Samples};

/// Nearest training samples named with a prediction.
const NEAREST: usize = 5;
/// Neighbours whose mean distance is the novelty.
const NOVELTY_NEIGHBOURS: usize = 3;

/// The outcome of a training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainResult {
    pub head: &'static str,
    /// A frozen backbone's head is always kept; a later step may roll back.
    pub kept: bool,
    pub reason: String,
    /// The hyper-parameters, by name.
    pub chosen: BTreeMap<&'static str, f64>,
    /// Accuracy on the held-out parts of the search, where there was one. Slightly hopeful, as the best of several
    /// strengths; `evaluate` is the number to quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Interval>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    pub label: String,
    /// The label's score.
    pub confidence: f32,
    /// Probability of every label; they sum to 1.
    pub scores: BTreeMap<String, f32>,
    pub rejected: bool,
    /// Mean cosine distance to the nearest training samples, 0..=2: higher is stranger.
    pub novelty: f32,
    /// Ids of the nearest training samples, nearest first.
    pub nearest: Vec<String>,
}

#[derive(Debug)]
struct Model {
    fitted: Fitted,
    recipe: Recipe,
    /// `(sample id, content id)` of the rows it was trained on.
    trained_on: Vec<(String, String)>,
}

/// A training under way; [`Learner::finish`] takes what it made.
pub struct Training {
    fit: Fit,
    recipe: Recipe,
    trained_on: Vec<(String, String)>,
}

impl Training {
    /// A bounded piece of the work.
    pub fn step(&mut self) -> Step {
        self.fit.step()
    }
}

#[derive(Debug)]
pub struct Learner {
    samples: Samples,
    rows: RowStore,
    model: Option<Model>,
    seed: u64,
}

impl Learner {
    /// For a backbone with rows of width `dim`.
    pub fn new(dim: usize, seed: u64) -> Self {
        Self { samples: Samples::default(), rows: RowStore::new(dim), model: None, seed }
    }

    /// Width of a feature row.
    pub fn dim(&self) -> usize {
        self.rows.dim()
    }

    /// Adds a sample whose row is known already, or comes with it. Samples of one `call` are one action to undo.
    ///
    /// Errors: `id-taken`.
    pub fn add(&mut self, content: &str, meta: Meta, row: Option<&[f32]>, call: u64) -> Result<Added> {
        let added = self.samples.add(content, meta, call)?;
        if let Some(row) = row {
            self.rows.insert(content, row);
        }
        assert!(self.rows.contains(content), "a sample comes with its row, or it was here before");
        Ok(added)
    }

    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter()
    }

    pub fn labels(&self) -> Vec<String> {
        self.samples.labels()
    }

    /// `None` takes the label away. Errors: `unknown-id`; then nothing has changed.
    pub fn relabel(&mut self, ids: &[String], label: Option<&str>) -> Result<()> {
        self.samples.relabel(ids, label)
    }

    /// Errors: `unknown-id`; then nothing has changed.
    pub fn remove(&mut self, ids: &[String]) -> Result<()> {
        self.samples.remove(ids)
    }

    /// Takes back the last `add`, `relabel` or `remove`; the model stays. False when there is none.
    pub fn undo(&mut self) -> bool {
        self.samples.undo()
    }

    /// Does again what was taken back last. False when nothing was, or something else was done since.
    pub fn redo(&mut self) -> bool {
        self.samples.redo()
    }

    /// The row of a content that was embedded before.
    pub fn row(&self, content: &str) -> Option<&[f32]> {
        self.rows.get(content)
    }

    /// Begins a training on the labelled samples as they are now. A seed in the recipe wins over the learner's.
    ///
    /// Errors: `too-few-labels`, `bad-option`.
    pub fn train(&self, recipe: Recipe) -> Result<Training> {
        let data = self.dataset()?;
        let contents: HashMap<&str, &str> = self.samples.iter().map(|s| (s.id.as_str(), s.content.as_str())).collect();
        let trained_on = data.ids.iter().map(|id| (id.clone(), contents[id.as_str()].to_owned())).collect();
        Ok(Training { fit: Fit::new(&data, &recipe)?, recipe, trained_on })
    }

    /// The recipe that `train` and `evaluate` start from.
    pub fn default_recipe(&self) -> Recipe {
        Recipe { seed: self.seed, ..Recipe::default() }
    }

    /// Makes the fitted head the model.
    pub fn finish(&mut self, training: Training, fitted: Fitted) -> TrainResult {
        let result = TrainResult {
            head: training.recipe.head.name(),
            kept: true,
            reason: fitted.reason.clone(),
            chosen: fitted.chosen.clone(),
            estimate: fitted.held_out.map(|(hits, rows)| wilson(hits, rows)),
        };
        self.model = Some(Model { fitted, recipe: training.recipe, trained_on: training.trained_on });
        result
    }

    /// Begins a cross-validation of the last recipe (the default one before any training) on the labelled samples. The
    /// strength that the last training chose is kept: choosing it again in every fold would cost as much as all the
    /// rest and moves the score by less than its interval.
    ///
    /// Errors: `too-few-labels`, `bad-option`.
    pub fn evaluate(&self, folds: usize, seed: Option<u64>) -> Result<Evaluation> {
        let mut recipe = self.default_recipe();
        if let Some(model) = &self.model {
            recipe = model.recipe.clone();
            if recipe.head == HeadKind::Linear {
                recipe.strength = model.fitted.chosen.get("strength").copied();
            }
        }
        recipe.seed = seed.unwrap_or(recipe.seed);
        Evaluation::new(self.dataset()?, recipe, folds)
    }

    /// Scores the present model on samples from elsewhere.
    ///
    /// A label that the model does not know is a class it always misses. Errors: `not-trained`, `too-few-labels`.
    pub fn evaluate_on(&self, ids: &[String], labels: &[String], x: &Matrix) -> Result<Report> {
        let model = self.model()?;
        if ids.is_empty() {
            return Err(Error::TooFewLabels { why: "none of the samples to evaluate on could be used".into() });
        }
        let known = &model.fitted.classes;
        let mut classes = known.clone();
        let mut extra: Vec<String> = labels.iter().filter(|l| !known.contains(l)).cloned().collect();
        extra.sort_unstable();
        extra.dedup();
        classes.extend(extra);
        let p = model.fitted.head.probabilities(x);
        let mut values = Vec::with_capacity(ids.len() * classes.len());
        for row in 0..ids.len() {
            values.extend_from_slice(p.row(row));
            values.resize((row + 1) * classes.len(), 0.0);
        }
        let truth: Vec<usize> =
            labels.iter().map(|l| classes.iter().position(|c| c == l).expect("every label is a class")).collect();
        let how = format!("the {} head as trained, on {} samples given", model.recipe.head.name(), ids.len());
        let p = Probabilities { classes: classes.len(), values };
        Ok(report(&classes, ids, &truth, &p, self.seed, how))
    }

    /// Errors: `not-trained`.
    pub fn predict(&self, x: &Matrix) -> Result<Vec<Prediction>> {
        let model = self.model()?;
        let p = model.fitted.head.probabilities(x);
        let predict = |(row, features): (usize, &[f32])| {
            let top = p.top(row);
            let near = self.nearest(model, features);
            let counted = &near[..near.len().min(NOVELTY_NEIGHBOURS)];
            Prediction {
                label: model.fitted.classes[top].clone(),
                confidence: p.row(row)[top],
                scores: model.fitted.classes.iter().cloned().zip(p.row(row).iter().copied()).collect(),
                rejected: false,
                novelty: 1.0 - counted.iter().map(|n| n.0).sum::<f32>() / counted.len().max(1) as f32,
                nearest: near.iter().map(|n| n.1.to_owned()).collect(),
            }
        };
        Ok(x.iter().enumerate().map(predict).collect())
    }

    fn nearest<'a>(&'a self, model: &'a Model, row: &[f32]) -> Vec<(f32, &'a str)> {
        let mut near: Vec<(f32, &str)> = model
            .trained_on
            .iter()
            .map(|(id, content)| (cosine(self.rows.get(content).expect("rows are never dropped"), row), id.as_str()))
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        near.truncate(NEAREST);
        near
    }

    fn model(&self) -> Result<&Model> {
        self.model.as_ref().ok_or(Error::NotTrained)
    }

    fn dataset(&self) -> Result<Dataset> {
        let labelled = self.samples.iter().filter_map(|s| {
            let label = s.label.as_deref()?;
            Some((s.content.as_str(), s.id.as_str(), label, self.rows.get(&s.content)?))
        });
        Dataset::new(self.rows.dim(), labelled)
    }
}
