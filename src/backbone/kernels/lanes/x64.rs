use core::arch::x86_64::*;

use super::Lanes;

/// SSE2, which every x64 machine has.
#[derive(Clone, Copy)]
pub struct F4(__m128);

/// AVX2 and FMA. Only what has asked [`super::wide`] comes to use it.
#[derive(Clone, Copy)]
pub struct F8(__m256);

// Safety of all: `F4` is on every machine, `F8` as it says.
impl Lanes for F4 {
    const WIDTH: usize = 4;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self(unsafe { _mm_set1_ps(x) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { _mm_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn load_splat(from: *const f32) -> Self {
        Self(unsafe { _mm_load1_ps(from) })
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
        unsafe { _mm_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn store_fours(self, to: *mut f32, _: usize) {
        unsafe { self.store(to) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { _mm_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(unsafe { _mm_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(unsafe { _mm_mul_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(unsafe { _mm_div_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // In this order it does with NaN what wasm's does.
        Self(unsafe { _mm_max_ps(other.0, self.0) })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(unsafe { _mm_min_ps(other.0, self.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(unsafe { _mm_andnot_ps(_mm_set1_ps(-0.0), self.0) })
    }

    #[inline(always)]
    fn signed(self, other: Self) -> Self {
        let sign = unsafe { _mm_and_ps(_mm_set1_ps(-0.0), other.0) };
        Self(unsafe { _mm_or_ps(self.abs().0, sign) })
    }

    #[inline(always)]
    fn exp2_scale(self, n: Self) -> Self {
        let bits = unsafe { _mm_slli_epi32::<23>(_mm_add_epi32(_mm_cvttps_epi32(n.0), _mm_set1_epi32(127))) };
        Self(unsafe { _mm_mul_ps(self.0, _mm_castsi128_ps(bits)) })
    }

    #[inline(always)]
    fn mul_add(self, other: Self, sum: Self) -> Self {
        self.mul(other).add(sum)
    }
}

impl Lanes for F8 {
    const WIDTH: usize = 8;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self(unsafe { _mm256_set1_ps(x) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { _mm256_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn load_splat(from: *const f32) -> Self {
        Self(unsafe { _mm256_set1_ps(*from) })
    }

    #[inline(always)]
    unsafe fn load_four(from: *const f32) -> Self {
        Self(unsafe { _mm256_broadcast_ps(&_mm_loadu_ps(from)) })
    }

    #[inline(always)]
    unsafe fn load_fours(from: *const f32, apart: usize) -> Self {
        match apart {
            4 => unsafe { Self::load(from) },
            _ => Self(unsafe { _mm256_loadu2_m128(from.add(apart), from) }),
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm256_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn store_fours(self, to: *mut f32, apart: usize) {
        unsafe {
            _mm_storeu_ps(to, _mm256_castps256_ps128(self.0));
            _mm_storeu_ps(to.add(apart), _mm256_extractf128_ps::<1>(self.0));
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(unsafe { _mm256_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(unsafe { _mm256_mul_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(unsafe { _mm256_div_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // In this order it does with NaN what wasm's does.
        Self(unsafe { _mm256_max_ps(other.0, self.0) })
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(unsafe { _mm256_min_ps(other.0, self.0) })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(unsafe { _mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0) })
    }

    #[inline(always)]
    fn signed(self, other: Self) -> Self {
        let sign = unsafe { _mm256_and_ps(_mm256_set1_ps(-0.0), other.0) };
        Self(unsafe { _mm256_or_ps(self.abs().0, sign) })
    }

    #[inline(always)]
    fn exp2_scale(self, n: Self) -> Self {
        let n = unsafe { _mm256_add_epi32(_mm256_cvttps_epi32(n.0), _mm256_set1_epi32(127)) };
        Self(unsafe { _mm256_mul_ps(self.0, _mm256_castsi256_ps(_mm256_slli_epi32::<23>(n))) })
    }

    #[inline(always)]
    fn mul_add(self, other: Self, sum: Self) -> Self {
        Self(unsafe { _mm256_fmadd_ps(self.0, other.0, sum.0) })
    }
}
