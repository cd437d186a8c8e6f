//! Steps of AdamW whose parameters, gradients and means stay on the GPU.

use burn::cubecl;
use burn::tensor::Device;
use cubecl::prelude::*;

use super::super::{Buffer, units};
use crate::backbone::kernels::Move;

/// What a step leaves behind for the next.
#[derive(Debug)]
pub struct Moments {
    start: Buffer,
    first: Buffer,
    second: Buffer,
    sizes: Buffer,
}

impl Moments {
    /// `sizes`: of rows.
    pub fn new(start: Vec<f32>, sizes: Vec<f32>, device: &Device) -> Self {
        let zeros = || Buffer::new(vec![0.0; start.len()], device);
        let (first, second) = (zeros(), zeros());
        Self { start: Buffer::new(start, device), first, second, sizes: Buffer::new(sizes, device) }
    }

    /// Moves the parameters, and sets their gradient to zero.
    pub fn apply(&self, step: &Move, parameters: &Buffer, gradient: &Buffer) {
        let (count, dim) = units(step.range.len());
        // Safety: a unit stays inside of the range, that inside of the parameters, and the buffers are of their size.
        unsafe {
            walk::launch_unchecked(
                &parameters.0.client,
                count,
                dim,
                parameters.0.clone().into_buffer_arg(),
                gradient.0.clone().into_buffer_arg(),
                self.start.0.clone().into_buffer_arg(),
                self.first.0.clone().into_buffer_arg(),
                self.second.0.clone().into_buffer_arg(),
                self.sizes.0.clone().into_buffer_arg(),
                step.range.len(),
                step.range.start,
                step.row,
                step.sizes,
                step.rate,
                step.correct[0],
                step.correct[1],
                step.blend[0],
                step.blend[1],
                step.decay,
            );
        }
    }
}

#[cube(launch_unchecked)]
fn walk(
    parameters: &mut [f32],
    gradient: &mut [f32],
    start: &[f32],
    first: &mut [f32],
    second: &mut [f32],
    sizes: &[f32],
    len: usize,
    from: usize,
    row: usize,
    first_size: usize,
    rate: f32,
    correct_first: f32,
    correct_second: f32,
    blend_first: f32,
    blend_second: f32,
    decay: f32,
) {
    if ABSOLUTE_POS >= len {
        terminate!();
    }
    let at = from + ABSOLUTE_POS;
    let g = gradient[at];
    gradient[at] = 0.0f32;
    let mean = first[at] + blend_first * (g - first[at]);
    let square = second[at] + blend_second * (g * g - second[at]);
    first[at] = mean;
    second[at] = square;
    let way = (mean / correct_first) / ((square / correct_second).sqrt() + 1e-12f32);
    let value = parameters[at];
    parameters[at] = value - rate * (sizes[first_size + ABSOLUTE_POS / row] * way + decay * (value - start[at]));
}
