//! Depthwise convolution and the ReLU6 that follows it.
//!
//! The input lies in rows; in a row, block after block of 4 channels; in a block, pixel after pixel. A filter's
//! neighbours are then a constant distance apart, which the instructions carry: with the channels of a pixel side by side
//! the engine keeps more addresses than it has registers for. Eight lanes are two pixels of a block.

use super::activation::relu6;
use super::lanes::{F4, Lanes};
#[cfg(target_arch = "x86_64")]
use super::lanes::{F8, wide};

/// Channels of a block.
pub const BLOCK: usize = 4;
/// Sums along a row that share the weights they load: as many as it takes to hide the time an addition takes. All rows of
/// the networks for 224 × 224 pictures are multiples of it.
const ACROSS: usize = 7;

/// One square filter a channel.
#[derive(Debug, Clone)]
pub struct Depthwise {
    side: usize,
    stride: usize,
    channels: usize,
    /// Block after block; in each tap after tap, row by row; filled up with zeros.
    taps: Vec<f32>,
    /// Filled up likewise.
    bias: Vec<f32>,
}

impl Depthwise {
    /// From `weight`, `channels × side × side`, and `bias` by channel. `side` is 3 or 5, `stride` 1 or 2.
    pub fn new(weight: &[f32], bias: &[f32], side: usize, stride: usize) -> Self {
        assert!(matches!((side, stride), (3 | 5, 1 | 2)), "{side} × {side} at stride {stride} has no kernel");
        let (channels, area) = (bias.len(), side * side);
        assert_eq!(weight.len(), channels * area);
        let padded = channels.next_multiple_of(BLOCK);
        let mut kernel = Self { side, stride, channels, taps: vec![0.0; padded * area], bias: vec![0.0; padded] };
        kernel.bias[..channels].copy_from_slice(bias);
        for (c, filter) in weight.chunks_exact(area).enumerate() {
            for (tap, value) in filter.iter().enumerate() {
                kernel.taps[(c / BLOCK * area + tap) * BLOCK + c % BLOCK] = *value;
            }
        }
        kernel
    }

    pub fn side(&self) -> usize {
        self.side
    }

    pub fn stride(&self) -> usize {
        self.stride
    }

    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Pixels that `outputs` in a row reach over, the border included.
    pub fn reach(&self, outputs: usize) -> usize {
        (outputs - 1) * self.stride + self.side
    }

    /// Values in a row of `pixels` of the input.
    pub fn line(&self, pixels: usize) -> usize {
        self.bias.len() * pixels
    }

    /// `x`: `reach(rows)` rows of `reach(columns)` pixels in blocks, the border already around them → `rows × columns`
    /// pixels, each with its channels side by side.
    pub fn apply(&self, x: &[f32], rows: usize, columns: usize, out: &mut [f32]) {
        let wide = self.reach(columns);
        let line = self.line(wide);
        let lines = out[..rows * columns * self.channels].chunks_exact_mut(columns * self.channels);
        for (row, out) in lines.enumerate() {
            let x = &x[row * self.stride * line..][..self.side * line];
            match self.stride {
                1 => self.row::<1>(x, wide, out),
                _ => self.row::<2>(x, wide, out),
            }
        }
    }

    /// A row of outputs, from the `side` rows of `wide` pixels that it sees.
    fn row<const S: usize>(&self, x: &[f32], pixels: usize, out: &mut [f32]) {
        let columns = out.len() / self.channels;
        // What the raw pointers below rely on.
        assert!((columns - 1) * S + self.side <= pixels && x.len() == self.side * self.line(pixels));
        for block in 0..self.bias.len() / BLOCK {
            let x = &x[block * pixels * BLOCK..];
            let mut from = 0;
            #[cfg(target_arch = "x86_64")]
            if wide() {
                // Safety: asserted above for the last row and column of the last block; the machine has eight lanes.
                from = unsafe { self.run_wide::<S, ACROSS>(x, block, pixels, from, out) };
            }
            // Safety: asserted above; a module with relaxed SIMD does not load in an engine without it.
            unsafe {
                from = self.run::<S, ACROSS>(x, block, pixels, from, out);
                self.run::<S, 1>(x, block, pixels, from, out);
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn run_wide<const S: usize, const N: usize>(
        &self,
        x: &[f32],
        block: usize,
        pixels: usize,
        from: usize,
        out: &mut [f32],
    ) -> usize {
        unsafe { self.run_of::<F8, S, N>(x, block, pixels, from, out) }
    }

    #[cfg_attr(target_arch = "wasm32", inline)]
    #[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
    unsafe fn run<const S: usize, const N: usize>(
        &self,
        x: &[f32],
        block: usize,
        pixels: usize,
        from: usize,
        out: &mut [f32],
    ) -> usize {
        unsafe { self.run_of::<F4, S, N>(x, block, pixels, from, out) }
    }

    /// Outputs of a block from column `from` on, N lanes' worth at a time as long as there are so many. → the first column that
    /// is left.
    ///
    /// Safety: `x` has `side` rows of `pixels` in all blocks, enough for the outputs.
    #[inline(always)]
    unsafe fn run_of<V: Lanes, const S: usize, const N: usize>(
        &self,
        x: &[f32],
        block: usize,
        pixels: usize,
        mut from: usize,
        out: &mut [f32],
    ) -> usize {
        let at_once = N * V::WIDTH / BLOCK;
        while from + at_once <= out.len() / self.channels {
            // Safety: the caller's word.
            let sums = unsafe { self.filter::<V, S, N>(x.as_ptr().add(from * S * BLOCK), block, pixels) };
            for (n, sum) in sums.into_iter().enumerate() {
                let column = from + n * V::WIDTH / BLOCK;
                self.put(relu6(sum), block, &mut out[column * self.channels + block * BLOCK..]);
            }
            from += at_once;
        }
        from
    }

    #[inline(always)]
    fn put<V: Lanes>(&self, values: V, block: usize, out: &mut [f32]) {
        let (left, fours) = (self.channels - block * BLOCK, V::WIDTH / BLOCK);
        if left >= BLOCK {
            let out = &mut out[..(fours - 1) * self.channels + BLOCK];
            // Safety: as many fours.
            unsafe { values.store_fours(out.as_mut_ptr(), self.channels) };
        } else {
            let mut eight = [0f32; 2 * BLOCK];
            // Safety: there is room for eight.
            unsafe { values.store(eight.as_mut_ptr()) };
            for (pixel, four) in eight.chunks_exact(BLOCK).take(fours).enumerate() {
                out[pixel * self.channels..][..left].copy_from_slice(&four[..left]);
            }
        }
    }

    /// N lanes' worth of outputs of a block, side by side.
    ///
    /// Safety: `x` has `side` rows, of `pixels` in all blocks, and in this block those that the outputs see from `x` on.
    #[cfg_attr(target_arch = "wasm32", inline)]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    #[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
    unsafe fn filter<V: Lanes, const S: usize, const N: usize>(
        &self,
        x: *const f32,
        block: usize,
        pixels: usize,
    ) -> [V; N] {
        let area = self.side * self.side * BLOCK;
        let mut taps = self.taps[block * area..][..area].as_ptr();
        let mut x = x;
        // Safety: the caller's word, and `taps` has side × side blocks.
        unsafe {
            let mut sums = [V::load_four(self.bias[block * BLOCK..][..BLOCK].as_ptr()); N];
            for _ in 0..self.side {
                for kx in 0..self.side {
                    let tap = V::load_four(taps);
                    for (n, sum) in sums.iter_mut().enumerate() {
                        let seen = V::load_fours(x.add(n * V::WIDTH * S + kx * BLOCK), S * BLOCK);
                        *sum = seen.mul_add(tap, *sum);
                    }
                    taps = taps.add(BLOCK);
                }
                x = x.add(self.line(pixels));
            }
            sums
        }
    }
}
