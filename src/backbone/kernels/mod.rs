//! The arithmetic of a pass on the CPU, forwards and (for what is trained) backwards, without a tensor library: no graph,
//! no strides, no allocation.
//!
//! burn-flex is the reference that each kernel is tested against; it is not what a person waits for. Measured by
//! `npm run bench` (BENCHMARKS.md).

mod activation;
mod backward;
mod depthwise;
mod gather;
#[cfg(feature = "webgpu")]
pub mod gpu;
mod lanes;
mod linear;
mod matmul;
mod moments;

pub use activation::{layer_norm, softmax};
pub use backward::{dot, gelu_apart, gelu_back, layer_norm_apart, layer_norm_back, softmax_back};
pub use depthwise::{BLOCK, Depthwise};
pub use gather::Filter;
pub use lanes::{PEAK_PRODUCTS, narrow};
pub use linear::{Linear, transpose};
pub use matmul::{Packed, Place, Then, To};
pub use moments::{Moments, Move};

/// Fills the time of [`PEAK_PRODUCTS`] multiplications at the speed of this core: see [`lanes::peak`].
pub fn peak() -> f32 {
    #[allow(unused_unsafe, reason = "the function has a target feature in one of the builds")]
    // Safety: a module with relaxed SIMD does not load in an engine without it.
    unsafe {
        lanes::peak()
    }
}
