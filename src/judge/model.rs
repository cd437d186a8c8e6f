//! What predictions are made with: a head, what it was fitted by and on, and what is too strange for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Novelty;
use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::learn::{Fitted, Kind, Recipe, called};
use crate::metrics::Interval;
use crate::source::{Content, Label};

/// Of predicted numbers' intervals.
const LEVEL: f64 = 0.95;

#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub fitted: Fitted,
    pub recipe: Recipe,
    pub novelty: Novelty,
    /// What numbers are on top of: see [`Dataset::origin`](crate::learn::Dataset::origin).
    pub origin: f64,
    pub trained_on: Vec<Example>,
    /// What is predicted goes through a backbone whose batch norms were estimated anew; it was trained on rows of the one before.
    pub renormed: bool,
}

/// A sample that a model was trained on, with the label it had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub id: String,
    pub label: Label,
    /// Content id.
    pub content: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// `None` when it is too strange.
    pub label: Option<Label>,
    /// The score of the most probable class; of several labels, of the least sure of them, said or not; of a number, how often
    /// `interval` holds the truth.
    pub confidence: f32,
    /// Probability of every class, which sum to 1, or of every label, which do not. Empty for numbers.
    pub scores: BTreeMap<String, f32>,
    /// Of a number: holds 95 % of held-out ones. Absent where none were held out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    pub rejected: bool,
    /// Cosine distance to the nearest class mean, 0..=2: higher is stranger.
    pub novelty: f32,
    /// Ids of the nearest training samples, nearest first. Empty without a learner, which is who has their rows.
    pub nearest: Vec<String>,
}

impl Model {
    /// `contents`: what the rows were made from. `reject`: the part of known samples that may be refused by mistake; then what
    /// looks like the recipe's `negative` is refused too.
    ///
    /// Errors: `bad-option`.
    pub fn predict(&self, x: &Matrix, contents: &[Arc<Content>], reject: Option<f64>) -> Result<Vec<Prediction>> {
        if reject.is_some_and(|part| !(0.0..1.0).contains(&part)) {
            return Err(Error::BadOption { option: "reject", why: "a number from 0 to below 1".into() });
        }
        let threshold = reject.map_or(f32::INFINITY, |part| self.novelty.threshold(part));
        let said = self.fitted.head.outputs(x, contents);
        let novelty = self.novelty.of(x);
        let names = &self.fitted.classes;
        let predict = |row: usize| {
            let (label, confidence, interval) = self.say(said.row(row));
            let negative = self.recipe.negative.as_ref().is_some_and(|negative| label.names().contains(negative));
            let rejected = reject.is_some() && (negative || novelty[row] > threshold);
            Prediction {
                label: (!rejected).then_some(label),
                confidence,
                scores: names.iter().cloned().zip(said.row(row).iter().copied()).collect(),
                interval,
                rejected,
                novelty: novelty[row],
                nearest: Vec::new(),
            }
        };
        Ok((0..x.rows()).map(predict).collect())
    }

    /// What a row of outputs says, how surely, and for a number within which range.
    fn say(&self, outputs: &[f32]) -> (Label, f32, Option<Interval>) {
        let names = &self.fitted.classes;
        match self.fitted.kind {
            Kind::Classes => {
                let top = (0..outputs.len()).fold(0, |best, i| if outputs[i] > outputs[best] { i } else { best });
                (Label::Class(names[top].clone()), outputs[top], None)
            }
            Kind::Labels => {
                let label = Label::several(called(outputs).into_iter().map(|label| names[label].clone()).collect());
                (label, outputs.iter().map(|p| p.max(1.0 - p)).fold(1.0, f32::min), None)
            }
            Kind::Numbers => {
                let value = self.origin + f64::from(outputs[0]);
                let residuals = &self.fitted.residuals;
                // The conformal quantile (Vovk et al. 2005).
                let rank = ((residuals.len() + 1) as f64 * LEVEL).ceil() as usize;
                let interval = residuals.get(rank.wrapping_sub(1)).map(|off| Interval {
                    value,
                    low: value - off,
                    high: value + off,
                    method: "conformal",
                });
                let level = if interval.is_some() { LEVEL as f32 } else { 0.0 };
                (Label::Number(value), level, interval)
            }
        }
    }
}
