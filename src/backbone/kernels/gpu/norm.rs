//! Layer norm (Ba et al. 2016), of rows and of embeddings.

use burn::cubecl;
use burn::tensor::Device;
use cubecl::prelude::*;

use super::{Buffer, units};

#[derive(Debug)]
pub struct Norm {
    gamma: Buffer,
    beta: Buffer,
    epsilon: f32,
}

impl Norm {
    pub fn new(gamma: Vec<f32>, beta: Vec<f32>, epsilon: f32, device: &Device) -> Self {
        Self { gamma: Buffer::new(gamma, device), beta: Buffer::new(beta, device), epsilon }
    }

    /// Of each row.
    pub fn apply(&self, x: &Buffer) -> Buffer {
        let width = self.gamma.len();
        let rows = x.len() / width;
        let out = x.room(x.len());
        let (count, dim) = units(rows);
        // Safety: a unit stays inside of `rows`, and the buffers are of these sizes.
        unsafe {
            norm::launch_unchecked(
                &x.0.client,
                count,
                dim,
                x.0.clone().into_buffer_arg(),
                self.gamma.0.clone().into_buffer_arg(),
                self.beta.0.clone().into_buffer_arg(),
                out.0.clone().into_buffer_arg(),
                rows,
                width / 4,
                self.epsilon,
            );
        }
        out
    }
}

#[cube(launch_unchecked)]
fn norm(
    x: &[Vector<f32, Const<4>>],
    gamma: &[Vector<f32, Const<4>>],
    beta: &[Vector<f32, Const<4>>],
    out: &mut [Vector<f32, Const<4>>],
    rows: usize,
    width: usize,
    epsilon: f32,
) {
    if ABSOLUTE_POS >= rows {
        terminate!();
    }
    let start = ABSOLUTE_POS * width;
    let mut sums = Vector::<f32, Const<4>>::new(0.0f32);
    for i in 0..width {
        sums += x[start + i];
    }
    let count = f32::cast_from(width * 4);
    let mean = Vector::<f32, Const<4>>::new(across(sums) / count);
    let mut squares = Vector::<f32, Const<4>>::new(0.0f32);
    for i in 0..width {
        let off = x[start + i] - mean;
        squares += off * off;
    }
    let scale = Vector::<f32, Const<4>>::new(1.0f32 / (across(squares) / count + epsilon).sqrt());
    for i in 0..width {
        out[start + i] = (x[start + i] - mean) * scale * gamma[i] + beta[i];
    }
}

#[cube]
pub fn across(v: Vector<f32, Const<4>>) -> f32 {
    v.extract(0usize) + v.extract(1usize) + v.extract(2usize) + v.extract(3usize)
}

/// Rows of words and of positions, added.
#[derive(Debug)]
pub struct Embeddings {
    words: Buffer,
    positions: Buffer,
    width: usize,
}

impl Embeddings {
    /// Both are rows of `width`.
    pub fn new(words: Vec<f32>, positions: Vec<f32>, width: usize, device: &Device) -> Self {
        Self { words: Buffer::new(words, device), positions: Buffer::new(positions, device), width }
    }

    /// `ids`: of texts of `longest` tokens. → a row for each.
    pub fn of(&self, ids: &Buffer, longest: usize) -> Buffer {
        let tokens = ids.len();
        let out = ids.room(tokens * self.width);
        let (count, dim) = units(tokens * self.width / 4);
        // Safety: a unit stays inside of `tokens`; ids are of words there are, and texts no longer than positions.
        unsafe {
            embed::launch_unchecked(
                &ids.0.client,
                count,
                dim,
                ids.0.clone().into_buffer_arg(),
                self.words.0.clone().into_buffer_arg(),
                self.positions.0.clone().into_buffer_arg(),
                out.0.clone().into_buffer_arg(),
                tokens,
                longest,
                self.width / 4,
            );
        }
        out
    }
}

#[cube(launch_unchecked)]
fn embed(
    ids: &[i32],
    words: &[Vector<f32, Const<4>>],
    positions: &[Vector<f32, Const<4>>],
    out: &mut [Vector<f32, Const<4>>],
    tokens: usize,
    longest: usize,
    width: usize,
) {
    let token = ABSOLUTE_POS / width;
    if token >= tokens {
        terminate!();
    }
    let i = ABSOLUTE_POS % width;
    let word = ids[token] as usize;
    out[ABSOLUTE_POS] = words[word * width + i] + positions[token % longest * width + i];
}
