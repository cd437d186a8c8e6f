//! Depthwise convolutions of pixels with their channels side by side, and their ReLU6. Weights as PyTorch has them: a channel's
//! taps one after another.

use burn::cubecl;
use cubecl::prelude::*;

use super::super::{Buffer, units};
use super::product::behind_relu6;
use super::{Layer, add_sums};

/// The geometry of a convolution over square pictures.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    pub kernel: usize,
    pub stride: usize,
    /// Height and width of the input.
    pub side: usize,
    /// Border above and left of it; there is as much as it takes below and right.
    pub before: usize,
}

impl Filter {
    fn out_side(&self) -> usize {
        self.side.div_ceil(self.stride)
    }

    /// `pictures × side × side × channels` → `pictures × side/stride × side/stride × channels`, clamped to 0..=6.
    pub fn forward(&self, layer: &Layer, parameters: &Buffer, x: &Buffer) -> Buffer {
        let channels = layer.bias.len();
        let pictures = x.len() / (self.side * self.side * channels);
        let out = x.room(pictures * self.out_side() * self.out_side() * channels);
        let (count, dim) = units(out.len() / 4);
        // Safety: a unit stays inside of `out`, the layer inside of the parameters, and the buffers are of these sizes.
        unsafe {
            forward::launch_unchecked(
                &x.0.client,
                count,
                dim,
                x.0.clone().into_buffer_arg(),
                parameters.0.clone().into_buffer_arg(),
                out.0.clone().into_buffer_arg(),
                pictures,
                channels / 4,
                self.side,
                self.out_side(),
                self.before,
                layer.weight.start,
                layer.bias.start,
                self.kernel,
                self.stride,
            );
        }
        out
    }

    /// `slopes`, the gradient by what the filter gave, → by what `x` was made of by a ReLU6.
    pub fn back(&self, layer: &Layer, parameters: &Buffer, x: &Buffer, slopes: &Buffer) -> Buffer {
        let channels = layer.bias.len();
        let out = x.room(x.len());
        let (count, dim) = units(out.len() / 4);
        // Safety: a unit stays inside of `out`, the layer inside of the parameters, and the buffers are of these sizes.
        unsafe {
            back::launch_unchecked(
                &x.0.client,
                count,
                dim,
                x.0.clone().into_buffer_arg(),
                parameters.0.clone().into_buffer_arg(),
                slopes.0.clone().into_buffer_arg(),
                out.0.clone().into_buffer_arg(),
                x.len() / (self.side * self.side * channels),
                channels / 4,
                self.side,
                self.out_side(),
                self.before,
                layer.weight.start,
                self.kernel,
                self.stride,
            );
        }
        out
    }

    /// Adds the gradient by the taps, and by the biases.
    pub fn gradient(&self, layer: &Layer, gradient: &Buffer, x: &Buffer, slopes: &Buffer) {
        let channels = layer.bias.len();
        let (count, dim) = units(channels / 4 * self.kernel * self.kernel);
        // Safety: a unit stays inside of the layer, that inside of the gradients, and the buffers are of these sizes.
        unsafe {
            by_tap::launch_unchecked(
                &x.0.client,
                count,
                dim,
                x.0.clone().into_buffer_arg(),
                slopes.0.clone().into_buffer_arg(),
                gradient.0.clone().into_buffer_arg(),
                x.len() / (self.side * self.side * channels),
                channels / 4,
                self.side,
                self.out_side(),
                self.before,
                layer.weight.start,
                self.kernel,
                self.stride,
            );
        }
        add_sums(gradient, layer.bias.clone(), slopes, None);
    }
}

/// The weights of four channels at a tap.
#[cube]
fn tap(parameters: &[f32], weight: usize, channel: usize, area: usize, tap: usize) -> Vector<f32, Const<4>> {
    let mut four = Vector::<f32, Const<4>>::new(0.0f32);
    #[unroll]
    for i in 0..4usize {
        four.insert(i, parameters[weight + (channel * 4 + i) * area + tap]);
    }
    four
}

#[cube(launch_unchecked)]
fn forward(
    x: &[Vector<f32, Const<4>>],
    parameters: &[f32],
    out: &mut [Vector<f32, Const<4>>],
    pictures: usize,
    channels: usize,
    side: usize,
    out_side: usize,
    before: usize,
    weight: usize,
    bias: usize,
    #[comptime] kernel: usize,
    #[comptime] stride: usize,
) {
    let channel = ABSOLUTE_POS % channels;
    let column = ABSOLUTE_POS / channels % out_side;
    let line = ABSOLUTE_POS / (channels * out_side);
    let (picture, row) = (line / out_side, line % out_side);
    if picture >= pictures {
        terminate!();
    }
    let mut sum = tap(parameters, bias, channel, 1usize, 0usize);
    for ky in 0..kernel {
        let y = row * stride + ky;
        if y >= before && y < side + before {
            for kx in 0..kernel {
                let at = column * stride + kx;
                if at >= before && at < side + before {
                    let pixel = (picture * side + y - before) * side + at - before;
                    let weights = tap(parameters, weight, channel, kernel * kernel, ky * kernel + kx);
                    sum += x[pixel * channels + channel] * weights;
                }
            }
        }
    }
    out[ABSOLUTE_POS] = clamp(sum, Vector::new(0.0f32), Vector::new(6.0f32));
}

#[cube(launch_unchecked)]
fn back(
    x: &[Vector<f32, Const<4>>],
    parameters: &[f32],
    slopes: &[Vector<f32, Const<4>>],
    out: &mut [Vector<f32, Const<4>>],
    pictures: usize,
    channels: usize,
    side: usize,
    out_side: usize,
    before: usize,
    weight: usize,
    #[comptime] kernel: usize,
    #[comptime] stride: usize,
) {
    let channel = ABSOLUTE_POS % channels;
    let column = ABSOLUTE_POS / channels % side;
    let line = ABSOLUTE_POS / (channels * side);
    let (picture, row) = (line / side, line % side);
    if picture >= pictures {
        terminate!();
    }
    let mut sum = Vector::<f32, Const<4>>::new(0.0f32);
    for ky in 0..kernel {
        // The output whose window has this pixel at its tap, if there is one.
        let y = row + before;
        if y >= ky && (y - ky) % stride == 0 && (y - ky) / stride < out_side {
            for kx in 0..kernel {
                let at = column + before;
                if at >= kx && (at - kx) % stride == 0 && (at - kx) / stride < out_side {
                    let pixel = (picture * out_side + (y - ky) / stride) * out_side + (at - kx) / stride;
                    let weights = tap(parameters, weight, channel, kernel * kernel, ky * kernel + kx);
                    sum += slopes[pixel * channels + channel] * weights;
                }
            }
        }
    }
    out[ABSOLUTE_POS] = behind_relu6(x[ABSOLUTE_POS], sum);
}

#[cube(launch_unchecked)]
fn by_tap(
    x: &[Vector<f32, Const<4>>],
    slopes: &[Vector<f32, Const<4>>],
    gradient: &mut [f32],
    pictures: usize,
    channels: usize,
    side: usize,
    out_side: usize,
    before: usize,
    weight: usize,
    #[comptime] kernel: usize,
    #[comptime] stride: usize,
) {
    let channel = ABSOLUTE_POS % channels;
    let place = ABSOLUTE_POS / channels;
    let area = kernel * kernel;
    if place >= area {
        terminate!();
    }
    let (ky, kx) = (place / kernel, place % kernel);
    let mut sum = Vector::<f32, Const<4>>::new(0.0f32);
    for line in 0..pictures * out_side {
        let y = line % out_side * stride + ky;
        if y >= before && y < side + before {
            let start = (line / out_side * side + y - before) * side;
            for column in 0..out_side {
                let at = column * stride + kx;
                if at >= before && at < side + before {
                    let slope = slopes[(line * out_side + column) * channels + channel];
                    sum += slope * x[(start + at - before) * channels + channel];
                }
            }
        }
    }
    #[unroll]
    for i in 0..4usize {
        let to = weight + (channel * 4 + i) * area + place;
        gradient[to] += sum.extract(i);
    }
}
