//! The same network with the kernels. Texts lie one after another without any padding: only attention knows where one
//! ends.

use super::heads::Heads;
use super::{DIM, EPSILON, HEADS, INNER, LAYERS, POSITIONS, VOCABULARY, WORDS, positions};
use crate::backbone::Weights;
use crate::backbone::kernels::{Packed, Then, dot, layer_norm};
use crate::backbone::weights::Table;
use crate::error::Result;

/// Tokens that go through the wide layers at once: what is between them then stays in a second-level cache.
const ROWS: usize = 64;

#[derive(Debug, Clone)]
pub struct MiniLm {
    words: Table,
    /// With the embedding of the only token type added.
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
}

#[derive(Debug, Clone)]
struct Layer {
    /// Query, key and value side by side.
    attention: Packed,
    attended: Packed,
    attended_norm: Norm,
    intermediate: Packed,
    output: Packed,
    output_norm: Norm,
}

#[derive(Debug, Clone)]
struct Norm {
    gamma: Vec<f32>,
    beta: Vec<f32>,
}

/// Room that every call uses again.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    x: Vec<f32>,
    y: Vec<f32>,
    attention: Vec<f32>,
    mixed: Vec<f32>,
    inner: Vec<f32>,
    scores: Vec<f32>,
    heads: Heads,
    /// Tokens of each text.
    lengths: Vec<usize>,
    scales: Vec<f32>,
}

impl MiniLm {
    /// Takes its tensors out of `weights`; a missing or misshapen one is `bad-pack`, by name.
    pub fn load(weights: &mut Weights) -> Result<Self> {
        Ok(Self {
            words: weights.table(WORDS, VOCABULARY, DIM)?,
            positions: positions(weights)?,
            norm: Norm::load(weights, "embeddings.LayerNorm")?,
            layers: (0..LAYERS).map(|i| Layer::load(weights, i)).collect::<Result<_>>()?,
        })
    }

    /// Token ids of texts → an embedding of 384 each, of length 1, one after another. `done` hears of each part when it is:
    /// its name, and its multiplications.
    pub fn forward(
        &self,
        texts: &[Vec<u32>],
        scratch: &mut Scratch,
        out: &mut [f32],
        done: &mut dyn FnMut(&str, usize),
    ) {
        self.hidden(texts, LAYERS, scratch, done);
        pool(&scratch.x, &scratch.lengths, out, &mut scratch.scales);
    }

    /// What the last `layers` layers begin with: 384 values a token, text after text.
    pub fn boundary<'a>(&self, texts: &[Vec<u32>], layers: usize, scratch: &'a mut Scratch) -> &'a [f32] {
        self.hidden(texts, LAYERS - layers, scratch, &mut |_, _| ());
        &scratch.x
    }

    /// Runs the first `layers` layers, into `scratch.x`.
    fn hidden(&self, texts: &[Vec<u32>], layers: usize, scratch: &mut Scratch, done: &mut dyn FnMut(&str, usize)) {
        scratch.lengths.clear();
        scratch.lengths.extend(texts.iter().map(Vec::len));
        let fits = scratch.lengths.iter().all(|length| (1..=POSITIONS).contains(length));
        assert!(fits, "a text has 1 to {POSITIONS} tokens");
        let tokens: usize = scratch.lengths.iter().sum();
        scratch.x.resize(tokens * DIM, 0.0);
        let mut rows = scratch.x.chunks_exact_mut(DIM);
        for text in texts {
            for (&id, position) in text.iter().zip(self.positions.chunks_exact(DIM)) {
                let row = rows.next().expect("one a token");
                self.words.read_row(id as usize, row);
                row.iter_mut().zip(position).for_each(|(v, p)| *v += p);
            }
        }
        self.norm.apply(&mut scratch.x);
        done("embeddings", 0);
        for layer in &self.layers[..layers] {
            layer.attend(scratch, done);
            layer.think(scratch, done);
        }
    }
}

impl Layer {
    fn load(weights: &mut Weights, i: usize) -> Result<Self> {
        let name = format!("encoder.layer.{i}");
        let mut attention = (Vec::new(), Vec::new());
        for part in ["query", "key", "value"] {
            let part = format!("{name}.attention.self.{part}");
            attention.0.extend(weights.take(&format!("{part}.weight"), [DIM, DIM])?);
            attention.1.extend(weights.take(&format!("{part}.bias"), [DIM])?);
        }
        let mut linear = |part: &str, from, to| -> Result<Packed> {
            let weight = weights.take(&format!("{name}.{part}.weight"), [to, from])?;
            let bias = weights.take(&format!("{name}.{part}.bias"), [to])?;
            Ok(Packed::from_rows(&weight, &bias))
        };
        Ok(Self {
            attention: Packed::from_rows(&attention.0, &attention.1),
            attended: linear("attention.output.dense", DIM, DIM)?,
            intermediate: linear("intermediate.dense", DIM, INNER)?,
            output: linear("output.dense", INNER, DIM)?,
            attended_norm: Norm::load(weights, &format!("{name}.attention.output.LayerNorm"))?,
            output_norm: Norm::load(weights, &format!("{name}.output.LayerNorm"))?,
        })
    }

    fn attend(&self, scratch: &mut Scratch, done: &mut dyn FnMut(&str, usize)) {
        let Scratch { x, y, attention, mixed, scores, heads, lengths, .. } = scratch;
        let tokens = x.len() / DIM;
        attention.resize(3 * x.len(), 0.0);
        mixed.resize(x.len(), 0.0);
        y.resize(x.len(), 0.0);
        self.attention.apply(x, tokens, attention, Then::Nothing);
        done("query, key, value", tokens * 3 * DIM * DIM);
        let (mut first, mut pairs) = (0, 0);
        for &length in lengths.iter() {
            let text = &attention[first * 3 * DIM..(first + length) * 3 * DIM];
            let mixed = &mut mixed[first * DIM..(first + length) * DIM];
            scores.resize(length * length, 0.0);
            for head in 0..HEADS {
                heads.mix(text, head, scores, mixed);
            }
            first += length;
            pairs += length * length;
        }
        done("attention", 2 * pairs * DIM);
        self.attended.apply(mixed, tokens, y, Then::Add(x));
        self.attended_norm.apply(y);
        done("attention's output, norm", tokens * DIM * DIM);
        std::mem::swap(x, y);
    }

    fn think(&self, scratch: &mut Scratch, done: &mut dyn FnMut(&str, usize)) {
        let Scratch { x, y, inner, .. } = scratch;
        for (x, y) in x.chunks(ROWS * DIM).zip(y.chunks_mut(ROWS * DIM)) {
            let rows = x.len() / DIM;
            inner.resize(rows * INNER, 0.0);
            self.intermediate.apply(x, rows, inner, Then::Gelu);
            done("intermediate, GELU", rows * DIM * INNER);
            self.output.apply(inner, rows, y, Then::Add(x));
            self.output_norm.apply(y);
            done("output, norm", rows * DIM * INNER);
        }
        std::mem::swap(x, y);
    }
}

impl Norm {
    fn load(weights: &mut Weights, name: &str) -> Result<Self> {
        let gamma = weights.take(&format!("{name}.weight"), [DIM])?;
        Ok(Self { gamma, beta: weights.take(&format!("{name}.bias"), [DIM])? })
    }

    fn apply(&self, x: &mut [f32]) {
        layer_norm(x, &self.gamma, &self.beta, EPSILON as f32);
    }
}

/// The mean of each text's tokens, at length 1. `scales` are what each sum of tokens was multiplied by for it.
pub fn pool(mut x: &[f32], lengths: &[usize], out: &mut [f32], scales: &mut Vec<f32>) {
    scales.clear();
    for (length, out) in lengths.iter().zip(out.chunks_exact_mut(DIM)) {
        let text = x.split_off(..length * DIM).expect("a row a token");
        out.fill(0.0);
        for token in text.chunks_exact(DIM) {
            out.iter_mut().zip(token).for_each(|(sum, v)| *sum += v);
        }
        // The length takes the number of tokens out again.
        let scale = 1.0 / dot(out, out).sqrt().max(1e-12);
        out.iter_mut().for_each(|v| *v *= scale);
        scales.push(scale);
    }
}
