//! Arithmetic on host arrays: no device, no training.

mod interval;
mod score;
mod split;

pub use interval::{Interval, bootstrap, wilson};
pub use score::{Confusion, Probabilities};
pub use split::stratified_folds;
