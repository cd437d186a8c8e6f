use core::arch::wasm32::*;

use super::Lanes;

#[derive(Clone, Copy)]
pub struct F4(v128);

impl Lanes for F4 {
    const WIDTH: usize = 4;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self(f32x4_splat(x))
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { v128_load(from.cast()) })
    }

    #[inline(always)]
    unsafe fn load_splat(from: *const f32) -> Self {
        Self(unsafe { v128_load32_splat(from.cast()) })
    }

    #[inline(always)]
    unsafe fn load_four(from: *const f32) -> Self {
        unsafe { Self::load(from) }
    }

    #[inline(always)]
    unsafe fn load_fours(from: *const f32, _: usize) -> Self {
        unsafe { Self::load(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { v128_store(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn store_fours(self, to: *mut f32, _: usize) {
        unsafe { self.store(to) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(f32x4_sub(self.0, other.0))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(f32x4_mul(self.0, other.0))
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(f32x4_div(self.0, other.0))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // The engines have one instruction for this order, and five for the one that respects NaN.
        Self(f32x4_pmax(self.0, other.0))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(f32x4_pmin(self.0, other.0))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(f32x4_abs(self.0))
    }

    #[inline(always)]
    fn signed(self, other: Self) -> Self {
        Self(v128_bitselect(other.0, self.0, i32x4_splat(i32::MIN)))
    }

    #[inline(always)]
    fn exp2_scale(self, n: Self) -> Self {
        let bits = i32x4_shl(i32x4_add(i32x4_trunc_sat_f32x4(n.0), i32x4_splat(127)), 23);
        Self(f32x4_mul(self.0, bits))
    }

    #[inline(always)]
    fn mul_add(self, other: Self, sum: Self) -> Self {
        #[cfg(feature = "relaxed-simd")]
        return Self(f32x4_relaxed_madd(self.0, other.0, sum.0));
        #[cfg(not(feature = "relaxed-simd"))]
        self.mul(other).add(sum)
    }
}
