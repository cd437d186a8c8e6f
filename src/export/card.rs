//! What an exported model says of itself: a JSON object in its metadata, under the key `model`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Parts;
use super::file::File;
use crate::backbone::Manifest;
use crate::error::{Error, Result};
use crate::learn::{Head, HeadKind, Kind};

pub const FORMAT: &str = "headstart-export";
pub const VERSION: u32 = 1;
/// Of the metadata.
pub const KEY: &str = "model";
/// Parts of the known kind that may be refused by mistake, for which a threshold is written out.
const FALSE_REJECTS: [&str; 5] = ["0.01", "0.02", "0.05", "0.1", "0.2"];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    /// Name and version of the program.
    pub made_by: String,
    /// `image` or `text`.
    pub task: String,
    pub kind: Kind,
    pub head: HeadKind,
    /// What the scores are of, in their order: classes, or labels. Empty for numbers.
    pub classes: Vec<String>,
    /// Width of a feature row.
    pub dim: usize,
    /// What the head's logits were divided by: they are already, in the head's tensors.
    pub temperature: f64,
    /// kNN: neighbours that vote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k: Option<usize>,
    /// What is added to the head's outputs; 0 but for numbers.
    pub origin: f64,
    /// The class of samples that are of no kind: what is called that is refused, when refusing is asked for.
    #[serde(default)]
    pub negative: Option<String>,
    /// By the part of the known kind that may be refused by mistake: the novelty above which a sample is. `null` where too few samples
    /// were held out to promise so little.
    pub reject: BTreeMap<String, Option<f32>>,
    /// The hyper-parameters, by name.
    pub chosen: BTreeMap<String, f64>,
    /// Whether the backbone is not its pack's any more: last stages trained too, or norms estimated anew for a target domain.
    pub tuned: bool,
    /// What becomes of a text that is too long: `cut`, or `windows`. Absent for pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_text: Option<String>,
    /// The backbone's pack: its origin, licence, preprocessing, and the hashes of the files it was read from.
    pub backbone: Manifest,
    /// Names of the parity vectors; of texts the texts.
    pub vectors: Vec<String>,
}

impl Card {
    /// Errors: `bad-option` for the scratch head.
    pub(super) fn new(parts: &Parts, vectors: Vec<String>) -> Result<Self> {
        let model = parts.model;
        let k = match &model.fitted.head {
            Head::Scratch(_) => {
                let why = "`scratch` learns without the backbone, and an export is a backbone with a head; train linear, mlp, prototype or knn";
                return Err(Error::BadOption { option: "head", why: why.into() });
            }
            Head::Knn(head) => Some(head.k),
            Head::Linear(_) | Head::Mlp(_) | Head::Prototype(_) => None,
        };
        let threshold = |part: &str| {
            let part: f64 = part.parse().expect("they are numbers");
            Some(model.novelty.threshold(part)).filter(|threshold| threshold.is_finite())
        };
        let long_text = match parts.manifest.task.as_str() {
            "text" => Some(if parts.windows { "windows" } else { "cut" }.to_owned()),
            _ => None,
        };
        Ok(Self {
            made_by: concat!("headstart ", env!("CARGO_PKG_VERSION")).into(),
            task: parts.manifest.task.clone(),
            kind: model.fitted.kind,
            head: model.recipe.head,
            classes: model.fitted.classes.clone(),
            dim: parts.manifest.dim,
            temperature: model.fitted.chosen.get("temperature").copied().unwrap_or(1.0),
            k,
            origin: model.origin,
            negative: model.recipe.negative.clone(),
            reject: FALSE_REJECTS.iter().map(|part| ((*part).to_owned(), threshold(part))).collect(),
            chosen: model.fitted.chosen.clone(),
            tuned: parts.tuned.is_some(),
            long_text,
            backbone: parts.manifest.clone(),
            vectors,
        })
    }

    /// Errors: `bad-export`, where its parts contradict each other.
    pub(super) fn check(&self, file: &File) -> Result<()> {
        let wrong = |what: &str, why: &str| Err(file.error(&format!("{KEY}.{what}"), why.to_owned()));
        let pack = &self.backbone;
        if let Err(error) = pack.check() {
            return wrong("backbone", &error.to_string());
        }
        if self.classes.is_empty() != (self.kind == Kind::Numbers) {
            return wrong("classes", "there is one for each score, and none of numbers");
        }
        if self.head == HeadKind::Scratch || !self.head.learns(self.kind) {
            return wrong("head", "it is not one of an exported model with such labels");
        }
        if self.dim != pack.dim || self.dim == 0 || self.task != pack.task {
            return wrong("dim", "task and width are not its backbone's");
        }
        if self.k == Some(0) {
            return wrong("k", "at least one neighbour votes");
        }
        Ok(())
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("its keys are strings")
    }

    /// Numbers that a row of scores has.
    pub fn outputs(&self) -> usize {
        self.classes.len().max(1)
    }
}
