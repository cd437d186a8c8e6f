//! Linear layers, and 1 × 1 convolutions over pixels, with weights as PyTorch has them: `outputs × inputs`.

use std::ops::Range;

use burn::cubecl;
use cubecl::prelude::*;

use super::super::{Buffer, units};
use super::add_sums;

/// Rows of a unit, which makes four columns.
const TILE: usize = 4;
/// A group is so many units high and wide: neighbours then share what they read both of the rows and of the weights, whichever way
/// those lie.
const SQUARE: usize = 8;

/// Where a layer lies among the parameters.
#[derive(Debug, Clone)]
pub struct Layer {
    pub weight: Range<usize>,
    pub bias: Range<usize>,
}

/// What is done to the sums.
#[derive(Debug, Clone, Copy)]
pub enum After<'a> {
    Nothing,
    Relu6,
    Add(&'a Buffer),
    /// The slope behind a ReLU6 that gave these → before it.
    Relu6Back(&'a Buffer),
}

impl Layer {
    fn outputs(&self) -> usize {
        self.bias.len()
    }

    fn inputs(&self) -> usize {
        self.weight.len() / self.bias.len()
    }

    /// `x`, `rows × inputs`, → `rows × outputs`.
    pub fn forward(&self, parameters: &Buffer, x: &Buffer, after: After) -> Buffer {
        self.multiply(parameters, x, x.len() / self.inputs(), false, after)
    }

    /// `slopes`, the gradient by what came out, `rows × outputs`, → that by what went in.
    pub fn back(&self, parameters: &Buffer, slopes: &Buffer, after: After) -> Buffer {
        self.multiply(parameters, slopes, slopes.len() / self.outputs(), true, after)
    }

    fn multiply(&self, parameters: &Buffer, x: &Buffer, rows: usize, back: bool, after: After) -> Buffer {
        let (inner, columns) = if back { (self.outputs(), self.inputs()) } else { (self.inputs(), self.outputs()) };
        let out = x.room(rows * columns);
        let squares = rows.div_ceil(TILE * SQUARE) * (columns / 4).div_ceil(SQUARE);
        let (count, dim) = units(squares * SQUARE * SQUARE);
        let other = match after {
            After::Add(values) | After::Relu6Back(values) => Some(values.0.clone().into_buffer_arg()),
            After::Nothing | After::Relu6 => None,
        };
        // Safety: a unit stays inside of `rows`, the layer inside of the parameters, and the buffers are of these sizes.
        unsafe {
            product::launch_unchecked(
                &x.0.client,
                count,
                dim,
                x.0.clone().into_buffer_arg(),
                parameters.0.clone().into_buffer_arg(),
                other.into(),
                out.0.clone().into_buffer_arg(),
                rows,
                inner / 4,
                columns / 4,
                self.weight.start / 4,
                self.bias.start / 4,
                TILE,
                SQUARE,
                back,
                matches!(after, After::Relu6),
                matches!(after, After::Relu6Back(_)),
            );
        }
        out
    }

    /// Adds the gradient by the weights and that by the biases. `x` is what went in.
    pub fn gradient(&self, gradient: &Buffer, x: &Buffer, slopes: &Buffer) {
        let (outputs, inputs) = (self.outputs(), self.inputs());
        let (count, dim) = units(outputs / 4 * inputs / 4);
        // Safety: a unit stays inside of `outputs`, the layer inside of the gradients, and the buffers are of these sizes.
        unsafe {
            outer::launch_unchecked(
                &x.0.client,
                count,
                dim,
                slopes.0.clone().into_buffer_arg(),
                x.0.clone().into_buffer_arg(),
                gradient.0.clone().into_buffer_arg(),
                slopes.len() / outputs,
                outputs / 4,
                inputs / 4,
                self.weight.start / 4,
            );
        }
        add_sums(gradient, self.bias.clone(), slopes, None);
    }
}

#[cube(launch_unchecked)]
fn product(
    x: &[Vector<f32, Const<4>>],
    parameters: &[Vector<f32, Const<4>>],
    other: ComptimeOption<&[Vector<f32, Const<4>>]>,
    out: &mut [Vector<f32, Const<4>>],
    rows: usize,
    inner: usize,
    columns: usize,
    weight: usize,
    bias: usize,
    #[comptime] tile: usize,
    #[comptime] square: usize,
    #[comptime] back: bool,
    #[comptime] relu6: bool,
    #[comptime] relu6_back: bool,
) {
    let (group, unit) = (ABSOLUTE_POS / (square * square), ABSOLUTE_POS % (square * square));
    let across = columns.div_ceil(square);
    let column = group % across * square + unit % square;
    let first = (group / across * square + unit / square) * tile;
    if column >= columns || first >= rows {
        terminate!();
    }
    let mut sums = Array::<Vector<f32, Const<4>>>::new(tile);
    #[unroll]
    for row in 0..tile {
        if back {
            sums[row] = Vector::new(0.0f32);
        } else {
            sums[row] = parameters[bias + column];
        }
    }
    for k in 0..inner {
        let mut given = Array::<Vector<f32, Const<4>>>::new(4usize);
        #[unroll]
        for i in 0..4usize {
            if back {
                given[i] = parameters[weight + (k * 4 + i) * columns + column];
            } else {
                given[i] = parameters[weight + (column * 4 + i) * inner + k];
            }
        }
        // Of each of four that go in, the weights for the four columns.
        let mut weights = Array::<Vector<f32, Const<4>>>::new(4usize);
        #[unroll]
        for i in 0..4usize {
            if back {
                weights[i] = given[i];
            } else {
                let mut turned = Vector::<f32, Const<4>>::new(0.0f32);
                #[unroll]
                for j in 0..4usize {
                    turned.insert(j, given[j].extract(i));
                }
                weights[i] = turned;
            }
        }
        #[unroll]
        for row in 0..tile {
            // The last unit reads its last row again rather than ask each time.
            let values = x[clamp_max(first + row, rows - 1) * inner + k];
            #[unroll]
            for i in 0..4usize {
                sums[row] += Vector::new(values.extract(i)) * weights[i];
            }
        }
    }
    #[unroll]
    for row in 0..tile {
        if first + row < rows {
            let at = (first + row) * columns + column;
            let value: ComptimeOption<Vector<f32, Const<4>>> = other.as_ref().map(|other| other[at]);
            let value = value.unwrap_or(Vector::new(0.0f32));
            if relu6_back {
                out[at] = behind_relu6(value, sums[row]);
            } else if relu6 {
                out[at] = clamp(sums[row], Vector::new(0.0f32), Vector::new(6.0f32));
            } else {
                out[at] = sums[row] + value;
            }
        }
    }
}

/// Slopes where what came out, `value`, is between 0 and 6, and none elsewhere.
#[cube]
pub fn behind_relu6(value: Vector<f32, Const<4>>, slope: Vector<f32, Const<4>>) -> Vector<f32, Const<4>> {
    let mut through = Vector::<f32, Const<4>>::new(0.0f32);
    #[unroll]
    for i in 0..4usize {
        let v = value.extract(i);
        through.insert(i, select(v > 0.0f32 && v < 6.0f32, slope.extract(i), 0.0f32));
    }
    through
}

#[cube(launch_unchecked)]
fn outer(
    slopes: &[Vector<f32, Const<4>>],
    x: &[Vector<f32, Const<4>>],
    gradient: &mut [Vector<f32, Const<4>>],
    rows: usize,
    outputs: usize,
    inputs: usize,
    weight: usize,
) {
    let input = ABSOLUTE_POS % inputs;
    let output = ABSOLUTE_POS / inputs;
    if output >= outputs {
        terminate!();
    }
    let mut sums = Array::<Vector<f32, Const<4>>>::new(4usize);
    #[unroll]
    for i in 0..4usize {
        sums[i] = Vector::new(0.0f32);
    }
    for row in 0..rows {
        let slope = slopes[row * outputs + output];
        let value = x[row * inputs + input];
        #[unroll]
        for i in 0..4usize {
            sums[i] += Vector::new(slope.extract(i)) * value;
        }
    }
    #[unroll]
    for i in 0..4usize {
        let at = weight + (output * 4 + i) * inputs + input;
        gradient[at] += sums[i];
    }
}
