//! What a training takes besides: passes that read their weights out of one vector of parameters and leave what the way back
//! needs, and the ways back, which add to one vector of gradients. Each is what a function of `kernels` of the same name is on
//! the CPU.
//!
//! No kernel has a buffer twice among those it is given: WebGPU refuses a buffer that is written and bound a second time.

mod attention;
mod filter;
mod gelu;
mod moments;
mod norm;
mod product;
mod rows;

pub use attention::{Mixed, mix, mix_back};
pub use filter::Filter;
pub use gelu::{gelu, gelu_back};
pub use moments::Moments;
pub use norm::{Normed, norm, norm_back};
pub use product::{After, Layer};
pub use rows::{Groups, add_sums};
