//! The guard of a fine-tuning: is the tuned backbone better on samples that it was not tuned on?
//!
//! In each fold the stages are tuned without that fold's samples, and so is a head; beside it stands the frozen backbone's head on
//! the same folds. Kept is what makes right answers surer (log loss: one-sided p below 0.2) and no fewer, so that nobody makes their
//! model worse by pressing a button.

use std::sync::Arc;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::judge::Novelty;
use crate::learn::tune::{FEWEST_WITHOUT_LABEL, Job, Method, TuneHead, TuneRecipe, Tuned};
use crate::learn::{Dataset, Fit, Fitted, Head, HeadKind, Kind, Loss, Recipe, Step};
use crate::metrics::{
    Interval, Probabilities, ascending, at_temperature, bootstrap_any, careful_temperature, larger_sum_by_chance, share,
};
use crate::source::Content;

/// A gain in log loss that chance would bring more often than this is none.
const LEVEL: f64 = 0.2;
/// Of the frozen head's strength, those that are tried for the tuned head.
const STRENGTHS: [f64; 3] = [1.0, 10.0, 100.0];
/// Texts a class up to which pairs teach more than labels do.
const FEW_TEXTS: f64 = 64.0;

/// What the guard saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Guarded {
    pub kept: bool,
    /// The figures, and what became of it.
    pub sentence: String,
    /// On held-out samples: accuracy; of numbers the mean absolute error.
    pub frozen: Interval,
    pub tuned: Interval,
    /// Paired by sample; above 0 is better.
    pub gain: Interval,
    /// How often chance alone would make held-out answers so much surer (sign flips of groups' log losses; of numbers, of their errors).
    pub p: f64,
    /// By class: of its held-out samples, the part that is right before and after. Empty for numbers.
    pub per_class: Vec<BeforeAfter>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BeforeAfter {
    pub label: String,
    pub support: usize,
    pub before: f64,
    pub after: f64,
}

/// A fine-tuning and its guard. The trainings themselves run elsewhere: [`job`](Self::job) says what to train, and
/// [`take`](Self::take) hears of it.
pub struct Tuning {
    data: Arc<Dataset>,
    recipe: TuneRecipe,
    method: Method,
    rate: f64,
    /// Contents of texts to go on pretraining with.
    unlabelled: Vec<String>,
    /// Of the heads, frozen and tuned.
    head: Recipe,
    folds: Vec<usize>,
    parts: usize,
    /// Being fitted now: on all samples, then without each fold.
    fit: Option<Fit>,
    whole: Option<Box<Fitted>>,
    /// By fold.
    starts: Vec<TuneHead>,
    frozen: Matrix,
    tuned: Vec<Option<Box<Tuned>>>,
    /// Heads on the tuned stages: what they say of the rows held out, strength after strength, fold after fold.
    tried: Vec<Matrix>,
}

pub enum TuningStage {
    /// Heads of the frozen backbone that are fitted, of all.
    Progress { done: usize, total: usize },
    /// The trainings can begin.
    Ready,
}

impl Tuning {
    /// `head`: of the last training, its strength chosen anew when absent. `unlabelled`: contents of the samples without a
    /// label. Errors: `bad-option`, `too-few-labels`.
    pub fn new(data: Dataset, head: Recipe, recipe: TuneRecipe, unlabelled: Vec<String>) -> Result<Self> {
        recipe.check()?;
        let text = matches!(data.contents.first().map(|c| &**c), Some(Content::Text(_)));
        let few = data.rows() as f64 <= FEW_TEXTS * data.classes.len() as f64;
        let pairs = text && few && data.kind() != Kind::Numbers;
        let method = recipe.method.unwrap_or(if pairs { Method::Contrastive } else { Method::CrossEntropy });
        if method == Method::Contrastive && (!text || data.kind() == Kind::Numbers) {
            let why = "`contrastive` is for texts with classes or labels; use `cross-entropy`";
            return Err(Error::BadOption { option: "method", why: why.into() });
        }
        if method == Method::Pretrain && (!text || unlabelled.len() < FEWEST_WITHOUT_LABEL) {
            let why = format!(
                "to go on pretraining (`pretrain`) takes {FEWEST_WITHOUT_LABEL} texts without a label, and there are {}",
                unlabelled.len()
            );
            return Err(Error::BadOption {
                option: "method",
                why: if text { why } else { "`pretrain` is for texts".into() },
            });
        }
        let parts = data.parts(recipe.folds);
        if parts < 2 {
            let why = "every class is a single sample or a single burst, so nothing can be held out to guard the tuning; add another to each class";
            return Err(Error::TooFewLabels { why: why.into() });
        }
        Ok(Self {
            rate: recipe.rate.unwrap_or(match method {
                Method::Contrastive | Method::Pretrain => 0.002,
                Method::CrossEntropy if text => 0.001,
                Method::CrossEntropy => 0.005,
            }),
            folds: data.folds(parts, recipe.seed),
            unlabelled: if method == Method::Pretrain { unlabelled } else { Vec::new() },
            frozen: Matrix::new(data.outputs(), vec![0.0; data.outputs() * data.rows()]),
            tuned: vec![None; parts],
            tried: Vec::new(),
            // Unit rows and a linear head: what the stages are trained through.
            head: Recipe { head: HeadKind::Linear, ..head },
            fit: None,
            whole: None,
            starts: Vec::new(),
            data: Arc::new(data),
            recipe,
            method,
            parts,
        })
    }

    pub fn data(&self) -> &Arc<Dataset> {
        &self.data
    }

    pub fn method(&self) -> Method {
        self.method
    }

    /// Trainings of the guard. One that sees no labels is the same for all folds, and that of all samples too.
    pub fn trainings(&self) -> usize {
        if self.blind() { 1 } else { self.parts }
    }

    /// Whether the stages are trained without any label.
    pub fn blind(&self) -> bool {
        self.method == Method::Pretrain
    }

    /// Contents of the samples without a label that it needs, which come after the others.
    pub fn unlabelled(&self) -> &[String] {
        &self.unlabelled
    }

    /// A bounded piece of what comes before the trainings: the frozen backbone's heads.
    pub fn step(&mut self) -> Result<TuningStage> {
        let total = 1 + self.parts;
        let done = usize::from(self.whole.is_some()) + self.starts.len();
        if done == total {
            return Ok(TuningStage::Ready);
        }
        let rows = self.rows(self.whole.is_some().then_some(self.starts.len())).0;
        let fit = match &mut self.fit {
            Some(fit) => fit,
            None => self.fit.insert(Fit::new(&self.data.select(&rows), &self.head)?),
        };
        if let Step::Done(fitted) = fit.step() {
            self.fit = None;
            if self.whole.is_none() {
                self.head.strength = Some(fitted.chosen["strength"]);
                self.head.temperature = Some(fitted.chosen.get("temperature").copied().unwrap_or(1.0));
                self.whole = Some(fitted);
            } else {
                let held_out = self.rows(Some(self.starts.len())).1;
                let held = self.data.select(&held_out);
                put(&mut self.frozen, &fitted.head.outputs(&held.x, &held.contents), &held_out);
                self.starts.push(start(&fitted, &self.loss()));
            }
        }
        Ok(TuningStage::Progress { done, total })
    }

    /// The training without a fold, or of all samples. After [`TuningStage::Ready`].
    pub fn job(&self, fold: Option<usize>) -> Job {
        // What sees no label is the same without a fold.
        let fold = fold.filter(|_| !self.blind());
        let labelled = self.data.rows();
        let (train, held_out) = if self.blind() {
            ((labelled..labelled + self.unlabelled.len()).collect(), Vec::new())
        } else {
            self.rows(fold)
        };
        let head = match fold {
            Some(fold) => self.starts[fold].clone(),
            None => start(self.whole.as_ref().expect("the frozen heads are fitted"), &self.loss()),
        };
        // Whether pictures may be mirrored was seen in the folds.
        let seen: Vec<bool> = self.tuned.iter().flatten().map(|tuned| tuned.mirror).collect();
        let mirror = fold.is_none().then(|| 2 * seen.iter().filter(|&&mirror| mirror).count() > seen.len());
        Job {
            loss: self.loss(),
            y: self.data.y.clone(),
            epochs: self.recipe.epochs_for(self.method, train.len()),
            train,
            held_out,
            head,
            method: self.method,
            rate: self.rate,
            mirror,
            lora: self.recipe.lora,
            at_once: false,
            seed: self.recipe.seed.wrapping_add(fold.map_or(0, |fold| fold as u64 + 1)),
        }
    }

    /// An epoch on some of the samples, which are numbered anew: what a training's cost is measured on.
    pub fn cost_job(&self, rows: &[usize]) -> Job {
        let loss = self.loss();
        // Without labels it makes no difference which they are.
        let labelled: &[usize] = if self.blind() { &[] } else { rows };
        Job {
            loss: loss.part(labelled, loss.weight_of(labelled)),
            y: labelled.iter().map(|&row| self.data.y[row]).collect(),
            train: (0..rows.len()).collect(),
            epochs: 1,
            mirror: Some(false),
            at_once: true,
            ..self.job(None)
        }
    }

    /// What the training without a fold made, or that of all folds.
    pub fn take(&mut self, fold: usize, tuned: Tuned) {
        let tuned = Some(Box::new(tuned));
        if self.blind() {
            self.tuned.fill(tuned);
        } else {
            self.tuned[fold] = tuned;
        }
    }

    /// After all folds, a fit at a time: the heads on what each fold's stages make of the samples, at a few strengths. `None` until
    /// all are fitted. Tuned features lie so well apart that the strength for frozen ones can be too careful for them.
    pub fn decide(&mut self) -> Result<Option<Decision>> {
        let strength = self.head.strength.expect("the frozen heads are fitted");
        let tried = self.tried.len();
        if tried < STRENGTHS.len() * self.parts {
            let (at, fold) = (tried / self.parts, tried % self.parts);
            let (train, held_out) = self.rows(Some(fold));
            let recipe = Recipe { strength: Some(strength * STRENGTHS[at]), ..self.untempered() };
            let data = self.by_fold(fold);
            let fitted = Fit::new(&data.select(&train), &recipe)?.run();
            let held = data.select(&held_out);
            self.tried.push(fitted.head.outputs(&held.x, &held.contents));
            return Ok(None);
        }
        let mut best: Option<(f64, f64, Matrix)> = None;
        for (heads, factor) in self.tried.chunks_exact(self.parts).zip(STRENGTHS) {
            let outputs = self.gathered(heads);
            let loss: f64 = self.losses(&outputs).iter().sum();
            if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
                best = Some((loss, strength * factor, outputs));
            }
        }
        let (_, strength, outputs) = best.expect("there is a strength");
        let recipe = Recipe { strength: Some(strength), ..self.untempered() };
        let by_fold: Vec<Arc<Dataset>> = (0..self.parts).map(|fold| Arc::new(self.by_fold(fold))).collect();
        let mut distances = Vec::new();
        for (fold, data) in by_fold.iter().enumerate() {
            let (train, held_out) = self.rows(Some(fold));
            let novelty = Novelty::fit(&data.select(&train), recipe.negative.as_deref());
            distances.extend(novelty.of(&data.select(&held_out).x));
        }
        let data = &self.data;
        let temperature = match data.kind() {
            Kind::Numbers => 1.0,
            _ => {
                let (p, truth) = self.choices(&outputs);
                careful_temperature(&p, &truth)
            }
        };
        let mut residuals = if data.kind() == Kind::Numbers { data.errors(&outputs) } else { Vec::new() };
        ascending(&mut residuals);
        Ok(Some(Decision {
            guarded: self.guarded(&outputs),
            by_fold,
            folds: self.folds.clone(),
            distances,
            residuals,
            recipe: Recipe { temperature: Some(temperature), ..recipe },
        }))
    }

    /// Temperatures come from all that was held out.
    fn untempered(&self) -> Recipe {
        Recipe { temperature: Some(1.0), ..self.head.clone() }
    }

    /// The samples as the stages see them that were tuned without a fold.
    fn by_fold(&self, fold: usize) -> Dataset {
        let tuned = self.tuned[fold].as_ref().expect("every fold has been trained");
        Dataset { x: tuned.features.clone(), ..(*self.data).clone() }
    }

    /// What each fold's head says of its held-out rows, in the order of the samples.
    fn gathered(&self, heads: &[Matrix]) -> Matrix {
        let mut outputs = Matrix::new(self.data.outputs(), vec![0.0; self.data.outputs() * self.data.rows()]);
        for (fold, said) in heads.iter().enumerate() {
            put(&mut outputs, said, &self.rows(Some(fold)).1);
        }
        outputs
    }

    /// By row, of held-out outputs at the temperature that suits them: log loss (summed over labels), or how far off the number is.
    fn losses(&self, outputs: &Matrix) -> Vec<f64> {
        if self.data.kind() == Kind::Numbers {
            return self.data.errors(outputs);
        }
        let (p, truth) = self.choices(outputs);
        let p = at_temperature(&p, careful_temperature(&p, &truth));
        let loss = |choice: usize| -f64::from(p.row(choice)[truth[choice]]).max(1e-12).ln();
        let each = truth.len() / self.data.rows();
        (0..self.data.rows()).map(|row| (row * each..(row + 1) * each).map(loss).sum()).collect()
    }

    /// Probabilities with their truth: of classes, or of each label by itself.
    fn choices(&self, outputs: &Matrix) -> (Probabilities, Vec<usize>) {
        match self.data.kind() {
            Kind::Labels => self.data.choices(outputs),
            _ => {
                let p = Probabilities { classes: outputs.cols(), values: outputs.values().to_vec() };
                (p, self.data.y.clone())
            }
        }
    }

    /// The frozen backbone's head, fitted on all samples.
    pub fn into_frozen(self) -> (Fitted, Recipe) {
        (*self.whole.expect("the frozen heads are fitted"), self.head)
    }

    fn guarded(&self, outputs: &Matrix) -> Guarded {
        let data = &self.data;
        let (before, after) = (data.errors(&self.frozen), data.errors(outputs));
        let (groups, seed) = (&data.groups, self.recipe.seed);
        let mut by_group = std::collections::BTreeMap::<usize, f64>::new();
        // A hit more or less says little of a dozen samples; how sure the right answer is says more.
        for ((group, before), after) in groups.iter().zip(self.losses(&self.frozen)).zip(self.losses(outputs)) {
            *by_group.entry(*group).or_default() += before - after;
        }
        let p = larger_sum_by_chance(&by_group.into_values().collect::<Vec<_>>(), seed);
        let mean = |rows: &[usize], of: &dyn Fn(usize) -> f64| {
            rows.iter().map(|&row| of(row)).sum::<f64>() / rows.len().max(1) as f64
        };
        let gain = Interval {
            method: "paired bootstrap",
            ..bootstrap_any(groups, [f64::NEG_INFINITY, f64::INFINITY], seed, |rows| {
                mean(rows, &|row| before[row] - after[row])
            })
        };
        let kept = gain.value >= 0.0 && p < LEVEL;
        let numbers = data.kind() == Kind::Numbers;
        let interval = |errors: &[f64]| {
            if numbers {
                return bootstrap_any(groups, [0.0, f64::INFINITY], seed, |rows| mean(rows, &|row| errors[row]));
            }
            share(&errors.iter().map(|e| *e == 0.0).collect::<Vec<_>>(), groups, seed)
        };
        let (frozen, tuned) = (interval(&before), interval(&after));
        let figures = if numbers {
            format!("held out, it is off by {:.3} in the mean, the frozen backbone by {:.3}", tuned.value, frozen.value)
        } else {
            format!(
                "held out, it gets {:.1} % right, the frozen backbone {:.1} % ({:+.1} points)",
                100.0 * tuned.value,
                100.0 * frozen.value,
                100.0 * gain.value,
            )
        };
        let what = if self.blind() { "Continued pretraining" } else { "Fine-tuning" };
        let sentence = if kept {
            format!("{what} is kept: {figures}; chance alone would do that {}.", often(p))
        } else {
            let stopped = self.tuned.iter().flatten().any(|tuned| tuned.gave_up);
            let how = if stopped { "stopped early and rolled back" } else { "rolled back" };
            format!("{what} was {how}: {figures}; chance alone would do that {}.", often(p))
        };
        let per_class =
            data.names().iter().filter(|_| data.kind() == Kind::Classes).enumerate().map(|(class, label)| {
                let rows: Vec<usize> = (0..data.rows()).filter(|&row| data.y[row] == class).collect();
                let right = |errors: &[f64]| mean(&rows, &|row| 1.0 - errors[row]);
                BeforeAfter { label: label.clone(), support: rows.len(), before: right(&before), after: right(&after) }
            });
        Guarded { kept, sentence, frozen, tuned, gain, p, per_class: per_class.collect() }
    }

    /// Rows to train on and to hold out.
    fn rows(&self, fold: Option<usize>) -> (Vec<usize>, Vec<usize>) {
        (0..self.data.rows()).partition(|&row| Some(self.folds[row]) != fold)
    }

    fn loss(&self) -> Loss {
        Loss::new(&self.data, &self.head)
    }
}

/// What came of the guard, and what a kept model needs of it.
pub struct Decision {
    pub guarded: Guarded,
    /// The samples with the features that each fold's stages make of them.
    pub by_fold: Vec<Arc<Dataset>>,
    /// The fold of each row.
    pub folds: Vec<usize>,
    /// Novelty of held-out samples.
    pub distances: Vec<f32>,
    pub residuals: Vec<f64>,
    /// Of the tuned head.
    pub recipe: Recipe,
}

/// What is kept of a guard: what is said of a model that was tuned comes from it.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardRows {
    /// Ids of the samples that the backbone was tuned on.
    pub ids: Vec<String>,
    /// Their rows by the backbone that was tuned without each fold.
    pub by_fold: Vec<Matrix>,
    /// The fold of each of them.
    pub folds: Vec<usize>,
}

/// Rows of outputs to where they belong.
fn put(outputs: &mut Matrix, said: &Matrix, rows: &[usize]) {
    let width = said.cols();
    for (i, &row) in rows.iter().enumerate() {
        outputs.values_mut()[row * width..][..width].copy_from_slice(said.row(i));
    }
}

fn start(fitted: &Fitted, loss: &Loss) -> TuneHead {
    match &fitted.head {
        Head::Linear(head) => TuneHead::start(head, loss),
        _ => unreachable!("the recipe's head is linear"),
    }
}

fn often(p: f64) -> String {
    if p >= 0.01 { format!("in {:.0} of 100 cases", 100.0 * p) } else { "in less than 1 of 100 cases".to_owned() }
}
