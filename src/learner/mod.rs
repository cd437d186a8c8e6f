//! The state behind the face, without JavaScript: samples, their feature rows, the head trained on them. The page, the
//! package and a native tool hold one of these.

mod near;
mod saved;
mod tuned;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

pub use tuned::TuneResult;

use crate::error::{Error, Result};
use crate::features::{Matrix, Near, RowStore, nearest};
pub use crate::judge::Prediction;
use crate::judge::{
    AdaptReport, Adaptation, AdaptationStage, Adapted, AnyReport, Evaluation, Examination, Example, Model, Novelty,
    OutOfFold, Trial, Unlabelled, any_report, weights, with_each_cell_grey, without_each_cell,
};
use crate::learn::{Answers, BatchNorm, ClassWeight, Dataset, Fit, Fitted, HeadKind, Labelled, Recipe, Step};
use crate::metrics::{Interval, folds, groups, share, sort};
use crate::source::{Added, Content, Label, Meta, Sample, Samples};
use tuned::TunedRows;

/// Nearest training samples named with a prediction.
const NEAREST: usize = 5;
/// Folds of what `doctor` looks at.
const DOCTOR_FOLDS: usize = 5;

/// The outcome of a training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainResult {
    pub head: &'static str,
    /// A frozen backbone's head is always kept; a later step may roll back.
    pub kept: bool,
    pub reason: String,
    /// The hyper-parameters, by name.
    pub chosen: BTreeMap<String, f64>,
    /// Accuracy on the held-out parts of the search, where there was one. Slightly hopeful, as the best of several
    /// strengths; `evaluate` is the number to quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Interval>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained {
    /// The most probable class or label; or the number.
    pub label: String,
    /// By cell or word: ln p of the label with it, minus that without; of a number, how much less it is without.
    pub weights: Vec<f32>,
    pub nearest: Vec<Neighbour>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Neighbour {
    pub id: String,
    pub label: Label,
    pub similarity: f32,
}

/// A sample in the plane of [`Learner::projection`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Placed {
    pub id: String,
    pub x: f32,
    pub y: f32,
}

/// A training under way; [`Learner::finish`] takes what it made.
pub struct Training {
    fit: Fit,
    recipe: Recipe,
    novelty: Novelty,
    origin: f64,
    trained_on: Vec<Example>,
}

impl Training {
    /// A bounded piece of the work.
    pub fn step(&mut self) -> Step {
        self.fit.step()
    }
}

/// An adaptation under way; [`Learner::finish_adaptation`] takes what it made.
pub struct Adapting {
    adaptation: Adaptation,
    recipe: Recipe,
    origin: f64,
    trained_on: Vec<Example>,
}

impl Adapting {
    /// A bounded piece of the work.
    pub fn step(&mut self) -> Result<AdaptationStage> {
        self.adaptation.step()
    }

    /// Contents of the samples that the source's statistics are made of, where batch norms are estimated anew.
    pub fn source(&self) -> Vec<String> {
        let all = self.trained_on.len();
        let some = all.min(BatchNorm::PICTURES);
        (0..some).map(|i| self.trained_on[i * all / some].content.clone()).collect()
    }

    /// See [`Adaptation::renormed`].
    pub fn renormed(&mut self, given: &[usize], x: &Matrix) {
        self.adaptation.renormed(given, x);
    }
}

/// Samples from elsewhere, to score a model on or to adapt it to: rows, what they were made from, what came with them.
pub struct Given {
    pub ids: Vec<String>,
    pub metas: Vec<Meta>,
    pub x: Matrix,
    pub contents: Vec<Arc<Content>>,
}

#[derive(Debug)]
pub struct Learner {
    samples: Samples,
    rows: RowStore,
    near: Near,
    model: Option<Model>,
    tuned: Option<TunedRows>,
    seed: u64,
}

impl Learner {
    /// For a backbone with rows of width `dim`.
    pub fn new(dim: usize, seed: u64) -> Self {
        Self {
            samples: Samples::default(),
            rows: RowStore::new(dim),
            near: Near::default(),
            model: None,
            tuned: None,
            seed,
        }
    }

    /// Width of a feature row.
    pub fn dim(&self) -> usize {
        self.rows.dim()
    }

    /// Adds a sample whose row is known already, or comes with it. Samples of one `call` are one action to undo.
    ///
    /// Errors: `id-taken`.
    pub fn add(&mut self, content: &str, meta: Meta, row: Option<(&[f32], Content)>, call: u64) -> Result<Added> {
        let added = self.samples.add(content, meta, call)?;
        if let Some((row, kept)) = row {
            self.rows.insert(content, row, kept);
        }
        assert!(self.rows.contains(content), "a sample comes with its row, or it was here before");
        Ok(added)
    }

    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter()
    }

    /// Of a content that is in, not taken back.
    pub fn sample(&self, content: &str) -> Option<&Sample> {
        self.samples.with_content(content)
    }

    /// Of the sample with this id.
    pub fn content_id(&self, id: &str) -> Option<&str> {
        self.samples.with_id(id).map(|sample| sample.content.as_str())
    }

    pub fn labels(&self) -> Vec<String> {
        self.samples.labels()
    }

    /// `None` takes the label away. Errors: `unknown-id`; then nothing has changed.
    pub fn relabel(&mut self, ids: &[String], label: Option<Label>) -> Result<()> {
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

    /// The row of a content that was embedded before, by the frozen backbone.
    pub fn row(&self, content: &str) -> Option<&[f32]> {
        self.rows.get(content)
    }

    /// Whether the model says what samples are by rows of a backbone whose batch norms were estimated anew for a target domain.
    /// Samples keep the rows they are learnt by.
    pub fn is_renormed(&self) -> bool {
        self.model.as_ref().is_some_and(|model| model.renormed)
    }

    /// What is kept of a content that was embedded before.
    pub fn content(&self, content: &str) -> Option<&Arc<Content>> {
        Some(self.rows.content(self.rows.place(content)?))
    }

    /// Looks for near-duplicates among samples that came since the last time, a bounded piece: → `(done, total)` rows, `None` when
    /// nothing is left. What needs to know them does the rest at once; to call this before leaves time for other things.
    pub fn prepare(&mut self) -> Option<(usize, usize)> {
        let (samples, rows) = (&self.samples, &self.rows);
        self.near.step(rows, || {
            let mut present = vec![false; rows.len()];
            samples.iter().for_each(|s| present[rows.place(&s.content).expect("a sample has a row")] = true);
            present
        })
    }

    /// Begins a training on the labelled samples as they are now. A seed in the recipe wins over the learner's.
    ///
    /// Errors: `too-few-labels`, `bad-option`.
    pub fn train(&mut self, recipe: Recipe) -> Result<Training> {
        let data = self.dataset()?;
        Ok(Training {
            fit: Fit::new(&data, &recipe)?,
            novelty: Novelty::fit(&data, recipe.negative.as_deref()),
            origin: data.origin,
            recipe,
            trained_on: self.examples(&data),
        })
    }

    fn examples(&self, data: &Dataset) -> Vec<Example> {
        let contents: HashMap<&str, &str> = self.samples.iter().map(|s| (s.id.as_str(), s.content.as_str())).collect();
        let one = |row: usize| {
            let id = data.ids[row].clone();
            Example { label: data.label(row), content: contents[id.as_str()].to_owned(), id }
        };
        (0..data.rows()).map(one).collect()
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
            estimate: fitted.held_out.as_ref().map(|held| share(&held.hits, &held.groups, training.recipe.seed)),
        };
        let Training { recipe, novelty, origin, trained_on, .. } = training;
        self.model = Some(Model { fitted, recipe, novelty, origin, trained_on, renormed: false });
        result
    }

    /// Begins to look for a model that suits a target domain better: what was trained last, fitted again to the labelled
    /// samples as the domain would have them. Labels in `target` are used where there are any.
    ///
    /// Errors: `not-trained`, `too-few-labels`, `bad-labels`, `bad-option`.
    pub fn adapt(&mut self, target: Given) -> Result<Adapting> {
        self.model()?;
        let data = self.dataset()?;
        let recipe = self.last_recipe(&data);
        let (origin, trained_on) = (data.origin, self.examples(&data));
        let labels: Vec<Option<Label>> = target.metas.into_iter().map(|m| m.label.map(Label::tidy)).collect();
        let adaptation = Adaptation::new(data, recipe.clone(), target.x, target.contents, &labels)?;
        Ok(Adapting { adaptation, recipe, origin, trained_on })
    }

    /// Makes what was kept the model; where nothing was, it stays as it is.
    pub fn finish_adaptation(&mut self, adapting: Adapting, adapted: Adapted) -> AdaptReport {
        let Adapting { recipe, origin, trained_on, .. } = adapting;
        if let Some((fitted, novelty)) = adapted.kept {
            let renormed = adapted.renormed;
            self.model = Some(Model { fitted, recipe, novelty, origin, trained_on, renormed });
        }
        adapted.report
    }

    /// Begins a cross-validation of the last recipe (the default one before any training) on the labelled samples. The
    /// strength that the last training chose is kept: choosing it again in every fold would cost as much as all the
    /// rest and moves the score by less than its interval. The temperature it found is not: that has seen every sample.
    ///
    /// Errors: `too-few-labels`, `bad-option`.
    pub fn evaluate(&mut self, folds: usize, repeats: Option<usize>, seed: Option<u64>) -> Result<Evaluation> {
        let data = self.dataset()?;
        let mut recipe = self.last_recipe(&data);
        recipe.seed = seed.unwrap_or(recipe.seed);
        let tags: HashMap<&str, &Sample> = self.samples.iter().map(|s| (s.id.as_str(), s)).collect();
        let tags = |data: &Dataset| data.ids.iter().map(|id| tags[id.as_str()].slice.clone()).collect();
        if self.tuned.is_some() {
            let out = self.tuned_out_of_fold(&data, Recipe { temperature: Some(1.0), ..recipe })?;
            let tags = tags(out.data());
            return Ok(Evaluation::tuned(out, tags));
        }
        let tags = tags(&data);
        Evaluation::new(data, tags, recipe, folds, repeats)
    }

    /// Begins to compare the backbone with learning from scratch. Errors: `too-few-labels`.
    pub fn verdict(&mut self) -> Result<Trial> {
        let data = self.frozen_dataset()?;
        let mut recipe = self.frozen_recipe(&data);
        // Chosen anew in each fold: the last training chose it on the rows that are judged. An MLP's search would take minutes.
        if recipe.head == HeadKind::Linear {
            let given =
                self.model.as_ref().filter(|model| model.recipe.head == HeadKind::Linear && self.tuned.is_none());
            recipe.strength = given.and_then(|model| model.recipe.strength);
        }
        let tuned = match self.tuned {
            Some(_) => {
                let data = self.dataset()?;
                let recipe = self.frozen_recipe(&data);
                Some(self.tuned_out_of_fold(&data, recipe)?)
            }
            None => None,
        };
        Trial::new(data, recipe, tuned)
    }

    /// Begins to look for what may be wrong with the samples. Errors: `too-few-labels`.
    pub fn examine(&mut self) -> Result<Examination> {
        let data = self.dataset()?;
        let recipe = self.frozen_recipe(&data);
        let out = match self.tuned {
            // Its rows have seen their labels, the wrong ones too.
            Some(_) => self.tuned_out_of_fold(&data, recipe)?,
            None => OutOfFold::new(Arc::new(data), recipe, DOCTOR_FOLDS, 1)?,
        };
        let (mut ids, mut x, mut contents) = (Vec::new(), Matrix::with_capacity(self.dim(), 0), Vec::new());
        for sample in self.samples.iter().filter(|s| s.label.is_none()) {
            let place = self.rows.place(&sample.content).expect("a sample has a row");
            ids.push(sample.id.clone());
            x.push(self.feature(&sample.content).expect("a tuned backbone has seen every sample"));
            contents.push(self.rows.content(place).clone());
        }
        Ok(Examination::new(out, self.near_duplicates(), Unlabelled { ids, x, contents }))
    }

    /// Scores the present model on samples from elsewhere.
    ///
    /// A label that the model does not know is a class it always misses. Errors: `not-trained`, `too-few-labels`, `bad-labels`.
    pub fn evaluate_on(&self, given: Given) -> Result<AnyReport> {
        let model = self.model()?;
        let Given { ids, metas, x, contents } = given;
        if ids.is_empty() {
            return Err(Error::TooFewLabels {
                why: "none of the samples to evaluate on could be used; see what was rejected, and why".into(),
            });
        }
        let labels: Vec<Label> = metas.iter().map(|m| m.label.clone().expect("every one has a label").tidy()).collect();
        let named: Vec<(&str, &Label)> = ids.iter().map(String::as_str).zip(&labels).collect();
        let Answers { targets, y, classes } = Answers::new(&named, &model.fitted.classes, Some(model.fitted.kind))?;
        let groups = groups(&metas.iter().map(|m| m.group.as_deref()).collect::<Vec<_>>(), []);
        let data = Dataset { x, targets, y, classes, ids, groups, contents, origin: model.origin };
        let said = model.fitted.head.outputs(&data.x, &data.contents);
        let mut outputs = Matrix::with_capacity(data.outputs(), data.rows());
        for row in said.iter() {
            let mut row = row.to_vec();
            row.resize(data.outputs(), 0.0);
            outputs.push(&row);
        }
        let how = format!("the {} head as trained, on {} samples given", model.recipe.head.name(), data.rows());
        let tags: Vec<_> = metas.iter().map(|m| m.slice.clone()).collect();
        let folds = folds(&data.y, &data.groups, DOCTOR_FOLDS, self.seed);
        Ok(any_report(&data, &outputs, &folds, &tags, self.seed, how))
    }

    /// See [`Model::predict`]. Errors: `not-trained`, `bad-option`.
    pub fn predict(&self, x: &Matrix, contents: &[Arc<Content>], reject: Option<f64>) -> Result<Vec<Prediction>> {
        let model = self.model()?;
        let mut said = model.predict(x, contents, reject)?;
        for (said, near) in said.iter_mut().zip(self.nearest(model, x)) {
            said.nearest = near.into_iter().map(|n| n.id).collect();
        }
        Ok(said)
    }

    /// `x`, `contents`: the whole sample first, then without each of its parts. Errors: `not-trained`.
    pub fn explain(&self, x: &Matrix, contents: &[Arc<Content>]) -> Result<Explained> {
        let model = self.model()?;
        let found = weights(&model.fitted.head, model.fitted.kind, x, contents);
        let number = || match model.origin {
            0.0 => found.value.to_string(),
            origin => (origin + f64::from(found.value)).to_string(),
        };
        let label = model.fitted.classes.get(found.class).cloned().unwrap_or_else(number);
        let mut nearest = self.nearest(model, &x.select(&[0]));
        Ok(Explained { label, weights: found.weights, nearest: nearest.remove(0) })
    }

    /// The same for a picture, from its feature map (`cells × dim`, row by row). Errors: `not-trained`.
    pub fn explain_picture(&self, map: &Matrix, content: &Arc<Content>) -> Result<Explained> {
        let parts = match (&**content, self.model()?.recipe.head) {
            (Content::Picture(picture), HeadKind::Scratch) => with_each_cell_grey(picture),
            _ => vec![content.clone(); map.rows() + 1],
        };
        let rows = without_each_cell(map);
        // A head that looks at the small picture has cells of its own, and the same row for each.
        let rows = if rows.rows() == parts.len() { rows } else { rows.select(&vec![0; parts.len()]) };
        self.explain(&rows, &parts)
    }

    /// The samples' unit rows in the plane in which they differ most: the first two principal components, by orthogonal
    /// iteration.
    pub fn projection(&self) -> Vec<Placed> {
        let mut x = Matrix::with_capacity(self.dim(), self.samples.len());
        self.samples.iter().for_each(|s| x.push(self.feature(&s.content).expect("a sample has a row")));
        if self.samples.is_empty() {
            return Vec::new();
        }
        let plane = crate::learn::principal_plane(x.normalised());
        let place = |(sample, [x, y]): (&Sample, [f32; 2])| Placed { id: sample.id.clone(), x, y };
        self.samples.iter().zip(plane).map(place).collect()
    }

    /// Of each row.
    fn nearest(&self, model: &Model, x: &Matrix) -> Vec<Vec<Neighbour>> {
        // In a project that was opened again, a tuned row that was not saved is missing until it is made again.
        let (rows, examples): (Vec<&[f32]>, Vec<&Example>) =
            model.trained_on.iter().filter_map(|example| Some((self.feature(&example.content)?, example))).unzip();
        let named = |(similarity, i): (f32, usize)| {
            let Example { id, label, .. } = examples[i].clone();
            Neighbour { id, label, similarity }
        };
        let found = nearest(&rows, x, NEAREST);
        found.into_iter().map(|near| near.into_iter().map(named).collect()).collect()
    }

    /// What predictions are made with. Errors: `not-trained`.
    pub fn model(&self) -> Result<&Model> {
        self.model.as_ref().ok_or(Error::NotTrained)
    }

    /// The last recipe, or the default one where its head cannot learn the labels that the samples have now.
    fn last_recipe(&self, data: &Dataset) -> Recipe {
        let Some(model) = self.model.as_ref().filter(|model| model.recipe.head.learns(data.kind())) else {
            return self.default_recipe();
        };
        let mut recipe = model.recipe.clone();
        // What suits names says nothing about numbers.
        if model.fitted.kind == data.kind() {
            let chosen = |name| model.fitted.chosen.get(name).copied();
            recipe.strength = recipe.strength.or(chosen("strength"));
            recipe.temperature = chosen("temperature");
        }
        // Classes that are gone since.
        recipe.negative = recipe.negative.filter(|name| data.names().contains(name));
        if let ClassWeight::ByClass(weights) = &mut recipe.class_weight {
            weights.retain(|name, _| data.names().contains(name));
        }
        recipe
    }

    /// The last recipe, or the default one where that did without the backbone.
    fn frozen_recipe(&self, data: &Dataset) -> Recipe {
        let last = self.last_recipe(data);
        if last.head == HeadKind::Scratch { self.default_recipe() } else { last }
    }

    fn dataset(&mut self) -> Result<Dataset> {
        while self.prepare().is_some() {}
        let mut labelled: Vec<(&Sample, usize)> = self
            .samples
            .iter()
            .filter(|s| s.label.is_some())
            .map(|s| (s, self.rows.place(&s.content).expect("a sample has a row")))
            .collect();
        sort(&mut labelled, |(a, _), (b, _)| a.content.cmp(&b.content));
        let mut data = Dataset::new(
            self.rows.dim(),
            labelled.iter().map(|&(s, place)| Labelled {
                content_id: &s.content,
                id: &s.id,
                label: s.label.as_ref().expect("filtered"),
                row: self.feature(&s.content).expect("a tuned backbone has seen every sample"),
                content: self.rows.content(place).clone(),
            }),
        )?;
        // Linked through any sample, unlabelled ones too; what was removed leaves no trace.
        let near = groups(&vec![None; self.rows.len()], self.near_pairs().into_iter().map(|(a, b, _)| (a, b)));
        let mut first = HashMap::new();
        let links: Vec<(usize, usize)> = labelled
            .iter()
            .enumerate()
            .map(|(row, (_, place))| (*first.entry(near[*place]).or_insert(row), row))
            .collect();
        data.groups = groups(&labelled.iter().map(|(s, _)| s.group.as_deref()).collect::<Vec<_>>(), links);
        Ok(data)
    }
}
