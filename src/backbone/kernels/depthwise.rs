//! Depthwise convolution and the ReLU6 that follows it.
//!
//! The input lies in rows; in a row, block after block of 4 channels; in a block, pixel after pixel. A filter's
//! neighbours are then a constant distance apart, which the instructions carry: with the channels of a pixel side by side
//! the engine keeps more addresses than it has registers for.

use super::activation::relu6;
use super::lanes::F4;

/// Channels of a block.
pub const BLOCK: usize = 4;
/// Outputs along a row that share the weights they load: as many sums as it takes to hide the time an addition takes. All
/// rows of the networks for 224 × 224 pictures are multiples of it.
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
    fn row<const S: usize>(&self, x: &[f32], wide: usize, out: &mut [f32]) {
        let columns = out.len() / self.channels;
        // What the raw pointers below rely on.
        assert!((columns - 1) * S + self.side <= wide && x.len() == self.side * self.line(wide));
        for block in 0..self.bias.len() / BLOCK {
            let x = &x[block * wide * BLOCK..];
            let place = |column: usize| column * self.channels + block * BLOCK;
            let some = columns / ACROSS * ACROSS;
            for first in (0..some).step_by(ACROSS) {
                // Safety: asserted above for the last row and column of the last block.
                let sums = unsafe { self.filter::<S, ACROSS>(x.as_ptr().add(first * S * BLOCK), block, wide) };
                for (n, sum) in sums.into_iter().enumerate() {
                    self.put(sum, block, &mut out[place(first + n)..]);
                }
            }
            for column in some..columns {
                // Safety: as above.
                let [sum] = unsafe { self.filter::<S, 1>(x.as_ptr().add(column * S * BLOCK), block, wide) };
                self.put(sum, block, &mut out[place(column)..]);
            }
        }
    }

    #[inline(always)]
    fn put(&self, sum: F4, block: usize, out: &mut [f32]) {
        let left = self.channels - block * BLOCK;
        if left >= BLOCK {
            // Safety: four values.
            unsafe { relu6(sum).store(out[..BLOCK].as_mut_ptr()) };
        } else {
            let mut four = [0f32; BLOCK];
            // Safety: four values.
            unsafe { relu6(sum).store(four.as_mut_ptr()) };
            out[..left].copy_from_slice(&four[..left]);
        }
    }

    /// `N` outputs of a block, side by side.
    ///
    /// Safety: `x` has `side` rows, of `wide` pixels in all blocks, and in this block `(N - 1) · S + side` pixels from `x` on.
    #[inline]
    #[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
    unsafe fn filter<const S: usize, const N: usize>(&self, x: *const f32, block: usize, wide: usize) -> [F4; N] {
        let area = self.side * self.side * BLOCK;
        let mut taps = self.taps[block * area..][..area].as_ptr();
        let mut x = x;
        // Safety: the caller's word, and `taps` has side × side blocks.
        unsafe {
            let mut sums = [F4::load(self.bias[block * BLOCK..][..BLOCK].as_ptr()); N];
            for _ in 0..self.side {
                for kx in 0..self.side {
                    let tap = F4::load(taps);
                    for (n, sum) in sums.iter_mut().enumerate() {
                        *sum = F4::load(x.add((n * S + kx) * BLOCK)).mul_add(tap, *sum);
                    }
                    taps = taps.add(BLOCK);
                }
                x = x.add(self.line(wide));
            }
            sums
        }
    }
}
