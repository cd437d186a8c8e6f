//! Bytes → what the backbone reads. Pure: no device, no burn, no JavaScript.

pub mod image;
pub mod text;

use serde::{Deserialize, Serialize};

/// How a checkpoint wants its input: part of a pack's manifest, so that a pack brings its own preprocessing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Preprocess {
    Image(image::Preprocess),
    Text(text::Preprocess),
}
