//! L-BFGS for a smooth convex function (Nocedal & Wright, *Numerical Optimization*, algorithm 7.4): two-loop recursion
//! over the last ten steps, backtracking line search. One call, one iteration.

const MEMORY: usize = 10;
/// Armijo's constant: the decrease asked for, as a part of what the slope promises.
const DECREASE: f64 = 1e-4;
/// Stop when the largest entry of the gradient has shrunk to this part of what it is at zero …
const GRADIENT: f64 = 1e-4;
/// … or when an iteration gains less than this part of the value.
const GAIN: f64 = 1e-9;
const MAX_ITERATIONS: usize = 1000;

pub struct Lbfgs {
    x: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    /// Steps and the changes of gradient over them, oldest first.
    pairs: std::collections::VecDeque<(Vec<f64>, Vec<f64>)>,
    goal: f64,
    iterations: usize,
    most: usize,
    done: bool,
}

impl Lbfgs {
    /// `scale`: the largest gradient entry at zero, which the stopping rule measures against.
    pub fn new(start: Vec<f64>, scale: f64, f: &mut impl FnMut(&[f64]) -> (f64, Vec<f64>)) -> Self {
        let (value, gradient) = f(&start);
        let goal = GRADIENT * scale;
        let done = largest(&gradient) <= goal;
        Self { x: start, value, gradient, pairs: Default::default(), goal, iterations: 0, most: MAX_ITERATIONS, done }
    }

    /// Ends after so many iterations.
    pub fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    pub fn x(&self) -> &[f64] {
        &self.x
    }

    pub fn value(&self) -> f64 {
        self.value
    }

    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// One iteration; `true` when there is nothing left to gain.
    pub fn step(&mut self, f: &mut impl FnMut(&[f64]) -> (f64, Vec<f64>)) -> bool {
        if self.done {
            return true;
        }
        let mut direction = self.direction();
        let mut slope = dot(&direction, &self.gradient);
        if slope >= 0.0 {
            // Rounding has spoilt the memory: start again from the gradient.
            self.pairs.clear();
            direction = self.direction();
            slope = dot(&direction, &self.gradient);
        }
        let mut length = if self.pairs.is_empty() { 1.0 / dot(&direction, &direction).sqrt().max(1.0) } else { 1.0 };
        for _ in 0..40 {
            let x: Vec<f64> = self.x.iter().zip(&direction).map(|(x, d)| x + length * d).collect();
            let (value, gradient) = f(&x);
            if value <= self.value + DECREASE * length * slope {
                self.accept(x, value, gradient);
                return self.done;
            }
            length *= 0.5;
        }
        // No decrease at any length: f32 sums have no finer answer.
        self.done = true;
        true
    }

    fn accept(&mut self, x: Vec<f64>, value: f64, gradient: Vec<f64>) {
        let step: Vec<f64> = x.iter().zip(&self.x).map(|(a, b)| a - b).collect();
        let change: Vec<f64> = gradient.iter().zip(&self.gradient).map(|(a, b)| a - b).collect();
        if dot(&step, &change) > 1e-12 * dot(&change, &change) {
            if self.pairs.len() == MEMORY {
                self.pairs.pop_front();
            }
            self.pairs.push_back((step, change));
        }
        let gain = self.value - value;
        self.iterations += 1;
        self.done =
            largest(&gradient) <= self.goal || gain <= GAIN * value.abs().max(1e-12) || self.iterations >= self.most;
        (self.x, self.value, self.gradient) = (x, value, gradient);
    }

    fn direction(&self) -> Vec<f64> {
        let mut q = self.gradient.clone();
        let mut alphas = Vec::with_capacity(self.pairs.len());
        for (s, y) in self.pairs.iter().rev() {
            let alpha = dot(s, &q) / dot(s, y);
            q.iter_mut().zip(y).for_each(|(q, y)| *q -= alpha * y);
            alphas.push(alpha);
        }
        if let Some((s, y)) = self.pairs.back() {
            let scale = dot(s, y) / dot(y, y);
            q.iter_mut().for_each(|q| *q *= scale);
        }
        for ((s, y), alpha) in self.pairs.iter().zip(alphas.iter().rev()) {
            let beta = dot(y, &q) / dot(s, y);
            q.iter_mut().zip(s).for_each(|(q, s)| *q += (alpha - beta) * s);
        }
        q.iter_mut().for_each(|q| *q = -*q);
        q
    }
}

pub fn largest(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |m, v| m.max(v.abs()))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_minimum_of_a_stretched_bowl() {
        let target = [3.0, -2.0, 0.5, 10.0];
        let stretch = [1.0, 100.0, 0.01, 7.0];
        let mut f = |x: &[f64]| {
            let gradient: Vec<f64> = (0..4).map(|i| stretch[i] * (x[i] - target[i])).collect();
            ((0..4).map(|i| 0.5 * stretch[i] * (x[i] - target[i]).powi(2)).sum(), gradient)
        };
        let mut solver = Lbfgs::new(vec![0.0; 4], 1e-6, &mut f);
        while !solver.step(&mut f) {}
        for (x, t) in solver.x().iter().zip(target) {
            assert!((x - t).abs() < 1e-3, "{:?} after {}", solver.x(), solver.iterations());
        }
    }
}
