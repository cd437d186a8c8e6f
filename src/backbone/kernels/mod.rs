//! The arithmetic of a forward pass on the CPU, without a tensor library: no graph, no strides, no allocation.
//!
//! burn-flex is the reference that each kernel is tested against, and what trains; it is not what a person waits for.
//! Measured by `npm run bench` (BENCHMARKS.md).

mod activation;
mod depthwise;
mod lanes;
mod matmul;

pub use activation::{layer_norm, softmax};
pub use depthwise::{BLOCK, Depthwise};
pub use matmul::{Packed, Place, Then, To};
