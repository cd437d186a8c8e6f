//! Bytes → what the backbone reads. Pure: no device, no burn, no JavaScript.

pub mod image;

use serde::{Deserialize, Serialize};

/// How a checkpoint wants its pictures. Part of a pack's manifest, so that a pack brings its own preprocessing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preprocess {
    /// The shorter side is resized to this many pixels, and a square of it cut from the centre.
    pub size: u32,
    /// Only `"bicubic"`: antialiased, a = -0.5, as Pillow's BICUBIC.
    pub resample: String,
    /// The network's input is `(value - mean) / std` for a value in 0..=255, the same for each channel.
    pub mean: f32,
    pub std: f32,
}

impl Preprocess {
    /// Bytes of one encoded picture: `size × size × 3`, RGB, rows from the top.
    pub fn bytes(&self) -> usize {
        (self.size * self.size * 3) as usize
    }
}
