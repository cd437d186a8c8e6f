//! `then(x · weight + bias)`: a linear layer, and a 1 × 1 convolution over pixels with their channels side by side.

use burn::cubecl;
use burn::tensor::Device;
use cubecl::prelude::*;

use super::{Buffer, units};

/// Rows of a unit: what is read of the weights serves them all.
const ROWS: usize = 4;

/// What is done to the sums.
#[derive(Debug, Clone, Copy)]
pub enum Then<'a> {
    Nothing,
    Relu6,
    /// By the error function, exactly.
    Gelu,
    /// Adds the value at the same place: `rows × outputs` of them.
    Add(&'a Buffer),
}

#[derive(Debug)]
pub struct Linear {
    /// `inputs × outputs`.
    weight: Buffer,
    bias: Buffer,
    inputs: usize,
    outputs: usize,
}

impl Linear {
    /// `weight`: `outputs × inputs`, as PyTorch has it.
    pub fn new(weight: &[f32], bias: Vec<f32>, device: &Device) -> Self {
        let outputs = bias.len();
        let inputs = weight.len() / outputs;
        assert!(inputs.is_multiple_of(4) && outputs.is_multiple_of(4), "four side by side");
        let turned = (0..weight.len()).map(|i| weight[i % outputs * inputs + i / outputs]).collect();
        Self { weight: Buffer::new(turned, device), bias: Buffer::new(bias, device), inputs, outputs }
    }

    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// `rows × inputs` → `rows × outputs`.
    pub fn apply(&self, x: &Buffer, then: Then) -> Buffer {
        let rows = x.len() / self.inputs;
        let out = x.room(rows * self.outputs);
        let (count, dim) = units(rows.div_ceil(ROWS) * self.outputs / 4);
        let add = match then {
            Then::Add(values) => Some(values.0.clone().into_buffer_arg()),
            _ => None,
        };
        // Safety: a unit stays inside of `rows`, and the buffers are of these sizes.
        unsafe {
            linear::launch_unchecked(
                &x.0.client,
                count,
                dim,
                x.0.clone().into_buffer_arg(),
                self.weight.0.clone().into_buffer_arg(),
                self.bias.0.clone().into_buffer_arg(),
                add.into(),
                out.0.clone().into_buffer_arg(),
                rows,
                self.inputs / 4,
                self.outputs / 4,
                ROWS,
                matches!(then, Then::Relu6),
                matches!(then, Then::Gelu),
            );
        }
        out
    }
}

#[cube(launch_unchecked)]
fn linear(
    x: &[Vector<f32, Const<4>>],
    weight: &[Vector<f32, Const<4>>],
    bias: &[Vector<f32, Const<4>>],
    add: ComptimeOption<&[Vector<f32, Const<4>>]>,
    out: &mut [Vector<f32, Const<4>>],
    rows: usize,
    inputs: usize,
    outputs: usize,
    #[comptime] tile: usize,
    #[comptime] relu6: bool,
    #[comptime] gelu: bool,
) {
    let column = ABSOLUTE_POS % outputs;
    let first = ABSOLUTE_POS / outputs * tile;
    if first >= rows {
        terminate!();
    }
    let bias = bias[column];
    let mut sums = Array::<Vector<f32, Const<4>>>::new(tile);
    #[unroll]
    for row in 0..tile {
        sums[row] = bias;
    }
    for k in 0..inputs {
        let at = k * 4 * outputs + column;
        let w0 = weight[at];
        let w1 = weight[at + outputs];
        let w2 = weight[at + outputs * 2];
        let w3 = weight[at + outputs * 3];
        #[unroll]
        for row in 0..tile {
            // The last unit reads its last row again rather than ask each time.
            let v = x[clamp_max(first + row, rows - 1) * inputs + k];
            sums[row] += Vector::new(v.extract(0usize)) * w0;
            sums[row] += Vector::new(v.extract(1usize)) * w1;
            sums[row] += Vector::new(v.extract(2usize)) * w2;
            sums[row] += Vector::new(v.extract(3usize)) * w3;
        }
    }
    #[unroll]
    for row in 0..tile {
        if first + row < rows {
            let at = (first + row) * outputs + column;
            let added: ComptimeOption<Vector<f32, Const<4>>> = add.as_ref().map(|add| add[at]);
            let mut sum = sums[row] + added.unwrap_or(Vector::new(0.0f32));
            if relu6 {
                sum = clamp(sum, Vector::new(0.0f32), Vector::new(6.0f32));
            }
            if gelu {
                let half = Vector::<f32, Const<4>>::new(0.5f32);
                let inverse_root_of_two = Vector::<f32, Const<4>>::new(comptime!(std::f32::consts::FRAC_1_SQRT_2));
                sum = sum * half * (Vector::new(1.0f32) + Vector::erf(sum * inverse_root_of_two));
            }
            out[at] = sum;
        }
    }
}
