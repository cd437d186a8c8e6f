//! Attention of texts that lie one after another, without padding. The probabilities are never written: the way back makes them
//! again from each row's logarithm of its sum (Dao et al. 2022, "FlashAttention").

use burn::cubecl;
use cubecl::prelude::*;

use super::super::norm::across;
use super::super::{Buffer, units};
use super::Groups;

#[derive(Debug, Clone)]
pub struct Mixed {
    /// `tokens × heads × width`.
    pub out: Buffer,
    /// Of each token in each head, the logarithm of the sum that its probabilities were divided by.
    logs: Buffer,
}

/// `x`: for each token query, key and value side by side, `tokens × 3 × heads × width`.
pub fn mix(x: &Buffer, texts: &Groups, heads: usize, width: usize) -> Mixed {
    let tokens = texts.rows();
    let (out, logs) = (x.room(tokens * heads * width), x.room(tokens * heads));
    let (count, dim) = units(tokens * heads);
    // Safety: a unit stays inside of `tokens`, and the buffers are of these sizes.
    unsafe {
        forward::launch_unchecked(
            &x.0.client,
            count,
            dim,
            x.0.clone().into_buffer_arg(),
            texts.places().0.clone().into_buffer_arg(),
            out.0.clone().into_buffer_arg(),
            logs.0.clone().into_buffer_arg(),
            tokens,
            heads,
            1.0 / (width as f32).sqrt(),
            width / 4,
        );
    }
    Mixed { out, logs }
}

/// `slopes`, the gradient by `mixed.out`, → that by `x`.
pub fn mix_back(x: &Buffer, texts: &Groups, mixed: &Mixed, slopes: &Buffer, heads: usize, width: usize) -> Buffer {
    let tokens = texts.rows();
    let out = x.room(x.len());
    let scale = 1.0 / (width as f32).sqrt();
    // `slopes · out` of each token in each head: what a change of all its scores alike would bring.
    let levels = x.room(tokens * heads);
    let (count, dim) = units(tokens * heads);
    // Safety: a unit stays inside of `tokens`, and the buffers are of these sizes.
    unsafe {
        by_query::launch_unchecked(
            &x.0.client,
            count.clone(),
            dim,
            x.0.clone().into_buffer_arg(),
            texts.places().0.clone().into_buffer_arg(),
            mixed.out.0.clone().into_buffer_arg(),
            mixed.logs.0.clone().into_buffer_arg(),
            slopes.0.clone().into_buffer_arg(),
            levels.0.clone().into_buffer_arg(),
            out.0.clone().into_buffer_arg(),
            tokens,
            heads,
            scale,
            width / 4,
        );
        by_key::launch_unchecked(
            &x.0.client,
            count,
            dim,
            x.0.clone().into_buffer_arg(),
            texts.places().0.clone().into_buffer_arg(),
            mixed.logs.0.clone().into_buffer_arg(),
            slopes.0.clone().into_buffer_arg(),
            levels.0.clone().into_buffer_arg(),
            out.0.clone().into_buffer_arg(),
            tokens,
            heads,
            scale,
            width / 4,
        );
    }
    out
}

#[cube(launch_unchecked)]
fn forward(
    x: &[Vector<f32, Const<4>>],
    places: &[i32],
    out: &mut [Vector<f32, Const<4>>],
    logs: &mut [f32],
    tokens: usize,
    heads: usize,
    scale: f32,
    #[comptime] width: usize,
) {
    let head = ABSOLUTE_POS % heads;
    let token = ABSOLUTE_POS / heads;
    if token >= tokens {
        terminate!();
    }
    let wide = heads * width;
    let mut query = Array::<Vector<f32, Const<4>>>::new(width);
    let mut mixed = Array::<Vector<f32, Const<4>>>::new(width);
    let own = token * 3 * wide + head * width;
    #[unroll]
    for i in 0..width {
        query[i] = x[own + i] * Vector::new(scale);
        mixed[i] = Vector::new(0.0f32);
    }
    let mut top = f32::new(-1e30);
    let mut sum = f32::new(0.0);
    for other in places[token * 3 + 1] as usize..places[token * 3 + 2] as usize {
        let key = other * 3 * wide + wide + head * width;
        let mut products = Vector::<f32, Const<4>>::new(0.0f32);
        #[unroll]
        for i in 0..width {
            products += query[i] * x[key + i];
        }
        let score = across(products);
        let higher = clamp_min(score, top);
        let keep = (top - higher).exp();
        let weight = (score - higher).exp();
        sum = sum * keep + weight;
        #[unroll]
        for i in 0..width {
            mixed[i] = mixed[i] * Vector::new(keep) + Vector::new(weight) * x[key + wide + i];
        }
        top = higher;
    }
    logs[ABSOLUTE_POS] = top + sum.ln();
    #[unroll]
    for i in 0..width {
        out[ABSOLUTE_POS * width + i] = mixed[i] / Vector::new(sum);
    }
}

/// The gradient by each token's query: the first third of its row.
#[cube(launch_unchecked)]
fn by_query(
    x: &[Vector<f32, Const<4>>],
    places: &[i32],
    mixed: &[Vector<f32, Const<4>>],
    logs: &[f32],
    slopes: &[Vector<f32, Const<4>>],
    levels: &mut [f32],
    out: &mut [Vector<f32, Const<4>>],
    tokens: usize,
    heads: usize,
    scale: f32,
    #[comptime] width: usize,
) {
    let head = ABSOLUTE_POS % heads;
    let token = ABSOLUTE_POS / heads;
    if token >= tokens {
        terminate!();
    }
    let wide = heads * width;
    let mut query = Array::<Vector<f32, Const<4>>>::new(width);
    let mut slope = Array::<Vector<f32, Const<4>>>::new(width);
    let mut made = Array::<Vector<f32, Const<4>>>::new(width);
    let own = token * 3 * wide + head * width;
    let mut products = Vector::<f32, Const<4>>::new(0.0f32);
    #[unroll]
    for i in 0..width {
        query[i] = x[own + i] * Vector::new(scale);
        slope[i] = slopes[ABSOLUTE_POS * width + i];
        products += slope[i] * mixed[ABSOLUTE_POS * width + i];
        made[i] = Vector::new(0.0f32);
    }
    let level = across(products);
    levels[ABSOLUTE_POS] = level;
    let log = logs[ABSOLUTE_POS];
    for other in places[token * 3 + 1] as usize..places[token * 3 + 2] as usize {
        let key = other * 3 * wide + wide + head * width;
        let mut scores = Vector::<f32, Const<4>>::new(0.0f32);
        let mut values = Vector::<f32, Const<4>>::new(0.0f32);
        #[unroll]
        for i in 0..width {
            scores += query[i] * x[key + i];
            values += slope[i] * x[key + wide + i];
        }
        let weight = (across(scores) - log).exp() * (across(values) - level) * scale;
        #[unroll]
        for i in 0..width {
            made[i] += Vector::new(weight) * x[key + i];
        }
    }
    #[unroll]
    for i in 0..width {
        out[own + i] = made[i];
    }
}

/// The gradient by each token's key and value: the rest of its row.
#[cube(launch_unchecked)]
fn by_key(
    x: &[Vector<f32, Const<4>>],
    places: &[i32],
    logs: &[f32],
    slopes: &[Vector<f32, Const<4>>],
    levels: &[f32],
    out: &mut [Vector<f32, Const<4>>],
    tokens: usize,
    heads: usize,
    scale: f32,
    #[comptime] width: usize,
) {
    let head = ABSOLUTE_POS % heads;
    let token = ABSOLUTE_POS / heads;
    if token >= tokens {
        terminate!();
    }
    let wide = heads * width;
    let own = token * 3 * wide + wide + head * width;
    let mut key = Array::<Vector<f32, Const<4>>>::new(width);
    let mut value = Array::<Vector<f32, Const<4>>>::new(width);
    let mut by_key = Array::<Vector<f32, Const<4>>>::new(width);
    let mut by_value = Array::<Vector<f32, Const<4>>>::new(width);
    #[unroll]
    for i in 0..width {
        key[i] = x[own + i] * Vector::new(scale);
        value[i] = x[own + wide + i];
        by_key[i] = Vector::new(0.0f32);
        by_value[i] = Vector::new(0.0f32);
    }
    for other in places[token * 3 + 1] as usize..places[token * 3 + 2] as usize {
        let query = other * 3 * wide + head * width;
        let row = other * heads + head;
        let mut scores = Vector::<f32, Const<4>>::new(0.0f32);
        let mut values = Vector::<f32, Const<4>>::new(0.0f32);
        #[unroll]
        for i in 0..width {
            scores += key[i] * x[query + i];
            values += value[i] * slopes[row * width + i];
        }
        let probability = (across(scores) - logs[row]).exp();
        let weight = probability * (across(values) - levels[row]) * scale;
        #[unroll]
        for i in 0..width {
            by_key[i] += Vector::new(weight) * x[query + i];
            by_value[i] += Vector::new(probability) * slopes[row * width + i];
        }
    }
    #[unroll]
    for i in 0..width {
        out[own + i] = by_key[i];
        out[own + wide + i] = by_value[i];
    }
}
