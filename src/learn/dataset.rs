//! Rows with what is known of them.

use std::collections::HashMap;
use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::metrics::{Probabilities, folds, order, sort, yes_or_no};
use crate::source::{Content, Label};

/// A label is said where it is at least as likely as not.
pub const CALLED: f32 = 0.5;
/// Samples with numbers of about the same size that are spread over the folds together, in the mean …
const PER_RANGE: usize = 10;
/// … and ranges of sizes, at most.
const RANGES: usize = 10;
/// Numbers this many deviations from 0 are learnt from their mean: an f32 has seven digits, and a time in milliseconds thirteen.
const FAR: f64 = 1000.0;

/// What the samples have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One class each.
    Classes,
    /// Any number of labels each.
    Labels,
    /// A number each.
    Numbers,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// The class is the stratum.
    Classes,
    /// `of`: indices of `names`, ascending, for each row.
    Labels {
        names: Vec<String>,
        of: Vec<Vec<usize>>,
    },
    Numbers(Vec<f64>),
}

/// Labelled rows in an order that does not depend on how they came: a fit sees the same numbers whichever picture was
/// dropped first, and gives the same bits.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    pub x: Matrix,
    pub targets: Targets,
    /// Stratum of each row: what is split evenly. The class; with several labels the rarest of them; with numbers a range.
    pub y: Vec<usize>,
    /// Names of the strata: the classes, where each row has one.
    pub classes: Vec<String>,
    /// Sample id of each row.
    pub ids: Vec<String>,
    /// Rows with the same number are on the same side of every split.
    pub groups: Vec<usize>,
    /// What the rows were made from.
    pub contents: Vec<Arc<Content>>,
    /// Of numbers: what a head's outputs are on top of. 0 unless they are far from 0 beside how far they are apart.
    pub origin: f64,
}

/// A labelled sample on its way into a [`Dataset`].
pub struct Labelled<'a> {
    /// Content id: what the rows are ordered by.
    pub content_id: &'a str,
    pub id: &'a str,
    pub label: &'a Label,
    pub row: &'a [f32],
    pub content: Arc<Content>,
}

/// What is known of rows, and their strata.
pub struct Answers {
    pub targets: Targets,
    pub y: Vec<usize>,
    pub classes: Vec<String>,
}

impl Answers {
    /// From `(id, label)` of each row. `known`: names that come first, in this order; `kind`: what it must be.
    ///
    /// Errors: `bad-labels`, naming a sample.
    pub fn new(labels: &[(&str, &Label)], known: &[String], kind: Option<Kind>) -> Result<Self> {
        let number = labels.iter().find(|(_, label)| matches!(label, Label::Number(_)));
        let name = labels.iter().find(|(_, label)| !matches!(label, Label::Number(_)));
        let several = labels.iter().any(|(_, label)| matches!(label, Label::Several(_)));
        let found = match (number, name) {
            (Some((number, _)), Some((name, _))) => {
                let why = format!(
                    "`{number}` has a number for a label and `{name}` has a name: a model learns one or the other; relabel or remove some"
                );
                return Err(Error::BadLabels { why });
            }
            (Some(_), None) => Kind::Numbers,
            _ if several || kind == Some(Kind::Labels) => Kind::Labels,
            _ => Kind::Classes,
        };
        if let Some(kind) = kind.filter(|&kind| kind != found) {
            let say = |kind| match kind {
                Kind::Classes => "one class each",
                Kind::Labels => "any number of labels each",
                Kind::Numbers => "numbers",
            };
            let why = format!("the model was trained on {}, and these samples have {}", say(kind), say(found));
            return Err(Error::BadLabels { why });
        }
        if found == Kind::Numbers {
            let number = |(_, label): &(&str, &Label)| match label {
                Label::Number(number) => *number,
                _ => unreachable!("all are numbers"),
            };
            return Ok(Self::numbers(labels.iter().map(number).collect()));
        }
        let mut names = known.to_vec();
        let mut others: Vec<&String> =
            labels.iter().flat_map(|(_, label)| label.names()).filter(|name| !known.contains(name)).collect();
        others.sort_unstable();
        others.dedup();
        names.extend(others.into_iter().cloned());
        let place: HashMap<&String, usize> = names.iter().enumerate().map(|(i, name)| (name, i)).collect();
        let of: Vec<Vec<usize>> = labels
            .iter()
            .map(|(_, label)| {
                let mut of: Vec<usize> = label.names().iter().map(|name| place[name]).collect();
                of.sort_unstable();
                of
            })
            .collect();
        Ok(match found {
            Kind::Classes => {
                Self { targets: Targets::Classes, y: of.into_iter().map(|of| of[0]).collect(), classes: names }
            }
            _ => Self::labels(names, of),
        })
    }

    /// Of each row its rarest label is what is spread: the others come by themselves. (The first step of Sechidis et al. 2011.)
    fn labels(names: Vec<String>, of: Vec<Vec<usize>>) -> Self {
        let mut counts = vec![0; names.len()];
        of.iter().flatten().for_each(|&label| counts[label] += 1);
        let rarest = |of: &Vec<usize>| of.iter().copied().min_by_key(|&label| counts[label]).unwrap_or(names.len());
        let y = of.iter().map(rarest).collect();
        let classes = names.iter().cloned().chain(["none".to_owned()]).collect();
        Self { y, classes, targets: Targets::Labels { names, of } }
    }

    fn numbers(values: Vec<f64>) -> Self {
        let n = values.len();
        let ranges = (n / PER_RANGE).clamp(2, RANGES);
        let order = order(n, &mut |a, b| values[a].total_cmp(&values[b]));
        let mut y = vec![0; n];
        let mut rank = 0;
        for (place, &row) in order.iter().enumerate() {
            // Equal numbers are in one range.
            if place == 0 || values[row] != values[order[place - 1]] {
                rank = place;
            }
            y[row] = rank * ranges / n;
        }
        let classes = (0..ranges).map(|range| format!("range {}", range + 1)).collect();
        Self { y, classes, targets: Targets::Numbers(values) }
    }
}

impl Dataset {
    /// Every row is a group of its own. Errors: `too-few-labels`, `bad-labels`.
    pub fn new<'a>(dim: usize, samples: impl IntoIterator<Item = Labelled<'a>>) -> Result<Self> {
        let mut samples: Vec<_> = samples.into_iter().collect();
        sort(&mut samples, |a, b| a.content_id.cmp(b.content_id));
        let labels: Vec<(&str, &Label)> = samples.iter().map(|s| (s.id, s.label)).collect();
        let first = labels.first().map(|(_, label)| *label);
        if labels.iter().all(|(_, label)| Some(*label) == first) {
            let why = match first {
                None => "no sample has a label".to_owned(),
                Some(only) => format!("every labelled sample is `{only}`"),
            };
            let what = match first {
                Some(Label::Number(_)) => "give at least two samples different numbers",
                Some(Label::Several(_)) => "label at least one sample otherwise",
                _ => "label at least one sample in each of two classes",
            };
            return Err(Error::TooFewLabels { why: format!("{why}; {what}") });
        }
        let Answers { targets, y, classes } = Answers::new(&labels, &[], None)?;
        let mut x = Matrix::with_capacity(dim, samples.len());
        samples.iter().for_each(|s| x.push(s.row));
        Ok(Self {
            x,
            y,
            classes,
            ids: samples.iter().map(|s| s.id.to_owned()).collect(),
            groups: (0..samples.len()).collect(),
            contents: samples.into_iter().map(|s| s.content).collect(),
            origin: origin(&targets),
            targets,
        })
    }

    pub fn rows(&self) -> usize {
        self.y.len()
    }

    pub fn kind(&self) -> Kind {
        match self.targets {
            Targets::Classes => Kind::Classes,
            Targets::Labels { .. } => Kind::Labels,
            Targets::Numbers(_) => Kind::Numbers,
        }
    }

    /// What a head's outputs are of: the classes, the labels; of numbers there is one output without a name.
    pub fn names(&self) -> &[String] {
        match &self.targets {
            Targets::Classes => &self.classes,
            Targets::Labels { names, .. } => names,
            Targets::Numbers(_) => &[],
        }
    }

    /// Outputs of a head.
    pub fn outputs(&self) -> usize {
        self.names().len().max(1)
    }

    /// `rows × outputs`: 1 for a row's class, or for each of its labels, otherwise 0; or the number, from `origin`.
    pub fn truth(&self) -> Matrix {
        let mut truth = Matrix::new(self.outputs(), vec![0.0; self.rows() * self.outputs()]);
        let mut set = |row: usize, column: usize, value: f32| {
            truth.values_mut()[row * self.outputs() + column] = value;
        };
        match &self.targets {
            Targets::Classes => self.y.iter().enumerate().for_each(|(row, &class)| set(row, class, 1.0)),
            Targets::Labels { of, .. } => {
                of.iter().enumerate().for_each(|(row, of)| of.iter().for_each(|&label| set(row, label, 1.0)));
            }
            Targets::Numbers(values) => {
                values.iter().enumerate().for_each(|(row, &v)| set(row, 0, (v - self.origin) as f32))
            }
        }
        truth
    }

    /// By row, of a head's outputs: 0 where the class, or every label, is right and 1 where not; or how far off the number is.
    pub fn errors(&self, outputs: &Matrix) -> Vec<f64> {
        let p = Probabilities { classes: outputs.cols(), values: outputs.values().to_vec() };
        let wrong = |wrong: bool| f64::from(u8::from(wrong));
        match &self.targets {
            Targets::Classes => self.y.iter().enumerate().map(|(row, &class)| wrong(p.top(row) != class)).collect(),
            Targets::Labels { of, .. } => {
                of.iter().enumerate().map(|(row, of)| wrong(called(p.row(row)) != *of)).collect()
            }
            Targets::Numbers(values) => {
                let off = |(truth, &got): (&f64, &f32)| (truth - self.origin - f64::from(got)).abs();
                values.iter().zip(outputs.values()).map(off).collect()
            }
        }
    }

    /// Of a head's outputs: the log loss in nats (for labels, the mean over them), or the mean squared error.
    pub fn loss(&self, outputs: &Matrix) -> f64 {
        let p = || Probabilities { classes: outputs.cols(), values: outputs.values().to_vec() };
        match &self.targets {
            Targets::Classes => p().log_loss(&self.y),
            Targets::Labels { .. } => {
                let (p, truth) = self.choices(outputs);
                p.log_loss(&truth)
            }
            Targets::Numbers(_) => self.errors(outputs).iter().map(|e| e * e).sum::<f64>() / self.rows().max(1) as f64,
        }
    }

    /// Every label of every row as a choice of its own, no or yes, from a head's outputs.
    pub fn choices(&self, outputs: &Matrix) -> (Probabilities, Vec<usize>) {
        yes_or_no(outputs.values(), self.truth().values())
    }

    /// Indices of a row's class, or of its labels, among `names`.
    pub fn names_of(&self, row: usize) -> &[usize] {
        match &self.targets {
            Targets::Classes => std::slice::from_ref(&self.y[row]),
            Targets::Labels { of, .. } => &of[row],
            Targets::Numbers(_) => &[],
        }
    }

    /// Rows of each class, or with each label.
    pub fn counts_by_name(&self) -> Vec<usize> {
        let mut counts = vec![0; self.names().len()];
        (0..self.rows()).for_each(|row| self.names_of(row).iter().for_each(|&name| counts[name] += 1));
        counts
    }

    /// Whether a row is of this class, or has this label.
    pub fn has(&self, row: usize, name: &str) -> bool {
        self.names_of(row).iter().any(|&own| self.names()[own] == name)
    }

    /// A row's label.
    pub fn label(&self, row: usize) -> Label {
        match &self.targets {
            Targets::Classes => Label::Class(self.classes[self.y[row]].clone()),
            Targets::Labels { names, of } => Label::Several(of[row].iter().map(|&l| names[l].clone()).collect()),
            Targets::Numbers(values) => Label::Number(values[row]),
        }
    }

    /// Rows of each stratum.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        self.y.iter().for_each(|&c| counts[c] += 1);
        counts
    }

    /// The rows named; the classes stay, even one that has no row left.
    pub fn select(&self, rows: &[usize]) -> Self {
        let targets = match &self.targets {
            Targets::Classes => Targets::Classes,
            Targets::Labels { names, of } => {
                Targets::Labels { names: names.clone(), of: rows.iter().map(|&r| of[r].clone()).collect() }
            }
            Targets::Numbers(values) => Targets::Numbers(rows.iter().map(|&r| values[r]).collect()),
        };
        Self {
            x: self.x.select(rows),
            targets,
            y: rows.iter().map(|&r| self.y[r]).collect(),
            classes: self.classes.clone(),
            ids: rows.iter().map(|&r| self.ids[r].clone()).collect(),
            groups: rows.iter().map(|&r| self.groups[r]).collect(),
            contents: rows.iter().map(|&r| self.contents[r].clone()).collect(),
            origin: self.origin,
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
        let mut place = HashMap::new();
        for &row in &rows {
            let next = place.len();
            place.entry(self.groups[row]).or_insert(next);
        }
        sort(&mut rows, |a, b| place[&self.groups[*a]].cmp(&place[&self.groups[*b]]));
        rows.retain(|&row| {
            let left = &mut wanted[self.y[row]];
            let taken = *left > 0;
            *left = left.saturating_sub(1);
            taken
        });
        rows.sort_unstable();
        rows
    }

    /// Folds that make sense, `most` at most: as many as the stratum with the most groups has of them.
    pub fn parts(&self, most: usize) -> usize {
        let mut seen: Vec<(usize, usize)> = self.y.iter().copied().zip(self.groups.iter().copied()).collect();
        seen.sort_unstable();
        seen.dedup();
        seen.chunk_by(|a, b| a.0 == b.0).map(<[_]>::len).max().unwrap_or(0).min(most)
    }
}

/// What numbers are learnt from.
fn origin(targets: &Targets) -> f64 {
    let Targets::Numbers(values) = targets else { return 0.0 };
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let spread = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
    if mean.abs() > FAR * spread.sqrt() { mean } else { 0.0 }
}

/// Labels that are said, by index.
pub fn called(p: &[f32]) -> Vec<usize> {
    (0..p.len()).filter(|&label| p[label] >= CALLED).collect()
}
