//! Multinomial logistic regression with an L2 penalty, fitted to convergence, its strength chosen by cross-validation; a logistic
//! regression for each label, or ridge regression of numbers; with a hidden layer in between it is the MLP head.
//!
//! The objective is scikit-learn's `LogisticRegression`: `½‖W‖² + C Σ wᵢ·CEᵢ`, intercept free. Rows are
//! divided by their norms, so that one grid of strengths serves a backbone with features of norm 15 and one with
//! features of norm 1, and centred: the free intercept makes that the same problem, better conditioned.

use std::collections::BTreeMap;

use super::affine::Affine;
use super::lbfgs::{Lbfgs, largest};
use super::loss::Loss;
use super::mlp::{self, HIDDEN, Mlp, Parts};
use super::{Dataset, Fitted, Head, HeadKind, HeldOut, Kind, Progress, Recipe, Step};
use crate::backbone::kernels::{Packed, Then};
use crate::features::Matrix;
use crate::metrics::{Probabilities, ascending, careful_temperature};

/// Inverse strengths C on unit rows, weakest fit first: each solution is where the next one starts.
const STRENGTHS: [f64; 5] = [0.1, 1.0, 10.0, 100.0, 1000.0];
/// With one sample a class nothing can be held out to choose by.
const DEFAULT_STRENGTH: f64 = 10.0;
/// Rows that the search looks at, at most: the strength that suits 3,000 suits 10,000, and the search is all but one of the
/// fits. The last fit has every row.
const SEARCH_ROWS: usize = 3000;
/// Iterations between two reports, at most, and multiplications: a few tens of milliseconds.
const ITERATIONS_PER_STEP: usize = 8;
const PRODUCTS_PER_STEP: usize = 200_000_000;

/// An MLP's function has no end to come to; by then it has stopped to change what is predicted.
const MLP_ITERATIONS: usize = 150;

/// A problem and its minimiser under way. Parameters: `classes × dim` weights, then `classes` intercepts; an MLP's as
/// [`Parts`] has them.
struct Solve {
    problem: Problem,
    solver: Lbfgs,
}

pub struct LinearFit {
    data: Dataset,
    /// The rows that the strength is chosen on.
    search: Dataset,
    recipe: Recipe,
    /// Fold of each of them; empty when nothing can be held out or the strength is given.
    folds: Vec<usize>,
    strengths: Vec<f64>,
    /// Summed held-out log loss, by strength.
    losses: Vec<f64>,
    /// Held-out outputs and the rows they are of, by strength.
    held_out: Vec<(Vec<f32>, Vec<usize>)>,
    /// Fits finished, of `total`.
    done: usize,
    total: usize,
    current: Option<Solve>,
}

impl LinearFit {
    pub fn new(data: &Dataset, recipe: &Recipe) -> Self {
        let search = match data.rows().div_ceil(SEARCH_ROWS) {
            0 | 1 => data.clone(),
            _ => {
                let all: Vec<usize> = (0..data.rows()).collect();
                data.select(&data.sample(&all, SEARCH_ROWS as f64 / data.rows() as f64, recipe.seed))
            }
        };
        let parts = search.parts(recipe.folds);
        let (folds, strengths) = match recipe.strength {
            Some(strength) => (Vec::new(), vec![strength]),
            None if parts < 2 => (Vec::new(), vec![DEFAULT_STRENGTH]),
            None => (search.folds(parts, recipe.seed), STRENGTHS.to_vec()),
        };
        let searches = if folds.is_empty() { 0 } else { parts * strengths.len() };
        Self {
            data: data.clone(),
            search,
            recipe: recipe.clone(),
            losses: vec![0.0; strengths.len()],
            held_out: vec![Default::default(); strengths.len()],
            folds,
            strengths,
            done: 0,
            total: searches + 1,
            current: None,
        }
    }

    pub fn step(&mut self) -> Step {
        let mut solve = match self.current.take() {
            Some(solve) => solve,
            None => self.next_solve(None),
        };
        for _ in 0..solve.problem.iterations() {
            if solve.solver.step(&mut |p| solve.problem.value_and_gradient(p)) {
                let loss = solve.solver.value();
                if self.done + 1 == self.total {
                    return Step::Done(Box::new(self.finish(&solve)));
                }
                let guard = self.score(&solve);
                self.done += 1;
                let same_rows = !self.done.is_multiple_of(self.strengths.len());
                self.current = Some(self.next_solve(same_rows.then_some(solve)));
                return self.progress(loss, Some(guard));
            }
        }
        let loss = solve.solver.value();
        self.current = Some(solve);
        self.progress(loss, None)
    }

    fn progress(&self, loss: f64, guard: Option<f64>) -> Step {
        let stage = if self.done + 1 == self.total { "fit" } else { "choose strength" };
        Step::Progress(Progress { stage, done: self.done, total: self.total, loss: Some(loss), guard })
    }

    /// The next fit in line; on the same rows it starts from the solution before it.
    fn next_solve(&self, previous: Option<Solve>) -> Solve {
        if self.done + 1 == self.total {
            let problem = Problem::new(&self.data, &self.recipe);
            return Solve::start(problem, self.strengths[self.best()], None);
        }
        let strength = self.strengths[self.done % self.strengths.len()];
        match previous {
            // Where too strong a penalty has led an MLP, all weights zero, there is no way out: it starts anew.
            Some(Solve { problem, .. }) if problem.mlp.is_some() => Solve::start(problem, strength, None),
            Some(Solve { problem, solver }) => Solve::start(problem, strength, Some(solver.x().to_vec())),
            None => Solve::start(Problem::new(&self.search.select(&self.rows(false)), &self.recipe), strength, None),
        }
    }

    /// Rows of the current fold that are held out, or the others.
    fn rows(&self, held_out: bool) -> Vec<usize> {
        let fold = self.done / self.strengths.len();
        (0..self.folds.len()).filter(|&row| (self.folds[row] == fold) == held_out).collect()
    }

    /// Counts a fit's losses on the rows it was not fitted to. → their log loss.
    fn score(&mut self, solve: &Solve) -> f64 {
        let mut known = vec![self.data.kind() != Kind::Classes; self.data.classes.len()];
        self.rows(false).into_iter().for_each(|row| known[self.search.y[row]] = true);
        // A class whose only burst is held out cannot be found, at any strength; its loss would drown the others'.
        let rows: Vec<usize> = self.rows(true).into_iter().filter(|&row| known[self.search.y[row]]).collect();
        if rows.is_empty() {
            return 0.0;
        }
        let held_out = self.search.select(&rows);
        let outputs = solve.head(1.0).outputs(&held_out.x, &held_out.contents);
        let i = self.done % self.strengths.len();
        let loss = held_out.loss(&outputs);
        self.losses[i] += loss * held_out.rows() as f64;
        self.held_out[i].0.extend(outputs.values());
        self.held_out[i].1.extend(rows);
        loss
    }

    /// What was said of held-out rows at the strength chosen, and these rows.
    fn held_out(&self) -> (Matrix, Dataset) {
        let (values, rows) = &self.held_out[self.best()];
        (Matrix::new(self.data.outputs(), values.clone()), self.search.select(rows))
    }

    /// What the logits have to be divided by to be as sure as they are right, by the held-out rows at the strength chosen.
    fn temperature(&self) -> f64 {
        let (outputs, rows) = self.held_out();
        match rows.kind() {
            Kind::Classes => {
                let p = Probabilities { classes: outputs.cols(), values: outputs.into_values() };
                careful_temperature(&p, &rows.y)
            }
            Kind::Labels => {
                let (p, truth) = rows.choices(&outputs);
                careful_temperature(&p, &truth)
            }
            Kind::Numbers => 1.0,
        }
    }

    /// Whether what was said at the strength chosen is right, row by row of the search.
    fn hits(&self) -> HeldOut {
        let (outputs, judged) = self.held_out();
        // One that could not be found, whatever the strength, is missed.
        let mut hits = vec![false; self.search.rows()];
        let rows = &self.held_out[self.best()].1;
        rows.iter().zip(judged.errors(&outputs)).for_each(|(&row, error)| hits[row] = error == 0.0);
        HeldOut { hits, groups: self.search.groups.clone() }
    }

    /// The strength with the least held-out loss. Hits decide by a handful of samples, and jump about with few of them.
    fn best(&self) -> usize {
        (0..self.strengths.len())
            .min_by(|&a, &b| self.losses[a].total_cmp(&self.losses[b]))
            .expect("there is at least one strength")
    }

    fn finish(&self, solve: &Solve) -> Fitted {
        let best = self.best();
        let strength = self.strengths[best];
        let parts = self.folds.iter().max().map_or(0, |m| m + 1);
        let reason = match (self.recipe.strength, parts) {
            (Some(_), _) => "the strength was given".to_owned(),
            (None, 0) => "too few samples to hold any out: default strength".to_owned(),
            (None, _) => {
                let of = match self.search.rows() {
                    rows if rows < self.data.rows() => format!(" on {rows} of the samples"),
                    _ => String::new(),
                };
                format!("strength chosen among {} by {parts}-fold cross-validation{of}", self.strengths.len())
            }
        };
        let kind = self.data.kind();
        let iterations = solve.solver.iterations() as f64;
        let chosen = [("strength", strength), ("folds", parts as f64), ("iterations", iterations)];
        let mut chosen: BTreeMap<String, f64> = chosen.map(|(name, value)| (name.to_owned(), value)).into();
        let mut temperature = 1.0;
        let mut residuals = Vec::new();
        if kind == Kind::Numbers {
            let (outputs, rows) = self.held_out();
            residuals = rows.errors(&outputs);
            ascending(&mut residuals);
        } else {
            temperature = self.recipe.temperature.unwrap_or_else(|| self.temperature());
            chosen.insert("temperature".to_owned(), temperature);
        }
        Fitted {
            head: solve.head(temperature as f32),
            kind,
            classes: self.data.names().to_vec(),
            chosen,
            held_out: (parts > 0 && kind != Kind::Numbers).then(|| self.hits()),
            residuals,
            reason,
        }
    }
}

impl Solve {
    fn start(mut problem: Problem, strength: f64, from: Option<Vec<f64>>) -> Self {
        problem.penalty = 1.0 / (strength * problem.loss.total_weight);
        let start = problem.start();
        let scale = largest(&problem.value_and_gradient(&start).1);
        let solver = Lbfgs::new(from.unwrap_or(start), scale, &mut |p| problem.value_and_gradient(p));
        let solver = if problem.mlp.is_some() { solver.at_most(MLP_ITERATIONS) } else { solver };
        Self { problem, solver }
    }

    /// The solution for rows that are not centred, its logits divided by `temperature`.
    fn head(&self, temperature: f32) -> Head {
        let Problem { dim, ref mean, ref loss, .. } = self.problem;
        let (outputs, link) = (loss.outputs(), loss.link());
        let (unit, middle) = loss.unit();
        let zero = middle - self.problem.origin;
        let scale = unit / f64::from(temperature);
        if self.problem.mlp.is_some() {
            return Head::Mlp(Mlp::new(self.solver.x(), mean, outputs, link).scaled(scale as f32, zero as f32));
        }
        let (weight, intercept) = self.solver.x().split_at(outputs * dim);
        let weight: Vec<f32> = weight.iter().map(|w| (w * scale) as f32).collect();
        let bias = weight
            .chunks_exact(dim)
            .zip(intercept)
            .map(|(w, b)| {
                let off = w.iter().zip(mean).map(|(w, m)| f64::from(w * m)).sum::<f64>();
                (b * scale - off + zero) as f32
            })
            .collect();
        Head::Linear(Affine { weight: Matrix::new(dim, weight), bias, link })
    }
}

struct Problem {
    /// `rows × dim`, unit rows, centred.
    x: Matrix,
    /// The same as the weights of a product over rows, for the gradient.
    columns: Packed,
    loss: Loss,
    rows: usize,
    /// `1 / (C · Σ weights)`: the objective divided by `C · Σ weights`.
    penalty: f64,
    dim: usize,
    mean: Vec<f32>,
    /// The dataset's.
    origin: f64,
    /// With a hidden layer, the seed of its start.
    mlp: Option<u64>,
}

impl Problem {
    fn new(data: &Dataset, recipe: &Recipe) -> Self {
        let (rows, dim) = (data.rows(), data.x.cols());
        let mut mean = vec![0f32; dim];
        let mut x = data.x.clone().normalised();
        x.iter().for_each(|row| mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / rows as f32));
        for row in x.values_mut().chunks_exact_mut(dim) {
            row.iter_mut().zip(&mean).for_each(|(v, m)| *v -= m);
        }
        Self {
            columns: Packed::from_columns(x.values(), rows, dim),
            x,
            loss: Loss::new(data, recipe),
            rows,
            penalty: 0.0,
            dim,
            mean,
            origin: data.origin,
            mlp: (recipe.head == HeadKind::Mlp).then_some(recipe.seed),
        }
    }

    /// That fit into a step.
    fn iterations(&self) -> usize {
        let outputs = if self.mlp.is_some() { HIDDEN } else { self.loss.outputs() };
        (PRODUCTS_PER_STEP / (2 * self.rows * self.dim * outputs).max(1)).clamp(1, ITERATIONS_PER_STEP)
    }

    fn start(&self) -> Vec<f64> {
        match self.mlp {
            Some(seed) => mlp::start(self.dim, self.loss.outputs(), seed),
            None => vec![0.0; self.loss.outputs() * (self.dim + 1)],
        }
    }

    /// `Σ wᵢ·lossᵢ / Σ wᵢ + penalty · ½‖W‖²` and its gradient.
    fn value_and_gradient(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
        if self.mlp.is_some() { self.mlp(parameters) } else { self.linear(parameters) }
    }

    fn linear(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
        let (rows, classes) = (self.rows, self.loss.outputs());
        let (weight, intercept) = parameters.split_at(classes * self.dim);
        let mut logits = vec![0.0; rows * classes];
        product(weight, intercept, self.x.values(), &mut logits);
        let (loss, by_class, gradient_b) = self.loss.of(logits);
        let mut gradient = vec![0.0; classes * self.dim];
        self.columns.apply(&by_class, classes, &mut gradient, Then::Nothing);
        let mut gradient = self.penalised(&gradient, weight);
        gradient.extend(gradient_b);
        (loss + self.penalty_of(weight), gradient)
    }

    fn mlp(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
        let (rows, classes) = (self.rows, self.loss.outputs());
        let parts = Parts::of(parameters, self.dim, classes);
        let mut hidden = vec![0.0; rows * HIDDEN];
        product(parts.first, parts.first_bias, self.x.values(), &mut hidden);
        hidden.iter_mut().for_each(|v| *v = v.tanh());
        let mut logits = vec![0.0; rows * classes];
        product(parts.second, parts.second_bias, &hidden, &mut logits);
        let (loss, by_class, gradient_b2) = self.loss.of(logits);
        let mut gradient_2 = vec![0.0; classes * HIDDEN];
        Packed::from_columns(&hidden, rows, HIDDEN).apply(&by_class, classes, &mut gradient_2, Then::Nothing);
        // Back through the second layer: by row, then by hidden unit.
        let residual = transposed(&by_class, classes, rows);
        let mut back = vec![0.0; rows * HIDDEN];
        let second: Vec<f32> = parts.second.iter().map(|&v| v as f32).collect();
        Packed::from_columns(&second, classes, HIDDEN).apply(&residual, rows, &mut back, Then::Nothing);
        back.iter_mut().zip(&hidden).for_each(|(d, h)| *d *= 1.0 - h * h);
        let by_unit = transposed(&back, rows, HIDDEN);
        let mut gradient_1 = vec![0.0; HIDDEN * self.dim];
        self.columns.apply(&by_unit, HIDDEN, &mut gradient_1, Then::Nothing);
        let mut gradient = self.penalised(&gradient_1, parts.first);
        gradient.extend(by_unit.chunks_exact(rows).map(|unit| unit.iter().map(|&v| f64::from(v)).sum::<f64>()));
        gradient.extend(self.penalised(&gradient_2, parts.second));
        gradient.extend(gradient_b2);
        (loss + self.penalty_of(parts.first) + self.penalty_of(parts.second), gradient)
    }

    fn penalised(&self, gradient: &[f32], weight: &[f64]) -> Vec<f64> {
        gradient.iter().zip(weight).map(|(&g, w)| f64::from(g) + self.penalty * w).collect()
    }

    fn penalty_of(&self, weight: &[f64]) -> f64 {
        0.5 * self.penalty * weight.iter().map(|w| w * w).sum::<f64>()
    }
}

/// `x · weightᵀ + bias`, by row.
fn product(weight: &[f64], bias: &[f64], x: &[f32], out: &mut [f32]) {
    let narrow = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<_>>();
    let rows = out.len() / bias.len();
    Packed::from_rows(&narrow(weight), &narrow(bias)).apply(x, rows, out, Then::Nothing);
}

/// `rows × cols` → `cols × rows`.
fn transposed(values: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    (0..values.len()).map(|i| values[i % rows * cols + i / rows]).collect()
}
