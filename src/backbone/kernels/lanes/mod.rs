//! Several f32 at once. Four: wasm's `v128` in a browser, SSE2 natively, elsewhere an array that the compiler vectorises.
//! Eight, with a multiply and an add in one instruction, where the machine turns out to have AVX2 and FMA ([`wide`]).
//!
//! With the feature `relaxed-simd` a multiply and an add are one instruction where the machine has one (BENCHMARKS.md has
//! both builds). An engine that does not know the instruction refuses the whole module, so that build is a module of its
//! own. The attribute stands on each function that is to be inlined into a kernel, because macerator (burn's SIMD) does not
//! compile with the feature on for the whole build.
//!
//! Natively a kernel is written once for any [`Lanes`] and compiled for each kind of machine: what takes them as a type is
//! inlined, always, into a function that has the target features. Not inlined, each multiplication would be a call.

#[cfg(all(feature = "relaxed-simd", not(target_arch = "wasm32")))]
compile_error!("`relaxed-simd` is for wasm32");

#[cfg(not(any(target_arch = "wasm32", target_arch = "x86_64")))]
mod plain;
#[cfg(target_arch = "wasm32")]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x64;

#[cfg(not(any(target_arch = "wasm32", target_arch = "x86_64")))]
pub use plain::F4;
#[cfg(target_arch = "wasm32")]
pub use wasm::F4;
#[cfg(target_arch = "x86_64")]
pub use x64::{F4, F8};

/// Values side by side, and what is done to each of them.
pub trait Lanes: Copy {
    /// How many: a multiple of four.
    const WIDTH: usize;

    fn splat(x: f32) -> Self;

    /// Safety: `WIDTH` values can be read from `from` on.
    unsafe fn load(from: *const f32) -> Self;

    /// The same value in all. Safety: it can be read.
    unsafe fn load_splat(from: *const f32) -> Self;

    /// The same four, again and again. Safety: four values can be read from `from` on.
    unsafe fn load_four(from: *const f32) -> Self;

    /// Fours that begin `apart` values after each other. Safety: they can be read.
    unsafe fn load_fours(from: *const f32, apart: usize) -> Self;

    /// Safety: `WIDTH` values can be written from `to` on.
    unsafe fn store(self, to: *mut f32);

    /// Fours that begin `apart` values after each other. Safety: they can be written.
    unsafe fn store_fours(self, to: *mut f32, apart: usize);

    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn max(self, other: Self) -> Self;
    fn min(self, other: Self) -> Self;
    fn abs(self) -> Self;

    /// With the sign of `other`.
    fn signed(self, other: Self) -> Self;

    /// `self · 2^n` for whole numbers `n` from -126 to 127.
    fn exp2_scale(self, n: Self) -> Self;

    /// `self · other + sum`.
    fn mul_add(self, other: Self, sum: Self) -> Self;

    /// The nearest whole number, of values below 2^22.
    #[inline(always)]
    fn nearest(self) -> Self {
        // Above 2^23 an f32 has no places after the point.
        let shift = Self::splat(1.5 * (1 << 23) as f32);
        self.add(shift).sub(shift)
    }
}

impl F4 {
    /// Sum of the four.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let mut values = [0f32; 4];
        // Safety: `values` has room for four.
        unsafe { self.store(values.as_mut_ptr()) };
        (values[0] + values[2]) + (values[1] + values[3])
    }
}

/// Whether this machine has eight lanes.
#[cfg(target_arch = "x86_64")]
#[inline]
pub fn wide() -> bool {
    use std::sync::atomic::Ordering;
    !NARROW.load(Ordering::Relaxed) && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

#[cfg(target_arch = "x86_64")]
static NARROW: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// Has the kernels compute as on a machine with four lanes, from now on and in all threads: for tests and benches, which compare
/// the two.
pub fn narrow(_yes: bool) {
    #[cfg(target_arch = "x86_64")]
    NARROW.store(_yes, std::sync::atomic::Ordering::Relaxed);
}

/// Multiplications of [`peak`].
pub const PEAK_PRODUCTS: usize = PEAK_ROUNDS * PEAK_SUMS * 4;
const PEAK_ROUNDS: usize = 100_000;
/// Enough that none waits for the one before it.
const PEAK_SUMS: usize = 10;

/// Multiplies and adds in registers and does nothing else: what a core can do at most, for the profile. → the sum, which
/// keeps the compiler from leaving the work out.
#[cfg_attr(feature = "relaxed-simd", target_feature(enable = "relaxed-simd"))]
pub fn peak() -> f32 {
    let (factor, mut sums) = (F4::splat(std::hint::black_box(0.5)), [F4::splat(1.0); PEAK_SUMS]);
    for _ in 0..PEAK_ROUNDS {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, factor);
        }
    }
    sums.iter().map(|sum| sum.sum()).sum()
}
