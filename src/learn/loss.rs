//! What a fit makes small: how far a model's outputs are from what is known, and which way they have to go.

use serde::{Deserialize, Serialize};

use super::{Dataset, Link, Recipe, Targets};

/// Of some rows. It can cross to another worker, which has no [`Dataset`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    goal: Goal,
    rows: usize,
    outputs: usize,
    /// Of the rows' weights.
    pub(super) total_weight: f64,
    /// Part of each class's say that is given to all classes alike (Szegedy et al. 2016).
    smoothing: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Goal {
    /// Weighted cross-entropy of a softmax.
    Classes { y: Vec<usize>, weights: Vec<f64> },
    /// Of a sigmoid for each label: the sum over labels. Both are `rows × labels`.
    Labels { truth: Vec<f32>, weights: Vec<f64> },
    /// Half the squared error, in standard deviations.
    Numbers { values: Vec<f64>, mean: f64, deviation: f64 },
}

impl Loss {
    pub fn new(data: &Dataset, recipe: &Recipe) -> Self {
        let (rows, outputs) = (data.rows(), data.outputs());
        let goal = match &data.targets {
            Targets::Classes => {
                let by_class = recipe.class_weight.of_classes(data);
                Goal::Classes { y: data.y.clone(), weights: data.y.iter().map(|&c| by_class[c]).collect() }
            }
            Targets::Labels { names, .. } => {
                let truth = data.truth().values().to_vec();
                let of_label: Vec<[f64; 2]> = (0..outputs)
                    .map(|label| {
                        let present = (0..rows).filter(|row| truth[row * outputs + label] > 0.5).count();
                        recipe.class_weight.of_label(&names[label], [rows - present, present])
                    })
                    .collect();
                let weights = (0..rows * outputs).map(|i| of_label[i % outputs][usize::from(truth[i] > 0.5)]).collect();
                Goal::Labels { truth, weights }
            }
            Targets::Numbers(values) => {
                let mean = values.iter().sum::<f64>() / rows.max(1) as f64;
                let spread = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / rows.max(1) as f64;
                let deviation = if spread > 0.0 { spread.sqrt() } else { 1.0 };
                let values = values.iter().map(|v| (v - mean) / deviation).collect();
                Goal::Numbers { values, mean, deviation }
            }
        };
        let total_weight = match &goal {
            Goal::Classes { weights, .. } => weights.iter().sum(),
            Goal::Labels { .. } | Goal::Numbers { .. } => rows as f64,
        };
        Self { goal, rows, outputs, total_weight, smoothing: 0.0 }
    }

    pub fn smoothed(self, smoothing: f64) -> Self {
        Self { smoothing, ..self }
    }

    /// Of the rows named, which are a part of a batch whose rows weigh `total_weight`.
    pub fn part(&self, rows: &[usize], total_weight: f64) -> Self {
        let some = |values: &[f64]| rows.iter().map(|&row| values[row]).collect();
        let outputs = self.outputs;
        let goal = match &self.goal {
            Goal::Classes { y, weights } => {
                Goal::Classes { y: rows.iter().map(|&row| y[row]).collect(), weights: some(weights) }
            }
            Goal::Labels { truth, weights } => Goal::Labels {
                truth: rows.iter().flat_map(|&row| truth[row * outputs..][..outputs].iter().copied()).collect(),
                weights: rows.iter().flat_map(|&row| weights[row * outputs..][..outputs].iter().copied()).collect(),
            },
            Goal::Numbers { values, mean, deviation } => {
                Goal::Numbers { values: some(values), mean: *mean, deviation: *deviation }
            }
        };
        Self { goal, rows: rows.len(), total_weight, ..*self }
    }

    /// What the rows named weigh together.
    pub fn weight_of(&self, rows: &[usize]) -> f64 {
        match &self.goal {
            Goal::Classes { weights, .. } => rows.iter().map(|&row| weights[row]).sum(),
            Goal::Labels { .. } | Goal::Numbers { .. } => rows.len() as f64,
        }
    }

    /// Whether two rows have the same class, or the same labels; never of numbers.
    pub fn alike(&self, a: usize, b: usize) -> bool {
        match &self.goal {
            Goal::Classes { y, .. } => y[a] == y[b],
            Goal::Labels { truth, .. } => {
                truth[a * self.outputs..][..self.outputs] == truth[b * self.outputs..][..self.outputs]
            }
            Goal::Numbers { .. } => false,
        }
    }

    /// `z` as in [`of`](Self::of): the part of the rows that are wrong; of numbers, how far off they are in standard deviations.
    pub fn wrong(&self, z: &[f32]) -> f64 {
        let wrong = |(i, row): (usize, &[f32])| match &self.goal {
            Goal::Classes { y, .. } => {
                let top = (0..row.len()).fold(0, |best, c| if row[c] > row[best] { c } else { best });
                f64::from(u8::from(top != y[i]))
            }
            Goal::Labels { truth, .. } => {
                let truth = &truth[i * self.outputs..][..self.outputs];
                f64::from(u8::from(row.iter().zip(truth).any(|(z, t)| (*z >= 0.0) != (*t > 0.5))))
            }
            Goal::Numbers { values, .. } => (f64::from(row[0]) - values[i]).abs(),
        };
        z.chunks_exact(self.outputs).enumerate().map(wrong).sum::<f64>() / self.rows.max(1) as f64
    }

    pub fn outputs(&self) -> usize {
        self.outputs
    }

    pub fn link(&self) -> Link {
        match self.goal {
            Goal::Classes { .. } => Link::Softmax,
            Goal::Labels { .. } => Link::Sigmoid,
            Goal::Numbers { .. } => Link::Identity,
        }
    }

    /// What a model's outputs are multiplied by, and then raised by.
    pub fn unit(&self) -> (f64, f64) {
        match self.goal {
            Goal::Numbers { mean, deviation, .. } => (deviation, mean),
            _ => (1.0, 0.0),
        }
    }

    /// `z`: `rows × outputs`, before the link. → the weighted mean of the rows' losses; its gradient by `z`, output after output;
    /// and that summed by output.
    pub fn of(&self, mut z: Vec<f32>) -> (f64, Vec<f32>, Vec<f64>) {
        let (rows, outputs) = (self.rows, self.outputs);
        let mut loss = 0.0;
        let (own, others) = (1.0 - self.smoothing, self.smoothing / outputs as f64);
        let mut sums = vec![0f64; outputs];
        let mut by_output = vec![0.0; rows * outputs];
        let mut put = |row: usize, output: usize, part: f64| {
            let part = part as f32;
            by_output[output * rows + row] = part;
            sums[output] += f64::from(part);
        };
        for (i, row) in z.chunks_exact_mut(outputs).enumerate() {
            match &self.goal {
                Goal::Classes { y, weights } => {
                    let share = weights[i] / self.total_weight;
                    let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    // With smoothing, the mean of all logits has a part in it.
                    let said = own * f64::from(row[y[i]] - max)
                        + row.iter().map(|v| others * f64::from(v - max)).filter(|_| others > 0.0).sum::<f64>();
                    row.iter_mut().for_each(|v| *v = (*v - max).exp());
                    let sum: f32 = row.iter().sum();
                    loss += share * (f64::from(sum.ln()) - said);
                    for (c, v) in row.iter().enumerate() {
                        let truth = others + if c == y[i] { own } else { 0.0 };
                        put(i, c, share * (f64::from(*v / sum) - truth));
                    }
                }
                Goal::Labels { truth, weights } => {
                    for (label, &v) in row.iter().enumerate() {
                        let (truth, weight) = (truth[i * outputs + label], weights[i * outputs + label]);
                        let share = weight / self.total_weight;
                        // ln(1 + e^v) - truth·v, without an overflow.
                        loss += share * f64::from(v.max(0.0) + (-v.abs()).exp().ln_1p() - truth * v);
                        put(i, label, share * f64::from(1.0 / (1.0 + (-v).exp()) - truth));
                    }
                }
                Goal::Numbers { values, .. } => {
                    let off = f64::from(row[0]) - values[i];
                    loss += 0.5 * off * off / self.total_weight;
                    put(i, 0, off / self.total_weight);
                }
            }
        }
        (loss, by_output, sums)
    }
}
