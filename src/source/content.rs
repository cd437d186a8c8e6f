//! What is kept of a content besides its feature row: enough to learn from scratch, and to break results down by.

use serde::{Deserialize, Serialize};

/// Side of the small picture that is kept, in pixels.
pub const SMALL: usize = 32;

#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Picture(Picture),
    Text(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// `SMALL × SMALL × 3` bytes, RGB, rows from the top: what the backbone saw, made small.
    pub small: Vec<u8>,
    pub look: Look,
}

/// What can be measured of a picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// Of the file, in pixels, upright.
    pub width: u32,
    pub height: u32,
    /// Mean luma of what the backbone saw, 0..=1.
    pub brightness: f32,
    /// Standard deviation of the luma's Laplacian, 0..=1: low for a picture that is blurred or empty.
    pub sharpness: f32,
}
