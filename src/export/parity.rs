//! Parity vectors: inputs, and what the model that was exported says of them. Whoever runs the file somewhere else can see whether it
//! still says the same.

use safetensors::Dtype;
use serde::Serialize;

use super::Parts;
use super::card::Card;
use super::file::File;
use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::judge::Model;
use crate::learn::Kind;

/// That an export has, at least.
pub const LEAST: usize = 16;

/// An input and its features by the backbone that the model predicts with.
#[derive(Debug, Clone, PartialEq)]
pub struct Vector {
    pub name: String,
    pub input: Input,
    pub features: Vec<f32>,
}

/// As the backbone reads it.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// `size × size × 3` bytes, RGB.
    Pixels(Vec<u8>),
    /// A text of one window, and its tokens with the two marks.
    Text { text: String, ids: Vec<u32> },
}

/// How far off a model is that was opened somewhere else: the largest absolute differences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Agreement {
    pub features: f32,
    pub scores: f64,
}

/// Of texts, the texts.
pub fn names(vectors: &[Vector]) -> Vec<String> {
    let name = |vector: &Vector| match &vector.input {
        Input::Text { text, .. } => text.clone(),
        Input::Pixels(_) => vector.name.clone(),
    };
    vectors.iter().map(name).collect()
}

#[derive(Debug, Clone, PartialEq)]
pub struct Vectors {
    /// Of texts, the texts.
    pub names: Vec<String>,
    pub inputs: Inputs,
    pub features: Matrix,
    /// `vectors × outputs`.
    pub scores: Vec<f64>,
    pub novelty: Vec<f32>,
    /// Numbers have all the digits of an f64.
    wide: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Inputs {
    /// One after another, and the side of the squares.
    Pixels(Vec<u8>, usize),
    Ids(Vec<Vec<u32>>),
}

impl Vectors {
    /// Errors: `bad-option`, when they are too few or do not fit the backbone.
    pub fn new(parts: &Parts, vectors: Vec<Vector>) -> Result<Self> {
        let bad = |why: String| Error::BadOption { option: "vectors", why };
        if vectors.len() < LEAST {
            return Err(bad(format!("an export has at least {LEAST} parity vectors, not {}", vectors.len())));
        }
        let mut features = Matrix::with_capacity(parts.manifest.dim, vectors.len());
        let (mut pixels, mut ids) = (Vec::new(), Vec::new());
        for vector in &vectors {
            if vector.features.len() != parts.manifest.dim {
                return Err(bad(format!("`{}` has {} features", vector.name, vector.features.len())));
            }
            features.push(&vector.features);
            match &vector.input {
                Input::Pixels(bytes) if parts.manifest.image().is_ok_and(|prep| prep.bytes() == bytes.len()) => {
                    pixels.extend_from_slice(bytes);
                }
                Input::Text { ids: tokens, .. }
                    if parts.manifest.text().is_ok_and(|prep| (2..=prep.max_tokens).contains(&tokens.len())) =>
                {
                    ids.push(tokens.clone());
                }
                _ => return Err(bad(format!("`{}` is not one input of this backbone", vector.name))),
            }
        }
        let inputs = match parts.manifest.image() {
            Ok(prep) => Inputs::Pixels(pixels, prep.size as usize),
            Err(_) => Inputs::Ids(ids),
        };
        let wide = parts.model.fitted.kind == Kind::Numbers;
        let (scores, novelty) = said(parts.model, &features);
        Ok(Self { names: names(&vectors), inputs, features, scores, novelty, wide })
    }

    /// Tokens of the longest text; of all texts the ids, and which of them are tokens: int64, little-endian.
    pub fn padded(&self) -> (usize, Vec<u8>, Vec<u8>) {
        let Inputs::Ids(texts) = &self.inputs else { return Default::default() };
        let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
        let pad = |one: fn(u32) -> i64| {
            let row = |row: &Vec<u32>| {
                let padding = std::iter::repeat_n(0, longest - row.len());
                row.iter().map(|&id| one(id)).chain(padding).collect::<Vec<i64>>()
            };
            texts.iter().flat_map(row).flat_map(i64::to_le_bytes).collect()
        };
        (longest, pad(i64::from), pad(|_| 1))
    }

    pub fn score_bytes(&self) -> (Dtype, Vec<u8>) {
        if self.wide {
            return (Dtype::F64, self.scores.iter().flat_map(|v| v.to_le_bytes()).collect());
        }
        (Dtype::F32, self.scores.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect())
    }

    /// Errors: `bad-export`.
    pub fn read(file: &File, card: &Card) -> Result<Self> {
        let count = card.vectors.len();
        if count == 0 {
            return Err(file.error("model.vectors", "there is none".into()));
        }
        let inputs = match card.backbone.image() {
            Ok(prep) => {
                let side = prep.size as usize;
                let shape = [count, side, side, 3].map(Some);
                Inputs::Pixels(file.u8("parity.pixels", &shape)?.to_vec(), side)
            }
            // Texts are in the card.
            Err(_) => Inputs::Ids(Vec::new()),
        };
        let wide = card.kind == Kind::Numbers;
        let shape = [Some(count), Some(card.outputs())];
        let scores = match wide {
            true => file.f64("parity.scores", &shape)?,
            false => file.f32("parity.scores", &shape)?.into_iter().map(f64::from).collect(),
        };
        Ok(Self {
            names: card.vectors.clone(),
            inputs,
            features: file.matrix("parity.features", Some(count), card.dim)?,
            scores,
            novelty: file.f32("parity.novelty", &[Some(count)])?,
            wide,
        })
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// How far the features of vector `at`, and what `model` says of them, are from what was written down.
    pub fn compare(&self, at: usize, features: &Matrix, model: &Model) -> Agreement {
        // A number that is none is as far off as can be; `max` alone would pass over it.
        let further = |most: f64, off: f64| if off.is_nan() { f64::INFINITY } else { most.max(off) };
        let off = features.values().iter().zip(self.features.row(at)).map(|(a, b)| f64::from((a - b).abs()));
        let scores = said(model, features).0;
        let expected = &self.scores[at * scores.len()..];
        Agreement {
            features: off.fold(0.0, further) as f32,
            scores: scores.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, further),
        }
    }
}

impl Agreement {
    /// Of two, the farther.
    pub fn and(self, other: Self) -> Self {
        Self { features: self.features.max(other.features), scores: self.scores.max(other.scores) }
    }
}

/// Scores and novelty.
fn said(model: &Model, features: &Matrix) -> (Vec<f64>, Vec<f32>) {
    let outputs = model.fitted.head.outputs(features, &[]);
    let scores = outputs.values().iter().map(|v| model.origin + f64::from(*v)).collect();
    (scores, model.novelty.of(features))
}
