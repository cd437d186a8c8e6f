//! Attention in one pass over the keys, with the running maximum of Milakov & Gimelshein 2018: the scores are never written.

use burn::cubecl;
use cubecl::prelude::*;

use super::{Buffer, units};

/// `x`: for each token query, key and value side by side, `texts × longest × 3 × heads × width`; `lengths`: tokens of each
/// text. → `texts × longest × heads × width`. What is beyond a text's length is not looked at; for it there come numbers
/// without a meaning.
pub fn attention(x: &Buffer, lengths: &Buffer, heads: usize, width: usize) -> Buffer {
    let texts = lengths.len();
    let longest = x.len() / (texts * 3 * heads * width);
    let out = x.room(x.len() / 3);
    let (count, dim) = units(texts * heads * longest);
    // Safety: a unit stays inside of `texts`, and the buffers are of these sizes.
    unsafe {
        attend::launch_unchecked(
            &x.0.client,
            count,
            dim,
            x.0.clone().into_buffer_arg(),
            lengths.0.clone().into_buffer_arg(),
            out.0.clone().into_buffer_arg(),
            texts,
            longest,
            heads,
            1.0 / (width as f32).sqrt(),
            width / 4,
        );
    }
    out
}

#[cube(launch_unchecked)]
fn attend(
    x: &[Vector<f32, Const<4>>],
    lengths: &[i32],
    out: &mut [Vector<f32, Const<4>>],
    texts: usize,
    longest: usize,
    heads: usize,
    scale: f32,
    #[comptime] width: usize,
) {
    let token = ABSOLUTE_POS % longest;
    let head = ABSOLUTE_POS / longest % heads;
    let text = ABSOLUTE_POS / (longest * heads);
    if text >= texts {
        terminate!();
    }
    let across = heads * width;
    let start = text * longest;
    let mut query = Array::<Vector<f32, Const<4>>>::new(width);
    let mut mixed = Array::<Vector<f32, Const<4>>>::new(width);
    let own = (start + token) * 3 * across + head * width;
    #[unroll]
    for i in 0..width {
        query[i] = x[own + i] * Vector::new(scale);
        mixed[i] = Vector::new(0.0f32);
    }
    let mut top = f32::new(-1e30);
    let mut sum = f32::new(0.0);
    for other in 0..lengths[text] as usize {
        let key = (start + other) * 3 * across + across + head * width;
        let mut products = Vector::<f32, Const<4>>::new(0.0f32);
        #[unroll]
        for i in 0..width {
            products += query[i] * x[key + i];
        }
        let score =
            products.extract(0usize) + products.extract(1usize) + products.extract(2usize) + products.extract(3usize);
        let higher = clamp_min(score, top);
        let keep = (top - higher).exp();
        let weight = (score - higher).exp();
        sum = sum * keep + weight;
        #[unroll]
        for i in 0..width {
            mixed[i] = mixed[i] * Vector::new(keep) + Vector::new(weight) * x[key + across + i];
        }
        top = higher;
    }
    let to = (start + token) * across + head * width;
    #[unroll]
    for i in 0..width {
        out[to + i] = mixed[i] / Vector::new(sum);
    }
}
