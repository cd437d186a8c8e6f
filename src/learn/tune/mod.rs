//! Fine-tuning: the last stages of a backbone and the head, trained together on what samples are where those stages begin.
//!
//! The head starts as the frozen backbone's, so the first outputs are those that have to be beaten. Stages are let go from the top
//! (gradual unfreezing: Howard & Ruder 2018), the lower ones at lower rates.

#[cfg(feature = "webgpu")]
mod check;
mod contrast;
mod inputs;
mod lora;
mod optimiser;
mod stages;
mod unsupervised;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

#[cfg(feature = "webgpu")]
pub use check::check;
pub use inputs::Inputs;
use optimiser::{AdamW, Group, schedule};
use stages::Stages;
pub use unsupervised::FEWEST as FEWEST_WITHOUT_LABEL;

use super::{Affine, Loss, Progress};
use crate::backbone::kernels::{Linear, Moments, Then};
use crate::backbone::tail::Tail;
use crate::device::Computer;
use crate::error::{Error, Result};
use crate::features::Matrix;

/// Samples between two updates.
const BATCH: usize = 32;
/// Values where the trained stages begin that go through them at once: what a pass leaves behind for the way back is some thirty
/// times that.
const PART: usize = 176 * 1024;
/// The same for pairs, which need a whole batch at once, and on a GPU, which is idle while its features are read.
const LARGE_PART: usize = 768 * 1024;
/// Updates that a training has at least, in epochs, and epochs at most because of that.
const UPDATES: usize = 80;
const MOST_EPOCHS: usize = 30;
/// Of a stage's rate, that of the one before it.
const LOWER: f32 = 0.7;
/// Of the rate, the head's: it is new where the backbone is not.
const HEAD: f32 = 5.0;
/// Part of the way back that a training on pairs or twins goes in the end. Between the weights as they were and as they became the network
/// generalises better than at either end (Wortsman et al. 2022), and one that went astray on a dozen texts is half as far off.
const BACK: f32 = 0.5;
/// Label smoothing.
const SMOOTHING: f64 = 0.1;
/// Held-out loss, of that of the frozen head, beyond which an epoch counts as worse where it gets more wrong too …
const WORSE: f64 = 1.5;
/// … and worse epochs in a row after which a training gives up.
const PATIENCE: usize = 4;
/// Held-out accuracy that a mirrored picture may lose, for mirrored pictures to be trained on.
const MIRROR_LOSS: f64 = 0.1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Stages and head on the labels.
    CrossEntropy,
    /// Stages on pairs with the same label or not, then the head. For texts.
    Contrastive,
    /// Stages on texts without a label, then the head on those that have one.
    Pretrain,
}

/// How to fine-tune. Everything has a default that works.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TuneRecipe {
    /// Default: `cross-entropy` for pictures, `contrastive` for texts of few samples a class.
    pub method: Option<Method>,
    /// Stages (of texts, layers) that are trained, counted from the last: 1 to 3.
    pub stages: usize,
    /// Passes over the samples. Default 8, more where that would be fewer than 80 updates; over texts without a label as many as make 80, at
    /// most 30.
    pub epochs: Option<usize>,
    /// The rank of what is added to the weights, 1 to 64; absent, they are trained themselves.
    pub lora: Option<usize>,
    /// Folds of the guard.
    pub folds: usize,
    /// Part of a weight's size that an update moves it by, at most. Default 0.005 for pictures, 0.001 for
    /// texts, 0.002 for pairs of them and for texts without a label.
    pub rate: Option<f64>,
    /// Bytes that the samples may take where the trained stages begin.
    pub memory: usize,
    pub seed: u64,
}

impl Default for TuneRecipe {
    fn default() -> Self {
        Self { method: None, stages: 2, epochs: None, lora: None, folds: 3, rate: None, memory: 512 << 20, seed: 0 }
    }
}

impl TuneRecipe {
    /// Errors: `bad-option`, naming it.
    pub fn check(&self) -> Result<()> {
        let bad = |option, why: &str| Err(Error::BadOption { option, why: why.to_owned() });
        if !(1..=3).contains(&self.stages) {
            return bad("stages", "1, 2 or 3");
        }
        if self.epochs.is_some_and(|epochs| !(1..=200).contains(&epochs)) {
            return bad("epochs", "a whole number from 1 to 200");
        }
        if self.lora.is_some_and(|rank| !(1..=64).contains(&rank)) {
            return bad("lora", "a whole number from 1 to 64");
        }
        if !(2..=10).contains(&self.folds) {
            return bad("folds", "a whole number from 2 to 10");
        }
        if self.rate.is_some_and(|rate| !(rate > 0.0 && rate <= 0.1)) {
            return bad("rate", "a number above 0, at most 0.1");
        }
        Ok(())
    }

    /// For so many samples.
    pub fn epochs_for(&self, method: Method, samples: usize) -> usize {
        // A text without a label says something new each time: its twins are others.
        let least = if method == Method::Pretrain { 1 } else { 8 };
        self.epochs.unwrap_or_else(|| UPDATES.div_ceil(samples.div_ceil(BATCH).max(1)).clamp(least, MOST_EPOCHS))
    }
}

/// A head as a training starts and ends with it: `weight · x̂ + bias`, for unit rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TuneHead {
    /// `outputs × dim`.
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// One training: on some of the samples, judged on others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Of all samples with a label, which come first.
    pub loss: Loss,
    /// Stratum of each of them.
    pub y: Vec<usize>,
    /// Of texts to go on pretraining with, those without a label.
    pub train: Vec<usize>,
    pub held_out: Vec<usize>,
    /// The frozen backbone's.
    pub head: TuneHead,
    pub method: Method,
    pub epochs: usize,
    pub rate: f64,
    /// Whether to train on mirrored pictures; found by looking at held-out ones when absent.
    pub mirror: Option<bool>,
    /// The rank of what is added to the weights; absent, they are trained themselves.
    #[serde(default)]
    pub lora: Option<usize>,
    /// Lets all stages go at once: what a training's cost is measured with.
    #[serde(default)]
    pub at_once: bool,
    pub seed: u64,
}

/// What a training made.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuned {
    /// Of all samples with a label, by the tuned stages.
    pub features: Matrix,
    pub mirror: bool,
    /// It got worse on the samples held out, and stopped.
    pub gave_up: bool,
    pub epochs: usize,
}

pub enum TuneStep {
    Progress(Progress),
    Done(Box<Tuned>),
}

/// A training under way: a pump. Several can share the inputs.
pub struct Tuner {
    tail: Arc<Tail>,
    inputs: Arc<Inputs>,
    job: Job,
    stages: Stages,
    head: Head,
    rng: ChaCha8Rng,
    linear: Linear,
    x: Vec<f32>,
    lengths: Vec<usize>,
    phase: Phase,
    mirror: bool,
    /// Held-out loss of the frozen head and the part it gets wrong, and epochs in a row that were worse.
    frozen: (f64, f64),
    worse: usize,
    epoch: usize,
    updates: usize,
    per_epoch: usize,
}

/// The head while it is trained, always on the CPU.
struct Head {
    /// Weights, then biases.
    parameters: Vec<f32>,
    gradient: Vec<f32>,
    optimiser: AdamW,
    moments: Moments,
}

enum Phase {
    /// Held-out samples as they are, then mirrored, through what is not tuned yet.
    Look {
        passes: Passes,
        plain: Option<(f64, f64)>,
    },
    Train {
        batches: Vec<Vec<usize>>,
        batch: usize,
        at: usize,
        loss: f64,
    },
    Guard {
        passes: Passes,
        loss: f64,
    },
    Features(Passes),
}

/// Some samples on their way through the network, a part at a time.
struct Passes {
    which: Vec<(usize, usize)>,
    done: usize,
    features: Vec<f32>,
}

impl Passes {
    fn new(samples: impl IntoIterator<Item = usize>, view: usize) -> Self {
        Self { which: samples.into_iter().map(|sample| (sample, view)).collect(), done: 0, features: Vec::new() }
    }
}

impl Tuner {
    /// On the CPU. `parameters`: of the tail, as the checkpoint has them.
    pub fn new(tail: Arc<Tail>, parameters: &[f32], inputs: Arc<Inputs>, job: Job) -> Self {
        Self::on(&Computer::cpu(), tail, parameters, inputs, job)
    }

    /// The same with the stages on any computer; the head is trained on the CPU.
    pub fn on(computer: &Computer, tail: Arc<Tail>, parameters: &[f32], inputs: Arc<Inputs>, job: Job) -> Self {
        assert_eq!(job.head.weight.len(), job.head.bias.len() * tail.dim(), "a head has the backbone's width");
        let per_epoch = job.train.len().div_ceil(BATCH);
        Self {
            phase: Phase::Look { passes: Passes::new(job.held_out.iter().copied(), 0), plain: None },
            stages: Stages::new(tail.clone(), parameters, computer, job.lora.map(|rank| (rank, job.seed))),
            head: Head::new(&job),
            rng: ChaCha8Rng::seed_from_u64(job.seed),
            linear: Linear::default(),
            x: Vec::new(),
            lengths: Vec::new(),
            mirror: job.mirror.unwrap_or(false),
            frozen: (f64::INFINITY, 1.0),
            worse: 0,
            epoch: 0,
            updates: 0,
            per_epoch,
            tail,
            inputs,
            job,
        }
    }

    /// A bounded piece of the work: one part of one batch. Errors: `gpu-lost`, `gpu-wrong`; then the training is over.
    pub async fn step(&mut self) -> Result<TuneStep> {
        let phase = std::mem::replace(&mut self.phase, Phase::Features(Passes::new([], 0)));
        match phase {
            Phase::Look { mut passes, plain } => {
                if self.pass(&mut passes).await? {
                    let total = passes.which.len();
                    let progress = self.progress("look", passes.done, total);
                    self.phase = Phase::Look { passes, plain };
                    return Ok(progress);
                }
                let (loss, wrong) = self.judge(&passes);
                self.frozen = plain.unwrap_or((loss, wrong));
                let mirrored = self.job.held_out.iter().all(|&sample| self.inputs.views(sample) > 1);
                if plain.is_none() && self.job.mirror.is_none() && mirrored && !self.job.held_out.is_empty() {
                    let passes = Passes::new(self.job.held_out.iter().copied(), 1);
                    self.phase = Phase::Look { passes, plain: Some((loss, wrong)) };
                } else {
                    if plain.is_some() {
                        self.mirror = wrong <= self.frozen.1 + MIRROR_LOSS;
                    }
                    self.begin_epoch();
                }
                Ok(self.progress("look", self.job.held_out.len(), self.job.held_out.len()))
            }
            Phase::Train { batches, mut batch, mut at, mut loss } => {
                let (part, size) = (self.part_of(&batches[batch][at..]), batches[batch].len());
                loss += self.learn(&batches[batch], at..at + part).await?;
                at += part;
                let done = at == size;
                if done {
                    self.update().await?;
                    (batch, at) = (batch + 1, 0);
                }
                let shown = done.then(|| std::mem::take(&mut loss));
                let epochs = self.job.epochs;
                self.phase = if batch < batches.len() {
                    Phase::Train { batches, batch, at, loss }
                } else {
                    self.epoch += 1;
                    Phase::Guard {
                        passes: Passes::new(self.job.held_out.iter().copied(), 0),
                        loss: shown.unwrap_or(0.0),
                    }
                };
                Ok(TuneStep::Progress(Progress {
                    stage: "tune",
                    done: self.updates,
                    total: epochs * self.per_epoch,
                    loss: shown,
                    guard: None,
                }))
            }
            Phase::Guard { mut passes, loss } => {
                if self.pass(&mut passes).await? {
                    self.phase = Phase::Guard { passes, loss };
                    return Ok(self.progress("tune", self.updates, self.job.epochs * self.per_epoch));
                }
                let guard = (!self.job.held_out.is_empty()).then(|| self.judge(&passes));
                let worse = guard.is_some_and(|(loss, wrong)| loss > WORSE * self.frozen.0 && wrong > self.frozen.1);
                self.worse = if worse && self.job.method == Method::CrossEntropy { self.worse + 1 } else { 0 };
                if self.epoch < self.job.epochs && self.worse < PATIENCE {
                    self.begin_epoch();
                } else {
                    if self.job.method != Method::CrossEntropy {
                        self.stages.back(BACK).await?;
                    }
                    let mut passes = Passes::new(0..self.job.y.len(), 0);
                    // What grows by doubling holds three times its size while it moves.
                    passes.features.reserve_exact(self.job.y.len() * self.tail.dim());
                    self.phase = Phase::Features(passes);
                }
                Ok(TuneStep::Progress(Progress {
                    stage: "tune",
                    done: self.updates,
                    total: self.job.epochs * self.per_epoch,
                    // Without a guard's it is that of the last update, which has been told.
                    loss: guard.is_some().then_some(loss),
                    guard: guard.map(|(loss, _)| loss),
                }))
            }
            Phase::Features(mut passes) => {
                if self.pass(&mut passes).await? {
                    let (done, total) = (passes.done, passes.which.len());
                    self.phase = Phase::Features(passes);
                    return Ok(self.progress("features", done, total));
                }
                Ok(TuneStep::Done(Box::new(Tuned {
                    features: Matrix::new(self.tail.dim(), passes.features),
                    mirror: self.mirror,
                    gave_up: self.worse == PATIENCE,
                    epochs: self.epoch,
                })))
            }
        }
    }

    /// The tuned tensors, or what is added to them, as a safetensors file under the checkpoint's names. Errors: `gpu-lost`, `gpu-wrong`.
    pub async fn tensors(&self) -> Result<Vec<u8>> {
        self.stages.file().await
    }

    /// The same of a training on the CPU.
    pub fn file(&self) -> Vec<u8> {
        at_once(self.tensors())
    }

    /// All of a training on the CPU.
    pub fn run(&mut self, mut heard: impl FnMut(Progress)) -> Tuned {
        loop {
            match at_once(self.step()) {
                TuneStep::Progress(progress) => heard(progress),
                TuneStep::Done(tuned) => return *tuned,
            }
        }
    }

    fn progress(&self, stage: &'static str, done: usize, total: usize) -> TuneStep {
        TuneStep::Progress(Progress { stage, done, total, loss: None, guard: None })
    }

    fn begin_epoch(&mut self) {
        let batches = match self.job.method {
            Method::Contrastive => contrast::batches(&self.job.train, BATCH, |row| self.job.y[row], &mut self.rng),
            Method::CrossEntropy | Method::Pretrain => {
                let mut order = self.job.train.clone();
                order.shuffle(&mut self.rng);
                if self.job.method == Method::Pretrain {
                    // A twin alone in its batch is found at once, and teaches nothing.
                    evenly(&order)
                } else {
                    order.chunks(BATCH).map(<[usize]>::to_vec).collect()
                }
            }
        };
        self.per_epoch = batches.len();
        self.phase = Phase::Train { batches, batch: 0, at: 0, loss: 0.0 };
    }

    /// How many of these samples go through the network at once.
    fn part_of(&self, samples: &[usize]) -> usize {
        let large = self.job.method != Method::CrossEntropy || self.stages.on_gpu();
        let most = if large { LARGE_PART } else { PART };
        // A twin goes with it.
        let copies = if self.job.method == Method::Pretrain { 2 } else { 1 };
        let per_token = self.tail.per_token() * copies;
        let mut values = 0;
        let fits = |&&sample: &&usize| {
            values += self.inputs.length(sample) * per_token;
            values <= most
        };
        samples.iter().take_while(fits).count().max(1)
    }

    /// The view of a sample that this epoch trains on.
    fn view(&mut self, sample: usize) -> usize {
        // Which of the views are mirrored: see `encode::image::view`.
        let views: Vec<usize> =
            (0..self.inputs.views(sample)).filter(|view| self.mirror || view.is_multiple_of(2)).collect();
        views[self.rng.random_range(0..views.len())]
    }

    /// The gradient of a part of a batch is added. → its part of the batch's loss.
    async fn learn(&mut self, batch: &[usize], part: std::ops::Range<usize>) -> Result<f64> {
        let (samples, depth) = (&batch[part], self.depth());
        let mut which: Vec<(usize, usize)> = samples.iter().map(|&sample| (sample, self.view(sample))).collect();
        if self.job.method == Method::Pretrain {
            which.extend_from_within(..);
        }
        self.inputs.read(&which, &mut self.x, &mut self.lengths);
        if self.job.method == Method::Pretrain {
            let width = self.tail.per_token();
            unsupervised::leave_out(&mut self.x, &mut self.lengths, width, &mut self.rng);
        }
        let features = self.stages.forward(&self.x, &self.lengths).await?;
        let dim = self.tail.dim();
        // A mean over the part is that much of the batch's.
        let of_batch = |(loss, mut slopes): (f64, Vec<f32>)| {
            let share = samples.len() as f64 / batch.len() as f64;
            slopes.iter_mut().for_each(|slope| *slope *= share as f32);
            (loss * share, slopes)
        };
        let (loss, slopes) = match self.job.method {
            Method::Contrastive => {
                of_batch(contrast::pairs(&features, dim, |i, j| self.job.loss.alike(samples[i], samples[j])))
            }
            Method::Pretrain => of_batch(unsupervised::twins(&features, dim)),
            Method::CrossEntropy => {
                let outputs = self.job.head.bias.len();
                let (weight, bias) = self.head.parameters.split_at(outputs * dim);
                let (unit, norms) = unit(&features, dim);
                let mut z = Vec::new();
                self.linear.forward(weight, bias, &unit, samples.len(), &mut z, Then::Nothing);
                let of = self.job.loss.part(samples, self.job.loss.weight_of(batch)).smoothed(SMOOTHING);
                let (loss, by_output, _) = of.of(z);
                let by_row: Vec<f32> =
                    (0..by_output.len()).map(|i| by_output[i % outputs * samples.len() + i / outputs]).collect();
                let (by_weight, by_bias) = self.head.gradient.split_at_mut(outputs * dim);
                self.linear.gradient(&unit, &by_row, samples.len(), by_weight, by_bias);
                let mut slopes = Vec::new();
                self.linear.back(weight, &by_row, outputs, samples.len(), &mut slopes);
                through_norm(&unit, &norms, &mut slopes);
                (loss, slopes)
            }
        };
        self.stages.backward(&self.x, &self.lengths, &slopes, depth);
        Ok(loss)
    }

    /// Stages that are trained now.
    fn depth(&self) -> usize {
        let stages = self.tail.stages();
        if self.job.at_once {
            return stages;
        }
        // All but the last are let go within the first third.
        let total = (self.job.epochs * self.per_epoch).max(1);
        (1 + self.updates * 3 * stages / total).min(stages)
    }

    async fn update(&mut self) -> Result<()> {
        let total = self.job.epochs * self.per_epoch;
        let (rate, depth) = (self.job.rate * schedule(self.updates.min(total - 1), total), self.depth());
        self.stages.update(rate, depth).await?;
        // Pairs and twins have no use for the head.
        if self.job.method == Method::CrossEntropy {
            self.head.update(rate);
        }
        self.updates += 1;
        Ok(())
    }

    /// The next part of some samples through the network. False when all were.
    async fn pass(&mut self, passes: &mut Passes) -> Result<bool> {
        let rest: Vec<usize> = passes.which[passes.done..].iter().map(|(sample, _)| *sample).collect();
        if rest.is_empty() {
            return Ok(false);
        }
        let part = self.part_of(&rest);
        self.inputs.read(&passes.which[passes.done..][..part], &mut self.x, &mut self.lengths);
        passes.features.extend(self.stages.forward(&self.x, &self.lengths).await?);
        passes.done += part;
        Ok(true)
    }

    /// The head's loss on what went through the network, and the part that it gets wrong.
    fn judge(&mut self, passes: &Passes) -> (f64, f64) {
        let samples: Vec<usize> = passes.which.iter().map(|(sample, _)| *sample).collect();
        if self.job.method == Method::Contrastive {
            let (dim, of) = (self.tail.dim(), &self.job.loss);
            return (contrast::pairs(&passes.features, dim, |i, j| of.alike(samples[i], samples[j])).0, 0.0);
        }
        let head = self.head();
        let (unit, _) = unit(&passes.features, self.tail.dim());
        let mut z = Vec::new();
        self.linear.forward(&head.weight, &head.bias, &unit, samples.len(), &mut z, Then::Nothing);
        let of = self.job.loss.part(&samples, self.job.loss.weight_of(&samples).max(f64::MIN_POSITIVE));
        let wrong = of.wrong(&z);
        (of.of(z).0, wrong)
    }

    /// As it is now; pairs and twins leave it as it was.
    pub fn head(&self) -> TuneHead {
        let (weight, bias) = self.head.parameters.split_at(self.job.head.weight.len());
        TuneHead { weight: weight.to_vec(), bias: bias.to_vec() }
    }
}

impl Head {
    fn new(job: &Job) -> Self {
        let TuneHead { weight, bias } = &job.head;
        let parameters = [&weight[..], bias].concat();
        let group = |range: std::ops::Range<usize>| {
            let floor = size(&parameters[range.clone()]).max(0.1);
            Group { row: range.len(), range, factor: HEAD, floor, stage: 0 }
        };
        let groups = vec![group(0..weight.len()), group(weight.len()..parameters.len())];
        let (optimiser, sizes) = AdamW::new(groups, &parameters);
        let moments = Moments::new(parameters.clone(), sizes);
        Self { gradient: vec![0.0; parameters.len()], parameters, optimiser, moments }
    }

    fn update(&mut self, rate: f64) {
        for step in self.optimiser.step(rate, 1) {
            self.moments.apply(&step, &mut self.parameters, &self.gradient);
        }
        self.gradient.fill(0.0);
    }
}

/// Batches of nearly the same size.
fn evenly(order: &[usize]) -> Vec<Vec<usize>> {
    let (n, batches) = (order.len(), order.len().div_ceil(BATCH));
    (0..batches).map(|i| order[i * n / batches..(i + 1) * n / batches].to_vec()).collect()
}

/// Root mean square.
fn size(values: &[f32]) -> f32 {
    (values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32).sqrt()
}

/// The CPU is never waited for, and cannot be lost.
fn at_once<T>(work: impl Future<Output = Result<T>>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done.expect("only a GPU can be lost"),
        Poll::Pending => unreachable!("only a GPU is waited for"),
    }
}

impl TuneHead {
    /// Of a fitted head, for a loss: numbers are in standard deviations while they are trained.
    pub fn start(head: &Affine, loss: &Loss) -> Self {
        let (unit, zero) = loss.unit();
        let weight = head.weight.values().iter().map(|w| w / unit as f32).collect();
        Self { weight, bias: head.bias.iter().map(|b| ((f64::from(*b) - zero) / unit) as f32).collect() }
    }

    /// The way back. `dim`: width of a row.
    pub fn affine(&self, loss: &Loss, dim: usize) -> Affine {
        let (unit, zero) = loss.unit();
        let weight = self.weight.iter().map(|w| w * unit as f32).collect();
        let bias = self.bias.iter().map(|b| (f64::from(*b) * unit + zero) as f32).collect();
        Affine { weight: Matrix::new(dim, weight), bias, link: loss.link() }
    }
}

/// Rows of length 1, and the lengths they had.
fn unit(rows: &[f32], dim: usize) -> (Vec<f32>, Vec<f32>) {
    let norms: Vec<f32> =
        rows.chunks_exact(dim).map(|row| row.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-12)).collect();
    let unit = rows.chunks_exact(dim).zip(&norms).flat_map(|(row, norm)| row.iter().map(move |v| v / norm)).collect();
    (unit, norms)
}

/// The gradient by unit rows → by the rows they were made of.
fn through_norm(unit: &[f32], norms: &[f32], slopes: &mut [f32]) {
    let dim = unit.len() / norms.len().max(1);
    for ((unit, slopes), norm) in unit.chunks_exact(dim).zip(slopes.chunks_exact_mut(dim)).zip(norms) {
        let along = crate::features::dot(unit, slopes);
        slopes.iter_mut().zip(unit).for_each(|(s, u)| *s = (*s - along * u) / norm);
    }
}
