//! Sums of channel-wise products over listed pairs of pixels: what a depthwise convolution is forwards, what its gradient
//! by the input is, and what its gradient by the taps is, each with a list of its own.
//!
//! Pixels lie with their channels side by side, as the products on either side of the filter have them: a training pass
//! reads each value too seldom to pay for the blocks of [`super::Depthwise`].

use super::lanes::{F4, Lanes};

/// For each output, the pairs `(p, q)` whose products are summed.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    pairs: Vec<(u32, u32)>,
    /// Where the pairs of each output end.
    ends: Vec<usize>,
    /// What `p` and `q` are below.
    below: (usize, usize),
}

impl Pairs {
    /// From `(output, p, q)` in any order.
    pub fn new(outputs: usize, all: impl IntoIterator<Item = (usize, usize, usize)>) -> Self {
        let mut of = vec![Vec::new(); outputs];
        let mut below = (0, 0);
        for (output, p, q) in all {
            of[output].push((p as u32, q as u32));
            below = (below.0.max(p + 1), below.1.max(q + 1));
        }
        let ends = of.iter().scan(0, |end, pairs| Some(std::mem::replace(end, *end + pairs.len()) + pairs.len()));
        Self { ends: ends.collect(), pairs: of.concat(), below }
    }

    /// Adds `Σ a[p] · b[q]` to each output, channel by channel. `a`, `b`, `out`: rows of `channels` values, a multiple of 4.
    #[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
    fn add(&self, channels: usize, a: &[f32], b: &[f32], out: &mut [f32]) {
        // What the raw pointers below rely on.
        assert!(channels.is_multiple_of(4), "{channels} channels are no fours");
        assert!(self.below.0 * channels <= a.len() && self.below.1 * channels <= b.len());
        assert_eq!(out.len(), self.ends.len() * channels);
        // Sixteen channels are a line of the cache.
        let wide = channels / 16 * 16;
        for first in (0..wide).step_by(16) {
            // Safety: asserted above.
            unsafe { self.some::<4>(first, channels, a, b, out) };
        }
        for first in (wide..channels).step_by(4) {
            // Safety: asserted above.
            unsafe { self.some::<1>(first, channels, a, b, out) };
        }
    }

    /// Safety: `p`, `q` and outputs are rows of `a`, `b` and `out`, and `first + 4 · N` is at most `channels`.
    #[inline]
    #[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
    unsafe fn some<const N: usize>(&self, first: usize, channels: usize, a: &[f32], b: &[f32], out: &mut [f32]) {
        unsafe {
            let (a, b) = (a.as_ptr().add(first), b.as_ptr().add(first));
            let mut begin = 0;
            for (i, &end) in self.ends.iter().enumerate() {
                let out = out.as_mut_ptr().add(i * channels + first);
                let mut sums: [F4; N] = core::array::from_fn(|n| F4::load(out.add(4 * n)));
                for &(p, q) in &self.pairs[begin..end] {
                    let (a, b) = (a.add(p as usize * channels), b.add(q as usize * channels));
                    for (n, sum) in sums.iter_mut().enumerate() {
                        *sum = F4::load(a.add(4 * n)).mul_add(F4::load(b.add(4 * n)), *sum);
                    }
                }
                for (n, sum) in sums.into_iter().enumerate() {
                    sum.store(out.add(4 * n));
                }
                begin = end;
            }
        }
    }
}

/// The geometry of a depthwise convolution over a square picture.
#[derive(Debug, Clone)]
pub struct Filter {
    area: usize,
    inside: usize,
    outside: usize,
    forward: Pairs,
    back: Pairs,
    gradient: Pairs,
}

impl Filter {
    /// `size`: height and width of the input; `before`: the border above and left of it. The output is `size / stride` wide.
    pub fn new(side: usize, stride: usize, size: usize, before: usize) -> Self {
        let out = size.div_ceil(stride);
        let (area, inside, outside) = (side * side, size * size, out * out);
        let mut all = Vec::with_capacity(outside * area);
        for (y, x) in (0..out).flat_map(|y| (0..out).map(move |x| (y, x))) {
            for (ky, kx) in (0..side).flat_map(|ky| (0..side).map(move |kx| (ky, kx))) {
                let (py, px) = ((y * stride + ky).wrapping_sub(before), (x * stride + kx).wrapping_sub(before));
                if py < size && px < size {
                    all.push((y * out + x, py * size + px, ky * side + kx));
                }
            }
        }
        Self {
            area,
            inside,
            outside,
            forward: Pairs::new(outside, all.iter().copied()),
            back: Pairs::new(inside, all.iter().map(|&(o, i, tap)| (i, o, tap))),
            gradient: Pairs::new(area, all.iter().map(|&(o, i, tap)| (tap, i, o))),
        }
    }

    /// Pixels of an input.
    pub fn inside(&self) -> usize {
        self.inside
    }

    /// Pixels of an output.
    pub fn outside(&self) -> usize {
        self.outside
    }

    /// `x`: pictures of `inside × channels`; `taps`: `side² × channels` → `outside × channels` each, in `out`.
    pub fn forward(&self, taps: &[f32], bias: &[f32], x: &[f32], out: &mut Vec<f32>) {
        let channels = bias.len();
        assert_eq!(taps.len(), self.area * channels);
        out.clear();
        for picture in x.chunks_exact(self.inside * channels) {
            let from = out.len();
            (0..self.outside).for_each(|_| out.extend_from_slice(bias));
            run(&self.forward, channels, picture, taps, &mut out[from..]);
        }
    }

    /// The gradient by the output → by the input, in `out`.
    pub fn back(&self, taps: &[f32], slopes: &[f32], out: &mut Vec<f32>) {
        let channels = taps.len() / self.area;
        let pictures = slopes.len() / (self.outside * channels);
        out.clear();
        out.resize(pictures * self.inside * channels, 0.0);
        let slopes = slopes.chunks_exact(self.outside * channels);
        for (slopes, out) in slopes.zip(out.chunks_exact_mut(self.inside * channels)) {
            run(&self.back, channels, slopes, taps, out);
        }
    }

    /// Adds the gradient by the taps, `side² × channels`, and by the bias.
    pub fn gradient(&self, x: &[f32], slopes: &[f32], taps: &mut [f32], bias: &mut [f32]) {
        let channels = bias.len();
        let pictures = x.chunks_exact(self.inside * channels).zip(slopes.chunks_exact(self.outside * channels));
        for (x, slopes) in pictures {
            run(&self.gradient, channels, x, slopes, taps);
        }
        for row in slopes.chunks_exact(channels) {
            bias.iter_mut().zip(row).for_each(|(b, s)| *b += s);
        }
    }
}

fn run(pairs: &Pairs, channels: usize, a: &[f32], b: &[f32], out: &mut [f32]) {
    #[allow(unused_unsafe, reason = "the function has a target feature in one of the builds")]
    // Safety: a module with relaxed SIMD does not load in an engine without it.
    unsafe {
        pairs.add(channels, a, b, out);
    }
}
