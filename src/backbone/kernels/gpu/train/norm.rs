//! Layer norm (Ba et al. 2016), with gamma and beta among the parameters, one right after the other.

use burn::cubecl;
use cubecl::prelude::*;

use super::super::norm::across;
use super::super::{Buffer, units};
use super::{Layer, add_sums};

/// What is on the two sides of gamma and beta.
#[derive(Debug, Clone)]
pub struct Normed {
    /// Rows of mean 0 and variance 1, and what each was multiplied by for it.
    standard: Buffer,
    scales: Buffer,
    pub out: Buffer,
}

/// Of each row of `x`. `layer`: gamma as its weights, beta as its biases.
pub fn norm(layer: &Layer, parameters: &Buffer, x: &Buffer, epsilon: f32) -> Normed {
    let width = layer.bias.len();
    let rows = x.len() / width;
    let (standard, scales, out) = (x.room(x.len()), x.room(rows), x.room(x.len()));
    let (count, dim) = units(rows);
    // Safety: a unit stays inside of `rows`, and the buffers are of these sizes.
    unsafe {
        standardise::launch_unchecked(
            &x.0.client,
            count,
            dim,
            x.0.clone().into_buffer_arg(),
            parameters.0.clone().into_buffer_arg(),
            standard.0.clone().into_buffer_arg(),
            scales.0.clone().into_buffer_arg(),
            out.0.clone().into_buffer_arg(),
            rows,
            width / 4,
            layer.weight.start / 4,
            layer.bias.start / 4,
            epsilon,
        );
    }
    Normed { standard, scales, out }
}

/// `slopes`, the gradient by `normed.out`, → that by what went in. Adds the gradients by gamma and beta.
pub fn norm_back(layer: &Layer, parameters: &Buffer, normed: &Normed, slopes: &Buffer, gradient: &Buffer) -> Buffer {
    add_sums(gradient, layer.weight.clone(), slopes, Some(&normed.standard));
    add_sums(gradient, layer.bias.clone(), slopes, None);
    let rows = normed.scales.len();
    let out = slopes.room(slopes.len());
    let (count, dim) = units(rows);
    // Safety: a unit stays inside of `rows`, and the buffers are of these sizes.
    unsafe {
        standardise_back::launch_unchecked(
            &slopes.0.client,
            count,
            dim,
            slopes.0.clone().into_buffer_arg(),
            parameters.0.clone().into_buffer_arg(),
            normed.standard.0.clone().into_buffer_arg(),
            normed.scales.0.clone().into_buffer_arg(),
            out.0.clone().into_buffer_arg(),
            rows,
            layer.bias.len() / 4,
            layer.weight.start / 4,
        );
    }
    out
}

#[cube(launch_unchecked)]
fn standardise(
    x: &[Vector<f32, Const<4>>],
    parameters: &[Vector<f32, Const<4>>],
    standard: &mut [Vector<f32, Const<4>>],
    scales: &mut [f32],
    out: &mut [Vector<f32, Const<4>>],
    rows: usize,
    width: usize,
    gamma: usize,
    beta: usize,
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
    let scale = 1.0f32 / (across(squares) / count + epsilon).sqrt();
    scales[ABSOLUTE_POS] = scale;
    for i in 0..width {
        let value = (x[start + i] - mean) * Vector::new(scale);
        standard[start + i] = value;
        out[start + i] = value * parameters[gamma + i] + parameters[beta + i];
    }
}

#[cube(launch_unchecked)]
fn standardise_back(
    slopes: &[Vector<f32, Const<4>>],
    parameters: &[Vector<f32, Const<4>>],
    standard: &[Vector<f32, Const<4>>],
    scales: &[f32],
    out: &mut [Vector<f32, Const<4>>],
    rows: usize,
    width: usize,
    gamma: usize,
) {
    if ABSOLUTE_POS >= rows {
        terminate!();
    }
    let start = ABSOLUTE_POS * width;
    let mut sums = Vector::<f32, Const<4>>::new(0.0f32);
    let mut products = Vector::<f32, Const<4>>::new(0.0f32);
    for i in 0..width {
        let slope = slopes[start + i] * parameters[gamma + i];
        sums += slope;
        products += slope * standard[start + i];
    }
    // Neither a change of all values nor one along the row changes what comes out.
    let count = f32::cast_from(width * 4);
    let mean = Vector::<f32, Const<4>>::new(across(sums) / count);
    let along = Vector::<f32, Const<4>>::new(across(products) / count);
    let scale = Vector::<f32, Const<4>>::new(scales[ABSOLUTE_POS]);
    for i in 0..width {
        let slope = slopes[start + i] * parameters[gamma + i];
        out[start + i] = (slope - mean - standard[start + i] * along) * scale;
    }
}
