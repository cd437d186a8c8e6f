//! Multinomial logistic regression with an L2 penalty, fitted to convergence, its strength chosen by cross-validation.
//!
//! The objective is scikit-learn's `LogisticRegression`: `½‖W‖² + C Σ wᵢ·CEᵢ`, intercept free. Rows are
//! divided by their norms, so that one grid of strengths serves a backbone with features of norm 15 and one with
//! features of norm 1, and centred: the free intercept makes that the same problem, better conditioned.

use super::affine::Affine;
use super::lbfgs::{Lbfgs, largest};
use super::{Dataset, Fitted, Head, Progress, Recipe, Step};
use crate::backbone::kernels::{Packed, Then};
use crate::features::Matrix;
use crate::metrics::stratified_folds;

/// Inverse strengths C on unit rows, weakest fit first: each solution is where the next one starts.
const STRENGTHS: [f64; 5] = [0.1, 1.0, 10.0, 100.0, 1000.0];
/// With one sample a class nothing can be held out to choose by.
const DEFAULT_STRENGTH: f64 = 10.0;
/// Rows that the search looks at, at most: the strength that suits 3,000 suits 10,000, and the search is all but one of the
/// fits. The last fit has every row.
const SEARCH_ROWS: usize = 3000;
/// Iterations between two reports.
const ITERATIONS_PER_STEP: usize = 8;

/// A problem and its minimiser under way. Parameters: `classes × dim` weights, then `classes` intercepts.
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
    /// Summed held-out log loss, and hits, by strength.
    losses: Vec<f64>,
    hits: Vec<usize>,
    /// Fits finished, of `total`.
    done: usize,
    total: usize,
    current: Option<Solve>,
}

impl LinearFit {
    pub fn new(data: &Dataset, recipe: &Recipe) -> Self {
        let search = match data.rows().div_ceil(SEARCH_ROWS) {
            0 | 1 => data.clone(),
            parts => {
                let part = stratified_folds(&data.y, parts, recipe.seed);
                data.select(&(0..data.rows()).filter(|&row| part[row] == 0).collect::<Vec<_>>())
            }
        };
        let splittable = search.counts().into_iter().max().unwrap_or(0);
        let parts = recipe.folds.min(splittable);
        let (folds, strengths) = match recipe.strength {
            Some(strength) => (Vec::new(), vec![strength]),
            None if parts < 2 => (Vec::new(), vec![DEFAULT_STRENGTH]),
            None => (stratified_folds(&search.y, parts, recipe.seed), STRENGTHS.to_vec()),
        };
        let searches = if folds.is_empty() { 0 } else { parts * strengths.len() };
        Self {
            data: data.clone(),
            search,
            recipe: recipe.clone(),
            losses: vec![0.0; strengths.len()],
            hits: vec![0; strengths.len()],
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
        for _ in 0..ITERATIONS_PER_STEP {
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
            Some(Solve { problem, solver }) => Solve::start(problem, strength, Some(solver.x().to_vec())),
            None => Solve::start(Problem::new(&self.search.select(&self.rows(false)), &self.recipe), strength, None),
        }
    }

    /// Rows of the current fold that are held out, or the others.
    fn rows(&self, held_out: bool) -> Vec<usize> {
        let fold = self.done / self.strengths.len();
        (0..self.folds.len()).filter(|&row| (self.folds[row] == fold) == held_out).collect()
    }

    /// Counts a fit's losses and hits on the rows it was not fitted to. → their log loss.
    fn score(&mut self, solve: &Solve) -> f64 {
        let held_out = self.search.select(&self.rows(true));
        let p = solve.head().probabilities(&held_out.x);
        let i = self.done % self.strengths.len();
        let loss = p.log_loss(&held_out.y);
        self.losses[i] += loss * held_out.rows() as f64;
        self.hits[i] += (0..held_out.rows()).filter(|&row| p.top(row) == held_out.y[row]).count();
        loss
    }

    /// The strength with the least held-out log loss. Hits decide by a handful of samples, and jump about with few of them.
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
        Fitted {
            head: Head::Linear(solve.head()),
            classes: self.data.classes.clone(),
            chosen: [("strength", strength), ("folds", parts as f64), ("iterations", solve.solver.iterations() as f64)]
                .into(),
            held_out: (parts > 0).then(|| (self.hits[best], self.search.rows())),
            reason,
        }
    }
}

impl Solve {
    fn start(mut problem: Problem, strength: f64, from: Option<Vec<f64>>) -> Self {
        problem.penalty = 1.0 / (strength * problem.total_weight);
        let zero = vec![0.0; problem.classes * (problem.dim + 1)];
        let scale = largest(&problem.value_and_gradient(&zero).1);
        let solver = Lbfgs::new(from.unwrap_or(zero), scale, &mut |p| problem.value_and_gradient(p));
        Self { problem, solver }
    }

    /// The solution for rows that are not centred.
    fn head(&self) -> Affine {
        let Problem { dim, classes, ref mean, .. } = self.problem;
        let (weight, intercept) = self.solver.x().split_at(classes * dim);
        let weight: Vec<f32> = weight.iter().map(|w| *w as f32).collect();
        let bias = weight
            .chunks_exact(dim)
            .zip(intercept)
            .map(|(w, b)| (b - w.iter().zip(mean).map(|(w, m)| f64::from(w * m)).sum::<f64>()) as f32)
            .collect();
        Affine { weight: Matrix::new(dim, weight), bias }
    }
}

struct Problem {
    /// `rows × dim`, unit rows, centred.
    x: Matrix,
    /// The same as the weights of a product over rows, for the gradient.
    columns: Packed,
    y: Vec<usize>,
    /// By row.
    weights: Vec<f64>,
    total_weight: f64,
    /// `1 / (C · Σ weights)`: the objective divided by `C · Σ weights`.
    penalty: f64,
    dim: usize,
    classes: usize,
    mean: Vec<f32>,
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
        let by_class = recipe.class_weight.of(data);
        let weights: Vec<f64> = data.y.iter().map(|&c| by_class[c]).collect();
        Self {
            columns: Packed::from_columns(x.values(), rows, dim),
            x,
            total_weight: weights.iter().sum(),
            y: data.y.clone(),
            weights,
            penalty: 0.0,
            dim,
            classes: data.classes.len(),
            mean,
        }
    }

    /// `Σ wᵢ·CEᵢ / Σ wᵢ + penalty · ½‖W‖²` and its gradient.
    fn value_and_gradient(&self, parameters: &[f64]) -> (f64, Vec<f64>) {
        let (weight, intercept) = parameters.split_at(self.classes * self.dim);
        let (rows, classes) = (self.y.len(), self.classes);
        let narrow = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<_>>();
        let mut residual = vec![0.0; rows * classes];
        Packed::from_rows(&narrow(weight), &narrow(intercept)).apply(
            self.x.values(),
            rows,
            &mut residual,
            Then::Nothing,
        );
        let mut loss = 0.0;
        let mut gradient_b = vec![0f64; classes];
        // By class, row after row.
        let mut by_class = vec![0.0; rows * classes];
        for (i, row) in residual.chunks_exact_mut(classes).enumerate() {
            let (class, weight) = (self.y[i], self.weights[i]);
            let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let own = row[class] - max;
            row.iter_mut().for_each(|v| *v = (*v - max).exp());
            let sum: f32 = row.iter().sum();
            let share = weight / self.total_weight;
            loss += share * f64::from(sum.ln() - own);
            for (c, v) in row.iter().enumerate() {
                let p = *v / sum - f32::from(u8::from(c == class));
                let part = (share * f64::from(p)) as f32;
                by_class[c * rows + i] = part;
                gradient_b[c] += f64::from(part);
            }
        }
        let mut gradient_w = vec![0.0; classes * self.dim];
        self.columns.apply(&by_class, classes, &mut gradient_w, Then::Nothing);
        let mut gradient: Vec<f64> =
            gradient_w.iter().zip(weight).map(|(&g, w)| f64::from(g) + self.penalty * w).collect();
        gradient.extend(gradient_b);
        let squares: f64 = weight.iter().map(|w| w * w).sum();
        (loss + 0.5 * self.penalty * squares, gradient)
    }
}
