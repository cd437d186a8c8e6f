//! What may be wrong with the samples: labels, duplicates, outliers, imbalance; and which to label next.

use std::sync::Arc;

use serde::Serialize;

use super::novelty::{self, Novelty};
use super::out_of_fold::OutOfFold;
use super::scoring::Scoring;
use crate::error::Result;
use crate::features::{Matrix, dot};
use crate::learn::{Dataset, Fit, Kind, Step, Targets};
use crate::metrics::{Probabilities, ascending_f32, order, sort};
use crate::source::{Content, Label};

/// Robust standard deviations from the median at which a sample is an outlier.
const FAR: f32 = 3.5;
/// Median absolute deviation → standard deviation, for a normal distribution.
const MAD: f32 = 1.4826;
/// Of samples to label next.
const NEXT: usize = 20;
/// Those that are worth a look: so many times as many as are named, the most doubtful.
const DOUBTFUL: usize = 5;
/// A class is small with less than this part of the median class.
const SMALL: f64 = 1.0 / 3.0;

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DoctorReport {
    pub label_issues: Vec<LabelIssue>,
    pub near_duplicates: Vec<NearDuplicates>,
    pub outliers: Vec<Outlier>,
    pub label_next: Vec<String>,
    pub imbalance: Vec<Imbalance>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelIssue {
    pub id: String,
    pub given: Label,
    pub suggested: Label,
    /// 0..=1. Of classes and labels: the other's part of what the two have together. Of numbers: 0 at the distance at which one
    /// is listed, towards 1 beyond.
    pub score: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NearDuplicates {
    pub ids: Vec<String>,
    /// The least cosine that links them.
    pub similarity: f32,
    pub labels_differ: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outlier {
    pub id: String,
    pub score: f32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Imbalance {
    pub label: String,
    pub count: usize,
    pub median: usize,
}

/// Confident learning (Northcutt et al. 2021): a row counts for the class, among those as probable as they are for
/// their own rows in the mean, that is the most probable. → by row that class, and `joint[given][counted]`.
///
/// As cleanlab's `compute_confident_joint` without calibration, but that a class nothing counts for stays 0.
pub fn confident_joint(given: &[usize], p: &Probabilities) -> (Vec<Option<usize>>, Vec<Vec<usize>>) {
    let classes = p.classes;
    let (mut sums, mut counts) = (vec![0f64; classes], vec![0usize; classes]);
    for (row, &class) in given.iter().enumerate() {
        sums[class] += f64::from(p.row(row)[class]);
        counts[class] += 1;
    }
    let threshold: Vec<f64> = sums.iter().zip(&counts).map(|(sum, &n)| sum / n.max(1) as f64 - 1e-6).collect();
    let mut joint = vec![vec![0; classes]; classes];
    let counted = given.iter().enumerate().map(|(row, &class)| {
        let p = p.row(row);
        let over = (0..classes).filter(|&c| counts[c] > 0 && f64::from(p[c]) >= threshold[c]);
        let best =
            over.fold(None, |best: Option<usize>, c| if best.is_some_and(|b| p[b] >= p[c]) { best } else { Some(c) });
        if let Some(best) = best {
            joint[class][best] += 1;
        }
        best
    });
    (counted.collect(), joint)
}

/// Labels that are likely wrong, likeliest first. `said`: of each row, by a head that had not seen it.
///
/// Classes: those that count for another class, and those whose own is not the most probable. Labels: each as a choice of its own,
/// had or not. Numbers: those farther from what was said than such distances are spread.
pub fn label_issues(data: &Dataset, said: &Matrix) -> Vec<LabelIssue> {
    let p = Probabilities { classes: said.cols(), values: said.values().to_vec() };
    let issue = |row: usize, suggested: Label, score: f64| LabelIssue {
        id: data.ids[row].clone(),
        given: data.label(row),
        suggested,
        score,
    };
    let mut issues: Vec<LabelIssue> = match &data.targets {
        Targets::Classes => misplaced(&data.y, &p)
            .into_iter()
            .map(|(row, class, score)| issue(row, Label::Class(data.classes[class].clone()), score))
            .collect(),
        Targets::Labels { names, of } => (0..names.len())
            .flat_map(|label| {
                let has: Vec<usize> = of.iter().map(|of| usize::from(of.contains(&label))).collect();
                let own = |row: usize| p.row(row)[label];
                let values = (0..data.rows()).flat_map(|row| [1.0 - own(row), own(row)]).collect();
                let found = misplaced(&has, &Probabilities { classes: 2, values });
                found.into_iter().map(move |(row, choice, score)| (row, label, choice, score)).collect::<Vec<_>>()
            })
            .map(|(row, label, choice, score)| {
                let others = of[row].iter().copied().filter(|&other| other != label);
                let suggested = others.chain((choice == 1).then_some(label)).map(|l| names[l].clone()).collect();
                issue(row, Label::several(suggested), score)
            })
            .collect(),
        Targets::Numbers(values) => {
            let far_from = |(truth, &said): (&f64, &f32)| (truth - data.origin - f64::from(said)) as f32;
            let off: Vec<f32> = values.iter().zip(said.values()).map(far_from).collect();
            let (middle, spread) = middle_and_spread(&off);
            let far = |row: usize| f64::from((off[row] - middle).abs() / (FAR * spread).max(f32::MIN_POSITIVE));
            (0..data.rows())
                .filter(|&row| spread > 0.0 && far(row) > 1.0)
                .map(|row| {
                    let suggested = data.origin + f64::from(said.values()[row]);
                    issue(row, Label::Number(suggested), 1.0 - 1.0 / far(row))
                })
                .collect()
        }
    };
    sort(&mut issues, |a, b| b.score.total_cmp(&a.score));
    issues
}

/// Rows whose class is likely another: `(row, that class, score)`.
fn misplaced(given: &[usize], p: &Probabilities) -> Vec<(usize, usize, f64)> {
    let (counted, _) = confident_joint(given, p);
    (0..given.len())
        .filter_map(|row| {
            let given = given[row];
            let other = (0..p.classes)
                .filter(|&c| c != given)
                .max_by(|&a, &b| p.row(row)[a].total_cmp(&p.row(row)[b]))
                .expect("there are two classes");
            let elsewhere = counted[row].is_some_and(|c| c != given);
            let suggested = counted[row].filter(|&c| c != given).unwrap_or(other);
            let (own, theirs) = (p.row(row)[given], p.row(row)[suggested]);
            // By the ratio, not the difference as cleanlab's margin has it: a likely mix-up of two alike classes has a
            // large difference too, a slip of the hand leaves its label no probability at all. On clothing10 with 5 %
            // of the labels flipped the ratio finds a fifth more.
            let score = f64::from(theirs / (theirs + own).max(f32::MIN_POSITIVE));
            (elsewhere || own < theirs).then_some((row, suggested, score))
        })
        .collect()
}

/// The median, and the standard deviation by the median distance from it.
fn middle_and_spread(values: &[f32]) -> (f32, f32) {
    let median = |values: &mut Vec<f32>| {
        ascending_f32(values);
        values[values.len() / 2]
    };
    let middle = median(&mut values.to_vec());
    (middle, MAD * median(&mut values.iter().map(|v| (v - middle).abs()).collect()))
}

/// Samples unlike every class: distances to the means of the others, against how such distances are spread.
pub fn outliers(data: &Dataset) -> Vec<Outlier> {
    let distances = novelty::out_of_fold(data);
    let (middle, spread) = middle_and_spread(&distances);
    let mut found: Vec<Outlier> = (0..data.rows())
        .filter(|&row| spread > 0.0 && distances[row] > middle + FAR * spread)
        .map(|row| Outlier { id: data.ids[row].clone(), score: distances[row] })
        .collect();
    sort(&mut found, |a, b| b.score.total_cmp(&a.score));
    found
}

/// Of classes and labels.
pub fn imbalance(data: &Dataset) -> Vec<Imbalance> {
    if data.kind() == Kind::Numbers {
        return Vec::new();
    }
    let counts = data.counts_by_name();
    let mut sorted = counts.clone();
    sorted.sort_unstable();
    let median = sorted[sorted.len() / 2];
    let small = counts.iter().enumerate().filter(|(_, count)| (**count as f64) < SMALL * median as f64);
    small.map(|(c, &count)| Imbalance { label: data.names()[c].clone(), count, median }).collect()
}

/// Of rows without a label, those that would teach most: doubtful (little between the two most probable classes; a label that is
/// as likely as not), and unlike each other (the farthest from those already chosen, weighed by the doubt). Of numbers there is no
/// doubt to see: `strangeness` is it.
pub fn label_next(ids: &[String], x: &Matrix, said: &Matrix, kind: Kind, strangeness: &[f32]) -> Vec<String> {
    let doubt = |row: usize| match kind {
        Kind::Classes => {
            let mut sorted = said.row(row).to_vec();
            ascending_f32(&mut sorted);
            1.0 - (sorted[sorted.len() - 1] - sorted.iter().nth_back(1).copied().unwrap_or(0.0))
        }
        Kind::Labels => said.row(row).iter().map(|p| 1.0 - (2.0 * p - 1.0).abs()).fold(0.0, f32::max),
        Kind::Numbers => strangeness[row],
    };
    let doubts: Vec<f32> = (0..ids.len()).map(doubt).collect();
    let mut pool = order(ids.len(), &mut |a, b| doubts[b].total_cmp(&doubts[a]));
    pool.truncate(DOUBTFUL * NEXT);
    let unit = x.select(&pool).normalised();
    // The nearest of the chosen, by row of the pool.
    let mut likeness = vec![0f32; pool.len()];
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < NEXT.min(pool.len()) {
        let worth = |i: usize| doubts[pool[i]] * (1.0 - likeness[i]).max(0.0);
        let next = (0..pool.len()).filter(|i| !chosen.contains(i)).max_by(|&a, &b| worth(a).total_cmp(&worth(b)));
        let Some(next) = next else { break };
        chosen.push(next);
        (0..pool.len()).for_each(|i| likeness[i] = likeness[i].max(dot(unit.row(i), unit.row(next))));
    }
    chosen.into_iter().map(|i| ids[pool[i]].clone()).collect()
}

/// Samples without a label.
pub struct Unlabelled {
    pub ids: Vec<String>,
    pub x: Matrix,
    pub contents: Vec<Arc<Content>>,
}

pub enum ExaminationStage {
    /// Fits done, of all.
    Progress {
        done: usize,
        total: usize,
    },
    Done(Box<DoctorReport>),
}

/// An examination under way: a pump, as [`super::Evaluation`] is.
pub struct Examination {
    out: OutOfFold,
    near: Vec<NearDuplicates>,
    unlabelled: Unlabelled,
    last: Option<Fit>,
    scoring: Option<Scoring>,
}

impl Examination {
    pub fn new(out: OutOfFold, near: Vec<NearDuplicates>, unlabelled: Unlabelled) -> Self {
        Self { out, near, unlabelled, last: None, scoring: None }
    }

    /// A bounded piece of the work.
    pub fn step(&mut self) -> Result<ExaminationStage> {
        let total = self.out.total() + 1;
        if !self.out.step()? {
            return Ok(ExaminationStage::Progress { done: self.out.done(), total });
        }
        let data = self.out.data();
        let mut next = Vec::new();
        if !self.unlabelled.ids.is_empty() {
            let Unlabelled { ids, x, contents } = &self.unlabelled;
            let Some(mut scoring) = self.scoring.take() else {
                let fit = match &mut self.last {
                    Some(fit) => fit,
                    None => self.last.insert(Fit::new(data, self.out.recipe())?),
                };
                if let Step::Done(fitted) = fit.step() {
                    self.scoring = Some(Scoring::new(fitted.head, (0..ids.len()).collect()));
                }
                return Ok(ExaminationStage::Progress { done: self.out.done(), total });
            };
            if !scoring.step(x, contents) {
                self.scoring = Some(scoring);
                return Ok(ExaminationStage::Progress { done: self.out.done(), total });
            }
            let (_, said) = scoring.finish();
            let strangeness = Novelty::fit(data, None).of(x);
            next = label_next(ids, x, &said, data.kind(), &strangeness);
        }
        Ok(ExaminationStage::Done(Box::new(DoctorReport {
            label_issues: label_issues(data, &self.out.outputs()),
            near_duplicates: std::mem::take(&mut self.near),
            outliers: outliers(data),
            label_next: next,
            imbalance: imbalance(data),
        })))
    }
}
