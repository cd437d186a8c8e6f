//! Feature rows → a head. Every fit is a pump: [`Fit::step`] does a bounded piece of work and says how far it is, so
//! that the caller can show progress, and stop by not calling again.

mod affine;
mod knn;
mod lbfgs;
mod linear;
mod mlp;
mod plane;
mod prototype;
mod scratch;

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

pub use affine::Affine;
pub use knn::Knn;
pub use mlp::Mlp;
pub use plane::principal_plane;
pub use scratch::Scratch;

use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::metrics::{Probabilities, folds};
use crate::source::Content;
use scratch::{ScratchFit, ScratchStep};

/// Labelled rows in an order that does not depend on how they came: a fit sees the same numbers whichever picture was
/// dropped first, and gives the same bits.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    pub x: Matrix,
    /// Index into `classes` for each row.
    pub y: Vec<usize>,
    pub classes: Vec<String>,
    /// Sample id of each row.
    pub ids: Vec<String>,
    /// Rows with the same number are on the same side of every split.
    pub groups: Vec<usize>,
    /// What the rows were made from.
    pub contents: Vec<Arc<Content>>,
}

/// A labelled sample on its way into a [`Dataset`].
pub struct Labelled<'a> {
    /// Content id: what the rows are ordered by.
    pub content_id: &'a str,
    pub id: &'a str,
    pub label: &'a str,
    pub row: &'a [f32],
    pub content: Arc<Content>,
}

impl Dataset {
    /// Every row is a group of its own. Errors: `too-few-labels`.
    pub fn new<'a>(dim: usize, samples: impl IntoIterator<Item = Labelled<'a>>) -> Result<Self> {
        let mut samples: Vec<_> = samples.into_iter().collect();
        samples.sort_unstable_by_key(|s| s.content_id);
        let mut classes: Vec<String> = samples.iter().map(|s| s.label.to_owned()).collect();
        classes.sort_unstable();
        classes.dedup();
        if classes.len() < 2 {
            let why = match classes.first() {
                None => "no sample has a label".to_owned(),
                Some(only) => format!("every labelled sample is `{only}`"),
            };
            return Err(Error::TooFewLabels { why: why + "; label at least one sample in each of two classes" });
        }
        let mut x = Matrix::with_capacity(dim, samples.len());
        samples.iter().for_each(|s| x.push(s.row));
        let y = samples.iter().map(|s| classes.binary_search_by(|c| c.as_str().cmp(s.label)).unwrap()).collect();
        Ok(Self {
            x,
            y,
            classes,
            ids: samples.iter().map(|s| s.id.to_owned()).collect(),
            groups: (0..samples.len()).collect(),
            contents: samples.into_iter().map(|s| s.content).collect(),
        })
    }

    pub fn rows(&self) -> usize {
        self.y.len()
    }

    /// Rows of each class.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        self.y.iter().for_each(|&c| counts[c] += 1);
        counts
    }

    /// The rows named; the classes stay, even one that has no row left.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            x: self.x.select(rows),
            y: rows.iter().map(|&r| self.y[r]).collect(),
            classes: self.classes.clone(),
            ids: rows.iter().map(|&r| self.ids[r].clone()).collect(),
            groups: rows.iter().map(|&r| self.groups[r]).collect(),
            contents: rows.iter().map(|&r| self.contents[r].clone()).collect(),
        }
    }

    /// A fold for each row: see [`folds`].
    pub fn folds(&self, parts: usize, seed: u64) -> Vec<usize> {
        folds(&self.y, &self.groups, parts, seed)
    }

    /// A share of the rows named, of each class as many, whole groups in an order that the seed decides: the smaller share is
    /// a part of the larger.
    pub fn sample(&self, rows: &[usize], share: f64, seed: u64) -> Vec<usize> {
        let mut rows = rows.to_vec();
        let mut wanted = vec![0; self.classes.len()];
        rows.iter().for_each(|&row| wanted[self.y[row]] += 1);
        wanted.iter_mut().filter(|n| **n > 0).for_each(|n| *n = ((*n as f64 * share).round() as usize).max(1));
        rows.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        // Two frames of one burst are worth little more than one, so they come or stay together.
        let mut place = std::collections::HashMap::new();
        for &row in &rows {
            let next = place.len();
            place.entry(self.groups[row]).or_insert(next);
        }
        rows.sort_by_key(|&row| place[&self.groups[row]]);
        rows.retain(|&row| {
            let left = &mut wanted[self.y[row]];
            let taken = *left > 0;
            *left = left.saturating_sub(1);
            taken
        });
        rows.sort_unstable();
        rows
    }

    /// Folds that make sense, `most` at most: as many as the class with the most groups has of them.
    pub fn parts(&self, most: usize) -> usize {
        let mut seen: Vec<(usize, usize)> = self.y.iter().copied().zip(self.groups.iter().copied()).collect();
        seen.sort_unstable();
        seen.dedup();
        seen.chunk_by(|a, b| a.0 == b.0).map(<[_]>::len).max().unwrap_or(0).min(most)
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeadKind {
    #[default]
    Linear,
    Mlp,
    Prototype,
    Knn,
    /// Without the backbone.
    Scratch,
}

impl HeadKind {
    pub fn name(self) -> &'static str {
        match self {
            HeadKind::Linear => "linear",
            HeadKind::Mlp => "mlp",
            HeadKind::Prototype => "prototype",
            HeadKind::Knn => "knn",
            HeadKind::Scratch => "scratch",
        }
    }
}

/// How much a sample counts in the linear head's loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClassWeight {
    Named(Weighting),
    /// By class; 1 for a class that is not in it.
    ByClass(BTreeMap<String, f64>),
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weighting {
    /// Every class counts the same in all, however many samples it has: `n / (classes × count)`.
    Balanced,
    /// Every sample counts the same.
    None,
}

impl ClassWeight {
    fn of(&self, data: &Dataset) -> Vec<f64> {
        match self {
            ClassWeight::Named(Weighting::Balanced) => {
                let counts = data.counts();
                let present = counts.iter().filter(|&&c| c > 0).count();
                counts.iter().map(|&c| data.rows() as f64 / (present * c.max(1)) as f64).collect()
            }
            ClassWeight::Named(Weighting::None) => vec![1.0; data.classes.len()],
            ClassWeight::ByClass(weights) => {
                data.classes.iter().map(|c| weights.get(c).copied().unwrap_or(1.0)).collect()
            }
        }
    }
}

/// What to fit. Everything has a default that works.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Recipe {
    pub head: HeadKind,
    /// Folds of the cross-validation that chooses the strength of the linear head and the MLP, or the prototype head's scale.
    pub folds: usize,
    /// Linear and MLP: inverse regularisation strength, scikit-learn's C on unit rows; chosen by cross-validation when absent.
    pub strength: Option<f64>,
    pub class_weight: ClassWeight,
    /// kNN: neighbours that vote.
    pub k: usize,
    /// Linear and MLP: what the logits are divided by; found on the held-out rows of the search when absent.
    #[serde(skip)]
    pub temperature: Option<f64>,
    /// The class of samples that are of no kind: what is called that is refused, when refusing is asked for.
    pub negative: Option<String>,
    pub seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            head: HeadKind::Linear,
            folds: 3,
            strength: None,
            class_weight: ClassWeight::Named(Weighting::Balanced),
            k: 10,
            temperature: None,
            negative: None,
            seed: 0,
        }
    }
}

impl Recipe {
    /// Errors: `bad-option`, naming it.
    pub fn check(&self) -> Result<()> {
        let bad = |option, why: &str| Err(Error::BadOption { option, why: why.to_owned() });
        if !(2..=20).contains(&self.folds) {
            return bad("folds", "a whole number from 2 to 20");
        }
        if self.strength.is_some_and(|s| !(s.is_finite() && s > 0.0)) {
            return bad("strength", "a finite number above 0");
        }
        if self.k == 0 {
            return bad("k", "at least one neighbour");
        }
        if let ClassWeight::ByClass(weights) = &self.class_weight
            && weights.values().any(|w| !(w.is_finite() && *w > 0.0))
        {
            return bad("classWeight", "every weight is a finite number above 0");
        }
        Ok(())
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Head {
    Linear(Affine),
    Mlp(Mlp),
    Prototype(Affine),
    Knn(Knn),
    Scratch(Scratch),
}

impl Head {
    /// Class probabilities of raw feature rows, and of what they were made from: one content for each row.
    pub fn probabilities(&self, x: &Matrix, contents: &[Arc<Content>]) -> Probabilities {
        match self {
            Head::Linear(head) | Head::Prototype(head) => head.probabilities(x),
            Head::Mlp(head) => head.probabilities(x),
            Head::Knn(head) => head.probabilities(x),
            Head::Scratch(head) => head.probabilities(&contents.iter().map(|c| &**c).collect::<Vec<_>>()),
        }
    }
}

/// A head and what was decided on the way to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub head: Head,
    pub classes: Vec<String>,
    /// The hyper-parameters, chosen or given, by name.
    pub chosen: BTreeMap<&'static str, f64>,
    /// Hits and rows of the held-out parts at the chosen hyper-parameters, where there were any.
    pub held_out: Option<(usize, usize)>,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    pub stage: &'static str,
    pub done: usize,
    pub total: usize,
    /// What is minimised, on the rows that are fitted: cross-entropy in nats and the penalty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// Log loss in nats on held-out rows, when a fit of the search has just ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard: Option<f64>,
}

pub enum Step {
    Progress(Progress),
    Done(Box<Fitted>),
}

/// A fit under way.
pub struct Fit(Kind);

enum Kind {
    Linear(Box<linear::LinearFit>),
    Prototype(Box<prototype::PrototypeFit>),
    Scratch(Box<ScratchFit>, Vec<String>),
    /// kNN keeps the rows.
    Once(Option<Box<Fitted>>),
}

impl Fit {
    /// Errors: `bad-option`.
    pub fn new(data: &Dataset, recipe: &Recipe) -> Result<Self> {
        recipe.check()?;
        if let ClassWeight::ByClass(weights) = &recipe.class_weight
            && let Some(unknown) = weights.keys().find(|name| !data.classes.contains(name))
        {
            return Err(Error::BadOption {
                option: "classWeight",
                why: format!("no sample has the label `{unknown}`"),
            });
        }
        if let Some(name) = &recipe.negative
            && !data.classes.contains(name)
        {
            return Err(Error::BadOption { option: "negative", why: format!("no sample has the label `{name}`") });
        }
        let once = |head, chosen: &[(&'static str, f64)], reason: &str| {
            Kind::Once(Some(Box::new(Fitted {
                head,
                classes: data.classes.clone(),
                chosen: chosen.iter().copied().collect(),
                held_out: None,
                reason: reason.to_owned(),
            })))
        };
        Ok(Self(match recipe.head {
            HeadKind::Linear | HeadKind::Mlp => Kind::Linear(Box::new(linear::LinearFit::new(data, recipe))),
            HeadKind::Prototype => Kind::Prototype(Box::new(prototype::PrototypeFit::new(data, recipe))),
            HeadKind::Scratch => {
                let contents: Vec<&Content> = data.contents.iter().map(|c| &**c).collect();
                let fit = ScratchFit::new(&contents, &data.y, data.classes.len(), recipe.seed);
                Kind::Scratch(Box::new(fit), data.classes.clone())
            }
            HeadKind::Knn => {
                let head = Knn::fit(data, recipe.k);
                let k = head.k() as f64;
                once(Head::Knn(head), &[("k", k)], "the nearest labelled samples vote; no training")
            }
        }))
    }

    /// A bounded piece of the work. After `Done` there is nothing left to do.
    pub fn step(&mut self) -> Step {
        match &mut self.0 {
            Kind::Linear(fit) => fit.step(),
            Kind::Prototype(fit) => fit.step(),
            Kind::Scratch(fit, classes) => match fit.step() {
                ScratchStep::Progress { done, total, loss } => {
                    Step::Progress(Progress { stage: "fit", done, total, loss: Some(loss), guard: None })
                }
                ScratchStep::Done(head) => Step::Done(Box::new(Fitted {
                    head: Head::Scratch(head),
                    classes: std::mem::take(classes),
                    chosen: BTreeMap::new(),
                    held_out: None,
                    reason: "learnt from these samples alone, without the pretrained backbone".to_owned(),
                })),
            },
            Kind::Once(fitted) => Step::Done(fitted.take().expect("step() after Done")),
        }
    }

    /// All of it.
    pub fn run(mut self) -> Fitted {
        loop {
            if let Step::Done(fitted) = self.step() {
                return *fitted;
            }
        }
    }
}
