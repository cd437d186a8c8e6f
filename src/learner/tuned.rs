//! A backbone that was fine-tuned for the samples: its rows beside the frozen one's, and how it comes to be the model.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::Learner;
use crate::error::{Error, Result};
use crate::judge::{Decision, Example, GuardRows, Guarded, Model, Novelty, OutOfFold, Tuning};
use crate::learn::tune::{TuneRecipe, Tuned};
use crate::learn::{Dataset, Fit, HeadKind, Kind, Recipe};
use crate::metrics::{Interval, sort};

/// The outcome of a fine-tuning: that of a training, with what the guard saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TuneResult {
    pub head: &'static str,
    /// Whether the tuned backbone is the model's now.
    pub kept: bool,
    pub reason: String,
    pub chosen: BTreeMap<String, f64>,
    /// Accuracy on held-out samples of what is the model now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Interval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guarded>,
}

/// Of a backbone that was tuned, beside the frozen one's.
#[derive(Debug)]
pub(super) struct TunedRows {
    /// By content id.
    pub rows: HashMap<String, Vec<f32>>,
    pub guard: GuardRows,
}

impl Learner {
    /// The row by which a content is learnt and predicted: the tuned backbone's, where there is one.
    pub(super) fn feature(&self, content: &str) -> Option<&[f32]> {
        match &self.tuned {
            Some(tuned) => tuned.rows.get(content).map(Vec::as_slice),
            None => self.row(content),
        }
    }

    pub fn is_tuned(&self) -> bool {
        self.tuned.is_some()
    }

    /// The tuned backbone's row of a content. Before there is one: `None`.
    pub fn tuned_row(&self, content: &str) -> Option<&[f32]> {
        self.tuned.as_ref().and_then(|_| self.feature(content))
    }

    /// Keeps the tuned backbone's row of a content, where there is such a backbone.
    pub fn insert_tuned(&mut self, content: &str, row: &[f32]) {
        assert_eq!(row.len(), self.dim(), "a row has the backbone's width");
        if let Some(tuned) = &mut self.tuned {
            tuned.rows.entry(content.to_owned()).or_insert_with(|| row.to_vec());
        }
    }

    /// Contents of samples that the tuned backbone has not seen. What looks at rows needs them first.
    pub fn untuned(&self) -> Vec<String> {
        if self.tuned.is_none() {
            return Vec::new();
        }
        self.samples.iter().filter(|s| self.feature(&s.content).is_none()).map(|s| s.content.clone()).collect()
    }

    /// Held-out outputs of the samples that the backbone was tuned on and that are still here, in the folds it was tuned in.
    pub(super) fn tuned_out_of_fold(&self, data: &Dataset, recipe: Recipe) -> Result<OutOfFold> {
        let guard = &self.tuned.as_ref().expect("the caller looked").guard;
        let of: HashMap<&str, usize> = guard.ids.iter().enumerate().map(|(row, id)| (id.as_str(), row)).collect();
        let (rows, before): (Vec<usize>, Vec<usize>) =
            data.ids.iter().enumerate().filter_map(|(row, id)| Some((row, *of.get(id.as_str())?))).unzip();
        let data = data.select(&rows);
        if rows.is_empty() || data.counts().iter().filter(|&&count| count > 0).count() < 2 {
            let why = "too few of the samples that the backbone was tuned on are left; fine-tune again";
            return Err(Error::TooFewLabels { why: why.into() });
        }
        let by_fold =
            guard.by_fold.iter().map(|x| Arc::new(Dataset { x: x.select(&before), ..data.clone() })).collect();
        let folds = before.iter().map(|&row| guard.folds[row]).collect();
        Ok(OutOfFold::tuned(Arc::new(data), by_fold, folds, recipe))
    }

    /// Begins to fine-tune the backbone's last stages on the labelled samples but those of the contents in `skip`, always from its pretrained
    /// weights.
    ///
    /// Errors: `too-few-labels`, `bad-option`.
    pub fn tune(&mut self, recipe: TuneRecipe, skip: &[String]) -> Result<Tuning> {
        let data = self.frozen_dataset()?;
        let head = self.frozen_recipe(&data);
        // As the last training on the frozen backbone chose it; of a tuned one it is another's.
        let strength = head.strength.filter(|_| self.tuned.is_none() && head.head == HeadKind::Linear);
        let skipped: Vec<&str> =
            self.samples.iter().filter(|s| skip.contains(&s.content)).map(|s| s.id.as_str()).collect();
        let rows: Vec<usize> = (0..data.rows()).filter(|&row| !skipped.contains(&data.ids[row].as_str())).collect();
        let head = Recipe { head: HeadKind::Linear, strength, temperature: None, ..head };
        Tuning::new(data.select(&rows), head, recipe, self.unlabelled(skip))
    }

    /// Contents of the samples without a label, in a fixed order.
    fn unlabelled(&self, skip: &[String]) -> Vec<String> {
        let without = self.samples.iter().filter(|s| s.label.is_none() && !skip.contains(&s.content));
        let mut contents: Vec<String> = without.map(|s| s.content.clone()).collect();
        sort(&mut contents, Ord::cmp);
        contents
    }

    /// Contents of a tuning's samples, in its order: those with a label, and those without that it needs.
    pub fn contents_of(&self, tuning: &Tuning) -> Vec<String> {
        let of: HashMap<&str, &str> = self.samples.iter().map(|s| (s.id.as_str(), s.content.as_str())).collect();
        let missing = |id: &String| id.clone();
        tuning
            .data()
            .ids
            .iter()
            .map(|id| of.get(id.as_str()).map_or_else(|| missing(id), |c| (*c).to_owned()))
            .chain(tuning.unlabelled().iter().cloned())
            .collect()
    }

    /// The end of a fine-tuning. `whole`: the training on all samples, where the guard said to keep it; without it the frozen
    /// backbone's head becomes the model, unless a backbone that was tuned before is there: that stays. `decision` is absent where the guard was not
    /// asked to the end; `why` is the reason then.
    pub fn finish_tuning(
        &mut self,
        tuning: Tuning,
        decision: Option<Decision>,
        contents: &[String],
        whole: Option<Tuned>,
        why: &str,
    ) -> Result<TuneResult> {
        let data = tuning.data().clone();
        let trained_on = |data: &Dataset| {
            let one = |row: usize| Example {
                id: data.ids[row].clone(),
                label: data.label(row),
                content: contents[row].clone(),
            };
            (0..data.rows()).map(one).collect()
        };
        let mut chosen: BTreeMap<String, f64> = BTreeMap::new();
        let guard = decision.as_ref().map(|decision| decision.guarded.clone());
        let mut stays = "";
        let kept = match (whole, decision) {
            (Some(whole), Some(decision)) => {
                let Decision { guarded, by_fold, folds, distances, residuals, recipe } = decision;
                let data = Dataset { x: whole.features, ..(*data).clone() };
                let mut fitted = Fit::new(&data, &recipe)?.run();
                fitted.residuals = residuals;
                fitted.reason = guarded.sentence;
                chosen.extend(fitted.chosen.clone());
                chosen.insert("epochs".to_owned(), whole.epochs as f64);
                chosen.insert("mirrored".to_owned(), f64::from(u8::from(whole.mirror)));
                let novelty = Novelty::fit(&data, recipe.negative.as_deref()).measured(distances);
                let rows = contents.iter().cloned().zip(data.x.iter().map(<[f32]>::to_vec)).collect();
                let by_fold = by_fold.into_iter().map(|fold| Arc::unwrap_or_clone(fold).x).collect();
                self.tuned = Some(TunedRows { rows, guard: GuardRows { ids: data.ids.clone(), by_fold, folds } });
                let (origin, trained_on) = (data.origin, trained_on(&data));
                self.model = Some(Model { fitted, recipe, novelty, origin, trained_on, renormed: false });
                true
            }
            _ if self.tuned.is_some() => {
                stays = " The backbone that was tuned before stays.";
                false
            }
            _ => {
                stays = " The head on the frozen backbone stays, fitted on all samples.";
                let (fitted, recipe) = tuning.into_frozen();
                chosen.extend(fitted.chosen.clone());
                let novelty = Novelty::fit(&data, recipe.negative.as_deref());
                let (origin, trained_on) = (data.origin, trained_on(&data));
                self.model = Some(Model { fitted, recipe, novelty, origin, trained_on, renormed: false });
                false
            }
        };
        // What stopped it before its end is the reason, even where the guard had said to keep it.
        let guard = guard.map(|guard| Guarded { kept, sentence: guard.sentence + stays, ..guard });
        let reason = match &guard {
            Some(guard) if why.is_empty() => guard.sentence.clone(),
            _ => format!("{why}.{stays}"),
        };
        let estimate = guard.as_ref().filter(|_| data.kind() != Kind::Numbers);
        let estimate = estimate.map(|guard| if kept { guard.tuned.clone() } else { guard.frozen.clone() });
        Ok(TuneResult { head: "linear", kept, reason, chosen, estimate, guard })
    }

    /// As the frozen backbone sees the samples.
    pub(super) fn frozen_dataset(&mut self) -> Result<Dataset> {
        let tuned = self.tuned.take();
        let data = self.dataset();
        self.tuned = tuned;
        data
    }
}
