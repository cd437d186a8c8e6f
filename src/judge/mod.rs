//! What has to train to know: the report on held-out samples.

mod report;

pub use report::{ClassReport, Evaluation, Report, Stage, report};
