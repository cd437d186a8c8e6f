//! A model for a target domain: measures the shift, tries what may help, keeps what is likely to, or nothing.
//!
//! Without labels of the target the decision has three parts, each with its own evidence. Is there a shift ([`Shift`])?
//! Did features move, rather than proportions ([`Cause`])? Then moving the source is right, and of the ways to do it the one
//! is taken whose answers tell most of the target: the mutual information of rows and classes, `H(mean p) - mean H(p)` in
//! nats (Bridle et al. 1992; as a validator of domain adaptation, Musgrave et al. 2022). By itself this would always have
//! something to keep. With labels of the target they decide, as soon as there are enough to.
//!
//! Batch norms estimated anew are tried last, and only where something that moves features could be kept: they cost the
//! backbone's work on both domains, which is done elsewhere (`learn::BatchNorm`).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::adopted::{AdaptReport, Candidate, Findings};
use super::cause::{Cause, Trace};
use super::novelty::Novelty;
use super::out_of_fold::OutOfFold;
use super::shift::{Measured, Measurement};
use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::learn::{
    Dataset, Fit, Fitted, Kind, Move, Progress, Recipe, Spectrum, SpectrumFit, Step, resampled, with_rows, with_surest,
};
use crate::metrics::{Probabilities, folds, order};
use crate::source::{Content, Label};

/// Rows of a target below which nothing can be said of it: a permutation test of ten against any number can still come out,
/// and the mean of ten rows is three times as near to the domain's as a row is.
const FEWEST: usize = 10;
/// Of the source, for what is said of its held-out rows.
const FOLDS: usize = 3;
/// Rows of the target that the cause is looked for in, at most.
const TRACED: usize = 1000;
/// Of self-training: each believes what the one before says.
const ROUNDS: usize = 3;
/// Copies of a labelled row of the target among the source's: it is worth more than one of those, and a head takes no weights.
const COPIES: usize = 4;

/// What came of it.
pub struct Adapted {
    pub report: AdaptReport,
    /// A head for the target, and what is strange to it; none where nothing was kept.
    pub kept: Option<(Fitted, Novelty)>,
    /// The head is for rows of the backbone with batch norms estimated anew.
    pub renormed: bool,
}

pub enum AdaptationStage {
    Progress(Progress),
    /// Of pictures, once, before the end: [`Adaptation::renormed`] is of use now. It may be left out.
    Renorm,
    Done(Box<Adapted>),
}

/// An adaptation under way.
pub struct Adaptation {
    data: Dataset,
    recipe: Recipe,
    target: Matrix,
    contents: Vec<Arc<Content>>,
    /// `(row of the target, class)`.
    labelled: Vec<(usize, usize)>,
    /// Fold of each of them.
    folds: Vec<usize>,
    jobs: VecDeque<Job>,
    total: usize,
    under_way: Option<Work>,
    measured: Option<Measured>,
    held_out: Option<Probabilities>,
    cause: Option<Cause>,
    spectra: Vec<Spectrum>,
    candidates: Vec<Candidate>,
    /// Where each row of the target was given.
    order: Vec<usize>,
    asked: bool,
    renormed: Option<Renormed>,
}

/// Some of the target, as the backbone with batch norms estimated anew sees it.
struct Renormed {
    /// Of the target, ascending.
    rows: Vec<usize>,
    x: Matrix,
    contents: Vec<Arc<Content>>,
}

#[derive(Debug, Clone, Copy)]
enum Job {
    Measure,
    HoldOut,
    Trace,
    /// Of the source, of the target, of the target as it is renormed.
    Spectrum,
    /// Of a candidate, all of it, or without a fold of the labelled rows, which it is then tried on.
    Fit(usize, Option<usize>),
}

enum Work {
    Measure(Box<Measurement>),
    HoldOut(Box<OutOfFold>),
    Trace(Trace),
    Spectrum(Box<SpectrumFit>),
    Fit(Box<Fit>, Arc<Dataset>),
}

impl Adaptation {
    /// `contents`: what the target's rows were made from. `labels`: of each, where it is known. In whatever order rows come, the
    /// outcome is the same.
    ///
    /// Errors: `bad-labels` where samples do not have one class each, or the target one that the source lacks; `bad-option`
    /// where the target has fewer than ten rows, or the head does without them; `too-few-labels`.
    pub fn new(
        data: Dataset,
        recipe: Recipe,
        target: Matrix,
        contents: Vec<Arc<Content>>,
        labels: &[Option<Label>],
    ) -> Result<Self> {
        if data.kind() != Kind::Classes {
            let why = "adapting is for samples of one class each; these have several labels or numbers";
            return Err(Error::BadLabels { why: why.to_owned() });
        }
        if target.rows() < FEWEST {
            let why = format!("at least {FEWEST} usable samples; these are {}", target.rows());
            return Err(Error::BadOption { option: "target", why });
        }
        if !recipe.head.has_features() {
            let why = "`scratch` does without features, which are what adapting moves".to_owned();
            return Err(Error::BadOption { option: "head", why });
        }
        let order = canonical(&target);
        let mut labelled = Vec::new();
        for (row, &was) in order.iter().enumerate() {
            match &labels[was] {
                None => {}
                Some(Label::Class(name)) => match data.classes.iter().position(|class| class == name) {
                    Some(class) => labelled.push((row, class)),
                    None => {
                        let why =
                            format!("the target has samples of `{name}`, and the source has none; leave these out");
                        return Err(Error::BadLabels { why });
                    }
                },
                Some(other) => {
                    let why =
                        format!("the target has a sample with `{other}` for a label, and the source one class each");
                    return Err(Error::BadLabels { why });
                }
            }
        }
        let classes: Vec<usize> = labelled.iter().map(|&(_, class)| class).collect();
        let parts = FOLDS.min(labelled.len());
        let folds = match parts {
            0 | 1 => Vec::new(),
            _ => folds(&classes, &(0..classes.len()).collect::<Vec<_>>(), parts, recipe.seed),
        };
        let candidates = candidates(!folds.is_empty());
        let mut jobs = VecDeque::from([Job::Measure, Job::Fit(0, None), Job::HoldOut, Job::Trace]);
        jobs.extend([Job::Spectrum, Job::Spectrum]);
        for (i, candidate) in candidates.iter().enumerate().skip(1) {
            let held = if candidate.labels { parts } else { 0 };
            jobs.extend((0..held).map(|fold| Job::Fit(i, Some(fold))));
            jobs.extend(vec![Job::Fit(i, None); if candidate.believes.is_some() { ROUNDS } else { 1 }]);
        }
        Ok(Self {
            data,
            recipe,
            target: target.select(&order),
            contents: order.iter().map(|&row| contents[row].clone()).collect(),
            labelled,
            folds,
            total: jobs.len(),
            jobs,
            under_way: None,
            measured: None,
            held_out: None,
            cause: None,
            spectra: Vec::new(),
            candidates,
            order,
            asked: false,
            renormed: None,
        })
    }

    /// A bounded piece of the work. After `Done` there is nothing left to do.
    pub fn step(&mut self) -> Result<AdaptationStage> {
        let Some(&job) = self.jobs.front() else {
            let pictures = self.contents.iter().all(|content| matches!(**content, Content::Picture(_)));
            let enough = self.data.rows() >= FEWEST;
            if pictures && enough && !std::mem::replace(&mut self.asked, true) && self.findings().may_move() {
                return Ok(AdaptationStage::Renorm);
            }
            return Ok(AdaptationStage::Done(Box::new(self.finish())));
        };
        match self.under_way.take() {
            // What a job begins with is work enough for a step.
            None => self.under_way = Some(self.begin(job)?),
            Some(mut work) => match self.go_on(&mut work, job)? {
                true => drop(self.jobs.pop_front()),
                false => self.under_way = Some(work),
            },
        }
        let stage = match job {
            Job::Measure => "measure shift",
            Job::HoldOut | Job::Trace => "find cause",
            Job::Spectrum | Job::Fit(_, None) => "try methods",
            Job::Fit(_, Some(_)) => "check on labels",
        };
        let done = self.total - self.jobs.len();
        Ok(AdaptationStage::Progress(Progress { stage, done, total: self.total, loss: None, guard: None }))
    }

    /// `x`: what a backbone with batch norms estimated anew for the target ([`crate::learn::BatchNorm`]) makes of samples of it,
    /// `given` among all. Of few it says too little, and is not tried.
    ///
    /// All that was tried is compared on these rows. Those with labels have to be among them, so those that are not stay as they were.
    pub fn renormed(&mut self, given: &[usize], x: &Matrix) {
        if given.len() < FEWEST {
            return;
        }
        let of: HashMap<usize, usize> = given.iter().enumerate().map(|(row, &at)| (at, row)).collect();
        let labelled: Vec<usize> = self.labelled.iter().map(|&(row, _)| row).collect();
        let wanted = |&row: &usize| of.contains_key(&self.order[row]) || labelled.contains(&row);
        let rows: Vec<usize> = (0..self.target.rows()).filter(wanted).collect();
        let mut seen = Matrix::with_capacity(x.cols(), rows.len());
        for &row in &rows {
            seen.push(of.get(&self.order[row]).map_or(self.target.row(row), |&at| x.row(at)));
        }
        let contents = rows.iter().map(|&row| self.contents[row].clone()).collect();
        for i in 0..self.candidates.len() {
            self.candidates[i].criterion = information(&self.said(i).select(&rows));
        }
        self.renormed = Some(Renormed { rows, x: seen, contents });
        let first = self.candidates.len();
        self.candidates.extend(renormed_candidates(first));
        // Rows of the source, and so the head on them, are what they were.
        let (fitted, data) = self.candidates[0].fitted.clone().expect("it comes first");
        self.take(first, None, fitted, data);
        let before = self.jobs.len();
        self.jobs.push_back(Job::Spectrum);
        for i in first + 1..self.candidates.len() {
            let rounds = if self.candidates[i].believes.is_some() { ROUNDS } else { 1 };
            self.jobs.extend(vec![Job::Fit(i, None); rounds]);
        }
        self.total += self.jobs.len() - before;
    }

    fn begin(&self, job: Job) -> Result<Work> {
        Ok(match job {
            Job::Measure => {
                let seed = self.recipe.seed;
                Work::Measure(Box::new(Measurement::new(&self.data, &self.target, &self.contents, seed)?))
            }
            Job::HoldOut => {
                let data = Arc::new(self.data.clone());
                Work::HoldOut(Box::new(OutOfFold::new(data, self.recipe.clone(), FOLDS, 1)?))
            }
            Job::Trace => {
                let rows: Vec<usize> = (0..self.target.rows().min(TRACED)).collect();
                let rows: Vec<usize> = rows.iter().map(|i| i * self.target.rows() / rows.len()).collect();
                let source = self.held_out.as_ref().expect("it comes first");
                Work::Trace(Trace::new(source, &self.data.y, &self.said(0).select(&rows)))
            }
            Job::Spectrum => {
                let rows = match (self.spectra.len(), &self.renormed) {
                    (0, _) => &self.data.x,
                    (2, Some(renormed)) => &renormed.x,
                    _ => &self.target,
                };
                Work::Spectrum(Box::new(SpectrumFit::new(&rows.clone().normalised())))
            }
            Job::Fit(i, fold) => {
                let data = self.data_of(i, fold);
                Work::Fit(Box::new(Fit::new(&data, &self.recipe)?), Arc::new(data))
            }
        })
    }

    /// What a candidate is fitted to.
    fn data_of(&self, i: usize, fold: Option<usize>) -> Dataset {
        let candidate = &self.candidates[i];
        if i == 0 {
            return self.data.clone();
        }
        if candidate.weighted {
            let measured = self.measured.as_ref().expect("it comes first");
            return resampled(&self.data.select(&measured.rows), &measured.odds, self.recipe.seed);
        }
        let to = if candidate.renormed { 2 } else { 1 };
        let moved = candidate.by.apply(&self.data, &self.spectra[0], &self.spectra[to]);
        if let Some(first) = candidate.believes {
            let of = if candidate.fitted.is_some() { i } else { first };
            let (target, contents) = self.target_of(i);
            return with_surest(&moved, target, contents, &self.said(of));
        }
        let others = |&(at, _): &(usize, &(usize, usize))| fold != Some(self.folds[at]);
        let known: Vec<(usize, usize)> = match candidate.labels {
            true => self.labelled.iter().enumerate().filter(others).flat_map(|(_, &pair)| [pair; COPIES]).collect(),
            false => Vec::new(),
        };
        with_rows(&moved, &self.target, &self.contents, &known)
    }

    /// A bounded piece of a job. True when it is done.
    fn go_on(&mut self, work: &mut Work, job: Job) -> Result<bool> {
        Ok(match work {
            Work::Measure(measurement) => {
                self.measured = measurement.step()?;
                self.measured.is_some()
            }
            Work::HoldOut(out) => {
                let done = out.step()?;
                if done {
                    self.held_out = Some(out.probabilities());
                }
                done
            }
            Work::Trace(trace) => {
                self.cause = trace.step();
                self.cause.is_some()
            }
            Work::Spectrum(fit) => match fit.step() {
                Some(spectrum) => {
                    self.spectra.push(spectrum);
                    true
                }
                None => false,
            },
            Work::Fit(fit, data) => match fit.step() {
                Step::Progress(_) => false,
                Step::Done(fitted) => {
                    let Job::Fit(i, fold) = job else { unreachable!("a fit is what this job is") };
                    self.take(i, fold, *fitted, data.clone());
                    true
                }
            },
        })
    }

    fn take(&mut self, i: usize, fold: Option<usize>, fitted: Fitted, data: Arc<Dataset>) {
        if i == 0 {
            // Chosen once, on the source; what is tried differs by its rows alone.
            let chosen = |name| fitted.chosen.get(name).copied();
            self.recipe.strength = self.recipe.strength.or(chosen("strength"));
            self.recipe.temperature = self.recipe.temperature.or(chosen("temperature"));
        }
        if let Some(fold) = fold {
            let held: Vec<usize> = (0..self.labelled.len()).filter(|&at| self.folds[at] == fold).collect();
            let guard = self.guard(i, &fitted, &held);
            *self.candidates[i].guard.get_or_insert(0.0) += guard;
            return;
        }
        let labels: Vec<usize> = (0..self.labelled.len()).collect();
        if !self.candidates[i].labels && !labels.is_empty() {
            self.candidates[i].guard = Some(self.guard(i, &fitted, &labels));
        }
        self.candidates[i].fitted = Some((fitted, data));
        self.candidates[i].criterion = information(&self.said(i));
    }

    /// The target as a candidate sees it.
    fn target_of(&self, i: usize) -> (&Matrix, &[Arc<Content>]) {
        match &self.renormed {
            Some(renormed) if self.candidates[i].renormed => (&renormed.x, &renormed.contents),
            _ => (&self.target, &self.contents),
        }
    }

    /// What a candidate says of the target.
    fn said(&self, i: usize) -> Probabilities {
        let (fitted, _) = self.candidates[i].fitted.as_ref().expect("it was fitted before");
        let (target, contents) = self.target_of(i);
        fitted.head.probabilities(target, contents)
    }

    /// Log-likelihood of labelled rows, in nats. One in ten is taken for a slip, so that no single one decides.
    fn guard(&self, i: usize, fitted: &Fitted, labelled: &[usize]) -> f64 {
        let (target, contents) = self.target_of(i);
        let place = |row: usize| match &self.renormed {
            Some(renormed) if self.candidates[i].renormed => {
                renormed.rows.binary_search(&row).expect("those with labels are among them")
            }
            _ => row,
        };
        let rows: Vec<usize> = labelled.iter().map(|&at| place(self.labelled[at].0)).collect();
        let contents: Vec<Arc<Content>> = rows.iter().map(|&row| contents[row].clone()).collect();
        let said = fitted.head.probabilities(&target.select(&rows), &contents);
        let one = |(row, &at): (usize, &usize)| {
            let p = f64::from(said.row(row)[self.labelled[at].1]);
            (0.9 * p + 0.1 / said.classes as f64).ln()
        };
        labelled.iter().enumerate().map(one).sum()
    }

    fn finish(&mut self) -> Adapted {
        let (chosen, report) = self.findings().judge(&self.candidates);
        let renormed = chosen.is_some_and(|i| self.candidates[i].renormed);
        let kept = chosen.map(|i| {
            let (fitted, data) = self.candidates[i].fitted.take().expect("it was fitted");
            let novelty = Novelty::fit(&data, self.recipe.negative.as_deref());
            let reason = format!("{}, for the target domain", report.method);
            (Fitted { reason, ..fitted }, novelty)
        });
        Adapted { report, kept, renormed }
    }

    fn findings(&self) -> Findings {
        let cause = self.cause.expect("it was found");
        Findings {
            shift: self.measured.as_ref().expect("it was measured").shift.clone(),
            evidence: cause.evidence(),
            proportions: cause.proportions > cause.neither,
            labelled: self.labelled.len(),
            rows: [self.data.rows(), self.target.rows()],
        }
    }
}

/// What is tried, each after what it begins with.
fn candidates(labels: bool) -> Vec<Candidate> {
    let plain = Candidate::new("none", Move::Nothing);
    let mut all = vec![
        plain.clone(),
        Candidate { name: "self-training", believes: Some(0), ..plain.clone() },
        Candidate { name: "importance weights", weighted: true, ..plain.clone() },
        Candidate::new("mean alignment", Move::Mean),
        Candidate { name: "mean alignment, self-training", believes: Some(3), ..Candidate::new("", Move::Mean) },
        Candidate::new("CORAL", Move::Coral),
        Candidate { name: "CORAL, self-training", believes: Some(5), ..Candidate::new("", Move::Coral) },
    ];
    if labels {
        all.push(Candidate { name: "target labels", labels: true, ..plain });
        all.push(Candidate { name: "CORAL, target labels", labels: true, ..Candidate::new("", Move::Coral) });
    }
    all
}

/// What is tried where there is a renormed target, after the `first` others.
fn renormed_candidates(first: usize) -> Vec<Candidate> {
    let plain = Candidate { renormed: true, ..Candidate::new("batch-norm re-estimation", Move::Nothing) };
    let coral = Candidate { name: "batch-norm re-estimation, CORAL", by: Move::Coral, ..plain.clone() };
    let taught = Candidate { name: "batch-norm re-estimation, self-training", believes: Some(first), ..plain.clone() };
    vec![plain, coral, taught]
}

/// Mutual information of rows and classes, in nats.
fn information(p: &Probabilities) -> f64 {
    let entropy = |p: &mut dyn Iterator<Item = f64>| -p.map(|v| v * v.max(1e-12).ln()).sum::<f64>();
    let rows = p.rows() as f64;
    let mean = |class: usize| (0..p.rows()).map(|row| f64::from(p.row(row)[class])).sum::<f64>() / rows;
    let each: f64 = (0..p.rows()).map(|row| entropy(&mut p.row(row).iter().map(|&v| f64::from(v)))).sum();
    entropy(&mut (0..p.classes).map(mean)) - each / rows
}

/// Rows by their values, so that nothing depends on the order in which they came.
fn canonical(x: &Matrix) -> Vec<usize> {
    order(x.rows(), &mut |a, b| {
        let pairs = x.row(a).iter().zip(x.row(b));
        pairs.map(|(v, w)| v.total_cmp(w)).find(|o| o.is_ne()).unwrap_or(a.cmp(&b))
    })
}
