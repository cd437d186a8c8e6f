//! Rows times a weight matrix, and what follows it in a network, in one pass over the output.
//!
//! The weights are packed once in the order the inner loop reads them: panels of 8 outputs. A tile of 4 rows × 8 outputs
//! stays in registers over all inputs: 8 sums, 2 weights, a value and a product of the 15 that an engine on x64 has to give.

use super::activation::{gelu, relu6};
use super::lanes::F4;

/// Outputs of a panel.
const WIDE: usize = 8;
/// Rows of a tile.
const TALL: usize = 4;
/// Values of input and output that a block of rows may have: half of a small second-level cache.
const BLOCK: usize = 32 * 1024;

/// A weight matrix `[outputs, inputs]` and a bias for each output.
#[derive(Debug, Clone, Default)]
pub struct Packed {
    inputs: usize,
    outputs: usize,
    /// Panel after panel; in each, input after input, the 8 outputs side by side. The last is filled up with zeros.
    panels: Vec<f32>,
    /// Filled up likewise.
    bias: Vec<f32>,
}

/// Where outputs go.
pub struct To<'a> {
    pub values: &'a mut [f32],
    pub rows: Place<'a>,
    /// From one four of a row's outputs to the next: 4 when they lie side by side.
    pub apart: usize,
}

/// Where the first output of each row goes.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// So many values after that of the row before.
    Every(usize),
    Listed(&'a [usize]),
}

/// What is done to each output on its way to memory.
#[derive(Debug, Clone, Copy)]
pub enum Then<'a> {
    Nothing,
    Relu6,
    Gelu,
    /// Adds the value at the same place: `rows × outputs` of them.
    Add(&'a [f32]),
    /// Adds what is there already.
    Sum,
}

// [`Then`] where it has to be a constant: with a branch for each row of a tile the compiler leaves the sums in memory.
const NOTHING: u8 = 0;
const RELU6: u8 = 1;
const GELU: u8 = 2;
const ADD: u8 = 3;
const SUM: u8 = 4;

impl Packed {
    pub fn new(inputs: usize, outputs: usize) -> Self {
        let padded = outputs.next_multiple_of(WIDE);
        Self { inputs, outputs, panels: vec![0.0; padded * inputs], bias: vec![0.0; padded] }
    }

    /// From `weight`, `outputs × inputs`, and `bias` by output.
    pub fn from_rows(weight: &[f32], bias: &[f32]) -> Self {
        let mut packed = Self::new(weight.len() / bias.len(), bias.len());
        packed.fill_bias(bias);
        packed.fill_rows(weight, packed.inputs);
        packed
    }

    /// From `weight`, `inputs × outputs`, without a bias.
    pub fn from_columns(weight: &[f32], inputs: usize, outputs: usize) -> Self {
        let mut packed = Self::new(inputs, outputs);
        packed.fill_columns(weight, outputs);
        packed
    }

    /// Takes other biases, as many.
    pub fn fill_bias(&mut self, bias: &[f32]) {
        self.bias[..self.outputs].copy_from_slice(bias);
    }

    /// Takes another matrix of the same shape, as `from_rows` has it, its rows `stride` apart.
    pub fn fill_rows(&mut self, weight: &[f32], stride: usize) {
        for (panel, rows) in self.panels.chunks_exact_mut(WIDE * self.inputs).zip(weight.chunks(WIDE * stride)) {
            for (j, row) in rows.chunks(stride).enumerate() {
                for (i, value) in row[..self.inputs].iter().enumerate() {
                    panel[i * WIDE + j] = *value;
                }
            }
        }
    }

    /// Takes another matrix of the same shape, as `inputs × outputs`, its rows `stride` apart.
    pub fn fill_columns(&mut self, weight: &[f32], stride: usize) {
        for (p, panel) in self.panels.chunks_exact_mut(WIDE * self.inputs).enumerate() {
            let width = WIDE.min(self.outputs - p * WIDE);
            for (to, row) in panel.chunks_exact_mut(WIDE).zip(weight.chunks(stride)) {
                to[..width].copy_from_slice(&row[p * WIDE..][..width]);
            }
        }
    }

    /// The same room for another shape: nothing is allocated once it has been large enough. Its values are undefined.
    pub fn reshape(&mut self, inputs: usize, outputs: usize) {
        let padded = outputs.next_multiple_of(WIDE);
        (self.inputs, self.outputs) = (inputs, outputs);
        self.panels.clear();
        self.panels.resize(padded * inputs, 0.0);
        self.bias.clear();
        self.bias.resize(padded, 0.0);
    }

    pub fn inputs(&self) -> usize {
        self.inputs
    }

    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// `rows × inputs` → `rows × outputs`: `then(x · weightᵀ + bias)`.
    pub fn apply(&self, x: &[f32], rows: usize, out: &mut [f32], then: Then) {
        let to = To { values: out, rows: Place::Every(self.outputs), apart: 4 };
        self.apply_strided(x, self.inputs, rows, to, then);
    }

    /// The same for rows that are `stride` apart, written where `to` says.
    pub fn apply_strided(&self, x: &[f32], stride: usize, rows: usize, mut to: To, then: Then) {
        match then {
            Then::Nothing => self.run::<NOTHING>(x, stride, rows, &mut to, &[]),
            Then::Relu6 => self.run::<RELU6>(x, stride, rows, &mut to, &[]),
            Then::Gelu => self.run::<GELU>(x, stride, rows, &mut to, &[]),
            Then::Add(other) => self.run::<ADD>(x, stride, rows, &mut to, other),
            Then::Sum => self.run::<SUM>(x, stride, rows, &mut to, &[]),
        }
    }

    fn run<const THEN: u8>(&self, x: &[f32], stride: usize, rows: usize, to: &mut To, other: &[f32]) {
        if rows == 0 {
            return;
        }
        // What the raw pointers below rely on.
        assert!((rows - 1) * stride + self.inputs <= x.len(), "rows end after their slice");
        assert!(THEN != ADD || rows * self.outputs <= other.len(), "fewer values to add than outputs");
        let block = (BLOCK / (self.inputs + self.outputs)).next_multiple_of(TALL);
        for first in (0..rows).step_by(block) {
            let end = rows.min(first + block);
            for panel in 0..self.outputs.div_ceil(WIDE) {
                for row in (first..end).step_by(TALL) {
                    // Safety: asserted above.
                    let x = unsafe { x.as_ptr().add(row * stride) };
                    match end - row {
                        1 => self.tile::<1, THEN>(x, stride, panel, row, to, other),
                        2 => self.tile::<2, THEN>(x, stride, panel, row, to, other),
                        3 => self.tile::<3, THEN>(x, stride, panel, row, to, other),
                        _ => self.tile::<TALL, THEN>(x, stride, panel, row, to, other),
                    }
                }
            }
        }
    }

    #[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
    fn tile<const M: usize, const THEN: u8>(
        &self,
        x: *const f32,
        stride: usize,
        panel: usize,
        row: usize,
        to: &mut To,
        other: &[f32],
    ) {
        let first = panel * WIDE;
        let bias = &self.bias[first..][..WIDE];
        let weights = &self.panels[first * self.inputs..][..WIDE * self.inputs];
        // Safety: `x` has M rows of `inputs` values, `stride` apart: asserted where it was made.
        let sums = unsafe { product::<M>(x, stride, weights, bias) };
        let whole = first + WIDE <= self.outputs;
        for (i, mut pair) in sums.into_iter().enumerate() {
            if THEN == RELU6 {
                pair = [relu6(pair[0]), relu6(pair[1])];
            }
            if THEN == GELU {
                pair = [gelu(pair[0]), gelu(pair[1])];
            }
            let at = to.rows.of(row + i) + first / 4 * to.apart;
            let add = (row + i) * self.outputs + first;
            if !whole {
                let other = if THEN == ADD { &other[add..] } else { &[] };
                to.put_some(at, pair, other, THEN == SUM, self.outputs - first);
                continue;
            }
            assert!(at + to.apart + 4 <= to.values.len(), "a row ends after the output");
            // Safety: asserted just now, and where the run began.
            unsafe {
                if THEN == ADD {
                    let other = other.as_ptr().add(add);
                    pair = [pair[0].add(F4::load(other)), pair[1].add(F4::load(other.add(4)))];
                }
                let out = to.values.as_mut_ptr().add(at);
                if THEN == SUM {
                    pair = [pair[0].add(F4::load(out)), pair[1].add(F4::load(out.add(to.apart)))];
                }
                pair[0].store(out);
                pair[1].store(out.add(to.apart));
            }
        }
    }
}

impl Place<'_> {
    #[inline(always)]
    fn of(self, row: usize) -> usize {
        match self {
            Place::Every(values) => row * values,
            Place::Listed(places) => places[row],
        }
    }
}

impl To<'_> {
    /// The first of eight outputs, for the last panel.
    #[cold]
    fn put_some(&mut self, at: usize, pair: [F4; 2], other: &[f32], sum: bool, some: usize) {
        let mut eight = [0f32; WIDE];
        // Safety: eight.
        unsafe {
            pair[0].store(eight.as_mut_ptr());
            pair[1].store(eight.as_mut_ptr().add(4));
        }
        for (j, value) in eight.iter().enumerate().take(some) {
            let place = &mut self.values[at + j / 4 * self.apart + j % 4];
            *place = value + if sum { *place } else { *other.get(j).unwrap_or(&0.0) };
        }
    }
}

/// M rows times a panel, begun at the bias.
///
/// Safety: from `x` on there are M rows of `panel.len() / 8` values, `stride` apart. `bias` has eight.
#[inline]
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
unsafe fn product<const M: usize>(x: *const f32, stride: usize, panel: &[f32], bias: &[f32]) -> [[F4; 2]; M] {
    unsafe {
        let mut sums = [[F4::load(bias.as_ptr()), F4::load(bias.as_ptr().add(4))]; M];
        let mut x = x;
        // One at a time: LLVM orders several so that more values are held than there are registers.
        for weights in panel.chunks_exact(WIDE) {
            step(&mut sums, x, stride, weights.as_ptr());
            x = x.add(1);
        }
        sums
    }
}

/// One input of M rows times eight weights.
#[inline]
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
unsafe fn step<const M: usize>(sums: &mut [[F4; 2]; M], x: *const f32, stride: usize, weights: *const f32) {
    unsafe {
        let pair = [F4::load(weights), F4::load(weights.add(4))];
        for (i, sums) in sums.iter_mut().enumerate() {
            let value = F4::load_splat(x.add(i * stride));
            sums[0] = value.mul_add(pair[0], sums[0]);
            sums[1] = value.mul_add(pair[1], sums[1]);
        }
    }
}
