//! Rows times a weight matrix, and what follows it in a network, in one pass over the output.
//!
//! The weights are packed once in the order the inner loop reads them: panels of 8 outputs. A tile of 4 rows × 8 outputs
//! stays in registers over all inputs: 8 sums, 2 weights, a value and a product of the 15 that an engine on x64 has to give.
//! With eight lanes it is 6 rows × 2 panels: 12 sums, as many as hide the four cycles that one takes on two units.

use super::activation::{gelu, relu6};
use super::lanes::{F4, Lanes};
#[cfg(target_arch = "x86_64")]
use super::lanes::{F8, wide};

/// Outputs of a panel.
const WIDE: usize = 8;
/// Rows of a tile, with four lanes and with eight.
const TALL: usize = 4;
#[cfg(target_arch = "x86_64")]
const TALLER: usize = 6;
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
        // Safety: asserted just now.
        #[cfg(target_arch = "x86_64")]
        if wide() {
            return unsafe { self.run_wide::<THEN>(x.as_ptr(), stride, rows, to, other) };
        }
        for (first, end) in self.blocks(rows, TALL) {
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

    /// Rows in parts of which input and output stay in the cache.
    fn blocks(&self, rows: usize, tall: usize) -> impl Iterator<Item = (usize, usize)> {
        // Rows that are wider than a block go by themselves.
        let block = (BLOCK / (self.inputs + self.outputs)).max(1).next_multiple_of(tall);
        (0..rows).step_by(block).map(move |first| (first, rows.min(first + block)))
    }

    /// Safety: from `x` on there are `rows` rows of `inputs` values, `stride` apart; the machine has eight lanes.
    #[cfg(target_arch = "x86_64")]
    unsafe fn run_wide<const THEN: u8>(&self, x: *const f32, stride: usize, rows: usize, to: &mut To, other: &[f32]) {
        let panels = self.outputs.div_ceil(WIDE);
        for (first, end) in self.blocks(rows, TALLER) {
            for panel in (0..panels).step_by(2) {
                for row in (first..end).step_by(TALLER) {
                    // Safety: the caller's word.
                    unsafe {
                        let x = x.add(row * stride);
                        match (end - row, panels - panel) {
                            (1, 1) => self.tile_wide::<1, 1, THEN>(x, stride, panel, row, to, other),
                            (2, 1) => self.tile_wide::<2, 1, THEN>(x, stride, panel, row, to, other),
                            (3, 1) => self.tile_wide::<3, 1, THEN>(x, stride, panel, row, to, other),
                            (4, 1) => self.tile_wide::<4, 1, THEN>(x, stride, panel, row, to, other),
                            (5, 1) => self.tile_wide::<5, 1, THEN>(x, stride, panel, row, to, other),
                            (_, 1) => self.tile_wide::<TALLER, 1, THEN>(x, stride, panel, row, to, other),
                            (1, _) => self.tile_wide::<1, 2, THEN>(x, stride, panel, row, to, other),
                            (2, _) => self.tile_wide::<2, 2, THEN>(x, stride, panel, row, to, other),
                            (3, _) => self.tile_wide::<3, 2, THEN>(x, stride, panel, row, to, other),
                            (4, _) => self.tile_wide::<4, 2, THEN>(x, stride, panel, row, to, other),
                            (5, _) => self.tile_wide::<5, 2, THEN>(x, stride, panel, row, to, other),
                            _ => self.tile_wide::<TALLER, 2, THEN>(x, stride, panel, row, to, other),
                        }
                    }
                }
            }
        }
    }

    /// Safety: as [`Packed::run_wide`] from this row on, of which there are M.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn tile_wide<const M: usize, const N: usize, const THEN: u8>(
        &self,
        x: *const f32,
        stride: usize,
        panel: usize,
        row: usize,
        to: &mut To,
        other: &[f32],
    ) {
        self.tile_of::<F8, M, N, THEN>(x, stride, panel, row, to, other);
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
        self.tile_of::<F4, M, 2, THEN>(x, stride, panel, row, to, other);
    }

    /// M rows, N lanes' worth of outputs.
    #[inline(always)]
    fn tile_of<V: Lanes, const M: usize, const N: usize, const THEN: u8>(
        &self,
        x: *const f32,
        stride: usize,
        panel: usize,
        row: usize,
        to: &mut To,
        other: &[f32],
    ) {
        let first = panel * WIDE;
        let bias = &self.bias[first..][..N * V::WIDTH];
        let weights = &self.panels[first * self.inputs..][..N * V::WIDTH * self.inputs];
        // Safety: `x` has M rows of `inputs` values, `stride` apart: asserted where it was made.
        let sums = unsafe { product::<V, M, N>(x, stride, weights, self.inputs, bias) };
        let whole = first + N * V::WIDTH <= self.outputs;
        let fours = V::WIDTH / 4;
        for (i, mut outputs) in sums.into_iter().enumerate() {
            // Loops, not `map`: what a closure does would not be inlined with the machine's features.
            for v in &mut outputs {
                if THEN == RELU6 {
                    *v = relu6(*v);
                }
                #[allow(unused_unsafe, reason = "the function has a target feature in one of the builds")]
                if THEN == GELU {
                    // Safety: a module with relaxed SIMD does not load in an engine without it.
                    *v = unsafe { gelu(*v) };
                }
            }
            let at = to.rows.of(row + i) + first / 4 * to.apart;
            let add = (row + i) * self.outputs + first;
            if !whole {
                let other = if THEN == ADD { &other[add..] } else { &[] };
                for (n, outputs) in outputs.into_iter().enumerate() {
                    let (done, mut eight) = (n * V::WIDTH, [0f32; WIDE]);
                    // Safety: there is room for eight.
                    unsafe { outputs.store(eight.as_mut_ptr()) };
                    let some = (self.outputs - first).saturating_sub(done).min(V::WIDTH);
                    let other = other.get(done..).unwrap_or(&[]);
                    to.put_some(at + n * fours * to.apart, &eight[..some], other, THEN == SUM);
                }
                continue;
            }
            assert!(at + (N * fours - 1) * to.apart + 4 <= to.values.len(), "a row ends after the output");
            // Safety: asserted just now, and where the run began.
            unsafe {
                let out = to.values.as_mut_ptr().add(at);
                for (n, outputs) in outputs.iter_mut().enumerate() {
                    let out = out.add(n * fours * to.apart);
                    if THEN == ADD {
                        *outputs = outputs.add(V::load(other.as_ptr().add(add + n * V::WIDTH)));
                    }
                    if THEN == SUM {
                        *outputs = outputs.add(V::load_fours(out, to.apart));
                    }
                    outputs.store_fours(out, to.apart);
                }
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
    /// Outputs of the last panel, where it is not full.
    #[cold]
    fn put_some(&mut self, at: usize, outputs: &[f32], other: &[f32], sum: bool) {
        for (j, value) in outputs.iter().enumerate() {
            let place = &mut self.values[at + j / 4 * self.apart + j % 4];
            *place = value + if sum { *place } else { *other.get(j).unwrap_or(&0.0) };
        }
    }
}

/// M rows times N lanes' worth of outputs, begun at the bias.
///
/// Safety: from `x` on there are M rows of `inputs` values, `stride` apart. `panels` and `bias` are those of the outputs.
#[cfg_attr(target_arch = "wasm32", inline)]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
unsafe fn product<V: Lanes, const M: usize, const N: usize>(
    x: *const f32,
    stride: usize,
    panels: &[f32],
    inputs: usize,
    bias: &[f32],
) -> [[V; N]; M] {
    unsafe {
        let mut begin = [V::splat(0.0); N];
        for (n, begin) in begin.iter_mut().enumerate() {
            *begin = V::load(bias.as_ptr().add(n * V::WIDTH));
        }
        let mut sums = [begin; M];
        let apart = if V::WIDTH == WIDE { WIDE * inputs } else { V::WIDTH };
        let mut x = x;
        // One at a time: LLVM orders several so that more values are held than there are registers.
        for weights in panels[..WIDE * inputs].chunks_exact(WIDE) {
            step(&mut sums, x, stride, weights.as_ptr(), apart);
            x = x.add(1);
        }
        sums
    }
}

/// One input of M rows times its weights.
#[cfg_attr(target_arch = "wasm32", inline)]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
unsafe fn step<V: Lanes, const M: usize, const N: usize>(
    sums: &mut [[V; N]; M],
    x: *const f32,
    stride: usize,
    weights: *const f32,
    apart: usize,
) {
    unsafe {
        let mut some = [V::splat(0.0); N];
        for (n, some) in some.iter_mut().enumerate() {
            *some = V::load(weights.add(n * apart));
        }
        for (i, sums) in sums.iter_mut().enumerate() {
            let value = V::load_splat(x.add(i * stride));
            for (sum, weights) in sums.iter_mut().zip(some) {
                *sum = value.mul_add(weights, *sum);
            }
        }
    }
}
