//! Convolutions of pixels with their channels side by side, each with its ReLU6.

use burn::cubecl;
use burn::tensor::Device;
use cubecl::prelude::*;

use super::{Buffer, units};

/// Pixels of a row that a unit makes: their windows overlap, and the weights are the same.
const TILE: usize = 4;

/// A filter for each channel.
#[derive(Debug)]
pub struct Depthwise {
    /// `kernel × kernel × channels`.
    weight: Buffer,
    bias: Buffer,
    channels: usize,
    kernel: usize,
    stride: usize,
    /// Height and width of the input.
    side: usize,
    /// Border above and left of the input; there is as much as it takes below and right.
    before: usize,
}

impl Depthwise {
    /// `weight`: `channels × kernel × kernel`, as PyTorch has it.
    pub fn new(weight: &[f32], bias: Vec<f32>, stride: usize, side: usize, before: usize, device: &Device) -> Self {
        let channels = bias.len();
        let area = weight.len() / channels;
        assert!(channels.is_multiple_of(4), "four side by side");
        let turned = (0..weight.len()).map(|i| weight[i % channels * area + i / channels]).collect();
        let (weight, bias) = (Buffer::new(turned, device), Buffer::new(bias, device));
        Self { weight, bias, channels, kernel: area.isqrt(), stride, side, before }
    }

    /// `n × side × side × channels` → `n × side/stride × side/stride × channels`, clamped to 0..=6.
    pub fn apply(&self, x: &Buffer) -> Buffer {
        let n = x.len() / (self.side * self.side * self.channels);
        let side = self.side.div_ceil(self.stride);
        let out = x.room(n * side * side * self.channels);
        let (count, dim) = units(n * side * side.div_ceil(TILE) * self.channels / 4);
        // Safety: a unit stays inside of `n` pictures, and the buffers are of these sizes.
        unsafe {
            depthwise::launch_unchecked(
                &x.0.client,
                count,
                dim,
                x.0.clone().into_buffer_arg(),
                self.weight.0.clone().into_buffer_arg(),
                self.bias.0.clone().into_buffer_arg(),
                out.0.clone().into_buffer_arg(),
                n,
                self.channels / 4,
                self.side,
                side,
                self.before,
                self.kernel,
                self.stride,
                TILE,
            );
        }
        out
    }
}

#[cube(launch_unchecked)]
fn depthwise(
    x: &[Vector<f32, Const<4>>],
    weight: &[Vector<f32, Const<4>>],
    bias: &[Vector<f32, Const<4>>],
    out: &mut [Vector<f32, Const<4>>],
    pictures: usize,
    channels: usize,
    side: usize,
    out_side: usize,
    before: usize,
    #[comptime] kernel: usize,
    #[comptime] stride: usize,
    #[comptime] tile: usize,
) {
    let tiles = out_side.div_ceil(tile);
    let channel = ABSOLUTE_POS % channels;
    let first = ABSOLUTE_POS / channels % tiles * tile;
    let line = ABSOLUTE_POS / (channels * tiles);
    let (picture, row) = (line / out_side, line % out_side);
    if picture >= pictures {
        terminate!();
    }
    let mut sums = Array::<Vector<f32, Const<4>>>::new(tile);
    let bias = bias[channel];
    #[unroll]
    for t in 0..tile {
        sums[t] = bias;
    }
    #[unroll]
    for ky in 0..kernel {
        let y = row * stride + ky;
        if y >= before && y < side + before {
            let mut weights = Array::<Vector<f32, Const<4>>>::new(kernel);
            #[unroll]
            for kx in 0..kernel {
                weights[kx] = weight[(ky * kernel + kx) * channels + channel];
            }
            let start = (picture * side + y - before) * side;
            #[unroll]
            for i in 0..comptime!(kernel + (tile - 1) * stride) {
                let column = first * stride + i;
                if column >= before && column < side + before {
                    let value = x[(start + column - before) * channels + channel];
                    #[unroll]
                    for t in 0..tile {
                        if comptime!(i >= t * stride && i < t * stride + kernel) {
                            sums[t] += value * weights[comptime!(i - t * stride)];
                        }
                    }
                }
            }
        }
    }
    #[unroll]
    for t in 0..tile {
        if first + t < out_side {
            let at = (line * out_side + first + t) * channels + channel;
            out[at] = clamp(sums[t], Vector::new(0.0f32), Vector::new(6.0f32));
        }
    }
}

/// The first layer: bytes of pictures → 3 × 3 at stride 2, its border below and to the right.
#[derive(Debug)]
pub struct Stem {
    /// `3 × 3 × 3 × channels`.
    weight: Buffer,
    bias: Buffer,
    channels: usize,
    side: usize,
    /// A byte's value for the network is `byte × scale + shift`.
    scale: f32,
    shift: f32,
}

impl Stem {
    /// `weight`: `channels × 3 × 3 × 3`, colour before rows and columns, as PyTorch has it.
    pub fn new(weight: &[f32], bias: Vec<f32>, side: usize, mean: f32, std: f32, device: &Device) -> Self {
        let channels = bias.len();
        let turned = (0..weight.len())
            .map(|i| {
                let (place, colour, channel) = (i / channels / 3, i / channels % 3, i % channels);
                weight[(channel * 3 + colour) * 9 + place]
            })
            .collect();
        let (weight, bias) = (Buffer::new(turned, device), Buffer::new(bias, device));
        Self { weight, bias, channels, side, scale: 1.0 / std, shift: -mean / std }
    }

    /// `n × side × side × 3` bytes → `n × side/2 × side/2 × channels`, clamped to 0..=6.
    pub fn apply(&self, pixels: &[u8], device: &Device) -> Buffer {
        let n = pixels.len() / (self.side * self.side * 3);
        // As bytes, four to a word: a quarter of what the numbers would be to upload.
        let words = pixels.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let x = Buffer::integers(words, device);
        let side = self.side / 2;
        let out = x.room(n * side * side * self.channels);
        let (count, dim) = units(n * side * side.div_ceil(TILE) * self.channels / 4);
        // Safety: a unit stays inside of `n` pictures, and the buffers are of these sizes.
        unsafe {
            stem::launch_unchecked(
                &x.0.client,
                count,
                dim,
                x.0.clone().into_buffer_arg(),
                self.weight.0.clone().into_buffer_arg(),
                self.bias.0.clone().into_buffer_arg(),
                out.0.clone().into_buffer_arg(),
                n,
                self.channels / 4,
                self.side,
                self.scale,
                self.shift,
                TILE,
            );
        }
        out
    }
}

#[cube(launch_unchecked)]
fn stem(
    x: &[i32],
    weight: &[Vector<f32, Const<4>>],
    bias: &[Vector<f32, Const<4>>],
    out: &mut [Vector<f32, Const<4>>],
    pictures: usize,
    channels: usize,
    side: usize,
    scale: f32,
    shift: f32,
    #[comptime] tile: usize,
) {
    let out_side = side / 2;
    let tiles = out_side.div_ceil(tile);
    let channel = ABSOLUTE_POS % channels;
    let first = ABSOLUTE_POS / channels % tiles * tile;
    let line = ABSOLUTE_POS / (channels * tiles);
    let (picture, row) = (line / out_side, line % out_side);
    if picture >= pictures {
        terminate!();
    }
    let mut sums = Array::<Vector<f32, Const<4>>>::new(tile);
    let bias = bias[channel];
    #[unroll]
    for t in 0..tile {
        sums[t] = bias;
    }
    #[unroll]
    for ky in 0..3usize {
        let y = row * 2 + ky;
        if y < side {
            #[unroll]
            for i in 0..comptime!(3 + (tile - 1) * 2) {
                let column = first * 2 + i;
                if column < side {
                    let pixel = ((picture * side + y) * side + column) * 3;
                    #[unroll]
                    for colour in 0..3usize {
                        let byte = pixel + colour;
                        let bits = x[byte / 4] >> ((byte % 4) * 8) as i32;
                        let value = f32::cast_from(bits & 255) * scale + shift;
                        #[unroll]
                        for t in 0..tile {
                            if comptime!(i >= t * 2 && i < t * 2 + 3) {
                                let place = comptime!(ky * 3 + i - t * 2) * 3 + colour;
                                sums[t] += Vector::new(value) * weight[place * channels + channel];
                            }
                        }
                    }
                }
            }
        }
    }
    #[unroll]
    for t in 0..tile {
        if first + t < out_side {
            let at = (line * out_side + first + t) * channels + channel;
            out[at] = clamp(sums[t], Vector::new(0.0f32), Vector::new(6.0f32));
        }
    }
}
