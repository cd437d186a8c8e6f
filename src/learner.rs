//! The state behind the face, without JavaScript: samples, their feature rows, the head trained on them. The page, the
//! package and a native tool hold one of these.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::features::{Matrix, Near, RowStore, nearest};
use crate::judge::{
    AdaptReport, Adaptation, AdaptationStage, Adapted, AnyReport, Decision, Evaluation, Examination, Guarded,
    NearDuplicates, Novelty, OutOfFold, Trial, Tuning, Unlabelled, any_report, weights, with_each_cell_grey,
    without_each_cell,
};
use crate::learn::tune::{TuneRecipe, Tuned};
use crate::learn::{Answers, ClassWeight, Dataset, Fit, Fitted, HeadKind, Kind, Labelled, Recipe, Step, called};
use crate::metrics::{Interval, folds, groups, share, sort};
use crate::source::{Added, Content, Label, Meta, Sample, Samples};

/// Nearest training samples named with a prediction.
const NEAREST: usize = 5;
/// Two rows are near-duplicates when their cosine distance is below this part of what two rows have in the mean. Pictures
/// of one burst are below; the nearest two of 970 photographs of garments are at 0.16, and of 48 drawings at 0.13. Of texts
/// only spelling, case or a word may differ.
const NEAR: [f32; 2] = [0.12, 0.05];
/// Of predicted numbers' intervals.
const LEVEL: f64 = 0.95;
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
    pub chosen: BTreeMap<&'static str, f64>,
    /// Accuracy on the held-out parts of the search, where there was one. Slightly hopeful, as the best of several
    /// strengths; `evaluate` is the number to quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Interval>,
}

/// The outcome of a fine-tuning: that of a training, with what the guard saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TuneResult {
    pub head: &'static str,
    /// Whether the tuned backbone is the model's now.
    pub kept: bool,
    pub reason: String,
    pub chosen: BTreeMap<&'static str, f64>,
    /// Accuracy on held-out samples of what is the model now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Interval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guarded>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// `None` when it is too strange.
    pub label: Option<Label>,
    /// The score of the most probable class; of several labels, of the least sure of them, said or not; of a number, how often
    /// `interval` holds the truth.
    pub confidence: f32,
    /// Probability of every class, which sum to 1, or of every label, which do not. Empty for numbers.
    pub scores: BTreeMap<String, f32>,
    /// Of a number: holds 95 % of held-out ones. Absent where none were held out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    pub rejected: bool,
    /// Cosine distance to the nearest class mean, 0..=2: higher is stranger.
    pub novelty: f32,
    /// Ids of the nearest training samples, nearest first.
    pub nearest: Vec<String>,
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

#[derive(Debug)]
struct Model {
    fitted: Fitted,
    recipe: Recipe,
    novelty: Novelty,
    /// What numbers are on top of: see [`Dataset::origin`].
    origin: f64,
    /// `(sample id, label, content id)` of the rows it was trained on.
    trained_on: Vec<(String, Label, String)>,
}

impl Model {
    /// What a row of outputs says, how surely, and for a number within which range.
    fn say(&self, outputs: &[f32]) -> (Label, f32, Option<Interval>) {
        let names = &self.fitted.classes;
        match self.fitted.kind {
            Kind::Classes => {
                let top = (0..outputs.len()).fold(0, |best, i| if outputs[i] > outputs[best] { i } else { best });
                (Label::Class(names[top].clone()), outputs[top], None)
            }
            Kind::Labels => {
                let label = Label::several(called(outputs).into_iter().map(|label| names[label].clone()).collect());
                (label, outputs.iter().map(|p| p.max(1.0 - p)).fold(1.0, f32::min), None)
            }
            Kind::Numbers => {
                let value = self.origin + f64::from(outputs[0]);
                let residuals = &self.fitted.residuals;
                // The conformal quantile (Vovk et al. 2005).
                let rank = ((residuals.len() + 1) as f64 * LEVEL).ceil() as usize;
                let interval = residuals.get(rank.wrapping_sub(1)).map(|off| Interval {
                    value,
                    low: value - off,
                    high: value + off,
                    method: "conformal",
                });
                let level = if interval.is_some() { LEVEL as f32 } else { 0.0 };
                (Label::Number(value), level, interval)
            }
        }
    }
}

/// A training under way; [`Learner::finish`] takes what it made.
pub struct Training {
    fit: Fit,
    recipe: Recipe,
    novelty: Novelty,
    origin: f64,
    trained_on: Vec<(String, Label, String)>,
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
    trained_on: Vec<(String, Label, String)>,
}

impl Adapting {
    /// A bounded piece of the work.
    pub fn step(&mut self) -> Result<AdaptationStage> {
        self.adaptation.step()
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

/// Of a backbone that was tuned, beside the frozen one's.
#[derive(Debug)]
struct TunedRows {
    /// By content id.
    rows: HashMap<String, Vec<f32>>,
    /// The samples it was tuned on, as the backbones of the guard's folds see them, and the fold of each.
    by_fold: Vec<Arc<Dataset>>,
    folds: Vec<usize>,
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

    /// The row by which a content is learnt and predicted: the tuned backbone's, where there is one.
    fn feature(&self, content: &str) -> Option<&[f32]> {
        match &self.tuned {
            Some(tuned) => tuned.rows.get(content).map(Vec::as_slice),
            None => self.row(content),
        }
    }

    pub fn is_tuned(&self) -> bool {
        self.tuned.is_some()
    }

    /// The tuned backbone's row of a content. Before there is one: `None`.
    pub fn tuned_row(&self, content: &str) -> Option<&[f32]> {
        self.tuned.as_ref().and_then(|_| self.feature(content))
    }

    /// Keeps the tuned backbone's row of a content, where there is such a backbone.
    pub fn insert_tuned(&mut self, content: &str, row: &[f32]) {
        assert_eq!(row.len(), self.dim(), "a row has the backbone's width");
        if let Some(tuned) = &mut self.tuned {
            tuned.rows.entry(content.to_owned()).or_insert_with(|| row.to_vec());
        }
    }

    /// Contents of samples that the tuned backbone has not seen. What looks at rows needs them first.
    pub fn untuned(&self) -> Vec<String> {
        if self.tuned.is_none() {
            return Vec::new();
        }
        self.samples.iter().filter(|s| self.feature(&s.content).is_none()).map(|s| s.content.clone()).collect()
    }

    /// The row of a content that was embedded before, by the frozen backbone.
    pub fn row(&self, content: &str) -> Option<&[f32]> {
        self.rows.get(content)
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
            trained_on: self.named(&data),
        })
    }

    /// `(sample id, label, content id)` of each row.
    fn named(&self, data: &Dataset) -> Vec<(String, Label, String)> {
        let contents: HashMap<&str, &str> = self.samples.iter().map(|s| (s.id.as_str(), s.content.as_str())).collect();
        let one = |row: usize| (data.ids[row].clone(), data.label(row), contents[data.ids[row].as_str()].to_owned());
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
        self.model = Some(Model { fitted, recipe, novelty, origin, trained_on });
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
        let (origin, trained_on) = (data.origin, self.named(&data));
        let labels: Vec<Option<Label>> = target.metas.into_iter().map(|m| m.label.map(Label::tidy)).collect();
        let adaptation = Adaptation::new(data, recipe.clone(), target.x, target.contents, &labels)?;
        Ok(Adapting { adaptation, recipe, origin, trained_on })
    }

    /// Makes what was kept the model; where nothing was, it stays as it is.
    pub fn finish_adaptation(&mut self, adapting: Adapting, adapted: Adapted) -> AdaptReport {
        let Adapting { recipe, origin, trained_on, .. } = adapting;
        if let Some((fitted, novelty)) = adapted.kept {
            self.model = Some(Model { fitted, recipe, novelty, origin, trained_on });
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

    /// Held-out outputs of the samples that the backbone was tuned on and that are still here, in the folds it was tuned in.
    fn tuned_out_of_fold(&self, data: &Dataset, recipe: Recipe) -> Result<OutOfFold> {
        let tuned = self.tuned.as_ref().expect("the caller looked");
        let of: HashMap<&str, usize> =
            tuned.by_fold[0].ids.iter().enumerate().map(|(row, id)| (id.as_str(), row)).collect();
        let (rows, before): (Vec<usize>, Vec<usize>) =
            data.ids.iter().enumerate().filter_map(|(row, id)| Some((row, *of.get(id.as_str())?))).unzip();
        let data = data.select(&rows);
        if rows.is_empty() || data.counts().iter().filter(|&&count| count > 0).count() < 2 {
            let why = "too few of the samples that the backbone was tuned on are left; fine-tune again";
            return Err(Error::TooFewLabels { why: why.into() });
        }
        let by_fold =
            tuned.by_fold.iter().map(|fold| Arc::new(Dataset { x: fold.x.select(&before), ..data.clone() })).collect();
        let folds = before.iter().map(|&row| tuned.folds[row]).collect();
        Ok(OutOfFold::tuned(Arc::new(data), by_fold, folds, recipe))
    }

    /// Begins to fine-tune the backbone's last stages on the labelled samples but those of the contents in `skip`, always from its pretrained
    /// weights.
    ///
    /// Errors: `too-few-labels`, `bad-option`.
    pub fn tune(&mut self, recipe: TuneRecipe, skip: &[String]) -> Result<Tuning> {
        let data = self.frozen_dataset()?;
        let head = self.frozen_recipe(&data);
        // As the last training on the frozen backbone chose it; of a tuned one it is another's.
        let strength = head.strength.filter(|_| self.tuned.is_none() && head.head == HeadKind::Linear);
        let skipped: Vec<&str> =
            self.samples.iter().filter(|s| skip.contains(&s.content)).map(|s| s.id.as_str()).collect();
        let rows: Vec<usize> = (0..data.rows()).filter(|&row| !skipped.contains(&data.ids[row].as_str())).collect();
        Tuning::new(data.select(&rows), Recipe { head: HeadKind::Linear, strength, temperature: None, ..head }, recipe)
    }

    /// Contents of a tuning's samples, in its order.
    pub fn contents_of(&self, tuning: &Tuning) -> Vec<String> {
        let of: HashMap<&str, &str> = self.samples.iter().map(|s| (s.id.as_str(), s.content.as_str())).collect();
        let missing = |id: &String| id.clone();
        tuning
            .data()
            .ids
            .iter()
            .map(|id| of.get(id.as_str()).map_or_else(|| missing(id), |c| (*c).to_owned()))
            .collect()
    }

    /// The end of a fine-tuning. `whole`: the training on all samples, where the guard said to keep it; without it the frozen
    /// backbone's head becomes the model, unless a backbone that was tuned before is there: that stays. `decision` is absent where the guard was not
    /// asked to the end; `why` is the reason then.
    pub fn finish_tuning(
        &mut self,
        tuning: Tuning,
        decision: Option<Decision>,
        contents: &[String],
        whole: Option<Tuned>,
        why: &str,
    ) -> Result<TuneResult> {
        let data = tuning.data().clone();
        let trained_on = |data: &Dataset| {
            let one = |row: usize| (data.ids[row].clone(), data.label(row), contents[row].clone());
            (0..data.rows()).map(one).collect()
        };
        let mut chosen: BTreeMap<&'static str, f64> = BTreeMap::new();
        let guard = decision.as_ref().map(|decision| decision.guarded.clone());
        let mut stays = "";
        let kept = match (whole, decision) {
            (Some(whole), Some(decision)) => {
                let Decision { guarded, by_fold, folds, distances, residuals, recipe } = decision;
                let data = Dataset { x: whole.features, ..(*data).clone() };
                let mut fitted = Fit::new(&data, &recipe)?.run();
                fitted.residuals = residuals;
                fitted.reason = guarded.sentence;
                chosen.extend(fitted.chosen.clone());
                chosen.insert("epochs", whole.epochs as f64);
                chosen.insert("mirrored", f64::from(u8::from(whole.mirror)));
                let novelty = Novelty::fit(&data, recipe.negative.as_deref()).measured(distances);
                let rows = contents.iter().cloned().zip(data.x.iter().map(<[f32]>::to_vec)).collect();
                self.tuned = Some(TunedRows { rows, by_fold, folds });
                self.model =
                    Some(Model { fitted, recipe, novelty, origin: data.origin, trained_on: trained_on(&data) });
                true
            }
            _ if self.tuned.is_some() => {
                stays = " The backbone that was tuned before stays.";
                false
            }
            _ => {
                stays = " The head on the frozen backbone stays, fitted on all samples.";
                let (fitted, recipe) = tuning.into_frozen();
                chosen.extend(fitted.chosen.clone());
                let novelty = Novelty::fit(&data, recipe.negative.as_deref());
                self.model =
                    Some(Model { fitted, recipe, novelty, origin: data.origin, trained_on: trained_on(&data) });
                false
            }
        };
        // What stopped it before its end is the reason, even where the guard had said to keep it.
        let guard = guard.map(|guard| Guarded { kept, sentence: guard.sentence + stays, ..guard });
        let reason = match &guard {
            Some(guard) if why.is_empty() => guard.sentence.clone(),
            _ => format!("{why}.{stays}"),
        };
        let estimate = guard.as_ref().filter(|_| data.kind() != Kind::Numbers);
        let estimate = estimate.map(|guard| if kept { guard.tuned.clone() } else { guard.frozen.clone() });
        Ok(TuneResult { head: "linear", kept, reason, chosen, estimate, guard })
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

    /// As the frozen backbone sees the samples.
    fn frozen_dataset(&mut self) -> Result<Dataset> {
        let tuned = self.tuned.take();
        let data = self.dataset();
        self.tuned = tuned;
        data
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

    /// `contents`: what the rows were made from. `reject`: the part of known samples that may be refused by mistake; then what
    /// looks like the recipe's `negative` is refused too.
    ///
    /// Errors: `not-trained`, `bad-option`.
    pub fn predict(&self, x: &Matrix, contents: &[Arc<Content>], reject: Option<f64>) -> Result<Vec<Prediction>> {
        let model = self.model()?;
        if reject.is_some_and(|part| !(0.0..1.0).contains(&part)) {
            return Err(Error::BadOption { option: "reject", why: "a number from 0 to below 1".into() });
        }
        let threshold = reject.map_or(f32::INFINITY, |part| model.novelty.threshold(part));
        let said = model.fitted.head.outputs(x, contents);
        let novelty = model.novelty.of(x);
        let names = &model.fitted.classes;
        let nearest = self.nearest(model, x);
        let predict = |row: usize| {
            let (label, confidence, interval) = model.say(said.row(row));
            let negative = model.recipe.negative.as_ref().is_some_and(|negative| label.names().contains(negative));
            let rejected = reject.is_some() && (negative || novelty[row] > threshold);
            Prediction {
                label: (!rejected).then_some(label),
                confidence,
                scores: names.iter().cloned().zip(said.row(row).iter().copied()).collect(),
                interval,
                rejected,
                novelty: novelty[row],
                nearest: nearest[row].iter().map(|n| n.id.clone()).collect(),
            }
        };
        Ok((0..x.rows()).map(predict).collect())
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
        let row = |(_, _, content): &(String, Label, String)| self.feature(content).expect("rows are never dropped");
        let rows: Vec<&[f32]> = model.trained_on.iter().map(row).collect();
        let named = |(similarity, i): (f32, usize)| {
            let (id, label, _) = &model.trained_on[i];
            Neighbour { id: id.clone(), label: label.clone(), similarity }
        };
        let found = nearest(&rows, x, NEAREST);
        found.into_iter().map(|near| near.into_iter().map(named).collect()).collect()
    }

    fn model(&self) -> Result<&Model> {
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

    /// Near-duplicates among the samples as pairs of the store's rows, with their cosines.
    fn near_pairs(&self) -> Vec<(usize, usize, f32)> {
        let mut samples: Vec<&Sample> = self.samples.iter().collect();
        // So that the mean's last bits do not depend on which came first.
        sort(&mut samples, |a, b| a.content.cmp(&b.content));
        let places: Vec<usize> =
            samples.iter().map(|s| self.rows.place(&s.content).expect("a sample has a row")).collect();
        let n = places.len();
        if n < 2 {
            return Vec::new();
        }
        let mut mean = vec![0f32; self.dim()];
        for &place in &places {
            let row = self.rows.at(place);
            let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / norm / n as f32);
        }
        // The mean cosine of two rows is the squared length of the mean row, but for each with itself.
        let squared: f32 = mean.iter().map(|v| v * v).sum();
        let apart = 1.0 - (n as f32 * squared - 1.0) / (n - 1) as f32;
        let kind = usize::from(matches!(**self.rows.content(0), Content::Text(_)));
        // Rows that are all the same are near too, whatever rounding says.
        let least = (1.0 - NEAR[kind] * apart).min(0.9999);
        let near = |a: usize| self.near.of(a).iter().map(move |&(cosine, b)| (a, b, cosine));
        places.into_iter().flat_map(near).filter(|&(_, _, cosine)| cosine >= least).collect()
    }

    /// Samples that are linked by near-duplicates, those with differing labels first.
    fn near_duplicates(&self) -> Vec<NearDuplicates> {
        let list: Vec<&Sample> = self.samples.iter().collect();
        let at: HashMap<usize, usize> =
            list.iter().enumerate().filter_map(|(i, s)| Some((self.rows.place(&s.content)?, i))).collect();
        let pairs: Vec<(usize, usize, f32)> = self
            .near_pairs()
            .into_iter()
            .filter_map(|(a, b, cosine)| Some((*at.get(&a)?, *at.get(&b)?, cosine)))
            .collect();
        let numbers = groups(&vec![None; list.len()], pairs.iter().map(|&(a, b, _)| (a, b)));
        let mut found: BTreeMap<usize, (Vec<usize>, f32)> = BTreeMap::new();
        numbers.iter().enumerate().for_each(|(i, &g)| found.entry(g).or_insert((Vec::new(), 1.0)).0.push(i));
        for (a, _, cosine) in pairs {
            let least = &mut found.get_mut(&numbers[a]).expect("every sample has a group").1;
            *least = least.min(cosine);
        }
        let mut found: Vec<NearDuplicates> = found
            .into_values()
            .filter(|(members, _)| members.len() > 1)
            .map(|(members, similarity)| NearDuplicates {
                ids: members.iter().map(|&i| list[i].id.clone()).collect(),
                similarity,
                labels_differ: members.iter().any(|&i| list[i].label != list[members[0]].label),
            })
            .collect();
        sort(&mut found, |a, b| b.labels_differ.cmp(&a.labels_differ).then(b.similarity.total_cmp(&a.similarity)));
        found
    }
}
