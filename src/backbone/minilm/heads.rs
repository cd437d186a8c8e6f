//! Attention of one text in one head, forwards and backwards. Query, key and value lie side by side in each token's row.

use super::{DIM, HEAD};
use crate::backbone::kernels::{Packed, Place, Then, To, softmax, softmax_back, transpose};

/// Values of a token's row.
const ROW: usize = 3 * DIM;
/// Where keys and values begin in it.
const KEY: usize = DIM;
const VALUE: usize = 2 * DIM;

/// Room that every head uses again.
#[derive(Debug, Clone, Default)]
pub struct Heads {
    packed: Packed,
    /// The gradient by the probabilities, then by the scores.
    scores: Vec<f32>,
    /// By key and query what was by query and key.
    turned: Vec<f32>,
}

impl Heads {
    /// `text`, `tokens × 3 · 384`, → `probabilities`, `tokens × tokens`, and the head's columns of `mixed`, `tokens × 384`.
    pub fn mix(&mut self, text: &[f32], head: usize, probabilities: &mut [f32], mixed: &mut [f32]) {
        let (tokens, head) = (text.len() / ROW, head * HEAD);
        let packed = &mut self.packed;
        by_rows(packed, &text[KEY + head..], tokens);
        apply(packed, &text[head..], ROW, probabilities, tokens);
        probabilities.chunks_exact_mut(tokens).for_each(|row| softmax(row, scale()));
        by_columns(packed, &text[VALUE + head..], ROW, tokens);
        apply(packed, probabilities, tokens, &mut mixed[head..], DIM);
    }

    /// After [`mix`](Self::mix): `slopes`, the gradient of `mixed`, → that of `text`, the head's columns of `out`.
    pub fn back(&mut self, text: &[f32], head: usize, probabilities: &[f32], slopes: &[f32], out: &mut [f32]) {
        let (tokens, head) = (text.len() / ROW, head * HEAD);
        let Self { packed, scores, turned } = self;

        by_columns(packed, &slopes[head..], DIM, tokens);
        transpose(probabilities, tokens, turned);
        apply(packed, turned, tokens, &mut out[VALUE + head..], ROW);

        by_rows(packed, &text[VALUE + head..], tokens);
        scores.resize(tokens * tokens, 0.0);
        apply(packed, &slopes[head..], DIM, scores, tokens);
        for (slopes, row) in scores.chunks_exact_mut(tokens).zip(probabilities.chunks_exact(tokens)) {
            softmax_back(row, scale(), slopes);
        }

        by_columns(packed, &text[KEY + head..], ROW, tokens);
        apply(packed, scores, tokens, &mut out[head..], ROW);

        by_columns(packed, &text[head..], ROW, tokens);
        transpose(scores, tokens, turned);
        apply(packed, turned, tokens, &mut out[KEY + head..], ROW);
    }
}

/// For products with each token's columns of a head: an output a token.
fn by_rows(packed: &mut Packed, x: &[f32], tokens: usize) {
    packed.reshape(HEAD, tokens);
    packed.fill_rows(x, ROW);
}

/// For sums over the tokens: an output a column of the head. Rows of `x` are `stride` apart.
fn by_columns(packed: &mut Packed, x: &[f32], stride: usize, tokens: usize) {
    packed.reshape(tokens, HEAD);
    packed.fill_columns(x, stride);
}

/// A product for each token. Rows of `x` are `stride` apart, and rows of `out` `apart`.
fn apply(packed: &Packed, x: &[f32], stride: usize, out: &mut [f32], apart: usize) {
    let rows = x.len().div_ceil(stride);
    packed.apply_strided(x, stride, rows, To { values: out, rows: Place::Every(apart), apart: 4 }, Then::Nothing);
}

/// Of a score.
fn scale() -> f32 {
    1.0 / (HEAD as f32).sqrt()
}
