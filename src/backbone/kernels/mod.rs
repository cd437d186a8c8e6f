//! The arithmetic of a forward pass on the CPU, without a tensor library: no graph, no strides, no allocation.
//!
//! burn-flex is the reference that each kernel is tested against; it is not what a person waits for. Measured by
//! `npm run bench` (BENCHMARKS.md).

mod activation;
mod depthwise;
mod gather;
#[cfg(feature = "webgpu")]
pub mod gpu;
mod lanes;
mod linear;
mod matmul;

pub use activation::{layer_norm, softmax};
pub use depthwise::{BLOCK, Depthwise};
pub use gather::Filter;
pub use lanes::PEAK_PRODUCTS;
pub use linear::Linear;
pub use matmul::{Packed, Place, Then, To};

/// Fills the time of [`PEAK_PRODUCTS`] multiplications at the speed of this core: see [`lanes::peak`].
pub fn peak() -> f32 {
    #[allow(unused_unsafe, reason = "the function has a target feature in one of the builds")]
    // Safety: a module with relaxed SIMD does not load in an engine without it.
    unsafe {
        lanes::peak()
    }
}
