//! Four f32 at once: wasm's `v128` in a browser, an array that the compiler vectorises natively.
//!
//! With the feature `relaxed-simd` a multiply and an add are one instruction where the machine has one (BENCHMARKS.md has
//! both builds). An engine that does not know the instruction refuses the whole module, so that build is a module of its
//! own. The attribute stands on each function that is to be inlined into a kernel, because macerator (burn's SIMD) does not
//! compile with the feature on for the whole build.

#[cfg(all(feature = "relaxed-simd", not(target_arch = "wasm32")))]
compile_error!("`relaxed-simd` is for wasm32");

#[cfg(target_arch = "wasm32")]
mod here {
    use core::arch::wasm32::*;

    #[derive(Clone, Copy)]
    pub struct F4(v128);

    impl F4 {
        #[inline(always)]
        pub fn splat(x: f32) -> Self {
            Self(f32x4_splat(x))
        }

        /// Safety: four values can be read from `from` on.
        #[inline(always)]
        pub unsafe fn load(from: *const f32) -> Self {
            Self(unsafe { v128_load(from.cast()) })
        }

        /// Safety: a value can be read from `from`.
        #[inline(always)]
        pub unsafe fn load_splat(from: *const f32) -> Self {
            Self(unsafe { v128_load32_splat(from.cast()) })
        }

        /// Safety: four values can be written from `to` on.
        #[inline(always)]
        pub unsafe fn store(self, to: *mut f32) {
            unsafe { v128_store(to.cast(), self.0) }
        }

        #[inline(always)]
        pub fn add(self, other: Self) -> Self {
            Self(f32x4_add(self.0, other.0))
        }

        #[inline(always)]
        pub fn sub(self, other: Self) -> Self {
            Self(f32x4_sub(self.0, other.0))
        }

        #[inline(always)]
        pub fn mul(self, other: Self) -> Self {
            Self(f32x4_mul(self.0, other.0))
        }

        #[inline(always)]
        pub fn div(self, other: Self) -> Self {
            Self(f32x4_div(self.0, other.0))
        }

        #[inline(always)]
        pub fn max(self, other: Self) -> Self {
            // The engines have one instruction for this order, and five for the one that respects NaN.
            Self(f32x4_pmax(self.0, other.0))
        }

        #[inline(always)]
        pub fn min(self, other: Self) -> Self {
            Self(f32x4_pmin(self.0, other.0))
        }

        #[inline(always)]
        pub fn abs(self) -> Self {
            Self(f32x4_abs(self.0))
        }

        /// With the sign of `other`.
        #[inline(always)]
        pub fn signed(self, other: Self) -> Self {
            Self(v128_bitselect(other.0, self.0, i32x4_splat(i32::MIN)))
        }

        /// `self · 2^n` for whole numbers `n` from -126 to 127.
        #[inline(always)]
        pub fn exp2_scale(self, n: Self) -> Self {
            let bits = i32x4_shl(i32x4_add(i32x4_trunc_sat_f32x4(n.0), i32x4_splat(127)), 23);
            Self(f32x4_mul(self.0, bits))
        }
    }

    #[cfg(feature = "relaxed-simd")]
    impl F4 {
        /// `self · other + sum`.
        #[inline]
        #[target_feature(enable = "relaxed-simd")]
        pub fn mul_add(self, other: Self, sum: Self) -> Self {
            Self(f32x4_relaxed_madd(self.0, other.0, sum.0))
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod here {
    #[derive(Clone, Copy)]
    #[repr(align(16))]
    pub struct F4([f32; 4]);

    impl F4 {
        #[inline(always)]
        pub fn splat(x: f32) -> Self {
            Self([x; 4])
        }

        /// Safety: four values can be read from `from` on.
        #[inline(always)]
        pub unsafe fn load(from: *const f32) -> Self {
            Self(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
        }

        /// Safety: a value can be read from `from`.
        #[inline(always)]
        pub unsafe fn load_splat(from: *const f32) -> Self {
            Self::splat(unsafe { *from })
        }

        /// Safety: four values can be written from `to` on.
        #[inline(always)]
        pub unsafe fn store(self, to: *mut f32) {
            unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
        }

        #[inline(always)]
        fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
            Self(core::array::from_fn(|i| f(self.0[i], other.0[i])))
        }

        #[inline(always)]
        pub fn add(self, other: Self) -> Self {
            self.zip(other, |a, b| a + b)
        }

        #[inline(always)]
        pub fn sub(self, other: Self) -> Self {
            self.zip(other, |a, b| a - b)
        }

        #[inline(always)]
        pub fn mul(self, other: Self) -> Self {
            self.zip(other, |a, b| a * b)
        }

        #[inline(always)]
        pub fn div(self, other: Self) -> Self {
            self.zip(other, |a, b| a / b)
        }

        #[inline(always)]
        pub fn max(self, other: Self) -> Self {
            self.zip(other, |a, b| if a < b { b } else { a })
        }

        #[inline(always)]
        pub fn min(self, other: Self) -> Self {
            self.zip(other, |a, b| if b < a { b } else { a })
        }

        #[inline(always)]
        pub fn abs(self) -> Self {
            Self(self.0.map(f32::abs))
        }

        /// With the sign of `other`.
        #[inline(always)]
        pub fn signed(self, other: Self) -> Self {
            self.zip(other, f32::copysign)
        }

        /// `self · 2^n` for whole numbers `n` from -126 to 127.
        #[inline(always)]
        pub fn exp2_scale(self, n: Self) -> Self {
            self.zip(n, |x, n| x * f32::from_bits(((n as i32 + 127) as u32) << 23))
        }
    }
}

pub use here::F4;

#[cfg(not(feature = "relaxed-simd"))]
impl F4 {
    /// `self · other + sum`.
    #[inline(always)]
    pub fn mul_add(self, other: Self, sum: Self) -> Self {
        self.mul(other).add(sum)
    }
}

impl F4 {
    /// The nearest whole number, of values below 2^22.
    #[inline(always)]
    pub fn nearest(self) -> Self {
        // Above 2^23 an f32 has no places after the point.
        let shift = Self::splat(1.5 * (1 << 23) as f32);
        self.add(shift).sub(shift)
    }

    /// Sum of the four.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let mut values = [0f32; 4];
        // Safety: `values` has room for four.
        unsafe { self.store(values.as_mut_ptr()) };
        (values[0] + values[2]) + (values[1] + values[3])
    }
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
