//! Feature rows → a head. Every fit is a pump: [`Fit::step`] does a bounded piece of work and says how far it is, so
//! that the caller can show progress, and stop by not calling again.

mod adapt;
mod affine;
mod dataset;
mod knn;
mod lbfgs;
mod linear;
mod loss;
mod mlp;
mod plane;
mod prototype;
mod scratch;
pub mod tune;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use adapt::{BatchNorm, Move, Spectrum, SpectrumFit, resampled, with_rows, with_surest};
pub use affine::{Affine, Link};
pub use dataset::{Answers, Dataset, Kind, Labelled, Targets, called};
pub use knn::Knn;
pub use loss::Loss;
pub use mlp::{HIDDEN, Mlp};
pub use plane::principal_plane;
pub use scratch::{Cnn, Scratch, Vocabulary, Words};

use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::metrics::Probabilities;
use crate::source::Content;
use scratch::{ScratchFit, ScratchStep};

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

    /// Whether it learns from feature rows.
    pub fn has_features(self) -> bool {
        self != HeadKind::Scratch
    }

    pub fn learns(self, kind: Kind) -> bool {
        kind == Kind::Classes || !matches!(self, HeadKind::Prototype | HeadKind::Scratch)
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
    /// Every class counts the same in all, however many samples it has: `n / (classes × count)`. Where samples have several labels,
    /// those with a label count the same in all as those without: `n / (2 × count)`.
    Balanced,
    /// Every sample counts the same.
    None,
}

impl ClassWeight {
    /// By class.
    fn of_classes(&self, data: &Dataset) -> Vec<f64> {
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

    /// Of a label's samples without it and with it: `absent` and `present` of them.
    fn of_label(&self, name: &str, [absent, present]: [usize; 2]) -> [f64; 2] {
        match self {
            ClassWeight::Named(Weighting::Balanced) if absent > 0 && present > 0 => {
                let half = (absent + present) as f64 / 2.0;
                [half / absent as f64, half / present as f64]
            }
            ClassWeight::Named(_) => [1.0, 1.0],
            ClassWeight::ByClass(weights) => [1.0, weights.get(name).copied().unwrap_or(1.0)],
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
    /// Of raw feature rows, and of what they were made from, one content for each row: the probability of each class (they
    /// sum to 1), that of each label (they do not), or the number, from the training rows' [`Dataset::origin`].
    pub fn outputs(&self, x: &Matrix, contents: &[Arc<Content>]) -> Matrix {
        match self {
            Head::Linear(head) | Head::Prototype(head) => head.outputs(x),
            Head::Mlp(head) => head.outputs(x),
            Head::Knn(head) => head.outputs(x),
            Head::Scratch(head) => {
                let p = head.probabilities(&contents.iter().map(|c| &**c).collect::<Vec<_>>());
                Matrix::new(p.classes, p.values)
            }
        }
    }

    /// Multiplications that a row of `dim` takes, about.
    pub fn products(&self, dim: usize) -> usize {
        match self {
            Head::Linear(head) | Head::Prototype(head) => head.bias.len() * dim,
            Head::Mlp(_) => mlp::HIDDEN * dim,
            Head::Knn(head) => head.rows.rows() * dim,
            Head::Scratch(head) => head.products(),
        }
    }

    /// The same of a head that tells classes or labels.
    pub fn probabilities(&self, x: &Matrix, contents: &[Arc<Content>]) -> Probabilities {
        let outputs = self.outputs(x, contents);
        Probabilities { classes: outputs.cols(), values: outputs.into_values() }
    }
}

/// A head and what was decided on the way to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub head: Head,
    pub kind: Kind,
    /// What the outputs are of: classes, or labels. None for numbers.
    pub classes: Vec<String>,
    /// The hyper-parameters, chosen or given, by name.
    pub chosen: BTreeMap<String, f64>,
    /// What became of held-out rows at the chosen hyper-parameters, where there were any.
    pub held_out: Option<HeldOut>,
    /// How far off held-out numbers were, ascending.
    pub residuals: Vec<f64>,
    pub reason: String,
}

/// Rows that were held out: whether what was said of each is right, and which belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOut {
    pub hits: Vec<bool>,
    pub groups: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    pub stage: &'static str,
    pub done: usize,
    pub total: usize,
    /// What is minimised, on the rows that are fitted, with the penalty: cross-entropy in nats (summed over labels where a
    /// sample may have several), or half the squared error in standard deviations of the numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// The same without the penalty on held-out rows (for labels their mean, for numbers the squared error itself), when a fit of
    /// the search has just ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard: Option<f64>,
}

pub enum Step {
    Progress(Progress),
    Done(Box<Fitted>),
}

/// A fit under way.
pub struct Fit(Running);

enum Running {
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
            && let Some(unknown) = weights.keys().find(|name| !data.names().contains(name))
        {
            return Err(Error::BadOption {
                option: "classWeight",
                why: format!("no sample has the label `{unknown}`"),
            });
        }
        if let Some(name) = &recipe.negative
            && !data.names().contains(name)
        {
            return Err(Error::BadOption { option: "negative", why: format!("no sample has the label `{name}`") });
        }
        let name = recipe.head.name();
        let what = match data.kind() {
            Kind::Labels => "each of these has any number of labels",
            Kind::Numbers => "these have numbers",
            Kind::Classes => "",
        };
        if !recipe.head.learns(data.kind()) {
            let why = format!("`{name}` needs samples of one class each, and {what}; use linear, mlp or knn");
            return Err(Error::BadOption { option: "head", why });
        }
        let once = |head, chosen: &[(&'static str, f64)], reason: &str| {
            Running::Once(Some(Box::new(Fitted {
                head,
                kind: data.kind(),
                classes: data.names().to_vec(),
                chosen: chosen.iter().map(|&(name, value)| (name.to_owned(), value)).collect(),
                held_out: None,
                residuals: Vec::new(),
                reason: reason.to_owned(),
            })))
        };
        Ok(Self(match recipe.head {
            HeadKind::Linear | HeadKind::Mlp => Running::Linear(Box::new(linear::LinearFit::new(data, recipe))),
            HeadKind::Prototype => Running::Prototype(Box::new(prototype::PrototypeFit::new(data, recipe))),
            HeadKind::Scratch => {
                let contents: Vec<&Content> = data.contents.iter().map(|c| &**c).collect();
                let fit = ScratchFit::new(&contents, &data.y, data.classes.len(), recipe.seed);
                Running::Scratch(Box::new(fit), data.classes.clone())
            }
            HeadKind::Knn => {
                let head = Knn::fit(data, recipe.k);
                let k = head.k as f64;
                once(Head::Knn(head), &[("k", k)], "the nearest labelled samples vote; no training")
            }
        }))
    }

    /// A bounded piece of the work. After `Done` there is nothing left to do.
    pub fn step(&mut self) -> Step {
        match &mut self.0 {
            Running::Linear(fit) => fit.step(),
            Running::Prototype(fit) => fit.step(),
            Running::Scratch(fit, classes) => match fit.step() {
                ScratchStep::Progress { done, total, loss } => {
                    Step::Progress(Progress { stage: "fit", done, total, loss: Some(loss), guard: None })
                }
                ScratchStep::Done(head) => Step::Done(Box::new(Fitted {
                    head: Head::Scratch(head),
                    kind: Kind::Classes,
                    classes: std::mem::take(classes),
                    chosen: BTreeMap::new(),
                    held_out: None,
                    residuals: Vec::new(),
                    reason: "learnt from these samples alone, without the pretrained backbone".to_owned(),
                })),
            },
            Running::Once(fitted) => Step::Done(fitted.take().expect("step() after Done")),
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
