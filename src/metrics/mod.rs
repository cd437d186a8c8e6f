//! Arithmetic on host arrays: no device, no training.

mod calibration;
mod interval;
mod labels;
mod number;
mod order;
mod rank;
mod score;
mod split;
mod test;

pub use calibration::{Bin, at_temperature, calibrated, careful_temperature, ece, reliability, temperature};
pub use interval::{Interval, bootstrap, bootstrap_any, share, wilson};
pub use labels::{Calls, macro_f1, micro_f1, yes_or_no};
pub use number::{mean_absolute_error, r2, root_mean_squared_error};
pub use order::{ascending, ascending_f32, order, sort};
pub use rank::{Ranking, auroc, average_precision};
pub use score::{Confusion, Probabilities};
pub use split::{folds, groups};
pub use test::{fewer_hits_by_chance, holm, larger_sum_by_chance};
