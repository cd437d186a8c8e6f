//! Arithmetic on host arrays: no device, no training.

mod calibration;
mod interval;
mod rank;
mod score;
mod split;
mod test;

pub use calibration::{Bin, at_temperature, calibrated, careful_temperature, ece, reliability, temperature};
pub use interval::{Interval, bootstrap, share, wilson};
pub use rank::auroc;
pub use score::{Confusion, Probabilities};
pub use split::{folds, groups};
pub use test::{fewer_hits_by_chance, holm};
